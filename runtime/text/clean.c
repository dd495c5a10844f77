/* SPDX-License-Identifier: Apache-2.0 */
#include "text/clean.h"
#include "base/log.h"
#include "text/lower.h"
#include "text/unescape.h"
#include "text/unicode.h"

#include <stdlib.h>
#include <string.h>

/* Unescaping twice and lower case lengthen a text by at most 6/5, 6/5 and 3/2. */
enum { GROWTH = 3 };

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

static int check(const char *text, size_t length) {
    if (length > CLEAN_LONGEST)
        return log_fail(OCELLI_ERR_LIMIT, "text of %zu bytes: at most %d are taken", length, CLEAN_LONGEST);
    size_t good = unicode_check(text, length);
    if (good < length)
        return log_fail(OCELLI_ERR_USAGE, "text is not UTF-8 (byte 0x%02x at offset %zu): convert it first",
                        (unsigned char)text[good], good);
    return OCELLI_OK;
}

int clean_text(const char *text, size_t length, char **out, size_t *out_length) {
    *out = NULL;
    *out_length = 0;
    int status = check(text, length);
    if (status) return status;
    char *once = malloc(GROWTH * length + 1), *twice = malloc(GROWTH * length + 1);
    if (!once || !twice) {
        free(once);
        free(twice);
        return log_fail(OCELLI_ERR_MEMORY, "text of %zu bytes: out of memory", length);
    }
    size_t n = unescape_text(text, length, once);
    n = unescape_text(once, n, twice);
    n = collapse(twice, n);
    n = lower_text(twice, n, once);
    once[n] = 0;
    free(twice);
    *out = once;
    *out_length = n;
    return OCELLI_OK;
}
