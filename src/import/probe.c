#include "import/probe.h"

#include <errno.h>
#include <math.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#if defined(__x86_64__)
#include <cpuid.h>
#elif defined(__aarch64__)
#include <sys/auxv.h>
#endif

#include <edgesweep/catalog.h>

#include "base/os.h"
#include "import/import_row.h"
#include "import/machine.h"
#include "import/probe_kernels.h"
#include "base/clock.h"
#include "base/text.h"

/* Many short measurements: the best is one that other work did not disturb. */
static const double read_seconds = 0.02, peak_seconds = 0.02, most_seconds = 0.7;
static const double idle_seconds = 1, load_seconds = 2;
static const double write_seconds = 3, storage_seconds = 2; /* at most */
enum { REPEATS = 24, ROUNDS = 2, MIB = 1 << 20, STORAGE_BLOCK = 4 * MIB, STORAGE_BYTES = 256 * MIB };

static double thread_seconds(void) {
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* ---- What the machine is ---- */

static void find_machine(es_probe *p) {
    const double memory = es_os_memory();
    es_machine machine;
    es_machine_read("", &machine);
    memcpy(p->cpu, machine.cpu, sizeof p->cpu);
    memcpy(p->units, machine.units, sizeof p->units);
#if defined(__x86_64__)
    es_copy_text(p->class, sizeof p->class, es_slice_of("laptop"));
#else
    es_copy_text(p->class, sizeof p->class, es_slice_of("sbc"));
#endif
    p->threads = es_os_processors();
    if (machine.cpu_quota < p->threads)
        p->threads = (unsigned)fmax(1, ceil(machine.cpu_quota));
    p->ram_gib = fmin(memory, isnan(machine.memory_max) ? memory : machine.memory_max) / 0x1p30;
    p->l1d_kib = machine.l1d_kib, p->l2_kib = machine.l2_kib, p->l3_kib = machine.l3_kib;
}

/* ---- Arithmetic and memory ---- */

typedef double kernel(uint64_t rounds);

/* Operations per second of all threads.  Processor time: registers are not shared, so that other work on the machine
 * need not count. */
static double peak(kernel *run, unsigned threads) {
    const double begin = es_seconds_now();
    double best = 0;
    for (int i = 0; i < REPEATS && es_seconds_now() - begin < most_seconds; i++) {
        double rate = 0;
#pragma omp parallel num_threads(threads) reduction(+ : rate)
        {
            double operations = 0, spent = 0;
            run(1000);
            const double start = thread_seconds();
            while ((spent = thread_seconds() - start) < peak_seconds)
                operations += run(20000);
            rate += operations / spent;
        }
        best = fmax(best, rate);
    }
    return best;
}

typedef uint64_t reader(const uint64_t *data, size_t n);

/* Bytes per second of all threads, by the clock and by their processor time, which other work does not stretch. */
typedef struct memory_rate {
    double by_clock, by_work;
} memory_rate;

static memory_rate bandwidth(reader *sum, const uint64_t *data, size_t words, unsigned threads) {
    enum { CHUNK = 1 << 17 }; /* words: 1 MiB between looks at the clock */
    const size_t share = words / threads / CHUNK * CHUNK;
    const double first = es_seconds_now();
    memory_rate best = {0, 0};
    for (int i = 0; i < REPEATS && es_seconds_now() - first < most_seconds; i++) {
        double bytes = 0, rate = 0, begin = 0, end = 0;
        uint64_t total = 0;
#pragma omp parallel num_threads(threads) reduction(+ : bytes, rate, total)
        {
            const uint64_t *own = data + share * (size_t)omp_get_thread_num();
#pragma omp barrier
#pragma omp single
            begin = es_seconds_now();
            const double until = begin + read_seconds, start = thread_seconds();
            for (size_t at = 0; es_seconds_now() < until; at = (at + CHUNK) % share) {
                total += sum(own + at, CHUNK);
                bytes += CHUNK * sizeof *own;
            }
            rate = bytes / (thread_seconds() - start + 1e-9);
#pragma omp barrier
#pragma omp single
            end = es_seconds_now();
        }
        if (total == 1) /* never: the data are zero, but only the sum knows */
            return (memory_rate){NAN, NAN};
        best.by_clock = fmax(best.by_clock, bytes / (end - begin));
        best.by_work = fmax(best.by_work, rate);
    }
    return best;
}

static bool has_dot8(void) {
#if defined(__x86_64__)
    unsigned a, b, c, d;
    if (es_simd_level_now() == ES_SIMD_V4)
        return __get_cpuid_count(7, 0, &a, &b, &c, &d) && (c & (1u << 11)); /* AVX512_VNNI */
    return es_simd_level_now() == ES_SIMD_V3 && __get_cpuid_count(7, 1, &a, &b, &c, &d) && (a & (1u << 4));
#elif defined(__aarch64__)
    return getauxval(AT_HWCAP) & (1ul << 20); /* HWCAP_ASIMDDP */
#else
    return false;
#endif
}

static reader *dot_reader(void) {
#if defined(__aarch64__)
    if (has_dot8())
        return ES_SIMD_PICK(es_probe_dot_sdot);
#endif
    return ES_SIMD_PICK(es_probe_dot);
}

/* What products with 8-bit blocks leave of the bandwidth, both read in turn. */
static void measure_dot(es_probe *p, const uint64_t *data, size_t words) {
    double dot = 0, plain = 0;
    for (int i = 0; i < ROUNDS; i++) {
        dot = fmax(dot, bandwidth(dot_reader(), data, words, p->threads).by_work);
        plain = fmax(plain, bandwidth(ES_SIMD_PICK(es_probe_sum), data, words, p->threads).by_work);
    }
    p->dot_util = dot > 0 && plain > 0 ? fmin(1, dot / plain) : NAN;
}

/* Buffers beyond any cache, each page first touched by the thread that may read it. */
static void measure_memory(es_probe *p, es_errors *errors) {
    const double wanted =
        fmin(fmax(256.0 * MIB, 8 * 1024 * (isnan(p->l3_kib) ? 0 : p->l3_kib)), p->ram_gib * 0x1p30 / 4);
    const size_t bytes = (size_t)fmin(wanted, 2048.0 * MIB) / MIB * MIB, words = bytes / sizeof(uint64_t);
    uint64_t *data = bytes >= p->threads * (size_t)(2 * MIB) ? aligned_alloc(4096, bytes) : NULL;
    if (data == NULL) {
        es_warn(errors, NULL, "too little memory to measure its bandwidth");
        return;
    }
#pragma omp parallel for num_threads(p->threads) schedule(static)
    for (size_t i = 0; i < words; i++)
        data[i] = 0;
    for (unsigned threads = 1; p->n_steps < ES_PROBE_MAX_STEPS;
         threads = threads * 2 < p->threads ? threads * 2 : p->threads) {
        p->step_threads[p->n_steps] = threads;
        p->step_gbs[p->n_steps++] = bandwidth(ES_SIMD_PICK(es_probe_sum), data, words, threads).by_clock / 1e9;
        if (threads == p->threads)
            break;
    }
    measure_dot(p, data, words);
    p->again_gbs = bandwidth(ES_SIMD_PICK(es_probe_sum), data, words, p->threads).by_clock / 1e9;
    free(data);
}

static bool has_fp16(void) {
#if defined(__x86_64__)
    unsigned a, b, c, d;
    return es_simd_level_now() == ES_SIMD_V4 && __get_cpuid_count(7, 0, &a, &b, &c, &d) && (d & (1u << 23));
#elif defined(__aarch64__)
    return getauxval(AT_HWCAP) & (1ul << 10); /* HWCAP_ASIMDHP */
#else
    return false;
#endif
}

static bool has_mmla(void) {
#if defined(__aarch64__)
    return getauxval(AT_HWCAP2) & (1ul << 13); /* HWCAP2_I8MM */
#else
    return false;
#endif
}

static void measure_peaks(es_probe *p) {
    const double int8 = peak(ES_SIMD_PICK(es_probe_int8), p->threads) / 1e9;
    const double dot8 = has_dot8() ? peak(ES_SIMD_PICK(es_probe_dot8), p->threads) / 1e9 : 0;
    const double fp16 = has_fp16() ? peak(ES_SIMD_PICK(es_probe_fp16), p->threads) / 1e9 : 0;
    p->fp32_gflops = peak(ES_SIMD_PICK(es_probe_fp32), p->threads) / 1e9;
    p->fp16_gflops = fp16 > 0 ? fp16 : NAN;
    const double mmla = has_mmla() ? peak(ES_SIMD_PICK(es_probe_mmla), p->threads) / 1e9 : 0;
    const double best = fmax(mmla, fmax(int8, dot8));
    p->int8_gops = best > 0 ? best : NAN;
    p->int8_how = best == 0      ? "no instructions"
                  : best == mmla ? "matrix instructions"
                  : best == dot8 ? "dot-product instructions"
                                 : "widening multiply-adds";
}

/* ---- Storage ---- */

/* Bytes written before time ran out; at least one block, or 0 with errno. */
static off_t fill_file(int fd, const char *block) {
    const double begin = es_seconds_now();
    off_t written = 0;
    while (written < STORAGE_BYTES && (written == 0 || es_seconds_now() - begin < write_seconds)) {
        if (write(fd, block, STORAGE_BLOCK) != STORAGE_BLOCK || es_os_sync_data(fd) != 0)
            return 0;
        written += STORAGE_BLOCK;
    }
    return written;
}

static double read_back(int fd, char *block, off_t size) {
    const double begin = es_seconds_now();
    double bytes = 0;
    for (off_t at = 0; at < size && es_seconds_now() - begin < storage_seconds; at += STORAGE_BLOCK) {
        const ssize_t n = pread(fd, block, STORAGE_BLOCK, at);
        if (n != STORAGE_BLOCK)
            return NAN;
        bytes += (double)n;
    }
    return bytes / (es_seconds_now() - begin);
}

/* Past the page cache where the file system allows, else after asking the kernel to forget the file. */
static double read_rate(es_probe *p, int fd, char *block, off_t size) {
    es_os_forget_cached(fd);
    const int direct = es_os_reopen_direct(fd);
    double rate = direct >= 0 ? read_back(direct, block, size) : NAN;
    p->storage_how = "direct reads";
    if (direct >= 0)
        close(direct);
    if (isnan(rate)) {
        p->storage_how = "buffered reads";
        es_os_forget_cached(fd);
        rate = read_back(fd, block, size);
    }
    return rate / 1e6;
}

static void measure_storage(const char *folder, es_probe *p, es_errors *errors) {
    char *block = aligned_alloc(4096, STORAGE_BLOCK);
    const int fd = es_os_temporary(folder);
    p->storage_mbs = NAN;
    p->storage_how = "not measured";
    if (fd < 0 || block == NULL) {
        es_warn(errors, NULL, "storage not measured: '%s': %s", es_quote_text(folder).text, strerror(errno));
    } else if (es_os_in_memory(fd)) {
        es_warn(errors, NULL, "storage not measured: '%s' lies in memory; --tmp DIR names another folder",
                es_quote_text(folder).text);
    } else {
        for (size_t i = 0; i < STORAGE_BLOCK; i++) /* no zeros: some disks compress */
            block[i] = (char)(i * 2654435761u >> 13);
        const off_t size = fill_file(fd, block);
        if (size > 0)
            p->storage_mbs = read_rate(p, fd, block, size);
        if (isnan(p->storage_mbs))
            es_warn(errors, NULL, "storage not measured: '%s': %s", es_quote_text(folder).text, strerror(errno));
    }
    if (fd >= 0)
        close(fd);
    free(block);
}

/* ---- Power ---- */

static void measure_idle(es_probe *p) {
    enum { SAMPLES = 5 };
    es_power power;
    es_power_begin(&power, "");
    for (int i = 0; i < SAMPLES; i++) {
        nanosleep(&(struct timespec){.tv_nsec = (long)(1e9 * idle_seconds / SAMPLES)}, NULL);
        es_power_sample(&power);
    }
    p->idle_w = es_power_end(&power);
    p->power_how = power.how;
}

static void measure_load(es_probe *p) {
    es_power power;
    es_power_begin(&power, "");
    while (es_seconds_now() - power.begin < load_seconds) {
        peak(ES_SIMD_PICK(es_probe_fp32), p->threads);
        es_power_sample(&power);
    }
    p->load_w = es_power_end(&power);
    p->power_how = power.how;
}

/* ---- Whether the machine was left alone ---- */

/* Other work takes processors, as the load average before the start tells, or bandwidth, and then two passes differ. */
static void find_work_of_others(es_probe *p, double load) {
    const double most_load = 0.3, most_difference = 0.1;
    const double first = p->n_steps ? p->step_gbs[p->n_steps - 1] : NAN;
    es_heat heat;
    es_heat_read("", &heat);
    if (heat.throttled)
        snprintf(p->busy, sizeof p->busy, "the firmware holds the clock down at %.0f degrees Celsius", heat.celsius);
    else if (load > most_load * p->threads)
        snprintf(p->busy, sizeof p->busy, "the load average was %.2f on %u processors", load, p->threads);
    else if (fabs(p->again_gbs / first - 1) > most_difference)
        snprintf(p->busy, sizeof p->busy, "two passes read %.3g and %.3g GB/s", first, p->again_gbs);
}

/* ---- All of it ---- */

static bool go_on(const es_probe_options *o, const char *doing) {
    if (o->stop && *o->stop)
        return false;
    if (o->progress)
        o->progress(o->context, doing);
    return true;
}

es_status es_probe_run(const es_probe_options *o, es_probe *p, es_errors *errors) {
    const double begin = es_seconds_now();
    double load = 0;
    if (getloadavg(&load, 1) != 1)
        load = 0;
    *p = (es_probe){.dot_util = NAN, .again_gbs = NAN, .idle_w = NAN, .load_w = NAN, .power_how = "no readable sensor"};
    find_machine(p);
    const bool whole = go_on(o, "idle power") && (measure_idle(p), go_on(o, "memory bandwidth")) &&
                       (measure_memory(p, errors), go_on(o, "arithmetic peaks")) &&
                       (measure_peaks(p), go_on(o, "storage")) &&
                       (measure_storage(o->folder, p, errors), go_on(o, "power under load"));
    if (!whole)
        return *o->stop == SIGTERM ? ES_ETERM : ES_EINT;
    if (!isnan(p->idle_w))
        measure_load(p);
    find_work_of_others(p, load);
    p->seconds = es_seconds_now() - begin;
    return ES_OK;
}

/* ---- The row ---- */

enum { CELL = 400 };

static void number_cell(char *cell, double value, int digits) {
    *cell = '\0';
    if (!isnan(value) && value > 0)
        snprintf(cell, CELL, "%.*g", digits, value);
}

static double best_bandwidth(const es_probe *p) {
    double best = NAN;
    for (unsigned i = 0; i < p->n_steps; i++)
        best = fmax(best, p->step_gbs[i]);
    return best;
}

static void list_bandwidths(char *cell, const es_probe *p) {
    size_t used = 0;
    *cell = '\0';
    for (unsigned i = 0; i < p->n_steps && used < CELL; i++)
        used += (size_t)snprintf(cell + used, CELL - used, "%s%u:%.4g", i > 0 ? " " : "", p->step_threads[i],
                                 p->step_gbs[i]);
}

static void describe(char *source, const es_probe *p) {
    char day[32] = "";
    const time_t today = time(NULL);
    struct tm utc;
    if (gmtime_r(&today, &utc))
        strftime(day, sizeof day, "%Y-%m-%d", &utc);
    snprintf(source, CELL,
             "edgesweep probe %s: read loop and register-only multiply-adds on %u threads (%s), best of up to %d; INT8 "
             "by %s; "
             "storage by %s; power by %s",
             day, p->threads, es_simd_level_name(es_simd_level_now()), REPEATS, p->int8_how, p->storage_how,
             p->power_how);
}

void es_probe_print(FILE *out, const es_probe *p) {
    static const char *const more[] = {"x_cpu",     "x_threads", "x_mem_bw_gbs_by_threads",
                                       "x_l1d_kib", "x_l2_kib",  "x_l3_kib"};
    enum { MORE = sizeof more / sizeof *more };
    char cell[ES_D_FIELDS + MORE][CELL];
    const char *cells[ES_D_FIELDS + MORE];
    const es_field_table *table = es_fields(ES_DEVICE);
    for (size_t f = 0; f < ES_D_FIELDS + MORE; f++) {
        *cell[f] = '\0';
        cells[f] = cell[f];
        fprintf(out, "%s%s", f > 0 ? "," : "", f < ES_D_FIELDS ? table->fields[f].name : more[f - ES_D_FIELDS]);
    }
    fputc('\n', out);
    cells[ES_D_NAME] = "this";
    cells[ES_D_CLASS] = p->class;
    if (*p->units) {
        snprintf(cell[ES_D_UNIT], CELL, "%.*s", (int)strcspn(p->units, "*"), p->units);
        cells[ES_D_UNITS] = p->units;
    }
    number_cell(cell[ES_D_PEAK_FP32], p->fp32_gflops, 4);
    number_cell(cell[ES_D_PEAK_FP16], p->fp16_gflops, 4);
    number_cell(cell[ES_D_PEAK_INT8], p->int8_gops, 4);
    number_cell(cell[ES_D_MEM_BW], best_bandwidth(p), 4);
    number_cell(cell[ES_D_STORAGE_BW], p->storage_mbs, 4);
    cells[ES_D_STORAGE_UTIL] = "1";
    number_cell(cell[ES_D_MEM_UTIL], p->dot_util, 3);
    number_cell(cell[ES_D_IDLE_W], p->idle_w, 3);
    number_cell(cell[ES_D_LOAD_W], fmax(p->load_w, p->idle_w), 3);
    number_cell(cell[ES_D_RAM_GB], p->ram_gib, 4);
    cells[ES_D_BASIS] = "measured";
    describe(cell[ES_D_SOURCE], p);
    cells[ES_D_NOTE] =
        "mem_util: dot products with 8-bit blocks against the read loop; the other rates are those of the "
        "class until calibrate fits them to llama-bench";
    cells[ES_D_FIELDS] = p->cpu;
    snprintf(cell[ES_D_FIELDS + 1], CELL, "%u", p->threads);
    list_bandwidths(cell[ES_D_FIELDS + 2], p);
    number_cell(cell[ES_D_FIELDS + 3], p->l1d_kib, 6);
    number_cell(cell[ES_D_FIELDS + 4], p->l2_kib, 6);
    number_cell(cell[ES_D_FIELDS + 5], p->l3_kib, 6);
    es_catalog_row(out, cells, ES_D_FIELDS + MORE);
}
