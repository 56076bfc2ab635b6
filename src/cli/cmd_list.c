#include <math.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/kinds.h"
#include "cli/load.h"
#include "cli/print.h"
#include "grid/plan.h"

typedef struct es_listing {
    es_cli *cli;
    const char *glob; /* NULL: everything */
    const es_kernel *kernel;
    bool names;
    size_t shown;
} es_listing;

static bool matches(const es_listing *listing, const char *name, const char *const *aliases) {
    if (!listing->glob)
        return true;
    es_slice glob = es_slice_of(listing->glob);
    const bool part = !es_is_glob(glob);
    for (; !(part ? strcasestr(name, listing->glob) != NULL : es_glob_match(glob, name)); name = *aliases++)
        if (!aliases || !*aliases)
            return false;
    return true;
}

/* ---- catalogs ---- */

enum { MAX_LISTED_FIELDS = 12 };
static const int model_fields[] = {ES_M_FAMILY, ES_M_LAYERS, ES_M_HIDDEN,   ES_M_INTERMEDIATE,
                                   ES_M_VOCAB,  ES_M_HEADS,  ES_M_KV_HEADS, ES_M_PARAMS_PUBLISHED,
                                   -1};
static const int device_fields[] = {ES_D_UNIT,   ES_D_CLASS,  ES_D_PEAK_FP32, ES_D_MEM_BW, ES_D_STORAGE_BW,
                                    ES_D_RAM_GB, ES_D_LOAD_W, ES_D_PRICE_USD, -1};
static const int precision_fields[] = {
    ES_P_KIND, ES_P_WEIGHT_BITS, ES_P_GROUP_SIZE, ES_P_SCALE_BITS, ES_P_KV_BITS, ES_P_COMPUTE, -1};
static const int unit_fields[] = {ES_U_KIND, ES_U_FP32, ES_U_FP16, ES_U_INT8, ES_U_INT8_MATRIX, ES_U_ISA, -1};
static const int runtime_fields[] = {ES_R_FAMILY,   ES_R_BACKEND,      ES_R_UNIT_KINDS, ES_R_UNITS,
                                     ES_R_REQUIRES, ES_R_SUPPORT_RANK, ES_R_FORMATS,    -1};
static const int *const listed_fields[] = {model_fields, device_fields, precision_fields, unit_fields, runtime_fields};

static void begin_rows(es_grid *grid, es_kind kind, const int *listed) {
    char text[MAX_LISTED_FIELDS][64];
    const char *headers[MAX_LISTED_FIELDS + 2] = {"name"};
    for (size_t i = 0; listed[i] >= 0; i++) {
        const es_field *field = &es_fields(kind)->fields[listed[i]];
        snprintf(text[i], sizeof text[i], "%s%s%s%s%s", es_field_is_numeric(field) ? ">" : "", field->name,
                 *field->unit ? " [" : "", field->unit, *field->unit ? "]" : "");
        headers[i + 1] = text[i];
    }
    es_grid_begin(grid, headers);
}

static void add_row(es_grid *grid, es_kind kind, const es_row *row, const int *listed) {
    es_grid_cell(grid, row->name);
    for (; *listed >= 0; listed++) {
        const es_field *field = &es_fields(kind)->fields[*listed];
        double value = row->value[*listed];
        if (field->type == ES_CHOICE)
            es_grid_cell(grid, isnan(value) ? "" : field->choices[(size_t)value]);
        else if (!es_field_is_numeric(field))
            es_grid_cell(grid, row->text[*listed]);
        else
            es_grid_number(grid, value);
    }
}

static es_status list_rows(es_listing *listing, es_kind kind, es_errors *errors) {
    es_catalog catalog = {0};
    es_grid grid;
    es_status status = es_cli_load_catalog(listing->cli, &catalog, errors);
    if (!status) {
        const es_table *table = &catalog.table[kind];
        begin_rows(&grid, kind, listed_fields[kind]);
        for (size_t i = 0; i < table->n_rows; i++) {
            const es_row *row = &table->rows[i];
            if (!matches(listing, row->name, row->aliases))
                continue;
            listing->shown++;
            if (listing->names)
                puts(row->name);
            else
                add_row(&grid, kind, row, listed_fields[kind]);
        }
        status = es_grid_print(&grid, listing->cli, stdout, 0, errors);
    }
    es_catalog_free(&catalog);
    return status;
}

/* ---- kernels and metrics ---- */

/* The names of axes or options as "a, b". */
#define JOIN_NAMES(to, size, items, n)                                                                                 \
    do {                                                                                                               \
        size_t used_ = 0;                                                                                              \
        (to)[0] = '\0';                                                                                                \
        for (size_t j = 0; j < (n) && used_ < (size); j++)                                                             \
            used_ += (size_t)snprintf((to) + used_, (size)-used_, "%s%s", j ? ", " : "", (items)[j].name);             \
    } while (0)

static void add_kernel(es_grid *grid, const es_kernel *kernel) {
    char axes[256], options[256];
    size_t metrics = 0;
    JOIN_NAMES(axes, sizeof axes, kernel->axes, kernel->n_axes);
    JOIN_NAMES(options, sizeof options, kernel->options, kernel->n_options);
    for (size_t i = 0; i < kernel->n_nodes; i++)
        metrics += (kernel->nodes[i].flags & ES_METRIC) != 0;
    es_grid_cell(grid, kernel->name);
    es_grid_format(grid, "%zu", metrics);
    es_grid_cell(grid, axes);
    es_grid_cell(grid, options);
    es_grid_cell(grid, kernel->help);
    es_grid_cell(grid, kernel->source);
}

static es_status list_kernels(es_listing *listing, es_errors *errors) {
    static const char *const headers[] = {"name", ">metrics", "workload axes", "options", "help", "source", NULL};
    es_grid grid;
    es_grid_begin(&grid, headers);
    for (size_t i = 0; i < es_kernel_count(); i++) {
        const es_kernel *kernel = es_kernel_at(i);
        if (!es_kernel_wanted(listing->kernel, kernel) || !matches(listing, kernel->name, NULL))
            continue;
        listing->shown++;
        if (listing->names)
            puts(kernel->name);
        else
            add_kernel(&grid, kernel);
    }
    return es_grid_print(&grid, listing->cli, stdout, 0, errors);
}

static void add_metrics(es_listing *listing, es_grid *grid, const es_node *nodes, size_t n, const char *kernel) {
    for (size_t i = 0; i < n; i++) {
        const es_node *node = &nodes[i];
        if (!(node->flags & ES_METRIC) || !matches(listing, node->name, NULL))
            continue;
        listing->shown++;
        if (listing->names)
            puts(node->name);
        if (listing->names)
            continue;
        es_grid_cell(grid, kernel);
        es_grid_cell(grid, node->name);
        es_grid_cell(grid, node->unit);
        es_grid_cell(grid, node->formula ? node->formula : node->help);
        es_grid_cell(grid, node->source ? node->source : "");
    }
}

/* The metrics of a sweep: of its kernel, then its own. */
static es_status list_metrics_of(es_listing *listing, const char *path, es_grid *grid, es_errors *errors) {
    es_catalog catalog = {0};
    es_sweep *sweep = NULL;
    es_status status = es_cli_load_sweep_file(listing->cli, path, &catalog, &sweep, errors);
    listing->glob = NULL;
    if (!status)
        add_metrics(listing, grid, sweep->kernel->nodes, sweep->kernel->n_nodes, sweep->kernel->name);
    if (!status)
        add_metrics(listing, grid, sweep->plan->metric, sweep->plan->n_metrics, "[metrics]");
    if (!status)
        status = es_grid_print(grid, listing->cli, stdout, 0, errors);
    es_sweep_free(sweep);
    es_catalog_free(&catalog);
    return status;
}

static es_status list_metrics(es_listing *listing, es_errors *errors) {
    static const char *const headers[] = {"kernel", "metric", "unit", "formula", "source", NULL};
    es_grid grid;
    size_t length = listing->glob ? strlen(listing->glob) : 0;
    const bool of_sweep = length > 6 && strcmp(listing->glob + length - 6, ".sweep") == 0;
    if (es_given(listing->cli, ES_OPT_METRIC) && !of_sweep)
        return es_usage(listing->cli, errors, "--metric needs FILE.sweep");
    es_grid_begin(&grid, headers);
    if (of_sweep)
        return list_metrics_of(listing, listing->glob, &grid, errors);
    for (size_t i = 0; i < es_kernel_count(); i++)
        if (es_kernel_wanted(listing->kernel, es_kernel_at(i)))
            add_metrics(listing, &grid, es_kernel_at(i)->nodes, es_kernel_at(i)->n_nodes, es_kernel_at(i)->name);
    return es_grid_print(&grid, listing->cli, stdout, 0, errors);
}

static es_status run_list(es_cli *cli, es_errors *errors) {
    es_listing listing = {.cli = cli, .glob = cli->n_operands > 1 ? cli->operand[1] : NULL};
    listing.names = es_given(cli, ES_OPT_NAMES);
    int kind = es_choose(cli, "kind", es_listed_names, cli->operand[0], errors);
    if (kind < 0)
        return ES_EUSAGE;
    es_status status = es_cli_kernel(cli, &listing.kernel, errors);
    if (status)
        return status;
    if (listing.kernel && kind < ES_LIST_KERNELS)
        return es_usage(cli, errors, "--kernel goes with kernels and metrics only");
    if (kind == ES_LIST_KERNELS)
        status = list_kernels(&listing, errors);
    else if (kind == ES_LIST_METRICS)
        status = list_metrics(&listing, errors);
    else
        status = list_rows(&listing, (es_kind)kind, errors);
    if (!status && !listing.shown)
        es_warn(errors, NULL, "nothing matches: '%s'", es_quote_text(listing.glob ? listing.glob : "*").text);
    return status;
}

static const char *const examples[] = {
    "edgesweep list devices 'Raspberry*'",
    "the boards whose name or alias begins like this",
    "edgesweep list metrics --kernel edgeprofiler",
    "every column of a kernel: unit, formula, source",
    "edgesweep list models --names",
    "names only, for scripts",
    NULL,
};

const es_command es_cmd_list = {
    .id = ES_CMD_LIST,
    .name = "list",
    .synopsis = "models|devices|units|runtimes|precisions|kernels|metrics [GLOB|FILE.sweep]",
    .min_operands = 1,
    .max_operands = 2,
    .choices = es_listed_names,
    .help = "list catalog rows, kernels or metrics",
    .details = "GLOB selects by name or alias, a word without * and ? by a part of them; * stands for any text, ? for "
               "one character; case does not matter. "
               "`list metrics FILE.sweep` lists the columns that this sweep computes, its own [metrics] included.",
    .examples = examples,
    .run = run_list,
};
