#include "cli/plot.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/os.h"
#include "base/utf8.h"
#include "cli/print.h"

enum { LETTERS = 26, PLOT_WIDTH = 120, PLOT_HEIGHT = 22 };

/* Differences of such values are still finite. */
static const double largest = 1e300;

static const char letters[LETTERS + 1] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";

/* ---- The points ---- */

es_status es_plot_add(es_plot *plot, double x, double y, es_slice group, es_errors *errors) {
    es_plot_point point = {x, y, 0};
    if (!(fabs(x) < largest && fabs(y) < largest))
        return ES_OK;
    es_status status = es_keys_number(&plot->groups, group, &point.group, errors);
    if (status)
        return status;
    if (!es_grow((void **)&plot->point, &plot->capacity, plot->n + 1, sizeof point))
        return es_fail_memory(errors);
    plot->point[plot->n++] = point;
    return ES_OK;
}

void es_plot_free(es_plot *plot) {
    free(plot->point);
    es_keys_free(&plot->groups);
    *plot = (es_plot){0};
}

/* ---- gnuplot ---- */

es_status es_plot_check(const es_cli *cli, es_errors *errors) {
    const char *path = getenv("PATH");
    char program[4096];
    if (!es_given(cli, ES_OPT_PLOT))
        return ES_OK;
    while (path && *path) {
        const size_t length = strcspn(path, ":");
        const int written = snprintf(program, sizeof program, "%.*s/gnuplot", (int)length, path);
        if (written > 0 && (size_t)written < sizeof program && access(program, X_OK) == 0)
            return ES_OK;
        path += length + (path[length] == ':');
    }
    return es_fail(errors, ES_ERUNTIME, NULL,
                   "--plot needs gnuplot, which is not installed; Debian and Ubuntu: apt-get install gnuplot-nox");
}

typedef struct es_span {
    double low, high;
    bool log;
} es_span;

static es_span span_of(const es_plot *plot, bool of_y) {
    es_span span = {INFINITY, -INFINITY, false};
    for (size_t i = 0; i < plot->n; i++) {
        const double value = of_y ? plot->point[i].y : plot->point[i].x;
        span.low = fmin(span.low, value);
        span.high = fmax(span.high, value);
    }
    span.log = span.low > 0 && span.high > 20 * span.low;
    const double margin = span.high > span.low ? 0.03 * (span.high - span.low) : fmax(fabs(span.low) / 10, 1e-300);
    const double factor = span.log ? pow(span.high / span.low, 0.03) : 1;
    span.low = span.log ? span.low / factor : span.low - margin;
    span.high = span.log ? span.high * factor : span.high + margin;
    return span;
}

static void write_axis(FILE *script, char axis, es_span span) {
    fprintf(script, "set %crange [%.17g:%.17g]\n", axis, span.low, span.high);
    if (span.log)
        fprintf(script, "set logscale %c\n", axis);
}

/* Groups with a letter come one by one, behind those without. */
static void write_points(const es_plot *plot, uint32_t first, uint32_t last, FILE *script) {
    for (size_t i = 0; i < plot->n; i++)
        if (plot->point[i].group >= first && plot->point[i].group <= last)
            fprintf(script, "%.17g %.17g\n", plot->point[i].x, plot->point[i].y);
    fputs("\n\n", script);
}

static void write_script(const es_plot *plot, const es_cli *cli, FILE *out, FILE *script) {
    const uint32_t groups = plot->groups.n, lettered = groups < LETTERS ? groups : LETTERS;
    const unsigned width = cli->width < PLOT_WIDTH ? cli->width : PLOT_WIDTH;
    fprintf(script, "set terminal dumb size %u,%d %s\nunset key\nset border 3\nset tics nomirror out\n", width - 1,
            PLOT_HEIGHT, es_colored(cli, out) ? "ansi" : "mono");
    write_axis(script, 'x', span_of(plot, false));
    write_axis(script, 'y', span_of(plot, true));
    fputs("$points << END\n", script);
    for (uint32_t group = lettered; group-- > 0;)
        write_points(plot, group, group, script);
    if (groups > lettered)
        write_points(plot, lettered, UINT32_MAX, script);
    fputs("END\nplot ", script);
    if (groups > lettered)
        fprintf(script, "$points index %u with points pointtype '.', ", lettered);
    for (uint32_t group = lettered; group-- > 0;)
        fprintf(script, "$points index %u with points pointtype '%c' linecolor %u%s", lettered - 1 - group,
                groups > 1 ? letters[group] : '*', group % 6 + 1, group ? ", " : "\n");
}

/* SIGPIPE, which is ignored here, ends it when nobody reads. */
static int spawn(const posix_spawn_file_actions_t *actions, pid_t *child) {
    char program[] = "gnuplot", no_startup_files[] = "-d", *const arguments[] = {program, no_startup_files, NULL};
    posix_spawnattr_t attributes;
    sigset_t defaults;
    sigemptyset(&defaults);
    sigaddset(&defaults, SIGPIPE);
    int failed = posix_spawnattr_init(&attributes);
    if (failed)
        return failed;
    failed = posix_spawnattr_setsigdefault(&attributes, &defaults);
    failed = failed ? failed : posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
    failed = failed ? failed : posix_spawnp(child, "gnuplot", actions, &attributes, arguments, environ);
    posix_spawnattr_destroy(&attributes);
    return failed;
}

/* Starts gnuplot on the script; *from reads what it draws. */
static int start(FILE *script, pid_t *child, int *from) {
    int ends[2];
    posix_spawn_file_actions_t actions;
    if (es_os_pipe(ends) != 0)
        return errno;
    int failed = posix_spawn_file_actions_init(&actions);
    if (!failed) {
        failed = posix_spawn_file_actions_adddup2(&actions, fileno(script), STDIN_FILENO);
        failed = failed ? failed : posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
        failed = failed ? failed : spawn(&actions, child);
        posix_spawn_file_actions_destroy(&actions);
    }
    close(ends[1]);
    if (failed)
        close(ends[0]);
    *from = failed ? -1 : ends[0];
    return failed;
}

/* Copies the drawing without its form feed, blanks at the ends of lines, and empty lines around it. */
static bool copy_drawing(int from, FILE *out) {
    FILE *drawing = fdopen(from, "r");
    size_t blanks = 0, newlines = 0;
    bool begun = false;
    if (!drawing) {
        close(from);
        return false;
    }
    for (int c = getc(drawing); c != EOF; c = getc(drawing)) {
        if (c == ' ') {
            blanks++;
        } else if (c == '\n') {
            newlines += begun;
            blanks = 0;
        } else if (c != '\f') {
            for (; newlines; newlines--)
                putc('\n', out);
            fprintf(out, "%*s%c", (int)blanks, "", c);
            blanks = 0;
            begun = true;
        }
    }
    fputs(begun ? "\n" : "", out);
    const bool whole = !ferror(drawing) && begun;
    fclose(drawing);
    return whole;
}

static es_status draw(const es_plot *plot, const es_cli *cli, FILE *out, es_errors *errors) {
    FILE *script = tmpfile();
    pid_t child;
    int from = -1, result = 0;
    if (!script)
        return es_fail_errno(errors, "cannot make a file for", "gnuplot");
    write_script(plot, cli, out, script);
    bool whole = false;
    const bool written = fflush(script) == 0 && !ferror(script);
    rewind(script);
    const int failed = written ? start(script, &child, &from) : EIO;
    if (!failed) {
        whole = copy_drawing(from, out);
        while (waitpid(child, &result, 0) < 0 && errno == EINTR)
            ;
    }
    fclose(script);
    if (failed)
        return es_fail(errors, ES_ERUNTIME, NULL, "cannot start gnuplot: %s", strerror(failed));
    if (result || !whole)
        return es_fail(errors, ES_ERUNTIME, NULL, "gnuplot failed; --plot needs version 5.4 or later");
    return ES_OK;
}

/* ---- Labels ---- */

static size_t group_name(const es_plot *plot, uint32_t group, char *to, size_t size) {
    const es_slice text = es_keys_text(&plot->groups, group);
    es_escape(to, size, text.length ? text : es_slice_of("(empty)"));
    return es_text_width(to);
}

/* "A Q4_0   B Q8_0 ..." in as many columns as fit. */
static void print_legend(const es_plot *plot, const es_cli *cli, FILE *out) {
    const uint32_t n = plot->groups.n < LETTERS ? plot->groups.n : LETTERS;
    char name[256];
    size_t widest = 0, used = 0;
    for (uint32_t i = 0; i < n; i++) {
        const size_t width = group_name(plot, i, name, sizeof name);
        widest = width > widest ? width : widest;
    }
    for (uint32_t i = 0; i < n; i++) {
        const size_t width = group_name(plot, i, name, sizeof name);
        used += widest + 4;
        const bool ends = i + 1 == n || used + widest + 4 > cli->width;
        fprintf(out, "  %c %s%*s", letters[i], name, ends ? 0 : (int)(widest - width), "");
        fputs(ends ? "\n" : "", out);
        used = ends ? 0 : used;
    }
    if (plot->groups.n > n)
        fprintf(out, "  . %u others\n", plot->groups.n - n);
}

es_status es_plot_show(const es_plot *plot, const es_cli *cli, const char *x_label, const char *y_label, FILE *out,
                       es_errors *errors) {
    char text[256];
    if (!plot->n)
        return ES_OK;
    es_escape(text, sizeof text, es_slice_of(y_label));
    fprintf(out, "%s\n", text);
    es_status status = draw(plot, cli, out, errors);
    if (status)
        return status;
    es_escape(text, sizeof text, es_slice_of(x_label));
    fprintf(out, "%*s\n", (int)(cli->width < PLOT_WIDTH ? cli->width : PLOT_WIDTH) - 1, text);
    if (plot->groups.n > 1)
        print_legend(plot, cli, out);
    return ES_OK;
}
