#include "cli/csv_tables.h"

#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <edgesweep/version.h>

#include "base/number.h"
#include "cli/print.h"
#include "cli/run_options.h"

enum { SHOWN_ROWS = 40, CELL_WIDTH = 40 };

/* ---- Lists ---- */

/* Cells of a comma-separated list, without blanks and quotes around them. */
static es_status split_list(es_cli *cli, const char *text, es_slice **list, size_t *n, es_errors *errors) {
    const es_slice row = es_slice_of(text);
    *n = es_csv_split(row, ',', NULL, 0);
    *list = es_arena_array(&cli->arena, *n, sizeof **list);
    if (!*list)
        return es_fail_memory(errors);
    es_csv_split(row, ',', *list, *n);
    for (size_t i = 0; i < *n; i++) {
        char *scratch = es_arena_alloc(&cli->arena, (*list)[i].length + 1);
        if (!scratch)
            return es_fail_memory(errors);
        (*list)[i] = es_csv_value((*list)[i], scratch);
    }
    return ES_OK;
}

static es_status empty_element(es_cli *cli, es_opt option, const char *text, es_errors *errors) {
    return es_usage(cli, errors, "--%s: empty element: '%s'; expected %s", es_cli_options[option].name,
                    es_quote_text(text).text, es_cli_options[option].argument);
}

es_status es_cli_column_list(es_cli *cli, es_opt option, es_slice **list, size_t *n, es_errors *errors) {
    const char *text = es_text_of(cli, option);
    *n = 0;
    *list = NULL;
    if (!text)
        return ES_OK;
    es_status status = split_list(cli, text, list, n, errors);
    for (size_t i = 0; i < *n && !status; i++)
        if ((*list)[i].length == 0)
            status = empty_element(cli, option, text, errors);
    return status;
}

/* Number of the argument that holds an option's value. */
static int place_of(const es_cli *cli, const char *value) {
    for (int i = 1; i < cli->argc; i++)
        if (value >= cli->argv[i] && value <= cli->argv[i] + strlen(cli->argv[i]))
            return i;
    return cli->argc;
}

static es_status add_objectives(es_cli *cli, es_opt option, const char *text, es_column_objective **list, size_t *n,
                                es_errors *errors) {
    es_slice *column;
    size_t more;
    es_status status = split_list(cli, text, &column, &more, errors);
    es_column_objective *grown = status ? NULL : es_arena_array(&cli->arena, *n + more, sizeof *grown);
    if (!status && !grown)
        status = es_fail_memory(errors);
    if (status)
        return status;
    if (*n)
        memcpy(grown, *list, *n * sizeof *grown);
    for (size_t i = 0; i < more; i++) {
        if (column[i].length == 0)
            return empty_element(cli, option, text, errors);
        grown[*n + i] = (es_column_objective){column[i], option == ES_OPT_MAX ? ES_MAXIMIZE : ES_MINIMIZE};
    }
    *list = grown;
    *n += more;
    return ES_OK;
}

es_status es_cli_objectives(es_cli *cli, es_column_objective **list, size_t *n, es_errors *errors) {
    const es_option_value *min = &cli->value[ES_OPT_MIN], *max = &cli->value[ES_OPT_MAX];
    es_status status = ES_OK;
    *list = NULL;
    *n = 0;
    for (size_t i = 0, j = 0; i + j < min->n + max->n && !status;) {
        const bool is_min = j == max->n || (i < min->n && place_of(cli, min->text[i]) < place_of(cli, max->text[j]));
        const char *text = is_min ? min->text[i++] : max->text[j++];
        status = add_objectives(cli, is_min ? ES_OPT_MIN : ES_OPT_MAX, text, list, n, errors);
    }
    if (!status && *n == 0)
        return es_usage(cli, errors, "no objective: --min COLS or --max COLS is needed");
    return status;
}

/* The last `=` of an element; names may have some too. */
static const char *last_equals(es_slice element) {
    for (size_t i = element.length; i-- > 0;)
        if (element.text[i] == '=')
            return element.text + i;
    return NULL;
}

static es_status read_value(es_cli *cli, es_opt option, bool plain, es_slice element, es_column_value *value,
                            es_errors *errors) {
    const char *equals = last_equals(element);
    const char *name = es_cli_options[option].name;
    es_slice number = element;
    value->column = (es_slice){element.text, 0};
    if (equals) {
        value->column = es_slice_trim((es_slice){element.text, (size_t)(equals - element.text)});
        number = es_slice_trim((es_slice){equals + 1, (size_t)(element.text + element.length - equals - 1)});
    }
    if (equals ? value->column.length == 0 : !plain)
        return es_usage(cli, errors, "--%s: not COL=VALUE: '%s'", name, es_quote(element).text);
    if (option == ES_OPT_UNCERTAIN && number.length && number.text[number.length - 1] == '%')
        number.length--;
    const es_number_fault fault = es_parse_scaled(number, &value->value);
    if (fault)
        return es_usage(cli, errors, "--%s: %s: '%s'", name, es_number_fault_text(fault), es_quote(number).text);
    return ES_OK;
}

es_status es_cli_column_values(es_cli *cli, es_opt option, bool plain, es_column_values *values, es_errors *errors) {
    const char *text = es_text_of(cli, option);
    es_slice *element;
    size_t n;
    if (!text)
        return ES_OK;
    es_status status = split_list(cli, text, &element, &n, errors);
    es_column_value *entry = status ? NULL : es_arena_array(&cli->arena, n, sizeof *entry);
    if (!status && !entry)
        status = es_fail_memory(errors);
    for (size_t i = 0; i < n && !status; i++)
        status = read_value(cli, option, plain, element[i], &entry[i], errors);
    if (!status)
        *values = (es_column_values){entry, n};
    return status;
}

/* ---- Input ---- */

static es_status add_path(es_tables *t, const char *path, size_t *capacity, es_errors *errors) {
    if (!es_grow((void **)&t->paths, capacity, t->n_paths + 1, sizeof *t->paths))
        return es_fail_memory(errors);
    t->paths[t->n_paths++] = path;
    return ES_OK;
}

static es_status add_glob(es_tables *t, const char *pattern, size_t *capacity, es_errors *errors) {
    glob_t found = {0};
    const int result = glob(pattern, 0, NULL, &found);
    es_status status = ES_OK;
    if (result == GLOB_NOSPACE)
        status = es_fail_memory(errors);
    else if (result == GLOB_NOMATCH)
        status = es_fail(errors, ES_ERUNTIME, NULL, "no file matches: '%s'", es_quote_text(pattern).text);
    else if (result)
        status = es_fail_errno(errors, "cannot search for", pattern);
    for (size_t i = 0; !status && i < found.gl_pathc; i++) {
        const char *path = es_arena_text(&t->cli->arena, es_slice_of(found.gl_pathv[i]));
        status = path ? add_path(t, path, capacity, errors) : es_fail_memory(errors);
    }
    globfree(&found);
    return status;
}

static es_status list_paths(es_tables *t, es_errors *errors) {
    size_t capacity = 0;
    unsigned from_stdin = 0;
    es_status status = ES_OK;
    for (size_t i = 0; i < t->cli->n_operands && !status; i++) {
        const char *path = t->cli->operand[i];
        const bool is_pattern = strpbrk(path, "*?[") && access(path, F_OK) != 0;
        from_stdin += strcmp(path, "-") == 0;
        status = is_pattern ? add_glob(t, path, &capacity, errors) : add_path(t, path, &capacity, errors);
    }
    if (status)
        return status;
    if (from_stdin > 1)
        return es_usage(t->cli, errors, "standard input can be read only once: '-'");
    if (t->n_paths)
        return ES_OK;
    if (isatty(STDIN_FILENO))
        return es_usage(t->cli, errors, "no input: name CSV files, or - for standard input");
    return add_path(t, "-", &capacity, errors);
}

static es_status read_conditions(es_tables *t, es_errors *errors) {
    const es_option_value *value = &t->cli->value[ES_OPT_WHERE];
    es_status first = ES_OK;
    for (size_t i = 0; i < value->n; i++) {
        const es_origin at = {"--where", 1, 1};
        const es_status status = es_where_parse(&t->where, es_slice_of(value->text[i]), at, &t->cli->arena, errors);
        first = first ? first : status;
    }
    t->cli->usage |= first == ES_EUSAGE;
    return first;
}

/* ---- Output ---- */

static es_status write_output(void *context, const char *data, size_t n, es_errors *errors) {
    return es_output_write(context, data, n, errors);
}

static es_status keep_text(void *context, const char *data, size_t n, es_errors *errors) {
    es_tables *t = context;
    if (!es_grow((void **)&t->text, &t->capacity, t->length + n, 1))
        return es_fail_memory(errors);
    memcpy(t->text + t->length, data, n);
    t->length += n;
    return ES_OK;
}

static es_status open_output(es_tables *t, es_errors *errors) {
    const char *path = es_text_of(t->cli, ES_OPT_OUT);
    t->sink = (es_text_sink){keep_text, t};
    if (!path && t->cli->out_tty)
        return ES_OK;
    const es_output_options options = {.meta = true,
                                       .command = es_cli_command_line(t->cli),
                                       .version = EDGESWEEP_VERSION,
                                       .threads = (unsigned)es_count_of(t->cli, ES_OPT_THREADS, 0)};
    const es_status status = es_output_open(&t->output, path ? path : "-", &options, errors);
    t->sink = (es_text_sink){write_output, t->output};
    return status;
}

es_status es_tables_begin(es_tables *tables, es_cli *cli, es_errors *errors) {
    tables->cli = cli;
    const es_csv_input_options options = {.stop = cli->stop};
    es_status status = read_conditions(tables, errors);
    if (!status)
        status = list_paths(tables, errors);
    if (!status)
        status = es_csv_input_open(tables->paths, tables->n_paths, &options, &tables->csv, errors);
    return status ? status : open_output(tables, errors);
}

es_status es_tables_commit(es_tables *tables, es_status status, uint64_t rows, es_errors *errors) {
    if (tables->output && !status)
        status = es_output_commit(tables->output, rows, errors);
    else
        es_output_abort(tables->output);
    tables->output = NULL;
    return status;
}

void es_tables_end(es_tables *tables) {
    es_output_abort(tables->output);
    es_csv_input_close(tables->csv);
    es_where_free(&tables->where);
    free(tables->paths);
    free(tables->text);
    *tables = (es_tables){0};
}

/* ---- Tables for people ---- */

/* Cells of the header and of the first rows of the text, decoded. */
typedef struct es_sheet {
    size_t n_columns, n_rows; /* without the header */
    char **cell;              /* (n_rows + 1) x n_columns, in the arena */
    size_t *width;
    bool *number, *chosen;
    size_t hidden; /* rows that are not shown */
} es_sheet;

/* Length of the row that the text starts with; quoted newlines do not end it. */
static size_t row_length(const char *text, size_t length) {
    bool quoted = false;
    size_t i = 0;
    while (i < length && (quoted || text[i] != '\n'))
        quoted ^= text[i++] == '"';
    return i;
}

/* A long cell is cut, at the start of a character. */
static char *shown_cell(es_arena *arena, es_slice cell) {
    char *scratch = es_arena_alloc(arena, cell.length + 1);
    if (!scratch)
        return NULL;
    es_slice value = es_csv_value(cell, scratch);
    const bool cut = value.length > CELL_WIDTH;
    if (cut)
        for (value.length = CELL_WIDTH - 3; value.length && ((unsigned char)value.text[value.length] & 0xc0) == 0x80;)
            value.length--;
    return es_arena_printf(arena, "%.*s%s", (int)value.length, value.text, cut ? "..." : "");
}

static es_status add_row(es_sheet *sheet, es_arena *arena, es_slice row, char delimiter, es_slice *cell, size_t r,
                         es_errors *errors) {
    es_csv_split(row, delimiter, cell, sheet->n_columns);
    for (size_t c = 0; c < sheet->n_columns; c++) {
        double number;
        char *text = sheet->cell[r * sheet->n_columns + c] = shown_cell(arena, cell[c]);
        if (!text)
            return es_fail_memory(errors);
        const size_t width = es_text_width(text);
        sheet->width[c] = width > sheet->width[c] ? width : sheet->width[c];
        if (r > 0 && *text && es_parse_double(es_slice_of(text), &number) != ES_NUMBER_OK)
            sheet->number[c] = false;
    }
    return ES_OK;
}

static es_status read_sheet(const es_tables *t, es_arena *arena, es_sheet *sheet, es_errors *errors) {
    const char delimiter = es_csv_input_delimiter(t->csv);
    const size_t header = row_length(t->text, t->length);
    sheet->n_columns = es_csv_split((es_slice){t->text, header}, delimiter, NULL, 0);
    const size_t n = sheet->n_columns;
    es_slice *cell = es_arena_array(arena, n, sizeof *cell);
    sheet->cell = es_arena_array(arena, (SHOWN_ROWS + 1) * n, sizeof *sheet->cell);
    sheet->width = es_arena_array(arena, n, sizeof *sheet->width);
    sheet->number = es_arena_array(arena, n, sizeof *sheet->number);
    sheet->chosen = es_arena_array(arena, n, sizeof *sheet->chosen);
    if (!cell || !sheet->cell || !sheet->width || !sheet->number || !sheet->chosen)
        return es_fail_memory(errors);
    memset(sheet->number, 1, n * sizeof *sheet->number);
    es_status status = ES_OK;
    size_t at = 0, r = 0;
    for (; at < t->length && !status; r++) {
        const size_t length = row_length(t->text + at, t->length - at);
        if (r <= SHOWN_ROWS)
            status = add_row(sheet, arena, (es_slice){t->text + at, length}, delimiter, cell, r, errors);
        at += length + 1;
    }
    sheet->n_rows = r - 1 < SHOWN_ROWS ? r - 1 : SHOWN_ROWS;
    sheet->hidden = r - 1 - sheet->n_rows;
    return status;
}

/* The wanted columns, then others from the left as long as they fit. */
static void choose_columns(es_sheet *sheet, size_t room, size_t n_input, const es_slice *wanted, size_t n_wanted) {
    size_t used = 0;
    for (size_t c = 0; c < sheet->n_columns; c++) {
        for (size_t i = 0; i < n_wanted; i++)
            sheet->chosen[c] |= es_slice_equal(wanted[i], sheet->cell[c]);
        sheet->chosen[c] |= c >= n_input; /* added ones */
        used += sheet->chosen[c] ? sheet->width[c] + 2 : 0;
    }
    for (size_t c = 0; c < sheet->n_columns; c++) {
        if (sheet->chosen[c] || used + sheet->width[c] > room)
            continue;
        sheet->chosen[c] = true;
        used += sheet->width[c] + 2;
    }
}

static es_status print_sheet(const es_tables *t, const es_sheet *sheet, es_arena *arena, es_errors *errors) {
    const char **header = es_arena_array(arena, sheet->n_columns + 1, sizeof *header);
    size_t n = 0;
    if (!header)
        return es_fail_memory(errors);
    for (size_t c = 0; c < sheet->n_columns; c++)
        if (sheet->chosen[c] &&
            !(header[n++] = es_arena_printf(arena, "%s%s", sheet->number[c] ? ">" : "", sheet->cell[c])))
            return es_fail_memory(errors);
    es_grid grid;
    es_grid_begin(&grid, header);
    for (size_t r = 1; r <= sheet->n_rows; r++)
        for (size_t c = 0; c < sheet->n_columns; c++)
            if (sheet->chosen[c])
                es_grid_cell(&grid, sheet->cell[r * sheet->n_columns + c]);
    const es_status status = es_grid_print(&grid, stdout, 0, t->cli->color, errors);
    if (!status && sheet->hidden)
        printf("... %zu more\n", sheet->hidden);
    return status;
}

es_status es_tables_show(const es_tables *tables, const es_slice *wanted, size_t n_wanted, es_errors *errors) {
    es_arena arena = {0};
    es_sheet sheet = {0};
    es_status status = read_sheet(tables, &arena, &sheet, errors);
    if (!status) {
        choose_columns(&sheet, tables->cli->width, es_csv_input_columns(tables->csv), wanted, n_wanted);
        status = print_sheet(tables, &sheet, &arena, errors);
    }
    es_arena_free(&arena);
    return status;
}
