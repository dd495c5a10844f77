/* SPDX-License-Identifier: Apache-2.0 */
#include "source/scene.h"
#include "source/frame_pool.h"
#include "source/spec.h"
#include "base/log.h"

#include <stdlib.h>
#include <string.h>

enum { BITS = 16 };

struct scene {
    uint32_t width, height, rate;
    bool every;
    struct frame_pool frame_pool;
};

/* ---- what it shows ---- */

/* Inside the shape? Offsets from its middle, of a half side of 1000. */
static bool circle(int32_t x, int32_t y) {
    return x * x + y * y <= 1000 * 1000;
}

static bool square(int32_t x, int32_t y) {
    return abs(x) <= 900 && abs(y) <= 900;
}

static bool triangle(int32_t x, int32_t y) {
    return y <= 800 && 2 * abs(x) <= y + 1000;
}

static bool nothing(int32_t x, int32_t y) {
    (void)x, (void)y;
    return false;
}

static const struct {
    const char *name;
    bool (*inside)(int32_t x, int32_t y);
    uint8_t colour[3];
} scenes[SCENES] = {
    {"a red circle", circle, {220, 20, 30}},
    {"a blue square", square, {20, 60, 210}},
    {"a green triangle", triangle, {20, 160, 60}},
    {"a white wall", nothing, {0, 0, 0}},
};

const char *scene_name(unsigned scene) {
    return scenes[scene].name;
}

unsigned scene_of(uint64_t sequence, uint32_t rate) {
    return (unsigned)(sequence / (SCENE_SECONDS * rate) % SCENES);
}

static void draw_number(uint64_t sequence, uint32_t width, uint32_t height, uint8_t *rgb) {
    if (width < BITS || height < BITS) return;
    for (uint32_t y = height - height / BITS; y < height; y++)
        for (uint32_t x = 0; x < width; x++) {
            uint64_t bit = sequence >> (BITS - 1 - (uint64_t)x * BITS / width) & 1;
            memset(rgb + ((size_t)y * width + x) * 3, bit ? 0 : 255, 3);
        }
}

void scene_draw(unsigned scene, uint64_t sequence, uint32_t width, uint32_t height, uint8_t *rgb) {
    int32_t half = (int32_t)(width < height ? width : height) / 3 + 1; /* of the shape */
    for (uint32_t y = 0; y < height; y++)
        for (uint32_t x = 0; x < width; x++) {
            int64_t dx = ((int64_t)x - width / 2) * 1000 / half, dy = ((int64_t)y - height / 2) * 1000 / half;
            bool inside = llabs(dx) <= 1000 && llabs(dy) <= 1000 && scenes[scene].inside((int32_t)dx, (int32_t)dy);
            uint8_t *pixel = rgb + ((size_t)y * width + x) * 3;
            for (int c = 0; c < 3; c++) pixel[c] = inside ? scenes[scene].colour[c] : 245;
        }
    draw_number(sequence, width, height, rgb);
}

/* ---- the source ---- */

static int parse(struct scene *scene, const char *uri, const char *rest) {
    *scene = (struct scene){.width = 640, .height = 480, .rate = 10};
    bool good = (*rest == '@' || !*rest || spec_size(&rest, &scene->width, &scene->height)) &&
                (!*rest || spec_rate(&rest, &scene->rate)) && !*rest;
    if (!good) return log_fail(OCELLI_ERR_USAGE, "%s: give test:[WxH][@FPS], as test:640x480@10", uri);
    return spec_check_size(uri, scene->width, scene->height);
}

int scene_check(const char *uri, const char *rest, const struct source_options *options) {
    struct scene scene;
    (void)options;
    return parse(&scene, uri, rest);
}

int scene_open(struct source *source, const char *rest, const struct source_options *options) {
    struct scene scene;
    int status = parse(&scene, source->uri, rest);
    if (status) return status;
    scene.every = options->every;
    struct scene *kept = malloc(sizeof *kept);
    if (!kept) return log_fail(OCELLI_ERR_MEMORY, "%s: out of memory", source->uri);
    *kept = scene;
    source->state = kept;
    return OCELLI_OK;
}

void scene_close(struct source *source) {
    struct scene *scene = source->state;
    frame_pool_finish(&scene->frame_pool);
    free(scene);
    source->state = NULL;
}

static int show(struct source *s, uint64_t sequence) {
    struct scene *scene = s->state;
    struct frame f = {.format = FRAME_RGB, .width = scene->width, .height = scene->height, .full_range = true};
    size_t size = frame_bytes(f.format, f.width, f.height);
    struct frame_pool_slot *slot = frame_pool_take(&scene->frame_pool, size);
    if (!slot) return log_fail(OCELLI_ERR_MEMORY, "%s: out of memory for a frame of %zu bytes", s->uri, size);
    f.captured_ns = source_now();
    f.sequence = sequence;
    scene_draw(scene_of(sequence, scene->rate), sequence, f.width, f.height, slot->memory);
    frame_lay(&f, slot->memory);
    slot->slot.frame = f;
    mailbox_post(&s->mailbox, &slot->slot);
    return OCELLI_OK;
}

/* A frame that drawing is late for is not drawn: sequence follows the clock, as a camera's does. */
int scene_run(struct source *source) {
    struct scene *scene = source->state;
    int64_t start = source_now(), period = 1000000000 / scene->rate;
    for (uint64_t sequence = 0; !source_stopped(source); sequence++) {
        uint64_t now = (uint64_t)((source_now() - start) / period);
        if (!scene->every && now > sequence) sequence = now;
        if (!scene->every && mailbox_sleep(&source->mailbox, start + (int64_t)sequence * period)) break;
        int status = show(source, sequence);
        if (status) return status;
    }
    return SOURCE_END;
}
