/* SPDX-License-Identifier: Apache-2.0
 * T tokens of an input, W wide, N heads of E. */
#include "convert/compute/reference_head.h"
#include "base/log.h"
#include "blob/tensor_names.h"
#include "convert/compute/product.h"
#include "convert/compute/reference_ops.h"

#include <math.h>
#include <string.h>

static int no_memory(void) {
    return log_fail(OCELLI_ERR_MEMORY, "reference: out of memory");
}

int reference_read_head(const struct reference *run, struct reference_head *head) {
    struct reference_weights_of_block *b = &head->block;
    *head = (struct reference_head){.block.heads = run->tower->heads};
    head->query = arena_alloc(&b->arena, run->tower->width, sizeof *head->query);
    int status = head->query ? model_read(model_tensor(run->model, TENSOR_HEAD_QUERY), 0, 1, head->query) : no_memory();
    return status ? status : reference_read_weights(run->model, TENSOR_HEAD, TENSOR_IMAGE "." TENSOR_POST_NORM, 2, b);
}

/* One head: softmax(q . k / sqrt(E)) . v over all tokens. kv: rows of keys, then values, W each. */
static void attend(const float *q, const float *kv, size_t tokens, uint32_t width, uint32_t e, float *scores,
                   float *out) {
    double largest = -INFINITY, sum = 0;
    for (size_t t = 0; t < tokens; t++) {
        double dot = 0;
        for (uint32_t i = 0; i < e; i++) dot += (double)q[i] * kv[t * 2 * width + i];
        scores[t] = (float)(dot / sqrt(e));
        if (scores[t] > largest) largest = scores[t];
    }
    for (size_t t = 0; t < tokens; t++) sum += scores[t] = (float)exp(scores[t] - largest);
    memset(out, 0, e * sizeof *out);
    for (size_t t = 0; t < tokens; t++)
        for (uint32_t i = 0; i < e; i++) out[i] += (float)(scores[t] / sum) * kv[(t * 2 + 1) * width + i];
}

/* attended (count, W): of each input's last rows. */
static int attend_all(const struct reference *r, const struct reference_head *h, enum reference_weights kind,
                      struct arena *arena, float *attended) {
    const struct reference_weights_of_block *b = &h->block;
    uint32_t width = r->tower->width, e = width / b->heads;
    size_t tokens = r->tower->tokens;
    float *normed = arena_alloc(arena, tokens * width, sizeof *normed);
    float *kv = arena_alloc(arena, tokens * 2 * width, sizeof *kv);
    float *scores = arena_alloc(arena, tokens, sizeof *scores);
    int status = normed && kv && scores ? OCELLI_OK : no_memory();
    for (size_t i = 0; i < r->count && !status; i++) {
        ops_norm(r->pool, r->x[kind] + i * tokens * width, b->norm1, tokens, width, r->tower->epsilon,
                 normed); // (T, W)
        reference_see(r, REFERENCE_QKV, normed, i * tokens, tokens, width);
        status = reference_multiply(r, kind, &b->qkv, normed, tokens, kv); // (T, 2W)
        for (uint32_t n = 0; n < width; n += e)
            attend(h->query + n, kv + n, tokens, width, e, scores, attended + i * width + n);
    }
    return status;
}

int reference_run_head(const struct reference *run, const struct reference_head *head, enum reference_weights kind,
                       float *out) {
    const struct reference_weights_of_block *b = &head->block;
    uint32_t width = run->tower->width, hidden = b->up.rows;
    size_t count = run->count;
    struct arena arena = {0};
    float *attended = arena_alloc(&arena, count * width, sizeof *attended);
    float *up = arena_alloc(&arena, count * hidden, sizeof *up);
    int status = attended && up ? attend_all(run, head, kind, &arena, attended) : no_memory();
    for (size_t i = 0; i < count && !status; i++) { /* one at a time: there is room to round as many rows as a chunk */
        float *row = attended + i * width, *embedding = out + i * width, *h = up + i * hidden;
        reference_see(run, REFERENCE_OUT, row, run->pooled[i], 1, width);
        status = reference_multiply(run, kind, &b->out, row, 1, embedding); // (W)
        ops_norm(run->pool, embedding, b->norm2, 1, width, run->tower->epsilon, row);
        reference_see(run, REFERENCE_UP, row, run->pooled[i], 1, width);
        if (!status) status = reference_multiply(run, kind, &b->up, row, 1, h); // (H)
        ops_activate(run->pool, run->tower->activation, h, 1, hidden);
        reference_see(run, REFERENCE_DOWN, h, run->pooled[i], 1, hidden);
        if (!status) status = reference_multiply(run, kind, &b->down, h, 1, row); // (W)
        ops_add(embedding, row, width);
        if (!status) status = reference_make_unit(run, embedding, width);
    }
    arena_finish(&arena);
    return status;
}
