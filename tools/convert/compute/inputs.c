/* SPDX-License-Identifier: Apache-2.0 */
#include "convert/compute/inputs.h"
#include "base/log.h"
#include "convert/read/source.h"
#include "prep/decode.h"
#include "prep/prep.h"
#include "tag/distractors.h"

#include <dirent.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const selftest_texts[INPUTS_SELFTEST_TEXTS] = {"a photo of a cat", "a red car"};

static int no_memory(void) {
    return log_fail(OCELLI_ERR_MEMORY, "pictures: out of memory");
}

/* ---- drawn pictures ---- */

/* Slopes, a disc, a checkerboard and fine stripes: something of every scale, in every channel. */
static void draw_selftest(uint8_t *rgb, uint32_t size) {
    for (uint32_t y = 0; y < size; y++)
        for (uint32_t x = 0; x < size; x++, rgb += 3) {
            uint32_t u = x * 256 / size, v = y * 256 / size; /* 0..255 */
            int dx = (int)u - 96, dy = (int)v - 112;
            bool disc = dx * dx + dy * dy < 64 * 64, check = (u / 32 + v / 32) % 2 && u > 160;
            rgb[0] = (uint8_t)(disc ? 220 : u);
            rgb[1] = (uint8_t)(check ? 230 : v);
            rgb[2] = (uint8_t)(disc ? 40 + (x + y) % 4 * 20 : 255 - (u + v) / 2);
        }
}

/* splitmix64 */
static uint64_t random_bits(uint64_t *state) {
    uint64_t z = *state += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

static double random_unit(uint64_t *state) {
    return (double)(random_bits(state) >> 11) * 0x1p-53;
}

/* A shape in units of the picture's side. */
struct shape {
    double x, y, width, height, colour[3];
    bool round;
};

static bool is_inside(const struct shape *s, double x, double y) {
    double dx = (x - s->x) / s->width, dy = (y - s->y) / s->height;
    return s->round ? dx * dx + dy * dy < 1 : fabs(dx) < 1 && fabs(dy) < 1;
}

/* A slope from one colour to another, shapes on it, a light from a corner, and noise, of which each picture has more.
 */
static void draw(uint8_t *rgb, uint32_t size, uint64_t number) {
    enum { SHAPES = 9 };
    struct shape shapes[SHAPES];
    uint64_t state = number * 7919 + 1;
    double from[3], to[3], noise = 8 + 60 * random_unit(&state) * (number % 4 == 3), dark = random_unit(&state);
    for (int c = 0; c < 3; c++) from[c] = 255 * random_unit(&state), to[c] = 255 * random_unit(&state);
    for (struct shape *s = shapes; s < shapes + SHAPES; s++) {
        *s = (struct shape){.x = random_unit(&state), .y = random_unit(&state), .round = random_bits(&state) % 2};
        s->width = 0.02 + 0.3 * random_unit(&state), s->height = 0.02 + 0.3 * random_unit(&state);
        for (int c = 0; c < 3; c++) s->colour[c] = 255 * random_unit(&state);
    }
    for (uint32_t i = 0; i < size * size; i++, rgb += 3) {
        double x = (double)(i % size) / size, y = (double)(i / size) / size;
        const struct shape *top = NULL;
        for (const struct shape *s = shapes; s < shapes + SHAPES; s++) top = is_inside(s, x, y) ? s : top;
        for (int c = 0; c < 3; c++) {
            double value = top ? top->colour[c] : from[c] + (to[c] - from[c]) * (x + y) / 2;
            value = value * (1 - 0.7 * dark * (1 - x) * y) + noise * (random_unit(&state) - 0.5);
            rgb[c] = (uint8_t)(value < 0 ? 0 : value > 255 ? 255 : value);
        }
    }
}

/* ---- a folder's pictures ---- */

static int is_picture(const struct dirent *entry) {
    return decode_is_picture_name(entry->d_name);
}

static int shrink(const struct config *c, const struct ocelli_image *picture, uint8_t *out) {
    struct prep_rule rule = {.size = c->image_size,
                             .resize = c->squash ? PREP_SQUASH : PREP_CROP,
                             .filter = c->bilinear ? PREP_BILINEAR : PREP_BICUBIC};
    struct prep_plan plan;
    int status = prep_plan_init(&plan, &rule, picture->width, picture->height);
    if (!status) status = prep_resize(&plan, picture->rgb, out);
    prep_plan_finish(&plan);
    return status;
}

/* A file that is no picture is passed over: decode_file() said so. */
static int add_file(struct inputs *in, const struct config *c, const char *folder, const char *name) {
    uint8_t *rgb = arena_alloc(&in->arena, (size_t)c->image_size * c->image_size, 3);
    char *path = source_path(&in->arena, folder, name), *copy = arena_copy(&in->arena, name, strlen(name));
    struct ocelli_image picture = {0};
    if (!rgb || !path || !copy) return no_memory();
    int status = decode_file(&picture, path, NULL);
    if (!status) status = shrink(c, &picture, rgb);
    decode_free(&picture);
    if (status == OCELLI_ERR_MEMORY) return status;
    if (status) {
        in->unusable++;
        return OCELLI_OK;
    }
    in->pictures[in->picture_count] = rgb;
    in->picture_names[in->picture_count++] = copy;
    return OCELLI_OK;
}

static int add_folder(struct inputs *in, const struct config *c, const char *folder) {
    struct dirent **entries;
    int found = scandir(folder, &entries, is_picture, alphasort), status = OCELLI_OK;
    if (found < 0) return log_fail(OCELLI_ERR_FILE, "%s: cannot read this folder: %s", folder, strerror(errno));
    int taken = found < INPUTS_PICTURES_MOST ? found : INPUTS_PICTURES_MOST;
    for (int i = 0; i < taken && !status; i++)
        status = add_file(in, c, folder, entries[(size_t)i * (size_t)found / (size_t)taken]->d_name);
    for (int i = 0; i < found; i++) free(entries[i]);
    free(entries);
    if (!status && in->picture_count == INPUTS_SELFTEST_PICTURES)
        status =
            log_fail(OCELLI_ERR_FILE, "%s: no picture that can be read: give a folder with .jpg or .png files", folder);
    return status;
}

/* ---- all of them ---- */

/* About so many multiplications for built-in pictures: a large model sees fewer of them. */
static size_t drawn_count(const struct config *c) {
    const double most = 40e9, each = 12.0 * c->image.width * c->image.width * c->image.blocks * c->image.tokens;
    enum { DRAWN_MOST = 8 };
    double count = most / each;
    return count < DRAWN_MOST ? (size_t)count : DRAWN_MOST; /* 0: the self-test's picture is drawn as well */
}

static int add_drawn(struct inputs *in, const struct config *c, size_t count) {
    for (size_t i = 0; i < count; i++) {
        uint8_t *rgb = arena_alloc(&in->arena, (size_t)c->image_size * c->image_size, 3);
        char name[64];
        snprintf(name, sizeof name, "built-in picture %zu", i + 1);
        char *copy = arena_copy(&in->arena, name, strlen(name));
        if (!rgb || !copy) return no_memory();
        draw(rgb, c->image_size, i + 1);
        in->pictures[in->picture_count] = rgb;
        in->picture_names[in->picture_count++] = copy;
    }
    return OCELLI_OK;
}

static int add_pictures(struct inputs *in, const struct config *c, bool calibrate, const char *folder) {
    size_t most = INPUTS_SELFTEST_PICTURES + INPUTS_PICTURES_MOST;
    uint8_t *rgb = arena_alloc(&in->arena, (size_t)c->image_size * c->image_size, 3);
    in->pictures = arena_alloc(&in->arena, most, sizeof *in->pictures);
    in->picture_names = arena_alloc(&in->arena, most, sizeof *in->picture_names);
    if (!rgb || !in->pictures || !in->picture_names) return no_memory();
    draw_selftest(rgb, c->image_size);
    in->pictures[0] = rgb, in->picture_names[0] = "self-test picture";
    in->picture_count = INPUTS_SELFTEST_PICTURES;
    in->drawn = !folder;
    if (folder) return add_folder(in, c, folder);
    return calibrate ? add_drawn(in, c, drawn_count(c)) : OCELLI_OK;
}

static int add_text(struct inputs *in, const struct config *c, const struct tokenizer *t, const char *text) {
    int32_t *ids = arena_alloc(&in->arena, c->text.tokens, sizeof *ids);
    char *copy = arena_copy(&in->arena, text, strlen(text));
    size_t count;
    if (!ids || !copy) return no_memory();
    int status = encoder_encode(t->encoder, text, strlen(text), ids, &count);
    if (status) return status;
    for (; c->pool == CONFIG_POOL_LAST && count < c->text.tokens; count++) ids[count] = (int32_t)t->padding_id;
    in->texts[in->text_count] = copy;
    in->ids[in->text_count++] = (struct reference_text){ids, count};
    return OCELLI_OK;
}

/* Prompts of everyday things, as the runtime compares tags with. */
static int add_texts(struct inputs *in, const struct config *c, const struct tokenizer *t, size_t prompts) {
    size_t count;
    const char *const *things = distractors_texts(&count);
    if (prompts > count) prompts = count;
    in->texts = arena_alloc(&in->arena, INPUTS_SELFTEST_TEXTS + prompts, sizeof *in->texts);
    in->ids = arena_alloc(&in->arena, INPUTS_SELFTEST_TEXTS + prompts, sizeof *in->ids);
    if (!in->texts || !in->ids) return no_memory();
    int status = OCELLI_OK;
    for (size_t i = 0; i < INPUTS_SELFTEST_TEXTS && !status; i++) status = add_text(in, c, t, selftest_texts[i]);
    for (size_t i = 0; i < prompts && !status; i++) {
        char text[128];
        snprintf(text, sizeof text, "a photo of %s.", things[i * count / prompts]);
        status = add_text(in, c, t, text);
    }
    return status;
}

static int add_given_texts(struct inputs *in, const struct config *c, const struct tokenizer *t,
                           const struct prompts_list *texts) {
    in->texts = arena_alloc(&in->arena, texts->count, sizeof *in->texts);
    in->ids = arena_alloc(&in->arena, texts->count, sizeof *in->ids);
    int status = in->texts && in->ids ? OCELLI_OK : no_memory();
    for (size_t i = 0; i < texts->count && !status; i++) status = add_text(in, c, t, texts->texts[i]);
    return status;
}

int inputs_collect(struct inputs *inputs, const struct config *config, const struct tokenizer *tokenizer,
                   bool calibrate, const char *folder, const struct prompts_list *texts) {
    enum { FEW = 16, MANY = 1000 };
    *inputs = (struct inputs){0};
    int status = add_pictures(inputs, config, calibrate, folder);
    if (!status && texts) status = add_given_texts(inputs, config, tokenizer, texts);
    if (!status && !texts) status = add_texts(inputs, config, tokenizer, folder ? MANY : calibrate ? FEW : 0);
    if (status) inputs_finish(inputs);
    return status;
}

void inputs_finish(struct inputs *inputs) {
    arena_finish(&inputs->arena);
    *inputs = (struct inputs){0};
}
