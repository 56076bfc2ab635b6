/* What the shim (inject.c) and its driver (faults.c) agree on. */
#ifndef ES_FAULTS_INJECT_H
#define ES_FAULTS_INJECT_H

#include <stdatomic.h>
#include <stdint.h>

/* Environment: ES_FAULT=CALL:EFFECT:K makes the K-th such call fail, from 1, K+ all from the K-th on; EFFECT is a name
 * below.  ES_FAULT_REPORT is the descriptor of a file that holds one es_fault_report.  ES_FAULT_TRACE: the
 * first fault shows where it struck. */
typedef struct es_fault_report {
    _Atomic uint64_t calls; /* of the chosen kind */
    _Atomic uint64_t fired;
} es_fault_report;

/* Calls of one kind are counted together: memory is malloc, calloc, realloc and the aligned ones. */
/* clang-format never settles on a list of calls. */
/* clang-format off */
#define ES_FAULT_CALLS(X)                                                                                              \
    X(memory) X(open) X(read) X(write) X(sync) X(fallocate) X(ftruncate) X(rename) X(link) X(close) X(mmap)            \
    X(thread) X(stat) X(fchmod) X(dup) X(seek) X(flock) X(directory) X(stream)
/* clang-format on */

#define ES_FAULT_EFFECTS(X)                                                                                            \
    X(ENOMEM) X(ENOSPC) X(EIO) X(EINTR) X(EAGAIN) X(EMFILE) X(EACCES) X(ENOLCK) X(EOPNOTSUPP) X(EDQUOT) X(SHORT)

#endif
