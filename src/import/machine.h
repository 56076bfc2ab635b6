/* What the files of a Linux kernel tell of the machine: processor, memory, caches, power.
 *
 * `root` stands before /proc and /sys: "" on the machine itself, a folder with copies of its files for others.  What
 * cannot be read is NaN or "".  Thread-safe.
 */
#ifndef ES_IMPORT_MACHINE_H
#define ES_IMPORT_MACHINE_H

#include <stdbool.h>

typedef struct es_machine {
    char cpu[128];     /* of the device tree, else the processor's model; "unknown processor" */
    char units[160];   /* clusters as `units` of devices.csv: cortex-a76*4@2.4+cortex-a55*4@1.8; "": unknown */
    double cpu_quota;  /* processors that the control group may use at a time; INFINITY: all */
    double memory_max; /* bytes, of the control group */
    double l1d_kib, l2_kib, l3_kib; /* of the first processor */
} es_machine;

/* How warm and how fast the machine is now. */
typedef struct es_heat {
    double celsius; /* the warmest zone */
    double clock;   /* share of the highest clock at which the fastest processor runs */
    bool throttled; /* the firmware or the processor holds the clock down */
} es_heat;

void es_heat_read(const char *root, es_heat *heat);

void es_machine_read(const char *root, es_machine *machine);

/* Mean power between begin and end: energy counters of the packages (RAPL) where they move, else the mean of the
 * samples of power sensors (hwmon), else of batteries. */
typedef struct es_power {
    const char *root, *how; /* what was read, in words */
    double energy_uj, begin, sum_uw;
    int samples;
} es_power;

void es_power_begin(es_power *power, const char *root);
void es_power_sample(es_power *power);
/* Watts; sets `how`.  A counter that wrapped counts as not readable. */
double es_power_end(es_power *power);

#endif
