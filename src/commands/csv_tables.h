/* What `pareto` and `best` share: input tables, lists of columns, output as CSV or as a table for people. */
#ifndef ES_COMMANDS_CSV_TABLES_H
#define ES_COMMANDS_CSV_TABLES_H

#include "tables/csv_front.h"
#include "cli/cli.h"
#include "cli/run_options.h"
#include "cli/scratch.h"
#include "io/output.h"

/* One reading of CSV tables; zero-initialise, release with es_tables_end. */
typedef struct es_tables {
    es_cli *cli;
    const char **paths;
    size_t n_paths;
    es_where where;
    es_csv_input *csv;
    es_scratch scratch;   /* of the table with the columns of --metric */
    es_energies energies; /* among those columns */
    es_output *output;    /* NULL: a table for people, from `text` */
    es_text_sink sink;    /* to the output, the text or both */
    bool keep;            /* the text is wanted */
    es_output_format format;
    bool convert, array; /* to another format than the input has, when all is there; to JSON in one array */
    char *text;          /* CSV that waits to be shown as a table or a plot */
    size_t length, capacity;
} es_tables;

/* Reads --where and --metric, opens the operands (globs that the shell left are expanded; none: standard input) and -o. */
es_status es_tables_begin(es_tables *tables, es_cli *cli, es_errors *errors);

/* The table at `csv` with the columns of --metric, as a file in a scratch folder, and which of these are energies.  Closes `csv`. */
es_status es_cli_compute(es_cli *cli, es_csv_input *csv, es_scratch *scratch, const char **path, es_energies *energies,
                         es_errors *errors);

/* Ends the output, with its name when `status` is good; returns the status. */
es_status es_tables_commit(es_tables *tables, es_status status, uint64_t rows, es_errors *errors);

void es_tables_end(es_tables *tables);

/* Writes the waiting CSV to the output in a format. */
es_status es_tables_convert(es_tables *tables, es_output_format format, es_errors *errors);

/* Length of the row that a text starts with; newlines in quotes do not end it. */
size_t es_csv_row_length(const char *text, size_t length);

/* Lists in the arena; a name with a comma stands in double quotes, as in CSV. */
es_status es_cli_column_list(es_cli *cli, es_opt option, es_slice **list, size_t *n, es_errors *errors);

/* --min and --max in the order of the command line. */
es_status es_cli_objectives(es_cli *cli, es_column_objective **list, size_t *n, es_errors *errors);

/* COL=VALUE,... of an option; with `plain` also VALUE,... in the order of the objectives. */
es_status es_cli_column_values(es_cli *cli, es_opt option, bool plain, es_column_values *values, es_errors *errors);

/* The columns that --columns names, by place in the table; none without it. */
es_status es_tables_named_columns(const es_tables *tables, size_t **column, size_t *n, es_errors *errors);

/* A number of this column for people: four digits; columns called `bytes` or `..._bytes` in kB, MB ... */
void es_csv_number(char *to, size_t size, es_slice column, double value);

/* What the rows were chosen by. */
typedef struct es_csv_view {
    const es_slice *by;
    size_t n_by;
    const es_column_objective *objective;
    size_t n_objectives;
    const size_t *named; /* columns that --columns names */
    size_t n_named;
} es_csv_view;

/* Shows the waiting CSV on stdout: the first rows, groups and objectives, and as many more columns as fit. */
es_status es_tables_show(const es_tables *tables, const es_csv_view *view, es_errors *errors);

/* Draws the waiting CSV: its first two objectives, lettered by group, else by precision when there is such a column. */
es_status es_tables_plot(const es_tables *tables, const es_csv_view *view, FILE *out, es_errors *errors);

#endif
