/* SPDX-License-Identifier: Apache-2.0 */
#include "handle.h"
#include "base/log.h"

#include <stdlib.h>
#include <string.h>

int handle_strings(const struct blob *blob, const char *key, struct bpe_text **out, size_t *count) {
    const struct gguf_string *from;
    uint64_t n;
    int status = blob_strings(blob, key, &from, &n);
    if (status) return status;
    *out = calloc(n ? n : 1, sizeof **out);
    if (!*out) return log_fail(OCELLI_ERR_MEMORY, "out of memory");
    for (uint64_t i = 0; i < n; i++) (*out)[i] = (struct bpe_text){from[i].text, from[i].length};
    *count = n;
    return OCELLI_OK;
}

static int read_tokenizer(const struct blob *blob, uint32_t vocabulary, struct bpe_params *p, struct bpe_text **tokens,
                          struct bpe_text **merges) {
    int status = handle_strings(blob, "tokenizer.ggml.tokens", tokens, &p->token_count);
    if (!status) status = handle_strings(blob, "tokenizer.ggml.merges", merges, &p->merge_count);
    if (!status) status = blob_u32(blob, "tokenizer.ggml.bos_token_id", &p->start_id);
    if (!status) status = blob_u32(blob, "tokenizer.ggml.eos_token_id", &p->end_id);
    if (!status && p->token_count > vocabulary)
        return log_fail(OCELLI_ERR_FILE, "%s: %zu tokens, but a token table of %u rows: convert the checkpoint again",
                        blob_name(blob), p->token_count, vocabulary);
    return status;
}

static int clip_tokenizer(const struct blob *blob, uint32_t context, uint32_t vocabulary, struct bpe **bpe) {
    struct bpe_params p = {.context = context, .name = blob_name(blob)};
    struct bpe_text *tokens = NULL, *merges = NULL;
    int status = read_tokenizer(blob, vocabulary, &p, &tokens, &merges);
    p.tokens = tokens;
    p.merges = merges;
    if (!status) status = bpe_create(bpe, &p);
    free(tokens);
    free(merges);
    return status;
}

int handle_tokenizer(const struct blob *blob, uint32_t context, uint32_t vocabulary, struct encoder **encoder) {
    struct bpe *bpe = NULL;
    struct sentencepiece *sp = NULL;
    const char *kind = "clip";
    *encoder = NULL;
    int status =
        gguf_value(blob_gguf(blob), "tokenizer.ggml.model") ? blob_string(blob, "tokenizer.ggml.model", &kind) : 0;
    if (status) return status;
    status = strcmp(kind, "clip") == 0 ? clip_tokenizer(blob, context, vocabulary, &bpe)
                                       : handle_sentencepiece(blob, kind, context, vocabulary, &sp);
    if (!status && !(*encoder = encoder_of(bpe, sp))) status = log_fail(OCELLI_ERR_MEMORY, "out of memory");
    return status;
}

static void unload_image(struct ocelli *o) {
    clip_image_finish(&o->image);
    o->image_loaded = false;
}

enum tower { IMAGE, TEXT };

/* A choice that was timed just now is remembered when the model's own vectors come out right on it; they may make it
 * fall back. They load both towers: what was not loaded before, and is not what `wanted` asks for, goes again. Errors:
 * of ocelli_selftest().
 */
static int prove(struct ocelli *o, enum tower wanted) {
    bool image = o->image_loaded || wanted == IMAGE, text = o->text_loaded || wanted == TEXT;
    int status = ocelli_selftest(o, NULL); /* remembers it */
    if (status || !text) handle_unload_text(o);
    if (status || !image) unload_image(o);
    return status;
}

/* Why there is no device was said when it was opened. */
static int choose(struct ocelli *o, enum tower wanted) {
    if (!o->device) return OCELLI_ERR_LOST;
    int status = op_device_choose(&o->device, true);
    return status || o->proving || !op_device_is_unproved(o->device) ? status : prove(o, wanted);
}

int handle_load_image(struct ocelli *handle) {
    if (handle->image_loaded && handle->device) return OCELLI_OK;
    int status = choose(handle, IMAGE);
    if (!status && !handle->image_loaded)
        status = clip_image_init(&handle->image, handle->device, handle->blob, &handle->config, handle->max_batch);
    handle->image_loaded = status == OCELLI_OK;
    return status;
}

int handle_load_text(struct ocelli *handle) {
    if (handle->text_loaded && handle->device) return OCELLI_OK;
    int status = handle_need_text(handle->blob, &handle->config);
    if (!status) status = choose(handle, TEXT);
    if (!status && !handle->text_loaded)
        status = clip_text_init(&handle->text, handle->device, handle->blob, &handle->config);
    handle->text_loaded = status == OCELLI_OK;
    return status;
}

void handle_unload_text(struct ocelli *handle) {
    clip_text_finish(&handle->text);
    handle->text_loaded = false;
}

void handle_unload(struct ocelli *handle) {
    handle_unload_text(handle);
    unload_image(handle);
}
