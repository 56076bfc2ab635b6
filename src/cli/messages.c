/* What a command says on stderr. */
#include <stdarg.h>
#include <stdio.h>

#include "cli/cli.h"

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

void es_cli_report(const es_cli *cli, es_errors *errors) {
    if (es_given(cli, ES_OPT_QUIET))
        errors->n_warnings = 0;
    fflush(stdout);
    es_errors_print(errors, stderr);
    errors->n_errors = errors->n_warnings = 0;
}

void es_note(const es_cli *cli, const char *format, ...) {
    va_list arguments;
    if (es_given(cli, ES_OPT_QUIET))
        return;
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
}
