/* SPDX-License-Identifier: Apache-2.0 */
#include "text/clean.h"
#include "base/compose.h"
#include "base/log.h"
#include "text/lower.h"
#include "text/unescape.h"
#include "text/unicode.h"

#include <stdlib.h>
#include <string.h>

/* Unescaping lengthens a text by at most 6/5, lower case by 3/2: together less than this. */
enum { GROWTH = 2 };

/* Python's str.strip() takes the four information separators for white space, the regex module's
 * \s does not: they go at the ends and stay inside. */
static bool strippable(int32_t c) {
    return unicode_space(c) || (c >= 0x1c && c <= 0x1f);
}

/* In place: one space for each run of white space, none at the ends. Gives the new length. */
static size_t collapse(char *text, size_t length) {
    size_t written = 0, kept = 0; /* up to the last character that stays even at the end */
    bool spaced = false;
    for (size_t at = 0; at < length;) {
        size_t from = at;
        int32_t c = unicode_next(text, length, &at);
        bool space = unicode_space(c), strip = strippable(c);
        if ((strip && kept == 0) || (space && spaced)) continue;
        spaced = space;
        if (space) {
            text[written++] = ' ';
        } else {
            memmove(text + written, text + from, at - from);
            written += at - from;
        }
        if (!strip) kept = written;
    }
    return kept;
}

int clean_check(const char *text, size_t length) {
    if (length > CLEAN_LONGEST)
        return log_fail(OCELLI_ERR_LIMIT, "text of %zu bytes: at most %d are taken", length, CLEAN_LONGEST);
    size_t good = unicode_check(text, length);
    if (good < length)
        return log_fail(OCELLI_ERR_USAGE, "text is not UTF-8 (byte 0x%02x at offset %zu): convert it first",
                        (unsigned char)text[good], good);
    return OCELLI_OK;
}

static int out_of_memory(size_t length) {
    return log_fail(OCELLI_ERR_MEMORY, "text of %zu bytes: out of memory", length);
}

/* ftfy unescapes before it composes, so an accent that is spelt as an entity joins its letter too. */
static int unescape_and_compose(const char *text, size_t length, char **out, size_t *out_length) {
    char *once = malloc(GROWTH * length + 1);
    bool enough = once && compose(once, unescape_text(text, length, once), out, out_length);
    free(once);
    return enough ? OCELLI_OK : out_of_memory(length);
}

int clean_text(const char *text, size_t length, char **out, size_t *out_length) {
    char *composed;
    size_t n;
    *out = NULL;
    *out_length = 0;
    int status = clean_check(text, length);
    if (!status) status = unescape_and_compose(text, length, &composed, &n);
    if (status) return status;
    char *again = malloc(GROWTH * n + 1), *lower = malloc(GROWTH * n + 1);
    if (again && lower) {
        n = collapse(again, unescape_text(composed, n, again));
        *out_length = lower_text(again, n, lower);
        lower[*out_length] = 0;
        *out = lower;
    }
    free(composed);
    free(again);
    if (!*out) free(lower);
    return *out ? OCELLI_OK : out_of_memory(length);
}
