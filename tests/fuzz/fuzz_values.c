/* Any bytes as the values of a numeric axis, under rules that the first byte chooses. */
#include "fuzz.h"

#include <math.h>

#include "base/arena.h"
#include "grid/values.h"

static es_value_rule rule_of(uint8_t choice) {
    es_value_rule rule = {.name = "axis", .unit = choice & 1 ? "GB/s" : "", .min = choice & 2 ? 1 : -1e18, .max = 1e18};
    rule.exclusive = choice & 4;
    rule.whole = choice & 8;
    rule.factors = choice & 16;
    if (choice & 32)
        rule.min = 0, rule.max = 1;
    return rule;
}

static void check_values(const es_values *values, const es_value_rule *rule) {
    FUZZ_CHECK(values->n > 0 && values->n <= ES_MAX_AXIS_VALUES && (rule->factors || !values->factor));
    for (size_t i = 0; i < values->n; i++) {
        double x = values->value[i];
        FUZZ_CHECK(isfinite(x));
        if (values->factor)
            FUZZ_CHECK(x >= 0);
        else
            FUZZ_CHECK((rule->exclusive ? x > rule->min : x >= rule->min) && x <= rule->max &&
                       (!rule->whole || x == floor(x)));
    }
    for (size_t i = 0; i < values->n && i < 300; i++)
        for (size_t j = 0; j < i; j++)
            FUZZ_CHECK(values->value[i] != values->value[j]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size < 1 || fuzz_is_huge(data + 1, size - 1))
        return 0;
    es_arena arena = {0};
    es_errors *errors = fuzz_errors();
    es_values values = {0};
    const es_value_rule rule = rule_of(data[0]);
    const es_slice text = {(const char *)data + 1, size - 1};
    es_status status = es_values_parse(&values, text, (es_origin){"axis", 1, 1}, &rule, &arena, errors);
    fuzz_outcome(status, errors);
    if (!status)
        check_values(&values, &rule);
    es_arena_free(&arena);
    return 0;
}
