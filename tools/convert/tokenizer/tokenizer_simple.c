/* SPDX-License-Identifier: Apache-2.0
 * bpe_simple_vocab_16e6.txt, the file that OpenAI published. It has merges only, and CLIP uses the first 48894. The
 * vocabulary follows from them (simple_tokenizer.py of openai/CLIP). */
#include "base/log.h"
#include "convert/tokenizer/tokenizer.h"
#include "text/unicode.h"

#include <string.h>

enum { BYTES = 256, MERGES = 49152 - 256 - 2, TOKENS = 2 * BYTES + MERGES + 2 };
static const char word_end[] = "</w>";

static int no_memory(const struct tokenizer *t) {
    return log_fail(OCELLI_ERR_MEMORY, "%s: out of memory", t->file);
}

static int put(struct tokenizer *t, const char *text, size_t length) {
    char *copy = arena_copy(&t->arena, text, length);
    if (!copy) return no_memory(t);
    t->tokens[t->token_count++] = (struct bpe_text){copy, length};
    return OCELLI_OK;
}

/* Printable bytes of Latin-1 first, then the others as the code points from 256 on. */
static bool printable(int byte) {
    return (byte >= '!' && byte <= '~') || (byte >= 0xa1 && byte <= 0xac) || byte >= 0xae;
}

static int put_bytes(struct tokenizer *t, const char *end) {
    int other = 256, status = OCELLI_OK;
    for (int pass = 0; pass < 2; pass++)
        for (int byte = 0; byte < BYTES && !status; byte++) {
            if (printable(byte) != (pass == 0)) continue;
            char symbol[16];
            size_t length = unicode_put(pass == 0 ? byte : other++, symbol);
            memcpy(symbol + length, end, strlen(end));
            status = put(t, symbol, length + strlen(end));
        }
    return status;
}

/* "le ft" makes the token "left". */
static int put_merge(struct tokenizer *t, struct bpe_text merge) {
    const char *space = memchr(merge.text, ' ', merge.length);
    size_t left = space ? (size_t)(space - merge.text) : 0;
    if (left == 0 || left + 1 == merge.length || memchr(space + 1, ' ', merge.length - left - 1))
        return log_fail(OCELLI_ERR_FILE, "%s: merge %zu is not two symbols: fetch the file again", t->file,
                        t->token_count - 2 * BYTES + 1);
    char *text = arena_alloc(&t->arena, merge.length, 1);
    if (!text) return no_memory(t);
    memcpy(text, merge.text, left);
    memcpy(text + left, space + 1, merge.length - left - 1);
    t->tokens[t->token_count++] = (struct bpe_text){text, merge.length - 1};
    return OCELLI_OK;
}

int tokenizer_read_simple(struct tokenizer *tokenizer, const char *text, size_t size) {
    static const char *const marks[] = {"<|startoftext|>", "<|endoftext|>"};
    const char *first = size > 0 ? memchr(text, '\n', size) : NULL; /* ends the line with the file's name */
    size_t skip = first ? (size_t)(first + 1 - text) : 0;
    int status = tokenizer_read_merges(tokenizer, text + skip, size - skip);
    if (status) return status;
    if (tokenizer->merge_count < MERGES)
        return log_fail(OCELLI_ERR_FILE, "%s: %zu merges, CLIP needs %d: fetch the file again", tokenizer->file,
                        tokenizer->merge_count, MERGES);
    tokenizer->merge_count = MERGES;
    tokenizer->tokens = arena_alloc(&tokenizer->arena, TOKENS, sizeof *tokenizer->tokens);
    if (!tokenizer->tokens) return no_memory(tokenizer);
    status = put_bytes(tokenizer, "");
    if (!status) status = put_bytes(tokenizer, word_end);
    for (size_t i = 0; i < MERGES && !status; i++) status = put_merge(tokenizer, tokenizer->merges[i]);
    for (size_t i = 0; i < 2 && !status; i++) status = put(tokenizer, marks[i], strlen(marks[i]));
    return status;
}
