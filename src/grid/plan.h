/* The planned grid: axes bound to the nodes of a kernel, and for every node the set of axes it depends on. */
#ifndef ES_GRID_PLAN_H
#define ES_GRID_PLAN_H

#include <edgesweep/sweep.h>

#include "base/arena.h"
#include "base/expr.h"
#include "model/node.h"
#include "grid/spec.h"
#include "grid/where.h"

typedef enum es_pnode_kind {
    ES_PNODE_CONST, /* the same at every point of the grid */
    ES_PNODE_LEAF,  /* table[coordinate of axis] */
    ES_PNODE_FN,    /* fn of other nodes */
    ES_PNODE_BLOCK  /* output of a block */
} es_pnode_kind;

typedef struct es_pnode {
    es_pnode_kind kind;
    uint64_t mask;                  /* bit a: the value changes along axis a; axes of one value never count */
    const es_node *def;             /* what it is in the kernel; NULL for nodes the plan added */
    double constant;                /* CONST */
    int axis;                       /* LEAF */
    const double *table;            /* LEAF */
    es_node_fn *fn;                 /* FN of the kernel or of the plan */
    const es_expr_program *program; /* FN that a user wrote, instead of fn */
    const char *monotone; /* per input one of + - 0, see es_kernel_signs, which gives those of the kernel's own nodes */
    uint16_t n_in, block, output;
    const uint16_t *in; /* FN */
} es_pnode;

/* A function of n points. */
static inline void es_pnode_run(const es_pnode *node, double *out, const double *const *in, size_t n) {
    if (node->program)
        es_expr_run(node->program, out, in, n);
    else
        node->fn(out, in, n);
}

typedef struct es_pblock {
    const es_block *def;
    uint64_t mask;
} es_pblock;

/* Its text, where gpu_layers or cpu_experts are given. */
#define ES_SPLIT_FITS "gpu_layers and cpu_experts fit"

typedef enum es_pcond_kind { ES_PCOND_NUMBER, ES_PCOND_NODE, ES_PCOND_EMPTY, ES_PCOND_NOT_EMPTY } es_pcond_kind;

typedef struct es_pcond {
    es_pcond_kind kind;
    es_compare_op op;
    uint16_t a, b; /* nodes */
    double number;
} es_pcond;

/* A field that follows others (plan_tied.c). */
typedef struct es_tied {
    const char *name, *formula; /* device.price_usd, 20 + 0.5*device.mem_bw_gbs */
    es_origin at;               /* of the formula */
    es_kind entity;
    int field;
    uint16_t node;
} es_tied;

typedef struct es_plan {
    es_arena arena;
    const es_kernel *kernel;
    const void *state; /* of the kernel's blocks */
    es_pnode *node;    /* the kernel's nodes under their own ids, then the plan's */
    size_t n_nodes, node_capacity;
    uint16_t first_axis_node; /* node first_axis_node + a holds what axis a is set to */
    uint16_t *order;          /* all nodes, inputs before their users */
    es_pblock *block;
    int entity_axis[ES_PRECISION + 1];                  /* axis of ES_MODEL, ES_DEVICE, ES_PRECISION */
    const es_origin *const *named_at[ES_PRECISION + 1]; /* by coordinate: place of the row's name; NULL: by a glob */
    int runtime_axis;                                   /* -1: the kernel has none */
    const es_row *const
        *runtime; /* by coordinates of device and runtime; one without a name: for formats no file has */
    const double *runtime_number; /* the same, as index of its label */
    const char *const *runtime_label;
    size_t n_runtime_labels;
    const es_row
        *runtime_named; /* by the only element of the axis: a row, family or family/backend; the first of these */
    uint8_t *runs; /* by coordinates of device, runtime and precision: whether that exists; NULL: everything does */
    uint16_t runs_node; /* 1 where the point exists, else 0 */
    size_t n_blocks;
    es_tied *tied;
    size_t n_tied;
    const es_node *metric; /* of the user: name, unit, formula */
    size_t n_metrics;
    es_pcond *condition;
    size_t
        n_standard_columns; /* axes, metrics and those of the user; columns of catalog fields come behind, as they are
                                  asked for */
} es_plan;

/* The formula in `expr(...)`, with its place; false for other values of a key. */
bool es_tied_formula(es_slice *value, es_origin *at);
/* The tie of a field, NULL when it has none. */
const es_tied *es_plan_tied_field(const es_plan *plan, es_kind entity, int field);
/* Nodes of all tied fields, before those of the kernel. */
es_status es_plan_tied(es_sweep *sweep, es_errors *errors);

/* ---- nodes that read the grid: plan_leaves.c ---- */
/* A leaf over an axis; one whose values are all alike does not depend on it. */
es_pnode es_plan_leaf(const es_sweep *sweep, int axis, const double *table);
/* The axis that a field is, with its number; NULL when it is none. */
const es_axis *es_plan_field_axis(const es_sweep *sweep, es_kind entity, int field, int *number);
/* The field as the rows have it, and the node of a field without tie: row, axis or row x factor. */
es_status es_plan_row_leaf(const es_sweep *sweep, es_kind entity, int field, es_pnode *node, es_errors *errors);
es_status es_plan_field_node(es_sweep *sweep, es_kind entity, int field, es_pnode *node, es_errors *errors);
/* Of nodes that are row x factor. */
void es_plan_multiply(double *restrict out, const double *const *in, size_t n);
/* The axes that any of these nodes depends on. */
uint64_t es_plan_mask(const es_plan *plan, const uint16_t *in, size_t n);

/* Rows selected at these coordinates. */
es_rows es_plan_rows(const es_sweep *sweep, const size_t *coordinate);

/* Whether a runtime runs the point, and any of the points [first, end). */
bool es_plan_runs(const es_sweep *sweep, const size_t *coordinate);
bool es_plan_any_runs(const es_sweep *sweep, uint64_t first, uint64_t end);

/* Whether the i-th condition holds at the point with these values of nodes; whether the point exists and all of them do. */
bool es_condition_holds(const es_sweep *sweep, size_t i, const double *value);
bool es_conditions_hold(const es_sweep *sweep, const double *value);

/* Builds the runtime axis and finds what runs: needs the axes of devices and precisions.  plan_runtimes.c */
es_status es_plan_runtimes(es_sweep *sweep, const es_spec *spec, es_axis *axis, const es_axis *device,
                           const es_axis *precision, es_errors *errors);

/* Leaves out what nobody measured, then says what is left out; an error where one device, format and runtime were named. */
es_status es_plan_left_out(es_sweep *sweep, es_errors *errors);

/* Steps of es_sweep_load, in order; each needs the ones before. */
es_status es_plan_axes(es_sweep *sweep, const es_spec *spec, es_errors *errors);    /* plan_axes.c */
es_status es_plan_nodes(es_sweep *sweep, const es_spec *spec, es_errors *errors);   /* plan_nodes.c */
es_status es_plan_pairs(const es_sweep *sweep, es_errors *errors);                  /* plan_pairs.c */
es_status es_plan_columns(es_sweep *sweep, const es_spec *spec, es_errors *errors); /* plan_columns.c */
es_status es_plan_metrics(es_sweep *sweep, const es_spec *spec, es_errors *errors); /* plan_expr.c */
es_status es_plan_questions(es_sweep *sweep, const es_spec *spec, const char *const *wheres, size_t n_wheres,
                            es_errors *errors); /* plan_questions.c */

/* Energies that a front or [best] compares among devices are taken at one boundary, unless the spec says which. */
es_status es_plan_boundary(es_sweep *sweep, const es_spec *spec, es_errors *errors); /* plan_boundary.c */
/* Whether a column is computed from a node of the kernel. */
bool es_plan_follows(const es_sweep *sweep, int column, int node);

/* The column of this name, made when it is a catalog field (`device.price_usd`); an error when there is none. */
es_status es_plan_find_column(es_sweep *sweep, es_slice name, es_origin at, int *column, es_errors *errors);

/* What a text stands for in a text column, -1 with a warning when the column never has it. */
double es_plan_label(const es_sweep *sweep, const es_column *column, es_slice text, es_origin at, es_errors *errors);

/* A node for the subexpression at `root`, whose names are columns.  Words with other bytes that are columns are names. */
es_status es_plan_expression(es_sweep *sweep, const es_expr *x, size_t root, uint16_t *node, es_errors *errors);
es_expr_words es_plan_words(const es_sweep *sweep);

/* Adds a node behind all others; a FN gets the mask of its inputs. */
es_status es_plan_add_node(es_sweep *sweep, es_pnode added, uint16_t *node, es_errors *errors);

/* Adds a leaf over an entity axis: value i at its coordinate i. */
es_status es_plan_add_leaf(es_sweep *sweep, es_kind entity, const double *table, uint16_t *node, es_errors *errors);

/* The kernel's node for the effective value of a field axis, -1 when it only reads the factor: one of the field's name or
 * made of field and factor alone, which knows what rows without the field get; else the field itself. */
int es_plan_effective_node(const es_plan *plan, const es_axis *axis);

/* The axis that a word of another program means (ctx, quant, ngl), or a misspelt one; NULL: none. */
const char *es_plan_word(es_slice word);

/* The key of [sweep] of some kernel that the word is but for - and _: an axis, an option, model, device ...; NULL: none. */
const char *es_plan_key(es_slice word);

#endif
