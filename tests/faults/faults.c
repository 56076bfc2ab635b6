/* Runs edgesweep with every library call in turn made to fail, and judges what is left behind.
 *
 *   faults [--sample N] [--wrapped] [--only SCENARIO] [--fault CALL:EFFECT] [-v] COMMAND INJECT.so
 *
 * --sample: at most N places of each fault in each scenario instead of all.  --wrapped: COMMAND has the shim inside
 * (build with a sanitizer).  Started in the root of the repository; works in $TMPDIR, else /dev/shm or /tmp.
 *
 * After every fault: no signal, no hang, status 0 with the right bytes or status 1 with a message, files that are whole
 * and old or whole and new, a table and its meta file of one age, nothing hidden left. */
#include "inject.h"
#include "tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { MAX_WORDS = 40, MAX_FILES = 12, WORKERS = 2, TIME_LIMIT = 60 /* seconds */ };

/* ---- what is tried ---- */

typedef struct scenario {
    const char *name;
    const char *words[MAX_WORDS];   /* of the command line, in its directory */
    const char *outputs[MAX_FILES]; /* files it makes, with old content before; in order of their meta files */
    const char *prepare[MAX_WORDS]; /* run once, without faults, before every fault */
    bool resumes;                   /* a part: what it leaves is taken up by the next run */
    bool measures;                  /* time, on stdout */
} scenario;

#define SWEEP "run", "../in/paper.sweep", "-q", "-j", "1"
#define TABLES "a.csv", "a.csv.meta.json", "a.front.csv", "a.front.csv.meta.json", "a.best.csv", "a.best.csv.meta.json"
#define WITH(table) table, table ".meta.json"

static const scenario scenarios[] = {
    {.name = "run", .words = {SWEEP, "-o", "a.csv"}, .outputs = {TABLES}},
    {.name = "run-sync", .words = {SWEEP, "-o", "a.csv", "--sync"}, .outputs = {TABLES}},
    {.name = "run-stdout", .words = {SWEEP, "-o", "-"}},
    {.name = "run-roofline",
     .words = {"run", "-q", "-j", "1", "--set", "model=Llama-3.2-1B", "--set", "device=Raspberry Pi 5", "--set",
               "precision=Q8_0,Q4_K_M", "--set", "best.pick=precision", "--set", "best.maximize=decode_tok_s", "-o",
               "a.csv"},
     .outputs = {WITH("a.csv"), WITH("a.best.csv")}},
    {.name = "run-threads",
     .words = {"run", "../in/paper.sweep", "-q", "-j", "2", "--set", "seq_len=1:400", "--where", "energy_j < 300", "-o",
               "a.csv"},
     .outputs = {TABLES}},
    {.name = "run-front",
     .words = {SWEEP, "--set", "seq_len=1:100", "--front-only", "-o", "a.csv"},
     .outputs = {WITH("a.csv")}},
    {.name = "run-gz", .words = {SWEEP, "-o", "a.csv.gz"}, .outputs = {WITH("a.csv.gz")}},
    {.name = "run-zst", .words = {SWEEP, "-o", "a.csv.zst"}, .outputs = {WITH("a.csv.zst")}},
    {.name = "run-db", .words = {SWEEP, "-o", "a.db"}, .outputs = {"a.db"}},
    {.name = "run-split",
     .words = {SWEEP, "--split-rows", "20", "-o", "a.csv"},
     .outputs = {WITH("a-0001.csv"), WITH("a-0003.csv")}},
    {.name = "shard",
     .words = {SWEEP, "--shard", "0/1", "--resume", "--checkpoint", "0", "-o", "parts"},
     .outputs = {"parts/data/part-00000-of-00001.csv", "parts/_manifest/part-00000-of-00001.json"},
     .resumes = true},
    {.name = "shards",
     .words = {SWEEP, "--shard", "0-2/3", "--resume", "-o", "parts"},
     .outputs = {"parts/data/part-00000-to-00002-of-00003.csv", "parts/_manifest/part-00000-to-00002-of-00003.json"},
     .resumes = true},
    {.name = "plan", .words = {"plan", "../in/paper.sweep", "-q"}, .measures = true},
    {.name = "explain", .words = {"explain", "../in/paper.sweep", "--index", "3"}},
    {.name = "list", .words = {"list", "devices", "--catalog", "+../in/catalog"}},
    {.name = "pareto",
     .words = {"pareto", "../in/table.csv", "--min", "end_to_end_ms,energy_j", "--by", "device", "--ranks", "3",
               "--knee", "-q", "-o", "a.csv"},
     .outputs = {WITH("a.csv")}},
    {.name = "pareto-threads",
     .words = {"pareto", "../in/long.csv", "--min", "end_to_end_ms,energy_j", "--by", "device", "-j", "3", "-q", "-o",
               "a.csv"},
     .outputs = {WITH("a.csv")}},
    {.name = "best",
     .words = {"best", "../in/table.csv", "--pick", "precision", "--by", "device", "--min", "energy_j", "-q", "-o",
               "a.csv"},
     .outputs = {WITH("a.csv")}},
    {.name = "merge", .words = {"merge", "../in/parts", "-q", "-o", "a.csv"}, .outputs = {TABLES}},
    {.name = "import-hf", .words = {"import", "hf", "../in/config.json", "-H", "--name", "Mine"}},
    {.name = "import-gguf", .words = {"import", "gguf", "../in/Stories-Q4_0.gguf", "-q", "--table", "types"}},
    {.name = "import-into",
     .words = {"import", "gguf", "../in/Stories-Q4_0.gguf", "-q", "--into", "my"},
     .outputs = {"my/models.csv"},
     .prepare = {"import", "hf", "../in/config.json", "-q", "--name", "Mine", "--into", "my"}},
    {.name = "report", .words = {"report", "../in/table.csv", "-q", "-o", "a.html"}, .outputs = {"a.html"}},
    {.name = "report-sweep", .words = {"report", "../in/paper.sweep", "-q", "-o", "a.html"}, .outputs = {"a.html"}},
    {.name = "validate", .words = {"validate", "../in/measured.csv", "-q", "-o", "a.csv"}, .outputs = {"a.csv"}},
    {.name = "validate-json",
     .words = {"validate", "../in/bench.jsonl", "--device", "Raspberry Pi 5", "-q", "-o", "a.csv"},
     .outputs = {"a.csv"}},
    {.name = "calibrate", .words = {"calibrate", "../in/measured.csv", "-q", "-o", "a.csv"}, .outputs = {"a.csv"}},
};
enum { SCENARIOS = sizeof scenarios / sizeof *scenarios };

typedef struct fault {
    const char *call, *effect;
    bool lasts;        /* all calls from the K-th on */
    bool must_succeed; /* no fault at all for who tries again */
} fault;

static const fault faults[] = {
    {"memory", "ENOMEM", false, false},  {"memory", "ENOMEM", true, false},   {"open", "EMFILE", false, false},
    {"open", "EACCES", true, false},     {"open", "EINTR", false, true},      {"read", "EIO", false, false},
    {"read", "EINTR", false, true},      {"read", "SHORT", false, true},      {"write", "ENOSPC", false, false},
    {"write", "ENOSPC", true, false},    {"write", "EDQUOT", false, false},   {"write", "EIO", false, false},
    {"write", "EINTR", false, true},     {"write", "SHORT", false, true},     {"sync", "EIO", false, false},
    {"sync", "EINTR", false, true},      {"fallocate", "ENOSPC", true, true}, {"fallocate", "EOPNOTSUPP", true, true},
    {"fallocate", "EINTR", false, true}, {"ftruncate", "EIO", false, false},  {"ftruncate", "EINTR", false, true},
    {"rename", "EIO", false, false},     {"rename", "ENOSPC", true, false},   {"link", "EIO", false, false},
    {"close", "EIO", false, false},      {"close", "EINTR", false, true},     {"mmap", "ENOMEM", false, false},
    {"thread", "EAGAIN", false, false},  {"thread", "EAGAIN", true, false},   {"stat", "EIO", false, false},
    {"fchmod", "EIO", false, false},     {"dup", "EMFILE", false, false},     {"seek", "EIO", false, false},
    {"flock", "ENOLCK", true, true},     {"flock", "EINTR", false, true},     {"directory", "EIO", false, false},
    {"stream", "EIO", false, false},
};
enum { FAULTS = sizeof faults / sizeof *faults };

/* ---- the run of the tests ---- */

typedef struct totals {
    _Atomic int next;
    _Atomic unsigned long injected, succeeded, refused, failed;
} totals;

typedef struct setting {
    char command[PATH_MAX], shim[PATH_MAX], root[PATH_MAX], work[PATH_MAX];
    unsigned long sample; /* 0: all */
    bool wrapped, verbose;
    const char *only, *only_fault;
    totals *totals;
} setting;

typedef struct bytes {
    char *data;
    size_t n;
    bool there;
} bytes;

/* What the scenario gives when nothing fails. */
typedef struct reference {
    bytes out, file[MAX_FILES];
} reference;

static void die(const char *what) {
    fprintf(stderr, "faults: %s: %s\n", what, strerror(errno));
    exit(2);
}

static bytes slurp(const char *path) {
    bytes b = {0};
    struct stat status;
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return b;
    if (fstat(fd, &status) != 0 || !(b.data = malloc((size_t)status.st_size + 1)))
        die(path);
    ssize_t got;
    while ((got = read(fd, b.data + b.n, (size_t)status.st_size - b.n)) > 0)
        b.n += (size_t)got;
    b.data[b.n] = '\0';
    b.there = true;
    close(fd);
    return b;
}

static bool same(const bytes *a, const bytes *b) {
    return a->there == b->there && a->n == b->n && (a->n == 0 || memcmp(a->data, b->data, a->n) == 0);
}

static void put(const char *path, const char *data, size_t n) {
    FILE *file = fopen(path, "w");
    if (!file || fwrite(data, 1, n, file) != n || fclose(file) != 0)
        die(path);
}

/* ---- one run ---- */

typedef struct outcome {
    int status; /* of waitpid */
    uint64_t calls, fired;
    bytes out, errors;
} outcome;

static void outcome_free(outcome *o) {
    free(o->out.data);
    free(o->errors.data);
}

/* In the child: never returns. */
static void start(const setting *s, const char *folder, const char *const *words, const char *chosen, int report) {
    char *argv[MAX_WORDS + 2] = {(char *)s->command}, number[16];
    for (size_t i = 0; i < MAX_WORDS && words[i]; i++)
        argv[i + 1] = (char *)words[i];
    if (chdir(folder) != 0)
        _exit(99);
    const int out = open("../out", O_WRONLY | O_CREAT | O_TRUNC, 0600);
    const int err = open("../err", O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (out < 0 || err < 0 || dup2(out, 1) < 0 || dup2(err, 2) < 0)
        _exit(99);
    close(out);
    close(err);
    if (chosen) {
        snprintf(number, sizeof number, "%d", report);
        setenv("ES_FAULT", chosen, 1);
        setenv("ES_FAULT_REPORT", number, 1);
        if (!s->wrapped)
            setenv("LD_PRELOAD", s->shim, 1);
    }
    setenv("TMPDIR", "../tmp", 1);
    alarm(TIME_LIMIT); /* kept by exec, and no handler of the command's */
    execv(s->command, argv);
    _exit(99);
}

static outcome run(const setting *s, const char *folder, const char *const *words, const char *chosen) {
    char path[PATH_MAX + 8];
    outcome o = {0};
    const int report = memfd_create("faults", 0);
    if (report < 0 || ftruncate(report, sizeof(es_fault_report)) != 0)
        die("memfd");
    const pid_t child = fork();
    if (child < 0)
        die("fork");
    if (child == 0)
        start(s, folder, words, chosen, report);
    while (waitpid(child, &o.status, 0) < 0)
        if (errno != EINTR)
            die("waitpid");
    es_fault_report counts;
    if (pread(report, &counts, sizeof counts, 0) == sizeof counts)
        o.calls = counts.calls, o.fired = counts.fired;
    close(report);
    snprintf(path, sizeof path, "%s/../out", folder);
    o.out = slurp(path);
    snprintf(path, sizeof path, "%s/../err", folder);
    o.errors = slurp(path);
    return o;
}

/* ---- the folder of a scenario ---- */

static const char old_text[] = "what was there before\n";

static void clear(const char *folder) {
    if (!remove_tree(folder))
        die(folder);
}

/* The folder as every run finds it: old outputs, or what `prepare` makes. */
static void reset(const setting *s, const scenario *sc, const char *folder) {
    char path[PATH_MAX + 64];
    clear(folder);
    if (mkdir(folder, 0700) != 0)
        die(folder);
    snprintf(path, sizeof path, "%s/../tmp", folder);
    clear(path);
    if (mkdir(path, 0700) != 0)
        die(path);
    if (sc->prepare[0]) {
        outcome o = run(s, folder, sc->prepare, NULL);
        if (o.status != 0)
            die("prepare");
        outcome_free(&o);
    }
    for (size_t i = 0; i < MAX_FILES && sc->outputs[i] && !sc->resumes && !sc->prepare[0]; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, sc->outputs[i]);
        put(path, old_text, strlen(old_text));
    }
}

static int count_hidden(const char *folder) {
    int n = 0;
    DIR *list = opendir(folder);
    for (const struct dirent *e; list && (e = readdir(list));) {
        char below[PATH_MAX + sizeof e->d_name + 1];
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
            continue;
        n += e->d_name[0] == '.';
        snprintf(below, sizeof below, "%s/%s", folder, e->d_name);
        n += count_hidden(below);
    }
    if (list)
        closedir(list);
    return n;
}

/* Hidden files, and anything in the folder for temporary files. */
static int count_left(const char *folder) {
    char path[PATH_MAX + 64];
    int n = count_hidden(folder);
    snprintf(path, sizeof path, "%s/../tmp", folder);
    DIR *list = opendir(path);
    for (const struct dirent *e; list && (e = readdir(list));)
        n += e->d_name[0] != '.';
    if (list)
        closedir(list);
    return n;
}

static void read_files(const scenario *sc, const char *folder, bytes *file) {
    char path[PATH_MAX + 64];
    for (size_t i = 0; i < MAX_FILES && sc->outputs[i]; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, sc->outputs[i]);
        file[i] = slurp(path);
    }
}

static void free_files(bytes *file) {
    for (size_t i = 0; i < MAX_FILES; i++)
        free(file[i].data);
}

/* ---- judging ---- */

/* A part's manifest tells how long it took. */
static bool timed(const char *name) { return strstr(name, "_manifest") != NULL; }

/* told: the message says that a rename could not be undone. */
static const char *judge_files(const scenario *sc, const char *folder, const bytes *before, const bytes *after,
                               bool succeeded, bool told) {
    bytes file[MAX_FILES] = {{0}};
    const char *verdict = NULL;
    bool last_new = false;
    read_files(sc, folder, file);
    for (size_t i = 0; i < MAX_FILES && sc->outputs[i] && !verdict; i++) {
        const bool is_new = same(&file[i], &after[i]) || (timed(sc->outputs[i]) && file[i].there);
        const size_t length = strlen(sc->outputs[i]);
        const bool is_meta = length > 10 && strcmp(sc->outputs[i] + length - 10, ".meta.json") == 0;
        if (!is_new && (succeeded || !same(&file[i], &before[i])))
            verdict = succeeded ? "success with wrong bytes" : "an output is neither old nor new";
        else if (is_meta && is_new != last_new && !told)
            verdict = "a table and its meta file are of different ages";
        last_new = is_new;
    }
    free_files(file);
    if (!verdict && count_left(folder) > 0)
        verdict = "a hidden or temporary file is left";
    return verdict;
}

/* A sweep or catalog file that cannot be read is a fault of what was asked for: status 2. */
static bool reads_inputs(const fault *f) {
    static const char *const calls[] = {"open", "read", "stat", "stream"};
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++)
        if (strcmp(f->call, calls[i]) == 0)
            return true;
    return false;
}

/* NULL: as promised. */
static const char *judge(const setting *s, const scenario *sc, const fault *f, const char *folder,
                         const reference *before, const reference *after, const outcome *o) {
    if (WIFSIGNALED(o->status))
        return WTERMSIG(o->status) == SIGALRM ? "hangs" : "killed by a signal";
    const int status = WEXITSTATUS(o->status);
    if (status > 2 || (status == 2 && !reads_inputs(f)))
        return "status is neither 0 nor 1";
    if (status != 0 && o->errors.n == 0)
        return "fails without a message";
    if (status != 0 && f->must_succeed)
        return "does not try again";
    if (status == 0 && !sc->measures && !same(&o->out, &after->out))
        return "success with wrong bytes on stdout";
    /* Who ends the process for lack of memory in a library leaves its hidden files to the next run. */
    const bool ended = o->errors.n > 0 && (strstr(o->errors.data, "libgomp: Out of memory") ||
                                           strstr(o->errors.data, "out of memory while reading JSON"));
    if ((!sc->resumes && !ended) || status == 0)
        return judge_files(sc, folder, before->file, after->file, status == 0,
                           o->errors.n > 0 && strstr(o->errors.data, "has its new content all the same"));
    outcome again = run(s, folder, sc->words, NULL);
    const bool resumed = again.status == 0;
    outcome_free(&again);
    return resumed ? judge_files(sc, folder, before->file, after->file, true, false) : "cannot be resumed";
}

/* ---- all places of a fault ---- */

static void complain(const scenario *sc, const char *chosen, const char *why, const outcome *o) {
    printf("FAILED: %s %s: %s (%s %d): %.300s\n", sc->name, chosen, why, WIFSIGNALED(o->status) ? "signal" : "status",
           WIFSIGNALED(o->status) ? WTERMSIG(o->status) : WEXITSTATUS(o->status), o->errors.data ? o->errors.data : "");
    fflush(stdout);
}

/* Makes the k-th call fail; false when there are not so many. */
static bool inject(const setting *s, const scenario *sc, const fault *f, unsigned long k, const char *folder,
                   const reference *before, const reference *after) {
    char chosen[80];
    snprintf(chosen, sizeof chosen, "%s:%s:%lu%s", f->call, f->effect, k, f->lasts ? "+" : "");
    reset(s, sc, folder);
    outcome o = run(s, folder, sc->words, chosen);
    const bool fired = o.fired > 0;
    const char *why = fired ? judge(s, sc, f, folder, before, after, &o) : NULL;
    if (fired) {
        s->totals->injected++;
        if (why)
            complain(sc, chosen, why, &o);
        *(why ? &s->totals->failed : o.status == 0 ? &s->totals->succeeded : &s->totals->refused) += 1;
        if (s->verbose)
            printf("%s %s: status %d %s\n", sc->name, chosen, o.status >> 8, o.errors.n ? o.errors.data : "");
    }
    outcome_free(&o);
    return fired;
}

static void try_fault(const setting *s, const scenario *sc, const fault *f, const char *folder, const reference *before,
                      const reference *after) {
    char chosen[80];
    unsigned long step = 1, first = 1;
    if (s->sample) {
        snprintf(chosen, sizeof chosen, "%s:%s:%llu", f->call, f->effect, 1ull << 60);
        reset(s, sc, folder);
        outcome o = run(s, folder, sc->words, chosen);
        step = (unsigned long)(o.calls + s->sample - 1) / s->sample;
        step = step ? step : 1;
        first = 1 + (unsigned long)(f - faults) * 7 % step; /* other places for other faults */
        outcome_free(&o);
    }
    for (unsigned long k = first; inject(s, sc, f, k, folder, before, after);)
        k += step;
}

static void try_scenario(const setting *s, const scenario *sc, int worker) {
    char folder[PATH_MAX + 32];
    reference before = {{0}, {{0}}}, after = {{0}, {{0}}};
    snprintf(folder, sizeof folder, "%s/%d/here", s->work, worker);
    reset(s, sc, folder);
    read_files(sc, folder, before.file);
    outcome o = run(s, folder, sc->words, NULL);
    if (o.status != 0) {
        s->totals->failed++;
        complain(sc, "without a fault", "fails", &o);
    }
    read_files(sc, folder, after.file);
    after.out = o.out;
    for (size_t i = 0; i < FAULTS && o.status == 0; i++) {
        char name[64];
        snprintf(name, sizeof name, "%s:%s%s", faults[i].call, faults[i].effect, faults[i].lasts ? "+" : "");
        if (!s->only_fault || strcmp(name, s->only_fault) == 0)
            try_fault(s, sc, &faults[i], folder, &before, &after);
    }
    outcome_free(&o);
    free_files(before.file);
    free_files(after.file);
}

/* ---- the whole ---- */

static void copy_input(const char *from, const char *work, const char *name) {
    char path[PATH_MAX + 64];
    bytes b = slurp(from);
    snprintf(path, sizeof path, "%s/%s", work, name);
    if (!b.there)
        die(from);
    put(path, b.data, b.n);
    free(b.data);
}

/* in/: what the scenarios read. */
static void make_inputs(const setting *s) {
    static const char *const copied[][2] = {{"sweeps/paper.sweep", "paper.sweep"},
                                            {"tests/data/hf/Qwen3-0.6B.json", "config.json"},
                                            {"tests/cli/import/Stories-Q4_0.gguf", "Stories-Q4_0.gguf"},
                                            {"tests/cli/validate/bench.jsonl", "bench.jsonl"},
                                            {"tests/faults/measured.csv", "measured.csv"}};
    static const char *const made[][MAX_WORDS] = {
        {"run", "paper.sweep", "-q", "-o", "table.csv"},
        {"run", "paper.sweep", "-q", "--set", "seq_len=1:400", "-o", "long.csv"},
        {"run", "paper.sweep", "-q", "--shard", "0/2", "-o", "parts"},
        {"run", "paper.sweep", "-q", "--shard", "1/2", "-o", "parts"},
        {"import", "hf", "config.json", "-q", "--name", "Mine", "--into", "catalog"}};
    char folder[PATH_MAX + 32];
    snprintf(folder, sizeof folder, "%s/in", s->work);
    if (mkdir(folder, 0700) != 0)
        die(folder);
    for (size_t i = 0; i < sizeof copied / sizeof *copied; i++)
        copy_input(copied[i][0], folder, copied[i][1]);
    for (size_t i = 0; i < sizeof made / sizeof *made; i++) {
        outcome o = run(s, folder, made[i], NULL);
        if (o.status != 0)
            fprintf(stderr, "faults: inputs: %s", o.errors.data), exit(2);
        outcome_free(&o);
    }
}

static void work(const setting *s, int worker) {
    char folder[PATH_MAX + 32], link[PATH_MAX + 32], temporary[PATH_MAX + 32];
    snprintf(folder, sizeof folder, "%s/%d", s->work, worker);
    snprintf(link, sizeof link, "%s/%d/in", s->work, worker);
    snprintf(temporary, sizeof temporary, "%s/%d/tmp", s->work, worker);
    if (mkdir(folder, 0700) != 0 || mkdir(temporary, 0700) != 0 || symlink("../in", link) != 0)
        die(folder);
    for (int i; (i = s->totals->next++) < SCENARIOS;)
        if (!s->only || strcmp(scenarios[i].name, s->only) == 0)
            try_scenario(s, &scenarios[i], worker);
}

static void prepare(setting *s, char **words) {
    if (!realpath(words[0], s->command) || (!s->wrapped && !realpath(words[1], s->shim)))
        die(words[0]);
    snprintf(s->work, sizeof s->work, "%s/edgesweep-faults-XXXXXX", work_place());
    if (!mkdtemp(s->work))
        die(s->work);
    s->totals = mmap(NULL, sizeof *s->totals, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (s->totals == MAP_FAILED)
        die("mmap");
    unsetenv("OMP_NUM_THREADS");
    setenv("LC_ALL", "C", 1);
    setenv("SOURCE_DATE_EPOCH", "1", 1); /* meta files of one run are those of the next */
}

static bool read_options(setting *s, int argc, char **argv) {
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--wrapped") == 0)
            s->wrapped = true;
        else if (strcmp(argv[i], "-v") == 0)
            s->verbose = true;
        else if (i + 1 < argc && strcmp(argv[i], "--sample") == 0)
            s->sample = strtoul(argv[++i], NULL, 10);
        else if (i + 1 < argc && strcmp(argv[i], "--only") == 0)
            s->only = argv[++i];
        else if (i + 1 < argc && strcmp(argv[i], "--fault") == 0)
            s->only_fault = argv[++i];
        else if (argv[i][0] != '-' && argc - i == (s->wrapped ? 1 : 2))
            return prepare(s, argv + i), true;
        else
            return false;
    }
    return false;
}

int main(int argc, char **argv) {
    setting s = {0};
    if (!read_options(&s, argc, argv)) {
        fprintf(stderr, "usage: faults [--sample N] [--only SCENARIO] [--fault CALL:EFFECT[+]] [-v] COMMAND INJECT.so\n"
                        "       faults --wrapped ... COMMAND\n");
        return 2;
    }
    make_inputs(&s);
    pid_t child[WORKERS];
    for (int w = 0; w < WORKERS; w++) {
        child[w] = fork();
        if (child[w] == 0) {
            work(&s, w);
            exit(0);
        }
    }
    for (int w = 0, status; w < WORKERS; w++)
        if (child[w] < 0 || waitpid(child[w], &status, 0) < 0 || status != 0)
            s.totals->failed++;
    clear(s.work);
    const totals *t = s.totals;
    printf("%lu faults injected: %lu runs succeeded all the same, %lu refused with status 1, %lu broke a promise\n",
           t->injected, t->succeeded, t->refused, t->failed);
    printf("%lu passed, %lu failed\n", t->succeeded + t->refused, t->failed);
    return t->failed > 0;
}
