/* SPDX-License-Identifier: Apache-2.0
 * sentencepiece_model.proto: what a tokenizer needs of it. */
#include "base/log.h"
#include "convert/model/config.h"
#include "convert/read/protobuf.h"
#include "convert/tokenizer/tokenizer_spm.h"
#include "text/vocab.h"

#include <stdlib.h>
#include <string.h>

static int broken(const struct spm *s, const char *what) {
    return log_fail(OCELLI_ERR_FILE, "%s: not a file of sentencepiece, or cut short (%s): fetch the file again",
                    s->file, what);
}

static int no_memory(const struct spm *s) {
    return log_fail(OCELLI_ERR_MEMORY, "%s: out of memory", s->file);
}

void spm_finish(struct spm *spm) {
    arena_finish(&spm->arena);
    *spm = (struct spm){0};
}

uint32_t spm_find(const struct spm *spm, const char *token) {
    size_t length = strlen(token);
    for (size_t i = 0; i < spm->token_count; i++)
        if (spm->tokens[i].length == length && memcmp(spm->tokens[i].text, token, length) == 0) return (uint32_t)i;
    return UINT32_MAX;
}

/* ---- merges ---- */

struct pair {
    float score;
    uint32_t left, right, left_size, right_size;
};

/* Score, then the lengths of both in characters: largest first. */
static int by_score(const void *a, const void *b) {
    const struct pair *x = a, *y = b;
    if (x->score != y->score) return x->score > y->score ? -1 : 1;
    if (x->left_size != y->left_size) return x->left_size > y->left_size ? -1 : 1;
    if (x->right_size != y->right_size) return x->right_size > y->right_size ? -1 : 1;
    if (x->left != y->left) return x->left < y->left ? -1 : 1;
    return (x->right > y->right) - (x->right < y->right);
}

static uint32_t characters(struct bpe_text t) {
    uint32_t count = 0;
    for (size_t i = 0; i < t.length; i++) count += ((unsigned char)t.text[i] & 0xc0) != 0x80;
    return count;
}

static size_t split_token(const struct spm *s, const struct vocab *vocab, size_t id, struct pair *out) {
    struct bpe_text whole = s->tokens[id], nothing = {"", 0};
    size_t count = 0;
    for (size_t at = 1; at < whole.length; at++) {
        struct bpe_text left = {whole.text, at}, right = {whole.text + at, whole.length - at};
        if (((unsigned char)whole.text[at] & 0xc0) == 0x80) continue;
        uint32_t l = vocab_find(vocab, left, nothing), r = vocab_find(vocab, right, nothing);
        if (l == VOCAB_NONE || r == VOCAB_NONE) continue;
        if (out) out[count] = (struct pair){s->scores[id], l, r, characters(left), characters(right)};
        count++;
    }
    return count;
}

static int keep(struct spm *s, const struct pair *pairs, size_t count) {
    s->merges = arena_alloc(&s->arena, count + 1, 2 * sizeof *s->merges);
    if (!s->merges) return no_memory(s);
    for (size_t i = 0; i < count; i++) s->merges[2 * i] = pairs[i].left, s->merges[2 * i + 1] = pairs[i].right;
    s->merge_count = count;
    return OCELLI_OK;
}

int spm_make_merges(struct spm *spm) {
    struct vocab vocab;
    size_t count = 0, at = 0;
    int status = vocab_init(&vocab, spm->tokens, (uint32_t)spm->token_count, spm->file);
    for (size_t i = 0; i < spm->token_count && !status; i++) count += split_token(spm, &vocab, i, NULL);
    struct pair *pairs = status ? NULL : malloc((count + 1) * sizeof *pairs);
    if (!status && !pairs) status = no_memory(spm);
    for (size_t i = 0; i < spm->token_count && !status; i++) at += split_token(spm, &vocab, i, pairs + at);
    if (!status) qsort(pairs, count, sizeof *pairs, by_score);
    if (!status) status = keep(spm, pairs, count);
    free(pairs);
    vocab_finish(&vocab);
    return status;
}

/* ---- the file ---- */

static int count_pieces(struct spm *s, const uint8_t *bytes, size_t size) {
    struct span message = span_of(bytes, size);
    struct protobuf_field f;
    int more;
    while ((more = protobuf_next(&message, &f)) > 0)
        if (f.number == 1 && f.wire == PROTOBUF_BYTES) s->token_count++;
    if (more < 0 || s->token_count == 0) return broken(s, "no pieces");
    if (s->token_count > CONFIG_MAX_VOCABULARY)
        return log_fail(OCELLI_ERR_LIMIT, "%s: %zu pieces, at most %d are taken", s->file, s->token_count,
                        CONFIG_MAX_VOCABULARY);
    s->tokens = arena_alloc(&s->arena, s->token_count, sizeof *s->tokens);
    s->types = arena_alloc(&s->arena, s->token_count, 1);
    s->scores = arena_alloc(&s->arena, s->token_count, sizeof *s->scores);
    return s->tokens && s->types && s->scores ? OCELLI_OK : no_memory(s);
}

static int read_piece(struct spm *s, struct span message, size_t id) {
    struct protobuf_field f;
    int more;
    s->types[id] = SENTENCEPIECE_NORMAL;
    s->scores[id] = 0;
    while ((more = protobuf_next(&message, &f)) > 0) {
        if (f.number == 1 && f.wire == PROTOBUF_BYTES)
            s->tokens[id] = (struct bpe_text){arena_copy(&s->arena, (const char *)f.bytes, f.size), f.size};
        if (f.number == 2 && f.wire == PROTOBUF_FIXED32) s->scores[id] = protobuf_float(&f);
        if (f.number == 3 && f.wire == PROTOBUF_VARINT) s->types[id] = f.value <= 6 ? (uint8_t)f.value : 0;
    }
    return more < 0 || !s->tokens[id].text || !s->types[id] ? broken(s, "a piece") : OCELLI_OK;
}

static int read_trainer(struct spm *s, struct span message) {
    enum { MODEL_TYPE = 3, SUFFIX = 24, UNIGRAM = 1, PAIRS = 2 };
    struct protobuf_field f;
    uint64_t kind = UNIGRAM;
    bool suffix = false;
    int more;
    while ((more = protobuf_next(&message, &f)) > 0) {
        if (f.number == MODEL_TYPE && f.wire == PROTOBUF_VARINT) kind = f.value;
        if (f.number == SUFFIX && f.wire == PROTOBUF_VARINT) suffix = f.value != 0;
    }
    if (more < 0) return broken(s, "the trainer's part");
    if ((kind != UNIGRAM && kind != PAIRS) || suffix)
        return log_fail(OCELLI_ERR_LIMIT, "%s: neither unigram nor byte-pair, or blanks as suffixes: not supported",
                        s->file);
    s->merges_pairs = kind == PAIRS;
    return OCELLI_OK;
}

static int read_normalizer(struct spm *s, struct span message) {
    enum { CHARSMAP = 2, DUMMY_PREFIX = 3, EXTRA = 4, ESCAPE = 5 };
    struct protobuf_field f;
    bool escape = true;
    int more;
    while ((more = protobuf_next(&message, &f)) > 0) {
        if (f.number == DUMMY_PREFIX && f.wire == PROTOBUF_VARINT) s->space_before = f.value != 0;
        if (f.number == EXTRA && f.wire == PROTOBUF_VARINT) s->single_spaces = f.value != 0;
        if (f.number == ESCAPE && f.wire == PROTOBUF_VARINT) escape = f.value != 0;
        if (f.number != CHARSMAP || f.wire != PROTOBUF_BYTES) continue;
        s->charsmap = (uint8_t *)arena_copy(&s->arena, (const char *)f.bytes, f.size);
        s->charsmap_size = f.size;
        if (!s->charsmap) return no_memory(s);
    }
    if (more < 0) return broken(s, "the normalizer's part");
    return escape ? OCELLI_OK : log_fail(OCELLI_ERR_LIMIT, "%s: blanks are not escaped: not supported", s->file);
}

int spm_read_model(struct spm *spm, const uint8_t *bytes, size_t size) {
    enum { PIECE = 1, TRAINER = 2, NORMALIZER = 3 };
    struct span message = span_of(bytes, size);
    struct protobuf_field f;
    size_t id = 0;
    spm->space_before = spm->single_spaces = true;
    int status = count_pieces(spm, bytes, size);
    while (!status && protobuf_next(&message, &f) > 0) {
        struct span part = span_of(f.bytes, f.size);
        if (f.wire != PROTOBUF_BYTES) continue;
        if (f.number == PIECE) status = read_piece(spm, part, id++);
        if (f.number == TRAINER) status = read_trainer(spm, part);
        if (f.number == NORMALIZER) status = read_normalizer(spm, part);
    }
    return status || !spm->merges_pairs ? status : spm_make_merges(spm);
}
