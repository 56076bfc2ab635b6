#include "tables/boundaries.h"

#include <stdlib.h>
#include <string.h>

es_status es_boundaries_column(const es_csv_input *csv, const es_energies *energies,
                               const es_column_objective *objective, size_t n, size_t *column, es_errors *errors) {
    es_status status = ES_OK;
    bool energy = false;
    for (size_t i = 0; i < n && !energy && !status; i++)
        status = es_energies_among(energies, &objective[i].column, 1, &energy, errors);
    *column = energy ? es_csv_input_find(csv, es_slice_of("power_boundary")) : SIZE_MAX;
    return status;
}

void es_boundaries_free(es_boundaries *seen) {
    es_keys_free(&seen->names);
    free(seen->of);
}

es_status es_boundaries_note(es_boundaries *seen, uint32_t group, es_slice cell, es_errors *errors) {
    if (group < seen->n && seen->of[group][0]) {
        const es_slice first = es_keys_text(&seen->names, seen->of[group][0] - 1);
        if (first.length == cell.length && (cell.length == 0 || !memcmp(first.text, cell.text, cell.length)))
            return ES_OK;
    }
    uint32_t number;
    if (!es_grow((void **)&seen->of, &seen->capacity, (size_t)group + 1, sizeof *seen->of))
        return es_fail_memory(errors);
    while (seen->n <= group)
        memset(seen->of[seen->n++], 0, sizeof *seen->of);
    const es_status status = es_keys_number(&seen->names, es_csv_value(cell, NULL), &number, errors);
    uint32_t *of = seen->of[group];
    if (!status && !of[0])
        of[0] = number + 1;
    else if (!status && !of[1] && of[0] != number + 1)
        of[1] = number + 1;
    return status;
}

es_status es_boundaries_add(es_boundaries *seen, uint32_t group, const es_boundaries *other, size_t i,
                            es_errors *errors) {
    es_status status = ES_OK;
    for (int k = 0; i < other->n && k < 2 && !status && other->of[i][k]; k++)
        status = es_boundaries_note(seen, group, es_keys_text(&other->names, other->of[i][k] - 1), errors);
    return status;
}

es_status es_boundaries_check(const es_boundaries *seen, es_errors *errors) {
    for (size_t i = 0; i < seen->n; i++)
        if (seen->of[i][1])
            return es_fail(errors, ES_ERUNTIME, NULL,
                           "energies of different power boundaries are compared: '%s' and '%s' (--by power_boundary "
                           "keeps them apart, --where \"power_boundary = 'wall'\" takes one, --mix-boundaries compares "
                           "them)",
                           es_quote(es_keys_text(&seen->names, seen->of[i][0] - 1)).text,
                           es_quote(es_keys_text(&seen->names, seen->of[i][1] - 1)).text);
    return ES_OK;
}
