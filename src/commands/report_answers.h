/* What the page of a sweep says beside its rows: what the best choices rest on, and why some have none. */
#ifndef ES_COMMANDS_REPORT_ANSWERS_H
#define ES_COMMANDS_REPORT_ANSWERS_H

#include "base/arena.h"
#include "report/report.h"
#include <edgesweep/sweep.h>

/* Of the sweep that was run; all texts in the arena. */
es_status es_report_answers(es_report_options *options, const es_sweep *sweep, const es_run_report *run,
                            es_arena *arena, es_errors *errors);

#endif
