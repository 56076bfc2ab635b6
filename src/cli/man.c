/* Manual pages in mdoc(7), from the same tables as the help. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <edgesweep/version.h>

#include "cli/help.h"

/* Escapes what roff would interpret; words of a macro line must not look like macros either. */
static void put_text(FILE *out, const char *text, size_t length, bool line_start) {
    if (line_start && length && (text[0] == '.' || text[0] == '\''))
        fputs("\\&", out);
    for (size_t i = 0; i < length; i++) {
        if (text[i] == '\\')
            fputs("\\e", out);
        else if (text[i] == '-')
            fputs("\\-", out);
        else
            fputc(text[i], out);
    }
}

static void put_line(FILE *out, const char *text) {
    put_text(out, text, strlen(text), true);
    fputc('\n', out);
}

static void put_sentence(FILE *out, const char *text) {
    fputc(toupper((unsigned char)*text), out);
    put_text(out, text + 1, strlen(text + 1), false);
    fputs(".\n", out);
}

/* One argument of a macro, quoted. */
static void put_argument(FILE *out, const char *text) {
    fputs("\"", out);
    for (; *text; text++) {
        if (*text == '"')
            fputs("\"\"", out);
        else
            put_text(out, text, 1, false);
    }
    fputs("\"", out);
}

/* Each sentence on a line of its own, as mdoc wants it. */
static void put_sentences(FILE *out, const char *text, size_t length) {
    while (length) {
        size_t end = 1;
        while (end < length && !(text[end] == ' ' && strchr(".?!", text[end - 1]) && text[end + 1] != ' ' &&
                                 !islower((unsigned char)text[end + 1])))
            end++;
        put_text(out, text, end, true);
        fputc('\n', out);
        end += end < length; /* the blank */
        text += end;
        length -= end;
    }
}

/* Lines that begin with a blank become a literal display. */
static void put_paragraphs(FILE *out, const char *text) {
    bool literal = false;
    while (*text) {
        size_t length = strcspn(text, "\n");
        bool indented = *text == ' ';
        if (indented != literal && length)
            fputs(indented ? ".Bd -literal\n" : ".Ed\n", out), literal = indented;
        if (length && literal)
            put_text(out, text, length, true), fputc('\n', out);
        else if (length)
            put_sentences(out, text, length);
        else if (text[1] != ' ')
            fputs(literal ? ".Ed\n.Pp\n" : ".Pp\n", out), literal = false;
        else if (literal)
            fputc('\n', out);
        text += length + (text[length] == '\n');
    }
    if (literal)
        fputs(".Ed\n", out);
}

static void put_title(FILE *out, const char *page, int section, const char *help) {
    /* The date is the format's; pages are a function of the program alone. */
    fprintf(out, ".Dd $Mdocdate$\n.Dt ");
    for (const char *c = page; *c; c++)
        fputc(*c >= 'a' && *c <= 'z' ? *c - 'a' + 'A' : *c, out);
    fprintf(out, " %d\n.Os \"edgesweep %s\"\n.Sh NAME\n.Nm %s\n.Nd ", section, EDGESWEEP_VERSION, page);
    put_line(out, help);
}

static void put_option(FILE *out, const es_cli_option *option) {
    fputs(".It ", out);
    if (option->letter)
        fprintf(out, "Fl %c , ", option->letter);
    fprintf(out, "Fl \\-%s", option->name);
    if (option->argument) {
        fputs(" Ar ", out);
        put_argument(out, option->argument);
    }
    fputc('\n', out);
    put_sentence(out, option->help);
    if (option->repeatable)
        fputs("May be repeated.\n", out);
    if (option->type == ES_VALUE_COUNT && option->max < 1e8)
        fprintf(out, "Range %.0f to %.0f.\n", option->min, option->max);
    if (option->fallback) {
        fputs("Default: ", out);
        put_text(out, option->fallback, strlen(option->fallback), false);
        fputs(".\n", out);
    }
}

static void put_examples(FILE *out, const es_command *command) {
    if (!command->examples || !command->examples[0])
        return;
    fputs(".Sh EXAMPLES\n", out);
    for (size_t i = 0; command->examples[i]; i += 2) {
        fputs(i ? ".Pp\n" : "", out);
        put_sentence(out, command->examples[i + 1]);
        fputs(".Bd -literal -offset indent\n", out);
        put_line(out, command->examples[i]);
        fputs(".Ed\n", out);
    }
}

void es_print_command_man(const es_command *command, FILE *out) {
    char page[40];
    snprintf(page, sizeof page, "edgesweep-%s", command->name);
    put_title(out, page, 1, command->help);
    fprintf(out, ".Sh SYNOPSIS\n.Nm edgesweep\n.Cm %s\n", command->name);
    if (*command->synopsis) {
        fputs(".Ar ", out);
        put_argument(out, command->synopsis);
        fputc('\n', out);
    }
    fputs(".Op Ar options\n.Sh DESCRIPTION\n", out);
    put_sentence(out, command->help);
    if (command->details) {
        fputs(".Pp\n", out);
        put_paragraphs(out, command->details);
    }
    fputs(".Sh OPTIONS\n.Bl -tag -width Ds\n", out);
    for (es_opt id = 0; id < ES_OPTS; id++)
        if (es_option_in(id, command))
            put_option(out, &es_cli_options[id]);
    fputs(".El\n", out);
    put_examples(out, command);
    fputs(".Sh SEE ALSO\n.Xr edgesweep 1\n", out);
}

static const char exit_status[] =
    ".Sh EXIT STATUS\n.Bl -tag -width Ds -compact\n"
    ".It 0\nSuccess; an empty result is one too, with a warning.\n"
    ".It 1\nA data, run-time or write error.\n"
    "A reader that closes the pipe early ends the command without a message.\n"
    ".It 2\nA fault in the command line, a sweep file or a catalog; nothing was written.\n"
    ".It 130 , 143\nStopped by SIGINT; by SIGTERM, SIGHUP, SIGXCPU, SIGUSR1, SIGUSR2 or SIGALRM.\n.El\n";

static const char environment[] =
    ".Sh ENVIRONMENT\n.Bl -tag -width Ds -compact\n"
    ".It Ev NO_COLOR\nNo colours when set and not empty, unless\n.Fl \\-color Ar always\nis given.\n"
    ".It Ev OMP_NUM_THREADS\nThreads when\n.Fl j\nis not given.\n"
    ".It Ev EDGESWEEP_SIMD\nLimits the vector instructions: baseline, v3 or v4; the results are the same.\n.El\n";

typedef struct es_reference {
    const char *name;
    int section;
} es_reference;

static int compare_references(const void *a, const void *b) {
    const es_reference *x = a, *y = b;
    return x->section != y->section ? x->section - y->section : strcmp(x->name, y->name);
}

/* By section, then name, as manual pages have it. */
static void put_references(const es_command *const *commands, FILE *out) {
    es_reference list[64];
    size_t n = 0;
    for (size_t i = 0; commands[i] && n < 64; i++)
        list[n++] = (es_reference){commands[i]->name, 1};
    for (size_t i = 0; i < es_topic_count && n < 64; i++)
        list[n++] = (es_reference){es_topics[i].name, es_topics[i].section};
    qsort(list, n, sizeof *list, compare_references);
    for (size_t i = 0; i < n; i++)
        fprintf(out, ".Xr edgesweep-%s %d%s\n", list[i].name, list[i].section, i + 1 < n ? " ," : "");
}

void es_print_man(const es_command *const *commands, FILE *out) {
    put_title(out, "edgesweep", 1, "sweeps of language models, quantizations and edge devices");
    fputs(".Sh SYNOPSIS\n.Nm\n.Ar COMMAND\n.Op Ar options\n.Sh DESCRIPTION\n"
          "Evaluates an analytical model of inference over a whole grid of models, devices, precisions and\n"
          "workloads, and writes CSV, Pareto fronts and the best quantization per device.\n"
          "Commands and options may be shortened to unique prefixes.\n.Bl -tag -width Ds\n",
          out);
    for (size_t i = 0; commands[i]; i++) {
        fprintf(out, ".It Cm %s\n", commands[i]->name);
        put_sentence(out, commands[i]->help);
    }
    fputs(".El\n", out);
    fputs(environment, out);
    fputs(exit_status, out);
    fputs(".Sh SEE ALSO\n", out);
    put_references(commands, out);
}

void es_print_topic_man(const es_topic *topic, FILE *out) {
    char page[40];
    snprintf(page, sizeof page, "edgesweep-%s", topic->name);
    put_title(out, page, topic->section, topic->help);
    fputs(".Sh DESCRIPTION\n", out);
    put_paragraphs(out, topic->details);
    if (topic->print) {
        fputs(".Bd -literal\n", out);
        topic->print(out);
        fputs(".Ed\n", out);
    }
    fputs(".Sh SEE ALSO\n.Xr edgesweep 1\n", out);
}
