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

/* "M2 Pro 16GB": what stands before the size of the memory, all of the text when none is said; the size to *gib. */
es_slice es_loose_without_memory(es_slice text, double *gib);

/* GiB that Metal does not recommend to use of a Mac with so much memory, whose row says it of its own; 0: no such device. */
double es_loose_reserved(const es_row *device, double gib);

/* The format at the end of a file or of a tag of a model: "Q4_K_M" of "Llama-3.2-3B-Instruct-Q4_K_M.gguf" and of
 * "hf.co/unsloth/Qwen3-4B-GGUF:Q4_K_M"; empty when it has none. */
es_slice es_loose_format(es_slice text);

/* What of a product is not as in its device, for people: "6 instead of 5 GPU cores"; where only numbers differ that fields of
 * the device can say, the options that do; "" when it is the same.  Returns `to`. */
const char *es_loose_product_text(const es_catalog *catalog, const es_row *product, char *to, size_t size);

/* The one row that the text means, up to ES_LIKE_PART; NULL: none or several. */
const es_row *es_loose_row(const es_table *table, es_kind kind, es_slice text);

/* For a text that names no row: "did you mean 'A'?", "could be 'A', 'B'" or where to look; returns `to`. */
const char *es_loose_suggest(const es_table *table, es_kind kind, es_slice text, char *to, size_t size);

#endif
