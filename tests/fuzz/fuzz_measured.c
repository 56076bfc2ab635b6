/* Any bytes as measurements: read as CSV or JSON, joined, predicted, calibrated. */
#include "fuzz.h"

#include <math.h>

#include "calibrate/calibrate.h"
#include "calibrate/validate.h"

enum { MAX_FITTED = 6 }; /* more take too long */

static void use(const char *path, const es_catalog *catalog, es_point_kernel *point) {
    es_arena arena = {0};
    es_measured measured;
    es_calibrated calibrated;
    es_errors *errors = fuzz_errors();
    es_status status = es_measured_read(&measured, path, NULL, "Raspberry Pi 5", catalog, point, &arena, errors);
    fuzz_outcome(status, errors);
    if (!status) {
        es_prediction *prediction = es_arena_array(&arena, measured.n + 1, sizeof *prediction);
        if (!prediction || es_validate(&measured, point, prediction, NULL))
            abort();
        if (measured.n <= MAX_FITTED && es_calibrate(&measured, point, true, &arena, &calibrated, NULL))
            abort();
        for (size_t i = 0; measured.n <= MAX_FITTED && i < calibrated.n_rows; i++)
            if (!isfinite(calibrated.row[i].value)) /* logarithms */
                abort();
    }
    es_arena_free(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static es_catalog catalog;
    static es_arena kept;
    static es_point_kernel point;
    if (!catalog.arena && (es_catalog_load(&catalog, NULL, 0, NULL) ||
                           es_point_kernel_prepare(&point, "roofline", &catalog, &kept, NULL)))
        abort();
    use(fuzz_file(data, size), &catalog, &point);
    return 0;
}
