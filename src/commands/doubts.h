/* Points whose values deserve a warning. */
#ifndef ES_COMMANDS_DOUBTS_H
#define ES_COMMANDS_DOUBTS_H

#include <edgesweep/sweep.h>

/* Adds one warning for each doubt of the kernel (a context past the model's, power above the device's limit) that
 * arises at points which fulfil the conditions, naming the devices or models concerned.  Every point of a small grid is
 * looked at, a sample of a large one. */
es_status es_warn_doubts(const es_sweep *sweep, es_errors *errors);

#endif
