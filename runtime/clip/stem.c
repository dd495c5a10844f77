/* SPDX-License-Identifier: Apache-2.0 */
#include "clip/stem.h"
#include "blob/tensor_names.h"

#include <stdio.h>

int clip_stem_load(struct clip_stem *stem, struct clip_tower *tower, struct blob *blob, uint32_t channels) {
    char name[32];
    stem->channels = channels;
    if (channels == 0) return OCELLI_OK;
    snprintf(name, sizeof name, TENSOR_STEM, 0);
    int status = clip_load_matrix(tower, blob, name, channels, 3 * CLIP_STEM_PIECE * CLIP_STEM_PIECE, true,
                                  tower->config->float_pixels, &stem->first);
    snprintf(name, sizeof name, TENSOR_STEM, 1);
    return status ? status : clip_load_matrix(tower, blob, name, channels, 4 * channels, true, false, &stem->second);
}

/* In another form than the outputs: int8, or panels. */
static bool is_converted(const struct clip_tower *t, uint32_t rows) {
    return op_input_is_int8(t->device) || op_input_rows(t->device, (struct op_rows){0}, rows).panel > 1;
}

static struct op_rows plan_input(const struct clip_stem *s, struct clip_tower *t, uint32_t rows) {
    if (!is_converted(t, rows)) return (struct op_rows){0};
    return clip_plan_rows(t, rows + OP_MAX_PANEL, 4 * s->channels, op_input_is_int8(t->device));
}

void clip_stem_plan(struct clip_stem *stem, struct clip_tower *tower, uint32_t patches) {
    if (stem->channels == 0) return;
    stem->first_out = clip_plan_rows(tower, 16 * patches + OP_MAX_PANEL, stem->channels, false);
    stem->second_out = clip_plan_rows(tower, 4 * patches + OP_MAX_PANEL, stem->channels, false);
    stem->second_input = plan_input(stem, tower, 4 * patches);
    stem->third_input = plan_input(stem, tower, patches);
}

/* Four rows of C numbers, without a gap, are one of 4 C; `rows` of these in the form of a product's input. */
static struct op_rows four_as_one(const struct clip_stem *s, struct clip_tower *t, struct op_rows out,
                                  struct op_rows input, uint32_t rows) {
    out.stride *= 4;
    if (!is_converted(t, rows)) return out;
    input = op_input_rows(t->device, input, rows);
    if (input.scales.memory)
        op_quantize(t->list, out, input, rows, out.stride);
    else
        op_norm(t->list, &(struct op_norm){.in = out, .out = input, .rows = rows, .width = 4 * s->channels});
    return input;
}

static void convolve(const struct clip_tower *t, const struct op_matrix *matrix, struct op_rows in, struct op_rows out,
                     uint32_t rows) {
    op_linear(t->list, &(struct op_linear){.label = "stem",
                                           .in = in,
                                           .matrix = matrix,
                                           .out = out,
                                           .rows = rows,
                                           .activation = t->config->activation});
}

struct op_rows clip_stem_record(const struct clip_stem *stem, struct clip_tower *tower, struct op_rows in,
                                uint32_t patches) {
    if (stem->channels == 0) return in;
    convolve(tower, &stem->first, in, stem->first_out, 16 * patches); // (16 B P, C)
    in = four_as_one(stem, tower, stem->first_out, stem->second_input, 4 * patches);
    convolve(tower, &stem->second, in, stem->second_out, 4 * patches); // (4 B P, C)
    return four_as_one(stem, tower, stem->second_out, stem->third_input, patches);
}
