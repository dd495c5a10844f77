/* SPDX-License-Identifier: Apache-2.0 */
#include "support/gpu.h"
#include "op/backend.h"
#include "support/test.h"
#ifdef OCELLI_VULKAN
#include "vk/device.h"
#endif

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* One device for all cases of a program: to open one costs more than most cases do, and its pipelines serve them all.
 */
static struct {
    struct op_device *device;
    struct op_way way; /* as it was opened */
    bool chosen;
} shared;

#ifndef OCELLI_VULKAN
static unsigned vk_validation_messages(void) {
    return 0;
}
#endif

/* The validation layer tells of what the program left undestroyed when the device closes. */
static void close_shared(void) {
    op_device_close(&shared.device);
    if (vk_validation_messages()) _exit(1);
}

static struct op_device *open_device(void) {
    struct op_device *device;
    int status = op_device_open(&device, &(struct op_device_params){.device = getenv("OCELLI_DEVICE")});
    const char *need = getenv("OCELLI_NEED_GPU");
    if (status && !(need && *need == '1')) {
        printf("SKIP: no Vulkan device\n");
        exit(77);
    }
    assert_int_equal(status, OCELLI_OK);
    return device;
}

static struct op_device *share_device(void) {
    if (!shared.device) {
        struct op_device *d = shared.device = open_device();
        shared.way = d->way, shared.chosen = d->chosen;
        atexit(close_shared);
    }
    op_device_use(shared.device, &shared.way);
    shared.device->chosen = shared.chosen;
    return shared.device;
}

static void start(struct gpu *g, struct op_device *device, bool own) {
    memset(g, 0, sizeof *g);
    g->device = device;
    g->own = own;
    assert_int_equal(op_list_create(&g->list, g->device), OCELLI_OK);
}

void gpu_open(struct gpu *gpu) {
    start(gpu, share_device(), false);
}

void gpu_open_anew(struct gpu *gpu) {
    start(gpu, open_device(), true);
}

bool gpu_use_kind(struct gpu *gpu, enum ocelli_kind kind) {
    struct op_way ways[OP_WAYS_MOST];
    uint32_t count = op_device_ways(gpu->device, ways);
    for (uint32_t i = 0; i < count; i++) {
        if (ways[i].kind != kind) continue;
        op_device_use(gpu->device, &ways[i]);
        return true;
    }
    return false;
}

void gpu_close(struct gpu *gpu) {
    op_list_destroy(&gpu->list);
    for (int i = 0; i < gpu->count; i++) op_memory_destroy(&gpu->memories[i], gpu->device);
    if (gpu->own) op_device_close(&gpu->device);
    gpu_test_silent(NULL);
}

void gpu_test_silent(void **state) {
    (void)state;
    assert_int_equal(vk_validation_messages(), 0);
}

static struct op_memory *make(struct gpu *g, uint64_t size) {
    assert_true(g->count < (int)(sizeof g->memories / sizeof g->memories[0]));
    struct op_memory **m = &g->memories[g->count++];
    assert_int_equal(op_memory_create(m, g->device, size, OP_USE_DEVICE, "test"), OCELLI_OK);
    return *m;
}

struct op_view gpu_bytes(struct gpu *gpu, const void *data, uint64_t size) {
    struct op_memory *m = make(gpu, size);
    assert_int_equal(op_memory_write(m, gpu->device, 0, data, size), OCELLI_OK);
    return op_view_of(m);
}

struct op_rows gpu_rows(struct gpu *gpu, const double *values, uint32_t count, uint32_t width) {
    return gpu_panels(gpu, values, count, width, 1);
}

static uint32_t panel_of(struct op_rows r) {
    return r.panel > 1 ? r.panel : 1;
}

/* Numbers or, of int8, words of 4. */
static size_t place(struct op_rows r, uint32_t row, uint32_t column) {
    uint32_t panel = panel_of(r), unit = r.scales.memory ? 4 : 1;
    size_t base = (size_t)row / panel * panel * r.stride;
    return base + (size_t)(column / unit * panel + row % panel) * unit + column % unit;
}

static size_t numbers(struct op_rows r, uint32_t count) {
    uint32_t panel = panel_of(r);
    return (size_t)(count + panel - 1) / panel * panel * r.stride;
}

struct op_rows gpu_panels(struct gpu *gpu, const double *values, uint32_t count, uint32_t width, uint32_t panel) {
    if (op_device_type(gpu->device) == OP_DEVICE_CPU) panel = 1;
    struct op_rows r = {.stride = op_stride(width), .panel = panel};
    size_t size = numbers(r, count) * sizeof(float);
    float *padded = calloc(1, size);
    for (uint32_t i = 0; values && i < count; i++)
        for (uint32_t j = 0; j < width; j++) padded[place(r, i, j)] = (float)values[(size_t)i * width + j];
    r.values = gpu_bytes(gpu, padded, size);
    free(padded);
    return r;
}

struct op_rows gpu_int8_rows(struct gpu *gpu, uint32_t count, uint32_t width) {
    struct op_rows r = {.stride = op_stride(width)};
    uint64_t size = (uint64_t)(count + OP_MAX_PANEL) * r.stride; /* a multiple of 64 */
    size = (size + OP_VIEW_ALIGNMENT - 1) / OP_VIEW_ALIGNMENT * OP_VIEW_ALIGNMENT;
    struct op_memory *m = make(gpu, size + count * sizeof(float));
    r.values = (struct op_view){.memory = m, .size = size};
    r.scales = (struct op_view){.memory = m, .offset = size, .size = count * sizeof(float)};
    return r;
}

struct op_matrix gpu_matrix(struct gpu *gpu, struct op_weights *loader, const struct op_source *sources, uint32_t count,
                            uint32_t k) {
    struct op_matrix matrix;
    *loader = (struct op_weights){.device = gpu->device};
    assert_int_equal(op_weights_matrix(loader, sources, count, k, &matrix), OCELLI_OK);
    assert_int_equal(op_weights_allocate(loader, "weights"), OCELLI_OK);
    assert_int_equal(op_weights_matrix(loader, sources, count, k, &matrix), OCELLI_OK);
    return matrix;
}

void gpu_run(struct gpu *gpu) {
    assert_int_equal(op_list_end(gpu->list), OCELLI_OK);
    assert_int_equal(op_list_run(gpu->list), OCELLI_OK);
}

static void read_int8(struct gpu *gpu, struct op_rows rows, uint32_t count, uint32_t width, double *values) {
    int8_t *packed = malloc(numbers(rows, count));
    float *scales = malloc(count * sizeof *scales);
    assert_int_equal(op_memory_read(rows.values.memory, gpu->device, rows.values.offset, packed, numbers(rows, count)),
                     OCELLI_OK);
    assert_int_equal(
        op_memory_read(rows.scales.memory, gpu->device, rows.scales.offset, scales, count * sizeof *scales), OCELLI_OK);
    for (uint32_t i = 0; i < count; i++)
        for (uint32_t j = 0; j < rows.stride; j++) {
            int8_t v = packed[place(rows, i, j)];
            if (j < width)
                values[(size_t)i * width + j] = (double)scales[i] * v;
            else
                assert_int_equal(v, 0); /* what lies between width and stride must stay zero */
        }
    free(packed);
    free(scales);
}

void gpu_read_rows(struct gpu *gpu, struct op_rows rows, uint32_t count, uint32_t width, double *values) {
    if (rows.scales.memory) {
        read_int8(gpu, rows, count, width, values);
        return;
    }
    float *padded = malloc(numbers(rows, count) * sizeof *padded);
    assert_int_equal(op_memory_read(rows.values.memory, gpu->device, rows.values.offset, padded,
                                    numbers(rows, count) * sizeof *padded),
                     OCELLI_OK);
    for (uint32_t i = 0; i < count; i++)
        for (uint32_t j = 0; j < rows.stride; j++) {
            float v = padded[place(rows, i, j)];
            if (j < width)
                values[(size_t)i * width + j] = v;
            else
                assert_true(v == 0);
        }
    free(padded);
}

double gpu_noise(uint64_t *state) {
    *state += 0x9e3779b97f4a7c15u; /* splitmix64 */
    uint64_t z = *state;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    z ^= z >> 31;
    return (float)((double)(z >> 40) / (1 << 23) - 1);
}

double *gpu_random(uint64_t *state, size_t count) {
    double *values = calloc(count ? count : 1, sizeof *values);
    for (size_t i = 0; i < count; i++) values[i] = gpu_noise(state);
    return values;
}

double gpu_difference(const double *a, const double *b, size_t count) {
    double worst = 0, largest = 1;
    for (size_t i = 0; i < count; i++) {
        if (!isfinite(a[i])) return INFINITY;
        worst = fmax(worst, fabs(a[i] - b[i]));
        largest = fmax(largest, fabs(b[i]));
    }
    return worst / largest;
}
