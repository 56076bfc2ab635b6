#include "calibrate/calibrate.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "calibrate/fit_group.h"

enum { LEAST_ROWS = 4, LEAST_TYPE_ROWS = 1 };

/* A slot takes part in a measurement when it takes this share of the time. */
static const double taking_part = 0.2;
/* Constants of the same board, sold in several versions, agree to this. */
static const double same_board = 0.03;
/* A type this much slower than the others is held up by arithmetic. */
static const double compute_bound = 0.85;

typedef struct calibrator {
    es_fit_context fit;
    es_calibrated *result;
} calibrator;

/* ---- Groups ---- */

static bool near(double a, double b) {
    return (isnan(a) && isnan(b)) || fabs(a - b) <= same_board * fmax(fabs(a), fabs(b));
}

static size_t first_word(const char *name) { return strcspn(name, " "); }

/* Rows of the catalog that stand for the same silicon. */
static bool alike(const es_row *a, const es_row *b) {
    static const int fields[] = {ES_D_PEAK_FP32, ES_D_PEAK_FP16, ES_D_PEAK_INT8, ES_D_MEM_BW};
    bool same = es_equal_fold(a->text[ES_D_CLASS], b->text[ES_D_CLASS]) && first_word(a->name) == first_word(b->name) &&
                strncmp(a->name, b->name, first_word(a->name)) == 0;
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        same &= near(a->value[fields[i]], b->value[fields[i]]);
    return same || a == b;
}

static es_fit_group *new_group(const es_fit_context *c, size_t room) {
    es_fit_group *g = es_arena_alloc(c->arena, sizeof *g);
    if (g)
        g->measurement = es_arena_array(c->arena, room + 1, sizeof *g->measurement);
    return g && g->measurement ? g : NULL;
}

/* Measurements by board and runtime. */
static es_status find_groups(const es_fit_context *c, es_fit_group ***groups, size_t *n) {
    const es_measured *all = c->measured;
    *n = 0;
    *groups = es_arena_array(c->arena, all->n + 1, sizeof **groups);
    if (!*groups)
        return es_fail_memory(c->errors);
    for (size_t i = 0; i < all->n; i++) {
        const es_measurement *m = &all->row[i];
        size_t g = 0;
        if (m->reason)
            continue;
        while (g < *n &&
               !(strcmp((*groups)[g]->runtime, m->runtime) == 0 && alike((*groups)[g]->device, m->rows.device)))
            g++;
        if (g == *n) {
            if (!((*groups)[g] = new_group(c, all->n)))
                return es_fail_memory(c->errors);
            (*groups)[g]->device = m->rows.device;
            (*groups)[g]->runtime = m->runtime;
            ++*n;
        }
        (*groups)[g]->measurement[(*groups)[g]->n++] = i;
    }
    return ES_OK;
}

static double threads_of(const es_fit_context *c, const es_fit_group *g, size_t i) {
    return c->measured->row[g->measurement[i]].threads;
}

/* The number of threads most measurements have; the larger of equals. */
static double usual_threads(const es_fit_context *c, const es_fit_group *g) {
    double usual = NAN;
    size_t most = 0;
    for (size_t i = 0; i < g->n; i++) {
        const double threads = threads_of(c, g, i);
        size_t n = 0;
        for (size_t k = 0; k < g->n; k++)
            n += threads_of(c, g, k) == threads;
        if (n > most || (n == most && n > 0 && threads > usual))
            most = n, usual = threads;
    }
    return usual;
}

static const es_row *usual_device(const es_fit_context *c, const es_fit_group *g) {
    const es_row *usual = g->device;
    size_t most = 0;
    for (size_t i = 0; i < g->n; i++) {
        const es_row *device = c->measured->row[g->measurement[i]].rows.device;
        size_t n = 0;
        for (size_t k = 0; k < g->n; k++)
            n += c->measured->row[g->measurement[k]].rows.device == device;
        if (n > most)
            most = n, usual = device;
    }
    return usual;
}

/* The measurements of a board with one number of threads; those that tell none belong to the usual one. */
static es_status with_threads(const es_fit_context *c, const es_fit_group *board, double threads, bool usual,
                              es_fit_group **result) {
    es_fit_group *g = *result = new_group(c, board->n);
    if (!g)
        return es_fail_memory(c->errors);
    g->device = board->device;
    g->runtime = usual ? board->runtime : es_threaded_runtime(board->runtime, threads, c->arena);
    g->threads = threads;
    for (size_t i = 0; i < board->n; i++) {
        const double own = threads_of(c, board, i);
        if (own == threads || (usual && isnan(own)))
            g->measurement[g->n++] = board->measurement[i];
    }
    return g->runtime ? ES_OK : es_fail_memory(c->errors);
}

/* ---- Results ---- */

static bool slot_counts(const es_fit_group *g, const es_fit_row *row, const es_fit_slot *slot, bool prefill) {
    const es_fit_params *p = &g->fit.params;
    const double total = es_fit_seconds(p, row);
    const double seconds = prefill ? slot->prefill_flops / (row->peak * exp(p->value[es_fit_prefill_of(p, slot->key)]))
                                   : slot->decode_bytes / (row->bw * exp(p->value[es_fit_mem(slot->key)]));
    return (prefill ? row->has_prefill : row->steps > 0) && seconds >= taking_part * total;
}

/* Errors of the rows that a value rests on: those of a phase, of a type (ES_FIT_MAX_KEYS: any). */
static es_error_summary summarise(const es_fit_context *c, const es_fit_group *g, bool prefill, size_t key,
                                  size_t *n_rows) {
    es_error_summary summary = {0, NAN, NAN, NAN};
    double *errors = es_arena_array(c->arena, g->n + 1, sizeof *errors);
    size_t n = 0;
    *n_rows = 0;
    for (size_t i = 0; i < g->n && errors; i++) {
        const es_fit_row *row = &g->row[i];
        bool counts = key == ES_FIT_MAX_KEYS && (prefill ? row->has_prefill : row->steps > 0);
        for (size_t s = 0; s < row->n_slots && !counts && key < ES_FIT_MAX_KEYS; s++)
            counts = row->slot[s].key == key && slot_counts(g, row, &row->slot[s], prefill);
        *n_rows += counts;
        if (counts && !isnan(g->cross[i]))
            errors[n++] = g->cross[i];
    }
    return errors ? es_summarise_errors(errors, n) : summary;
}

static const char *source_text(const es_fit_context *c, const es_fit_group *g, size_t n) {
    if (n == 0)
        return g->base ? "not measured; as with the usual threads" : "not measured; as usual for the class";
    return es_arena_printf(
        c->arena, "fit to %zu measurements of %zu source%s%s%s", g->n, g->n_sources, g->n_sources == 1 ? "" : "s",
        g->folds ? "; error cross-validated by " : "; not cross-validated", g->folds ? g->folds : "");
}

static es_status add_result(calibrator *c, const char *device, const es_fit_group *g, const char *type,
                            const char *field, double value, size_t n, double error) {
    es_calibrated *r = c->result;
    if (r->n_rows == r->capacity) {
        size_t capacity = r->capacity ? 2 * r->capacity : 256;
        es_calibrated_row *row = es_arena_array(c->fit.arena, capacity, sizeof *row);
        if (!row)
            return es_fail_memory(c->fit.errors);
        if (r->n_rows)
            memcpy(row, r->row, r->n_rows * sizeof *row);
        r->row = row, r->capacity = capacity;
    }
    const char *source = source_text(&c->fit, g, n);
    r->row[r->n_rows++] = (es_calibrated_row){device, g->runtime, type, field, value, n, error, source};
    return source ? ES_OK : es_fail_memory(c->fit.errors);
}

/* Rate of arithmetic at which a type takes as long as its bytes: largest over the measurements; without any, that of one
 * token. */
static double binding_util(const es_fit_group *g, size_t key) {
    const double util = exp(g->fit.params.value[es_fit_mem(key)]), per_weight = g->key[key].bytes_per_weight;
    double most = 0;
    for (size_t i = 0; i < g->n; i++)
        for (size_t s = 0; s < g->row[i].n_slots; s++) {
            const es_fit_row *row = &g->row[i];
            const es_fit_slot *slot = &row->slot[s];
            if (slot->key == key && slot->decode_bytes > 0 && slot_counts(g, row, slot, false))
                most = fmax(most, slot->decode_flops / slot->decode_bytes * row->bw / row->peak * util);
        }
    return most > 0 || per_weight == 0 ? most : 2 / per_weight * g->row[0].bw / g->row[0].peak * util;
}

/* One generated token may not be slower by arithmetic than was measured; many at once run like a prefill. */
static double free_decode_util(double prefill_util, double binding) {
    return fmin(1, fmax(prefill_util, 1.05 * binding));
}

/* Rows of types that were not measured tell what is usual. */
static bool worth_a_row(const es_fit_group *g, size_t key, size_t n) {
    return n >= LEAST_TYPE_ROWS || g->key[key].typical;
}

static es_status add_decode_type(calibrator *c, const char *device, const es_fit_group *g, size_t key) {
    const es_fit_params *p = &g->fit.params;
    const char *type = g->key[key].name;
    size_t n, n_prefill;
    const es_error_summary errors = summarise(&c->fit, g, false, key, &n);
    const double util = exp(p->value[es_fit_mem(key)]), binding = binding_util(g, key);
    summarise(&c->fit, g, true, key, &n_prefill);
    const double prefill =
        exp(p->value[worth_a_row(g, key, n_prefill) ? es_fit_prefill_of(p, key) : es_fit_prefill(p)]);
    if (!worth_a_row(g, key, n) || binding > 1)
        return ES_OK;
    if (util < compute_bound * exp(p->value[0]))
        return add_result(c, device, g, type, "decode_util", binding, n, errors.median);
    es_status status = add_result(c, device, g, type, "mem_util", util, n, errors.median);
    return status ? status
                  : add_result(c, device, g, type, "decode_util", free_decode_util(prefill, binding), n, errors.median);
}

static es_status add_decode(calibrator *c, const char *device, const es_fit_group *g) {
    const es_fit_params *p = &g->fit.params;
    size_t n;
    double binding = 0;
    const es_error_summary errors = summarise(&c->fit, g, false, ES_FIT_MAX_KEYS, &n);
    for (size_t k = 0; k < p->n_keys; k++)
        binding = fmax(binding, fmin(1, binding_util(g, k)));
    es_status status = add_result(c, device, g, "*", "mem_util", exp(p->value[0]), n, errors.median);
    if (!status)
        status = add_result(c, device, g, "*", "decode_util",
                            free_decode_util(exp(p->value[es_fit_prefill(p)]), binding), n, errors.median);
    if (!status && !g->fixed[es_fit_overhead(p)])
        status = add_result(c, device, g, "*", "token_overhead_ms", 1000 * exp(p->value[es_fit_overhead(p)]), n,
                            errors.median);
    const es_fit_group *layered = g->base ? g->base : g;
    if (!status && !layered->fixed[es_fit_layer(&layered->fit.params)])
        status =
            add_result(c, device, g, "*", "layer_overhead_ms", 1000 * exp(p->value[es_fit_layer(p)]), n, errors.median);
    for (size_t k = 0; k < p->n_keys && !status; k++)
        status = add_decode_type(c, device, g, k);
    return status;
}

static es_status add_prefill(calibrator *c, const char *device, const es_fit_group *g) {
    const es_fit_params *p = &g->fit.params;
    size_t n;
    es_error_summary errors = summarise(&c->fit, g, true, ES_FIT_MAX_KEYS, &n);
    es_status status =
        add_result(c, device, g, "*", "prefill_util", exp(p->value[es_fit_prefill(p)]), n, errors.median);
    for (size_t k = 0; k < p->n_keys && !status; k++) {
        errors = summarise(&c->fit, g, true, k, &n);
        if (worth_a_row(g, k, n))
            status = add_result(c, device, g, g->key[k].name, "prefill_util", exp(p->value[es_fit_prefill_of(p, k)]), n,
                                errors.median);
    }
    return status;
}

static es_status add_attention(calibrator *c, const char *device, const es_fit_group *g) {
    const es_fit_params *p = &g->fit.params;
    size_t n;
    es_error_summary errors = summarise(&c->fit, g, g->n_decode == 0, ES_FIT_MAX_KEYS, &n);
    es_status status = ES_OK;
    if (!g->fixed[es_fit_attn(p)])
        status = add_result(c, device, g, "*", "attn_util", exp(p->value[es_fit_attn(p)]), g->n, errors.median);
    errors = summarise(&c->fit, g, true, ES_FIT_MAX_KEYS, &n);
    if (!status && !g->one_attention)
        status =
            add_result(c, device, g, "*", "prefill_attn_util", exp(p->value[es_fit_prefill_attn(p)]), n, errors.median);
    return status;
}

static es_status add_device(calibrator *c, const char *device, const es_fit_group *g) {
    const size_t n_decode = g->base ? g->base->n_decode : g->n_decode;
    const size_t n_prefill = g->base ? g->base->n_prefill : g->n_prefill;
    es_status status = isnan(g->threads) ? ES_OK : add_result(c, device, g, "*", "threads", g->threads, g->n, NAN);
    if (!status && n_decode)
        status = add_decode(c, device, g);
    if (!status && n_prefill)
        status = add_prefill(c, device, g);
    return status ? status : add_attention(c, device, g);
}

static es_status report_group(calibrator *c, const es_fit_group *g) {
    es_calibrated_group *to = &c->result->group[c->result->n_groups++];
    double *errors = es_arena_array(c->fit.arena, g->n + 1, sizeof *errors);
    if (!errors)
        return es_fail_memory(c->fit.errors);
    *to = (es_calibrated_group){.device = g->device,
                                .runtime = g->runtime,
                                .folds = g->folds,
                                .n_sources = g->n_sources,
                                .n_skipped = g->n_skipped};
    for (int phase = 0; phase < ES_PHASES; phase++) {
        size_t n = 0;
        for (size_t i = 0; i < g->n; i++)
            if (c->fit.measured->row[g->measurement[i]].phase == (es_phase)phase && !isnan(g->cross[i]))
                errors[n++] = g->cross[i];
        to->phase[phase] = es_summarise_errors(errors, n);
    }
    return ES_OK;
}

static es_status add_group(calibrator *c, const es_fit_group *g) {
    const es_table *devices = &c->fit.catalog->table[ES_DEVICE];
    es_status status = ES_OK;
    for (size_t d = 0; d < devices->n_rows && !status; d++)
        if (alike(g->device, &devices->rows[d]))
            status = add_device(c, devices->rows[d].name, g);
    return status ? status : report_group(c, g);
}

/* *enough: there are enough measurements for a fit. */
static es_status fit_group(calibrator *c, es_fit_group *g, bool *enough) {
    if (g->base) {
        memcpy(g->key, g->base->key, sizeof g->key);
        g->fit.params.n_keys = g->base->fit.params.n_keys;
        for (size_t k = 0; k < g->fit.params.n_keys; k++)
            g->key[k].typical = false;
    }
    es_status status = es_fit_group_make_rows(&c->fit, g);
    *enough = g->n >= LEAST_ROWS;
    if (status || !*enough)
        return status;
    es_fit_group_weigh(&c->fit, g);
    return es_fit_group_fit(&c->fit, g);
}

/* Every number of threads other than the usual one is a runtime of its own. */
static es_status add_other_threads(calibrator *c, const es_fit_group *board, es_fit_group *usual) {
    es_calibrated_group *reported = &c->result->group[c->result->n_groups - 1];
    es_status status = ES_OK;
    for (size_t i = 0; i < board->n && !status; i++) {
        const double threads = threads_of(&c->fit, board, i);
        bool met = isnan(threads) || threads == usual->threads, enough;
        for (size_t k = 0; k < i && !met; k++)
            met = threads_of(&c->fit, board, k) == threads;
        es_fit_group *g;
        if (met || (status = with_threads(&c->fit, board, threads, false, &g)))
            continue;
        g->base = usual;
        status = fit_group(c, g, &enough);
        if (!status && enough)
            status = add_group(c, g);
        else
            reported->n_skipped += g->n + g->n_skipped;
    }
    return status;
}

static es_status calibrate_board(calibrator *c, es_fit_group *board) {
    bool enough = false;
    es_fit_group *usual;
    board->device = usual_device(&c->fit, board);
    es_status status = with_threads(&c->fit, board, usual_threads(&c->fit, board), true, &usual);
    if (!status)
        status = fit_group(c, usual, &enough);
    if (!status && !enough)
        es_warn(c->fit.errors, NULL, "%s, %s: usable measurements: %zu, too few to tell anything; expected %d",
                usual->device->name, usual->runtime, usual->n, LEAST_ROWS);
    if (status || !enough)
        return status;
    status = add_group(c, usual);
    return status ? status : add_other_threads(c, board, usual);
}

es_status es_calibrate(const es_measured *measured, const es_catalog *catalog, es_point_kernel *point, es_arena *arena,
                       es_calibrated *result, es_errors *errors) {
    calibrator c = {.fit = {.measured = measured, .catalog = catalog, .point = point, .arena = arena, .errors = errors},
                    .result = result};
    es_fit_group **groups;
    size_t n;
    *result = (es_calibrated){0};
    es_status status = es_fit_context_begin(&c.fit);
    if (!status)
        status = find_groups(&c.fit, &groups, &n);
    if (!status && !(result->group = es_arena_array(arena, measured->n + 1, sizeof *result->group)))
        status = es_fail_memory(errors);
    for (size_t g = 0; !status && g < n; g++)
        status = calibrate_board(&c, groups[g]);
    if (!status && !n)
        es_warn(errors, NULL, "none of %zu measurements can be used; `validate` says why", measured->n);
    return status;
}
