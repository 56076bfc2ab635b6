/* explain: every value of one point, with its formula, its inputs and where the constants come from. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "base/utf8.h"
#include "cli/commands.h"
#include "cli/load.h"
#include "cli/points.h"
#include "cli/print.h"
#include "grid/plan.h"
#include "io/format.h"

typedef struct es_explanation {
    es_cli *cli;
    const es_sweep *sweep;
    const es_kernel *kernel;
    uint64_t index;
    size_t coordinate[ES_MAX_AXES];
    es_rows rows;
    double *value;
    int digits;
} es_explanation;

/* ---- the point asked for ---- */

static bool same_number(double a, double b) { return a == b || fabs(a - b) <= 1e-9 * fabs(b); }

static bool is_value(const es_sweep *sweep, const es_axis *axis, size_t i, es_slice text) {
    double number;
    if (axis->row)
        return axis->row[i] == es_table_find(&sweep->catalog->table[axis->entity], text.text, text.length);
    if (axis->text)
        return es_slice_equal_fold(text, axis->text[i]);
    if (axis->factor && text.length && text.text[0] == 'x')
        text = (es_slice){text.text + 1, text.length - 1};
    return es_parse_scaled(text, &number) == ES_NUMBER_OK && same_number(number, axis->value[i]);
}

static es_status no_such_value(es_cli *cli, const es_axis *axis, es_slice text, es_errors *errors) {
    char first[64], last[64];
    es_axis_value_text(axis, 0, first, sizeof first);
    es_axis_value_text(axis, axis->n - 1, last, sizeof last);
    return es_usage(cli, errors, "--point: not a value of axis %s: '%s'; it has %zu, from '%s' to '%s'", axis->name,
                    es_quote(text).text, axis->n, first, last);
}

static es_status choose_value(es_cli *cli, const es_sweep *sweep, es_slice pair, size_t *coordinate, bool *chosen,
                              es_errors *errors) {
    const char *names[ES_MAX_AXES + 1] = {NULL}, *equals = memchr(pair.text, '=', pair.length);
    char name[128];
    if (!equals)
        return es_usage(cli, errors, "--point: not AXIS=VALUE: '%s'", es_quote(pair).text);
    es_slice value = es_slice_trim((es_slice){equals + 1, (size_t)(pair.text + pair.length - equals - 1)});
    es_copy_text(name, sizeof name, es_slice_trim((es_slice){pair.text, (size_t)(equals - pair.text)}));
    if (!es_unquote(&value))
        return es_usage(cli, errors, "--point: quote without a partner: '%s'", es_quote(value).text);
    for (size_t a = 0; a < sweep->n_axes; a++)
        names[a] = sweep->axes[a].name;
    int axis = es_choose(cli, "axis", names, name, errors);
    if (axis < 0)
        return ES_EUSAGE;
    for (size_t i = 0; i < sweep->axes[axis].n; i++) {
        if (!is_value(sweep, &sweep->axes[axis], i, value))
            continue;
        coordinate[axis] = i;
        chosen[axis] = true;
        return ES_OK;
    }
    return no_such_value(cli, &sweep->axes[axis], value, errors);
}

static es_status point_by_values(es_cli *cli, const es_sweep *sweep, uint64_t *index, es_errors *errors) {
    size_t coordinate[ES_MAX_AXES] = {0};
    bool chosen[ES_MAX_AXES] = {false};
    const char *text = es_text_of(cli, ES_OPT_POINT);
    es_slice rest = es_slice_of(text ? text : "");
    es_origin at = {0};
    es_list_item item;
    es_status status = ES_OK;
    while (!status && rest.length && es_list_next(&rest, &at, &item))
        status = choose_value(cli, sweep, item.text, coordinate, chosen, errors);
    for (size_t a = 0; a < sweep->n_axes && !status; a++)
        if (!chosen[a] && sweep->axes[a].n > 1)
            status = es_usage(cli, errors, "which %s? axis %s has %zu values; expected --point %s=VALUE or --index I",
                              sweep->axes[a].name, sweep->axes[a].name, sweep->axes[a].n, sweep->axes[a].name);
    *index = status ? 0 : es_sweep_index(sweep, coordinate);
    return status;
}

static es_status find_point(es_cli *cli, const es_sweep *sweep, uint64_t *index, es_errors *errors) {
    if (!es_given(cli, ES_OPT_INDEX))
        return point_by_values(cli, sweep, index, errors);
    if (es_given(cli, ES_OPT_POINT))
        return es_usage(cli, errors, "--index and --point exclude each other");
    *index = es_count_of(cli, ES_OPT_INDEX, 0);
    if (*index >= sweep->n_points)
        return es_usage(cli, errors, "--index: no such point: '%llu'; expected 0 to %llu", (unsigned long long)*index,
                        (unsigned long long)(sweep->n_points - 1));
    return ES_OK;
}

/* ---- values ---- */

static const es_row *row_of(const es_explanation *x, es_kind kind) {
    return kind == ES_MODEL ? x->rows.model : kind == ES_DEVICE ? x->rows.device : x->rows.precision;
}

/* The word behind a value that is an index; NULL for numbers. */
static const char *label_of(const es_explanation *x, const es_node *node, double value) {
    if (node->kind == ES_NODE_OPTION && x->kernel->options[node->index].choices)
        return x->kernel->options[node->index].choices[(size_t)value];
    if (node->kind == ES_NODE_FIELD || node->kind == ES_NODE_ROW) {
        const es_field *field = &es_fields(node->entity)->fields[node->index];
        const char *written = row_of(x, node->entity)->text[node->index];
        if (field->choices)
            return *written ? written : field->choices[(size_t)value];
    }
    return node->labels ? node->labels[(size_t)value] : NULL;
}

/* Value and unit as text. */
static void value_text(const es_explanation *x, size_t id, char *to, size_t size) {
    const es_node *node = &x->kernel->nodes[id];
    double value = x->value[id];
    char digits[40];
    const char *label = isnan(value) ? "none" : isinf(value) ? "beyond the range of a double" : label_of(x, node, value);
    if (label) {
        snprintf(to, size, "%s", label);
        return;
    }
    bool whole = node->flags & ES_WHOLE || (value >= 0 && value < 1e15 && value == floor(value));
    size_t length = whole ? es_format_count(digits, value) : es_format_double(digits, value, x->digits);
    snprintf(to, size, "%.*s%s%s", (int)length, digits, *node->unit ? " " : "", node->unit);
}

static const es_axis *field_axis(const es_explanation *x, const es_node *node) {
    for (size_t a = 0; a < x->sweep->n_axes; a++) {
        const es_axis *axis = &x->sweep->axes[a];
        if (axis->role == ES_AXIS_FIELD && axis->entity == node->entity && axis->index == node->index)
            return axis;
    }
    return NULL;
}

static const es_axis *workload_axis(const es_explanation *x, const es_node *node) {
    for (size_t a = 0; a < x->sweep->n_axes; a++)
        if (x->sweep->axes[a].role == ES_AXIS_WORKLOAD && x->sweep->axes[a].index == node->index)
            return &x->sweep->axes[a];
    return NULL;
}

static void origin_text(const es_origin *origin, char *to, size_t size) {
    char file[256];
    es_escape(file, sizeof file, es_slice_of(origin->file ? origin->file : "command line"));
    if (origin->line)
        snprintf(to, size, "%s:%llu", file, (unsigned long long)origin->line);
    else
        snprintf(to, size, "%s", file);
}

/* Where the value of a leaf comes from. */
static void leaf_source(const es_explanation *x, const es_node *node, char *to, size_t size) {
    char where[300], kept[64];
    const es_axis *axis = node->kind == ES_NODE_WORKLOAD ? workload_axis(x, node)
                          : node->kind == ES_NODE_OPTION ? NULL
                                                         : field_axis(x, node);
    if (axis)
        origin_text(&axis->origin, where, sizeof where);
    if (axis && axis->given && node->kind != ES_NODE_ROW) {
        es_axis_value_text(axis, x->coordinate[axis - x->sweep->axes], kept, sizeof kept);
        snprintf(to, size, "axis %s = %s, %s", axis->name, kept, where);
    } else if (node->kind == ES_NODE_OPTION) {
        bool usual = x->value[node - x->kernel->nodes] == x->kernel->options[node->index].fallback;
        snprintf(to, size, usual ? "default" : "[sweep]");
    } else if (node->kind == ES_NODE_WORKLOAD || node->kind == ES_NODE_FACTOR || node->kind == ES_NODE_AXIS) {
        snprintf(to, size, node->kind == ES_NODE_WORKLOAD ? "default" : "no axis");
    } else {
        const es_row *row = row_of(x, node->entity);
        origin_text(&row->origin, where, sizeof where);
        bool written = row->text[node->index][0] != '\0';
        snprintf(to, size, "%s%s", written ? "" : isnan(row->value[node->index]) ? "not given, " : "default, ", where);
    }
}

static bool is_leaf(const es_node *node) { return node->kind != ES_NODE_FN && node->kind != ES_NODE_BLOCK; }

/* Nodes "SLOT ..." of a slot whose "SLOT type" is none: the point has fewer tensor types than there are slots. */
static bool is_empty_slot(const es_explanation *x, const es_node *node) {
    static const char suffix[] = " type";
    for (size_t i = 0; i < x->kernel->n_nodes; i++) {
        const es_node *type = &x->kernel->nodes[i];
        size_t length = strlen(type->name), slot = length - (sizeof suffix - 1);
        if (length < sizeof suffix || strcmp(type->name + slot, suffix) != 0 || !type->labels)
            continue;
        bool empty = isnan(x->value[i]) || strcmp(type->labels[(size_t)x->value[i]], "none") == 0;
        if (empty && strncmp(node->name, type->name, slot + 1) == 0)
            return true;
    }
    return false;
}

/* What explains nothing: factors and absolute axes that are not there, what is made of nothing else, empty slots. */
static bool is_idle(const es_explanation *x, const es_node *node) {
    if (node->kind == ES_NODE_FACTOR || node->kind == ES_NODE_AXIS)
        return !field_axis(x, node);
    if (is_leaf(node) || node->flags & ES_METRIC)
        return false;
    bool idle = node->kind == ES_NODE_FN && node->n_in > 0;
    for (size_t k = 0; k < node->n_in && idle; k++)
        idle = is_idle(x, &x->kernel->nodes[node->in[k]]);
    return idle || is_empty_slot(x, node);
}

/* ---- printing ---- */

static void print_row_source(const char *kind, const es_row *row, int basis, int source, int note) {
    char where[300], text[1024];
    origin_text(&row->origin, where, sizeof where);
    es_escape(text, sizeof text, es_slice_of(row->name));
    printf("%-10s %s, %s\n", kind, text, where);
    const int fields[] = {basis, source, note};
    static const char *const names[] = {"basis", "source", "note"};
    for (size_t i = 0; i < 3; i++) {
        if (fields[i] < 0 || !row->text[fields[i]][0])
            continue;
        es_escape(text, sizeof text, es_slice_of(row->text[fields[i]]));
        printf("%10s %s: %s\n", "", names[i], text);
    }
}

static void print_point(const es_explanation *x) {
    printf("point %llu of %llu, kernel %s\n\n", (unsigned long long)x->index, (unsigned long long)x->sweep->n_points,
           x->kernel->name);
    print_row_source("model", x->rows.model, -1, ES_M_SOURCE, ES_M_NOTE);
    print_row_source("device", x->rows.device, ES_D_BASIS, ES_D_SOURCE, ES_D_NOTE);
    if (x->rows.runtime)
        printf("runtime    %s\n", x->rows.runtime);
    print_row_source("precision", x->rows.precision, -1, ES_P_SOURCE, ES_P_NOTE);
}

static es_status print_leaves(const es_explanation *x, es_errors *errors) {
    static const char *const headers[] = {"input", ">value", "from", NULL};
    char text[400];
    es_grid grid;
    es_grid_begin(&grid, headers);
    for (size_t i = 0; i < x->kernel->n_nodes; i++) {
        const es_node *node = &x->kernel->nodes[i];
        if (!is_leaf(node) || is_idle(x, node))
            continue;
        es_grid_cell(&grid, node->name);
        value_text(x, i, text, sizeof text);
        es_grid_cell(&grid, text);
        leaf_source(x, node, text, sizeof text);
        es_grid_cell(&grid, text);
    }
    putchar('\n');
    return es_grid_print(&grid, stdout, 0, es_colored(x->cli, stdout), errors);
}

static void print_inputs(const es_explanation *x, const uint16_t *in, size_t n) {
    char text[128];
    size_t printed = 0;
    for (size_t k = 0; k < n; k++) {
        if (is_idle(x, &x->kernel->nodes[in[k]]))
            continue;
        value_text(x, in[k], text, sizeof text);
        printf("%s%s = %s", printed++ ? ", " : "    ", x->kernel->nodes[in[k]].name, text);
    }
    if (printed)
        putchar('\n');
}

/* Outputs of one block follow each other and share their inputs: these are printed once. */
static bool continues_block(const es_explanation *x, size_t id) {
    const es_node *node = &x->kernel->nodes[id], *before = id ? node - 1 : NULL;
    return before && node->kind == ES_NODE_BLOCK && before->kind == ES_NODE_BLOCK && before->index == node->index;
}

static void print_node(const es_explanation *x, size_t id) {
    const es_node *node = &x->kernel->nodes[id];
    const es_block *block = node->kind == ES_NODE_BLOCK ? &x->kernel->blocks[node->index] : NULL;
    const char *formula = node->formula ? node->formula : node->help ? node->help : block ? block->name : "";
    char text[128];
    value_text(x, id, text, sizeof text);
    printf("%s = %s\n    %s%s%s%s\n", node->name, text, formula, node->source ? "   (" : "",
           node->source ? node->source : "", node->source ? ")" : "");
    if (!block)
        print_inputs(x, node->in, node->n_in);
    else if (!continues_block(x, id))
        print_inputs(x, block->in, block->n_in);
}

static void print_nodes(const es_explanation *x) {
    for (size_t i = 0; i < x->kernel->n_nodes; i++) {
        const es_node *node = &x->kernel->nodes[i];
        if (!is_leaf(node) && !(node->flags & ES_WARNING) && !is_idle(x, node))
            print_node(x, i);
    }
    for (size_t i = 0; i < x->kernel->n_nodes; i++)
        if (x->kernel->nodes[i].flags & ES_WARNING && x->value[i] > 0)
            printf("warning: %s\n", x->kernel->nodes[i].help);
}

static void print_conditions(const es_explanation *x) {
    for (size_t i = 0; i < x->sweep->n_conditions; i++)
        printf("%s%s: %s\n", i ? "" : "\n", es_quote_text(x->sweep->condition[i]).text,
               es_condition_holds(x->sweep, i, x->value) ? "holds" : "does not hold, so the point is not written");
}

static es_status explain(es_explanation *x, es_errors *errors) {
    es_sweep_coordinates(x->sweep, x->index, x->coordinate);
    x->rows = es_plan_rows(x->sweep, x->coordinate);
    x->digits = es_given(x->cli, ES_OPT_EXACT) ? 17 : (int)es_count_of(x->cli, ES_OPT_DIGITS, 9);
    x->value = calloc(es_sweep_nodes(x->sweep) + 1, sizeof *x->value);
    if (!x->value)
        return es_fail_memory(errors);
    es_status status = es_sweep_point(x->sweep, x->index, x->value, errors);
    if (!status) {
        print_point(x);
        status = print_leaves(x, errors);
        putchar('\n');
        print_nodes(x);
        print_conditions(x);
    }
    free(x->value);
    return status;
}

static es_status run_explain(es_cli *cli, es_errors *errors) {
    es_catalog catalog = {0};
    es_sweep *sweep = NULL;
    es_explanation x = {.cli = cli};
    es_status status = es_cli_load_sweep(cli, &catalog, &sweep, errors);
    if (!status)
        status = find_point(cli, sweep, &x.index, errors);
    if (!status) {
        x.sweep = sweep;
        x.kernel = sweep->kernel;
        status = explain(&x, errors);
    }
    es_sweep_free(sweep);
    es_catalog_free(&catalog);
    return status;
}

static const char *const examples[] = {
    "edgesweep explain sweeps/paper.sweep --index 17",
    "the point behind row 17 of an unfiltered CSV, counted from 0",
    "edgesweep explain sweeps/paper.sweep --point 'model=EP-TinyLlama-1B,device=EP Raspberry Pi 5,precision=INT4'",
    "a point by its values",
    NULL,
};

const es_command es_cmd_explain = {
    .id = ES_CMD_EXPLAIN,
    .name = "explain",
    .synopsis = "[FILE.sweep]",
    .max_operands = 1,
    .help = "show every value of one point with formula, inputs and sources",
    .details = "The point is given by --index or by --point; axes with a single value may be left out there.\n\n"
               "First come the catalog rows with their sources, then every input with the place it was read from, "
               "then every computed value: its formula, where the formula is published, and the values it was "
               "computed from.",
    .examples = examples,
    .run = run_explain,
};
