/* SPDX-License-Identifier: Apache-2.0
 * T tokens of an input, W wide, N heads of E. */
#include "convert/compute/reference_head.h"
#include "base/log.h"
#include "blob/tensor_names.h"
#include "convert/compute/product.h"
#include "convert/compute/reference_ops.h"

#include <math.h>
#include <string.h>

#define HEAD(part) TENSOR_HEAD "." part

static int no_memory(void) {
    return log_fail(OCELLI_ERR_MEMORY, "reference: out of memory");
}

int reference_read_head(const struct reference *run, struct reference_head *head) {
    const struct model *m = run->model;
    struct arena *a = &head->arena;
    const struct model_tensor *query = model_tensor(m, TENSOR_HEAD_QUERY);
    *head = (struct reference_head){0};
    head->query = arena_alloc(a, run->tower->width, sizeof *head->query);
    int status = head->query ? model_read(query, 0, 1, head->query) : no_memory();
    if (!status) status = reference_read_norm(m, a, TENSOR_IMAGE "." TENSOR_POST_NORM, head->post);
    if (!status) status = reference_read_matrix(m, a, HEAD(TENSOR_KEY), true, &head->key);
    if (!status) status = reference_read_matrix(m, a, HEAD(TENSOR_VALUE), true, &head->value);
    if (!status) status = reference_read_matrix(m, a, HEAD(TENSOR_ATTENTION_OUT), true, &head->out);
    if (!status) status = reference_read_norm(m, a, HEAD(TENSOR_NORM_2), head->norm);
    if (!status) status = reference_read_matrix(m, a, HEAD(TENSOR_UP), true, &head->up);
    return status ? status : reference_read_matrix(m, a, HEAD(TENSOR_DOWN), true, &head->down);
}

/* One head: softmax(q . k / sqrt(E)) . v over all tokens. */
static void attend(const float *q, const float *k, const float *v, size_t tokens, uint32_t width, uint32_t e,
                   float *scores, float *out) {
    double largest = -INFINITY, sum = 0;
    for (size_t t = 0; t < tokens; t++) {
        double dot = 0;
        for (uint32_t i = 0; i < e; i++) dot += (double)q[i] * k[t * width + i];
        scores[t] = (float)(dot / sqrt(e));
        if (scores[t] > largest) largest = scores[t];
    }
    for (size_t t = 0; t < tokens; t++) sum += scores[t] = (float)exp(scores[t] - largest);
    memset(out, 0, e * sizeof *out);
    for (size_t t = 0; t < tokens; t++)
        for (uint32_t i = 0; i < e; i++) out[i] += (float)(scores[t] / sum) * v[t * width + i];
}

/* attended (count, W): of each input's last rows. */
static int attend_all(const struct reference *r, const struct reference_head *h, enum reference_weights kind,
                      struct arena *arena, float *attended) {
    uint32_t width = r->tower->width, e = width / r->tower->heads;
    size_t tokens = r->tower->tokens;
    float *normed = arena_alloc(arena, tokens * width, sizeof *normed);
    float *k = arena_alloc(arena, tokens * width, sizeof *k), *v = arena_alloc(arena, tokens * width, sizeof *v);
    float *scores = arena_alloc(arena, tokens, sizeof *scores);
    int status = normed && k && v && scores ? OCELLI_OK : no_memory();
    for (size_t i = 0; i < r->count && !status; i++) {
        ops_norm(r->pool, r->x[kind] + i * tokens * width, h->post, tokens, width, r->tower->epsilon, normed); // (T, W)
        status = reference_multiply(r, kind, &h->key, normed, tokens, k);                                      // (T, W)
        if (!status) status = reference_multiply(r, kind, &h->value, normed, tokens, v);                       // (T, W)
        for (uint32_t n = 0; n < width; n += e)
            attend(h->query + n, k + n, v + n, tokens, width, e, scores, attended + i * width + n);
    }
    return status;
}

int reference_run_head(const struct reference *run, const struct reference_head *head, enum reference_weights kind,
                       float *out) {
    uint32_t width = run->tower->width, hidden = head->up.rows;
    size_t count = run->count;
    struct arena arena = {0};
    float *attended = arena_alloc(&arena, count * width, sizeof *attended);
    float *up = arena_alloc(&arena, count * hidden, sizeof *up);
    int status = attended && up ? attend_all(run, head, kind, &arena, attended) : no_memory();
    for (size_t i = 0; i < count && !status; i++) { /* one at a time: there is room to round as many rows as a chunk */
        float *row = attended + i * width, *embedding = out + i * width, *h = up + i * hidden;
        status = reference_multiply(run, kind, &head->out, row, 1, embedding); // (W)
        ops_norm(run->pool, embedding, head->norm, 1, width, run->tower->epsilon, row);
        if (!status) status = reference_multiply(run, kind, &head->up, row, 1, h); // (H)
        ops_activate(run->pool, run->tower->activation, h, 1, hidden);
        if (!status) status = reference_multiply(run, kind, &head->down, h, 1, row); // (W)
        ops_add(embedding, row, width);
        if (!status) status = reference_make_unit(run, embedding, width);
    }
    arena_finish(&arena);
    return status;
}
