/* SPDX-License-Identifier: Apache-2.0
 * A vocabulary in CLIP's layout made of merges alone: 256 byte symbols, the same with </w>, the merged
 * pairs, the two marks. Nothing of runtime/text/ is used for it. */
#ifndef TEXT_VOCABULARY_H
#define TEXT_VOCABULARY_H

#include "text/bpe.h"

#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct vocabulary {
    struct bpe_text *tokens, *merges;
    struct bpe_params params;
    size_t capacity;     /* of merges */
    char bytes[512][16]; /* names of the byte symbols; the others are copies of their own */
};

static inline struct bpe_text vocabulary_copy(const char *text, size_t length) {
    char *copy = malloc(length + 1);
    assert(copy);
    memcpy(copy, text, length);
    copy[length] = 0;
    return (struct bpe_text){copy, length};
}

static inline void vocabulary_add(struct vocabulary *v, struct bpe_text token) {
    v->tokens[v->params.token_count++] = token;
}

/* OpenAI's bytes_to_unicode(): printable bytes first, in the order of the ids, then the others. */
static inline void vocabulary_bytes(struct vocabulary *v, const char *end) {
    int rest = 256;
    for (int round = 0; round < 2; round++)
        for (int b = 0; b < 256; b++) {
            int printable = (b >= '!' && b <= '~') || (b >= 0xa1 && b <= 0xac) || b >= 0xae;
            if (printable == round) continue;
            int c = printable ? b : rest++;
            char *name = v->bytes[v->params.token_count];
            int n = c < 0x80 ? sprintf(name, "%c%s", c, end)
                             : sprintf(name, "%c%c%s", 0xc0 | c >> 6, 0x80 | (c & 0x3f), end);
            vocabulary_add(v, (struct bpe_text){name, (size_t)n});
        }
}

/* Without its first space. */
static inline struct bpe_text vocabulary_joined(struct bpe_text merge) {
    struct bpe_text joined = vocabulary_copy(merge.text, merge.length);
    char *space = memchr(joined.text, ' ', joined.length);
    if (!space) return joined;
    memmove(space, space + 1, (size_t)(joined.text + joined.length - space));
    joined.length--;
    return joined;
}

/* Only looked for in small vocabularies: CLIP's has no such merges. */
static inline int vocabulary_has(const struct vocabulary *v, struct bpe_text token) {
    for (size_t i = 512; i < v->params.token_count && v->capacity < 1000; i++)
        if (v->tokens[i].length == token.length && memcmp(v->tokens[i].text, token.text, token.length) == 0) return 1;
    return 0;
}

/* `merges`: `count` lines of "left right", each ended by \n. Two may give the same token. */
static inline void vocabulary_init(struct vocabulary *vocabulary, const char *merges, size_t count, uint32_t context) {
    *vocabulary = (struct vocabulary){.merges = calloc(count + 1, sizeof *vocabulary->merges), .capacity = count};
    vocabulary->tokens = calloc(512 + count + 2, sizeof *vocabulary->tokens);
    assert(vocabulary->merges && vocabulary->tokens);
    vocabulary_bytes(vocabulary, "");
    vocabulary_bytes(vocabulary, "</w>");
    for (size_t i = 0; i < count; i++) {
        size_t length = strcspn(merges, "\n");
        vocabulary->merges[i] = vocabulary_copy(merges, length);
        struct bpe_text joined = vocabulary_joined(vocabulary->merges[i]);
        if (vocabulary_has(vocabulary, joined))
            free((char *)joined.text);
        else
            vocabulary_add(vocabulary, joined);
        merges += length + (merges[length] == '\n');
    }
    vocabulary->params.start_id = (uint32_t)vocabulary->params.token_count;
    vocabulary_add(vocabulary, vocabulary_copy("<|startoftext|>", 15));
    vocabulary->params.end_id = (uint32_t)vocabulary->params.token_count;
    vocabulary_add(vocabulary, vocabulary_copy("<|endoftext|>", 13));
    vocabulary->params.tokens = vocabulary->tokens;
    vocabulary->params.merges = vocabulary->merges;
    vocabulary->params.merge_count = count;
    vocabulary->params.context = context;
    vocabulary->params.name = "test";
}

static inline void vocabulary_finish(struct vocabulary *v) {
    for (size_t i = 512; i < v->params.token_count; i++) free((char *)v->tokens[i].text);
    for (size_t i = 0; i < v->capacity; i++) free((char *)v->merges[i].text);
    free(v->tokens);
    free(v->merges);
}

#endif
