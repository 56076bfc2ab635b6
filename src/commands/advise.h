/* advise in parts: what the operands mean (advise_names.c), the wish as a sweep and what it leaves (advise_wish.c), the answer
 * (advise_answer.c). */
#ifndef ES_COMMANDS_ADVISE_H
#define ES_COMMANDS_ADVISE_H

#include <edgesweep/sweep.h>

#include "cli/cli.h"

enum { ES_ADVICE_CANDIDATES = 512, ES_ADVICE_CONDITIONS = 8, ES_ADVICE_SETS = 32 };

/* What people do with a model: the lengths of prompt and answer, and what they put up with.  Unsourced choices, printed with
 * every answer and changed by --context, --min-speed and --max-ttft. */
typedef struct es_advise_use {
    const char *name;
    double prompt, gen, min_speed, max_ttft; /* tokens, tokens, tokens/s, s; 0: no bound */
    bool turns;                              /* of a longer context the rest is earlier turns, already read */
} es_advise_use;
extern const es_advise_use es_advice_use[];

/* The metric that decides, then what breaks ties.  Formats of a model within 0.3 points are a tie in quality (QUALITY:
 * the noise of a measured loss), so quality counts in such steps. */
typedef struct es_advise_goal {
    const char *name, *metric; /* NULL: columns that there are anyway */
    const char *decides, *then, *shown;
    bool maximize, maximize_then;
    const char *head; /* of a column of its own, NULL: tables have it anyway */
    bool of_hardware; /* it orders devices, too; else the price does */
} es_advise_goal;
extern const es_advise_goal es_advice_goal[];

/* A condition of the wish, and the column that says by how much it is missed. */
typedef struct es_demand {
    const char *text, *column;
    const char *option; /* that would change it, NULL: none does */
    bool maximize;
} es_demand;

typedef struct es_offer {
    double decides, then, price, *value; /* of nodes */
    uint64_t index;
} es_offer;

typedef struct es_advice {
    es_cli *cli;
    es_catalog catalog;
    const es_row *found[3][ES_ADVICE_CANDIDATES]; /* by es_kind: models, devices, precisions that the operands mean */
    size_t n[3];
    const char *device_text; /* how the device came about, NULL: named */
    size_t use, goal;
    double depth, prompt, gen, top; /* tokens, tokens, tokens, rows */
    double speed, ttft, budget;     /* tokens/s, s, USD; 0 without a bound */
    double ram, bandwidth;          /* GiB, GB/s; 0: of the device */
    bool unscored;                  /* no model of the wish has a quality: more bits per weight count as better */
    es_demand condition[ES_ADVICE_CONDITIONS];
    size_t n_conditions;
    const char *mixtures; /* condition that keeps formats of experts to models that have them; NULL: not needed */
    const char *set[ES_ADVICE_SETS];
    size_t n_sets;
    bool by_device, by_model; /* what the rows differ in besides the format */
    bool guessing;            /* near misses may be models that only guess: no other comes near */
    es_sweep *sweep;
    es_run_report report;
    es_offer *choice;
    size_t n_choices, n_uncompiled; /* left out: the runtime has no such model */
} es_advice;

/* ---- advise_names.c ---- */

/* The catalogs of --catalog, and one more unless NULL. */
es_status es_advise_catalog(es_advice *a, const char *extra, es_errors *errors);

/* Fills `found` by what the operands name.  Names of several words need no quotes. */
es_status es_advise_operands(es_advice *a, es_errors *errors);

/* The device that it runs on: by the name of its board or processor; else as `probe` measured it, now or at an earlier time.
 * Loads the catalog anew. */
es_status es_advise_this_machine(es_advice *a, es_errors *errors);

/* ---- advise_wish.c ---- */

/* Axes and conditions, from options and --use. */
es_status es_advise_wish(es_advice *a, es_errors *errors);

/* Loads the sweep, without the conditions of a set (bit i: condition i), and finds the winner of each group by the goal, or by
 * how nearly a point meets one condition (`nearest`, NULL: the goal). */
es_status es_advise_run(es_advice *a, uint64_t without, const es_demand *nearest, es_errors *errors);

/* The winners as choices, better ones first; for hardware the cheapest, then the slowest, that does. */
es_status es_advise_collect(es_advice *a, es_errors *errors);

/* Of a choice: the value of a column, NaN where there is none; as text, returning `to`; its row of an axis; its price in USD. */
double es_offer_value(const es_advice *a, const es_offer *c, const char *name);
const char *es_offer_text(const es_advice *a, const es_offer *c, const char *name, char *to, size_t size);
const es_row *es_offer_row(const es_advice *a, uint64_t index, es_kind kind);
double es_offer_price(const es_advice *a, const es_offer *c);

/* What stands for quality where none is known. */
const char *es_advise_known(const es_advice *a, const char *column);

bool es_is_of_quality(const es_demand *c);

/* ---- advise_answer.c ---- */

es_status es_advise_print(const es_advice *a, es_errors *errors);
es_status es_advise_json(const es_advice *a, es_errors *errors);

/* Nothing is left: for each condition, the nearest that a point comes to it when it meets the others; where none does, what is
 * nearest in time of what fits; else what needs least memory. */
es_status es_advise_nothing(es_advice *a, es_errors *errors);

#endif
