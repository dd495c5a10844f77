/* SPDX-License-Identifier: Apache-2.0
 * Row functions of each set of kernels against double. */
#include "op/cpu/all_kernels.h"

#include <math.h>

static const uint32_t widths[] = {1, 3, 4, 7, 8, 12, 15, 16, 17, 20, 63, 64, 65, 768, 1024};
enum { WIDTHS = sizeof widths / sizeof widths[0], WIDEST = 1024 };

static void noise_row(uint64_t *state, float *x, uint32_t width, float around) {
    for (uint32_t i = 0; i < width; i++) x[i] = around + noise_float(state);
    if (width > 5) x[5] = 60; /* an outlier channel, as real checkpoints have them */
}

static void check_norm(const struct cpu_kernels *kernels) {
    uint64_t state = 1;
    for (int i = 0; i < WIDTHS; i++) {
        uint32_t w = widths[i];
        float *x = malloc(w * sizeof *x), *weight = malloc(w * sizeof *x), *bias = malloc(w * sizeof *x),
              *out = malloc(w * sizeof *x);
        noise_row(&state, x, w, 3), noise_row(&state, weight, w, 0), noise_row(&state, bias, w, 0);
        double mean = 0, variance = 0, worst = 0;
        for (uint32_t d = 0; d < w; d++) mean += (double)x[d] / w;
        for (uint32_t d = 0; d < w; d++) variance += ((double)x[d] - mean) * ((double)x[d] - mean) / w;
        kernels->rows->norm(x, weight, bias, w, 1e-5f, out);
        for (uint32_t d = 0; d < w; d++) {
            double expected = ((double)x[d] - mean) / sqrt(variance + 1e-5) * (double)weight[d] + (double)bias[d];
            worst = fmax(worst, fabs((double)out[d] - expected) / fmax(1, fabs(expected)));
        }
        if (worst > 4e-6) fail_msg("%s norm of %u: %.1e", kernels->name, w, worst);
        kernels->rows->norm(x, weight, bias, w, 1e-5f, x); /* in place */
        assert_memory_equal(x, out, w * sizeof *x);
        free(x), free(weight), free(bias), free(out);
    }
}

static void check_quantize(const struct cpu_kernels *kernels) {
    uint64_t state = 2;
    for (int i = 0; i < WIDTHS; i++) {
        uint32_t w = widths[i];
        float *x = malloc(w * sizeof *x);
        int8_t *out = malloc(w);
        noise_row(&state, x, w, 0);
        float largest = 0;
        for (uint32_t d = 0; d < w; d++) largest = fmaxf(largest, fabsf(x[d]));
        assert_true(kernels->rows->quantize(x, w, out) == largest / 127);
        for (uint32_t d = 0; d < w; d++) assert_int_equal(out[d], (int)rintf(x[d] * (127 / largest)));
        memset(x, 0, w * sizeof *x);
        assert_true(kernels->rows->quantize(x, w, out) == 0);
        for (uint32_t d = 0; d < w; d++) assert_int_equal(out[d], 0);
        free(x), free(out);
    }
}

struct shape {
    uint32_t tokens, head, queries, first;
};

static double attention_difference(const struct cpu_kernels *kernels, struct shape s, bool causal) {
    uint64_t state = s.tokens * 31 + s.head;
    uint32_t stride = 3 * s.head;
    float *qkv = malloc(sizeof *qkv * s.tokens * stride), *out = malloc(sizeof *out * s.queries * s.head);
    float *scratch = malloc(sizeof *scratch * cpu_attention_scratch(s.tokens, s.head));
    double *p = malloc(sizeof *p * s.tokens), worst = 0;
    for (uint32_t i = 0; i < s.tokens * stride; i++) qkv[i] = 3 * noise_float(&state);
    kernels->rows->attention(&(struct cpu_attention){.q = qkv + s.first * stride,
                                                     .k = qkv + s.head,
                                                     .v = qkv + 2 * s.head,
                                                     .stride = stride,
                                                     .query_stride = stride,
                                                     .out_stride = s.head,
                                                     .tokens = s.tokens,
                                                     .queries = s.queries,
                                                     .head = s.head,
                                                     .first = s.first,
                                                     .causal = causal,
                                                     .scale = 1 / sqrtf((float)s.head),
                                                     .out = out,
                                                     .scratch = scratch});
    for (uint32_t q = 0; q < s.queries; q++) {
        uint32_t keys = causal ? s.first + q + 1 : s.tokens;
        double sum = 0, largest = -INFINITY;
        for (uint32_t t = 0; t < keys; t++) {
            p[t] = 0;
            for (uint32_t d = 0; d < s.head; d++)
                p[t] += (double)qkv[(s.first + q) * stride + d] * (double)qkv[t * stride + s.head + d] / sqrt(s.head);
            largest = fmax(largest, p[t]);
        }
        for (uint32_t t = 0; t < keys; t++) sum += p[t] = exp(p[t] - largest);
        for (uint32_t d = 0; d < s.head; d++) {
            double expected = 0;
            for (uint32_t t = 0; t < keys; t++) expected += p[t] / sum * (double)qkv[t * stride + 2 * s.head + d];
            worst = fmax(worst, fabs((double)out[q * s.head + d] - expected));
        }
    }
    free(qkv), free(out), free(scratch), free(p);
    return worst;
}

static void check_attention(const struct cpu_kernels *kernels) {
    static const struct shape shapes[] = {
        {1, 4, 1, 0},     {3, 12, 3, 0},    {4, 16, 4, 0},   {5, 20, 5, 0},    {15, 64, 15, 0},
        {16, 64, 16, 0},  {17, 68, 17, 0},  {50, 64, 50, 0}, {77, 64, 77, 0},  {50, 64, 1, 17},
        {77, 128, 1, 76}, {197, 64, 9, 50}, {33, 80, 33, 0}, {896, 4, 3, 893},
    };
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++)
        for (int causal = 0; causal < 2; causal++) {
            double worst = attention_difference(kernels, shapes[i], causal);
            if (!(worst < 1e-5))
                fail_msg("%s attention %u x %u, causal %d: %.1e", kernels->name, shapes[i].tokens, shapes[i].head,
                         causal, worst);
        }
}

/* Two keys of the scores s and 0, whose values are apart: exp(s) / (1 + exp(s)) by itself, relative to its size. */
static void check_exp(const struct cpu_kernels *kernels) {
    enum { HEAD = 4, TOKENS = 2 };
    float q[HEAD] = {1}, k[TOKENS * HEAD] = {0}, v[TOKENS * HEAD] = {1, 0, 0, 0, 0, 1}, out[HEAD];
    float *scratch = malloc(sizeof *scratch * cpu_attention_scratch(TOKENS, HEAD));
    double worst = 0;
    for (k[0] = 0; k[0] > -85; k[0] -= 0.0137f) {
        double e = exp((double)k[0]);
        kernels->rows->attention(&(struct cpu_attention){.q = q,
                                                         .k = k,
                                                         .v = v,
                                                         .stride = HEAD,
                                                         .query_stride = HEAD,
                                                         .out_stride = HEAD,
                                                         .tokens = TOKENS,
                                                         .queries = 1,
                                                         .head = HEAD,
                                                         .scale = 1,
                                                         .out = out,
                                                         .scratch = scratch});
        worst = fmax(worst, fabs((double)out[0] * (1 + e) / e - 1));
    }
    free(scratch);
    if (worst > 5e-7) fail_msg("%s exp: %.1e", kernels->name, worst); /* 4 units in the last place */
}

static void test_exp(void **unused) {
    (void)unused;
    each_kernels(check_exp);
}

static void test_norm(void **unused) {
    (void)unused;
    each_kernels(check_norm);
}

static void test_quantize(void **unused) {
    (void)unused;
    each_kernels(check_quantize);
}

static void test_attention(void **unused) {
    (void)unused;
    each_kernels(check_attention);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_norm),
        cmocka_unit_test(test_quantize),
        cmocka_unit_test(test_attention),
        cmocka_unit_test(test_exp),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
