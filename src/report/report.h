/* A table as one HTML page: style, chart library, program and data inside, nothing fetched. */
#ifndef ES_REPORT_REPORT_H
#define ES_REPORT_REPORT_H

#include "catalog/embedded.h"
#include "io/csv_read.h"
#include "io/text_out.h"
#include <edgesweep/catalog.h>

/* src/report/, written by scripts/embed.sh */
extern const struct es_embedded es_report_files[];

/* By how many percent a metric of an answer changes when an input does by one. */
typedef struct es_report_effect {
    const char *input, *unit;
    double value, per_percent; /* value: NaN where it applies by tensor type */
} es_report_effect;

/* What a metric of one of the best choices rests on, the largest effect first. */
typedef struct es_report_answer {
    const char *choice; /* Raspberry Pi 5 8GB: Qwen2.5-3B, IQ4_XS */
    const char *metric;
    double value;
    const es_report_effect *effect;
    size_t n_effects;
} es_report_answer;

/* A value without a best choice. */
typedef struct es_report_absent {
    const char *name, *why, *nearest;
} es_report_absent;

typedef struct es_report_options {
    const char *path;  /* the CSV file; FILE.meta.json beside it is read when it is there */
    const char *title; /* the name to show */
    const char *about; /* what the table is for; may be NULL */
    const char *version, *command;
    const es_catalog *catalog;      /* for the errors of the calibration */
    const es_report_answer *answer; /* of a sweep with best choices, one after the other */
    const es_report_absent *absent; /* some of n_absent, up to one without a name; may be NULL */
    size_t n_answers, n_absent;
    uint64_t max_rows;                   /* longer tables are thinned (report_table.h) */
    const es_csv_input_options *reading; /* may be NULL */
} es_report_options;

typedef struct es_report_counts {
    uint64_t rows, shown;
} es_report_counts;

es_status es_report_write(const es_report_options *options, const es_text_sink *sink, es_report_counts *counts,
                          es_errors *errors);

#endif
