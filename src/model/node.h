/* Kernels as tables of nodes.
 *
 * A kernel is a list of nodes in topological order.  Leaves bind catalog fields, workload axes and options of a sweep;
 * the other nodes compute one column from the columns of earlier nodes.  Metrics are nodes that become CSV columns.
 * From this one table come the CSV header, `list metrics`, `explain`, the man page, and - the reason for its shape -
 * the set of axes every value depends on, so that nothing is evaluated or formatted twice.
 *
 * Everything here is static and immutable: thread-safe.
 */
#ifndef ES_MODEL_NODE_H
#define ES_MODEL_NODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <edgesweep/catalog.h>
#include <edgesweep/error.h>

#include "base/arena.h"

enum { ES_MAX_INPUTS = 64, ES_MAX_BLOCK_INPUTS = 96 };

/* out[i] from in[k][i] for i < n.  Pure: + - * / sqrt, comparisons and selections only, so that every instruction set
 * gives the same bits; `out` aliases no input. */
typedef void es_node_fn(double *restrict out, const double *const *in, size_t n);

typedef enum es_node_kind {
    ES_NODE_FIELD,    /* effective value of a catalog field: axis, or row x factor; NaN when the row has none */
    ES_NODE_AXIS,     /* value of an absolute axis on a catalog field; NaN when there is none */
    ES_NODE_FACTOR,   /* factor of an x axis on a catalog field; 1 when there is none */
    ES_NODE_ROW,      /* the row's own value whatever the axes; NaN when absent */
    ES_NODE_WORKLOAD, /* value of a workload axis of the kernel; its fallback when not given */
    ES_NODE_OPTION,   /* value of a sweep option; choices as index */
    ES_NODE_BLOCK,    /* one output of a block */
    ES_NODE_FN        /* computed by fn */
} es_node_kind;

enum {
    ES_METRIC = 1,   /* a CSV column */
    ES_WHOLE = 2,    /* printed with every digit (counts, bytes); fractions round up */
    ES_LABELS = 4,   /* value is an index into labels; printed as text */
    ES_NEEDED = 8,   /* leaf: a row without it cannot be evaluated by this kernel */
    ES_SUBGRID = 16, /* costly or uses exp/log/pow: evaluated once per combination of its own axes with fixed code */
    ES_WARNING = 32, /* not a column: a point where it is > 0 gives `help` as a warning, once per device */
    ES_QUIET = 64    /* metric: a column only where it is named */
};

typedef struct es_node {
    const char *name, *unit;
    const char *formula; /* FN: the expression over the inputs, see formula.h; blocks: what it is; NULL for leaves */
    const char *source;  /* paper and equation, or document */
    const char *help;
    es_node_kind kind;
    unsigned flags;
    es_kind entity;  /* FIELD, AXIS, FACTOR: ES_MODEL, ES_DEVICE or ES_PRECISION; ROW: ES_UNIT, too */
    uint16_t index;  /* field, workload axis, option or block */
    uint16_t output; /* BLOCK: which output */
    es_node_fn *fn;  /* FN */
    bool searched;   /* FN: no expression, the formula is words */
    uint16_t gate;   /* FN: where this node is 0 in the whole sweep, the value is `neutral`; 0: none */
    double neutral;
    const char *const *labels;
    uint16_t n_in;
    uint16_t in[ES_MAX_INPUTS];
} es_node;

/* The rows a point selects; `unit` is what the device computes with (es_unit_of).  The runtime is NULL for kernels without. */
typedef struct es_rows {
    const es_row *model, *device, *precision, *runtime, *unit;
    bool runs;             /* the runtime runs the precision on the device; other points are left out */
    double runtime_number; /* of the plan's labels */
} es_rows;

static inline const es_row *es_row_of(const es_rows *rows, es_kind kind) {
    switch (kind) {
    case ES_MODEL: return rows->model;
    case ES_DEVICE: return rows->device;
    case ES_UNIT: return rows->unit;
    case ES_RUNTIME: return rows->runtime;
    default: return rows->precision;
    }
}

enum { ES_READS_MODEL = 1, ES_READS_DEVICE = 2, ES_READS_RUNTIME = 4, ES_READS_PRECISION = 8 };

/* A field of a catalog row that a value rests on. */
typedef struct es_source {
    es_kind kind;
    const es_row *row;
    int field;
} es_source;

enum { ES_MAX_SOURCES = 48 };

/* A scalar function with several outputs that looks at rows as a whole (tensor layouts, calibration).  Evaluated once
 * per combination of the axes its inputs and rows depend on. */
typedef struct es_block {
    const char *name;
    unsigned reads; /* ES_READS_* beyond the inputs */
    double least;   /* no output is below it */
    bool costly;    /* computed where and when it is asked for, never for all combinations before */
    void (*fn)(const void *state, const es_rows *rows, const double *in, double *out);
    uint16_t n_out, n_in;
    uint16_t in[ES_MAX_BLOCK_INPUTS]; /* nodes; may not depend on other blocks' outputs unless listed earlier */
    /* For explain: the rows behind an output, at most ES_MAX_SOURCES; returns their number. */
    size_t (*sources)(const void *state, const es_rows *rows, const double *in, size_t output, es_source *list);
} es_block;

typedef struct es_axis_word {
    const char *name; /* NULL: the end */
    double value;
} es_axis_word;

enum {
    ES_AXIS_QUIET = 1, /* a column only where it is given or named */
    ES_AXIS_MODELS = 2 /* values may be names of models: ES_AXIS_FIRST_MODEL and their rows; shown by name */
};
enum { ES_AXIS_FIRST_MODEL = 4 };

typedef struct es_workload_axis {
    const char *name, *unit, *help;
    double fallback; /* NaN: a node of the same name gives the value that applies */
    double min, max;
    bool whole;
    const es_axis_word *words; /* values that have names too; NULL: none */
    unsigned flags;            /* ES_AXIS_* */
} es_workload_axis;

typedef struct es_option {
    const char *name, *unit, *help;
    double fallback, min, max;  /* NaN fallback: absent unless given */
    const char *const *choices; /* NULL-terminated; value is the index, fallback too */
    /* Not NULL: the option is one of the texts of a catalog's field; value is the index of the first row that has it, NaN
     * for "" and for a default that no row has. */
    const char *text;
    es_kind kind;
    int field;
    double (*parse)(es_slice); /* of its own kind of text, NaN: something else; NULL: a number */
} es_option;

/* A name in expressions for a number. */
typedef struct es_constant {
    const char *name; /* NULL: the end */
    double value;
} es_constant;

/* Signs of a node that its expression does not give; see es_node_signs. */
typedef struct es_known_signs {
    uint16_t node;
    const char *signs; /* NULL: the end */
} es_known_signs;

typedef struct es_kernel {
    const char *name, *help, *source;
    bool has_runtime; /* a runtime axis between device and precision */
    const es_workload_axis *axes;
    size_t n_axes;
    const es_option *options;
    size_t n_options;
    const es_node *nodes;
    size_t n_nodes;
    const es_constant *constants;
    const es_known_signs *signs;
    const es_block *blocks;
    size_t n_blocks;
    /* Compiles what the blocks need from the catalogs (parsed rules, sorted calibration); NULL when there is nothing.
     * *state lives in the arena and is only read afterwards. */
    es_status (*prepare)(const es_catalog *catalog, es_arena *arena, const void **state, es_errors *errors);
    /* Whether the catalogs say enough about this precision for this model (NULL: always); then `lacking` says what is
     * missing otherwise. */
    bool (*covers)(const void *state, const es_row *model, const es_row *precision);
    const char *lacking;
    /* Whether measured rates of the device and precision exist, which points on NPUs rest on alone (NULL: always). */
    bool (*measured)(const void *state, const es_rows *rows);
} es_kernel;

/* Copies for every instruction set; see base/simd.h. */
size_t es_kernel_count(void);
const es_kernel *es_kernel_at(size_t index); /* the copy for this machine */
const es_kernel *es_kernel_find(const char *name, size_t length);
/* The value of an option that is not given. */
double es_option_default(const es_option *option, const es_catalog *catalog);
/* Index of the first row that has the text in the option's field, NaN when none has. */
double es_option_row(const es_option *option, const es_catalog *catalog, es_slice text);
int es_kernel_node(const es_kernel *kernel, const char *name, size_t length); /* -1: none */
/* Of each node whether it is `from` (-1: none) or computed from it. */
void es_kernel_followers(const es_kernel *kernel, int from, bool *follows);
/* Of the values of all nodes that of one; NaN: the kernel has no such node. */
double es_kernel_value(const es_kernel *kernel, const char *name, const double *value);

/* The functions of formulas, for es_expr_parse. */
extern const struct es_expr_words es_formula_words;

/* signs[node] becomes, for computed nodes, one of + - 0 per input over the legal domain: the output never falls, never
 * rises, unknown.  Derived from the expressions; they also hold while some other input is missing. */
es_status es_kernel_signs(const es_kernel *kernel, es_arena *arena, const char *const **signs, es_errors *errors);

#endif
