#include "cli/progress.h"

#include <stdio.h>

#include "cli/print.h"

static const double first_after = 0.5, line_every = 5; /* seconds */

static void print_progress(const es_progress *progress) {
    char done[40], total[40], rate[40], rows[40], left[40];
    double points = (double)progress->points_done, all = (double)progress->points_total;
    double per_second = progress->seconds > 0 ? points / progress->seconds : 0;
    es_human_count(done, sizeof done, points);
    es_human_count(total, sizeof total, all);
    es_human_count(rate, sizeof rate, per_second);
    es_human_count(rows, sizeof rows, (double)progress->rows);
    es_human_seconds(left, sizeof left, per_second > 0 ? (all - points) / per_second : 0);
    fprintf(stderr, "%5.1f%%  %s of %s points, %s/s, %s rows, %s left", all > 0 ? points / all * 100 : 100, done, total,
            rate, rows, left);
}

void es_progress_show(void *context, const es_progress *progress) {
    es_progress_line *line = context;
    if (progress->seconds < first_after)
        return;
    if (line->in_place) {
        fputc('\r', stderr);
        print_progress(progress);
        fputs("\033[K", stderr);
        line->shown = true;
    } else if (line->printed == 0 || progress->seconds - line->printed >= line_every) {
        print_progress(progress);
        fputc('\n', stderr);
        line->printed = progress->seconds;
    }
    fflush(stderr);
}

void es_progress_end(es_progress_line *line) {
    if (line->shown)
        fputs("\r\033[K", stderr);
    line->shown = false;
}
