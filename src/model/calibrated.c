#include "model/calibrated.h"

#include <ctype.h>
#include <math.h>
#include <string.h>

#include "base/number.h"
#include "base/text.h"
#include "model/layout.h"
#include "model/runtime.h"

const char *const es_fit_phase_names[ES_FIT_PHASES + 1] = {"decode", "prefill", NULL};
const char *const es_effect_names[ES_EFFECTS + 1] = {
    [ES_EFFECT_KIND] = "kind",
    [ES_EFFECT_UNIT] = "unit",
    [ES_EFFECT_DEVICE] = "device",
    [ES_EFFECT_DEVICE_FAMILY] = "device:backend:family",
    [ES_EFFECT_UNIT_BACKEND] = "unit:backend",
    [ES_EFFECT_FAMILY] = "family",
    [ES_EFFECT_TYPE] = "type",
    [ES_EFFECT_KIND_TYPE] = "kind:type",
    [ES_EFFECT_ERA] = "era",
    [ES_EFFECT_THREADS] = "device:threads",
    [ES_EFFECT_DEVICE_TYPE] = "device:backend:family:type",
    [ES_EFFECT_EXPERTS] = "kind:experts",
    [ES_EFFECT_UNIT_ATTN] = "unit:attention",
    [ES_EFFECT_DEVICE_ATTN] = "device:attention",
    [ES_EFFECT_HEAD_ATTN] = "device:attention:head_dim",
    [ES_EFFECT_OVERHEAD] = "device:overhead",
};
const char *const es_basis_names[ES_BASES + 1] = {"calibrated", "device",       "unit", "kind",
                                                  "class",      "hypothetical", "axis", NULL};
const char *const es_evidence_names[ES_EVIDENCE_LEVELS + 1] = {"A", "B", "C", "D", "E", NULL};

/* Phases of calibration.csv beside decode and prefill. */
static const char prior_phase[] = "prior", class_phase[] = "class", kernel_phase[] = "kernel";

static const struct {
    int field;
    double otherwise; /* for a class without rows */
    const char *kind; /* as rates.def has it */
} rate_info[ES_RATES] = {
#define RATED(field, id, unit, fallback, kind) {ES_D_##field, fallback, #kind},
#include "model/rates.def"
#undef RATED
};

/* What priors of a kind are called; NULL: of the class only. */
static const char *const prior_names[ES_RATES] = {
    [ES_RATE_MEM_UTIL] = "eta",
    [ES_RATE_DECODE_UTIL] = "decode_util",
    [ES_RATE_PREFILL_UTIL] = "kappa",
    [ES_RATE_ATTN_UTIL] = "alpha",
    [ES_RATE_PREFILL_ATTN_UTIL] = "alpha",
    [ES_RATE_TOKEN_OVERHEAD] = "token_overhead_ms",
};

int es_rate_field(es_rate rate) { return rate_info[rate].field; }

bool es_rate_is_step(es_rate rate) { return strcmp(rate_info[rate].kind, "STEP") == 0; }

/* Not a default, which yields to what is measured. */
static bool is_written(const es_row *device, int field) { return *device->text[field] && !isnan(device->value[field]); }

/* ---- Builds ---- */

/* Digits only, at most six. */
static double digits(es_slice text) {
    uint64_t value;
    return text.length > 0 && text.length <= 6 && es_parse_u64(text, &value) == ES_NUMBER_OK ? (double)value : NAN;
}

double es_build_parse(es_slice text) {
    text = es_slice_trim(text);
    if (text.length > 1 && (*text.text == 'b' || *text.text == 'B')) {
        const double number = digits((es_slice){text.text + 1, text.length - 1});
        return number > 0 && number < 100000 ? number : NAN;
    }
    if ((text.length != 7 && text.length != 10) || text.text[4] != '-' || (text.length == 10 && text.text[7] != '-'))
        return NAN;
    const double year = digits((es_slice){text.text, 4}), month = digits((es_slice){text.text + 5, 2});
    return year >= 1000 && month >= 1 && month <= 12 ? 100 * year + month : NAN;
}

static bool is_month(double build) { return build >= 100000 && isfinite(build); }

/* Whether `build` lacks what arrived with the build and on the day given; one that is not known does not. */
static bool older_than(double build, const char *first_build, const char *first_date) {
    if (build == ES_BUILD_UNKNOWN || isnan(build))
        return false;
    const double first = es_build_parse(es_slice_of(is_month(build) ? first_date : first_build));
    return build < first;
}

/* Last builds of the years: unsourced, from memory. */
enum { LAST_OF_2023 = 1767, LAST_OF_2024 = 4410 };

/* "23", "24", "unknown"; NULL for newer builds. */
static const char *era_of(double build) {
    if (build == ES_BUILD_UNKNOWN)
        return "unknown";
    const bool month = is_month(build);
    if (build < (month ? 202401 : LAST_OF_2023 + 1))
        return "23";
    return build < (month ? 202501 : LAST_OF_2024 + 1) ? "24" : NULL;
}

/* ---- Keys ---- */

static const char *fit_kind(const es_rows *rows) { return rows->unit->text[ES_U_FIT_KIND]; }

static bool is_cpu(const es_rows *rows) { return strncmp(rows->unit->text[ES_U_KIND], "cpu_", 4) == 0; }

/* The backend of a runtime on a unit: of several the one for its kind ("cpu, cuda, rocm, vulkan, metal"). */
static es_slice backend_of(const es_rows *rows) {
    static const struct {
        const char *kind, *backend;
    } usual[] = {{"cpu_", "cpu"}, {"gpu_nvidia", "cuda"}, {"gpu_apple", "metal"}, {"gpu_", "vulkan"}};
    es_slice rest = es_slice_of(rows->runtime->text[ES_R_BACKEND]), part, first = {"", 0};
    while (es_slice_part(&rest, ',', &part)) {
        const char *bracket = memchr(part.text, '(', part.length);
        if (bracket)
            part = es_slice_trim((es_slice){part.text, (size_t)(bracket - part.text)});
        if (first.length == 0)
            first = part;
        for (size_t i = 0; i < sizeof usual / sizeof *usual; i++)
            if (strncmp(rows->unit->text[ES_U_KIND], usual[i].kind, strlen(usual[i].kind)) == 0 &&
                es_slice_equal_fold(part, usual[i].backend))
                return part;
    }
    return strncmp(rows->unit->text[ES_U_KIND], "npu_", 4) == 0 ? es_slice_of("npu") : first;
}

/* Words behind each other with | between them, cut at the size of a key. */
static void join(char *to, const es_slice *word, size_t n) {
    size_t used = 0;
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k < word[i].length && used + 2 < ES_EFFECT_KEY; k++)
            to[used++] = word[i].text[k];
        if (i + 1 < n && used + 2 < ES_EFFECT_KEY)
            to[used++] = '|';
    }
    to[used] = '\0';
}

#define JOIN(to, ...) join(to, (const es_slice[]){__VA_ARGS__}, sizeof((es_slice[]){__VA_ARGS__}) / sizeof(es_slice))

typedef struct key_list {
    es_effect_key *key;
    size_t n;
} key_list;

#define ADD_KEY(list, effect_, ...)                                                                                    \
    do {                                                                                                               \
        JOIN((list).key[(list).n].key, __VA_ARGS__);                                                                   \
        (list).key[(list).n++].effect = effect_;                                                                       \
    } while (0)

/* Pooled: IQ2, IQ3, IQ4 of all bits, F16 with BF16, uniform formats by bits (W8), MLX by name. */
static es_slice type_name(const es_rows *rows, int type, char *room) {
    const es_row *precision = rows->precision;
    const char *name = type != ES_TYPE_NONE ? es_type_labels[type] : precision->name;
    const es_slice bits = es_slice_of(precision->text[ES_P_WEIGHT_BITS]);
    if (strncmp(name, "IQ", 2) == 0)
        return (es_slice){name, 3};
    if (strcmp(name, "BF16") == 0 || strcmp(name, "FP16") == 0)
        return es_slice_of("F16");
    if (type != ES_TYPE_NONE || strncmp(name, "MLX", 3) == 0 || precision->value[ES_P_KIND] == ES_PRECISION_FLOAT ||
        bits.length == 0 || bits.length > 8)
        return es_slice_of(name);
    room[0] = 'W';
    memcpy(room + 1, bits.text, bits.length);
    return (es_slice){room, bits.length + 1};
}

enum { TYPE_ROOM = 16 };

/* What sizes of RAM share. */
static es_slice board_of(const es_rows *rows) {
    const char *board = rows->device->text[ES_D_BOARD];
    return es_slice_of(*board ? board : rows->device->name);
}

size_t es_effect_keys(const es_setting *s, es_fit_phase phase, es_effect_key *keys) {
    static const char *const few[] = {"", "1", "2", "3"};
    const es_rows *rows = s->rows;
    const es_slice kind = es_slice_of(fit_kind(rows)), unit = es_slice_of(rows->unit->text[ES_U_FIT_UNIT]),
                   family = es_slice_of(rows->runtime->text[ES_R_FAMILY]), backend = backend_of(rows),
                   board = board_of(rows), own = es_slice_of(rows->unit->name);
    const char *era = era_of(s->build);
    key_list list = {keys, 0};
    if (kind.length)
        ADD_KEY(list, ES_EFFECT_KIND, kind);
    if (unit.length)
        ADD_KEY(list, ES_EFFECT_UNIT, unit);
    ADD_KEY(list, ES_EFFECT_DEVICE, board, own);
    if (phase == ES_FIT_PREFILL) {
        if (unit.length && backend.length)
            ADD_KEY(list, ES_EFFECT_UNIT_BACKEND, unit, backend);
        if (family.length && !es_slice_equal(family, "llama.cpp")) /* the zero */
            ADD_KEY(list, ES_EFFECT_FAMILY, family);
        return list.n;
    }
    if (family.length)
        ADD_KEY(list, ES_EFFECT_DEVICE_FAMILY, board, own, backend, family);
    if (era)
        ADD_KEY(list, ES_EFFECT_ERA, kind, es_slice_of(era));
    if (is_cpu(rows) && s->threads > 8)
        ADD_KEY(list, ES_EFFECT_THREADS, board, own, es_slice_of(">8"));
    else if (is_cpu(rows) && s->threads >= 1 && s->threads <= 3)
        ADD_KEY(list, ES_EFFECT_THREADS, board, own, es_slice_of(few[(size_t)s->threads]));
    return list.n;
}

size_t es_type_effect_keys(const es_setting *s, es_fit_phase phase, int type, es_effect_key *keys) {
    const es_rows *rows = s->rows;
    char room[TYPE_ROOM];
    const es_slice name = type_name(rows, type, room);
    key_list list = {keys, 0};
    ADD_KEY(list, ES_EFFECT_TYPE, name);
    if (phase == ES_FIT_PREFILL)
        ADD_KEY(list, ES_EFFECT_KIND_TYPE, es_slice_of(fit_kind(rows)), name);
    ADD_KEY(list, ES_EFFECT_DEVICE_TYPE, board_of(rows), es_slice_of(rows->unit->name), backend_of(rows),
            es_slice_of(rows->runtime->text[ES_R_FAMILY]), name);
    if (s->experts)
        ADD_KEY(list, ES_EFFECT_EXPERTS, es_slice_of(fit_kind(rows)));
    return list.n;
}

size_t es_attention_effect_keys(const es_setting *s, es_effect_key *keys) {
    const es_slice unit = es_slice_of(s->rows->unit->text[ES_U_FIT_UNIT]), board = board_of(s->rows),
                   own = es_slice_of(s->rows->unit->name);
    char head[TYPE_ROOM];
    key_list list = {keys, 0};
    if (unit.length)
        ADD_KEY(list, ES_EFFECT_UNIT_ATTN, unit);
    ADD_KEY(list, ES_EFFECT_DEVICE_ATTN, board, own);
    if (s->head_dim >= 1 && s->head_dim < 1e6) {
        char *digit = head + sizeof head;
        for (unsigned rest = (unsigned)s->head_dim; rest > 0; rest /= 10)
            *--digit = (char)('0' + rest % 10);
        ADD_KEY(list, ES_EFFECT_HEAD_ATTN, board, own, (es_slice){digit, (size_t)(head + sizeof head - digit)});
    }
    return list.n;
}

size_t es_step_effect_keys(const es_setting *s, es_rate rate, es_effect_key *keys) {
    const es_slice board = board_of(s->rows), own = es_slice_of(s->rows->unit->name);
    key_list list = {keys, 0};
    if (!es_rate_is_step(rate) || is_written(s->rows->device, rate_info[rate].field))
        return 0;
    if (rate == ES_RATE_TOKEN_OVERHEAD)
        ADD_KEY(list, ES_EFFECT_OVERHEAD, board, own);
    else
        ADD_KEY(list, ES_EFFECT_OVERHEAD, board, own,
                es_slice_of(es_fields(ES_DEVICE)->fields[rate_info[rate].field].name));
    return list.n;
}

/* ---- The table: open addressing by phase, effect and key without regard to case ---- */

typedef struct entry {
    const char *phase, *effect, *key; /* key NULL: free */
    es_fitted fitted;
} entry;

struct es_calibration {
    const es_catalog *catalog;
    es_arena *arena;
    entry *slot;
    size_t n, capacity; /* a power of two, at most half full */
};

static uint64_t hash_text(uint64_t hash, const char *text) {
    for (; *text; text++)
        hash = (hash ^ (uint64_t)tolower((unsigned char)*text)) * UINT64_C(0x100000001b3); /* FNV-1a */
    return hash * UINT64_C(0x100000001b3);
}

static entry *find_slot(const es_calibration *c, const char *phase, const char *effect, const char *key) {
    uint64_t at = hash_text(hash_text(hash_text(UINT64_C(0xcbf29ce484222325), phase), effect), key);
    for (at ^= at >> 29;; at++) {
        entry *slot = &c->slot[at & (c->capacity - 1)];
        if (!slot->key ||
            (es_equal_fold(slot->key, key) && strcmp(slot->phase, phase) == 0 && strcmp(slot->effect, effect) == 0))
            return slot;
    }
}

static bool make_room(es_calibration *c) {
    entry *old = c->slot;
    const size_t n = c->capacity;
    if (n && 2 * (c->n + 1) <= n)
        return true;
    c->capacity = n ? 2 * n : 1024;
    c->slot = es_arena_array(c->arena, c->capacity, sizeof *c->slot);
    for (size_t i = 0; c->slot && i < n; i++)
        if (old[i].key)
            *find_slot(c, old[i].phase, old[i].effect, old[i].key) = old[i];
    return c->slot != NULL;
}

es_fitted *es_calibration_set(es_calibration *c, const char *phase, const char *effect, const char *key,
                              es_fitted fitted) {
    if (!make_room(c))
        return NULL;
    entry *slot = find_slot(c, phase, effect, key);
    if (!slot->key) {
        slot->key = es_arena_text(c->arena, es_slice_of(key));
        slot->phase = phase, slot->effect = effect;
        if (!slot->key)
            return NULL;
        c->n++;
    }
    slot->fitted = fitted;
    return &slot->fitted;
}

const es_fitted *es_calibration_find(const es_calibration *c, const char *phase, const char *effect, const char *key) {
    const entry *slot = c->capacity ? find_slot(c, phase, effect, key) : NULL;
    return slot && slot->key ? &slot->fitted : NULL;
}

static bool is_fit_phase(const char *phase) {
    return strcmp(phase, es_fit_phase_names[0]) == 0 || strcmp(phase, es_fit_phase_names[1]) == 0;
}

static es_calibration *copy(const es_calibration *of, bool effects, es_arena *arena) {
    es_calibration *blank = es_arena_alloc(arena, sizeof *blank);
    if (!blank)
        return NULL;
    *blank = (es_calibration){.catalog = of->catalog, .arena = arena};
    if (!make_room(blank))
        return NULL;
    for (size_t i = 0; i < of->capacity; i++) {
        const entry *e = &of->slot[i];
        if (e->key && (effects || !is_fit_phase(e->phase)) &&
            !es_calibration_set(blank, e->phase, e->effect, e->key, e->fitted))
            return NULL;
    }
    return blank;
}

es_calibration *es_calibration_blank(const es_calibration *of, es_arena *arena) { return copy(of, false, arena); }

es_calibration *es_calibration_copy(const es_calibration *of, es_arena *arena) { return copy(of, true, arena); }

/* ---- Compiling ---- */

static bool is_among(const char *const *names, const char *name) {
    for (; *names; names++)
        if (strcmp(*names, name) == 0)
            return true;
    return false;
}

static bool is_rate_field(const char *name) {
    const int field = es_field_find(ES_DEVICE, name, strlen(name));
    for (int i = 0; i < ES_RATES; i++)
        if (field >= 0 && rate_info[i].field == field)
            return true;
    return false;
}

static es_status check_row(const es_row *row, es_errors *errors) {
    static const char *const priors[] = {"eta",         "kappa",       "alpha", "token_overhead_ms",
                                         "decode_util", "half_tokens", NULL};
    static const char *const intervals[] = {"low", "high", NULL};
    const char *phase = row->text[ES_C_PHASE], *effect = row->text[ES_C_EFFECT], *key = row->text[ES_C_KEY];
    if (is_fit_phase(phase)) {
        if (is_among(intervals, effect) ? is_among(es_evidence_names, key) : is_among(es_effect_names, effect))
            return ES_OK;
        return es_fail(errors, ES_EUSAGE, &row->origin,
                       is_among(intervals, effect)
                           ? "unknown level of evidence: '%s'; expected A, B, C, D or E"
                           : "unknown effect: '%s'; expected kind, unit, device, type ..., low or high",
                       es_quote_text(is_among(intervals, effect) ? key : effect).text);
    }
    if (strcmp(phase, prior_phase) == 0   ? is_among(priors, effect)
        : strcmp(phase, class_phase) == 0 ? is_rate_field(effect)
                                          : strcmp(phase, kernel_phase) == 0 && strcmp(effect, "gain") == 0) {
        const int field = es_field_find(ES_DEVICE, effect, strlen(effect));
        const double value = row->value[ES_C_VALUE];
        if (value >= 0 && (field < 0 || es_field_accepts(&es_fields(ES_DEVICE)->fields[field], value)))
            return ES_OK;
        return es_fail(errors, ES_EUSAGE, &row->origin, "%s is out of range: '%s'", effect,
                       es_quote_text(row->text[ES_C_VALUE]).text);
    }
    if (strcmp(phase, prior_phase) != 0 && strcmp(phase, class_phase) != 0 && strcmp(phase, kernel_phase) != 0)
        return es_fail(errors, ES_EUSAGE, &row->origin,
                       "unknown phase: '%s'; expected decode, prefill, prior, class or kernel",
                       es_quote_text(phase).text);
    return es_fail(
        errors, ES_EUSAGE, &row->origin,
        "not what phase %s sets: '%s'; expected a utilization, token_overhead_ms, idle_w, load_w, net_bw_mbps "
        "or a pj_ field in class, eta, kappa, alpha, decode_util, token_overhead_ms or half_tokens in prior, "
        "gain in kernel",
        phase, es_quote_text(effect).text);
}

es_status es_calibration_compile(const es_catalog *catalog, es_arena *arena, es_calibration **result,
                                 es_errors *errors) {
    const es_table *rows = &catalog->table[ES_CALIBRATION];
    es_calibration *c = es_arena_alloc(arena, sizeof *c);
    es_status status = ES_OK;
    if (c)
        *c = (es_calibration){.catalog = catalog, .arena = arena};
    if (!c || !make_room(c))
        return es_fail_memory(errors);
    for (size_t i = 0; i < rows->n_rows; i++) {
        const es_row *row = &rows->rows[i];
        const es_status own = check_row(row, errors);
        const es_fitted fitted = {row->value[ES_C_VALUE], isnan(row->value[ES_C_ROWS]) ? 0 : row->value[ES_C_ROWS],
                                  isnan(row->value[ES_C_SOURCES]) ? 0 : row->value[ES_C_SOURCES], row, 0};
        if (own == ES_OK &&
            !es_calibration_set(c, row->text[ES_C_PHASE], row->text[ES_C_EFFECT], row->text[ES_C_KEY], fitted))
            return es_fail_memory(errors);
        status = status == ES_OK ? own : status;
    }
    *result = c;
    return status;
}

/* ---- Evidence ---- */

static const es_fitted *effect_of(const es_calibration *c, es_fit_phase phase, const es_effect_key *key) {
    return es_calibration_find(c, es_fit_phase_names[phase], es_effect_names[key->effect], key->key);
}

es_evidence es_evidence_of(const es_calibration *c, const es_setting *s, es_fit_phase phase, int type) {
    static const es_basis basis_of[ES_EFFECTS] = {[ES_EFFECT_DEVICE_TYPE] = ES_BASIS_CALIBRATED,
                                                  [ES_EFFECT_DEVICE] = ES_BASIS_DEVICE,
                                                  [ES_EFFECT_UNIT] = ES_BASIS_UNIT,
                                                  [ES_EFFECT_KIND] = ES_BASIS_KIND};
    static const bool tells[ES_EFFECTS] = {
        [ES_EFFECT_DEVICE_TYPE] = true, [ES_EFFECT_DEVICE] = true, [ES_EFFECT_UNIT] = true, [ES_EFFECT_KIND] = true};
    es_evidence evidence = {.basis = ES_BASIS_CLASS};
    es_effect_key keys[2 * ES_MAX_EFFECTS];
    size_t n = es_effect_keys(s, phase, keys);
    n += es_type_effect_keys(s, phase, type, keys + n);
    for (size_t i = 0; i < n; i++) {
        const es_fitted *f = tells[keys[i].effect] ? effect_of(c, phase, &keys[i]) : NULL;
        if (f && f->rows > 0 && basis_of[keys[i].effect] < evidence.basis)
            evidence = (es_evidence){.basis = basis_of[keys[i].effect], .rows = f->rows, .sources = f->sources};
    }
    const char *level = es_evidence_names[evidence.basis];
    const es_fitted *low = es_calibration_find(c, es_fit_phase_names[phase], "low", level),
                    *high = es_calibration_find(c, es_fit_phase_names[phase], "high", level);
    evidence.log_low = low ? low->value : NAN;
    evidence.log_high = high ? high->value : NAN;
    return evidence;
}

/* ---- Rates ---- */

/* Of the unit where it has one of its own, else of the kind. */
static const es_fitted *prior_of(const es_calibration *c, const es_rows *rows, const char *prior) {
    const es_fitted *own = es_calibration_find(c, prior_phase, prior, rows->unit->text[ES_U_FIT_UNIT]);
    return own ? own : es_calibration_find(c, prior_phase, prior, fit_kind(rows));
}

static const es_fitted *class_row(const es_calibration *c, const es_rows *rows, es_rate rate) {
    return es_calibration_find(c, class_phase, es_fields(ES_DEVICE)->fields[rate_info[rate].field].name,
                               rows->device->text[ES_D_CLASS]);
}

static bool has_isa(const es_row *unit, const char *isa) {
    es_slice rest = es_slice_of(isa);
    for (es_slice token; es_slice_part(&rest, '+', &token);)
        if (!es_unit_has(unit, token))
            return false;
    return *unit->name != '\0';
}

/* The repacked kernel of a type on a unit: of several the last, which asks for most. */
static const es_row *repacked(const es_calibration *c, const es_row *unit, const char *type) {
    const es_table *table = &c->catalog->table[ES_REPACKED_TYPE];
    const es_row *found = NULL;
    for (size_t i = 0; i < table->n_rows; i++)
        if (es_equal_fold(table->rows[i].text[ES_RT_TYPE], type) && has_isa(unit, table->rows[i].text[ES_RT_ISA]))
            found = &table->rows[i];
    return found;
}

/* Today's prefill kernel of a type over that of the build, at least on the unit's ISA; 1 where the build has it. */
static double gain_since(const es_calibration *c, const es_setting *s, int type, const es_row **row) {
    *row = NULL;
    if (type == ES_TYPE_NONE || strcmp(s->rows->runtime->text[ES_R_FAMILY], "llama.cpp") != 0 || !is_cpu(s->rows))
        return 1;
    const es_row *kernel = repacked(c, s->rows->unit, es_type_labels[type]);
    if (!kernel || !older_than(s->build, kernel->text[ES_RT_FIRST_BUILD], kernel->text[ES_RT_FIRST_DATE]))
        return 1;
    *row = kernel;
    if (!isnan(kernel->value[ES_RT_PREFILL_RATIO]))
        return kernel->value[ES_RT_PREFILL_RATIO];
    const es_fitted *gain = strcmp(s->rows->unit->text[ES_U_KIND], "cpu_arm") == 0
                                ? es_calibration_find(c, kernel_phase, "gain", es_type_labels[type])
                                : NULL;
    return gain ? gain->value : 1;
}

static double share_of_cores(const es_setting *s) {
    const double cores = s->rows->device->value[ES_D_CORES];
    return is_cpu(s->rows) && s->threads < cores ? s->threads / cores : 1; /* NaN: all */
}

/* Keys of the effects on a rate and the phase that they are fitted in; their number. */
static size_t keys_of_rate(const es_setting *s, es_rate rate, int type, bool typed, es_fit_phase *phase,
                           es_effect_key *keys) {
    *phase = rate == ES_RATE_PREFILL_UTIL || rate == ES_RATE_PREFILL_ATTN_UTIL ? ES_FIT_PREFILL : ES_FIT_DECODE;
    switch (rate) {
    case ES_RATE_ATTN_UTIL:
    case ES_RATE_PREFILL_ATTN_UTIL: return es_attention_effect_keys(s, keys);
    case ES_RATE_MEM_UTIL:
    case ES_RATE_PREFILL_UTIL: {
        const size_t n = typed ? es_effect_keys(s, *phase, keys) : 0;
        return typed ? n + es_type_effect_keys(s, *phase, type, keys + n) : 0;
    }
    default: return es_step_effect_keys(s, rate, keys);
    }
}

static es_rate_found find_rate(const es_calibration *c, const es_setting *s, es_rate rate, int type, bool typed) {
    const es_row *device = s->rows->device, *kernel;
    const int field = rate_info[rate].field;
    if (is_written(device, field))
        return (es_rate_found){device->value[field], true, false};
    if (rate == ES_RATE_PREFILL_ATTN_UTIL && is_written(device, ES_D_ATTN_UTIL))
        return (es_rate_found){NAN, false, false}; /* as while decoding */
    const es_fitted *prior = prior_names[rate] ? prior_of(c, s->rows, prior_names[rate]) : NULL;
    if (!prior && rate == ES_RATE_DECODE_UTIL && prior_of(c, s->rows, "eta"))
        return (es_rate_found){INFINITY, false, true}; /* bytes alone decide */
    const es_fitted *base = prior ? prior : class_row(c, s->rows, rate);
    const bool step = es_rate_is_step(rate);
    double value = base ? base->value : rate_info[rate].otherwise;
    if (!prior && !step)
        return (es_rate_found){value, false, false};
    es_effect_key keys[2 * ES_MAX_EFFECTS];
    es_fit_phase phase;
    double level = 0;
    for (size_t i = 0, n = keys_of_rate(s, rate, type, typed, &phase, keys); i < n; i++) {
        const es_fitted *f = effect_of(c, phase, &keys[i]);
        level += f ? f->value : 0;
    }
    value *= exp(step ? -level : level);
    if (typed && rate == ES_RATE_PREFILL_UTIL)
        value *= share_of_cores(s) / gain_since(c, s, type, &kernel);
    return (es_rate_found){value, false, prior != NULL};
}

es_rate_found es_rate_find(const es_calibration *c, const es_setting *s, es_rate rate, int type) {
    return find_rate(c, s, rate, type, true);
}

es_rate_found es_rate_untyped(const es_calibration *c, const es_setting *s, es_rate rate) {
    return find_rate(c, s, rate, ES_TYPE_NONE, false);
}

double es_half_tokens(const es_calibration *c, const es_setting *s) {
    const es_fitted *prior = prior_of(c, s->rows, "half_tokens");
    return prior ? prior->value : 0;
}

/* ---- Explaining ---- */

static void add_source(es_source *list, size_t *n, es_kind kind, const es_row *row, int field) {
    if (row && *n < ES_MAX_SOURCES)
        list[(*n)++] = (es_source){kind, row, field};
}

size_t es_rate_sources(const es_calibration *c, const es_setting *s, es_rate rate, int type, bool typed,
                       es_source *list) {
    const es_row *device = s->rows->device, *kernel;
    const es_rate_found found = find_rate(c, s, rate, type, typed);
    es_effect_key keys[2 * ES_MAX_EFFECTS];
    es_fit_phase phase;
    size_t n = 0;
    if (found.own)
        add_source(list, &n, ES_DEVICE, device, rate_info[rate].field);
    const es_fitted *base = found.own       ? NULL
                            : found.of_kind ? prior_of(c, s->rows, prior_names[rate])
                                            : class_row(c, s->rows, rate);
    add_source(list, &n, ES_CALIBRATION, base ? base->row : NULL, ES_C_VALUE);
    for (size_t i = 0,
                n_keys = found.of_kind || es_rate_is_step(rate) ? keys_of_rate(s, rate, type, typed, &phase, keys) : 0;
         i < n_keys; i++) {
        const es_fitted *f = effect_of(c, phase, &keys[i]);
        add_source(list, &n, ES_CALIBRATION, f ? f->row : NULL, ES_C_VALUE);
    }
    if (typed && found.of_kind && rate == ES_RATE_PREFILL_UTIL && gain_since(c, s, type, &kernel) != 1)
        add_source(list, &n, ES_REPACKED_TYPE, kernel, ES_RT_PREFILL_RATIO);
    return n;
}
