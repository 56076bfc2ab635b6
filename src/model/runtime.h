/* What runs what: the rules of runtimes.csv.
 *
 * A runtime runs a format on a unit when the unit's kind is among its `unit_kinds` (and the unit among its `units`, if it
 * lists any), the unit's isa has every token of `requires` (a|b: either), and `formats` accept the format.
 */
#ifndef ES_MODEL_RUNTIME_H
#define ES_MODEL_RUNTIME_H

#include <stdbool.h>

#include <edgesweep/catalog.h>

#include "base/text.h"

/* Whether the runtime is for the unit.  A unit known by its class alone has no isa: `requires` is not asked.  `missing`
 * (may be NULL) becomes what the runtime needs and the unit is not or has not: a list of kinds or units, or a token. */
bool es_runtime_on(const es_row *runtime, const es_row *unit, es_slice *missing);

typedef enum es_loads { ES_LOADS_NOT, ES_LOADS, ES_LOADS_WITH_ISA } es_loads;

/* Whether `formats` of the runtime accept a format: patterns from left to right, the last match wins; gguf:* is every
 * format of kind gguf, !p rejects, p@isa accepts on units with that isa only: then *isa is it. */
es_loads es_runtime_loads(const es_row *runtime, const char *format, es_precision_kind kind, es_slice *isa);

/* The kind that patterns ask for. */
es_precision_kind es_format_kind(const es_row *precision);

/* Whether the unit's isa has a token.  True for units known by their class alone. */
bool es_unit_has(const es_row *unit, es_slice token);
/* Whether it is known and has every token of a list joined by +. */
bool es_unit_has_all(const es_row *unit, const char *tokens);

typedef enum es_runs_answer { ES_RUNS, ES_RUNS_NOT_HERE, ES_RUNS_LOADS_NOT } es_runs_answer;

/* All together: the unit is not one for the runtime and the format (*missing, may be NULL, is what it needs), or the
 * runtime does not load the format anywhere. */
es_runs_answer es_runs(const es_row *runtime, const es_row *unit, const es_row *precision, es_slice *missing);

/* Whether the runtime is for the unit and loads any format at all there. */
bool es_runtime_serves(const es_row *runtime, const es_row *unit);

/* NPUs are what was measured on them: they need no peak in floats; that in 8-bit integers is theirs, and where there is none,
 * or no bandwidth, the measured rate stands for the product (1 GOP/s, 1 GB/s). */
bool es_unit_is_npu(const es_row *unit);
double es_device_field(const es_row *device, const es_row *unit, int field);

/* Whether the runtime is named so: its row's name or an alias, its family, or family/backend. */
bool es_runtime_is_named(const es_table *runtimes, const es_row *runtime, es_slice name);

/* The runtime of that name on a unit: the row, or of a family the one with the lowest support_rank there; NULL: none. */
const es_row *es_runtime_find(const es_catalog *catalog, es_slice name, const es_row *unit);

/* Whether the runtime's list of models has the model; true without a list. */
bool es_runtime_has_model(const es_row *runtime, const es_row *model);

#endif
