/* Reductions in a binary tree: what a rank holds shrinks to a front before it is sent on. */
#include <mpi.h>
#include <stdlib.h>
#include <string.h>

#include <edgesweep/version.h>

#include "base/arena.h"
#include "shards/reduce.h"
#include "io/output.h"
#include "mpi/mpi_run.h"

enum { MESSAGE = 1 << 30, TAG = 7 };

/* Rows with their records: [length of the row][record][row], one behind the other, 8-byte aligned. */
typedef struct table {
    char *data;
    size_t length, capacity;
    size_t n;
} table;

typedef struct entry {
    const es_record *record;
    const char *row;
    size_t n;
} entry;

static size_t aligned(size_t n) { return (n + 7) & ~(size_t)7; }

static es_status add_row(table *t, size_t values, const entry *e, es_errors *errors) {
    uint64_t n = e->n;
    size_t size = es_record_size(values);
    if (!es_grow((void **)&t->data, &t->capacity, t->length + sizeof n + size + aligned(e->n), 1))
        return es_fail_memory(errors);
    char *to = t->data + t->length;
    memcpy(to, &n, sizeof n);
    memcpy(to + sizeof n, e->record, size);
    memcpy(to + sizeof n + size, e->row, e->n);
    t->length += sizeof n + size + aligned(e->n);
    t->n++;
    return ES_OK;
}

static size_t read_row(const table *t, size_t at, size_t values, entry *e) {
    uint64_t n;
    memcpy(&n, t->data + at, sizeof n);
    e->n = (size_t)n;
    e->record = (const es_record *)(const void *)(t->data + at + sizeof n);
    e->row = t->data + at + sizeof n + es_record_size(values);
    return at + sizeof n + es_record_size(values) + aligned(e->n);
}

static es_status list_rows(const table *t, size_t values, entry **list, es_errors *errors) {
    *list = calloc(t->n + 1, sizeof **list);
    if (!*list)
        return es_fail_memory(errors);
    for (size_t i = 0, at = 0; i < t->n; i++)
        at = read_row(t, at, values, &(*list)[i]);
    return ES_OK;
}

/* ---- shrinking ---- */

static int by_index(const void *a, const void *b) {
    uint64_t x = ((const entry *)a)->record->index, y = ((const entry *)b)->record->index;
    return (x > y) - (x < y);
}

static es_status keep_front(const es_part *any, entry *list, size_t n, table *to, es_errors *errors) {
    const es_part_table *t = &any->manifest.table[ES_RESULT_FRONT];
    es_front_union *front = NULL;
    es_status status = es_front_union_new(&front, t, any->manifest.unique, errors);
    for (size_t i = 0; i < n && !status; i++)
        status = es_front_union_add(front, list[i].record, errors);
    if (!status)
        status = es_front_union_finish(front, errors);
    qsort(list, n, sizeof *list, by_index);
    for (size_t i = 0; i < n && !status && any->manifest.unique; i++)
        es_front_union_count(front, list[i].record);
    for (size_t i = 0; i < n && !status; i++) {
        entry *e = &list[i];
        if (!es_front_union_has(front, e->record))
            continue;
        status = es_front_union_row(front, &e->record, &e->row, &e->n, errors);
        if (!status)
            status = add_row(to, es_part_values(t), e, errors);
    }
    es_front_union_free(front);
    return status;
}

/* At the end only the winners are left of those that tie. */
static es_status keep_best(const es_part *any, const entry *list, size_t n, bool at_end, table *to, es_errors *errors) {
    const es_part_table *t = &any->manifest.table[ES_RESULT_BEST];
    es_best_union *best = NULL;
    es_status status = es_best_union_new(&best, t, errors);
    for (size_t i = 0; i < n && !status; i++)
        status = es_best_union_add(best, list[i].record, list[i].row, list[i].n, errors);
    const size_t rows = status ? 0 : es_best_union_finish(best, at_end);
    for (size_t i = 0; i < rows && !status; i++) {
        entry e;
        e.record = es_best_union_row(best, i, &e.row, &e.n);
        status = add_row(to, es_part_values(t), &e, errors);
    }
    es_best_union_free(best);
    return status;
}

static es_status shrink(const es_part *any, es_result r, bool at_end, table *t, es_errors *errors) {
    entry *list = NULL;
    table kept = {0};
    es_status status = list_rows(t, es_part_values(&any->manifest.table[r]), &list, errors);
    if (!status)
        status = r == ES_RESULT_FRONT ? keep_front(any, list, t->n, &kept, errors)
                                      : keep_best(any, list, t->n, at_end, &kept, errors);
    free(list);
    free(t->data);
    *t = kept;
    return status;
}

/* ---- the tree ---- */

/* Pieces stay below the 2 GiB that an int counts. */
static void send_table(const table *t, int to) {
    uint64_t size[2] = {t->length, t->n};
    MPI_Send(size, 2, MPI_UINT64_T, to, TAG, MPI_COMM_WORLD);
    for (size_t at = 0; at < t->length; at += MESSAGE) {
        size_t n = t->length - at < MESSAGE ? t->length - at : MESSAGE;
        MPI_Send(t->data + at, (int)n, MPI_BYTE, to, TAG, MPI_COMM_WORLD);
    }
}

/* Appends what comes.  Without memory the message cannot be taken, and the whole job ends. */
static void receive_table(table *t, int from, es_errors *errors) {
    uint64_t size[2];
    MPI_Recv(size, 2, MPI_UINT64_T, from, TAG, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    if (!es_grow((void **)&t->data, &t->capacity, t->length + (size_t)size[0], 1)) {
        es_fail_memory(errors);
        es_errors_print(errors, stderr);
        MPI_Abort(MPI_COMM_WORLD, ES_ERUNTIME);
        return;
    }
    for (uint64_t at = 0; at < size[0]; at += MESSAGE) {
        uint64_t n = size[0] - at < MESSAGE ? size[0] - at : MESSAGE;
        MPI_Recv(t->data + t->length + at, (int)n, MPI_BYTE, from, TAG, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    }
    t->length += (size_t)size[0];
    t->n += (size_t)size[1];
}

static es_status combine(const es_ranks *ranks, const es_part *any, es_result r, table *t, es_errors *errors) {
    es_status status = ES_OK;
    for (int step = 1; step < ranks->n; step *= 2) {
        if (ranks->rank % (2 * step)) {
            send_table(t, ranks->rank - step);
            break;
        }
        if (ranks->rank + step >= ranks->n)
            continue;
        receive_table(t, ranks->rank + step, errors);
        if (!status)
            status = shrink(any, r, false, t, errors);
    }
    return status;
}

/* ---- a rank's own rows, and the result ---- */

typedef struct collecting {
    table *table;
    size_t values;
} collecting;

static es_status collect(void *context, const es_record *record, const char *row, size_t n, es_errors *errors) {
    collecting *c = context;
    return add_row(c->table, c->values, &(entry){record, row, n}, errors);
}

static es_status collect_own(const es_parts *own, const es_part *any, es_result r, table *t, es_errors *errors) {
    collecting c = {t, es_part_values(&any->manifest.table[r])};
    es_status status = ES_OK;
    for (size_t i = 0; i < own->n && !status; i++) {
        status = es_part_visit_rows(&own->part[i], r, true, collect, &c, errors);
        if (!status)
            status = shrink(any, r, false, t, errors);
    }
    return status;
}

static es_status write_result(const es_part *any, es_result r, const table *t, const char *path, const char *command,
                              es_errors *errors) {
    const es_manifest *m = &any->manifest;
    es_output_options options = {.sync = true,
                                 .meta = true,
                                 .command = command,
                                 .grid_hash = m->grid_hash,
                                 .catalog_hash = m->catalog_hash,
                                 .version = EDGESWEEP_VERSION};
    es_output *output = NULL;
    char *header = NULL;
    size_t n;
    es_status status = es_part_header(any, r, &header, &n, errors);
    if (!status)
        status = es_output_open(&output, path, &options, errors);
    if (!status)
        status = es_output_write(output, header, n, errors);
    for (size_t i = 0, at = 0; i < t->n && !status; i++) {
        entry e;
        at = read_row(t, at, es_part_values(&m->table[r]), &e);
        status = es_output_write(output, e.row, e.n, errors);
    }
    free(header);
    if (!status)
        return es_output_commit(output, t->n, errors);
    es_output_abort(output);
    return status;
}

es_status es_mpi_reduce(const es_ranks *ranks, const es_parts *own, const es_part *any, es_result r, const char *path,
                        const char *command, es_errors *errors) {
    table t = {0};
    es_status status = es_mpi_agree(collect_own(own, any, r, &t, errors));
    if (!status)
        status = es_mpi_agree(combine(ranks, any, r, &t, errors));
    if (!status && ranks->rank == 0 && r == ES_RESULT_BEST)
        status = shrink(any, r, true, &t, errors);
    if (!status && ranks->rank == 0)
        status = write_result(any, r, &t, path, command, errors);
    free(t.data);
    return es_mpi_agree(status);
}
