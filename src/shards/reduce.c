#include "shards/reduce.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include <edgesweep/pareto.h>

#include "base/os.h"
#include "pareto/pareto_archive.h"
#include "base/arena.h"
#include "base/number.h"
#include "engine/groups.h"
#include "pareto/choice.h"
#include "io/format.h"

enum { BATCH = 256 };

/* ---- fronts ---- */

/* Records of one group wait until there are enough for a batch. */
typedef struct group {
    es_archive *archive;
    size_t n;
    uint64_t *index; /* BATCH */
    double *value;   /* columns of BATCH */
    uint64_t *ties;  /* of the vectors of the finished archive */
} group;

struct es_front_union {
    size_t n_by, d;
    bool unique;
    es_direction direction[ES_MAX_OBJECTIVES];
    es_groups groups;
    group *group;
    size_t capacity;
    es_record *record; /* that was asked for last, with its row */
    char *row;
    size_t row_capacity;
};

es_status es_front_union_new(es_front_union **to, const es_part_table *table, bool unique, es_errors *errors) {
    es_front_union *front = *to = calloc(1, sizeof *front);
    if (!front)
        return es_fail_memory(errors);
    front->n_by = table->n_by;
    front->d = table->n_objectives;
    front->unique = unique;
    front->record = calloc(1, es_record_size(ES_MAX_RECORD));
    if (!front->record)
        return es_fail_memory(errors);
    for (size_t k = 0; k < front->d; k++)
        front->direction[k] = table->maximize[k] ? ES_MAXIMIZE : ES_MINIMIZE;
    es_groups_init(&front->groups, front->n_by);
    return ES_OK;
}

void es_front_union_free(es_front_union *front) {
    if (!front)
        return;
    for (size_t g = 0; g < front->groups.keys.n; g++) {
        es_archive_free(front->group[g].archive);
        free(front->group[g].index);
        free(front->group[g].value);
        free(front->group[g].ties);
    }
    free(front->group), free(front->record), free(front->row);
    es_groups_free(&front->groups);
    free(front);
}

static es_status add_group(es_front_union *front, size_t number, es_errors *errors) {
    es_status status = ES_OK;
    group g = {.index = calloc(BATCH, sizeof *g.index), .value = calloc(BATCH * front->d, sizeof *g.value)};
    if (!g.index || !g.value || !es_grow((void **)&front->group, &front->capacity, number + 1, sizeof g))
        status = es_fail_memory(errors);
    if (!status)
        status = es_archive_new((unsigned)front->d, front->direction, &g.archive, errors);
    if (status) {
        free(g.index);
        free(g.value);
        front->groups.keys.n = (uint32_t)number;
        return status;
    }
    front->group[number] = g;
    return ES_OK;
}

static es_status flush(const es_front_union *front, group *g, es_errors *errors) {
    const double *column[ES_MAX_OBJECTIVES];
    for (size_t k = 0; k < front->d; k++)
        column[k] = g->value + k * BATCH;
    es_batch batch = {.n = g->n, .index = g->index, .column = column};
    g->n = 0;
    return batch.n ? es_archive_insert(g->archive, &batch, errors) : ES_OK;
}

es_status es_front_union_add(es_front_union *front, const es_record *record, es_errors *errors) {
    size_t number, known = front->groups.keys.n;
    es_status status = es_groups_find(&front->groups, record->value, &number, errors);
    if (!status && front->groups.keys.n > known)
        status = add_group(front, number, errors);
    if (status)
        return status;
    group *g = &front->group[number];
    g->index[g->n] = record->index;
    for (size_t k = 0; k < front->d; k++)
        g->value[k * BATCH + g->n] = record->value[front->n_by + k];
    return ++g->n == BATCH ? flush(front, g, errors) : ES_OK;
}

es_status es_front_union_finish(es_front_union *front, es_errors *errors) {
    es_status status = ES_OK;
    for (size_t g = 0; g < front->groups.keys.n && !status; g++) {
        status = flush(front, &front->group[g], errors);
        if (!status)
            status = es_archive_finish(front->group[g].archive, errors);
        if (!status &&
            !(front->group[g].ties = calloc(es_archive_count(front->group[g].archive) + 1, sizeof(uint64_t))))
            status = es_fail_memory(errors);
    }
    return status;
}

/* The ties of the record's vector, with its index; NULL when the front has it not. */
static uint64_t *ties_of(const es_front_union *front, const es_record *record, uint64_t *index) {
    size_t number;
    if (!es_groups_lookup(&front->groups, record->value, &number))
        return NULL;
    const group *g = &front->group[number];
    const size_t at = es_archive_find(g->archive, record->value + front->n_by);
    if (at == SIZE_MAX)
        return NULL;
    *index = es_archive_index(g->archive)[at];
    return &g->ties[at];
}

void es_front_union_count(es_front_union *front, const es_record *record) {
    uint64_t index, *ties = ties_of(front, record, &index);
    if (ties)
        *ties += (uint64_t)record->value[front->n_by + front->d];
}

bool es_front_union_has(const es_front_union *front, const es_record *record) {
    uint64_t index;
    return ties_of(front, record, &index) && (!front->unique || index == record->index);
}

es_status es_front_union_row(es_front_union *front, const es_record **record, const char **row, size_t *n,
                             es_errors *errors) {
    enum { NUMBER = 32 }; /* what es_format_u64 may write over */
    const size_t values = front->n_by + front->d;
    uint64_t index;
    const uint64_t *ties = ties_of(front, *record, &index);
    if (!front->unique || !ties)
        return ES_OK;
    if (!es_grow((void **)&front->row, &front->row_capacity, *n + NUMBER, 1))
        return es_fail_memory(errors);
    memcpy(front->record, *record, es_record_size(values));
    front->record->value[values] = (double)*ties;
    /* the last cell of the row, a whole number */
    size_t end = *n;
    while (end && !isdigit((unsigned char)(*row)[end - 1]))
        end--;
    size_t begin = end;
    while (begin && isdigit((unsigned char)(*row)[begin - 1]))
        begin--;
    memcpy(front->row, *row, begin);
    size_t length = begin + es_format_u64(front->row + begin, *ties);
    memcpy(front->row + length, *row + end, *n - end);
    *record = front->record, *row = front->row, *n = length + *n - end;
    return ES_OK;
}

/* ---- best tables ---- */

/* What the row of a choice points to, in one piece with the record and the row's text. */
typedef struct winner {
    size_t n; /* bytes of the text */
    double value[ES_MAX_OBJECTIVES];
    es_record *record;
} winner;

struct es_best_union {
    size_t n_by, d;
    bool ties;
    size_t first; /* value of a record that is the first objective */
    double sign[ES_MAX_OBJECTIVES];
    es_groups groups;
    es_choice *choice; /* of each key */
    size_t capacity;
};

es_status es_best_union_new(es_best_union **to, const es_part_table *table, es_errors *errors) {
    es_best_union *best = *to = calloc(1, sizeof *best);
    if (!best)
        return es_fail_memory(errors);
    best->n_by = table->n_by;
    best->d = table->n_objectives;
    best->ties = table->ties;
    best->first = es_part_values(table) - best->d;
    for (size_t k = 0; k < best->d; k++)
        best->sign[k] = table->maximize[k] ? -1 : 1;
    es_groups_init(&best->groups, best->n_by + best->ties); /* the picked value follows those of the by columns */
    return ES_OK;
}

void es_best_union_free(es_best_union *best) {
    if (!best)
        return;
    for (size_t g = 0; g < best->groups.keys.n; g++)
        free(best->choice[g].row);
    free(best->choice);
    es_groups_free(&best->groups);
    free(best);
}

static size_t record_size(const es_best_union *best) { return es_record_size(best->first + best->d); }

es_status es_best_union_add(es_best_union *best, const es_record *record, const char *row, size_t n,
                            es_errors *errors) {
    size_t number, known = best->groups.keys.n, size = record_size(best);
    es_status status = es_groups_find(&best->groups, record->value, &number, errors);
    if (status)
        return status;
    bool fresh = best->groups.keys.n > known;
    if (fresh && !es_grow((void **)&best->choice, &best->capacity, number + 1, sizeof *best->choice)) {
        best->groups.keys.n = (uint32_t)known;
        return es_fail_memory(errors);
    }
    es_choice *choice = &best->choice[number];
    if (fresh)
        *choice = (es_choice){0};
    double value[ES_MAX_OBJECTIVES];
    for (size_t k = 0; k < best->d; k++)
        value[k] = best->sign[k] * record->value[best->first + k];
    if (choice->row && !es_is_better(value, record->index, choice->value, choice->index, best->d))
        return ES_OK;
    winner *w = malloc(sizeof *w + size + n);
    if (!w)
        return es_fail_memory(errors);
    *w = (winner){.n = n, .record = (es_record *)(w + 1)};
    memcpy(w->value, value, best->d * sizeof *value);
    memcpy(w->record, record, size);
    memcpy((char *)w->record + size, row, n);
    free(choice->row);
    *choice = (es_choice){.value = w->value,
                          .index = record->index,
                          .kin = best->ties ? (uint64_t)record->value[best->first - 1] : 0, /* the model */
                          .row = w};
    return ES_OK;
}

static int by_key(const void *a, const void *b, void *context) {
    const winner *x = ((const es_choice *)a)->row, *y = ((const es_choice *)b)->row;
    return es_groups_compare(x->record->value, y->record->value, *(const size_t *)context);
}

size_t es_best_union_finish(es_best_union *best, bool at_end) {
    const double margin = best->ties ? ES_QUALITY_TIE : 0;
    const size_t count = best->groups.keys.n;
    es_choice *choice = best->choice;
    size_t kept = 0, top = 0;
    if (count)
        es_os_sort(choice, count, sizeof *choice, by_key, &best->n_by);
    for (size_t i = 1; i < count; i++)
        choice[i].group = choice[i - 1].group + (by_key(&choice[i - 1], &choice[i], &best->n_by) != 0);
    if (count)
        es_choices_rank(choice, count, best->d, at_end ? margin : 0);
    for (size_t i = 0; i < count; i++) {
        const bool first = i == 0 || choice[i].group != choice[top].group;
        if (!first && (at_end || !es_is_near(choice[i].value, choice[top].value, margin)))
            continue;
        const es_choice swap = choice[kept];
        choice[kept] = choice[i];
        choice[i] = swap;
        top = first ? kept : top;
        kept++;
    }
    return kept;
}

const es_record *es_best_union_row(const es_best_union *best, size_t i, const char **row, size_t *n) {
    const winner *w = best->choice[i].row;
    *row = (const char *)w->record + record_size(best);
    *n = w->n;
    return w->record;
}
