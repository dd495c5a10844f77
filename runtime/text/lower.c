/* SPDX-License-Identifier: Apache-2.0
 * Code points one by one, with the two entries of Unicode's SpecialCasing.txt that hold in every language: U+0130
 * becomes two code points, and the sigma at the end of a word has its own form. */
#include "text/lower.h"
#include "text/unicode.h"

#include <utf8proc.h>

enum { I_WITH_DOT = 0x130, DOT_ABOVE = 0x307, SIGMA = 0x3a3, SMALL_SIGMA = 0x3c3, FINAL_SIGMA = 0x3c2 };

/* Whether the first character from `at` that is not case-ignorable is a cased one. */
static bool cased_follows(const char *text, size_t length, size_t at) {
    while (at < length) {
        int32_t c = unicode_next(text, length, &at);
        if (!unicode_case_ignorable(c)) return unicode_cased(c);
    }
    return false;
}

size_t lower_text(const char *text, size_t length, char *out) {
    size_t written = 0;
    bool cased_before = false; /* the last character that was not case-ignorable */
    for (size_t at = 0; at < length;) {
        int32_t c = unicode_next(text, length, &at), small;
        if (c == SIGMA)
            small = cased_before && !cased_follows(text, length, at) ? FINAL_SIGMA : SMALL_SIGMA;
        else
            small = c == I_WITH_DOT ? 'i' : utf8proc_tolower(c);
        written += unicode_put(small, out + written);
        if (c == I_WITH_DOT) written += unicode_put(DOT_ABOVE, out + written);
        if (!unicode_case_ignorable(c)) cased_before = unicode_cased(c);
    }
    return written;
}
