/* What a command says on stderr. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/cli.h"
#include "cli/print.h"

es_status es_usage(es_cli *cli, es_errors *errors, const char *format, ...) {
    char text[ES_TEXT_MAX];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    cli->usage = true;
    const char *name = cli->command ? cli->command->name : NULL;
    return es_fail(errors, ES_EUSAGE, NULL, "%s%s%s", name ? name : "", name ? ": " : "", text);
}

/* Where messages go: a page that is wrapped when stderr is a terminal. */
static FILE *open_messages(const es_cli *cli, char **page, size_t *length) {
    *page = NULL;
    FILE *out = es_width_of(cli, stderr) ? open_memstream(page, length) : NULL;
    return out ? out : stderr;
}

static void close_messages(const es_cli *cli, FILE *out, char **page) { /* set when `out` is closed */
    if (out != stderr && fclose(out) == 0)
        es_print_message(stderr, *page, cli->width);
    free(*page);
}

void es_cli_report(const es_cli *cli, es_errors *errors) {
    char *page;
    size_t length;
    if (es_given(cli, ES_OPT_QUIET))
        errors->n_warnings = 0;
    fflush(stdout);
    FILE *out = open_messages(cli, &page, &length);
    es_errors_print(errors, out);
    close_messages(cli, out, &page);
    errors->n_errors = errors->n_warnings = 0;
}

void es_note(const es_cli *cli, const char *format, ...) {
    va_list arguments;
    char *page;
    size_t length;
    if (es_given(cli, ES_OPT_QUIET))
        return;
    FILE *out = open_messages(cli, &page, &length);
    va_start(arguments, format);
    vfprintf(out, format, arguments);
    va_end(arguments);
    fputc('\n', out);
    close_messages(cli, out, &page);
}
