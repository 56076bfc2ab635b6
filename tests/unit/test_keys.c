/* Groups of rows: equal texts have one number, others have others, however many there are. */
#include <criterion/criterion.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/keys.h"

static uint32_t number_of(es_keys *keys, const char *text, size_t length) {
    uint32_t number = UINT32_MAX;
    cr_assert_eq(es_keys_number(keys, (es_slice){text, length}, &number, NULL), ES_OK);
    return number;
}

Test(keys, numbered_in_the_order_met) {
    enum { N = 50000 };
    es_keys keys = {0};
    char text[32];
    for (int round = 0; round < 2; round++)
        for (uint32_t i = 0; i < N; i++) {
            const int n = snprintf(text, sizeof text, "%x key %u", i * 2654435761u, i % 7);
            cr_assert_eq(number_of(&keys, text, (size_t)n), i, "round %d: %s", round, text);
            cr_assert_eq(number_of(&keys, text, (size_t)n), i);
        }
    cr_expect_eq(keys.n, N);
    for (uint32_t i = 0; i < N; i += 101) {
        const int n = snprintf(text, sizeof text, "%x key %u", i * 2654435761u, i % 7);
        const es_slice found = es_keys_text(&keys, i);
        cr_assert(found.length == (size_t)n && memcmp(found.text, text, found.length) == 0);
    }
    es_keys_free(&keys);
    cr_expect_eq(keys.n, 0);
}

Test(keys, any_bytes) {
    es_keys keys = {0};
    cr_expect_eq(number_of(&keys, "", 0), 0);
    cr_expect_eq(number_of(&keys, "a", 1), 1);
    cr_expect_eq(number_of(&keys, "a\0", 2), 2);
    cr_expect_eq(number_of(&keys, "a\0b", 3), 3);
    cr_expect_eq(number_of(&keys, "ab", 2), 4);
    cr_expect_eq(number_of(&keys, "", 0), 0);
    cr_expect_eq(number_of(&keys, "a\0b", 3), 3);
    cr_expect_eq(es_keys_text(&keys, 0).length, 0);
    cr_expect_eq(es_keys_text(&keys, 2).length, 2);
    es_keys_free(&keys);
}
