/* SPDX-License-Identifier: Apache-2.0
 * The SentencePiece tokenizer inside a blob. */
#include "base/log.h"
#include "handle.h"

#include <stdlib.h>
#include <string.h>

#define KEY "tokenizer.ggml."

/* An array of numbers, as it lies in the file. */
static int numbers(const struct blob *blob, const char *key, enum gguf_type type, const uint8_t **bytes,
                   size_t *count) {
    const struct gguf_value *v = gguf_value(blob_gguf(blob), key);
    if (!v || v->type != GGUF_ARRAY || v->element != type)
        return log_fail(OCELLI_ERR_FILE, "%s: %s is missing or of another type: convert the checkpoint again",
                        blob_name(blob), key);
    *bytes = v->bytes, *count = v->count;
    return OCELLI_OK;
}

static int as_many(const struct blob *blob, const char *key, size_t count, size_t tokens) {
    if (count == tokens) return OCELLI_OK;
    return log_fail(OCELLI_ERR_FILE, "%s: %s has %zu numbers for %zu tokens: convert the checkpoint again",
                    blob_name(blob), key, count, tokens);
}

static int read_rules(const struct blob *blob, struct sentencepiece_params *p) {
    const char *clean;
    int status = blob_string(blob, "ocelli.text.clean", &clean);
    if (!status) status = blob_bool(blob, KEY "add_space_prefix", &p->space_before);
    if (!status) status = blob_bool(blob, KEY "remove_extra_whitespaces", &p->single_spaces);
    if (!status) status = blob_u32(blob, KEY "eos_token_id", &p->end_id);
    for (int rule = 0; rule < CANONICAL_RULES && !status; rule++)
        if (strcmp(clean, canonical_names[rule]) == 0) {
            p->clean = (enum canonical_rule)rule;
            return OCELLI_OK;
        }
    return status ? status
                  : log_fail(OCELLI_ERR_FILE, "%s: ocelli.text.clean is '%s': not known here", blob_name(blob), clean);
}

static int read_unigram(const struct blob *blob, struct sentencepiece_params *p) {
    size_t count;
    int status = numbers(blob, KEY "scores", GGUF_F32, &p->scores, &count);
    return status ? status : as_many(blob, KEY "scores", count, p->token_count);
}

static int read_pairs(const struct blob *blob, struct sentencepiece_params *p) {
    static const char key[] = "ocelli.tokenizer.merges";
    size_t count;
    int status = numbers(blob, key, GGUF_U32, &p->merges, &count);
    p->merge_count = count / 2;
    return status ? status : as_many(blob, key, count, 2 * p->merge_count);
}

static int read_all(const struct blob *blob, uint32_t vocabulary, struct sentencepiece_params *p) {
    size_t count;
    int status = numbers(blob, KEY "token_type", GGUF_U8, &p->types, &count);
    if (!status) status = as_many(blob, KEY "token_type", count, p->token_count);
    if (!status) status = p->merges_pairs ? read_pairs(blob, p) : read_unigram(blob, p);
    if (!status) status = read_rules(blob, p);
    if (!status && gguf_value(blob_gguf(blob), KEY "precompiled_charsmap"))
        status = numbers(blob, KEY "precompiled_charsmap", GGUF_U8, &p->charsmap, &p->charsmap_size);
    if (!status && p->token_count > vocabulary)
        return log_fail(OCELLI_ERR_FILE, "%s: %zu tokens, but a token table of %u rows: convert the checkpoint again",
                        blob_name(blob), p->token_count, vocabulary);
    return status;
}

int handle_sentencepiece(const struct blob *blob, const char *kind, uint32_t context, uint32_t vocabulary,
                         struct sentencepiece **sp) {
    struct sentencepiece_params p = {
        .merges_pairs = strcmp(kind, "gemma") == 0, .context = context, .name = blob_name(blob)};
    struct bpe_text *tokens = NULL;
    if (!p.merges_pairs && strcmp(kind, "t5") != 0)
        return log_fail(OCELLI_ERR_FILE, "%s: tokenizer.ggml.model is '%s': expected clip, t5 or gemma",
                        blob_name(blob), kind);
    int status = handle_strings(blob, KEY "tokens", &tokens, &p.token_count);
    p.tokens = tokens;
    if (!status) status = read_all(blob, vocabulary, &p);
    if (!status) status = sentencepiece_create(sp, &p);
    free(tokens);
    return status;
}
