#include "calibrate/calibrate.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "calibrate/levels.h"
#include "model/roofline_blocks.h"

/* What all measurements of a device in one source share: fitted beside the others, that they do not take it for theirs, and
 * no part of a prediction. */
enum { SOURCE_EFFECT = ES_EFFECTS, ALL_EFFECTS };

static const char *effect_name(int effect) { return effect == SOURCE_EFFECT ? "source" : es_effect_names[effect]; }

/* Pseudo-weights of effects: chosen by leaving sources out of sweeps/measured.csv; INFINITY: counted, not fitted. */
static const double lambdas[ES_FIT_PHASES][ALL_EFFECTS] = {
    [ES_FIT_DECODE] = {[ES_EFFECT_KIND] = 3,
                       [ES_EFFECT_UNIT] = 0.5,
                       [ES_EFFECT_DEVICE] = 0.3,
                       [ES_EFFECT_DEVICE_FAMILY] = 1,
                       [ES_EFFECT_TYPE] = 0.5,
                       [ES_EFFECT_KIND_KERNEL] = 1,
                       [ES_EFFECT_ERA] = 0.3,
                       [ES_EFFECT_THREADS] = 1,
                       [ES_EFFECT_DEVICE_TYPE] = INFINITY,
                       [ES_EFFECT_EXPERTS] = 1,
                       [ES_EFFECT_UNIT_ATTN] = 1,
                       [ES_EFFECT_DEVICE_ATTN] = INFINITY,
                       [ES_EFFECT_HEAD_ATTN] = INFINITY,
                       [ES_EFFECT_OVERHEAD] = INFINITY,
                       [ES_EFFECT_UNIT_ARITHMETIC] = 1,
                       [ES_EFFECT_TYPE_ARITHMETIC] = 0.5,
                       [ES_EFFECT_DEVICE_ARITHMETIC] = INFINITY,
                       [SOURCE_EFFECT] = INFINITY},
    [ES_FIT_PREFILL] = {[ES_EFFECT_KIND] = 1,
                        [ES_EFFECT_UNIT] = 0.3,
                        [ES_EFFECT_DEVICE] = INFINITY,
                        [ES_EFFECT_UNIT_BACKEND] = 0.3,
                        [ES_EFFECT_FAMILY] = 1,
                        [ES_EFFECT_TYPE] = 0.3,
                        [ES_EFFECT_KIND_TYPE] = 3,
                        [ES_EFFECT_KIND_KERNEL] = 0.3,
                        [ES_EFFECT_DEVICE_TYPE] = INFINITY,
                        [ES_EFFECT_EXPERTS] = 1,
                        [ES_EFFECT_UNIT_ATTN] = 1,
                        [ES_EFFECT_DEVICE_ATTN] = INFINITY,
                        [ES_EFFECT_HEAD_ATTN] = INFINITY,
                        [SOURCE_EFFECT] = 0.5},
};

/* Of one's own few sources: how far a device may be from what the catalog says of it, as standard deviations, for
 * measurements that scatter by own_noise.  Unsourced: assumed, those of the types as in the fit before levels, and not
 * checked against measurements.  0: stays as in the catalog. */
static const double own_noise = 0.05;
static const double own_deviation[ES_FIT_PHASES][ALL_EFFECTS] = {
    [ES_FIT_DECODE] = {[ES_EFFECT_DEVICE] = 1,
                       [ES_EFFECT_DEVICE_FAMILY] = 0.3,
                       [ES_EFFECT_THREADS] = 0.3,
                       [ES_EFFECT_DEVICE_TYPE] = 0.18,
                       [ES_EFFECT_DEVICE_ATTN] = 1,
                       [ES_EFFECT_HEAD_ATTN] = 0.5,
                       [ES_EFFECT_OVERHEAD] = 1,
                       [ES_EFFECT_DEVICE_ARITHMETIC] = 1},
    [ES_FIT_PREFILL] = {[ES_EFFECT_DEVICE] = 1.5,
                        [ES_EFFECT_DEVICE_TYPE] = 0.5,
                        [ES_EFFECT_DEVICE_ATTN] = 1,
                        [ES_EFFECT_HEAD_ATTN] = 0.5},
};
/* NPUs run what was compiled for them: a device has a rate for each format, nothing leads from one to another. */
static const double npu_format_lambda = 0.1;
static const double robust_from = 0.35, own_robust_from = 0.1;

enum { SWEEPS = 40, SWEEPS_LEFT_OUT = 12, MAX_FOLDS = 64 };
enum { BY_SOURCE, BY_DEVICE, BY_UNIT, SPLITS };

static const double implausible = 1.05; /* decode at more than the bandwidth of the device's row */

typedef struct key {
    int effect; /* es_effect or SOURCE_EFFECT */
    const char *text;
    es_fitted *fitted; /* in the calibration that predicts */
    double known;      /* what the effect is on top of */
    size_t rows, sources, last_source, last_row;
} key;

typedef struct phase_fit {
    es_level_row *row;
    size_t *measurement; /* of each row */
    size_t *main_type;   /* key of the type that evidence is counted by: that of most bytes */
    size_t n_rows;
    key *key;
    size_t n_keys, capacity;
    double *lambda, *value;
    size_t *order;
    es_level_problem problem;
    es_levels *levels;
    bool *left_out;
} phase_fit;

/* What a measurement belongs to, and how far off it was without that. */
typedef struct member {
    size_t cluster[SPLITS];
    double log_error[SPLITS];
    es_basis basis[SPLITS];
} member;

typedef struct calibrator {
    const es_measured *measured;
    es_point_kernel point; /* of which the rates are `fit` */
    es_calibration *fit;
    const es_calibration *catalog;
    es_calibration *names; /* of clusters and keys, for their numbers */
    bool own;              /* fewer sources than the catalog stands on: fitted on top of it */
    es_arena *arena;
    es_errors *errors;
    double *value, *without; /* of the kernel's nodes; the second without one rate */
    phase_fit phase[ES_FIT_PHASES];
    member *member;
    const char **cluster_name[SPLITS];
    size_t n_clusters[SPLITS];
    es_calibrated *result;
} calibrator;

static double node(const calibrator *c, const char *name) { return es_kernel_value(c->point.kernel, name, c->value); }

/* ---- Clusters ---- */

es_slice es_source_of(const char *address) {
    es_slice all = es_slice_of(address);
    size_t slashes = 0;
    if (strstr(address, "ggml-org/llama.cpp"))
        return all;
    for (size_t i = 0; i < all.length; i++)
        if (all.text[i] == '#' || (all.text[i] == '/' && ++slashes == 5))
            return (es_slice){all.text, i};
    return all;
}

bool es_same_source(const char *a, const char *b) {
    const es_slice x = es_source_of(a), y = es_source_of(b);
    return x.length == y.length && memcmp(x.text, y.text, x.length) == 0;
}

static size_t cluster_of(calibrator *c, int split, const char *name) {
    static const char *const splits[SPLITS] = {"source", "device", "unit"};
    const es_fitted *known = es_calibration_find(c->names, "cluster", splits[split], name);
    if (known)
        return known->number;
    const size_t number = c->n_clusters[split]++;
    c->cluster_name[split][number] = name;
    return es_calibration_set(c->names, "cluster", splits[split], name, (es_fitted){.number = number}) ? number
                                                                                                       : SIZE_MAX;
}

static es_status find_clusters(calibrator *c) {
    const size_t n = c->measured->n;
    c->member = es_arena_array(c->arena, n + 1, sizeof *c->member);
    for (int s = 0; s < SPLITS; s++)
        if (!(c->cluster_name[s] = es_arena_array(c->arena, n + 1, sizeof **c->cluster_name)))
            return es_fail_memory(c->errors);
    for (size_t i = 0; c->member && i < n; i++) {
        const es_measurement *m = &c->measured->row[i];
        for (int s = 0; s < SPLITS; s++)
            c->member[i].log_error[s] = NAN;
        if (m->reason)
            continue;
        const char *board = m->rows.device->text[ES_D_BOARD];
        const char *source = es_arena_text(c->arena, es_source_of(m->source));
        if (!source)
            return es_fail_memory(c->errors);
        c->member[i].cluster[BY_SOURCE] = cluster_of(c, BY_SOURCE, source);
        c->member[i].cluster[BY_DEVICE] = cluster_of(c, BY_DEVICE, *board ? board : m->rows.device->name);
        c->member[i].cluster[BY_UNIT] = cluster_of(c, BY_UNIT, m->rows.unit->text[ES_U_FIT_UNIT]);
        for (int s = 0; s < SPLITS; s++)
            if (c->member[i].cluster[s] == SIZE_MAX)
                return es_fail_memory(c->errors);
    }
    return c->member ? ES_OK : es_fail_memory(c->errors);
}

/* ---- Rows of the fit ---- */

/* The number of an effect's key, new ones at the end; SIZE_MAX when out of memory. */
static size_t key_number(calibrator *c, es_fit_phase phase, const es_effect_key *of) {
    phase_fit *f = &c->phase[phase];
    const char *phase_name = es_fit_phase_names[phase], *effect = effect_name((int)of->effect);
    const es_fitted *known = es_calibration_find(c->names, phase_name, effect, of->key);
    if (known)
        return known->number;
    if (f->n_keys == f->capacity) {
        const size_t capacity = f->capacity ? 2 * f->capacity : 256;
        key *more = es_arena_array(c->arena, capacity, sizeof *more);
        if (!more)
            return SIZE_MAX;
        if (f->n_keys)
            memcpy(more, f->key, f->n_keys * sizeof *more);
        f->key = more, f->capacity = capacity;
    }
    const char *text = es_arena_text(c->arena, es_slice_of(of->key));
    const es_fitted *before = c->own ? es_calibration_find(c->catalog, phase_name, effect, of->key) : NULL;
    if (!text || !es_calibration_set(c->names, phase_name, effect, text, (es_fitted){.number = f->n_keys}) ||
        !es_calibration_set(c->fit, phase_name, effect, text, before ? *before : (es_fitted){0}))
        return SIZE_MAX;
    f->key[f->n_keys] = (key){(int)of->effect, text, NULL, before ? before->value : 0, 0, 0, SIZE_MAX, SIZE_MAX};
    return f->n_keys++;
}

static bool number_keys(calibrator *c, es_fit_phase phase, const es_effect_key *of, size_t n, size_t *to) {
    for (size_t i = 0; i < n; i++)
        if ((to[i] = key_number(c, phase, &of[i])) == SIZE_MAX)
            return false;
    return true;
}

_Static_assert(2 * ES_SLOTS + 2 + ES_RATES <= ES_LEVEL_PARTS, "weights, attention, states and steps");

typedef struct slot_names {
    const char *decode, *memory, *prefill, *prefill_memory, *type;
    const char *per_byte, *prefill_per_flop, *prefill_per_byte;
} slot_names;

#define SLOT(name, ...)                                                                                                \
    { name "_decode", name "_memory", name "_prefill", name "_prefill_memory", name "_type", __VA_ARGS__ }
#define DENSE(n) SLOT("dense_" #n, "inv_bw", "prefill_per_flop", "prefill_per_byte")
#define EXPERTS(n) SLOT("experts_" #n, "step_per_expert_byte", "prefill_per_flop", "prefill_per_expert_byte")

static const slot_names slots[ES_SLOTS] = {DENSE(1),
                                           DENSE(2),
                                           DENSE(3),
                                           DENSE(4),
                                           DENSE(5),
                                           DENSE(6),
                                           SLOT("output_head", "inv_bw", "step_per_flop", "inv_bw"),
                                           EXPERTS(1),
                                           EXPERTS(2),
                                           EXPERTS(3)};

/* Attention or states. */
static bool add_part(calibrator *c, es_fit_phase phase, const es_setting *setting, const char *seconds,
                     const char *at_least, es_level_row *row) {
    es_level_part *part = &row->part[row->n_parts];
    es_effect_key keys[ES_MAX_EFFECTS];
    *part = (es_level_part){.seconds = node(c, seconds), .at_least = node(c, at_least)};
    if (!(part->seconds > 0 || part->at_least > 0))
        return true;
    row->n_parts++;
    part->n_keys = es_attention_effect_keys(setting, keys);
    return number_keys(c, phase, keys, part->n_keys, part->key);
}

/* What a rate adds to the time of a step: what is missing when the device's row says 0 for it. */
static bool add_step_rate(calibrator *c, const es_measurement *m, const es_setting *setting, es_rate rate,
                          es_level_row *row) {
    es_effect_key keys[ES_MAX_EFFECTS];
    if (!(es_rate_untyped(c->fit, setting, rate).value > 0))
        return true;
    double value[ES_D_FIELDS];
    const char *text[ES_D_FIELDS];
    memcpy(value, m->rows.device->value, sizeof value);
    memcpy(text, m->rows.device->text, sizeof text);
    value[es_rate_field(rate)] = 0;
    text[es_rate_field(rate)] = "0";
    es_row device = *m->rows.device;
    device.value = value, device.text = text;
    es_measurement without = *m;
    without.rows.device = &device;
    es_measurement_evaluate(&c->point, &without, c->without);
    const int step = es_kernel_node(c->point.kernel, "step_s", strlen("step_s"));
    es_level_part *part = &row->part[row->n_parts];
    *part = (es_level_part){.seconds = c->value[step] - c->without[step]};
    if (!(part->seconds > 0))
        return true;
    row->n_parts++;
    part->n_keys = es_step_effect_keys(setting, rate, keys);
    return number_keys(c, ES_FIT_DECODE, keys, part->n_keys, part->key);
}

/* Weights of a slot: by bytes in decode, by arithmetic in a prefill, and at least what the other takes. */
static bool add_slot(calibrator *c, es_fit_phase phase, es_setting setting, int slot, es_level_row *row) {
    const slot_names *of = &slots[slot];
    const bool decode = phase == ES_FIT_DECODE;
    const double type = node(c, of->type),
                 work =
                     node(c, decode ? of->decode : of->prefill) * node(c, decode ? "inv_peak" : of->prefill_per_flop),
                 bytes = node(c, decode ? of->memory : of->prefill_memory) *
                         node(c, decode ? of->per_byte : of->prefill_per_byte);
    es_level_part *part = &row->part[row->n_parts];
    es_effect_key keys[ES_MAX_EFFECTS];
    const int of_type = type > ES_TYPE_NONE ? (int)type : ES_TYPE_NONE;
    *part = (es_level_part){.seconds = decode ? bytes : work, .at_least = decode ? 0 : bytes, .has_common = true};
    if (!(part->seconds > 0))
        return true;
    row->n_parts++;
    setting.experts = slot >= ES_EXPERT_SLOT;
    part->n_keys = es_type_effect_keys(c->catalog, &setting, phase, of_type, keys);
    if (!number_keys(c, phase, keys, part->n_keys, part->key))
        return false;
    if (!decode || !(work > 0))
        return true;
    part = &row->part[row->n_parts++];
    *part = (es_level_part){.seconds = work, .is_rival = true};
    part->n_keys = es_arithmetic_effect_keys(c->catalog, &setting, of_type, keys);
    return number_keys(c, phase, keys, part->n_keys, part->key);
}

/* One row of the fit: what the measured time is the sum of.  False: has no part in it, or there is no memory. */
static bool make_row(calibrator *c, es_fit_phase phase, size_t i, es_level_row *row, size_t *main_key) {
    const es_measurement *m = &c->measured->row[i];
    const es_setting setting = es_measurement_setting(m);
    const bool decode = phase == ES_FIT_DECODE;
    es_effect_key keys[ES_MAX_EFFECTS];
    *row = (es_level_row){.seconds = (decode ? 1 : m->prompt) * m->batch / m->tokens_per_s, .weight = 1};
    row->n_keys = es_effect_keys(&setting, phase, keys);
    keys[row->n_keys].effect = (es_effect)SOURCE_EFFECT;
    snprintf(keys[row->n_keys++].key, ES_EFFECT_KEY, "%s|%s", m->rows.device->name,
             c->cluster_name[BY_SOURCE][c->member[i].cluster[BY_SOURCE]]);
    bool ok = number_keys(c, phase, keys, row->n_keys, row->key);
    for (int s = 0; s < ES_SLOTS && ok; s++)
        ok = add_slot(c, phase, setting, s, row);
    if (decode)
        ok = ok && add_part(c, phase, &setting, "decode_scores_compute_s", "decode_scores_memory_s", row) &&
             add_part(c, phase, &setting, "decode_state_compute_s", "decode_state_memory_s", row);
    else
        ok = ok && add_part(c, phase, &setting, "prefill_scores_compute_s", "prefill_scores_memory_s", row) &&
             add_part(c, phase, &setting, "prefill_state_compute_s", "prefill_state_memory_s", row);
    for (int r = 0; r < ES_RATES && decode && ok; r++)
        ok = !es_rate_is_step((es_rate)r) || add_step_rate(c, m, &setting, (es_rate)r, row);
    const double type = node(c, "main_type");
    const size_t n =
        es_type_effect_keys(c->catalog, &setting, phase, type > ES_TYPE_NONE ? (int)type : ES_TYPE_NONE, keys);
    for (size_t k = 0; k < n && ok; k++)
        if (keys[k].effect == ES_EFFECT_DEVICE_TYPE)
            ok = number_keys(c, phase, &keys[k], 1, main_key);
    double whole = 0;
    for (size_t s = 0; s < row->n_parts; s++)
        whole += fmax(row->part[s].seconds, row->part[s].at_least);
    return ok && whole > 0 && isfinite(whole) && isfinite(row->seconds);
}

static bool is_fitted(const es_measurement *m) {
    return !m->reason && !m->vague && m->batch == 1 && m->phase != ES_PHASE_BOTH;
}

static es_fit_phase phase_of(const es_measurement *m) {
    return m->phase == ES_PHASE_PREFILL ? ES_FIT_PREFILL : ES_FIT_DECODE;
}

static es_status make_rows(calibrator *c) {
    const size_t n = c->measured->n;
    size_t *per_source[ES_FIT_PHASES];
    for (int p = 0; p < ES_FIT_PHASES; p++) {
        phase_fit *f = &c->phase[p];
        f->row = es_arena_array(c->arena, n + 1, sizeof *f->row);
        f->measurement = es_arena_array(c->arena, n + 1, sizeof *f->measurement);
        f->main_type = es_arena_array(c->arena, n + 1, sizeof *f->main_type);
        f->left_out = es_arena_array(c->arena, n + 1, sizeof *f->left_out);
        per_source[p] = es_arena_array(c->arena, n + 1, sizeof *per_source[p]);
        if (!f->row || !f->measurement || !f->main_type || !f->left_out || !per_source[p])
            return es_fail_memory(c->errors);
    }
    for (size_t i = 0; i < n; i++) {
        const es_measurement *m = &c->measured->row[i];
        if (!is_fitted(m))
            continue;
        const es_setting setting = es_measurement_setting(m);
        es_measurement_evaluate(&c->point, m, c->value);
        if (node(c, "residency") != 0 || !es_rate_untyped(c->fit, &setting, ES_RATE_MEM_UTIL).of_kind)
            continue;
        phase_fit *f = &c->phase[phase_of(m)];
        if (!make_row(c, phase_of(m), i, &f->row[f->n_rows], &f->main_type[f->n_rows]))
            continue;
        f->measurement[f->n_rows++] = i;
        per_source[phase_of(m)][c->member[i].cluster[BY_SOURCE]]++;
    }
    for (int p = 0; p < ES_FIT_PHASES && !c->own; p++)
        for (size_t r = 0; r < c->phase[p].n_rows; r++) {
            const size_t source = c->member[c->phase[p].measurement[r]].cluster[BY_SOURCE];
            c->phase[p].row[r].weight /= sqrt((double)per_source[p][source]);
        }
    return ES_OK;
}

/* ---- Fits ---- */

static bool is_npu_format(const key *k) {
    return k->effect == ES_EFFECT_DEVICE_TYPE && strstr(k->text, "|npu|") != NULL;
}

static es_status begin_fit(calibrator *c, es_fit_phase phase) {
    phase_fit *f = &c->phase[phase];
    f->lambda = es_arena_array(c->arena, f->n_keys + 1, sizeof *f->lambda);
    f->value = es_arena_array(c->arena, f->n_keys + 1, sizeof *f->value);
    f->order = es_arena_array(c->arena, f->n_keys + 1, sizeof *f->order);
    if (!f->lambda || !f->value || !f->order)
        return es_fail_memory(c->errors);
    size_t n = 0;
    for (int effect = 0; effect < ALL_EFFECTS; effect++)
        for (size_t k = 0; k < f->n_keys; k++)
            if (f->key[k].effect == effect)
                f->order[n++] = k;
    for (size_t k = 0; k < f->n_keys; k++) {
        const double scatter = own_noise / own_deviation[phase][f->key[k].effect];
        f->lambda[k] = c->own                      ? scatter * scatter
                       : is_npu_format(&f->key[k]) ? npu_format_lambda
                                                   : lambdas[phase][f->key[k].effect];
        f->key[k].fitted = es_calibration_set(
            c->fit, es_fit_phase_names[phase], effect_name(f->key[k].effect), f->key[k].text,
            *es_calibration_find(c->fit, es_fit_phase_names[phase], effect_name(f->key[k].effect), f->key[k].text));
    }
    f->problem =
        (es_level_problem){f->row, f->n_rows, f->lambda, f->order, f->n_keys, c->own ? own_robust_from : robust_from};
    f->levels = es_levels_begin(&f->problem);
    return f->levels ? ES_OK : es_fail_memory(c->errors);
}

static void count_key(key *k, size_t source) {
    k->rows++;
    if (k->last_source != source)
        k->sources++, k->last_source = source;
}

/* Numbers of measurements and sources of each key, without what is left out.  Sources come in order of rows: a source
 * whose rows do not follow each other would count twice; so they are visited source by source. */
static void count_keys(calibrator *c, phase_fit *f, const size_t *by_source) {
    for (size_t k = 0; k < f->n_keys; k++)
        f->key[k].rows = f->key[k].sources = 0, f->key[k].last_source = f->key[k].last_row = SIZE_MAX;
    for (size_t r = 0; r < f->n_rows; r++) {
        const size_t i = by_source[r], source = c->member[f->measurement[i]].cluster[BY_SOURCE];
        const es_level_row *row = &f->row[i];
        if (f->left_out[i])
            continue;
        for (size_t k = 0; k < row->n_keys; k++)
            count_key(&f->key[row->key[k]], source);
        count_key(&f->key[f->main_type[i]], source);
        for (size_t s = 0; s < row->n_parts; s++)
            for (size_t k = 0; k < row->part[s].n_keys; k++) {
                key *own = &f->key[row->part[s].key[k]];
                if (own->last_row != i && own->effect != ES_EFFECT_DEVICE_TYPE)
                    count_key(own, source);
                own->last_row = i;
            }
    }
}

/* Of one's own measurements: what the catalog says of more than this device. */
static bool stays(const phase_fit *f, size_t k) { return isinf(f->lambda[k]); }

/* Fits without what is left out and lets the kernel predict with it. */
static void fit_phase(calibrator *c, phase_fit *f, size_t sweeps, const size_t *by_source, double *value) {
    es_levels_fit(f->levels, f->left_out, sweeps, value);
    count_keys(c, f, by_source);
    for (size_t k = 0; k < f->n_keys; k++) {
        es_fitted *to = f->key[k].fitted;
        if (!stays(f, k) || !c->own)
            *to = (es_fitted){f->key[k].known + value[k], (double)f->key[k].rows, (double)f->key[k].sources, NULL, k};
    }
}

/* Rows of a phase, source by source. */
static size_t *order_by_source(calibrator *c, const phase_fit *f) {
    const size_t n = c->n_clusters[BY_SOURCE];
    size_t *first = es_arena_array(c->arena, n + 2, sizeof *first);
    size_t *order = es_arena_array(c->arena, f->n_rows + 1, sizeof *order);
    if (!first || !order)
        return NULL;
    for (size_t r = 0; r < f->n_rows; r++)
        first[c->member[f->measurement[r]].cluster[BY_SOURCE] + 1]++;
    for (size_t s = 0; s < n; s++)
        first[s + 1] += first[s];
    for (size_t r = 0; r < f->n_rows; r++)
        order[first[c->member[f->measurement[r]].cluster[BY_SOURCE]]++] = r;
    return order;
}

static size_t fold_of(const calibrator *c, int split, size_t measurement) {
    return c->member[measurement].cluster[split] % MAX_FOLDS;
}

/* Predicts what a fold leaves out of the split. */
static void predict_fold(calibrator *c, int split, size_t fold) {
    for (size_t i = 0; i < c->measured->n; i++) {
        const es_measurement *m = &c->measured->row[i];
        if (m->reason || m->vague || fold_of(c, split, i) != fold)
            continue;
        const es_setting setting = es_measurement_setting(m);
        es_measurement_evaluate(&c->point, m, c->value);
        const double rate = es_measurement_rate(m, node(c, "ttft_s"), node(c, "tpot_s"));
        const double type = node(c, "main_type");
        const es_basis basis =
            es_evidence_of(c->fit, &setting, phase_of(m), type > ES_TYPE_NONE ? (int)type : ES_TYPE_NONE).basis;
        if (strcmp(m->rows.unit->text[ES_U_FIT_KIND], "npu") == 0 && basis != ES_BASIS_CALIBRATED)
            continue; /* no point without measured rates: nothing that could be wrong */
        c->member[i].log_error[split] = log(rate / m->tokens_per_s);
        c->member[i].basis[split] = basis;
    }
}

static es_status leave_out(calibrator *c, const size_t *const *by_source) {
    double *value[ES_FIT_PHASES];
    for (int p = 0; p < ES_FIT_PHASES; p++)
        if (!(value[p] = es_arena_array(c->arena, c->phase[p].n_keys + 1, sizeof **value)))
            return es_fail_memory(c->errors);
    for (int split = 0; split < SPLITS; split++)
        for (size_t fold = 0; fold < MAX_FOLDS && fold < c->n_clusters[split]; fold++) {
            for (int p = 0; p < ES_FIT_PHASES; p++) {
                phase_fit *f = &c->phase[p];
                for (size_t r = 0; r < f->n_rows; r++)
                    f->left_out[r] = fold_of(c, split, f->measurement[r]) == fold;
                memcpy(value[p], f->value, f->n_keys * sizeof *f->value);
                fit_phase(c, f, SWEEPS_LEFT_OUT, by_source[p], value[p]);
            }
            predict_fold(c, split, fold);
        }
    return ES_OK;
}

/* ---- Intervals ---- */

typedef struct interval {
    double low, high; /* of ln(measured/predicted); NaN: not known */
    size_t n, clusters;
} interval;

typedef struct error {
    double value, weight;
} error;

static int by_value(const void *a, const void *b) {
    const error *x = a, *y = b;
    return x->value != y->value ? (x->value > y->value) - (x->value < y->value)
                                : (x->weight > y->weight) - (x->weight < y->weight);
}

static double quantile(const error *sorted, size_t n, double p) {
    double all = 0, sum = 0;
    for (size_t i = 0; i < n; i++)
        all += sorted[i].weight;
    for (size_t i = 0; i < n; i++) {
        sum += sorted[i].weight;
        if (sum >= p * all)
            return sorted[i].value;
    }
    return sorted[n - 1].value;
}

typedef struct scratch {
    error *error;
    size_t *size; /* of clusters */
} scratch;

/* From what was left out at one level of evidence: A and B by source, C by device, D by unit.  Clusters count by the root of
 * their size; of k of them the quantiles are as far out as conformal prediction has it. */
static interval interval_of(const calibrator *c, es_fit_phase phase, es_basis level, size_t without, scratch *s) {
    static const int split_of[ES_EVIDENCE_LEVELS] = {BY_SOURCE, BY_SOURCE, BY_DEVICE, BY_UNIT, BY_UNIT};
    const int split = split_of[level];
    interval found = {NAN, NAN, 0, 0};
    memset(s->size, 0, c->n_clusters[split] * sizeof *s->size);
    for (int pass = 0; pass < 2; pass++)
        for (size_t i = 0; i < c->measured->n; i++) {
            const member *own = &c->member[i];
            const es_measurement *m = &c->measured->row[i];
            if (isnan(own->log_error[split]) || phase_of(m) != phase || m->batch > 1 || m->phase == ES_PHASE_BOTH ||
                own->basis[split] != level || own->cluster[BY_SOURCE] == without)
                continue;
            if (pass == 0)
                found.clusters += s->size[own->cluster[split]]++ == 0;
            else
                s->error[found.n++] = (error){own->log_error[split], 1 / sqrt((double)s->size[own->cluster[split]])};
        }
    if (found.n == 0)
        return found;
    const double p = fmax(0, 0.1 - 0.4 / ((double)found.clusters + 1));
    qsort(s->error, found.n, sizeof *s->error, by_value);
    found.low = -quantile(s->error, found.n, 1 - p);
    found.high = -quantile(s->error, found.n, p);
    return found;
}

/* Nested: less evidence never has the narrower one.  What nothing tells is as in the catalog. */
static void intervals_of(const calibrator *c, es_fit_phase phase, size_t without, scratch *s, interval *to) {
    for (int level = 0; level < ES_EVIDENCE_LEVELS; level++) {
        const char *name = es_evidence_names[level], *phase_name = es_fit_phase_names[phase];
        const es_fitted *low = es_calibration_find(c->catalog, phase_name, "low", name),
                        *high = es_calibration_find(c->catalog, phase_name, "high", name);
        if (level < ES_BASIS_CLASS)
            to[level] = interval_of(c, phase, (es_basis)level, without, s);
        else /* between kinds: sqrt 2 as far as between units */
            to[level] = (interval){M_SQRT2 * to[level - 1].low, M_SQRT2 * to[level - 1].high, 0, 0};
        if (isnan(to[level].low))
            to[level] = (interval){low ? low->value : NAN, high ? high->value : NAN, 0, 0};
        if (level == 0)
            continue;
        to[level].low = fmin(to[level].low, to[level - 1].low);
        to[level].high = fmax(to[level].high, to[level - 1].high);
    }
}

/* ---- Results ---- */

static void add_row(es_calibrated *to, const char *phase, const char *effect, const char *of, double value, size_t rows,
                    size_t sources) {
    to->row[to->n_rows++] = (es_calibrated_row){phase, effect, of, value, rows, sources};
}

static es_status add_rows(calibrator *c, interval of[ES_FIT_PHASES][ES_EVIDENCE_LEVELS]) {
    es_calibrated *to = c->result;
    to->row =
        es_arena_array(c->arena, c->phase[0].n_keys + c->phase[1].n_keys + 4 * ES_EVIDENCE_LEVELS + 1, sizeof *to->row);
    if (!to->row)
        return es_fail_memory(c->errors);
    for (int p = 0; p < ES_FIT_PHASES; p++) {
        const phase_fit *f = &c->phase[p];
        for (size_t k = 0; k < f->n_keys; k++) {
            const key *own = &f->key[f->order[k]];
            const bool counts = own->effect == ES_EFFECT_DEVICE || own->effect == ES_EFFECT_DEVICE_TYPE;
            if (own->effect == SOURCE_EFFECT)
                continue;
            if (stays(f, f->order[k]) ? !c->own && counts && own->rows : own->fitted->value != 0)
                add_row(to, es_fit_phase_names[p], es_effect_names[own->effect], own->text, own->fitted->value,
                        own->rows, own->sources);
        }
        for (int level = 0; level < ES_EVIDENCE_LEVELS && !c->own; level++) {
            const interval *own = &of[p][level];
            if (isnan(own->low) || isnan(own->high))
                continue;
            add_row(to, es_fit_phase_names[p], "low", es_evidence_names[level], own->low, own->n, own->clusters);
            add_row(to, es_fit_phase_names[p], "high", es_evidence_names[level], own->high, own->n, own->clusters);
        }
    }
    return ES_OK;
}

static int farthest_first(const void *a, const void *b) {
    const es_calibrated_source *x = a, *y = b;
    const double far_x = fabs(x->mean), far_y = fabs(y->mean);
    return far_x != far_y ? (far_x < far_y) - (far_x > far_y) : strcmp(x->name, y->name);
}

static es_status add_held_out(calibrator *c, scratch *s) {
    es_calibrated *to = c->result;
    const size_t n_sources = c->n_clusters[BY_SOURCE];
    interval(*of)[ES_FIT_PHASES][ES_EVIDENCE_LEVELS] = es_arena_array(c->arena, n_sources + 1, sizeof *of);
    to->source = es_arena_array(c->arena, ES_FIT_PHASES * n_sources + 1, sizeof *to->source);
    if (!of || !to->source)
        return es_fail_memory(c->errors);
    /* The errors of a source do not widen its own intervals; of very many sources some share a fold. */
    for (size_t source = 0; source < n_sources; source++)
        for (int p = 0; p < ES_FIT_PHASES; p++)
            if (source < MAX_FOLDS)
                intervals_of(c, (es_fit_phase)p, source, s, of[source][p]);
            else
                memcpy(of[source][p], of[source % MAX_FOLDS][p], sizeof of[source][p]);
    for (size_t i = 0; i < c->measured->n; i++) {
        const member *own = &c->member[i];
        const es_basis basis = own->basis[BY_SOURCE];
        if (isnan(own->log_error[BY_SOURCE]))
            continue;
        const es_fit_phase phase = phase_of(&c->measured->row[i]);
        const es_interval_width width = es_interval_width_of(c->measured->row[i].rows.device, phase, basis);
        const interval *range = &of[own->cluster[BY_SOURCE]][phase][width.level];
        to->held_out[i] =
            (es_held_out){own->log_error[BY_SOURCE], basis, width.factor * range->low, width.factor * range->high};
        es_calibrated_source *source = &to->source[phase * n_sources + own->cluster[BY_SOURCE]];
        source->name = c->cluster_name[BY_SOURCE][own->cluster[BY_SOURCE]];
        source->phase = phase;
        source->mean += own->log_error[BY_SOURCE];
        source->n++;
    }
    for (size_t k = 0; k < ES_FIT_PHASES * n_sources; k++)
        if (to->source[k].n) {
            to->source[to->n_sources] = to->source[k];
            to->source[to->n_sources++].mean /= (double)to->source[k].n;
        }
    qsort(to->source, to->n_sources, sizeof *to->source, farthest_first);
    return ES_OK;
}

/* Decoding faster than the device's bandwidth, on average of its measurements: its row is wrong, and the fit makes up for
 * it. */
static es_status warn_of_bandwidth(calibrator *c) {
    typedef struct stream {
        const es_row *device;
        double log_sum;
        size_t n;
    } stream;
    const phase_fit *f = &c->phase[ES_FIT_DECODE];
    stream *of = es_arena_array(c->arena, c->n_clusters[BY_DEVICE] + 1, sizeof *of);
    if (!of)
        return es_fail_memory(c->errors);
    for (size_t r = 0; r < f->n_rows; r++) {
        const es_measurement *m = &c->measured->row[f->measurement[r]];
        stream *own = &of[c->member[f->measurement[r]].cluster[BY_DEVICE]];
        es_measurement_evaluate(&c->point, m, c->value);
        if (isnan(m->rows.device->value[ES_D_MEM_BW]))
            continue;
        own->device = m->rows.device;
        own->log_sum += log(node(c, "streamed_bytes") * node(c, "inv_bw") / f->row[r].seconds);
        own->n++;
    }
    for (size_t d = 0; d < c->n_clusters[BY_DEVICE]; d++) {
        const double util = of[d].n ? exp(of[d].log_sum / (double)of[d].n) : 0;
        if (util > implausible)
            es_warn(c->errors, &of[d].device->origin,
                    "%s: measurements stream %.3g times mem_bw_gbs = %.4g; its bandwidth must be too low",
                    of[d].device->name, util, of[d].device->value[ES_D_MEM_BW]);
    }
    return ES_OK;
}

es_status es_calibrate(const es_measured *measured, es_point_kernel *point, bool held_out, es_arena *arena,
                       es_calibrated *result, es_errors *errors) {
    calibrator c = {.measured = measured, .point = *point, .arena = arena, .errors = errors, .result = result};
    const size_t n = measured->n;
    const size_t *by_source[ES_FIT_PHASES];
    interval of[ES_FIT_PHASES][ES_EVIDENCE_LEVELS];
    scratch s = {0};
    *result = (es_calibrated){0};
    c.catalog = es_roofline_calibration(point->state);
    c.names = es_calibration_blank(c.catalog, arena);
    c.value = es_arena_array(arena, point->kernel->n_nodes, sizeof *c.value);
    c.without = es_arena_array(arena, point->kernel->n_nodes, sizeof *c.without);
    result->held_out = es_arena_array(arena, n + 1, sizeof *result->held_out);
    s.error = es_arena_array(arena, n + 1, sizeof *s.error);
    s.size = es_arena_array(arena, n + 1, sizeof *s.size);
    if (!c.names || !c.value || !c.without || !result->held_out || !s.error || !s.size)
        return es_fail_memory(errors);
    for (size_t i = 0; i < n; i++)
        result->held_out[i] = (es_held_out){NAN, ES_BASIS_CLASS, NAN, NAN};
    es_status status = find_clusters(&c);
    c.own = c.n_clusters[BY_SOURCE] == 1 || (double)c.n_clusters[BY_SOURCE] < es_calibration_sources(c.catalog);
    if (!status) {
        c.fit = c.own ? es_calibration_copy(c.catalog, arena) : es_calibration_blank(c.catalog, arena);
        c.point.state = c.fit ? es_roofline_with(point->state, c.fit, arena) : NULL;
        status = c.point.state ? make_rows(&c) : es_fail_memory(errors);
    }
    for (int p = 0; p < ES_FIT_PHASES && !status; p++) {
        status = begin_fit(&c, (es_fit_phase)p);
        by_source[p] = status ? NULL : order_by_source(&c, &c.phase[p]);
        if (!status && !by_source[p])
            status = es_fail_memory(errors);
        if (status)
            break;
        es_levels_fit(c.phase[p].levels, NULL, SWEEPS, c.phase[p].value);
        result->n_fitted[p] = c.phase[p].n_rows;
    }
    if (!status && held_out)
        status = leave_out(&c, by_source);
    for (int p = 0; p < ES_FIT_PHASES && !status; p++) { /* what was left out is back */
        memset(c.phase[p].left_out, 0, c.phase[p].n_rows * sizeof *c.phase[p].left_out);
        fit_phase(&c, &c.phase[p], 0, by_source[p], c.phase[p].value);
        intervals_of(&c, (es_fit_phase)p, SIZE_MAX, &s, of[p]);
    }
    if (!status && held_out)
        status = add_held_out(&c, &s);
    if (!status)
        status = add_rows(&c, of);
    if (!status)
        status = warn_of_bandwidth(&c);
    for (int p = 0; p < ES_FIT_PHASES; p++)
        es_levels_free(c.phase[p].levels);
    if (!status && !result->n_fitted[0] && !result->n_fitted[1])
        es_warn(errors, NULL, "none of %zu measurements can be used; `validate` says why", n);
    return status;
}
