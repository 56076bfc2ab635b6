/* What is asked of the columns: conditions, front, best choices, output. */
#include <math.h>
#include <string.h>

#include "grid/plan.h"

/* ---- lists of columns ---- */

/* `*` in a list of output columns: all axes and metrics that it does not have yet, without those for special questions. */
static void add_standard_columns(const es_sweep *sweep, int *list, size_t *n) {
    size_t named = *n;
    for (size_t i = 0; i < sweep->plan->n_standard_columns; i++) {
        bool seen = sweep->columns[i].quiet;
        for (size_t k = 0; k < named; k++)
            seen = seen || list[k] == (int)i;
        if (!seen)
            list[(*n)++] = (int)i;
    }
}

static es_status add_column(es_sweep *sweep, const es_list_item *item, int *list, size_t *n, size_t capacity,
                            es_errors *errors) {
    es_slice name = item->text;
    int column = -1;
    if (!name.length)
        return es_fail(errors, ES_EUSAGE, &item->at, "empty element in the list of columns; expected column names");
    if (!es_unquote(&name))
        return es_fail(errors, ES_EUSAGE, &item->at, "unfinished quote: '%s'", es_quote(item->text).text);
    es_status status = es_plan_find_column(sweep, name, item->at, &column, errors);
    if (status)
        return status;
    for (size_t i = 0; i < *n; i++)
        if (list[i] == column) {
            es_warn(errors, &item->at, "duplicate column dropped: '%s'", es_quote(name).text);
            return ES_OK;
        }
    if (*n == capacity)
        return es_fail(errors, ES_EUSAGE, &item->at, "more than %zu columns: '%s'", capacity, es_quote(name).text);
    list[(*n)++] = column;
    return ES_OK;
}

/* A comma list of columns, appended to list[*n]; duplicates are dropped with a warning.  `star`: a * is the standard
 * columns. */
static es_status column_list(es_sweep *sweep, const es_entry *entry, bool star, int *list, size_t *n, size_t capacity,
                             es_errors *errors) {
    es_slice rest = entry->value;
    es_origin at = entry->value_at;
    es_list_item item;
    es_status status = ES_OK;
    while (es_list_next(&rest, &at, &item)) {
        es_status one = ES_OK;
        if (star && es_slice_equal(item.text, "*"))
            add_standard_columns(sweep, list, n);
        else
            one = add_column(sweep, &item, list, n, capacity, errors);
        status = status ? status : one;
    }
    return status;
}

/* A column is wanted small or large, not both. */
static es_status add_objective(const es_sweep *sweep, es_objective added, es_origin at, es_objective *objective,
                               size_t *n, es_errors *errors) {
    const es_column *column = &sweep->columns[added.column];
    if (column->labels)
        return es_fail(errors, ES_EUSAGE, &at, "a text column cannot be an objective: '%s'", column->name);
    for (size_t i = 0; i < *n; i++)
        if (objective[i].column == added.column)
            return es_fail(errors, ES_EUSAGE, &at, "a column cannot be minimized and maximized: '%s'", column->name);
    objective[(*n)++] = added;
    return ES_OK;
}

static es_status objectives(es_sweep *sweep, const es_spec *spec, es_section section, es_objective *objective,
                            size_t *n, es_errors *errors) {
    es_status status = ES_OK;
    for (size_t i = 0; i < spec->section[section].count; i++) {
        const es_entry *entry = &spec->section[section].entry[i];
        bool maximize = es_slice_equal(entry->key, "maximize");
        if (!maximize && !es_slice_equal(entry->key, "minimize"))
            continue;
        int list[ES_MAX_OBJECTIVES];
        size_t count = 0;
        es_status one = column_list(sweep, entry, false, list, &count, ES_MAX_OBJECTIVES - *n, errors);
        for (size_t j = 0; j < count && !one; j++)
            one = add_objective(sweep, (es_objective){list[j], maximize}, entry->value_at, objective, n, errors);
        status = status ? status : one;
    }
    return status;
}

static es_status check_keys(const es_spec *spec, es_section section, const char *const *keys, size_t n,
                            es_errors *errors) {
    es_status status = ES_OK;
    for (size_t i = 0; i < spec->section[section].count; i++) {
        const es_entry *entry = &spec->section[section].entry[i];
        bool known = false;
        for (size_t k = 0; k < n; k++)
            known = known || es_slice_equal(entry->key, keys[k]);
        if (known)
            continue;
        const char *near = es_nearest(entry->key, keys, n);
        status =
            es_fail(errors, ES_EUSAGE, &entry->key_at, "unknown key in [%s]: '%s'%s%s%s", es_section_names[section],
                    es_quote(entry->key).text, near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
    }
    return status;
}

static es_status by_columns(es_sweep *sweep, const es_spec *spec, es_section section, int *by, size_t *n,
                            es_errors *errors) {
    const es_entry *entry = es_spec_find(spec, section, "by");
    return entry ? column_list(sweep, entry, false, by, n, ES_MAX_BY, errors) : ES_OK;
}

static bool has_section(const es_spec *spec, es_section section) {
    return spec->section[section].count > 0 || spec->header[section].line > 0;
}

static es_origin section_place(const es_spec *spec, es_section section) {
    return spec->section[section].count ? spec->section[section].entry[0].key_at : spec->header[section];
}

static es_status front_question(es_sweep *sweep, const es_spec *spec, es_errors *errors) {
    static const char *const keys[] = {"minimize", "maximize", "by", "unique"};
    es_front_spec *front = &sweep->front;
    front->given = has_section(spec, ES_SEC_PARETO);
    if (!front->given)
        return ES_OK;
    const es_origin at = front->at = section_place(spec, ES_SEC_PARETO);
    es_status status = check_keys(spec, ES_SEC_PARETO, keys, 4, errors), one;
    one = objectives(sweep, spec, ES_SEC_PARETO, front->objective, &front->n_objectives, errors);
    status = status ? status : one;
    one = by_columns(sweep, spec, ES_SEC_PARETO, front->by, &front->n_by, errors);
    status = status ? status : one;
    const es_entry *unique = es_spec_find(spec, ES_SEC_PARETO, "unique");
    if (unique && !es_slice_equal(unique->value, "0") && !es_slice_equal(unique->value, "1"))
        status = es_fail(errors, ES_EUSAGE, &unique->value_at, "unique: '%s'; expected 0 or 1",
                         es_quote(unique->value).text);
    front->unique = unique && es_slice_equal(unique->value, "1");
    if (!status && !front->n_objectives)
        status = es_fail(errors, ES_EUSAGE, &at, "[pareto] has no objective; expected minimize = or maximize =");
    return status;
}

/* The column whose best value is looked for; the values of a group have only one of a column that groups. */
static es_status picked_column(es_sweep *sweep, const es_entry *entry, int *pick, es_errors *errors) {
    es_slice name = entry->value;
    if (!es_unquote(&name))
        return es_fail(errors, ES_EUSAGE, &entry->value_at, "unfinished quote: '%s'", es_quote(entry->value).text);
    es_status status = es_plan_find_column(sweep, name, entry->value_at, pick, errors);
    for (size_t i = 0; i < sweep->best.n_by && !status; i++)
        if (sweep->best.by[i] == *pick)
            status = es_fail(errors, ES_EUSAGE, &entry->value_at, "the picked column cannot be a group: '%s'",
                             es_quote(name).text);
    return status;
}

static es_status best_question(es_sweep *sweep, const es_spec *spec, es_errors *errors) {
    static const char *const keys[] = {"pick", "by", "minimize", "maximize"};
    es_best_spec *best = &sweep->best;
    best->given = has_section(spec, ES_SEC_BEST);
    best->pick = -1;
    if (!best->given)
        return ES_OK;
    const es_origin at = best->at = section_place(spec, ES_SEC_BEST);
    es_status status = check_keys(spec, ES_SEC_BEST, keys, 4, errors), one = ES_OK;
    const es_entry *pick = es_spec_find(spec, ES_SEC_BEST, "pick");
    if (!pick)
        one = es_fail(errors, ES_EUSAGE, &at, "[best] does not say what to pick; expected pick = precision");
    status = status ? status : one;
    one = objectives(sweep, spec, ES_SEC_BEST, best->objective, &best->n_objectives, errors);
    status = status ? status : one;
    one = by_columns(sweep, spec, ES_SEC_BEST, best->by, &best->n_by, errors);
    status = status ? status : one;
    one = pick ? picked_column(sweep, pick, &best->pick, errors) : ES_OK;
    status = status ? status : one;
    if (!status && !best->n_objectives)
        status = es_fail(errors, ES_EUSAGE, &at, "[best] has no objective; expected minimize = or maximize =");
    return status;
}

static es_status output_columns(es_sweep *sweep, const es_spec *spec, es_errors *errors) {
    static const char *const keys[] = {"columns"};
    size_t capacity = sweep->n_columns + ES_M_FIELDS + ES_D_FIELDS + ES_P_FIELDS;
    int *output = es_arena_array(&sweep->plan->arena, capacity, sizeof *output);
    if (!output)
        return es_fail_memory(errors);
    sweep->output = output;
    es_status status = check_keys(spec, ES_SEC_OUTPUT, keys, 1, errors);
    const es_entry *entry = es_spec_find(spec, ES_SEC_OUTPUT, "columns");
    es_status one = ES_OK;
    if (entry)
        one = column_list(sweep, entry, true, output, &sweep->n_output, capacity, errors);
    else
        add_standard_columns(sweep, output, &sweep->n_output);
    return status ? status : one;
}

/* ---- conditions ---- */

/* `column op number` and the like are compared where they stand; anything longer becomes a node of its own. */
static es_status resolve_condition(es_sweep *sweep, const es_condition *condition, es_pcond *out, es_errors *errors) {
    const es_expr *x = &condition->expr;
    es_comparison c = es_where_comparison(x, condition->root);
    if (c.kind == ES_COMPARES_NOTHING) {
        *out = (es_pcond){.kind = ES_PCOND_NUMBER, .op = ES_NE};
        return es_plan_expression(sweep, x, condition->root, &out->a, errors);
    }
    int number, other;
    es_origin at = es_expr_origin(x, c.a), to = es_expr_origin(x, c.b);
    es_status status = es_plan_find_column(sweep, x->name[x->node[c.a].index], at, &number, errors);
    if (status)
        return status;
    const es_column *column = &sweep->columns[number];
    *out = (es_pcond){.op = c.op, .a = (uint16_t)column->node, .number = c.number};
    bool printed_empty = false; /* a runtime that is none */
    for (size_t i = 0; i < column->n_labels; i++)
        printed_empty = printed_empty || !column->labels[i][0];
    if (c.kind == ES_COMPARES_TEXT && !c.text.length && !printed_empty) {
        out->kind = c.op == ES_EQ ? ES_PCOND_EMPTY : ES_PCOND_NOT_EMPTY;
    } else if (c.kind == ES_COMPARES_TEXT && !column->labels) {
        return es_fail(errors, ES_EUSAGE, &to, "%s is a number, so it cannot equal a text: '%s'; expected a number",
                       column->name, es_quote(c.text).text);
    } else if (c.kind == ES_COMPARES_TEXT) {
        out->number = es_plan_label(sweep, column, c.text, to, errors);
    } else if (c.kind == ES_COMPARES_NUMBER && column->labels) {
        return es_fail(errors, ES_EUSAGE, &to,
                       "%s is a text column, so it cannot be compared with a number; expected 'text' in quotes",
                       column->name);
    } else if (c.kind == ES_COMPARES_NAME) {
        status = es_plan_find_column(sweep, x->name[x->node[c.b].index], to, &other, errors);
        if (status)
            return status;
        if (column->labels || sweep->columns[other].labels)
            return es_fail(errors, ES_EUSAGE, &to,
                           "text columns cannot be compared with each other: '%s'; expected 'text' in quotes",
                           es_quote(es_expr_source(x, c.b)).text);
        out->kind = ES_PCOND_NODE;
        out->b = (uint16_t)sweep->columns[other].node;
    }
    return ES_OK;
}

/* Where a sweep splits models over two memories, what does not fit so is no point: a condition that nobody has to write. */
static bool split_condition(const es_sweep *sweep, es_pcond *out) {
    bool splits = false;
    for (size_t a = 0; a < sweep->n_axes; a++)
        splits |= sweep->axes[a].given &&
                  (strcmp(sweep->axes[a].name, "gpu_layers") == 0 || strcmp(sweep->axes[a].name, "cpu_experts") == 0);
    const int node = es_kernel_node(sweep->kernel, "no_offload", strlen("no_offload"));
    if (!splits || node < 0)
        return false;
    *out = (es_pcond){.kind = ES_PCOND_NUMBER, .op = ES_EQ, .a = (uint16_t)node, .number = 0};
    return true;
}

/* Those of the file, then those of the command line. */
static es_status conditions(es_sweep *sweep, const es_spec *spec, const char *const *wheres, size_t n_wheres,
                            es_errors *errors) {
    es_plan *plan = sweep->plan;
    es_where where = {0};
    es_expr_words words = es_plan_words(sweep);
    const es_entries *list = &spec->section[ES_SEC_WHERE];
    es_status status = ES_OK;
    for (size_t i = 0; i < list->count + n_wheres; i++) {
        bool of_file = i < list->count;
        const char *copy = of_file ? NULL : es_arena_text(&plan->arena, es_slice_of(wheres[i - list->count]));
        es_slice text = of_file ? list->entry[i].value : es_slice_of(copy ? copy : "");
        es_origin at = of_file ? list->entry[i].value_at : (es_origin){"--where", i - list->count + 1, 1};
        es_status one = es_where_parse(&where, text, at, &words, &plan->arena, errors);
        status = status ? status : one;
    }
    plan->condition = es_arena_array(&plan->arena, where.count + 2, sizeof *plan->condition);
    const char **text = es_arena_array(&plan->arena, where.count + 2, sizeof *text);
    if (!plan->condition || !text)
        status = es_fail_memory(errors);
    for (size_t i = 0; i < where.count && plan->condition && text; i++) {
        es_status one = resolve_condition(sweep, &where.condition[i], &plan->condition[i], errors);
        status = status ? status : one;
        text[i] = es_arena_text(&plan->arena, where.condition[i].source);
        if (!text[i])
            status = es_fail_memory(errors);
    }
    sweep->condition = text;
    sweep->n_conditions = where.count;
    if (plan->condition && text && split_condition(sweep, &plan->condition[where.count])) {
        text[where.count] = ES_SPLIT_FITS;
        sweep->n_conditions++;
    }
    es_where_free(&where);
    return status;
}

es_status es_plan_questions(es_sweep *sweep, const es_spec *spec, const char *const *wheres, size_t n_wheres,
                            es_errors *errors) {
    es_status status = conditions(sweep, spec, wheres, n_wheres, errors), one;
    one = front_question(sweep, spec, errors);
    status = status ? status : one;
    one = best_question(sweep, spec, errors);
    status = status ? status : one;
    one = output_columns(sweep, spec, errors);
    return status ? status : one;
}
