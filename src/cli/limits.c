#include "cli/limits.h"

#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

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
