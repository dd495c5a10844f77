/* SPDX-License-Identifier: Apache-2.0 */
#include "support/test.h"
#include "base/arena.h"

#include <stdint.h>
#include <string.h>

static int all_zero(const unsigned char *p, size_t size) {
    for (size_t i = 0; i < size; i++)
        if (p[i]) return 0;
    return 1;
}

/* Sizes around the alignment and around the 65536 bytes of a block. */
static void zeroed_aligned_apart(void **state) {
    (void)state;
    static const size_t sizes[] = {1, 15, 16, 17, 4096, 65519, 65520, 65535, 65536, 65537, 1 << 20, 1};
    enum { COUNT = sizeof sizes / sizeof *sizes };
    struct arena a = {0};
    unsigned char *p[COUNT];
    for (size_t i = 0; i < COUNT; i++) {
        p[i] = arena_alloc(&a, sizes[i], 1);
        assert_non_null(p[i]);
        assert_int_equal((uintptr_t)p[i] % 16, 0);
        assert_true(all_zero(p[i], sizes[i]));
        memset(p[i], (int)i + 1, sizes[i]);
    }
    for (size_t i = 0; i < COUNT; i++) /* nobody wrote over a neighbour */
        for (size_t k = 0; k < sizes[i]; k++) assert_int_equal(p[i][k], i + 1);
    arena_finish(&a);
    assert_null(a.last);
}

static void many_small(void **state) {
    (void)state;
    struct arena a = {0};
    unsigned char *last = NULL;
    for (int i = 0; i < 20000; i++) {
        unsigned char *p = arena_alloc(&a, 3, 7);
        assert_non_null(p);
        assert_true(p != last && all_zero(p, 21));
        memset(p, 0xff, 21);
        last = p;
    }
    arena_finish(&a);
}

static void overflow(void **state) {
    (void)state;
    struct arena a = {0};
    assert_null(arena_alloc(&a, SIZE_MAX, 1));
    assert_null(arena_alloc(&a, SIZE_MAX, 2));
    assert_null(arena_alloc(&a, SIZE_MAX / 2 + 1, 2)); /* a product of 0 */
    assert_null(arena_alloc(&a, SIZE_MAX - 15, 1));
    assert_null(arena_alloc(&a, SIZE_MAX - 16, 1));
    assert_null(arena_alloc(&a, SIZE_MAX - 40, 1)); /* the block's own head no longer fits */
    assert_null(arena_copy(&a, "", SIZE_MAX));
    assert_non_null(arena_alloc(&a, 8, 8)); /* still usable */
    arena_finish(&a);
}

static void empty(void **state) {
    (void)state;
    struct arena a = {0};
    arena_finish(&a);
    assert_non_null(arena_alloc(&a, 0, 8)); /* not NULL: that means out of memory */
    assert_non_null(arena_alloc(&a, 8, 0));
    arena_finish(&a);
    assert_non_null(arena_alloc(&a, 1, 1));
    arena_finish(&a);
    arena_finish(&a);
}

static void copies(void **state) {
    (void)state;
    struct arena a = {0};
    assert_string_equal(arena_copy(&a, "a cat and more", 5), "a cat");
    assert_string_equal(arena_copy(&a, "", 0), "");
    const char *inside = arena_copy(&a, "x\0y", 3);
    assert_memory_equal(inside, "x\0y", 4);
    arena_finish(&a);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(zeroed_aligned_apart),
        cmocka_unit_test(many_small),
        cmocka_unit_test(overflow),
        cmocka_unit_test(empty),
        cmocka_unit_test(copies),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
