/* SPDX-License-Identifier: Apache-2.0
 * A model without a text tower: its own tags, its own texts and their vectors. */
#include "base/log.h"
#include "blob/tensor_names.h"
#include "handle.h"

#include <string.h>

static int no_memory(const struct ocelli *o) {
    return log_fail(OCELLI_ERR_MEMORY, "%s: out of memory", blob_name(o->blob));
}

/* Terminated copies: the blob's are not. */
static int copy_texts(struct ocelli *o, const struct gguf_string *from) {
    struct handle_own *own = &o->own;
    const char **texts = arena_alloc(&own->arena, own->count + 1, sizeof *texts);
    if (!texts) return no_memory(o);
    for (size_t i = 0; i < own->count; i++) {
        if (memchr(from[i].text, 0, from[i].length))
            return log_fail(OCELLI_ERR_FILE, "%s: " BLOB_OWN_TEXTS " has a NUL inside: convert the checkpoint again",
                            blob_name(o->blob));
        texts[i] = arena_copy(&own->arena, from[i].text, from[i].length);
        if (!texts[i]) return no_memory(o);
    }
    own->texts = texts;
    return OCELLI_OK;
}

static int read_own(struct ocelli *handle) {
    struct handle_own *own = &handle->own;
    const struct gguf_string *texts;
    uint64_t count;
    if (!handle->config.no_text) return OCELLI_OK;
    int status = blob_string(handle->blob, BLOB_OWN_TAGS, &own->tags);
    if (!status) status = blob_strings(handle->blob, BLOB_OWN_TEXTS, &texts, &count);
    if (status) return status;
    own->count = count;
    if (count) status = blob_vector(handle->blob, TENSOR_OWN_TEXTS, count * handle->config.embedding, NULL);
    if (!status) status = copy_texts(handle, texts);
    return status ? status : known_texts_init(&own->known, own->texts, own->count);
}

int handle_read(struct ocelli *handle, const char *path, bool verify) {
    int status = blob_open(&handle->blob, path, verify);
    if (!status) status = clip_config_read(&handle->config, handle->blob);
    return status ? status : read_own(handle);
}

void handle_own_finish(struct ocelli *handle) {
    known_texts_finish(&handle->own.known);
    arena_finish(&handle->own.arena);
    handle->own = (struct handle_own){0};
}

static int unknown_text(const struct ocelli *o, const char *text) {
    return log_fail(
        OCELLI_ERR_LIMIT,
        "%s: no text tower and no vector of \"%.200s\" in this model: use its own tags (ocelli info -m lists "
        "them), or convert it again with this text",
        blob_name(o->blob), text);
}

int handle_own_embed(struct ocelli *handle, const char *const *texts, size_t count, float *out) {
    size_t d = handle->config.embedding;
    const float *vectors;
    if (!count) return OCELLI_OK;
    for (size_t i = 0; i < count; i++)
        if (!known_texts_find(&handle->own.known, texts[i], NULL)) return unknown_text(handle, texts[i]);
    int status = blob_vector(handle->blob, TENSOR_OWN_TEXTS, handle->own.count * d, &vectors);
    for (size_t i = 0, at; !status && i < count; i++) {
        known_texts_find(&handle->own.known, texts[i], &at);
        memcpy(out + i * d, vectors + at * d, d * sizeof *out);
    }
    return status;
}

int handle_need_text(const struct blob *blob, const struct clip_config *config) {
    if (!config->no_text) return OCELLI_OK;
    return log_fail(OCELLI_ERR_LIMIT,
                    "%s: this model has no text tower and no tokenizer: convert the checkpoint without --no-text",
                    blob_name(blob));
}
