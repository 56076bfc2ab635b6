#include "cli/print.h"

#include <math.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/utf8.h"

/* ---- width ---- */

static uint32_t decode(const char *text, size_t length) {
    static const unsigned char lead[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
    uint32_t code = (unsigned char)text[0] & lead[length];
    for (size_t i = 1; i < length; i++)
        code = code << 6 | ((unsigned char)text[i] & 0x3f);
    return code;
}

/* The blocks that matter for names: combining marks and zero-width characters; East Asian wide ones and emoji. */
static unsigned code_width(uint32_t c) {
    static const struct {
        uint32_t first, last;
        unsigned width;
    } odd[] = {{0x0300, 0x036f, 0},  {0x200b, 0x200f, 0}, {0x20d0, 0x20ff, 0}, {0xfe00, 0xfe0f, 0},
               {0x1100, 0x115f, 2},  {0x2e80, 0xa4cf, 2}, {0xac00, 0xd7a3, 2}, {0xf900, 0xfaff, 2},
               {0xfe30, 0xfe6f, 2},  {0xff00, 0xff60, 2}, {0xffe0, 0xffe6, 2}, {0x1f300, 0x1faff, 2},
               {0x20000, 0x3fffd, 2}};
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++)
        if (c >= odd[i].first && c <= odd[i].last)
            return odd[i].width;
    return 1;
}

size_t es_text_width(const char *text) {
    size_t width = 0, left = strlen(text);
    while (left) {
        size_t length = es_utf8_length(text, left);
        width += length ? code_width(decode(text, length)) : 1;
        length = length ? length : 1;
        text += length;
        left -= length;
    }
    return width;
}

/* ---- numbers ---- */

void es_human_number(char *to, size_t size, double value) {
    double magnitude = fabs(value);
    if (!isfinite(value))
        to[0] = '\0';
    else if (magnitude >= 9999.5 && magnitude < 1e15)
        snprintf(to, size, "%.0f", value);
    else
        snprintf(to, size, "%.4g", value);
}

void es_human_si(char *to, size_t size, double value) {
    static const char prefix[] = "MGTP";
    double magnitude = fabs(value);
    if (!(magnitude >= 999950 && magnitude < 1e18)) {
        es_human_number(to, size, value);
        return;
    }
    size_t power = 0;
    while (power + 2 < sizeof prefix && magnitude >= 999.95e6 * pow(1000, (double)power))
        power++;
    snprintf(to, size, "%.4g %c", value / pow(1000, (double)power + 2), prefix[power]);
}

typedef struct es_scale {
    double from, unit; /* used for values of at least `from` */
    const char *name;
} es_scale;

/* Three significant digits in the last scale that the value reaches; the list ends with a NULL name. */
static void print_scaled(char *to, size_t size, double value, const es_scale *scale) {
    while (scale[1].name && value >= scale[1].from * 0.9995)
        scale++;
    double scaled = value / scale->unit;
    snprintf(to, size, scaled >= 999.5 && scaled < 9999.5 ? "%.0f%s" : "%.3g%s", scaled, scale->name);
}

void es_human_seconds(char *to, size_t size, double seconds) {
    static const es_scale scales[] = {{0, 1e-6, " us"},
                                      {1e-3, 1e-3, " ms"},
                                      {1, 1, " s"},
                                      {120, 60, " min"},
                                      {7200, 3600, " h"},
                                      {172800, 86400, " days"},
                                      {63115200, 31557600, " years"},
                                      {0, 0, NULL}};
    print_scaled(to, size, seconds, scales);
}

void es_human_bytes(char *to, size_t size, double bytes) {
    static const es_scale scales[] = {{0, 1, " B"},        {1e3, 1e3, " kB"},   {1e6, 1e6, " MB"},   {1e9, 1e9, " GB"},
                                      {1e12, 1e12, " TB"}, {1e15, 1e15, " PB"}, {1e18, 1e18, " EB"}, {0, 0, NULL}};
    print_scaled(to, size, bytes, scales);
}

void es_human_count(char *to, size_t size, double count) {
    static const es_scale scales[] = {
        {0, 1e6, " million"}, {1e9, 1e9, " billion"}, {1e12, 1e12, " trillion"}, {1e18, 1e18, "e18"}, {0, 0, NULL}};
    if (count < 999950)
        snprintf(to, size, "%.0f", count);
    else
        print_scaled(to, size, count, scales);
}

/* ---- tables ---- */

static void add_cell(es_grid *grid, const char *text) {
    char safe[1024];
    es_escape(safe, sizeof safe, es_slice_of(text));
    if (grid->n_cells == grid->capacity) {
        size_t capacity = grid->capacity ? grid->capacity * 2 : 64;
        es_grid_text *cell = capacity < SIZE_MAX / sizeof *cell ? realloc(grid->cell, capacity * sizeof *cell) : NULL;
        if (!cell) {
            grid->failed = true;
            return;
        }
        grid->cell = cell;
        grid->capacity = capacity;
    }
    char *copy = strdup(safe);
    if (copy)
        grid->cell[grid->n_cells++] = (es_grid_text){copy, grid->pen};
    else
        grid->failed = true;
}

void es_grid_begin(es_grid *grid, const char *const *headers) {
    *grid = (es_grid){0};
    while (headers[grid->n_columns])
        grid->n_columns++;
    grid->right = calloc(grid->n_columns, sizeof *grid->right);
    if (!grid->right)
        grid->failed = true;
    for (size_t i = 0; i < grid->n_columns && grid->right; i++) {
        grid->right[i] = headers[i][0] == '>';
        add_cell(grid, headers[i] + grid->right[i]);
    }
}

void es_grid_cell(es_grid *grid, const char *text) {
    if (!grid->failed)
        add_cell(grid, text);
}

void es_grid_format(es_grid *grid, const char *format, ...) {
    char text[1024];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    es_grid_cell(grid, text);
}

void es_grid_style(es_grid *grid, size_t row, size_t column, es_style style) {
    const size_t at = (row + 1) * grid->n_columns + column;
    if (column < grid->n_columns && at < grid->n_cells)
        grid->cell[at].style = style;
}

void es_grid_number(es_grid *grid, double value) {
    char text[40];
    es_human_number(text, sizeof text, value);
    es_grid_cell(grid, text);
}

/* Width of a column; 0 when all its cells are empty. */
static size_t column_width(const es_grid *grid, size_t column) {
    size_t widest = 0;
    for (size_t i = grid->n_columns + column; i < grid->n_cells; i += grid->n_columns) {
        size_t width = es_text_width(grid->cell[i].text);
        widest = width > widest ? width : widest;
    }
    size_t header = es_text_width(grid->cell[column].text);
    return widest && header > widest ? header : widest;
}

static void print_cell(const es_grid_text *cell, bool color, FILE *out) {
    static const char *const begin[] = {"", "\033[1;32m", "\033[31m", "\033[2m"};
    const bool styled = color && cell->style != ES_PLAIN;
    fprintf(out, "%s%s%s", styled ? begin[cell->style] : "", cell->text, styled ? "\033[0m" : "");
}

static void print_row(const es_grid *grid, size_t row, const size_t *width, unsigned indent, bool color, FILE *out) {
    size_t pending = indent; /* blanks owed: none trail */
    for (size_t i = 0; i < grid->n_columns; i++) {
        const es_grid_text *cell = &grid->cell[row * grid->n_columns + i];
        if (!width[i])
            continue;
        size_t blank = width[i] - es_text_width(cell->text);
        pending += grid->right[i] ? blank : 0;
        if (*cell->text) {
            fprintf(out, "%*s", (int)pending, "");
            print_cell(cell, color, out);
            pending = 0;
        }
        pending += (grid->right[i] ? 0 : blank) + 2;
    }
}

static void print_rows(const es_grid *grid, const size_t *width, unsigned indent, bool color, FILE *out) {
    for (size_t row = 0; (row + 1) * grid->n_columns <= grid->n_cells; row++) {
        if (row == 0 && color)
            fputs("\033[1m", out);
        print_row(grid, row, width, indent, color, out);
        fputs(row == 0 && color ? "\033[0m\n" : "\n", out);
    }
}

es_status es_grid_print(es_grid *grid, FILE *out, unsigned indent, bool color, es_errors *errors) {
    size_t *width = calloc(grid->n_columns + 1, sizeof *width);
    es_status status = ES_OK;
    if (!width || grid->failed) {
        status = es_fail_memory(errors);
    } else if (grid->n_cells > grid->n_columns) {
        for (size_t i = 0; i < grid->n_columns; i++)
            width[i] = column_width(grid, i);
        print_rows(grid, width, indent, color, out);
    }
    for (size_t i = 0; i < grid->n_cells; i++)
        free(grid->cell[i].text);
    free(grid->cell);
    free(grid->right);
    free(width);
    *grid = (es_grid){0};
    return status;
}

/* ---- paragraphs ---- */

static const char *print_paragraph_line(FILE *out, const char *text, unsigned indent, unsigned width) {
    size_t column = indent;
    bool first = true;
    fprintf(out, "%*s", (int)indent, "");
    while (*text && *text != '\n') {
        size_t length = strcspn(text, " \n");
        if (!first && column + 1 + length > width) {
            fprintf(out, "\n%*s", (int)indent, "");
            column = indent;
            first = true;
        }
        fprintf(out, "%s%.*s", first ? "" : " ", (int)length, text);
        column += length + !first;
        first = false;
        text += length + strspn(text + length, " ");
    }
    fputc('\n', out);
    return *text ? text + 1 : text;
}

void es_print_wrapped(FILE *out, const char *text, unsigned indent, unsigned width) {
    while (*text) {
        size_t length = strcspn(text, "\n");
        if (length == 0) {
            fputc('\n', out);
            text++;
        } else if (*text == ' ') {
            fprintf(out, "%*s%.*s\n", (int)indent, "", (int)length, text);
            text += length + (text[length] == '\n');
        } else {
            text = print_paragraph_line(out, text, indent, width);
        }
    }
}
