/* --max-memory and --max-time. */
#ifndef ES_CLI_LIMITS_H
#define ES_CLI_LIMITS_H

#include "cli/cli.h"

/* Before the command.  The time ends in SIGALRM, which stops the command like SIGINT. */
es_status es_cli_limits_begin(const es_cli *cli, es_errors *errors);

/* False, after a message, when the stacks of the process or of its threads are too small to go on. */
bool es_cli_stack_is_enough(void);

/* After it: what a limit ended is an error that names it. */
es_status es_cli_limits_end(const es_cli *cli, es_status status, es_errors *errors);

#endif
