/* The answer of advise: ten rows and what they rest on, or what it would take. */
#include <math.h>
#include <string.h>

#include "commands/advise.h"
#include "cli/json_print.h"
#include "cli/print.h"
#include "grid/plan.h"
#include "model/runtime.h"
#include "pareto/choice.h"

/* Four answers to choose from give 25; below this a model hardly knows anything.  Unsourced. */
static const double GUESSING = 30;

/* "4.1-5.8": the range where there is one. */
static void range_text(char *to, size_t size, double low, double high) {
    *to = '\0';
    if (!isnan(low) && !isnan(high))
        snprintf(to, size, high < 9.95 ? "%.1f-%.1f" : "%.0f-%.0f", low, high);
}

static void cut_name(char *to, size_t size, const char *name, size_t width) {
    static const char *const makers[] = {"Jetson ", "NVIDIA ", "Apple ", "AMD ",
                                         "Intel "}; /* found without them, too */
    for (size_t i = 0; strlen(name) > width && i < sizeof makers / sizeof *makers; i++)
        if (strncmp(name, makers[i], strlen(makers[i])) == 0)
            name += strlen(makers[i]);
    const size_t length = strlen(name), end = width / 3; /* power modes and sizes stand at the end */
    if (length <= width)
        snprintf(to, size, "%s", name);
    else
        snprintf(to, size, "%.*s..%s", (int)(width - 2 - end), name, name + length - end);
}

static void add_row(const es_advice *a, const es_offer *c, es_listing *listing) {
    char text[160];
    const es_row *model = es_offer_row(a, c->index, ES_MODEL), *device = es_offer_row(a, c->index, ES_DEVICE);
    es_listing_cell(listing, a->by_device  ? device->name
                             : a->by_model ? model->name
                                           : es_offer_text(a, c, "runtime", text, sizeof text));
    cut_name(text, sizeof text, es_offer_row(a, c->index, ES_PRECISION)->name, 12);
    es_listing_cell(listing, a->by_device && a->n[ES_PRECISION] == 1 ? "" : text); /* stands above */
    const double speed = es_offer_value(a, c, "decode_tok_s"), quality = es_offer_value(a, c, "quality");
    es_listing_format(listing, speed < 9.95 ? "%.1f" : "%.0f", speed);
    range_text(text, sizeof text, es_offer_value(a, c, "decode_tok_s_low"), es_offer_value(a, c, "decode_tok_s_high"));
    es_listing_cell(listing, text);
    const double ttft = es_offer_value(a, c, "ttft_s");
    *text = '\0';
    if (!isnan(ttft))
        es_human_seconds(text, sizeof text, ttft);
    es_listing_cell(listing, text);
    if (es_advice_goal[a->goal].head)
        snprintf(text, sizeof text, "%.3g", es_offer_value(a, c, es_advice_goal[a->goal].shown));
    else
        es_human_bytes(text, sizeof text, es_offer_value(a, c, "peak_memory_bytes"));
    es_listing_cell(listing, text);
    if (a->by_device) {
        es_human_number(text, sizeof text, es_offer_price(a, c));
        es_listing_cell(listing, text);
    } else if (isnan(quality)) {
        es_listing_cell(listing, "");
    } else {
        es_listing_format(listing, "%.1f%s", quality,
                          strcmp(es_offer_text(a, c, "quality_basis", text, sizeof text), "estimate") ? "" : "~");
    }
    es_listing_cell(listing, es_offer_text(a, c, "basis", text, sizeof text));
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

static es_status print_table(const es_advice *a, size_t shown, es_errors *errors) {
    const char *const headers[] = {a->by_device  ? "device"
                                   : a->by_model ? "model"
                                                 : "runtime",
                                   "format",
                                   ">tok/s",
                                   ">10-90%",
                                   ">first",
                                   es_advice_goal[a->goal].head ? es_advice_goal[a->goal].head : ">memory",
                                   a->by_device ? ">USD" : ">MMLU",
                                   "evidence",
                                   NULL};
    es_listing listing = {0};
    es_listing_begin(&listing, headers);
    for (size_t i = 0; i < shown; i++)
        add_row(a, &a->choice[i], &listing);
    if (!listing.failed)
        fit_names(&listing, a->cli->width);
    return es_listing_print(&listing, a->cli, stdout, 0, errors);
}

/* The command that prints the same points, and all the others of the sweep, as CSV. */
static void print_command(const es_advice *a, FILE *out) {
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
        for (const char *c = text; *c; c++) { /* as a shell takes it, which joins what stands next to each other */
            if (*c == '\'')
                at += (size_t)fprintf(out, "'\\''");
            else
                fputc(*c, out), at++;
            if (*c == ',' && c[1] == '"' && at + strcspn(c + 2, "\"") > 74)
                at = (size_t)fprintf(out, "'\\\n'") - 3;
        }
        fputc('\'', out);
    }
    fprintf(out, " -o advice.csv\n");
}

/* The choices whose ranges of the deciding column overlap that of the first. */
static size_t tied_with_first(const es_advice *a) {
    char low[64], high[64];
    size_t n = 0;
    snprintf(low, sizeof low, "%s_low", es_advice_goal[a->goal].shown);
    snprintf(high, sizeof high, "%s_high", es_advice_goal[a->goal].shown);
    const double least = a->n_choices ? es_offer_value(a, &a->choice[0], low) : NAN;
    while (!isnan(least) && n < a->n_choices && es_ranges_overlap(-least, -es_offer_value(a, &a->choice[n], high)))
        n++;
    return n;
}

/* "chat: prompt 512 + answer 256 tokens, >= 5 tok/s, first token in 15 s" */
static void print_use(const es_advice *a) {
    char text[400], longest[40];
    size_t n = 0;
#define ADD(...) n += (size_t)snprintf(text + n, n < sizeof text ? sizeof text - n : 0, __VA_ARGS__)
    ADD("%s: ", es_advice_use[a->use].name);
    if (a->depth > 0)
        ADD("%.0f tokens of earlier turns, ", a->depth);
    ADD("prompt %.0f + answer %.0f tokens", a->prompt, a->gen);
    if (a->speed > 0)
        ADD(", >= %.4g tok/s", a->speed);
    es_human_seconds(longest, sizeof longest, a->ttft);
    if (a->ttft > 0)
        ADD(", first token in %s", longest);
    for (size_t i = 0; i < a->n_conditions && !a->unscored; i++)
        if (es_is_of_quality(&a->condition[i]))
            ADD(", %s", a->condition[i].text);
#undef ADD
    es_print_wrapped(stdout, text, 0, a->cli->width);
}

/* "llama.cpp-metal or mlx-lm": of the first rows. */
static void runtimes_text(const es_advice *a, size_t shown, char *to, size_t size) {
    char name[64], other[64];
    size_t used = 0;
    *to = '\0';
    for (size_t i = 0; i < shown && used < size; i++) {
        es_offer_text(a, &a->choice[i], "runtime", name, sizeof name);
        bool known = !*name;
        for (size_t k = 0; k < i && !known; k++)
            known = strcmp(name, es_offer_text(a, &a->choice[k], "runtime", other, sizeof other)) == 0;
        if (!known)
            used += (size_t)snprintf(to + used, size - used, "%s%s", used ? " or " : "", name);
    }
}

static void print_head(const es_advice *a, size_t shown) {
    const es_row *device = es_offer_row(a, a->choice[0].index, ES_DEVICE);
    char runtime[256];
    runtimes_text(a, shown, runtime, sizeof runtime);
    if (!a->by_device)
        printf("%s%s%s, %.4g GiB of memory\n", device->name, a->by_model && *runtime ? ", " : "",
               a->by_model ? runtime : "", a->ram > 0 ? a->ram : device->value[ES_D_RAM_GB]);
    if (!a->by_device && a->device_text)
        es_print_wrapped(stdout, a->device_text, 0, a->cli->width);
    if (a->by_device && a->n[ES_MODEL] == 1)
        printf("%s%s%s\n", a->found[ES_MODEL][0]->name, a->n[ES_PRECISION] == 1 ? " " : "",
               a->n[ES_PRECISION] == 1 ? a->found[ES_PRECISION][0]->name : "");
    else if (!a->by_model && !a->by_device)
        printf("%s\n", a->found[ES_MODEL][0]->name);
    print_use(a);
    printf("\n");
}

/* Rows of the table: of those that only guess none stands below one that knows something, unless so many are asked for. */
static size_t rows_shown(const es_advice *a) {
    size_t n = a->n_choices < (size_t)a->top ? a->n_choices : (size_t)a->top;
    const bool by_quality = a->goal == 0 && a->by_model && !a->by_device && !a->unscored;
    while (by_quality && !es_given(a->cli, ES_OPT_TOP) && n > 1 &&
           es_offer_value(a, &a->choice[n - 1], "quality") < GUESSING &&
           es_offer_value(a, &a->choice[0], "quality") >= GUESSING)
        n--;
    return n;
}

es_status es_advise_print(const es_advice *a, es_errors *errors) {
    const size_t shown = rows_shown(a), tied = tied_with_first(a);
    print_head(a, shown);
    es_status status = print_table(a, shown, errors);
    if (status)
        return status;
    printf("\n");
    if (shown < a->n_choices)
        printf("%zu of %zu; --top %zu shows all.\n", shown, a->n_choices, a->n_choices);
    if (a->by_device && !es_advice_goal[a->goal].of_hardware)
        printf("Order: price, then the slowest that is fast enough.\n");
    else
        printf("Order: %s%s, then %s.\n", es_advise_known(a, es_advice_goal[a->goal].shown),
               a->goal == 0 && !a->unscored ? " in steps of 0.3 points" : "",
               es_advise_known(a, es_advice_goal[a->goal].then));
    if (!a->by_device && !a->unscored && es_offer_value(a, &a->choice[0], "quality") < GUESSING)
        printf("MMLU 25 is what guessing gives: nothing that knows more meets the wish.\n");
    if (a->n_uncompiled)
        printf("%zu left out: the runtime runs only models that its maker compiled.\n", a->n_uncompiled);
    if (a->unscored)
        printf("No quality of the model is known: more bits per weight count as better.\n");
    if (!a->by_device && tied > 1)
        printf("Rows 1 to %zu are a tie: their ranges of %s overlap.\n", tied < shown ? tied : shown,
               es_advice_goal[a->goal].shown);
    for (size_t i = 0; i < shown; i++) {
        char basis[32];
        if (strcmp(es_offer_text(a, &a->choice[i], "quality_basis", basis, sizeof basis), "estimate") == 0) {
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

es_status es_advise_json(const es_advice *a, es_errors *errors) {
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
                                es_typed_text(es_offer_text(a, &a->choice[i], labels[k], text, sizeof text)));
        for (size_t k = 0; k < sizeof columns / sizeof *columns; k++)
            json_object_set_new(
                row, columns[k],
                es_typed_number(es_offer_value(a, &a->choice[i], columns[k]), strstr(columns[k], "bytes")));
        json_array_append_new(rows, row);
    }
    json_object_set_new(all, "use", json_string(es_advice_use[a->use].name));
    json_object_set_new(all, "goal", json_string(es_advice_goal[a->goal].name));
    json_object_set_new(all, "depth", es_typed_number(a->depth, true));
    json_object_set_new(all, "prompt", es_typed_number(a->prompt, true));
    json_object_set_new(all, "gen", es_typed_number(a->gen, true));
    json_object_set_new(all, "ram_gb", es_typed_number(a->ram > 0 ? a->ram : NAN, false));
    json_object_set_new(all, "mem_bw_gbs", es_typed_number(a->bandwidth > 0 ? a->bandwidth : NAN, false));
    json_object_set_new(all, "choices", json_integer((json_int_t)a->n_choices));
    json_object_set_new(all, "tied", json_integer((json_int_t)(a->by_device ? 0 : tied_with_first(a))));
    json_object_set_new(all, "rows", rows);
    return es_typed_print(all, errors);
}

/* Where models are to be chosen, one that only guesses is no near miss. */
static bool is_worth_it(const es_advice *a, const es_offer *offer) {
    return a->guessing || !a->by_model || a->n[ES_MODEL] > 0 || es_offer_value(a, offer, "quality") >= GUESSING;
}

/* Of the choices that come nearest to a condition, within a quarter (unsourced: a fraction of their ranges), the one of most
 * quality; NULL: none is left. */
static const es_offer *nearest_to(const es_advice *a, const es_demand *c) {
    const es_offer *best = NULL;
    double nearest = c->maximize ? -HUGE_VAL : HUGE_VAL;
    for (size_t i = 0; i < a->n_choices; i++) {
        const double x = es_offer_value(a, &a->choice[i], c->column);
        if (!is_worth_it(a, &a->choice[i]))
            continue;
        nearest = c->maximize ? fmax(nearest, x) : fmin(nearest, x);
    }
    for (size_t i = 0; i < a->n_choices; i++) {
        const double x = es_offer_value(a, &a->choice[i], c->column),
                     quality = es_offer_value(a, &a->choice[i], "quality"),
                     held = best ? es_offer_value(a, best, "quality") : NAN;
        const bool near = c->maximize ? x * 1.25 >= nearest : x <= nearest * 1.25;
        if (near && is_worth_it(a, &a->choice[i]) && (!best || quality > held || (isnan(held) && !isnan(quality))))
            best = &a->choice[i];
    }
    return best;
}

/* "--max-ttft 35": the bound at which the choice would do, to two digits on the safe side. */
static void print_change(const es_advice *a, const es_offer *best, const es_demand *c) {
    const double x = es_offer_value(a, best, c->column), step = pow(10, floor(log10(x)) - 1);
    const bool whole = strcmp(c->column, "model.max_ctx") == 0;
    if (strcmp(c->column, "peak_memory_bytes") == 0)
        printf("more memory");
    else if (!c->option)
        printf("a greater loss of quality");
    else
        printf("%s %.*g", c->option, whole ? 15 : 4,
               whole ? x : (c->maximize ? floor(x / step) : ceil(x / step)) * step);
}

static void print_miss(const es_advice *a, const es_offer *best) {
    char ttft[40], memory[40];
    es_human_seconds(ttft, sizeof ttft, es_offer_value(a, best, "ttft_s"));
    es_human_bytes(memory, sizeof memory, es_offer_value(a, best, "peak_memory_bytes"));
    printf(":\n    %s %s%s%s\n", es_offer_row(a, best->index, ES_MODEL)->name,
           es_offer_row(a, best->index, ES_PRECISION)->name, a->by_device ? " on " : "",
           a->by_device ? es_offer_row(a, best->index, ES_DEVICE)->name : "");
    const double speed = es_offer_value(a, best, "decode_tok_s");
    printf(speed >= 1 && speed < 9.95 ? "    %.1f" : speed < 1 ? "    %.2g" : "    %.0f", speed);
    printf(" tok/s, first token after %s, %s of memory", ttft, memory);
    const double quality = es_offer_value(a, best, "quality");
    if (!isnan(quality))
        printf(", MMLU %.1f", quality);
    printf("\n");
}

/* Another device: of the runtime that was asked for, which ones. */
static void print_elsewhere(const es_advice *a) {
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

static es_status find_miss(es_advice *a, uint64_t without, const es_demand *nearest, const es_offer **best,
                           es_errors *errors) {
    es_status status = es_advise_run(a, without, nearest, errors);
    if (!status)
        status = es_advise_collect(a, errors);
    *best = status ? NULL : nearest_to(a, nearest);
    return status;
}

/* Something meets the wish, but what the goal goes by is known of none of it: of which numbers the catalog has none. */
static es_status find_unknown_goal(es_advice *a, bool *unknown, es_errors *errors) {
    static const struct {
        const char *goal, *what, *field;
        double example;
    } goals[] = {{"energy", "power", "load_w", 5}, {"cost", "price", "price_usd", 500}};
    const char *name = es_advice_goal[a->goal].name,
               *device = a->by_device ? "any device" : a->found[ES_DEVICE][0]->name;
    *unknown = false;
    for (size_t i = 0; i < sizeof goals / sizeof *goals; i++) {
        if (strcmp(name, goals[i].goal) != 0)
            continue;
        es_status status = es_advise_run(a, 0, &a->condition[0], errors);
        if (!status)
            status = es_advise_collect(a, errors);
        if (status || a->n_choices == 0)
            return status;
        *unknown = true;
        const double price = a->by_device ? 0 : a->found[ES_DEVICE][0]->value[ES_D_PRICE_USD];
        const bool of_power = i == 0 || !isnan(price); /* cost takes both */
        char text[400];
        snprintf(text, sizeof text,
                 "The %s of %s is not known, so that no %s can be told. --set device.%s=%g says it; --goal speed or "
                 "balanced needs none.",
                 goals[!of_power].what, device, name, goals[!of_power].field, goals[!of_power].example);
        es_print_wrapped(stdout, text, 0, a->cli->width);
        return ES_OK;
    }
    return ES_OK;
}

/* For each condition the nearest miss; *any: there was one. */
static es_status print_misses(es_advice *a, bool *any, es_errors *errors) {
    const es_demand *speed = NULL, *ttft = NULL;
    const es_offer *best;
    uint64_t times = 0;
    es_status status = ES_OK;
    for (size_t i = 0; i < a->n_conditions && !status; i++) {
        const es_demand *c = &a->condition[i];
        speed = strcmp(c->column, "decode_tok_s") == 0 ? c : speed;
        ttft = strcmp(c->column, "ttft_s") == 0 ? c : ttft;
        times |= (uint64_t)(c == speed || c == ttft) << i;
        status = find_miss(a, UINT64_C(1) << i, c, &best, errors);
        if (status || !best)
            continue;
        *any = true;
        printf("  ");
        print_change(a, best, c);
        print_miss(a, best);
    }
    if (!status && !*any && times) { /* both bounds of time are missed */
        status = find_miss(a, times, speed ? speed : ttft, &best, errors);
        if (!status && best) {
            *any = true;
            printf("  ");
            if (speed)
                print_change(a, best, speed);
            printf("%s", speed && ttft ? " " : "");
            if (ttft)
                print_change(a, best, ttft);
            print_miss(a, best);
        }
    }
    return status;
}

es_status es_advise_nothing(es_advice *a, es_errors *errors) {
    const es_offer *best;
    bool any = false, unknown;
    es_status status = find_unknown_goal(a, &unknown, errors);
    if (status || unknown)
        return status;
    printf("Nothing meets the wish");
    if (!a->by_device)
        printf(" on %s", strcmp(a->found[ES_DEVICE][0]->name, "this") ? a->found[ES_DEVICE][0]->name : "this machine");
    printf(".\n");
    print_use(a);
    printf("\nIt would take\n");
    for (int pass = 0; pass < 2 && !status && !any; pass++) {
        a->guessing = pass > 0;
        status = print_misses(a, &any, errors);
    }
    if (status || any)
        return status;
    status = find_miss(a, UINT64_MAX, &a->condition[0], &best, errors);
    if (!status && best) {
        printf("  more than one change; the least memory");
        print_miss(a, best);
    } else if (!status) {
        print_elsewhere(a);
    }
    return status;
}
