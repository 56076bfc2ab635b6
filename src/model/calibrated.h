/* Rates of a device: what its columns, measurements and its kind say.
 *
 * Levels of efficiency are sums of effects in natural logarithms.  Bandwidth belongs to the board, arithmetic to the
 * microarchitecture:
 *
 *     mem_util     = eta(kind)   * exp(kind + unit + device + device:backend:family + type + era + device:threads)
 *     decode_util  = decode_util(kind) * exp(unit:arithmetic + device:arithmetic + type:arithmetic + kind:kernel) * threads
 *     prefill_util = kappa(kind) * exp(kind + unit + unit:backend + family + type + kind:type + kind:kernel) * gain * threads
 *     attn_util    = alpha(kind) * exp(unit:attention + device:attention + device:attention:head_dim), by phase
 *     overhead     = overhead(kind or class) / exp(device:overhead), each rate of a step
 *
 * Types of families other than llama.cpp have levels of their own where arithmetic decides (family|type); on CPUs for which
 * llama.cpp repacks types, kind:kernel is what those have in common that it does not repack.  A step takes the longer of
 * bytes and arithmetic.  Experts have kind:experts on top; what one machine's own measurements tell of a tensor type is device:...:type.
 * An effect that calibration.csv has no row for adds nothing: an unknown device has its unit's level, an unknown unit its
 * kind's.  Precedence: sweep axis (in the kernel) > rate in the device's row > effects > class.
 */
#ifndef ES_MODEL_CALIBRATED_H
#define ES_MODEL_CALIBRATED_H

#include <math.h>
#include <stdint.h>

#include <edgesweep/catalog.h>
#include <edgesweep/error.h>

#include "base/arena.h"
#include "base/text.h"
#include "model/builds.h"
#include "model/node.h"

/* ---- Effects ---- */

typedef struct es_calibration es_calibration; /* compiled calibration.csv */

typedef enum es_fit_phase { ES_FIT_DECODE, ES_FIT_PREFILL, ES_FIT_PHASES } es_fit_phase;

typedef enum es_effect {
    ES_EFFECT_KIND, /* in the order of the fit */
    ES_EFFECT_UNIT,
    ES_EFFECT_DEVICE,
    ES_EFFECT_DEVICE_FAMILY, /* device:backend:family */
    ES_EFFECT_UNIT_BACKEND,
    ES_EFFECT_FAMILY,
    ES_EFFECT_TYPE,
    ES_EFFECT_KIND_TYPE,
    ES_EFFECT_KIND_KERNEL, /* of CPUs for which types are repacked: those that are not */
    ES_EFFECT_ERA,
    ES_EFFECT_THREADS,
    ES_EFFECT_DEVICE_TYPE, /* device:backend:family:type: of one machine's own measurements, else only counts */
    ES_EFFECT_EXPERTS,     /* kind:experts */
    ES_EFFECT_UNIT_ATTN,
    ES_EFFECT_DEVICE_ATTN,
    ES_EFFECT_HEAD_ATTN, /* device:attention:head_dim */
    ES_EFFECT_OVERHEAD,  /* device:overhead */
    ES_EFFECT_UNIT_ARITHMETIC,
    ES_EFFECT_TYPE_ARITHMETIC,
    ES_EFFECT_DEVICE_ARITHMETIC,
    ES_EFFECTS
} es_effect;

extern const char *const es_fit_phase_names[ES_FIT_PHASES + 1]; /* NULL-terminated, as es_effect_names */
extern const char *const es_effect_names[ES_EFFECTS + 1];

enum { ES_EFFECT_KEY = 160, ES_MAX_EFFECTS = 12 };

typedef struct es_effect_key {
    es_effect effect;
    char key[ES_EFFECT_KEY];
} es_effect_key;

/* How a point runs: its rows, threads (NaN: all cores), the build of its runtime and the size of its heads (NaN: none). */
typedef struct es_setting {
    const es_rows *rows;
    double threads, build, head_dim;
    bool experts; /* weights of routed experts */
} es_setting;

/* A word of a key: the text with its hash as digits of a number, and the power of the base that shifts others past it.
 * Keys are looked up by the hashes of their words, joined only where somebody reads them. */
typedef struct es_key_word {
    es_slice text;
    uint64_t hash, power;
} es_key_word;

enum { ES_WORD_ROOM = 16 };

/* What the keys of a setting consist of. */
typedef struct es_setting_words {
    es_key_word kind, unit, board, own, backend, family, era, threads, head, rate, type, kernel;
    bool type_set;
    int type_number; /* of `type`, where it is set */
    char head_room[ES_WORD_ROOM], type_room[ES_WORD_ROOM];
} es_setting_words;

/* Keys of the effects that do not depend on the tensor type, then those that do, of a step's arithmetic with a type, and of
 * attention; their number, at most ES_MAX_EFFECTS. */
size_t es_effect_keys(const es_setting *setting, es_fit_phase phase, es_effect_key *keys);
size_t es_type_effect_keys(const es_calibration *calibration, const es_setting *setting, es_fit_phase phase, int type,
                           es_effect_key *keys);
size_t es_attention_effect_keys(const es_setting *setting, es_effect_key *keys);
size_t es_arithmetic_effect_keys(const es_calibration *calibration, const es_setting *setting, int type,
                                 es_effect_key *keys);

/* ---- Compiled calibration.csv ---- */

typedef struct es_fitted {
    double value, rows, sources;
    const es_row *row; /* of the catalog; NULL: set by es_calibration_set */
    size_t number;     /* for who sets it */
} es_fitted;

/* Unknown phases, effects, classes and fields are errors at their row. */
es_status es_calibration_compile(const es_catalog *catalog, const es_repacks *repacks, es_arena *arena,
                                 es_calibration **calibration, es_errors *errors);

/* The same priors, class rows and kernels, without or with effects and intervals; NULL when out of memory. */
es_calibration *es_calibration_blank(const es_calibration *of, es_arena *arena);
es_calibration *es_calibration_copy(const es_calibration *of, es_arena *arena);

/* Adds or changes an effect; NULL when out of memory.  `phase` and `effect` must outlive the calibration. */
es_fitted *es_calibration_set(es_calibration *calibration, const char *phase, const char *effect, const char *key,
                              es_fitted fitted);

/* NULL: none. */
const es_fitted *es_calibration_find(const es_calibration *calibration, const char *phase, const char *effect,
                                     const char *key);

/* The most sources that an effect stands on. */
double es_calibration_sources(const es_calibration *calibration);

/* ---- Evidence ---- */

/* What the fit has rows with: the same device, backend, family and type; the device; its unit; its kind; none.  Then what
 * no fit stands behind.  Values of the metric `basis`. */
typedef enum es_basis {
    ES_BASIS_CALIBRATED,
    ES_BASIS_DEVICE,
    ES_BASIS_UNIT,
    ES_BASIS_KIND,
    ES_BASIS_CLASS,
    ES_BASIS_HYPOTHETICAL,
    ES_BASIS_AXIS,
    ES_BASIS_NOT_SUSTAINED, /* asked for after ten minutes, of a device that nobody measured so */
    ES_BASES
} es_basis;

enum { ES_EVIDENCE_LEVELS = ES_BASIS_CLASS + 1 }; /* those with an interval */

/* How wide an interval is: that of a level, in natural logarithms times a factor.  Measurements of the device make up for a
 * bandwidth (decode) or peak (prefill) that has no source, as its column `unsourced` says; without them its interval is that of
 * the next level, after the last sqrt 2 as wide: as a second error as large. */
typedef struct es_interval_width {
    es_basis level;
    double factor;
} es_interval_width;

es_interval_width es_interval_width_of(const es_row *device, es_fit_phase phase, es_basis basis);

extern const char *const es_basis_names[ES_BASES + 1];
extern const char *const es_evidence_names[ES_EVIDENCE_LEVELS + 1]; /* A ... E */

typedef struct es_evidence {
    es_basis basis;
    double rows, sources;     /* behind it */
    double log_low, log_high; /* of measured / predicted: 10 and 90% */
} es_evidence;

/* For the tensor type that takes part most. */
es_evidence es_evidence_of(const es_calibration *calibration, const es_setting *setting, es_fit_phase phase, int type);

/* ---- Rates ---- */

/* ES_RATE_MEM_UTIL ...: rates.def.  The first ES_TYPED_RATES depend on the tensor type. */
typedef enum es_rate {
#define RATED(field, ...) ES_RATE_##field,
#include "model/rates.def"
#undef RATED
    ES_RATES
} es_rate;

enum { ES_TYPED_RATES = ES_RATE_PREFILL_UTIL + 1 };

/* A time that each step takes: of kind STEP. */
bool es_rate_is_step(es_rate rate);

/* Keys of the effects on such a rate: one; none for other rates, and where the device's row has it. */
size_t es_step_effect_keys(const es_setting *setting, es_rate rate, es_effect_key *keys);

typedef struct es_rate_found {
    double value; /* NaN: ES_RATE_PREFILL_ATTN_UTIL only; INFINITY: decode_util where bytes alone decide */
    bool own;     /* written in the device's row */
    bool of_kind; /* from the priors of the kind and the effects; else that of the class */
} es_rate_found;

/* The rate for a tensor type.  ES_TYPE_NONE: that of a uniform format; for what knows no type use es_rate_untyped. */
es_rate_found es_rate_find(const es_calibration *calibration, const es_setting *setting, es_rate rate, int type);

/* eta(kind) for mem_util; what reads no weights (caches, one rate per device) runs at it. */
es_rate_found es_rate_untyped(const es_calibration *calibration, const es_setting *setting, es_rate rate);

/* Questions about one setting, whose words, priors and levels that all types share are found once.  `setting.experts` may
 * be changed between them. */
typedef struct es_lookup {
    const es_calibration *calibration;
    es_setting setting;
    es_setting_words words;
    double level[ES_FIT_PHASES]; /* NaN: not asked for yet */
    const es_fitted *prior[ES_TYPED_RATES];
    bool prior_known[ES_TYPED_RATES];
} es_lookup;

void es_lookup_start(es_lookup *lookup, const es_calibration *calibration, const es_setting *setting);
es_rate_found es_lookup_rate(es_lookup *lookup, es_rate rate, int type, bool typed); /* es_rate_find, es_rate_untyped */

/* Tokens at once at which arithmetic runs at half its rate, h in n / (n + h). */
double es_lookup_half_tokens(const es_lookup *lookup);
es_evidence es_lookup_evidence(es_lookup *lookup, es_fit_phase phase, int type); /* es_evidence_of */

/* The rows behind a rate, of a type or untyped, for explain; at most ES_MAX_SOURCES, returns their number. */
size_t es_rate_sources(const es_calibration *calibration, const es_setting *setting, es_rate rate, int type, bool typed,
                       es_source *list);

/* The device field that holds a rate. */
int es_rate_field(es_rate rate);

#endif
