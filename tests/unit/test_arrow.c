/* The Arrow C stream, by a consumer that asks for all that the specification of the C data and stream interfaces says. */
#include "sweep_help.h"

#include <errno.h>
#include <pthread.h>

#include <edgesweep/arrow.h>

static const char roofline[] =
    "[sweep]\nmodel = Llama-3.2-*, Qwen3-0.6B\ndevice = Raspberry Pi 5*, Jetson*\nprecision = Q4_0, Q4_K_M, F16\n"
    "prompt = 1:100\n[pareto]\nminimize = tpot_s, peak_memory_bytes\n";

static es_stream *open_stream(const es_stream_options *options) {
    es_stream *stream;
    cr_assert_eq(es_sweep_open(&stream, options, NULL), ES_OK);
    return stream;
}

static struct ArrowArrayStream open_arrow(const es_stream_options *options) {
    struct ArrowArrayStream arrow;
    cr_assert_eq(es_stream_to_arrow(open_stream(options), &arrow, NULL), ES_OK);
    cr_assert(arrow.get_schema && arrow.get_next && arrow.get_last_error && arrow.release);
    return arrow;
}

/* As consumers move structures: copied, and the source is marked released. */
static struct ArrowArray move_array(struct ArrowArray *from) {
    struct ArrowArray to = *from;
    from->release = NULL;
    return to;
}

/* `unit` of a field's metadata, "" without. */
static void unit_of(const char *metadata, char unit[64]) {
    int32_t pairs, length;
    *unit = '\0';
    if (!metadata)
        return;
    memcpy(&pairs, metadata, sizeof pairs);
    cr_assert_eq(pairs, 1);
    memcpy(&length, metadata += sizeof pairs, sizeof length);
    cr_assert(length == 4 && memcmp(metadata + sizeof length, "unit", 4) == 0);
    memcpy(&length, metadata += sizeof length + 4, sizeof length);
    cr_assert(length > 0 && length < 64);
    memcpy(unit, metadata + sizeof length, (size_t)length);
    unit[length] = '\0';
}

static void check_schema(const struct ArrowSchema *schema, const es_stream *like) {
    static const char *const formats[] = {"g", "l", "i"};
    size_t n;
    const es_stream_column *column = es_stream_columns(like, &n);
    cr_assert_str_eq(schema->format, "+s");
    cr_assert(schema->release && !schema->dictionary && !schema->metadata);
    cr_assert_eq((size_t)schema->n_children, n);
    for (size_t k = 0; k < n; k++) {
        const struct ArrowSchema *field = schema->children[k];
        char unit[64];
        unit_of(field->metadata, unit);
        cr_assert_str_eq(unit, column[k].unit);
        cr_assert_str_eq(field->name, column[k].name);
        cr_assert_str_eq(field->format, formats[column[k].type]);
        cr_assert(field->release && field->n_children == 0 && field->flags == ARROW_FLAG_NULLABLE);
        cr_assert_eq(field->dictionary != NULL, column[k].type == ES_TEXT_COLUMN);
        if (field->dictionary)
            cr_assert(strcmp(field->dictionary->format, "u") == 0 && field->dictionary->release &&
                      !field->dictionary->dictionary && field->dictionary->n_children == 0);
    }
}

static void check_dictionary(const struct ArrowArray *d, const es_stream_column *column) {
    cr_assert(d->release && d->offset == 0 && d->null_count == 0 && d->n_buffers == 3 && !d->buffers[0]);
    cr_assert_eq((size_t)d->length, column->n_texts);
    const int32_t *offset = d->buffers[1];
    const char *bytes = d->buffers[2];
    cr_assert_eq(offset[0], 0);
    for (int64_t i = 0; i < d->length; i++) {
        const size_t length = strlen(column->texts[i]);
        cr_assert_eq((size_t)(offset[i + 1] - offset[i]), length);
        cr_assert_eq(memcmp(bytes + offset[i], column->texts[i], length), 0);
    }
}

/* A column against the chunk of a stream of the same sweep. */
static void check_column(const struct ArrowArray *a, const es_stream_column *column, const es_chunk *chunk, size_t k) {
    cr_assert(a->release && a->offset == 0 && a->n_buffers == 2 && a->n_children == 0);
    cr_assert_eq((size_t)a->length, chunk->n);
    cr_assert_eq((size_t)a->null_count, chunk->missing[k]);
    cr_assert_eq(a->buffers[0] == NULL, a->null_count == 0);
    cr_assert((uintptr_t)a->buffers[0] % 64 == 0 && (uintptr_t)a->buffers[1] % 64 == 0);
    cr_assert_eq(a->dictionary != NULL, column->type == ES_TEXT_COLUMN);
    const size_t width = column->type == ES_TEXT_COLUMN ? 4 : 8;
    cr_assert_eq(memcmp(a->buffers[1], chunk->value[k], chunk->n * width), 0);
    int64_t nulls = 0;
    for (size_t i = 0; i < chunk->n; i++) {
        const bool valid = !a->buffers[0] || ((const uint8_t *)a->buffers[0])[i / 8] >> i % 8 & 1;
        nulls += !valid;
        if (valid && a->dictionary) {
            const int32_t code = ((const int32_t *)a->buffers[1])[i];
            cr_assert(code >= 0 && code < a->dictionary->length);
        }
    }
    cr_assert_eq(nulls, a->null_count);
    if (a->dictionary)
        check_dictionary(a->dictionary, column);
}

static void *release_elsewhere(void *array) {
    ((struct ArrowArray *)array)->release(array);
    return NULL;
}

/* Releases a batch after moving some children out, which live on. */
static void release_in_parts(struct ArrowArray *batch, size_t round) {
    struct ArrowArray child = move_array(batch->children[round % (size_t)batch->n_children]);
    const unsigned char last = ((const unsigned char *)child.buffers[1])[child.length * 4 - 1];
    batch->release(batch);
    cr_assert_null(batch->release);
    cr_assert_eq(((const unsigned char *)child.buffers[1])[child.length * 4 - 1], last);
    struct ArrowArray dictionary = {0};
    if (child.dictionary)
        dictionary = move_array(child.dictionary);
    pthread_t thread;
    cr_assert_eq(pthread_create(&thread, NULL, release_elsewhere, &child), 0);
    pthread_join(thread, NULL);
    cr_assert_null(child.release);
    if (dictionary.release) {
        cr_assert_geq(((const int32_t *)dictionary.buffers[1])[dictionary.length], 1);
        dictionary.release(&dictionary);
    }
}

static void check_stream(const es_stream_options *options) {
    struct ArrowArrayStream arrow = open_arrow(options);
    es_stream *like = open_stream(options);
    size_t n, round = 0;
    const es_stream_column *column = es_stream_columns(like, &n);
    struct ArrowSchema schema;
    for (int i = 0; i < 2; i++) { /* each call makes one of its own */
        cr_assert_eq(arrow.get_schema(&arrow, &schema), 0);
        check_schema(&schema, like);
        struct ArrowSchema moved = schema, field = *schema.children[0];
        schema.release = NULL;
        moved.children[0]->release = NULL;
        moved.release(&moved);
        cr_assert_null(moved.release);
        cr_assert_str_eq(field.name, column[0].name);
        field.release(&field);
        cr_assert_null(field.release);
    }
    for (;; round++) {
        struct ArrowArray batch;
        es_chunk *chunk;
        cr_assert_eq(arrow.get_next(&arrow, &batch), 0);
        cr_assert_null(arrow.get_last_error(&arrow));
        cr_assert_eq(es_sweep_next(like, &chunk, NULL), ES_OK);
        cr_assert_eq(batch.release == NULL, chunk == NULL);
        if (!chunk)
            break;
        cr_assert(batch.n_buffers == 1 && !batch.buffers[0] && batch.null_count == 0 && batch.offset == 0);
        cr_assert(!batch.dictionary && (size_t)batch.n_children == n && (size_t)batch.length == chunk->n);
        for (size_t k = 0; k < n; k++)
            check_column(batch.children[k], &column[k], chunk, k);
        es_chunk_release(chunk);
        release_in_parts(&batch, round);
    }
    cr_assert_gt(round, 0);
    es_sweep_close(like);
    struct ArrowArrayStream moved = arrow;
    arrow.release = NULL;
    moved.release(&moved);
    cr_assert_null(moved.release);
}

Test(arrow, is_what_the_specification_says) {
    check_stream(&(es_stream_options){.text = roofline, .chunk_rows = 333});
    check_stream(&(es_stream_options){.text = roofline, .chunk_rows = 8, .table = ES_STREAM_FRONT});
}

Test(arrow, outlives_its_stream) {
    struct ArrowArrayStream arrow = open_arrow(&(es_stream_options){.text = roofline, .chunk_rows = 100});
    struct ArrowSchema schema;
    struct ArrowArray batch[5];
    cr_assert_eq(arrow.get_schema(&arrow, &schema), 0);
    for (size_t i = 0; i < LENGTH(batch); i++)
        cr_assert_eq(arrow.get_next(&arrow, &batch[i]), 0);
    arrow.release(&arrow);
    cr_expect_str_eq(schema.children[0]->name, "model");
    const struct ArrowArray *models = batch[4].children[0];
    cr_expect_eq(memcmp(models->dictionary->buffers[2], "Llama-3.2-1B", 12), 0);
    for (size_t i = 0; i < LENGTH(batch); i++)
        batch[i].release(&batch[i]);
    schema.release(&schema);
}

Test(arrow, tells_errors_by_errno_and_in_words) {
    es_stream *stream = open_stream(&(es_stream_options){.text = roofline, .chunk_rows = 10});
    struct ArrowArrayStream arrow;
    cr_assert_eq(es_stream_to_arrow(stream, &arrow, NULL), ES_OK);
    struct ArrowArray batch;
    cr_assert_eq(arrow.get_next(&arrow, &batch), 0);
    batch.release(&batch);
    es_sweep_cancel(stream);
    int status;
    while ((status = arrow.get_next(&arrow, &batch)) == 0 && batch.release)
        batch.release(&batch);
    cr_expect_eq(status, EINTR);
    cr_expect_str_eq(arrow.get_last_error(&arrow), "cancelled");
    arrow.release(&arrow);

    const char *sets[] = {"kernel=edgeprofiler",  "model=EP-Gemma3-1B", "device=EP Raspberry Pi 4",
                          "model.layers=1000000", "model.hidden=1e9",   "model.vocab=1e9"};
    arrow = open_arrow(&(es_stream_options){.sets = sets, .n_sets = LENGTH(sets)});
    cr_expect_eq(arrow.get_next(&arrow, &batch), EIO);
    cr_expect(strstr(arrow.get_last_error(&arrow), "beyond 63 bits"));
    arrow.release(&arrow);
}
