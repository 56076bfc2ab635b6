#include "catalog/load.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "base/text.h"
#include "base/utf8.h"
#include "catalog/csv_rows.h"
#include "catalog/layers.h"
#include "catalog/table.h"

enum { MAX_FIELDS = 96, NO_FIELD = -1 };
_Static_assert((int)ES_M_FIELDS <= (int)MAX_FIELDS && (int)ES_D_FIELDS <= (int)MAX_FIELDS, "raise MAX_FIELDS");

typedef struct loader {
    es_kind kind;
    const es_field *fields;
    size_t n_fields;
    es_table *table;
    const es_table *older;
    es_arena *arena;
    es_errors *errors;
    size_t n_faults, n_header_faults;
    es_csv_reader csv;
    size_t n_columns;
    int column_field[ES_CSV_MAX_CELLS]; /* of a column: a field, or NO_FIELD */
    int field_column[MAX_FIELDS];       /* of a field: its column, or -1 */
    size_t name_column;                 /* where messages about a row's key point to */
    int aliases;                        /* the field, or -1 */
    bool was_checked;                   /* when the program was built */
} loader;

#define FAIL(loader, at, ...) ((loader)->n_faults++, (void)es_fail((loader)->errors, ES_EUSAGE, at, __VA_ARGS__))

enum { MOST_LISTED = 700 }; /* bytes of names that a message lists beside a suggestion */

/* `what: 'token'; expected one of a, b; did you mean 'a'?`, without a list that is too long where there is a suggestion */
static void fail_unknown(loader *l, const es_origin *at, const char *what, es_slice token, const char *const *names,
                         size_t n) {
    char list[ES_TEXT_MAX] = "";
    size_t used = 0;
    for (size_t i = 0; i < n && used < sizeof list; i++)
        used += (size_t)snprintf(list + used, sizeof list - used, "%s%s", i > 0 ? ", " : "", names[i]);
    const char *near = es_nearest(token, names, n);
    const bool listed = !near || used < MOST_LISTED;
    FAIL(l, at, "%s: '%s'%s%s%s%s%s", what, es_quote(token).text, listed ? "; expected one of " : "",
         listed ? list : "", near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
}

/* Header */

static void fail_unknown_column(loader *l, const es_origin *at, es_slice name) {
    const char *names[MAX_FIELDS];
    for (size_t i = 0; i < l->n_fields; i++)
        names[i] = l->fields[i].name;
    fail_unknown(l, at, "unknown column", name, names, l->n_fields);
}

static int resolve_column(loader *l, size_t column, es_slice name) {
    int field = es_field_find(l->kind, name.text, name.length);
    if (field < 0 && name.length >= 2 && memcmp(name.text, "x_", 2) == 0)
        return NO_FIELD;
    es_origin at = es_csv_cell_origin(&l->csv, column);
    if (name.length == 0) {
        FAIL(l, &at, "column without a name");
    } else if (field < 0) {
        fail_unknown_column(l, &at, name);
    } else if (l->field_column[field] >= 0) {
        FAIL(l, &at, "duplicate column: '%s'; first used in column %llu", l->fields[field].name,
             (unsigned long long)es_csv_cell_origin(&l->csv, (size_t)l->field_column[field]).column);
    } else {
        l->field_column[field] = (int)column;
        return field;
    }
    return NO_FIELD;
}

static void read_header(loader *l, const es_csv_row *row) {
    for (size_t i = 0; i < l->n_fields; i++)
        l->field_column[i] = -1;
    l->n_columns = row->n_cells;
    for (size_t i = 0; i < row->n_cells; i++)
        l->column_field[i] = resolve_column(l, i, es_slice_trim(row->cells[i]));
    es_origin end = es_csv_cell_origin(&l->csv, row->n_cells);
    for (size_t i = 0; i < l->n_fields; i++)
        if (l->fields[i].flags & (ES_REQUIRED | ES_COLUMN) && l->field_column[i] < 0 &&
            !(l->kind == ES_DEVICE && i == ES_D_PEAK_FP32 && l->field_column[ES_D_UNITS] >= 0)) /* units give peaks */
            FAIL(l, &end, "missing column: '%s'; expected in the header (%s)", l->fields[i].name, l->fields[i].help);
    int column = l->field_column[es_key_fields(l->kind)[0]];
    l->name_column = column < 0 ? 0 : (size_t)column;
}

/* Cells */

static void fail_value(loader *l, size_t column, const es_field *field, const char *fault, es_slice cell) {
    char expected[160];
    es_field_expects(field, expected, sizeof expected);
    es_origin at = es_csv_cell_origin(&l->csv, column);
    FAIL(l, &at, "%s: %s: '%s'; expected %s", field->name, fault, es_quote(cell).text, expected);
}

static void read_number(loader *l, size_t column, const es_field *field, es_slice cell, double *value) {
    double number = 0;
    es_number_fault fault = es_parse_double(cell, &number);
    if (fault != ES_NUMBER_OK) {
        fail_value(l, column, field, es_number_fault_text(fault), cell);
    } else if (!es_field_accepts(field, number)) {
        es_field real = *field;
        real.type = ES_REAL;
        fail_value(l, column, field, es_field_accepts(&real, number) ? "not a whole number" : "out of range", cell);
    } else {
        *value = number + 0.0; /* -0 becomes 0 */
    }
}

static void read_choice(loader *l, size_t column, const es_field *field, es_slice cell, double *value) {
    size_t n = 0;
    for (; field->choices[n]; n++) {
        if (es_slice_equal_fold(cell, field->choices[n])) {
            *value = (double)n;
            return;
        }
    }
    if (field->type == ES_OPENSET) {
        *value = 0;
        return;
    }
    char what[64];
    snprintf(what, sizeof what, "unknown %s", field->name);
    es_origin at = es_csv_cell_origin(&l->csv, column);
    fail_unknown(l, &at, what, cell, field->choices, n);
}

/* Remarks may hold anything; what is printed, matched or parsed later may not hold control characters. */
static void check_text(loader *l, size_t column, const es_field *field, es_slice cell) {
    for (size_t at = 0; at < cell.length;) {
        size_t n = es_utf8_printable(cell.text + at, cell.length - at);
        if (n == 0) {
            es_origin place = es_csv_cell_origin(&l->csv, column);
            FAIL(l, &place, "%s: control character: '%s'; expected printable text", field->name, es_quote(cell).text);
            return;
        }
        at += n;
    }
}

static void read_cell(loader *l, size_t column, const es_field *field, es_slice cell, double *value) {
    if (cell.length == 0) {
        if (field->flags & ES_REQUIRED)
            fail_value(l, column, field, "empty cell", cell);
        return;
    }
    switch (field->type) {
    case ES_COUNT:
    case ES_REAL:
    case ES_FLAG: read_number(l, column, field, cell, value); break;
    case ES_CHOICE: read_choice(l, column, field, cell, value); break;
    case ES_NOTED:
        if (es_parse_double(cell, value) != ES_NUMBER_OK)
            *value = field->fallback;
        if (!l->was_checked)
            check_text(l, column, field, cell);
        break;
    case ES_OPENSET: read_choice(l, column, field, cell, value); /* fall through */
    case ES_TEXT:
        if (!(field->flags & ES_REMARK) && !l->was_checked)
            check_text(l, column, field, cell);
        break;
    }
}

/* Rows */

/* Copies the cells in one piece, without blanks around them; the texts of the row point into it. */
static bool store_row(loader *l, const es_csv_row *source, es_row *row) {
    size_t bytes = 0;
    for (size_t i = 0; i < source->n_cells; i++)
        if (l->column_field[i] != NO_FIELD)
            bytes += source->cells[i].length + 1;
    row->value = es_arena_array(l->arena, l->n_fields, sizeof *row->value);
    row->text = es_arena_array(l->arena, l->n_fields, sizeof *row->text);
    char *text = es_arena_alloc(l->arena, bytes);
    if (!row->value || !row->text || !text)
        return false;
    for (size_t i = 0; i < l->n_fields; i++) {
        row->value[i] = l->fields[i].fallback;
        row->text[i] = "";
    }
    for (size_t i = 0; i < source->n_cells; i++) {
        if (l->column_field[i] == NO_FIELD)
            continue;
        es_slice cell = es_slice_trim(source->cells[i]);
        memcpy(text, cell.text, cell.length);
        row->text[l->column_field[i]] = text; /* the arena is zeroed: terminated */
        text += cell.length + 1;
    }
    bool has_name = es_key_fields(l->kind)[1] < 0;
    row->name = has_name ? row->text[es_key_fields(l->kind)[0]] : "";
    return true;
}

static size_t count_separators(const char *text) {
    size_t n = 0;
    for (; *text; text++)
        n += *text == ';';
    return n;
}

/* Splits at `;` into the row's alias list; false when out of memory. */
static bool read_aliases(loader *l, es_row *row) {
    const int field = l->aliases;
    static const char *const none[] = {NULL};
    row->aliases = none;
    if (field < 0 || row->text[field][0] == '\0')
        return true;
    es_slice rest = es_slice_of(row->text[field]);
    const char **aliases = es_arena_array(l->arena, count_separators(rest.text) + 2, sizeof *aliases);
    if (!aliases)
        return false;
    row->aliases = aliases;
    for (bool more = true; more;) {
        const char *end = memchr(rest.text, ';', rest.length);
        more = end != NULL;
        es_slice alias = es_slice_trim((es_slice){rest.text, more ? (size_t)(end - rest.text) : rest.length});
        if (alias.length == 0) {
            es_origin at = es_csv_cell_origin(&l->csv, (size_t)l->field_column[field]);
            FAIL(l, &at, "empty alias: '%s'; expected names separated by ;", es_quote_text(row->text[field]).text);
        } else if (!(*aliases++ = es_arena_text(l->arena, alias))) {
            return false;
        }
        if (more) {
            rest.length -= (size_t)(end + 1 - rest.text);
            rest.text = end + 1;
        }
    }
    return true;
}

static void fail_duplicate(loader *l, size_t column, const char *what, const char *token, const es_row *first) {
    es_origin at = es_csv_cell_origin(&l->csv, column);
    FAIL(l, &at, "duplicate %s: '%s'; first used on line %llu", what, es_quote_text(token).text,
         (unsigned long long)first->origin.line);
}

/* Names and aliases are unique together; an alias must not hide the name of an older row either. */
static void check_alias(loader *l, const es_row *row, size_t index, size_t column) {
    const char *alias = row->aliases[index];
    const es_row *first = es_table_find(l->table, alias, strlen(alias));
    bool own = es_equal_fold(alias, row->name);
    for (size_t i = 0; !own && i < index; i++)
        own = es_equal_fold(alias, row->aliases[i]);
    if (first || own)
        fail_duplicate(l, column, "alias", alias, first ? first : row);
    const es_row *old = l->older ? es_table_find(l->older, alias, strlen(alias)) : NULL;
    if (old && es_equal_fold(old->name, alias) && !own) {
        es_origin at = es_csv_cell_origin(&l->csv, column);
        FAIL(l, &at, "alias is the name of another row: '%s'; expected a new one (%s:%llu has that name)",
             es_quote_text(alias).text, old->origin.file, (unsigned long long)old->origin.line);
    }
}

static void check_names(loader *l, const es_row *row) {
    const es_row *first = es_table_find(l->table, row->name, strlen(row->name));
    if (first)
        fail_duplicate(l, l->name_column, "name", row->name, first);
    if (!row->aliases[0])
        return;
    size_t column = (size_t)l->field_column[l->aliases];
    check_text(l, column, &l->fields[l->aliases], es_slice_of(row->text[l->aliases]));
    for (size_t i = 0; row->aliases[i]; i++)
        check_alias(l, row, i, column);
}

static void check_key(loader *l, const es_row *row) {
    const es_row *first = es_table_find_key(l->table, row);
    if (!first)
        return;
    char key[256];
    size_t used = 0;
    for (const int *field = es_key_fields(l->kind); *field >= 0 && used < sizeof key; field++)
        used += (size_t)snprintf(key + used, sizeof key - used, "%s%s", used > 0 ? ", " : "", row->text[*field]);
    fail_duplicate(l, l->name_column, "row", key, first);
}

/* Whether the row can be compared with others; what is missing has its own message. */
static bool has_key(const loader *l, const es_row *row) {
    for (const int *field = es_key_fields(l->kind); *field >= 0; field++)
        if (l->fields[*field].flags & ES_REQUIRED && row->text[*field][0] == '\0')
            return false;
    return true;
}

static void check_experts(loader *l, const es_row *row) {
    if (!(row->value[ES_M_N_ACTIVE] > row->value[ES_M_N_EXPERTS]))
        return;
    es_origin at = es_csv_cell_origin(&l->csv, (size_t)l->field_column[ES_M_N_ACTIVE]);
    FAIL(l, &at, "more active experts than experts: '%s'; expected at most %.9g",
         es_quote_text(row->text[ES_M_N_ACTIVE]).text, row->value[ES_M_N_EXPERTS]);
}

/* The pattern by itself; whether layers.csv has its kinds is seen when all tables are there. */
static bool check_pattern(loader *l, es_row *row) {
    static const int replaced[] = {ES_M_GLOBAL_EVERY, ES_M_FIRST_DENSE, ES_M_CONV_LAYERS};
    const char *text = row->text[ES_M_LAYER_PATTERN];
    if (*text == '\0')
        return true;
    es_pattern pattern;
    es_origin at = es_csv_cell_origin(&l->csv, (size_t)l->field_column[ES_M_LAYER_PATTERN]);
    row->pattern_column = at.column;
    if (!es_pattern_expand(text, l->arena, &pattern))
        return false;
    if (pattern.expected != NULL) {
        at.column += pattern.fault;
        FAIL(l, &at, "layer_pattern: '%s'; expected %s", es_quote_text(text + pattern.fault).text, pattern.expected);
    } else if ((double)pattern.n != row->value[ES_M_LAYERS]) {
        FAIL(l, &at, "layer_pattern: %zu layers: '%s'; expected %.0f, as in layers", pattern.n,
             es_quote_text(text).text, row->value[ES_M_LAYERS]);
    }
    for (size_t i = 0; i < sizeof replaced / sizeof *replaced; i++)
        if (row->value[replaced[i]] > 0) {
            es_origin cell = es_csv_cell_origin(&l->csv, (size_t)l->field_column[replaced[i]]);
            FAIL(l, &cell, "%s: '%s'; expected 0 or nothing beside layer_pattern", l->fields[replaced[i]].name,
                 es_quote_text(row->text[replaced[i]]).text);
        }
    return true;
}

static void fail_layer(loader *l, const es_row *row, int field, const char *what) {
    const int column = l->field_column[field];
    es_origin at = es_csv_cell_origin(&l->csv, column < 0 ? l->name_column : (size_t)column);
    FAIL(l, &at, "%s: %s: '%s'; expected %s", l->fields[field].name, what, es_quote_text(row->text[field]).text,
         l->fields[field].help);
}

/* Words of layers.csv that are no plain choices. */
static void check_layer(loader *l, const es_row *row) {
    double ranks[4];
    const int mixers = es_mixers_of(row->text[ES_L_MIXER]), n = es_ranks_of(row->text[ES_L_RANKS], ranks, 4);
    if (mixers < 0)
        fail_layer(l, row, ES_L_MIXER, "unknown mixer");
    if (es_ffn_of(row->text[ES_L_FFN]) < 0)
        fail_layer(l, row, ES_L_FFN, "unknown feed-forward kind");
    if (n < 0 || (mixers > 0 && ((mixers & ES_MIXER_RWKV7 && n != 4) || (mixers & ES_MIXER_MAMBA1 && n != 1))))
        fail_layer(l, row, ES_L_RANKS, "ranks that the mixer does not have");
}

static bool wrong_cell_count(loader *l, const es_csv_row *source) {
    if (source->n_cells == l->n_columns)
        return false;
    es_origin at = es_csv_cell_origin(&l->csv, source->n_cells > l->n_columns ? l->n_columns : source->n_cells);
    FAIL(l, &at, "wrong number of cells: '%zu'; expected %zu, as in the header", source->n_cells, l->n_columns);
    return true;
}

static void read_cells(loader *l, const es_csv_row *source, es_row *row) {
    for (size_t i = 0; i < source->n_cells; i++) {
        int field = l->column_field[i];
        if (field != NO_FIELD)
            read_cell(l, i, &l->fields[field], es_slice_of(row->text[field]), &row->value[field]);
    }
}

/* Reads and checks one row; false when out of memory.  Rows with faults stay for the sake of the checks to come. */
static bool read_row(loader *l, const es_csv_row *source) {
    if (wrong_cell_count(l, source))
        return true;
    size_t faults_before = l->n_faults;
    es_row row = {.origin = {l->csv.file, source->line, 1}};
    if (!store_row(l, source, &row) || !read_aliases(l, &row))
        return false;
    read_cells(l, source, &row);
    if (l->kind == ES_MODEL && l->n_faults == faults_before && l->n_header_faults == 0)
        check_experts(l, &row);
    if (l->kind == ES_MODEL && l->n_faults == faults_before && l->n_header_faults == 0 && !check_pattern(l, &row))
        return false;
    if (l->kind == ES_LAYER && l->n_faults == faults_before && l->n_header_faults == 0)
        check_layer(l, &row);
    if (!has_key(l, &row))
        return true;
    if (l->aliases >= 0)
        check_names(l, &row);
    else
        check_key(l, &row);
    return es_table_append(l->table, &row);
}

static es_status read_rows(loader *l) {
    const es_csv_row *row = es_csv_next(&l->csv);
    bool any = false;
    if (row) {
        read_header(l, row);
        l->n_header_faults = l->n_faults;
        while ((row = es_csv_next(&l->csv)) != NULL) {
            any = true;
            if (!read_row(l, row))
                return es_fail_memory(l->errors);
        }
    }
    if (l->csv.status != ES_OK)
        return l->csv.status;
    if (!any)
        FAIL(l, (&(es_origin){l->csv.file, 1, 0}), "no rows; expected a header and at least one row of %s",
             es_fields(l->kind)->name);
    return l->n_faults > 0 ? ES_EUSAGE : ES_OK;
}

static loader loader_of(es_table *table, es_arena *arena, es_errors *errors) {
    const es_field_table *fields = es_fields(table->kind);
    return (loader){.kind = table->kind,
                    .fields = fields->fields,
                    .n_fields = fields->n_fields,
                    .table = table,
                    .arena = arena,
                    .errors = errors,
                    .aliases = es_field_find(table->kind, "aliases", 7)};
}

es_status es_table_load(es_table *table, const char *file, const char *text, size_t size, const es_table *older,
                        es_arena *arena, es_errors *errors) {
    loader l = loader_of(table, arena, errors);
    l.older = older;
    es_status status = es_csv_open(&l.csv, file, text, size, errors);
    if (status == ES_OK)
        status = read_rows(&l);
    es_csv_close(&l.csv);
    return status;
}

static uint64_t count_of(es_slice digits) {
    uint64_t count = 0;
    for (size_t i = 0; i < digits.length; i++)
        count = count * 10 + (uint64_t)(digits.text[i] - '0');
    return count;
}

/* Most numbers of catalogs are short and whole. */
static bool read_whole(es_slice cell, double *value) {
    uint64_t whole = 0;
    if (cell.length > 15) /* below 2^53 */
        return false;
    for (size_t i = 0; i < cell.length; i++) {
        if (cell.text[i] < '0' || cell.text[i] > '9')
            return false;
        whole = whole * 10 + (uint64_t)(cell.text[i] - '0');
    }
    *value = (double)whole;
    return true;
}

/* The cell that starts at *at, which moves on to the next. */
static es_slice take_cell(const char **at) {
    const es_slice cell = {*at, strlen(*at)};
    *at += cell.length + 1;
    return cell;
}

es_status es_table_load_cells(es_table *table, const char *file, const char *cells, size_t size, es_arena *arena,
                              es_errors *errors) {
    loader l = loader_of(table, arena, errors);
    l.csv.file = file;
    l.was_checked = true;
    const char *at = cells, *const end = cells + size;
    es_slice header[2 * MAX_FIELDS];
    const size_t n = count_of(take_cell(&at)), n_rows = count_of(take_cell(&at));
    take_cell(&at); /* the header's line */
    for (size_t i = 0; i < n; i++)
        header[i] = take_cell(&at);
    read_header(&l, &(es_csv_row){.n_cells = n, .cells = header});

    const int *const key = es_key_fields(l.kind);
    es_row blank = {.value = es_arena_array(arena, l.n_fields, sizeof *blank.value),
                    .text = es_arena_array(arena, l.n_fields, sizeof *blank.text)};
    if (!blank.value || !blank.text)
        return es_fail_memory(errors);
    for (size_t i = 0; i < l.n_fields; i++) {
        blank.value[i] = l.fields[i].fallback;
        blank.text[i] = "";
    }
    es_row row = {.value = es_arena_array(arena, n_rows * l.n_fields, sizeof *row.value + sizeof *row.text)};
    if (!row.value)
        return es_fail_memory(errors);
    for (row.text = (const char **)(row.value + n_rows * l.n_fields); at < end;
         row.value += l.n_fields, row.text += l.n_fields) {
        memcpy(row.value, blank.value, l.n_fields * sizeof *row.value);
        memcpy(row.text, blank.text, l.n_fields * sizeof *row.text);
        row.origin = (es_origin){file, count_of(take_cell(&at)), 1};
        for (size_t i = 0; i < n; i++) {
            const int field = l.column_field[i];
            const es_slice cell = *at == '\0' ? (es_slice){at++, 0} : take_cell(&at);
            if (cell.length == 0 || field == NO_FIELD)
                continue;
            row.text[field] = cell.text;
            if (!es_field_is_numeric(&l.fields[field]) || !read_whole(cell, &row.value[field]))
                read_cell(&l, i, &l.fields[field], cell, &row.value[field]);
        }
        row.name = key[1] < 0 ? row.text[key[0]] : "";
        if (!read_aliases(&l, &row) || !es_table_push(table, &row))
            return es_fail_memory(errors);
    }
    if (l.n_faults > 0)
        return ES_EUSAGE;
    return es_table_index_names(table) ? ES_OK : es_fail_memory(errors);
}
