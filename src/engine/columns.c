#include "engine/columns.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"

enum { ALIGNMENT = 64, SPARE_CHUNKS = 4 };

typedef struct format_column {
    uint16_t node;
    int32_t *code; /* TEXT: by value, its place in the texts, -1 for an empty one */
    size_t n_codes;
} format_column;

struct es_column_format {
    es_arena arena;
    es_stream_column *column;
    format_column *from;
    size_t n, n_given; /* columns, and those of the sweep */
    size_t row_bytes;  /* of all columns and the index */
};

static size_t width_of(es_column_type type) { return type == ES_TEXT_COLUMN ? sizeof(int32_t) : sizeof(int64_t); }
static size_t padded(size_t bytes, size_t to) { return (bytes + to - 1) / to * to; }

/* ---- format ---- */

typedef struct numbered_text {
    const char *text;
    size_t number;
} numbered_text;

static int by_text(const void *a, const void *b) {
    const numbered_text *x = a, *y = b;
    int order = strcmp(x->text, y->text);
    return order ? order : (x->number > y->number) - (x->number < y->number);
}

/* Labels may be empty, which are no value, or twice the same: the dictionary keeps the first of each, in their order. */
static es_status make_dictionary(es_column_format *f, const es_column *column, es_stream_column *to,
                                 format_column *from, es_errors *errors) {
    const size_t n = from->n_codes = column->n_labels;
    numbered_text *sorted = calloc(n + 1, sizeof *sorted);
    const char **texts = es_arena_array(&f->arena, n + 1, sizeof *texts);
    from->code = es_arena_array(&f->arena, n + 1, sizeof *from->code);
    if (!sorted || !texts || !from->code) {
        free(sorted);
        return es_fail_memory(errors);
    }
    for (size_t i = 0; i < n; i++)
        sorted[i] = (numbered_text){column->labels[i], i};
    qsort(sorted, n, sizeof *sorted, by_text);
    for (size_t i = 0, first = 0; i < n; i++) { /* the number of the first label that reads the same */
        first = i && strcmp(sorted[i].text, sorted[first].text) == 0 ? first : i;
        from->code[sorted[i].number] = (int32_t)sorted[first].number;
    }
    for (size_t i = 0; i < n; i++) {
        const size_t first = (size_t)from->code[i];
        if (!*column->labels[i])
            from->code[i] = -1;
        else if (first < i)
            from->code[i] = from->code[first];
        else
            texts[to->n_texts] = column->labels[i], from->code[i] = (int32_t)to->n_texts++;
    }
    to->texts = texts;
    free(sorted);
    return ES_OK;
}

es_status es_column_format_new(es_column_format **format, const es_sweep *sweep, const int *columns, size_t n,
                               const es_column *count, es_errors *errors) {
    es_column_format *f = *format = calloc(1, sizeof *f);
    if (!f)
        return es_fail_memory(errors);
    f->n_given = n;
    f->n = n += count != NULL;
    f->column = es_arena_array(&f->arena, n + 1, sizeof *f->column);
    f->from = es_arena_array(&f->arena, n + 1, sizeof *f->from);
    es_status status = f->column && f->from ? ES_OK : es_fail_memory(errors);
    f->row_bytes = sizeof(int64_t);
    for (size_t i = 0; i < n && !status; i++) {
        const es_column *c = i < f->n_given ? &sweep->columns[columns[i]] : count;
        f->column[i] = (es_stream_column){.name = c->name,
                                          .unit = c->unit ? c->unit : "",
                                          .is_axis = c->is_axis,
                                          .type = c->labels  ? ES_TEXT_COLUMN
                                                  : c->whole ? ES_WHOLE_COLUMN
                                                             : ES_REAL_COLUMN};
        f->from[i].node = (uint16_t)c->node;
        f->row_bytes += width_of(f->column[i].type);
        if (c->labels)
            status = make_dictionary(f, c, &f->column[i], &f->from[i], errors);
    }
    if (status) {
        es_column_format_free(f);
        *format = NULL;
    }
    return status;
}

void es_column_format_free(es_column_format *f) {
    if (!f)
        return;
    es_arena_free(&f->arena);
    free(f);
}

const es_stream_column *es_column_format_columns(const es_column_format *f, size_t *n) {
    *n = f->n;
    return f->column;
}

/* ---- pieces ----
 * uint64_t rows, int64_t index[rows]; then per column uint64_t missing, the values and, where some are missing, a byte a row
 * that says whether there is a value.  Each array is padded to 8 bytes. */

enum { PIECE_ALIGNMENT = 8 };

static size_t piece_size(const es_column_format *f, size_t rows) {
    return sizeof(uint64_t) + rows * sizeof(int64_t) +
           f->n * (sizeof(uint64_t) + padded(rows * sizeof(int64_t), PIECE_ALIGNMENT) + padded(rows, PIECE_ALIGNMENT));
}

static size_t count_missing(const double *x, size_t n) {
    size_t missing = 0;
    for (size_t i = 0; i < n; i++)
        missing += es_is_missing(x[i]);
    return missing;
}

static void put_reals(double *restrict to, const double *restrict x, size_t n, bool holes) {
    for (size_t i = 0; i < n; i++)
        to[i] = holes && es_is_missing(x[i]) ? (double)__builtin_nan("") : x[i];
}

/* Rounded up; false for a number that does not fit. */
static bool put_wholes(int64_t *restrict to, const double *restrict x, size_t n) {
    const double too_large = 0x1p63;
    size_t outside = 0;
    for (size_t i = 0; i < n; i++) {
        const bool fits = x[i] < too_large && x[i] >= -too_large;
        const int64_t floor_x = fits ? (int64_t)x[i] : 0;
        to[i] = floor_x + (fits && (double)floor_x < x[i]);
        outside += !fits && !es_is_missing(x[i]);
    }
    return outside == 0;
}

static size_t put_codes(int32_t *restrict to, const double *restrict x, size_t n, const format_column *from) {
    size_t missing = 0;
    for (size_t i = 0; i < n; i++) {
        to[i] = x[i] >= 0 && x[i] < (double)from->n_codes ? from->code[(size_t)x[i]] : -1;
        missing += to[i] < 0;
    }
    return missing;
}

/* Column k of n rows at `to`; returns what lies behind it, NULL when a number does not fit. */
static char *put_column(const es_column_format *f, size_t k, const double *x, size_t n, char *to) {
    uint64_t missing = count_missing(x, n);
    char *values = to + sizeof missing;
    const es_column_type type = f->column[k].type;
    if (type == ES_REAL_COLUMN)
        put_reals((double *)(void *)values, x, n, missing > 0);
    else if (type == ES_TEXT_COLUMN)
        missing = put_codes((int32_t *)(void *)values, x, n, &f->from[k]);
    else if (!put_wholes((int64_t *)(void *)values, x, n))
        return NULL;
    memcpy(to, &missing, sizeof missing);
    to = values + padded(n * width_of(type), PIECE_ALIGNMENT);
    if (!missing)
        return to;
    const int32_t *codes = (const int32_t *)(const void *)values;
    for (size_t i = 0; i < n; i++)
        to[i] = type == ES_TEXT_COLUMN ? codes[i] >= 0 : !es_is_missing(x[i]);
    return to + padded(n, PIECE_ALIGNMENT);
}

es_status es_column_append(const es_column_format *f, const es_program *program, const es_eval *eval,
                           const uint8_t *keep, size_t from, size_t to, es_buffer *buffer, es_errors *errors) {
    uint16_t place[ES_TILE_POINTS];
    double gathered[ES_TILE_POINTS];
    uint64_t n = 0;
    for (size_t i = from; i < to; i++) {
        place[n] = (uint16_t)i;
        n += !keep || keep[i];
    }
    if (!n)
        return ES_OK;
    if (!es_buffer_reserve(buffer, piece_size(f, n)))
        return es_fail_memory(errors);
    char *at = buffer->data + buffer->length;
    memcpy(at, &n, sizeof n);
    int64_t *index = (int64_t *)(void *)(at + sizeof n);
    for (size_t i = 0; i < n; i++)
        index[i] = (int64_t)es_eval_first(eval) + place[i];
    at += sizeof n + n * sizeof *index;
    for (size_t k = 0; k < f->n_given; k++) {
        const double *x = es_eval_column(eval, f->from[k].node);
        if (es_program_uniform(program, f->from[k].node))
            for (size_t i = 0; i < n; i++)
                gathered[i] = x[0];
        else if (keep)
            for (size_t i = 0; i < n; i++)
                gathered[i] = x[place[i]];
        else
            memcpy(gathered, x + from, n * sizeof *x);
        at = put_column(f, k, gathered, n, at);
        if (!at)
            return es_fail(errors, ES_ERUNTIME, NULL, "column '%s': a number beyond 63 bits at a point from %llu on",
                           f->column[k].name, (unsigned long long)index[0]);
    }
    buffer->length = (size_t)(at - buffer->data);
    buffer->rows += n;
    return ES_OK;
}

es_status es_column_append_count(uint64_t count, es_buffer *buffer, es_errors *errors) {
    const uint64_t column[] = {0, count}; /* none is missing */
    if (!es_buffer_reserve(buffer, sizeof column))
        return es_fail_memory(errors);
    memcpy(buffer->data + buffer->length, column, sizeof column);
    buffer->length += sizeof column;
    return ES_OK;
}

/* ---- chunks ---- */

/* A chunk with its memory: the arrays lie behind each other, with their padding. */
typedef struct box {
    es_chunk chunk;
    es_chunk_pool *pool;
    struct box *next; /* spare */
    _Atomic unsigned users;
    char *memory;
    void **value;
    uint8_t **bits, **valid; /* room, and what is handed out */
    size_t *missing;
} box;

struct es_chunk_pool {
    pthread_mutex_t lock;
    size_t users; /* the stream and chunks that are not spare */
    bool left;    /* by the stream */
    box *spare;
    size_t n_spare, rows, n_columns, bytes;
    es_column_type *type;
};

es_status es_chunk_pool_new(es_chunk_pool **pool, const es_column_format *f, size_t rows, es_errors *errors) {
    enum { MOST_ROWS = 65536, LEAST_ROWS = 1024, MOST_BYTES = 16 << 20 };
    if (!rows) {
        rows = MOST_BYTES / f->row_bytes;
        rows = rows > MOST_ROWS ? MOST_ROWS : rows < LEAST_ROWS ? LEAST_ROWS : padded(rows - 63, 64);
    }
    es_chunk_pool *p = *pool = calloc(1, sizeof *p);
    if (!p)
        return es_fail_memory(errors);
    *p = (es_chunk_pool){.users = 1, .rows = rows, .n_columns = f->n, .type = calloc(f->n + 1, sizeof *p->type)};
    if (!p->type || pthread_mutex_init(&p->lock, NULL)) {
        free(p->type), free(p);
        *pool = NULL;
        return es_fail_memory(errors);
    }
    p->bytes = padded(rows * sizeof(int64_t), ALIGNMENT);
    for (size_t k = 0; k < f->n; k++) {
        p->type[k] = f->column[k].type;
        p->bytes += padded(rows * width_of(p->type[k]), ALIGNMENT) + padded((rows + 7) / 8, ALIGNMENT);
    }
    return ES_OK;
}

static void free_box(box *b) {
    free(b->memory), free(b->value), free(b->bits), free(b->valid), free(b->missing);
    free(b);
}

/* Gives up one use of the pool, whose lock is held, and the lock. */
static void leave(es_chunk_pool *p) {
    const bool last = --p->users == 0;
    pthread_mutex_unlock(&p->lock);
    if (!last)
        return;
    pthread_mutex_destroy(&p->lock);
    free(p->type), free(p);
}

void es_chunk_pool_leave(es_chunk_pool *p) {
    if (!p)
        return;
    pthread_mutex_lock(&p->lock);
    p->left = true;
    while (p->spare) {
        box *b = p->spare;
        p->spare = b->next;
        free_box(b);
    }
    leave(p);
}

static box *make_box(es_chunk_pool *p) {
    box *b = calloc(1, sizeof *b);
    if (!b)
        return NULL;
    const size_t n = p->n_columns + 1;
    b->memory = aligned_alloc(ALIGNMENT, p->bytes);
    b->value = calloc(n, sizeof *b->value), b->bits = calloc(n, sizeof *b->bits);
    b->valid = calloc(n, sizeof *b->valid), b->missing = calloc(n, sizeof *b->missing);
    if (!b->memory || !b->value || !b->bits || !b->valid || !b->missing) {
        free_box(b);
        return NULL;
    }
    char *at = b->memory + padded(p->rows * sizeof(int64_t), ALIGNMENT);
    for (size_t k = 0; k < p->n_columns; k++) {
        b->value[k] = at;
        at += padded(p->rows * width_of(p->type[k]), ALIGNMENT);
        b->bits[k] = (uint8_t *)at;
        at += padded((p->rows + 7) / 8, ALIGNMENT);
    }
    b->pool = p;
    b->chunk = (es_chunk){.index = (const int64_t *)(void *)b->memory,
                          .value = (const void *const *)b->value,
                          .valid = (const uint8_t *const *)b->valid,
                          .missing = b->missing};
    return b;
}

es_chunk *es_chunk_new(es_chunk_pool *p) {
    pthread_mutex_lock(&p->lock);
    box *b = p->spare;
    if (b)
        p->spare = b->next, p->n_spare--;
    pthread_mutex_unlock(&p->lock);
    if (!b && !(b = make_box(p)))
        return NULL;
    pthread_mutex_lock(&p->lock);
    p->users++;
    pthread_mutex_unlock(&p->lock);
    b->chunk.n = 0;
    memset(b->valid, 0, p->n_columns * sizeof *b->valid);
    memset(b->missing, 0, p->n_columns * sizeof *b->missing);
    atomic_init(&b->users, 1);
    return &b->chunk;
}

void es_chunk_keep(es_chunk *chunk) { atomic_fetch_add(&((box *)chunk)->users, 1); }

void es_chunk_release(es_chunk *chunk) {
    box *b = (box *)chunk;
    if (!b || atomic_fetch_sub(&b->users, 1) > 1)
        return;
    es_chunk_pool *p = b->pool;
    pthread_mutex_lock(&p->lock);
    if (!p->left && p->n_spare < SPARE_CHUNKS) {
        b->next = p->spare;
        p->spare = b;
        p->n_spare++;
    } else {
        free_box(b);
    }
    leave(p);
}

static void set_bits(uint8_t *bits, size_t from, size_t n) {
    for (; n && from % 8; from++, n--)
        bits[from / 8] |= (uint8_t)(1 << from % 8);
    memset(bits + from / 8, 0xff, n / 8);
    if (n % 8)
        bits[(from + n) / 8] |= (uint8_t)((1 << n % 8) - 1);
}

/* Rows [at, at + n) of column k: all valid, or as the bytes say.  The bitmap begins with the first that is missing. */
static void take_valid(box *b, size_t k, size_t at, size_t n, const char *has_value) {
    size_t missing = 0;
    for (size_t i = 0; has_value && i < n; i++)
        missing += !has_value[i];
    if (!b->valid[k] && !missing)
        return;
    if (!b->valid[k]) {
        b->valid[k] = b->bits[k];
        memset(b->bits[k], 0, padded((b->pool->rows + 7) / 8, ALIGNMENT));
        set_bits(b->bits[k], 0, at);
    }
    b->missing[k] += missing;
    if (!missing)
        set_bits(b->bits[k], at, n);
    else
        for (size_t i = 0; i < n; i++)
            b->bits[k][(at + i) / 8] |= (uint8_t)((has_value[i] != 0) << (at + i) % 8);
}

bool es_chunk_take(es_chunk *chunk, const char **data, uint64_t *done) {
    box *b = (box *)chunk;
    const es_chunk_pool *p = b->pool;
    const size_t at = chunk->n, room = p->rows - at;
    const char *from = *data;
    uint64_t rows, missing;
    memcpy(&rows, from, sizeof rows);
    const size_t skip = (size_t)*done, n = rows - skip < room ? (size_t)(rows - skip) : room;
    from += sizeof rows;
    memcpy(b->memory + at * sizeof(int64_t), from + skip * sizeof(int64_t), n * sizeof(int64_t));
    from += rows * sizeof(int64_t);
    for (size_t k = 0; k < p->n_columns; k++) {
        const size_t width = width_of(p->type[k]);
        memcpy(&missing, from, sizeof missing);
        from += sizeof missing;
        memcpy((char *)b->value[k] + at * width, from + skip * width, n * width);
        from += padded((size_t)rows * width, PIECE_ALIGNMENT);
        take_valid(b, k, at, n, missing ? from + skip : NULL);
        from += missing ? padded((size_t)rows, PIECE_ALIGNMENT) : 0;
    }
    chunk->n += n;
    *done += n;
    if (*done == rows)
        *data = from, *done = 0;
    return chunk->n < p->rows;
}
