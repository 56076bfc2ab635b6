/* Sweeps: from a sweep file to a planned grid, and from the grid to CSV, a front and the best choices.
 *
 * An es_sweep is immutable once loaded and may be shared between threads; it borrows the catalog, which must outlive it.
 */
#ifndef EDGESWEEP_SWEEP_H
#define EDGESWEEP_SWEEP_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <edgesweep/catalog.h>
#include <edgesweep/error.h>
#include <edgesweep/pareto.h>

enum { ES_MAX_AXES = 63, ES_MAX_BY = 16 };

typedef enum es_axis_role {
    ES_AXIS_ENTITY,  /* model, device, precision */
    ES_AXIS_RUNTIME, /* value j: the j-th runtime of the device */
    ES_AXIS_WORKLOAD,
    ES_AXIS_FIELD /* a catalog field: hypothetical hardware */
} es_axis_role;

typedef struct es_axis {
    const char *name, *unit; /* "model", "prompt", "device.mem_bw_gbs" */
    es_axis_role role;
    es_kind entity; /* ENTITY, FIELD */
    int index;      /* WORKLOAD: axis of the kernel; FIELD: catalog field */
    bool factor;    /* FIELD: values multiply what would apply */
    bool given;     /* named in the sweep, not defaulted */
    size_t n;
    uint64_t stride;          /* points between neighbouring values */
    const double *value;      /* numeric axes */
    const es_row *const *row; /* ENTITY */
    const char *const *text;  /* RUNTIME: a name where it is the same on all devices */
    es_origin origin;
} es_axis;

typedef struct es_column {
    const char *name, *unit;
    bool is_axis;
    bool whole;                /* integer column, every digit printed */
    bool quiet;                /* only shown where it is named */
    const char *const *labels; /* text column: value is an index into it; NULL: numeric */
    size_t n_labels;
    int node;      /* node of the plan that gives its values */
    uint64_t axes; /* bit a: depends on axis a */
} es_column;

typedef struct es_objective {
    int column; /* index into columns of the sweep */
    bool maximize;
} es_objective;

typedef struct es_front_spec {
    bool given, unique; /* unique: of equal points only the first, with their number */
    size_t n_objectives, n_by;
    es_objective objective[ES_MAX_OBJECTIVES];
    int by[ES_MAX_BY];
    es_origin at;
} es_front_spec;

typedef struct es_best_spec {
    bool given;
    int pick; /* column */
    size_t n_objectives, n_by;
    es_objective objective[ES_MAX_OBJECTIVES]; /* first decides, the others break ties in order */
    int by[ES_MAX_BY];
    es_origin at;
} es_best_spec;

struct es_plan; /* internal: src/grid/plan.h */

typedef struct es_sweep {
    const es_catalog *catalog;
    const struct es_kernel *kernel; /* internal: src/model/node.h */
    const es_axis *axes;
    size_t n_axes;
    uint64_t n_points;
    uint64_t n_running; /* of those: that a runtime runs; the others are left out */
    const es_column *
        columns; /* axes, metrics, those of [metrics], then the catalog fields (`device.price_usd`) that the sweep names */
    size_t n_columns;
    const int *output; /* the columns written, in order */
    size_t n_output;
    size_t n_conditions;
    const char *const *condition; /* as written, for messages */
    es_front_spec front;
    es_best_spec best;
    const char *text; /* file, sets and wheres as one sweep file */
    uint64_t hash;    /* xxh64 of kernel, axes, options, conditions, columns and the catalog rows used: the grid hash */
    struct es_plan *plan;
} es_sweep;

/* Parses and plans.  `path` may be NULL when everything comes from sets.  `sets` are `key=value` (`section.key=value` for
 * sections other than [sweep]: `best.pick=precision`) or `--metric NAME [UNIT] = EXPRESSION`, winning over the file;
 * `wheres` are further conditions.  Warnings (skipped rows, duplicates) go to errors too.
 * On failure *sweep is NULL; ES_EUSAGE for faults of the user, ES_ERUNTIME for memory. */
es_status es_sweep_load(es_sweep **sweep, const es_catalog *catalog, const char *path, const char *const *sets,
                        size_t n_sets, const char *const *wheres, size_t n_wheres, es_errors *errors);
/* The same from the contents of a sweep file; `path` is then only its name in messages. */
es_status es_sweep_load_text(es_sweep **sweep, const es_catalog *catalog, const char *path, const char *text,
                             const char *const *sets, size_t n_sets, const char *const *wheres, size_t n_wheres,
                             es_errors *errors);
void es_sweep_free(es_sweep *sweep);

/* Axes (bit a: axis a) of several values on which neither the front's objectives and groups depend nor what is kept: all
 * points along them tie. */
uint64_t es_sweep_free_axes(const es_sweep *sweep);

/* Index of a column by name, -1 when there is none. */
int es_sweep_column(const es_sweep *sweep, const char *name, size_t length);

/* Coordinates of a point on every axis, and back. */
void es_sweep_coordinates(const es_sweep *sweep, uint64_t index, size_t *coordinate);
uint64_t es_sweep_index(const es_sweep *sweep, const size_t *coordinate);

/* All nodes of one point: value[node] for n_nodes of the plan.  es_sweep_nodes gives that number. */
size_t es_sweep_nodes(const es_sweep *sweep);
es_status es_sweep_point(const es_sweep *sweep, uint64_t index, double *value, es_errors *errors);

/* Text of a column's value as the CSV shows it without quoting ("" for NaN); returns its length. */
size_t es_column_text(const es_column *column, double value, int digits, char *to, size_t size);

/* ---- running ---- */

typedef enum es_output_format { ES_CSV, ES_TSV, ES_JSONL, ES_MARKDOWN, ES_JSON /* an array */ } es_output_format;

typedef struct es_csv_options {
    es_output_format format;
    int digits;              /* significant digits; 0 means 9 */
    char delimiter, decimal; /* 0 means ',' and '.' */
    bool bom, crlf;
    uint64_t split_rows; /* 0: one file */
} es_csv_options;

typedef struct es_progress {
    uint64_t points_done, points_total, rows;
    double seconds;
} es_progress;

typedef struct es_run_options {
    const char *out;       /* "-" stdout, NULL: no rows are written */
    const char *front_out; /* NULL: not written */
    const char *best_out;  /* NULL: not written */
    const char *command;   /* for the meta file; may be NULL */
    /* The options of the command line that decide the bytes, ended by NULL, for the meta file; NULL: none are recorded and
     * the file cannot be made again by `rerun`. */
    const char *const *arguments;
    bool unique; /* fronts keep only the lowest index of equal points, with the column `ties`: how many there are */
    bool strict; /* a point without a value in an objective is an error, else it is left out and counted */
    unsigned threads; /* 0: OMP default, lowered for small grids */
    uint64_t limit;   /* stop after that many rows, 0: none */
    bool part;        /* only the points [first, end), of which there must be some; else all */
    uint64_t first, end;
    bool sync;          /* fsync before the rename */
    uint64_t max_bytes; /* no file grows beyond it, 0: no limit */
    bool no_skip;       /* look at every point even where bounds tell: for tests and measurements */
    es_csv_options csv;
    const es_csv_options *front_csv, *best_csv; /* of these tables; NULL: as csv */
    const volatile sig_atomic_t *stop; /* nonzero: finish whole rows and return ES_EINT or ES_ETERM by its value */
    void (*progress)(void *context, const es_progress *progress); /* called from one thread, a few times a second */
    void *progress_context;
    const struct es_receiver *receiver; /* internal, src/engine/receiver.h: takes the tables instead of files */
} es_run_options;

/* Points of quality within which two formats of one model tie: then the objectives behind quality decide. */
#define ES_QUALITY_TIE 0.3

typedef struct es_best_row {
    uint64_t index;     /* the winner */
    uint64_t runner_up; /* best point of another picked value in the group; UINT64_MAX: none */
} es_best_row;

typedef struct es_run_report {
    uint64_t points, rows, bytes;
    uint64_t points_skipped; /* of the points: settled by bounds of whole boxes, not evaluated one by one */
    uint64_t left_out;       /* points that no runtime runs */
    uint64_t *rejected; /* per condition: points it was the first to reject; fewer where bounds settle a front or best
                           choices without looking, exact where rows are written or no point is kept */
    uint64_t front_rows, front_unique; /* rows with ties, distinct objective vectors */
    uint64_t *front;                   /* lowest index of each distinct vector, ascending, at most 100,000 */
    uint64_t *front_ties;              /* with unique: how many points have each of these vectors; else NULL */
    size_t n_front;
    uint64_t front_missing, best_missing; /* points skipped for an empty objective */
    es_best_row *best;                    /* one per group, ordered by the values of the by columns */
    size_t n_best;
    const char *rounded; /* a whole objective with values beyond 2^53, which doubles round; NULL: none */
    unsigned threads;
    const char *simd;
    double seconds;                                         /* wall time */
    double seconds_evaluate, seconds_format, seconds_write; /* summed over threads */
} es_run_report;

/* Evaluates the grid and feeds filter, best, front and rows.  The result does not depend on threads.  Fills *report also
 * on failure (then with what was reached); release it with es_run_report_free. */
es_status es_sweep_run(const es_sweep *sweep, const es_run_options *options, es_run_report *report, es_errors *errors);
void es_run_report_free(es_run_report *report);

#endif
