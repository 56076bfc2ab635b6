/* Any bytes as measurements: read as CSV or JSON, joined, predicted, calibrated. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "analyse/calibrate.h"
#include "analyse/validate.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void use(const char *path, const es_catalog *catalog) {
    es_arena arena = {0};
    es_point_kernel point;
    es_measured measured;
    es_calibrated calibrated;
    if (es_point_kernel_prepare(&point, "roofline", catalog, &arena, NULL))
        abort();
    if (!es_measured_read(&measured, path, "Raspberry Pi 5", catalog, &point, &arena, NULL)) {
        es_prediction *prediction = es_arena_array(&arena, measured.n + 1, sizeof *prediction);
        if (!prediction || es_validate(&measured, &point, prediction, NULL) ||
            es_calibrate(&measured, catalog, &point, &arena, &calibrated, NULL))
            abort();
        for (size_t i = 0; i < calibrated.n_rows; i++)
            if (!(calibrated.row[i].value > 0))
                abort();
    }
    es_arena_free(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static es_catalog catalog;
    if (!catalog.arena && es_catalog_load(&catalog, NULL, 0, NULL))
        abort();
    const int fd = memfd_create("measured", MFD_CLOEXEC);
    char path[64];
    if (fd < 0 || write(fd, data, size) != (ssize_t)size)
        abort();
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    use(path, &catalog);
    close(fd);
    return 0;
}
