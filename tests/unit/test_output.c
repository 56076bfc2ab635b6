/* Output files: whole or not at all. */
#include <criterion/criterion.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <jansson.h>
#include <xxhash.h>
#include <zlib.h>
#include <zstd.h>

#include "io/compress.h"
#include "io/meta.h"
#include "io/output.h"

/* ---- A directory of its own for each test ---- */

static char folder[] = "/tmp/test_output.XXXXXX";
static es_errors errors;

static void enter_folder(void) {
    cr_assert(mkdtemp(folder) && chdir(folder) == 0);
    umask(022);
}

static void remove_folder(void) {
    char command[64];
    snprintf(command, sizeof command, "rm -rf %s", folder);
    cr_assert(chdir("/") == 0 && system(command) == 0);
}

TestSuite(output, .init = enter_folder, .fini = remove_folder);

/* Names in the current directory, hidden ones too, without . and .. */
static int count_names(void) {
    DIR *directory = opendir(".");
    int n = -2;
    cr_assert(directory);
    while (readdir(directory))
        n++;
    closedir(directory);
    return n;
}

static size_t read_file(const char *path, char **data) {
    FILE *file = fopen(path, "rb");
    cr_assert(file, "%s: %s", path, strerror(errno));
    cr_assert(fseek(file, 0, SEEK_END) == 0);
    size_t size = (size_t)ftell(file);
    rewind(file);
    *data = malloc(size + 1);
    cr_assert(*data && fread(*data, 1, size, file) == size);
    (*data)[size] = '\0';
    fclose(file);
    return size;
}

static void put_file(const char *path, const char *text) {
    FILE *file = fopen(path, "w");
    cr_assert(file && fputs(text, file) >= 0 && fclose(file) == 0);
}

static void assert_content(const char *path, const char *expected) {
    char *data;
    read_file(path, &data);
    cr_assert_str_eq(data, expected, "%s", path);
    free(data);
}

static void assert_message(const char *part) {
    cr_assert(errors.n_errors > 0 && strstr(errors.error[0].text, part), "'%s' not in '%s'", part,
              errors.n_errors ? errors.error[0].text : "(no message)");
}

static es_output *open_output(const char *path, es_output_options options) {
    es_output *out;
    es_status status = es_output_open(&out, path, &options, &errors);
    cr_assert(status == ES_OK && out, "%s", errors.error[0].text);
    return out;
}

static void write_text(es_output *out, const char *text) {
    cr_assert_eq(es_output_write(out, text, strlen(text), &errors), ES_OK, "%s", errors.error[0].text);
}

static mode_t mode_of(const char *path) {
    struct stat status;
    cr_assert(stat(path, &status) == 0);
    return status.st_mode & 07777;
}

/* ---- Regular files ---- */

Test(output, appears_on_commit_only) {
    es_output *out = open_output("a.csv", (es_output_options){0});
    write_text(out, "x,y\n");
    write_text(out, "1,2\n");
    cr_assert(access("a.csv", F_OK) != 0 && count_names() == 1);
    cr_assert_eq(es_output_bytes(out), 8);
    cr_assert_eq(es_output_commit(out, 1, &errors), ES_OK);
    assert_content("a.csv", "x,y\n1,2\n");
    cr_assert_eq(count_names(), 1);
    cr_assert_eq(mode_of("a.csv"), 0644);
}

Test(output, old_file_stays_until_commit_and_after_abort) {
    put_file("a.csv", "old");
    cr_assert(chmod("a.csv", 0640) == 0);
    es_output *out = open_output("a.csv", (es_output_options){.meta = true, .sync = true});
    write_text(out, "new");
    assert_content("a.csv", "old");
    es_output_abort(out);
    assert_content("a.csv", "old");
    cr_assert_eq(count_names(), 1);

    out = open_output("a.csv", (es_output_options){.meta = true, .sync = true});
    write_text(out, "new");
    cr_assert_eq(es_output_commit(out, 0, &errors), ES_OK);
    assert_content("a.csv", "new");
    cr_assert_eq(mode_of("a.csv"), 0640, "the old file's mode is kept");
    cr_assert_eq(count_names(), 2);
    es_output_abort(NULL);
}

Test(output, partial_is_private_and_near) {
    es_output *out = open_output("a.csv", (es_output_options){0});
    DIR *directory = opendir(".");
    struct dirent *entry;
    bool found = false;
    while ((entry = readdir(directory)))
        if (strncmp(entry->d_name, ".a.csv.", 7) == 0) {
            found = true;
            cr_assert_eq(mode_of(entry->d_name), 0600);
        }
    closedir(directory);
    cr_assert(found);
    es_output_abort(out);
}

/* What a killed run left goes, whatever else looks like it stays. */
Test(output, stale_partials) {
    static const char *const stale[] = {".a.csv.0123abcd.part", ".a.csv.meta.json.ffffffff.part"};
    static const char *const kept[] = {
        ".a.csv.0123abce.part", ".b.csv.0123abcd.part", ".a.csv.0123abcd.part.x", ".a.csv.0123ABCD.part",
        ".a.csv.123.part",      "a.csv.0123abcd.part",  ".xa.csv.0123abcd.part",  "victim"};
    for (size_t i = 0; i < sizeof stale / sizeof *stale; i++)
        put_file(stale[i], "half");
    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++)
        put_file(kept[i], "kept");
    const int held = open(kept[0], O_RDWR | O_CLOEXEC);
    cr_assert(held >= 0 && flock(held, LOCK_EX) == 0, "another run is writing this one");
    cr_assert(symlink("victim", ".a.csv.00000001.part") == 0 && mkfifo(".a.csv.00000002.part", 0600) == 0 &&
              mkdir(".a.csv.00000003.part", 0700) == 0);
    const int before = count_names();
    es_output_abort(open_output("a.csv", (es_output_options){0}));
    cr_assert_eq(count_names(), before - 2);
    for (size_t i = 0; i < sizeof stale / sizeof *stale; i++)
        cr_assert(access(stale[i], F_OK) != 0, "%s", stale[i]);
    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++)
        assert_content(kept[i], "kept");
    close(held);
    es_output_abort(open_output("a.csv", (es_output_options){0}));
    cr_assert_eq(count_names(), before - 3, "its process is gone, and so is it");
}

/* The lock of a partial holds until it has its name. */
Test(output, a_run_does_not_remove_the_partial_of_another) {
    es_output *one = open_output("a.csv", (es_output_options){.meta = true});
    write_text(one, "one");
    es_output *two = open_output("a.csv", (es_output_options){.meta = true});
    write_text(two, "two");
    cr_assert_eq(es_output_commit(one, 0, &errors), ES_OK);
    assert_content("a.csv", "one");
    es_output *three = open_output("a.csv", (es_output_options){0});
    cr_assert_eq(es_output_commit(two, 0, &errors), ES_OK, "%s", errors.error[0].text);
    assert_content("a.csv", "two");
    es_output_abort(three);
    cr_assert_eq(count_names(), 2);
}

/* Somebody holds the lock of the directory, `flock results edgesweep ...` for one: waited for, but not for long. */
Test(output, locked_directory) {
    const int held = open(".", O_RDONLY | O_DIRECTORY);
    cr_assert(held >= 0 && flock(held, LOCK_EX) == 0);
    es_output *out = open_output("a.csv", (es_output_options){.meta = true});
    write_text(out, "new");
    cr_assert_eq(es_output_commit(out, 0, &errors), ES_OK);
    assert_content("a.csv", "new");
    close(held);
}

Test(output, long_names) {
    char name[256];
    memset(name, 'n', 255);
    name[255] = '\0';
    es_output *out = open_output(name, (es_output_options){0});
    cr_assert_eq(es_output_commit(out, 0, &errors), ES_OK);
    assert_content(name, "");
    /* There is no room for the meta file's name: nothing appears. */
    cr_assert(unlink(name) == 0);
    out = open_output(name, (es_output_options){.meta = true});
    cr_assert_eq(es_output_commit(out, 0, &errors), ES_ERUNTIME);
    assert_message("File name too long");
    cr_assert_eq(count_names(), 0);
}

Test(output, survives_a_moved_directory) {
    cr_assert(mkdir("d", 0755) == 0);
    es_output *out = open_output("d/a.csv", (es_output_options){0});
    write_text(out, "x");
    cr_assert(rename("d", "e") == 0);
    cr_assert_eq(es_output_commit(out, 0, &errors), ES_OK);
    assert_content("e/a.csv", "x");
}

Test(output, vanished_directory) {
    cr_assert(mkdir("d", 0755) == 0);
    es_output *out = open_output("d/a.csv", (es_output_options){.meta = true});
    write_text(out, "x");
    cr_assert(system("rm -rf d") == 0);
    cr_assert_eq(es_output_commit(out, 0, &errors), ES_ERUNTIME);
    assert_message("'d/a.csv");
    cr_assert_eq(count_names(), 0);
}

Test(output, places_that_cannot_be_written) {
    static const struct {
        const char *path, *message;
    } cases[] = {
        {".", "is a directory"},
        {"d", "is a directory"},
        {"d/", "is a directory"},
        {"", "no file name"},
        {"missing/a.csv", "directory 'missing/': No such file"},
        {"file/a.csv", "Not a directory"},
        {"new/", "no file name"},
        {"file/", "Not a directory"},
        {"loop", "Too many levels"},
        {"/dev/fd/987", "Bad file descriptor"},
    };
    cr_assert(mkdir("d", 0755) == 0 && symlink("loop", "loop") == 0);
    put_file("file", "");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        es_output *out = (void *)&errors;
        errors = (es_errors){0};
        cr_assert_eq(es_output_open(&out, cases[i].path, NULL, &errors), ES_ERUNTIME, "%s", cases[i].path);
        cr_assert(out == NULL && errors.n_errors == 1);
        assert_message(cases[i].message);
        assert_message(cases[i].path);
    }
    cr_assert_eq(count_names(), 3);
}

Test(output, read_only_places) {
    if (geteuid() == 0) {
        /* root may write anywhere: become nobody, who may not. */
        cr_assert(chmod(folder, 0755) == 0 && setegid(65534) == 0 && seteuid(65534) == 0);
    }
    es_output *out;
    cr_assert_eq(es_output_open(&out, "a.csv", NULL, &errors), geteuid() == 65534 ? ES_ERUNTIME : ES_OK);
    if (geteuid() == 65534)
        assert_message("'a.csv': Permission denied");
    es_output_abort(out);
    cr_assert(geteuid() != 65534 || seteuid(0) == 0);
    cr_assert_eq(count_names(), 0);
}

Test(output, read_only_file_is_not_replaced) {
    put_file("a.csv", "old");
    cr_assert(chmod("a.csv", 0444) == 0 && chmod(folder, 0777) == 0);
    bool was_root = geteuid() == 0;
    if (was_root)
        cr_assert(seteuid(65534) == 0);
    es_output *out;
    cr_assert_eq(es_output_open(&out, "a.csv", NULL, &errors), ES_ERUNTIME);
    assert_message("'a.csv': Permission denied");
    cr_assert(!was_root || seteuid(0) == 0);
    assert_content("a.csv", "old");
    cr_assert_eq(count_names(), 1);
}

Test(output, symbolic_links) {
    static const struct {
        const char *link, *target, *file;
    } cases[] = {
        {"l1", "real.csv", "real.csv"},        /* to an existing file */
        {"l2", "d/new.csv", "d/new.csv"},      /* dangling: the target is made */
        {"d/l3", "../up.csv", "up.csv"},       /* relative to the link */
        {"l4", "d/l5", "d/chain.csv"},         /* two links */
        {"folder_link/x.csv", NULL, "d/x.csv"} /* a link among the directories */
    };
    cr_assert(mkdir("d", 0755) == 0 && symlink("chain.csv", "d/l5") == 0 && symlink("d", "folder_link") == 0);
    put_file("real.csv", "old");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        if (cases[i].target)
            cr_assert(symlink(cases[i].target, cases[i].link) == 0);
        es_output *out = open_output(cases[i].link, (es_output_options){.meta = true});
        write_text(out, cases[i].link);
        cr_assert_eq(es_output_commit(out, 0, &errors), ES_OK);
        struct stat status;
        cr_assert(lstat(cases[i].link, &status) == 0 && (!cases[i].target || S_ISLNK(status.st_mode)));
        assert_content(cases[i].file, cases[i].link);
        char meta[64];
        snprintf(meta, sizeof meta, "%s.meta.json", cases[i].file);
        cr_assert(access(meta, F_OK) == 0, "%s", meta);
    }
}

/* ---- Failures: nothing new, nothing lost, nothing left ---- */

Test(output, failing_writes_leave_the_old_file) {
    static const char *const names[] = {"a.csv", "a.csv.gz", "a.csv.zst"};
    char *noise = malloc(3 << 20);
    for (size_t i = 0; i < 3 << 20; i++)
        noise[i] = (char)rand();
    cr_assert(signal(SIGXFSZ, SIG_IGN) != SIG_ERR);
    cr_assert(setrlimit(RLIMIT_FSIZE, &(struct rlimit){1 << 20, RLIM_INFINITY}) == 0);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        put_file(names[i], "old");
        errors = (es_errors){0};
        es_output *out = open_output(names[i], (es_output_options){.meta = true});
        es_status status = es_output_write(out, noise, 3 << 20, &errors);
        if (status != ES_OK) {
            cr_assert_eq(es_output_write(out, "x", 1, &errors), ES_ERUNTIME, "a failure sticks");
            cr_assert_not(es_output_broken_pipe(out));
        }
        cr_assert_eq(es_output_commit(out, 0, &errors), ES_ERUNTIME);
        cr_assert_eq(errors.n_errors, 1);
        assert_message("File too large");
        assert_message(names[i]);
        assert_content(names[i], "old");
    }
    cr_assert_eq(count_names(), 3);
    free(noise);
}

Test(output, failing_renames_leave_the_old_files) {
    /* The meta file's name is taken by a directory: the data rename is taken back. */
    put_file("a.csv", "old");
    cr_assert(mkdir("a.csv.meta.json", 0755) == 0 && mkdir("b.csv.meta.json", 0755) == 0);
    static const char *const names[] = {"a.csv", "b.csv"};
    for (size_t i = 0; i < 2; i++) {
        errors = (es_errors){0};
        es_output *out = open_output(names[i], (es_output_options){.meta = true});
        write_text(out, "new");
        cr_assert_eq(es_output_commit(out, 0, &errors), ES_ERUNTIME);
        assert_message(".csv.meta.json");
    }
    assert_content("a.csv", "old");
    cr_assert_eq(count_names(), 3);

    /* OUT became a directory meanwhile. */
    es_output *out = open_output("c.csv", (es_output_options){.meta = true});
    cr_assert(mkdir("c.csv", 0755) == 0);
    cr_assert_eq(es_output_commit(out, 0, &errors), ES_ERUNTIME);
    cr_assert_eq(count_names(), 4);
}

/* ---- What is not a regular file ---- */

Test(output, full_device) {
    if (access("/dev/full", W_OK) != 0)
        cr_skip_test("no /dev/full");
    es_output *out = open_output("/dev/full", (es_output_options){.meta = true});
    static char block[1 << 20];
    cr_assert_eq(es_output_write(out, block, sizeof block, &errors), ES_ERUNTIME);
    assert_message("'/dev/full': No space left");
    es_output_abort(out);
    /* A few bytes are only missed on commit. */
    errors = (es_errors){0};
    out = open_output("/dev/full", (es_output_options){0});
    write_text(out, "x");
    cr_assert_eq(es_output_commit(out, 0, &errors), ES_ERUNTIME);
    assert_message("No space left");
}

Test(output, null_device_is_written_straight) {
    es_output_summary summary;
    es_output *out = open_output("/dev/null", (es_output_options){.meta = true, .sync = true, .summary = &summary});
    write_text(out, "abc");
    cr_assert_eq(es_output_commit(out, 0, &errors), ES_OK);
    cr_assert(summary.bytes == 3 && summary.xxh64 == XXH64("abc", 3, 0));
    cr_assert(access("/dev/null.meta.json", F_OK) != 0);
}

typedef struct reader {
    const char *path;
    char *data;
    size_t length;
} reader;

static void *read_all(void *argument) {
    reader *r = argument;
    int fd = open(r->path, O_RDONLY);
    ssize_t n;
    while (r->length < 8 << 20 && (n = read(fd, r->data + r->length, 5000)) > 0) /* short reads */
        r->length += (size_t)n;
    close(fd);
    return NULL;
}

Test(output, fifo) {
    enum { SIZE = 5 << 20 };
    char *sent = malloc(SIZE);
    reader r = {.path = "fifo", .data = malloc((8 << 20) + 5000)};
    pthread_t thread;
    for (size_t i = 0; i < SIZE; i++)
        sent[i] = (char)(i * 2654435761u >> 13);
    cr_assert(mkfifo("fifo", 0600) == 0 && pthread_create(&thread, NULL, read_all, &r) == 0);
    es_output *out = open_output("fifo", (es_output_options){.meta = true});
    cr_assert_eq(es_output_write(out, sent, 100, &errors), ES_OK);
    cr_assert_eq(es_output_write(out, sent + 100, SIZE - 100, &errors), ES_OK);
    cr_assert_eq(es_output_commit(out, 0, &errors), ES_OK);
    pthread_join(thread, NULL);
    cr_assert(r.length == SIZE && memcmp(r.data, sent, SIZE) == 0);
    struct stat status;
    cr_assert(stat("fifo", &status) == 0 && S_ISFIFO(status.st_mode) && count_names() == 1);
    free(sent);
    free(r.data);
}

/* A pipe as descriptor `fd` of this process. */
static int pipe_as(int fd, int flags) {
    int ends[2];
    cr_assert(pipe2(ends, flags) == 0 && dup2(ends[1], fd) == fd && close(ends[1]) == 0);
    return ends[0];
}

static void *drain_slowly(void *argument) {
    int fd = *(int *)argument;
    static char block[65536];
    size_t total = 0;
    ssize_t n;
    while ((n = read(fd, block, sizeof block)) != 0) {
        if (n > 0)
            total += (size_t)n;
        else
            poll(&(struct pollfd){.fd = fd, .events = POLLIN}, 1, -1);
    }
    return (void *)(uintptr_t)total;
}

Test(output, descriptors_by_name) {
    static const char *const names[] = {"-", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"};
    int kept = dup(1);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        int read_end = pipe_as(1, O_NONBLOCK); /* waits for room too */
        pthread_t thread;
        void *total;
        cr_assert(pthread_create(&thread, NULL, drain_slowly, &read_end) == 0);
        es_output *out = open_output(names[i], (es_output_options){.meta = true});
        static char block[3 << 20];
        es_status written = es_output_write(out, block, sizeof block, &errors);
        es_status committed = es_output_commit(out, 0, &errors);
        cr_assert(dup2(kept, 1) == 1);
        pthread_join(thread, &total);
        cr_assert(written == ES_OK && committed == ES_OK && (uintptr_t)total == sizeof block, "%s", names[i]);
        close(read_end);
    }
    close(kept);
    cr_assert_eq(count_names(), 0);
}

Test(output, stdout_to_a_file_is_appended_to) {
    int kept = dup(1);
    put_file("log", "before\n");
    int fd = open("log", O_WRONLY | O_APPEND);
    cr_assert(dup2(fd, 1) == 1);
    es_output *out = open_output("/dev/stdout", (es_output_options){.meta = true});
    write_text(out, "rows\n");
    es_status status = es_output_commit(out, 0, &errors);
    cr_assert(write(1, "after\n", 6) == 6, "stdout stays open");
    cr_assert(dup2(kept, 1) == 1);
    close(fd);
    close(kept);
    cr_assert_eq(status, ES_OK);
    assert_content("log", "before\nrows\nafter\n");
    cr_assert_eq(count_names(), 1);
}

Test(output, closed_pipe_is_quiet) {
    static const char *const names[] = {"/dev/fd/100", "x.gz", "x.zst"};
    cr_assert(signal(SIGPIPE, SIG_IGN) != SIG_ERR);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        int read_end;
        if (i == 0) {
            read_end = pipe_as(100, 0);
        } else {
            cr_assert(mkfifo(names[i], 0600) == 0);
            read_end = open(names[i], O_RDONLY | O_NONBLOCK);
        }
        es_output *out = open_output(names[i], (es_output_options){0});
        write_text(out, "x");
        close(read_end);
        static char block[1 << 20];
        es_status status = es_output_write(out, block, sizeof block, &errors);
        if (i == 0)
            cr_assert(status == ES_ERUNTIME && es_output_broken_pipe(out));
        cr_assert_eq(es_output_commit(out, 0, &errors), ES_ERUNTIME);
        cr_assert_eq(errors.n_errors, 0);
    }
}

/* ---- Large files, hashes, meta ---- */

static char *csv_like(size_t size) {
    char *data = malloc(size);
    cr_assert(data);
    uint64_t state = 88172645463325252;
    for (size_t i = 0; i < size; i++) {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        data[i] = "0123456789..,,\n-"[state & 15];
    }
    return data;
}

/* Pieces of all sizes: single bytes, just around the gathering limits, megabytes. */
static void write_in_pieces(es_output *out, const char *data, size_t size) {
    static const size_t pieces[] = {1, 0, 100, 65535, 65536, 65537, 262144, 3000000, 7};
    for (size_t at = 0, i = 0; at < size; i++) {
        size_t n = pieces[i % (sizeof pieces / sizeof *pieces)];
        n = n < size - at ? n : size - at;
        cr_assert_eq(es_output_write(out, data + at, n, &errors), ES_OK);
        at += n;
    }
}

static json_t *load_meta(const char *path) {
    json_error_t error;
    json_t *meta = json_load_file(path, 0, &error);
    cr_assert(meta, "%s: %s", path, error.text);
    return meta;
}

static void assert_meta(const char *path, uint64_t rows) {
    char *data, name[64], hash[17];
    size_t size = read_file(path, &data);
    snprintf(name, sizeof name, "%s.meta.json", path);
    snprintf(hash, sizeof hash, "%016llx", (unsigned long long)XXH64(data, size, 0));
    json_t *meta = load_meta(name);
    cr_assert_eq((uint64_t)json_integer_value(json_object_get(meta, "rows")), rows);
    cr_assert_eq((size_t)json_integer_value(json_object_get(meta, "bytes")), size);
    cr_assert_str_eq(json_string_value(json_object_get(meta, "xxh64")), hash);
    json_decref(meta);
    free(data);
}

Test(output, large_files_are_exact_and_use_no_more_space) {
    static const uint64_t expected[] = {0, 20000000, 5000000, 1u << 30};
    const size_t size = 20000000;
    char *data = csv_like(size), *back;
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
        es_output_summary summary;
        es_output *out = open_output(
            "big.csv", (es_output_options){.meta = true, .expected_bytes = expected[i], .summary = &summary});
        write_in_pieces(out, data, size);
        cr_assert_eq(es_output_bytes(out), size);
        cr_assert_eq(es_output_commit(out, 77, &errors), ES_OK);
        cr_assert_eq(read_file("big.csv", &back), size);
        cr_assert(memcmp(back, data, size) == 0);
        cr_assert(summary.bytes == size && summary.xxh64 == XXH64(data, size, 0));
        assert_meta("big.csv", 77);
        struct stat status;
        cr_assert(stat("big.csv", &status) == 0 && (size_t)status.st_blocks * 512 < size + (1 << 20));
        free(back);
    }
    free(data);
}

Test(output, hashed_and_written_apart) {
    const size_t size = 1000000, piece = 100000;
    char *data = csv_like(size);
    es_output *out = open_output("a.csv", (es_output_options){.meta = true});
    for (size_t at = 0; at < size; at += piece)
        es_output_hash(out, data + at, piece);
    for (size_t at = 0; at < size; at += piece)
        cr_assert_eq(es_output_write_hashed(out, data + at, piece, &errors), ES_OK);
    cr_assert_eq(es_output_commit(out, 1, &errors), ES_OK);
    assert_meta("a.csv", 1);
    free(data);
}

Test(output, meta_text) {
    cr_assert_eq(setenv("SOURCE_DATE_EPOCH", "86399", 1), 0);
    es_output *out = open_output("a.csv", (es_output_options){.meta = true,
                                                              .command = "edgesweep run \"a\\b\" caf\xc3\xa9 \xff",
                                                              .version = "1.2.3",
                                                              .grid_hash = 0xabc,
                                                              .catalog_hash = 0xfedcba9876543210});
    write_text(out, "x\n1\n");
    cr_assert_eq(es_output_commit(out, 1, &errors), ES_OK);
    char expected[512];
    snprintf(expected, sizeof expected,
             "{\n"
             "  \"version\": \"1.2.3\",\n"
             "  \"command\": \"edgesweep run \\\"a\\\\b\\\" caf\xc3\xa9 \\\\xff\",\n"
             "  \"grid_hash\": \"0000000000000abc\",\n"
             "  \"catalog_hash\": \"fedcba9876543210\",\n"
             "  \"rows\": 1,\n"
             "  \"bytes\": 4,\n"
             "  \"xxh64\": \"%016llx\",\n"
             "  \"date\": \"1970-01-01T23:59:59Z\"\n"
             "}\n",
             (unsigned long long)XXH64("x\n1\n", 4, 0));
    assert_content("a.csv.meta.json", expected);
    out = open_output("b.csv", (es_output_options){.meta = true}); /* of other tables: no grid, no catalogs */
    cr_assert_eq(es_output_commit(out, 0, &errors), ES_OK);
    snprintf(
        expected, sizeof expected,
        "{\n  \"version\": null,\n  \"command\": null,\n  \"rows\": 0,\n  \"bytes\": 0,\n  \"xxh64\": \"%016llx\",\n"
        "  \"date\": \"1970-01-01T23:59:59Z\"\n}\n",
        (unsigned long long)XXH64("", 0, 0));
    assert_content("b.csv.meta.json", expected);
}

/* ---- Compression ---- */

static char *gunzip(const char *packed, size_t n, size_t size) {
    char *data = malloc(size + 1);
    z_stream stream = {.next_in = (Bytef *)(uintptr_t)packed, .avail_in = (uInt)n};
    cr_assert(inflateInit2(&stream, 15 + 16) == Z_OK);
    stream.next_out = (Bytef *)data;
    stream.avail_out = (uInt)size + 1;
    cr_assert_eq(inflate(&stream, Z_FINISH), Z_STREAM_END, "crc or length are wrong");
    cr_assert(stream.avail_in == 0 && stream.total_out == size, "one member, nothing behind it");
    inflateEnd(&stream);
    return data;
}

static char *unzstd(const char *packed, size_t n, size_t size) {
    char *data = malloc(size + 1);
    ZSTD_DCtx *context = ZSTD_createDCtx();
    ZSTD_inBuffer in = {.src = packed, .size = n};
    ZSTD_outBuffer out = {.dst = data, .size = size + 1};
    size_t left = 1;
    while (left != 0) {
        left = ZSTD_decompressStream(context, &out, &in);
        cr_assert(!ZSTD_isError(left) && (left == 0 || in.pos < in.size || out.pos < out.size));
    }
    cr_assert(in.pos == in.size && out.pos == size, "one frame, nothing behind it");
    ZSTD_freeDCtx(context);
    return data;
}

Test(output, compressed_round_trips) {
    static const size_t sizes[] = {0, 1, 262143, 262144, 262145, 524288, 20000000};
    char *data = csv_like(20000000);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        for (int zst = 0; zst < 2; zst++) {
            const char *path = zst ? "a.csv.zst" : "a.csv.gz";
            char *packed[3], *back;
            size_t n[3];
            for (unsigned threads = 0; threads < 3; threads++) { /* all, one, two: the same bytes */
                es_output *out = open_output(path, (es_output_options){.meta = true, .threads = threads});
                write_in_pieces(out, data, sizes[i]);
                cr_assert_eq(es_output_commit(out, 5, &errors), ES_OK);
                n[threads] = read_file(path, &packed[threads]);
                assert_meta(path, 5);
                cr_assert(n[threads] == n[0] && memcmp(packed[threads], packed[0], n[0]) == 0);
            }
            back = zst ? unzstd(packed[0], n[0], sizes[i]) : gunzip(packed[0], n[0], sizes[i]);
            cr_assert(memcmp(back, data, sizes[i]) == 0);
            free(back);
            for (int k = 0; k < 3; k++)
                free(packed[k]);
        }
    free(data);
}

Test(output, abort_while_compressing) {
    static const char *const names[] = {"a.csv.gz", "a.csv.zst"};
    char *data = csv_like(4 << 20);
    for (size_t i = 0; i < 2; i++) {
        es_output *out = open_output(names[i], (es_output_options){.meta = true});
        cr_assert_eq(es_output_write(out, data, 4 << 20, &errors), ES_OK);
        es_output_abort(out);
    }
    cr_assert_eq(count_names(), 0);
    free(data);
}

Test(output, suffixes) {
    static const struct {
        const char *path;
        es_compression kind;
    } cases[] = {{"a.gz", ES_COMPRESS_GZ},  {"a.csv.zst", ES_COMPRESS_ZST}, {"a.csv", ES_COMPRESS_NONE},
                 {".gz", ES_COMPRESS_NONE}, {"gz", ES_COMPRESS_NONE},       {"a.gz.csv", ES_COMPRESS_NONE},
                 {"-", ES_COMPRESS_NONE},   {"", ES_COMPRESS_NONE},         {"/tmp/x.y.gz", ES_COMPRESS_GZ},
                 {"a.GZ", ES_COMPRESS_NONE}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        cr_assert_eq(es_compression_of(cases[i].path), cases[i].kind, "%s", cases[i].path);
}

/* ---- Two writers of one file: the last commit wins, whole ---- */

Test(output, two_writers) {
    es_output *first = open_output("a.csv", (es_output_options){.meta = true});
    es_output *second = open_output("a.csv", (es_output_options){.meta = true});
    write_text(first, "first");
    write_text(second, "the second");
    cr_assert_eq(es_output_commit(second, 2, &errors), ES_OK);
    assert_content("a.csv", "the second");
    cr_assert_eq(es_output_commit(first, 1, &errors), ES_OK);
    assert_content("a.csv", "first");
    assert_meta("a.csv", 1);
    cr_assert_eq(count_names(), 2);
}
