#include "commands/explain_point.h"

#include <math.h>
#include <string.h>

#include "base/number.h"
#include "catalog/loose.h"
#include "cli/points.h"
#include "grid/plan.h"
#include "model/runtime.h"

static bool same_number(double a, double b) { return a == b || fabs(a - b) <= 1e-9 * fabs(b); }

static bool is_value(const es_sweep *sweep, const es_axis *axis, size_t i, es_slice text) {
    double number;
    if (axis->row)
        return axis->row[i] == es_loose_row(&sweep->catalog->table[axis->entity], axis->entity, text);
    if (axis->factor && text.length && text.text[0] == 'x')
        text = (es_slice){text.text + 1, text.length - 1};
    const bool tokens = strcmp(axis->unit, "tokens") == 0;
    return (tokens ? es_parse_tokens : es_parse_scaled)(text, &number) == ES_NUMBER_OK &&
           same_number(number, axis->value[i]);
}

static es_status no_such_value(es_cli *cli, const es_axis *axis, es_slice text, es_errors *errors) {
    char first[64], last[64];
    es_axis_value_text(axis, 0, first, sizeof first);
    es_axis_value_text(axis, axis->n - 1, last, sizeof last);
    return es_usage(cli, errors, "--point: not a value of axis %s: '%s'; it has %zu, from '%s' to '%s'", axis->name,
                    es_quote(text).text, axis->n, first, last);
}

static es_status choose_value(es_cli *cli, const es_sweep *sweep, es_slice pair, size_t *coordinate, bool *chosen,
                              es_slice *runtime, es_errors *errors) {
    const char *names[ES_MAX_AXES + 1] = {NULL}, *equals = memchr(pair.text, '=', pair.length);
    char name[128];
    if (!equals)
        return es_usage(cli, errors, "--point: not AXIS=VALUE: '%s'", es_quote(pair).text);
    es_slice value = es_slice_trim((es_slice){equals + 1, (size_t)(pair.text + pair.length - equals - 1)});
    es_copy_text(name, sizeof name, es_slice_trim((es_slice){pair.text, (size_t)(equals - pair.text)}));
    char *room = es_arena_alloc(&cli->arena, value.length + 1);
    if (!room)
        return es_fail_memory(errors);
    if (!es_unquote_name(&value, room))
        return es_usage(cli, errors, "--point: quote without a partner: '%s'", es_quote(value).text);
    for (size_t a = 0; a < sweep->n_axes; a++)
        names[a] = sweep->axes[a].name;
    int axis = es_choose(cli, "axis", names, name, errors);
    if (axis < 0)
        return ES_EUSAGE;
    if (sweep->axes[axis].role == ES_AXIS_RUNTIME) { /* which one that is depends on the device */
        *runtime = value;
        chosen[axis] = true;
        return ES_OK;
    }
    for (size_t i = 0; i < sweep->axes[axis].n; i++) {
        if (!is_value(sweep, &sweep->axes[axis], i, value))
            continue;
        coordinate[axis] = i;
        chosen[axis] = true;
        return ES_OK;
    }
    return no_such_value(cli, &sweep->axes[axis], value, errors);
}

/* The runtime of that name on the device; without a name the first one that runs the precision there. */
static es_status choose_runtime(es_cli *cli, const es_sweep *sweep, es_slice name, size_t *coordinate,
                                es_errors *errors) {
    const es_plan *plan = sweep->plan;
    size_t *at = &coordinate[plan->runtime_axis], n = sweep->axes[plan->runtime_axis].n;
    size_t device = coordinate[plan->entity_axis[ES_DEVICE]];
    for (*at = 0; *at < n; ++*at) {
        const es_row *runtime = plan->runtime[device * n + *at];
        if (es_plan_runs(sweep, coordinate) &&
            (!name.length || es_runtime_is_named(&sweep->catalog->table[ES_RUNTIME], runtime, name) ||
             es_slice_equal_fold(name, runtime->name)))
            return ES_OK;
    }
    *at = 0;
    return name.length ? es_usage(cli, errors, "--point: no such runtime on this device for this precision: '%s'",
                                  es_quote(name).text)
                       : ES_OK;
}

static es_status point_by_values(es_cli *cli, const es_sweep *sweep, uint64_t *index, es_errors *errors) {
    size_t coordinate[ES_MAX_AXES] = {0};
    bool chosen[ES_MAX_AXES] = {false};
    es_slice runtime = {NULL, 0};
    const char *text = es_text_of(cli, ES_OPT_POINT);
    es_slice rest = es_slice_of(text ? text : "");
    es_origin at = {0};
    es_list_item item;
    es_status status = ES_OK;
    while (!status && rest.length && es_list_next(&rest, &at, &item))
        status = choose_value(cli, sweep, item.text, coordinate, chosen, &runtime, errors);
    for (size_t a = 0; a < sweep->n_axes && !status; a++) {
        const es_axis *axis = &sweep->axes[a];
        if (chosen[a] || axis->n < 2 || axis->role == ES_AXIS_RUNTIME)
            continue;
        if (axis->role == ES_AXIS_WORKLOAD && axis->value)
            es_note(cli, "%s %.9g, the first of %zu values; --%s %.9g shows another", axis->name, axis->value[0],
                    axis->n, axis->name, axis->value[1]);
        else
            status = es_usage(cli, errors, "which %s? axis %s has %zu values; expected --point %s=VALUE or --index I",
                              axis->name, axis->name, axis->n, axis->name);
    }
    if (!status && sweep->plan->runtime_axis >= 0)
        status = choose_runtime(cli, sweep, runtime, coordinate, errors);
    *index = status ? 0 : es_sweep_index(sweep, coordinate);
    return status;
}

/* Points that no runtime runs are not there. */
static es_status check_runs(es_cli *cli, const es_sweep *sweep, uint64_t index, es_errors *errors) {
    size_t at[ES_MAX_AXES];
    es_sweep_coordinates(sweep, index, at);
    if (es_plan_runs(sweep, at))
        return ES_OK;
    es_rows rows = es_plan_rows(sweep, at);
    return es_usage(cli, errors, "point %llu is left out: no runtime of the sweep runs '%s' on '%s' there",
                    (unsigned long long)index, es_quote_text(rows.precision->name).text,
                    es_quote_text(rows.device->name).text);
}

es_status es_find_point(es_cli *cli, const es_sweep *sweep, uint64_t *index, es_errors *errors) {
    if (!es_given(cli, ES_OPT_INDEX)) {
        es_status status = point_by_values(cli, sweep, index, errors);
        return status ? status : check_runs(cli, sweep, *index, errors);
    }
    if (es_given(cli, ES_OPT_POINT))
        return es_usage(cli, errors, "--index and --point exclude each other");
    *index = es_count_of(cli, ES_OPT_INDEX, 0);
    if (*index >= sweep->n_points)
        return es_usage(cli, errors, "--index: no such point: '%llu'; expected 0 to %llu", (unsigned long long)*index,
                        (unsigned long long)(sweep->n_points - 1));
    return check_runs(cli, sweep, *index, errors);
}
