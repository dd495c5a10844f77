/* SPDX-License-Identifier: Apache-2.0
 * The processor as a device: a kernel that computes wrongly is left out, the faster of two devices stays, memory that
 * is not there is told. */
#include "op/choice.h"
#include "op/cpu/cpu.h"
#include "support/checkpoint.h"
#include "support/heard.h"
#include "support/test.h"

#include <stdlib.h>
#include <string.h>

static char *folder;

static int setup(void **state) {
    (void)state;
    folder = checkpoint_folder();
    return 0;
}

static int teardown(void **state) {
    (void)state;
    ocelli_set_log(NULL, NULL);
    checkpoint_remove(folder);
    return 0;
}

static struct op_device *open_cpu(void) {
    struct op_device *d;
    assert_int_equal(op_device_open(&d, &(struct op_device_params){.device = "CPU"}), OCELLI_OK);
    assert_int_equal(op_device_type(d), OP_DEVICE_CPU);
    return d;
}

/* ---- kernels that lie ---- */

static const struct cpu_kernels *honest;
static unsigned told;

static void hear_lie(void *user, enum ocelli_log_level level, const char *message) {
    (void)user;
    if (level == OCELLI_LOG_INFO) return;
    assert_non_null(strstr(message, "computes wrongly with"));
    told++;
}

static void lying_dot(const void *in, size_t row_bytes, const int8_t *panel, uint32_t steps, uint32_t rows,
                      int32_t *sums) {
    honest->dot.tile(in, row_bytes, panel, steps, rows, sums);
    sums[0]++;
}

static void lying_float(const float *in, size_t stride, const int8_t *panel, uint32_t k, uint32_t rows, float *sums) {
    honest->floats.tile(in, stride, panel, k, rows, sums);
    sums[honest->floats.columns - 1] *= 1.001f;
}

/* The device's first kernels lie in one or both; gives which way is taken. `kept`: a folder to remember it in. */
static void check_lie(bool dot, bool floats, const char *kept) {
    struct op_device *d = open_cpu();
    struct cpu_device *cpu = cpu_of(d);
    struct cpu_kernels lying = *cpu->all[0];
    setenv("OCELLI_CACHE", kept ? kept : "", 1);
    honest = cpu->all[0];
    if (dot) lying.dot.tile = lying_dot;
    if (floats) lying.floats.tile = lying_float;
    cpu->all[0] = cpu->kernels = &lying;
    told = 0;
    ocelli_set_log(hear_lie, NULL);
    assert_int_equal(op_device_choose(&d, true), cpu->count > 1 || !(dot && floats) ? OCELLI_OK : OCELLI_ERR_WRONG);
    assert_in_range(told, dot + floats, dot + floats + 1); /* the floats again, on the way to plain C */
    const struct op_way *way = op_device_way(d);
    print_message("taken: %s\n", way->name);
    if (cpu->count > 1 || !(dot && floats)) {
        assert_false(way->id == 0 && dot);
        assert_false(way->id == 1 && floats);
        assert_int_equal(choice_check(d), OCELLI_OK);
    }
    op_device_close(&d);
    setenv("OCELLI_CACHE", "", 1);
}

static void test_lies(void **state) {
    (void)state;
    for (int kept = 0; kept < 2; kept++) {
        check_lie(true, false, kept ? checkpoint_path(folder, "one") : NULL);
        check_lie(true, true, kept ? checkpoint_path(folder, "two") : NULL);
    }
}

static void test_all_ways(void **state) {
    (void)state;
    struct op_way ways[OP_WAYS_MOST];
    struct op_device *d = open_cpu();
    uint32_t count = op_device_ways(d, ways);
    assert_int_equal(count, 2 * cpu_of(d)->count);
    for (uint32_t i = 0; i < count; i++) {
        op_device_use(d, &ways[i]);
        assert_int_equal(choice_check(d), OCELLI_OK);
    }
    op_device_use(d, &ways[0]);
    for (count = 0; op_device_use_plainer(d); count++) assert_false(op_input_is_int8(d));
    assert_int_equal(count, cpu_of(d)->count); /* ends in plain C */
    assert_string_equal(op_device_way(d)->name, "plain float");
    op_device_close(&d);
}

/* ---- two devices ---- */

static void check_rivals(double gpu_ms, double cpu_ms, bool slow, bool cpu_wins) {
    struct op_device *gpu = open_cpu(), *cpu = open_cpu(), *chosen = gpu;
    gpu->ms = gpu_ms, cpu->ms = cpu_ms, gpu->is_slow = slow;
    gpu->chosen = cpu->chosen = true;
    gpu->rival = cpu;
    assert_int_equal(op_device_choose(&chosen, true), OCELLI_OK);
    assert_ptr_equal(chosen, cpu_wins ? cpu : gpu);
    assert_null(chosen->rival);
    op_device_close(&chosen);
}

static void test_rivals(void **state) {
    (void)state;
    check_rivals(10, 7, false, true);
    check_rivals(10, 9, false, false); /* a GPU leaves the processor free */
    check_rivals(10, 20, true, false); /* what was timed counts, not what is known */
    check_rivals(0, 0, true, true);
    check_rivals(0, 0, false, false);
}

/* ---- what is asked for ---- */

static void test_threads(void **state) {
    (void)state;
    struct op_device *d;
    listen();
    assert_int_equal(op_device_open(&d, &(struct op_device_params){.device = "cpu", .threads = 257}), OCELLI_ERR_USAGE);
    assert_int_equal(heard.lines, 1);
    assert_null(d);
    for (uint32_t threads = 1; threads <= OCELLI_THREADS_MOST; threads += 255) {
        assert_int_equal(op_device_open(&d, &(struct op_device_params){.device = "cpu", .threads = threads}),
                         OCELLI_OK);
        assert_int_equal(choice_check(d), OCELLI_OK);
        op_device_close(&d);
    }
}

static void test_no_memory(void **state) {
    (void)state;
    struct op_device *d = open_cpu();
    struct op_memory *m;
    uint64_t before = op_device_bytes(d);
    listen();
    assert_int_equal(op_memory_create(&m, d, UINT64_C(1) << 60, OP_USE_DEVICE, "too much"), OCELLI_ERR_MEMORY);
    assert_null(m);
    assert_int_equal(heard.lines, 1);
    assert_int_equal(op_device_bytes(d), before);
    op_device_close(&d);
}

static void test_kinds(void **state) {
    (void)state;
    struct op_device *d;
    for (int kind = OCELLI_KIND_F16W; kind <= OCELLI_KIND_DOT; kind++) {
        assert_int_equal(
            op_device_open(&d, &(struct op_device_params){.device = "cpu", .kind = (enum ocelli_kind)kind}), OCELLI_OK);
        assert_int_equal(op_device_way(d)->kind, kind);
        op_device_close(&d);
    }
    listen();
    assert_int_equal(op_device_open(&d, &(struct op_device_params){.device = "cpu", .kind = OCELLI_KIND_MMA}),
                     OCELLI_ERR_DEVICE);
    assert_true(heard.lines == 1 && heard_has("kind mma"));
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_all_ways),  cmocka_unit_test(test_lies),
                                       cmocka_unit_test(test_rivals),    cmocka_unit_test(test_threads),
                                       cmocka_unit_test(test_no_memory), cmocka_unit_test(test_kinds)};
    return cmocka_run_group_tests(tests, setup, teardown);
}
