/* The version of the library and the command. */
#ifndef EDGESWEEP_VERSION_H
#define EDGESWEEP_VERSION_H

#define EDGESWEEP_VERSION "0.1.0"

#endif
