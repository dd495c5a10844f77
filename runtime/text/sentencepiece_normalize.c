/* SPDX-License-Identifier: Apache-2.0
 * As sentencepiece's Normalizer (normalizer.cc): the longest mapped text at each place, else the character; blanks
 * become U+2581. */
#include "text/sentencepiece_inner.h"
#include "text/unicode.h"

#include <stdlib.h>
#include <string.h>

static const char mark[] = "\xe2\x96\x81";
enum { MARK = 3 };

static bool put(struct sentencepiece_text *out, const char *bytes, size_t count) {
    if (out->length + count > out->room) {
        size_t room = 2 * (out->length + count) + 64;
        char *more = realloc(out->text, room);
        if (!more) return false;
        out->text = more, out->room = room;
    }
    memcpy(out->text + out->length, bytes, count);
    out->length += count;
    return true;
}

static bool put_marked(struct sentencepiece_text *out, const char *bytes, size_t count) {
    bool good = true;
    for (size_t i = 0; i < count && good; i++) good = bytes[i] == ' ' ? put(out, mark, MARK) : put(out, bytes + i, 1);
    return good;
}

/* What becomes of the text's next characters. */
static void take(const struct sentencepiece *sp, const char *text, size_t length, size_t *at, const char **to,
                 size_t *count) {
    size_t from = *at, mapped = charsmap_find(&sp->charsmap, text, length, from, to, count);
    if (mapped) {
        *at += mapped;
        return;
    }
    unicode_next(text, length, at);
    *to = text + from, *count = *at - from;
}

/* Blanks at the start go (except for transformers' SigLIP, which has a text of its own before them), and so does one
 * behind another, also within what a character is mapped to. */
static bool normalize(const struct sentencepiece *sp, const char *text, size_t length, struct sentencepiece_text *out) {
    bool after_space = sp->single_spaces && sp->clean != CANONICAL_SIGLIP, good = true;
    for (size_t at = 0; at < length && good;) {
        const char *to;
        size_t count;
        take(sp, text, length, &at, &to, &count);
        while (after_space && count && *to == ' ') to++, count--;
        if (count && sp->space_before && out->length == 0) good = put(out, mark, MARK);
        if (count && good) good = put_marked(out, to, count);
        if (count) after_space = sp->single_spaces && to[count - 1] == ' ';
    }
    return good;
}

bool sentencepiece_normalize(const struct sentencepiece *sp, const char *text, size_t length,
                             struct sentencepiece_text *out) {
    out->length = 0;
    if (!normalize(sp, text, length, out)) return false;
    while (sp->single_spaces && out->length >= MARK && memcmp(out->text + out->length - MARK, mark, MARK) == 0)
        out->length -= MARK;
    return true;
}
