#include "cli/run_database.h"

#include <inttypes.h>
#include <string.h>

#include <edgesweep/version.h>

#include "cli/run_options.h"
#include "io/database.h"

static es_status refuse_formats(es_cli *cli, es_errors *errors) {
    static const es_opt refused[] = {ES_OPT_FORMAT, ES_OPT_DELIMITER, ES_OPT_DECIMAL,   ES_OPT_BOM,
                                     ES_OPT_CRLF,   ES_OPT_DIGITS,    ES_OPT_SPLIT_ROWS};
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
        if (es_given(cli, refused[i]))
            return es_usage(cli, errors, "--%s does not go with a database", es_cli_options[refused[i]].name);
    return ES_OK;
}

/* A file of the folder instead of `*path`. */
static es_status redirect(const es_run_database *database, es_cli *cli, const char *name, const char **path,
                          const char **file, es_errors *errors) {
    *path = *file = es_arena_printf(&cli->arena, "%s/%s", database->scratch.folder, name);
    return *path ? ES_OK : es_fail_memory(errors);
}

es_status es_run_database_begin(es_run_database *database, es_cli *cli, es_run_options *options, es_errors *errors) {
    if (es_database_name(options->front_out) || es_database_name(options->best_out))
        return es_usage(cli, errors,
                        "a database holds all tables: name it with -o, without --front-only, --pareto, --best");
    if (!es_database_name(options->out))
        return ES_OK;
    es_status status = refuse_formats(cli, errors);
    if (status)
        return status;
    const char *slash = strrchr(options->out, '/'), *base = slash ? slash + 1 : options->out;
    const char *stem = es_arena_printf(&cli->arena, "%.*s.%s", (int)(base - options->out), options->out, base);
    status =
        stem ? es_scratch_make(&database->scratch, &cli->arena, stem, options->out, errors) : es_fail_memory(errors);
    if (status)
        return status;
    database->path = options->out;
    options->csv.digits = 17;
    status = redirect(database, cli, "rows.csv", &options->out, &database->rows, errors);
    if (!status && options->front_out && !es_given(cli, ES_OPT_PARETO))
        status = redirect(database, cli, "front.csv", &options->front_out, &database->front, errors);
    if (!status && options->best_out && !es_given(cli, ES_OPT_BEST))
        status = redirect(database, cli, "best.csv", &options->best_out, &database->best, errors);
    return status;
}

static es_database_column *describe_columns(es_cli *cli, const es_sweep *sweep) {
    es_database_column *column = es_arena_array(&cli->arena, sweep->n_columns, sizeof *column);
    for (size_t c = 0; column && c < sweep->n_columns; c++) {
        const es_column *from = &sweep->columns[c];
        column[c] = (es_database_column){from->name,
                                         from->labels  ? ES_DATABASE_TEXT
                                         : from->whole ? ES_DATABASE_INTEGER
                                                       : ES_DATABASE_REAL,
                                         from->is_axis};
    }
    for (size_t a = 0; column && a < sweep->n_axes; a++) {
        const es_axis *axis = &sweep->axes[a];
        for (size_t c = 0; c < sweep->n_columns; c++)
            if (strcmp(column[c].name, axis->name) == 0) {
                if (axis->role == ES_AXIS_ENTITY || axis->role == ES_AXIS_RUNTIME)
                    column[c].type = ES_DATABASE_TEXT;
                column[c].indexed = axis->n > 1;
            }
    }
    return column;
}

es_status es_run_database_finish(const es_run_database *database, es_cli *cli, const es_sweep *sweep,
                                 es_errors *errors) {
    if (!database->path)
        return ES_OK;
    es_database_table table[3] = {{"points", database->rows}};
    size_t n = 1;
    if (database->front)
        table[n++] = (es_database_table){"front", database->front};
    if (database->best)
        table[n++] = (es_database_table){"best", database->best};
    const es_database_column *column = describe_columns(cli, sweep);
    const char *grid = es_arena_printf(&cli->arena, "%016" PRIx64, sweep->hash);
    const char *catalog = es_arena_printf(&cli->arena, "%016" PRIx64, sweep->catalog->hash);
    const es_database_fact fact[] = {{"version", EDGESWEEP_VERSION},
                                     {"command", es_cli_command_line(cli)},
                                     {"grid_hash", grid},
                                     {"catalog_hash", catalog}};
    const es_database_content content = {table,    n, column, sweep->n_columns, fact, sizeof fact / sizeof *fact,
                                         cli->stop};
    if (!column || !grid || !catalog || !fact[1].value)
        return es_fail_memory(errors);
    return es_database_write(database->path, &content, errors);
}

void es_run_database_end(es_run_database *database) { es_scratch_remove(&database->scratch); }
