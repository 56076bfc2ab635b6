/* Layout of the header: the GGUF specification of ggml, versions 2 and 3, little-endian. */
#include "import/gguf_file.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/number.h"
#include "base/text.h"

typedef enum value_type { U8, I8, U16, I16, U32, I32, F32, BOOL, STRING, ARRAY, U64, I64, F64, VALUE_TYPES } value_type;

static const uint8_t value_bytes[VALUE_TYPES] = {1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8};

/* The first fault stays in status; every read after it fails. */
typedef struct reader {
    FILE *stream;
    const char *path;
    uint64_t position, size;
    es_arena *arena;
    es_errors *errors;
    es_status status;
} reader;

static bool fail(reader *r, const char *what, const char *name) {
    if (r->status == ES_OK)
        r->status =
            es_fail(r->errors, ES_EUSAGE, &(es_origin){.file = r->path}, "byte %" PRIu64 ": %s%s%s%s", r->position,
                    what, name ? ": '" : "", name ? es_quote_text(name).text : "", name ? "'" : "");
    return false;
}

static bool fail_memory(reader *r) {
    if (r->status == ES_OK)
        r->status = es_fail_memory(r->errors);
    return false;
}

static bool has(reader *r, uint64_t n) {
    if (r->status != ES_OK)
        return false;
    return n <= r->size - r->position || fail(r, "the file ends inside of its header", NULL);
}

static bool take(reader *r, void *to, size_t n) {
    if (!has(r, n))
        return false;
    if (fread(to, 1, n, r->stream) != n)
        return fail(r, ferror(r->stream) ? "read error" : "the file ends inside of its header", NULL);
    r->position += n;
    return true;
}

static bool skip(reader *r, uint64_t n) {
    enum { BY_READING = 1 << 16 };
    char dropped[4096];
    if (!has(r, n))
        return false;
    if (n > BY_READING) {
        r->position += n;
        return fseeko(r->stream, (off_t)r->position, SEEK_SET) == 0 || fail(r, "read error", NULL);
    }
    while (n > 0) {
        const size_t part = n < sizeof dropped ? (size_t)n : sizeof dropped;
        if (!take(r, dropped, part))
            return false;
        n -= part;
    }
    return true;
}

/* Little-endian, whatever the machine. */
static uint64_t take_bits(reader *r, size_t bytes) {
    uint8_t raw[8] = {0};
    uint64_t value = 0;
    if (!take(r, raw, bytes))
        return 0;
    for (size_t i = bytes; i-- > 0;)
        value = value << 8 | raw[i];
    return value;
}

static uint32_t take_u32(reader *r) { return (uint32_t)take_bits(r, 4); }
static uint64_t take_u64(reader *r) { return take_bits(r, 8); }

static double take_number(reader *r, value_type type) {
    const uint64_t bits = take_bits(r, value_bytes[type]);
    const uint32_t low = (uint32_t)bits;
    float single;
    double real;
    switch (type) {
    case I8: return (int8_t)bits;
    case I16: return (int16_t)bits;
    case I32: return (int32_t)low;
    case I64: return (double)(int64_t)bits;
    case F32: memcpy(&single, &low, sizeof single); return single;
    case F64: memcpy(&real, &bits, sizeof real); return real;
    default: return (double)bits;
    }
}

/* NUL-terminated; texts above `most` bytes are skipped and give NULL without a fault when `optional`. */
static const char *take_text(reader *r, uint64_t most, bool optional, const char *what) {
    const uint64_t length = take_u64(r);
    if (!has(r, length))
        return NULL;
    if (length > most) {
        if (optional)
            skip(r, length);
        else
            fail(r, what, NULL);
        return NULL;
    }
    char *text = es_arena_alloc(r->arena, (size_t)length + 1);
    if (text == NULL) {
        fail_memory(r);
        return NULL;
    }
    return take(r, text, (size_t)length) ? text : NULL;
}

static bool skip_array(reader *r, int depth);

static bool skip_items(reader *r, value_type type, uint64_t n, int depth) {
    uint64_t bytes;
    if (value_bytes[type] > 0)
        return (es_mul_u64(n, value_bytes[type], &bytes) || fail(r, "array too long", NULL)) && skip(r, bytes);
    for (uint64_t i = 0; i < n && r->status == ES_OK; i++) {
        if (type == STRING)
            skip(r, take_u64(r));
        else
            skip_array(r, depth + 1);
    }
    return r->status == ES_OK;
}

/* An item takes at least a byte, so that a count beyond the rest of the file is false before anything is read. */
static bool take_array_head(reader *r, value_type *type, uint64_t *n) {
    const uint32_t type_id = take_u32(r);
    *n = take_u64(r);
    *type = U8;
    if (r->status != ES_OK || !has(r, *n))
        return false;
    if (type_id >= VALUE_TYPES)
        return fail(r, "array of an unknown type", NULL);
    *type = (value_type)type_id;
    return true;
}

static bool skip_array(reader *r, int depth) {
    value_type type;
    uint64_t n;
    if (depth > ES_GGUF_MAX_NESTING)
        return fail(r, "arrays nested too deeply", NULL);
    return take_array_head(r, &type, &n) && skip_items(r, type, n, depth);
}

static bool take_numbers(reader *r, value_type type, uint64_t n, es_gguf_key *key) {
    double *numbers = es_arena_array(r->arena, (size_t)n, sizeof *numbers);
    if (numbers == NULL)
        return fail_memory(r);
    for (uint64_t i = 0; i < n; i++)
        numbers[i] = take_number(r, type);
    key->numbers = numbers;
    key->n = (size_t)n;
    return r->status == ES_OK;
}

static bool take_array(reader *r, es_gguf_key *key) {
    value_type type;
    uint64_t n;
    if (!take_array_head(r, &type, &n))
        return false;
    if (value_bytes[type] == 0 || n == 0 || n > ES_GGUF_KEPT_NUMBERS)
        return skip_items(r, type, n, 1);
    return take_numbers(r, type, n, key);
}

static bool take_key(reader *r, es_gguf_key *key) {
    key->key = take_text(r, ES_GGUF_MAX_KEY, false, "name of a metadata key too long");
    const uint32_t type = take_u32(r);
    if (r->status != ES_OK)
        return false;
    if (type >= VALUE_TYPES)
        return fail(r, "metadata of an unknown type", key->key);
    if (type == STRING)
        key->text = take_text(r, ES_GGUF_KEPT_TEXT, true, NULL);
    else if (type == ARRAY)
        take_array(r, key);
    else
        take_numbers(r, (value_type)type, 1, key);
    return r->status == ES_OK;
}

static bool take_tensor(reader *r, es_gguf_tensor *t) {
    t->name = take_text(r, ES_GGUF_MAX_NAME, false, "name of a tensor too long");
    t->n_dims = take_u32(r);
    if (r->status != ES_OK)
        return false;
    if (t->n_dims < 1 || t->n_dims > ES_GGUF_MAX_DIMS)
        return fail(r, "tensors have 1 to 4 dimensions", t->name);
    t->weights = 1;
    for (uint32_t i = 0; i < ES_GGUF_MAX_DIMS; i++) {
        t->dim[i] = i < t->n_dims ? take_u64(r) : 1;
        if (r->status != ES_OK)
            return false;
        if (t->dim[i] == 0 || !es_mul_u64(t->weights, t->dim[i], &t->weights) || t->weights > ES_GGUF_MAX_WEIGHTS)
            return fail(r, "dimension out of range", t->name);
    }
    t->type = take_u32(r);
    t->offset = take_u64(r);
    return r->status == ES_OK;
}

static bool take_head(reader *r, es_gguf_file *file) {
    char magic[4] = {0};
    if (r->size < sizeof magic || !take(r, magic, sizeof magic) || memcmp(magic, "GGUF", sizeof magic) != 0)
        return fail(r, "not a GGUF file", NULL);
    file->version = take_u32(r);
    if (r->status == ES_OK && file->version != 2 && file->version != 3)
        return fail(r,
                    (file->version & 0xffff) == 0 ? "big-endian files are not supported"
                                                  : "only versions 2 and 3 of GGUF are supported",
                    NULL);
    const uint64_t tensors = take_u64(r), keys = take_u64(r);
    if (r->status != ES_OK)
        return false;
    if (tensors > ES_GGUF_MAX_TENSORS || keys > ES_GGUF_MAX_KEYS)
        return fail(r, tensors > ES_GGUF_MAX_TENSORS ? "too many tensors" : "too many metadata keys", NULL);
    /* A key takes at least 13 bytes, a tensor 32. */
    if (!has(r, 13 * keys + 32 * tensors))
        return false;
    file->n_tensors = (size_t)tensors;
    file->n_keys = (size_t)keys;
    file->key = es_arena_array(r->arena, file->n_keys + 1, sizeof *file->key);
    file->tensor = es_arena_array(r->arena, file->n_tensors + 1, sizeof *file->tensor);
    return (file->key && file->tensor) || fail_memory(r);
}

static int compare_names(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

/* `first` points to the name in the first of n items. */
static bool names_differ(reader *r, const char *const *first, size_t n, size_t item_size) {
    const char **names = calloc(n + 1, sizeof *names);
    if (names == NULL)
        return fail_memory(r);
    for (size_t i = 0; i < n; i++)
        memcpy(&names[i], (const char *)first + i * item_size, sizeof *names);
    qsort(names, n, sizeof *names, compare_names);
    for (size_t i = 1; i < n && r->status == ES_OK; i++)
        if (strcmp(names[i - 1], names[i]) == 0)
            fail(r, "given twice", names[i]);
    free(names);
    return r->status == ES_OK;
}

const es_gguf_key *es_gguf_find_key(const es_gguf_file *file, const char *key) {
    for (size_t i = 0; i < file->n_keys; i++)
        if (strcmp(file->key[i].key, key) == 0)
            return &file->key[i];
    return NULL;
}

static bool find_data(reader *r, es_gguf_file *file) {
    const es_gguf_key *key = es_gguf_find_key(file, "general.alignment");
    const double alignment = key && key->n == 1 ? key->numbers[0] : key ? 0 : 32;
    if (!(alignment >= 1 && alignment <= ES_GGUF_MAX_ALIGNMENT))
        return fail(r, "alignment out of range", NULL);
    file->alignment = (uint64_t)alignment;
    if ((double)file->alignment != alignment || (file->alignment & (file->alignment - 1)) != 0)
        return fail(r, "the alignment is no power of two", NULL);
    file->data_offset = (r->position + file->alignment - 1) & ~(file->alignment - 1);
    file->data_bytes = file->size > file->data_offset ? file->size - file->data_offset : 0;
    file->n_parts = 1;
    return true;
}

es_status es_gguf_file_read(FILE *stream, const char *path, es_arena *arena, es_gguf_file *file, es_errors *errors) {
    reader r = {.stream = stream, .path = path, .arena = arena, .errors = errors};
    struct stat st;
    *file = (es_gguf_file){0};
    if (fstat(fileno(stream), &st) != 0)
        return es_fail_errno(errors, "cannot read", path);
    if (!S_ISREG(st.st_mode) || st.st_size < 0)
        return es_fail(errors, ES_EUSAGE, &(es_origin){.file = path}, "expected a regular file");
    rewind(stream);
    file->size = r.size = (uint64_t)st.st_size;
    if (!take_head(&r, file))
        return r.status;
    for (size_t i = 0; i < file->n_keys; i++)
        if (!take_key(&r, &file->key[i]))
            return r.status;
    for (size_t i = 0; i < file->n_tensors; i++)
        if (!take_tensor(&r, &file->tensor[i]))
            return r.status;
    if (names_differ(&r, &file->key[0].key, file->n_keys, sizeof *file->key) &&
        names_differ(&r, &file->tensor[0].name, file->n_tensors, sizeof *file->tensor))
        find_data(&r, file);
    return r.status;
}

/* `-00002-of-00003.gguf` at the end of a path; NULL: none. */
static const char *part_of(const char *path, unsigned *parts) {
    const size_t n = strlen(path), ending = strlen("-00002-of-00003.gguf");
    const char *at = n > ending ? path + n - ending : NULL;
    if (at == NULL || strspn(at + 1, "0123456789") != 5 || strncmp(at + 6, "-of-", 4) != 0 ||
        strspn(at + 10, "0123456789") != 5 || strcmp(at + 15, ".gguf") != 0 || *at != '-')
        return NULL;
    *parts = (unsigned)strtoul(at + 10, NULL, 10);
    return at;
}

static es_status read_part(const char *stem, int length, unsigned part, unsigned parts, es_arena *arena,
                           es_gguf_file *file, es_errors *errors) {
    const char *path = es_arena_printf(arena, "%.*s-%05u-of-%05u.gguf", length, stem, part, parts);
    if (path == NULL)
        return es_fail_memory(errors);
    FILE *stream = fopen(path, "rb");
    if (stream == NULL)
        return es_fail_errno(errors, "cannot open a part of the model", path);
    const es_status status = es_gguf_file_read(stream, path, arena, file, errors);
    fclose(stream);
    return status;
}

es_status es_gguf_file_read_parts(FILE *stream, const char *path, es_arena *arena, es_gguf_file *file,
                                  es_errors *errors) {
    const es_status status = es_gguf_file_read(stream, path, arena, file, errors);
    const es_gguf_key *count = status == ES_OK ? es_gguf_find_key(file, "split.count") : NULL;
    if (count == NULL || count->n != 1 || !(count->numbers[0] > 1))
        return status;
    unsigned parts = 0;
    const char *number = part_of(path, &parts);
    if (number == NULL || parts != count->numbers[0] || parts > ES_GGUF_MAX_PARTS)
        return es_fail(
            errors, ES_EUSAGE, &(es_origin){.file = path},
            "one of %.0f parts of a split model: expected a name like NAME-00001-of-%05.0f.gguf beside the others",
            count->numbers[0], count->numbers[0]);
    es_gguf_file whole = {0};
    for (unsigned i = 1; i <= parts; i++) {
        es_gguf_file part;
        const es_status read = read_part(path, (int)(number - path), i, parts, arena, &part, errors);
        if (read != ES_OK)
            return read;
        es_gguf_tensor *tensors = es_arena_array(arena, whole.n_tensors + part.n_tensors + 1, sizeof *tensors);
        if (tensors == NULL)
            return es_fail_memory(errors);
        if (whole.n_tensors > 0)
            memcpy(tensors, whole.tensor, whole.n_tensors * sizeof *tensors);
        memcpy(tensors + whole.n_tensors, part.tensor, part.n_tensors * sizeof *tensors);
        part.tensor = tensors;
        part.n_tensors += whole.n_tensors;
        part.data_bytes += whole.data_bytes;
        if (i > 1) { /* what the first part says holds */
            part.key = whole.key;
            part.n_keys = whole.n_keys;
        }
        whole = part;
    }
    whole.n_parts = parts;
    *file = whole;
    return ES_OK;
}
