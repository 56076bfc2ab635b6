#include "tables/compute.h"

#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "grid/spec.h"
#include "io/format.h"
#include "tables/query.h"

typedef struct computation {
    es_query query;
    es_csv_input *csv;
    size_t n;
    size_t *computed; /* per metric, as given: number of its column among the computed ones */
    es_text_out out;
    es_energies *energies;
} computation;

static es_status take_tile(void *worker, const es_query_tile *tile, es_errors *errors) {
    computation *c = worker;
    const char delimiter = es_csv_input_delimiter(c->csv), decimal = es_csv_input_decimal(c->csv);
    es_status status = ES_OK;
    for (size_t i = 0; i < tile->n && !status; i++) {
        status = es_text_out_slice(&c->out, es_csv_block_row(tile->block, tile->row[i]), errors);
        for (size_t k = 0; k < c->n && !status; k++) {
            char text[64] = {delimiter};
            const double value = tile->computed[c->computed[k]][tile->row[i] - tile->row[0]];
            const size_t length = es_is_missing(value) ? 1 : 1 + es_format_double(text + 1, value, 15);
            char *point = memchr(text + 1, '.', length - 1);
            if (point)
                *point = decimal;
            status = es_text_out_slice(&c->out, (es_slice){text, length}, errors);
        }
        if (!status)
            status = es_text_out_slice(&c->out, es_slice_of("\n"), errors);
    }
    return status;
}

static es_status write_header(computation *c, const es_slice *name, es_errors *errors) {
    const char delimiter = es_csv_input_delimiter(c->csv);
    es_status status = es_text_out_slice(&c->out, es_csv_input_header(c->csv), errors);
    for (size_t i = 0; i < c->n && !status; i++)
        status = es_text_out_format(&c->out, errors, "%c%.*s", delimiter, (int)name[i].length, name[i].text);
    return status ? status : es_text_out_slice(&c->out, es_slice_of("\n"), errors);
}

/* The metric that x needs and that is not computed yet; n when there is none. */
static size_t still_needed(const es_expr *x, const es_slice *name, const bool *done, size_t n) {
    for (size_t k = 0; k < x->n_names; k++)
        for (size_t i = 0; i < n; i++)
            if (!done[i] && x->name[k].length == name[i].length &&
                memcmp(x->name[k].text, name[i].text, name[i].length) == 0)
                return i;
    return n;
}

static es_status bind(computation *c, const es_entries *list, const es_slice *name, es_errors *errors) {
    const es_expr_words words = es_query_words(c->csv);
    es_expr *x = es_arena_array(&c->query.arena, c->n, sizeof *x);
    bool *done = es_arena_array(&c->query.arena, c->n, sizeof *done);
    if (!x || !done)
        return es_fail_memory(errors);
    es_status status = ES_OK;
    for (size_t i = 0; i < c->n; i++) {
        const es_status one =
            es_expr_parse(&x[i], list->entry[i].value, list->entry[i].value_at, &words, &c->query.arena, errors);
        status = status ? status : one;
    }
    for (size_t left = c->n, progress = 1; left && progress && !status;) {
        progress = 0;
        for (size_t i = 0; i < c->n && !status; i++) {
            if (done[i] || still_needed(&x[i], name, done, c->n) < c->n)
                continue;
            c->computed[i] = c->query.n_computed;
            status = es_query_add(&c->query, name[i], &x[i], errors);
            bool energy = false;
            if (!status)
                status = es_energies_among(c->energies, x[i].name, x[i].n_names, &energy, errors);
            if (energy)
                c->energies->metric[c->energies->n++] = name[i];
            done[i] = true, left--, progress = 1;
        }
        for (size_t i = 0; i < c->n && left && !progress; i++)
            if (!done[i])
                return es_fail(errors, ES_EUSAGE, &list->entry[i].value_at,
                               "metrics that need each other: '%s' and '%s'", es_quote(name[i]).text,
                               es_quote(name[still_needed(&x[i], name, done, c->n)]).text);
    }
    return status;
}

es_status es_compute_columns(es_csv_input *csv, const char *const *metrics, size_t n, const es_text_sink *out,
                             es_arena *kept, es_energies *energies, es_errors *errors) {
    computation c = {.query = {.csv = csv}, .csv = csv, .out = {.sink = out}, .energies = energies};
    es_arena *arena = &c.query.arena;
    es_spec spec = {0};
    const char **sets = es_arena_array(arena, n + 1, sizeof *sets);
    for (size_t i = 0; sets && i < n; i++)
        sets[i] = es_arena_printf(arena, "--metric %s", metrics[i]);
    es_status status = sets ? es_spec_read(&spec, NULL, NULL, sets, n, arena, errors) : es_fail_memory(errors);
    const es_entries *list = &spec.section[ES_SEC_METRICS];
    c.n = list->count;
    es_slice *name = es_arena_array(arena, n + 1, sizeof *name), unit;
    c.computed = es_arena_array(arena, n + 1, sizeof *c.computed);
    *energies = (es_energies){es_arena_array(kept, n + 1, sizeof *energies->metric), 0};
    if (!status && (!name || !c.computed || !energies->metric))
        status = es_fail_memory(errors);
    for (size_t i = 0; i < c.n && !status; i++) {
        status = es_spec_metric(&list->entry[i], &name[i], &unit, errors);
        const es_expr_words words = es_query_words(csv);
        if (!status && words.is_name(words.context, name[i]))
            status = es_fail(errors, ES_EUSAGE, &list->entry[i].key_at,
                             "this column exists already: '%s'; expected another name", es_quote(name[i]).text);
    }
    if (!status)
        status = bind(&c, list, name, errors);
    for (size_t i = 0; i < energies->n && !status; i++) {
        const char *text = es_arena_text(kept, energies->metric[i]);
        energies->metric[i] = es_slice_of(text ? text : "");
        status = text ? ES_OK : es_fail_memory(errors);
    }
    if (!status)
        status = es_query_bind(&c.query, NULL, errors);
    if (!status)
        status = write_header(&c, name, errors);
    es_query_counts counts = {0};
    void *const worker[] = {&c};
    if (!status)
        status = es_query_run(&c.query, take_tile, worker, 1, &counts, errors);
    status = es_text_out_end(&c.out, status, errors);
    free(counts.rejected);
    es_spec_free(&spec);
    es_query_free(&c.query);
    return status;
}
