#include "catalog/connect.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/number.h"
#include "base/text.h"
#include "catalog/load.h"
#include "catalog/table.h"

typedef struct connector {
    es_catalog *catalog;
    es_errors *errors;
    es_status status; /* of the first fault */
} connector;

static void fail(connector *c, es_status status) {
    if (c->status == ES_OK)
        c->status = status;
}

/* Reports a name that no row of a table has in its field `key`. */
static void unknown(connector *c, const es_row *row, const char *field, const char *what, es_slice token, es_kind kind,
                    int key) {
    const es_table *table = &c->catalog->table[kind];
    const char **names = malloc((table->n_rows + 1) * sizeof *names);
    if (!names) {
        fail(c, es_fail_memory(c->errors));
        return;
    }
    for (size_t i = 0; i < table->n_rows; i++)
        names[i] = table->rows[i].text[key];
    const char *near = es_nearest(token, names, table->n_rows);
    fail(c, es_fail(c->errors, ES_EUSAGE, &row->origin, "%s: unknown %s: '%s'; expected one of %s.csv%s%s%s", field,
                    what, es_quote(token).text, es_fields(kind)->name, near ? "; did you mean '" : "", near ? near : "",
                    near ? "'?" : ""));
    free(names);
}

static const es_row *find_unit(const connector *c, es_slice name) {
    return es_table_find(&c->catalog->table[ES_UNIT], name.text, name.length);
}

/* ---- units of devices ---- */

bool es_unit_term_read(es_slice text, es_unit_term *term) {
    const char *at = memchr(text.text, '@', text.length);
    *term = (es_unit_term){text, 1, NAN};
    if (at) {
        es_slice ghz = es_slice_trim((es_slice){at + 1, text.length - (size_t)(at + 1 - text.text)});
        if (es_parse_double(ghz, &term->ghz) != ES_NUMBER_OK || term->ghz <= 0)
            return false;
        term->name.length = (size_t)(at - text.text);
    }
    const char *star = memchr(term->name.text, '*', term->name.length);
    if (star) {
        es_slice count = es_slice_trim((es_slice){star + 1, term->name.length - (size_t)(star + 1 - term->name.text)});
        if (es_parse_double(count, &term->count) != ES_NUMBER_OK || term->count < 1 ||
            floor(term->count) != term->count)
            return false;
        term->name.length = (size_t)(star - term->name.text);
    }
    term->name = es_slice_trim(term->name);
    return term->name.length > 0;
}

enum { PEAKS = 4, MATRIX = 3 };
static const int peak_fields[PEAKS] = {ES_D_PEAK_FP32, ES_D_PEAK_FP16, ES_D_PEAK_INT8, ES_D_PEAK_INT8_MATRIX};
static const int width_fields[PEAKS] = {ES_U_FP32, ES_U_FP16, ES_U_INT8, ES_U_INT8_MATRIX};

static void add_peaks(double *peak, const es_row *unit, const es_unit_term *term) {
    for (int i = 0; i < PEAKS; i++) {
        double count = term->count, with_matrix = unit->value[ES_U_INT8_MATRIX_CORES];
        if (i == MATRIX && with_matrix < count)
            count = with_matrix;
        peak[i] += count * term->ghz * unit->value[width_fields[i]]; /* NaN as soon as one is not known */
    }
}

/* Peaks of a board that states its units instead of them. */
static void fill_peaks(connector *c, const es_row *device, const double *peak) {
    for (int i = 0; i < MATRIX; i++)
        if (device->text[peak_fields[i]][0])
            return;
    for (int i = 0; i < PEAKS; i++) {
        if (isnan(peak[i]) || device->text[peak_fields[i]][0])
            continue;
        const char *text = es_arena_printf(c->catalog->arena, "%.9g", peak[i]);
        if (!text) {
            fail(c, es_fail_memory(c->errors));
            return;
        }
        device->value[peak_fields[i]] = peak[i];
        device->text[peak_fields[i]] = text;
    }
}

/* Reads a list of units: the first one's name; peaks of all, where all are known. */
static es_slice read_units(connector *c, const es_row *device, int field, double *peak, bool *known) {
    es_slice rest = es_slice_of(device->text[field]), part, first = {NULL, 0};
    const char *name = es_fields(ES_DEVICE)->fields[field].name;
    *known = true;
    while (es_slice_part(&rest, '+', &part)) {
        es_unit_term term;
        if (!es_unit_term_read(part, &term)) {
            fail(c, es_fail(c->errors, ES_EUSAGE, &device->origin,
                            "%s: not unit*count@GHz: '%s'; expected terms like cortex-a76*4@2.4, joined by +", name,
                            es_quote(part).text));
            return first;
        }
        if (!first.text)
            first = term.name;
        const es_row *unit = find_unit(c, term.name);
        *known = *known && unit;
        if (unit)
            add_peaks(peak, unit, &term);
        else if (c->catalog->table[ES_UNIT].n_rows > 0)
            unknown(c, device, name, "unit", term.name, ES_UNIT, ES_U_UNIT);
    }
    return first;
}

/* Kinds of boards of which only the class is known; by es_device_class, last: no class. */
static const struct {
    const char *kind, *fit_kind;
} kind_of_class[] = {
    [ES_CLASS_SBC] = {"cpu_arm", "arm"},
    [ES_CLASS_PHONE] = {"cpu_arm", "arm"},
    [ES_CLASS_LAPTOP] = {"cpu_x86", "x86"},
    [ES_CLASS_SOC] = {"gpu_nvidia", "tgpu"},
    [ES_CLASS_GPU] = {"gpu_nvidia", "tgpu"},
    [ES_CLASS_IGPU] = {"gpu_amd", "rdna"},
    [ES_CLASS_MAC] = {"gpu_apple", "gpu"},
    [ES_CLASS_MCU] = {"mcu", "mcu"},
    [ES_CLASS_NPU] = {"", ""},
    [ES_CLASS_MCU + 1] = {"", ""},
};

enum { CLASSES = sizeof kind_of_class / sizeof *kind_of_class };

static es_row *class_units(connector *c) {
    const es_field_table *table = es_fields(ES_UNIT);
    static const char *const none[] = {NULL};
    es_row *rows = es_arena_array(c->catalog->arena, CLASSES, sizeof *rows);
    for (size_t i = 0; rows && i < CLASSES; i++) {
        es_row *row = &rows[i];
        *row = (es_row){.name = "", .aliases = none, .origin = {"(class)", 0, 0}};
        row->value = es_arena_array(c->catalog->arena, table->n_fields, sizeof *row->value);
        row->text = es_arena_array(c->catalog->arena, table->n_fields, sizeof *row->text);
        if (!row->value || !row->text)
            return NULL;
        for (size_t f = 0; f < table->n_fields; f++) {
            row->value[f] = table->fields[f].fallback;
            row->text[f] = "";
        }
        row->text[ES_U_KIND] = kind_of_class[i].kind;
        row->text[ES_U_FIT_KIND] = kind_of_class[i].fit_kind;
    }
    return rows;
}

static void connect_devices(connector *c) {
    const es_table *devices = &c->catalog->table[ES_DEVICE];
    const es_row **unit_of = es_arena_array(c->catalog->arena, devices->n_rows + 1, sizeof *unit_of);
    const es_row *by_class = class_units(c);
    if (!unit_of || !by_class) {
        fail(c, es_fail_memory(c->errors));
        return;
    }
    for (size_t i = 0; i < devices->n_rows; i++) {
        const es_row *device = &devices->rows[i];
        double peak[PEAKS] = {0}, of_host[PEAKS] = {0};
        bool known;
        read_units(c, device, ES_D_HOST_UNIT, of_host, &known);
        es_slice first = read_units(c, device, ES_D_UNITS, peak, &known), name = es_slice_of(device->text[ES_D_UNIT]);
        if (first.text && known)
            fill_peaks(c, device, peak);
        if (name.length == 0)
            name = first;
        double class = device->value[ES_D_CLASS];
        unit_of[i] = name.length > 0 ? find_unit(c, name) : NULL;
        if (!unit_of[i] && device->text[ES_D_UNIT][0] && c->catalog->table[ES_UNIT].n_rows > 0)
            unknown(c, device, "unit", "unit", name, ES_UNIT, ES_U_UNIT);
        if (!unit_of[i])
            unit_of[i] = &by_class[isnan(class) ? (size_t)CLASSES - 1 : (size_t) class];
    }
    c->catalog->unit_of = unit_of;
}

/* ---- runtimes ---- */

static bool is_unit_kind(const es_table *units, es_slice kind) {
    for (size_t i = 0; i < units->n_rows; i++)
        if (es_slice_equal_fold(kind, units->rows[i].text[ES_U_KIND]))
            return true;
    return es_slice_equal(kind, "*");
}

static void check_runtimes(connector *c) {
    const es_table *units = &c->catalog->table[ES_UNIT], *runtimes = &c->catalog->table[ES_RUNTIME];
    for (size_t i = 0; i < runtimes->n_rows && units->n_rows > 0; i++) {
        const es_row *row = &runtimes->rows[i];
        es_slice rest = es_slice_of(row->text[ES_R_UNIT_KINDS]), part;
        while (es_slice_part(&rest, ';', &part))
            if (!is_unit_kind(units, part))
                unknown(c, row, "unit_kinds", "kind", part, ES_UNIT, ES_U_KIND);
        rest = es_slice_of(row->text[ES_R_UNITS]);
        while (es_slice_part(&rest, ';', &part))
            if (!find_unit(c, part))
                unknown(c, row, "units", "unit", part, ES_UNIT, ES_U_UNIT);
    }
}

static void check_power(connector *c) {
    const es_table *power = &c->catalog->table[ES_POWER], *devices = &c->catalog->table[ES_DEVICE];
    for (size_t i = 0; i < power->n_rows; i++) {
        const es_row *row = &power->rows[i];
        es_slice device = es_slice_of(row->text[ES_W_DEVICE]), unit = es_slice_of(row->text[ES_W_UNIT]);
        if (unit.length > 0 && !find_unit(c, unit) && c->catalog->table[ES_UNIT].n_rows > 0)
            unknown(c, row, "unit", "unit", unit, ES_UNIT, ES_U_UNIT);
        bool known = es_table_find(devices, device.text, device.length) != NULL;
        for (size_t j = 0; j < devices->n_rows && !known; j++)
            known = es_slice_equal_fold(device, devices->rows[j].text[ES_D_BOARD]);
        if (!known)
            unknown(c, row, "device", "device", device, ES_DEVICE, ES_D_NAME);
    }
}

static void check_products(connector *c) {
    const es_table *products = &c->catalog->table[ES_PRODUCT], *devices = &c->catalog->table[ES_DEVICE];
    for (size_t i = 0; i < products->n_rows; i++) {
        const es_row *row = &products->rows[i];
        const es_slice device = es_slice_of(row->text[ES_PR_DEVICE]);
        if (device.length > 0 && !es_table_find(devices, device.text, device.length))
            unknown(c, row, "device", "device", device, ES_DEVICE, ES_D_NAME);
        if (device.length == 0 && !*row->text[ES_PR_DIFFERS])
            fail(c, es_fail(c->errors, ES_EUSAGE, &row->origin,
                            "neither device nor differs: '%s'; expected the device that has its processor, or why none "
                            "has",
                            es_quote_text(row->name).text));
    }
}

static const char default_name[] = "default";

const es_row *es_default_runtime(const es_catalog *catalog) {
    return es_table_find(&catalog->table[ES_RUNTIME], default_name, sizeof default_name - 1);
}

static es_status add_default_runtime(es_catalog *catalog, es_errors *errors) {
    static const char text[] =
        "name,unit_kinds,formats,note\n"
        "default,*,*,\"neutral, for studies: any format on any unit, rates without a family's\"\n";
    if (es_default_runtime(catalog))
        return ES_OK;
    es_table row = {.kind = ES_RUNTIME};
    es_status status =
        es_table_load(&row, "(built-in)", text, sizeof text - 1, &catalog->table[ES_RUNTIME], catalog->arena, errors);
    if (status == ES_OK && !es_table_merge(&catalog->table[ES_RUNTIME], &row))
        status = es_fail_memory(errors);
    es_table_free(&row);
    return status;
}

es_status es_catalog_connect(es_catalog *catalog, es_errors *errors) {
    connector c = {catalog, errors, add_default_runtime(catalog, errors)};
    if (c.status)
        return c.status;
    connect_devices(&c);
    check_runtimes(&c);
    check_power(&c);
    check_products(&c);
    return c.status;
}
