#include "catalog/table.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"

enum { KEY_MAX = 6 };

static const int key_fields[ES_KINDS][KEY_MAX] = {
    [ES_MODEL] = {ES_M_NAME, -1},
    [ES_DEVICE] = {ES_D_NAME, -1},
    [ES_PRECISION] = {ES_P_NAME, -1},
    [ES_CALIBRATION] = {ES_C_PHASE, ES_C_EFFECT, ES_C_KEY, -1},
    [ES_SCORE] = {ES_S_MODEL, ES_S_METRIC, ES_S_MODE, ES_S_HARNESS, ES_S_SHOTS, -1},
    [ES_ESTIMATE] = {ES_E_METRIC, ES_E_MODE, ES_E_FROM_METRIC, ES_E_FROM_MODE, -1},
    [ES_LOSS] = {ES_Q_MODEL, ES_Q_FILE_TYPE, ES_Q_IMATRIX, ES_Q_SOURCE, -1},
    [ES_DISTORTION] = {ES_Y_NAME, -1},
    [ES_GGUF_TYPE] = {ES_T_TYPE, -1},
    [ES_GGUF_MIXTURE] = {ES_X_FILE_TYPE, ES_X_ROLE, ES_X_QUANTIZER, ES_X_CONDITION, -1},
    [ES_LAYER] = {ES_L_MODEL, ES_L_KIND, -1},
    [ES_UNIT] = {ES_U_UNIT, -1},
    [ES_RUNTIME] = {ES_R_NAME, -1},
    [ES_RUNTIME_MEMORY] = {ES_RM_RUNTIME, ES_RM_FAMILY, ES_RM_RULE, -1},
    [ES_KERNEL_GENERATION] = {ES_K_RUNTIME, ES_K_TYPE, ES_K_ISA, ES_K_PHASE, ES_K_BUILD, -1},
    [ES_REPACKED_TYPE] = {ES_RT_ISA, ES_RT_TYPE, -1},
    [ES_POWER] = {ES_W_DEVICE, ES_W_BOUNDARY, ES_W_UNIT, ES_W_THREADS, -1},
    [ES_DRAFT] = {ES_DR_KIND, ES_DR_BACKEND, ES_DR_EXPERTS, ES_DR_TASK, -1},
    [ES_PRODUCT] = {ES_PR_NAME, -1},
};

const int *es_key_fields(es_kind kind) { return key_fields[kind]; }

/* Names and aliases are unique together. */
static bool has_aliases(es_kind kind) { return es_field_find(kind, "aliases", 7) >= 0; }

static bool has_single_key(es_kind kind) { return key_fields[kind][1] < 0; }

/* With a single key the hash of a row is that of its name, so that names and aliases share the index. */
static uint64_t hash_key(es_kind kind, const es_row *row) {
    uint64_t hash = 0;
    for (const int *field = key_fields[kind]; *field >= 0; field++)
        hash = hash * 31 + es_hash_fold(row->text[*field], strlen(row->text[*field]));
    return hash;
}

static bool same_key(es_kind kind, const es_row *a, const es_row *b) {
    for (const int *field = key_fields[kind]; *field >= 0; field++)
        if (!es_equal_fold(a->text[*field], b->text[*field]))
            return false;
    return true;
}

static bool answers_to(const es_row *row, es_slice name) {
    if (es_slice_equal_fold(name, row->name))
        return true;
    for (const char *const *alias = row->aliases; *alias; alias++)
        if (es_slice_equal_fold(name, *alias))
            return true;
    return false;
}

/* The low bits of FNV and of the sum above are good enough for a table of a power of two. */
static size_t first_slot(const es_table *table, uint64_t hash) {
    return (size_t)(hash ^ hash >> 32) & (table->index_size - 1);
}

static size_t next_slot(const es_table *table, size_t slot) { return (slot + 1) & (table->index_size - 1); }

const es_row *es_table_find(const es_table *table, const char *name, size_t length) {
    if (table->index_size == 0 || !has_single_key(table->kind))
        return NULL;
    size_t slot = first_slot(table, es_hash_fold(name, length));
    for (; table->name_index[slot]; slot = next_slot(table, slot)) {
        const es_row *row = &table->rows[table->name_index[slot] - 1];
        if (answers_to(row, (es_slice){name, length}))
            return row;
    }
    return NULL;
}

const es_row *es_table_find_key(const es_table *table, const es_row *wanted) {
    if (table->index_size == 0)
        return NULL;
    size_t slot = first_slot(table, hash_key(table->kind, wanted));
    for (; table->name_index[slot]; slot = next_slot(table, slot)) {
        const es_row *row = &table->rows[table->name_index[slot] - 1];
        if (same_key(table->kind, row, wanted))
            return row;
    }
    return NULL;
}

static void claim(es_table *table, size_t slot, size_t row) {
    if (table->name_index[slot])
        return;
    table->name_index[slot] = (uint32_t)row + 1;
    table->index_used++;
}

/* A name that an earlier row answers to stays its own: many rows with one name (an error) must not make a long chain. */
static void index_row(es_table *table, size_t row) {
    const es_row *const added = &table->rows[row];
    size_t slot = first_slot(table, hash_key(table->kind, added));
    while (table->name_index[slot] && !same_key(table->kind, &table->rows[table->name_index[slot] - 1], added))
        slot = next_slot(table, slot);
    claim(table, slot, row);
    for (const char *const *alias = added->aliases; *alias; alias++) {
        const es_slice name = es_slice_of(*alias);
        slot = first_slot(table, es_hash_fold(name.text, name.length));
        while (table->name_index[slot] && !answers_to(&table->rows[table->name_index[slot] - 1], name))
            slot = next_slot(table, slot);
        claim(table, slot, row);
    }
}

static size_t count_keys(const es_row *row) {
    size_t n = 1;
    while (row->aliases[n - 1])
        n++;
    return n;
}

/* Makes a new index with room for all rows and `more` entries, at most half full. */
static bool rebuild_index(es_table *table, size_t more) {
    size_t entries = more, size = 64;
    for (size_t i = 0; i < table->n_rows; i++)
        entries += count_keys(&table->rows[i]);
    while (size < entries * 2)
        size *= 2;
    uint32_t *index = calloc(size, sizeof *index);
    if (!index || table->n_rows >= UINT32_MAX) {
        free(index);
        return false;
    }
    free(table->name_index);
    table->name_index = index;
    table->index_size = size;
    table->index_used = 0;
    for (size_t i = 0; i < table->n_rows; i++)
        index_row(table, i);
    return true;
}

bool es_table_push(es_table *table, const es_row *row) {
    if (!es_grow((void **)&table->rows, &table->rows_capacity, table->n_rows + 1, sizeof *row))
        return false;
    table->rows[table->n_rows++] = *row;
    return true;
}

bool es_table_append(es_table *table, const es_row *row) {
    size_t n_keys = count_keys(row);
    if ((table->index_used + n_keys) * 2 > table->index_size && !rebuild_index(table, table->index_used + n_keys))
        return false;
    if (!es_table_push(table, row))
        return false;
    index_row(table, table->n_rows - 1);
    return true;
}

void es_table_free(es_table *table) {
    free(table->rows);
    free(table->name_index);
    *table = (es_table){.kind = table->kind};
}

/* The alias lists lie in the arena of the catalog that is being built, so they may still change; the empty list is
 * constant. */
static void take_alias(const es_table *table, const char *name) {
    const es_row *owner = es_table_find(table, name, strlen(name));
    if (!owner)
        return;
    const char **kept = (const char **)owner->aliases, **alias = kept;
    for (; *alias; alias++)
        if (!es_equal_fold(*alias, name))
            *kept++ = *alias;
    if (kept != alias)
        *kept = NULL;
}

static bool override_rows(es_table *older, const es_table *newer) {
    for (size_t i = 0; i < newer->n_rows; i++) {
        const es_row *row = &newer->rows[i];
        if (has_aliases(older->kind)) {
            take_alias(older, row->name);
            for (const char *const *alias = row->aliases; *alias; alias++)
                take_alias(older, *alias);
        }
        const es_row *same = es_table_find_key(older, row);
        if (same)
            older->rows[same - older->rows] = *row;
        else if (!es_table_push(older, row))
            return false;
    }
    return true;
}

static bool mixes(const es_table *table, const char *file_type) {
    const char *before = NULL;
    for (size_t i = 0; i < table->n_rows; i++) {
        const char *other = table->rows[i].text[ES_X_FILE_TYPE];
        if (before && strcmp(before, other) == 0)
            continue;
        if (es_equal_fold(other, file_type))
            return true;
        before = other;
    }
    return false;
}

/* The rules of a file type only make sense together: a file type comes from one table. */
static bool replace_mixtures(es_table *older, const es_table *newer) {
    size_t kept = 0;
    for (size_t i = 0; i < older->n_rows; i++)
        if (!mixes(newer, older->rows[i].text[ES_X_FILE_TYPE]))
            older->rows[kept++] = older->rows[i];
    older->n_rows = kept;
    for (size_t i = 0; i < newer->n_rows; i++)
        if (!es_table_push(older, &newer->rows[i]))
            return false;
    return true;
}

bool es_table_merge(es_table *older, es_table *newer) {
    if (older->n_rows == 0) {
        es_table_free(older);
        *older = *newer;
        *newer = (es_table){.kind = older->kind};
        return true;
    }
    if (older->index_size == 0 && !rebuild_index(older, 0))
        return false;
    bool merged = older->kind == ES_GGUF_MIXTURE ? replace_mixtures(older, newer) : override_rows(older, newer);
    es_table_free(newer);
    return merged && rebuild_index(older, 0);
}

bool es_table_index_names(es_table *table) { return !has_single_key(table->kind) || rebuild_index(table, 0); }
