#include "io/source_rows.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/arena.h"
#include "base/number.h"
#include "base/text.h"

enum { INPUT = 64 << 10, OUTPUT = 64 << 10, MOST_CELLS = 4096, END = -1 };

typedef struct cell {
    size_t first, length; /* in `text` */
    bool given, is_text;  /* in the row at hand; not a number */
} cell;

struct es_source_rows {
    es_table_format format;
    const char *name;
    es_text_reader *read;
    void *context;
    es_database_reading *database; /* instead of text */
    char input[INPUT];
    size_t at, length;
    bool input_end;
    uint64_t line;                                               /* of the next byte */
    enum { BETWEEN, ARRAY_START, AFTER_COMMA, AFTER_ROW } place; /* BETWEEN arrays and rows, else in an array */
    es_status status;                                            /* of the last read */
    es_errors *errors;
    es_slice column[MOST_CELLS];
    size_t n_columns;
    bool has_header, done;
    bool open; /* rows of Markdown begin without a bar */
    es_arena names;
    cell cell[MOST_CELLS]; /* of the row at hand */
    size_t n_cells;
    char *text;
    size_t text_length, text_capacity;
    char *out;
    size_t out_at, out_length, out_capacity;
    uint64_t *lines; /* that lines of the output came from, but for its header */
    size_t n_lines, lines_capacity;
};

static es_status fail(es_source_rows *r, uint64_t line, const char *what) {
    return es_fail(r->errors, ES_ERUNTIME, &(es_origin){r->name, line, 0}, "%s", what);
}

/* ---- Text in ---- */

/* The next byte without taking it; END at the end and after a fault, which r->status tells. */
static int peek(es_source_rows *r) {
    if (r->at < r->length)
        return (unsigned char)r->input[r->at];
    if (r->input_end)
        return END;
    r->at = r->length = 0;
    r->status = r->read(r->context, r->input, sizeof r->input, &r->length, r->errors);
    r->input_end = r->status || r->length == 0;
    return r->input_end ? END : (unsigned char)r->input[0];
}

static int take(es_source_rows *r) {
    const int c = peek(r);
    r->at += c != END;
    r->line += c == '\n';
    return c;
}

static bool put(es_source_rows *r, char c) {
    if (!es_grow((void **)&r->text, &r->text_capacity, r->text_length + 1, 1))
        return false;
    r->text[r->text_length++] = c;
    return true;
}

/* A line without its end into r->text; false at the end of the input. */
static bool take_line(es_source_rows *r) {
    r->text_length = 0;
    if (peek(r) == END)
        return false;
    for (int c; (c = take(r)) != END && c != '\n';)
        if (c != '\r' && !put(r, (char)c)) {
            r->status = es_fail_memory(r->errors);
            return false;
        }
    return true;
}

/* ---- Rows out ---- */

static bool add_out(es_source_rows *r, const char *text, size_t n) {
    if (!es_grow((void **)&r->out, &r->out_capacity, r->out_length + n + 1, 1))
        return false;
    memcpy(r->out + r->out_length, text, n);
    r->out_length += n;
    return true;
}

static bool add_line(es_source_rows *r, uint64_t line) {
    if (!es_grow((void **)&r->lines, &r->lines_capacity, r->n_lines + 1, sizeof *r->lines))
        return false;
    r->lines[r->n_lines++] = line;
    return true;
}

/* A cell as `run` writes it; *breaks becomes the number of lines in it. */
static bool add_cell(es_source_rows *r, es_slice text, bool is_text, size_t *breaks) {
    double number;
    const bool blank = text.length && (strchr(" \t", text.text[0]) || strchr(" \t", text.text[text.length - 1]));
    bool quoted = blank, good = true;
    for (size_t i = 0; i < text.length && !quoted; i++)
        quoted = strchr(",\"\r\n", text.text[i]) != NULL;
    const bool guarded =
        is_text && text.length && strchr("=+-@\t\r", text.text[0]) && es_parse_double(text, &number) != ES_NUMBER_OK;
    if (quoted)
        good = add_out(r, "\"", 1);
    if (guarded)
        good = good && add_out(r, "'", 1);
    for (size_t i = 0; i < text.length && good; i++) {
        *breaks += text.text[i] == '\n' || (text.text[i] == '\r' && !(i + 1 < text.length && text.text[i + 1] == '\n'));
        good = (text.text[i] != '"' || add_out(r, "\"", 1)) && add_out(r, text.text + i, 1);
    }
    return good && (!quoted || add_out(r, "\"", 1));
}

/* What was added to the output is a row; texts of SQLite may hold zero bytes. */
static es_status check_row(es_source_rows *r, size_t from, uint64_t line) {
    return memchr(r->out + from, 0, r->out_length - from) ? fail(r, line, "a zero byte in a text") : ES_OK;
}

static es_status end_row(es_source_rows *r, uint64_t line) {
    const size_t from = r->out_length;
    size_t breaks = 0;
    bool good = true;
    for (size_t c = 0; c < r->n_columns && good; c++) {
        const cell *own = &r->cell[c];
        const es_slice text = {r->text + own->first, own->given ? own->length : 0};
        /* a row of one empty cell would be a blank line */
        good = (c == 0 || add_out(r, ",", 1)) &&
               (text.length || r->n_columns > 1 ? add_cell(r, text, own->is_text, &breaks) : add_out(r, "\"\"", 2));
    }
    good = good && add_out(r, "\n", 1);
    for (size_t i = 0; i <= breaks && good; i++)
        good = add_line(r, line);
    return good ? check_row(r, from, line) : es_fail_memory(r->errors);
}

/* The header of the columns, which have their names. */
static es_status put_header(es_source_rows *r, uint64_t line) {
    const size_t from = r->out_length;
    size_t breaks = 0;
    bool good = true;
    r->has_header = true;
    for (size_t c = 0; c < r->n_columns && good; c++)
        good = (c == 0 || add_out(r, ",", 1)) && add_cell(r, r->column[c], true, &breaks);
    good = good && add_out(r, "\n", 1);
    for (size_t i = 0; i < breaks && good; i++)
        good = add_line(r, line);
    return good ? check_row(r, from, line) : es_fail_memory(r->errors);
}

/* Names the columns by the cells at hand. */
static es_status set_header(es_source_rows *r) {
    for (size_t c = 0; c < r->n_cells; c++) {
        const char *name = es_arena_text(&r->names, (es_slice){r->text + r->cell[c].first, r->cell[c].length});
        if (!name)
            return es_fail_memory(r->errors);
        r->column[r->n_columns++] = (es_slice){name, r->cell[c].length};
    }
    return put_header(r, r->line);
}

/* ---- JSON ---- */

static int skip_blanks(es_source_rows *r) {
    int c;
    while ((c = peek(r)) == ' ' || c == '\t' || c == '\n' || c == '\r')
        take(r);
    return c;
}

static es_status unexpected(es_source_rows *r, const char *expected) {
    if (r->status)
        return r->status;
    const int c = peek(r);
    const char text = (char)c;
    if (c == END)
        return es_fail(r->errors, ES_ERUNTIME, &(es_origin){r->name, r->line, 0}, "the JSON ends early (expected %s)",
                       expected);
    return es_fail(r->errors, ES_ERUNTIME, &(es_origin){r->name, r->line, 0}, "not JSON: '%s' (expected %s)",
                   es_quote((es_slice){&text, 1}).text, expected);
}

static bool put_character(es_source_rows *r, uint32_t c) {
    if (c < 0x80)
        return put(r, (char)c);
    if (c < 0x800)
        return put(r, (char)(0xc0 | c >> 6)) && put(r, (char)(0x80 | (c & 0x3f)));
    if (c < 0x10000)
        return put(r, (char)(0xe0 | c >> 12)) && put(r, (char)(0x80 | (c >> 6 & 0x3f))) &&
               put(r, (char)(0x80 | (c & 0x3f)));
    return put(r, (char)(0xf0 | c >> 18)) && put(r, (char)(0x80 | (c >> 12 & 0x3f))) &&
           put(r, (char)(0x80 | (c >> 6 & 0x3f))) && put(r, (char)(0x80 | (c & 0x3f)));
}

static bool take_hex(es_source_rows *r, uint32_t *value) {
    *value = 0;
    for (int i = 0; i < 4; i++) {
        const int c = peek(r), lower = c | 0x20;
        if (!(c >= '0' && c <= '9') && !(lower >= 'a' && lower <= 'f'))
            return false;
        *value = *value << 4 | (uint32_t)(c <= '9' ? c - '0' : lower - 'a' + 10);
        take(r);
    }
    return true;
}

/* Behind a backslash. */
static es_status take_escape(es_source_rows *r) {
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    static const char expected[] = "an escape of JSON";
    uint32_t c, low;
    const int next = peek(r);
    const char *plain = next > 0 ? memchr(from, next, sizeof from - 1) : NULL;
    if (!plain && next != 'u')
        return unexpected(r, expected);
    take(r);
    if (plain)
        return put(r, to[plain - from]) ? ES_OK : es_fail_memory(r->errors);
    if (!take_hex(r, &c) || c == 0 || (c >= 0xdc00 && c < 0xe000))
        return unexpected(r, expected);
    if (c >= 0xd800 && c < 0xdc00) {
        bool escape = take(r) == '\\';
        escape = escape && take(r) == 'u';
        if (!escape || !take_hex(r, &low) || low < 0xdc00 || low > 0xdfff)
            return unexpected(r, "the second half of a surrogate pair");
        c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
    }
    return put_character(r, c) ? ES_OK : es_fail_memory(r->errors);
}

/* A string, its inside appended to r->text. */
static es_status take_string(es_source_rows *r) {
    es_status status = ES_OK;
    if (peek(r) != '"')
        return unexpected(r, "a string");
    take(r);
    while (!status) {
        const int c = peek(r);
        if (c < 0x20) /* END too */
            return unexpected(r, "the end of a string");
        take(r);
        if (c == '"')
            break;
        if (c == '\\')
            status = take_escape(r);
        else if (!put(r, (char)c))
            status = es_fail_memory(r->errors);
    }
    return status;
}

/* Arrays and objects inside of rows hold nothing for a table. */
static es_status skip_nested(es_source_rows *r) {
    const size_t kept = r->text_length;
    size_t depth = 0;
    do {
        const int c = peek(r);
        if (c == END)
            return unexpected(r, "the end of an array or object");
        if (c == '"') {
            const es_status status = take_string(r);
            r->text_length = kept;
            if (status)
                return status;
            continue;
        }
        depth += c == '[' || c == '{';
        depth -= c == ']' || c == '}';
        take(r);
    } while (depth);
    return ES_OK;
}

/* A number as written, or true, false, null. */
static es_status take_word(es_source_rows *r, cell *to) {
    double value;
    const uint64_t line = r->line;
    for (int c; (c = peek(r)) != END && !strchr(" \t\r\n,]}", c) && c;) {
        if (!put(r, (char)c))
            return es_fail_memory(r->errors);
        take(r);
    }
    const es_slice word = {r->text + to->first, r->text_length - to->first};
    to->length = word.length;
    if (r->status)
        return r->status;
    if (word.length == 0)
        return unexpected(r, "a value");
    if (es_slice_equal(word, "true") || es_slice_equal(word, "false")) {
        r->text[to->first] = word.text[0] == 't' ? '1' : '0';
        to->length = 1;
    } else if (es_slice_equal(word, "null")) {
        to->length = 0;
    } else if ((word.text[0] != '-' && (word.text[0] < '0' || word.text[0] > '9')) ||
               es_parse_double(word, &value) == ES_NUMBER_JUNK) {
        return es_fail(r->errors, ES_ERUNTIME, &(es_origin){r->name, line, 0}, "not JSON: '%s' (expected a value)",
                       es_quote(word).text);
    }
    return ES_OK;
}

/* The column of a member; a new one in the first object, MOST_CELLS for one that no column has. */
static size_t column_of(es_source_rows *r, es_slice key, size_t near) {
    for (size_t i = 0; i < r->n_columns; i++) {
        const size_t c = (near + i) % r->n_columns;
        if (r->column[c].length == key.length && memcmp(r->column[c].text, key.text, key.length) == 0)
            return c;
    }
    return MOST_CELLS;
}

/* One member; in the first object a plain one makes a column. */
static es_status take_member(es_source_rows *r, size_t *near) {
    const size_t key_at = r->text_length;
    const uint64_t line = r->line;
    es_status status = take_string(r);
    const es_slice key = {r->text + key_at, r->text_length - key_at};
    if (!status && skip_blanks(r) != ':')
        return unexpected(r, "':'");
    if (status)
        return status;
    take(r);
    const int c = skip_blanks(r);
    if (c == '[' || c == '{')
        return skip_nested(r);
    size_t column = column_of(r, key, *near);
    if (!r->has_header && column == MOST_CELLS) {
        if (r->n_columns == MOST_CELLS)
            return fail(r, line, "more members than 4096 in an object");
        char *name = es_arena_text(&r->names, key);
        if (!name)
            return es_fail_memory(r->errors);
        column = r->n_columns++;
        r->column[column] = (es_slice){name, key.length};
        r->cell[column].given = false;
    }
    cell ignored = {0}, *to = column < MOST_CELLS ? &r->cell[column] : &ignored;
    if (to->given)
        return es_fail(r->errors, ES_ERUNTIME, &(es_origin){r->name, line, 0}, "a member twice: '%s'",
                       es_quote(r->column[column]).text);
    *near = column < MOST_CELLS ? column + 1 : *near;
    *to = (cell){.first = r->text_length, .given = true, .is_text = c == '"'};
    if (c != '"')
        return take_word(r, to);
    status = take_string(r);
    to->length = r->text_length - to->first;
    return status;
}

static es_status take_object(es_source_rows *r) {
    const uint64_t line = r->line;
    es_status status = ES_OK;
    size_t near = 0;
    r->text_length = 0;
    for (size_t c = 0; c < r->n_columns; c++)
        r->cell[c].given = false;
    take(r);
    for (bool first = true; !status; first = false) {
        const int c = skip_blanks(r);
        if (c == '}')
            break;
        if (!first && c != ',')
            return unexpected(r, "',' or '}'");
        if (!first) {
            take(r);
            skip_blanks(r);
        }
        status = take_member(r, &near);
    }
    if (status)
        return status;
    take(r);
    if (!r->has_header && r->n_columns == 0)
        return fail(r, line, "an object without plain members (expected a row of the table)");
    status = r->has_header ? ES_OK : put_header(r, line);
    return status ? status : end_row(r, line);
}

/* Programs write lines of their own between the rows and behind them. */
static bool is_log_line(const es_source_rows *r, int c) {
    return r->place == BETWEEN && r->has_header && c > 0 && !strchr("{}[],:\"", c);
}

static es_status next_json(es_source_rows *r) {
    int c = skip_blanks(r);
    while (is_log_line(r, c)) {
        take_line(r);
        c = skip_blanks(r);
    }
    if (c == END && r->place == BETWEEN) {
        r->done = true;
        return r->status;
    }
    if (c == '[' && r->place == BETWEEN) {
        take(r);
        r->place = ARRAY_START;
        return ES_OK;
    }
    if (c == ']' && (r->place == ARRAY_START || r->place == AFTER_ROW)) {
        take(r);
        r->place = BETWEEN;
        return ES_OK;
    }
    if (r->place == AFTER_ROW) {
        if (c != ',')
            return unexpected(r, "',' or ']'");
        take(r);
        r->place = AFTER_COMMA;
        return ES_OK;
    }
    if (c != '{')
        return unexpected(r, "a JSON object");
    r->place = r->place == BETWEEN ? BETWEEN : AFTER_ROW;
    return take_object(r);
}

/* ---- Markdown and SQL ---- */

static bool add_item(es_source_rows *r, size_t first, size_t length, bool is_text) {
    if (r->n_cells == MOST_CELLS)
        return false;
    r->cell[r->n_cells++] = (cell){first, length, true, is_text};
    return true;
}

static bool add_trimmed(es_source_rows *r, size_t first, size_t to) {
    const es_slice trimmed = es_slice_trim((es_slice){r->text + first, to - first});
    return add_item(r, (size_t)(trimmed.text - r->text), trimmed.length, true);
}

/* Cells of "| a | b |" or "a | b" in r->text, unescaped in place: a backslash before what Markdown would read as markup,
 * &lt;.  The header tells whether rows begin with a bar; the last one may be missing. */
static bool split_markdown(es_source_rows *r) {
    char *text = r->text;
    const size_t n = r->text_length;
    size_t at = 0, first, to;
    r->n_cells = 0;
    while (at < n && (text[at] == ' ' || text[at] == '\t'))
        at++;
    const bool bar = at < n && text[at] == '|';
    r->open |= !r->has_header && !bar;
    if (!bar && (!r->open || !memchr(text, '|', n)))
        return true;
    for (first = to = at += bar; at < n; at++) {
        if (text[at] == '|') {
            if (!add_trimmed(r, first, to))
                return false;
            first = to = at + 1;
            continue;
        }
        const bool escape = text[at] == '\\' && at + 1 < n && strchr("\\|`*_[]&~", text[at + 1]);
        if (!escape && n - at >= 4 && memcmp(text + at, "&lt;", 4) == 0) {
            text[to++] = '<';
            at += 3;
            continue;
        }
        at += escape;
        text[to++] = text[at];
    }
    const bool missing = r->open && r->has_header && r->n_cells + 1 == r->n_columns;
    return (es_slice_trim((es_slice){text + first, to - first}).length == 0 && !missing) || add_trimmed(r, first, to);
}

static bool is_rule(const es_source_rows *r) {
    for (size_t c = 0; c < r->n_cells; c++) {
        const char *text = r->text + r->cell[c].first;
        if (r->cell[c].length == 0)
            return false;
        for (size_t i = 0; i < r->cell[c].length; i++)
            if (text[i] != '-' && text[i] != ':')
                return false;
    }
    return r->n_cells > 0;
}

static bool is_header(const es_source_rows *r) {
    bool same = r->n_cells == r->n_columns;
    for (size_t c = 0; c < r->n_cells && same; c++)
        same = r->cell[c].length == r->column[c].length &&
               memcmp(r->text + r->cell[c].first, r->column[c].text, r->cell[c].length) == 0;
    return same;
}

static es_status next_markdown(es_source_rows *r) {
    const uint64_t line = r->line;
    r->done = !take_line(r);
    if (r->done)
        return r->status;
    if (!split_markdown(r))
        return fail(r, line, "more cells than 4096 in a row");
    if (r->n_cells == 0 || is_rule(r) || (r->has_header && is_header(r)))
        return ES_OK;
    if (!r->has_header)
        return set_header(r);
    if (r->n_cells != r->n_columns)
        return es_fail(r->errors, ES_ERUNTIME, &(es_origin){r->name, line, 0},
                       "%zu cells; expected %zu, as in the first line of the table", r->n_cells, r->n_columns);
    return end_row(r, line);
}

static size_t skip_sql_blanks(const es_source_rows *r, size_t at) {
    while (at < r->text_length && strchr(" \t", r->text[at]))
        at++;
    return at;
}

/* The list (a, b, 'it''s') at *at, unquoted in place; false when there is none. */
static bool split_sql(es_source_rows *r, size_t *at) {
    size_t from = skip_sql_blanks(r, *at);
    const size_t n = r->text_length;
    r->n_cells = 0;
    if (from == n || r->text[from] != '(')
        return false;
    do {
        from = skip_sql_blanks(r, from + 1);
        const bool quoted = from < n && (r->text[from] == '\'' || r->text[from] == '"');
        const char quote = quoted ? r->text[from] : 0;
        const size_t first = from += quoted;
        size_t to = first;
        for (; from < n; from++) {
            if (quoted && r->text[from] == quote && (++from == n || r->text[from] != quote))
                break;
            if (!quoted && strchr(",) \t", r->text[from]))
                break;
            r->text[to++] = r->text[from];
        }
        const bool null = !quoted && es_slice_equal_fold((es_slice){r->text + first, to - first}, "NULL");
        if (!add_item(r, first, null ? 0 : to - first, quoted))
            return false;
        from = skip_sql_blanks(r, from);
    } while (from < n && r->text[from] == ',');
    *at = from + 1;
    return from < n && r->text[from] == ')';
}

static es_status next_sql(es_source_rows *r) {
    static const char insert[] = "INSERT INTO", values[] = "VALUES";
    static const char expected[] = "not an INSERT of a row: expected (columns) VALUES (values)";
    const uint64_t line = r->line;
    r->done = !take_line(r);
    if (r->done)
        return r->status;
    size_t at = skip_sql_blanks(r, 0);
    if (r->text_length - at < strlen(insert) || strncasecmp(r->text + at, insert, strlen(insert)) != 0)
        return ES_OK;
    const char *open = memchr(r->text + at, '(', r->text_length - at);
    at = open ? (size_t)(open - r->text) : r->text_length;
    if (!split_sql(r, &at) || r->n_cells == 0)
        return fail(r, line, expected);
    es_status status = r->has_header ? ES_OK : set_header(r);
    if (!status && !is_header(r))
        status = fail(r, line, "other columns than in the first INSERT");
    at = skip_sql_blanks(r, at);
    if (!status && (r->text_length - at < strlen(values) || strncasecmp(r->text + at, values, strlen(values)) != 0))
        status = fail(r, line, expected);
    at += strlen(values);
    for (bool more = true; more && !status;) {
        if (!split_sql(r, &at) || r->n_cells != r->n_columns)
            return fail(r, line, expected);
        status = end_row(r, line);
        at = skip_sql_blanks(r, at);
        more = at < r->text_length && r->text[at++] == ',';
    }
    return status;
}

/* ---- SQLite ---- */

static es_status next_of_database(es_source_rows *r) {
    bool more = true;
    es_slice text;
    r->text_length = 0;
    r->n_cells = 0;
    es_status status = r->has_header ? es_database_next(r->database, &more, r->errors) : ES_OK;
    r->done = !status && !more;
    if (status || r->done)
        return status;
    const size_t n = es_database_columns(r->database);
    if (n > MOST_CELLS)
        return fail(r, 0, "more columns than 4096");
    for (size_t c = 0; c < n; c++) {
        const bool is_text = r->has_header ? es_database_cell(r->database, c, &text) : true;
        if (!r->has_header)
            text = es_slice_of(es_database_column_name(r->database, c));
        const size_t first = r->text_length;
        if (!es_grow((void **)&r->text, &r->text_capacity, first + text.length + 1, 1))
            return es_fail_memory(r->errors);
        memcpy(r->text + first, text.text, text.length);
        r->text_length += text.length;
        add_item(r, first, text.length, is_text);
    }
    return r->has_header ? end_row(r, 0) : set_header(r);
}

/* ---- Public ---- */

es_status es_source_rows_new(es_source_rows **rows, es_table_format format, const char *name, uint64_t line,
                             es_text_reader *read, void *context, es_errors *errors) {
    es_source_rows *r = *rows = calloc(1, sizeof *r);
    if (!r || !es_grow((void **)&r->text, &r->text_capacity, 1, 1)) /* empty texts lie somewhere, too */
        return es_fail_memory(errors);
    r->format = format;
    r->name = name;
    r->line = line;
    r->read = read;
    r->context = context;
    return ES_OK;
}

es_status es_source_rows_database(es_source_rows **rows, es_database_reading *database, const char *name,
                                  es_errors *errors) {
    const es_status status = es_source_rows_new(rows, ES_TABLE_CSV, name, 0, NULL, NULL, errors);
    if (!status)
        (*rows)->database = database;
    return status;
}

void es_source_rows_free(es_source_rows *r) {
    if (!r)
        return;
    es_arena_free(&r->names);
    free(r->text);
    free(r->out);
    free(r->lines);
    free(r);
}

static es_status next_row(es_source_rows *r) {
    if (r->database)
        return next_of_database(r);
    switch (r->format) {
    case ES_TABLE_JSON: return next_json(r);
    case ES_TABLE_MARKDOWN: return next_markdown(r);
    default: return next_sql(r);
    }
}

es_status es_source_rows_read(es_source_rows *r, char *to, size_t room, size_t *got, es_errors *errors) {
    es_status status = ES_OK;
    r->errors = errors;
    *got = 0;
    if (r->out_at == r->out_length)
        r->out_at = r->out_length = 0;
    while (!status && !r->done && r->out_length < OUTPUT && r->out_at == 0)
        status = next_row(r);
    if (!status && r->done && !r->has_header)
        status = fail(r, r->line, "no rows (expected a table)");
    r->errors = NULL;
    if (status)
        return status;
    *got = r->out_length - r->out_at < room ? r->out_length - r->out_at : room;
    memcpy(to, r->out + r->out_at, *got);
    r->out_at += *got;
    return ES_OK;
}

const uint64_t *es_source_rows_lines(const es_source_rows *r, size_t *n) {
    *n = r->n_lines;
    return r->lines;
}
