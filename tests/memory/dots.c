/* SPDX-License-Identifier: Apache-2.0
 * Every kernel that this processor has against plain C: the same sums, at every size and place. */
#include "memory/dots.h"
#include "memory/pack.h"
#include "memory/page_sum.h"
#include "support/test.h"

#include <stdlib.h>
#include <string.h>

enum { COUNT = 5, MOST = 1100 };

static int random_of(uint64_t *seed, int most) {
    *seed = *seed * 6364136223846793005u + 1442695040888963407u;
    return (int)(*seed >> 33) % (2 * most + 1) - most;
}

static void same(const struct dots_kernel *k, size_t size, uint64_t *seed, bool extreme) {
    int32_t sums[COUNT], expected[COUNT];
    int8_t *vectors = malloc(COUNT * size + 1); /* of this size alone: a sanitizer sees what lies behind */
    int16_t *text = malloc(size * sizeof *text + 1);
    for (size_t i = 0; i < COUNT * size; i++) vectors[i] = (int8_t)(extreme ? -127 : random_of(seed, 127));
    for (size_t i = 0; i < size; i++) text[i] = (int16_t)(extreme ? 2047 : random_of(seed, 2047));
    for (size_t i = 0; i < COUNT; i++) expected[i] = pack_dot(vectors + i * size, text, size);
    for (int with = 0; with < 2; with++) {
        int64_t bytes = 0;
        memset(sums, 0, sizeof sums);
        k->run(vectors, COUNT, size, text, sums, with ? &bytes : NULL);
        if (memcmp(sums, expected, sizeof sums)) fail_msg("%s differs at %zu numbers", k->name, size);
        if (with && bytes != page_sum(vectors, COUNT * size)) fail_msg("%s: sum of %zu numbers", k->name, size);
    }
    free(vectors);
    free(text);
}

static void test_same(void **state) {
    (void)state;
    static const size_t large[] = {511, 512, 513, 640, 768, 1023, 1024, 1025, MOST, PACK_MOST};
    size_t count;
    uint64_t seed = 1;
    const struct dots_kernel *kernels = dots_kernels(&count);
    for (size_t i = 0; i < count; i++) {
        if (!kernels[i].fits()) {
            print_message("%s: not on this processor\n", kernels[i].name);
            continue;
        }
        for (size_t size = 1; size < 200; size++) same(&kernels[i], size, &seed, false);
        for (size_t k = 0; k < sizeof large / sizeof *large; k++) same(&kernels[i], large[k], &seed, false);
        same(&kernels[i], PACK_MOST, &seed, true);
    }
}

static void test_choice(void **state) {
    (void)state;
    size_t count;
    const struct dots_kernel *kernels = dots_kernels(&count), *k = kernels;
    while (!k->fits()) k++;
    assert_ptr_equal(dots_best(), k->run);
    assert_string_equal(kernels[count - 1].name, "plain");
    assert_true(kernels[count - 1].fits());
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_same), cmocka_unit_test(test_choice)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
