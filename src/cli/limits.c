#include "cli/limits.h"

#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

/* Commands took up to 100 KiB, threads of a sweep up to 40 KiB (tried on sweeps/edge.sweep with gcc -O1). */
enum { LEAST_STACK = 256 << 10, LEAST_THREAD_STACK = 128 << 10 };

/* Bytes of a size as OpenMP writes it: kilobytes unless B, K, M or G follows; UINT64_MAX when it is none. */
static uint64_t openmp_size(const char *text) {
    static const char units[] = "BKMG";
    char *end;
    const unsigned long long value = strtoull(text, &end, 10);
    if (end == text)
        return UINT64_MAX;
    end += strspn(end, " \t");
    const char *unit = *end ? strchr(units, *end & ~0x20) : units + 1;
    const unsigned shift = unit ? 10 * (unsigned)(unit - units) : 63;
    return value >> (63 - shift) ? UINT64_MAX : (uint64_t)value << shift;
}

static bool refuse_stack(const char *limit, const char *value, const char *raise) {
    const char *const words[] = {"edgesweep: ", limit, value, " is too small; expected ", raise, "\n"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (write(STDERR_FILENO, words[i], strlen(words[i])) < 0)
            break;
    return false;
}

bool es_cli_stack_is_enough(void) {
    static const char *const variables[] = {"OMP_STACKSIZE", "GOMP_STACKSIZE", "KMP_STACKSIZE"};
    struct rlimit limit;
    if (getrlimit(RLIMIT_STACK, &limit) == 0 && limit.rlim_cur < LEAST_STACK)
        return refuse_stack("the limit of the stack", "", "'ulimit -s 1024' or more");
    for (size_t i = 0; i < sizeof variables / sizeof *variables; i++) {
        const char *value = getenv(variables[i]);
        if (value && openmp_size(value) < LEAST_THREAD_STACK)
            return refuse_stack(variables[i], " of the environment", "1M or more");
    }
    return true;
}

/* Linux counts private writable memory (heap, large blocks, thread stacks) against RLIMIT_DATA, code and files not. */
static es_status limit_memory(uint64_t bytes, es_errors *errors) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_DATA, &limit) != 0)
        return es_fail_errno(errors, "cannot limit", "memory");
    if (limit.rlim_max == RLIM_INFINITY || bytes < limit.rlim_max)
        limit.rlim_max = bytes;
    limit.rlim_cur = limit.rlim_max;
    return setrlimit(RLIMIT_DATA, &limit) == 0 ? ES_OK : es_fail_errno(errors, "cannot limit", "memory");
}

es_status es_cli_limits_begin(const es_cli *cli, es_errors *errors) {
    if (es_given(cli, ES_OPT_MAX_TIME))
        alarm((unsigned)es_count_of(cli, ES_OPT_MAX_TIME, 0));
    return es_given(cli, ES_OPT_MAX_MEMORY) ? limit_memory(es_count_of(cli, ES_OPT_MAX_MEMORY, 0), errors) : ES_OK;
}

static bool ran_out_of_memory(const es_errors *errors) {
    const unsigned n = errors->n_errors < ES_MAX_ERRORS ? errors->n_errors : ES_MAX_ERRORS;
    for (unsigned i = 0; i < n; i++)
        if (strcmp(errors->error[i].text, "out of memory") == 0)
            return true;
    return false;
}

es_status es_cli_limits_end(const es_cli *cli, es_status status, es_errors *errors) {
    alarm(0);
    if (status == ES_EINT && *cli->stop == SIGALRM)
        return es_fail(errors, ES_ERUNTIME, NULL, "stopped: --max-time %s is over",
                       es_quote_text(es_text_of(cli, ES_OPT_MAX_TIME)).text);
    if (status == ES_ERUNTIME && es_given(cli, ES_OPT_MAX_MEMORY) && ran_out_of_memory(errors))
        es_fail(errors, status, NULL, "--max-memory %s is not enough",
                es_quote_text(es_text_of(cli, ES_OPT_MAX_MEMORY)).text);
    return status;
}
