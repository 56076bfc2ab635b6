/* Shared by the tests of planner and engine: temporary folders, a random generator, sweeps from text. */
#ifndef ES_TESTS_SWEEP_HELP_H
#define ES_TESTS_SWEEP_HELP_H

#include <criterion/criterion.h>

#include <dirent.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <edgesweep/catalog.h>
#include <edgesweep/sweep.h>

#define LENGTH(array) (sizeof(array) / sizeof *(array))

/* ---- temporary folders ---- */

typedef struct folder {
    char path[64];
} folder;

static inline folder folder_new(void) {
    folder f = {"/tmp/edgesweep-test-XXXXXX"};
    cr_assert(mkdtemp(f.path) != NULL);
    return f;
}

static inline void path_in(const folder *f, const char *name, char *path, size_t size) {
    cr_assert_lt(snprintf(path, size, "%s/%s", f->path, name), (int)size);
}

static inline void folder_free(const folder *f) {
    DIR *dir = opendir(f->path);
    cr_assert(dir != NULL);
    for (struct dirent *entry; (entry = readdir(dir));) {
        char path[400];
        path_in(f, entry->d_name, path, sizeof path);
        unlink(path);
    }
    closedir(dir);
    rmdir(f->path);
}

static inline void put_bytes(const folder *f, const char *name, const char *bytes, size_t n) {
    char path[400];
    path_in(f, name, path, sizeof path);
    FILE *stream = fopen(path, "wb");
    cr_assert(stream != NULL);
    cr_assert_eq(fwrite(bytes, 1, n, stream), n);
    cr_assert_eq(fclose(stream), 0);
}

static inline void put(const folder *f, const char *name, const char *text) { put_bytes(f, name, text, strlen(text)); }

static inline char *slurp(const char *path, size_t *n) {
    FILE *stream = fopen(path, "rb");
    cr_assert(stream != NULL, "%s is missing", path);
    char *text = NULL;
    size_t length = 0, got;
    do {
        text = realloc(text, length + 65537);
        cr_assert(text != NULL);
        got = fread(text + length, 1, 65536, stream);
        length += got;
    } while (got);
    text[length] = '\0';
    fclose(stream);
    if (n)
        *n = length;
    return text;
}

static inline char *slurp_in(const folder *f, const char *name) {
    char path[400];
    path_in(f, name, path, sizeof path);
    return slurp(path, NULL);
}

/* ---- text that grows ---- */

typedef struct text {
    char *data;
    size_t length, capacity;
} text;

static inline void text_add(text *t, const char *bytes, size_t n) {
    if (n >= t->capacity - t->length) { /* with its end */
        t->capacity = 2 * (t->length + n + 1);
        t->data = realloc(t->data, t->capacity);
        cr_assert(t->data != NULL);
    }
    memcpy(t->data + t->length, bytes, n);
    t->length += n;
    t->data[t->length] = '\0';
}

__attribute__((format(printf, 2, 3))) static inline void text_printf(text *t, const char *format, ...) {
    char buffer[1024];
    va_list arguments;
    va_start(arguments, format);
    int n = vsnprintf(buffer, sizeof buffer, format, arguments);
    va_end(arguments);
    cr_assert(n >= 0 && (size_t)n < sizeof buffer);
    text_add(t, buffer, (size_t)n);
}

/* ---- random numbers: the same in every run ---- */

typedef struct dice {
    uint64_t state;
} dice;

static inline uint64_t roll(dice *d) { /* splitmix64, Steele et al. 2014 */
    uint64_t z = d->state += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static inline size_t below(dice *d, size_t n) { return (size_t)(roll(d) % n); }
static inline bool chance(dice *d, size_t one_in) { return below(d, one_in) == 0; }
static inline double uniform(dice *d, double a, double b) { return a + (b - a) * (double)(roll(d) >> 11) * 0x1p-53; }

/* ---- catalogs and sweeps ---- */

static inline void load_catalog(es_catalog *catalog, const char *source) {
    es_errors errors = {0};
    es_status status = es_catalog_load(catalog, &source, source ? 1 : 0, &errors);
    cr_assert_eq(status, ES_OK, "%s", errors.error[0].text);
}

/* The catalogs most tests use: small, and with what has gone wrong in names. */
static inline void put_small_catalogs(const folder *f) {
    put(f, "models.csv",
        "name,aliases,layers,hidden,intermediate,vocab\n"
        "Alpha-1B,a1,22,2048,5632,32000\n"
        "Beta-3B,,26,3200,8640,32000\n"
        "\"Gamma, 7B\",g7,32,4096,11008,32000\n"
        "=Delta,,2,64,256,1000\n");
    put(f, "devices.csv",
        "name,aliases,class,peak_gflops_fp32,mem_bw_gbs,storage_bw_mbs,h2d_gbs,net_bw_mbps,mem_util,pj_per_flop\n"
        "Board One,b1,sbc,50,19,500,12,800,,\n"
        "Board Two,b2,sbc,64,34,500,,800,0.5,2.5\n"
        "Slow NPU,,npu,,34,500,,800,,\n"
        "\"Big \"\"GPU\"\"\",,gpu,40000,1000,7000,32,10000,0.8,\n");
    put(f, "precisions.csv", "name,aliases,weight_bits\nFP32,,32\nFP16,half,16\nINT8,,8\nINT4,,4\n");
}

static inline es_status try_sweep(es_sweep **sweep, const es_catalog *catalog, const char *path,
                                  const char *const *sets, size_t n_sets, es_errors *errors) {
    memset(errors, 0, sizeof *errors);
    return es_sweep_load(sweep, catalog, path, sets, n_sets, NULL, 0, errors);
}

static inline es_sweep *load_sweep(const es_catalog *catalog, const char *path, const char *const *sets, size_t n_sets,
                                   const char *const *wheres, size_t n_wheres) {
    static es_errors errors;
    errors = (es_errors){0};
    es_sweep *sweep = NULL;
    es_status status = es_sweep_load(&sweep, catalog, path, sets, n_sets, wheres, n_wheres, &errors);
    cr_assert_eq(status, ES_OK, "%s", errors.error[0].text);
    return sweep;
}

#endif
