/* A table as one HTML page: style, chart library, program and data inside, nothing fetched. */
#ifndef ES_REPORT_REPORT_H
#define ES_REPORT_REPORT_H

#include "catalog/embedded.h"
#include "io/csv_read.h"
#include "io/text_out.h"
#include <edgesweep/catalog.h>

/* src/report/, written by scripts/embed.sh */
extern const struct es_embedded es_report_files[];

typedef struct es_report_options {
    const char *path;  /* the CSV file; FILE.meta.json beside it is read when it is there */
    const char *title; /* the name to show */
    const char *about; /* what the table is for; may be NULL */
    const char *version, *command;
    const es_catalog *catalog;           /* for the errors of the calibration */
    uint64_t max_rows;                   /* longer tables are thinned (report_table.h) */
    const es_csv_input_options *reading; /* may be NULL */
} es_report_options;

typedef struct es_report_counts {
    uint64_t rows, shown;
} es_report_counts;

es_status es_report_write(const es_report_options *options, const es_text_sink *sink, es_report_counts *counts,
                          es_errors *errors);

#endif
