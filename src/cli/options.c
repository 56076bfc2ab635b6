/* The option table. */
#include "cli/cli.h"

#define ADVISE ES_IN(ES_CMD_ADVISE)
#define RUN ES_IN(ES_CMD_RUN)
#define PLAN ES_IN(ES_CMD_PLAN)
#define CHECK ES_IN(ES_CMD_CHECK)
#define EXPLAIN ES_IN(ES_CMD_EXPLAIN)
#define SENSITIVITY ES_IN(ES_CMD_SENSITIVITY)
#define LIST ES_IN(ES_CMD_LIST)
#define SHOW ES_IN(ES_CMD_SHOW)
#define PARETO ES_IN(ES_CMD_PARETO)
#define BEST ES_IN(ES_CMD_BEST)
#define MERGE ES_IN(ES_CMD_MERGE)
#define HELP ES_IN(ES_CMD_HELP)
#define REPORT ES_IN(ES_CMD_REPORT)
#define RERUN ES_IN(ES_CMD_RERUN)
#define IMPORT ES_IN(ES_CMD_IMPORT)
#define PROBE ES_IN(ES_CMD_PROBE)
#define SWEEPS (RUN | PLAN | CHECK | EXPLAIN | SENSITIVITY)
#define TABLES (PARETO | BEST)
#define MEASURED (ES_IN(ES_CMD_CALIBRATE) | ES_IN(ES_CMD_VALIDATE))
#define LONG (RUN | PLAN | TABLES | MERGE | MEASURED | REPORT)
#define READS (TABLES | MEASURED | REPORT)
#define TERMINAL (RUN | PLAN | TABLES | ADVISE | LIST | SHOW | EXPLAIN | SENSITIVITY | MEASURED)
#define JSON (ADVISE | LIST | SHOW | EXPLAIN | BEST)
#define ALL (ES_IN(ES_CMD_IDS) - 1u)

static const char *const formats[] = {"csv", "tsv", "jsonl", "md", "json", NULL};
static const char *const import_tables[] = {"models", "layers", "precisions", "gguf_mixtures", "types", NULL};
static const char *const modes[] = {"auto", "always", "never", NULL};

#define SWITCH .type = ES_VALUE_NONE
#define TEXT(name_) .type = ES_VALUE_TEXT, .argument = name_
#define TO_FILE(name_) .type = ES_VALUE_FILE, .argument = name_
#define FOLDER(name_) .type = ES_VALUE_FOLDER, .argument = name_
#define COUNT(name_, min_, max_) .type = ES_VALUE_COUNT, .argument = name_, .min = min_, .max = max_
#define CHOICE(name_, list_) .type = ES_VALUE_CHOICE, .argument = name_, .choices = list_
#define CHARACTER(name_) .type = ES_VALUE_CHAR, .argument = name_

const char *const es_advise_uses[] = {"chat", "code", "agent", "summarise", "batch", NULL};
const char *const es_advise_goals[] = {"quality", "speed", "energy", "cost", "balanced", NULL};

const es_cli_option es_cli_options[ES_OPTS] = {
    [ES_OPT_OUT] = {"out", 'o', TO_FILE("OUT"),
                    .commands = RUN | TABLES | MEASURED | MERGE | REPORT | SENSITIVITY | RERUN,
                    .help = "write to OUT, - is stdout; a regular file appears only when complete"},
    [ES_OPT_FORMAT] = {"format", 'f', CHOICE("FORMAT", formats), .commands = RUN | SENSITIVITY | JSON,
                       .fallback = "by the suffix of each file, else csv",
                       .help = "csv, tsv, jsonl, md or json, an array; of advise, list, show, explain and best only "
                               "json: help json"},
    [ES_OPT_THREADS] = {"threads", 'j', COUNT("N", 1, 4096), .commands = RUN | PLAN | TABLES | REPORT | SENSITIVITY,
                        .fallback = "one per core, fewer for small grids",
                        .help = "use N threads; the bytes written do not depend on it"},
    [ES_OPT_SET] = {"set", 0, true, TEXT("KEY=VALUE"), .commands = SWEEPS | REPORT | ADVISE,
                    .help = "set a key of [sweep], or SECTION.KEY; wins over the file; axes also as --AXIS VALUE"},
    [ES_OPT_BUILD] = {"build", 0, TEXT("BUILD"), .commands = SWEEPS | REPORT | ADVISE, .fallback = "newest",
                      .help = "build of llama.cpp whose kernels are meant: b8134, 2024-11 (short for runtime_build)"},
    [ES_OPT_UNSET] = {"unset", 0, true, TEXT("KEY"), .commands = SWEEPS | REPORT,
                      .help = "remove a key, or a section (where, pareto, best ...), that the file sets"},
    [ES_OPT_CATALOG] = {"catalog", 0, true, FOLDER("DIR"),
                        .commands = SWEEPS | ADVISE | LIST | SHOW | MEASURED | REPORT | IMPORT | RERUN,
                        .help = "use the catalogs in DIR instead of the built-in ones; +DIR adds to them"},
    [ES_OPT_DEVICE] = {"device", 0, TEXT("NAME"), .commands = MEASURED,
                       .help = "the device of measurements that name none, as llama-bench's"},
    [ES_OPT_IN_PLACE] = {"in-place", 0, SWITCH, .commands = ES_IN(ES_CMD_CALIBRATE),
                         .help = "OUT may be a file of --catalog, which is replaced"},
    [ES_OPT_POWER] = {"power", 0, SWITCH, .commands = ES_IN(ES_CMD_CALIBRATE),
                      .help = "fit power, not speed: write power.csv, levels by board and boundary"},
    [ES_OPT_USE] = {"use", 0, CHOICE("USE", es_advise_uses), .commands = ADVISE, .fallback = "chat",
                    .help = "lengths and bounds: chat, code, agent, summarise, batch"},
    [ES_OPT_CONTEXT] = {"context", 0, TEXT("N"), .commands = ADVISE, .fallback = "of the use",
                        .help = "tokens of prompt and answer: 4096, 16k (16384)"},
    [ES_OPT_MIN_SPEED] = {"min-speed", 0, TEXT("N"), .commands = ADVISE, .fallback = "of the use",
                          .help = "at least N tokens a second"},
    [ES_OPT_MIN_QUALITY] = {"min-quality", 0, TEXT("N"), .commands = ADVISE, .fallback = "of the goal",
                            .help = "at least N points of the quality metric"},
    [ES_OPT_MAX_TTFT] = {"max-ttft", 0, TEXT("S"), .commands = ADVISE, .fallback = "of the use",
                         .help = "the first token after S seconds at most"},
    [ES_OPT_MAX_PRICE] = {"max-price", 0, TEXT("USD"), .commands = ADVISE, .fallback = "any, also none known",
                          .help = "hardware of a known price, up to USD"},
    [ES_OPT_RAM] = {"ram", 0, TEXT("SIZE"), .commands = ADVISE, .fallback = "of the device",
                    .help = "memory of the device: 8 (GiB), 8Gi, 8G"},
    [ES_OPT_KV] = {"kv", 0, TEXT("TYPE"), .commands = ADVISE, .fallback = "of the runtime",
                   .help = "bits or type of cached keys and values"},
    [ES_OPT_GOAL] = {"goal", 0, CHOICE("GOAL", es_advise_goals), .commands = ADVISE, .fallback = "quality",
                     .help = "quality, speed, energy, cost or balanced"},
    [ES_OPT_JSON] = {"json", 0, SWITCH, .commands = ADVISE, .help = "print JSON"},
    [ES_OPT_HEADER] = {"header", 'H', SWITCH, .commands = IMPORT, .help = "begin with the header"},
    [ES_OPT_TABLE] = {"table", 0, CHOICE("TABLE", import_tables), .commands = IMPORT, .fallback = "models",
                      .help = "print rows of models, layers, precisions or gguf_mixtures, or the bytes by tensor type"},
    [ES_OPT_INTO] = {"into", 0, TO_FILE("DIR"), .commands = IMPORT,
                     .help = "put all rows into the catalog files of DIR, for --catalog +DIR"},
    [ES_OPT_PRECISION_ROW] = {"precision-row", 0, SWITCH, .commands = IMPORT,
                              .help = "of a GGUF file also print its own mixture of types, as a precision"},
    [ES_OPT_NAME] = {"name", 0, TEXT("NAME"), .commands = IMPORT, .fallback = "from the file",
                     .help = "call the model NAME"},
    [ES_OPT_TMP] = {"tmp", 0, TO_FILE("DIR"), .commands = PROBE, .fallback = "$TMPDIR, else /var/tmp",
                    .help = "put the file that measures storage into DIR"},
    [ES_OPT_ANYWAY] = {"anyway", 0, SWITCH, .commands = PROBE | RERUN,
                       .help = "go on although the machine was busy (probe), or catalogs or bytes differ (rerun)"},
    [ES_OPT_INDEX] = {"index", 'i', COUNT("I", 0, 9.2e18), .commands = EXPLAIN | SENSITIVITY,
                      .help = "the point with index I, from 0 in the order of the rows"},
    [ES_OPT_POINT] = {"point", 'p', TEXT("AXIS=VALUE,..."), .commands = EXPLAIN | SENSITIVITY,
                      .help = "the point with these values; axes with a single value may be left out"},
    [ES_OPT_FULL] = {"full", 0, SWITCH, .commands = EXPLAIN,
                     .help = "every value with its formula, inputs and sources"},
    [ES_OPT_OF] = {"of", 0, TEXT("COLS"), .commands = SENSITIVITY, .fallback = "the objectives of [best] or [pareto]",
                   .help = "metrics that are looked at, comma-separated"},
    [ES_OPT_SOBOL] = {"sobol", 0, COUNT("SAMPLES", 64, 1e9), .commands = SENSITIVITY,
                      .help = "over the whole sweep: the share of variance that every axis and range explains"},
    [ES_OPT_DECIDES] = {"decides", 0, SWITCH, .commands = SENSITIVITY,
                        .help = "of every group of [best]: the smallest changes that change the choice"},
    [ES_OPT_BINDING] = {"binding", 0, SWITCH, .commands = SENSITIVITY,
                        .help = "of every group of [best]: what keeps better choices out, and what more of it buys"},
    [ES_OPT_SEED] = {"seed", 0, COUNT("N", 0, 4e9), .commands = SENSITIVITY, .fallback = "0", .help = "other samples"},
    [ES_OPT_KERNEL] = {"kernel", 'k', TEXT("NAME"), .commands = LIST | SHOW, .help = "only what kernel NAME has"},
    [ES_OPT_NAMES] = {"names", '1', SWITCH, .commands = LIST, .help = "print names only, one per line"},
    [ES_OPT_MIN] = {"min", 0, true, TEXT("COLS"), .commands = TABLES, .help = "columns to minimize, comma-separated"},
    [ES_OPT_MAX] = {"max", 0, true, TEXT("COLS"), .commands = TABLES, .help = "columns to maximize, comma-separated"},
    [ES_OPT_PICK] = {"pick", 0, TEXT("COL"), .commands = BEST, .help = "the column whose best value is looked for"},
    [ES_OPT_BY] = {"by", 0, TEXT("COLS"), .commands = TABLES,
                   .help = "treat rows that differ in these columns apart, comma-separated"},
    [ES_OPT_WHERE] = {"where", 'w', true, TEXT("EXPR"), .commands = SWEEPS | TABLES | REPORT,
                      .help = "keep points where EXPR holds: fits and (decode_tok_s >= 8 or ttft_s < 1)"},
    [ES_OPT_METRIC] = {"metric", 0, true, TEXT("NAME=EXPR"), .commands = SWEEPS | TABLES | REPORT | LIST,
                       .help = "add the column NAME, or 'NAME [UNIT]', computed from others; see help expressions"},
    [ES_OPT_PARETO] = {"pareto", 0, TO_FILE("FILE"), .commands = RUN, .fallback = "NAME.front.csv beside NAME.csv",
                       .help = "write the Pareto front of [pareto] to FILE"},
    [ES_OPT_BEST] = {"best", 0, TO_FILE("FILE"), .commands = RUN, .fallback = "NAME.best.csv beside NAME.csv",
                     .help = "write the table of [best] to FILE"},
    [ES_OPT_FRONT_ONLY] = {"front-only", 0, SWITCH, .commands = RUN, .help = "no rows, only the Pareto front, to OUT"},
    [ES_OPT_UNIQUE] =
        {"unique", 'u', SWITCH, .commands = RUN | PARETO,
         .help = "of equal points on the front keep only the first; the column `ties` tells how many there are"},
    [ES_OPT_EPSILON] = {"epsilon", 0, TEXT("COL=V,..."), .commands = PARETO,
                        .help = "keep one point per box of these sizes"},
    [ES_OPT_RANKS] = {"ranks", 0, COUNT("K", 1, 1e9), .commands = PARETO,
                      .help = "keep the first K fronts and add pareto_rank"},
    [ES_OPT_KNEE] = {"knee", 0, SWITCH, .commands = PARETO, .help = "add knee: 1 for the best compromise"},
    [ES_OPT_CROWDING] = {"crowding", 0, SWITCH, .commands = PARETO, .help = "add crowding_distance"},
    [ES_OPT_HYPERVOLUME] = {"hypervolume", 0, TEXT("REF"), .commands = PARETO,
                            .help = "print the hypervolume against the reference values REF, one per objective"},
    [ES_OPT_UNCERTAIN] = {"uncertain", 0, TEXT("COL[=PCT],..."), .commands = PARETO,
                          .help = "add robust: certain or possible when values are anywhere in COL_low to COL_high, or "
                                  "off by up to PCT percent"},
    [ES_OPT_SKIP_MISSING] = {"skip-missing", 0, SWITCH, .commands = TABLES,
                             .help = "leave out rows with something else than a number in an objective, too"},
    [ES_OPT_MIX_BOUNDARIES] = {"mix-boundaries", 0, SWITCH, .commands = PARETO | BEST,
                               .help = "compare energies although power_boundary differs (help boundary)"},
    [ES_OPT_STRICT] = {"strict", 0, SWITCH, .commands = RUN | TABLES,
                       .help = "an empty cell in an objective is an error; otherwise its row is left out and counted"},
    [ES_OPT_TOP] = {"top", 0, COUNT("K", 1, 1e9), .commands = BEST | ADVISE | SENSITIVITY,
                    .fallback = "1, of advise 10, of sensitivity 12", .help = "the K best of every group, or of all"},
    [ES_OPT_LIMIT] = {"limit", 'n', COUNT("N", 1, 9.2e18), .commands = RUN, .help = "stop after N rows"},
    [ES_OPT_SHARD] =
        {"shard", 0, TEXT("K/N"), .commands = RUN,
         .help =
             "only part K of N, from 0, into the directory OUT; A-B/N: several as one; auto/N: K from the job array"},
    [ES_OPT_SHARD_BASE] = {"shard-base", 0, COUNT("B", 0, 1e9), .commands = RUN,
                           .fallback = "0, or as the scheduler counts", .help = "the number of the first part"},
    [ES_OPT_SHARD_FROM] = {"shard-from", 0, TEXT("NAME"), .commands = RUN,
                           .help = "take the K of --shard auto/N from this environment variable"},
    [ES_OPT_RESUME] = {"resume", 0, SWITCH, .commands = RUN, .help = "go on with a part that was cut short"},
    [ES_OPT_CHECKPOINT] = {"checkpoint", 0, COUNT("SECONDS", 0, 86400), .commands = RUN, .fallback = "10",
                           .help = "time between points from where --resume can go on; 0: every few thousand rows"},
    [ES_OPT_DIGITS] = {"digits", 0, COUNT("N", 1, 17), .commands = RUN | EXPLAIN, .fallback = "9",
                       .help = "significant digits"},
    [ES_OPT_EXACT] = {"exact", 0, SWITCH, .commands = RUN | EXPLAIN,
                      .help = "17 significant digits: every double reads back unchanged"},
    [ES_OPT_DELIMITER] = {"delimiter", 'd', CHARACTER("CHAR"), .commands = RUN | READS,
                          .fallback = "comma; in tables that are read as the rows tell",
                          .help = "separate cells with CHAR; comma, semicolon, tab also by name"},
    [ES_OPT_DECIMAL] = {"decimal", 0, CHARACTER("CHAR"), .commands = RUN | READS,
                        .fallback = "point; in tables that are read as the columns tell",
                        .help = "decimals with CHAR, point or comma"},
    [ES_OPT_THOUSANDS] = {"thousands", 0, CHARACTER("CHAR"), .commands = READS, .fallback = "none",
                          .help = "CHAR separates thousands in the numbers of a table: , . ' or space"},
    [ES_OPT_BOM] = {"bom", 0, SWITCH, .commands = RUN, .help = "begin with a UTF-8 byte order mark"},
    [ES_OPT_CRLF] = {"crlf", 0, SWITCH, .commands = RUN, .help = "end lines with CR LF"},
    [ES_OPT_SPLIT_ROWS] = {"split-rows", 0, COUNT("N", 1, 9.2e18), .commands = RUN,
                           .help = "begin a new file after every N rows"},
    [ES_OPT_SYNC] = {"sync", 0, SWITCH, .commands = RUN | MERGE,
                     .help = "flush files to the disk before they get their name"},
    [ES_OPT_PLOT] = {"plot", 0, SWITCH, .commands = RUN | TABLES,
                     .help = "draw the first two objectives of the front or of the best choices with gnuplot's text "
                             "terminal"},
    [ES_OPT_MAX_BYTES] = {"max-bytes", 0, COUNT("SIZE", 1, 9.2e18), .commands = RUN,
                          .fallback = "what is free where OUT will lie",
                          .help = "refuse rows of more than SIZE bytes, and write no file beyond it: 500M, 2G"},
    [ES_OPT_FORCE] = {"force", 0, SWITCH, .commands = RUN,
                      .help = "write even when there seems to be no room for the rows"},
    [ES_OPT_MAX_MEMORY] = {"max-memory", 0, COUNT("SIZE", 1, 9.2e18), .commands = LONG, .fallback = "no limit",
                           .help = "fail rather than take more than SIZE bytes of memory: 512Mi, 4G"},
    [ES_OPT_MAX_TIME] = {"max-time", 0, COUNT("SECONDS", 1, 2e9), .commands = LONG & ~MEASURED, .fallback = "no limit",
                         .help = "stop after SECONDS, with status 1; parts of --shard can be resumed"},
    [ES_OPT_PROGRESS] = {"progress", 0, CHOICE("WHEN", modes), .commands = RUN,
                         .fallback = "auto: when stderr is a terminal", .help = "show progress: auto, always, never"},
    [ES_OPT_STATS] = {"stats", 0, SWITCH, .commands = RUN,
                      .help = "one line of counts (skipped: points settled by bounds), rates and times on stderr"},
    [ES_OPT_WIDE] = {"wide", 0, SWITCH, .commands = TERMINAL,
                     .help = "tables with all their columns, however wide the terminal is"},
    [ES_OPT_COLUMNS] = {"columns", 0, TEXT("COLS"), .commands = RUN | TABLES | LIST,
                        .help = "show these columns beside those that name a row, comma-separated"},
    [ES_OPT_COLOR] = {"color", 0, CHOICE("WHEN", modes), .commands = ALL & ~(HELP | ES_IN(ES_CMD_COMPLETION)),
                      .fallback = "auto: on a terminal, unless NO_COLOR is set",
                      .help = "colours in tables: auto, always, never"},
    [ES_OPT_QUIET] = {"quiet", 'q', SWITCH, .commands = ALL & ~(HELP | ES_IN(ES_CMD_COMPLETION)),
                      .help = "nothing but errors on stderr"},
    [ES_OPT_MAN] = {"man", 0, SWITCH, .commands = HELP, .help = "print the manual page as mdoc source"},
    [ES_OPT_HELP] = {"help", 'h', SWITCH, .commands = ALL, .help = "show this help"},
    [ES_OPT_VERSION] = {"version", 'V', SWITCH, .commands = ALL, .help = "show the version"},
};
