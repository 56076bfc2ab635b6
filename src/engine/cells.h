/* Single cells and headers of every output format: separators, quoting, formula neutralisation, decimal comma. */
#ifndef ES_ENGINE_CELLS_H
#define ES_ENGINE_CELLS_H

#include <edgesweep/sweep.h>

/* Fills in 0 values: 9 digits, the format's delimiter, '.'. */
es_csv_options es_csv_defaults(es_csv_options options);

/* True when a numeric cell is just the number and a one-byte separator. */
bool es_cell_is_plain(const es_csv_options *options);

typedef struct es_label {
    const char *text;
    size_t length;
} es_label;

/* Owns the finished texts of labels; zero-initialise. */
typedef struct es_labels {
    char **blocks;
    size_t n, capacity;
} es_labels;
void es_labels_free(es_labels *labels);

/* How the cells of one column look. */
typedef struct es_cell_style {
    const es_column *column;
    const es_label *label; /* finished texts, separators included, one per label and a last one for the empty cell */
    const char *prefix, *suffix;
    size_t prefix_length, suffix_length;
    const char *empty; /* what stands for no value */
    int digits;
    char decimal;
    size_t width; /* longest cell, and room for whole-block copies of a number */
} es_cell_style;

es_status es_cell_style_make(es_cell_style *style, const es_column *column, bool first, bool last,
                             const es_csv_options *options, es_labels *labels, es_errors *errors);

/* Writes a cell with its separators; returns the length.  May write up to style->width bytes. */
size_t es_cell_text(const es_cell_style *style, double value, char *to);

/* Appends `text` as a text cell of the format, quoted or escaped as needed; returns the length.  At most
 * es_text_cell_size(n) bytes. */
size_t es_text_cell(const es_csv_options *options, const char *text, size_t n, char *to);
static inline size_t es_text_cell_size(size_t n) { return 6 * n + 4; }

/* Header line(s); es_header_size bytes of room are enough. */
size_t es_header_size(const es_column *const *columns, size_t n);
size_t es_header_text(const es_column *const *columns, size_t n, const es_csv_options *options, char *to);

#endif
