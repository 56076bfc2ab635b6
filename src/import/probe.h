/* Measures the machine it runs on. */
#ifndef ES_IMPORT_PROBE_H
#define ES_IMPORT_PROBE_H

#include <signal.h>
#include <stdbool.h>
#include <stdio.h>

#include <edgesweep/error.h>

enum { ES_PROBE_MAX_STEPS = 12 };

typedef struct es_probe {
    char cpu[128], class[16];
    char units[160];                /* clusters as `units` of devices.csv writes them; "": unknown */
    char busy[200];                 /* why the numbers cannot be trusted; "": they can */
    unsigned threads;               /* that may run */
    double ram_gib;                 /* usable: of the machine, or of the control group if that is less */
    double l1d_kib, l2_kib, l3_kib; /* NaN: not known */
    unsigned step_threads[ES_PROBE_MAX_STEPS];
    double step_gbs[ES_PROBE_MAX_STEPS]; /* read bandwidth by threads */
    unsigned n_steps;
    double again_gbs; /* with all threads, in a second pass */
    double dot_util;  /* share of it when 8-bit blocks are multiplied with a vector, all threads; NaN: not measured */
    double fp32_gflops, fp16_gflops, int8_gops; /* all threads; NaN: no such instructions */
    const char *int8_how;
    double storage_mbs; /* NaN: not measured */
    const char *storage_how;
    double idle_w, load_w; /* NaN: the kernel shows no power */
    const char *power_how;
    double seconds; /* that all of it took */
} es_probe;

typedef struct es_probe_options {
    const char *folder;                                 /* for the file that measures storage */
    void (*progress)(void *context, const char *doing); /* may be NULL */
    void *context;
    const volatile sig_atomic_t *stop; /* ends between two measurements; may be NULL */
} es_probe_options;

/* Takes less than 20 seconds.  What cannot be measured is left out with a warning; ES_EINT or ES_ETERM after a
 * signal. */
es_status es_probe_run(const es_probe_options *options, es_probe *probe, es_errors *errors);

/* Header and row of devices.csv; the device is called `this`. */
void es_probe_print(FILE *out, const es_probe *probe);

#endif
