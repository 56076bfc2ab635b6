/* Any bytes as one of the catalogs, which the first byte chooses; what is accepted runs under both kernels. */
#include "fuzz.h"

#include <math.h>

#include "base/arena.h"
#include "catalog/load.h"
#include "catalog/table.h"
#include "run.h"

static void check_rows(const es_table *table) {
    const es_field_table *fields = es_fields(table->kind);
    for (size_t i = 0; i < table->n_rows; i++)
        for (size_t f = 0; f < fields->n_fields; f++) {
            const es_field *field = &fields->fields[f];
            double x = table->rows[i].value[f];
            FUZZ_CHECK(table->rows[i].text[f] && !isinf(x));
            FUZZ_CHECK(!es_field_is_numeric(field) || isnan(x) || x == field->fallback || es_field_accepts(field, x));
        }
}

static void run_kernel(const es_catalog *catalog, const char *kernel) {
    const char *sets[] = {kernel, "pareto.minimize=device.mem_bw_gbs", "best.pick=precision", "best.by=model",
                          "best.minimize=params"};
    es_sweep *sweep;
    es_errors *errors = fuzz_errors();
    es_status status = es_sweep_load(&sweep, catalog, NULL, sets, sizeof sets / sizeof *sets, NULL, 0, errors);
    FUZZ_CHECK((status == ES_OK) == (errors->n_errors == 0));
    if (sweep)
        fuzz_use_sweep(sweep);
    es_sweep_free(sweep);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size < 1)
        return 0;
    es_arena arena = {0};
    es_catalog catalog = *fuzz_catalog();
    const es_kind kind = (es_kind)(data[0] % ES_KINDS);
    es_table table = {.kind = kind};
    es_errors *errors = fuzz_errors();
    es_status status = es_table_load(&table, "catalog.csv", (const char *)data + 1, size - 1, NULL, &arena, errors);
    fuzz_outcome(status, errors);
    if (!status) {
        check_rows(&table);
        catalog.table[kind] = table;
        run_kernel(&catalog, "kernel=edgeprofiler");
        run_kernel(&catalog, "kernel=roofline");
    }
    es_table_free(&table);
    es_arena_free(&arena);
    return 0;
}
