/* Rows per second and seconds of CPU as whole processes, in turn, medians: this program, write() of the same bytes with and
 * without space reserved ahead, a careful C++ program (where there is a compiler), a plain C program with fprintf, and
 * DuckDB, polars and pandas where python3 has them.  The grid of the published model: 4 models x 3 devices x 4
 * precisions x seq_len, 16 columns, %.9g.
 *
 *   EDGESWEEP=build/edgesweep [STRONG_ROWS=build/bench/strong_rows] [MARKDOWN=1] bench_rows [ROWS [RUNS]]
 *
 * 10 million rows, 5 runs; peers write a tenth of that.
 */
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { OUTER = 48, MAX_RUNS = 99, PEER_SHARE = 10 };

typedef struct setting {
    uint64_t rows, bytes;
    char folder[64], file[96], seq_len[64], peer_seq_len[64], short_seq_len[64];
    const char *command, *strong;
} setting;

typedef void way_fn(const setting *s);

typedef struct way {
    const char *name;
    way_fn *fn;
    uint64_t share; /* rows are divided by this */
    double seconds[MAX_RUNS], cpu[MAX_RUNS];
} way;

static const char *const columns =
    "output.columns=model,device,precision,seq_len,params,flops_per_token,memory_bytes,compute_ms,memory_ms,io_ms,"
    "h2d_ms,net_ms,end_to_end_ms,arithmetic_intensity,energy_j,power_w";

/* ---- ways to write the rows; each runs in a process of its own ---- */

static void ours(const setting *s, const char *out, const char *seq_len, const char *utils) {
    const char *argv[40];
    size_t n = 0;
    argv[n++] = s->command;
    argv[n++] = "run";
    argv[n++] = "-q";
    const char *const sets[] = {"kernel=edgeprofiler",
                                "model=EP-TinyLlama-1B,EP-Gemma3-1B,EP-Llama3.2-1B,EP-DeepSeek-r1-1.5B",
                                "device=EP Raspberry Pi 4,EP Raspberry Pi 5,EP Jetson Nano Super",
                                "precision=FP32,FP16,INT8,INT4",
                                seq_len,
                                columns,
                                utils};
    for (size_t i = 0; i < sizeof sets / sizeof *sets; i++) {
        if (!sets[i])
            continue;
        argv[n++] = "--set";
        argv[n++] = sets[i];
    }
    argv[n++] = "-o";
    argv[n++] = out;
    argv[n] = NULL;
    execv(s->command, (char *const *)argv);
    perror(s->command);
    _exit(127);
}

static void ours_file(const setting *s) { ours(s, s->file, s->seq_len, NULL); }
static void ours_null(const setting *s) { ours(s, "/dev/null", s->seq_len, NULL); }
static void ours_utils(const setting *s) { ours(s, "/dev/null", s->short_seq_len, "device.mem_util=lin(0.1,1,100)"); }

/* A table in a format of its own, by the suffix. */
static void ours_packed(const setting *s, const char *suffix, const char *seq_len) {
    char file[128];
    snprintf(file, sizeof file, "%s%s", s->file, suffix);
    ours(s, file, seq_len, NULL);
}

static void ours_gz(const setting *s) { ours_packed(s, ".gz", s->seq_len); }
static void ours_zst(const setting *s) { ours_packed(s, ".zst", s->seq_len); }
static void ours_db(const setting *s) { ours_packed(s, ".db", s->peer_seq_len); }

static void strong(const setting *s) {
    char rows[32];
    snprintf(rows, sizeof rows, "%llu", (unsigned long long)s->rows);
    execl(s->strong, s->strong, s->file, rows, (char *)NULL);
    _exit(127);
}

static void write_bytes(const setting *s, bool reserved) {
    enum { CHUNK = 1 << 20 };
    char *chunk = malloc(CHUNK);
    int fd = open(s->file, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    if (!chunk || fd < 0 || (reserved && posix_fallocate(fd, 0, (off_t)s->bytes)))
        _exit(1);
    memset(chunk, '7', CHUNK);
    for (uint64_t left = s->bytes; left;) {
        size_t n = left < CHUNK ? (size_t)left : CHUNK;
        if (write(fd, chunk, n) != (ssize_t)n)
            _exit(1);
        left -= n;
    }
    _exit(close(fd) != 0);
}

static void raw_write(const setting *s) { write_bytes(s, false); }
static void reserved_write(const setting *s) { write_bytes(s, true); }

typedef struct board {
    const char *name;
    double peak, memory, storage, h2d, net;
} board;

static void plain_row(FILE *out, const char *model, double L, double H, double I, const board *b, const char *precision,
                      double B, double S) {
    const double V = 50257;
    double params = L * 4 * H * H + L * 2 * H * I + 2 * V * H;
    double flops = L * (8 * H * H + 4 * H * S + 4 * H * I + 9 * H);
    double memory = params * B + S * H * B + 2 * L * S * H * B;
    double compute_ms = flops / (b->peak * 1e9 * 0.7) * 1e3, memory_ms = memory / (b->memory * 1e9 * 0.6) * 1e3;
    double io_ms = params * B / (b->storage * 1e6 * 0.8) * 1e3, h2d_ms = params * B / (b->h2d * 1e9 * 0.7) * 1e3;
    double net_ms = S * H * B / (b->net * 1e6 / 8 * 0.8) * 1e3;
    double all_ms = (compute_ms > memory_ms ? compute_ms : memory_ms) + io_ms + h2d_ms + net_ms;
    double joules = flops * 1e-12 + memory * 1e-9;
    fprintf(out, "%s,%s,%s,%.0f,%.0f,%.0f,%.9g,%.9g,%.9g,%.9g,%.9g,%.9g,%.9g,%.9g,%.9g,%.9g\n", model, b->name,
            precision, S, params, flops, memory, compute_ms, memory_ms, io_ms, h2d_ms, net_ms, all_ms, flops / memory,
            joules, joules / (all_ms / 1e3));
}

static void plain_c(const setting *s) {
    static const board boards[] = {{"EP Raspberry Pi 4", 50, 19, 500, 12, 800},
                                   {"EP Raspberry Pi 5", 64, 34, 500, 16, 800},
                                   {"EP Jetson Nano Super", 500, 25.6, 2000, 30, 4000}};
    static const char *const models[] = {"EP-TinyLlama-1B", "EP-Gemma3-1B", "EP-Llama3.2-1B", "EP-DeepSeek-r1-1.5B"};
    static const char *const precisions[] = {"FP32", "FP16", "INT8", "INT4"};
    static const double bytes[] = {4, 2, 1, 0.5};
    FILE *out = fopen(s->file, "w");
    if (!out)
        _exit(1);
    uint64_t values = s->rows / PEER_SHARE / OUTER;
    for (int m = 0; m < 4; m++)
        for (int d = 0; d < 3; d++)
            for (int p = 0; p < 4; p++)
                for (uint64_t v = 1; v <= values; v++)
                    plain_row(out, models[m], m == 3 ? 26 : 24, m == 3 ? 2304 : 2048, m == 3 ? 9216 : 8192, &boards[d],
                              precisions[p], bytes[p], (double)v);
    _exit(fclose(out) != 0);
}

/* The peers build the same number of rows of 16 columns by a cross join with arithmetic and write them as CSV. */
static void python(const setting *s, const char *library) {
    static const char script[] =
        "import sys\n"
        "library, rows, path = sys.argv[1], int(sys.argv[2]), sys.argv[3]\n"
        "if library == 'duckdb':\n"
        "    import duckdb\n"
        "    x = ', '.join(f'(b.b*{k}.5 + s.s*a.a)/{k}.25 AS c{k}' for k in range(1, 13))\n"
        "    duckdb.sql(f\"COPY (SELECT a.a AS model, b.b AS precision, s.s AS seq_len, a.a+b.b AS n, {x} FROM "
        "range(12) a(a), range(4) b(b), range({rows // 48}) s(s)) TO '{path}' (FORMAT CSV, HEADER)\")\n"
        "elif library == 'polars':\n"
        "    import polars as pl\n"
        "    r = lambda n, c: pl.LazyFrame({c: range(n)})\n"
        "    f = r(12, 'model').join(r(4, 'precision'), how='cross').join(r(rows // 48, 'seq_len'), how='cross')\n"
        "    f = f.with_columns([(pl.col('model') + pl.col('precision')).alias('n')] + [((pl.col('precision') * (k + "
        ".5) "
        "+ pl.col('seq_len') * pl.col('model')) / (k + .25)).alias(f'c{k}') for k in range(1, 13)])\n"
        "    f.collect().write_csv(path)\n"
        "else:\n"
        "    import numpy as np, pandas as pd\n"
        "    m, p, s = (a.ravel() for a in np.meshgrid(np.arange(12), np.arange(4), np.arange(rows // 48), "
        "indexing='ij'))\n"
        "    f = pd.DataFrame({'model': m, 'precision': p, 'seq_len': s, 'n': m + p, **{f'c{k}': (p * (k + .5) + s * "
        "m) / "
        "(k + .25) for k in range(1, 13)}})\n"
        "    f.to_csv(path, index=False, float_format='%.9g')\n";
    char rows[32];
    snprintf(rows, sizeof rows, "%llu", (unsigned long long)(s->rows / PEER_SHARE));
    execlp("python3", "python3", "-c", script, library, rows, s->file, (char *)NULL);
    _exit(127);
}

static void duckdb(const setting *s) { python(s, "duckdb"); }
static void polars(const setting *s) { python(s, "polars"); }
static void pandas(const setting *s) { python(s, "pandas"); }

/* ---- timing ---- */

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static double seconds_of(struct timeval t) { return (double)t.tv_sec + 1e-6 * (double)t.tv_usec; }

/* Wall seconds of one process, negative when it failed; *cpu: those of its threads, and of the kernel for them. */
static double run_way(const way *w, const setting *s, double *cpu) {
    struct rusage usage;
    unlink(s->file);
    double start = now();
    pid_t child = fork();
    if (child == 0)
        w->fn(s);
    int status = 1;
    if (child < 0 || wait4(child, &status, 0, &usage) != child || !WIFEXITED(status) || WEXITSTATUS(status))
        return -1;
    *cpu = seconds_of(usage.ru_utime) + seconds_of(usage.ru_stime);
    return now() - start;
}

static int ascending(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static bool has_library(const char *name) {
    char command[128];
    snprintf(command, sizeof command, "python3 -c 'import %s' >/dev/null 2>&1", name);
    return system(command) == 0; /* fixed names only */
}

/* Rates, and what the first way is times faster, by the clock and by CPU seconds. */
static void print_ways(way *ways, size_t n, int runs, uint64_t rows) {
    const bool markdown = getenv("MARKDOWN") != NULL;
    double reference = 0, reference_cpu = 0;
    printf(markdown ? "| | rows/s | CPU s per 1e7 rows | times ours | ... in CPU |\n|---|---:|---:|---:|---:|\n"
                    : "%-34s %12s %18s %10s %10s\n",
           "way", "rows/s", "CPU s per 1e7 rows", "times ours", "in CPU");
    for (size_t i = 0; i < n; i++) {
        const double count = (double)(rows / ways[i].share);
        qsort(ways[i].seconds, (size_t)runs, sizeof(double), ascending);
        qsort(ways[i].cpu, (size_t)runs, sizeof(double), ascending);
        const double rate = count / ways[i].seconds[runs / 2], cpu = ways[i].cpu[runs / 2] / count * 1e7;
        if (!i)
            reference = rate, reference_cpu = cpu;
        printf(markdown ? "| %s | %.2f M | %.2f | %.2f | %.2f |\n" : "%-34s %10.2f M %18.2f %10.2f %10.2f\n",
               ways[i].name, rate / 1e6, cpu, reference / rate, cpu / reference_cpu);
    }
}

/* Files that the ways leave, and what lies beside them. */
static void remove_files(const setting *s) {
    static const char *const suffixes[] = {"", ".gz", ".zst", ".db", ".meta.json", ".gz.meta.json", ".zst.meta.json"};
    char file[128];
    for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
        snprintf(file, sizeof file, "%s%s", s->file, suffixes[i]);
        unlink(file);
    }
    rmdir(s->folder);
}

int main(int argc, char **argv) {
    setting s = {.rows = argc > 1 ? strtoull(argv[1], NULL, 10) : 10000000, .command = getenv("EDGESWEEP")};
    int runs = argc > 2 ? atoi(argv[2]) : 5;
    if (!s.command)
        s.command = "build/edgesweep";
    if (runs < 1 || runs > MAX_RUNS || s.rows < OUTER * 1000)
        return fprintf(stderr, "usage: bench_rows [ROWS [RUNS]]\n"), 2;
    snprintf(s.folder, sizeof s.folder, "%s/rowsXXXXXX", "/tmp");
    if (!mkdtemp(s.folder))
        return perror(s.folder), 1;
    snprintf(s.file, sizeof s.file, "%s/rows.csv", s.folder);
    snprintf(s.seq_len, sizeof s.seq_len, "seq_len=1:%llu", (unsigned long long)(s.rows / OUTER));
    snprintf(s.short_seq_len, sizeof s.short_seq_len, "seq_len=1:%llu", (unsigned long long)(s.rows / OUTER / 100));
    snprintf(s.peer_seq_len, sizeof s.peer_seq_len, "seq_len=1:%llu",
             (unsigned long long)(s.rows / PEER_SHARE / OUTER));
    way ways[16] = {{.name = "edgesweep to a file", .fn = ours_file, .share = 1},
                    {.name = "write(), space reserved ahead", .fn = reserved_write, .share = 1},
                    {.name = "write()", .fn = raw_write, .share = 1},
                    {.name = "plain C, fprintf", .fn = plain_c, .share = PEER_SHARE},
                    {.name = "edgesweep to /dev/null", .fn = ours_null, .share = 1},
                    {.name = "... with device.mem_util innermost", .fn = ours_utils, .share = 1},
                    {.name = "edgesweep to .csv.gz", .fn = ours_gz, .share = 1},
                    {.name = "edgesweep to .csv.zst", .fn = ours_zst, .share = 1},
                    {.name = "edgesweep to .db", .fn = ours_db, .share = PEER_SHARE}};
    size_t n = 9;
    s.strong = getenv("STRONG_ROWS");
    if (s.strong && access(s.strong, X_OK) == 0)
        ways[n++] = (way){.name = "careful C++, std::to_chars, threads", .fn = strong, .share = 1};
    if (has_library("duckdb"))
        ways[n++] = (way){.name = "DuckDB COPY", .fn = duckdb, .share = PEER_SHARE};
    if (has_library("polars"))
        ways[n++] = (way){.name = "polars write_csv", .fn = polars, .share = PEER_SHARE};
    if (has_library("pandas"))
        ways[n++] = (way){.name = "pandas to_csv", .fn = pandas, .share = PEER_SHARE};
    int status = 0;
    struct stat st;
    if (run_way(&ways[0], &s, &ways[0].cpu[0]) < 0 || stat(s.file, &st))
        status = 1;
    s.bytes = status ? 0 : (uint64_t)st.st_size;
    for (int r = 0; r < runs && !status; r++)
        for (size_t i = 0; i < n && !status; i++)
            if ((ways[i].seconds[r] = run_way(&ways[i], &s, &ways[i].cpu[r])) < 0) {
                fprintf(stderr, "failed: %s\n", ways[i].name);
                status = 1;
            }
    if (!status)
        print_ways(ways, n, runs, s.rows);
    remove_files(&s);
    return status;
}
