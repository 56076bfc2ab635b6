/* Mixed commands for hours, in one process and in starved ones: nothing leaks, no byte changes.
 *
 *   soak SECONDS COMMAND        started in the root of the repository; works in $TMPDIR, else /dev/shm or /tmp
 *
 * Each round takes every job twice.  COMMAND runs it with a random limit on its address space, as ulimit -v: it succeeds with
 * the bytes of the first round, or fails with a message and leaves the old files as they were.  Then es_cli_main runs it
 * inside this process: always those bytes, and after each round the memory in use, the resident set and the open files of the
 * rounds before. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <malloc.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <xxhash.h>

#include "base/clock.h"
#include "commands/program.h"
#include "tree.h"

enum { MAX_WORDS = 32, MAX_FILES = 4, TIME_LIMIT = 300 /* seconds a starved run */, WARM_UP = 3 /* rounds */ };

/* ---- What is run ---- */

typedef struct job {
    const char *words[MAX_WORDS];   /* of the command line, in the folder of the work */
    const char *outputs[MAX_FILES]; /* files it makes */
    const char *like;               /* the file that the first output equals, of an earlier job; NULL: none */
} job;

#define GRID "run", "../in/paper.sweep", "-q", "--set", "seq_len=1:65536+401"
#define TABLES(name) name ".csv", name ".front.csv", name ".best.csv"

static const job jobs[] = {
    {.words = {GRID, "-o", "a.csv"}, .outputs = {TABLES("a")}},
    {.words = {GRID, "-j", "3", "-o", "three.csv"}, .outputs = {TABLES("three")}, .like = "a.csv"},
    {.words = {GRID, "--shard", "0/3", "--resume", "-o", "parts"}},
    {.words = {GRID, "--shard", "1/3", "--resume", "-j", "1", "-o", "parts"}},
    {.words = {GRID, "--shard", "2/3", "--resume", "-o", "parts"}},
    {.words = {"merge", "parts", "-q", "-o", "merged.csv"}, .outputs = {TABLES("merged")}, .like = "a.csv"},
    {.words = {GRID, "--front-only", "-o", "f.csv"}, .outputs = {"f.csv"}, .like = "a.front.csv"},
    {.words = {GRID, "-o", "-"}},
    {.words = {GRID, "-o", "a.csv.gz"}, .outputs = {"a.csv.gz"}},
    {.words = {GRID, "-o", "a.csv.zst"}, .outputs = {"a.csv.zst"}},
    {.words = {"run", "../in/edge.sweep", "-q", "-o", "e.csv"}, .outputs = {TABLES("e")}},
    {.words = {"run", "../in/moe.sweep", "-q", "-o", "m.csv"}, .outputs = {"m.csv", "m.front.csv"}},
    {.words = {"pareto", "e.csv", "-q", "--skip-missing", "--by", "device", "--min", "energy_j_per_token,tpot_s",
               "--max", "quality", "-o", "p.csv"},
     .outputs = {"p.csv"}},
    {.words = {"pareto", "a.csv", "-q", "--min", "end_to_end_ms,energy_j", "--ranks", "5", "--knee", "-o", "r.csv"},
     .outputs = {"r.csv"}},
    {.words = {"best", "e.csv", "-q", "--skip-missing", "--pick", "precision", "--by", "device", "--max",
               "quality,decode_tok_s", "-o", "b.csv"},
     .outputs = {"b.csv"}},
    {.words = {"report", "e.csv", "-q", "-o", "e.html"}, .outputs = {"e.html"}},
    {.words = {"validate", "../in/measured.csv", "-q", "-o", "v.csv"}, .outputs = {"v.csv"}},
    {.words = {"validate", "../in/bench.jsonl", "-q", "--device", "Raspberry Pi 5", "-o", "w.csv"},
     .outputs = {"w.csv"}},
    {.words = {"calibrate", "../in/measured.csv", "-q", "-o", "c.csv"}, .outputs = {"c.csv"}},
    {.words = {"import", "hf", "../in/config.json", "--name", "Mine"}},
    {.words = {"import", "gguf", "../in/model.gguf", "--table", "types"}},
    {.words = {"explain", "../in/edge.sweep", "--index", "4711"}},
    {.words = {"list", "models"}},
    {.words = {"plan", "../in/missing.sweep"}},
};
enum { JOBS = sizeof jobs / sizeof *jobs };

/* Hashes of stdout and of the outputs. */
typedef struct prints {
    int status;
    uint64_t out, file[MAX_FILES];
} prints;

static struct {
    char command[PATH_MAX], work[PATH_MAX];
    FILE *terminal;     /* this process's stdout belongs to the jobs */
    prints right[JOBS]; /* of the first round */
    unsigned long passed, failed, starved, refused;
} soak;

static void die(const char *what) {
    dprintf(STDERR_FILENO, "soak: %s: %s\n", what, strerror(errno));
    _exit(2);
}

static void judge(bool good, const job *j, const char *what) {
    *(good ? &soak.passed : &soak.failed) += 1;
    if (!good)
        fprintf(soak.terminal, "FAILED: %s %s %s: %s\n", j->words[0], j->words[1], j->outputs[0] ? j->outputs[0] : "",
                what);
}

/* ---- Files ---- */

/* 0: there is none. */
static uint64_t file_print(const char *path) {
    static char buffer[1 << 16];
    uint64_t hash = 0;
    ssize_t n;
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return 0;
    do {
        n = read(fd, buffer, sizeof buffer);
        hash = XXH64(buffer, n > 0 ? (size_t)n : 0, hash + 1);
    } while (n > 0);
    close(fd);
    return hash;
}

static void clear(const char *folder) {
    if (!remove_tree(folder))
        die(folder);
}

static void clean_up(void) { clear(soak.work); }

static void put(const char *path, const char *text) {
    FILE *file = fopen(path, "w");
    if (!file || fputs(text, file) < 0 || fclose(file) != 0)
        die(path);
}

static unsigned count_entries(const char *folder, bool hidden) {
    unsigned n = 0;
    DIR *list = opendir(folder);
    for (const struct dirent *e; list && (e = readdir(list));)
        n += strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0 && (!hidden || e->d_name[0] == '.');
    if (list)
        closedir(list);
    return n;
}

/* stdout and stderr into files beside the folder of the work; the command closes stdout. */
static void redirect(void) {
    const int out = open("../out", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    const int err = open("../err", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (out < 0 || err < 0 || (out != STDOUT_FILENO && dup2(out, STDOUT_FILENO) < 0) || dup2(err, STDERR_FILENO) < 0)
        die("redirect");
    if (out != STDOUT_FILENO)
        close(out);
    close(err);
}

static prints take_prints(const job *j, int status) {
    prints p = {.status = status, .out = file_print("../out")};
    for (int i = 0; i < MAX_FILES && j->outputs[i]; i++)
        p.file[i] = file_print(j->outputs[i]);
    return p;
}

static int words_of(const job *j, char **argv) {
    int n = 0;
    argv[n++] = soak.command;
    for (int i = 0; i < MAX_WORDS && j->words[i]; i++)
        argv[n++] = (char *)j->words[i];
    argv[n] = NULL;
    return n;
}

/* ---- In this process ---- */

static void run_here(const job *j, prints *right, bool first) {
    char *argv[MAX_WORDS + 2];
    const int argc = words_of(j, argv);
    redirect();
    const prints p = take_prints(j, es_cli_main(argc, argv));
    clearerr(stdout);
    if (first) {
        *right = p;
        judge(j->like == NULL || p.file[0] == file_print(j->like), j, "other bytes than the same table made otherwise");
        judge((p.status == 0) == (strstr(j->words[1], "missing") == NULL), j, "the status is wrong");
    } else
        judge(memcmp(&p, right, sizeof p) == 0, j, "other bytes than in the first round");
}

/* ---- In a starved process ---- */

/* Between what the loader needs and plenty, as often small as large. */
static rlim_t random_room(void) {
    const double least = 20e6, most = 800e6;
    return (rlim_t)(least * pow(most / least, drand48()));
}

static int run_starved(const job *j, rlim_t room) {
    char *argv[MAX_WORDS + 2];
    int status;
    words_of(j, argv);
    const pid_t child = fork();
    if (child < 0)
        die("fork");
    if (child == 0) {
        redirect();
        alarm(TIME_LIMIT); /* kept by exec */
        if (setrlimit(RLIMIT_AS, &(struct rlimit){room, room}) != 0)
            _exit(99);
        execv(soak.command, argv);
        _exit(99);
    }
    while (waitpid(child, &status, 0) < 0)
        if (errno != EINTR)
            die("waitpid");
    return status;
}

static bool said_something(void) {
    struct stat errors;
    return stat("../err", &errors) == 0 && errors.st_size > 0;
}

static void starve(const job *j, const prints *right) {
    static const char old[] = "what was there before\n";
    put("../old", old);
    const uint64_t old_print = file_print("../old");
    for (int i = 0; i < MAX_FILES && j->outputs[i]; i++)
        put(j->outputs[i], old);
    const int status = run_starved(j, random_room());
    const prints p = take_prints(j, WEXITSTATUS(status));
    const bool done = WIFEXITED(status) && p.status == right->status;
    soak.starved++;
    soak.refused += !done;
    judge(WIFEXITED(status), j, "killed by a signal when starved");
    judge(done || said_something(), j, "fails without a message when starved");
    judge(!done || p.out == right->out, j, "other bytes on stdout when starved");
    for (int i = 0; i < MAX_FILES && j->outputs[i]; i++)
        judge(p.file[i] == right->file[i] || (!done && p.file[i] == old_print), j, "an output is neither old nor new");
}

/* ---- Memory ---- */

typedef struct usage {
    size_t heap;     /* bytes that malloc has given out */
    size_t resident; /* bytes */
    unsigned files;
} usage;

static usage look(void) {
    unsigned long pages = 0;
    malloc_trim(0);
    FILE *file = fopen("/proc/self/statm", "r");
    if (!file || fscanf(file, "%*u %lu", &pages) != 1)
        die("/proc/self/statm");
    fclose(file);
    const struct mallinfo2 info = mallinfo2();
    return (usage){info.uordblks + info.hblkhd, pages * (size_t)sysconf(_SC_PAGESIZE),
                   count_entries("/proc/self/fd", false)};
}

static bool is_flat(const usage *now, const usage *warm) {
    return now->heap <= warm->heap + (64 << 10) && now->resident <= warm->resident + (4 << 20) &&
           now->files == warm->files;
}

static void tell(unsigned long round, double seconds, const usage *u) {
    fprintf(soak.terminal,
            "%6.0f s  round %lu: %zu bytes in use, %.1f MB resident, %u files; %lu starved, %lu of them refused\n",
            seconds, round, u->heap, (double)u->resident / 1e6, u->files, soak.starved, soak.refused);
}

/* ---- The whole ---- */

static void run_round(bool first) {
    clear("parts");
    for (int i = 0; i < JOBS; i++) {
        if (!first)
            starve(&jobs[i], &soak.right[i]);
        run_here(&jobs[i], &soak.right[i], first);
    }
    judge(count_entries(".", true) == 0 && count_entries("../tmp", false) == 0, &jobs[0], "hidden files are left");
}

static void run_rounds(double seconds) {
    const double begin = es_seconds_now();
    double told = begin;
    usage warm = {0};
    unsigned long round = 1;
    for (; round <= WARM_UP + 1 || es_seconds_now() - begin < seconds; round++) {
        run_round(round == 1);
        const usage now = look();
        if (round == WARM_UP)
            warm = now;
        if (round > WARM_UP)
            judge(is_flat(&now, &warm), &jobs[0], "memory or files grow");
        if (round <= WARM_UP || es_seconds_now() - told >= 60) {
            told = es_seconds_now();
            tell(round, told - begin, &now);
        }
    }
    const usage end = look();
    tell(round - 1, es_seconds_now() - begin, &end);
}

/* in/: links to what the jobs read.  here/: where they write.  tmp/: their temporary files. */
static void make_places(const char *root) {
    static const char *const inputs[][2] = {{"sweeps/paper.sweep", "paper.sweep"},
                                            {"sweeps/edge.sweep", "edge.sweep"},
                                            {"sweeps/moe.sweep", "moe.sweep"},
                                            {"tests/faults/measured.csv", "measured.csv"},
                                            {"tests/cli/validate/bench.jsonl", "bench.jsonl"},
                                            {"tests/data/hf/Qwen3-0.6B.json", "config.json"},
                                            {"tests/cli/import/Stories-Q4_0.gguf", "model.gguf"}};
    if (chdir(soak.work) != 0 || mkdir("in", 0700) != 0 || mkdir("here", 0700) != 0 || mkdir("tmp", 0700) != 0)
        die(soak.work);
    for (size_t i = 0; i < sizeof inputs / sizeof *inputs; i++) {
        char target[2 * PATH_MAX], name[64];
        snprintf(target, sizeof target, "%s/%s", root, inputs[i][0]);
        snprintf(name, sizeof name, "in/%s", inputs[i][1]);
        if (access(target, R_OK) != 0 || symlink(target, name) != 0)
            die(target);
    }
    if (chdir("here") != 0)
        die("here");
}

static void prepare(const char *command) {
    char root[PATH_MAX];
    snprintf(soak.work, sizeof soak.work, "%s/edgesweep-soak-XXXXXX", work_place());
    if (!realpath(command, soak.command) || !getcwd(root, sizeof root) || !mkdtemp(soak.work))
        die(command);
    atexit(clean_up);
    make_places(root);
    const int terminal = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 10);
    soak.terminal = terminal < 0 ? NULL : fdopen(terminal, "w");
    if (!soak.terminal)
        die("stdout");
    setvbuf(soak.terminal, NULL, _IOLBF, 0);
    setenv("TMPDIR", "../tmp", 1);
    setenv("LC_ALL", "C", 1);
    setenv("SOURCE_DATE_EPOCH", "1", 1);
    unsetenv("OMP_NUM_THREADS");
}

/* Freed blocks that malloc caches count as in use, pages that it keeps as resident: without both the figures are exact. */
static void start_without_caches(char **argv) {
    static const char tunable[] = "glibc.malloc.tcache_count=0:glibc.malloc.mmap_threshold=131072:"
                                  "glibc.malloc.trim_threshold=131072";
    const char *given = getenv("GLIBC_TUNABLES");
    if (given && strcmp(given, tunable) == 0)
        return;
    setenv("GLIBC_TUNABLES", tunable, 1);
    execv("/proc/self/exe", argv);
    die("exec");
}

int main(int argc, char **argv) {
    const double seconds = argc == 3 ? strtod(argv[1], NULL) : 0;
    if (!(seconds > 0)) {
        fprintf(stderr, "usage: soak SECONDS COMMAND\n");
        return 2;
    }
    start_without_caches(argv);
    prepare(argv[2]);
    run_rounds(seconds);
    fprintf(soak.terminal, "%lu passed, %lu failed\n", soak.passed, soak.failed);
    return soak.failed > 0;
}
