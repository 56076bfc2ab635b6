#include "cli/topics.h"

#include <edgesweep/catalog.h>

static const char sweep_details[] =
    "A sweep file says what to evaluate. # begins a comment. The same KEY=VALUE may follow --set on the command line "
    "and then wins over the file; SECTION.KEY=VALUE sets keys of other sections than [sweep].\n"
    "\n"
    "  [sweep]\n"
    "  kernel    = edgeprofiler                # see: edgesweep list kernels\n"
    "  model     = Llama-3.2-*, TinyLlama-1.1B # names or globs; ! excludes: *, !*-70B\n"
    "  device    = Raspberry Pi 5, Jetson*\n"
    "  precision = FP16, INT8, INT4\n"
    "  seq_len   = 128:4096*2                  # workload axes: see edgesweep show kernel NAME\n"
    "  device.mem_bw_gbs = 8:64+8              # any numeric catalog field is an axis\n"
    "  device.mem_util   = x0.8, x1, x1.2      # x multiplies what would apply\n"
    "  [where]                                 # one condition a line, all must hold\n"
    "  end_to_end_ms < 500\n"
    "  [pareto]\n"
    "  minimize = energy_j, end_to_end_ms      # and maximize =\n"
    "  by       = device                       # one front per device\n"
    "  [best]\n"
    "  pick     = precision                    # the best precision ...\n"
    "  by       = device, model                # ... per device and model\n"
    "  minimize = end_to_end_ms                # more columns break ties in order\n"
    "  [output]\n"
    "  columns  = *                            # or a list; * in it: all that are not listed\n"
    "\n"
    "Axes that are not given take their default; model, device and precision take everything. A comma list is a union; "
    "quotes protect commas. Numbers may end in k, M, G (1000) or Ki, Mi, Gi (1024).\n"
    "\n"
    "  a:b          a, a+1, ... b\n"
    "  a:b+step     a, a+step, ...; b is included when it is a step\n"
    "  a:b*factor   a, a*factor, ...\n"
    "  lin(a,b,n)   n values at equal distances\n"
    "  log(a,b,n)   n values at equal ratios\n"
    "\n"
    "Values after x are factors. Factors of utilizations are shown as they are, other axes show what results; a "
    "utilization that a factor takes above 1 is cut there, with a warning (an error with the kernel edgeprofiler).\n"
    "\n"
    "A condition is COLUMN OP NUMBER, COLUMN OP 'TEXT' or COLUMN OP COLUMN with OP one of = == != < <= > >=; --where "
    "joins several with `and`. Points are numbered row by row: model, device, precision, workload axes, field axes; "
    "the "
    "last varies fastest.";

static const char catalog_details[] =
    "Catalogs are CSV files of models, devices and precisions; the built-in ones are always there. --catalog DIR uses "
    "the files of a folder instead, --catalog +DIR adds rows, and replaces those of the same name. Columns may come in "
    "any order and be left out unless marked *; those that begin with x_ are ignored.\n";

static void print_default(const es_field *field, FILE *out) {
    if (field->flags & ES_REQUIRED || field->fallback != field->fallback)
        return;
    if (field->choices)
        fprintf(out, " [%s]", field->choices[(size_t)field->fallback]);
    else if (field->fallback != 0)
        fprintf(out, " [%.10g]", field->fallback);
}

static void print_fields(FILE *out) {
    for (es_kind kind = 0; kind < ES_KINDS; kind++) {
        const es_field_table *table = es_fields(kind);
        fprintf(out, "\n%s.csv\n", table->name);
        for (size_t f = 0; f < table->n_fields; f++) {
            const es_field *field = &table->fields[f];
            const char *mark = field->flags & (ES_REQUIRED | ES_COLUMN) ? "*" : " ";
            fprintf(out, "  %-20s%s %-8s %s", field->name, mark, field->unit, field->help);
            print_default(field, out);
            fputc('\n', out);
        }
    }
}

const es_topic es_topics[] = {
    {"sweep", "sweep files: what to evaluate", sweep_details, NULL},
    {"catalogs", "catalog files: models, devices, precisions", catalog_details, print_fields},
};
const size_t es_topic_count = sizeof es_topics / sizeof *es_topics;
