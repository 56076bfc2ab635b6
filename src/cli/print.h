/* Text for people: tables with aligned columns, safe names, short numbers. */
#ifndef ES_CLI_PRINT_H
#define ES_CLI_PRINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include <edgesweep/error.h>

/* Columns a text takes on a terminal: one per character, two for wide East Asian ones, none for combining marks. */
size_t es_text_width(const char *text);

/* Four significant digits, without an exponent between 1e-4 and 1e15; "" for NaN. */
void es_human_number(char *to, size_t size, double value);

/* Seconds as 12 ms, 3.4 s, 5 min, 2.1 h, 3.5 days, 12 years; bytes as 1.2 MB; counts as 3.4 million. */
void es_human_seconds(char *to, size_t size, double seconds);
void es_human_bytes(char *to, size_t size, double bytes);
void es_human_count(char *to, size_t size, double count);

/* A table in memory.  Cells are copied; a failed allocation is remembered and reported by es_table_print. */
typedef struct es_grid {
    size_t n_columns, n_cells, capacity;
    char **cell; /* the header first, then row by row */
    bool *right; /* per column: numbers */
    bool failed;
} es_grid;

/* headers: NULL-terminated, those of numbers with '>' in front. */
void es_grid_begin(es_grid *grid, const char *const *headers);
void es_grid_cell(es_grid *grid, const char *text);
void es_grid_format(es_grid *grid, const char *format, ...) __attribute__((format(printf, 2, 3)));
void es_grid_number(es_grid *grid, double value); /* es_human_number */

/* Prints with `indent` blanks before each row and frees the table.  `bold`: the header stands out by an escape sequence.
 * Columns that are empty in every row are left out. */
es_status es_grid_print(es_grid *grid, FILE *out, unsigned indent, bool bold, es_errors *errors);

/* Prints paragraphs (separated by empty lines) wrapped at `width`; lines that begin with a blank stay as they are. */
void es_print_wrapped(FILE *out, const char *text, unsigned indent, unsigned width);

#endif
