/* Text for people: tables with aligned columns, safe names, short numbers. */
#ifndef ES_CLI_PRINT_H
#define ES_CLI_PRINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include <edgesweep/error.h>

struct es_cli;

/* Columns a text takes on a terminal: one per character, two for wide East Asian ones, none for combining marks. */
size_t es_text_width(const char *text);

/* Four significant digits, without an exponent between 1e-4 and 1e15; "" for NaN. */
void es_human_number(char *to, size_t size, double value);

/* The same with M, G, T or P from a million on (1.414 G). */
void es_human_si(char *to, size_t size, double value);

/* Seconds as 12 ms, 3.4 s, 5 min, 2.1 h, 3.5 days, 12 years; bytes as 1.2 MB; counts as 3.4 million. */
void es_human_seconds(char *to, size_t size, double seconds);
void es_human_bytes(char *to, size_t size, double bytes);
void es_human_count(char *to, size_t size, double count);

/* How a cell looks where colours are on. */
typedef enum es_style { ES_PLAIN, ES_GOOD, ES_BAD, ES_FAINT } es_style;

typedef struct es_listing_text {
    char *text;
    es_style style;
} es_listing_text;

/* A table in memory.  Cells are copied; a failed allocation is remembered and reported by es_listing_print. */
typedef struct es_listing {
    size_t n_columns, n_cells, capacity;
    es_listing_text *cell; /* the header first, then row by row */
    bool *right;           /* per column: numbers */
    es_style pen;          /* of the cells that come next */
    bool failed;
} es_listing;

/* headers: NULL-terminated, those of numbers with '>' in front. */
void es_listing_begin(es_listing *listing, const char *const *headers);
void es_listing_cell(es_listing *listing, const char *text);
void es_listing_format(es_listing *listing, const char *format, ...) __attribute__((format(printf, 2, 3)));
void es_listing_number(es_listing *listing, double value); /* es_human_number */

/* Styles the cell in row `row` (0: the first below the header). */
void es_listing_style(es_listing *listing, size_t row, size_t column, es_style style);

/* For a table that is not printed. */
void es_listing_free(es_listing *listing);

/* Prints with `indent` blanks before each row and frees the table, in colours where `out` may have them.  Columns that are
 * empty in every row are left out.  On a terminal cells are wrapped so that no line is wider, and the last columns, when that is
 * not enough, named below instead. */
es_status es_listing_print(es_listing *listing, const struct es_cli *cli, FILE *out, unsigned indent,
                           es_errors *errors);

/* Prints paragraphs (separated by empty lines) wrapped at `width`, 0: not at all; a line with fields, which two blanks part,
 * goes on below its last one. */
void es_print_wrapped(FILE *out, const char *text, unsigned indent, unsigned width);

/* The same for messages, a line each, which go on indented. */
void es_print_message(FILE *out, const char *text, unsigned width);

#endif
