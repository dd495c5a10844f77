/* SPDX-License-Identifier: Apache-2.0
 * Frames that lie in a dma-buf give the same patches as copies of them, whether the driver imports it or not; which it
 * does is told apart by clip_resize_imports(). A memfd stands for the camera's dma-buf: Mesa's llvmpipe imports it from
 * version 25 on. OCELLI_NEED_DMA_BUF=1: it must. */
#include "clip/resize.h"
#include "support/gpu.h"
#include "support/test.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { SIDE = 32, PATCH = 8, PATCHES = SIDE / PATCH * (SIDE / PATCH), NUMBERS = 3 * PATCH * PATCH };
enum { WIDTH = 65, HEIGHT = 48, FILE_SIZE = 5 * 4096 };

static const struct clip_config config = {
    .image = {.tokens = PATCHES + 1},
    .image_size = SIDE,
    .patch_size = PATCH,
    .prep = {.size = SIDE, .mean = {0.5f, 0.5f, 0.5f}, .std = {0.3f, 0.3f, 0.3f}}};

struct made {
    struct gpu gpu;
    struct op_rows patches;
    struct clip_resize resize;
    bool imports; /* the driver does */
};

struct buffer {
    int fd;
    uint8_t *bytes;
};

static struct buffer open_buffer(uint64_t seed, size_t size) {
    struct buffer b = {.fd = memfd_create("frame", MFD_CLOEXEC | MFD_ALLOW_SEALING)};
    assert_true(b.fd >= 0 && !ftruncate(b.fd, (off_t)size));
    b.bytes = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, b.fd, 0);
    assert_true(b.bytes != MAP_FAILED);
    for (size_t i = 0; i < size; i++) b.bytes[i] = (uint8_t)(i * i / 70 + i % 13 + seed * 31);
    return b;
}

static void close_buffer(struct buffer *b, size_t size) {
    munmap(b->bytes, size);
    close(b->fd);
}

/* Its planes in the buffer, a gap before the first and between two rows. */
static struct frame frame_in(const struct buffer *b, enum frame_format format) {
    struct frame f = {.format = format, .width = WIDTH, .height = HEIGHT, .rotation = format % 4 * 90u};
    size_t offset = 64;
    frame_lay(&f, b->bytes);
    for (int i = 0; i < 3; i++) {
        if (!frame_plane_bytes(&f, i)) continue;
        f.planes[i].stride += 7;
        f.planes[i].fd = b->fd, f.planes[i].offset = (uint32_t)offset, f.planes[i].data = b->bytes + offset;
        offset += frame_plane_bytes(&f, i) + 5;
    }
    assert_true(offset <= FILE_SIZE);
    return f;
}

static void run(struct made *m, const struct frame *f, double *patches) {
    assert_int_equal(clip_resize_frame(&m->resize, m->patches, f), OCELLI_OK);
    gpu_read_rows(&m->gpu, m->patches, PATCHES, NUMBERS, patches);
}

/* The same with its planes in memory alone. */
static void run_copied(struct made *m, const struct frame *f, double *patches) {
    struct frame plain = *f;
    for (int i = 0; i < 3; i++) plain.planes[i].fd = -1, plain.planes[i].offset = 0;
    run(m, &plain, patches);
}

static void check(struct made *m, const struct frame *f) {
    static double direct[PATCHES * NUMBERS], copied[PATCHES * NUMBERS];
    run(m, f, direct);
    run_copied(m, f, copied);
    assert_memory_equal(direct, copied, sizeof direct);
}

static void expect_imports(const struct made *m, uint32_t count) {
    assert_int_equal(clip_resize_imports(&m->resize), m->imports ? count : 0);
}

static int make(void **state) {
    struct made *m = *state = calloc(1, sizeof *m);
    gpu_open(&m->gpu);
    m->patches = gpu_rows(&m->gpu, NULL, PATCHES, NUMBERS);
    clip_resize_init(&m->resize, m->gpu.device, &config);
    struct buffer b = open_buffer(0, FILE_SIZE);
    struct frame f = frame_in(&b, FRAME_NV12);
    check(m, &f);
    m->imports = clip_resize_imports(&m->resize) == 1;
    if (!m->imports) print_message("the driver imports no memfd: frames are copied\n");
    if (getenv("OCELLI_NEED_DMA_BUF")) assert_true(m->imports);
    close_buffer(&b, FILE_SIZE);
    return 0;
}

static int finish(void **state) {
    struct made *m = *state;
    clip_resize_finish(&m->resize);
    gpu_close(&m->gpu);
    free(m);
    return 0;
}

/* Each of a camera's buffers is imported once; what it holds now is what counts. */
static void test_frames(void **state) {
    struct made *m = *state;
    struct buffer b[3];
    double before[PATCHES * NUMBERS], after[PATCHES * NUMBERS];
    for (int i = 0; i < 3; i++) b[i] = open_buffer((uint64_t)i + 1, FILE_SIZE);
    for (int i = 0; i < 3 * FRAME_FORMATS; i++) {
        struct frame f = frame_in(&b[i % 3], (enum frame_format)(i / 3));
        check(m, &f);
    }
    expect_imports(m, 1 + 3);
    struct frame f = frame_in(&b[0], FRAME_NV12);
    run(m, &f, before);
    for (size_t i = 0; i < FILE_SIZE; i++) b[0].bytes[i] ^= 0x40;
    run(m, &f, after);
    assert_memory_not_equal(before, after, sizeof before);
    check(m, &f);
    expect_imports(m, 1 + 3);
    for (int i = 0; i < 3; i++) close_buffer(&b[i], FILE_SIZE);
}

/* More buffers than are kept; then none for a while, as of a camera that is gone. */
static void test_kept(void **state) {
    struct made *m = *state;
    struct buffer b[CLIP_IMPORTS + 3];
    double unused[PATCHES * NUMBERS];
    for (int i = 0; i < CLIP_IMPORTS + 3; i++) b[i] = open_buffer((uint64_t)i, FILE_SIZE);
    for (int i = 0; i < 2 * (CLIP_IMPORTS + 3); i++) {
        struct frame f = frame_in(&b[i % (CLIP_IMPORTS + 3)], FRAME_YUV420);
        check(m, &f);
    }
    expect_imports(m, CLIP_IMPORTS);
    struct frame f = frame_in(&b[0], FRAME_YUV420);
    for (int i = 0; i < 70; i++) run(m, &f, unused);
    expect_imports(m, 1);
    for (int i = 0; i < CLIP_IMPORTS + 3; i++) close_buffer(&b[i], FILE_SIZE);
}

/* Planes in two files, over the end of one, in a file of half a word, or in what is none: copied. */
static void test_copied(void **state) {
    struct made *m = *state;
    struct buffer a = open_buffer(1, FILE_SIZE), b = open_buffer(2, FILE_SIZE), odd = open_buffer(3, FILE_SIZE - 2);
    uint32_t had = clip_resize_imports(&m->resize);
    struct frame f = frame_in(&a, FRAME_NV12);
    f.planes[1].fd = b.fd;
    check(m, &f);
    f = frame_in(&a, FRAME_NV12);
    f.planes[1].fd = -1;
    check(m, &f);
    f = frame_in(&a, FRAME_NV12);
    f.planes[1].offset = FILE_SIZE - 10;
    check(m, &f);
    f = frame_in(&odd, FRAME_NV12);
    check(m, &f);
    f = frame_in(&a, FRAME_NV12);
    f.planes[0].fd = f.planes[1].fd = 9999;
    check(m, &f);
    assert_int_equal(clip_resize_imports(&m->resize), had);
    close_buffer(&a, FILE_SIZE), close_buffer(&b, FILE_SIZE), close_buffer(&odd, FILE_SIZE - 2);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_frames, make, finish),
        cmocka_unit_test_setup_teardown(test_kept, make, finish),
        cmocka_unit_test_setup_teardown(test_copied, make, finish),
        cmocka_unit_test(gpu_test_silent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
