/* SPDX-License-Identifier: Apache-2.0 */
#include "clip/text.h"
#include "base/log.h"
#include "blob/tensor_names.h"

#include <stdlib.h>

/* Under a causal mask nothing after the EOT token reaches it, so a batch is as long as its longest text. The length is
 * rounded up, so that texts of similar length share a recorded list. With `last_pool`, the whole context runs. */
enum { LENGTH_STEP = 4 };

/* The table's scales and the positions stay in main memory as long as the tower does. The table itself has most of a
 * model's numbers, and a text needs a few rows of it: these are read when they are needed. */
static const char table[] = TENSOR_TOKENS, positions[] = TENSOR_TEXT_POSITIONS;

static int init(struct clip_text *s, struct blob *blob, const struct clip_config *c) {
    struct clip_tower *t = &s->tower;
    uint32_t width = c->text.width, rows = CLIP_TEXT_BATCH * c->text.tokens;
    int status = clip_load_stack(t, blob, TENSOR_TEXT, TENSOR_TEXT_PROJECTION);
    if (!status) status = op_weights_allocate(&t->weights, "text weights");
    if (!status) status = clip_load_stack(t, blob, TENSOR_TEXT, TENSOR_TEXT_PROJECTION);
    if (!status) status = blob_rows(blob, table, c->vocabulary, width, &s->table);
    if (!status && !(s->row = malloc(width))) status = log_fail(OCELLI_ERR_MEMORY, "out of memory for a token");
    if (!status) status = blob_vector(blob, positions, (uint64_t)c->text.tokens * width, &s->positions);
    if (status) return status;
    clip_plan_stack(t, rows);
    status = clip_allocate(t, "text activations");
    if (status) return status;
    clip_plan_stack(t, rows);
    return op_memory_create(&s->tokens, t->device, t->x.values.size, OP_USE_INPUT, "token rows");
}

int clip_text_init(struct clip_text *tower, struct op_device *device, struct blob *blob,
                   const struct clip_config *config) {
    *tower = (struct clip_text){
        .vocabulary = config->vocabulary, .last_pool = config->last_pool, .pad_id = config->pad_id, .blob = blob};
    tower->tower = (struct clip_tower){.device = device,
                                       .config = &config->text,
                                       .embedding = config->embedding,
                                       .max_batch = CLIP_TEXT_BATCH,
                                       .weights = {.device = device}};
    int status = init(tower, blob, config);
    if (status) clip_text_finish(tower);
    return status;
}

void clip_text_finish(struct clip_text *tower) {
    if (tower->tower.device) op_memory_destroy(&tower->tokens, tower->tower.device);
    clip_tower_finish(&tower->tower);
    free(tower->row);
    if (tower->blob) blob_release(tower->blob, table), blob_release(tower->blob, positions);
    *tower = (struct clip_text){0};
}

int clip_text_record(struct clip_text *tower, uint32_t batch, uint32_t tokens) {
    struct clip_tower *t = &tower->tower;
    t->batch = 0;
    int status = op_list_begin(t->list, false);
    if (status) return status;
    struct op_view from = op_view_of(tower->tokens);
    from.size = (uint64_t)batch * tokens * t->x.stride * sizeof(float);
    op_copy(t->list, from, t->x.values); // (B T, W)
    clip_record_stack(t, batch, tokens);
    status = op_list_end(t->list);
    if (status) return status;
    t->batch = batch, t->tokens = tokens;
    return OCELLI_OK;
}

/* token row + position, for one text; rows past its end are padding, or keep what they had: nothing reads them. */
static int write_tokens(struct clip_text *s, const int32_t *ids, uint32_t length, float *rows) {
    uint32_t width = s->tower.config->width, all = s->last_pool ? s->tower.config->tokens : length;
    for (uint32_t i = 0; i < all; i++, rows += s->tower.x.stride) {
        int32_t id = i < length ? ids[i] : (int32_t)s->pad_id;
        if (id < 0 || (uint32_t)id >= s->vocabulary)
            return log_fail(OCELLI_ERR_USAGE, "token id %d is outside the vocabulary of %u", id, s->vocabulary);
        int status = blob_rows_read(&s->table, (uint64_t)id, s->row);
        if (status) return status;
        for (uint32_t d = 0; d < width; d++)
            rows[d] = s->table.scales[id] * s->row[d] + s->positions[(size_t)i * width + d];
    }
    return OCELLI_OK;
}

static int embed_batch(struct clip_text *tower, const int32_t *ids, const uint32_t *lengths, uint32_t count,
                       uint32_t stride, float *out) {
    struct clip_tower *t = &tower->tower;
    uint32_t tokens = 1;
    for (uint32_t i = 0; i < count; i++) {
        if (lengths[i] == 0 || lengths[i] > t->config->tokens)
            return log_fail(OCELLI_ERR_USAGE, "a text of %u ids; 1..%u fit", lengths[i], t->config->tokens);
        if (lengths[i] > tokens) tokens = lengths[i];
    }
    tokens = (tokens + LENGTH_STEP - 1) / LENGTH_STEP * LENGTH_STEP;
    if (tokens > t->config->tokens || tower->last_pool) tokens = t->config->tokens;
    float *rows = op_memory_mapped(tower->tokens);
    uint32_t *pool = op_memory_mapped(t->pool_rows);
    int status = OCELLI_OK;
    for (uint32_t i = 0; i < count && !status; i++) {
        pool[i] = i * tokens + (tower->last_pool ? tokens : lengths[i]) - 1;
        status = write_tokens(tower, ids + (size_t)i * stride, lengths[i], rows + (size_t)i * tokens * t->x.stride);
    }
    if (!status && (t->batch != count || t->tokens != tokens)) status = clip_text_record(tower, count, tokens);
    if (!status) status = op_list_run(t->list);
    return status ? status : clip_read_embeddings(t, count, out);
}

int clip_text_embed(struct clip_text *tower, const int32_t *ids, const uint32_t *lengths, uint32_t count,
                    uint32_t stride, float *out) {
    for (uint32_t done = 0; done < count;) {
        uint32_t n = count - done < CLIP_TEXT_BATCH ? count - done : CLIP_TEXT_BATCH;
        int status = embed_batch(tower, ids + (size_t)done * stride, lengths + done, n, stride,
                                 out + (size_t)done * tower->tower.embedding);
        if (status) return status;
        done += n;
    }
    return OCELLI_OK;
}
