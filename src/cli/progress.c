#include "cli/progress.h"

#include <stdio.h>

#include "cli/print.h"

static const double first_after = 0.5, line_every = 5; /* seconds */

/* ", 3.1 million rows, 2 million rejected" */
static void rows_text(char *to, size_t size, const es_progress_line *line, const es_progress *progress) {
    char rows[40], rejected[40];
    es_human_count(rows, sizeof rows, (double)progress->rows);
    es_human_count(rejected, sizeof rejected,
                   progress->points_done > progress->rows ? (double)(progress->points_done - progress->rows) : 0);
    to[0] = '\0';
    if (line->rows)
        snprintf(to, size, line->filtered ? ", %s rows, %s rejected" : ", %s rows", rows, rejected);
}

void es_progress_text(char *to, size_t size, const es_progress_line *line, const es_progress *progress) {
    char done[40], total[40], rate[40], rows[100], left[40] = "?";
    double points = (double)progress->points_done, all = (double)progress->points_total;
    double per_second = progress->seconds > 0 ? points / progress->seconds : 0;
    es_human_count(done, sizeof done, points);
    es_human_count(total, sizeof total, all);
    es_human_count(rate, sizeof rate, per_second);
    rows_text(rows, sizeof rows, line, progress);
    if (per_second > 0)
        es_human_seconds(left, sizeof left, (all - points) / per_second);
    snprintf(to, size, "%5.1f%%, %s left  %s of %s points, %s/s%s", all > 0 ? points / all * 100 : 100, left, done,
             total, rate, rows);
    if (line->in_place && line->width > 1 && line->width - 1 < size)
        to[line->width - 1] = '\0'; /* a wrapped line could not be rewritten */
}

void es_progress_show(void *context, const es_progress *progress) {
    es_progress_line *line = context;
    char text[256];
    if (progress->seconds < first_after)
        return;
    es_progress_text(text, sizeof text, line, progress);
    if (line->in_place) {
        fprintf(stderr, "\r%s\033[K", text);
        line->shown = true;
    } else if (line->printed == 0 || progress->seconds - line->printed >= line_every) {
        fprintf(stderr, "%s\n", text);
        line->printed = progress->seconds;
    }
    fflush(stderr);
}

void es_progress_end(es_progress_line *line) {
    if (line->shown)
        fputs("\r\033[K", stderr);
    line->shown = false;
}
