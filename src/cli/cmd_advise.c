/* advise: a board and a wish in one line, ten rows out. */
#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include <edgesweep/sweep.h>

#include "base/number.h"
#include "catalog/loose.h"
#include "import/machine.h"
#include "import/probe.h"
#include "model/runtime.h"
#include "calibrate/measured_names.h"
#include "cli/commands.h"
#include "cli/json_print.h"
#include "cli/load.h"
#include "cli/points.h"
#include "cli/print.h"
#include "grid/plan.h"
#include "pareto/choice.h"

enum { TOP = 10, CANDIDATES = 512, CONDITIONS = 8, SETS = 32 };

/* What people do with a model: the lengths of prompt and answer, and what they put up with.  Unsourced choices, printed with
 * every answer and changed by --context, --min-speed and --max-ttft. */
static const struct {
    const char *name;
    double prompt, gen, min_speed, max_ttft; /* tokens, tokens, tokens/s, s; 0: no bound */
    bool turns;                              /* of a longer context the rest is earlier turns, already read */
} uses[] = {
    {"chat", 512, 256, 5, 15, true},         {"code", 4096, 512, 8, 60, false}, {"agent", 8192, 512, 8, 90, true},
    {"summarise", 8192, 512, 3, 180, false}, {"batch", 1024, 256, 0, 0, false},
};

/* A model that guesses is the fastest: where quality does not decide, it has to have this much, in points, or a named model
 * this share of what it has above chance in 16 bits.  Unsourced choices, printed, changed by --min-quality. */
static const double LEAST_QUALITY = 40, LEAST_RETAINED = 0.9;

/* Four answers to choose from give 25; below this a model hardly knows anything.  Unsourced. */
static const double GUESSING = 30;

/* The metric that decides, then what breaks ties.  Formats of a model within 0.3 points are a tie in quality (QUALITY:
 * the noise of a measured loss), so quality counts in such steps. */
static const struct {
    const char *name, *metric; /* NULL: columns that there are anyway */
    const char *decides, *then, *shown;
    bool maximize, maximize_then;
    const char *head; /* of a column of its own, NULL: tables have it anyway */
    bool of_hardware; /* it orders devices, too; else the price does */
} goals[] = {
    {"quality", "quality_step = floor(quality / 0.3) * 0.3", "quality_step", "decode_tok_s", "quality", true, true,
     NULL, false},
    {"speed", NULL, "decode_tok_s", "quality", "decode_tok_s", true, true, NULL, true},
    {"energy", NULL, "energy_j_per_token", "quality", "energy_j_per_token", false, true, ">J/token", true},
    {"cost", NULL, "usd_per_mtok", "quality", "usd_per_mtok", false, true, ">USD/Mtok", true},
    {"balanced", "balance = quality * decode_tok_s / (decode_tok_s + 10)", "balance", "decode_tok_s", "balance", true,
     true, NULL, false},
};

/* A condition of the wish, and the column that says by how much it is missed. */
typedef struct condition {
    const char *text, *column;
    const char *option; /* that would change it, NULL: none does */
    bool maximize;
} condition;

typedef struct choice {
    double decides, then, price, *value; /* of nodes */
    uint64_t index;
} choice;

typedef struct advice {
    es_cli *cli;
    es_catalog catalog;
    const es_row *found[3][CANDIDATES]; /* by es_kind: models, devices, precisions that the operands mean */
    size_t n[3];
    const char *device_text; /* how the device came about, NULL: named */
    size_t use, goal;
    double depth, prompt, gen, top;  /* tokens, tokens, tokens, rows */
    double speed, ttft, ram, budget; /* 0 without a bound; ram in GiB, 0: of the device; budget in USD */
    bool unscored;                   /* no model of the wish has a quality: more bits per weight count as better */
    condition condition[CONDITIONS];
    size_t n_conditions;
    const char *mixtures; /* condition that keeps formats of experts to models that have them; NULL: not needed */
    const char *set[SETS];
    size_t n_sets;
    bool by_device, by_model; /* what the rows differ in besides the format */
    es_sweep *sweep;
    es_run_report report;
    choice *choice;
    size_t n_choices, n_uncompiled; /* left out: the runtime has no such model */
} advice;

/* ---- The operands ---- */

static const char *const kind_words[] = {"model", "device", "format"};

typedef struct meaning {
    es_likeness like;
    es_kind kind;
    size_t n;
    const es_row *row[CANDIDATES];
} meaning;

/* The table that knows a name best. */
static void find_meaning(const advice *a, const char *text, meaning *best) {
    static const es_kind order[] = {ES_DEVICE, ES_MODEL, ES_PRECISION};
    static const es_row *row[CANDIDATES]; /* commands run in one thread */
    best->like = ES_LIKE_NOTHING;
    for (size_t k = 0; k < 3; k++) {
        size_t n;
        const es_likeness like =
            es_loose_find(&a->catalog.table[order[k]], order[k], es_slice_of(text), row, CANDIDATES, &n);
        if (like >= best->like)
            continue;
        *best = (meaning){.like = like, .kind = order[k], .n = n < CANDIDATES ? n : CANDIDATES};
        memcpy(best->row, row, best->n * sizeof *row);
    }
}

/* Takes a name.  One that could be several devices is an error that lists them. */
static es_status take_name(advice *a, const char *text, const meaning *m, es_errors *errors) {
    if (m->like >= ES_LIKE_SPELT)
        return es_usage(a->cli, errors, "neither a device nor a model nor a format: '%s'%s%s%s",
                        es_quote_text(text).text,
                        m->like < ES_LIKE_NOTHING ? "; did you mean '" : "; see edgesweep list devices, list models",
                        m->like < ES_LIKE_NOTHING ? m->row[0]->name : "", m->like < ES_LIKE_NOTHING ? "'?" : "");
    if (m->kind == ES_DEVICE && m->n > 1) {
        char list[512] = "";
        size_t i = 0;
        for (; i < m->n && strlen(list) < 300; i++)
            snprintf(list + strlen(list), sizeof list - strlen(list), "%s%s", i ? ", " : "", m->row[i]->name);
        return es_usage(a->cli, errors, "several devices are called so: '%s'; could be %s%s", es_quote_text(text).text,
                        list, i < m->n ? " ..." : "");
    }
    if (a->n[m->kind])
        return es_usage(a->cli, errors, "a second %s: '%s'; '%s' is one already", kind_words[m->kind],
                        es_quote_text(text).text, a->found[m->kind][0]->name);
    memcpy(a->found[m->kind], m->row, m->n * sizeof *m->row);
    a->n[m->kind] = m->n;
    return ES_OK;
}

/* "16gb", "16 GB" beside the name of a device: its memory.  Returns the number of words taken. */
static size_t take_memory(advice *a, size_t at) {
    es_cli *cli = a->cli;
    char *rest, unit[8];
    const double size = strtod(cli->operand[at], &rest);
    const bool apart = !*rest && at + 1 < cli->n_operands;
    snprintf(unit, sizeof unit, "%s", apart ? cli->operand[at + 1] : rest);
    if (!isdigit((unsigned char)*cli->operand[at]) || !(size > 0 && size < 1e5) ||
        (strcasecmp(unit, "gb") && strcasecmp(unit, "gib") && strcasecmp(unit, "g")))
        return 0;
    a->ram = size;
    return 1 + apart;
}

/* What nothing is called: from operand `at` on, up to one that is a name. */
static const char *unknown_text(const advice *a, size_t at) {
    const es_cli *cli = a->cli;
    const char *text = cli->operand[at];
    meaning *m = es_arena_alloc(&a->cli->arena, sizeof *m);
    if (!m)
        return NULL;
    for (size_t i = at + 1; i < cli->n_operands && text; i++) {
        find_meaning(a, cli->operand[i], m);
        if (m->like <= ES_LIKE_PLAIN)
            break;
        text = es_arena_printf(&a->cli->arena, "%s %s", text, cli->operand[i]);
    }
    return text;
}

/* With the name before it, when that has other words, too: it may be the beginning of what is meant. */
static es_status refuse_unknown(advice *a, size_t before, size_t at, meaning *m, es_errors *errors) {
    const char *text = unknown_text(a, at);
    if (text && before != SIZE_MAX) {
        find_meaning(a, a->cli->operand[before], m);
        for (size_t i = at; i-- > before;)
            text = es_arena_printf(&a->cli->arena, "%s %s", a->cli->operand[i], text ? text : "");
    }
    if (!text)
        return es_fail_memory(errors);
    if (before == SIZE_MAX || m->like > ES_LIKE_PART)
        return es_usage(a->cli, errors,
                        "neither a device nor a model nor a format: '%s'; see edgesweep list devices, list models",
                        es_quote_text(text).text);
    return es_usage(a->cli, errors, "neither a device nor a model nor a format: '%s'; there is '%s'",
                    es_quote_text(text).text, m->row[0]->name);
}

/* Names of several words need no quotes: the longest run of words that names something surely is one name. */
static es_status take_operands(advice *a, es_errors *errors) {
    es_cli *cli = a->cli;
    es_status status = ES_OK;
    size_t last = SIZE_MAX; /* where the name before begins */
    meaning *m = es_arena_alloc(&cli->arena, sizeof *m);
    if (!m)
        return es_fail_memory(errors);
    for (size_t at = 0; at < cli->n_operands && !status;) {
        const size_t memory = a->n[ES_DEVICE] ? take_memory(a, at) : 0;
        if (memory) {
            at += memory;
            continue;
        }
        size_t end = cli->n_operands;
        const char *text = NULL, *near = NULL, *wrong = NULL, *several = NULL; /* the longest run that is so */
        for (; end > at; end--) {
            text = cli->operand[at];
            for (size_t i = at + 1; i < end && text; i++)
                text = es_arena_printf(&cli->arena, "%s %s", text, cli->operand[i]);
            if (!text)
                return es_fail_memory(errors);
            find_meaning(a, text, m);
            if (m->like <= ES_LIKE_BEGIN || (m->like == ES_LIKE_PART && m->n == 1) || end == at + 1)
                break;
            if (!several && m->like < ES_LIKE_SPELT)
                several = text;
            if (!near && m->like < ES_LIKE_NOTHING && m->like >= ES_LIKE_SPELT)
                near = m->row[0]->name, wrong = text;
        }
        const char *unknown = m->like == ES_LIKE_NOTHING ? unknown_text(a, at) : "";
        if (!unknown)
            return es_fail_memory(errors);
        if (m->like == ES_LIKE_NOTHING && near && strlen(unknown) >= strlen(wrong))
            return es_usage(cli, errors, "neither a device nor a model nor a format: '%s'; did you mean '%s'?",
                            es_quote_text(wrong).text, near);
        if (several && (m->like >= ES_LIKE_SPELT || m->n > 1))
            find_meaning(a, text = several, m);
        if (m->like == ES_LIKE_NOTHING) /* "Pixel 8": its "Pixel" has been taken for another one */
            return refuse_unknown(a, last, at, m, errors);
        status = take_name(a, text, m, errors);
        last = at;
        at = end;
    }
    return status;
}

/* ---- This machine ---- */

static const char *cache_folder(es_arena *arena) {
    const char *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
    if (cache && *cache == '/')
        return es_arena_printf(arena, "%s/edgesweep", cache);
    return home && *home == '/' ? es_arena_printf(arena, "%s/.cache/edgesweep", home) : NULL;
}

static void make_folders(const char *path) {
    char part[4096];
    for (size_t i = 1; i < sizeof part && path[i]; i++)
        if (path[i] == '/') {
            memcpy(part, path, i);
            part[i] = '\0';
            mkdir(part, 0777);
        }
    mkdir(path, 0777);
}

static es_status probe_into(advice *a, const char *folder, es_errors *errors) {
    es_probe probe;
    const es_probe_options options = {"/var/tmp", NULL, NULL, a->cli->stop};
    es_note(a->cli, "no device was named and this machine is not in the catalog: measuring it, for about 15 seconds");
    es_status status = es_probe_run(&options, &probe, errors);
    if (status)
        return status;
    if (*probe.busy)
        es_warn(errors, NULL, "the machine was not left alone: %s; `edgesweep probe` measures it again", probe.busy);
    make_folders(folder);
    const char *partial = es_arena_printf(&a->cli->arena, "%s/.devices.csv", folder);
    const char *path = es_arena_printf(&a->cli->arena, "%s/devices.csv", folder);
    FILE *out = partial && path ? fopen(partial, "w") : NULL;
    if (!out)
        return es_fail_errno(errors, "cannot write", path ? path : folder);
    es_probe_print(out, &probe);
    const bool written = fclose(out) == 0;
    return written && rename(partial, path) == 0 ? ES_OK : es_fail_errno(errors, "cannot write", path);
}

static es_status load_with(advice *a, const char *extra, es_errors *errors) {
    const es_option_value *given = &a->cli->value[ES_OPT_CATALOG];
    const char **source = es_arena_array(&a->cli->arena, given->n + 2, sizeof *source);
    if (!source)
        return es_fail_memory(errors);
    for (size_t i = 0; i < given->n; i++)
        source[i] = given->text[i];
    source[given->n] = extra;
    return es_catalog_load(&a->catalog, source, given->n + (extra != NULL), errors);
}

/* By the name of its board or processor; else as `probe` measured it, now or at an earlier time.  Loads the catalog anew. */
static es_status this_machine(advice *a, es_errors *errors) {
    es_machine machine;
    es_machine_read("", &machine);
    const es_row *known = es_device_of_name(&a->catalog.table[ES_DEVICE], es_slice_of(machine.cpu));
    const char *folder = cache_folder(&a->cli->arena);
    if (known) {
        a->found[ES_DEVICE][0] = known;
        a->n[ES_DEVICE] = 1;
        a->device_text =
            es_arena_printf(&a->cli->arena, "this machine, by its name '%s'", es_quote_text(machine.cpu).text);
        return ES_OK;
    }
    if (!folder)
        return es_usage(a->cli, errors, "which device? HOME is not set, so that nothing is known of this one");
    const char *file = es_arena_printf(&a->cli->arena, "%s/devices.csv", folder);
    const char *extra = es_arena_printf(&a->cli->arena, "+%s", folder);
    es_status status = file && extra ? ES_OK : es_fail_memory(errors);
    if (!status && access(file, R_OK) != 0)
        status = probe_into(a, folder, errors);
    if (status)
        return status;
    es_catalog_free(&a->catalog);
    a->catalog = (es_catalog){0};
    status = load_with(a, extra, errors);
    const es_row *row = status ? NULL : es_table_find(&a->catalog.table[ES_DEVICE], "this", 4);
    if (!status && !row)
        status = es_fail(errors, ES_ERUNTIME, NULL, "no device 'this' in '%s'; remove the file to measure again", file);
    if (status)
        return status;
    a->found[ES_DEVICE][0] = row;
    a->n[ES_DEVICE] = 1;
    a->device_text = es_arena_printf(&a->cli->arena, "this machine, as measured (%s)", file);
    return ES_OK;
}

/* ---- The wish as a sweep ---- */

static es_status number_of(es_cli *cli, es_opt option, double fallback, double *value, es_errors *errors) {
    const char *text = es_text_of(cli, option);
    *value = fallback;
    if (!text ||
        ((option == ES_OPT_CONTEXT ? es_parse_tokens : es_parse_scaled)(es_slice_of(text), value) == ES_NUMBER_OK &&
         *value > 0))
        return ES_OK;
    return es_usage(cli, errors, "--%s: invalid value: '%s'; expected a number above 0", es_cli_options[option].name,
                    es_quote_text(text).text);
}

static void add_condition(advice *a, const char *text, const char *column, const char *option, bool maximize) {
    a->condition[a->n_conditions++] = (condition){text, column, option, maximize};
}

static bool is_of_quality(const condition *c) { return strncmp(c->column, "quality", 7) == 0; }

static bool add_set(advice *a, const char *text) {
    a->set[a->n_sets++] = text;
    return text != NULL;
}

/* A list of names in quotes, quotes in them doubled. */
static const char *list_of(es_arena *arena, const char *key, const es_row *const *row, size_t n) {
    size_t room = strlen(key) + 2;
    for (size_t i = 0; i < n; i++)
        room += 2 * strlen(row[i]->name) + 4;
    char *text = es_arena_alloc(arena, room), *to = text;
    if (!text)
        return NULL;
    to += sprintf(to, "%s=", key);
    for (size_t i = 0; i < n; i++) {
        to += sprintf(to, "%s\"", i ? "," : "");
        for (const char *c = row[i]->name; *c; c++) {
            *to++ = *c;
            if (*c == '"')
                *to++ = '"';
        }
        *to++ = '"';
    }
    *to = '\0';
    return text;
}

/* Nobody publishes files of dense models in the formats that llama.cpp made for experts, NAME_MOE. */
static bool keep_mixtures_to_experts(advice *a) {
    const es_table *formats = &a->catalog.table[ES_PRECISION];
    for (size_t i = 0; i < formats->n_rows; i++) {
        const char *name = formats->rows[i].name;
        const size_t length = strlen(name);
        if (length < 4 || !es_equal_fold(name + length - 4, "_MOE"))
            continue;
        a->mixtures = es_arena_printf(&a->cli->arena, "%s%sprecision != '%s'", a->mixtures ? a->mixtures : "",
                                      a->mixtures ? " and " : "model.n_experts > 0 or ", name);
        if (!a->mixtures)
            return false;
    }
    return true;
}

typedef struct wish {
    double context, ram, quality; /* tokens, GiB, points; 0: no bound */
    bool any_quality;             /* quality does not decide */
} wish;

/* What the options say of numbers, with the bounds of --use where they say nothing. */
static es_status read_wish(advice *a, wish *w, es_errors *errors) {
    es_cli *cli = a->cli;
    a->use = (size_t)es_count_of(cli, ES_OPT_USE, 0);
    a->goal = (size_t)es_count_of(cli, ES_OPT_GOAL, 0);
    a->top = (double)es_count_of(cli, ES_OPT_TOP, TOP);
    const bool named = a->n[ES_MODEL] > 0;
    a->by_device = named && !a->n[ES_DEVICE];
    a->by_model = !named || a->n[ES_MODEL] > 1;
    w->any_quality = a->goal != 0 || a->by_device;
    const struct {
        es_opt option;
        double otherwise, *number;
    } numbers[] = {
        {ES_OPT_CONTEXT, uses[a->use].prompt + uses[a->use].gen, &w->context},
        {ES_OPT_MIN_SPEED, uses[a->use].min_speed, &a->speed},
        {ES_OPT_MAX_TTFT, uses[a->use].max_ttft, &a->ttft},
        {ES_OPT_RAM, a->ram, &w->ram},
        {ES_OPT_MAX_PRICE, 0, &a->budget},
        {ES_OPT_MIN_QUALITY, w->any_quality && !named ? LEAST_QUALITY : 0, &w->quality},
    };
    es_status status = ES_OK;
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        const es_status one = number_of(cli, numbers[i].option, numbers[i].otherwise, numbers[i].number, errors);
        status = status ? status : one;
    }
    if (status)
        return status;
    if (w->ram >= 1e6) /* 8G, 8Gi: bytes; 8: GiB */
        w->ram /= 0x1p30;
    a->ram = w->ram;
    a->gen = uses[a->use].gen < w->context / 2 ? uses[a->use].gen : floor(w->context / 2);
    a->prompt = w->context - a->gen;
    if (uses[a->use].turns && a->prompt > uses[a->use].prompt) /* what was said before lies in the cache */
        a->depth = a->prompt - uses[a->use].prompt, a->prompt = uses[a->use].prompt;
    if (a->prompt >= 1 && a->gen >= 1 && w->context == floor(w->context))
        return ES_OK;
    return es_usage(cli, errors, "--context: invalid value: '%s'; expected a whole number from 2",
                    es_text_of(cli, ES_OPT_CONTEXT));
}

/* The rows that are named, all of the others. */
static const char *rows_of(advice *a, es_kind kind, const char *key) {
    es_arena *arena = &a->cli->arena;
    return a->n[kind] ? list_of(arena, key, a->found[kind], a->n[kind]) : es_arena_printf(arena, "%s=*", key);
}

/* False without memory. */
static bool set_axes(advice *a) {
    es_arena *arena = &a->cli->arena;
    const char *kv = es_text_of(a->cli, ES_OPT_KV);
    bool ok = add_set(a, "kernel=roofline");
    ok = add_set(a, rows_of(a, ES_MODEL, "model")) && ok;
    ok = add_set(a, rows_of(a, ES_DEVICE, "device")) && ok;
    ok = add_set(a, rows_of(a, ES_PRECISION, "precision")) && ok;
    ok = add_set(a, es_arena_printf(arena, "prompt=%.0f", a->prompt)) && ok;
    ok = add_set(a, es_arena_printf(arena, "gen=%.0f", a->gen)) && ok;
    if (a->depth > 0)
        ok = add_set(a, es_arena_printf(arena, "depth=%.0f", a->depth)) && ok;
    if (a->ram > 0)
        ok = add_set(a, es_arena_printf(arena, "device.ram_gb=%.6g", a->ram)) && ok;
    if (kv)
        ok = add_set(a, es_arena_printf(arena, "kv_bits=%s", kv)) && ok;
    if (goals[a->goal].metric)
        ok = add_set(a, es_arena_printf(arena, "--metric %s", goals[a->goal].metric)) && ok;
    return ok;
}

/* False without memory. */
static bool set_conditions(advice *a, const wish *w) {
    es_arena *arena = &a->cli->arena;
    add_condition(a, "fits = 1", "peak_memory_bytes", NULL, false);
    add_condition(a, es_arena_printf(arena, "model.max_ctx = 0 or model.max_ctx >= %.0f", w->context), "model.max_ctx",
                  "--context", true);
    if (a->speed > 0)
        add_condition(a, es_arena_printf(arena, "decode_tok_s >= %.6g", a->speed), "decode_tok_s", "--min-speed", true);
    if (a->ttft > 0)
        add_condition(a, es_arena_printf(arena, "ttft_s <= %.6g", a->ttft), "ttft_s", "--max-ttft", false);
    if (a->budget > 0)
        add_condition(a, es_arena_printf(arena, "device.price_usd <= %.6g", a->budget), "device.price_usd",
                      "--max-price", false);
    if (w->quality > 0)
        add_condition(a, es_arena_printf(arena, "quality >= %.6g", w->quality), "quality", "--min-quality", true);
    else if (w->any_quality && a->n[ES_MODEL] && !a->n[ES_PRECISION] && !es_given(a->cli, ES_OPT_MIN_QUALITY))
        add_condition(a, es_arena_printf(arena, "quality_retained >= %.6g", LEAST_RETAINED), "quality_retained", NULL,
                      true);
    bool ok = a->n[ES_PRECISION] || keep_mixtures_to_experts(a);
    for (size_t i = 0; i < a->n_conditions; i++)
        ok = ok && a->condition[i].text;
    return ok;
}

static es_status make_wish(advice *a, es_errors *errors) {
    wish w = {0};
    const es_option_value *own = &a->cli->value[ES_OPT_SET];
    es_status status = read_wish(a, &w, errors);
    if (status)
        return status;
    if (!set_axes(a) || !set_conditions(a, &w))
        return es_fail_memory(errors);
    if (own->n > SETS - a->n_sets)
        return es_usage(a->cli, errors, "too many axes and --set: %zu", own->n);
    for (size_t i = 0; i < own->n; i++)
        a->set[a->n_sets++] = own->text[i];
    return ES_OK;
}

/* What stands for quality where none is known. */
static const char *known(const advice *a, const char *column) {
    const bool of_quality =
        strcmp(column, "quality") == 0 || strcmp(column, "quality_step") == 0 || strcmp(column, "balance") == 0;
    return a->unscored && of_quality ? "bits_per_weight" : column;
}

/* Loads the sweep, without the conditions of a set (bit i: condition i), and finds the winner of each group by the goal, or by
 * how nearly a point meets one condition. */
static es_status run_wish(advice *a, uint64_t without, const condition *nearest, es_errors *errors) {
    es_arena *arena = &a->cli->arena;
    const char *set[SETS + 8], *where[CONDITIONS + 1];
    size_t n = a->n_sets, n_where = 0;
    memcpy(set, a->set, n * sizeof *set);
    for (size_t i = 0; i < a->n_conditions; i++)
        if (!(without >> i & 1) && !(a->unscored && is_of_quality(&a->condition[i])))
            where[n_where++] = a->condition[i].text;
    if (a->mixtures)
        where[n_where++] = a->mixtures;
    const bool formats = !a->by_model && !a->by_device;
    set[n++] = formats ? "best.pick=model" : "best.pick=precision";
    set[n++] = formats ? "best.by=precision, runtime" : a->by_device ? "best.by=device" : "best.by=model";
    if (!nearest) {
        const char *decides = known(a, goals[a->goal].decides), *then = known(a, goals[a->goal].then);
        const char *key = goals[a->goal].maximize ? "maximize" : "minimize";
        if (goals[a->goal].maximize == goals[a->goal].maximize_then) {
            set[n++] = es_arena_printf(arena, "best.%s=%s, %s", key, decides, then);
        } else {
            set[n++] = es_arena_printf(arena, "best.%s=%s", key, decides);
            set[n++] =
                es_arena_printf(arena, "best.%s=%s", goals[a->goal].maximize_then ? "maximize" : "minimize", then);
        }
    } else {
        set[n++] = es_arena_printf(arena, "best.%s=%s", nearest->maximize ? "maximize" : "minimize", nearest->column);
    }
    for (size_t i = 0; i < n; i++)
        if (!set[i])
            return es_fail_memory(errors);
    es_run_report_free(&a->report);
    a->report = (es_run_report){0};
    es_sweep_free(a->sweep);
    es_status status = es_sweep_load(&a->sweep, &a->catalog, NULL, set, n, where, n_where, errors);
    const es_run_options options = {.stop = a->cli->stop};
    errors->n_warnings = 0; /* of rows that * met: the user named none of them */
    return status ? status : es_sweep_run(a->sweep, &options, &a->report, errors);
}

/* ---- The answer ---- */

static double column_of(const advice *a, const choice *c, const char *name) {
    const int column = es_sweep_column(a->sweep, name, strlen(name));
    return column < 0 ? NAN : c->value[a->sweep->columns[column].node];
}

static const char *label_of(const advice *a, const choice *c, const char *name, char *to, size_t size) {
    const int column = es_sweep_column(a->sweep, name, strlen(name));
    *to = '\0';
    if (column >= 0)
        es_column_text(&a->sweep->columns[column], c->value[a->sweep->columns[column].node], 6, to, size);
    return to;
}

/* The row of an axis at the point. */
static const es_row *row_of(const advice *a, uint64_t index, es_kind kind) {
    size_t coordinate[ES_MAX_AXES];
    es_sweep_coordinates(a->sweep, index, coordinate);
    for (size_t i = 0; i < a->sweep->n_axes; i++)
        if (a->sweep->axes[i].role == ES_AXIS_ENTITY && a->sweep->axes[i].entity == kind)
            return a->sweep->axes[i].row[coordinate[i]];
    return NULL;
}

static double price_of(const advice *a, const choice *c) {
    const es_row *device = row_of(a, c->index, ES_DEVICE);
    return device ? device->value[ES_D_PRICE_USD] : NAN;
}

/* Some runtimes run only the models that their maker compiled; lists that nobody wrote down stand in brackets. */
static bool is_compiled_for(const advice *a, const choice *c) {
    char name[128];
    label_of(a, c, "runtime", name, sizeof name);
    const es_row *runtime = es_table_find(&a->catalog.table[ES_RUNTIME], name, strlen(name));
    return !runtime || *runtime->text[ES_R_MODELS] == '(' ||
           es_runtime_has_model(runtime, row_of(a, c->index, ES_MODEL));
}

/* Better choices first; for hardware the cheapest, then the slowest, that does. */
static int compare_choices(const void *x, const void *y) {
    const choice *a = x, *b = y;
    if (a->price != b->price)
        return a->price < b->price ? -1 : 1;
    if (a->decides != b->decides)
        return a->decides > b->decides ? -1 : 1;
    if (a->then != b->then)
        return a->then > b->then ? -1 : 1;
    return a->index < b->index ? -1 : a->index > b->index;
}

static es_status collect(advice *a, es_errors *errors) {
    const size_t nodes = es_sweep_nodes(a->sweep);
    a->choice = es_arena_array(&a->cli->arena, a->report.n_best + 1, sizeof *a->choice);
    if (!a->choice)
        return es_fail_memory(errors);
    a->n_choices = a->n_uncompiled = 0;
    for (size_t i = 0; i < a->report.n_best; i++) {
        choice *c = &a->choice[a->n_choices++];
        *c = (choice){.index = a->report.best[i].index, .value = es_arena_array(&a->cli->arena, nodes, sizeof(double))};
        es_status status = c->value ? es_sweep_point(a->sweep, c->index, c->value, errors) : es_fail_memory(errors);
        if (status)
            return status;
        if (!is_compiled_for(a, c)) {
            a->n_choices--;
            a->n_uncompiled++;
            continue;
        }
        const double decides = column_of(a, c, known(a, goals[a->goal].decides)),
                     then = column_of(a, c, known(a, goals[a->goal].then));
        c->decides = goals[a->goal].maximize ? decides : -decides;
        c->then = goals[a->goal].maximize_then ? then : -then;
        if (a->by_device && !goals[a->goal].of_hardware) {
            const double price = price_of(a, c);
            c->price = isnan(price) ? HUGE_VAL : price;
            c->decides = -column_of(a, c, "decode_tok_s");
        }
    }
    qsort(a->choice, a->n_choices, sizeof *a->choice, compare_choices);
    return ES_OK;
}

/* "4.1-5.8": the range where there is one. */
static void range_text(char *to, size_t size, double low, double high) {
    *to = '\0';
    if (!isnan(low) && !isnan(high))
        snprintf(to, size, high < 9.95 ? "%.1f-%.1f" : "%.0f-%.0f", low, high);
}

static void cut_name(char *to, size_t size, const char *name, size_t width) {
    const size_t length = strlen(name), end = width / 3; /* power modes and sizes stand at the end */
    if (length <= width)
        snprintf(to, size, "%s", name);
    else
        snprintf(to, size, "%.*s..%s", (int)(width - 2 - end), name, name + length - end);
}

static void add_row(const advice *a, const choice *c, es_listing *listing) {
    char text[160];
    const es_row *model = row_of(a, c->index, ES_MODEL), *device = row_of(a, c->index, ES_DEVICE);
    es_listing_cell(listing, a->by_device  ? device->name
                             : a->by_model ? model->name
                                           : label_of(a, c, "runtime", text, sizeof text));
    cut_name(text, sizeof text, row_of(a, c->index, ES_PRECISION)->name, 12);
    es_listing_cell(listing, a->by_device && a->n[ES_PRECISION] == 1 ? "" : text); /* stands above */
    const double speed = column_of(a, c, "decode_tok_s"), quality = column_of(a, c, "quality");
    es_listing_format(listing, speed < 9.95 ? "%.1f" : "%.0f", speed);
    range_text(text, sizeof text, column_of(a, c, "decode_tok_s_low"), column_of(a, c, "decode_tok_s_high"));
    es_listing_cell(listing, text);
    const double ttft = column_of(a, c, "ttft_s");
    *text = '\0';
    if (!isnan(ttft))
        es_human_seconds(text, sizeof text, ttft);
    es_listing_cell(listing, text);
    if (goals[a->goal].head)
        snprintf(text, sizeof text, "%.3g", column_of(a, c, goals[a->goal].shown));
    else
        es_human_bytes(text, sizeof text, column_of(a, c, "peak_memory_bytes"));
    es_listing_cell(listing, text);
    if (a->by_device) {
        es_human_number(text, sizeof text, price_of(a, c));
        es_listing_cell(listing, text);
    } else if (isnan(quality)) {
        es_listing_cell(listing, "");
    } else {
        es_listing_format(listing, "%.1f%s", quality,
                          strcmp(label_of(a, c, "quality_basis", text, sizeof text), "estimate") ? "" : "~");
    }
    es_listing_cell(listing, label_of(a, c, "basis", text, sizeof text));
}

/* Names take the room that the other columns leave. */
static void fit_names(es_listing *listing, size_t width) {
    char text[160];
    size_t others = 0;
    for (size_t column = 1; column < listing->n_columns; column++) {
        size_t widest = 0;
        for (size_t at = column; at < listing->n_cells; at += listing->n_columns)
            widest = strlen(listing->cell[at].text) > widest ? strlen(listing->cell[at].text) : widest;
        others += widest + 2;
    }
    const size_t room = width > others + 12 ? width - others : 12;
    for (size_t at = 0; at < listing->n_cells; at += listing->n_columns) {
        cut_name(text, sizeof text, listing->cell[at].text, room);
        if (strlen(text) < strlen(listing->cell[at].text))
            memcpy(listing->cell[at].text, text, strlen(text) + 1);
    }
}

static es_status print_table(const advice *a, es_errors *errors) {
    const char *const headers[] = {a->by_device  ? "device"
                                   : a->by_model ? "model"
                                                 : "runtime",
                                   "format",
                                   ">tok/s",
                                   ">10-90%",
                                   ">first",
                                   goals[a->goal].head ? goals[a->goal].head : ">memory",
                                   a->by_device ? ">USD" : ">MMLU",
                                   "evidence",
                                   NULL};
    es_listing listing = {0};
    es_listing_begin(&listing, headers);
    for (size_t i = 0; i < a->n_choices && (double)i < a->top; i++)
        add_row(a, &a->choice[i], &listing);
    if (!listing.failed)
        fit_names(&listing, a->cli->width);
    return es_listing_print(&listing, a->cli, stdout, 0, errors);
}

/* The command that prints the same points, and all the others of the sweep, as CSV. */
static void print_command(const advice *a, FILE *out) {
    size_t at = 0;
    at += (size_t)fprintf(out, "edgesweep run");
    for (size_t i = 0; i < a->n_sets + a->n_conditions + (a->mixtures != NULL); i++) {
        const char *text = i < a->n_sets                     ? a->set[i]
                           : i < a->n_sets + a->n_conditions ? a->condition[i - a->n_sets].text
                                                             : a->mixtures,
                   *option = "--set";
        if (i >= a->n_sets)
            option = "--where";
        else if (strncmp(text, "--metric ", 9) == 0)
            option = "--metric", text += 9;
        const size_t length = strlen(option) + strlen(text) + 4;
        if (at + length > 76)
            at = (size_t)fprintf(out, " \\\n ") - 2;
        at += (size_t)fprintf(out, " %s '", option);
        for (const char *c = text; *c; c++) /* as a shell takes it */
            if (*c == '\'')
                at += (size_t)fprintf(out, "'\\''");
            else
                fputc(*c, out), at++;
        fputc('\'', out);
    }
    fprintf(out, " -o advice.csv\n");
}

/* The choices whose ranges of the deciding column overlap that of the first. */
static size_t tied_with_first(const advice *a) {
    char low[64], high[64];
    size_t n = 0;
    snprintf(low, sizeof low, "%s_low", goals[a->goal].shown);
    snprintf(high, sizeof high, "%s_high", goals[a->goal].shown);
    const double least = a->n_choices ? column_of(a, &a->choice[0], low) : NAN;
    while (!isnan(least) && n < a->n_choices && es_ranges_overlap(-least, -column_of(a, &a->choice[n], high)))
        n++;
    return n;
}

/* "chat: prompt 512 + answer 256 tokens, >= 5 tok/s, first token in 15 s" */
static void print_use(const advice *a) {
    char text[400], longest[40];
    size_t n = 0;
#define ADD(...) n += (size_t)snprintf(text + n, n < sizeof text ? sizeof text - n : 0, __VA_ARGS__)
    ADD("%s: ", uses[a->use].name);
    if (a->depth > 0)
        ADD("%.0f tokens of earlier turns, ", a->depth);
    ADD("prompt %.0f + answer %.0f tokens", a->prompt, a->gen);
    if (a->speed > 0)
        ADD(", >= %.4g tok/s", a->speed);
    es_human_seconds(longest, sizeof longest, a->ttft);
    if (a->ttft > 0)
        ADD(", first token in %s", longest);
    for (size_t i = 0; i < a->n_conditions && !a->unscored; i++)
        if (is_of_quality(&a->condition[i]))
            ADD(", %s", a->condition[i].text);
#undef ADD
    es_print_wrapped(stdout, text, 0, a->cli->width);
}

static void print_head(const advice *a) {
    const es_row *device = row_of(a, a->choice[0].index, ES_DEVICE);
    char runtime[64];
    label_of(a, &a->choice[0], "runtime", runtime, sizeof runtime);
    if (!a->by_device)
        printf("%s%s%s, %.4g GiB of memory\n", device->name, a->by_model && *runtime ? ", " : "",
               a->by_model ? runtime : "", a->ram > 0 ? a->ram : device->value[ES_D_RAM_GB]);
    if (!a->by_device && a->device_text)
        printf("%s\n", a->device_text);
    if (a->by_device && a->n[ES_MODEL] == 1)
        printf("%s%s%s\n", a->found[ES_MODEL][0]->name, a->n[ES_PRECISION] == 1 ? " " : "",
               a->n[ES_PRECISION] == 1 ? a->found[ES_PRECISION][0]->name : "");
    else if (!a->by_model && !a->by_device)
        printf("%s\n", a->found[ES_MODEL][0]->name);
    print_use(a);
    printf("\n");
}

static es_status print_text(const advice *a, es_errors *errors) {
    print_head(a);
    es_status status = print_table(a, errors);
    const size_t shown = a->n_choices < (size_t)a->top ? a->n_choices : (size_t)a->top, tied = tied_with_first(a);
    if (status)
        return status;
    printf("\n");
    if (shown < a->n_choices)
        printf("%zu of %zu; --top %zu shows all.\n", shown, a->n_choices, a->n_choices);
    if (a->by_device && !goals[a->goal].of_hardware)
        printf("Order: price, then the slowest that is fast enough.\n");
    else
        printf("Order: %s%s, then %s.\n", known(a, goals[a->goal].shown),
               a->goal == 0 && !a->unscored ? " in steps of 0.3 points" : "", known(a, goals[a->goal].then));
    if (!a->by_device && !a->unscored && column_of(a, &a->choice[0], "quality") < GUESSING)
        printf("MMLU 25 is what guessing gives: nothing that knows more meets the wish.\n");
    if (a->n_uncompiled)
        printf("%zu left out: the runtime runs only models that its maker compiled.\n", a->n_uncompiled);
    if (a->unscored)
        printf("No quality of the model is known: more bits per weight count as better.\n");
    if (!a->by_device && tied > 1)
        printf("Rows 1 to %zu are a tie: their ranges of %s overlap.\n", tied < shown ? tied : shown,
               goals[a->goal].shown);
    for (size_t i = 0; i < shown; i++) {
        char basis[32];
        if (strcmp(label_of(a, &a->choice[i], "quality_basis", basis, sizeof basis), "estimate") == 0) {
            printf("~ estimated from other benchmarks.\n");
            break;
        }
    }
    printf("first: time to the first token; evidence: the weakest that the speed rests on.\n");
    const int build = es_kernel_node(a->sweep->kernel, "runtime_build", strlen("runtime_build"));
    if (build >= 0 && isinf(a->sweep->plan->node[build].constant))
        printf("Speeds are of the newest builds; --build b4000 or 2024-11 asks for another.\n");
    printf("The same as CSV:\n");
    print_command(a, stdout);
    return ES_OK;
}

static es_status print_advice_json(const advice *a, es_errors *errors) {
    static const char *const columns[] = {
        "decode_tok_s", "decode_tok_s_low", "decode_tok_s_high",  "prefill_tok_s", "ttft_s",
        "ttft_s_low",   "ttft_s_high",      "peak_memory_bytes",  "max_context",   "quality",
        "quality_low",  "quality_high",     "energy_j_per_token", "power_w",       "usd_per_mtok"};
    static const char *const labels[] = {"model", "device",        "runtime",       "precision",
                                         "basis", "quality_basis", "quality_metric"};
    json_t *rows = json_array(), *all = json_object();
    for (size_t i = 0; i < a->n_choices && (double)i < a->top; i++) {
        json_t *row = json_object();
        char text[256];
        json_object_set_new(row, "rank", json_integer((json_int_t)i + 1));
        for (size_t k = 0; k < sizeof labels / sizeof *labels; k++)
            json_object_set_new(row, labels[k],
                                es_typed_text(label_of(a, &a->choice[i], labels[k], text, sizeof text)));
        for (size_t k = 0; k < sizeof columns / sizeof *columns; k++)
            json_object_set_new(row, columns[k],
                                es_typed_number(column_of(a, &a->choice[i], columns[k]), strstr(columns[k], "bytes")));
        json_array_append_new(rows, row);
    }
    json_object_set_new(all, "use", json_string(uses[a->use].name));
    json_object_set_new(all, "goal", json_string(goals[a->goal].name));
    json_object_set_new(all, "depth", es_typed_number(a->depth, true));
    json_object_set_new(all, "prompt", es_typed_number(a->prompt, true));
    json_object_set_new(all, "gen", es_typed_number(a->gen, true));
    json_object_set_new(all, "choices", json_integer((json_int_t)a->n_choices));
    json_object_set_new(all, "tied", json_integer((json_int_t)(a->by_device ? 0 : tied_with_first(a))));
    json_object_set_new(all, "rows", rows);
    return es_typed_print(all, errors);
}

/* Of the choices that come nearest to a condition, within a quarter (unsourced: a fraction of their ranges), the one of most
 * quality; NULL: none is left. */
static const choice *nearest_to(const advice *a, const condition *c) {
    const choice *best = NULL;
    double nearest = c->maximize ? -HUGE_VAL : HUGE_VAL;
    for (size_t i = 0; i < a->n_choices; i++) {
        const double x = column_of(a, &a->choice[i], c->column);
        nearest = c->maximize ? fmax(nearest, x) : fmin(nearest, x);
    }
    for (size_t i = 0; i < a->n_choices; i++) {
        const double x = column_of(a, &a->choice[i], c->column), quality = column_of(a, &a->choice[i], "quality"),
                     held = best ? column_of(a, best, "quality") : NAN;
        const bool near = c->maximize ? x * 1.25 >= nearest : x <= nearest * 1.25;
        if (near && (!best || quality > held || (isnan(held) && !isnan(quality))))
            best = &a->choice[i];
    }
    return best;
}

/* "--max-ttft 35": the bound at which the choice would do, to two digits on the safe side. */
static void print_change(const advice *a, const choice *best, const condition *c) {
    const double x = column_of(a, best, c->column), step = pow(10, floor(log10(x)) - 1);
    const bool whole = strcmp(c->column, "model.max_ctx") == 0;
    if (strcmp(c->column, "peak_memory_bytes") == 0)
        printf("more memory");
    else if (!c->option)
        printf("a greater loss of quality");
    else
        printf("%s %.4g", c->option, whole ? x : (c->maximize ? floor(x / step) : ceil(x / step)) * step);
}

static void print_miss(const advice *a, const choice *best) {
    char ttft[40], memory[40];
    es_human_seconds(ttft, sizeof ttft, column_of(a, best, "ttft_s"));
    es_human_bytes(memory, sizeof memory, column_of(a, best, "peak_memory_bytes"));
    printf(":\n    %s %s%s%s\n", row_of(a, best->index, ES_MODEL)->name, row_of(a, best->index, ES_PRECISION)->name,
           a->by_device ? " on " : "", a->by_device ? row_of(a, best->index, ES_DEVICE)->name : "");
    printf("    %.2g tok/s, first token after %s, %s of memory", column_of(a, best, "decode_tok_s"), ttft, memory);
    const double quality = column_of(a, best, "quality");
    if (!isnan(quality))
        printf(", MMLU %.1f", quality);
    printf("\n");
}

/* Another device: of the runtime that was asked for, which ones. */
static void print_elsewhere(const advice *a) {
    const es_table *devices = &a->catalog.table[ES_DEVICE];
    const char *runtime = NULL;
    size_t n = 0;
    for (size_t i = 0; i < a->n_sets; i++)
        if (strncmp(a->set[i], "runtime=", 8) == 0)
            runtime = a->set[i] + 8;
    if (!runtime) {
        printf("  another device: no runtime of it that is known runs this\n");
        return;
    }
    printf("  a device that %s runs on:", runtime);
    for (size_t i = 0; i < devices->n_rows; i++)
        if (es_runtime_find(&a->catalog, es_slice_of(runtime), es_unit_of(&a->catalog, &devices->rows[i])) && n++ < 4)
            printf("%s%s", n > 1 ? ", " : "\n    ", devices->rows[i].name);
    printf("%s\n", n > 4 ? " ..." : n ? "" : " none is known");
}

static es_status find_miss(advice *a, uint64_t without, const condition *nearest, const choice **best,
                           es_errors *errors) {
    es_status status = run_wish(a, without, nearest, errors);
    if (!status)
        status = collect(a, errors);
    *best = status ? NULL : nearest_to(a, nearest);
    return status;
}

/* Nothing is left: for each condition, the nearest that a point comes to it when it meets the others; where none does, what is
 * nearest in time of what fits; else what needs least memory. */
static es_status explain_nothing(advice *a, es_errors *errors) {
    const condition *fits = &a->condition[0], *speed = NULL, *ttft = NULL;
    const choice *best;
    uint64_t times = 0;
    bool any = false;
    es_status status = ES_OK;
    printf("Nothing meets the wish");
    if (!a->by_device)
        printf(" on %s", a->found[ES_DEVICE][0]->name);
    printf(".\n");
    print_use(a);
    printf("\nIt would take\n");
    for (size_t i = 0; i < a->n_conditions && !status; i++) {
        const condition *c = &a->condition[i];
        speed = strcmp(c->column, "decode_tok_s") == 0 ? c : speed;
        ttft = strcmp(c->column, "ttft_s") == 0 ? c : ttft;
        times |= (uint64_t)(c == speed || c == ttft) << i;
        status = find_miss(a, UINT64_C(1) << i, c, &best, errors);
        if (status || !best)
            continue;
        any = true;
        printf("  ");
        print_change(a, best, c);
        print_miss(a, best);
    }
    if (!status && !any && times) { /* both bounds of time are missed */
        status = find_miss(a, times, speed ? speed : ttft, &best, errors);
        if (!status && best) {
            any = true;
            printf("  ");
            if (speed)
                print_change(a, best, speed);
            printf("%s", speed && ttft ? " " : "");
            if (ttft)
                print_change(a, best, ttft);
            print_miss(a, best);
        }
    }
    if (status || any)
        return status;
    status = find_miss(a, UINT64_MAX, fits, &best, errors);
    if (!status && best) {
        printf("  more than one change; the least memory");
        print_miss(a, best);
    } else if (!status) {
        print_elsewhere(a);
    }
    return status;
}

static es_status run_advise(es_cli *cli, es_errors *errors) {
    advice *a = es_arena_alloc(&cli->arena, sizeof *a);
    if (!a)
        return es_fail_memory(errors);
    *a = (advice){.cli = cli};
    es_status status = load_with(a, NULL, errors);
    if (!status)
        status = take_operands(a, errors);
    if (!status && !a->n[ES_DEVICE] && !a->n[ES_MODEL]) {
        status = this_machine(a, errors);
        a->n[ES_PRECISION] = 0; /* a row of the catalog as it was */
        const size_t found = a->n[ES_DEVICE];
        a->n[ES_DEVICE] = 0;
        if (!status)
            status = take_operands(a, errors);
        a->n[ES_DEVICE] = found;
    }
    if (!status)
        status = make_wish(a, errors);
    if (!status)
        status = run_wish(a, 0, NULL, errors);
    if (!status)
        status = collect(a, errors);
    if (!status && !a->n_choices && a->n[ES_MODEL]) { /* because nobody scored it? */
        a->unscored = true;
        status = run_wish(a, 0, NULL, errors);
        if (!status)
            status = collect(a, errors);
        for (size_t i = 0; i < a->n_choices && a->unscored; i++)
            a->unscored = isnan(column_of(a, &a->choice[i], "quality"));
        if (!a->unscored)
            a->n_choices = 0; /* there is a quality, and not enough of it */
    }
    bool json = false;
    if (!status)
        status = es_typed_asked(cli, &json, errors);
    if (!status) {
        es_cli_report(cli, errors);
        status = json           ? print_advice_json(a, errors)
                 : a->n_choices ? print_text(a, errors)
                                : explain_nothing(a, errors);
    }
    es_run_report_free(&a->report);
    es_sweep_free(a->sweep);
    es_catalog_free(&a->catalog);
    return status;
}

static const char *const examples[] = {
    "edgesweep advise 'Raspberry Pi 5'",
    "which model and format to run there, for chat",
    "edgesweep 'Raspberry Pi 5' Llama-3.2-3B",
    "the formats of one model; `advise` may be left out",
    "edgesweep advise Llama-3.1-8B Q4_K_M --min-speed 10",
    "the cheapest hardware that does it",
    "edgesweep advise rpi5 --use agent --context 16k --json",
    "for a program",
    NULL,
};

const es_command es_cmd_advise = {
    .id = ES_CMD_ADVISE,
    .name = "advise",
    .synopsis = "[DEVICE] [MODEL] [FORMAT]",
    .max_operands = 16,
    .help = "what to run on a device, or what to run a model on, in ten rows",
    .details =
        "Operands come in any order; names are matched loosely: rpi5, llama3.2:3b, Qwen/Qwen3-4B, q4_k_m. With "
        "a device the "
        "rows are models, each in its best format, or the formats of the model named; with a model and no "
        "device, devices, "
        "the cheapest first; 16gb beside a device is its memory. Without both it is about this machine, recognised by "
        "the name of its board or "
        "processor, else "
        "measured once (`probe`; kept in $XDG_CACHE_HOME/edgesweep or ~/.cache/edgesweep).\n\n"
        "--use sets lengths and bounds: chat 512+256 tokens, 5 tokens/s, first token in 15 s; code 4096+512, 8, "
        "60 s; agent "
        "8192+512, 8, 90 s; summarise 8192+512, 3, 180 s; batch 1024+256 without bounds. --context, --min-speed "
        "and --max-ttft "
        "change them. --goal says what the best is: quality (in steps of 0.3 points, within which formats are a "
        "tie, then "
        "speed), speed, energy, cost, or balanced: quality * s/(s + 10) at s tokens/s; but for quality, models below "
        "40 points "
        "are left out, and of a model named the formats that lose more than a tenth of what it has above chance; "
        "--min-quality changes that, 1 takes all.\n\n"
        "Only formats that a runtime of the device loads count. 10-90% is the range in which the speed lies in "
        "eight of ten "
        "cases. When nothing meets the wish, the nearest miss of each condition is shown.\n\n"
        "--json prints an object: use, goal, prompt, gen, choices (how many there are), rows; a row has rank, "
        "model, device, "
        "runtime, precision, basis, quality_basis, quality_metric and numbers by the names of `list metrics`, "
        "null where "
        "unknown.",
    .examples = examples,
    .run = run_advise,
};
