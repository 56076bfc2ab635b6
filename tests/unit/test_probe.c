/* The kernels count what they do; a probe's row is a device of the catalog. */
#include <criterion/criterion.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <edgesweep/catalog.h>

#include "import/probe.h"
#include "import/probe_kernels.h"

Test(probe, kernels) {
    enum { WORDS = 4096 };
    uint64_t *data = aligned_alloc(64, WORDS * sizeof *data), expected = 0;
    cr_assert_not_null(data);
    for (uint64_t i = 0; i < WORDS; i++)
        expected += data[i] = i * i + 1;
    cr_expect_eq(ES_SIMD_PICK(es_probe_sum)(data, WORDS), expected);
    expected = 0;
    for (size_t i = 0; i < WORDS * sizeof *data; i++)
        expected += (uint64_t)(2 * ((const int8_t *)data)[i] * ((int)(i % 32) + 1));
    cr_expect_eq(ES_SIMD_PICK(es_probe_dot)(data, WORDS), expected);
    free(data);
    const double once = ES_SIMD_PICK(es_probe_fp32)(1);
    cr_expect_geq(once, 12 * 2 * 4.0);
    cr_expect_eq(ES_SIMD_PICK(es_probe_fp32)(100), 100 * once);
    const double int8 = ES_SIMD_PICK(es_probe_int8)(1);
    cr_expect(int8 == 0 || int8 == 4 * once, "a byte is a quarter of a float: %g, %g", int8, once);
}

static es_status load_row(const es_probe *probe, es_catalog *catalog, es_errors *errors) {
    char folder[] = "/tmp/probe-XXXXXX", path[64], source[64];
    const char *const sources[] = {source};
    cr_assert_not_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/devices.csv", folder);
    snprintf(source, sizeof source, "+%s", folder);
    FILE *out = fopen(path, "w");
    cr_assert_not_null(out);
    es_probe_print(out, probe);
    cr_assert_eq(fclose(out), 0);
    const es_status status = es_catalog_load(catalog, sources, 1, errors);
    unlink(path);
    rmdir(folder);
    return status;
}

Test(probe, row_of_the_catalog) {
    es_catalog catalog;
    es_errors errors = {0};
    es_probe p = {.cpu = "A \"quoted\", processor",
                  .class = "sbc",
                  .threads = 4,
                  .ram_gib = 7.75,
                  .l1d_kib = 64,
                  .l2_kib = 512,
                  .l3_kib = NAN,
                  .step_threads = {1, 2, 4},
                  .step_gbs = {8.5, 11.25, 10},
                  .n_steps = 3,
                  .dot_util = 0.8,
                  .fp32_gflops = 76.8,
                  .fp16_gflops = NAN,
                  .int8_gops = 307.2,
                  .int8_how = "dot-product instructions",
                  .storage_mbs = 91.5,
                  .storage_how = "O_DIRECT",
                  .idle_w = NAN,
                  .load_w = NAN,
                  .power_how = "no readable sensor"};
    const es_status status = load_row(&p, &catalog, &errors);
    es_errors_print(&errors, stderr);
    cr_assert_eq(status, ES_OK);
    const es_row *row = es_table_find(&catalog.table[ES_DEVICE], "this", 4);
    cr_assert_not_null(row);
    cr_expect_eq(row->value[ES_D_MEM_BW], 11.25, "the best of all thread counts");
    cr_expect_eq(row->value[ES_D_MEM_UTIL], 0.8);
    cr_expect_eq(row->value[ES_D_PEAK_FP32], 76.8);
    cr_expect(isnan(row->value[ES_D_PEAK_FP16]) && isnan(row->value[ES_D_IDLE_W]) && isnan(row->value[ES_D_LOAD_W]));
    cr_expect_eq(row->value[ES_D_PEAK_INT8], 307.2);
    cr_expect_eq(row->value[ES_D_STORAGE_BW], 91.5);
    cr_expect_eq(row->value[ES_D_RAM_GB], 7.75);
    cr_expect_str_eq(row->text[ES_D_BASIS], "measured");
    cr_expect_not_null(strstr(row->text[ES_D_SOURCE], "on 4 threads"));
    es_catalog_free(&catalog);
}

Test(probe, stops) {
    static const volatile sig_atomic_t signal_number = SIGTERM;
    es_probe p;
    cr_expect_eq(es_probe_run(&(es_probe_options){.folder = "/tmp", .stop = &signal_number}, &p, NULL), ES_ETERM);
}

static void count_steps(void *context, const char *doing) {
    (void)doing;
    ++*(int *)context;
}

/* Wide enough for a microcontroller's Linux and for a server with company, narrow enough for a wrong unit. */
Test(probe, plausible) {
    int steps = 0;
    es_errors errors = {0};
    es_probe p;
    cr_assert_eq(es_probe_run(&(es_probe_options){"/var/tmp", count_steps, &steps, NULL}, &p, &errors), ES_OK);
    cr_expect_eq(steps, 5);
    cr_expect(p.threads >= 1 && p.threads <= sysconf(_SC_NPROCESSORS_ONLN), "%u threads", p.threads);
    cr_expect(p.ram_gib > 0.03 && p.ram_gib * 0x1p30 <= (double)sysconf(_SC_PHYS_PAGES) * (double)sysconf(_SC_PAGESIZE),
              "%g GiB", p.ram_gib);
    cr_expect_geq(p.n_steps, 1);
    cr_expect_eq(p.step_threads[0], 1);
    cr_expect_eq(p.step_threads[p.n_steps - 1], p.threads);
    for (unsigned i = 0; i < p.n_steps; i++)
        cr_expect(p.step_gbs[i] > 0.05 && p.step_gbs[i] < 5e3, "%g GB/s", p.step_gbs[i]);
    cr_expect(p.dot_util > 0.001 && p.dot_util <= 1, "%g of the bandwidth", p.dot_util);
    cr_expect(p.fp32_gflops > 0.05 && p.fp32_gflops < 1e5, "%g GFLOPS", p.fp32_gflops);
    cr_expect(isnan(p.fp16_gflops) || (p.fp16_gflops > p.fp32_gflops / 8 && p.fp16_gflops < p.fp32_gflops * 32));
    cr_expect(isnan(p.int8_gops) || (p.int8_gops > p.fp32_gflops / 16 && p.int8_gops < p.fp32_gflops * 64), "%g GOPS",
              p.int8_gops);
    cr_expect(isnan(p.storage_mbs) || (p.storage_mbs > 0.05 && p.storage_mbs < 1e5), "%g MB/s", p.storage_mbs);
    cr_expect(isnan(p.l1d_kib) || (p.l1d_kib >= 1 && p.l1d_kib < 4096), "%g KiB", p.l1d_kib);
    cr_expect(isnan(p.idle_w) || (p.idle_w > 0 && p.idle_w < 1e4), "%g W", p.idle_w);
    cr_expect(p.seconds > 1 && p.seconds < 600, "%g s", p.seconds);
}
