#include "tables/front_plan.h"

#include "base/os.h"
#include "tables/boundaries.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- Options against the header ---- */

static es_status keep_first(es_status first, es_status status) { return first ? first : status; }

static bool same_text(es_slice a, es_slice b) { return a.length == b.length && !memcmp(a.text, b.text, a.length); }

static es_status find_objectives(es_front_plan *plan, es_errors *errors) {
    const es_csv_front_options *options = plan->options;
    es_status first = ES_OK;
    if (options->n_objectives == 0)
        return es_fail(errors, ES_EUSAGE, NULL, "no objective given (expected columns to minimize or maximize)");
    if (options->n_objectives > ES_MAX_OBJECTIVES)
        return es_fail(errors, ES_EUSAGE, NULL, "%zu objectives, at most %d are possible", options->n_objectives,
                       ES_MAX_OBJECTIVES);
    plan->n_columns = plan->d = (unsigned)options->n_objectives;
    for (unsigned k = 0; k < plan->d; k++) {
        const es_slice name = options->objective[k].column;
        for (unsigned j = 0; j < k; j++)
            if (same_text(name, options->objective[j].column))
                first = keep_first(
                    first, es_fail(errors, ES_EUSAGE, NULL, "objective given twice: '%s'", es_quote(name).text));
        const es_status status = es_query_column(plan->csv, name, NULL, &plan->column[k], errors);
        first = keep_first(first, status);
        plan->name[k] = status ? "" : es_csv_input_name(plan->csv, plan->column[k]).text;
        plan->direction[k] = options->objective[k].direction;
    }
    return first;
}

static es_status find_groups(es_front_plan *plan, es_errors *errors) {
    const size_t n = plan->options->n_by;
    plan->by = calloc(n + 1, sizeof *plan->by);
    if (!plan->by)
        return es_fail_memory(errors);
    es_status first = ES_OK;
    for (size_t i = 0; i < n; i++)
        first = keep_first(first, es_query_column(plan->csv, plan->options->by[i], NULL, &plan->by[i], errors));
    return first;
}

/* Spreads COL=VALUE,... or VALUE,... over the objectives; those not named keep their value. */
static es_status spread(const es_front_plan *plan, es_column_values given, const char *what, double *value,
                        es_errors *errors) {
    bool set[ES_MAX_OBJECTIVES] = {false};
    for (size_t i = 0; i < given.n; i++) {
        const es_slice name = given.entry[i].column;
        unsigned k = 0;
        while (k < plan->d && (name.length ? !same_text(name, plan->options->objective[k].column) : k != i))
            k++;
        if (k == plan->d && !name.length)
            return es_fail(errors, ES_EUSAGE, NULL, "%s: %zu values for %u objectives", what, given.n, plan->d);
        if (k == plan->d)
            return es_fail(errors, ES_EUSAGE, NULL, "%s: not an objective: '%s'", what, es_quote(name).text);
        if (set[k])
            return es_fail(errors, ES_EUSAGE, NULL, "%s: given twice: '%s'", what, plan->name[k]);
        set[k] = true;
        value[k] = given.entry[i].value;
    }
    return ES_OK;
}

static es_status set_epsilon(es_front_plan *plan, es_errors *errors) {
    const es_status status = spread(plan, plan->options->epsilon, "epsilon", plan->epsilon, errors);
    for (unsigned k = 0; k < plan->d && !status; k++)
        if (!(plan->epsilon[k] >= 0))
            return es_fail(errors, ES_EUSAGE, NULL, "epsilon of '%s' is negative: %g", plan->name[k], plan->epsilon[k]);
    return status;
}

/* Finds the columns X_low and X_high of objective k. */
static es_status find_range(es_front_plan *plan, unsigned k, es_errors *errors) {
    const es_quoted name = es_quote_text(plan->name[k]);
    plan->range[k] = plan->n_columns;
    plan->relative[k] = 0;
    for (int high = 0; high < 2; high++) {
        const size_t c = es_query_range_end(plan->csv, es_slice_of(plan->name[k]), high);
        if (c == SIZE_MAX)
            return es_fail(errors, ES_EUSAGE, NULL,
                           "uncertainty of '%s': the table has no column '%s_%s' (or %s=PERCENT)", name.text, name.text,
                           high ? "high" : "low", name.text);
        plan->column[plan->n_columns++] = c;
    }
    return ES_OK;
}

static es_status set_uncertainty(es_front_plan *plan, es_errors *errors) {
    es_status status = spread(plan, plan->options->uncertain, "uncertainty", plan->relative, errors);
    for (unsigned k = 0; k < plan->d && !status; k++) {
        if (isnan(plan->relative[k]))
            status = find_range(plan, k, errors);
        else if (!(plan->relative[k] >= 0 && plan->relative[k] < 100))
            return es_fail(errors, ES_EUSAGE, NULL, "uncertainty of '%s' is %g%% (expected 0 to below 100)",
                           plan->name[k], plan->relative[k]);
        plan->relative[k] /= 100;
    }
    return status;
}

static es_status set_reference(es_front_plan *plan, es_errors *errors) {
    const size_t n = plan->options->reference.n;
    if (n != 0 && n != plan->d)
        return es_fail(errors, ES_EUSAGE, NULL, "reference point: %zu values for %u objectives", n, plan->d);
    if (n > 4)
        es_warn(errors, NULL, "the cost of an exact hypervolume grows exponentially from 5 objectives on");
    return spread(plan, plan->options->reference, "reference point", plan->reference, errors);
}

static es_status set_mode(es_front_plan *plan, es_errors *errors) {
    const es_csv_front_options *options = plan->options;
    const unsigned modes = (options->max_rank > 0) + (options->epsilon.n > 0) + (options->uncertain.n > 0);
    if (modes > 1)
        return es_fail(errors, ES_EUSAGE, NULL, "of ranks, epsilon and uncertainty only one can be asked for");
    plan->mode = options->max_rank      ? ES_FRONT_LAYERS
                 : options->epsilon.n   ? ES_FRONT_BOXES
                 : options->uncertain.n ? ES_FRONT_ROBUST
                                        : ES_FRONT_PLAIN;
    return ES_OK;
}

/* Fronts of unique rows can be joined: what is read then tells for how many a row stands. */
static void find_ties(es_front_plan *plan) {
    const size_t last = es_csv_input_columns(plan->csv) - 1;
    plan->counted = plan->options->unique && es_slice_equal(es_csv_input_name(plan->csv, last), "ties");
    plan->column[plan->n_columns] = last;
}

size_t es_front_added(const es_csv_front_options *options, const char *name[ES_FRONT_ADDED]) {
    const struct {
        bool added;
        const char *name;
    } column[ES_FRONT_ADDED] = {{options->max_rank > 0, "pareto_rank"},
                                {options->crowding, "crowding_distance"},
                                {options->knee, "knee"},
                                {options->uncertain.n > 0, "robust"},
                                {options->unique, "ties"}};
    size_t n = 0;
    for (size_t i = 0; i < ES_FRONT_ADDED; i++)
        if (column[i].added)
            name[n++] = column[i].name;
    return n;
}

/* The names of added columns must be free, else the output would have two columns of one name.  Ties that are read make
 * room for the new ones. */
static es_status check_added(const es_front_plan *plan, es_errors *errors) {
    const char *name[ES_FRONT_ADDED];
    const size_t n = es_front_added(plan->options, name) - plan->counted;
    for (size_t i = 0; i < n; i++)
        if (es_csv_input_find(plan->csv, es_slice_of(name[i])) != SIZE_MAX)
            return es_fail(errors, ES_ERUNTIME, NULL, "the table already has a column '%s'", name[i]);
    return ES_OK;
}

es_status es_front_plan_init(es_front_plan *plan, es_csv_input *csv, const es_csv_front_options *options,
                             es_errors *errors) {
    *plan = (es_front_plan){.options = options, .csv = csv};
    es_status status = find_objectives(plan, errors);
    status = keep_first(status, find_groups(plan, errors));
    if (!status)
        status = set_mode(plan, errors);
    plan->boundary = SIZE_MAX;
    if (!status && !options->mix_boundaries)
        status = es_boundaries_column(csv, &options->energies, options->objective, options->n_objectives,
                                      &plan->boundary, errors);
    if (!status)
        status = set_epsilon(plan, errors);
    if (!status)
        status = set_uncertainty(plan, errors);
    if (!status)
        status = set_reference(plan, errors);
    if (!status)
        find_ties(plan);
    return status ? status : check_added(plan, errors);
}

void es_front_plan_free(es_front_plan *plan) {
    free(plan->by);
    *plan = (es_front_plan){0};
}

/* ---- Verdicts ---- */

void es_front_verdict_free(es_front_verdict *verdict) {
    es_index_free(&verdict->kept);
    free(verdict->rank);
    free(verdict->robust);
    *verdict = (es_front_verdict){0};
}

es_points es_front_points(const es_front_plan *plan, const es_candidates *candidates, const double **column) {
    for (unsigned k = 0; k < plan->d; k++)
        column[k] = candidates->value[k];
    return (es_points){.n = candidates->n,
                       .d = plan->d,
                       .column = column,
                       .direction = plan->direction,
                       .group = plan->options->n_by ? candidates->group : NULL,
                       .name = plan->name};
}

static es_status judge_robustness(const es_front_plan *plan, const es_candidates *candidates, const es_points *points,
                                  unsigned threads, uint8_t *robust, es_errors *errors) {
    es_uncertainty uncertainty[ES_MAX_OBJECTIVES];
    for (unsigned k = 0; k < plan->d; k++) {
        const unsigned range = plan->range[k];
        uncertainty[k] = (es_uncertainty){.relative = plan->relative[k],
                                          .low = range ? candidates->value[range] : NULL,
                                          .high = range ? candidates->value[range + 1] : NULL};
    }
    return es_front_robust(points, uncertainty, threads, robust, errors);
}

/* Layers or robustness of all candidates. */
static es_status judge_each(const es_front_plan *plan, const es_candidates *candidates, const es_points *points,
                            unsigned threads, es_front_verdict *verdict, es_errors *errors) {
    verdict->rank = calloc(points->n + 1, sizeof *verdict->rank);
    verdict->robust = calloc(points->n + 1, sizeof *verdict->robust);
    verdict->kept.index = malloc((points->n + 1) * sizeof *verdict->kept.index);
    bool ok = verdict->rank && verdict->robust && verdict->kept.index;
    es_status status = ok ? ES_OK : es_fail_memory(errors);
    if (!status)
        status = plan->mode == ES_FRONT_LAYERS
                     ? es_front_ranks(points, plan->options->max_rank, threads, verdict->rank, errors)
                     : judge_robustness(plan, candidates, points, threads, verdict->robust, errors);
    for (size_t i = 0; i < points->n && !status; i++)
        if (verdict->rank[i] || verdict->robust[i])
            verdict->kept.index[verdict->kept.count++] = i;
    return status;
}

es_status es_front_judge(const es_front_plan *plan, es_candidates *candidates, unsigned threads,
                         es_front_verdict *verdict, es_errors *errors) {
    *verdict = (es_front_verdict){0};
    es_status status = plan->options->unique ? es_candidates_unite_equals(candidates, errors) : ES_OK;
    if (status || candidates->n == 0)
        return status;
    const double *column[ES_MAX_OBJECTIVES];
    const es_points points = es_front_points(plan, candidates, column);
    switch (plan->mode) {
    case ES_FRONT_PLAIN: return es_front(&points, ES_TIES_ALL, threads, &verdict->kept, errors);
    case ES_FRONT_BOXES: return es_front_epsilon(&points, plan->epsilon, threads, &verdict->kept, errors);
    default: return judge_each(plan, candidates, &points, threads, verdict, errors);
    }
}
