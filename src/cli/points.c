#include "cli/points.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "grid/plan.h"
#include "io/format.h"

uint64_t es_spread_index(const es_sweep *sweep, uint64_t k) {
    __extension__ typedef unsigned __int128 wide;
    return (uint64_t)((wide)(k * 0x9E3779B97F4A7C15u) * sweep->n_points >> 64);
}

void es_axis_value_text(const es_axis *axis, size_t i, char *to, size_t size) {
    char digits[40];
    if (axis->row) {
        es_copy_text(to, size, es_slice_of(axis->row[i]->name));
    } else if (axis->text) {
        es_copy_text(to, size, es_slice_of(axis->text[i]));
    } else {
        size_t length = es_format_double(digits, axis->value[i], 9);
        snprintf(to, size, "%s%.*s", axis->factor ? "x" : "", (int)length, digits);
    }
}

static bool is_bytes(const es_column *column) { return column->unit && strcmp(column->unit, "B") == 0; }

void es_listing_column(es_listing *listing, const es_column *column, const double *value) {
    char text[256];
    double number = value[column->node];
    if (column->labels) {
        es_column_text(column, number, 0, text, sizeof text);
        es_listing_cell(listing, text);
    } else if (is_bytes(column) && !es_is_missing(number)) {
        es_human_bytes(text, sizeof text, number);
        es_listing_cell(listing, text);
    } else {
        number = column->whole && !es_is_missing(number) ? ceil(number) : number;
        (column->is_axis ? es_human_number : es_human_si)(text, sizeof text, number);
        es_listing_cell(listing, text);
    }
}

const char *es_column_header(es_arena *arena, const es_column *column) {
    bool unit = column->unit && *column->unit && !is_bytes(column); /* cells of bytes carry theirs */
    return es_arena_printf(arena, "%s%s%s%s%s", column->labels ? "" : ">", column->name, unit ? " [" : "",
                           unit ? column->unit : "", unit ? "]" : "");
}

const char *es_build_words(double build, char *text, size_t size) {
    if (isinf(build))
        snprintf(text, size, "the newest build");
    else if (build >= 100000)
        snprintf(text, size, "%04.0f-%02.0f", floor(build / 100), fmod(build, 100));
    else
        snprintf(text, size, "b%.0f", build);
    return text;
}
