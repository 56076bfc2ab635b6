/* Runs a target over inputs, without a fuzzer: `fuzz_NAME CORPUS...`, files of inputs packed by --pack, single inputs or
 * folders of such.  `fuzz_NAME --pack OUT FOLDER...` packs the distinct files of folders, the shortest first;
 * `fuzz_NAME --unpack FOLDER OUT` does the reverse.
 *
 * A packed corpus is a zstd frame: per input its length as 4 bytes, lowest first, and its bytes. */
#include "fuzz.h"

#include <dirent.h>
#include <sys/stat.h>
#include <xxhash.h>
#include <zstd.h>

static const uint8_t frame_magic[4] = {0x28, 0xB5, 0x2F, 0xFD};

typedef struct input {
    uint8_t *data;
    size_t size;
} input;

typedef struct inputs {
    input *input;
    size_t n, capacity;
} inputs;

static void *need(void *memory) {
    FUZZ_CHECK(memory);
    return memory;
}

static input read_file(const char *path) {
    struct stat status;
    FILE *file = fopen(path, "rb");
    if (!file || fstat(fileno(file), &status) != 0) {
        perror(path);
        exit(1);
    }
    input in = {need(malloc((size_t)status.st_size + 1)), (size_t)status.st_size};
    FUZZ_CHECK(fread(in.data, 1, in.size, file) == in.size);
    fclose(file);
    return in;
}

static void add(inputs *all, input in) {
    if (all->n == all->capacity)
        all->input = need(realloc(all->input, (all->capacity = 2 * all->capacity + 64) * sizeof *all->input));
    all->input[all->n++] = in;
}

/* Takes a packed file apart; each input in a block of its own, where sanitizers see its end. */
static void add_packed(inputs *all, input packed) {
    unsigned long long size = ZSTD_getFrameContentSize(packed.data, packed.size);
    FUZZ_CHECK(size < 1u << 30);
    uint8_t *data = need(malloc((size_t)size + 1));
    FUZZ_CHECK(ZSTD_decompress(data, (size_t)size, packed.data, packed.size) == size);
    for (size_t at = 0; at < size;) {
        FUZZ_CHECK(size - at >= 4);
        size_t n = data[at] | (size_t)data[at + 1] << 8 | (size_t)data[at + 2] << 16 | (size_t)data[at + 3] << 24;
        at += 4;
        FUZZ_CHECK(size - at >= n);
        input in = {need(malloc(n + !n)), n};
        memcpy(in.data, data + at, n);
        add(all, in);
        at += n;
    }
    free(data);
    free(packed.data);
}

/* A packed corpus is named itself; in a folder every file is one input. */
static void add_path(inputs *all, const char *path, bool inside) {
    struct stat status;
    if (stat(path, &status) != 0 || !S_ISDIR(status.st_mode)) {
        input in = read_file(path);
        if (!inside && in.size > sizeof frame_magic && !memcmp(in.data, frame_magic, sizeof frame_magic))
            add_packed(all, in);
        else
            add(all, in);
        return;
    }
    DIR *folder = need(opendir(path));
    for (struct dirent *entry; (entry = readdir(folder));) {
        char file[4096];
        snprintf(file, sizeof file, "%s/%s", path, entry->d_name);
        if (entry->d_name[0] != '.')
            add_path(all, file, true);
    }
    closedir(folder);
}

static int by_size(const void *a, const void *b) {
    const input *x = a, *y = b;
    if (x->size != y->size)
        return x->size < y->size ? -1 : 1;
    return x->size ? memcmp(x->data, y->data, x->size) : 0;
}

static void sort_distinct(inputs *all) {
    size_t n = 0;
    qsort(all->input, all->n, sizeof *all->input, by_size);
    for (size_t i = 0; i < all->n; i++) {
        if (n && by_size(&all->input[n - 1], &all->input[i]) == 0)
            free(all->input[i].data);
        else
            all->input[n++] = all->input[i];
    }
    all->n = n;
}

/* One file per input. */
static void unpack(const inputs *all, const char *folder) {
    char path[4096];
    mkdir(folder, 0777);
    for (size_t i = 0; i < all->n; i++) {
        snprintf(path, sizeof path, "%s/%016llx", folder,
                 (unsigned long long)XXH64(all->input[i].data, all->input[i].size, 0));
        fuzz_write(path, all->input[i].data, all->input[i].size);
    }
}

static void pack(const inputs *all, const char *path) {
    size_t size = 0, at = 0;
    for (size_t i = 0; i < all->n; i++)
        size += 4 + all->input[i].size;
    uint8_t *data = need(malloc(size + 1));
    for (size_t i = 0; i < all->n; i++) {
        const input *in = &all->input[i];
        for (int byte = 0; byte < 4; byte++)
            data[at++] = (uint8_t)(in->size >> 8 * byte);
        memcpy(data + at, in->data, in->size);
        at += in->size;
    }
    size_t bound = ZSTD_compressBound(size);
    uint8_t *packed = need(malloc(bound));
    size_t n = ZSTD_compress(packed, bound, data, size, 19);
    FUZZ_CHECK(!ZSTD_isError(n));
    fuzz_write(path, packed, n);
    free(data);
    free(packed);
}

int main(int argc, char **argv) {
    inputs all = {0};
    bool packing = argc > 2 && !strcmp(argv[1], "--pack"), unpacking = argc > 2 && !strcmp(argv[1], "--unpack");
    for (int i = packing || unpacking ? 3 : 1; i < argc; i++)
        add_path(&all, argv[i], false);
    sort_distinct(&all);
    if (packing)
        pack(&all, argv[2]);
    if (unpacking)
        unpack(&all, argv[2]);
    for (size_t i = 0; i < all.n; i++) {
        if (!packing && !unpacking)
            LLVMFuzzerTestOneInput(all.input[i].data, all.input[i].size);
        free(all.input[i].data);
    }
    printf("%zu inputs, %zu refused\n", all.n, fuzz_refused);
    free(all.input);
    return all.n ? 0 : 1;
}
