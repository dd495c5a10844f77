/* SPDX-License-Identifier: Apache-2.0 */
#include "text/vocab.h"
#include "base/log.h"
#include "text/table.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static uint64_t hash(uint64_t h, struct bpe_text text) { /* FNV-1a */
    for (size_t i = 0; i < text.length; i++) h = (h ^ (unsigned char)text.text[i]) * 0x100000001b3u;
    return h;
}

static bool same(struct bpe_text name, struct bpe_text left, struct bpe_text right) {
    return name.length == left.length + right.length && memcmp(name.text, left.text, left.length) == 0 &&
           memcmp(name.text + left.length, right.text, right.length) == 0;
}

/* The slot of the name, or the empty slot where it would be. */
static uint32_t place(const struct vocab *v, struct bpe_text left, struct bpe_text right) {
    uint32_t slot = (uint32_t)table_mix(hash(hash(0xcbf29ce484222325u, left), right)) & v->mask;
    while (v->slots[slot] != VOCAB_NONE && !same(v->tokens[v->slots[slot]], left, right)) slot = (slot + 1) & v->mask;
    return slot;
}

static int add(struct vocab *v, uint32_t id, const char *file) {
    struct bpe_text name = v->tokens[id];
    if (name.length == 0)
        return log_fail(OCELLI_ERR_FILE, "%s: tokenizer: token %u is empty: convert the checkpoint again", file, id);
    uint32_t slot = place(v, name, (struct bpe_text){"", 0});
    if (v->slots[slot] != VOCAB_NONE)
        return log_fail(OCELLI_ERR_FILE,
                        "%s: tokenizer: tokens %u and %u are the same, `%.*s`: convert the checkpoint again", file,
                        v->slots[slot], id, table_shown(name.length), name.text);
    v->slots[slot] = id;
    return OCELLI_OK;
}

int vocab_init(struct vocab *vocab, const struct bpe_text *tokens, uint32_t count, const char *file) {
    *vocab = (struct vocab){.tokens = tokens};
    vocab->slots = table_create(count, &vocab->mask);
    if (!vocab->slots) return log_fail(OCELLI_ERR_MEMORY, "%s: tokenizer: out of memory", file);
    int status = OCELLI_OK;
    for (uint32_t id = 0; id < count && !status; id++) status = add(vocab, id, file);
    return status;
}

void vocab_finish(struct vocab *vocab) {
    free(vocab->slots);
    *vocab = (struct vocab){0};
}

uint32_t vocab_find(const struct vocab *vocab, struct bpe_text left, struct bpe_text right) {
    return vocab->slots[place(vocab, left, right)];
}
