/* All catalogs together: the embedded ones, folders that replace or extend them, checks across tables. */
#include <edgesweep/catalog.h>

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/arena.h"
#include "base/text.h"
#include "catalog/embedded.h"
#include "catalog/file.h"
#include "catalog/connect.h"
#include "catalog/hash.h"
#include "catalog/layers.h"
#include "catalog/load.h"
#include "catalog/table.h"

/* How a folder given by the user is applied. */
typedef struct source {
    const char *folder;
    bool extends; /* "+DIR" */
} source;

static void keep_status(es_status *status, es_status next) {
    if (*status == ES_OK)
        *status = next;
}

static es_status load_embedded(es_catalog *c, es_errors *errors) {
    es_status status = ES_OK;
    for (int kind = 0; kind < ES_KINDS; kind++) {
        char name[64];
        size_t length = strlen(es_fields((es_kind)kind)->name);
        es_copy_text(name, sizeof name - 4, es_slice_of(es_fields((es_kind)kind)->name));
        memcpy(name + length, ".csv", 5);
        const struct es_embedded *file = es_embedded_files;
        while (file->name && strcmp(file->name, name) != 0)
            file++;
        if (!file->name)
            continue;
        const char *label = es_arena_printf(c->arena, "(built-in) %s", name);
        if (!label)
            return es_fail_memory(errors);
        keep_status(&status, es_table_load_cells(&c->table[kind], label, (const char *)file->data, file->size, c->arena,
                                                 errors));
    }
    return status;
}

static bool is_required(es_kind kind) { return kind == ES_MODEL || kind == ES_DEVICE || kind == ES_PRECISION; }

/* Without these no GGUF file has a size, so they stay when a folder does not bring its own. */
static bool is_layout(es_kind kind) { return kind == ES_GGUF_TYPE || kind == ES_GGUF_MIXTURE; }

/* Loads one file of a folder over the table that is there; counts it in *n_found. */
static es_status load_file(es_catalog *c, es_kind kind, const source *from, size_t *n_found, es_errors *errors) {
    es_table *table = &c->table[kind];
    es_table loaded = {.kind = kind};
    char *text;
    size_t size;
    bool has_slash = from->folder[strlen(from->folder) - 1] == '/';
    const char *path =
        es_arena_printf(c->arena, "%s%s%s.csv", from->folder, has_slash ? "" : "/", es_fields(kind)->name);
    if (!path)
        return es_fail_memory(errors);
    es_status status = es_file_read(path, &text, &size, errors);
    if (status != ES_OK)
        return status;
    if (!from->extends && (text || !is_layout(kind)))
        es_table_free(table);
    if (!text && !from->extends && is_required(kind))
        return es_fail(errors, ES_EUSAGE, &(es_origin){.file = path},
                       "no such file; expected in a folder that replaces the catalogs (+FOLDER extends them)");
    if (!text)
        return ES_OK;
    ++*n_found;
    status = es_table_load(&loaded, path, text, size, table, c->arena, errors);
    if (status == ES_OK && !es_table_merge(table, &loaded))
        status = es_fail_memory(errors);
    es_table_free(&loaded);
    free(text);
    return status;
}

static es_status check_folder(const source *from, es_errors *errors) {
    struct stat info;
    const es_quoted folder = es_quote_text(from->folder);
    if (from->folder[0] == '\0')
        return es_fail(errors, ES_EUSAGE, NULL, "catalog folder without a name; expected FOLDER or +FOLDER");
    if (stat(from->folder, &info) != 0)
        return es_fail(errors, ES_EUSAGE, NULL, "catalog folder cannot be opened: '%s': %m", folder.text);
    if (!S_ISDIR(info.st_mode))
        return es_fail(errors, ES_EUSAGE, NULL, "catalog is not a folder: '%s'; expected a folder of CSV files",
                       folder.text);
    return ES_OK;
}

/* The table of before, of scores and losses without modes and harnesses: silence would hide a user's rows. */
static es_status refuse_quality(es_catalog *c, const source *from, es_errors *errors) {
    struct stat info;
    const char *path = es_arena_printf(c->arena, "%s/quality.csv", from->folder);
    if (!path)
        return es_fail_memory(errors);
    if (stat(path, &info) != 0)
        return ES_OK;
    return es_fail(
        errors, ES_EUSAGE, &(es_origin){.file = path},
        "is read no more; expected scores.csv (its rows without a precision: model,metric,mode,shots,harness,"
        "value,chance,source) and losses.csv (its rows of dlnppl: model,file_type,imatrix,dlnppl,source)");
}

static es_status apply_source(es_catalog *c, const char *given, es_errors *errors) {
    source from = {given, false};
    if (given[0] == '+')
        from = (source){given + 1, true};
    es_status status = check_folder(&from, errors);
    if (status != ES_OK)
        return status;
    size_t n_found = 0;
    status = refuse_quality(c, &from, errors);
    for (int kind = 0; kind < ES_KINDS; kind++)
        keep_status(&status, load_file(c, (es_kind)kind, &from, &n_found, errors));
    if (status != ES_OK || n_found > 0)
        return status;
    char list[ES_TEXT_MAX] = "";
    for (size_t kind = 0, used = 0; kind < ES_KINDS && used < sizeof list; kind++)
        used += (size_t)snprintf(list + used, sizeof list - used, "%s%s.csv", kind ? ", " : "",
                                 es_fields((es_kind)kind)->name);
    return es_fail(errors, ES_EUSAGE, NULL, "no catalog in the folder: '%s'; expected at least one of %s",
                   es_quote_text(from.folder).text, list);
}

/* Names in `field` must be types of the gguf_types table; empty means none. */
static es_status check_types(const es_catalog *c, es_kind kind, int field, es_errors *errors) {
    const es_table *types = &c->table[ES_GGUF_TYPE], *table = &c->table[kind];
    es_status status = ES_OK;
    for (size_t i = 0; i < table->n_rows; i++) {
        const char *type = table->rows[i].text[field];
        const bool none = kind == ES_GGUF_TYPE && es_equal_fold(type, "error"); /* no type takes its place */
        if (type[0] && !none && !es_table_find(types, type, strlen(type)))
            keep_status(&status, es_fail(errors, ES_EUSAGE, &table->rows[i].origin,
                                         "%s: unknown tensor type: '%s'; expected a type of gguf_types.csv",
                                         es_fields(kind)->fields[field].name, es_quote_text(type).text));
    }
    return status;
}

static es_status check_base_types(const es_table *mixtures, es_errors *errors) {
    es_status status = ES_OK;
    for (size_t i = 1; i < mixtures->n_rows; i++) {
        const es_row *row = &mixtures->rows[i], *before = row - 1;
        if (es_equal_fold(row->text[ES_X_FILE_TYPE], before->text[ES_X_FILE_TYPE]) &&
            !es_equal_fold(row->text[ES_X_BASE_TYPE], before->text[ES_X_BASE_TYPE]))
            keep_status(&status, es_fail(errors, ES_EUSAGE, &row->origin,
                                         "base_type: differs within file type %s: '%s'; expected '%s'",
                                         es_quote_text(row->text[ES_X_FILE_TYPE]).text,
                                         es_quote_text(row->text[ES_X_BASE_TYPE]).text,
                                         es_quote_text(before->text[ES_X_BASE_TYPE]).text));
    }
    return status;
}

/* Rows of layers.csv by model, in order. */
typedef struct layer_lists {
    const es_row **model;   /* of each row; NULL: there is none */
    uint32_t *first, *next; /* by model, by row: number + 1; 0 ends */
} layer_lists;

static bool list_layers(const es_catalog *c, layer_lists *lists) {
    const es_table *models = &c->table[ES_MODEL], *layers = &c->table[ES_LAYER];
    lists->model = es_arena_array(c->arena, layers->n_rows + 1, sizeof *lists->model);
    lists->first = es_arena_array(c->arena, models->n_rows + 1, sizeof *lists->first);
    lists->next = es_arena_array(c->arena, layers->n_rows + 1, sizeof *lists->next);
    if (!lists->model || !lists->first || !lists->next)
        return false;
    for (size_t i = layers->n_rows; i-- > 0;) {
        const char *name = layers->rows[i].text[ES_L_MODEL];
        const es_row *model = lists->model[i] = es_table_find(models, name, strlen(name));
        if (!model)
            continue;
        lists->next[i] = lists->first[model - models->rows];
        lists->first[model - models->rows] = (uint32_t)i + 1;
    }
    return true;
}

/* The row of layers.csv of a model's kind; else NULL and the kinds that there are. */
static const es_row *find_layer(const es_catalog *c, const layer_lists *lists, size_t model, es_slice kind,
                                const char **names, size_t *n_names) {
    *n_names = 0;
    for (uint32_t i = lists->first[model]; i > 0; i = lists->next[i - 1]) {
        const es_row *row = &c->table[ES_LAYER].rows[i - 1];
        if (es_slice_equal_fold(kind, row->text[ES_L_KIND]))
            return row;
        if (*n_names < ES_MAX_KINDS)
            names[(*n_names)++] = row->text[ES_L_KIND];
    }
    return NULL;
}

static bool uses_kind(const es_catalog *c, const es_row *model, const char *kind) {
    es_pattern pattern;
    bool used = false;
    if (model->text[ES_M_LAYER_PATTERN][0] == '\0' ||
        !es_pattern_expand(model->text[ES_M_LAYER_PATTERN], c->arena, &pattern))
        return false;
    for (size_t i = 0; i < pattern.n && !used; i++)
        used = es_slice_equal_fold(pattern.kind[i], kind);
    return used;
}

/* Every kind of the patterns needs its row, every row of layers.csv its model. */
static es_status check_layers(const es_catalog *c, es_errors *errors) {
    const es_table *models = &c->table[ES_MODEL], *layers = &c->table[ES_LAYER];
    es_status status = ES_OK;
    const char *names[ES_MAX_KINDS];
    size_t n;
    layer_lists lists;
    if (!list_layers(c, &lists))
        return es_fail_memory(errors);
    for (size_t i = 0; i < models->n_rows; i++) {
        const es_row *model = &models->rows[i];
        es_pattern pattern;
        if (model->text[ES_M_LAYER_PATTERN][0] == '\0')
            continue;
        if (!es_pattern_expand(model->text[ES_M_LAYER_PATTERN], c->arena, &pattern))
            return es_fail_memory(errors);
        for (size_t k = 0; k < pattern.n; k++) {
            es_slice kind = pattern.kind[k];
            if ((k > 0 && kind.text == pattern.kind[k - 1].text) || find_layer(c, &lists, i, kind, names, &n) != NULL)
                continue;
            const char *nearest = es_nearest(kind, names, n);
            const es_origin at = {model->origin.file, model->origin.line,
                                  model->pattern_column + (uint64_t)(kind.text - model->text[ES_M_LAYER_PATTERN])};
            keep_status(&status,
                        es_fail(errors, ES_EUSAGE, &at,
                                "layer_pattern: unknown kind: '%s'; expected a kind that layers.csv has for "
                                "'%s'%s%s%s",
                                es_quote(kind).text, es_quote_text(model->name).text, nearest ? "; did you mean '" : "",
                                nearest ? nearest : "", nearest ? "'?" : ""));
            break;
        }
    }
    for (size_t i = 0; i < layers->n_rows; i++) {
        const es_row *row = &layers->rows[i], *model = lists.model[i];
        if (model == NULL)
            keep_status(&status,
                        es_fail(errors, ES_EUSAGE, &row->origin, "unknown model: '%s'; expected one of models.csv",
                                es_quote_text(row->text[ES_L_MODEL]).text));
        else if (strncmp(row->origin.file, "(built-in)", 10) != 0 && !uses_kind(c, model, row->text[ES_L_KIND]))
            es_warn(errors, &row->origin, "kind '%s': the layer_pattern of '%s' does not use it",
                    es_quote_text(row->text[ES_L_KIND]).text, es_quote_text(model->name).text);
    }
    return status;
}

static es_status check_across(const es_catalog *c, es_errors *errors) {
    es_status status = check_types(c, ES_GGUF_TYPE, ES_T_FALLBACK, errors);
    keep_status(&status, check_types(c, ES_GGUF_MIXTURE, ES_X_BASE_TYPE, errors));
    keep_status(&status, check_types(c, ES_GGUF_MIXTURE, ES_X_TENSOR_TYPE, errors));
    keep_status(&status, check_base_types(&c->table[ES_GGUF_MIXTURE], errors));
    keep_status(&status, check_layers(c, errors));
    return status;
}

es_status es_catalog_load(es_catalog *catalog, const char *const *sources, size_t n_sources, es_errors *errors) {
    *catalog = (es_catalog){.arena = calloc(1, sizeof *catalog->arena)};
    for (int kind = 0; kind < ES_KINDS; kind++)
        catalog->table[kind].kind = (es_kind)kind;
    es_status status = catalog->arena ? load_embedded(catalog, errors) : es_fail_memory(errors);
    for (size_t i = 0; i < n_sources && status == ES_OK; i++)
        status = apply_source(catalog, sources[i], errors);
    if (status == ES_OK && n_sources > 0) /* the built-in ones go together: a test loads them as a folder */
        status = check_across(catalog, errors);
    if (status == ES_OK)
        status = es_catalog_connect(catalog, errors);
    if (status == ES_OK)
        status = es_catalog_hash(catalog, errors);
    if (status != ES_OK)
        es_catalog_free(catalog);
    return status;
}

void es_catalog_free(es_catalog *catalog) {
    for (int kind = 0; kind < ES_KINDS; kind++)
        es_table_free(&catalog->table[kind]);
    if (catalog->arena)
        es_arena_free(catalog->arena);
    free(catalog->arena);
    *catalog = (es_catalog){.arena = NULL};
}
