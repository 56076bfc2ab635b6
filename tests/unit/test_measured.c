/* Measurements: points without a grid, names, both kinds of tables, joining, rates, summaries. */
#include "point_help.h"

#include "calibrate/measured.h"
#include "calibrate/power.h"
#include "calibrate/measured_table.h"
#include "calibrate/validate.h"
#include "model/runtime.h"

TestSuite(measured, .init = set_up, .fini = tear_down);

static const es_row *row(es_kind kind, const char *name) {
    const es_row *found = es_table_find(&catalog.table[kind], name, strlen(name));
    cr_assert_not_null(found, "%s", name);
    return found;
}

static void read_text(es_measured *measured, const char *written, const char *device, es_status expected) {
    folder f = folder_new();
    char path[400];
    es_errors errors = {0};
    put(&f, "table", written);
    path_in(&f, "table", path, sizeof path);
    const es_status status = es_measured_read(measured, path, NULL, device, &catalog, &point, &arena, &errors);
    cr_assert_eq(status, expected, "%d: %s", (int)status, errors.error[0].text);
    folder_free(&f);
}

/* ---- Points ---- */

Test(measured, a_point_has_the_bits_of_the_grid) {
    static const struct {
        const char *model, *device, *precision;
        double workload[8]; /* prompt gen depth batch nodes ubatch kv_bits threads */
    } cases[] = {
        {"Llama-3.2-1B", "Raspberry Pi 4 4GB", "Q4_K_M", {1, 128, 511, 1, 1, 512, 16, 4}},
        {"Qwen2.5-0.5B", "Raspberry Pi 5 8GB", "Q3_K_M", {512, 1, 0, 1, 1, 512, 8.5, 2}},
        {"Gemma-3-1B", "Jetson Orin Nano Super 8GB", "INT4", {300, 64, 7, 4, 2, 128, 16, 1}},
        {"Qwen3-30B-A3B", "Raspberry Pi 5 8GB", "Q4_0", {64, 16, 0, 2, 1, 32, 16, 3}},
    };
    static const char *const axes[] = {"prompt", "gen", "depth", "batch", "nodes", "ubatch", "kv_bits", "threads"};
    double *value = calloc(point.kernel->n_nodes, sizeof *value), *expected = calloc(point.kernel->n_nodes + 64, 8);
    for (size_t i = 0; i < LENGTH(cases); i++) {
        char written[12][128];
        const char *sets[12];
        es_sweep *sweep;
        es_errors errors = {0};
        snprintf(written[0], 128, "kernel=roofline");
        snprintf(written[1], 128, "model=%s", cases[i].model);
        snprintf(written[2], 128, "device=%s", cases[i].device);
        snprintf(written[3], 128, "precision=%s", cases[i].precision);
        for (size_t k = 0; k < 8; k++)
            snprintf(written[4 + k], 128, "%s=%.17g", axes[k], cases[i].workload[k]);
        for (size_t k = 0; k < 12; k++)
            sets[k] = written[k];
        cr_assert_eq(es_sweep_load(&sweep, &catalog, NULL, sets, 12, NULL, 0, &errors), ES_OK, "%s",
                     errors.error[0].text);
        cr_assert_leq(es_sweep_nodes(sweep), point.kernel->n_nodes + 64);
        cr_assert_eq(es_sweep_point(sweep, 0, expected, NULL), ES_OK);
        /* without a runtime the sweep takes llama.cpp, but none for formats that no file has */
        const char *runtime = strcmp(cases[i].precision, "INT4") == 0 ? "default" : "llama.cpp";
        es_rows rows = es_point_rows(&point, row(ES_MODEL, cases[i].model), row(ES_DEVICE, cases[i].device),
                                     row(ES_PRECISION, cases[i].precision));
        rows.runtime = es_runtime_find(&catalog, es_slice_of(runtime), rows.unit);
        double workload[32]; /* axes that the case does not name keep their defaults */
        cr_assert_leq(point.kernel->n_axes, 32);
        set_workload(axes, cases[i].workload, LENGTH(axes), workload);
        es_point_evaluate(&point, &rows, workload, value);
        for (size_t n = 0; n < point.kernel->n_nodes; n++)
            cr_expect(value[n] == expected[n] || (isnan(value[n]) && isnan(expected[n])), "%s: %s: %.17g, %.17g",
                      cases[i].model, point.kernel->nodes[n].name, value[n], expected[n]);
        es_sweep_free(sweep);
    }
    free(value);
    free(expected);
}

Test(measured, rows_without_a_needed_field_are_named) {
    es_rows rows = es_point_rows(&point, row(ES_MODEL, "Llama-3.2-1B"), row(ES_DEVICE, "RK3588 GPU (Mali-G610)"),
                                 row(ES_PRECISION, "Q4_0"));
    cr_expect_str_eq(es_point_missing(&point, &rows), "peak_gflops_fp32");
    rows.device = row(ES_DEVICE, "RK3588 NPU (Rockchip)");
    rows.unit = es_unit_of(&catalog, rows.device);
    cr_expect_null(es_point_missing(&point, &rows), "an NPU needs none");
    rows.device = row(ES_DEVICE, "Raspberry Pi 5 8GB");
    rows.unit = es_unit_of(&catalog, rows.device);
    cr_expect_null(es_point_missing(&point, &rows));
}

/* ---- Names ---- */

Test(measured, runtimes_lose_their_version) {
    static const char *const cases[][2] = {
        {"llama.cpp b7095", "llama.cpp"},
        {"llama.cpp (2026-08)", "llama.cpp"},
        {"llama.cpp", "llama.cpp"},
        {"llama-cpp-python", "llama.cpp"},
        {"Ollama 0.5.1", "ollama"},
        {"llamafile 0.7", "llamafile"},
        {"ik_llama 9a0a4628", "ik_llama.cpp"},
        {"MLC-LLM", "MLC-LLM"},
        {"vLLM 0.6.1", "vLLM"},
        {"MNN 3.4.1", "MNN"},
        {"TensorRT Edge-LLM", "TensorRT Edge-LLM"},
        {"", "llama.cpp"},
        {"  ", "llama.cpp"},
        {"(2025)", "llama.cpp"},
    };
    for (size_t i = 0; i < LENGTH(cases); i++)
        cr_expect_str_eq(es_runtime_name(cases[i][0], &arena), cases[i][1], "%s", cases[i][0]);
}

Test(measured, stems_of_model_files) {
    static const char *const cases[][2] = {
        {"/models/a.b/M-Q4_K_M.gguf", "M-Q4_K_M"},
        {"C:\\models\\M.GGUF", "M"},
        {"C:\\models/M", "M"},
        {"dir/M\\N.gguf", "N"},
        {"M-Q4_K_M-00001-of-00003.gguf", "M-Q4_K_M"},
        {"M-00002-of-00003", "M"},
        {"-00001-of-00003.gguf", "-00001-of-00003"},
        {"M_00001-of-00003.gguf", "M_00001-of-00003"},
        {"M-000010of-00003.gguf", "M-000010of-00003"},
        {".gguf", ".gguf"},
        {"", ""},
    };
    for (size_t i = 0; i < LENGTH(cases); i++) {
        const es_slice stem = es_model_file_stem(cases[i][0]);
        cr_expect(es_slice_equal(stem, cases[i][1]), "%s: %.*s", cases[i][0], (int)stem.length, stem.text);
    }
}

Test(measured, names_end_with_a_precision) {
    static const char *const cases[][3] = {
        {"Llama-3.2-1B-Instruct-Q4_K_M", "Q4_K_M", "Llama-3.2-1B-Instruct"},
        {"tinyllama.q8_0", "Q8_0", "tinyllama"},
        {"qwen2 1B Q4_K - Medium", "Q4_K_M", "qwen2 1B"},
        {"llama 7B IQ3_S mix - 3.66 bpw", "IQ3_M", "llama 7B"},
        {"Q6_K", "Q6_K", ""},
        {"model_f16", "F16", "model"},
    };
    for (size_t i = 0; i < LENGTH(cases); i++) {
        es_slice stem;
        const es_row *found = es_precision_suffix(&catalog.table[ES_PRECISION], es_slice_of(cases[i][0]), &stem);
        cr_assert_not_null(found, "%s", cases[i][0]);
        cr_expect_str_eq(found->name, cases[i][1]);
        cr_expect(es_slice_equal(stem, cases[i][2]), "%s: %.*s", cases[i][0], (int)stem.length, stem.text);
    }
    es_slice stem;
    cr_expect_null(es_precision_suffix(&catalog.table[ES_PRECISION], es_slice_of("Llama-3.2-1B"), &stem));
}

Test(measured, models_are_found_by_file_and_confirmed_by_size) {
    static const struct {
        const char *stem;
        double n_params;
        const char *model; /* NULL: none */
    } cases[] = {
        {"Llama-3.2-1B-Instruct", 1235814432, "Llama-3.2-1B"},
        {"llama_3.2_1b_instruct", 1235814432, "Llama-3.2-1B"},
        {"Qwen2.5-0.5B-Instruct", 494032768, "Qwen2.5-0.5B"},
        {"qwen2.5-0.5b-instruct", 630167424, "Qwen2.5-0.5B"}, /* the file holds the embedding twice */
        {"Llama-3.2-1B-Instruct", 8.03e9, NULL},
        {"gemma-3-1b-it", 999885952, "Gemma-3-1B"},
        {"Unheard-Of-1B", 1e9, NULL},
        {"", 1e9, NULL},
        {"Llama-3.2-3B", NAN, "Llama-3.2-3B"},
        {"tinyllama-1.1b-chat-v1.0", 1100048384, "TinyLlama-1.1B"},
        {"Qwen_Qwen3-0.6B", 596049920, "Qwen3-0.6B"},
        {"Dolphin3.0-Llama3.2-1B", 1235814432, "Llama-3.2-1B"},
        {"Dolphin3.0-Llama3.2-1B", NAN, NULL},
    };
    for (size_t i = 0; i < LENGTH(cases); i++) {
        double params;
        const es_row *found = es_model_of_file(&point, &catalog.table[ES_MODEL], row(ES_PRECISION, "Q8_0"),
                                               es_slice_of(cases[i].stem), cases[i].n_params, &params);
        cr_expect_str_eq(found ? found->name : "", cases[i].model ? cases[i].model : "", "%s", cases[i].stem);
    }
}

Test(measured, tags_and_ids_are_models) {
    static const char *const cases[][2] = {
        {"llama3.2:3b", "Llama-3.2-3B"},
        {"qwen2.5:0.5b", "Qwen2.5-0.5B"},
        {"gemma3:1b", "Gemma-3-1B"},
        {"tinyllama", "TinyLlama-1.1B"},
        {"tinyllama:1.1b", "TinyLlama-1.1B"},
        {"smollm2:135m", "SmolLM2-135M"},
        {"phi3:latest", "Phi-3-mini-4k"},
        {"deepseek-r1:1.5b", "DeepSeek-R1-Distill-Qwen-1.5B"},
        {"qwen2.5-coder:1.5b", "Qwen2.5-Coder-1.5B"},
        {"nobody:1b", ""},
    };
    for (size_t i = 0; i < LENGTH(cases); i++) {
        double params;
        const es_row *found = es_model_of_file(&point, &catalog.table[ES_MODEL], row(ES_PRECISION, "Q8_0"),
                                               es_slice_of(cases[i][0]), NAN, &params);
        cr_expect_str_eq(found ? found->name : "", cases[i][1], "%s", cases[i][0]);
    }
}

Test(measured, types_of_llama_bench_are_models_by_their_parameters) {
    static const struct {
        const char *type;
        double n_params;
        const char *model;
    } cases[] = {
        {"llama 1B", 1.24e9, "Llama-3.2-1B"},
        {"llama 1B", 1.10e9, "TinyLlama-1.1B"},
        {"qwen2 1B", 494.03e6, "Qwen2-0.5B"},
        {"gemma3 1B", 999.89e6, "Gemma-3-1B"},
        {"qwen3 0.6B", 596.05e6, "Qwen3-0.6B"},
        {"llama 1B", 1.17e9, ""},
        {"llama", NAN, ""},
        {"", 1e9, ""},
    };
    for (size_t i = 0; i < LENGTH(cases); i++) {
        const es_row *found = es_model_of_type(&point, &catalog.table[ES_MODEL], row(ES_PRECISION, "Q8_0"),
                                               es_slice_of(cases[i].type), cases[i].n_params);
        cr_expect_eq(strncmp(found ? found->name : "", cases[i].model, 8), 0, "%s: %s", cases[i].type,
                     found ? found->name : "none");
    }
}

Test(measured, devices_are_found_as_programs_name_them) {
    static const char *const cases[][2] = {
        {"Raspberry Pi 5 Model B Rev 1.0", "Raspberry Pi 5 8GB"},
        {"RPi5 8GB", "Raspberry Pi 5 8GB"},
        {"raspberry pi 5 (4 GB)", "Raspberry Pi 5 4GB"},
        {"Pi 5 16GB", "Raspberry Pi 5 16GB"},
        {"BCM2712", "Raspberry Pi 5 8GB"},
        {"RaspberryPi4", "Raspberry Pi 4 4GB"},
        {"Raspberry Pi 4 Model B Rev 1.4", "Raspberry Pi 4 4GB"},
        {"Raspberry Pi 4 Model B 8GB RAM", "Raspberry Pi 4 8GB"},
        {"NVIDIA Jetson Orin Nano Super Developer Kit", "Jetson Orin Nano Super 8GB"},
        {"12th Gen Intel(R) Core(TM) i5-1235U", "Intel Core i5-1235U"},
        {"11th Gen Intel(R) Core(TM) i5-1135G7 @ 2.40GHz", ""},
        {"Laptop Snapdragon X Elite", "Snapdragon X Elite (X1E-00-1DE)"},
        {"Apple M4", "Apple M4"},
        {"Cortex-A76", ""},
        {"8GB", ""},
        {"", ""},
    };
    for (size_t i = 0; i < LENGTH(cases); i++) {
        const es_row *found = es_device_of_name(&catalog.table[ES_DEVICE], es_slice_of(cases[i][0]));
        cr_expect_eq(strncmp(found ? found->name : "", cases[i][1], strlen(cases[i][1]) + !*cases[i][1]), 0, "%s: %s",
                     cases[i][0], found ? found->name : "none");
    }
}

/* Nobody's name is lost, and every name is its own row's. */
Test(measured, names_and_aliases_of_the_catalog_are_theirs) {
    const es_table *devices = &catalog.table[ES_DEVICE];
    for (size_t i = 0; i < devices->n_rows; i++) {
        const es_row *device = &devices->rows[i];
        cr_expect_eq(es_device_of_name(devices, es_slice_of(device->name)), device, "%s", device->name);
        for (size_t k = 0; device->aliases && device->aliases[k]; k++)
            cr_expect_eq(es_device_of_name(devices, es_slice_of(device->aliases[k])), device, "%s", device->aliases[k]);
    }
}

Test(measured, formats_may_have_remarks) {
    static const char *const cases[][2] = {{"Q4_K_S(3.87bpw)", "Q4_K_S"},
                                           {"q8_0 (imatrix)", "Q8_0"},
                                           {" Q4_K - Medium ", "Q4_K_M"},
                                           {"(Q8_0)", ""},
                                           {"FP4", ""}};
    for (size_t i = 0; i < LENGTH(cases); i++) {
        const es_row *found = es_precision_of_name(&catalog.table[ES_PRECISION], es_slice_of(cases[i][0]));
        cr_expect_str_eq(found ? found->name : "", cases[i][1], "%s", cases[i][0]);
    }
}

/* ---- Tables ---- */

Test(measured, markdown_and_sql_are_tables) {
    static const char markdown[] = "| model | t/s |\n| --- | ---: |\n| a b | 1 |\nbuild: 1\n\n| model | t/s |\n| - | - "
                                   "|\n| c, d | 2 ± 1 |\n";
    static const char sql[] =
        "CREATE TABLE llama_bench (\n  model TEXT\n);\n\nINSERT INTO llama_bench (model, \"t/s\") "
        "VALUES ('a b', 1);\ninsert into llama_bench (model, \"t/s\") values ('it''s', '');\n";
    static const char *const second[] = {"c, d", "it's"}, *const rates[] = {"2 ± 1", ""};
    const char *const texts[] = {markdown, sql};
    folder f = folder_new();
    char path[400];
    for (size_t i = 0; i < LENGTH(texts); i++) {
        es_text_table table;
        put(&f, "a", texts[i]);
        path_in(&f, "a", path, sizeof path);
        cr_assert_eq(es_text_table_read(&table, path, NULL, &arena, NULL), ES_OK);
        cr_assert_eq(table.n_rows, 2);
        cr_assert_eq(table.n_columns, 2);
        cr_expect_str_eq(table.cell[0][0], "a b");
        cr_expect_str_eq(table.cell[0][1], "1");
        cr_expect_str_eq(table.cell[1][0], second[i]);
        cr_expect_str_eq(table.cell[1][1], rates[i]);
    }
    folder_free(&f);
}

Test(measured, broken_tables_are_refused) {
    static const char *const texts[] = {
        "| a | b |\n| - | - |\n| 1 |\n",
        "INSERT INTO x (a, b) VALUES ('1');\n",
        "INSERT INTO x (a) VALUES ('1';\n",
        "INSERT INTO x (a) VALUES ('1');\nINSERT INTO x (b) VALUES ('1');\n",
        "INSERT INTO x",
    };
    folder f = folder_new();
    char path[400];
    for (size_t i = 0; i < LENGTH(texts); i++) {
        es_text_table table;
        put(&f, "a", texts[i]);
        path_in(&f, "a", path, sizeof path);
        cr_expect_eq(es_text_table_read(&table, path, NULL, &arena, NULL), ES_ERUNTIME, "%s", texts[i]);
    }
    folder_free(&f);
}

Test(measured, csv_and_json_give_the_same_table) {
    static const char csv[] = "n_prompt,avg_ts,model_type\n512,10.5,\"a, \"\"b\"\"\"\n,7,c\n";
    static const char *const json[] = {
        "{\"n_prompt\": 512, \"avg_ts\": 10.5, \"samples\": [1, 2], \"model_type\": \"a, \\\"b\\\"\"}\n"
        "{\"avg_ts\": 7, \"model_type\": \"c\", \"more\": 1}",
        " [{\"n_prompt\": 512, \"avg_ts\": 10.5, \"model_type\": \"a, \\\"b\\\"\"},\n {\"avg_ts\": 7, \"model_type\": "
        "\"c\", \"n_prompt\": null}]\n",
    };
    folder f = folder_new();
    char path[400];
    es_text_table table, other;
    put(&f, "a.csv", csv);
    path_in(&f, "a.csv", path, sizeof path);
    cr_assert_eq(es_text_table_read(&table, path, NULL, &arena, NULL), ES_OK);
    cr_assert_eq(table.n_rows, 2);
    for (size_t i = 0; i < LENGTH(json); i++) {
        put(&f, "a.json", json[i]);
        path_in(&f, "a.json", path, sizeof path);
        cr_assert_eq(es_text_table_read(&other, path, NULL, &arena, NULL), ES_OK);
        cr_expect_str_eq(other.header, table.header);
        cr_assert_eq(other.n_rows, 2);
        for (size_t r = 0; r < 2; r++) {
            cr_expect_str_eq(other.line[r], table.line[r]);
            for (size_t c = 0; c < 3; c++)
                cr_expect_str_eq(other.cell[r][c], table.cell[r][c]);
        }
    }
    folder_free(&f);
}

Test(measured, workloads_are_what_the_columns_say) {
    es_measured m;
    read_text(&m,
              "device,model,quant,phase,tokens_per_s,n_prompt,n_gen,ctx_depth,batch,threads,note\n"
              "Raspberry Pi 5,Llama-3.2-1B,Q4_K_M,decode,10,256,64,512,1,4,A; raw\n"
              "Raspberry Pi 5,Llama-3.2-1B,Q4_K_M,prefill,70,512,,,512,,B; table\n"
              "Raspberry Pi 5,Llama-3.2-1B,Q4_K_M,decode,30,,,,4,2,\n",
              NULL, ES_OK);
    cr_assert_eq(m.n, 3);
    for (size_t i = 0; i < m.n; i++)
        cr_assert_null(m.row[i].reason, "%s", m.row[i].reason);
    cr_expect(m.row[0].phase == ES_PHASE_DECODE && m.row[0].depth == 768 && m.row[0].gen == 64 && !m.row[0].doubtful);
    cr_expect(m.row[1].phase == ES_PHASE_PREFILL && m.row[1].prompt == 512 && m.row[1].batch == 1);
    cr_expect(m.row[1].ubatch == 512 && isnan(m.row[1].threads) && m.row[1].doubtful);
    cr_expect(m.row[2].batch == 4 && m.row[2].gen == 128 && m.row[2].threads == 2);
    cr_expect_str_eq(m.row[0].rows.device->name, "Raspberry Pi 5 8GB");
}

/* ---- Columns in any order ---- */

enum { BENCH_COLUMNS = 9 };

/* Both tables say the same of two runs: llama-bench as CSV and as Markdown. */
static const char *const bench_table[][BENCH_COLUMNS] = {
    {"model_filename", "n_threads", "type_k", "type_v", "n_prompt", "n_gen", "n_depth", "n_ubatch", "avg_ts"},
    {"Llama-3.2-1B-Q8_0.gguf", "4", "q8_0", "q8_0", "512", "0", "0", "256", "66.5"},
    {"Llama-3.2-1B-Q8_0.gguf", "2", "f16", "f16", "0", "128", "4096", "512", "4.25"},
};
static const char *const markdown_table[][BENCH_COLUMNS] = {
    {"model", "size", "params", "threads", "type_k", "type_v", "n_ubatch", "test", "t/s"},
    {"llama 1B Q8_0", "1.22 GiB", "1.24 B", "4", "q8_0", "q8_0", "256", "pp512", "66.50 ± 0.10"},
    {"llama 1B Q8_0", "1.22 GiB", "1.24 B", "2", "f16", "f16", "512", "tg128 @ d4096", "4.25 ± 0.10"},
};

static void write_rotated(char *to, size_t size, const char *const table[][BENCH_COLUMNS], size_t by, bool markdown) {
    size_t used = 0;
    for (size_t r = 0; r < 3; r++) {
        for (size_t c = 0; c < BENCH_COLUMNS; c++)
            used += (size_t)snprintf(to + used, size - used,
                                     markdown ? "| %s "
                                     : c      ? ",%s"
                                              : "%s",
                                     table[r][(c + by) % BENCH_COLUMNS]);
        used += (size_t)snprintf(to + used, size - used, markdown ? "|\n" : "\n");
        for (size_t c = 0; c < BENCH_COLUMNS && r == 0 && markdown; c++)
            used += (size_t)snprintf(to + used, size - used, c + 1 < BENCH_COLUMNS ? "| --- " : "| --- |\n");
    }
    cr_assert_lt(used, size);
}

Test(measured, columns_may_stand_in_any_order) {
    for (size_t by = 0; by < 2 * BENCH_COLUMNS; by++) {
        const bool markdown = by >= BENCH_COLUMNS;
        char table[2000];
        es_measured m;
        write_rotated(table, sizeof table, markdown ? markdown_table : bench_table, by % BENCH_COLUMNS, markdown);
        read_text(&m, table, "Raspberry Pi 5", ES_OK);
        cr_assert_eq(m.n, 2, "%s", table);
        const es_measurement *a = &m.row[0], *b = &m.row[1];
        cr_assert(!a->reason && !b->reason, "%s: %s", table, a->reason ? a->reason : b->reason);
        cr_expect(a->phase == ES_PHASE_PREFILL && a->prompt == 512 && a->depth == 0 && a->tokens_per_s == 66.5, "%s",
                  table);
        cr_expect(b->phase == ES_PHASE_DECODE && b->gen == 128 && b->depth == 4096 && b->tokens_per_s == 4.25, "%s",
                  table);
        cr_expect(a->threads == 4 && b->threads == 2 && a->ubatch == 256 && b->ubatch == 512, "%s", table);
        cr_expect(a->kv_bits == 8.5 && b->kv_bits == 16, "%g %g", a->kv_bits, b->kv_bits);
        cr_expect_str_eq(a->rows.model->name, "Llama-3.2-1B");
        cr_expect_str_eq(b->rows.precision->name, "Q8_0");
        cr_expect_str_eq(a->runtime, "llama.cpp");
    }
}

/* llama-bench prints no column whose values are all its default, f16. */
Test(measured, half_of_a_cache) {
    es_measured m;
    read_text(&m,
              "| model | params | type_v | test | t/s |\n| - | - | - | - | - |\n"
              "| llama 1B Q8_0 | 1.24 B | q4_0 | tg128 | 4.25 |\n",
              "Raspberry Pi 5", ES_OK);
    cr_assert_null(m.row[0].reason, "%s", m.row[0].reason);
    cr_expect_eq(m.row[0].kv_bits, (16 + 4.5) / 2);
}

/* ---- How it ran ---- */

Test(measured, builds_are_read_from_columns_and_words) {
    static const struct {
        const char *runtime, *build, *build_date, *source_date, *note;
        double expected;
    } cases[] = {
        {"llama.cpp", "b7095", "2025-11", "2026-01-02", "", 7095},
        {"llama.cpp", "", "2025-11", "2026-01-02", "", 202511},
        {"llama.cpp", "", "", "2026-01-02", "", 202601},
        {"llama.cpp", "", "", "2026", "", 202612},
        {"llama.cpp", "PR 17494 (after)", "2025-11", "", "", 202511},
        {"llama.cpp", "PR 17494 (before)", "2025-11", "", "", 202510},
        {"llama.cpp", "", "2026-01", "", "A; repack off", 202512},
        {"llama.cpp b4384", "", "", "2026-01-02", "", 4384},
        {"Ollama 0.5 (2024-12)", "", "", "", "", 202412},
        {"llama.cpp", "", "", "", "", ES_BUILD_UNKNOWN},
    };
    char table[4000] = "device,runtime,build,build_date,source_date,note,model,quant,phase,tokens_per_s\n";
    es_measured m;
    for (size_t i = 0; i < LENGTH(cases); i++)
        snprintf(table + strlen(table), sizeof table - strlen(table),
                 "Raspberry Pi 5,%s,%s,%s,%s,%s,Llama-3.2-1B,Q4_K_M,decode,10\n", cases[i].runtime, cases[i].build,
                 cases[i].build_date, cases[i].source_date, cases[i].note);
    read_text(&m, table, NULL, ES_OK);
    for (size_t i = 0; i < LENGTH(cases); i++)
        cr_expect_eq(m.row[i].build, cases[i].expected, "case %zu: %g", i, m.row[i].build);
}

Test(measured, units_and_backends_choose_rows) {
    static const struct {
        const char *device, *unit, *backend, *runtime, *expected_device, *expected_runtime; /* device NULL: refused */
    } cases[] = {
        {"Apple M4 Max", "", "metal", "llama.cpp", "Apple M4 Max", "llama.cpp-metal"},
        {"Apple M4 Max", "apple-m4-cpu", "cpu", "llama.cpp", "Apple M4 Max CPU", "llama.cpp-cpu-arm"},
        {"Apple M4 Max", "", "cpu", "llama.cpp", "Apple M4 Max CPU", "llama.cpp-cpu-arm"},
        {"Raspberry Pi 5", "cortex-a57", "cpu", "llama.cpp", NULL, NULL},
        {"AMD Ryzen AI Max+ 395 (Framework Desktop)", "rdna3.5", "vulkan", "llama.cpp",
         "AMD Ryzen AI Max+ 395 (Framework Desktop)", "llama.cpp-vulkan"},
        {"AMD Ryzen AI Max+ 395 (Framework Desktop)", "rdna3.5", "rocm", "llama.cpp",
         "AMD Ryzen AI Max+ 395 (Framework Desktop)", "llama.cpp-rocm"},
        {"Raspberry Pi 5", "", "", "engine of my own", "Raspberry Pi 5 8GB", "default"},
    };
    char table[4000] = "device,unit,backend,runtime,model,quant,phase,tokens_per_s\n";
    es_measured m;
    for (size_t i = 0; i < LENGTH(cases); i++)
        snprintf(table + strlen(table), sizeof table - strlen(table), "%s,%s,%s,%s,Llama-3.2-1B,Q4_K_M,decode,10\n",
                 cases[i].device, cases[i].unit, cases[i].backend, cases[i].runtime);
    read_text(&m, table, NULL, ES_OK);
    for (size_t i = 0; i < LENGTH(cases); i++) {
        cr_assert_eq(m.row[i].reason == NULL, cases[i].expected_device != NULL, "case %zu: %s", i, m.row[i].reason);
        if (m.row[i].reason)
            continue;
        cr_expect_str_eq(m.row[i].rows.device->name, cases[i].expected_device);
        cr_expect_str_eq(m.row[i].rows.runtime->name, cases[i].expected_runtime);
    }
}

/* Grades from B on are doubtful: one letter, alone or before a semicolon. */
Test(measured, grades) {
    static const struct {
        const char *note;
        bool doubtful;
    } cases[] = {{"A", false},     {"B", true},   {"Z", true},    {"[", false},      {"@", false}, {"b", false},
                 {"B; raw", true}, {"B,", false}, {"Bad", false}, {"A; raw", false}, {"", false}};
    char table[2000] = "device,model,quant,phase,tokens_per_s,note\n";
    es_measured m;
    for (size_t i = 0; i < LENGTH(cases); i++)
        snprintf(table + strlen(table), sizeof table - strlen(table),
                 "Raspberry Pi 5,Llama-3.2-1B,Q4_K_M,decode,10,\"%s\"\n", cases[i].note);
    read_text(&m, table, NULL, ES_OK);
    cr_assert_eq(m.n, LENGTH(cases));
    for (size_t i = 0; i < LENGTH(cases); i++)
        cr_expect_eq(m.row[i].doubtful, cases[i].doubtful, "'%s'", cases[i].note);
}

Test(measured, rates_follow_from_times) {
    const es_measurement decode = {.phase = ES_PHASE_DECODE, .batch = 4};
    const es_measurement prefill = {.phase = ES_PHASE_PREFILL, .batch = 1, .prompt = 512};
    const es_measurement both = {.phase = ES_PHASE_BOTH, .batch = 1, .prompt = 512, .gen = 128};
    cr_expect_float_eq(es_measurement_rate(&decode, 9, 0.5), 8, 1e-12);
    cr_expect_float_eq(es_measurement_rate(&prefill, 4, 9), 128, 1e-12);
    cr_expect_float_eq(es_measurement_rate(&both, 4, 0.125), 32, 1e-12);
}

/* ---- Validation ---- */

Test(measured, the_sweep_predicts_the_same) {
    es_measured m;
    es_prediction p;
    es_sweep *sweep;
    const char *sets[] = {"kernel=roofline", "model=Llama-3.2-1B", "device=Raspberry Pi 4 4GB",
                          "precision=Q8_0",  "prompt=512",         "gen=1"};
    read_text(&m,
              "device,model,quant,phase,tokens_per_s,n_prompt,runtime\nPi 4,Llama-3.2-1B,Q8_0,prefill,10,512,Ollama\n",
              NULL, ES_OK);
    cr_assert_eq(es_validate(&m, &point, &p, NULL), ES_OK);
    cr_assert_eq(es_sweep_load(&sweep, &catalog, NULL, sets, LENGTH(sets), NULL, 0, NULL), ES_OK);
    double *value = calloc(es_sweep_nodes(sweep) + 1, sizeof *value);
    cr_assert_eq(es_sweep_point(sweep, 0, value, NULL), ES_OK);
    const int column = es_sweep_column(sweep, "prefill_tok_s", strlen("prefill_tok_s"));
    cr_expect_eq(p.tokens_per_s, value[sweep->columns[column].node]);
    cr_expect_float_eq(p.error, p.tokens_per_s / 10 - 1, 1e-12);
    free(value);
    es_sweep_free(sweep);
}

Test(measured, summaries_are_quantiles) {
    double errors[] = {0.3, -0.1, 0.2, -0.4, 0};
    const es_error_summary s = es_summarise_errors(errors, 5), none = es_summarise_errors(errors, 0);
    cr_expect(s.n == 5 && s.bias == 0);
    cr_expect_float_eq(s.median, 0.2, 1e-12);
    cr_expect_float_eq(s.p90, 0.36, 1e-12);
    cr_expect(none.n == 0 && isnan(none.median));
}

Test(measured, the_worst_rows_come_first) {
    es_measurement rows[] = {{.reason = NULL}, {.reason = "x"}, {.reason = NULL}, {.reason = NULL}, {.reason = NULL}};
    const es_prediction p[] = {{.error = 0.1}, {.error = 9}, {.error = -0.5}, {.error = 0.8}, {.error = 0}};
    const es_measured m = {.row = rows, .n = 5};
    size_t worst[4];
    cr_assert_eq(es_worst_rows(&m, p, worst, 2), 2);
    cr_expect(worst[0] == 2 && worst[1] == 3);
    cr_assert_eq(es_worst_rows(&m, p, worst, 4), 4);
    cr_expect(worst[2] == 0 && worst[3] == 4);
}

/* ---- Levels of power ---- */

Test(measured, levels_of_power_hold_for_models_and_sources_left_out) {
    static const double power_bar[] = {0.10, 0.15}, energy_bar = 0.15;
    es_measured measured;
    es_fitted_power fitted;
    cr_assert_eq(es_measured_read(&measured, "sweeps/measured.csv", NULL, NULL, &catalog, &point, &arena, NULL), ES_OK);
    cr_assert_eq(es_fit_power(&measured, &point, &arena, &fitted, NULL), ES_OK);
    for (int s = 0; s < ES_POWER_SPLITS; s++) {
        const es_error_summary p = es_summarise_errors(fitted.power_error[s], fitted.n_errors[s]),
                               e = es_summarise_errors(fitted.energy_error[s], fitted.n_errors[s]);
        cr_expect_gt(fitted.n_errors[s], 100);
        cr_expect_lt(p.median, power_bar[s], "power %g", p.median);
        cr_expect_lt(e.median, energy_bar, "energy %g", e.median);
    }
    /* the shipped levels are these rows' */
    const es_table *shipped = &catalog.table[ES_POWER];
    size_t compared = 0;
    for (size_t l = 0; l < fitted.n; l++)
        for (size_t i = 0; i < shipped->n_rows; i++) {
            const es_row *row = &shipped->rows[i];
            const es_fitted_level *level = &fitted.level[l];
            const char *name = row->text[ES_W_DEVICE];
            const es_row *device = es_table_find(&catalog.table[ES_DEVICE], name, strlen(name));
            if (!device || strcmp(device->text[ES_D_BOARD], level->device->text[ES_D_BOARD]) != 0 ||
                strcmp(row->text[ES_W_BOUNDARY], level->boundary) != 0 || level->rows < 5)
                continue;
            compared++;
            cr_expect_lt(fabs(log(level->decode_w / row->value[ES_W_DECODE_W])), 0.15, "%s: %g W, shipped %g", name,
                         level->decode_w, row->value[ES_W_DECODE_W]);
        }
    cr_expect_gt(compared, 5);
}
