#include "grid/select.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "catalog/loose.h"
#include "grid/spec.h"
#include "model/runtime.h"

enum { NAMES_SHOWN = 4, REASONS = 8 };

typedef struct selector {
    const es_kernel *kernel;
    const es_catalog *catalog;
    const es_table *table;
    const bool *overridden;
    bool any_device;
    es_errors *errors;
    bool *taken;       /* per catalog row */
    es_origin **named; /* per catalog row: place of its name or an alias; NULL: none */
    bool *excluded;    /* per catalog row */
    size_t *picked;    /* catalog rows in list order */
    size_t n_picked, n_skipped;
    es_arena *arena;
    struct {
        const char *reason;
        const es_row *row[NAMES_SHOWN];
        size_t n;
    } skipped[REASONS];
} selector;

static const char *kind_word(const es_table *table) {
    switch (table->kind) {
    case ES_MODEL: return "model";
    case ES_DEVICE: return "device";
    default: return "precision";
    }
}

static bool has_runtime(const es_catalog *catalog, const es_row *unit) {
    const es_table *runtimes = &catalog->table[ES_RUNTIME];
    const es_row *neutral = es_default_runtime(catalog);
    for (size_t i = 0; i < runtimes->n_rows; i++)
        if ((&runtimes->rows[i] != neutral || runtimes->n_rows == 1) && es_runtime_serves(&runtimes->rows[i], unit))
            return true;
    return false;
}

/* Why the kernel cannot evaluate a row; NULL when it can. */
static const char *fault_of(const selector *s, const es_row *row) {
    const es_row *unit = s->table->kind == ES_DEVICE && s->kernel->has_runtime ? es_unit_of(s->catalog, row) : NULL;
    if (unit && !s->any_device && !has_runtime(s->catalog, unit))
        return unit->text[ES_U_KIND][0] ? "no runtime runs on it" : "neither unit nor class says what runs on it";
    for (size_t i = 0; i < s->kernel->n_nodes; i++) {
        const es_node *node = &s->kernel->nodes[i];
        if (node->kind != ES_NODE_FIELD || !(node->flags & ES_NEEDED) || node->entity != s->table->kind)
            continue;
        double value = unit ? es_device_field(row, unit, node->index) : row->value[node->index];
        if (!s->overridden[node->index] && isnan(value))
            return es_arena_printf(s->arena, "kernel %s needs %s", s->kernel->name,
                                   es_fields(s->table->kind)->fields[node->index].name);
    }
    return NULL;
}

/* The paper's idealised rows are for the paper's kernel: globs that do not spell the prefix out skip them.  Formats that
 * no file has are for those who name them. */
static bool hidden_from_glob(const selector *s, const es_row *row, es_slice pattern) {
    if (!s->kernel->has_runtime)
        return false;
    if (s->table->kind == ES_PRECISION && row->value[ES_P_HYPOTHETICAL] > 0)
        return true;
    bool paper = strncmp(row->name, "EP-", 3) == 0 || strncmp(row->name, "EP ", 3) == 0;
    return paper && !(pattern.length >= 2 && strncasecmp(pattern.text, "EP", 2) == 0);
}

static es_status unknown_name(const selector *s, const es_list_item *item, es_slice name) {
    char near[400];
    return es_fail(s->errors, ES_EUSAGE, &item->at, "unknown %s: '%s'; %s", kind_word(s->table), es_quote(name).text,
                   es_loose_suggest(s->table, s->table->kind, name, near, sizeof near));
}

/* A product by the device of its processor, with a warning of what it says otherwise. */
static const es_row *device_of_product(const selector *s, const es_list_item *item, es_slice name) {
    char differs[256];
    const es_table *products = &s->catalog->table[ES_PRODUCT];
    const es_row *product = s->table->kind == ES_DEVICE ? es_loose_row(products, ES_PRODUCT, name) : NULL;
    if (!product || !*product->text[ES_PR_DEVICE] || *product->text[ES_PR_DIFFERS])
        return NULL;
    const char *device = product->text[ES_PR_DEVICE];
    if (*es_loose_product_text(s->catalog, product, differs, sizeof differs))
        es_warn(s->errors, &item->at, "'%s' is computed as '%s'; what it has otherwise:%s", es_quote(name).text, device,
                differs);
    return es_table_find(s->table, device, strlen(device));
}

static es_status unknown_product(const selector *s, const es_list_item *item, es_slice name) {
    const es_row *product =
        s->table->kind == ES_DEVICE ? es_loose_row(&s->catalog->table[ES_PRODUCT], ES_PRODUCT, name) : NULL;
    char near[400];
    const es_row *row;
    size_t n;
    if (!product && s->table->kind == ES_DEVICE &&
        es_loose_find(s->table, ES_DEVICE, name, &row, 1, &n) == ES_LIKE_NOTHING &&
        es_loose_find(&s->catalog->table[ES_PRODUCT], ES_PRODUCT, name, &row, 1, &n) < ES_LIKE_NOTHING)
        return es_fail(s->errors, ES_EUSAGE, &item->at, "unknown device: '%s'; %s", es_quote(name).text,
                       es_loose_suggest(&s->catalog->table[ES_PRODUCT], ES_PRODUCT, name, near, sizeof near));
    if (!product)
        return unknown_name(s, item, name);
    const char *device = product->text[ES_PR_DEVICE];
    return es_fail(s->errors, ES_EUSAGE, &item->at, "unknown device: '%s' (%s)%s%s%s", es_quote(name).text,
                   product->text[ES_PR_DIFFERS], *device ? "; the nearest is '" : "", device, *device ? "'" : "");
}

static void pick(selector *s, size_t row) {
    if (s->taken[row])
        return;
    s->taken[row] = true;
    s->picked[s->n_picked++] = row;
}

static es_status pick_named(selector *s, const es_list_item *item, es_slice name) {
    const es_row *row = es_loose_row(s->table, s->table->kind, name);
    const es_slice format = s->table->kind == ES_MODEL ? es_loose_format(name) : (es_slice){name.text, 0};
    if (row && format.length > 0 && !es_slice_equal_fold(name, row->name))
        es_warn(s->errors, &item->at, "'%s' is read as a model; its format '%s' is an axis of its own, precision",
                es_quote(name).text, es_quote(format).text);
    if (!row)
        row = device_of_product(s, item, name);
    if (!row)
        return unknown_product(s, item, name);
    const char *fault = fault_of(s, row);
    if (fault)
        return es_fail(s->errors, ES_EUSAGE, &item->at, "%s cannot be evaluated: %s: '%s'", kind_word(s->table), fault,
                       es_quote(name).text);
    size_t index = (size_t)(row - s->table->rows);
    if (s->named[index])
        es_warn(s->errors, &item->at, "duplicate %s dropped: '%s'", kind_word(s->table), es_quote(name).text);
    s->named[index] = es_arena_alloc(s->arena, sizeof **s->named);
    if (!s->named[index])
        return es_fail_memory(s->errors);
    *s->named[index] = item->at;
    pick(s, index);
    return ES_OK;
}

static void note_skipped(selector *s, const es_row *row, const char *reason) {
    size_t i = 0;
    while (i + 1 < REASONS && s->skipped[i].reason && strcmp(s->skipped[i].reason, reason) != 0)
        i++;
    s->skipped[i].reason = reason;
    if (s->skipped[i].n < NAMES_SHOWN)
        s->skipped[i].row[s->skipped[i].n] = row;
    s->skipped[i].n++;
    s->n_skipped++;
}

static es_status pick_glob(selector *s, const es_list_item *item, es_slice pattern) {
    size_t matched = 0;
    for (size_t i = 0; i < s->table->n_rows; i++) {
        const es_row *row = &s->table->rows[i];
        if (!es_glob_match(pattern, row->name) || hidden_from_glob(s, row, pattern))
            continue;
        matched++;
        const char *fault = fault_of(s, row);
        if (fault)
            note_skipped(s, row, fault);
        else
            pick(s, i);
    }
    if (matched)
        return ES_OK;
    return es_fail(s->errors, ES_EUSAGE, &item->at, "no %s matches: '%s'; see 'edgesweep list %s'", kind_word(s->table),
                   es_quote(pattern).text, es_fields(s->table->kind)->name);
}

static es_status exclude(selector *s, const es_list_item *item, es_slice pattern) {
    size_t matched = 0;
    for (size_t i = 0; i < s->table->n_rows; i++) {
        if (!es_glob_match(pattern, s->table->rows[i].name))
            continue;
        s->excluded[i] = true;
        matched++;
    }
    const es_row *row = matched ? NULL : es_loose_row(s->table, s->table->kind, pattern);
    if (row)
        s->excluded[row - s->table->rows] = true;
    if (matched || row)
        return ES_OK;
    if (!es_is_glob(pattern))
        return unknown_name(s, item, pattern);
    es_warn(s->errors, &item->at, "the exclusion matches no %s: '!%s'", kind_word(s->table), es_quote(pattern).text);
    return ES_OK;
}

static es_status select_item(selector *s, const es_list_item *item, bool *only_exclusions) {
    es_slice text = item->text;
    if (!text.length)
        return es_fail(s->errors, ES_EUSAGE, &item->at, "empty element in the list of %ss; expected a name or a glob",
                       kind_word(s->table));
    bool minus = text.text[0] == '!';
    if (minus)
        text = es_slice_trim((es_slice){text.text + 1, text.length - 1});
    bool quoted = text.length && (text.text[0] == '\'' || text.text[0] == '"');
    char *room = es_arena_alloc(s->arena, text.length + 1);
    if (!room)
        return es_fail_memory(s->errors);
    if (!es_unquote_name(&text, room))
        return es_fail(s->errors, ES_EUSAGE, &item->at, "unfinished quote: '%s'", es_quote(item->text).text);
    if (!text.length)
        return es_fail(s->errors, ES_EUSAGE, &item->at, "empty name; expected a name or a glob");
    if (minus)
        return exclude(s, item, text);
    *only_exclusions = false;
    return !quoted && es_is_glob(text) ? pick_glob(s, item, text) : pick_named(s, item, text);
}

static void warn_skipped(const selector *s, es_origin at) {
    for (size_t k = 0; k < REASONS && s->skipped[k].n; k++) {
        char names[256] = "";
        size_t used = 0, n = s->skipped[k].n;
        for (size_t i = 0; i < n && i < NAMES_SHOWN && used < sizeof names; i++)
            used += (size_t)snprintf(names + used, sizeof names - used, "%s'%s'", i ? ", " : "",
                                     es_quote_text(s->skipped[k].row[i]->name).text);
        es_warn(s->errors, &at, "%zu %s%s skipped, %s: %s%s", n, kind_word(s->table), n == 1 ? "" : "s",
                s->skipped[k].reason, names, n > NAMES_SHOWN ? " ..." : "");
    }
}

static es_status select_all(selector *s, es_slice text, es_origin at) {
    es_origin place = at;
    es_list_item item;
    bool only_exclusions = true;
    es_status status = ES_OK;
    while (es_list_next(&text, &place, &item)) {
        es_status one = select_item(s, &item, &only_exclusions);
        status = status ? status : one;
    }
    if (!status && only_exclusions)
        status = pick_glob(s, &(es_list_item){es_slice_of("*"), at}, es_slice_of("*"));
    if (!status)
        warn_skipped(s, at);
    return status;
}

static es_status keep_picked(const selector *s, es_selection *selection, es_origin at) {
    selection->row = es_arena_array(s->arena, s->n_picked + 1, sizeof *selection->row);
    selection->named_at = es_arena_array(s->arena, s->n_picked + 1, sizeof *selection->named_at);
    if (!selection->row || !selection->named_at)
        return es_fail_memory(s->errors);
    for (size_t i = 0; i < s->n_picked; i++) {
        size_t row = s->picked[i];
        if (s->excluded[row])
            continue;
        selection->named_at[selection->n] = s->named[row];
        selection->row[selection->n++] = &s->table->rows[row];
    }
    if (selection->n)
        return ES_OK;
    return es_fail(s->errors, ES_EUSAGE, &at, "no %s is left%s", kind_word(s->table),
                   s->n_skipped ? " that the kernel can evaluate" : " after the exclusions");
}

es_status es_select_rows(es_selection *selection, const es_kernel *kernel, const es_catalog *catalog, es_kind kind,
                         es_slice text, es_origin at, const bool *overridden, bool any_device, es_arena *arena,
                         es_errors *errors) {
    const es_table *table = &catalog->table[kind];
    selector s = {.kernel = kernel,
                  .catalog = catalog,
                  .table = table,
                  .overridden = overridden,
                  .any_device = any_device,
                  .arena = arena,
                  .errors = errors};
    size_t n = table->n_rows ? table->n_rows : 1;
    s.taken = calloc(n, sizeof *s.taken);
    s.named = calloc(n, sizeof *s.named);
    s.excluded = calloc(n, sizeof *s.excluded);
    s.picked = calloc(n, sizeof *s.picked);
    *selection = (es_selection){0};
    es_status status = s.taken && s.named && s.excluded && s.picked ? ES_OK : es_fail_memory(errors);
    if (!status)
        status = select_all(&s, text, at);
    if (!status)
        status = keep_picked(&s, selection, at);
    free(s.taken), free(s.named), free(s.excluded), free(s.picked);
    return status;
}
