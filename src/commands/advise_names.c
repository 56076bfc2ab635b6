/* What the operands of advise mean: devices, products, models, formats, or this machine. */
#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "calibrate/measured_names.h"
#include "catalog/loose.h"
#include "commands/advise.h"
#include "import/machine.h"
#include "import/probe.h"

typedef struct meaning {
    es_likeness like;
    es_kind kind;
    double ram; /* GiB that a device was said to have; 0: not said */
    size_t n;
    const es_row *row[ES_ADVICE_CANDIDATES];
} meaning;

/* Takes the rows of a table as the meaning when they are surer. */
static void look_up(const es_advice *a, es_kind kind, es_slice text, meaning *best) {
    static const es_row *row[ES_ADVICE_CANDIDATES]; /* commands run in one thread */
    size_t n;
    const es_likeness like = es_loose_find(&a->catalog.table[kind], kind, text, row, ES_ADVICE_CANDIDATES, &n);
    if (like >= best->like || (kind == ES_PRODUCT && like > ES_LIKE_PLAIN && best->like < ES_LIKE_SPELT))
        return; /* a part of a product's name is a worse reason than one of a device's */
    *best = (meaning){.like = like, .kind = kind, .n = n < ES_ADVICE_CANDIDATES ? n : ES_ADVICE_CANDIDATES};
    memcpy(best->row, row, best->n * sizeof *row);
}

/* "4bit", "8-bit": every format that has so many, whoever's it is. */
static bool find_bits(const es_advice *a, const char *text, meaning *best) {
    char *rest;
    const es_table *formats = &a->catalog.table[ES_PRECISION];
    const double bits = strtod(text, &rest);
    rest += *rest == '-' || *rest == ' ';
    if (!isdigit((unsigned char)*text) || (strcasecmp(rest, "bit") && strcasecmp(rest, "bits")))
        return false;
    *best = (meaning){.like = ES_LIKE_PLAIN, .kind = ES_PRECISION};
    for (size_t i = 0; i < formats->n_rows && best->n < ES_ADVICE_CANDIDATES; i++) {
        const es_row *row = &formats->rows[i];
        const char *digit = strpbrk(row->name, "0123456789"); /* GGUF names begin with the bits: IQ4_XS */
        const double has =
            isnan(row->value[ES_P_WEIGHT_BITS]) && digit ? strtod(digit, NULL) : row->value[ES_P_WEIGHT_BITS];
        if (has == bits && !(row->value[ES_P_HYPOTHETICAL] > 0))
            best->row[best->n++] = row;
    }
    return best->n > 0;
}

/* The table that knows a name best. */
static void find_meaning(const es_advice *a, const char *text, meaning *best) {
    static const es_kind order[] = {ES_DEVICE, ES_MODEL, ES_PRECISION, ES_PRODUCT};
    best->like = ES_LIKE_NOTHING;
    if (find_bits(a, text, best))
        return;
    for (size_t k = 0; k < sizeof order / sizeof *order; k++)
        look_up(a, order[k], es_slice_of(text), best);
    double ram = 0;
    const es_slice named = es_loose_without_memory(es_slice_of(text), &ram);
    if (best->like < ES_LIKE_SPELT || named.length == strlen(text))
        return;
    meaning *sized = es_arena_alloc(&a->cli->arena, sizeof *sized);
    if (!sized)
        return;
    sized->like = ES_LIKE_SPELT;
    look_up(a, ES_DEVICE, named, sized);
    look_up(a, ES_PRODUCT, named, sized);
    if (sized->like < ES_LIKE_SPELT && sized->n == 1) {
        *best = *sized;
        best->ram = ram;
    }
}

static void add_found(es_advice *a, es_kind kind, const es_row *row) {
    for (size_t i = 0; i < a->n[kind]; i++)
        if (a->found[kind][i] == row)
            return;
    if (a->n[kind] < ES_ADVICE_CANDIDATES)
        a->found[kind][a->n[kind]++] = row;
}

/* A product stands for the device of its processor, with its own memory. */
static es_status take_product(es_advice *a, const char *text, const es_row *product, es_errors *errors) {
    const char *name = product->text[ES_PR_DEVICE], *note = product->text[ES_PR_NOTE];
    const es_row *device = es_table_find(&a->catalog.table[ES_DEVICE], name, strlen(name));
    if (!device || *product->text[ES_PR_DIFFERS])
        return es_usage(a->cli, errors, "not in the catalog: '%s' (%s)%s%s%s", es_quote_text(text).text,
                        product->text[ES_PR_DIFFERS], device ? "; the nearest is '" : "", name, device ? "'" : "");
    a->found[ES_DEVICE][0] = device;
    a->n[ES_DEVICE] = 1;
    if (!(a->ram > 0) && !isnan(product->value[ES_PR_RAM_GB]))
        a->ram = product->value[ES_PR_RAM_GB];
    if (!isnan(product->value[ES_PR_MEM_BW_GBS]))
        a->bandwidth = product->value[ES_PR_MEM_BW_GBS];
    a->device_text =
        es_arena_printf(&a->cli->arena, "as the processor of the %s%s%s", product->name, *note ? ": " : "", note);
    return a->device_text ? ES_OK : es_fail_memory(errors);
}

/* "Q4_K_M" of "hf.co/unsloth/Qwen3-4B-GGUF:Q4_K_M", unless a format is named, too. */
static es_status take_format_of(es_advice *a, const char *text, es_errors *errors) {
    char near[400];
    const es_slice format = es_loose_format(es_slice_of(text));
    const es_table *formats = &a->catalog.table[ES_PRECISION];
    size_t n;
    if (format.length == 0 || a->n[ES_PRECISION])
        return ES_OK;
    if (es_loose_find(formats, ES_PRECISION, format, a->found[ES_PRECISION], ES_ADVICE_CANDIDATES, &n) >= ES_LIKE_SPELT)
        return es_usage(a->cli, errors, "unknown format: '%s' in '%s'; %s", es_quote(format).text,
                        es_quote_text(text).text, es_loose_suggest(formats, ES_PRECISION, format, near, sizeof near));
    a->n[ES_PRECISION] = n < ES_ADVICE_CANDIDATES ? n : ES_ADVICE_CANDIDATES;
    return ES_OK;
}

enum { LISTED = 512 };

/* "'Pixel 6a'", "RTX 3060 12GB, RTX 4060 8GB ..."; returns `to`. */
static const char *names_of(const meaning *m, char to[LISTED]) {
    size_t used = 0, i = 0;
    for (; i < m->n && used < 300; i++)
        used += (size_t)snprintf(to + used, LISTED - used, "%s%s", i ? ", " : m->n == 1 ? "'" : "", m->row[i]->name);
    if (used < LISTED)
        snprintf(to + used, LISTED - used, "%s", m->n == 1 ? "'" : i < m->n ? " ..." : "");
    return to;
}

/* Takes a name.  One that could be several devices is an error that lists them. */
static es_status take_name(es_advice *a, const char *text, const meaning *m, es_errors *errors) {
    if (m->like >= ES_LIKE_SPELT)
        return es_usage(a->cli, errors, "neither a device nor a model nor a format: '%s'%s%s%s",
                        es_quote_text(text).text,
                        m->like < ES_LIKE_NOTHING ? "; did you mean '" : "; see edgesweep list devices, list models",
                        m->like < ES_LIKE_NOTHING ? m->row[0]->name : "", m->like < ES_LIKE_NOTHING ? "'?" : "");
    const es_kind kind = m->kind == ES_PRODUCT ? ES_DEVICE : m->kind;
    if (kind == ES_DEVICE && m->n > 1) {
        char list[LISTED];
        return es_usage(a->cli, errors, "several devices are called so: '%s'; could be %s", es_quote_text(text).text,
                        names_of(m, list));
    }
    if (kind == ES_DEVICE && a->n[kind])
        return es_usage(a->cli, errors, "a second device: '%s'; '%s' is one already", es_quote_text(text).text,
                        a->found[kind][0]->name);
    if (m->ram > 0)
        a->ram = m->ram;
    if (m->kind == ES_PRODUCT)
        return take_product(a, text, m->row[0], errors);
    for (size_t i = 0; i < m->n; i++) /* several models or formats are compared */
        add_found(a, kind, m->row[i]);
    return kind == ES_MODEL ? take_format_of(a, text, errors) : ES_OK;
}

/* "16gb", "16 GB" beside the name of a device: its memory, up to 1,024, beyond which "5600g" is a name.  Returns the number of
 * words taken. */
static size_t take_memory(es_advice *a, size_t at) {
    es_cli *cli = a->cli;
    char *rest, unit[8];
    const double size = strtod(cli->operand[at], &rest);
    const bool apart = !*rest && at + 1 < cli->n_operands;
    snprintf(unit, sizeof unit, "%s", apart ? cli->operand[at + 1] : rest);
    if (!isdigit((unsigned char)*cli->operand[at]) || !(size > 0 && size <= 1024) ||
        (strcasecmp(unit, "gb") && strcasecmp(unit, "gib") && strcasecmp(unit, "g")))
        return 0;
    a->ram = size;
    return 1 + apart;
}

/* What nothing is called: from operand `at` on, up to one that is a name. */
static const char *unknown_text(const es_advice *a, size_t at) {
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
static es_status refuse_unknown(es_advice *a, size_t before, size_t at, meaning *m, es_errors *errors) {
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
    char list[LISTED];
    return es_usage(a->cli, errors, "neither a device nor a model nor a format: '%s'; there is %s",
                    es_quote_text(text).text, names_of(m, list));
}

/* "rtx" of "rtx 3090": what follows the name of several devices and is no name itself belongs to it. */
static bool is_cut_short(es_advice *a, size_t end, const meaning *m) {
    if ((m->kind != ES_DEVICE && m->kind != ES_PRODUCT) || m->n < 2 || m->like >= ES_LIKE_SPELT ||
        end == a->cli->n_operands || take_memory(a, end))
        return false;
    meaning *next = es_arena_alloc(&a->cli->arena, sizeof *next);
    if (next)
        find_meaning(a, a->cli->operand[end], next);
    return next && next->like >= ES_LIKE_SPELT;
}

/* The longest run of words that names something surely is one name. */
es_status es_advise_operands(es_advice *a, es_errors *errors) {
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
        status = is_cut_short(a, end, m) ? refuse_unknown(a, at, end, m, errors) : take_name(a, text, m, errors);
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

static es_status probe_into(es_advice *a, const char *folder, es_errors *errors) {
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

es_status es_advise_catalog(es_advice *a, const char *extra, es_errors *errors) {
    const es_option_value *given = &a->cli->value[ES_OPT_CATALOG];
    const char **source = es_arena_array(&a->cli->arena, given->n + 2, sizeof *source);
    if (!source)
        return es_fail_memory(errors);
    for (size_t i = 0; i < given->n; i++)
        source[i] = given->text[i];
    source[given->n] = extra;
    return es_catalog_load(&a->catalog, source, given->n + (extra != NULL), errors);
}

es_status es_advise_this_machine(es_advice *a, es_errors *errors) {
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
    status = es_advise_catalog(a, extra, errors);
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
