#include "model/calibrated.h"

#include <math.h>
#include <string.h>

#include "base/text.h"

static const struct {
    int field;
    double otherwise; /* for a class without rows: a small board */
} rate_info[ES_RATES] = {
#define RATED(field, id, unit, fallback, kind) {ES_D_##field, fallback},
#include "model/rates.def"
#undef RATED
};

/* Rows of one device or class for one runtime; NULL where there is none. */
typedef struct es_rate_set {
    const es_row *any[ES_RATES];
    const es_row *(*file)[ES_RATES];       /* by index of the precision; NULL: none */
    const es_row *(*type)[ES_TYPED_RATES]; /* by tensor type id; NULL: none */
} es_rate_set;

struct es_calibration {
    const es_table *devices, *precisions;
    const char **runtime; /* "default", then those in the rows */
    size_t n_runtimes;
    const char **class_name; /* classes of devices */
    size_t n_classes;
    size_t *class_of;      /* of each device */
    es_rate_set **own;     /* [device][runtime] */
    es_rate_set **classes; /* [class][runtime] */
};

typedef struct builder {
    es_calibration *calibration;
    const es_gguf *gguf;
    es_arena *arena;
    es_errors *errors;
} builder;

static size_t find_or_add(const char **names, size_t *n, const char *name) {
    for (size_t i = 0; i < *n; i++)
        if (es_equal_fold(names[i], name))
            return i;
    names[*n] = name;
    return (*n)++;
}

static bool any_runtime(const es_row *row) { return strcmp(row->text[ES_C_RUNTIME], "*") == 0; }

static es_status collect_names(builder *b, const es_table *rows) {
    es_calibration *c = b->calibration;
    size_t n_devices = c->devices->n_rows;
    c->runtime = es_arena_array(b->arena, rows->n_rows + 1, sizeof *c->runtime);
    c->class_name = es_arena_array(b->arena, n_devices + 1, sizeof *c->class_name);
    c->class_of = es_arena_array(b->arena, n_devices + 1, sizeof *c->class_of);
    if (c->runtime == NULL || c->class_name == NULL || c->class_of == NULL)
        return es_fail_memory(b->errors);
    find_or_add(c->runtime, &c->n_runtimes, "default");
    for (size_t i = 0; i < rows->n_rows; i++)
        if (!any_runtime(&rows->rows[i]))
            find_or_add(c->runtime, &c->n_runtimes, rows->rows[i].text[ES_C_RUNTIME]);
    for (size_t i = 0; i < n_devices; i++)
        c->class_of[i] = find_or_add(c->class_name, &c->n_classes, c->devices->rows[i].text[ES_D_CLASS]);
    c->own = es_arena_array(b->arena, n_devices * c->n_runtimes + 1, sizeof *c->own);
    c->classes = es_arena_array(b->arena, c->n_classes * c->n_runtimes + 1, sizeof *c->classes);
    return c->own == NULL || c->classes == NULL ? es_fail_memory(b->errors) : ES_OK;
}

static es_status unknown(builder *b, const es_row *row, const char *what, const char *token) {
    return es_fail(b->errors, ES_EUSAGE, &row->origin, "unknown %s: '%s'", what, es_quote_text(token).text);
}

static int find_rate(const char *field) {
    int found = es_field_find(ES_DEVICE, field, strlen(field));
    for (int i = 0; i < ES_RATES; i++)
        if (found >= 0 && rate_info[i].field == found)
            return i;
    return -1;
}

/* The sets of the row's device or class, one per runtime; *sets NULL for a class without devices. */
static es_status find_owner(builder *b, const es_row *row, es_rate_set ***sets) {
    static const char prefix[] = "class:";
    es_calibration *c = b->calibration;
    const char *name = row->text[ES_C_DEVICE];
    *sets = NULL;
    if (strncmp(name, prefix, sizeof prefix - 1) == 0) {
        for (size_t i = 0; i < c->n_classes; i++)
            if (es_equal_fold(c->class_name[i], name + sizeof prefix - 1))
                *sets = &c->classes[i * c->n_runtimes];
        return ES_OK;
    }
    const es_row *device = es_table_find(c->devices, name, strlen(name));
    if (device == NULL)
        return unknown(b, row, "device", name);
    *sets = &c->own[(size_t)(device - c->devices->rows) * c->n_runtimes];
    return ES_OK;
}

/* The cell of a set that the row fills; NULL when out of memory. */
static const es_row **find_cell(builder *b, es_rate_set *set, int rate, int type, const es_row *file) {
    const es_calibration *c = b->calibration;
    if (type >= 0 && rate < ES_TYPED_RATES) {
        if (set->type == NULL)
            set->type = es_arena_array(b->arena, ES_MAX_TENSOR_TYPES, sizeof *set->type);
        return set->type == NULL ? NULL : &set->type[type][rate];
    }
    if (file == NULL)
        return &set->any[rate];
    if (set->file == NULL)
        set->file = es_arena_array(b->arena, c->precisions->n_rows, sizeof *set->file);
    return set->file == NULL ? NULL : &set->file[file - c->precisions->rows][rate];
}

static es_status add_row(builder *b, const es_row *row) {
    const es_calibration *c = b->calibration;
    const char *name = row->text[ES_C_TYPE];
    int rate = find_rate(row->text[ES_C_FIELD]);
    if (rate < 0)
        return es_fail(b->errors, ES_EUSAGE, &row->origin,
                       "not a field that calibration sets: '%s'; expected a utilization, token_overhead_ms, "
                       "layer_overhead_ms, threads, idle_w, load_w, net_bw_mbps or a pj_ field",
                       es_quote_text(row->text[ES_C_FIELD]).text);
    bool all = strcmp(name, "*") == 0;
    int type = all ? -1 : es_gguf_type_id(b->gguf, name);
    const es_row *file = all ? NULL : es_table_find(c->precisions, name, strlen(name));
    if (!all && type < 0 && file == NULL)
        return unknown(b, row, "tensor or file type", name);
    es_rate_set **sets;
    es_status status = find_owner(b, row, &sets);
    for (size_t r = 0; status == ES_OK && sets != NULL && r < c->n_runtimes; r++) {
        if (!any_runtime(row) && !es_equal_fold(c->runtime[r], row->text[ES_C_RUNTIME]))
            continue;
        if (sets[r] == NULL)
            sets[r] = es_arena_alloc(b->arena, sizeof *sets[r]);
        const es_row **cell = sets[r] == NULL ? NULL : find_cell(b, sets[r], rate, type, file);
        if (cell == NULL)
            return es_fail_memory(b->errors);
        *cell = row;
    }
    return status;
}

es_status es_calibration_compile(const es_catalog *catalog, const es_gguf *gguf, es_arena *arena,
                                 es_calibration **result, es_errors *errors) {
    const es_table *rows = &catalog->table[ES_CALIBRATION];
    es_calibration *calibration = es_arena_alloc(arena, sizeof *calibration);
    if (calibration == NULL)
        return es_fail_memory(errors);
    calibration->devices = &catalog->table[ES_DEVICE];
    calibration->precisions = &catalog->table[ES_PRECISION];
    builder b = {calibration, gguf, arena, errors};
    es_status status = collect_names(&b, rows);
    for (int own_runtime = 0; own_runtime < 2; own_runtime++) /* rows of the runtime overwrite those for any */
        for (size_t i = 0; i < rows->n_rows && status == ES_OK; i++)
            if (any_runtime(&rows->rows[i]) == !own_runtime)
                status = add_row(&b, &rows->rows[i]);
    *result = calibration;
    return status;
}

es_rates_of es_rates_find(const es_calibration *c, const es_row *device, const char *runtime, const es_row *precision) {
    size_t d = (size_t)(device - c->devices->rows), r = 0;
    for (size_t i = 1; runtime != NULL && i < c->n_runtimes; i++)
        if (runtime == c->runtime[i] || es_equal_fold(runtime, c->runtime[i]))
            r = i;
    return (es_rates_of){
        .own = c->own[d * c->n_runtimes + r],
        .class_rows = c->classes[c->class_of[d] * c->n_runtimes + r],
        .device = device,
        .file = (size_t)(precision - c->precisions->rows),
    };
}

static const es_row *from_set(const es_rate_set *set, es_rate rate, int type, size_t file) {
    if (set == NULL)
        return NULL;
    const es_row *row = set->type != NULL && rate < (es_rate)ES_TYPED_RATES ? set->type[type][rate] : NULL;
    if (row == NULL && set->file != NULL)
        row = set->file[file][rate];
    return row == NULL ? set->any[rate] : row;
}

es_rate_found es_rate_find(const es_rates_of *rates, es_rate rate, int type) {
    const es_row *row = from_set(rates->own, rate, type, rates->file);
    if (row != NULL)
        return (es_rate_found){row->value[ES_C_VALUE], ES_BASIS_CALIBRATED, ES_CALIBRATION, row};
    int field = rate_info[rate].field;
    row = rates->device;
    if (*row->text[field] && !isnan(row->value[field])) /* written: a default yields to class rows */
        return (es_rate_found){row->value[field], ES_BASIS_DEVICE, ES_DEVICE, row};
    row = from_set(rates->class_rows, rate, type, rates->file);
    double value = row == NULL ? rate_info[rate].otherwise : row->value[ES_C_VALUE];
    return (es_rate_found){value, ES_BASIS_CLASS, ES_CALIBRATION, row};
}

double es_rate_get(const es_rates_of *rates, es_rate rate, int type, es_basis *basis) {
    es_rate_found found = es_rate_find(rates, rate, type);
    *basis = found.basis;
    return found.value;
}

bool es_rates_measured(const es_rates_of *rates) {
    for (size_t i = 0; rates->own != NULL && rates->own->file != NULL && i < ES_RATES; i++)
        if (rates->own->file[rates->file][i] != NULL)
            return true;
    return false;
}

int es_rate_field(es_rate rate) { return rate_info[rate].field; }
