/* SPDX-License-Identifier: Apache-2.0 */
#include "convert/selftest.h"
#include "base/log.h"
#include "blob/tensor_names.h"
#include "convert/reference.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char *const texts[] = {"a photo of a cat", "a red car"};
enum { IMAGES = 1, TEXTS = sizeof texts / sizeof texts[0] };

/* margin: rounding of activations may lower a cosine by so much more than int8 weights do. mark: the least cosine
 * without it. */
static const double margin = 0.01, mark = 0.99;

/* Slopes, a disc, a checkerboard and fine stripes: something of every scale, in every channel. */
static void draw(uint8_t *rgb, uint32_t size) {
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

static int compare(const float *exact, const struct model *m, int status, const float *rounded, double *worst) {
    if (!status) *worst = fmin(*worst, reference_cosine(exact, rounded, m->config->embedding));
    return status;
}

static int images(struct gguf_write *w, const struct model *m, float *rounded, double *worst) {
    uint32_t size = m->config->image_size, d = m->config->embedding;
    uint8_t *rgb =
        gguf_write_tensor(w, TENSOR_SELFTEST_PICTURES, GGUF_WRITE_I8, 4, (uint64_t[]){3, size, size, IMAGES});
    float *exact = gguf_write_tensor(w, TENSOR_SELFTEST_IMAGE, GGUF_WRITE_F32, 2, (uint64_t[]){d, IMAGES});
    if (!rgb || !exact) return log_fail(OCELLI_ERR_MEMORY, "self-test: out of memory");
    draw(rgb, size);
    int status = reference_image(m, REFERENCE_FLOAT, rgb, exact);
    if (!status) status = compare(exact, m, reference_image(m, REFERENCE_INT8, rgb, rounded), rounded, worst);
    return status;
}

static int one_text(const struct model *m, const struct tokenizer *t, const char *text, int32_t *ids, float *exact,
                    float *rounded, double *worst) {
    size_t count;
    int status = bpe_encode(t->bpe, text, strlen(text), ids, &count);
    if (!status) status = reference_text(m, REFERENCE_FLOAT, ids, count, t->end_id, exact);
    if (status) return status;
    return compare(exact, m, reference_text(m, REFERENCE_INT8, ids, count, t->end_id, rounded), rounded, worst);
}

static int all_texts(struct gguf_write *w, const struct model *m, const struct tokenizer *t, float *rounded,
                     double *worst) {
    uint32_t d = m->config->embedding;
    float *exact = gguf_write_tensor(w, TENSOR_SELFTEST_TEXT, GGUF_WRITE_F32, 2, (uint64_t[]){d, TEXTS});
    int32_t *ids = calloc(m->config->text.tokens, sizeof *ids);
    int status = exact && ids ? OCELLI_OK : log_fail(OCELLI_ERR_MEMORY, "self-test: out of memory");
    gguf_write_texts(w, "ocelli.selftest.texts", TEXTS);
    for (size_t i = 0; i < TEXTS && !status; i++) {
        gguf_write_element(w, texts[i], strlen(texts[i]));
        status = one_text(m, t, texts[i], ids, exact + i * d, rounded, worst);
    }
    free(ids);
    return status;
}

int selftest_write(struct gguf_write *writer, const struct model *model, const struct tokenizer *tokenizer,
                   struct selftest_cosines *cosines) {
    *cosines = (struct selftest_cosines){1, 1};
    float *rounded = calloc(model->config->embedding, sizeof *rounded);
    int status = rounded ? OCELLI_OK : log_fail(OCELLI_ERR_MEMORY, "self-test: out of memory");
    if (!status) status = images(writer, model, rounded, &cosines->image);
    if (!status) status = all_texts(writer, model, tokenizer, rounded, &cosines->text);
    free(rounded);
    double worst = fmin(cosines->image, cosines->text);
    if (!status) gguf_write_f32(writer, "ocelli.selftest.min_cosine", (float)fmin(mark, worst - margin));
    return status;
}
