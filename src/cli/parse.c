/* argv to an es_cli, by the option table: getopt_long's conventions, with every fault explained. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/number.h"
#include "catalog/loose.h"
#include "cli/cli.h"
#include "grid/plan.h"

/* ---- choosing by prefix ---- */

static bool is_prefix(es_slice prefix, const char *name) {
    return strncasecmp(name, prefix.text, prefix.length) == 0; /* ASCII: the locale stays C */
}

/* Joins the names that begin with `prefix` (all of them when it is empty) as "a, b, c". */
static void join_candidates(char *to, size_t size, const char *const *names, es_slice prefix) {
    size_t used = 0;
    to[0] = '\0';
    for (size_t i = 0; names[i] && used < size; i++)
        if (is_prefix(prefix, names[i]))
            used += (size_t)snprintf(to + used, size - used, "%s%s", used ? ", " : "", names[i]);
}

static int unknown_name(es_cli *cli, const char *what, const char *const *names, const char *given, es_errors *errors) {
    size_t n = 0;
    while (names[n])
        n++;
    const char *near = es_nearest(es_slice_of(given), names, n);
    if (near) {
        es_usage(cli, errors, "unknown %s: '%s'; did you mean '%s'?", what, es_quote_text(given).text, near);
    } else {
        char list[256];
        join_candidates(list, sizeof list, names, es_slice_of(""));
        es_usage(cli, errors, "unknown %s: '%s'; expected one of %s", what, es_quote_text(given).text, list);
    }
    return -1;
}

int es_choose(es_cli *cli, const char *what, const char *const *names, const char *given, es_errors *errors) {
    int found = -1, matches = 0;
    es_slice prefix = es_slice_of(given);
    for (int i = 0; names[i]; i++) {
        if (es_equal_fold(names[i], given))
            return i;
        if (prefix.length && is_prefix(prefix, names[i]))
            found = i, matches++;
    }
    if (matches == 1)
        return found;
    if (!matches)
        return unknown_name(cli, what, names, given, errors);
    char list[256];
    join_candidates(list, sizeof list, names, prefix);
    es_usage(cli, errors, "ambiguous %s: '%s'; could be %s", what, es_quote_text(given).text, list);
    return -1;
}

/* ---- values ---- */

static es_status bad_value(es_cli *cli, const es_cli_option *option, const char *text, const char *expected,
                           es_errors *errors) {
    return es_usage(cli, errors, "--%s: invalid value: '%s'; expected %s", option->name, es_quote_text(text).text,
                    expected);
}

static es_status parse_count(es_cli *cli, const es_cli_option *option, const char *text, uint64_t *count,
                             es_errors *errors) {
    double value = 0;
    uint64_t exact = 0;
    es_slice slice = es_slice_of(text);
    char expected[80];
    bool whole = es_parse_u64(slice, &exact) == ES_NUMBER_OK;
    if (!whole) { /* 10k, 4Mi, 1e6 */
        whole = es_parse_scaled(slice, &value) == ES_NUMBER_OK && value >= 0 && value < 9.2e18;
        exact = whole ? (uint64_t)value : 0;
        whole = whole && (double)exact == value;
    }
    if (whole && (double)exact >= option->min && (double)exact <= option->max) {
        *count = exact;
        return ES_OK;
    }
    if (option->max < 1e18)
        snprintf(expected, sizeof expected, "a whole number from %.0f to %.0f", option->min, option->max);
    else
        snprintf(expected, sizeof expected, "a whole number from %.0f", option->min);
    return bad_value(cli, option, text, expected, errors);
}

static es_status parse_char(es_cli *cli, const es_cli_option *option, const char *text, uint64_t *count,
                            es_errors *errors) {
    static const struct {
        const char *name;
        char value;
    } named[] = {{"comma", ','}, {"semicolon", ';'}, {"tab", '\t'}, {"\\t", '\t'}, {"space", ' '}, {"point", '.'}};
    for (size_t i = 0; i < sizeof named / sizeof *named; i++)
        if (es_equal_fold(text, named[i].name)) {
            *count = (unsigned char)named[i].value;
            return ES_OK;
        }
    unsigned char c = (unsigned char)text[0];
    bool usable = (c > ' ' && c < 0x7f && c != '"') || c == '\t' || c == ' ';
    if (!usable || text[1])
        return bad_value(cli, option, text, "one character, or comma, semicolon, tab, space, point", errors);
    *count = c;
    return ES_OK;
}

static es_status store(es_cli *cli, es_opt id, const char *text, es_errors *errors) {
    const es_cli_option *option = &es_cli_options[id];
    es_option_value *value = &cli->value[id];
    if (value->n && !option->repeatable && option->type != ES_VALUE_NONE)
        return es_usage(cli, errors, "--%s is given twice: '%s'", option->name, es_quote_text(text).text);
    if (!es_grow((void **)&value->text, &value->capacity, value->n + 1, sizeof *value->text))
        return es_fail_memory(errors);
    value->text[value->n++] = text;
    if (option->type == ES_VALUE_NONE)
        return ES_OK;
    if (!*text)
        return es_usage(cli, errors, "--%s: empty value; expected %s", option->name, option->argument);
    if (option->type == ES_VALUE_COUNT)
        return parse_count(cli, option, text, &value->count, errors);
    if (option->type == ES_VALUE_CHAR)
        return parse_char(cli, option, text, &value->count, errors);
    if (option->type == ES_VALUE_CHOICE) {
        char what[64];
        snprintf(what, sizeof what, "value of --%s", option->name);
        int chosen = es_choose(cli, what, option->choices, text, errors);
        value->count = (uint64_t)chosen;
        return chosen < 0 ? ES_EUSAGE : ES_OK;
    }
    return ES_OK;
}

/* ---- options ---- */

typedef struct es_cursor {
    int argc, at; /* argument that comes next */
    char *const *argv;
} es_cursor;

static bool applies(const es_cli *cli, es_opt id) {
    return cli->command ? es_option_in(id, cli->command) : id == ES_OPT_HELP || id == ES_OPT_VERSION;
}

static bool is_option(const es_cli *cli, es_slice name, bool whole) {
    for (es_opt id = 0; id < ES_OPTS; id++)
        if (applies(cli, id) &&
            (whole ? es_slice_equal(name, es_cli_options[id].name) : is_prefix(name, es_cli_options[id].name)))
            return true;
    return false;
}

/* Options of other programs, and what people say: what is meant, where the command has it; else why there is none. */
static const char *const other_options[][2] = {
    {"ctx", "context"},
    {"c", "context"},
    {"ctx-size", "context"},
    {"num-ctx", "context"},
    {"speed", "min-speed"},
    {"tps", "min-speed"},
    {"quality", "min-quality"},
    {"ttft", "max-ttft"},
    {"latency", "max-ttft"},
    {"memory", "ram"},
    {"vram", "ram"},
    {"task", "use"},
    {"for", "use"},
    {"usecase", "use"},
    {"budget", "max-price"},
    {"price", "max-price"},
    {"cost", "max-price"},
    {"sort", "goal"},
    {"optimize", "goal"},
    {"output", "out"},
    {"jobs", "threads"},
    {"t", "threads"},
    {"filter", "where"},
    {"f", "format"},
};
static const char sampling[] = "sampling changes neither speed nor memory",
                  licences[] = "the catalogs know no licences; see the model's own page";
static const char *const unheard[][2] = {
    {"temp", sampling},  {"temperature", sampling}, {"top-k", sampling},   {"top-p", sampling},
    {"min-p", sampling}, {"license", licences},     {"licence", licences},
};

static const char *other_option(const es_cli *cli, es_slice name) {
    for (size_t i = 0; i < sizeof other_options / sizeof *other_options; i++)
        if (es_slice_equal_fold(name, other_options[i][0]) && is_option(cli, es_slice_of(other_options[i][1]), true))
            return other_options[i][1];
    return NULL;
}

/* An error for a word that is no option, when it is known what it means. */
static bool explain_option(es_cli *cli, es_slice name, const char *dashes, es_errors *errors) {
    for (size_t i = 0; i < sizeof unheard / sizeof *unheard; i++)
        if (es_slice_equal_fold(name, unheard[i][0])) {
            es_usage(cli, errors, "unknown option: '%s%s'; %s", dashes, es_quote(name).text, unheard[i][1]);
            return true;
        }
    const bool sweeps = es_option_in(ES_OPT_SET, cli->command);
    const char *near = other_option(cli, name);
    near = near || !sweeps ? near : es_plan_word(name);
    if (!near)
        return false;
    char dashed[80];
    es_copy_text(dashed, sizeof dashed, es_slice_of(near));
    for (char *c = dashed; (c = strchr(c, '_')) && !strchr(dashed, '.');)
        *c = '-';
    es_usage(cli, errors, "unknown option: '%s%s'; did you mean '--%s'?", dashes, es_quote(name).text, dashed);
    return true;
}

/* The key of [sweep] that an option `--n-ctx`, `--device.mem_bw_gbs` is short for; NULL: none. */
static const char *key_of_option(es_cli *cli, es_slice name, es_errors *errors) {
    if (cli->command && es_option_in(ES_OPT_BUILD, cli->command) && es_slice_equal(name, "build"))
        return "runtime_build";
    if (!cli->command || is_option(cli, name, true))
        return NULL;
    const bool sweeps = es_option_in(ES_OPT_SET, cli->command);
    const char *key = sweeps ? es_plan_key(name) : NULL, *dot = memchr(name.text, '.', name.length);
    if (!key && dot && sweeps && es_plan_key((es_slice){name.text, (size_t)(dot - name.text)}))
        key = es_arena_text(&cli->arena, name);
    if (key || (is_option(cli, name, false) && !other_option(cli, name)))
        return key;
    for (es_opt id = 0; id < ES_OPTS && !other_option(cli, name); id++)
        if (applies(cli, id) && id != ES_OPT_HELP && es_nearest(name, &es_cli_options[id].name, 1))
            return NULL;
    explain_option(cli, name, "--", errors);
    return NULL;
}

/* The option of this name or unique prefix; ES_OPTS after an error. */
static es_opt find_long(es_cli *cli, es_slice name, es_errors *errors) {
    const char *names[ES_OPTS + 1];
    es_opt ids[ES_OPTS];
    int n = 0;
    char given[80];
    for (es_opt id = 0; id < ES_OPTS; id++) {
        if (!applies(cli, id))
            continue;
        ids[n] = id;
        names[n++] = es_arena_printf(&cli->arena, "--%s", es_cli_options[id].name);
        if (!names[n - 1])
            return es_fail_memory(errors), ES_OPTS;
    }
    names[n] = NULL;
    snprintf(given, sizeof given, "--%.*s", (int)(name.length < 70 ? name.length : 70), name.text);
    int chosen = es_choose(cli, "option", names, given, errors);
    return chosen < 0 ? ES_OPTS : ids[chosen];
}

static es_opt find_letter(const es_cli *cli, char letter) {
    for (es_opt id = 0; id < ES_OPTS; id++)
        if (applies(cli, id) && letter && es_cli_options[id].letter == letter)
            return id;
    return ES_OPTS;
}

/* The argument of an option: what is attached to it, else the next word. */
static es_status take_value(es_cli *cli, es_cursor *cursor, es_opt id, const char *attached, es_errors *errors) {
    const es_cli_option *option = &es_cli_options[id];
    if (!attached && cursor->at < cursor->argc)
        attached = cursor->argv[cursor->at++];
    if (!attached)
        return es_usage(cli, errors, "--%s needs a value: --%s %s", option->name, option->name, option->argument);
    return store(cli, id, attached, errors);
}

static es_status parse_long(es_cli *cli, es_cursor *cursor, const char *word, es_errors *errors) {
    const char *equals = strchr(word, '=');
    es_slice name = {word, equals ? (size_t)(equals - word) : strlen(word)};
    const char *key = key_of_option(cli, name, errors);
    if (errors->n_errors)
        return ES_EUSAGE;
    if (key) {
        const char *value = equals ? equals + 1 : cursor->at < cursor->argc ? cursor->argv[cursor->at++] : NULL;
        if (!value)
            return es_usage(cli, errors, "--%s needs a value: --%s VALUE", es_quote(name).text, es_quote(name).text);
        const bool operand =
            cli->command->id == ES_CMD_ADVISE &&
            (es_equal_fold(key, "model") || es_equal_fold(key, "device") || es_equal_fold(key, "precision"));
        const char *set = operand ? value : es_arena_printf(&cli->arena, "%s=%s", key, value);
        if (operand)
            cli->operand[cli->n_operands++] = value;
        return !set ? es_fail_memory(errors) : operand ? ES_OK : store(cli, ES_OPT_SET, set, errors);
    }
    es_opt id = find_long(cli, name, errors);
    if (id == ES_OPTS)
        return ES_EUSAGE;
    if (es_cli_options[id].type != ES_VALUE_NONE)
        return take_value(cli, cursor, id, equals ? equals + 1 : NULL, errors);
    if (equals)
        return es_usage(cli, errors, "--%s takes no value: '%s'", es_cli_options[id].name, es_quote_text(word).text);
    return store(cli, id, "", errors);
}

/* Letters may be joined (-qj4); the first one with an argument takes the rest. */
static es_status parse_letters(es_cli *cli, es_cursor *cursor, const char *letters, es_errors *errors) {
    es_status status = ES_OK;
    for (; *letters && !status; letters++) {
        const es_opt id = find_letter(cli, *letters);
        if (id == ES_OPTS) {
            if (!explain_option(cli, es_slice_of(letters), "-", errors)) /* -ngl, -c */
                es_usage(cli, errors, "unknown option: '-%s'", es_quote((es_slice){letters, 1}).text);
            return ES_EUSAGE;
        }
        if (es_cli_options[id].type != ES_VALUE_NONE)
            return take_value(cli, cursor, id, letters[1] ? letters + 1 : NULL, errors);
        status = store(cli, id, "", errors);
    }
    return status;
}

/* Nothing but --help and --version makes sense before the command. */
static es_status parse_option(es_cli *cli, es_cursor *cursor, const char *word, es_errors *errors) {
    static const char *const early[] = {"-h", "--help", "-V", "--version"};
    bool known = cli->command != NULL;
    for (size_t i = 0; i < sizeof early / sizeof *early; i++)
        known = known || strcmp(word, early[i]) == 0;
    if (!known)
        return es_usage(cli, errors, "option before the command: '%s'; expected edgesweep COMMAND OPTIONS",
                        es_quote_text(word).text);
    return word[1] == '-' ? parse_long(cli, cursor, word + 2, errors) : parse_letters(cli, cursor, word + 1, errors);
}

/* ---- commands and operands ---- */

/* Whether a word names a device or a model, and no command. */
static bool names_what_it_asks(const es_cli *cli, const char *word) {
    const size_t length = strlen(word);
    const char *names[ES_CMD_IDS + 1] = {NULL};
    size_t n = 0, found;
    for (; cli->commands[n]; n++) {
        names[n] = cli->commands[n]->name;
        if (strncasecmp(names[n], word, length) == 0)
            return false;
    }
    es_catalog catalog;
    es_errors errors = {0};
    const es_row *row;
    bool named = false;
    if (length >= 2 && !strpbrk(word, "\x1b\n\t") && es_catalog_load(&catalog, NULL, 0, &errors) == ES_OK) {
        const es_likeness surest = strpbrk(word, " 0123456789")              ? ES_LIKE_SPELT /* no command has them */
                                   : es_nearest(es_slice_of(word), names, n) ? ES_LIKE_PLAIN
                                                                             : ES_LIKE_BEGIN;
        named = es_loose_find(&catalog.table[ES_DEVICE], ES_DEVICE, es_slice_of(word), &row, 1, &found) <= surest ||
                es_loose_find(&catalog.table[ES_MODEL], ES_MODEL, es_slice_of(word), &row, 1, &found) <= surest ||
                es_loose_find(&catalog.table[ES_PRODUCT], ES_PRODUCT, es_slice_of(word), &row, 1, &found) <= surest;
        es_catalog_free(&catalog);
    }
    return named;
}

/* By name or unique prefix; NULL after an error that lists the candidates. */
static const es_command *find_command(es_cli *cli, const char *name, es_errors *errors) {
    const char *names[ES_CMD_IDS + 1] = {NULL};
    for (size_t i = 0; cli->commands[i]; i++)
        names[i] = cli->commands[i]->name;
    int chosen = es_choose(cli, "command", names, name, errors);
    return chosen < 0 ? NULL : cli->commands[chosen];
}

static es_status parse_operand(es_cli *cli, const char *word, es_errors *errors) {
    if (!cli->command) {
        const bool advise = names_what_it_asks(cli, word);
        cli->command = find_command(cli, advise ? "advise" : word, errors);
        if (advise)
            cli->operand[cli->n_operands++] = word;
        return cli->command ? ES_OK : ES_EUSAGE;
    }
    if (cli->n_operands == cli->command->max_operands)
        return es_usage(cli, errors, "one operand too many: '%s'", es_quote_text(word).text);
    cli->operand[cli->n_operands++] = word;
    return ES_OK;
}

static es_status check_operands(es_cli *cli, es_errors *errors) {
    const es_command *command = cli->command;
    if (!command || es_given(cli, ES_OPT_HELP) || es_given(cli, ES_OPT_VERSION))
        return ES_OK;
    if (cli->n_operands < command->min_operands)
        return es_usage(cli, errors, "something is missing; usage: edgesweep %s %s", command->name, command->synopsis);
    return ES_OK;
}

es_status es_cli_parse(es_cli *cli, int argc, char *const *argv, es_errors *errors) {
    es_cursor cursor = {argc, 1, argv};
    bool options = true;
    es_status status = ES_OK;
    cli->argc = argc;
    cli->argv = argv;
    cli->operand = es_arena_array(&cli->arena, (size_t)argc + 1, sizeof *cli->operand);
    if (!cli->operand)
        return es_fail_memory(errors);
    while (!status && cursor.at < argc) {
        const char *word = argv[cursor.at++];
        if (!options || word[0] != '-' || !word[1])
            status = parse_operand(cli, word, errors);
        else if (strcmp(word, "--") == 0)
            options = false;
        else
            status = parse_option(cli, &cursor, word, errors);
    }
    return status ? status : check_operands(cli, errors);
}

void es_cli_free(es_cli *cli) {
    for (es_opt id = 0; id < ES_OPTS; id++)
        free(cli->value[id].text);
    es_arena_free(&cli->arena);
}
