/* SPDX-License-Identifier: Apache-2.0 */
#include "ref/ref.h"

#include <math.h>
#include <stdlib.h>

static double dot(const double *a, const double *b, uint32_t n) {
    double sum = 0;
    for (uint32_t i = 0; i < n; i++) sum += a[i] * b[i];
    return sum;
}

/* One query of one head; q, k, v point at the head's first number in the sequence's first row. */
static void one(const double *q, const double *k, const double *v, uint32_t keys, uint32_t head, uint32_t stride,
                double *p, double *out) {
    double largest = -INFINITY, sum = 0;
    for (uint32_t j = 0; j < keys; j++) {
        p[j] = dot(q, k + (size_t)j * stride, head) / sqrt(head);
        largest = fmax(largest, p[j]);
    }
    for (uint32_t j = 0; j < keys; j++) sum += p[j] = exp(p[j] - largest);
    for (uint32_t d = 0; d < head; d++) {
        out[d] = 0;
        for (uint32_t j = 0; j < keys; j++) out[d] += p[j] / sum * v[(size_t)j * stride + d];
    }
}

void ref_attention(const double *qkv, uint32_t sequences, uint32_t tokens, uint32_t width, uint32_t heads, bool causal,
                   double *out) {
    uint32_t head = width / heads, stride = 3 * width;
    double *p = calloc(tokens, sizeof *p);
    for (uint32_t s = 0; s < sequences; s++)
        for (uint32_t h = 0; h < heads; h++)
            for (uint32_t t = 0; t < tokens; t++) {
                const double *first = qkv + (size_t)s * tokens * stride + (size_t)h * head;
                one(first + (size_t)t * stride, first + width, first + 2 * width, causal ? t + 1 : tokens, head, stride,
                    p, out + ((size_t)s * tokens + t) * width + (size_t)h * head);
            }
    free(p);
}
