#include "model/calibrated.h"

#include <ctype.h>
#include <math.h>
#include <string.h>

#include "base/text.h"
#include "model/layout.h"

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
    [ES_EFFECT_KIND_KERNEL] = "kind:kernel",
    [ES_EFFECT_ERA] = "era",
    [ES_EFFECT_THREADS] = "device:threads",
    [ES_EFFECT_DEVICE_TYPE] = "device:backend:family:type",
    [ES_EFFECT_EXPERTS] = "kind:experts",
    [ES_EFFECT_UNIT_ATTN] = "unit:attention",
    [ES_EFFECT_DEVICE_ATTN] = "device:attention",
    [ES_EFFECT_HEAD_ATTN] = "device:attention:head_dim",
    [ES_EFFECT_OVERHEAD] = "device:overhead",
    [ES_EFFECT_UNIT_ARITHMETIC] = "unit:arithmetic",
    [ES_EFFECT_TYPE_ARITHMETIC] = "type:arithmetic",
    [ES_EFFECT_DEVICE_ARITHMETIC] = "device:arithmetic",
};
const char *const es_basis_names[ES_BASES + 1] = {
    "calibrated", "device", "unit", "kind", "class", "hypothetical", "axis", "no sustained speed", NULL};
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

/* What priors of a kind are called; NULL: of the class only.  One more than rates. */
enum { HALF_TOKENS = ES_RATES };
static const char *const prior_names[ES_RATES + 1] = {
    [HALF_TOKENS] = "half_tokens",
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

/* Last builds of the years: unsourced, from memory; b4390 is of 2024-12-24 (ggml-org/llama.cpp#10714). */
enum { LAST_OF_2023 = 1767, LAST_OF_2024 = 4410 };

/* "23", "24", "unknown"; NULL for newer builds. */
static const char *era_of(double build) {
    if (build == ES_BUILD_UNKNOWN)
        return "unknown";
    const bool month = es_build_is_month(build);
    if (build < (month ? 202401 : LAST_OF_2023 + 1))
        return "23";
    return build < (month ? 202501 : LAST_OF_2024 + 1) ? "24" : NULL;
}

typedef struct entry {
    const char *phase, *effect, *key; /* key NULL: free */
    uint64_t hash;
    es_fitted fitted;
} entry;

static const char *const intervals[] = {"low", "high", NULL};
enum { INTERVALS = 2 };

struct es_calibration {
    const es_repacks *repacks;
    es_arena *arena;
    entry *slot;
    size_t n, capacity; /* a power of two, at most half full */
    /* seed_of what is looked up most */
    uint64_t seed[ES_FIT_PHASES][ES_EFFECTS], interval_seed[ES_FIT_PHASES][INTERVALS], prior_seed[ES_RATES + 1];
};

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

static const uint64_t HASH_BASE = UINT64_C(0x100000001b3);

static es_key_word word_of(es_slice text) {
    es_key_word w = {text, 0, 1};
    for (size_t i = 0; i < text.length; i++) {
        w.hash = w.hash * HASH_BASE + (uint64_t)tolower((unsigned char)text.text[i]);
        w.power *= HASH_BASE;
    }
    return w;
}

enum { MAX_WORDS = 5 };

typedef struct effect_words {
    es_effect effect;
    size_t n;
    const es_key_word *word[MAX_WORDS];
} effect_words;

/* Words behind each other with | between them, cut at the size of a key. */
static void join(char *to, const effect_words *key) {
    size_t used = 0;
    for (size_t i = 0; i < key->n; i++) {
        for (size_t k = 0; k < key->word[i]->text.length && used + 2 < ES_EFFECT_KEY; k++)
            to[used++] = key->word[i]->text.text[k];
        if (i + 1 < key->n && used + 2 < ES_EFFECT_KEY)
            to[used++] = '|';
    }
    to[used] = '\0';
}

typedef struct key_list {
    effect_words *key;
    size_t n;
} key_list;

#define ADD_KEY(list, effect_, ...)                                                                                    \
    ((list).key[(list).n++] = (effect_words){                                                                          \
         effect_, sizeof((const es_key_word *const[]){__VA_ARGS__}) / sizeof(es_key_word *), {__VA_ARGS__}})

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

/* What sizes of RAM share. */
static es_slice board_of(const es_rows *rows) {
    const char *board = rows->device->text[ES_D_BOARD];
    return es_slice_of(*board ? board : rows->device->name);
}

/* An empty word: the setting has no such effect. */
static void words_of(const es_setting *s, es_setting_words *w) {
    static const char *const few[] = {"", "1", "2", "3"};
    const es_rows *rows = s->rows;
    const char *era = era_of(s->build), *threads = "";
    char *digit = w->head_room + sizeof w->head_room;
    if (is_cpu(rows) && s->threads > 8)
        threads = ">8";
    else if (is_cpu(rows) && s->threads >= 1 && s->threads <= 3)
        threads = few[(size_t)s->threads];
    if (s->head_dim >= 1 && s->head_dim < 1e6)
        for (unsigned rest = (unsigned)s->head_dim; rest > 0; rest /= 10)
            *--digit = (char)('0' + rest % 10);
    w->type_set = false;
    w->kind = word_of(es_slice_of(fit_kind(rows)));
    w->unit = word_of(es_slice_of(rows->unit->text[ES_U_FIT_UNIT]));
    w->board = word_of(board_of(rows));
    w->own = word_of(es_slice_of(rows->unit->name));
    w->backend = word_of(backend_of(rows));
    w->family = word_of(es_slice_of(rows->runtime->text[ES_R_FAMILY]));
    w->era = word_of(es_slice_of(era ? era : ""));
    w->threads = word_of(es_slice_of(threads));
    w->head = word_of((es_slice){digit, (size_t)(w->head_room + sizeof w->head_room - digit)});
}

enum { TYPE_Q4_0 = 4 }; /* in es_type_labels */

/* Of what kernel a type's arithmetic is on a CPU of a unit for which types are repacked; empty: repacked, or not known. */
static const char *kernel_of(const es_calibration *c, const es_rows *rows, int type) {
    if (type == ES_TYPE_NONE || !is_cpu(rows) || strcmp(rows->runtime->text[ES_R_FAMILY], "llama.cpp") != 0 ||
        !es_repack_of(c->repacks, rows->unit, TYPE_Q4_0))
        return "";
    const char *label = es_type_labels[type];
    if (es_repack_of(c->repacks, rows->unit, type))
        return "";
    if (strchr("FB", label[0]))
        return "float";
    return label[0] == 'I' && strchr("123", label[2]) ? "codebook" : "plain";
}

static void set_type(es_setting_words *w, const es_calibration *c, const es_rows *rows, int type) {
    if (w->type_set && w->type_number == type)
        return;
    w->type_set = true;
    w->type_number = type;
    w->type = word_of(type_name(rows, type, w->type_room));
    w->kernel = word_of(es_slice_of(kernel_of(c, rows, type)));
}

static size_t level_keys(const es_setting_words *w, es_fit_phase phase, effect_words *keys) {
    key_list list = {keys, 0};
    if (w->kind.text.length)
        ADD_KEY(list, ES_EFFECT_KIND, &w->kind);
    if (w->unit.text.length)
        ADD_KEY(list, ES_EFFECT_UNIT, &w->unit);
    ADD_KEY(list, ES_EFFECT_DEVICE, &w->board, &w->own);
    if (phase == ES_FIT_PREFILL) {
        if (w->unit.text.length && w->backend.text.length)
            ADD_KEY(list, ES_EFFECT_UNIT_BACKEND, &w->unit, &w->backend);
        if (w->family.text.length && !es_slice_equal(w->family.text, "llama.cpp")) /* the zero */
            ADD_KEY(list, ES_EFFECT_FAMILY, &w->family);
        return list.n;
    }
    if (w->family.text.length)
        ADD_KEY(list, ES_EFFECT_DEVICE_FAMILY, &w->board, &w->own, &w->backend, &w->family);
    if (w->era.text.length)
        ADD_KEY(list, ES_EFFECT_ERA, &w->kind, &w->era);
    if (w->threads.text.length)
        ADD_KEY(list, ES_EFFECT_THREADS, &w->board, &w->own, &w->threads);
    return list.n;
}

/* Kernels are the family's own; bytes are bytes. */
static void add_type(key_list *list, es_effect effect, const es_setting_words *w) {
    if (w->family.text.length && !es_slice_equal(w->family.text, "llama.cpp"))
        ADD_KEY(*list, effect, &w->family, &w->type);
    else
        ADD_KEY(*list, effect, &w->type);
    if (w->kernel.text.length)
        ADD_KEY(*list, ES_EFFECT_KIND_KERNEL, &w->kind, &w->kernel);
}

static size_t type_keys(const es_setting_words *w, es_fit_phase phase, bool experts, effect_words *keys) {
    key_list list = {keys, 0};
    if (phase == ES_FIT_PREFILL)
        add_type(&list, ES_EFFECT_TYPE, w);
    else
        ADD_KEY(list, ES_EFFECT_TYPE, &w->type);
    if (phase == ES_FIT_PREFILL && (!w->family.text.length || es_slice_equal(w->family.text, "llama.cpp")))
        ADD_KEY(list, ES_EFFECT_KIND_TYPE, &w->kind, &w->type);
    ADD_KEY(list, ES_EFFECT_DEVICE_TYPE, &w->board, &w->own, &w->backend, &w->family, &w->type);
    if (experts)
        ADD_KEY(list, ES_EFFECT_EXPERTS, &w->kind);
    return list.n;
}

static size_t attention_keys(const es_setting_words *w, effect_words *keys) {
    key_list list = {keys, 0};
    if (w->unit.text.length)
        ADD_KEY(list, ES_EFFECT_UNIT_ATTN, &w->unit);
    ADD_KEY(list, ES_EFFECT_DEVICE_ATTN, &w->board, &w->own);
    if (w->head.text.length)
        ADD_KEY(list, ES_EFFECT_HEAD_ATTN, &w->board, &w->own, &w->head);
    return list.n;
}

/* Of what a step computes with weights of a type. */
static size_t arithmetic_keys(const es_setting_words *w, effect_words *keys) {
    key_list list = {keys, 0};
    if (w->unit.text.length)
        ADD_KEY(list, ES_EFFECT_UNIT_ARITHMETIC, &w->unit);
    ADD_KEY(list, ES_EFFECT_DEVICE_ARITHMETIC, &w->board, &w->own);
    add_type(&list, ES_EFFECT_TYPE_ARITHMETIC, w);
    ADD_KEY(list, ES_EFFECT_DEVICE_TYPE, &w->board, &w->own, &w->backend, &w->family, &w->type);
    return list.n;
}

static size_t step_keys(const es_setting *s, es_setting_words *w, es_rate rate, effect_words *keys) {
    key_list list = {keys, 0};
    if (!es_rate_is_step(rate) || is_written(s->rows->device, rate_info[rate].field))
        return 0;
    w->rate = word_of(es_slice_of(es_fields(ES_DEVICE)->fields[rate_info[rate].field].name));
    if (rate == ES_RATE_TOKEN_OVERHEAD)
        ADD_KEY(list, ES_EFFECT_OVERHEAD, &w->board, &w->own);
    else
        ADD_KEY(list, ES_EFFECT_OVERHEAD, &w->board, &w->own, &w->rate);
    return list.n;
}

static size_t join_all(const effect_words *from, size_t n, es_effect_key *keys) {
    for (size_t i = 0; i < n; i++) {
        keys[i].effect = from[i].effect;
        join(keys[i].key, &from[i]);
    }
    return n;
}

size_t es_effect_keys(const es_setting *s, es_fit_phase phase, es_effect_key *keys) {
    effect_words list[ES_MAX_EFFECTS];
    es_setting_words words = {.type_set = false};
    words_of(s, &words);
    const size_t n = level_keys(&words, phase, list);
    return join_all(list, n, keys);
}

size_t es_type_effect_keys(const es_calibration *c, const es_setting *s, es_fit_phase phase, int type,
                           es_effect_key *keys) {
    effect_words list[ES_MAX_EFFECTS];
    es_setting_words words = {.type_set = false};
    words_of(s, &words);
    set_type(&words, c, s->rows, type);
    const size_t n = type_keys(&words, phase, s->experts, list);
    return join_all(list, n, keys);
}

size_t es_attention_effect_keys(const es_setting *s, es_effect_key *keys) {
    effect_words list[ES_MAX_EFFECTS];
    es_setting_words words = {.type_set = false};
    words_of(s, &words);
    const size_t n = attention_keys(&words, list);
    return join_all(list, n, keys);
}

size_t es_arithmetic_effect_keys(const es_calibration *c, const es_setting *s, int type, es_effect_key *keys) {
    effect_words list[ES_MAX_EFFECTS];
    es_setting_words words = {.type_set = false};
    words_of(s, &words);
    set_type(&words, c, s->rows, type);
    const size_t n = arithmetic_keys(&words, list);
    return join_all(list, n, keys);
}

size_t es_step_effect_keys(const es_setting *s, es_rate rate, es_effect_key *keys) {
    effect_words list[ES_MAX_EFFECTS];
    es_setting_words words = {.type_set = false};
    words_of(s, &words);
    const size_t n = step_keys(s, &words, rate, list);
    return join_all(list, n, keys);
}

/* ---- The table: open addressing by phase, effect and key without regard to case ---- */

static uint64_t seed_of(const char *phase, const char *effect) {
    return word_of(es_slice_of(phase)).hash * HASH_BASE ^ word_of(es_slice_of(effect)).hash;
}

static uint64_t hash_of(uint64_t seed, uint64_t key) {
    const uint64_t hash = (seed ^ seed >> 29 ^ key) * UINT64_C(0x9E3779B97F4A7C15); /* 2^64 / golden ratio */
    return hash ^ hash >> 32;
}

static bool is_joined(const char *text, const es_key_word *const *words, size_t n) {
    for (size_t i = 0; i < n; i++) {
        const es_slice part = words[i]->text;
        if (strncmp(text, part.text, part.length) == 0) { /* mostly */
            text += part.length;
            if (i + 1 < n && *text++ != '|')
                return false;
            continue;
        }
        for (size_t k = 0; k < part.length; k++, text++)
            if (*text != part.text[k] && tolower((unsigned char)*text) != tolower((unsigned char)part.text[k]))
                return false;
        if (i + 1 < n && *text++ != '|')
            return false;
    }
    return *text == '\0';
}

static bool is_same(const char *a, const char *b) { return a == b || strcmp(a, b) == 0; }

static entry *find_slot(const es_calibration *c, uint64_t hash, const char *phase, const char *effect,
                        const es_key_word *const *words, size_t n) {
    for (uint64_t at = hash;; at++) {
        entry *slot = &c->slot[at & (c->capacity - 1)];
        if (!slot->key || (slot->hash == hash && is_same(slot->phase, phase) && is_same(slot->effect, effect) &&
                           is_joined(slot->key, words, n)))
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
        if (old[i].key) {
            uint64_t at = old[i].hash;
            while (c->slot[at & (c->capacity - 1)].key)
                at++;
            c->slot[at & (c->capacity - 1)] = old[i];
        }
    return c->slot != NULL;
}

static es_calibration *new_calibration(const es_repacks *repacks, es_arena *arena) {
    es_calibration *c = es_arena_alloc(arena, sizeof *c);
    if (!c)
        return NULL;
    *c = (es_calibration){.repacks = repacks, .arena = arena};
    for (int phase = 0; phase < ES_FIT_PHASES; phase++) {
        for (int effect = 0; effect < ES_EFFECTS; effect++)
            c->seed[phase][effect] = seed_of(es_fit_phase_names[phase], es_effect_names[effect]);
        for (int i = 0; i < INTERVALS; i++)
            c->interval_seed[phase][i] = seed_of(es_fit_phase_names[phase], intervals[i]);
    }
    for (int i = 0; i <= ES_RATES; i++)
        c->prior_seed[i] = prior_names[i] ? seed_of(prior_phase, prior_names[i]) : 0;
    return make_room(c) ? c : NULL;
}

static entry *find_text(const es_calibration *c, const char *phase, const char *effect, const es_key_word *key) {
    return find_slot(c, hash_of(seed_of(phase, effect), key->hash), phase, effect, &key, 1);
}

/* The name that equals the text: most are compared by their address. */
static const char *known(const char *const *names, const char *text) {
    while (*names && strcmp(*names, text) != 0)
        names++;
    return *names ? *names : text;
}

es_fitted *es_calibration_set(es_calibration *c, const char *phase, const char *effect, const char *key,
                              es_fitted fitted) {
    if (!make_room(c))
        return NULL;
    const es_key_word of = word_of(es_slice_of(key));
    entry *slot = find_text(c, phase, effect, &of);
    if (!slot->key) {
        slot->hash = hash_of(seed_of(phase, effect), of.hash);
        slot->key = es_arena_text(c->arena, es_slice_of(key));
        slot->phase = known(es_fit_phase_names, phase), slot->effect = known(es_effect_names, effect);
        if (!slot->key)
            return NULL;
        c->n++;
    }
    slot->fitted = fitted;
    return &slot->fitted;
}

const es_fitted *es_calibration_find(const es_calibration *c, const char *phase, const char *effect, const char *key) {
    const es_key_word of = word_of(es_slice_of(key));
    const entry *slot = find_text(c, phase, effect, &of);
    return slot->key ? &slot->fitted : NULL;
}

double es_calibration_sources(const es_calibration *c) {
    double most = 0;
    for (size_t i = 0; i < c->capacity; i++)
        if (c->slot[i].key && strcmp(c->slot[i].effect, "low") != 0 && strcmp(c->slot[i].effect, "high") != 0)
            most = fmax(most, c->slot[i].fitted.sources);
    return most;
}

static const es_fitted *effect_of(const es_calibration *c, es_fit_phase phase, const effect_words *key) {
    uint64_t hash = key->word[0]->hash;
    size_t length = key->word[0]->text.length;
    for (size_t i = 1; i < key->n; i++) {
        hash = (hash * HASH_BASE + '|') * key->word[i]->power + key->word[i]->hash;
        length += 1 + key->word[i]->text.length;
    }
    if (length + 2 > ES_EFFECT_KEY) { /* such keys are cut */
        char text[ES_EFFECT_KEY];
        join(text, key);
        return es_calibration_find(c, es_fit_phase_names[phase], es_effect_names[key->effect], text);
    }
    const entry *slot = find_slot(c, hash_of(c->seed[phase][key->effect], hash), es_fit_phase_names[phase],
                                  es_effect_names[key->effect], key->word, key->n);
    return slot->key ? &slot->fitted : NULL;
}

static bool is_fit_phase(const char *phase) {
    return strcmp(phase, es_fit_phase_names[0]) == 0 || strcmp(phase, es_fit_phase_names[1]) == 0;
}

static es_calibration *copy(const es_calibration *of, bool effects, es_arena *arena) {
    es_calibration *blank = new_calibration(of->repacks, arena);
    if (!blank)
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

es_status es_calibration_compile(const es_catalog *catalog, const es_repacks *repacks, es_arena *arena,
                                 es_calibration **result, es_errors *errors) {
    const es_table *rows = &catalog->table[ES_CALIBRATION];
    es_calibration *c = new_calibration(repacks, arena);
    es_status status = ES_OK;
    if (!c)
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

void es_lookup_start(es_lookup *l, const es_calibration *c, const es_setting *s) {
    l->calibration = c;
    l->setting = *s;
    for (int i = 0; i < ES_FIT_PHASES; i++)
        l->level[i] = NAN;
    for (int i = 0; i < ES_TYPED_RATES; i++)
        l->prior_known[i] = false;
    words_of(s, &l->words);
}

/* Whether a list, "storage_bw_mbs; mem_bw_gbs (fitted)", has the word: not as the end of host_mem_bw_gbs. */
static bool names(const char *list, const char *word) {
    for (const char *at = list; (at = strstr(at, word)); at++)
        if (at == list || strchr(" ;,", at[-1]))
            return true;
    return false;
}

static bool is_unsourced(const es_row *device, es_fit_phase phase) {
    const char *list = device->text[ES_D_UNSOURCED];
    return names(list, phase == ES_FIT_DECODE ? "mem_bw_gbs" : "peaks") || names(list, "everything");
}

es_interval_width es_interval_width_of(const es_row *device, es_fit_phase phase, es_basis basis) {
    const es_basis level = basis < ES_BASIS_CLASS ? basis : ES_BASIS_CLASS;
    if (level < ES_BASIS_UNIT || !is_unsourced(device, phase))
        return (es_interval_width){level, 1};
    return level < ES_BASIS_CLASS ? (es_interval_width){level + 1, 1} : (es_interval_width){level, M_SQRT2};
}

es_evidence es_lookup_evidence(es_lookup *l, es_fit_phase phase, int type) {
    static const es_basis basis_of[ES_EFFECTS] = {[ES_EFFECT_DEVICE_TYPE] = ES_BASIS_CALIBRATED,
                                                  [ES_EFFECT_DEVICE] = ES_BASIS_DEVICE,
                                                  [ES_EFFECT_UNIT] = ES_BASIS_UNIT,
                                                  [ES_EFFECT_KIND] = ES_BASIS_KIND};
    static const bool tells[ES_EFFECTS] = {
        [ES_EFFECT_DEVICE_TYPE] = true, [ES_EFFECT_DEVICE] = true, [ES_EFFECT_UNIT] = true, [ES_EFFECT_KIND] = true};
    const es_calibration *c = l->calibration;
    es_evidence evidence = {.basis = ES_BASIS_CLASS};
    effect_words keys[2 * ES_MAX_EFFECTS];
    set_type(&l->words, l->calibration, l->setting.rows, type);
    size_t n = level_keys(&l->words, phase, keys);
    n += type_keys(&l->words, phase, l->setting.experts, keys + n);
    for (size_t i = 0; i < n; i++) {
        const es_fitted *f = tells[keys[i].effect] ? effect_of(c, phase, &keys[i]) : NULL;
        if (f && f->rows > 0 && basis_of[keys[i].effect] < evidence.basis)
            evidence = (es_evidence){.basis = basis_of[keys[i].effect], .rows = f->rows, .sources = f->sources};
    }
    const es_interval_width width = es_interval_width_of(l->setting.rows->device, phase, evidence.basis);
    const es_key_word level = word_of(es_slice_of(es_evidence_names[width.level])), *const key = &level;
    double log_of[INTERVALS];
    for (int i = 0; i < INTERVALS; i++) {
        const entry *slot = find_slot(c, hash_of(c->interval_seed[phase][i], level.hash), es_fit_phase_names[phase],
                                      intervals[i], &key, 1);
        log_of[i] = slot->key ? slot->fitted.value : NAN;
    }
    evidence.log_low = width.factor * log_of[0];
    evidence.log_high = width.factor * log_of[1];
    return evidence;
}

es_evidence es_evidence_of(const es_calibration *c, const es_setting *s, es_fit_phase phase, int type) {
    es_lookup lookup;
    es_lookup_start(&lookup, c, s);
    return es_lookup_evidence(&lookup, phase, type);
}

/* ---- Rates ---- */

/* Of the unit where it has one of its own, else of the kind. */
static const es_fitted *prior_of(const es_lookup *l, int prior) {
    const es_calibration *c = l->calibration;
    const es_key_word *const words[] = {&l->words.unit, &l->words.kind};
    for (size_t i = 0; prior_names[prior] && i < 2; i++) {
        const uint64_t hash = hash_of(c->prior_seed[prior], words[i]->hash);
        const entry *slot = find_slot(c, hash, prior_phase, prior_names[prior], &words[i], 1);
        if (slot->key)
            return &slot->fitted;
    }
    return NULL;
}

static const es_fitted *class_row(const es_calibration *c, const es_rows *rows, es_rate rate) {
    return es_calibration_find(c, class_phase, es_fields(ES_DEVICE)->fields[rate_info[rate].field].name,
                               rows->device->text[ES_D_CLASS]);
}

/* Today's prefill kernel of a type over that of the build, at least on the unit's ISA; 1 where the build has it. */
static double gain_since(const es_calibration *c, const es_setting *s, int type, const es_row **row) {
    *row = NULL;
    if (s->build == ES_BUILD_NEWEST || type == ES_TYPE_NONE ||
        strcmp(s->rows->runtime->text[ES_R_FAMILY], "llama.cpp") != 0 || !is_cpu(s->rows))
        return 1;
    const es_repack *repack = es_repack_of(c->repacks, s->rows->unit, type);
    if (!repack || !es_build_lacks(s->build, repack->since))
        return 1;
    *row = repack->kernel;
    if (!isnan(repack->kernel->value[ES_RT_PREFILL_RATIO]))
        return repack->kernel->value[ES_RT_PREFILL_RATIO];
    const es_fitted *gain = strcmp(s->rows->unit->text[ES_U_KIND], "cpu_arm") == 0
                                ? es_calibration_find(c, kernel_phase, "gain", es_type_labels[type])
                                : NULL;
    return gain ? gain->value : 1;
}

static double share_of_cores(const es_setting *s) {
    const double cores = s->rows->device->value[ES_D_CORES];
    return is_cpu(s->rows) && s->threads < cores ? s->threads / cores : 1; /* NaN: all */
}

static es_fit_phase phase_of(es_rate rate) {
    return rate == ES_RATE_PREFILL_UTIL || rate == ES_RATE_PREFILL_ATTN_UTIL ? ES_FIT_PREFILL : ES_FIT_DECODE;
}

/* Keys of the effects on a rate that do not depend on the tensor type; their number. */
static size_t keys_of_rate(es_lookup *l, es_rate rate, bool typed, effect_words *keys) {
    switch (rate) {
    case ES_RATE_ATTN_UTIL:
    case ES_RATE_PREFILL_ATTN_UTIL: return attention_keys(&l->words, keys);
    case ES_RATE_MEM_UTIL:
    case ES_RATE_PREFILL_UTIL: return typed ? level_keys(&l->words, phase_of(rate), keys) : 0;
    default: return step_keys(&l->setting, &l->words, rate, keys);
    }
}

static size_t type_keys_of_rate(const es_lookup *l, es_rate rate, effect_words *keys) {
    if (rate == ES_RATE_DECODE_UTIL)
        return arithmetic_keys(&l->words, keys);
    const bool any = rate == ES_RATE_MEM_UTIL || rate == ES_RATE_PREFILL_UTIL;
    return any ? type_keys(&l->words, phase_of(rate), l->setting.experts, keys) : 0;
}

static double add_levels(const es_lookup *l, es_fit_phase phase, double level, const effect_words *keys, size_t n) {
    for (size_t i = 0; i < n; i++) {
        const es_fitted *f = effect_of(l->calibration, phase, &keys[i]);
        level += f ? f->value : 0;
    }
    return level;
}

/* The sum of a rate's effects; of those on all types once for all types. */
static double level_of(es_lookup *l, es_rate rate, int type, bool typed) {
    const es_fit_phase phase = phase_of(rate);
    effect_words keys[ES_MAX_EFFECTS];
    if (!typed || (int)rate >= ES_TYPED_RATES)
        return add_levels(l, phase, 0, keys, keys_of_rate(l, rate, typed, keys));
    if (rate == ES_RATE_DECODE_UTIL) {
        set_type(&l->words, l->calibration, l->setting.rows, type);
        return add_levels(l, phase, 0, keys, type_keys_of_rate(l, rate, keys));
    }
    if (isnan(l->level[phase]))
        l->level[phase] = add_levels(l, phase, 0, keys, keys_of_rate(l, rate, typed, keys));
    set_type(&l->words, l->calibration, l->setting.rows, type);
    return add_levels(l, phase, l->level[phase], keys, type_keys_of_rate(l, rate, keys));
}

static const es_fitted *known_prior(es_lookup *l, es_rate rate) {
    if ((int)rate >= ES_TYPED_RATES)
        return prior_of(l, (int)rate);
    if (!l->prior_known[rate])
        l->prior[rate] = prior_of(l, (int)rate);
    l->prior_known[rate] = true;
    return l->prior[rate];
}

es_rate_found es_lookup_rate(es_lookup *l, es_rate rate, int type, bool typed) {
    const es_setting *s = &l->setting;
    const es_row *device = s->rows->device, *kernel;
    const int field = rate_info[rate].field;
    if (is_written(device, field))
        return (es_rate_found){device->value[field], true, false};
    if (rate == ES_RATE_PREFILL_ATTN_UTIL && is_written(device, ES_D_ATTN_UTIL))
        return (es_rate_found){NAN, false, false}; /* as while decoding */
    const es_fitted *prior = known_prior(l, rate);
    const bool uniform = type == ES_TYPE_NONE && !is_cpu(s->rows); /* tensor cores multiply, unpacking is hidden */
    if (rate == ES_RATE_DECODE_UTIL && (!prior || uniform) && known_prior(l, ES_RATE_MEM_UTIL))
        return (es_rate_found){INFINITY, false, true}; /* bytes alone decide */
    const es_fitted *base = prior ? prior : class_row(l->calibration, s->rows, rate);
    const bool step = es_rate_is_step(rate);
    double value = base ? base->value : rate_info[rate].otherwise;
    if (!prior && !step)
        return (es_rate_found){value, false, false};
    const double level = level_of(l, rate, type, typed);
    value *= exp(step ? -level : level);
    if (typed && rate == ES_RATE_PREFILL_UTIL)
        value *= share_of_cores(s) / gain_since(l->calibration, s, type, &kernel);
    if (typed && rate == ES_RATE_DECODE_UTIL)
        value *= share_of_cores(s);
    return (es_rate_found){value, false, prior != NULL};
}

es_rate_found es_rate_find(const es_calibration *c, const es_setting *s, es_rate rate, int type) {
    es_lookup lookup;
    es_lookup_start(&lookup, c, s);
    return es_lookup_rate(&lookup, rate, type, true);
}

es_rate_found es_rate_untyped(const es_calibration *c, const es_setting *s, es_rate rate) {
    es_lookup lookup;
    es_lookup_start(&lookup, c, s);
    return es_lookup_rate(&lookup, rate, ES_TYPE_NONE, false);
}

double es_lookup_half_tokens(const es_lookup *l) {
    const es_fitted *prior = prior_of(l, HALF_TOKENS);
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
    effect_words keys[2 * ES_MAX_EFFECTS];
    es_lookup lookup;
    es_lookup_start(&lookup, c, s);
    const es_rate_found found = es_lookup_rate(&lookup, rate, type, typed);
    size_t n = 0, n_keys = 0;
    if (found.own)
        add_source(list, &n, ES_DEVICE, device, rate_info[rate].field);
    const es_fitted *base = found.own || isinf(found.value) ? NULL
                            : found.of_kind                 ? prior_of(&lookup, (int)rate)
                                                            : class_row(c, s->rows, rate);
    add_source(list, &n, ES_CALIBRATION, base ? base->row : NULL, ES_C_VALUE);
    const bool fitted = found.of_kind && base; /* without: bytes alone decide */
    if (fitted || es_rate_is_step(rate))
        n_keys = keys_of_rate(&lookup, rate, typed, keys);
    if (fitted && typed)
        n_keys += type_keys_of_rate(&lookup, rate, keys + n_keys);
    for (size_t i = 0; i < n_keys; i++) {
        const es_fitted *f = effect_of(c, phase_of(rate), &keys[i]);
        add_source(list, &n, ES_CALIBRATION, f ? f->row : NULL, ES_C_VALUE);
    }
    if (typed && found.of_kind && rate == ES_RATE_PREFILL_UTIL && gain_since(c, s, type, &kernel) != 1)
        add_source(list, &n, ES_REPACKED_TYPE, kernel, ES_RT_PREFILL_RATIO);
    return n;
}
