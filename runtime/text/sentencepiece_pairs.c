/* SPDX-License-Identifier: Apache-2.0
 * Byte-pair merging of a whole text, blanks too, as Hugging Face's tokenizers do it; a character that is no token
 * becomes the tokens of its bytes. */
#include "text/sentencepiece_inner.h"
#include "text/unicode.h"

static bool has_bytes(const struct sentencepiece *sp, const char *text, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (sp->bytes[(unsigned char)text[i]] == UINT32_MAX) return false;
    return true;
}

/* The first symbols, at most a byte each; an unknown character behind another is part of it. */
static uint32_t split(const struct sentencepiece *sp, const char *text, size_t length, struct merge_symbol *symbols) {
    uint32_t count = 0;
    for (size_t at = 0, next = 0; at < length; at = next) {
        uint32_t id;
        unicode_next(text, length, &next);
        if (pieces_longest(&sp->pieces, text, next, at, &id) == next - at)
            symbols[count++].id = id;
        else if (has_bytes(sp, text + at, next - at))
            for (size_t i = at; i < next; i++) symbols[count++].id = sp->bytes[(unsigned char)text[i]];
        else if (count == 0 || symbols[count - 1].id != sp->unknown_id)
            symbols[count++].id = sp->unknown_id;
    }
    return count;
}

bool sentencepiece_pairs(const struct sentencepiece *sp, const char *text, size_t length,
                         struct sentencepiece_ids *to) {
    struct merge_space space = {0};
    if (length == 0) return true;
    bool good = merge_space_reserve(&space, length);
    if (good) {
        merge_word_singly(&sp->merges, &space, split(sp, text, length, space.symbols));
        for (uint32_t i = 0; i != MERGE_NONE && to->count < to->most; i = space.symbols[i].next)
            sentencepiece_put(sp, to, space.symbols[i].id);
    }
    merge_space_finish(&space);
    return good;
}
