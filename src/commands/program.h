/* One invocation of the program. */
#ifndef ES_COMMANDS_PROGRAM_H
#define ES_COMMANDS_PROGRAM_H

/* From argv to the exit status; closes stdout. */
int es_cli_main(int argc, char **argv);

#endif
