#include "calibrate/measured_table.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/csv_read.h"
#include "io/json_text.h"

enum { MOST_CELLS = 256 };

int es_text_table_column(const es_text_table *table, const char *name) {
    for (size_t c = 0; c < table->n_columns; c++)
        if (es_equal_fold(table->name[c], name))
            return (int)c;
    return -1;
}

/* Room for one more row; the arena keeps outgrown arrays. */
static bool grow_rows(es_text_table *t, es_arena *arena) {
    if (t->n_rows < t->capacity)
        return true;
    size_t capacity = t->capacity ? 2 * t->capacity : 256;
    const char ***cell = es_arena_array(arena, capacity, sizeof *cell);
    const char **line = es_arena_array(arena, capacity, sizeof *line);
    es_origin *origin = es_arena_array(arena, capacity, sizeof *origin);
    if (!cell || !line || !origin)
        return false;
    if (t->n_rows) {
        memcpy(cell, t->cell, t->n_rows * sizeof *cell);
        memcpy(line, t->line, t->n_rows * sizeof *line);
        memcpy(origin, t->origin, t->n_rows * sizeof *origin);
    }
    t->cell = cell, t->line = line, t->origin = origin, t->capacity = capacity;
    return true;
}

/* ---- CSV ---- */

static const char *decoded(es_arena *arena, es_slice cell) {
    char *scratch = es_arena_alloc(arena, cell.length + 1);
    return scratch ? es_arena_text(arena, es_csv_value(cell, scratch)) : NULL;
}

static es_status add_csv_row(es_text_table *t, const es_csv_block *block, size_t r, es_arena *arena,
                             es_errors *errors) {
    const char **cell = grow_rows(t, arena) ? es_arena_array(arena, t->n_columns, sizeof *cell) : NULL;
    if (!cell)
        return es_fail_memory(errors);
    es_slice row = es_csv_block_row(block, r);
    for (size_t c = 0; c < t->n_columns; c++)
        if (!(cell[c] = decoded(arena, es_csv_block_cell(block, r, c))))
            return es_fail_memory(errors);
    t->cell[t->n_rows] = cell;
    t->origin[t->n_rows] = es_csv_block_origin(block, (size_t)(row.text - block->text));
    t->line[t->n_rows] = es_arena_text(arena, row);
    return t->line[t->n_rows++] ? ES_OK : es_fail_memory(errors);
}

static es_status read_csv_header(es_text_table *t, const es_csv_input *csv, es_arena *arena, es_errors *errors) {
    t->n_columns = es_csv_input_columns(csv);
    t->delimiter = es_csv_input_delimiter(csv);
    t->header = es_arena_text(arena, es_csv_input_header(csv));
    t->name = es_arena_array(arena, t->n_columns, sizeof *t->name);
    if (!t->header || !t->name)
        return es_fail_memory(errors);
    for (size_t c = 0; c < t->n_columns; c++)
        if (!(t->name[c] = es_arena_text(arena, es_csv_input_name(csv, c))))
            return es_fail_memory(errors);
    return ES_OK;
}

/* `input`: descriptor that "-" stands for; the reader closes it. */
static es_status read_csv(es_text_table *t, const char *path, int input, es_arena *arena, es_errors *errors) {
    const es_csv_input_options options = {.input = input};
    es_csv_input *csv = NULL;
    es_csv_block block = {0};
    bool more = true;
    es_status status = es_csv_input_open(&path, 1, &options, &csv, errors);
    if (!status)
        status = read_csv_header(t, csv, arena, errors);
    while (!status && more) {
        status = es_csv_input_next(csv, &block, &more, errors);
        for (size_t r = 0; !status && more && r < block.n_rows; r++)
            status = add_csv_row(t, &block, r, arena, errors);
        if (!status && more)
            status = es_csv_block_fail(&block, errors);
    }
    es_csv_block_free(&block);
    es_csv_input_close(csv);
    return status;
}

/* ---- Rows from other formats ---- */

/* A cell as CSV has it; one with a quote, a comma or a control character is quoted. */
static const char *csv_cell(es_arena *arena, const char *text) {
    if (!text || !strpbrk(text, "\",\r\n"))
        return text;
    char *to = es_arena_alloc(arena, 2 * strlen(text) + 3), *at = to;
    if (!to)
        return NULL;
    *at++ = '"';
    for (; *text; text++) {
        if (*text == '"')
            *at++ = '"';
        *at++ = *text;
    }
    *at = '"';
    return to;
}

static const char *csv_line(es_arena *arena, const char *const *cell, size_t n) {
    const char *line = "";
    for (size_t c = 0; c < n && line; c++) {
        const char *text = csv_cell(arena, cell[c]);
        line = text ? es_arena_printf(arena, "%s%s%s", line, c ? "," : "", text) : NULL;
    }
    return line;
}

static es_status set_header(es_text_table *t, const char **names, size_t n, es_arena *arena, es_errors *errors) {
    t->delimiter = ',';
    t->name = names;
    t->n_columns = n;
    t->header = csv_line(arena, names, n);
    return t->header ? ES_OK : es_fail_memory(errors);
}

static es_status add_row(es_text_table *t, const char **cell, es_origin at, es_arena *arena, es_errors *errors) {
    if (!grow_rows(t, arena))
        return es_fail_memory(errors);
    t->cell[t->n_rows] = cell;
    t->origin[t->n_rows] = at;
    t->line[t->n_rows] = csv_line(arena, cell, t->n_columns);
    return t->line[t->n_rows++] ? ES_OK : es_fail_memory(errors);
}

/* ---- JSON ---- */

static bool is_scalar(const json_t *value) { return !json_is_object(value) && !json_is_array(value); }

static const char *scalar_text(es_arena *arena, const json_t *value) {
    switch (json_typeof(value)) {
    case JSON_STRING: return es_arena_text(arena, (es_slice){json_string_value(value), json_string_length(value)});
    case JSON_INTEGER: return es_arena_printf(arena, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
    case JSON_REAL: return es_arena_printf(arena, "%.17g", json_real_value(value));
    case JSON_TRUE: return "1";
    case JSON_FALSE: return "0";
    default: return "";
    }
}

/* The columns are the plain members of the first object. */
static es_status read_json_header(es_text_table *t, json_t *object, es_arena *arena, es_errors *errors) {
    const char *key;
    json_t *value;
    size_t n = 0;
    const char **name = es_arena_array(arena, json_object_size(object) + 1, sizeof *name);
    if (!name)
        return es_fail_memory(errors);
    json_object_foreach(object, key, value) {
        if (is_scalar(value) && !(name[n++] = es_arena_text(arena, es_slice_of(key))))
            return es_fail_memory(errors);
    }
    return set_header(t, name, n, arena, errors);
}

static es_status add_json_row(es_text_table *t, json_t *object, es_origin at, es_arena *arena, es_errors *errors) {
    if (!json_is_object(object))
        return es_fail(errors, ES_ERUNTIME, &at, "not a JSON object");
    es_status status = t->name ? ES_OK : read_json_header(t, object, arena, errors);
    if (status)
        return status;
    const char **cell = es_arena_array(arena, t->n_columns + 1, sizeof *cell);
    if (!cell)
        return es_fail_memory(errors);
    for (size_t c = 0; c < t->n_columns; c++) {
        json_t *value = json_object_get(object, t->name[c]);
        cell[c] = value && is_scalar(value) ? scalar_text(arena, value) : "";
        if (!cell[c])
            return es_fail_memory(errors);
    }
    return add_row(t, cell, at, arena, errors);
}

static es_status add_json(es_text_table *t, json_t *value, es_origin at, es_arena *arena, es_errors *errors) {
    if (!json_is_array(value))
        return add_json_row(t, value, at, arena, errors);
    es_status status = ES_OK;
    for (size_t i = 0; i < json_array_size(value) && !status; i++)
        status = add_json_row(t, json_array_get(value, i), at, arena, errors);
    return status;
}

/* Objects one after another, usually one a line, or one array of them. */
static es_status read_json(es_text_table *t, FILE *file, const char *path, es_arena *arena, es_errors *errors) {
    es_status status = ES_OK;
    uint64_t line = 1;
    for (int next; !status;) {
        while ((next = getc(file)) == '\n' || next == ' ' || next == '\r' || next == '\t')
            line += next == '\n';
        if (next == EOF)
            break;
        ungetc(next, file);
        json_error_t fault;
        json_t *value = es_json_read_stream(file, JSON_DISABLE_EOF_CHECK, &fault);
        es_origin at = {path, value ? line : line + (uint64_t)(fault.line > 0 ? fault.line - 1 : 0), 0};
        status = value ? add_json(t, value, at, arena, errors)
                       : es_fail(errors, ES_ERUNTIME, &at, "%s", es_quote_text(fault.text).text);
        json_decref(value);
    }
    if (!status && ferror(file))
        status = es_fail_errno(errors, "cannot read", path);
    return status;
}

/* ---- Markdown: tables of llama-bench ---- */

/* Cells of "| a | b |"; their number, 0 for other lines. */
static size_t split_markdown(char *line, const char **cell, size_t room) {
    size_t n = 0;
    char *at = line + strspn(line, " \t");
    if (*at++ != '|')
        return 0;
    for (char *end; n < room && (end = strchr(at, '|')); at = end + 1) {
        es_slice text = es_slice_trim((es_slice){at, (size_t)(end - at)});
        cell[n++] = text.text;
        ((char *)text.text)[text.length] = '\0'; /* at most the bar itself */
    }
    return n;
}

static bool is_rule(const char *const *cell, size_t n) {
    for (size_t c = 0; c < n; c++)
        if (!*cell[c] || cell[c][strspn(cell[c], "-:")])
            return false;
    return n > 0;
}

static bool is_header(const es_text_table *t, const char *const *cell) {
    for (size_t c = 0; c < t->n_columns; c++)
        if (strcmp(t->name[c], cell[c]) != 0)
            return false;
    return true;
}

static es_status add_markdown(es_text_table *t, char *line, es_origin at, es_arena *arena, es_errors *errors) {
    const char *found[MOST_CELLS];
    const size_t n = split_markdown(line, found, MOST_CELLS);
    if (n == 0 || is_rule(found, n) || (t->name && n == t->n_columns && is_header(t, found)))
        return ES_OK;
    const char **cell = es_arena_array(arena, n, sizeof *cell);
    for (size_t c = 0; cell && c < n; c++)
        if (!(cell[c] = es_arena_text(arena, es_slice_of(found[c]))))
            return es_fail_memory(errors);
    if (!cell)
        return es_fail_memory(errors);
    if (!t->name)
        return set_header(t, cell, n, arena, errors);
    if (n != t->n_columns)
        return es_fail(errors, ES_ERUNTIME, &at, "%zu cells; expected %zu, as in the first line of the table", n,
                       t->n_columns);
    return add_row(t, cell, at, arena, errors);
}

/* ---- SQL: INSERT statements of llama-bench ---- */

/* A value or name at `from`, unquoted into *room, which goes on behind it; returns what follows. */
static const char *sql_item(const char *from, char **room) {
    const bool quoted = *from == '\'';
    for (from += quoted; *from; from++) {
        if (quoted && *from == '\'' && *++from != '\'')
            break;
        if (!quoted && strchr(",) \t\r\n", *from))
            break;
        *(*room)++ = *from;
    }
    *(*room)++ = '\0';
    return from + strspn(from, " \t\r\n");
}

/* The list "(a, b, 'it''s')" at *at; its length, 0 when there is none. */
static size_t split_sql(const char **at, const char **item, char **room) {
    const char *from = *at + strspn(*at, " \t\r\n");
    size_t n = 0;
    if (*from != '(')
        return 0;
    do {
        from += 1 + strspn(from + 1, " \t\r\n");
        if (n == MOST_CELLS)
            return 0;
        item[n++] = *room;
        from = sql_item(from, room);
    } while (*from == ',');
    *at = from + (*from == ')');
    return *from == ')' ? n : 0;
}

static es_status add_sql(es_text_table *t, char *line, es_origin at, es_arena *arena, es_errors *errors) {
    static const char insert[] = "INSERT INTO", values[] = "VALUES";
    const char *from = line + strspn(line, " \t");
    if (strncasecmp(from, insert, sizeof insert - 1) != 0)
        return ES_OK;
    const char **name = es_arena_array(arena, MOST_CELLS, sizeof *name);
    const char **item = es_arena_array(arena, MOST_CELLS, sizeof *item);
    char *room = es_arena_alloc(arena, strlen(line) + 3); /* a separator behind each item, where its end goes */
    if (!name || !item || !room)
        return es_fail_memory(errors);
    from += strcspn(from, "(");
    const size_t n = split_sql(&from, name, &room);
    from += strspn(from, " \t");
    const bool has_values = strncasecmp(from, values, sizeof values - 1) == 0;
    from += has_values ? sizeof values - 1 : 0;
    if (!n || !has_values || split_sql(&from, item, &room) != n)
        return es_fail(errors, ES_ERUNTIME, &at, "not an INSERT of llama-bench: expected (columns) VALUES (values)");
    es_status status = t->name ? ES_OK : set_header(t, name, n, arena, errors);
    if (!status && (n != t->n_columns || !is_header(t, name)))
        return es_fail(errors, ES_ERUNTIME, &at, "other columns than in the first INSERT");
    return status ? status : add_row(t, item, at, arena, errors);
}

/* ---- Lines ---- */

typedef es_status add_line(es_text_table *t, char *line, es_origin at, es_arena *arena, es_errors *errors);

static es_status read_lines(es_text_table *t, add_line *add, FILE *file, const char *path, es_arena *arena,
                            es_errors *errors) {
    char *line = NULL;
    size_t room = 0;
    es_origin at = {path, 0, 0};
    es_status status = ES_OK;
    while (!status && getline(&line, &room, file) >= 0) {
        at.line++;
        status = add(t, line, at, arena, errors);
    }
    free(line);
    return !status && ferror(file) ? es_fail_errno(errors, "cannot read", path) : status;
}

/* ---- Files ---- */

static es_status too_large(const char *path, es_errors *errors) {
    return es_fail(errors, ES_ERUNTIME, NULL, "more than %d MiB of measurements: '%s'", ES_MEASURED_MAX_BYTES >> 20,
                   es_quote_text(path).text);
}

static es_status copy_all(FILE *from, FILE *to, const char *path, es_errors *errors) {
    es_status status = ES_OK;
    char block[1 << 15];
    size_t copied = 0;
    for (size_t n; !status && (n = fread(block, 1, sizeof block, from)) > 0; copied += n)
        if (copied > ES_MEASURED_MAX_BYTES)
            status = too_large(path, errors);
        else if (fwrite(block, 1, n, to) != n)
            status = es_fail_errno(errors, "cannot copy", path);
    if (!status && (ferror(from) || fflush(to)))
        status = es_fail_errno(errors, "cannot read", path);
    return status;
}

/* What can be read twice: the file itself, or a copy of a pipe. */
static es_status open_twice(const char *path, FILE **file, es_errors *errors) {
    const bool is_stdin = strcmp(path, "-") == 0;
    struct stat info;
    *file = is_stdin ? stdin : fopen(path, "re");
    if (!*file)
        return es_fail_errno(errors, "cannot open", path);
    if (!is_stdin && fstat(fileno(*file), &info) == 0 && S_ISREG(info.st_mode))
        return info.st_size > ES_MEASURED_MAX_BYTES ? too_large(path, errors) : ES_OK;
    FILE *copy = tmpfile();
    es_status status =
        copy ? copy_all(*file, copy, path, errors) : es_fail_errno(errors, "cannot make a temporary file for", path);
    if (copy)
        rewind(copy);
    if (!is_stdin)
        fclose(*file);
    *file = copy;
    return status;
}

typedef enum format { CSV, JSON, MARKDOWN, SQL } format;

static format format_of(FILE *file) {
    char start[8] = "";
    int first = getc(file);
    while (first == ' ' || first == '\n' || first == '\r' || first == '\t')
        first = getc(file);
    start[0] = first == EOF ? '\0' : (char)first;
    const size_t n = 1 + (first == EOF ? 0 : fread(start + 1, 1, 6, file));
    rewind(file);
    start[n] = '\0';
    if (*start == '{' || *start == '[')
        return JSON;
    if (*start == '|')
        return MARKDOWN;
    return strcasecmp(start, "CREATE ") == 0 || strcasecmp(start, "INSERT ") == 0 ? SQL : CSV;
}

static es_status read_copy(es_text_table *t, FILE *file, es_arena *arena, es_errors *errors) {
    const int input = dup(fileno(file));
    if (input < 0 || lseek(input, 0, SEEK_SET) < 0) {
        if (input >= 0)
            close(input);
        return es_fail_errno(errors, "cannot read", "<stdin>");
    }
    return read_csv(t, "-", input, arena, errors);
}

es_status es_text_table_read(es_text_table *table, const char *path, es_arena *arena, es_errors *errors) {
    const char *name = strcmp(path, "-") == 0 ? "<stdin>" : path;
    FILE *file = NULL;
    struct stat info;
    *table = (es_text_table){0};
    es_status status = open_twice(path, &file, errors);
    if (!status)
        switch (format_of(file)) {
        case JSON: status = read_json(table, file, name, arena, errors); break;
        case MARKDOWN: status = read_lines(table, add_markdown, file, name, arena, errors); break;
        case SQL: status = read_lines(table, add_sql, file, name, arena, errors); break;
        default:
            status = strcmp(path, "-") && stat(path, &info) == 0 && S_ISREG(info.st_mode)
                         ? read_csv(table, path, 0, arena, errors)
                         : read_copy(table, file, arena, errors);
        }
    if (file)
        fclose(file);
    return status;
}
