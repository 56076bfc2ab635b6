/* What runs what in a sweep: the runtime axis, and the combinations of device, runtime and precision that exist. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "grid/plan.h"
#include "model/runtime.h"

enum { NAMES_SHOWN = 4, HINTS_SHOWN = 3 };

static const char default_name[] = "default";

/* While the axis is built: which rows of runtimes.csv may serve which device. */
typedef struct chooser {
    es_sweep *sweep;
    const es_table *runtimes;
    const es_axis *device, *precision;
    es_errors *errors;
    uint8_t *serves;  /* [device][runtime row]: loads something there */
    uint8_t *allowed; /* [device][runtime row]: asked for there */
    size_t *picked;   /* rows in the order of the axis */
    bool *taken;      /* per row */
    size_t n_picked;
} chooser;

static const es_row *unit_of(const chooser *c, size_t device) {
    return es_unit_of(c->sweep->catalog, c->device->row[device]);
}

static uint8_t *at(const chooser *c, uint8_t *table, size_t device) { return table + device * c->runtimes->n_rows; }

static void pick(chooser *c, size_t row) {
    if (!c->taken[row])
        c->picked[c->n_picked++] = row;
    c->taken[row] = true;
}

static double rank_of(const chooser *c, size_t row) { return c->runtimes->rows[row].value[ES_R_SUPPORT_RANK]; }

/* Allows the rows with the lowest rank among those wanted that serve the device, only the first of them if `one`. */
static void allow_best(chooser *c, size_t device, const bool *wanted, bool one) {
    double best = NAN;
    for (size_t r = 0; r < c->runtimes->n_rows; r++)
        if (wanted[r] && at(c, c->serves, device)[r] && !(rank_of(c, r) >= best))
            best = fmin(best, rank_of(c, r));
    for (size_t r = 0; r < c->runtimes->n_rows; r++) {
        if (!wanted[r] || !at(c, c->serves, device)[r] || !(rank_of(c, r) == best || (isnan(best) && one)))
            continue;
        at(c, c->allowed, device)[r] = 1;
        if (one)
            return;
    }
}

/* Not given: the defaults of each device; where runtimes are not known, `default`. */
static void pick_defaults(chooser *c) {
    const es_row *neutral = es_default_runtime(c->sweep->catalog);
    bool *wanted = c->taken;
    for (size_t r = 0; r < c->runtimes->n_rows; r++)
        wanted[r] = !isnan(rank_of(c, r)) || c->runtimes->n_rows == 1;
    for (size_t i = 0; i < c->device->n; i++) {
        if (c->runtimes->n_rows == 1)
            at(c, c->allowed, i)[neutral - c->runtimes->rows] = 1;
        else
            allow_best(c, i, wanted, false);
    }
    memset(c->taken, 0, c->runtimes->n_rows * sizeof *c->taken);
    for (size_t r = 0; r < c->runtimes->n_rows; r++)
        for (size_t i = 0; i < c->device->n && !c->taken[r]; i++)
            if (at(c, c->allowed, i)[r])
                pick(c, r);
}

static es_status unknown_runtime(const chooser *c, const es_list_item *item, es_slice name) {
    const char **names = calloc(2 * c->runtimes->n_rows + 1, sizeof *names);
    size_t n = 0;
    if (!names)
        return es_fail_memory(c->errors);
    for (size_t r = 0; r < c->runtimes->n_rows; r++) {
        names[n++] = c->runtimes->rows[r].name;
        if (c->runtimes->rows[r].text[ES_R_FAMILY][0])
            names[n++] = c->runtimes->rows[r].text[ES_R_FAMILY];
    }
    const char *near = es_nearest(name, names, n);
    es_status status =
        es_fail(c->errors, ES_EUSAGE, &item->at, "unknown runtime: '%s'; %s%s%s", es_quote(name).text,
                near ? "did you mean '" : "see 'edgesweep list runtimes", near ? near : "", near ? "'?" : "'");
    free(names);
    return status;
}

/* A row stands for itself, a family or family/backend for its best row on each device. */
static es_status pick_name(chooser *c, const es_list_item *item, es_slice name) {
    const es_row *row = es_table_find(c->runtimes, name.text, name.length);
    if (row) {
        size_t r = (size_t)(row - c->runtimes->rows);
        if (c->taken[r])
            es_warn(c->errors, &item->at, "duplicate runtime dropped: '%s'", es_quote(name).text);
        for (size_t i = 0; i < c->device->n; i++)
            at(c, c->allowed, i)[r] = at(c, c->serves, i)[r];
        pick(c, r);
        return ES_OK;
    }
    bool *wanted = calloc(c->runtimes->n_rows + 1, sizeof *wanted);
    bool any = false;
    if (!wanted)
        return es_fail_memory(c->errors);
    for (size_t r = 0; r < c->runtimes->n_rows; r++)
        any |= wanted[r] = es_runtime_is_named(c->runtimes, &c->runtimes->rows[r], name);
    for (size_t i = 0; i < c->device->n; i++)
        allow_best(c, i, wanted, true);
    for (size_t r = 0; r < c->runtimes->n_rows; r++)
        if (wanted[r])
            pick(c, r);
    free(wanted);
    return any ? ES_OK : unknown_runtime(c, item, name);
}

static es_status pick_glob(chooser *c, const es_list_item *item, es_slice pattern) {
    bool any = false;
    for (size_t r = 0; r < c->runtimes->n_rows; r++) {
        const char *name = c->runtimes->rows[r].name;
        if (!es_glob_match(pattern, name) || es_equal_fold(name, default_name))
            continue;
        for (size_t i = 0; i < c->device->n; i++)
            at(c, c->allowed, i)[r] = at(c, c->serves, i)[r];
        pick(c, r);
        any = true;
    }
    return any ? ES_OK
               : es_fail(c->errors, ES_EUSAGE, &item->at, "no runtime matches: '%s'; see 'edgesweep list runtimes'",
                         es_quote(pattern).text);
}

static es_status exclude(chooser *c, const es_list_item *item, es_slice name) {
    bool any = false;
    for (size_t r = 0; r < c->runtimes->n_rows; r++) {
        const es_row *row = &c->runtimes->rows[r];
        if (!es_runtime_is_named(c->runtimes, row, name) && !es_glob_match(name, row->name))
            continue;
        any = true;
        for (size_t i = 0; i < c->device->n; i++)
            at(c, c->allowed, i)[r] = 0;
    }
    return any ? ES_OK : unknown_runtime(c, item, name);
}

/* Exclusions hold wherever they stand in the list. */
static es_status pick_items(chooser *c, const es_entry *entry, bool exclusions, bool *only_exclusions) {
    es_slice rest = entry->value;
    es_origin place = entry->value_at;
    es_list_item item;
    es_status status = ES_OK;
    bool first = true;
    while (es_list_next(&rest, &place, &item)) {
        es_slice name = item.text;
        bool minus = name.length > 0 && name.text[0] == '!', quoted;
        if (minus)
            name = es_slice_trim((es_slice){name.text + 1, name.length - 1});
        quoted = name.length > 0 && (name.text[0] == '\'' || name.text[0] == '"');
        *only_exclusions = *only_exclusions && minus;
        if (minus != exclusions)
            continue;
        es_status one = ES_OK;
        if (!es_unquote(&name))
            one = es_fail(c->errors, ES_EUSAGE, &item.at, "unfinished quote: '%s'", es_quote(item.text).text);
        else if (name.length == 0)
            one = es_fail(c->errors, ES_EUSAGE, &item.at,
                          "empty element in the list of runtimes; expected a name, family, family/backend or glob");
        else if (minus)
            one = exclude(c, &item, name);
        else
            one = !quoted && es_is_glob(name) ? pick_glob(c, &item, name) : pick_name(c, &item, name);
        if (!exclusions && first && !rest.length && (quoted || !es_is_glob(name)) && c->n_picked)
            c->sweep->plan->runtime_named = &c->runtimes->rows[c->picked[0]];
        first = false;
        status = status ? status : one;
    }
    return status;
}

static es_status pick_given(chooser *c, const es_entry *entry) {
    bool only_exclusions = true;
    es_status status = pick_items(c, entry, false, &only_exclusions);
    if (!status && only_exclusions)
        pick_defaults(c);
    return status ? status : pick_items(c, entry, true, &only_exclusions);
}

/* ---- what runs ---- */

static bool loads_here(const chooser *c, size_t device, es_loads loads, es_slice isa) {
    return loads == ES_LOADS || (loads == ES_LOADS_WITH_ISA && es_unit_has(unit_of(c, device), isa));
}

/* runs[device][pick][precision] of one pick: whether it is allowed there and loads the format. */
static void fill_pick(const chooser *c, size_t k, uint8_t *runs) {
    const es_row *runtime = &c->runtimes->rows[c->picked[k]];
    size_t n = c->precision->n;
    for (size_t p = 0; p < n; p++) {
        const es_row *precision = c->precision->row[p];
        es_slice isa = {NULL, 0};
        es_loads loads = es_runtime_loads(runtime, precision->name, es_format_kind(precision), &isa);
        for (size_t i = 0; i < c->device->n; i++)
            runs[(i * c->n_picked + k) * n + p] = at(c, c->allowed, i)[c->picked[k]] && loads_here(c, i, loads, isa);
    }
}

static bool runs_any(const uint8_t *runs, size_t n) { return memchr(runs, 1, n) != NULL; }

static bool has_hypothetical(const es_axis *precision) {
    for (size_t p = 0; p < precision->n; p++)
        if (precision->row[p]->value[ES_P_HYPOTHETICAL] > 0)
            return true;
    return false;
}

/* Value j of the axis is the j-th runtime of a device that runs any of the precisions; behind them, when runtimes are not
 * given, one without a name for formats that no file has.  So the axis is as long as the device with most of them needs. */
static es_status fill_axis(chooser *c, es_axis *axis, const uint8_t *picks) {
    es_plan *plan = c->sweep->plan;
    size_t n_devices = c->device->n, n = c->precision->n;
    bool hypothetical = !axis->given && has_hypothetical(c->precision);
    es_row *unnamed = es_arena_alloc(&plan->arena, sizeof *unnamed);
    const char **label = es_arena_array(&plan->arena, c->n_picked + 2, sizeof *label);
    for (size_t i = 0; i < n_devices; i++) {
        size_t used = hypothetical;
        for (size_t k = 0; k < c->n_picked; k++)
            used += runs_any(picks + (i * c->n_picked + k) * n, n);
        axis->n = used > axis->n ? used : axis->n;
    }
    axis->n = axis->n ? axis->n : 1;
    const es_row **runtime = es_arena_array(&plan->arena, n_devices * axis->n + 1, sizeof *runtime);
    double *number = es_arena_array(&plan->arena, n_devices * axis->n + 1, sizeof *number);
    uint8_t *runs = es_arena_array(&plan->arena, n_devices * axis->n * n + 1, 1);
    if (!unnamed || !label || !runtime || !number || !runs)
        return es_fail_memory(c->errors);
    for (size_t k = 0; k < c->n_picked; k++)
        label[k] = c->runtimes->rows[c->picked[k]].name;
    label[c->n_picked] = "";
    *unnamed = *es_default_runtime(c->sweep->catalog);
    unnamed->name = "";
    for (size_t i = 0; i < n_devices; i++) {
        size_t j = i * axis->n, end = j + axis->n;
        for (size_t k = 0; k < c->n_picked; k++) {
            const uint8_t *of_pick = picks + (i * c->n_picked + k) * n;
            if (!runs_any(of_pick, n))
                continue;
            memcpy(runs + j * n, of_pick, n);
            number[j] = (double)k;
            runtime[j++] = &c->runtimes->rows[c->picked[k]];
        }
        for (size_t p = 0; hypothetical && p < n; p++)
            runs[j * n + p] = c->precision->row[p]->value[ES_P_HYPOTHETICAL] > 0;
        for (; j < end; j++) { /* runs nothing, but for hypothetical formats */
            number[j] = (double)c->n_picked;
            runtime[j] = unnamed;
        }
    }
    const char **text = es_arena_array(&plan->arena, axis->n, sizeof *text);
    for (size_t j = 0; text && j < axis->n; j++) {
        bool alike = true;
        for (size_t i = 1; i < n_devices; i++)
            alike = alike && number[i * axis->n + j] == number[j];
        text[j] = alike ? label[(size_t)number[j]] : es_arena_printf(&plan->arena, "runtime %zu of the device", j + 1);
    }
    if (!text || !text[axis->n - 1])
        return es_fail_memory(c->errors);
    axis->text = text;
    plan->runtime = runtime;
    plan->runtime_number = number;
    plan->runtime_label = label;
    plan->n_runtime_labels = c->n_picked + 1;
    plan->runs = runs;
    return ES_OK;
}

es_status es_plan_runtimes(es_sweep *sweep, const es_spec *spec, es_axis *axis, const es_axis *device,
                           const es_axis *precision, es_errors *errors) {
    const es_entry *entry = es_spec_find(spec, ES_SEC_SWEEP, "runtime");
    const es_table *runtimes = &sweep->catalog->table[ES_RUNTIME];
    chooser c = {.sweep = sweep, .runtimes = runtimes, .device = device, .precision = precision, .errors = errors};
    size_t cells = device->n * runtimes->n_rows + 1;
    *axis = (es_axis){.name = "runtime",
                      .unit = "",
                      .role = ES_AXIS_RUNTIME,
                      .given = entry != NULL,
                      .origin = entry ? entry->value_at : spec->end};
    c.serves = calloc(cells, 1);
    c.allowed = calloc(cells, 1);
    c.picked = calloc(runtimes->n_rows + 1, sizeof *c.picked);
    c.taken = calloc(runtimes->n_rows + 1, sizeof *c.taken);
    es_status status = c.serves && c.allowed && c.picked && c.taken ? ES_OK : es_fail_memory(errors);
    for (size_t i = 0; i < device->n && !status; i++)
        for (size_t r = 0; r < runtimes->n_rows; r++)
            at(&c, c.serves, i)[r] = es_runtime_serves(&runtimes->rows[r], unit_of(&c, i));
    if (!status && entry)
        status = pick_given(&c, entry);
    else if (!status)
        pick_defaults(&c);
    uint8_t *picks = calloc(device->n * c.n_picked * precision->n + 1, 1);
    if (!status && !picks)
        status = es_fail_memory(errors);
    for (size_t k = 0; k < c.n_picked && !status; k++)
        fill_pick(&c, k, picks);
    if (!status)
        status = fill_axis(&c, axis, picks);
    free(picks);
    free(c.serves), free(c.allowed), free(c.picked), free(c.taken);
    return status;
}

/* ---- what is left out ---- */

enum { RUNS = 1, UNMEASURED = 2 };

typedef struct reporter {
    const es_sweep *sweep;
    const es_axis *device, *runtime, *precision;
    const uint8_t *runs;
    es_errors *errors;
} reporter;

/* "'a', 'b' and 3 more" of the rows chosen. */
static void list_names(const es_axis *axis, const bool *chosen, char *text, size_t size) {
    size_t used = 0, shown = 0, n = 0;
    text[0] = '\0';
    for (size_t i = 0; i < axis->n; i++) {
        n += chosen[i];
        if (!chosen[i] || shown == NAMES_SHOWN || used >= size)
            continue;
        used += (size_t)snprintf(text + used, size - used, "%s'%s'", shown++ ? ", " : "",
                                 es_quote_text(axis->row[i]->name).text);
    }
    if (n > shown && used < size)
        snprintf(text + used, size - used, " and %zu more", n - shown);
}

/* What becomes of a precision on a device: the best of its runtimes. */
static uint8_t outcome(const reporter *r, size_t device, size_t precision) {
    uint8_t best = 0;
    for (size_t k = 0; k < r->runtime->n; k++) {
        uint8_t one = r->runs[(device * r->runtime->n + k) * r->precision->n + precision];
        best = one == RUNS || !best ? one : best;
        if (best == RUNS)
            break;
    }
    return best;
}

static bool same_outcomes(const reporter *r, size_t a, size_t b) {
    for (size_t p = 0; p < r->precision->n; p++)
        if (outcome(r, a, p) != outcome(r, b, p))
            return false;
    return true;
}

static void warn_formats(const reporter *r, const bool *devices, size_t like, uint8_t what, bool *formats) {
    char on[400], of[400];
    size_t n = 0;
    for (size_t p = 0; p < r->precision->n; p++)
        n += formats[p] = outcome(r, like, p) == what;
    if (!n)
        return;
    list_names(r->device, devices, on, sizeof on);
    list_names(r->precision, formats, of, sizeof of);
    es_warn(r->errors, &r->precision->origin, "%zu format%s left out on %s: %s: %s", n, n == 1 ? "" : "s", on,
            what == UNMEASURED  ? "no measured rates"
            : r->runtime->given ? "no runtime asked for loads them there"
                                : "no default runtime loads them there",
            of);
}

/* One warning for a device and reason; devices with the same outcome share it. */
static es_status warn_left_out(const reporter *r) {
    bool *like = calloc(r->device->n + 1, sizeof *like), *done = calloc(r->device->n + 1, sizeof *done);
    bool *formats = calloc(r->precision->n + 1, sizeof *formats);
    es_status status = like && done && formats ? ES_OK : es_fail_memory(r->errors);
    for (size_t i = 0; i < r->device->n && !status; i++) {
        if (done[i])
            continue;
        for (size_t j = 0; j < r->device->n; j++)
            done[j] |= like[j] = j >= i && !done[j] && same_outcomes(r, i, j);
        warn_formats(r, like, i, 0, formats);
        warn_formats(r, like, i, UNMEASURED, formats);
    }
    free(like), free(done), free(formats);
    return status;
}

/* Runtimes that load the format somewhere, with what they need and the device is not; one that runs it is an offer. */
static void list_needs(const reporter *r, const es_row *unit, const es_row *precision, char *text, size_t size) {
    const es_table *runtimes = &r->sweep->catalog->table[ES_RUNTIME];
    size_t used = 0, shown = 0;
    text[0] = '\0';
    for (int offers = 1; offers >= 0 && shown == 0; offers--)
        for (size_t i = 0; i < runtimes->n_rows && shown < HINTS_SHOWN && used < size; i++) {
            const es_row *row = &runtimes->rows[i];
            es_slice needs = {NULL, 0};
            es_runs_answer answer = es_runs(row, unit, precision, &needs);
            if (es_equal_fold(row->name, default_name) || answer != (offers ? ES_RUNS : ES_RUNS_NOT_HERE))
                continue;
            if (offers)
                used += (size_t)snprintf(text + used, size - used, "%s%s",
                                         shown++ ? ", " : ": not a default there: runtime = ", row->name);
            else
                used += (size_t)snprintf(text + used, size - used, "%s%s needs %.*s", shown++ ? "; " : ": ", row->name,
                                         (int)needs.length, needs.text);
        }
}

/* One device, one format and at most one runtime were named, and it does not run. */
static es_status named_in_vain(const reporter *r) {
    const es_plan *plan = r->sweep->plan;
    const es_row *device = r->device->row[0], *precision = r->precision->row[0];
    const es_row *unit = es_unit_of(r->sweep->catalog, device);
    const es_origin *where = plan->named_at[ES_PRECISION][0];
    es_quoted format = es_quote_text(precision->name), on = es_quote_text(device->name);
    char needs[400] = "";
    es_slice missing = {NULL, 0};
    if (outcome(r, 0, 0) == UNMEASURED)
        return es_fail(r->errors, ES_EUSAGE, where,
                       "no measured rates of '%s' on '%s' (%s); an NPU is not predicted without", format.text, on.text,
                       unit->name);
    if (plan->runtime_named) {
        const es_row *runtime = plan->runtime_named;
        switch (es_runs(runtime, unit, precision, &missing)) {
        case ES_RUNS_NOT_HERE:
            return es_fail(r->errors, ES_EUSAGE, &r->runtime->origin,
                           "runtime '%s' cannot run '%s' on '%s' (%s): it needs %.*s", runtime->name, format.text,
                           on.text, unit->text[ES_U_KIND], (int)missing.length, missing.text);
        default:
            list_needs(r, unit, precision, needs, sizeof needs);
            return es_fail(r->errors, ES_EUSAGE, where, "runtime '%s' does not load '%s' on '%s' (%s)%s", runtime->name,
                           format.text, on.text, *unit->name ? unit->name : unit->text[ES_U_KIND], needs);
        }
    }
    list_needs(r, unit, precision, needs, sizeof needs);
    return es_fail(r->errors, ES_EUSAGE, where, "no runtime loads '%s' on '%s' (%s)%s", format.text, on.text,
                   *unit->name ? unit->name : unit->text[ES_U_KIND], needs);
}

static void warn_classes(const reporter *r) {
    size_t n = 0, first = 0;
    for (size_t i = r->device->n; i-- > 0;)
        if (!es_unit_of(r->sweep->catalog, r->device->row[i])->name[0])
            first = i, n++;
    if (n && r->sweep->catalog->table[ES_RUNTIME].n_rows > 1)
        es_warn(r->errors, &r->device->origin,
                "%zu device%s without a unit: runtimes are those of the class: '%s' (%s)%s", n, n == 1 ? "" : "s",
                es_quote_text(r->device->row[first]->name).text,
                es_unit_of(r->sweep->catalog, r->device->row[first])->text[ES_U_KIND], n > 1 ? " ..." : "");
}

/* The runtime behind `last` (NULL: the first) in the catalog that has a list of models and runs something here. */
static const es_row *next_with_list(const reporter *r, const es_row *last) {
    const es_row *next = NULL;
    size_t n = r->device->n * r->runtime->n;
    for (size_t j = 0; j < n; j++) {
        const es_row *row = r->sweep->plan->runtime[j];
        bool wanted = row->text[ES_R_MODELS][0] && (!last || row > last) && (!next || row < next);
        if (wanted && runs_any(r->runs + j * r->precision->n, r->precision->n))
            next = row;
    }
    return next;
}

/* Some runtimes only run what was compiled for them. */
static es_status warn_models(const reporter *r) {
    const es_axis *models = &r->sweep->axes[r->sweep->plan->entity_axis[ES_MODEL]];
    bool *missing = calloc(models->n + 1, sizeof *missing);
    if (!missing)
        return es_fail_memory(r->errors);
    for (const es_row *last = NULL, *runtime; (runtime = next_with_list(r, last)) != NULL; last = runtime) {
        size_t n = 0;
        for (size_t m = 0; m < models->n; m++)
            n += missing[m] = !es_runtime_has_model(runtime, models->row[m]);
        char text[400];
        list_names(models, missing, text, sizeof text);
        if (n)
            es_warn(r->errors, &models->origin, "model not in the runtime's list: %s: %s", runtime->name, text);
    }
    free(missing);
    return ES_OK;
}

static void drop_unmeasured(const es_sweep *sweep, const reporter *r) {
    const es_plan *plan = sweep->plan;
    es_rows rows = {.model = sweep->axes[plan->entity_axis[ES_MODEL]].row[0]};
    for (size_t i = 0; i < r->device->n; i++) {
        rows.device = r->device->row[i];
        rows.unit = es_unit_of(sweep->catalog, rows.device);
        if (!es_unit_is_npu(rows.unit))
            continue;
        for (size_t k = 0; k < r->runtime->n; k++)
            for (size_t p = 0; p < r->precision->n; p++) {
                uint8_t *runs = &plan->runs[(i * r->runtime->n + k) * r->precision->n + p];
                rows.runtime = plan->runtime[i * r->runtime->n + k];
                rows.precision = r->precision->row[p];
                if (*runs && !plan->kernel->measured(plan->state, &rows))
                    *runs = UNMEASURED;
            }
    }
}

es_status es_plan_left_out(es_sweep *sweep, es_errors *errors) {
    es_plan *plan = sweep->plan;
    sweep->n_running = sweep->n_points;
    if (plan->runtime_axis < 0)
        return ES_OK;
    const reporter r = {.sweep = sweep,
                        .device = &sweep->axes[plan->entity_axis[ES_DEVICE]],
                        .runtime = &sweep->axes[plan->runtime_axis],
                        .precision = &sweep->axes[plan->entity_axis[ES_PRECISION]],
                        .runs = plan->runs,
                        .errors = errors};
    size_t n = r.device->n * r.runtime->n * r.precision->n, n_run = 0;
    if (plan->kernel->measured)
        drop_unmeasured(sweep, &r);
    bool literal = r.device->n == 1 && r.precision->n == 1 && plan->named_at[ES_DEVICE][0] &&
                   plan->named_at[ES_PRECISION][0] && (plan->runtime_named || !r.runtime->given);
    if (literal && outcome(&r, 0, 0) != RUNS)
        return named_in_vain(&r);
    warn_classes(&r);
    es_status status = warn_models(&r);
    if (!status)
        status = warn_left_out(&r);
    for (size_t i = 0; i < n; i++)
        n_run += plan->runs[i] = plan->runs[i] == RUNS;
    sweep->n_running = sweep->n_points / n * n_run;
    if (n_run == n)
        plan->runs = NULL;
    return status;
}
