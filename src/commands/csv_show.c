/* The result of `pareto` for people: a table, a plot. */
#include <string.h>

#include "base/number.h"
#include "commands/csv_tables.h"
#include "cli/plot.h"
#include "cli/print.h"

enum { SHOWN_ROWS = 40, CELL_WIDTH = 40 };

size_t es_csv_row_length(const char *text, size_t length) {
    bool quoted = false;
    size_t i = 0;
    while (i < length && (quoted || text[i] != '\n'))
        quoted ^= text[i++] == '"';
    return i;
}

/* ---- Table ---- */

void es_csv_number(char *to, size_t size, es_slice column, double value) {
    static const char bytes[] = "bytes";
    const size_t n = sizeof bytes - 1;
    const char *end = column.text + column.length;
    const bool is_bytes =
        column.length >= n && memcmp(end - n, bytes, n) == 0 && (column.length == n || end[-(ptrdiff_t)n - 1] == '_');
    (is_bytes ? es_human_bytes : es_human_si)(to, size, value);
}

/* Cells of the header and of the first rows of the text, decoded. */
typedef struct es_sheet {
    size_t n_columns, n_rows; /* without the header */
    char **cell;              /* (n_rows + 1) x n_columns, in the arena */
    size_t *width;
    bool *number, *chosen;
    size_t hidden; /* rows that are not shown */
} es_sheet;

static const char *cell_at(const es_sheet *sheet, size_t row, size_t column) {
    return sheet->cell[(row + 1) * sheet->n_columns + column];
}

/* The column with this name; n_columns: none. */
static size_t column_named(const es_sheet *sheet, es_slice name) {
    size_t c = 0;
    while (c < sheet->n_columns && !es_slice_equal(name, sheet->cell[c]))
        c++;
    return c;
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
        if (r > 0 && *text && es_parse_double(es_slice_of(text), &number) != ES_NUMBER_OK)
            sheet->number[c] = false;
    }
    return ES_OK;
}

/* Numbers get the digits that people read; then the width of each column is known. */
static es_status shorten(es_sheet *sheet, es_arena *arena, es_errors *errors) {
    for (size_t c = 0; c < sheet->n_columns; c++) {
        sheet->width[c] = es_text_width(sheet->cell[c]);
        for (size_t r = 0; r < sheet->n_rows; r++) {
            char **cell = &sheet->cell[(r + 1) * sheet->n_columns + c], text[64];
            double number;
            if (sheet->number[c] && es_parse_double(es_slice_of(*cell), &number) == ES_NUMBER_OK) {
                es_csv_number(text, sizeof text, es_slice_of(sheet->cell[c]), number);
                *cell = es_arena_printf(arena, "%s", text);
                if (!*cell)
                    return es_fail_memory(errors);
            }
            const size_t width = es_text_width(*cell);
            sheet->width[c] = width > sheet->width[c] ? width : sheet->width[c];
        }
    }
    return ES_OK;
}

static es_status read_sheet(const es_tables *t, es_arena *arena, es_sheet *sheet, es_errors *errors) {
    const char delimiter = es_csv_input_delimiter(t->csv);
    const size_t header = es_csv_row_length(t->text, t->length);
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
        const size_t length = es_csv_row_length(t->text + at, t->length - at);
        if (r <= SHOWN_ROWS)
            status = add_row(sheet, arena, (es_slice){t->text + at, length}, delimiter, cell, r, errors);
        at += length + 1;
    }
    sheet->n_rows = r - 1 < SHOWN_ROWS ? r - 1 : SHOWN_ROWS;
    sheet->hidden = r - 1 - sheet->n_rows;
    return status;
}

/* Groups, objectives and added columns, then those of --columns, else others from the left as long as they fit. */
static void choose_columns(es_sheet *sheet, const es_tables *tables, const es_csv_view *view) {
    const size_t n_input = es_csv_input_columns(tables->csv), room = tables->cli->width;
    size_t used = 0;
    for (size_t c = 0; c < sheet->n_columns; c++) {
        for (size_t i = 0; i < view->n_by; i++)
            sheet->chosen[c] |= es_slice_equal(view->by[i], sheet->cell[c]);
        for (size_t i = 0; i < view->n_objectives; i++)
            sheet->chosen[c] |= es_slice_equal(view->objective[i].column, sheet->cell[c]);
        sheet->chosen[c] |= c >= n_input;
        used += sheet->chosen[c] ? sheet->width[c] + 2 : 0;
    }
    for (size_t i = 0; i < view->n_named; i++)
        sheet->chosen[view->named[i]] = true;
    for (size_t c = 0; c < sheet->n_columns && !view->n_named; c++) {
        if (sheet->chosen[c] || used + sheet->width[c] > room)
            continue;
        sheet->chosen[c] = true;
        used += sheet->width[c] + 2;
    }
}

static bool same_group(const es_sheet *sheet, const es_csv_view *view, size_t a, size_t b) {
    for (size_t i = 0; i < view->n_by; i++) {
        const size_t c = column_named(sheet, view->by[i]);
        if (c < sheet->n_columns && strcmp(cell_at(sheet, a, c), cell_at(sheet, b, c)) != 0)
            return false;
    }
    return true;
}

/* Whether no row of its group is better in this objective.  `value` holds the numbers of the column. */
static bool is_best(const es_sheet *sheet, const es_csv_view *view, size_t row, es_direction direction,
                    const double *value) {
    for (size_t r = 0; r < sheet->n_rows; r++)
        if (same_group(sheet, view, r, row) &&
            (direction == ES_MAXIMIZE ? value[r] > value[row] : value[r] < value[row]))
            return false;
    return true;
}

/* The best values of each group, and rows of what does not fit. */
static void style_listing(const es_sheet *sheet, const es_csv_view *view, const double *value, es_listing *listing) {
    const size_t fits = column_named(sheet, es_slice_of("fits"));
    size_t n_shown = 0;
    for (size_t c = 0; c < sheet->n_columns; c++)
        n_shown += sheet->chosen[c];
    for (size_t r = 0; r < sheet->n_rows; r++) {
        const bool fails = fits < sheet->n_columns && strcmp(cell_at(sheet, r, fits), "0") == 0;
        for (size_t c = 0; c < n_shown && fails; c++)
            es_listing_style(listing, r, c, ES_BAD);
    }
    for (size_t k = 0; k < view->n_objectives; k++) {
        const size_t column = column_named(sheet, view->objective[k].column);
        size_t at = 0;
        for (size_t c = 0; c < column && c < sheet->n_columns; c++)
            at += sheet->chosen[c];
        for (size_t r = 0; r < sheet->n_rows && column < sheet->n_columns; r++)
            if (is_best(sheet, view, r, view->objective[k].direction, value + k * SHOWN_ROWS))
                es_listing_style(listing, r, at, ES_GOOD);
    }
}

/* The numbers of the objectives, SHOWN_ROWS for each, before they are shortened. */
static double *objective_values(const es_sheet *sheet, const es_csv_view *view, es_arena *arena) {
    double *value = es_arena_array(arena, view->n_objectives * SHOWN_ROWS, sizeof *value);
    for (size_t k = 0; k < view->n_objectives && value; k++) {
        const size_t c = column_named(sheet, view->objective[k].column);
        for (size_t r = 0; r < sheet->n_rows && c < sheet->n_columns; r++)
            if (es_parse_double(es_slice_of(cell_at(sheet, r, c)), &value[k * SHOWN_ROWS + r]) != ES_NUMBER_OK)
                value[k * SHOWN_ROWS + r] = 0;
    }
    return value;
}

static es_status print_sheet(const es_tables *t, const es_sheet *sheet, const es_csv_view *view, const double *value,
                             es_arena *arena, es_errors *errors) {
    const char **header = es_arena_array(arena, sheet->n_columns + 1, sizeof *header);
    size_t n = 0;
    if (!header)
        return es_fail_memory(errors);
    for (size_t c = 0; c < sheet->n_columns; c++)
        if (sheet->chosen[c] &&
            !(header[n++] = es_arena_printf(arena, "%s%s", sheet->number[c] ? ">" : "", sheet->cell[c])))
            return es_fail_memory(errors);
    es_listing listing;
    es_listing_begin(&listing, header);
    for (size_t r = 0; r < sheet->n_rows; r++)
        for (size_t c = 0; c < sheet->n_columns; c++)
            if (sheet->chosen[c])
                es_listing_cell(&listing, cell_at(sheet, r, c));
    style_listing(sheet, view, value, &listing);
    const es_status status = es_listing_print(&listing, t->cli, stdout, 0, errors);
    if (!status && sheet->hidden)
        printf("... %zu more\n", sheet->hidden);
    return status;
}

es_status es_tables_show(const es_tables *tables, const es_csv_view *view, es_errors *errors) {
    es_arena arena = {0};
    es_sheet sheet = {0};
    es_status status = read_sheet(tables, &arena, &sheet, errors);
    double *value = status ? NULL : objective_values(&sheet, view, &arena);
    if (!status)
        status = value ? shorten(&sheet, &arena, errors) : es_fail_memory(errors);
    if (!status) {
        choose_columns(&sheet, tables, view);
        status = print_sheet(tables, &sheet, view, value, &arena, errors);
    }
    es_arena_free(&arena);
    return status;
}

/* ---- Plot ---- */

/* Where the plotted cells are. */
typedef struct es_places {
    size_t n_columns, x, y, n_by;
    size_t *by;
    es_slice *cell; /* of one row */
} es_places;

static bool find_column(const es_places *places, es_slice name, es_arena *arena, size_t *at) {
    for (*at = 0; *at < places->n_columns; ++*at) {
        char *scratch = es_arena_alloc(arena, places->cell[*at].length + 1);
        const es_slice header = scratch ? es_csv_value(places->cell[*at], scratch) : (es_slice){0};
        if (header.length == name.length && memcmp(header.text, name.text, name.length) == 0)
            return true;
    }
    return false;
}

static bool find_places(es_places *places, const es_csv_view *view, es_arena *arena) {
    places->by = es_arena_array(arena, view->n_by + 1, sizeof *places->by);
    bool found = places->by && find_column(places, view->objective[0].column, arena, &places->x) &&
                 find_column(places, view->objective[1].column, arena, &places->y);
    for (size_t i = 0; i < view->n_by && found; i++)
        found = find_column(places, view->by[i], arena, &places->by[places->n_by++]);
    if (found && !view->n_by)
        places->n_by = find_column(places, es_slice_of("precision"), arena, &places->by[0]);
    return found;
}

/* "Pi 5, INT4": the cells of the group, as written. */
static es_slice group_text(const es_places *places, char *to, size_t size) {
    size_t length = 0;
    to[0] = '\0';
    for (size_t i = 0; i < places->n_by && length + 1 < size; i++) {
        const es_slice cell = places->cell[places->by[i]];
        const int written = snprintf(to + length, size - length, "%s%.*s", i ? ", " : "", (int)cell.length, cell.text);
        length += written > 0 ? (size_t)written : 0;
    }
    return (es_slice){to, length < size ? length : size - 1};
}

static es_status fill(es_plot *plot, const es_tables *t, es_places *places, size_t at, es_errors *errors) {
    const char delimiter = es_csv_input_delimiter(t->csv);
    es_status status = ES_OK;
    while (at < t->length && !status) {
        char group[512];
        double x, y;
        const size_t length = es_csv_row_length(t->text + at, t->length - at);
        es_csv_split((es_slice){t->text + at, length}, delimiter, places->cell, places->n_columns);
        if (es_parse_double(places->cell[places->x], &x) == ES_NUMBER_OK &&
            es_parse_double(places->cell[places->y], &y) == ES_NUMBER_OK)
            status = es_plot_add(plot, x, y, group_text(places, group, sizeof group), errors);
        at += length + 1;
    }
    return status;
}

es_status es_tables_plot(const es_tables *tables, const es_csv_view *view, FILE *out, es_errors *errors) {
    const size_t header = es_csv_row_length(tables->text, tables->length);
    const es_slice first = {tables->text, header};
    const char delimiter = es_csv_input_delimiter(tables->csv);
    es_arena arena = {0};
    es_plot plot = {0};
    es_places places = {.n_columns = es_csv_split(first, delimiter, NULL, 0)};
    places.cell = es_arena_array(&arena, places.n_columns, sizeof *places.cell);
    es_status status = places.cell ? ES_OK : es_fail_memory(errors);
    if (!status)
        es_csv_split(first, delimiter, places.cell, places.n_columns);
    if (!status && !find_places(&places, view, &arena))
        status = es_fail_memory(errors);
    if (!status)
        status = fill(&plot, tables, &places, header + 1, errors);
    const char *x = es_arena_text(&arena, view->objective[0].column);
    const char *y = es_arena_text(&arena, view->objective[1].column);
    if (!status)
        status = x && y ? es_plot_show(&plot, tables->cli, x, y, out, errors) : es_fail_memory(errors);
    es_plot_free(&plot);
    es_arena_free(&arena);
    return status;
}
