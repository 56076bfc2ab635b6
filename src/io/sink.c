#include "io/sink.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include "base/os.h"
#include "base/text.h"

/* Reserving ahead of write() was 2 to 4 times faster than write() alone on ext4 (tests/bench/bench_output.c): blocks are
 * found a few hundred megabytes at a time.  Steps double, so that small files reserve little. */
enum { RESERVE_LEAST = 4 << 20, RESERVE_MOST = 256 << 20 };

/* Has space for `more` bytes reserved.  Reserving is only a help: where it fails, a full disk included, writing goes on
 * without and has the last word. */
static void reserve_ahead(es_sink *sink, size_t more) {
    uint64_t need = sink->written + more;
    if (need <= sink->reserved || need < RESERVE_LEAST)
        return;
    uint64_t step = need < RESERVE_MOST ? need : RESERVE_MOST;
    uint64_t target = need + step;
    if (sink->expected >= need && target > sink->expected)
        target = sink->expected;
    sink->reserve = es_os_reserve(sink->fd, (off_t)sink->written, (off_t)(target - sink->written));
    if (sink->reserve)
        sink->reserved = target;
}

static bool wait_writable(int fd) {
    struct pollfd wanted = {.fd = fd, .events = POLLOUT};
    return poll(&wanted, 1, -1) >= 0 || errno == EINTR;
}

es_status es_sink_write(es_sink *sink, const void *data, size_t n, es_errors *errors) {
    const char *next = data;
    if (sink->limit && (sink->written > sink->limit || n > sink->limit - sink->written))
        return es_fail(errors, ES_ERUNTIME, NULL, "cannot write: '%s': more than the limit of %llu bytes",
                       es_quote_text(sink->path).text, (unsigned long long)sink->limit);
    if (sink->reserve)
        reserve_ahead(sink, n);
    while (n > 0) {
        ssize_t done = write(sink->fd, next, n);
        if (done > 0) {
            next += done;
            n -= (size_t)done;
            sink->written += (uint64_t)done;
        } else if (done == 0) {
            return es_fail(errors, ES_ERUNTIME, NULL, "cannot write: '%s': no more bytes are taken",
                           es_quote_text(sink->path).text);
        } else if (errno == EPIPE) {
            sink->broken_pipe = true;
            return ES_ERUNTIME;
        } else if (errno != EINTR && !((errno == EAGAIN || errno == EWOULDBLOCK) && wait_writable(sink->fd))) {
            return es_fail_errno(errors, "cannot write", sink->path);
        }
    }
    return ES_OK;
}

es_status es_sink_trim(es_sink *sink, es_errors *errors) {
    if (sink->reserved <= sink->written)
        return ES_OK;
    int result;
    do
        result = ftruncate(sink->fd, (off_t)sink->written);
    while (result != 0 && errno == EINTR);
    return result == 0 ? ES_OK : es_fail_errno(errors, "cannot cut to its size", sink->path);
}

es_status es_sink_sync(es_sink *sink, es_errors *errors) {
    int result;
    do
        result = fsync(sink->fd);
    while (result != 0 && errno == EINTR);
    return result == 0 ? ES_OK : es_fail_errno(errors, "cannot fsync", sink->path);
}

es_status es_sink_close(es_sink *sink, es_errors *errors) {
    int fd = sink->fd;
    sink->fd = -1;
    /* Linux has closed the descriptor even when it says EINTR. */
    return close(fd) == 0 || errno == EINTR ? ES_OK : es_fail_errno(errors, "cannot close", sink->path);
}
