/* What did not make it into the table of best choices, and why. */
#ifndef ES_COMMANDS_LEFT_OUT_H
#define ES_COMMANDS_LEFT_OUT_H

#include <edgesweep/sweep.h>

#include "cli/cli.h"
#include "cli/print.h"

/* Values of the first entity axis among the best table's groups (devices, say) without any winner: which condition
 * rejects most of their points, and the point that comes nearest to fulfilling it.  Looks at a sample of models and
 * precisions with every other axis at its first value.  *missing: how many there are; the table, to be printed or freed,
 * has the first 20. */
es_status es_left_out(const es_sweep *sweep, const es_run_report *report, es_listing *listing, size_t *missing,
                      es_errors *errors);
es_status es_print_left_out(const es_cli *cli, const es_sweep *sweep, const es_run_report *report, FILE *out,
                            es_errors *errors);

/* Warns of what objectives leave out, all by name: models without a score, formats whose loss is not known, devices
 * without a power. */
es_status es_warn_lacking(const es_sweep *sweep, es_errors *errors);

#endif
