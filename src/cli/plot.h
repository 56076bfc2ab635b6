/* --plot: points in the terminal, drawn by gnuplot.
 *
 * gnuplot is started without a shell and reads a script of ours with numbers in it; names of columns and groups are
 * printed here and never reach it. */
#ifndef ES_CLI_PLOT_H
#define ES_CLI_PLOT_H

#include "tables/row_key.h"
#include "cli/cli.h"

typedef struct es_plot_point {
    double x, y;
    uint32_t group;
} es_plot_point;

/* Zero-initialise, release with es_plot_free. */
typedef struct es_plot {
    es_plot_point *point;
    size_t n, capacity;
    es_keys groups;
} es_plot;

/* Refuses --plot before any work when there is no gnuplot. */
es_status es_plot_check(const es_cli *cli, es_errors *errors);

/* Adds a point of the group with this name; one that is not a number, or of 1e300 and more, is left out. */
es_status es_plot_add(es_plot *plot, double x, double y, es_slice group, es_errors *errors);

/* Draws the points, or nothing when there are none: labels of the axes, the plot and, for more than one group, which
 * letter is which. */
es_status es_plot_show(const es_plot *plot, const es_cli *cli, const char *x_label, const char *y_label, FILE *out,
                       es_errors *errors);

void es_plot_free(es_plot *plot);

/* What values of this unit are divided by: bytes are drawn as GB. */
static inline double es_plot_unit(const char *unit) { return unit && unit[0] == 'B' && !unit[1] ? 1e9 : 1; }

#endif
