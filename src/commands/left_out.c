#include "commands/left_out.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/points.h"
#include "cli/print.h"
#include "grid/plan.h"

enum { LEFT_OUT_SHOWN = 20, POINTS_TRIED = 20000 };

/* The points of one value of an axis that are looked at, and what became of them. */
typedef struct es_trial {
    const es_sweep *sweep;
    size_t axis, value;
    uint64_t tried;
    uint64_t *rejected; /* per condition: by it first */
    double *nearest;    /* per condition: how far off the nearest point was */
    uint64_t *index;    /* per condition: that point */
    double *node;
} es_trial;

static int grouping_axis(const es_sweep *sweep) {
    for (size_t i = 0; i < sweep->best.n_by; i++) {
        const char *name = sweep->columns[sweep->best.by[i]].name;
        for (size_t a = 0; a < sweep->n_axes; a++)
            if (sweep->axes[a].role == ES_AXIS_ENTITY && strcmp(sweep->axes[a].name, name) == 0)
                return (int)a;
    }
    return -1;
}

/* The metric a condition looks at; for `fits` the memory that decides it. */
static int metric_of(const es_sweep *sweep, size_t condition) {
    int node = sweep->plan->condition[condition].a, memory = es_sweep_column(sweep, "peak_memory_bytes", 17);
    for (size_t i = 0; i < sweep->n_columns; i++) {
        if (sweep->columns[i].node != node)
            continue;
        return strcmp(sweep->columns[i].name, "fits") == 0 && memory >= 0 ? memory : (int)i;
    }
    return -1;
}

/* How far a point is from fulfilling a condition; the smaller the better. */
static double distance(const es_sweep *sweep, size_t condition, const double *node) {
    const es_pcond *c = &sweep->plan->condition[condition];
    int column = metric_of(sweep, condition);
    if (column < 0)
        return 0;
    double value = node[sweep->columns[column].node];
    if (es_is_missing(value))
        return INFINITY;
    if (sweep->columns[column].node != c->a)
        return value;
    return fabs(value - (c->kind == ES_PCOND_NODE ? node[c->b] : c->number));
}

static es_status try_point(es_trial *t, uint64_t index, es_errors *errors) {
    es_status status = es_sweep_point(t->sweep, index, t->node, errors);
    if (status || (t->sweep->plan->runs && !(t->node[t->sweep->plan->runs_node] > 0)))
        return status;
    t->tried++;
    for (size_t i = 0; i < t->sweep->n_conditions; i++) {
        if (es_condition_holds(t->sweep, i, t->node))
            continue;
        double off = distance(t->sweep, i, t->node);
        if (!t->rejected[i]++ || off < t->nearest[i]) {
            t->nearest[i] = off;
            t->index[i] = index;
        }
        break;
    }
    return ES_OK;
}

/* All combinations of the other entity axes, or every n-th when there are many. */
static es_status try_points(es_trial *t, uint64_t most, es_errors *errors) {
    const es_sweep *sweep = t->sweep;
    uint64_t combinations = 1;
    for (size_t a = 0; a < sweep->n_axes; a++)
        if (sweep->axes[a].role <= ES_AXIS_RUNTIME && a != t->axis)
            combinations *= sweep->axes[a].n;
    uint64_t step = combinations > most ? combinations / most : 1;
    es_status status = ES_OK;
    t->tried = 0;
    memset(t->rejected, 0, sweep->n_conditions * sizeof *t->rejected);
    for (uint64_t c = 0; c < combinations && !status; c += step) {
        size_t coordinate[ES_MAX_AXES] = {0};
        uint64_t rest = c;
        coordinate[t->axis] = t->value;
        for (size_t a = sweep->n_axes; a-- > 0;) {
            if (sweep->axes[a].role > ES_AXIS_RUNTIME || a == t->axis)
                continue;
            coordinate[a] = (size_t)(rest % sweep->axes[a].n);
            rest /= sweep->axes[a].n;
        }
        status = try_point(t, es_sweep_index(sweep, coordinate), errors);
    }
    return status;
}

static es_status describe(es_trial *t, es_listing *listing, es_errors *errors) {
    const es_sweep *sweep = t->sweep;
    size_t worst = 0;
    for (size_t i = 1; i < sweep->n_conditions; i++)
        if (t->rejected[i] > t->rejected[worst])
            worst = i;
    es_listing_cell(listing, sweep->axes[t->axis].row[t->value]->name);
    if (!t->rejected[worst]) {
        es_listing_cell(listing, t->tried ? "no value in an objective" : "no runtime runs these formats there");
        es_listing_cell(listing, "");
        return ES_OK;
    }
    es_listing_format(listing, "%s fails for %.0f%%", sweep->condition[worst],
                      100 * (double)t->rejected[worst] / (double)t->tried);
    int column = metric_of(sweep, worst);
    es_status status = column < 0 ? ES_OK : es_sweep_point(sweep, t->index[worst], t->node, errors);
    if (column < 0 || status) {
        es_listing_cell(listing, "");
        return status;
    }
    char number[64];
    double value = t->node[sweep->columns[column].node];
    if (strcmp(sweep->columns[column].unit, "B") == 0)
        es_human_bytes(number, sizeof number, value);
    else
        es_human_number(number, sizeof number, value);
    size_t at[ES_MAX_AXES];
    es_sweep_coordinates(sweep, t->index[worst], at);
    int m = sweep->plan->entity_axis[ES_MODEL], p = sweep->plan->entity_axis[ES_PRECISION];
    es_listing_format(listing, "%s %s: %s %s", sweep->axes[m].row[at[m]]->name, sweep->axes[p].row[at[p]]->name,
                      sweep->columns[column].name, number);
    return ES_OK;
}

static void mark_winners(const es_sweep *sweep, const es_run_report *report, size_t axis, bool *won) {
    for (size_t i = 0; i < report->n_best; i++) {
        size_t at[ES_MAX_AXES];
        es_sweep_coordinates(sweep, report->best[i].index, at);
        won[at[axis]] = true;
    }
}

static es_status fill_table(es_trial *t, const bool *won, es_listing *listing, size_t missing, es_errors *errors) {
    es_status status = ES_OK;
    size_t shown = missing < LEFT_OUT_SHOWN ? missing : LEFT_OUT_SHOWN;
    for (size_t v = 0, n = 0; v < t->sweep->axes[t->axis].n && n < shown && !status; v++) {
        if (won[v])
            continue;
        t->value = v;
        status = try_points(t, POINTS_TRIED / shown, errors);
        if (!status)
            status = describe(t, listing, errors);
        n++;
    }
    return status;
}

es_status es_left_out(const es_sweep *sweep, const es_run_report *report, es_listing *listing, size_t *missing,
                      es_errors *errors) {
    int axis = grouping_axis(sweep);
    *missing = 0;
    if (axis < 0 || !sweep->n_conditions)
        return ES_OK;
    size_t values = sweep->axes[axis].n, n = sweep->n_conditions;
    bool *won = calloc(values + 1, sizeof *won);
    es_trial t = {.sweep = sweep, .axis = (size_t)axis};
    t.rejected = calloc(n, sizeof *t.rejected);
    t.nearest = calloc(n, sizeof *t.nearest);
    t.index = calloc(n, sizeof *t.index);
    t.node = calloc(es_sweep_nodes(sweep) + 1, sizeof *t.node);
    bool ok = won && t.rejected && t.nearest && t.index && t.node;
    es_status status = ok ? ES_OK : es_fail_memory(errors);
    if (ok)
        mark_winners(sweep, report, t.axis, won);
    for (size_t v = 0; ok && v < values; v++)
        *missing += !won[v];
    if (ok && *missing) {
        es_listing_begin(listing, (const char *[]){sweep->axes[axis].name, "why", "nearest", NULL});
        listing->pen = ES_BAD;
        status = fill_table(&t, won, listing, *missing, errors);
    }
    free(won), free(t.rejected), free(t.nearest), free(t.index), free(t.node);
    return status;
}

es_status es_print_left_out(const es_cli *cli, const es_sweep *sweep, const es_run_report *report, FILE *out,
                            es_errors *errors) {
    es_listing listing = {0};
    size_t missing;
    es_status status = es_left_out(sweep, report, &listing, &missing, errors);
    if (!missing)
        return status;
    const es_axis *axis = &sweep->axes[grouping_axis(sweep)];
    fprintf(out, "Nothing left for %zu of %zu %ss\n", missing, axis->n, axis->name);
    es_status printed = es_listing_print(&listing, cli, out, 0, errors);
    if (missing > LEFT_OUT_SHOWN)
        fprintf(out, "... %zu more\n", missing - LEFT_OUT_SHOWN);
    return status ? status : printed;
}

/* ---- quality and energy ---- */

static bool is_quality(const es_sweep *sweep, int column) {
    return strncmp(sweep->columns[column].name, "quality", 7) == 0;
}

static bool asks_for_quality(const es_sweep *sweep) {
    bool asked = false;
    for (size_t i = 0; i < sweep->front.n_objectives; i++)
        asked |= is_quality(sweep, sweep->front.objective[i].column);
    for (size_t i = 0; i < sweep->best.n_objectives; i++)
        asked |= is_quality(sweep, sweep->best.objective[i].column);
    return asked;
}

/* Whether a front or [best] asks for columns that follow the boundary of power. */
static bool asks_for_energy(const es_sweep *sweep) {
    const int node = es_kernel_node(sweep->kernel, "boundary_asked", strlen("boundary_asked"));
    bool asked = false;
    for (size_t i = 0; i < sweep->front.n_objectives; i++)
        asked |= es_plan_follows(sweep, sweep->front.objective[i].column, node);
    for (size_t i = 0; i < sweep->best.n_objectives; i++)
        asked |= es_plan_follows(sweep, sweep->best.objective[i].column, node);
    return asked;
}

static const char *text_of(const es_sweep *sweep, const char *column, const double *value) {
    const es_column *c = &sweep->columns[es_sweep_column(sweep, column, strlen(column))];
    return es_is_missing(value[c->node]) ? "any" : c->labels[(size_t)value[c->node]];
}

/* Warns of the rows of an axis that lack the node at their point; no name is left out. */
static es_status warn_lacking(const es_sweep *sweep, es_kind entity, const char *node, const char *what, double *value,
                              es_errors *errors) {
    const int axis = sweep->plan->entity_axis[entity], wanted = es_kernel_node(sweep->kernel, node, strlen(node));
    char names[800] = "";
    size_t used = 0, n = 0;
    for (size_t i = 0; i <= sweep->axes[axis].n; i++) {
        const bool last = i == sweep->axes[axis].n;
        if (n > 0 && (last || used > sizeof names - 100)) {
            es_warn(errors, NULL, "%s %zu %s%s: %s", what, n, sweep->axes[axis].name, n == 1 ? "" : "s", names);
            used = n = 0;
        }
        if (last)
            break;
        size_t at[ES_MAX_AXES] = {0};
        at[axis] = i;
        es_status status = es_sweep_point(sweep, es_sweep_index(sweep, at), value, errors);
        if (status)
            return status;
        if (!es_is_missing(value[wanted]))
            continue;
        int length = snprintf(names + used, sizeof names - used, "%s'%.80s'", n++ ? ", " : "",
                              es_quote_text(sweep->axes[axis].row[i]->name).text);
        used += (size_t)length;
    }
    return ES_OK;
}

static es_status warn_quality(const es_sweep *sweep, double *value, es_errors *errors) {
    char what[128];
    es_status status = es_sweep_point(sweep, 0, value, errors);
    if (status)
        return status;
    snprintf(what, sizeof what, "no score, published or estimated (%s, %s), of",
             text_of(sweep, "quality_metric", value), text_of(sweep, "quality_mode", value));
    status = warn_lacking(sweep, ES_MODEL, "score", what, value, errors);
    return status ? status
                  : warn_lacking(sweep, ES_PRECISION, "quality_loss", "loss of quality is not known of", value, errors);
}

static es_status warn_energy(const es_sweep *sweep, double *value, es_errors *errors) {
    const int node = es_kernel_node(sweep->kernel, "boundary_asked", strlen("boundary_asked"));
    const es_option *option = &sweep->kernel->options[sweep->kernel->nodes[node].index];
    const double asked = sweep->plan->node[node].constant;
    char what[128];
    snprintf(what, sizeof what, "no power is known (boundary = %s), so no energy, of", option->choices[(size_t)asked]);
    return warn_lacking(sweep, ES_DEVICE, "power_boundary", what, value, errors);
}

es_status es_warn_lacking(const es_sweep *sweep, es_errors *errors) {
    if (es_kernel_node(sweep->kernel, "score", 5) < 0 || !sweep->n_points)
        return ES_OK;
    double *value = calloc(es_sweep_nodes(sweep) + 1, sizeof *value);
    es_status status = value ? ES_OK : es_fail_memory(errors);
    if (!status && asks_for_quality(sweep))
        status = warn_quality(sweep, value, errors);
    if (!status && asks_for_energy(sweep))
        status = warn_energy(sweep, value, errors);
    free(value);
    return status;
}
