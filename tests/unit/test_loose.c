/* Names as people type them find the rows that they mean. */
#include <criterion/criterion.h>

#include <string.h>

#include "catalog/loose.h"

static es_catalog catalog;

static void load(void) {
    es_errors errors = {0};
    cr_assert_eq(es_catalog_load(&catalog, NULL, 0, &errors), ES_OK);
}

static void unload(void) { es_catalog_free(&catalog); }

TestSuite(loose, .init = load, .fini = unload);

/* The row found; NULL: several, none, or only a suggestion. */
static const char *name_of(es_kind kind, const char *text) {
    const es_row *row[64];
    size_t n;
    return es_loose_find(&catalog.table[kind], kind, es_slice_of(text), row, 64, &n) < ES_LIKE_SPELT && n == 1
               ? row[0]->name
               : NULL;
}

Test(loose, names) {
    static const struct {
        es_kind kind;
        const char *text, *name;
    } cases[] = {
        {ES_DEVICE, "Raspberry Pi 5", "Raspberry Pi 5 8GB"},
        {ES_DEVICE, "rpi5", "Raspberry Pi 5 8GB"},
        {ES_DEVICE, "RPI 5", "Raspberry Pi 5 8GB"},
        {ES_DEVICE, "pi5", "Raspberry Pi 5 8GB"},
        {ES_DEVICE, "raspberrypi5", "Raspberry Pi 5 8GB"},
        {ES_DEVICE, "Raspberry Pi5", "Raspberry Pi 5 8GB"},
        {ES_DEVICE, "rpi4", "Raspberry Pi 4 4GB"},
        {ES_DEVICE, "rpi5 16gb", "Raspberry Pi 5 16GB"},
        {ES_DEVICE, "rock 5b", "Radxa ROCK 5B 8GB"},
        {ES_DEVICE, "orin nano super", "Jetson Orin Nano Super 8GB"},
        {ES_DEVICE, "rtx4090", "RTX 4090 24GB"},
        {ES_DEVICE, "m4 max", "Apple M4 Max"},
        {ES_DEVICE, "raspberry 5", "Raspberry Pi 5 8GB"},
        {ES_DEVICE, "jetson nano super", "Jetson Orin Nano Super 8GB"},
        {ES_DEVICE, "mac mini m4", "Apple M4"},
        {ES_DEVICE, "MacBook Air M2", "Apple M2"},
        {ES_DEVICE, "NVIDIA DGX Spark / GB10", "NVIDIA DGX Spark / GB10"},
        {ES_DEVICE, "n100", "Intel N100 (LattePanda Mu)"}, /* an alias but for its maker */
        {ES_DEVICE, "orin nano", "Jetson Orin Nano 8GB (15W)"},
        {ES_DEVICE, "m1 macbook air 8gb", "Apple M1 8GB"},
        {ES_PRODUCT, "samsung s23", "Galaxy S23"},
        {ES_PRODUCT, "steam deck", "Steam Deck"},
        {ES_PRODUCT, "rtx4060 laptop", "RTX 4060 Laptop"},
        {ES_MODEL, "hf.co/unsloth/Qwen3-4B-GGUF:Q4_K_M", "Qwen3-4B"},
        {ES_MODEL, "unsloth/Qwen3-4B-GGUF:UD-Q4_K_XL", "Qwen3-4B"},
        {ES_MODEL, "Meta-Llama-3.1-8B-Instruct-Q4_K_M.gguf", "Llama-3.1-8B"},
        {ES_MODEL, "llama3.1:8b-instruct-q4_K_M", "Llama-3.1-8B"},
        {ES_MODEL, "llama3.2:3b", "Llama-3.2-3B"},
        {ES_MODEL, "meta-llama/Llama-3.2-3B-Instruct", "Llama-3.2-3B"},
        {ES_MODEL, "Qwen/Qwen3-4B", "Qwen3-4B"},
        {ES_MODEL, "qwen3 4b", "Qwen3-4B"},
        {ES_MODEL, "qwen2.5:0.5b-instruct", "Qwen2.5-0.5B"},
        {ES_MODEL, "gemma3 4b it", "Gemma-3-4B"},
        {ES_MODEL, "EP-TinyLlama-1B", "EP-TinyLlama-1B"},
        {ES_PRECISION, "q4km", "Q4_K_M"},
        {ES_PRECISION, "q4_k_m", "Q4_K_M"},
        {ES_PRECISION, "Q4-0", "Q4_0"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *name = name_of(cases[i].kind, cases[i].text);
        cr_expect(name && strcmp(name, cases[i].name) == 0, "%s: %s, expected %s", cases[i].text,
                  name ? name : "none or several", cases[i].name);
    }
}

Test(loose, suggestions) {
    static const struct {
        es_kind kind;
        const char *text, *suggestion;
    } cases[] = {
        {ES_DEVICE, "rpi6", "did you mean 'Raspberry Pi 5 8GB'?"}, /* the newest of those that begin so */
        {ES_DEVICE, "zimaboard", "see 'edgesweep list devices'"},
        {ES_DEVICE, "M2 Pro 48GB",
         "did you mean 'Apple M2 Pro' with --set device.ram_gb=48 --set device.os_reserved_gb=12?"},
        {ES_MODEL, "Qwen3-4B-Instruct-2507", "did you mean 'Qwen3-4B'?"},
        {ES_MODEL, "gema-3-4b", "did you mean 'Gemma-3-4B'?"},
        {ES_PRECISION, "UD-Q4_K_XL", "did you mean 'Q4_K_M'?"},
        {ES_PRECISION, "Z9_K_XL", "see 'edgesweep list precisions'"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[400];
        es_loose_suggest(&catalog.table[cases[i].kind], cases[i].kind, es_slice_of(cases[i].text), text, sizeof text);
        cr_expect_str_eq(text, cases[i].suggestion, "%s: %s", cases[i].text, text);
    }
}

Test(loose, formats_of_files) {
    static const char *const cases[][2] = {
        {"hf.co/unsloth/Qwen3-4B-GGUF:Q4_K_M", "Q4_K_M"},
        {"a-IQ3_XS.gguf", "IQ3_XS"},
        {"a.bf16", "bf16"},
        {"llama 3.2 3b q4", "q4"},
        {"Qwen3-4B", ""},
        {"q4", ""},
        {"a-Qwen", ""},
        {"", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const es_slice format = es_loose_format(es_slice_of(cases[i][0]));
        cr_expect(es_slice_equal(format, cases[i][1]), "%s: %.*s", cases[i][0], (int)format.length, format.text);
    }
}

Test(loose, products_without_device_say_why) {
    const es_table *products = &catalog.table[ES_PRODUCT];
    char text[256];
    cr_assert_gt(products->n_rows, 0);
    for (size_t i = 0; i < products->n_rows; i++) {
        const es_row *row = &products->rows[i];
        cr_expect(*row->text[ES_PR_SOURCE], "%s: no source", row->name);
        cr_expect(*row->text[ES_PR_DEVICE] || *es_loose_product_text(&catalog, row, text, sizeof text),
                  "%s: neither a device nor a reason", row->name);
    }
    const es_row *ally = es_loose_row(products, ES_PRODUCT, es_slice_of("rog ally"));
    cr_assert_not_null(ally);
    cr_expect_str_eq(es_loose_product_text(&catalog, ally, text, sizeof text),
                     " --set device.ram_gb=16 --set device.mem_bw_gbs=102.4");
}

Test(loose, not_found_several_and_suggestions) {
    const es_row *row[8];
    size_t n;
    const es_table *models = &catalog.table[ES_MODEL], *devices = &catalog.table[ES_DEVICE];
    cr_expect_eq(es_loose_find(models, ES_MODEL, es_slice_of("zzzz"), row, 8, &n), ES_LIKE_NOTHING);
    cr_expect_eq(es_loose_find(models, ES_MODEL, es_slice_of(""), row, 8, &n), ES_LIKE_NOTHING);
    cr_expect_eq(es_loose_find(models, ES_MODEL, es_slice_of("Qwen3-VL"), row, 8, &n), ES_LIKE_BEGIN);
    cr_expect_gt(n, 1);
    cr_expect_eq(es_loose_find(devices, ES_DEVICE, es_slice_of("Rasbperry Pi 5"), row, 8, &n), ES_LIKE_MISSPELT);
    cr_expect_eq(strncmp(row[0]->name, "Raspberry Pi 5", 14), 0);
    cr_expect_eq(es_loose_find(devices, ES_DEVICE, es_slice_of("Rasberry Pi 5"), row, 8, &n), ES_LIKE_SPELT);
    cr_expect_eq(strncmp(row[0]->name, "Raspberry Pi 5", 14), 0);
    cr_expect_neq(es_loose_find(models, ES_MODEL, es_slice_of("tinyllama"), row, 8, &n), ES_LIKE_NOTHING);
    for (size_t i = 0; i < n && i < 8; i++)
        cr_expect_neq(strncmp(row[i]->name, "EP-", 3), 0, "a row of the paper: %s", row[i]->name);
}
