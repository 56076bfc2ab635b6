#include <math.h>
#include <string.h>

#include "base/utf8.h"
#include "catalog/loose.h"
#include "commands/commands.h"
#include "cli/json_print.h"
#include "cli/kinds.h"
#include "cli/print.h"
#include "io/format.h"
#include "model/inventory.h"

/* ---- catalog rows ---- */

/* A cell as the row has it, 17 digits if they are needed; "" when absent. */
static void field_value(char *to, size_t size, const es_field *field, const es_row *row, size_t f) {
    double value = row->value[f];
    bool chosen = field->type == ES_CHOICE || field->type == ES_OPENSET;
    if (row->text[f][0] && !es_field_is_numeric(field)) {
        snprintf(to, size, "%s", row->text[f]);
    } else if (isnan(value)) {
        to[0] = '\0';
    } else if (chosen) {
        snprintf(to, size, "%s", field->choices[(size_t)value]);
    } else {
        char digits[40];
        size_t length = es_format_double(digits, value, 15);
        snprintf(to, size, "%.*s", (int)length, digits);
    }
}

static void add_field(es_listing *listing, const es_field *field, const es_row *row, size_t f) {
    char value[600];
    field_value(value, sizeof value, field, row, f);
    bool written = row->text[f][0] != '\0';
    es_listing_cell(listing, field->name);
    es_listing_cell(listing, *value ? value : "-");
    es_listing_cell(listing, field->unit);
    es_listing_cell(listing, written ? "" : *value ? "default" : "not given");
    es_listing_cell(listing, field->help);
}

/* Texts may be long: a line each. */
static void print_texts(const es_cli *cli, const es_row *row, const es_field_table *table) {
    char text[2048];
    for (size_t f = 0; f < table->n_fields; f++) {
        es_escape(text, sizeof text, es_slice_of(row->text[f]));
        if (table->fields[f].type == ES_TEXT && *text)
            fprintf(cli->out, "%s: %s\n", table->fields[f].name, text);
    }
}

static es_status show_row(es_cli *cli, es_kind kind, const es_row *row, es_errors *errors) {
    static const char *const headers[] = {"field", ">value", "unit", "", "meaning", NULL};
    es_listing listing;
    const es_field_table *table = es_fields(kind);
    char where[512];
    es_escape(where, sizeof where, es_slice_of(row->origin.file));
    fprintf(cli->out, "%s from %s:%llu\n", es_listed_singular[kind], where, (unsigned long long)row->origin.line);
    print_texts(cli, row, table);
    fputc('\n', cli->out);
    es_listing_begin(&listing, headers);
    for (size_t f = 0; f < table->n_fields; f++)
        if (table->fields[f].type != ES_TEXT)
            add_field(&listing, &table->fields[f], row, f);
    return es_listing_print(&listing, cli, cli->out, 0, errors);
}

/* The layers of a model, kind by kind: what each keeps at 32k positions (16-bit cache, F32 state) and holds. */
static es_status show_layers(es_cli *cli, const es_catalog *catalog, const es_row *model, es_errors *errors) {
    static const char *const headers[] = {"layers", ">count", "mixer", ">cache at 32k", ">state", ">parameters", NULL};
    static const char *const mixers[] = {"attention", "mla", "gdn", "mamba1", "mamba2", "rwkv7", "conv", "linear"};
    es_arch arch;
    const es_shape shape = es_shape_of(model);
    es_status status = es_arch_compile(catalog, model, &cli->arena, &arch, errors);
    if (status)
        return status;
    double count[ES_MAX_KINDS];
    const size_t kinds = es_arch_count(&arch, &shape, shape.layers, count);
    es_listing listing;
    es_listing_begin(&listing, headers);
    for (size_t k = 0; k < kinds; k++) {
        if (count[k] == 0)
            continue;
        const es_layer layer = es_layer_of(&arch, &shape, (int)k);
        es_stack costs;
        es_tensor tensor[ES_MAX_TENSORS];
        es_vectors f32;
        char mixer[80] = "";
        es_layer_costs(&arch, &shape, &layer, &costs);
        double numbers = 0;
        for (size_t i = 0, n = es_layer_tensors(&arch, &shape, &layer, tensor, &f32); i < n; i++)
            numbers += tensor[i].in * tensor[i].out * tensor[i].depth;
        numbers += f32.streamed + f32.stored + f32.routed * layer.experts;
        for (size_t i = 0, used = 0; i < sizeof mixers / sizeof *mixers; i++)
            if (layer.mixers >> i & 1)
                used += (size_t)snprintf(mixer + used, sizeof mixer - used, "%s%s", used ? "+" : "", mixers[i]);
        const double seen = layer.window > 0 ? fmin(layer.window, 32768) : 32768;
        es_listing_cell(&listing, arch.kind            ? arch.row[k]->text[ES_L_KIND]
                                  : k & ES_SHORT_CONV  ? "convolution"
                                  : layer.window > 0   ? k & ES_SHORT_DENSE ? "window, dense" : "window"
                                  : k & ES_SHORT_DENSE ? "dense"
                                                       : "all");
        es_listing_format(&listing, "%.0f", count[k]);
        es_listing_cell(&listing, *mixer ? mixer : "none");
        es_listing_format(&listing, "%.0f B", count[k] * (costs.span[0].k + costs.span[0].v) * seen * 2);
        es_listing_format(&listing, "%.0f B", count[k] * costs.state * 4);
        es_listing_format(&listing, "%.0f", count[k] * numbers);
    }
    fputc('\n', cli->out);
    return es_listing_print(&listing, cli, cli->out, 0, errors);
}

static es_status show_catalog(es_cli *cli, es_listed kind, const char *name, es_errors *errors) {
    es_catalog catalog = {0};
    es_status status = es_cli_load_catalog(cli, &catalog, errors);
    if (!status) {
        const es_table *table = &catalog.table[kind];
        const es_row *row = es_loose_row(table, (es_kind)kind, es_slice_of(name));
        char near[400];
        bool json = false;
        status = es_typed_asked(cli, &json, errors);
        if (row && json && !status) {
            status = es_typed_print(es_typed_row((es_kind)kind, row), errors);
            row = NULL;
        } else if (!status)
            status = row ? show_row(cli, (es_kind)kind, row, errors)
                         : es_fail(errors, ES_EUSAGE, NULL, "unknown %s: '%s'; %s", es_listed_singular[kind],
                                   es_quote_text(name).text,
                                   es_loose_suggest(table, (es_kind)kind, es_slice_of(name), near, sizeof near));
        if (!status && row && (es_kind)kind == ES_MODEL)
            status = show_layers(cli, &catalog, row, errors);
    }
    es_catalog_free(&catalog);
    return status;
}

/* ---- kernels ---- */

static const char *or_empty(const char *text) { return text ? text : ""; }

static void add_range(es_listing *listing, double min, double max) {
    char low[40], high[40];
    es_human_number(low, sizeof low, min);
    es_human_number(high, sizeof high, max);
    es_listing_format(listing, "%s ... %s", low, high);
}

static es_status show_axes(es_cli *cli, const es_kernel *kernel, es_errors *errors) {
    static const char *const headers[] = {"workload axis", "unit", ">default", "range", "meaning", NULL};
    es_listing listing;
    es_listing_begin(&listing, headers);
    for (size_t i = 0; i < kernel->n_axes; i++) {
        const es_workload_axis *axis = &kernel->axes[i];
        es_listing_cell(&listing, axis->name);
        es_listing_cell(&listing, axis->unit);
        es_listing_number(&listing, axis->fallback);
        add_range(&listing, axis->min, axis->max);
        es_listing_cell(&listing, axis->help);
    }
    return es_listing_print(&listing, cli, cli->out, 0, errors);
}

static void add_option(es_listing *listing, const es_option *option) {
    es_listing_cell(listing, option->name);
    es_listing_cell(listing, option->unit);
    if (option->text)
        es_listing_cell(listing, option->text);
    else if (option->choices && !isnan(option->fallback))
        es_listing_cell(listing, option->choices[(size_t)option->fallback]);
    else
        es_listing_number(listing, option->fallback);
    char list[256] = "";
    for (size_t i = 0, used = 0; option->choices && option->choices[i] && used < sizeof list; i++)
        used += (size_t)snprintf(list + used, sizeof list - used, "%s%s", i ? ", " : "", option->choices[i]);
    if (option->choices)
        es_listing_cell(listing, list);
    else
        add_range(listing, option->min, option->max);
    es_listing_cell(listing, option->help);
}

static es_status show_options(es_cli *cli, const es_kernel *kernel, es_errors *errors) {
    static const char *const headers[] = {"option", "unit", "default", "range", "meaning", NULL};
    es_listing listing;
    es_listing_begin(&listing, headers);
    for (size_t i = 0; i < kernel->n_options; i++)
        add_option(&listing, &kernel->options[i]);
    return es_listing_print(&listing, cli, cli->out, 0, errors);
}

static es_status show_nodes(es_cli *cli, const es_kernel *kernel, es_errors *errors) {
    static const char *const headers[] = {"metric", "unit", "meaning", NULL};
    es_listing listing;
    es_listing_begin(&listing, headers);
    for (size_t i = 0; i < kernel->n_nodes; i++) {
        if (!(kernel->nodes[i].flags & ES_METRIC))
            continue;
        es_listing_cell(&listing, kernel->nodes[i].name);
        es_listing_cell(&listing, kernel->nodes[i].unit);
        es_listing_cell(&listing, or_empty(kernel->nodes[i].help));
    }
    return es_listing_print(&listing, cli, cli->out, 0, errors);
}

/* The catalog fields that the kernel reads; a star marks those a row must have. */
static void print_fields_read(const es_cli *cli, const es_kernel *kernel, es_kind kind) {
    const es_field_table *table = es_fields(kind);
    size_t printed = 0;
    for (size_t f = 0; f < table->n_fields; f++) {
        unsigned flags = 0;
        bool reads = false;
        for (size_t i = 0; i < kernel->n_nodes; i++) {
            const es_node *node = &kernel->nodes[i];
            bool leaf = node->kind == ES_NODE_FIELD || node->kind == ES_NODE_ROW || node->kind == ES_NODE_AXIS;
            if (leaf && node->entity == kind && node->index == f)
                reads = true, flags |= node->flags;
        }
        if (reads)
            fprintf(cli->out, "%s%s%s", printed++ ? ", " : "", table->fields[f].name, flags & ES_NEEDED ? "*" : "");
    }
    fprintf(cli->out, "%s\n", printed ? "" : "whole rows");
}

static es_status show_kernel(es_cli *cli, const es_kernel *kernel, es_errors *errors) {
    fprintf(cli->out, "kernel %s\n%s\n%s\n\n", kernel->name, or_empty(kernel->help), or_empty(kernel->source));
    es_status status = show_axes(cli, kernel, errors);
    fputc('\n', cli->out);
    if (!status && kernel->n_options) {
        status = show_options(cli, kernel, errors);
        fputc('\n', cli->out);
    }
    fprintf(cli->out, "%s\n", "catalog fields read (* needed)");
    for (es_kind kind = ES_MODEL; kind <= ES_PRECISION; kind++) {
        fprintf(cli->out, "  %-10s ", es_listed_singular[kind]);
        print_fields_read(cli, kernel, kind);
    }
    fputc('\n', cli->out);
    return status ? status : show_nodes(cli, kernel, errors);
}

static es_status find_kernel(es_cli *cli, const char *name, es_errors *errors) {
    const es_kernel *kernel;
    es_status status = es_cli_kernel(cli, name, &kernel, errors);
    return status ? status : show_kernel(cli, kernel, errors);
}

/* ---- metrics ---- */

static void show_metric(const es_cli *cli, const es_kernel *kernel, const es_node *node) {
    fprintf(cli->out, "metric %s%s%s%s (kernel %s)\n", node->name, *node->unit ? " [" : "", node->unit,
            *node->unit ? "]" : "", kernel->name);
    if (node->help)
        fprintf(cli->out, "  meaning  %s\n", node->help);
    if (node->formula)
        fprintf(cli->out, "  formula  %s\n", node->formula);
    if (node->source)
        fprintf(cli->out, "  source   %s\n", node->source);
    for (size_t i = 0; i < node->n_in; i++)
        fprintf(cli->out, "%s%s", i ? ", " : "  inputs   ", kernel->nodes[node->in[i]].name);
    if (node->n_in)
        fputc('\n', cli->out);
    for (size_t i = 0; node->labels && node->labels[i]; i++)
        fprintf(cli->out, "%s%s", i ? ", " : "  values   ", node->labels[i]);
    if (node->labels)
        fputc('\n', cli->out);
}

static es_status unknown_metric(es_cli *cli, const es_kernel *only, const char *name, es_errors *errors) {
    size_t n = 0, room = 0;
    for (size_t i = 0; i < es_kernel_count(); i++)
        room += es_kernel_at(i)->n_nodes;
    const char **names = es_arena_array(&cli->arena, room + 1, sizeof *names);
    if (!names)
        return es_fail_memory(errors);
    for (size_t i = 0; i < es_kernel_count(); i++)
        for (size_t k = 0; k < es_kernel_at(i)->n_nodes; k++)
            if (es_kernel_wanted(only, es_kernel_at(i)) && es_kernel_at(i)->nodes[k].flags & ES_METRIC)
                names[n++] = es_kernel_at(i)->nodes[k].name;
    const char *near = es_nearest(es_slice_of(name), names, n);
    return es_fail(errors, ES_EUSAGE, NULL, "unknown metric: '%s'; %s%s%s", es_quote_text(name).text,
                   near ? "did you mean '" : "see 'edgesweep list metrics", near ? near : "", near ? "'?" : "'");
}

static es_status show_metrics(es_cli *cli, const char *name, es_errors *errors) {
    const es_kernel *only;
    size_t shown = 0;
    es_status status = es_cli_kernel(cli, es_text_of(cli, ES_OPT_KERNEL), &only, errors);
    for (size_t i = 0; !status && i < es_kernel_count(); i++) {
        const es_kernel *kernel = es_kernel_at(i);
        int node = es_kernel_wanted(only, kernel) ? es_kernel_node(kernel, name, strlen(name)) : -1;
        if (node < 0 || !(kernel->nodes[node].flags & ES_METRIC))
            continue;
        if (shown++)
            fputc('\n', cli->out);
        show_metric(cli, kernel, &kernel->nodes[node]);
    }
    return status || shown ? status : unknown_metric(cli, only, name, errors);
}

/* Names with blanks need no quotes: the words are joined again. */
static const char *join_operands(es_cli *cli) {
    const char *name = cli->operand[1];
    for (size_t i = 2; name && i < cli->n_operands; i++)
        name = es_arena_printf(&cli->arena, "%s %s", name, cli->operand[i]);
    return name;
}

static es_status run_show(es_cli *cli, es_errors *errors) {
    int kind = es_choose(cli, "kind", es_listed_names, cli->operand[0], errors);
    if (kind < 0)
        return ES_EUSAGE;
    const char *name = join_operands(cli);
    if (!name)
        return es_fail_memory(errors);
    if (es_given(cli, ES_OPT_KERNEL) && kind != ES_LIST_METRICS)
        return es_usage(cli, errors, "--kernel goes with metrics only");
    if (kind == ES_LIST_KERNELS)
        return find_kernel(cli, name, errors);
    if (kind == ES_LIST_METRICS)
        return show_metrics(cli, name, errors);
    return show_catalog(cli, (es_listed)kind, name, errors);
}

static const char *const examples[] = {
    "edgesweep show device Raspberry Pi 5",
    "every field of a board, where it comes from",
    "edgesweep show metric end_to_end_ms",
    "the formula of a column",
    NULL,
};

const es_command es_cmd_show = {
    .id = ES_CMD_SHOW,
    .name = "show",
    .synopsis = "model|device|unit|runtime|precision|product|kernel|metric NAME",
    .min_operands = 2,
    .max_operands = 16,
    .choices = es_listed_singular,
    .help = "show every field of a catalog row, a kernel or a metric",
    .details = "NAME is found as `advise` finds it: rpi5, llama3.2:3b, q4km; blanks need no quotes.",
    .examples = examples,
    .wraps = true,
    .run = run_show,
};
