/* Threads for OpenMP, asked for beforehand. */
#ifndef ES_BASE_TEAM_H
#define ES_BASE_TEAM_H

/* Starts a team of `wanted` threads, the caller's among them, or of as many as the machine gives; returns its size, at
 * least 1.  Parallel regions of up to that size then start no thread.  libgomp ends the process when it cannot start one,
 * and would leave hidden files behind: to be called before files are opened.  Cheap after the first call. */
unsigned es_team(unsigned wanted);

#endif
