/* The wish of advise as a sweep, and the choices that it leaves. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/number.h"
#include "base/text.h"
#include "catalog/loose.h"
#include "commands/advise.h"
#include "grid/plan.h"
#include "model/runtime.h"

enum { TOP = 10 };

const es_advise_use es_advice_use[] = {
    {"chat", 512, 256, 5, 15, true},         {"code", 4096, 512, 8, 60, false}, {"agent", 8192, 512, 8, 90, true},
    {"summarise", 8192, 512, 3, 180, false}, {"batch", 1024, 256, 0, 0, false},
};

/* A model that guesses is the fastest: where quality does not decide, it has to have this much, in points, or a named model
 * this share of what it has above chance in 16 bits.  Unsourced choices, printed, changed by --min-quality. */
static const double LEAST_QUALITY = 40, LEAST_RETAINED = 0.9;

const es_advise_goal es_advice_goal[] = {
    {"quality", "quality_step = floor(quality / 0.3) * 0.3", "quality_step", "decode_tok_s", "quality", true, true,
     NULL, false},
    {"speed", NULL, "decode_tok_s", "quality", "decode_tok_s", true, true, NULL, true},
    {"energy", NULL, "energy_j_per_token", "quality", "energy_j_per_token", false, true, ">J/token", true},
    {"cost", NULL, "usd_per_mtok", "quality", "usd_per_mtok", false, true, ">USD/Mtok", true},
    {"balanced", "balance = quality * decode_tok_s / (decode_tok_s + 10)", "balance", "decode_tok_s", "balance", true,
     true, NULL, false},
};

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

static void add_condition(es_advice *a, const char *text, const char *column, const char *option, bool maximize) {
    a->condition[a->n_conditions++] = (es_demand){text, column, option, maximize};
}

bool es_is_of_quality(const es_demand *c) { return strncmp(c->column, "quality", 7) == 0; }

/* A share of what there is in 16 bits is known without a score. */
static bool needs_score(const es_demand *c) { return strcmp(c->column, "quality") == 0; }

static bool add_set(es_advice *a, const char *text) {
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
static bool keep_mixtures_to_experts(es_advice *a) {
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
static es_status read_wish(es_advice *a, wish *w, es_errors *errors) {
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
        {ES_OPT_CONTEXT, es_advice_use[a->use].prompt + es_advice_use[a->use].gen, &w->context},
        {ES_OPT_MIN_SPEED, es_advice_use[a->use].min_speed, &a->speed},
        {ES_OPT_MAX_TTFT, es_advice_use[a->use].max_ttft, &a->ttft},
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
    a->gen = es_advice_use[a->use].gen < w->context / 2 ? es_advice_use[a->use].gen : floor(w->context / 2);
    a->prompt = w->context - a->gen;
    if (es_advice_use[a->use].turns &&
        a->prompt > es_advice_use[a->use].prompt) /* what was said before lies in the cache */
        a->depth = a->prompt - es_advice_use[a->use].prompt, a->prompt = es_advice_use[a->use].prompt;
    if (a->prompt >= 1 && a->gen >= 1 && w->context == floor(w->context))
        return ES_OK;
    return es_usage(cli, errors, "--context: invalid value: '%s'; expected a whole number from 2",
                    es_text_of(cli, ES_OPT_CONTEXT));
}

/* The rows that are named, all of the others. */
static const char *rows_of(es_advice *a, es_kind kind, const char *key) {
    es_arena *arena = &a->cli->arena;
    return a->n[kind] ? list_of(arena, key, a->found[kind], a->n[kind]) : es_arena_printf(arena, "%s=*", key);
}

/* False without memory. */
static bool set_axes(es_advice *a) {
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
    const double reserved = a->n[ES_DEVICE] == 1 ? es_loose_reserved(a->found[ES_DEVICE][0], a->ram) : 0;
    if (reserved > 0)
        ok = add_set(a, es_arena_printf(arena, "device.os_reserved_gb=%.6g", reserved)) && ok;
    if (a->bandwidth > 0)
        ok = add_set(a, es_arena_printf(arena, "device.mem_bw_gbs=%.6g", a->bandwidth)) && ok;
    if (kv)
        ok = add_set(a, es_arena_printf(arena, "kv_bits=%s", kv)) && ok;
    if (es_advice_goal[a->goal].metric)
        ok = add_set(a, es_arena_printf(arena, "--metric %s", es_advice_goal[a->goal].metric)) && ok;
    return ok;
}

/* False without memory. */
static bool set_conditions(es_advice *a, const wish *w) {
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
    bool ok = a->n[ES_PRECISION] == 1 || keep_mixtures_to_experts(a);
    for (size_t i = 0; i < a->n_conditions; i++)
        ok = ok && a->condition[i].text;
    return ok;
}

/* Of a model that was trained in a format, hardware is asked for in that one: its files have no other, or gain nothing by it. */
static void take_native_format(es_advice *a) {
    const es_table *formats = &a->catalog.table[ES_PRECISION];
    es_slice rest = es_slice_of(a->found[ES_MODEL][0]->text[ES_M_NATIVE_FORMAT]), part;
    while (rest.length > 0 && es_slice_part(&rest, ';', &part))
        for (size_t i = 0; i < formats->n_rows && a->n[ES_PRECISION] < ES_ADVICE_CANDIDATES; i++)
            if (strncasecmp(formats->rows[i].name, part.text, part.length) == 0) /* MXFP4_MOE, too */
                a->found[ES_PRECISION][a->n[ES_PRECISION]++] = &formats->rows[i];
}

es_status es_advise_wish(es_advice *a, es_errors *errors) {
    wish w = {0};
    const es_option_value *own = &a->cli->value[ES_OPT_SET];
    es_status status = read_wish(a, &w, errors);
    if (status)
        return status;
    if (a->by_device && a->n[ES_MODEL] == 1 && !a->n[ES_PRECISION])
        take_native_format(a);
    if (!set_axes(a) || !set_conditions(a, &w))
        return es_fail_memory(errors);
    if (own->n > ES_ADVICE_SETS - a->n_sets)
        return es_usage(a->cli, errors, "too many axes and --set: %zu", own->n);
    for (size_t i = 0; i < own->n; i++)
        a->set[a->n_sets++] = own->text[i];
    return ES_OK;
}

const char *es_advise_known(const es_advice *a, const char *column) {
    const bool of_quality =
        strcmp(column, "quality") == 0 || strcmp(column, "quality_step") == 0 || strcmp(column, "balance") == 0;
    return a->unscored && of_quality ? "bits_per_weight" : column;
}

/* Nobody wrote the settings that an error names: "--set:4:11: no runtime loads ...". */
static void drop_places(es_errors *errors) {
    for (size_t i = 0; i < errors->n_errors && i < ES_MAX_ERRORS; i++) {
        char *text = errors->error[i].text, *message = strstr(text, ": ");
        if (!errors->error[i].has_file || strncmp(text, "--set:", 6) != 0 || !message)
            continue;
        memmove(text, message + 2, strlen(message + 2) + 1);
        errors->error[i].has_file = false;
    }
}

es_status es_advise_run(es_advice *a, uint64_t without, const es_demand *nearest, es_errors *errors) {
    es_arena *arena = &a->cli->arena;
    const char *set[ES_ADVICE_SETS + 8], *where[ES_ADVICE_CONDITIONS + 1];
    size_t n = a->n_sets, n_where = 0;
    memcpy(set, a->set, n * sizeof *set);
    for (size_t i = 0; i < a->n_conditions; i++)
        if (!(without >> i & 1) && !(a->unscored && needs_score(&a->condition[i])))
            where[n_where++] = a->condition[i].text;
    if (a->mixtures)
        where[n_where++] = a->mixtures;
    const bool formats = !a->by_model && !a->by_device;
    set[n++] = formats ? "best.pick=model" : "best.pick=precision";
    set[n++] = formats ? "best.by=precision, runtime" : a->by_device ? "best.by=device" : "best.by=model";
    if (!nearest) {
        const char *decides = es_advise_known(a, es_advice_goal[a->goal].decides),
                   *then = es_advise_known(a, es_advice_goal[a->goal].then);
        const char *key = es_advice_goal[a->goal].maximize ? "maximize" : "minimize";
        if (es_advice_goal[a->goal].maximize == es_advice_goal[a->goal].maximize_then) {
            set[n++] = es_arena_printf(arena, "best.%s=%s, %s", key, decides, then);
        } else {
            set[n++] = es_arena_printf(arena, "best.%s=%s", key, decides);
            set[n++] = es_arena_printf(arena, "best.%s=%s",
                                       es_advice_goal[a->goal].maximize_then ? "maximize" : "minimize", then);
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
    if (status)
        drop_places(errors);
    return status ? status : es_sweep_run(a->sweep, &options, &a->report, errors);
}

/* ---- What is left ---- */

double es_offer_value(const es_advice *a, const es_offer *c, const char *name) {
    const int column = es_sweep_column(a->sweep, name, strlen(name));
    return column < 0 ? NAN : c->value[a->sweep->columns[column].node];
}

const char *es_offer_text(const es_advice *a, const es_offer *c, const char *name, char *to, size_t size) {
    const int column = es_sweep_column(a->sweep, name, strlen(name));
    *to = '\0';
    if (column >= 0)
        es_column_text(&a->sweep->columns[column], c->value[a->sweep->columns[column].node], 6, to, size);
    return to;
}

const es_row *es_offer_row(const es_advice *a, uint64_t index, es_kind kind) {
    size_t coordinate[ES_MAX_AXES];
    es_sweep_coordinates(a->sweep, index, coordinate);
    for (size_t i = 0; i < a->sweep->n_axes; i++)
        if (a->sweep->axes[i].role == ES_AXIS_ENTITY && a->sweep->axes[i].entity == kind)
            return a->sweep->axes[i].row[coordinate[i]];
    return NULL;
}

double es_offer_price(const es_advice *a, const es_offer *c) {
    const es_row *device = es_offer_row(a, c->index, ES_DEVICE);
    return device ? device->value[ES_D_PRICE_USD] : NAN;
}

/* Some runtimes run only the models that their maker compiled; lists that nobody wrote down stand in brackets. */
static bool is_compiled_for(const es_advice *a, const es_offer *c) {
    char name[128];
    es_offer_text(a, c, "runtime", name, sizeof name);
    const es_row *runtime = es_table_find(&a->catalog.table[ES_RUNTIME], name, strlen(name));
    return !runtime || *runtime->text[ES_R_MODELS] == '(' ||
           es_runtime_has_model(runtime, es_offer_row(a, c->index, ES_MODEL));
}

/* Better choices first; for hardware the cheapest, then the slowest, that does. */
static int compare_choices(const void *x, const void *y) {
    const es_offer *a = x, *b = y;
    if (a->price != b->price)
        return a->price < b->price ? -1 : 1;
    if (a->decides != b->decides)
        return a->decides > b->decides ? -1 : 1;
    if (a->then != b->then)
        return a->then > b->then ? -1 : 1;
    return a->index < b->index ? -1 : a->index > b->index;
}

es_status es_advise_collect(es_advice *a, es_errors *errors) {
    const size_t nodes = es_sweep_nodes(a->sweep);
    a->choice = es_arena_array(&a->cli->arena, a->report.n_best + 1, sizeof *a->choice);
    if (!a->choice)
        return es_fail_memory(errors);
    a->n_choices = a->n_uncompiled = 0;
    for (size_t i = 0; i < a->report.n_best; i++) {
        es_offer *c = &a->choice[a->n_choices++];
        *c = (es_offer){.index = a->report.best[i].index,
                        .value = es_arena_array(&a->cli->arena, nodes, sizeof(double))};
        es_status status = c->value ? es_sweep_point(a->sweep, c->index, c->value, errors) : es_fail_memory(errors);
        if (status)
            return status;
        if (!is_compiled_for(a, c)) {
            a->n_choices--;
            a->n_uncompiled++;
            continue;
        }
        const double decides = es_offer_value(a, c, es_advise_known(a, es_advice_goal[a->goal].decides)),
                     then = es_offer_value(a, c, es_advise_known(a, es_advice_goal[a->goal].then));
        c->decides = es_advice_goal[a->goal].maximize ? decides : -decides;
        c->then = es_advice_goal[a->goal].maximize_then ? then : -then;
        if (a->by_device && !es_advice_goal[a->goal].of_hardware) {
            const double price = es_offer_price(a, c);
            c->price = isnan(price) ? HUGE_VAL : price;
            c->decides = -es_offer_value(a, c, "decode_tok_s");
        }
    }
    qsort(a->choice, a->n_choices, sizeof *a->choice, compare_choices);
    return ES_OK;
}
