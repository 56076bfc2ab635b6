/* explain: every value of one point, with its formula, its inputs and where the constants come from. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "base/utf8.h"
#include "commands/commands.h"
#include "commands/explain_brief.h"
#include "commands/explain_point.h"
#include "cli/json_print.h"
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
    bool json;
} es_explanation;

/* ---- values ---- */

static const es_row *row_of(const es_explanation *x, es_kind kind) {
    return kind == ES_MODEL ? x->rows.model : kind == ES_DEVICE ? x->rows.device : x->rows.precision;
}

/* The word behind a value that is an index; NULL for numbers. */
static const char *label_of(const es_explanation *x, const es_node *node, double value) {
    if (node->kind == ES_NODE_OPTION && x->kernel->options[node->index].choices)
        return x->kernel->options[node->index].choices[(size_t)value];
    if (node->kind == ES_NODE_OPTION && x->kernel->options[node->index].text) {
        const es_option *option = &x->kernel->options[node->index];
        return x->sweep->catalog->table[option->kind].rows[(size_t)value].text[option->field];
    }
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
    const bool is_build = node->kind == ES_NODE_OPTION && x->kernel->options[node->index].parse;
    const char *label = isnan(value)   ? "none"
                        : is_build     ? es_build_words(value, digits, sizeof digits)
                        : isinf(value) ? "beyond the range of a double"
                                       : label_of(x, node, value);
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
    const bool of_field = node->kind == ES_NODE_FIELD || node->kind == ES_NODE_AXIS;
    const es_tied *tied = of_field ? es_plan_tied_field(x->sweep->plan, node->entity, node->index) : NULL;
    if (axis)
        origin_text(&axis->origin, where, sizeof where);
    if (tied) {
        origin_text(&tied->at, where, sizeof where);
        snprintf(to, size, "expr(%s), %s", tied->formula, where);
    } else if (axis && axis->given && node->kind != ES_NODE_ROW) {
        es_axis_value_text(axis, x->coordinate[axis - x->sweep->axes], kept, sizeof kept);
        snprintf(to, size, "axis %s = %s, %s", axis->name, kept, where);
    } else if (node->kind == ES_NODE_OPTION) {
        const es_option *option = &x->kernel->options[node->index];
        double value = x->value[node - x->kernel->nodes];
        const char *text = label_of(x, node, isnan(value) ? 0 : value);
        bool usual = option->text ? strcmp(isnan(value) ? "" : text, option->text) == 0 : value == option->fallback;
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

/* Nodes SLOT_... of a slot whose SLOT_type is none: the point has fewer tensor types than there are slots. */
static bool is_empty_slot(const es_explanation *x, const es_node *node) {
    static const char suffix[] = "_type";
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

typedef enum use { UNUSED, FOR_WARNINGS, USED } use;

/* What other nodes read a node for. */
static use use_of(const es_explanation *x, size_t id) {
    use found = UNUSED;
    for (size_t i = 0; i < x->kernel->n_nodes; i++) {
        const es_node *user = &x->kernel->nodes[i];
        for (size_t k = 0; k < user->n_in; k++) {
            if (user->in[k] != id)
                continue;
            if (!(user->flags & ES_WARNING))
                return USED;
            found = FOR_WARNINGS;
        }
    }
    return found;
}

/* A catalog field that is not written and says nothing: 0 or absent. */
static bool is_unset(const es_explanation *x, size_t id) {
    const es_node *node = &x->kernel->nodes[id];
    if ((node->kind != ES_NODE_FIELD && node->kind != ES_NODE_ROW) || field_axis(x, node))
        return false;
    if (node->kind == ES_NODE_FIELD && es_plan_tied_field(x->sweep->plan, node->entity, node->index))
        return false;
    if (es_fields(node->entity)->fields[node->index].choices) /* 0 is the first choice */
        return false;
    return row_of(x, node->entity)->text[node->index][0] == '\0' && !(fabs(x->value[id]) > 0);
}

/* A computed 0 that is a term of others: experts of a dense model, hops of a single node. */
static bool is_nothing(const es_explanation *x, size_t id) {
    const es_node *node = &x->kernel->nodes[id];
    bool term = !is_leaf(node) && !(node->flags & (ES_METRIC | ES_LABELS | ES_WARNING));
    return term && x->value[id] == 0 && use_of(x, id) == USED;
}

/* What explains nothing: factors and absolute axes that are not there, what is made of nothing else, empty slots. */
static bool is_idle(const es_explanation *x, const es_node *node) {
    if (node->kind == ES_NODE_FACTOR || node->kind == ES_NODE_AXIS)
        return !field_axis(x, node) &&
               !(node->kind == ES_NODE_AXIS && es_plan_tied_field(x->sweep->plan, node->entity, node->index));
    if (is_leaf(node) || node->flags & ES_METRIC)
        return false;
    bool idle = node->kind == ES_NODE_FN && node->n_in > 0;
    for (size_t k = 0; k < node->n_in && idle; k++)
        idle = is_idle(x, &x->kernel->nodes[node->in[k]]);
    return idle || is_empty_slot(x, node);
}

/* ---- printing ---- */

static void print_row_source(const es_explanation *x, const char *kind, const es_row *row, int basis, int unsourced,
                             int source, int note) {
    char where[300], text[1024];
    origin_text(&row->origin, where, sizeof where);
    es_escape(text, sizeof text, es_slice_of(row->name));
    fprintf(x->cli->out, "%-10s %s, %s\n", kind, text, where);
    const int fields[] = {basis, unsourced, source, note};
    static const char *const names[] = {"basis", "unsourced", "source", "note"};
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        if (fields[i] < 0 || !row->text[fields[i]][0])
            continue;
        es_escape(text, sizeof text, es_slice_of(row->text[fields[i]]));
        fprintf(x->cli->out, "%10s %s: %s\n", "", names[i], text);
    }
}

static void print_point(const es_explanation *x) {
    fprintf(x->cli->out, "point %llu of %llu, kernel %s\n\n", (unsigned long long)x->index,
            (unsigned long long)x->sweep->n_points, x->kernel->name);
    print_row_source(x, "model", x->rows.model, -1, -1, ES_M_SOURCE, ES_M_NOTE);
    print_row_source(x, "device", x->rows.device, ES_D_BASIS, ES_D_UNSOURCED, ES_D_SOURCE, ES_D_NOTE);
    if (x->rows.runtime)
        print_row_source(x, "runtime", x->rows.runtime, -1, -1, ES_R_SOURCE, ES_R_NOTE);
    print_row_source(x, "precision", x->rows.precision, -1, -1, ES_P_SOURCE, ES_P_NOTE);
}

/* The names of those nodes that `chosen` wants, in one line. */
static void print_names(const es_explanation *x, const char *title, bool (*chosen)(const es_explanation *, size_t)) {
    size_t printed = 0;
    for (size_t i = 0; i < x->kernel->n_nodes; i++)
        if (chosen(x, i) && !is_idle(x, &x->kernel->nodes[i]))
            fprintf(x->cli->out, "%s%s", printed++ ? ", " : title, x->kernel->nodes[i].name);
    if (printed)
        fputc('\n', x->cli->out);
}

static bool is_absent(const es_explanation *x, size_t id) { return is_unset(x, id) && isnan(x->value[id]); }
static bool is_unset_zero(const es_explanation *x, size_t id) { return is_unset(x, id) && x->value[id] == 0; }

static es_status print_leaves(const es_explanation *x, es_errors *errors) {
    static const char *const headers[] = {"input", ">value", "from", NULL};
    char text[400];
    es_listing listing;
    es_listing_begin(&listing, headers);
    for (size_t i = 0; i < x->kernel->n_nodes; i++) {
        const es_node *node = &x->kernel->nodes[i];
        if (!is_leaf(node) || is_idle(x, node) || is_unset(x, i))
            continue;
        es_listing_cell(&listing, node->name);
        value_text(x, i, text, sizeof text);
        es_listing_cell(&listing, text);
        leaf_source(x, node, text, sizeof text);
        es_listing_cell(&listing, text);
    }
    fputc('\n', x->cli->out);
    es_status status = es_listing_print(&listing, x->cli, x->cli->out, 0, errors);
    print_names(x, "not given: ", is_absent);
    print_names(x, "0, as not given: ", is_unset_zero);
    return status;
}

/* `brief` leaves out what the rows do not give: for layouts, which read some forty fields. */
static void print_inputs(const es_explanation *x, const uint16_t *in, size_t n, bool brief) {
    char text[128];
    size_t printed = 0;
    for (size_t k = 0; k < n; k++) {
        if (is_idle(x, &x->kernel->nodes[in[k]]) || (brief && is_unset(x, in[k])))
            continue;
        value_text(x, in[k], text, sizeof text);
        fprintf(x->cli->out, "%s%s = %s", printed++ ? ", " : "    ", x->kernel->nodes[in[k]].name, text);
    }
    if (printed)
        fputc('\n', x->cli->out);
}

/* FILE:LINE: the cells of the row; of a device the one that matters, the others are printed above. */
static void print_source(const es_explanation *x, const es_source *source, uint64_t last_line) {
    const es_field_table *fields = es_fields(source->kind);
    char text[1024];
    origin_text(&source->row->origin, text, sizeof text);
    fprintf(x->cli->out, "    from %s", text);
    if (last_line != source->row->origin.line) {
        fprintf(x->cli->out, "-%llu\n", (unsigned long long)last_line);
        return;
    }
    const char *separator = ": ";
    for (size_t f = 0; f < fields->n_fields; f++) {
        bool wanted = source->kind == ES_DEVICE ? (int)f == source->field : strcmp(fields->fields[f].name, "note") != 0;
        if (!wanted || !source->row->text[f][0])
            continue;
        es_escape(text, sizeof text, es_slice_of(source->row->text[f]));
        fprintf(x->cli->out, "%s%s %s", separator, fields->fields[f].name, text);
        separator = ", ";
    }
    if (source->kind == ES_SCORE && !source->row->text[ES_S_DATE][0])
        fputs(", undated", x->cli->out);
    fputc('\n', x->cli->out);
}

/* The catalog rows behind an output of a block; neighbouring rules of a mixture as a range. */
static void print_sources(const es_explanation *x, const es_node *node) {
    const es_block *block = &x->kernel->blocks[node->index];
    es_source list[ES_MAX_SOURCES];
    double in[ES_MAX_BLOCK_INPUTS];
    if (!block->sources)
        return;
    for (size_t k = 0; k < block->n_in; k++)
        in[k] = x->value[block->in[k]];
    size_t n = block->sources(x->sweep->plan->state, &x->rows, in, node->output, list);
    for (size_t i = 0, end; i < n; i = end) {
        uint64_t line = list[i].row->origin.line;
        for (end = i + 1; end < n && list[i].kind == ES_GGUF_MIXTURE; end++, line++)
            if (list[end].row->origin.file != list[i].row->origin.file || list[end].row->origin.line != line + 1)
                break;
        print_source(x, &list[i], line);
    }
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
    fprintf(x->cli->out, "%s = %s\n    %s%s%s%s\n", node->name, text, formula, node->source ? "   (" : "",
            node->source ? node->source : "", node->source ? ")" : "");
    if (block)
        print_sources(x, node);
    if (!block)
        print_inputs(x, node->in, node->n_in, false);
    else if (!continues_block(x, id))
        print_inputs(x, block->in, block->n_in, true);
}

static void print_nodes(const es_explanation *x) {
    for (size_t i = 0; i < x->kernel->n_nodes; i++) {
        const es_node *node = &x->kernel->nodes[i];
        bool shown = !is_leaf(node) && !(node->flags & ES_WARNING) && !is_idle(x, node) && !is_nothing(x, i);
        if (shown && (node->flags & ES_METRIC || use_of(x, i) != FOR_WARNINGS))
            print_node(x, i);
    }
    print_names(x, "0 at this point: ", is_nothing);
    for (size_t i = 0; i < x->kernel->n_nodes; i++)
        if (x->kernel->nodes[i].flags & ES_WARNING && x->value[i] > 0)
            fprintf(x->cli->out, "warning: %s\n", x->kernel->nodes[i].help);
}

/* The name of what a formula of the user reads: a column; several may show one node, the first is named. */
static const es_column *column_of(const es_sweep *sweep, uint16_t node) {
    for (size_t i = 0; i < sweep->n_columns; i++)
        if (sweep->columns[i].node == node)
            return &sweep->columns[i];
    return NULL;
}

static void print_metrics(const es_explanation *x) {
    char text[256];
    for (size_t i = 0; i < x->sweep->plan->n_metrics; i++) {
        const es_node *metric = &x->sweep->plan->metric[i];
        const es_column *column = &x->sweep->columns[es_sweep_column(x->sweep, metric->name, strlen(metric->name))];
        const es_pnode *node = &x->sweep->plan->node[column->node];
        es_column_text(column, x->value[column->node], x->digits, text, sizeof text);
        fprintf(x->cli->out, "%s = %s%s%s\n    %s   ([metrics])\n", metric->name, *text ? text : "none",
                *text && *metric->unit ? " " : "", *text ? metric->unit : "", metric->formula);
        for (size_t k = 0; k < node->n_in; k++) {
            const es_column *read = column_of(x->sweep, node->in[k]);
            es_column_text(read, x->value[read->node], x->digits, text, sizeof text);
            fprintf(x->cli->out, "%s%s = %s%s%s", k ? ", " : "    ", read->name, *text ? text : "none",
                    *text && *read->unit ? " " : "", *text ? read->unit : "");
        }
        if (node->n_in)
            fputc('\n', x->cli->out);
    }
}

static void print_conditions(const es_explanation *x) {
    for (size_t i = 0; i < x->sweep->n_conditions; i++)
        fprintf(x->cli->out, "%s%s: %s\n", i ? "" : "\n", es_quote_text(x->sweep->condition[i]).text,
                es_condition_holds(x->sweep, i, x->value) ? "holds" : "does not hold, so the point is not written");
}

static json_t *node_json(const es_explanation *x, size_t id) {
    const es_node *node = &x->kernel->nodes[id];
    const double value = x->value[id];
    const char *label = isnan(value) ? NULL : label_of(x, node, value);
    json_t *object = json_object();
    json_object_set_new(object, "value",
                        label ? json_string(label) : es_typed_number(value, (node->flags & ES_WHOLE) != 0));
    json_object_set_new(object, "unit", es_typed_text(node->unit));
    json_object_set_new(object, "formula", es_typed_text(node->formula));
    json_object_set_new(object, "source", es_typed_text(node->source));
    if (is_leaf(node)) {
        char from[400];
        leaf_source(x, node, from, sizeof from);
        json_object_set_new(object, "from", es_typed_text(from));
    }
    return object;
}

static es_status print_explanation_json(const es_explanation *x, es_errors *errors) {
    json_t *all = json_object(), *nodes = json_object(), *conditions = json_object();
    json_object_set_new(all, "index", json_integer((json_int_t)x->index));
    json_object_set_new(all, "points", json_integer((json_int_t)x->sweep->n_points));
    json_object_set_new(all, "kernel", json_string(x->kernel->name));
    json_object_set_new(all, "model", json_string(x->rows.model->name));
    json_object_set_new(all, "device", json_string(x->rows.device->name));
    json_object_set_new(all, "runtime", es_typed_text(x->rows.runtime ? x->rows.runtime->name : NULL));
    json_object_set_new(all, "precision", json_string(x->rows.precision->name));
    for (size_t i = 0; i < x->kernel->n_nodes; i++)
        if (!(x->kernel->nodes[i].flags & ES_WARNING) && !is_idle(x, &x->kernel->nodes[i]))
            json_object_set_new(nodes, x->kernel->nodes[i].name, node_json(x, i));
    for (size_t i = 0; i < x->sweep->n_conditions; i++)
        json_object_set_new(conditions, x->sweep->condition[i],
                            json_boolean(es_condition_holds(x->sweep, i, x->value)));
    json_object_set_new(all, "values", nodes);
    json_object_set_new(all, "conditions", conditions);
    return es_typed_print(all, errors);
}

static es_status explain(es_explanation *x, es_errors *errors) {
    es_sweep_coordinates(x->sweep, x->index, x->coordinate);
    x->rows = es_plan_rows(x->sweep, x->coordinate);
    x->digits = es_given(x->cli, ES_OPT_EXACT) ? 17 : (int)es_count_of(x->cli, ES_OPT_DIGITS, 9);
    x->value = calloc(es_sweep_nodes(x->sweep) + 1, sizeof *x->value);
    if (!x->value)
        return es_fail_memory(errors);
    es_status status = es_sweep_point(x->sweep, x->index, x->value, errors);
    if (!status && x->json) {
        status = print_explanation_json(x, errors);
    } else if (!status && !es_given(x->cli, ES_OPT_FULL)) {
        es_print_brief(x->cli, x->sweep, x->index, x->value);
    } else if (!status) {
        print_point(x);
        status = print_leaves(x, errors);
        fputc('\n', x->cli->out);
        print_nodes(x);
        print_metrics(x);
        print_conditions(x);
    }
    free(x->value);
    return status;
}

static es_status run_explain(es_cli *cli, es_errors *errors) {
    es_catalog catalog = {0};
    es_sweep *sweep = NULL;
    es_explanation x = {.cli = cli};
    es_status status = es_typed_asked(cli, &x.json, errors);
    if (!status)
        status = es_cli_load_sweep(cli, &catalog, &sweep, errors);
    errors->n_warnings = 0; /* of other points than this one */
    if (!status)
        status = es_find_point(cli, sweep, &x.index, errors);
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
               "Ten lines tell what the point is, whether it fits, how fast it is and within which range, the largest "
               "terms of "
               "its time and memory, and the weakest evidence. With --full "
               "first come the catalog rows with their sources, then every input with the place it was read from, "
               "then every computed value: its formula, where the formula is published, the catalog rows that "
               "its constants were read from, and the values it was computed from. Fields that no row gives and "
               "terms that are 0 are only named.",
    .examples = examples,
    .wraps = true,
    .run = run_explain,
};
