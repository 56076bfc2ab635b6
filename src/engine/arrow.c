/* Streams in the Arrow C data interface.  Every exported array holds its chunk, every dictionary its texts, so that each may
 * be moved away and outlive the others. */
#include <edgesweep/arrow.h>

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "engine/columns.h"

/* The texts of a column as Arrow has them; shared by the dictionaries of all batches. */
typedef struct texts {
    _Atomic unsigned users;
    size_t n;
    int32_t *offset; /* n + 1 */
    char *bytes;
} texts;

static void leave_texts(texts *t) {
    if (!t || atomic_fetch_sub(&t->users, 1) > 1)
        return;
    free(t->offset), free(t->bytes), free(t);
}

static texts *join_texts(const es_stream_column *column) {
    texts *t = calloc(1, sizeof *t);
    size_t length = 0;
    for (size_t i = 0; i < column->n_texts; i++)
        length += strlen(column->texts[i]);
    if (!t || length > INT32_MAX) {
        free(t);
        return NULL;
    }
    *t = (texts){1, column->n_texts, calloc(column->n_texts + 1, sizeof *t->offset), malloc(length + 1)};
    if (!t->offset || !t->bytes) {
        leave_texts(t);
        return NULL;
    }
    for (size_t i = 0; i < t->n; i++) {
        const size_t n = strlen(column->texts[i]);
        memcpy(t->bytes + t->offset[i], column->texts[i], n);
        t->offset[i + 1] = t->offset[i] + (int32_t)n;
    }
    return t;
}

/* ---- schemas ---- */

static void release_schema(struct ArrowSchema *s) {
    for (int64_t i = 0; i < s->n_children; i++) {
        if (s->children[i] && s->children[i]->release)
            s->children[i]->release(s->children[i]);
        free(s->children[i]);
    }
    if (s->dictionary && s->dictionary->release)
        s->dictionary->release(s->dictionary);
    free(s->children), free(s->dictionary), free(s->private_data);
    s->release = NULL;
}

/* Name and unit of a field, in one block: the metadata are a number of pairs, then length and bytes of each key and value. */
static bool name_field(struct ArrowSchema *s, const char *name, const char *unit) {
    static const char key[] = {'u', 'n', 'i', 't'};
    const int32_t number[] = {1, sizeof key, (int32_t)strlen(unit)};
    const size_t name_size = strlen(name) + 1, metadata = (name_size + 3) / 4 * 4;
    char *block = calloc(1, metadata + sizeof number + sizeof key + strlen(unit));
    if (!block)
        return false;
    memcpy(block, name, name_size);
    s->private_data = block;
    s->name = block;
    if (!*unit)
        return true;
    char *to = block + metadata;
    memcpy(to, number, 2 * sizeof *number);
    memcpy(to + 2 * sizeof *number, key, sizeof key);
    memcpy(to + 2 * sizeof *number + sizeof key, &number[2], sizeof *number);
    memcpy(to + sizeof number + sizeof key, unit, strlen(unit));
    s->metadata = to;
    return true;
}

static bool make_field(struct ArrowSchema *s, const es_stream_column *column) {
    static const char *const formats[] = {[ES_REAL_COLUMN] = "g", [ES_WHOLE_COLUMN] = "l", [ES_TEXT_COLUMN] = "i"};
    *s = (struct ArrowSchema){.format = formats[column->type], .flags = ARROW_FLAG_NULLABLE, .release = release_schema};
    if (!name_field(s, column->name, column->unit))
        return false;
    if (column->type != ES_TEXT_COLUMN)
        return true;
    s->dictionary = malloc(sizeof *s->dictionary);
    if (!s->dictionary)
        return false;
    *s->dictionary = (struct ArrowSchema){.format = "u", .name = "", .release = release_schema};
    return true;
}

/* ---- arrays ---- */

/* What an array holds, behind each other in one block with its buffers. */
typedef struct holder {
    es_chunk *chunk;
    texts *texts;
    const void *buffer[3];
} holder;

static void release_array(struct ArrowArray *a) {
    holder *h = a->private_data;
    for (int64_t i = 0; i < a->n_children; i++) {
        if (a->children[i] && a->children[i]->release)
            a->children[i]->release(a->children[i]);
        free(a->children[i]);
    }
    if (a->dictionary && a->dictionary->release)
        a->dictionary->release(a->dictionary);
    es_chunk_release(h->chunk);
    leave_texts(h->texts);
    free(a->children), free(a->dictionary), free(h);
    a->release = NULL;
}

/* An array with room for buffers; false when out of memory: then there is nothing to release. */
static bool make_array(struct ArrowArray *a, size_t length, size_t nulls, int64_t n_buffers) {
    holder *h = calloc(1, sizeof *h);
    *a = (struct ArrowArray){0};
    if (!h)
        return false;
    *a = (struct ArrowArray){.length = (int64_t)length,
                             .null_count = (int64_t)nulls,
                             .n_buffers = n_buffers,
                             .buffers = h->buffer,
                             .release = release_array,
                             .private_data = h};
    return true;
}

static bool make_column(struct ArrowArray *a, es_chunk *chunk, size_t k, texts *t) {
    if (!make_array(a, chunk->n, chunk->missing[k], 2))
        return false;
    holder *h = a->private_data;
    es_chunk_keep(h->chunk = chunk);
    h->buffer[0] = chunk->valid[k];
    h->buffer[1] = chunk->value[k];
    if (!t)
        return true;
    a->dictionary = malloc(sizeof *a->dictionary);
    if (!a->dictionary || !make_array(a->dictionary, t->n, 0, 3))
        return false;
    h = a->dictionary->private_data;
    atomic_fetch_add(&t->users, 1);
    *h = (holder){.texts = t, .buffer = {NULL, t->offset, t->bytes}};
    return true;
}

/* ---- the stream ---- */

typedef struct source {
    es_stream *stream;
    const es_stream_column *column;
    size_t n;
    texts **texts; /* per column; NULL: numbers */
    es_errors errors;
    bool failed;
} source;

static int fail_memory(source *s) {
    s->errors = (es_errors){0};
    es_fail_memory(&s->errors);
    s->failed = true;
    return ENOMEM;
}

static int get_schema(struct ArrowArrayStream *stream, struct ArrowSchema *out) {
    source *s = stream->private_data;
    struct ArrowSchema schema = {
        .format = "+s", .name = "", .release = release_schema, .children = calloc(s->n + 1, sizeof *schema.children)};
    bool made = schema.children != NULL;
    for (size_t k = 0; k < s->n && made; k++) {
        schema.children[k] = calloc(1, sizeof **schema.children);
        schema.n_children += schema.children[k] != NULL;
        made = schema.children[k] && make_field(schema.children[k], &s->column[k]);
    }
    if (!made) {
        release_schema(&schema);
        return fail_memory(s);
    }
    *out = schema;
    return 0;
}

static int make_batch(source *s, es_chunk *chunk, struct ArrowArray *out) {
    struct ArrowArray batch;
    bool made = make_array(&batch, chunk->n, 0, 1);
    if (!made)
        return fail_memory(s);
    batch.children = calloc(s->n + 1, sizeof *batch.children);
    made = batch.children != NULL;
    for (size_t k = 0; k < s->n && made; k++) {
        batch.children[k] = calloc(1, sizeof **batch.children);
        batch.n_children += batch.children[k] != NULL;
        made = batch.children[k] && make_column(batch.children[k], chunk, k, s->texts[k]);
    }
    if (!made) {
        release_array(&batch);
        return fail_memory(s);
    }
    *out = batch;
    return 0;
}

static int get_next(struct ArrowArrayStream *stream, struct ArrowArray *out) {
    source *s = stream->private_data;
    es_chunk *chunk;
    s->errors = (es_errors){0};
    const es_status status = es_sweep_next(s->stream, &chunk, &s->errors);
    s->failed = status != ES_OK;
    if (status)
        return status == ES_EINT ? EINTR : EIO;
    if (!chunk) {
        out->release = NULL; /* the end */
        return 0;
    }
    const int failure = make_batch(s, chunk, out);
    es_chunk_release(chunk); /* the columns hold it */
    return failure;
}

static const char *get_last_error(struct ArrowArrayStream *stream) {
    const source *s = stream->private_data;
    return s->failed ? s->errors.error[0].text : NULL;
}

static void free_source(source *s) {
    for (size_t k = 0; s->texts && k < s->n; k++)
        leave_texts(s->texts[k]);
    free(s->texts);
    free(s);
}

static void release_stream(struct ArrowArrayStream *stream) {
    source *s = stream->private_data;
    es_sweep_close(s->stream);
    free_source(s);
    stream->release = NULL;
}

es_status es_stream_to_arrow(es_stream *stream, struct ArrowArrayStream *out, es_errors *errors) {
    source *s = calloc(1, sizeof *s);
    if (!s)
        return es_fail_memory(errors);
    s->stream = stream;
    s->column = es_stream_columns(stream, &s->n);
    s->texts = calloc(s->n + 1, sizeof *s->texts);
    bool made = s->texts != NULL;
    for (size_t k = 0; k < s->n && made; k++)
        if (s->column[k].type == ES_TEXT_COLUMN)
            made = (s->texts[k] = join_texts(&s->column[k])) != NULL;
    if (!made) {
        free_source(s);
        return es_fail_memory(errors);
    }
    *out = (struct ArrowArrayStream){.get_schema = get_schema,
                                     .get_next = get_next,
                                     .get_last_error = get_last_error,
                                     .release = release_stream,
                                     .private_data = s};
    return ES_OK;
}
