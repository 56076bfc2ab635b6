/* Exact parameter counts: the catalog's published totals, and by hand. */
#include <criterion/criterion.h>

#include <math.h>
#include <string.h>

#include <edgesweep/catalog.h>

#include "base/arena.h"
#include "model/inventory.h"

static es_arena arena;

/* Parameters of a row as it stands. */
static es_params count(const es_catalog *catalog, const es_row *row) {
    es_arch arch;
    const es_shape shape = es_shape_of(row);
    cr_assert_eq(es_arch_compile(catalog, row, &arena, &arch, NULL), ES_OK, "%s", row->name);
    return es_count_params(&arch, &shape);
}

static es_catalog load(void) {
    es_catalog catalog;
    es_errors errors = {0};
    es_status status = es_catalog_load(&catalog, NULL, 0, &errors);
    es_errors_print(&errors, stderr);
    cr_assert_eq(status, ES_OK);
    return catalog;
}

/* Published counts that are not of the language model's own weights, or rounded, say so in `note`. */
Test(inventory, published_totals) {
    es_catalog catalog = load();
    int exact = 0;
    for (size_t i = 0; i < catalog.table[ES_MODEL].n_rows; i++) {
        const es_row *row = &catalog.table[ES_MODEL].rows[i];
        double published = row->value[ES_M_PARAMS_PUBLISHED];
        if (isnan(published))
            continue;
        double total = count(&catalog, row).total;
        exact += total == published;
        if (fabs(total - published) > 0.005 * published)
            cr_expect(row->text[ES_M_NOTE][0] != '\0', "%s: %.0f, published %.0f, no reason", row->name, total,
                      published);
    }
    cr_expect_geq(exact, 85, "%d models match to the integer", exact);
    es_catalog_free(&catalog);
}

/* Totals and parameters active per token, from the models' own papers and configurations. */
Test(inventory, known_models) {
    static const struct {
        const char *name;
        double total, active;
    } known[] = {
        {"Llama-3.2-1B", 1235814400, 1235814400},
        {"Qwen2.5-0.5B", 494032768, 494032768},
        {"Mixtral-8x7B", 46702792704, 12879925248},
        {"DeepSeek-V2-Lite", 15706484224, 2661150208},
        {"MiniCPM3-4B", 4073876000, 4073876000},
        {"LFM2-350M", 354483968, 354483968},
        {"MobileLLM-LS-125M", 124635456, 124635456},
        {"OPT-350M", 331196416, 331196416},
        {"EP-TinyLlama-1B", 1413812224, 1413812224},
        {"Qwen3.5-4B", 4205751296, 4205751296},
        {"Qwen3.5-35B-A3B", 34660610688, 3454988928},
        {"Gemma-4-26B-A4B", 25233142046, 3822530846},
        {"Gemma-4-E2B", 4647450147, 2279765539},
        {"Gemma-3n-E4B", 6866172400, 4485904880},
        {"Granite-4.0-H-Small", 32207337984, 8803121664},
        {"LFM2-8B-A1B", 8339930560, 1557740992},
        {"Nemotron-3-Nano-30B-A3B", 31577940288, 3580076352},
        {"Falcon-H1-7B", 7585513568, 7585513568},
        {"GLM-4.7-Flash", 29943393920, 3896766080},
    };
    es_catalog catalog = load();
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        const es_row *row = es_table_find(&catalog.table[ES_MODEL], known[i].name, strlen(known[i].name));
        cr_assert_not_null(row, "%s", known[i].name);
        es_params p = count(&catalog, row);
        cr_expect_eq(p.total, known[i].total, "%s: %.0f", known[i].name, p.total);
        cr_expect_eq(p.active, known[i].active, "%s: %.0f active", known[i].name, p.active);
    }
    es_catalog_free(&catalog);
}

/* Node i of n holds layers i*L/n to (i+1)*L/n; what the fullest has of each. */
Test(inventory, nodes_hold_layers_as_they_are) {
    static const struct {
        const char *name;
        double nodes, global, window, state;
    } known[] = {
        {"Gemma-3-4B", 1, 1, 1, 0},
        {"Gemma-3-4B", 2, 3.0 / 5, 15.0 / 29, 0}, /* global layers 5 and 11; 17, 23 and 29 */
        {"Qwen3.5-4B", 3, 3.0 / 8, 0, 8.0 / 24},
        {"DeepSeek-V2-Lite", 2, 14.0 / 27, 0, 0},
        {"Gemma-3n-E2B", 3, 2.0 / 4, 0.5, 0}, /* the last ten layers have no caches */
        {"Llama-3.2-1B", 100, 1.0 / 16, 0, 0},
    };
    es_catalog catalog = load();
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        const es_row *row = es_table_find(&catalog.table[ES_MODEL], known[i].name, strlen(known[i].name));
        cr_assert_not_null(row, "%s", known[i].name);
        const es_shape shape = es_shape_of(row);
        es_arch arch;
        cr_assert_eq(es_arch_compile(&catalog, row, &arena, &arch, NULL), ES_OK);
        const es_split split = es_split_over(&arch, &shape, known[i].nodes);
        cr_expect(fabs(split.cache[0] - known[i].global) < 1e-12 && fabs(split.cache[1] - known[i].window) < 1e-12 &&
                      fabs(split.state - known[i].state) < 1e-12,
                  "%s: %.17g %.17g %.17g", row->name, split.cache[0], split.cache[1], split.state);
        cr_expect(split.weights >= 1 / fmin(known[i].nodes, shape.layers) - 1e-12 && split.weights <= 1);
    }
    es_catalog_free(&catalog);
}

Test(inventory, counts) {
    es_catalog catalog = load();
    for (size_t i = 0; i < catalog.table[ES_MODEL].n_rows; i++) {
        const es_row *row = &catalog.table[ES_MODEL].rows[i];
        const es_params p = count(&catalog, row);
        cr_expect(p.active <= p.total && p.active > 0, "%s", row->name);
        cr_expect_eq(p.total, floor(p.total), "%s: a count", row->name);
    }
    es_catalog_free(&catalog);
}

/* What a row may leave out. */
Test(inventory, defaults_of_a_row) {
    es_catalog catalog = load();
    double value[ES_M_FIELDS];
    const es_row *known = es_table_find(&catalog.table[ES_MODEL], "Llama-2-7B", 10);
    cr_assert_not_null(known);
    memcpy(value, known->value, sizeof value);
    value[ES_M_HEAD_DIM] = value[ES_M_KV_HEADS] = value[ES_M_UNIQUE_LAYERS] = NAN;
    const es_row row = {.name = "own", .value = value, .text = known->text};
    const es_shape shape = es_shape_of(&row);
    cr_expect(shape.head_dim == 128 && shape.kv_heads == 32 && shape.unique_layers == 32, "%g %g %g", shape.head_dim,
              shape.kv_heads, shape.unique_layers);
    es_catalog_free(&catalog);
}
