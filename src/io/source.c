#include "io/source.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <zlib.h>
#include <zstd.h>

#include "base/arena.h"
#include "base/text.h"
#include "io/database.h"
#include "io/source_rows.h"
#include "io/table_layout.h"

enum { PACKED = 256 << 10, HEAD = 64 << 10, HEAD_MAX = 64 << 20 /* bytes */ };

typedef enum packing { PLAIN, GZIP, ZSTD } packing;

typedef enum encoding { UTF_8, UTF_16_LE, UTF_16_BE } encoding;

typedef struct piece {
    char *data;
    size_t at, length, capacity;
} piece;

struct es_source {
    es_source_options options;
    const char *path, *name;
    int fd; /* -1: none */
    bool at_eof;
    packing packing;
    piece packed; /* bytes of the file that were read ahead: its first ones, then those not unpacked yet */
    z_stream zlib;
    bool zlib_set, between; /* between two members or frames */
    ZSTD_DStream *zstd;
    encoding encoding;
    piece units;   /* of UTF-16 */
    uint64_t byte; /* of the unpacked file, before what is decoded next */
    piece head;    /* text that was looked at */
    es_table_layout layout;
    es_source_rows *rows; /* of other formats */
    es_database_reading *database;
    bool text_end;
};

static void keep(piece *p, size_t used) {
    p->at += used;
    if (p->at == p->length)
        p->at = p->length = 0;
}

static es_status cannot_read(const es_source *s, const char *why, es_errors *errors) {
    const es_origin at = {s->name, 0, 0};
    return es_fail(errors, ES_ERUNTIME, &at, "%s", why);
}

/* ---- Bytes of the file ---- */

/* Waits for input so that a signal is noticed even when another thread received it. */
static es_status wait_for_input(const es_source *s) {
    const volatile sig_atomic_t *stop = s->options.stop;
    struct pollfd input = {.fd = s->fd, .events = POLLIN};
    while (stop) {
        if (*stop)
            return *stop == SIGTERM ? ES_ETERM : ES_EINT;
        if (poll(&input, 1, 100) != 0)
            break;
    }
    return ES_OK;
}

static es_status read_file(es_source *s, char *to, size_t room, size_t *got, es_errors *errors) {
    *got = 0;
    while (!s->at_eof) {
        const es_status status = wait_for_input(s);
        if (status)
            return status;
        const ssize_t n = read(s->fd, to, room);
        if (n < 0 && (errno == EINTR || errno == EAGAIN))
            continue;
        if (n < 0)
            return es_fail_errno(errors, "cannot read", s->name);
        *got = (size_t)n;
        s->at_eof = n == 0;
        break;
    }
    return ES_OK;
}

static es_status fill_packed(es_source *s, es_errors *errors) {
    size_t got = 0;
    const es_status status =
        s->packed.at < s->packed.length ? ES_OK : read_file(s, s->packed.data, s->packed.capacity, &got, errors);
    s->packed.length += got;
    return status;
}

/* ---- Unpacking ---- */

static es_status unpack_gzip(es_source *s, char *to, size_t room, size_t *got, es_errors *errors) {
    s->zlib.next_in = (Bytef *)s->packed.data + s->packed.at;
    s->zlib.avail_in = (uInt)(s->packed.length - s->packed.at);
    s->zlib.next_out = (Bytef *)to;
    s->zlib.avail_out = (uInt)(room < INT32_MAX ? room : INT32_MAX);
    const uInt out = s->zlib.avail_out;
    if (s->between && s->zlib.avail_in && inflateReset(&s->zlib) != Z_OK)
        return es_fail_memory(errors);
    const int result = s->zlib.avail_in ? inflate(&s->zlib, Z_NO_FLUSH) : Z_BUF_ERROR;
    *got = out - s->zlib.avail_out;
    keep(&s->packed, s->packed.length - s->packed.at - s->zlib.avail_in);
    s->between = result == Z_STREAM_END || (s->between && result == Z_BUF_ERROR);
    if (result == Z_MEM_ERROR)
        return es_fail_memory(errors);
    return result == Z_OK || result == Z_STREAM_END || result == Z_BUF_ERROR
               ? ES_OK
               : cannot_read(s, "damaged: gzip cannot unpack it", errors);
}

static es_status unpack_zstd(es_source *s, char *to, size_t room, size_t *got, es_errors *errors) {
    ZSTD_inBuffer in = {s->packed.data, s->packed.length, s->packed.at};
    ZSTD_outBuffer out = {to, room, 0};
    const bool nothing = in.pos == in.size;
    const size_t result = ZSTD_decompressStream(s->zstd, &out, &in);
    if (ZSTD_isError(result))
        return es_fail(errors, ES_ERUNTIME, &(es_origin){s->name, 0, 0}, "damaged: zstd cannot unpack it: %s",
                       ZSTD_getErrorName(result));
    *got = out.pos;
    s->between = result == 0 || (s->between && nothing && out.pos == 0);
    s->packed.at = in.pos;
    keep(&s->packed, 0);
    return ES_OK;
}

/* Bytes as they were before packing. */
static es_status read_bytes(es_source *s, char *to, size_t room, size_t *got, es_errors *errors) {
    *got = 0;
    if (s->packing == PLAIN) {
        const size_t ahead = s->packed.length - s->packed.at;
        if (ahead == 0)
            return read_file(s, to, room, got, errors);
        *got = ahead < room ? ahead : room;
        memcpy(to, s->packed.data + s->packed.at, *got);
        keep(&s->packed, *got);
        return ES_OK;
    }
    while (*got == 0) {
        es_status status = fill_packed(s, errors);
        const bool at_end = s->at_eof && s->packed.length == s->packed.at;
        if (!status)
            status = s->packing == GZIP ? unpack_gzip(s, to, room, got, errors) : unpack_zstd(s, to, room, got, errors);
        if (status)
            return status;
        if (at_end && *got == 0)
            return s->between ? ES_OK : cannot_read(s, "the packed file ends early", errors);
    }
    return ES_OK;
}

static es_status start_unpacking(es_source *s, es_errors *errors) {
    enum { GZIP_HEADER = 16 };
    const piece *p = &s->packed;
    if (p->length >= 2 && memcmp(p->data, "\x1f\x8b", 2) == 0) {
        s->packing = GZIP;
        s->zlib_set = inflateInit2(&s->zlib, GZIP_HEADER + MAX_WBITS) == Z_OK;
        return s->zlib_set ? ES_OK : es_fail_memory(errors);
    }
    if (p->length >= 4 && memcmp(p->data, "\x28\xb5\x2f\xfd", 4) == 0) {
        s->packing = ZSTD;
        s->zstd = ZSTD_createDStream();
        return s->zstd ? ES_OK : es_fail_memory(errors);
    }
    return ES_OK;
}

/* ---- UTF-16 ---- */

static size_t put_utf8(char *to, uint32_t c) {
    if (c < 0x80) {
        to[0] = (char)c;
        return 1;
    }
    const size_t n = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    static const unsigned char lead[] = {0, 0, 0xc0, 0xe0, 0xf0};
    for (size_t i = n; i-- > 1; c >>= 6)
        to[i] = (char)(0x80 | (c & 0x3f));
    to[0] = (char)(lead[n] | c);
    return n;
}

static uint32_t unit_at(const es_source *s, size_t at) {
    const unsigned char *p = (const unsigned char *)s->units.data + at;
    return s->encoding == UTF_16_LE ? (uint32_t)p[0] | (uint32_t)p[1] << 8 : (uint32_t)p[1] | (uint32_t)p[0] << 8;
}

/* Fills the units up to a few KiB; what is left of the last ones stays. */
static es_status fill_units(es_source *s, bool *at_end, es_errors *errors) {
    piece *u = &s->units;
    size_t got = 0;
    memmove(u->data, u->data + u->at, u->length - u->at);
    u->length -= u->at;
    u->at = 0;
    const es_status status = read_bytes(s, u->data + u->length, u->capacity - u->length, &got, errors);
    u->length += got;
    *at_end = got == 0;
    return status;
}

static es_status read_utf16(es_source *s, char *to, size_t room, size_t *got, es_errors *errors) {
    piece *u = &s->units;
    bool at_end = false;
    *got = 0;
    while (*got + 4 <= room && !(at_end && u->length == u->at)) {
        const size_t left = u->length - u->at;
        const uint32_t high = left >= 2 ? unit_at(s, u->at) : 0;
        const bool pair = high >= 0xd800 && high < 0xdc00;
        if (left < (pair ? 4 : 2) && !at_end) {
            if (*got)
                return ES_OK;
            const es_status status = fill_units(s, &at_end, errors);
            if (status)
                return status;
            continue;
        }
        const uint32_t low = pair && left >= 4 ? unit_at(s, u->at + 2) : 0;
        if (left < 2 || high == 0 || (pair ? low < 0xdc00 || low > 0xdfff : high >= 0xdc00 && high < 0xe000))
            return es_fail(errors, ES_ERUNTIME, &(es_origin){s->name, 0, 0}, "not UTF-16: byte %llu: '%s'",
                           (unsigned long long)s->byte + 1,
                           es_quote((es_slice){u->data + u->at, left < 2 ? left : 2}).text);
        *got += put_utf8(to + *got, pair ? 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00) : high);
        u->at += pair ? 4 : 2;
        s->byte += pair ? 4 : 2;
    }
    return ES_OK;
}

/* Takes note of UTF-8 that was read. */
static es_status pass_utf8(es_source *s, const char *text, size_t length, es_errors *errors) {
    const char *zero = memchr(text, 0, length);
    if (zero)
        return es_fail(errors, ES_ERUNTIME, &(es_origin){s->name, 0, 0},
                       "byte %llu: a zero byte, which no text has; UTF-16 without its byte order mark has them: save "
                       "the table as UTF-8",
                       (unsigned long long)s->byte + (size_t)(zero - text) + 1);
    s->byte += length;
    return ES_OK;
}

static es_status read_decoded(es_source *s, char *to, size_t room, size_t *got, es_errors *errors) {
    if (s->encoding != UTF_8)
        return read_utf16(s, to, room, got, errors);
    const es_status status = read_bytes(s, to, room, got, errors);
    return status ? status : pass_utf8(s, to, *got, errors);
}

/* ---- The head ---- */

static bool reserve(piece *p, size_t capacity) {
    char *data = realloc(p->data, capacity);
    if (!data)
        return false;
    p->data = data;
    p->capacity = capacity;
    return true;
}

/* Takes a byte order mark off the first bytes. */
static es_status read_mark(es_source *s, es_errors *errors) {
    char first[4];
    size_t n = 0, got = 1;
    es_status status = ES_OK;
    while (n < sizeof first && got && !status) {
        status = read_bytes(s, first + n, sizeof first - n, &got, errors);
        n += got;
    }
    if (status)
        return status;
    size_t mark = 0;
    if (n == 4 && (memcmp(first, "\xff\xfe\0\0", 4) == 0 || memcmp(first, "\0\0\xfe\xff", 4) == 0))
        return cannot_read(s, "UTF-32 (expected UTF-8 or UTF-16)", errors);
    if (n >= 2 && memcmp(first, "\xff\xfe", 2) == 0)
        s->encoding = UTF_16_LE, mark = 2;
    else if (n >= 2 && memcmp(first, "\xfe\xff", 2) == 0)
        s->encoding = UTF_16_BE, mark = 2;
    else if (n >= 3 && memcmp(first, "\xef\xbb\xbf", 3) == 0)
        mark = 3;
    piece *to = s->encoding == UTF_8 ? &s->head : &s->units;
    if (!reserve(to, HEAD))
        return es_fail_memory(errors);
    memcpy(to->data, first + mark, n - mark);
    to->length = n - mark;
    s->byte = mark;
    return s->encoding == UTF_8 ? pass_utf8(s, to->data, to->length, errors) : ES_OK;
}

/* Fills the head until it holds a whole line or the whole text. */
static es_status fill_head(es_source *s, es_errors *errors) {
    piece *h = &s->head;
    if (!h->data && !reserve(h, HEAD))
        return es_fail_memory(errors);
    for (size_t got = 1; got;) {
        const size_t space = h->capacity - h->length;
        if (space < 8) {
            if (memchr(h->data, '\n', h->length) || memchr(h->data, '\r', h->length - 1))
                return ES_OK;
            if (h->capacity >= HEAD_MAX)
                return es_fail(errors, ES_ERUNTIME, &(es_origin){s->name, 1, 0}, "the header is longer than %d MiB",
                               HEAD_MAX >> 20);
            if (!reserve(h, 2 * h->capacity))
                return es_fail_memory(errors);
            continue;
        }
        const es_status status = read_decoded(s, h->data + h->length, space, &got, errors);
        if (status)
            return status;
        h->length += got;
    }
    s->text_end = true;
    return ES_OK;
}

static es_status read_text(void *context, char *to, size_t room, size_t *got, es_errors *errors) {
    es_source *s = context;
    if (s->encoding != UTF_8 && s->head.length == s->head.at && !s->text_end) { /* a character may need more room */
        const es_status status = read_decoded(s, s->head.data, s->head.capacity, &s->head.length, errors);
        if (status)
            return status;
        s->text_end = s->head.length == 0;
    }
    const size_t ahead = s->head.length - s->head.at;
    *got = ahead < room ? ahead : room;
    if (ahead) {
        memcpy(to, s->head.data + s->head.at, *got);
        keep(&s->head, *got);
        return ES_OK;
    }
    return s->text_end ? ES_OK : read_decoded(s, to, room, got, errors);
}

static es_status open_database(es_source *s, es_errors *errors) {
    if (s->fd == s->options.input)
        return cannot_read(s, "an SQLite database is read from a file only", errors);
    es_status status = es_database_open(&s->database, s->path, errors);
    s->layout = (es_table_layout){.delimiter = ','};
    if (!status)
        status = es_source_rows_database(&s->rows, s->database, s->name, errors);
    return status;
}

static es_status look(es_source *s, es_errors *errors) {
    es_status status = ES_OK;
    size_t got = 1;
    if (!reserve(&s->packed, PACKED))
        return es_fail_memory(errors);
    while (!status && got && s->packed.length < 16) {
        status = read_file(s, s->packed.data + s->packed.length, PACKED - s->packed.length, &got, errors);
        s->packed.length += got;
    }
    if (!status && s->packed.length >= 16 && memcmp(s->packed.data, "SQLite format 3", 16) == 0)
        return open_database(s, errors);
    if (!status)
        status = start_unpacking(s, errors);
    if (!status)
        status = read_mark(s, errors);
    if (!status)
        status = fill_head(s, errors);
    if (status)
        return status;
    const piece *h = &s->head;
    s->layout = (es_table_layout){.delimiter = s->options.delimiter ? s->options.delimiter : ','};
    if (!s->options.as_written)
        s->layout = es_table_layout_of(h->data, h->length, s->text_end, s->options.delimiter);
    size_t blanks = 0;
    for (; s->options.as_written && blanks < h->length && strchr(" \t\r\n", h->data[blanks]); blanks++)
        if (h->data[blanks] == '\n' || h->data[blanks] == '\r')
            s->layout.start = blanks + 1; /* behind blank lines */
    if (blanks && blanks == h->length && s->text_end)
        s->layout.start = blanks;
    if (s->options.as_written)
        s->layout.lines = es_count_lines(h->data, s->layout.start);
    keep(&s->head, s->layout.start);
    if (s->head.length == s->head.at)
        return es_fail(errors, ES_ERUNTIME, &(es_origin){s->name, 1, 0}, "the file is empty (expected a header row)");
    if (s->layout.format == ES_TABLE_CSV)
        return ES_OK;
    return es_source_rows_new(&s->rows, s->layout.format, s->name, s->layout.lines + 1, read_text, s, errors);
}

/* ---- Public ---- */

es_status es_source_open(es_source **source, const char *path, const es_source_options *options, es_errors *errors) {
    es_source *s = calloc(1, sizeof *s);
    *source = NULL;
    if (!s)
        return es_fail_memory(errors);
    const bool is_stdin = strcmp(path, "-") == 0;
    s->options = *options;
    s->path = path;
    s->name = is_stdin ? "<stdin>" : path;
    do
        s->fd = is_stdin ? options->input : open(path, O_RDONLY | O_CLOEXEC);
    while (s->fd < 0 && errno == EINTR && !(options->stop && *options->stop)); /* a FIFO may wait for its writer */
    const es_status status = s->fd < 0 ? es_fail_errno(errors, "cannot open", path) : look(s, errors);
    if (status)
        es_source_close(s);
    else
        *source = s;
    return status;
}

void es_source_close(es_source *s) {
    if (!s)
        return;
    es_source_rows_free(s->rows);
    es_database_close(s->database);
    if (s->zlib_set)
        inflateEnd(&s->zlib);
    ZSTD_freeDStream(s->zstd);
    if (s->fd > STDIN_FILENO)
        close(s->fd);
    free(s->packed.data);
    free(s->units.data);
    free(s->head.data);
    free(s);
}

es_status es_source_read(es_source *s, char *to, size_t room, size_t *got, es_errors *errors) {
    return s->rows ? es_source_rows_read(s->rows, to, room, got, errors) : read_text(s, to, room, got, errors);
}

char es_source_delimiter(const es_source *s) { return s->rows ? ',' : s->layout.delimiter; }

bool es_source_decimal_comma(const es_source *s) {
    return s->rows ? s->layout.format == ES_TABLE_MARKDOWN : s->layout.delimiter != ',';
}

uint64_t es_source_first_line(const es_source *s) { return s->layout.lines + 1; }

uint64_t es_source_skipped(const es_source *s) { return s->layout.skipped; }

const uint64_t *es_source_lines(const es_source *s, size_t *n) {
    *n = 0;
    return s->rows ? es_source_rows_lines(s->rows, n) : NULL;
}
