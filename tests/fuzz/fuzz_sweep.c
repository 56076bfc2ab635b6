/* Any bytes as a sweep file; what is accepted runs. */
#include "fuzz.h"
#include "run.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (fuzz_is_huge(data, size))
        return 0;
    es_sweep *sweep;
    const es_catalog *catalog = fuzz_catalog();
    es_errors *errors = fuzz_errors();
    es_status status = es_sweep_load(&sweep, catalog, fuzz_file(data, size), NULL, 0, NULL, 0, errors);
    fuzz_outcome(status, errors);
    FUZZ_CHECK((status == ES_OK) == (sweep != NULL));
    if (sweep)
        fuzz_use_sweep(sweep);
    es_sweep_free(sweep);
    return 0;
}
