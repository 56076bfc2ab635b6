/* Sweep files as text: sections, keys and values with their places.  Knows the shape of the file, not what keys mean. */
#ifndef ES_GRID_SPEC_H
#define ES_GRID_SPEC_H

#include <edgesweep/error.h>

#include "base/arena.h"
#include "base/text.h"

typedef enum es_section {
    ES_SEC_SWEEP,
    ES_SEC_WHERE,
    ES_SEC_PARETO,
    ES_SEC_BEST,
    ES_SEC_METRICS,
    ES_SEC_OUTPUT,
    ES_SECTIONS
} es_section;

typedef struct es_entry {
    es_slice key, value; /* [where]: no key, value is the whole line; [metrics]: key is NAME [UNIT] */
    es_origin key_at, value_at;
} es_entry;

typedef struct es_entries {
    es_entry *entry;
    size_t count, capacity;
} es_entries;

typedef struct es_spec {
    es_entries section[ES_SECTIONS];
    es_origin header[ES_SECTIONS]; /* of the first [section]; line 0: none */
    es_origin end;                 /* of the file, for complaints about what is missing */
} es_spec;

enum { ES_SWEEP_FILE_MAX = 16 << 20 };

extern const char *const es_section_names[ES_SECTIONS + 1]; /* NULL-terminated */

/* Reads the file at `path` (NULL: none), or takes its contents where they are given, and the command line's `key=value`
 * sets, which win over the file.  Texts live in the arena; es_spec_free releases the lists. */
es_status es_spec_read(es_spec *spec, const char *path, const char *contents, const char *const *sets, size_t n_sets,
                       es_arena *arena, es_errors *errors);
/* The same from text in memory. */
es_status es_spec_parse(es_spec *spec, const char *file, es_slice text, es_errors *errors);
void es_spec_free(es_spec *spec);

/* One sweep file that says the same, with further conditions; in the arena, NULL when out of memory. */
const char *es_spec_text(const es_spec *spec, const char *const *wheres, size_t n_wheres, es_arena *arena);

const es_entry *es_spec_find(const es_spec *spec, es_section section, const char *key);

/* NAME and UNIT of an entry of [metrics], `NAME [UNIT] = ...`; the name is letters, digits and _. */
es_status es_spec_metric(const es_entry *entry, es_slice *name, es_slice *unit, es_errors *errors);

/* ---- comma lists ---- */

typedef struct es_list_item {
    es_slice text; /* trimmed, quotes kept */
    es_origin at;
} es_list_item;

/* Takes the next element of a comma list: quotes and parentheses protect commas.  False at the end.  An empty element is
 * returned with length 0. */
bool es_list_next(es_slice *rest, es_origin *at, es_list_item *item);

/* Removes a pair of quotes around the whole of text; false when a quote has no partner. */
bool es_unquote(es_slice *text);

/* The same for names that may hold the quote itself, doubled; `room` has space for text->length bytes. */
bool es_unquote_name(es_slice *text, char *room);

#endif
