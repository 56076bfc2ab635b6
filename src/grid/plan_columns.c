/* Columns: axes, tied fields, metrics, and catalog fields as they are asked for. */
#include <math.h>
#include <string.h>

#include "grid/plan.h"

/* ---- columns ---- */

static bool is_utilization(const es_axis *axis) {
    const char *field = es_fields(axis->entity)->fields[axis->index].name;
    size_t n = strlen(field);
    return n > 5 && strcmp(field + n - 5, "_util") == 0;
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
