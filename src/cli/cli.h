/* The command line: one table of commands, one table of options.
 *
 * Parsing, range checks, did-you-mean, --help, manual pages and shell completion all read these two tables.
 * A new command is one file `commands/cmd_NAME.c` that exports one const es_command, one id below and one line in
 * commands/commands.h; a new option is one id below and one row in options.c.
 */
#ifndef ES_CLI_CLI_H
#define ES_CLI_CLI_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <edgesweep/catalog.h>
#include <edgesweep/error.h>

#include "base/arena.h"
#include "base/text.h"

/* Every command of the contract, in the order of `help`; one without an entry in commands.h does not exist. */
typedef enum es_command_id {
    ES_CMD_ADVISE,
    ES_CMD_RUN,
    ES_CMD_PLAN,
    ES_CMD_PARETO,
    ES_CMD_BEST,
    ES_CMD_MERGE,
    ES_CMD_LIST,
    ES_CMD_SHOW,
    ES_CMD_EXPLAIN,
    ES_CMD_SENSITIVITY,
    ES_CMD_CHECK,
    ES_CMD_IMPORT,
    ES_CMD_CALIBRATE,
    ES_CMD_VALIDATE,
    ES_CMD_PROBE,
    ES_CMD_REPORT,
    ES_CMD_RERUN,
    ES_CMD_CITE,
    ES_CMD_COMPLETION,
    ES_CMD_HELP,
    ES_CMD_IDS
} es_command_id;

/* Options in the order in which help shows them. */
typedef enum es_opt {
    ES_OPT_OUT,
    ES_OPT_FORMAT,
    ES_OPT_THREADS,
    ES_OPT_SET,
    ES_OPT_BUILD,
    ES_OPT_UNSET,
    ES_OPT_CATALOG,
    ES_OPT_DEVICE,
    ES_OPT_IN_PLACE,
    ES_OPT_POWER,
    ES_OPT_USE,
    ES_OPT_CONTEXT,
    ES_OPT_MIN_SPEED,
    ES_OPT_MIN_QUALITY,
    ES_OPT_MAX_TTFT,
    ES_OPT_MAX_PRICE,
    ES_OPT_RAM,
    ES_OPT_KV,
    ES_OPT_GOAL,
    ES_OPT_JSON,
    ES_OPT_HEADER,
    ES_OPT_TABLE,
    ES_OPT_INTO,
    ES_OPT_PRECISION_ROW,
    ES_OPT_NAME,
    ES_OPT_TMP,
    ES_OPT_ANYWAY,
    ES_OPT_INDEX,
    ES_OPT_POINT,
    ES_OPT_FULL,
    ES_OPT_OF,
    ES_OPT_SOBOL,
    ES_OPT_DECIDES,
    ES_OPT_BINDING,
    ES_OPT_SEED,
    ES_OPT_KERNEL,
    ES_OPT_NAMES,
    ES_OPT_MIN,
    ES_OPT_MAX,
    ES_OPT_PICK,
    ES_OPT_BY,
    ES_OPT_WHERE,
    ES_OPT_METRIC,
    ES_OPT_PARETO,
    ES_OPT_BEST,
    ES_OPT_FRONT_ONLY,
    ES_OPT_UNIQUE,
    ES_OPT_EPSILON,
    ES_OPT_RANKS,
    ES_OPT_KNEE,
    ES_OPT_CROWDING,
    ES_OPT_HYPERVOLUME,
    ES_OPT_UNCERTAIN,
    ES_OPT_SKIP_MISSING,
    ES_OPT_MIX_BOUNDARIES,
    ES_OPT_STRICT,
    ES_OPT_TOP,
    ES_OPT_LIMIT,
    ES_OPT_SHARD,
    ES_OPT_SHARD_BASE,
    ES_OPT_SHARD_FROM,
    ES_OPT_RESUME,
    ES_OPT_CHECKPOINT,
    ES_OPT_DIGITS,
    ES_OPT_EXACT,
    ES_OPT_DELIMITER,
    ES_OPT_DECIMAL,
    ES_OPT_THOUSANDS,
    ES_OPT_BOM,
    ES_OPT_CRLF,
    ES_OPT_SPLIT_ROWS,
    ES_OPT_SYNC,
    ES_OPT_MAX_BYTES,
    ES_OPT_FORCE,
    ES_OPT_MAX_MEMORY,
    ES_OPT_MAX_TIME,
    ES_OPT_PLOT,
    ES_OPT_PROGRESS,
    ES_OPT_STATS,
    ES_OPT_WIDE,
    ES_OPT_COLUMNS,
    ES_OPT_COLOR,
    ES_OPT_QUIET,
    ES_OPT_MAN,
    ES_OPT_HELP,
    ES_OPT_VERSION,
    ES_OPTS
} es_opt;

/* Values of --color and --progress, in the order of their table. */
typedef enum es_mode { ES_MODE_AUTO, ES_MODE_ALWAYS, ES_MODE_NEVER } es_mode;

typedef enum es_value_type {
    ES_VALUE_NONE,   /* a switch */
    ES_VALUE_TEXT,   /* anything but empty */
    ES_VALUE_FILE,   /* a path; completed as one */
    ES_VALUE_FOLDER, /* a path, with + in front or not */
    ES_VALUE_COUNT,  /* whole number in [min, max]; 10k, 4Mi ... allowed */
    ES_VALUE_CHOICE, /* one of `choices`, unique prefixes allowed */
    ES_VALUE_CHAR    /* one ASCII character, or comma, semicolon, tab, space, point */
} es_value_type;

typedef struct es_cli_option {
    const char *name;
    char letter;     /* 0: none */
    bool repeatable; /* otherwise given twice is an error */
    es_value_type type;
    const char *argument;       /* FILE, N ...; NULL for switches */
    double min, max;            /* ES_VALUE_COUNT */
    const char *const *choices; /* NULL-terminated; ES_VALUE_CHOICE */
    const char *fallback;       /* the default, in words; NULL: nothing to say */
    uint32_t commands;          /* ES_IN(...) | ES_IN(...) */
    const char *help;
} es_cli_option;

#define ES_IN(command) (1u << (command))
/* Values of --use and --goal of `advise`. */
extern const char *const es_advise_uses[], *const es_advise_goals[];
extern const es_cli_option es_cli_options[ES_OPTS];

struct es_cli;

typedef struct es_command {
    es_command_id id;
    const char *name;
    const char *synopsis; /* operands as shown: "FILE.sweep"; "" for none */
    unsigned min_operands, max_operands;
    const char *const *choices;  /* legal first operands, NULL-terminated, for completion; NULL: files */
    const char *help;            /* one line, no full stop */
    const char *details;         /* paragraphs separated by an empty line; without option descriptions */
    const char *const *examples; /* NULL-terminated: a command line, then what it does, then the next */
    bool wraps;                  /* what it prints to `out` is wrapped at the width of a terminal */
    es_status (*run)(struct es_cli *cli, es_errors *errors);
} es_command;

typedef struct es_option_value {
    size_t n; /* times given */
    size_t capacity;
    const char **text; /* as written, n of them */
    uint64_t count;    /* COUNT: the number; CHOICE: index; CHAR: the character */
} es_option_value;

/* One invocation.  Lives on main's stack; commands only read it, apart from the arena. */
typedef struct es_cli {
    const es_command *const *commands; /* those that may be called, in the order of es_command_id; NULL-terminated */
    const es_command *command;
    es_option_value value[ES_OPTS];
    const char **operand;
    size_t n_operands;
    es_arena arena; /* freed when the command returns */
    int argc;
    char *const *argv;
    FILE *out;                         /* stdout, or a page of a command that wraps */
    bool out_tty, err_tty;             /* stdout, stderr are terminals */
    bool out_color, err_color;         /* stdout, stderr may be coloured: --color, else the terminal and NO_COLOR */
    unsigned width;                    /* columns of the terminal, 80 when unknown */
    bool usage;                        /* a fault of the command line itself: main adds the hint to read the help */
    const volatile sig_atomic_t *stop; /* SIGINT, SIGTERM or SIGALRM (--max-time) after that signal */
} es_cli;

/* ---- options as commands read them ---- */
static inline bool es_given(const es_cli *cli, es_opt option) { return cli->value[option].n > 0; }
/* The last text given, NULL when none. */
static inline const char *es_text_of(const es_cli *cli, es_opt option) {
    return es_given(cli, option) ? cli->value[option].text[cli->value[option].n - 1] : NULL;
}
/* COUNT, CHOICE (index) and CHAR: the value given, else `fallback`. */
static inline uint64_t es_count_of(const es_cli *cli, es_opt option, uint64_t fallback) {
    return es_given(cli, option) ? cli->value[option].count : fallback;
}

/* Whether text for `out`, stdout or stderr, may hold escape sequences for colours. */
static inline bool es_colored(const es_cli *cli, const FILE *out) {
    return out == stderr ? cli->err_color : cli->out_color;
}

/* Columns that text for `out` may take: those of the terminal; 0: as many as it likes. */
static inline unsigned es_width_of(const es_cli *cli, const FILE *out) {
    const bool terminal = out == stderr ? cli->err_tty : cli->out_tty;
    return terminal && !es_given(cli, ES_OPT_WIDE) ? cli->width : 0;
}

/* A fault of the command line: `COMMAND: message`, status 2 and the hint to read the help. */
es_status es_usage(es_cli *cli, es_errors *errors, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Prints what was collected on stderr and empties it, so that warnings come before long work.  -q drops warnings. */
void es_cli_report(const es_cli *cli, es_errors *errors);

/* One line on stderr that is neither an error nor a warning; silent under -q. */
void es_note(const es_cli *cli, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* ---- loading ---- */
/* The embedded catalogs and those of --catalog. */
es_status es_cli_load_catalog(const es_cli *cli, es_catalog *catalog, es_errors *errors);

/* ---- parsing (parse.c, options.c) ---- */
/* Fills the invocation, which has its commands, from argv.  cli->command is NULL when only --help or --version was
 * given.  A word that names a device or a model and no command is the first operand of `advise`. */
es_status es_cli_parse(es_cli *cli, int argc, char *const *argv, es_errors *errors);
void es_cli_free(es_cli *cli);
/* Index in `names` (NULL-terminated) by exact name or unique prefix (case-insensitive); -1 after an error that names
 * `what`, and lists the candidates of an ambiguous prefix or suggests the nearest name. */
int es_choose(es_cli *cli, const char *what, const char *const *names, const char *given, es_errors *errors);
static inline bool es_option_in(es_opt option, const es_command *command) {
    return (es_cli_options[option].commands & ES_IN(command->id)) != 0;
}

#endif
