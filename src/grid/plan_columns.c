/* Columns, and what is asked of them: conditions, front, best, output. */
#include <math.h>
#include <string.h>

#include "grid/plan.h"

/* ---- columns ---- */

static bool is_utilization(const es_axis *axis) {
    const char *field = es_fields(axis->entity)->fields[axis->index].name;
    size_t n = strlen(field);
    return n > 5 && strcmp(field + n - 5, "_util") == 0;
}

static int leaf_node(const es_plan *plan, const es_axis *axis, es_node_kind kind) {
    for (size_t i = 0; i < plan->kernel->n_nodes; i++) {
        const es_node *def = &plan->kernel->nodes[i];
        if (def->kind == kind && def->entity == axis->entity && def->index == axis->index)
            return (int)i;
    }
    return -1;
}

static bool reads_node(const es_node *def, int id) {
    for (size_t k = 0; k < def->n_in; k++)
        if (def->in[k] == id)
            return true;
    return false;
}

int es_plan_effective_node(const es_plan *plan, const es_axis *axis) {
    const char *name = es_fields(axis->entity)->fields[axis->index].name;
    int field = leaf_node(plan, axis, ES_NODE_FIELD), factor = leaf_node(plan, axis, ES_NODE_FACTOR);
    for (size_t i = 0; factor >= 0 && i < plan->kernel->n_nodes; i++) {
        const es_node *def = &plan->kernel->nodes[i];
        if (def->kind != ES_NODE_FN || !reads_node(def, factor))
            continue;
        if (strcmp(def->name, name) == 0 || (def->n_in == 2 && field >= 0 && reads_node(def, field)))
            return (int)i;
    }
    return field;
}

/* Which node an axis column shows: what applies, but the factor itself on utilizations. */
static int node_of_axis(const es_plan *plan, const es_axis *axis, size_t number) {
    int own = plan->first_axis_node + (int)number, other = -1;
    if (axis->role == ES_AXIS_WORKLOAD && !axis->given && isnan(axis->value[0]))
        other = es_kernel_node(plan->kernel, axis->name, strlen(axis->name));
    if (axis->role == ES_AXIS_FIELD && axis->factor && !is_utilization(axis))
        other = es_plan_effective_node(plan, axis);
    return other >= 0 ? other : own;
}

static bool whole_axis(const es_plan *plan, const es_axis *axis) {
    if (axis->role == ES_AXIS_WORKLOAD)
        return plan->kernel->axes[axis->index].whole;
    if (axis->role != ES_AXIS_FIELD)
        return false;
    es_field_type type = es_fields(axis->entity)->fields[axis->index].type;
    return type == ES_COUNT || type == ES_FLAG;
}

/* The axis' own words, then the names of models. */
static es_status model_words(const es_sweep *sweep, const es_workload_axis *axis, es_column *column,
                             es_errors *errors) {
    const es_table *models = &sweep->catalog->table[ES_MODEL];
    const char **labels = es_arena_array(&sweep->plan->arena, ES_AXIS_FIRST_MODEL + models->n_rows, sizeof *labels);
    if (!labels)
        return es_fail_memory(errors);
    for (size_t i = 0; i < ES_AXIS_FIRST_MODEL; i++)
        labels[i] = "";
    for (const es_axis_word *word = axis->words; word->name; word++)
        labels[(size_t)word->value] = word->name;
    for (size_t i = 0; i < models->n_rows; i++)
        labels[ES_AXIS_FIRST_MODEL + i] = models->rows[i].name;
    column->labels = labels;
    column->n_labels = ES_AXIS_FIRST_MODEL + models->n_rows;
    column->whole = false;
    return ES_OK;
}

static es_status axis_column(const es_sweep *sweep, size_t number, es_column *column, es_errors *errors) {
    const es_axis *axis = &sweep->axes[number];
    es_plan *plan = sweep->plan;
    *column = (es_column){.name = axis->name, .unit = axis->unit, .is_axis = true, .whole = whole_axis(plan, axis)};
    column->node = node_of_axis(plan, axis, number);
    column->quiet =
        axis->role == ES_AXIS_WORKLOAD && !axis->given && (plan->kernel->axes[axis->index].flags & ES_AXIS_QUIET);
    if (axis->role == ES_AXIS_RUNTIME) {
        column->labels = plan->runtime_label;
        column->n_labels = plan->n_runtime_labels;
    } else if (axis->role == ES_AXIS_WORKLOAD && plan->kernel->axes[axis->index].flags & ES_AXIS_MODELS) {
        return model_words(sweep, &plan->kernel->axes[axis->index], column, errors);
    } else if (axis->role == ES_AXIS_ENTITY) {
        const char **labels = es_arena_array(&plan->arena, axis->n, sizeof *labels);
        if (!labels)
            return es_fail_memory(errors);
        for (size_t i = 0; i < axis->n; i++)
            labels[i] = axis->row[i]->name;
        column->labels = labels;
        column->n_labels = axis->n;
    }
    return ES_OK;
}

static es_column metric_column(const es_node *def, int id) {
    es_column column = {.name = def->name,
                        .unit = def->unit,
                        .node = id,
                        .whole = (def->flags & ES_WHOLE) != 0,
                        .quiet = (def->flags & ES_QUIET) != 0};
    if (def->flags & ES_LABELS) {
        column.labels = def->labels;
        while (def->labels[column.n_labels])
            column.n_labels++;
    }
    return column;
}

/* An option that is a column: its choices, or the one text that was asked for, at the index of its row. */
static es_status option_column(const es_sweep *sweep, const es_node *def, es_column *column, es_errors *errors) {
    const es_option *option = &sweep->kernel->options[def->index];
    column->labels = option->choices;
    while (option->choices && option->choices[column->n_labels])
        column->n_labels++;
    if (!option->text)
        return ES_OK;
    const es_table *table = &sweep->catalog->table[option->kind];
    const double chosen = sweep->plan->node[column->node].constant;
    const char **labels = es_arena_array(&sweep->plan->arena, table->n_rows + 1, sizeof *labels);
    if (!labels)
        return es_fail_memory(errors);
    for (size_t i = 0; i < table->n_rows; i++)
        labels[i] = (double)i == chosen ? table->rows[i].text[option->field] : "";
    column->labels = labels;
    column->n_labels = table->n_rows;
    return ES_OK;
}

static void round_up(double *restrict out, const double *const *in, size_t n) {
    for (size_t i = 0; i < n; i++)
        out[i] = ceil(in[0][i]);
}

/* Bytes may come out fractional and are printed rounded up: what is compared is what is printed. */
static es_status show_whole_bytes(es_sweep *sweep, es_column *column, es_errors *errors) {
    if (!column->whole || strcmp(column->unit, "B") != 0)
        return ES_OK;
    uint16_t *in = es_arena_alloc(&sweep->plan->arena, sizeof *in), node = 0;
    if (!in)
        return es_fail_memory(errors);
    *in = (uint16_t)column->node;
    es_pnode rounded = {.kind = ES_PNODE_FN, .fn = round_up, .monotone = "+", .n_in = 1, .in = in};
    es_status status = es_plan_add_node(sweep, rounded, &node, errors);
    column->node = status ? column->node : node;
    return status;
}

es_status es_plan_columns(es_sweep *sweep, const es_spec *spec, es_errors *errors) {
    es_plan *plan = sweep->plan;
    size_t capacity = sweep->n_axes + plan->n_tied + plan->kernel->n_nodes + spec->section[ES_SEC_METRICS].count +
                      ES_M_FIELDS + ES_D_FIELDS + ES_P_FIELDS;
    es_column *columns = es_arena_array(&plan->arena, capacity, sizeof *columns);
    if (!columns)
        return es_fail_memory(errors);
    size_t n = 0;
    es_status status = ES_OK;
    for (size_t a = 0; a < sweep->n_axes && !status; a++)
        status = axis_column(sweep, a, &columns[n++], errors);
    for (size_t i = 0; i < plan->n_tied; i++) {
        const es_field *field = &es_fields(plan->tied[i].entity)->fields[plan->tied[i].field];
        columns[n++] = (es_column){.name = plan->tied[i].name,
                                   .unit = field->unit,
                                   .node = plan->tied[i].node,
                                   .whole = field->type == ES_COUNT || field->type == ES_FLAG};
    }
    for (size_t i = 0; i < plan->kernel->n_nodes && !status; i++) {
        const es_node *def = &plan->kernel->nodes[i];
        if (!(def->flags & ES_METRIC))
            continue;
        columns[n++] = metric_column(def, (int)i);
        if (def->kind == ES_NODE_OPTION)
            status = option_column(sweep, def, &columns[n - 1], errors);
    }
    for (size_t i = sweep->n_axes + plan->n_tied; i < n && !status; i++)
        status = show_whole_bytes(sweep, &columns[i], errors);
    for (size_t i = 0; i < n; i++)
        columns[i].axes = plan->node[columns[i].node].mask;
    sweep->columns = columns;
    sweep->n_columns = plan->n_standard_columns = n;
    return status;
}

/* ---- catalog fields as columns: `device.price_usd`, `model.family` ---- */

/* Numbers the distinct texts of a field over the rows of its axis. */
static es_status field_labels(const es_sweep *sweep, const es_axis *axis, int field, es_column *column, double *table,
                              es_errors *errors) {
    const char **labels = es_arena_array(&sweep->plan->arena, axis->n, sizeof *labels);
    if (!labels)
        return es_fail_memory(errors);
    for (size_t i = 0; i < axis->n; i++) {
        const char *text = axis->row[i]->text[field];
        size_t k = 0;
        while (k < column->n_labels && strcmp(labels[k], text) != 0)
            k++;
        if (k == column->n_labels && *text)
            labels[column->n_labels++] = text;
        table[i] = *text ? (double)k : NAN;
    }
    column->labels = labels;
    return ES_OK;
}

static es_status add_field_column(es_sweep *sweep, es_kind entity, int field, es_errors *errors) {
    const es_axis *axis = &sweep->axes[sweep->plan->entity_axis[entity]];
    const es_field *def = &es_fields(entity)->fields[field];
    double *table = es_arena_array(&sweep->plan->arena, axis->n, sizeof *table);
    char *name = es_arena_printf(&sweep->plan->arena, "%s.%s", axis->name, def->name);
    if (!table || !name)
        return es_fail_memory(errors);
    es_column column = {.name = name, .unit = def->unit, .whole = def->type == ES_COUNT || def->type == ES_FLAG};
    es_status status = ES_OK;
    if (es_field_is_numeric(def))
        for (size_t i = 0; i < axis->n; i++)
            table[i] = axis->row[i]->value[field];
    else
        status = field_labels(sweep, axis, field, &column, table, errors);
    uint16_t node = 0;
    if (!status)
        status = es_plan_add_leaf(sweep, entity, table, &node, errors);
    column.node = node;
    column.axes = sweep->plan->node[node].mask;
    if (!status)
        ((es_column *)sweep->columns)[sweep->n_columns++] = column;
    return status;
}

/* Makes `entity.field` a column when it is one; *column stays -1 otherwise. */
static es_status find_field_column(es_sweep *sweep, es_slice name, int *column, es_errors *errors) {
    const char *dot = memchr(name.text, '.', name.length);
    if (!dot)
        return ES_OK;
    es_slice head = {name.text, (size_t)(dot - name.text)};
    for (int e = 0; e <= ES_PRECISION; e++) {
        if (!es_slice_equal(head, sweep->axes[sweep->plan->entity_axis[e]].name))
            continue;
        int field = es_field_find((es_kind)e, dot + 1, name.length - head.length - 1);
        if (field < 0)
            return ES_OK;
        es_status status = add_field_column(sweep, (es_kind)e, field, errors);
        if (!status)
            *column = (int)sweep->n_columns - 1;
        return status;
    }
    return ES_OK;
}

/* ---- looking columns up ---- */

static es_status unknown_column(const es_sweep *sweep, es_slice name, es_origin at, es_errors *errors) {
    size_t capacity = sweep->n_columns + ES_M_FIELDS + ES_D_FIELDS + ES_P_FIELDS, n = 0;
    const char **names = es_arena_array(&sweep->plan->arena, capacity, sizeof *names);
    if (!names)
        return es_fail_memory(errors);
    for (; n < sweep->n_columns; n++)
        names[n] = sweep->columns[n].name;
    for (int e = 0; e <= ES_PRECISION && memchr(name.text, '.', name.length); e++)
        for (size_t f = 0; f < es_fields((es_kind)e)->n_fields; f++) {
            names[n] = es_arena_printf(&sweep->plan->arena, "%s.%s", sweep->axes[sweep->plan->entity_axis[e]].name,
                                       es_fields((es_kind)e)->fields[f].name);
            n += names[n] != NULL;
        }
    const char *near = es_nearest(name, names, n);
    return es_fail(errors, ES_EUSAGE, &at, "unknown column: '%s'; %s%s%s", es_quote(name).text,
                   near ? "did you mean '" : "see 'edgesweep list metrics", near ? near : "", near ? "'?" : "'");
}

es_status es_plan_find_column(es_sweep *sweep, es_slice name, es_origin at, int *column, es_errors *errors) {
    *column = es_sweep_column(sweep, name.text, name.length);
    es_status status = *column >= 0 ? ES_OK : find_field_column(sweep, name, column, errors);
    return status || *column >= 0 ? status : unknown_column(sweep, name, at, errors);
}

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
    es_origin at = section_place(spec, ES_SEC_PARETO);
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
    es_origin at = section_place(spec, ES_SEC_BEST);
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

/* On entity axes an alias stands for its row. */
double es_plan_label(const es_sweep *sweep, const es_column *column, es_slice text, es_origin at, es_errors *errors) {
    for (size_t i = 0; i < column->n_labels; i++)
        if (es_slice_equal(text, column->labels[i]))
            return (double)i;
    for (int e = 0; e <= ES_PRECISION; e++) {
        if (strcmp(column->name, sweep->axes[sweep->plan->entity_axis[e]].name) != 0)
            continue;
        const es_row *row = es_table_find(&sweep->catalog->table[e], text.text, text.length);
        for (size_t i = 0; row && i < column->n_labels; i++)
            if (strcmp(row->name, column->labels[i]) == 0)
                return (double)i;
    }
    const char *near = es_nearest(text, column->labels, column->n_labels);
    es_warn(errors, &at, "%s never has this value: '%s'%s%s%s", column->name, es_quote(text).text,
            near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
    return -1;
}

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
    if (c.kind == ES_COMPARES_TEXT && !c.text.length) {
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
    plan->condition = es_arena_array(&plan->arena, where.count + 1, sizeof *plan->condition);
    const char **text = es_arena_array(&plan->arena, where.count + 1, sizeof *text);
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
