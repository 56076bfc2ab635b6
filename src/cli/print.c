#include "cli/print.h"

#include <math.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/utf8.h"
#include "cli/cli.h"

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

/* Bytes of the character or of the colour that begins here, and what it takes on a terminal. */
static size_t glyph(const char *text, size_t left, unsigned *width) {
    *width = 0;
    if (text[0] == '\033' && left > 1 && text[1] == '[')
        return strcspn(text, "m") + (strchr(text, 'm') != NULL);
    const size_t length = es_utf8_length(text, left);
    *width = length ? code_width(decode(text, length)) : 1;
    return length ? length : 1;
}

size_t es_text_width(const char *text) {
    size_t width = 0;
    for (size_t at = 0, n = strlen(text); at < n;) {
        unsigned one;
        at += glyph(text + at, n - at, &one);
        width += one;
    }
    return width;
}

static bool fits_into(const char *text, size_t length, size_t width) {
    size_t used = 0;
    unsigned one;
    for (size_t at = 0; at < length && used <= width; used += one)
        at += glyph(text + at, length - at, &one);
    return used <= width;
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

static void add_cell(es_listing *listing, const char *text) {
    char safe[1024];
    es_escape(safe, sizeof safe, es_slice_of(text));
    if (listing->n_cells == listing->capacity) {
        size_t capacity = listing->capacity ? listing->capacity * 2 : 64;
        es_listing_text *cell =
            capacity < SIZE_MAX / sizeof *cell ? realloc(listing->cell, capacity * sizeof *cell) : NULL;
        if (!cell) {
            listing->failed = true;
            return;
        }
        listing->cell = cell;
        listing->capacity = capacity;
    }
    char *copy = strdup(safe);
    if (copy)
        listing->cell[listing->n_cells++] = (es_listing_text){copy, listing->pen};
    else
        listing->failed = true;
}

void es_listing_begin(es_listing *listing, const char *const *headers) {
    *listing = (es_listing){0};
    while (headers[listing->n_columns])
        listing->n_columns++;
    listing->right = calloc(listing->n_columns, sizeof *listing->right);
    if (!listing->right)
        listing->failed = true;
    for (size_t i = 0; i < listing->n_columns && listing->right; i++) {
        listing->right[i] = headers[i][0] == '>';
        add_cell(listing, headers[i] + listing->right[i]);
    }
}

void es_listing_cell(es_listing *listing, const char *text) {
    if (!listing->failed)
        add_cell(listing, text);
}

void es_listing_format(es_listing *listing, const char *format, ...) {
    char text[1024];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    es_listing_cell(listing, text);
}

void es_listing_style(es_listing *listing, size_t row, size_t column, es_style style) {
    const size_t at = (row + 1) * listing->n_columns + column;
    if (column < listing->n_columns && at < listing->n_cells)
        listing->cell[at].style = style;
}

void es_listing_number(es_listing *listing, double value) {
    char text[40];
    es_human_number(text, sizeof text, value);
    es_listing_cell(listing, text);
}

/* Bytes of the first line of a text that is wrapped at `width`: up to a blank, else to after a mark, else what there is room for. */
static size_t line_length(const char *text, size_t width) {
    size_t at = 0, used = 0, blank = 0, mark = 0;
    while (text[at] && text[at] != '\n') {
        unsigned one;
        const size_t length = glyph(text + at, strlen(text + at), &one);
        if (text[at] == ' ')
            blank = at;
        used += one;
        if (used > width)
            return blank ? blank : mark ? mark : at ? at : length;
        at += length;
        if (strchr(",;/|", text[at - 1]))
            mark = at;
    }
    return at;
}

/* The widest word: what a column needs when its lines break at blanks. */
static size_t word_width(const char *text) {
    char word[1024];
    size_t widest = 0;
    while (*text) {
        const size_t length = strcspn(text, " ");
        snprintf(word, sizeof word, "%.*s", (int)length, text);
        const size_t width = es_text_width(word);
        widest = width > widest ? width : widest;
        text += length + strspn(text + length, " ");
    }
    return widest;
}

/* What a column takes unwrapped, 0 when all its cells are empty, and at least: numbers whole, headers at their blanks. */
static size_t column_width(const es_listing *listing, size_t column, size_t *least) {
    enum { NARROW_TEXT = 14, NARROW_NAME = 24, LONG_WORD = 20 };
    const size_t word = word_width(listing->cell[column].text);
    size_t widest = 0, narrow = column ? NARROW_TEXT : NARROW_NAME;
    for (size_t i = listing->n_columns + column; i < listing->n_cells; i += listing->n_columns) {
        const size_t width = es_text_width(listing->cell[i].text);
        widest = width > widest ? width : widest;
        const size_t one = word_width(listing->cell[i].text);
        narrow = one > narrow && one <= LONG_WORD ? one : narrow;
    }
    *least = listing->right[column] || widest < narrow ? widest : narrow;
    *least = word > *least ? word : *least;
    const size_t header = es_text_width(listing->cell[column].text);
    return widest && header > widest ? header : widest;
}

/* Widths that fit into `room`: columns are narrowed from the widest on, the last ones left out (0) when that is not enough. */
static void fit_columns(const es_listing *listing, size_t *width, size_t room) {
    size_t least[64], sum = 0, n = listing->n_columns < 64 ? listing->n_columns : 64;
    for (size_t i = 0; i < listing->n_columns; i++)
        width[i] = column_width(listing, i, &least[i < 64 ? i : 63]);
    if (!room)
        return;
    for (size_t i = 0, used = 0; i < listing->n_columns; i++) {
        if (!width[i])
            continue;
        const size_t more = i < n ? least[i] + (used ? 2 : 0) : room + 1;
        if (used && used + more > room)
            width[i] = 0;
        else
            used += more, sum += width[i] + (used > more ? 2 : 0);
    }
    while (sum > room) {
        size_t widest = n;
        for (size_t i = 0; i < n; i++)
            if (width[i] > least[i] && (widest == n || width[i] > width[widest]))
                widest = i;
        if (widest == n)
            break;
        width[widest]--, sum--;
    }
}

static void print_cell(const char *text, size_t length, es_style style, bool color, FILE *out) {
    static const char *const begin[] = {"", "\033[1;32m", "\033[31m", "\033[2m"};
    const bool styled = color && style != ES_PLAIN;
    fprintf(out, "%s%.*s%s", styled ? begin[style] : "", (int)length, text, styled ? "\033[0m" : "");
}

/* A line of a row; what is left of each cell stays in `rest`.  False when nothing is. */
static bool print_line(const es_listing *listing, size_t row, const char **rest, const size_t *width, unsigned indent,
                       bool color, FILE *out) {
    size_t pending = indent; /* blanks owed: none trail */
    bool more = false;
    for (size_t i = 0; i < listing->n_columns; i++) {
        if (!width[i])
            continue;
        char line[1024];
        const size_t length = line_length(rest[i], width[i]);
        snprintf(line, sizeof line, "%.*s", (int)length, rest[i]);
        const size_t taken = es_text_width(line), blank = taken < width[i] ? width[i] - taken : 0;
        pending += listing->right[i] ? blank : 0;
        if (length) {
            fprintf(out, "%*s", (int)pending, "");
            print_cell(rest[i], length, listing->cell[row * listing->n_columns + i].style, color, out);
            pending = 0;
        }
        pending += (listing->right[i] ? 0 : blank) + 2;
        rest[i] += length;
        rest[i] += strspn(rest[i], " ");
        more |= *rest[i] != '\0';
    }
    return more;
}

static void print_rows(const es_listing *listing, const char **rest, const size_t *width, unsigned indent, bool color,
                       FILE *out) {
    for (size_t row = 0; (row + 1) * listing->n_columns <= listing->n_cells; row++) {
        for (size_t i = 0; i < listing->n_columns; i++)
            rest[i] = listing->cell[row * listing->n_columns + i].text;
        for (bool more = true; more;) {
            if (row == 0 && color)
                fputs("\033[1m", out);
            more = print_line(listing, row, rest, width, indent, color, out);
            fputs(row == 0 && color ? "\033[0m\n" : "\n", out);
        }
    }
}

/* "not shown: a, b": columns that have cells and no room. */
static void print_left_out(const es_listing *listing, const size_t *width, unsigned room, FILE *out) {
    char text[1024] = "";
    size_t used = 0, least;
    for (size_t i = 0; i < listing->n_columns && used < sizeof text; i++)
        if (!width[i] && column_width(listing, i, &least))
            used += (size_t)snprintf(text + used, sizeof text - used, "%s%.*s",
                                     used ? ", " : "not shown (--wide): ", (int)strcspn(listing->cell[i].text, " "),
                                     listing->cell[i].text);
    if (used)
        es_print_wrapped(out, text, 0, room);
}

es_status es_listing_print(es_listing *listing, const struct es_cli *cli, FILE *out, unsigned indent,
                           es_errors *errors) {
    size_t *width = calloc(listing->n_columns + 1, sizeof *width);
    const char **rest = calloc(listing->n_columns + 1, sizeof *rest);
    const unsigned room = es_width_of(cli, out);
    es_status status = ES_OK;
    if (!width || !rest || listing->failed) {
        status = es_fail_memory(errors);
    } else if (listing->n_cells > listing->n_columns) {
        fit_columns(listing, width, room > indent ? room - indent : room);
        print_rows(listing, rest, width, indent, es_colored(cli, out), out);
        print_left_out(listing, width, room, out);
    }
    free(width);
    free(rest);
    es_listing_free(listing);
    return status;
}

void es_listing_free(es_listing *listing) {
    for (size_t i = 0; i < listing->n_cells; i++)
        free(listing->cell[i].text);
    free(listing->cell);
    free(listing->right);
    *listing = (es_listing){0};
}

/* ---- paragraphs ---- */

/* Where a line that is wrapped goes on: below its last field, if one begins early. */
static unsigned hanging(const char *line, size_t length, unsigned width) {
    const unsigned indent = (unsigned)strspn(line, " ");
    unsigned at = indent > 8 ? indent : indent ? indent + 4 : 0; /* a line that goes on itself */
    for (unsigned i = indent; i + 2 < length && i < (indent ? width / 2 : 16); i++)
        if (line[i] == ' ' && line[i + 1] == ' ' && line[i + 2] != ' ')
            at = i + 2;
    return at;
}

static void print_paragraph(FILE *out, const char *text, size_t length, unsigned indent, unsigned hang,
                            unsigned width) {
    const bool command = strncmp(text + strspn(text, " "), "edgesweep ", 10) == 0;
    const char *rest = text, *end = text + length;
    for (unsigned column = indent; rest < end; column = hang) {
        const size_t lead = rest == text ? strspn(rest, " ") : 0, room = width > column + 20 ? width - column : 20;
        const bool last = !width || fits_into(rest, (size_t)(end - rest), room);
        const size_t taken =
            last ? (size_t)(end - rest) : lead + line_length(rest + lead, room - lead - (command ? 2 : 0));
        fprintf(out, "%*s%.*s%s", (int)column, "", (int)taken, rest, last ? "" : command ? " \\\n" : "\n");
        rest += taken;
        rest += last ? 0 : strspn(rest, " ");
    }
    fputc('\n', out);
}

void es_print_wrapped(FILE *out, const char *text, unsigned indent, unsigned width) {
    while (*text) {
        size_t length = strcspn(text, "\n");
        const unsigned hang = hanging(text, length, width);
        char joined[4096];
        size_t used = (size_t)snprintf(joined, sizeof joined, "%.*s", (int)length, text);
        const bool whole = used < sizeof joined;
        if (!whole || !width || fits_into(text, length, width - indent)) {
            print_paragraph(out, text, length, indent, indent + hang, width);
        } else { /* with the lines below its last field */
            for (const char *next; hang && text[length] && used < sizeof joined;
                 used += (size_t)snprintf(joined + used, sizeof joined - used, " %.*s",
                                          (int)(strcspn(next, "\n") - hang), next + hang),
                 length = (size_t)(next - text) + strcspn(next, "\n")) {
                next = text + length + 1;
                if (strspn(next, " ") != hang || used + strcspn(next, "\n") >= sizeof joined)
                    break;
            }
            print_paragraph(out, joined, used, indent, indent + hang, width);
        }
        text += length + (text[length] == '\n');
    }
}

void es_print_message(FILE *out, const char *text, unsigned width) {
    while (*text) {
        const size_t length = strcspn(text, "\n");
        print_paragraph(out, text, length, 0, 4, width);
        text += length + (text[length] == '\n');
    }
}
