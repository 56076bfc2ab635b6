/* edgesweep-mpi: the parts of a sweep, worked off by the ranks of an MPI job.
 *
 * Ranks pull the numbers of shards from a counter on rank 0 (MPI_Fetch_and_op), so that slow and fast ones end together.
 * Each part is the same as that of `edgesweep run --shard`; parts that are finished are left alone and cut ones are
 * resumed, whatever the number of ranks was.  A rank that fails ends the whole job: run it again.
 */
#include <mpi.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/number.h"
#include "commands/commands.h"
#include "commands/doubts.h"
#include "cli/load.h"
#include "cli/paths.h"
#include "cli/run_options.h"
#include "commands/run_shard.h"
#include "mpi/mpi_run.h"

static const char usage[] =
    "usage: mpirun -n RANKS edgesweep-mpi FILE.sweep --shards N -o DIR [--single-file OUT.csv] [OPTION]...\n\n"
    "Writes N parts to DIR, as `edgesweep run --shard K/N` does, then the front and the table of best choices of all: "
    "to\n"
    "DIR/front.csv and DIR/best.csv, or beside OUT.csv.\n\n"
    "  --shards N           number of parts; several per rank, so that all ranks end together\n"
    "  --single-file OUT    also write all rows to one file, every rank its share\n\n"
    "OPTION: those of `edgesweep run`, such as --set, --where, --front-only, -j (threads of a rank).  Parts are "
    "always\n"
    "resumed; run again with any number of ranks after a failure.\n";

typedef struct job {
    es_ranks ranks;
    es_cli cli;
    uint64_t n_shards;
    const char *single_file;
    es_catalog catalog;
    es_sweep *sweep;
    es_shard_options options;
    es_progress_line progress;
    es_parts own; /* parts that this rank made or found */
} job;

/* ---- options ---- */

/* The options of this program are taken out, the rest are those of `run`. */
static es_status parse(job *j, int argc, char **argv, char **left, es_errors *errors) {
    int n = 0;
    left[n++] = argv[0];
    left[n++] = (char *)(uintptr_t) "run";
    for (int i = 1; i < argc; i++) {
        bool shards = !strcmp(argv[i], "--shards"), single = !strcmp(argv[i], "--single-file");
        if (!shards && !single) {
            left[n++] = argv[i];
            continue;
        }
        if (++i == argc)
            return es_fail(errors, ES_EUSAGE, NULL, "%s needs a value", argv[i - 1]);
        if (single)
            j->single_file = argv[i];
        else if (es_parse_u64(es_slice_of(argv[i]), &j->n_shards) != ES_NUMBER_OK || j->n_shards > ES_MAX_SHARDS)
            return es_fail(errors, ES_EUSAGE, NULL, "--shards: expected a number from 1 to %d: '%s'", ES_MAX_SHARDS,
                           es_quote_text(argv[i]).text);
    }
    if (!j->n_shards)
        return es_fail(errors, ES_EUSAGE, NULL, "--shards N is missing; several for each rank are a good choice");
    static const es_command *const commands[] = {&es_cmd_run, NULL};
    j->cli.commands = commands;
    es_status status = es_cli_parse(&j->cli, n, left, errors);
    if (!status && es_given(&j->cli, ES_OPT_SHARD))
        status =
            es_fail(errors, ES_EUSAGE, NULL, "--shard does not go with edgesweep-mpi, which works off all of them");
    if (!status && j->single_file && es_given(&j->cli, ES_OPT_FRONT_ONLY))
        status = es_fail(errors, ES_EUSAGE, NULL, "--single-file holds rows: it does not go with --front-only");
    return status;
}

/* Requests of other ranks for the next shard are answered while this one computes. */
static void answer_others(void *context, const es_progress *progress) {
    job *j = context;
    int waiting;
    MPI_Iprobe(MPI_ANY_SOURCE, MPI_ANY_TAG, MPI_COMM_WORLD, &waiting, MPI_STATUS_IGNORE);
    if (j->progress.in_place)
        es_progress_show(&j->progress, progress);
}

/* Where the front or the table of best choices goes. */
static const char *path_of(job *j, const char *suffix, es_result r) {
    if (j->single_file)
        return es_cli_beside(&j->cli.arena, j->single_file, es_part_folder[r]);
    return es_arena_printf(&j->cli.arena, "%s/%s.%s", j->options.directory, es_part_folder[r], suffix);
}

/* The sweep, its catalogs, the parts and the tables made of them do not lie in each other's places. */
static es_status check_paths(job *j, es_errors *errors) {
    const es_manifest part = es_manifest_make(j->sweep, &j->options.run, (es_shard){.k = 0, .n = j->n_shards});
    es_paths known = {0};
    es_status status = es_paths_inputs(&known, &j->cli, errors);
    if (!status)
        status = es_paths_parts(&known, &j->cli, j->options.directory, errors);
    if (!status)
        status = es_paths_output(&known, &j->cli, j->single_file, true, false, errors);
    for (int r = ES_RESULT_FRONT; r < ES_RESULTS && !status; r++) {
        const char *path = path_of(j, es_part_suffix(part.format), r);
        if (!path)
            status = es_fail_memory(errors);
        else if (part.table[r].given)
            status = es_paths_output(&known, &j->cli, path, true, false, errors);
    }
    return status ? status : es_paths_check(&known, &j->cli, errors);
}

static es_status prepare(job *j, es_errors *errors) {
    es_status status = es_cli_load_sweep(&j->cli, &j->catalog, &j->sweep, errors);
    if (!status)
        status = es_cli_shard_options(&j->cli, j->sweep, &j->progress, &j->options, errors);
    if (!status)
        status = check_paths(j, errors);
    if (!status && j->ranks.rank == 0 && !es_given(&j->cli, ES_OPT_QUIET))
        status = es_warn_doubts(j->sweep, errors);
    j->options.resume = true;
    j->options.run.progress = answer_others;
    j->options.run.progress_context = j;
    j->progress.in_place = j->progress.in_place && j->ranks.rank == 0;
    return status;
}

/* ---- shards ---- */

static es_status run_one(job *j, uint64_t k, es_errors *errors) {
    es_shard_report report = {0};
    j->options.shard = (es_shard){.k = k, .n = j->n_shards};
    es_status status = es_shard_run(j->sweep, &j->options, &report, errors);
    es_run_report_free(&report.run);
    return status ? status : es_parts_add_shard(&j->own, j->options.directory, j->options.shard, errors);
}

static uint64_t next_shard(MPI_Win window) {
    const uint64_t one = 1;
    uint64_t k = 0;
    MPI_Fetch_and_op(&one, &k, MPI_UINT64_T, 0, 0, MPI_SUM, window);
    MPI_Win_flush(0, window);
    return k;
}

/* A rank that fails stops here for all: the others would wait for it. */
static void run_shards(job *j, es_errors *errors) {
    uint64_t *counter;
    MPI_Win window;
    MPI_Aint size = j->ranks.rank == 0 ? (MPI_Aint)sizeof *counter : 0;
    MPI_Win_allocate(size, sizeof *counter, MPI_INFO_NULL, MPI_COMM_WORLD, &counter, &window);
    MPI_Win_lock_all(0, window);
    if (j->ranks.rank == 0)
        *counter = 0;
    MPI_Win_sync(window);
    MPI_Barrier(MPI_COMM_WORLD);
    for (uint64_t k; (k = next_shard(window)) < j->n_shards;) {
        es_status status = run_one(j, k, errors);
        if (!status)
            continue;
        es_cli_report(&j->cli, errors);
        MPI_Abort(MPI_COMM_WORLD, (int)status);
    }
    es_progress_end(&j->progress);
    MPI_Win_unlock_all(window);
    MPI_Win_free(&window);
}

/* ---- afterwards ---- */

static es_status combine(job *j, es_errors *errors) {
    es_parts any = {0};
    es_status status =
        es_mpi_agree(es_parts_add_shard(&any, j->options.directory, (es_shard){.k = 0, .n = j->n_shards}, errors));
    for (int r = ES_RESULT_FRONT; r < ES_RESULTS && !status; r++) {
        const char *path = path_of(j, es_part_suffix(any.part[0].manifest.format), r);
        status = es_mpi_agree(path ? ES_OK : es_fail_memory(errors));
        if (!status && any.part[0].manifest.table[r].given)
            status = es_mpi_reduce(&j->ranks, &j->own, &any.part[0], r, path, j->options.run.command, errors);
    }
    if (!status && j->single_file)
        status = es_mpi_single_file(&j->ranks, j->options.directory, j->n_shards, &any.part[0], j->single_file,
                                    j->options.run.command, errors);
    es_parts_free(&any);
    return status;
}

static es_status run(job *j, int argc, char **argv, es_errors *errors) {
    char **left = calloc((size_t)argc + 3, sizeof *left);
    es_status status = left ? parse(j, argc, argv, left, errors) : es_fail_memory(errors);
    if (!status)
        status = prepare(j, errors);
    status = es_mpi_agree(status);
    if (!status) {
        if (j->ranks.rank)
            errors->n_warnings = 0;
        es_cli_report(&j->cli, errors);
        run_shards(j, errors);
        status = combine(j, errors);
    }
    es_parts_free(&j->own);
    es_sweep_free(j->sweep);
    es_catalog_free(&j->catalog);
    for (es_opt id = 0; id < ES_OPTS; id++)
        free(j->cli.value[id].text);
    es_arena_free(&j->cli.arena);
    free(left);
    return status;
}

static bool asks_for_help(int argc, char **argv) {
    for (int i = 1; i < argc; i++)
        if (!strcmp(argv[i], "--help") || !strcmp(argv[i], "-h"))
            return true;
    return argc == 1;
}

int main(int argc, char **argv) {
    job j = {0};
    es_errors errors = {0};
    int provided;
    es_status status = ES_OK;
    MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &provided);
    MPI_Comm_rank(MPI_COMM_WORLD, &j.ranks.rank);
    MPI_Comm_size(MPI_COMM_WORLD, &j.ranks.n);
    signal(SIGPIPE, SIG_IGN);
    j.cli.err_tty = isatty(STDERR_FILENO) == 1;
    if (asks_for_help(argc, argv)) {
        if (j.ranks.rank == 0)
            fputs(usage, stdout);
    } else {
        status = run(&j, argc, argv, &errors);
    }
    /* Faults of usage are those of all ranks. */
    if (status != ES_EUSAGE || j.ranks.rank == 0)
        es_errors_print(&errors, stderr);
    MPI_Finalize();
    return (int)status;
}
