/* Progress of a run on stderr. */
#ifndef ES_CLI_PROGRESS_H
#define ES_CLI_PROGRESS_H

#include <edgesweep/sweep.h>

typedef struct es_progress_line {
    bool in_place;  /* a terminal: one line, rewritten; else a line every few seconds */
    unsigned width; /* of the terminal; 0: any */
    bool rows;      /* rows are written */
    bool filtered;  /* by conditions: points that are no rows were rejected */
    bool shown;     /* something stands on that line */
    double printed; /* seconds of the last print */
} es_progress_line;

/* es_run_options.progress; the context is an es_progress_line. */
void es_progress_show(void *context, const es_progress *progress);
/* The line, without its end. */
void es_progress_text(char *to, size_t size, const es_progress_line *line, const es_progress *progress);
/* Clears the line. */
void es_progress_end(es_progress_line *line);

#endif
