/* SPDX-License-Identifier: Apache-2.0 */
#include "convert/compute/selftest.h"
#include "blob/tensor_names.h"

#include <math.h>
#include <string.h>

enum { PICTURES = INPUTS_SELFTEST_PICTURES, TEXTS = INPUTS_SELFTEST_TEXTS };

/* margin: rounding of activations may lower a cosine by so much more than int8 weights do. mark: the least cosine
 * without it. */
static const double margin = 0.01, mark = 0.99;

void selftest_declare(struct gguf_write *writer, const struct config *config) {
    uint32_t size = config->image_size, d = config->embedding;
    gguf_write_declare(writer, TENSOR_SELFTEST_PICTURES, GGUF_WRITE_I8, 4, (uint64_t[]){3, size, size, PICTURES});
    gguf_write_declare(writer, TENSOR_SELFTEST_IMAGE, GGUF_WRITE_F32, 2, (uint64_t[]){d, PICTURES});
    if (!config->no_text) gguf_write_declare(writer, TENSOR_SELFTEST_TEXT, GGUF_WRITE_F32, 2, (uint64_t[]){d, TEXTS});
}

void selftest_keys(struct gguf_write *writer, const struct config *config, const struct inputs *inputs,
                   float min_cosine) {
    if (!config->no_text) {
        gguf_write_texts(writer, "ocelli.selftest.texts", TEXTS);
        for (size_t i = 0; i < TEXTS; i++) gguf_write_element(writer, inputs->texts[i], strlen(inputs->texts[i]));
    }
    gguf_write_f32(writer, "ocelli.selftest.min_cosine", min_cosine);
}

static double worst_of(const struct walk_tower *t, size_t count, uint32_t d) {
    double worst = 1;
    for (size_t i = 0; i < count; i++)
        worst = fmin(
            worst, reference_cosine(t->embeddings[REFERENCE_FLOAT] + i * d, t->embeddings[REFERENCE_INT8] + i * d, d));
    return worst;
}

float selftest_min_cosine(const struct config *config, const struct walk_tower *images,
                          const struct walk_tower *texts) {
    double worst = worst_of(images, PICTURES, config->embedding);
    if (!config->no_text) worst = fmin(worst, worst_of(texts, TEXTS, config->embedding));
    return (float)fmin(mark, worst - margin);
}

int selftest_write(struct gguf_write *writer, const struct config *config, const struct inputs *inputs,
                   const struct walk_tower *images, const struct walk_tower *texts) {
    size_t pixels = (size_t)config->image_size * config->image_size * 3, row = config->embedding * sizeof(float);
    int status = OCELLI_OK;
    for (size_t i = 0; i < PICTURES && !status; i++)
        status = gguf_write_piece(writer, TENSOR_SELFTEST_PICTURES, inputs->pictures[i], pixels);
    if (!status)
        status = gguf_write_piece(writer, TENSOR_SELFTEST_IMAGE, images->embeddings[REFERENCE_FLOAT], PICTURES * row);
    if (status || config->no_text) return status;
    return gguf_write_piece(writer, TENSOR_SELFTEST_TEXT, texts->embeddings[REFERENCE_FLOAT], TEXTS * row);
}
