/* SPDX-License-Identifier: Apache-2.0 */
#include "text/bpe.h"
#include "base/log.h"
#include "text/clean.h"
#include "text/merge.h"
#include "text/vocab.h"
#include "text/split.h"
#include "text/table.h"
#include "text/unicode.h"

#include <stdlib.h>
#include <string.h>

#define AGAIN "convert the checkpoint again"

struct bpe {
    uint32_t start_id, end_id, context;
    uint32_t bytes[2][256]; /* token of a byte; [1]: of the last byte of a word */
    struct merge_table merges;
};

/* How OpenAI's vocabulary writes a byte: the printable characters of Latin-1 stand for themselves,
 * the other 68 bytes are, in order, the code points from 256 on. */
static int32_t byte_symbol(int byte) {
    if (byte <= 0x20) return 0x100 + byte;
    if (byte < 0x7f) return byte;
    if (byte <= 0xa0) return 0x121 + byte - 0x7f;
    return byte == 0xad ? 0x143 : byte;
}

static int find_bytes(struct bpe *bpe, const struct vocab *vocab, const char *file) {
    static const struct bpe_text ends[2] = {{"", 0}, {"</w>", 4}};
    for (int last = 0; last < 2; last++)
        for (int byte = 0; byte < 256; byte++) {
            char symbol[4];
            size_t n = unicode_put(byte_symbol(byte), symbol);
            uint32_t id = vocab_find(vocab, (struct bpe_text){symbol, n}, ends[last]);
            if (id == VOCAB_NONE)
                return log_fail(OCELLI_ERR_FILE, "%s: tokenizer: no token `%.*s%s` for byte 0x%02x: " AGAIN, file,
                                (int)n, symbol, ends[last].text, byte);
            bpe->bytes[last][byte] = id;
        }
    return OCELLI_OK;
}

/* Splits "left right"; false unless there is one space, with something on both sides. */
static bool halves(struct bpe_text merge, struct bpe_text *left, struct bpe_text *right) {
    const char *space = memchr(merge.text, ' ', merge.length);
    if (!space) return false;
    *left = (struct bpe_text){merge.text, (size_t)(space - merge.text)};
    *right = (struct bpe_text){space + 1, merge.length - left->length - 1};
    return left->length > 0 && right->length > 0 && !memchr(right->text, ' ', right->length);
}

static int add_merge(struct bpe *bpe, const struct vocab *vocab, struct bpe_text merge, size_t rank, const char *file) {
    static const struct bpe_text nothing = {"", 0};
    struct bpe_text left, right;
    const char *fault = NULL;
    if (merge.length == 0 || !halves(merge, &left, &right)) {
        fault = "is not two symbols and a space";
    } else {
        struct merge_rule rule = {vocab_find(vocab, left, nothing), vocab_find(vocab, right, nothing),
                                  vocab_find(vocab, left, right)};
        if (rule.left == VOCAB_NONE || rule.right == VOCAB_NONE || rule.result == VOCAB_NONE)
            fault = "has a part or a result that is no token";
        else if (!merge_table_add(&bpe->merges, rule))
            fault = "is there twice";
    }
    if (!fault) return OCELLI_OK;
    return log_fail(OCELLI_ERR_FILE, "%s: tokenizer: merge %zu `%.*s` %s: " AGAIN, file, rank,
                    table_shown(merge.length), merge.length ? merge.text : "", fault);
}

static int check(const struct bpe_params *p) {
    if (p->token_count > TABLE_LARGEST || p->merge_count > TABLE_LARGEST)
        return log_fail(OCELLI_ERR_FILE, "%s: tokenizer: %zu tokens and %zu merges, at most %d of each are taken",
                        p->name, p->token_count, p->merge_count, TABLE_LARGEST);
    if (p->start_id >= p->token_count || p->end_id >= p->token_count || p->start_id == p->end_id)
        return log_fail(OCELLI_ERR_FILE, "%s: tokenizer: start mark %u and end mark %u, of %zu tokens: " AGAIN, p->name,
                        p->start_id, p->end_id, p->token_count);
    if (p->context < 2)
        return log_fail(OCELLI_ERR_FILE, "%s: tokenizer: a context of %u has no room for the marks: " AGAIN, p->name,
                        p->context);
    return OCELLI_OK;
}

static int fill(struct bpe *bpe, const struct bpe_params *p) {
    struct vocab vocab;
    int status = vocab_init(&vocab, p->tokens, (uint32_t)p->token_count, p->name);
    if (!status) status = find_bytes(bpe, &vocab, p->name);
    if (!status && !merge_table_init(&bpe->merges, (uint32_t)p->merge_count))
        status = log_fail(OCELLI_ERR_MEMORY, "%s: tokenizer: out of memory", p->name);
    for (size_t i = 0; i < p->merge_count && !status; i++) status = add_merge(bpe, &vocab, p->merges[i], i, p->name);
    vocab_finish(&vocab);
    return status;
}

int bpe_create(struct bpe **out, const struct bpe_params *params) {
    *out = NULL;
    int status = check(params);
    if (status) return status;
    struct bpe *bpe = calloc(1, sizeof *bpe);
    if (!bpe) return log_fail(OCELLI_ERR_MEMORY, "%s: tokenizer: out of memory", params->name);
    bpe->start_id = params->start_id;
    bpe->end_id = params->end_id;
    bpe->context = params->context;
    status = fill(bpe, params);
    if (status) bpe_destroy(&bpe);
    *out = bpe;
    return status;
}

void bpe_destroy(struct bpe **bpe) {
    if (!bpe || !*bpe) return;
    merge_table_finish(&(*bpe)->merges);
    free(*bpe);
    *bpe = NULL;
}

/* Appends the ids of a word as long as there is room before the end mark. */
static bool encode_word(const struct bpe *bpe, struct merge_space *space, const char *word, size_t length, int32_t *ids,
                        size_t *count) {
    if (!merge_space_reserve(space, length)) return false;
    for (size_t i = 0; i < length; i++) space->symbols[i].id = bpe->bytes[i + 1 == length][(unsigned char)word[i]];
    merge_word(&bpe->merges, space, (uint32_t)length);
    for (uint32_t i = 0; i != MERGE_NONE && *count < bpe->context - 1; i = space->symbols[i].next)
        ids[(*count)++] = (int32_t)space->symbols[i].id;
    return true;
}

/* The same for a text; stops reading when the context is full. */
static bool encode_words(const struct bpe *bpe, const char *text, size_t length, int32_t *ids, size_t *count) {
    struct merge_space space = {0};
    struct split_word word;
    bool fits = true;
    for (size_t at = 0; fits && *count < bpe->context - 1 && split_next(text, length, &at, &word);) {
        if (word.kind == SPLIT_WORD)
            fits = encode_word(bpe, &space, text + word.start, word.end - word.start, ids, count);
        else
            ids[(*count)++] = (int32_t)(word.kind == SPLIT_START_MARK ? bpe->start_id : bpe->end_id);
    }
    merge_space_finish(&space);
    return fits;
}

int bpe_encode(const struct bpe *bpe, const char *text, size_t length, int32_t *ids, size_t *count) {
    char *cleaned;
    size_t cleaned_length;
    *count = 0;
    int status = clean_text(text, length, &cleaned, &cleaned_length);
    if (status) return status;
    ids[(*count)++] = (int32_t)bpe->start_id;
    if (!encode_words(bpe, cleaned, cleaned_length, ids, count))
        status = log_fail(OCELLI_ERR_MEMORY, "text of %zu bytes: out of memory", length);
    ids[(*count)++] = (int32_t)bpe->end_id;
    free(cleaned);
    return status;
}
