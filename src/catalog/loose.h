/* Rows by names as people type them: `rpi5`, `llama3.2:3b`, `Qwen/Qwen3-4B`, `q4km`. */
#ifndef ES_CATALOG_LOOSE_H
#define ES_CATALOG_LOOSE_H

#include <stddef.h>

#include <edgesweep/catalog.h>

#include "base/text.h"

/* How a name was understood; earlier is surer. */
typedef enum es_likeness {
    ES_LIKE_NAME,     /* name or alias */
    ES_LIKE_PLAIN,    /* equal but for case, punctuation, vendor and words like "Instruct" */
    ES_LIKE_BEGIN,    /* a name begins so, plainly */
    ES_LIKE_PART,     /* a name contains it, plainly, or all of its words */
    ES_LIKE_SPELT,    /* one letter is wrong: a suggestion rather than an answer */
    ES_LIKE_MISSPELT, /* two are */
    ES_LIKE_NOTHING
} es_likeness;

/* The rows that the text means at the surest level that any row reaches: up to `room` of them in catalog order, their number
 * (of all of them) in *n; of suggestions one, the newest of those that begin right.  Of devices that are variants of one, only
 * that one counts: the board with its bare name, the power mode without a remark; "M2 Pro 16GB" is an M2 Pro, a suggestion
 * when the row has another memory.  Rows whose name begins with "EP" (the paper's)
 * count only when the text does.  Thread-safe. */
es_likeness es_loose_find(const es_table *table, es_kind kind, es_slice text, const es_row **row, size_t room,
                          size_t *n);

/* The one row that the text means, up to ES_LIKE_PART; NULL: none or several. */
const es_row *es_loose_row(const es_table *table, es_kind kind, es_slice text);

/* For a text that names no row: "did you mean 'A'?", "could be 'A', 'B'" or where to look; returns `to`. */
const char *es_loose_suggest(const es_table *table, es_kind kind, es_slice text, char *to, size_t size);

#endif
