#include <edgesweep/error.h>

#include "cli/limits.h"
#include "commands/program.h"

/* The check comes before anything that needs a stack. */
int main(int argc, char **argv) { return es_cli_stack_is_enough() ? es_cli_main(argc, argv) : ES_ERUNTIME; }
