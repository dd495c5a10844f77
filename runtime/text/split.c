/* SPDX-License-Identifier: Apache-2.0
 * <\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+
 * as Python's regex module reads it, ignoring case. The text being lower case, that leaves two
 * things: the long s, U+017F, is an s in what is spelt out; and the combining iota, U+0345, is no
 * letter, but being a case form of one it is not in the last class either, so that nothing matches it. */
#include "text/split.h"
#include "text/unicode.h"

#include <string.h>

enum { COMBINING_IOTA = 0x345 };
#define LONG_S "\xc5\xbf"

enum group { SPACE, LETTER, NUMBER, OTHER };

static enum group classify(int32_t c) {
    if (unicode_letter(c)) return LETTER;
    if (unicode_number(c)) return NUMBER;
    return unicode_space(c) || c == COMBINING_IOTA ? SPACE : OTHER;
}

/* Bytes at the start of `text` that spell `literal`, 0 when they do not. */
static size_t spelt(const char *text, size_t length, const char *literal) {
    size_t at = 0;
    for (; *literal; literal++) {
        if (*literal == 's' && length - at >= 2 && memcmp(text + at, LONG_S, 2) == 0)
            at += 2;
        else if (at < length && text[at] == *literal)
            at++;
        else
            return 0;
    }
    return at;
}

static const char *const literals[] = {"<|startoftext|>", "<|endoftext|>", "'s", "'t", "'re", "'ve", "'m", "'ll", "'d"};

static bool spelt_out(const char *text, size_t length, struct split_word *word) {
    if (*text != '<' && *text != '\'') return false;
    for (size_t i = 0; i < sizeof literals / sizeof *literals; i++) {
        size_t n = spelt(text, length, literals[i]);
        if (n == 0) continue;
        word->end = word->start + n;
        /* with a long s in it, it is a word like others */
        if (i < 2 && n == strlen(literals[i])) word->kind = i == 0 ? SPLIT_START_MARK : SPLIT_END_MARK;
        return true;
    }
    return false;
}

bool split_next(const char *text, size_t length, size_t *at, struct split_word *word) {
    enum group first = SPACE;
    size_t end = *at;
    while (end < length && first == SPACE) {
        *at = end;
        first = classify(unicode_next(text, length, &end));
    }
    if (first == SPACE) return false;
    *word = (struct split_word){.start = *at, .end = end, .kind = SPLIT_WORD};
    if (!spelt_out(text + *at, length - *at, word) && first != NUMBER)
        while (end < length && classify(unicode_next(text, length, &end)) == first) word->end = end;
    *at = word->end;
    return true;
}
