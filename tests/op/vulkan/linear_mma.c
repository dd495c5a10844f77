/* SPDX-License-Identifier: Apache-2.0
 * Products through cooperative matrices: exact integer sums for every way to cut them, with the device's
 * own shape, and with other drivers' shapes by the plain twin of the shader, which any device runs. */
#include "op/vulkan/linear_mma.h"
#include "support/gpu.h"
#include "support/heard.h"
#include "support/test.h"

#include <stdlib.h>
#include <string.h>

static struct gpu gpu;
enum { SPARE = 16, UNTOUCHED = -7 }; /* rows behind the last, and what they hold before and after */

struct size {
    uint32_t rows, columns, k;
};

static int8_t noise(uint64_t *state) {
    return (int8_t)(gpu_noise(state) * 127);
}

/* Of two sources, so that the second begins inside a tile. */
static struct op_matrix load(struct op_weights *loader, const int8_t *weights, struct size s) {
    float *ones = malloc(s.columns * sizeof *ones);
    for (uint32_t i = 0; i < s.columns; i++) ones[i] = 1;
    uint32_t first = s.columns / 3;
    struct op_source sources[] = {{weights, ones, NULL, first},
                                  {weights + (size_t)first * s.k, ones, NULL, s.columns - first}};
    struct op_matrix matrix = gpu_matrix(&gpu, loader, sources, 2, s.k);
    free(ones);
    return matrix;
}

/* int8 rows with scale 1; what lies around the values is noise, which no sum may see. */
static struct op_rows inputs(uint64_t *state, struct size s) {
    struct op_rows r = {.stride = op_stride(s.k)};
    uint32_t tile = vulkan_of(gpu.device)->vk.cooperative.n, padded = op_groups(s.rows, tile) * tile;
    uint64_t size = (uint64_t)padded * r.stride, scales_at = op_padded((uint32_t)size, OP_VIEW_ALIGNMENT);
    uint64_t scales_size = s.rows * sizeof(float);
    int8_t *bytes = malloc(scales_at + scales_size);
    for (uint64_t i = 0; i < size; i++) bytes[i] = noise(state);
    for (uint32_t i = 0; i < s.rows; i++) ((float *)(bytes + scales_at))[i] = 1;
    r.values = gpu_bytes(&gpu, bytes, scales_at + scales_size);
    r.scales = (struct op_view){r.values.memory, scales_at, scales_size};
    r.values.size = size;
    free(bytes);
    return r;
}

/* In two parts where the matrix has whole steps: the second need not begin with a tile. */
static void record(struct op_rows in, const struct op_matrix *matrix, struct op_rows out, uint32_t rows,
                   const struct mma_tiles *tiles) {
    struct op_linear all = {.label = "test", .in = in, .matrix = matrix, .out = out, .rows = rows}, part = all;
    if (matrix->rows % OP_MATRIX_STEP == 0) {
        part.first = matrix->rows / 2 / OP_MATRIX_STEP * OP_MATRIX_STEP;
        part.count = matrix->rows - part.first;
        all.count = part.first;
        mma_record(gpu.list, &part, tiles);
    }
    mma_record(gpu.list, &all, tiles);
}

/* Sums below 2^24 are exact in a float. */
static void compare(struct size s, const struct mma_tiles *t, const int8_t *in, uint32_t stride, const int8_t *weights,
                    const double *got) {
    for (uint32_t r = 0; r < s.rows; r++)
        for (uint32_t c = 0; c < s.columns; c++) {
            int32_t sum = 0;
            for (uint32_t k = 0; k < s.k; k++) sum += in[(size_t)r * stride + k] * weights[(size_t)c * s.k + k];
            if (got[(size_t)r * s.columns + c] != sum)
                fail_msg("%ux%ux%u, tiles %ux%u split %u blocks %u: (%u, %u) is %g, not %d", s.rows, s.columns, s.k,
                         t->columns, t->rows, t->split, t->blocks, r, c, got[(size_t)r * s.columns + c], sum);
        }
    for (size_t i = (size_t)s.rows * s.columns; i < (size_t)(s.rows + SPARE) * s.columns; i++)
        assert_true(got[i] == UNTOUCHED);
}

static void check(struct size s, const struct mma_tiles *tiles) {
    uint64_t state = s.rows * 7919u + s.columns * 104729u + s.k;
    int8_t *weights = malloc((size_t)s.columns * s.k);
    for (size_t i = 0; i < (size_t)s.columns * s.k; i++) weights[i] = noise(&state);
    size_t numbers = (size_t)(s.rows + SPARE) * s.columns;
    double *got = malloc(numbers * sizeof *got);
    for (size_t i = 0; i < numbers; i++) got[i] = UNTOUCHED;
    struct op_weights loader;
    struct op_matrix matrix = load(&loader, weights, s);
    struct op_rows in = inputs(&state, s), out = gpu_rows(&gpu, got, s.rows + SPARE, s.columns);

    assert_int_equal(op_list_begin(gpu.list, false), OCELLI_OK);
    record(in, &matrix, out, s.rows, tiles);
    gpu_run(&gpu);

    int8_t *values = malloc((size_t)s.rows * in.stride);
    assert_int_equal(op_memory_read(in.values.memory, gpu.device, 0, values, (uint64_t)s.rows * in.stride), OCELLI_OK);
    gpu_read_rows(&gpu, out, s.rows + SPARE, s.columns, got);
    compare(s, tiles, values, in.stride, weights, got);
    op_weights_destroy(&loader);
    free(weights), free(got), free(values);
}

/* false: not possible here. Call gpu_close() in any case. */
static bool open_with(const struct vk_cooperative *shape) {
    gpu_open_anew(&gpu);
    if (shape) vulkan_of(gpu.device)->vk.cooperative = *shape;
    struct op_way way;
    bool possible = product_way(gpu.device, PRODUCT_MMA, true, &way);
    if (possible) op_device_use(gpu.device, &way);
    return possible;
}

/* larger 2: half of the subgroups have nothing to do. */
static void check_tiles(struct mma_tiles tiles, uint32_t larger) {
    if (open_with(NULL)) {
        vulkan_of(gpu.device)->vk.cooperative.subgroup *= larger;
        struct vk_cooperative s = vulkan_of(gpu.device)->vk.cooperative;
        uint32_t rows = s.n * tiles.rows, columns = s.m * tiles.columns * tiles.blocks;
        if (mma_strip_bytes(&vulkan_of(gpu.device)->vk, &tiles) <=
            vulkan_of(gpu.device)->vk.limits.maxComputeSharedMemorySize) {
            check((struct size){1, columns + 1, 65}, &tiles);
            check((struct size){rows + 1, columns - 1, 200}, &tiles);
        }
    }
    gpu_close(&gpu);
}

static void test_tiles(void **unused) {
    (void)unused;
    bool possible = open_with(NULL);
    printf("the device's own shape: %s\n", possible ? "tested" : "none");
    gpu_close(&gpu);
    if (!possible) return;
    for (uint32_t columns = 1; columns <= 4; columns *= 2)
        for (uint32_t rows = 1; rows <= 4; rows++) check_tiles((struct mma_tiles){columns, rows, 1, 1}, 1);
    for (uint32_t split = 1; split <= 4; split *= 2)
        for (uint32_t blocks = 1; blocks * split <= 4; blocks *= 2)
            check_tiles((struct mma_tiles){2, 2, split, blocks}, 1);
    check_tiles((struct mma_tiles){1, 2, 2, 2}, 2);
}

/* NVIDIA 16x16x32 and 16x8x32, AMD 16x16x16, Intel 8x16x32 and 8x8x32, llvmpipe 8x8x8, and one with a larger M and K.
 */
static void test_shapes(void **unused) {
    (void)unused;
    static const uint32_t shapes[][3] = {{16, 16, 32}, {16, 8, 32}, {16, 16, 16}, {8, 16, 32},
                                         {8, 8, 32},   {8, 8, 8},   {32, 8, 64}};
    static const struct size sizes[] = {{1, 1, 1}, {50, 40, 100}, {1, 8, 16}, {17, 129, 64}};
    gpu_open_anew(&gpu);
    uint32_t lanes = vulkan_of(gpu.device)->vk.subgroup_size;
    gpu_close(&gpu);
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++)
        for (uint32_t larger = 1; larger <= 2; larger++) { /* 2: subgroups may be half of what they could be */
            struct vk_cooperative shape = {shapes[i][0], shapes[i][1], shapes[i][2], larger * lanes, .plain = true};
            assert_true(open_with(&shape));
            for (size_t j = 0; j < sizeof sizes / sizeof sizes[0]; j++) {
                uint32_t steps = op_stride(sizes[j].k) / shape.k;
                check(sizes[j], &(struct mma_tiles){.columns = 1, .rows = 2, .split = steps > 1 ? 2 : 1, .blocks = 2});
            }
            gpu_close(&gpu);
        }
}

static void check_choice(const struct vk_device *d, struct size s) {
    struct mma_tiles t = mma_tiles_choose(d, s.rows, s.columns, op_stride(s.k) / d->cooperative.k);
    uint32_t height = t.rows * d->cooperative.n, width = t.columns * t.blocks * d->cooperative.m;
    assert_true(mma_lanes(d, &t) <= d->limits.maxComputeWorkGroupInvocations && mma_lanes(d, &t) <= 256);
    assert_true(mma_strip_bytes(d, &t) <= d->limits.maxComputeSharedMemorySize);
    assert_true(t.split * d->cooperative.k <= op_stride(s.k)); /* nobody without work */
    assert_true(width < 2 * (s.columns + t.columns * d->cooperative.m));
    uint32_t computed = op_groups(s.rows, height) * height;
    assert_true(computed <= op_groups(s.rows, d->cooperative.n) * d->cooperative.n * 5 / 4);
}

/* Tiles are chosen within every limit, and rows that fill no tile cost no more than a quarter. */
static void test_choice(void **unused) {
    (void)unused;
    static const struct size sizes[] = {{1, 512, 768},     {50, 2304, 768},   {50, 768, 3072},    {197, 768, 768},
                                        {257, 4096, 1024}, {3200, 3072, 768}, {77, 1536, 512},    {10, 512, 2048},
                                        {5, 1, 1},         {16, 16, 64},      {65536, 4096, 768}, {6, 20, 3072},
                                        {1600, 768, 3072}, {12, 512, 512}};
    static const uint32_t shapes[][4] = {
        {16, 16, 32, 32}, {16, 8, 32, 32}, {16, 16, 16, 64}, {8, 16, 32, 32}, {32, 32, 64, 128}};
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++)
        for (uint32_t shared = 16 << 10; shared <= 48 << 10; shared += 32 << 10)
            for (uint32_t lanes = 256; lanes <= 1024; lanes *= 4) {
                struct vk_device d = {
                    .cooperative = {shapes[i][0], shapes[i][1], shapes[i][2], shapes[i][3]},
                    .limits = {.maxComputeSharedMemorySize = shared, .maxComputeWorkGroupInvocations = lanes}};
                for (size_t j = 0; j < sizeof sizes / sizeof sizes[0]; j++) check_choice(&d, sizes[j]);
            }
}

static int open_kind(struct op_device **d, enum ocelli_kind kind) {
    return op_device_open(d, &(struct op_device_params){.device = "vulkan", .kind = kind});
}

static enum product product(void) {
    return vulkan_of(gpu.device)->product;
}

/* Asked for, it is used or refused in one line; not asked for, it is used where it is no emulation. */
static void test_kind(void **unused) {
    (void)unused;
    bool possible = open_with(NULL), software = op_device_type(gpu.device) == OP_DEVICE_SOFTWARE;
    gpu_close(&gpu);
    struct op_device *d;
    listen();
    int status = open_kind(&d, OCELLI_KIND_MMA);
    assert_int_equal(status, possible ? OCELLI_OK : OCELLI_ERR_DEVICE);
    assert_int_equal(heard.lines, !possible);
    if (possible) assert_int_equal(op_device_way(d)->kind, OCELLI_KIND_MMA);
    if (!possible) assert_non_null(strstr(heard.text, "kind mma"));
    op_device_close(&d);
    assert_int_equal(open_kind(&d, OCELLI_KIND_AUTO), OCELLI_OK);
    assert_int_equal(op_device_way(d)->kind == OCELLI_KIND_MMA, possible && !software);
    op_device_close(&d);
    assert_int_equal(open_kind(&d, OCELLI_KIND_F16W), OCELLI_OK);
    assert_int_equal(op_device_way(d)->kind, OCELLI_KIND_F16W);
    op_device_close(&d);
}

/* When it computes wrongly, dot is next where it is an instruction. */
static void test_gives_way(void **unused) {
    (void)unused;
    for (int accelerated = 0; accelerated <= 1; accelerated++) {
        assert_true(open_with(&(struct vk_cooperative){16, 16, 32, 32, .plain = true}));
        vulkan_of(gpu.device)->vk.integer_dot_accelerated = accelerated;
        bool dot = accelerated && vulkan_of(gpu.device)->vk.integer_dot && vk_shader_exists("linear_dot");
        assert_true(op_device_use_plainer(gpu.device)); /* dispatches apart, */
        assert_int_equal(product(), PRODUCT_MMA);
        assert_true(op_device_use_plainer(gpu.device)); /* then another kind */
        assert_int_equal(product() == PRODUCT_DOT, dot);
        while (op_device_use_plainer(gpu.device)) assert_false(op_input_is_int8(gpu.device));
        assert_int_equal(product(), PRODUCT_TILE);
        gpu_close(&gpu);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_choice), cmocka_unit_test(test_shapes),    cmocka_unit_test(test_tiles),
        cmocka_unit_test(test_kind),   cmocka_unit_test(test_gives_way),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
