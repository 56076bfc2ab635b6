#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "shards/journal.h"
#include "shards/manifest.h"
#include "shards/part_file.h"
#include "shards/shard.h"

/* ---- ranges ---- */

Test(shard, ranges_tile_the_grid) {
    static const uint64_t totals[] = {1, 2, 15, 16, 17, 1000003, UINT64_C(1) << 53, INT64_MAX, INT64_MAX - 1};
    static const uint64_t counts[] = {1, 2, 3, 7, 16, 17, 1000};
    for (size_t t = 0; t < sizeof totals / sizeof *totals; t++)
        for (size_t c = 0; c < sizeof counts / sizeof *counts; c++) {
            uint64_t total = totals[t], n = counts[c], least = total / n;
            cr_assert_eq(es_shard_first(total, 0, n), 0);
            cr_assert_eq(es_shard_first(total, n, n), total);
            for (uint64_t k = 0; k < n; k++) {
                uint64_t size = es_shard_first(total, k + 1, n) - es_shard_first(total, k, n);
                cr_assert(size == least || size == least + 1, "%" PRIu64 " of %" PRIu64, k, n);
            }
        }
}

/* ---- numbers of shards ---- */

static const char *set_name[3], *set_value[3];

static char *environment(const char *name) {
    for (size_t i = 0; i < 3; i++)
        if (set_name[i] && !strcmp(set_name[i], name))
            return (char *)(uintptr_t)set_value[i];
    return NULL;
}

typedef struct parse_case {
    const char *text, *from;
    int64_t base;
    const char *name[2], *value[2];
    int64_t k; /* -1: refused */
    const char *message;
} parse_case;

static const parse_case parse_cases[] = {
    {"0/1", NULL, -1, {0}, {0}, 0, NULL},
    {"3/16", NULL, -1, {0}, {0}, 3, NULL},
    {"16/16", NULL, 1, {0}, {0}, 15, NULL},
    {"16/16", NULL, -1, {0}, {0}, -1, "--shard-base 1"},
    {"0/16", NULL, 1, {0}, {0}, -1, "not in 1 ... 16"},
    {"3-16/16", NULL, -1, {0}, {0}, -1, "--shard-base 1"},
    {"7-3/16", NULL, -1, {0}, {0}, -1, "A up to B"},
    {"3-/16", NULL, -1, {0}, {0}, -1, "expected the number"},
    {"999999998/999999999", NULL, -1, {0}, {0}, 999999998, NULL},
    {"auto/16", NULL, -1, {"SLURM_ARRAY_TASK_ID"}, {"5"}, 5, NULL},
    {"auto/16", NULL, 1, {"SLURM_ARRAY_TASK_ID"}, {"5"}, 4, NULL},
    {"auto/16", NULL, -1, {"SLURM_ARRAY_TASK_ID"}, {"16"}, -1, "--shard-base 1"},
    {"auto/16", NULL, -1, {"PBS_ARRAY_INDEX"}, {"5"}, 5, NULL},
    {"auto/16", NULL, -1, {"PBS_ARRAYID"}, {"5"}, 5, NULL},
    {"auto/16", NULL, -1, {"SGE_TASK_ID"}, {"5"}, 4, NULL},
    {"auto/16", NULL, 0, {"SGE_TASK_ID"}, {"5"}, 5, NULL},
    {"auto/16", NULL, -1, {"SGE_TASK_ID"}, {"undefined"}, -1, "no variable"},
    {"auto/16", NULL, -1, {"LSB_JOBINDEX"}, {"16"}, 15, NULL},
    {"auto/16", NULL, -1, {"LSB_JOBINDEX"}, {"0"}, -1, "no variable"},
    {"auto/16", NULL, -1, {"AWS_BATCH_JOB_ARRAY_INDEX"}, {"5"}, 5, NULL},
    {"auto/16", NULL, -1, {"JOB_COMPLETION_INDEX"}, {"0"}, 0, NULL},
    {"auto/16", NULL, -1, {"CLOUD_RUN_TASK_INDEX"}, {"5"}, 5, NULL},
    {"auto/16", NULL, -1, {"BATCH_TASK_INDEX"}, {"5"}, 5, NULL},
    {"auto/16", NULL, -1, {"PARALLEL_SEQ"}, {"1"}, 0, NULL},
    {"auto/16", NULL, -1, {"PARALLEL_SEQ"}, {"0"}, -1, "not in 1 ... 16"},
    {"auto/16", NULL, -1, {"OMPI_COMM_WORLD_RANK"}, {"5"}, 5, NULL},
    {"auto/16", NULL, -1, {"PMI_RANK"}, {"5"}, 5, NULL},
    {"auto/16", NULL, -1, {"PMI_RANK"}, {""}, -1, "no variable"},
    {"auto/16", NULL, -1, {0}, {0}, -1, "no variable"},
    {"auto/16", NULL, -1, {"SGE_TASK_ID", "PBS_ARRAYID"}, {"undefined", "2"}, 2, NULL},
    {"auto/16", NULL, -1, {"SLURM_ARRAY_TASK_ID", "PMI_RANK"}, {"5", "0"}, -1, "SLURM_ARRAY_TASK_ID=5, PMI_RANK=0"},
    {"auto/16", NULL, -1, {"SLURM_ARRAY_TASK_ID", "PMI_RANK"}, {"5", "5"}, -1, "--shard-from"},
    {"auto/16", "SLURM_ARRAY_TASK_ID", -1, {"SLURM_ARRAY_TASK_ID", "PMI_RANK"}, {"5", "0"}, 5, NULL},
    {"auto/16", "MY_TASK", -1, {"MY_TASK", "PMI_RANK"}, {"7", "0"}, 7, NULL},
    {"auto/16", "MY_TASK", -1, {"PMI_RANK"}, {"0"}, -1, "'MY_TASK'"},
    {"auto/16", "SGE_TASK_ID", -1, {"SGE_TASK_ID"}, {"undefined"}, -1, "does not number"},
    {"auto/16", NULL, -1, {"PMI_RANK"}, {"-1"}, -1, "expected the number"},
    {"auto/16", NULL, -1, {"PMI_RANK"}, {"5x"}, -1, "expected the number"},
    {"3/16", "PMI_RANK", -1, {"PMI_RANK"}, {"5"}, -1, "--shard auto/N"},
    {"", NULL, -1, {0}, {0}, -1, "expected K/N"},
    {"3", NULL, -1, {0}, {0}, -1, "expected K/N"},
    {"/4", NULL, -1, {0}, {0}, -1, "expected K/N"},
    {"3/", NULL, -1, {0}, {0}, -1, "expected K/N"},
    {"3/0", NULL, -1, {0}, {0}, -1, "expected K/N"},
    {"-1/4", NULL, -1, {0}, {0}, -1, "expected the number"},
    {"1/4/8", NULL, -1, {0}, {0}, -1, "expected K/N"},
    {"0/1000000000", NULL, -1, {0}, {0}, -1, "expected K/N"},
    {"auto", NULL, -1, {"PMI_RANK"}, {"5"}, -1, "expected K/N"},
    {"18446744073709551616/4", NULL, -1, {0}, {0}, -1, "expected the number"},
};

Test(shard, numbers) {
    for (size_t i = 0; i < sizeof parse_cases / sizeof *parse_cases; i++) {
        const parse_case *c = &parse_cases[i];
        es_errors *errors = calloc(1, sizeof *errors);
        es_shard shard = {0};
        for (size_t v = 0; v < 2; v++)
            set_name[v] = c->name[v], set_value[v] = c->value[v];
        es_shard_source source = {.from = c->from, .base = c->base, .environment = environment};
        es_status status = es_shard_parse(c->text, &source, &shard, errors);
        cr_assert_eq(status, c->k < 0 ? ES_EUSAGE : ES_OK, "case %zu: %s", i, errors->error[0].text);
        if (c->k >= 0)
            cr_assert(shard.k == (uint64_t)c->k && shard.more == 0, "case %zu: %" PRIu64, i, shard.k);
        else
            cr_assert(strstr(errors->error[0].text, c->message), "case %zu: %s", i, errors->error[0].text);
        free(errors);
    }
}

Test(shard, several) {
    es_shard shard;
    char name[ES_PART_NAME];
    es_shard_source source = {.base = 1, .environment = environment};
    cr_assert_eq(es_shard_parse("1-16/16", &source, &shard, NULL), ES_OK);
    cr_assert(shard.k == 0 && shard.n == 16 && shard.more == 15);
    es_part_stem((es_shard){.k = 3, .n = 16, .more = 2}, name);
    cr_expect_str_eq(name, "part-00003-to-00005-of-00016");
}

/* ---- files ---- */

static char *scratch(void) {
    static char name[] = "/tmp/edgesweep-shard-XXXXXX";
    cr_assert(mkdtemp(name));
    return name;
}

static void write_file(const char *path, const char *data, size_t n) {
    FILE *file = fopen(path, "wb");
    cr_assert(file && fwrite(data, 1, n, file) == n && fclose(file) == 0);
}

static char *read_file(const char *path, size_t *n) {
    FILE *file = fopen(path, "rb");
    char *data = calloc(1, 1 << 20);
    cr_assert(file && data);
    *n = fread(data, 1, 1 << 20, file);
    fclose(file);
    return data;
}

static es_manifest example(void) {
    es_manifest m = {.version = "0.1.0",
                     .grid_hash = UINT64_MAX - 1,
                     .catalog_hash = 7,
                     .format = "tsv digits=17 delimiter=\\t decimal=. bom=0 crlf=0",
                     .unique = true,
                     .total = INT64_MAX,
                     .shard = {.k = 3, .n = 16},
                     .first = 17,
                     .end = INT64_MAX - 9};
    m.table[ES_RESULT_ROWS] = (es_part_table){.given = true, .header_bytes = 5, .rows = 9, .bytes = 99, .xxh64 = 1};
    m.table[ES_RESULT_BEST] = (es_part_table){.given = true,
                                              .header_bytes = 6,
                                              .rows = 1,
                                              .bytes = 50,
                                              .keys_bytes = 32,
                                              .missing = 4,
                                              .n_by = 2,
                                              .n_objectives = 3,
                                              .maximize = {1, 0, 1}};
    return m;
}

Test(manifest, comes_back_and_tells_damage) {
    char *folder = scratch(), path[128], *text;
    es_manifest m = example(), back;
    es_errors *errors = calloc(1, sizeof *errors);
    snprintf(path, sizeof path, "%s/m.json", folder);
    cr_assert_eq(es_manifest_text(&m, &text, errors), ES_OK);
    size_t n = strlen(text);
    write_file(path, text, n);
    cr_assert_eq(es_manifest_read(&back, path, errors), ES_OK, "%s", errors->error[0].text);
    cr_assert_eq(memcmp(m.table, back.table, sizeof m.table), 0);
    cr_assert_eq(es_manifest_identity(&m), es_manifest_identity(&back));
    cr_assert(back.shard.k == 3 && back.shard.n == 16 && back.unique && back.total == INT64_MAX &&
              back.grid_hash == m.grid_hash);
    for (size_t i = 0; i < n; i++) { /* any byte flipped: damaged, or blank space that means the same */
        text[i] ^= 1;
        write_file(path, text, n);
        errors->n_errors = 0;
        es_status status = es_manifest_read(&back, path, errors);
        cr_assert(status == ES_EDAMAGED || (text[i] ^ 1) == '\n' || (text[i] ^ 1) == ' ', "byte %zu", i);
        text[i] ^= 1;
    }
    for (size_t cut = 0; cut + 2 < n; cut += 7) {
        write_file(path, text, cut);
        cr_assert_eq(es_manifest_read(&back, path, NULL), ES_EDAMAGED, "cut at %zu", cut);
    }
    unlink(path);
    cr_assert_eq(es_manifest_read(&back, path, NULL), ES_ERUNTIME);
    rmdir(folder);
    free(text);
    free(errors);
}

Test(manifest, names) {
    char name[ES_PART_NAME];
    es_part_stem((es_shard){.k = 3, .n = 16}, name);
    cr_assert_str_eq(name, "part-00003-of-00016");
    es_part_stem((es_shard){.k = 999999998, .n = 999999999}, name);
    cr_assert_str_eq(name, "part-999999998-of-999999999");
    cr_assert_str_eq(es_part_suffix("jsonl digits=9"), "jsonl");
    cr_assert_null(es_part_suffix("../x digits=9"));
}

Test(part_file, directories) {
    char *folder = scratch(), path[160];
    snprintf(path, sizeof path, "%s/a//b/c/", folder);
    cr_assert_eq(es_make_directory(path, NULL), ES_OK);
    cr_assert_eq(es_make_directory(path, NULL), ES_OK);
    cr_assert_eq(access(path, W_OK), 0);
    snprintf(path, sizeof path, "%s/a/file", folder);
    write_file(path, "x", 1);
    cr_assert_eq(es_make_directory(path, NULL), ES_ERUNTIME);
    snprintf(path, sizeof path, "rm -r %s", folder);
    cr_assert_eq(system(path), 0);
}

/* ---- journals: what damage leaves ---- */

typedef struct damage_case {
    const char *what;
    int journal_cut, partial_cut;   /* bytes taken off the end */
    int journal_flip, partial_flip; /* offset of a byte changed; -1: none */
    es_recovery recovery;
    size_t confirmed;
    bool torn;
} damage_case;

/* Four records of 48 bytes after 10, 20, 30 and 40 bytes of a partial of 45. */
static const damage_case damage_cases[] = {
    {"whole", 0, 0, -1, -1, ES_RECOVERY_WHOLE, 4, false},
    {"bytes behind the last record", 0, 5, -1, -1, ES_RECOVERY_WHOLE, 4, false},
    {"torn record", 1, 0, -1, -1, ES_RECOVERY_WHOLE, 3, true},
    {"torn record", 47, 0, -1, -1, ES_RECOVERY_WHOLE, 3, true},
    {"a record less", 48, 0, -1, -1, ES_RECOVERY_WHOLE, 3, false},
    {"flipped record", 0, 0, 3 * 48 + 9, -1, ES_RECOVERY_WHOLE, 3, true},
    {"flipped first record", 0, 0, 20, -1, ES_RECOVERY_NONE, 0, true},
    {"truncated partial", 0, 6, -1, -1, ES_RECOVERY_EARLIER, 3, false},
    {"truncated partial", 0, 26, -1, -1, ES_RECOVERY_EARLIER, 1, false},
    {"empty partial", 0, 45, -1, -1, ES_RECOVERY_DAMAGED, 0, false},
    {"flipped byte behind", 0, 0, -1, 44, ES_RECOVERY_WHOLE, 4, false},
    {"flipped byte", 0, 0, -1, 39, ES_RECOVERY_EARLIER, 3, false},
    {"flipped byte", 0, 0, -1, 25, ES_RECOVERY_EARLIER, 2, false},
    {"flipped first byte", 0, 0, -1, 0, ES_RECOVERY_DAMAGED, 0, false},
    {"empty journal", 192, 0, -1, -1, ES_RECOVERY_NONE, 0, false},
};

static void damage(const char *path, int cut, int flip) {
    size_t n;
    char *data = read_file(path, &n);
    if (flip >= 0)
        data[flip] ^= 0x40;
    write_file(path, data, n - (size_t)cut);
    free(data);
}

Test(journal, recovers_what_is_whole) {
    char *folder = scratch(), partial[128], path[128];
    static const char text[] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHI";
    snprintf(partial, sizeof partial, "%s/partial", folder);
    snprintf(path, sizeof path, "%s/journal", folder);
    for (size_t i = 0; i < sizeof damage_cases / sizeof *damage_cases; i++) {
        const damage_case *c = &damage_cases[i];
        es_journal journal;
        es_recovery recovery;
        size_t n;
        XXH64_state_t *hash;
        cr_assert_eq(es_journal_open(&journal, path, 99, 0, NULL), ES_OK);
        cr_assert_eq(es_journal_restart(&journal, 0, NULL), ES_OK);
        for (uint64_t k = 1; k <= 4; k++)
            cr_assert_eq(
                es_journal_append(
                    &journal,
                    (es_journal_record){.next = k, .bytes = 10 * k, .rows = k, .xxh64 = XXH64(text, 10 * k, 0)}, NULL),
                ES_OK);
        es_journal_close(&journal, false);
        write_file(partial, text, 45);
        damage(path, c->journal_cut, c->journal_flip);
        damage(partial, c->partial_cut, c->partial_flip);
        cr_assert_eq(es_journal_open(&journal, path, 99, 0, NULL), ES_OK);
        cr_assert_eq(es_journal_recover(&journal, partial, &recovery, &n, &hash, NULL), ES_OK);
        cr_assert(recovery == c->recovery && n == c->confirmed && journal.torn == c->torn,
                  "%s (%zu): %d, %zu of %zu, torn %d", c->what, i, recovery, n, journal.n_records, journal.torn);
        if (n)
            cr_assert_eq(XXH64_digest(hash), XXH64(text, 10 * n, 0));
        XXH64_freeState(hash);
        es_journal_close(&journal, true);
        cr_assert_neq(access(path, F_OK), 0);
    }
    unlink(partial);
    rmdir(folder);
}

Test(journal, of_something_else_counts_as_empty) {
    char *folder = scratch(), path[128];
    es_journal journal, second;
    es_errors *errors = calloc(1, sizeof *errors);
    snprintf(path, sizeof path, "%s/journal", folder);
    cr_assert_eq(es_journal_open(&journal, path, 1, 0, NULL), ES_OK);
    cr_assert_eq(es_journal_append(&journal, (es_journal_record){.bytes = 1}, NULL), ES_OK);
    cr_assert_eq(es_journal_open(&second, path, 1, 0, errors), ES_ERUNTIME);
    cr_assert(strstr(errors->error[0].text, "another process"), "%s", errors->error[0].text);
    es_journal_close(&second, false);
    es_journal_close(&journal, false);
    cr_assert_eq(es_journal_open(&journal, path, 2, 0, NULL), ES_OK);
    cr_assert_eq(journal.n_records, 0);
    es_journal_close(&journal, true);
    rmdir(folder);
    free(errors);
}
