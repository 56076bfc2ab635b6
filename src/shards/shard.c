#include "shards/shard.h"

#include <stdio.h>
#include <string.h>

#include "base/number.h"
#include "base/text.h"

uint64_t es_shard_first(uint64_t total, uint64_t k, uint64_t n) { return (uint64_t)((unsigned __int128)total * k / n); }

/* ---- variables that number the tasks of an array ---- */

typedef struct variable {
    const char *name;
    uint64_t base;    /* number of the first task */
    const char *none; /* its value outside of an array; NULL: it is not set there */
} variable;

static const variable variables[] = {
    {"SLURM_ARRAY_TASK_ID", 0, NULL},  {"PBS_ARRAY_INDEX", 0, NULL}, /* PBS Professional, OpenPBS */
    {"PBS_ARRAYID", 0, NULL},                                        /* Torque */
    {"SGE_TASK_ID", 1, "undefined"},   {"LSB_JOBINDEX", 1, "0"},      {"AWS_BATCH_JOB_ARRAY_INDEX", 0, NULL},
    {"JOB_COMPLETION_INDEX", 0, NULL},                                /* Kubernetes Indexed Job */
    {"CLOUD_RUN_TASK_INDEX", 0, NULL}, {"BATCH_TASK_INDEX", 0, NULL}, /* Google Cloud Batch */
    {"PARALLEL_SEQ", 1, NULL},                                        /* GNU parallel */
    {"OMPI_COMM_WORLD_RANK", 0, NULL}, {"PMI_RANK", 0, NULL},         /* MPICH, Intel MPI, srun --mpi=pmi2 */
};

enum { N_VARIABLES = sizeof variables / sizeof *variables };

static bool is_set(const variable *v, const char *value) {
    return value && *value && !(v->none && !strcmp(value, v->none));
}

static const variable *find_variable(const char *name) {
    for (unsigned i = 0; i < N_VARIABLES; i++)
        if (!strcmp(variables[i].name, name))
            return &variables[i];
    return NULL;
}

/* The one variable that is set. */
static es_status detect(const es_shard_source *source, const variable **found, es_errors *errors) {
    char names[ES_TEXT_MAX] = "";
    size_t length = 0;
    unsigned n = 0;
    for (unsigned i = 0; i < N_VARIABLES; i++) {
        const char *value = source->environment(variables[i].name);
        if (!is_set(&variables[i], value))
            continue;
        int written = snprintf(names + length, sizeof names - length, "%s%s=%s", n ? ", " : "", variables[i].name,
                               es_quote_text(value).text);
        length += written > 0 && (size_t)written < sizeof names - length ? (size_t)written : 0;
        *found = &variables[i];
        n++;
    }
    if (n == 1)
        return ES_OK;
    if (n)
        return es_fail(errors, ES_EUSAGE, NULL,
                       "--shard auto: several variables number this task: %s; choose one with --shard-from NAME",
                       names);
    return es_fail(
        errors, ES_EUSAGE, NULL,
        "--shard auto: no variable numbers this task (looked for SLURM_ARRAY_TASK_ID, PBS_ARRAY_INDEX, "
        "SGE_TASK_ID, LSB_JOBINDEX, AWS_BATCH_JOB_ARRAY_INDEX, JOB_COMPLETION_INDEX and others); give K/N or "
        "--shard-from NAME");
}

/* ---- K/N ---- */

static es_status number_of(const char *text, const char *what, const es_shard_source *source, uint64_t base,
                           es_shard *shard, es_errors *errors) {
    uint64_t number;
    if (source->base >= 0)
        base = (uint64_t)source->base;
    if (es_parse_u64(es_slice_of(text), &number) != ES_NUMBER_OK)
        return es_fail(errors, ES_EUSAGE, NULL, "%s: expected the number of a shard: '%s'", what,
                       es_quote_text(text).text);
    if (number < base || number - base >= shard->n)
        return es_fail(errors, ES_EUSAGE, NULL, "%s: %llu is not in %llu ... %llu, the numbers of %llu shards%s", what,
                       (unsigned long long)number, (unsigned long long)base, (unsigned long long)(base + shard->n - 1),
                       (unsigned long long)shard->n,
                       number == shard->n && !base ? "; --shard-base 1 when they are counted from 1" : "");
    shard->k = number - base;
    return ES_OK;
}

static es_status number_from_environment(const es_shard_source *source, es_shard *shard, es_errors *errors) {
    const variable *found = NULL;
    const char *name = source->from;
    if (!name) {
        es_status status = detect(source, &found, errors);
        if (status)
            return status;
        name = found->name;
    } else {
        found = find_variable(name);
    }
    const char *value = source->environment(name);
    if (!value || !*value || (found && !is_set(found, value)))
        return es_fail(errors, ES_EUSAGE, NULL, "--shard-from: the environment does not number this task: '%s'",
                       es_quote_text(name).text);
    return number_of(value, name, source, found ? found->base : 0, shard, errors);
}

/* The numbers in `A-B`. */
static es_status numbers_of_range(char *text, char *dash, const es_shard_source *source, es_shard *shard,
                                  es_errors *errors) {
    *dash = '\0';
    es_status status = number_of(dash + 1, "--shard", source, 0, shard, errors);
    const uint64_t last = shard->k;
    if (!status)
        status = number_of(text, "--shard", source, 0, shard, errors);
    if (!status && shard->k > last)
        status = es_fail(errors, ES_EUSAGE, NULL, "--shard: expected A-B/N with A up to B: '%s-%s'",
                         es_quote_text(text).text, es_quote_text(dash + 1).text);
    shard->more = status ? 0 : last - shard->k;
    return status;
}

es_status es_shard_parse(const char *text, const es_shard_source *source, es_shard *shard, es_errors *errors) {
    const char *slash = strchr(text, '/');
    char k[32];
    shard->more = 0;
    if (!slash || slash == text || slash - text >= (ptrdiff_t)sizeof k ||
        es_parse_u64(es_slice_of(slash + 1), &shard->n) != ES_NUMBER_OK || !shard->n || shard->n > ES_MAX_SHARDS)
        return es_fail(errors, ES_EUSAGE, NULL, "--shard: expected K/N, A-B/N or auto/N with N from 1 to %d: '%s'",
                       ES_MAX_SHARDS, es_quote_text(text).text);
    es_copy_text(k, sizeof k, (es_slice){text, (size_t)(slash - text)});
    bool automatic = !strcmp(k, "auto");
    if (source->from && !automatic)
        return es_fail(errors, ES_EUSAGE, NULL, "--shard-from goes with --shard auto/N: '%s'",
                       es_quote_text(text).text);
    char *dash = strchr(k + 1, '-');
    if (dash)
        return numbers_of_range(k, dash, source, shard, errors);
    return automatic ? number_from_environment(source, shard, errors)
                     : number_of(k, "--shard", source, 0, shard, errors);
}
