/* A loaded sweep is planned right and runs. */
#ifndef ES_FUZZ_RUN_H
#define ES_FUZZ_RUN_H

#include <edgesweep/sweep.h>

/* Coordinates of points, cells without nan or inf, and, when the grid is small, runs with and without bounds. */
void fuzz_use_sweep(const es_sweep *sweep);

#endif
