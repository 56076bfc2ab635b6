/* What a command will read and write, compared before anything opens. */
#ifndef ES_CLI_PATHS_H
#define ES_CLI_PATHS_H

#include <sys/stat.h>

#include "cli/cli.h"

/* Where a path leads: a file by device and inode, else its name in a folder. */
typedef struct es_path {
    const char *path;     /* as given */
    const char *base;     /* where links end: the name there, behind folders that are not there yet */
    bool exists, special; /* neither a file nor nothing: a device, a pipe, a folder */
    dev_t device, parent_device;
    ino_t inode, parent_inode;
    bool catalog, output;
    bool split; /* a row of files, their names from this one */
    bool parts; /* all files whose names begin so: the last character is a * */
} es_path;

/* Zero-initialise; the memory is that of the arena. */
typedef struct es_paths {
    es_path *place;
    size_t n, capacity;
} es_paths;

/* NULL and "-" are fine, devices and pipes too. */
es_status es_paths_input(es_paths *paths, es_cli *cli, const char *path, es_errors *errors);
/* The operands, and the files of --catalog. */
es_status es_paths_inputs(es_paths *paths, es_cli *cli, es_errors *errors);

/* With PATH.meta.json when `meta`; `split` rows lie in PATH-0001 and so on. */
es_status es_paths_output(es_paths *paths, es_cli *cli, const char *path, bool meta, bool split, es_errors *errors);

/* Where the parts of a sharded run go, of any number of shards. */
es_status es_paths_parts(es_paths *paths, es_cli *cli, const char *directory, es_errors *errors);

/* ES_EUSAGE when an output is an input, or two outputs are one place. */
es_status es_paths_check(const es_paths *paths, es_cli *cli, es_errors *errors);

#endif
