#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "commands/commands.h"
#include "cli/json_print.h"
#include "cli/kinds.h"
#include "cli/load.h"
#include "cli/print.h"
#include "grid/plan.h"

typedef struct question {
    es_cli *cli;
    const char *glob; /* NULL: everything */
    const es_kernel *kernel;
    bool names;
    size_t shown;
} question;

static bool matches(const question *asked, const char *name, const char *const *aliases) {
    if (!asked->glob)
        return true;
    es_slice glob = es_slice_of(asked->glob);
    const bool part = !es_is_glob(glob);
    for (; !(part ? strcasestr(name, asked->glob) != NULL : es_glob_match(glob, name)); name = *aliases++)
        if (!aliases || !*aliases)
            return false;
    return true;
}

/* ---- catalogs ---- */

enum { MAX_LISTED_FIELDS = 12 };
static const int model_fields[] = {ES_M_MAX_CTX, ES_M_FAMILY, ES_M_LAYERS,   ES_M_HIDDEN, ES_M_INTERMEDIATE,
                                   ES_M_VOCAB,   ES_M_HEADS,  ES_M_KV_HEADS, -1};
static const int device_fields[] = {
    ES_D_UNIT, ES_D_RAM_GB, ES_D_MEM_BW, ES_D_PRICE_USD, ES_D_PEAK_FP32, ES_D_CLASS, ES_D_STORAGE_BW, ES_D_LOAD_W, -1};
static const int precision_fields[] = {
    ES_P_KIND, ES_P_WEIGHT_BITS, ES_P_GROUP_SIZE, ES_P_SCALE_BITS, ES_P_KV_BITS, ES_P_COMPUTE, -1};
static const int unit_fields[] = {ES_U_KIND, ES_U_FP32, ES_U_FP16, ES_U_INT8, ES_U_INT8_MATRIX, ES_U_ISA, -1};
static const int runtime_fields[] = {ES_R_FAMILY,   ES_R_BACKEND,      ES_R_UNIT_KINDS, ES_R_UNITS,
                                     ES_R_REQUIRES, ES_R_SUPPORT_RANK, ES_R_FORMATS,    -1};
static const int product_fields[] = {ES_PR_DEVICE, ES_PR_RAM_GB, ES_PR_MEM_BW_GBS, ES_PR_DIFFERS, -1};
static const int *const listed_fields[] = {model_fields, device_fields,  precision_fields,
                                           unit_fields,  runtime_fields, product_fields};

/* What rows mean, by the roofline kernel: models in the format that people take first, formats of a model that all of them
 * exist of.  The device matters to none of these metrics. */
static const char *const model_sets[] = {"kernel=roofline", "model=*", "precision=Q4_K_M", "runtime=default",
                                         "device=Raspberry Pi 5 8GB"};
static const char *const precision_sets[] = {"kernel=roofline", "model=Llama-3.1-8B", "precision=*", "runtime=default",
                                             "device=Raspberry Pi 5 8GB"};
static const char *const model_metrics[] = {"params", "quality", "bits_per_weight", "weight_bytes", NULL};
static const char *const precision_metrics[] = {"bits_per_weight", "quality_retained", "weight_bytes", NULL};

/* A table of rows: fields of the catalog, and metrics of what they mean. */
typedef struct es_facts {
    es_kind kind;
    int field[MAX_LISTED_FIELDS + 1]; /* -1 behind the last */
    const char *const *metric;        /* NULL: none */
    es_sweep *sweep;                  /* NULL: catalogs that cannot be evaluated so, where cells stay empty */
    double *value;
} es_facts;

static void load_facts(es_facts *facts, const es_catalog *catalog) {
    static const char *const none[] = {NULL};
    const bool models = facts->kind == ES_MODEL;
    es_errors ignored = {0};
    facts->metric = models ? model_metrics : facts->kind == ES_PRECISION ? precision_metrics : none;
    if (!*facts->metric)
        return;
    const es_status status = es_sweep_load(&facts->sweep, catalog, NULL, models ? model_sets : precision_sets,
                                           sizeof model_sets / sizeof *model_sets, NULL, 0, &ignored);
    facts->value = status ? NULL : calloc(es_sweep_nodes(facts->sweep) + 1, sizeof *facts->value);
    if (!facts->value) {
        es_sweep_free(facts->sweep);
        facts->sweep = NULL;
    }
}

/* Evaluates the point of a row; false: the sweep has none. */
static bool find_facts(es_facts *facts, const es_row *row) {
    size_t coordinate[ES_MAX_AXES] = {0};
    for (size_t a = 0; facts->sweep && a < facts->sweep->n_axes; a++) {
        const es_axis *axis = &facts->sweep->axes[a];
        if (axis->role != ES_AXIS_ENTITY || axis->entity != facts->kind)
            continue;
        while (coordinate[a] < axis->n && axis->row[coordinate[a]] != row)
            coordinate[a]++;
        es_errors ignored = {0};
        return coordinate[a] < axis->n &&
               es_sweep_point(facts->sweep, es_sweep_index(facts->sweep, coordinate), facts->value, &ignored) == ES_OK;
    }
    return false;
}

static double fact(const es_facts *facts, bool found, const char *name) {
    const int column = found ? es_sweep_column(facts->sweep, name, strlen(name)) : -1;
    return column < 0 ? NAN : facts->value[facts->sweep->columns[column].node];
}

/* The fields of --columns, else those of the kind. */
static es_status choose_fields(question *asked, es_facts *facts, es_errors *errors) {
    const es_field_table *table = es_fields(facts->kind);
    const char *text = es_text_of(asked->cli, ES_OPT_COLUMNS);
    const int *usual = listed_fields[facts->kind];
    size_t n = 0;
    for (; !text && usual[n] >= 0; n++)
        facts->field[n] = usual[n];
    while (text && *text && n < MAX_LISTED_FIELDS) {
        const size_t length = strcspn(text, ",");
        const es_slice name = es_slice_trim((es_slice){text, length});
        size_t f = 0;
        while (f < table->n_fields && !es_slice_equal_fold(name, table->fields[f].name))
            f++;
        if (f == table->n_fields)
            return es_usage(asked->cli, errors, "--columns: no such field: '%s'; see edgesweep help catalogs",
                            es_quote(name).text);
        facts->field[n++] = (int)f;
        text += length + (text[length] == ',');
    }
    facts->field[n] = -1;
    return ES_OK;
}

static void begin_rows(es_listing *listing, const es_facts *facts) {
    char text[MAX_LISTED_FIELDS][64];
    const char *headers[MAX_LISTED_FIELDS + 8] = {"name"};
    size_t n = 1;
    for (size_t i = 0; facts->metric[i]; i++)
        headers[n++] = strcmp(facts->metric[i], "params") == 0             ? ">params"
                       : strcmp(facts->metric[i], "quality") == 0          ? ">MMLU [%]"
                       : strcmp(facts->metric[i], "bits_per_weight") == 0  ? ">bits"
                       : strcmp(facts->metric[i], "quality_retained") == 0 ? ">quality kept"
                                                                           : ">weights";
    for (size_t i = 0; facts->field[i] >= 0; i++) {
        const es_field *field = &es_fields(facts->kind)->fields[facts->field[i]];
        snprintf(text[i], sizeof text[i], "%s%s%s%s%s", es_field_is_numeric(field) ? ">" : "", field->name,
                 *field->unit ? " [" : "", field->unit, *field->unit ? "]" : "");
        headers[n++] = text[i];
    }
    headers[n] = NULL;
    es_listing_begin(listing, headers);
}

static void add_row(es_listing *listing, es_facts *facts, const es_row *row) {
    const bool found = find_facts(facts, row);
    char text[64];
    es_listing_cell(listing, row->name);
    for (size_t i = 0; facts->metric[i]; i++) {
        const double value = fact(facts, found, facts->metric[i]);
        *text = '\0';
        if (!isnan(value))
            (strstr(facts->metric[i], "bytes") ? es_human_bytes : es_human_si)(text, sizeof text, value);
        es_listing_cell(listing, text);
    }
    for (const int *listed = facts->field; *listed >= 0; listed++) {
        const es_field *field = &es_fields(facts->kind)->fields[*listed];
        double value = row->value[*listed];
        if (field->type == ES_CHOICE)
            es_listing_cell(listing, isnan(value) ? "" : field->choices[(size_t)value]);
        else if (!es_field_is_numeric(field))
            es_listing_cell(listing, row->text[*listed]);
        else
            es_listing_number(listing, value);
    }
}

static json_t *json_of(es_facts *facts, const es_row *row) {
    const bool found = find_facts(facts, row);
    json_t *object = es_typed_row(facts->kind, row);
    for (size_t i = 0; facts->metric[i]; i++)
        json_object_set_new(
            object, facts->metric[i],
            es_typed_number(fact(facts, found, facts->metric[i]), strstr(facts->metric[i], "bytes") != NULL));
    return object;
}

static es_status list_rows(question *asked, es_kind kind, es_errors *errors) {
    es_catalog catalog = {0};
    es_facts facts = {.kind = kind};
    es_listing listing;
    bool json;
    json_t *all = json_array();
    es_status status = es_typed_asked(asked->cli, &json, errors);
    if (!status)
        status = choose_fields(asked, &facts, errors);
    if (!status)
        status = es_cli_load_catalog(asked->cli, &catalog, errors);
    if (!status) {
        const es_table *table = &catalog.table[kind];
        load_facts(&facts, &catalog);
        begin_rows(&listing, &facts);
        for (size_t i = 0; i < table->n_rows; i++) {
            const es_row *row = &table->rows[i];
            if (!matches(asked, row->name, row->aliases))
                continue;
            asked->shown++;
            if (asked->names)
                puts(row->name);
            else if (json)
                json_array_append_new(all, json_of(&facts, row));
            else
                add_row(&listing, &facts, row);
        }
        if (json && !asked->names)
            status = es_typed_print(json_incref(all), errors);
        const es_status printed = es_listing_print(&listing, asked->cli, stdout, 0, errors);
        status = status ? status : printed;
    }
    json_decref(all);
    free(facts.value);
    es_sweep_free(facts.sweep);
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

static void add_kernel(es_listing *listing, const es_kernel *kernel) {
    char axes[256], options[256];
    size_t metrics = 0;
    JOIN_NAMES(axes, sizeof axes, kernel->axes, kernel->n_axes);
    JOIN_NAMES(options, sizeof options, kernel->options, kernel->n_options);
    for (size_t i = 0; i < kernel->n_nodes; i++)
        metrics += (kernel->nodes[i].flags & ES_METRIC) != 0;
    es_listing_cell(listing, kernel->name);
    es_listing_format(listing, "%zu", metrics);
    es_listing_cell(listing, axes);
    es_listing_cell(listing, options);
    es_listing_cell(listing, kernel->help);
    es_listing_cell(listing, kernel->source);
}

static es_status list_kernels(question *asked, es_errors *errors) {
    static const char *const headers[] = {"name", ">metrics", "workload axes", "options", "help", "source", NULL};
    es_listing listing;
    es_listing_begin(&listing, headers);
    for (size_t i = 0; i < es_kernel_count(); i++) {
        const es_kernel *kernel = es_kernel_at(i);
        if (!es_kernel_wanted(asked->kernel, kernel) || !matches(asked, kernel->name, NULL))
            continue;
        asked->shown++;
        if (asked->names)
            puts(kernel->name);
        else
            add_kernel(&listing, kernel);
    }
    return es_listing_print(&listing, asked->cli, stdout, 0, errors);
}

static void add_metrics(question *asked, es_listing *listing, const es_node *nodes, size_t n, const char *kernel) {
    for (size_t i = 0; i < n; i++) {
        const es_node *node = &nodes[i];
        if (!(node->flags & ES_METRIC) || !matches(asked, node->name, NULL))
            continue;
        asked->shown++;
        if (asked->names)
            puts(node->name);
        if (asked->names)
            continue;
        es_listing_cell(listing, kernel);
        es_listing_cell(listing, node->name);
        es_listing_cell(listing, node->unit);
        es_listing_cell(listing, node->formula ? node->formula : node->help);
        es_listing_cell(listing, node->source ? node->source : "");
    }
}

/* The metrics of a sweep: of its kernel, then its own. */
static es_status list_metrics_of(question *asked, const char *path, es_listing *listing, es_errors *errors) {
    es_catalog catalog = {0};
    es_sweep *sweep = NULL;
    es_status status = es_cli_load_sweep_file(asked->cli, path, &catalog, &sweep, errors);
    asked->glob = NULL;
    if (!status)
        add_metrics(asked, listing, sweep->kernel->nodes, sweep->kernel->n_nodes, sweep->kernel->name);
    if (!status)
        add_metrics(asked, listing, sweep->plan->metric, sweep->plan->n_metrics, "[metrics]");
    if (!status)
        status = es_listing_print(listing, asked->cli, stdout, 0, errors);
    es_sweep_free(sweep);
    es_catalog_free(&catalog);
    return status;
}

static es_status list_metrics(question *asked, es_errors *errors) {
    static const char *const headers[] = {"kernel", "metric", "unit", "formula", "source", NULL};
    es_listing listing;
    size_t length = asked->glob ? strlen(asked->glob) : 0;
    const bool of_sweep = length > 6 && strcmp(asked->glob + length - 6, ".sweep") == 0;
    if (es_given(asked->cli, ES_OPT_METRIC) && !of_sweep)
        return es_usage(asked->cli, errors, "--metric needs FILE.sweep");
    es_listing_begin(&listing, headers);
    if (of_sweep)
        return list_metrics_of(asked, asked->glob, &listing, errors);
    for (size_t i = 0; i < es_kernel_count(); i++)
        if (es_kernel_wanted(asked->kernel, es_kernel_at(i)))
            add_metrics(asked, &listing, es_kernel_at(i)->nodes, es_kernel_at(i)->n_nodes, es_kernel_at(i)->name);
    return es_listing_print(&listing, asked->cli, stdout, 0, errors);
}

static es_status run_list(es_cli *cli, es_errors *errors) {
    question asked = {.cli = cli, .glob = cli->n_operands > 1 ? cli->operand[1] : NULL};
    asked.names = es_given(cli, ES_OPT_NAMES);
    int kind = es_choose(cli, "kind", es_listed_names, cli->operand[0], errors);
    if (kind < 0)
        return ES_EUSAGE;
    es_status status = es_cli_kernel(cli, es_text_of(cli, ES_OPT_KERNEL), &asked.kernel, errors);
    if (status)
        return status;
    if (kind >= ES_LIST_KERNELS && es_given(cli, ES_OPT_FORMAT))
        return es_usage(cli, errors, "-f json goes with rows of catalogs");
    if (asked.kernel && kind < ES_LIST_KERNELS)
        return es_usage(cli, errors, "--kernel goes with kernels and metrics only");
    if (kind == ES_LIST_KERNELS)
        status = list_kernels(&asked, errors);
    else if (kind == ES_LIST_METRICS)
        status = list_metrics(&asked, errors);
    else
        status = list_rows(&asked, (es_kind)kind, errors);
    if (!status && !asked.shown)
        es_warn(errors, NULL, "nothing matches: '%s'", es_quote_text(asked.glob ? asked.glob : "*").text);
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
    .synopsis = "models|devices|units|runtimes|precisions|products|kernels|metrics [GLOB|FILE.sweep]",
    .min_operands = 1,
    .max_operands = 2,
    .choices = es_listed_names,
    .help = "list catalog rows, kernels or metrics",
    .details =
        "Of models it tells parameters, quality, bits and bytes of the weights in Q4_K_M; of precisions those of "
        "Llama-3.1-8B, and the share of quality that is kept. --columns shows other fields of the catalog. "
        "GLOB selects by name or alias, a word without * and ? by a part of them; * stands for any text, ? for "
        "one character; case does not matter. "
        "`list metrics FILE.sweep` lists the columns that this sweep computes, its own [metrics] included.",
    .examples = examples,
    .run = run_list,
};
