/* SPDX-License-Identifier: Apache-2.0
 * The device's measured limits: such that no op of ours can pass them by much. */
#include "op/peak.h"
#include "base/clock.h"
#include "support/gpu.h"
#include "support/test.h"

#include <stdlib.h>

static void check(enum ocelli_kind kind, const char *name) {
    struct gpu gpu;
    struct op_peak peak;
    gpu_open_anew(&gpu); /* skips where there is no device */
    op_list_destroy(&gpu.list);
    op_device_close(&gpu.device);
    if (op_device_open(&gpu.device, &(struct op_device_params){.device = getenv("OCELLI_DEVICE"), .kind = kind}) ==
        OCELLI_OK) {
        double start = clock_ms();
        assert_int_equal(op_peak_measure(gpu.device, &peak), OCELLI_OK);
        printf("%s: %.1f G MAC/s, %.1f GB/s, measured in %.0f ms\n", name, peak.macs / 1e9, peak.bytes / 1e9,
               clock_ms() - start);
        assert_true(peak.macs > 1e6 && peak.macs < 1e16);
        assert_true(peak.bytes > 1e6 && peak.bytes < 1e14);
        op_device_close(&gpu.device);
    }
    gpu_test_silent(NULL);
}

static void test_float(void **state) {
    (void)state;
    check(OCELLI_KIND_F16W, "float");
}

static void test_dot(void **state) {
    (void)state;
    check(OCELLI_KIND_DOT, "dot");
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_float), cmocka_unit_test(test_dot)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
