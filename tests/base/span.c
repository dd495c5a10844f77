/* SPDX-License-Identifier: Apache-2.0 */
#include "support/test.h"
#include "base/span.h"

#include <stdlib.h>
#include <string.h>

/* A span over exactly `size` bytes of heap, so that a sanitizer sees one byte too many. */
static struct span counting(size_t size) {
    static const uint8_t numbers[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    uint8_t *bytes = malloc(size ? size : 1);
    assert_non_null(bytes);
    memcpy(bytes, numbers, size);
    return span_of(bytes, size);
}

static void little_endian(void **state) {
    (void)state;
    struct span s = counting(13);
    uint8_t a;
    uint32_t c;
    uint64_t d;
    assert_true(span_u8(&s, &a) && a == 1);
    assert_true(span_u32(&s, &c) && c == 0x05040302);
    assert_true(span_u64(&s, &d) && d == 0x0d0c0b0a09080706);
    assert_int_equal(span_left(&s), 0);
    free((void *)s.data);
}

/* Each read of `width` bytes, at every length too short: false, and nothing moves. */
static void ends(void **state) {
    (void)state;
    for (size_t size = 0; size < 9; size++) {
        struct span s = counting(size);
        uint8_t a = 99;
        uint32_t c = 99;
        uint64_t d = 99;
        if (size < 8) assert_false(span_u64(&s, &d));
        if (size < 4) assert_false(span_u32(&s, &c));
        if (size < 1) assert_false(span_u8(&s, &a));
        assert_true(a == 99 && c == 99 && d == 99);
        assert_int_equal(s.position, 0);
        free((void *)s.data);
    }
}

static void bytes(void **state) {
    (void)state;
    struct span s = counting(5);
    assert_ptr_equal(span_bytes(&s, 2), s.data);
    assert_null(span_bytes(&s, 4));
    assert_null(span_bytes(&s, UINT64_MAX)); /* position + count would wrap around */
    assert_null(span_bytes(&s, UINT64_MAX - 1));
    assert_null(span_bytes(&s, SIZE_MAX));
    assert_int_equal(s.position, 2);
    assert_ptr_equal(span_bytes(&s, 3), s.data + 2);
    assert_ptr_equal(span_bytes(&s, 0), s.data + 5); /* none is not an error, even at the end */
    assert_null(span_bytes(&s, 1));
    free((void *)s.data);
}

static void nothing(void **state) {
    (void)state;
    struct span s = span_of(NULL, 0); /* an empty file */
    uint8_t a;
    assert_false(span_u8(&s, &a));
    assert_null(span_bytes(&s, 1));
    assert_null(span_bytes(&s, 0));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(little_endian),
        cmocka_unit_test(ends),
        cmocka_unit_test(bytes),
        cmocka_unit_test(nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
