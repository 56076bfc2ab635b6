/* Threads: teams of a run's workers, and those of OpenMP, asked for beforehand. */
#ifndef ES_BASE_TEAM_H
#define ES_BASE_TEAM_H

/* Starts a team of `wanted` threads, the caller's among them, or of as many as the machine gives; returns its size, at
 * least 1.  Parallel regions of up to that size then start no thread.  libgomp ends the process when it cannot start one,
 * and would leave hidden files behind: to be called before files are opened.  Cheap after the first call. */
unsigned es_team(unsigned wanted);

/* work(context, t) for t from 0 to n - 1, on as many threads, the caller's among them, which end with it: OpenMP's would
 * spin for milliseconds behind every region, and take processors from others.  What no thread can be started for, the
 * caller does when it is done with its own. */
void es_team_run(unsigned n, void (*work)(void *context, unsigned t), void *context);

#endif
