/* SPDX-License-Identifier: Apache-2.0 */
#include "text/canonical.h"
#include "base/compose.h"
#include "base/log.h"
#include "text/lower.h"
#include "text/unescape.h"
#include "text/unicode.h"

#include <stdlib.h>
#include <string.h>

const char *const canonical_names[CANONICAL_RULES] = {
    "none", "lower", "siglip", "open_clip canonicalize", "open_clip whitespace", "open_clip lower"};

/* Unescaping lengthens a text by at most 6/5 each time, composing by 3, lower case by 3/2: together less than this. */
enum { GROWTH = 8, MARK_BYTES = 3 };

static const char mark[] = "\xe2\x96\x81"; /* U+2581, SentencePiece's blank */

/* Python's str.isspace(), which is \s of its patterns too. */
static bool is_space(int32_t c) {
    return unicode_space(c) || (c >= 0x1c && c <= 0x1f);
}

static bool is_punctuation(int32_t c) {
    return (c >= '!' && c <= '/') || (c >= ':' && c <= '@') || (c >= '[' && c <= '`') || (c >= '{' && c <= '~');
}

/* In place: ASCII punctuation goes; an underscore becomes a blank where `blank` asks for it. */
static size_t drop_punctuation(char *text, size_t length, bool blank) {
    size_t written = 0;
    for (size_t i = 0; i < length; i++) {
        char c = text[i] == '_' && blank ? ' ' : text[i];
        if (!is_punctuation((unsigned char)c)) text[written++] = c;
    }
    return written;
}

/* In place: one blank for each run, none at the end, and none at the start unless it is kept. */
static size_t collapse(char *text, size_t length, bool keep_first) {
    size_t written = 0;
    bool blank = false;
    for (size_t at = 0; at < length;) {
        size_t from = at;
        if (is_space(unicode_next(text, length, &at))) {
            blank = true;
            continue;
        }
        if (blank && (written || keep_first)) text[written++] = ' ';
        blank = false;
        memmove(text + written, text + from, at - from);
        written += at - from;
    }
    return written;
}

static size_t lower_each(const char *text, size_t length, char *out) {
    size_t written = 0;
    for (size_t at = 0, from = 0; at < length; from = at) {
        unicode_next(text, length, &at);
        written += lower_text(text + from, at - from, out + written);
    }
    return written;
}

/* transformers puts a mark before the text, so that a blank at its start is not stripped; its own marks are blanks. */
static size_t siglip(const char *text, size_t length, char *between, char *out) {
    size_t n = 0;
    for (size_t at = 0; at < length;) {
        bool is_mark = length - at >= MARK_BYTES && memcmp(text + at, mark, MARK_BYTES) == 0;
        between[n++] = is_mark ? ' ' : text[at];
        at += is_mark ? MARK_BYTES : 1;
    }
    memcpy(out, mark, MARK_BYTES);
    n = lower_text(between, n, out + MARK_BYTES);
    n = drop_punctuation(out + MARK_BYTES, n, false);
    return MARK_BYTES + collapse(out + MARK_BYTES, n, true);
}

/* ftfy composes between the two. */
static bool unescape_twice(const char *text, size_t length, char *between, char *out, size_t *out_length) {
    char *composed;
    size_t n;
    if (!compose(between, unescape_text(text, length, between), &composed, &n)) return false;
    *out_length = unescape_text(composed, n, out);
    free(composed);
    return true;
}

static bool open_clip(enum canonical_rule rule, const char *text, size_t length, char *between, char *out, size_t *n) {
    if (!unescape_twice(text, length, between, out, n)) return false;
    if (rule == CANONICAL_OPEN_CLIP) *n = drop_punctuation(out, *n, true);
    *n = collapse(out, *n, false);
    if (rule == CANONICAL_OPEN_CLIP_BLANKS) return true;
    memcpy(between, out, *n);
    *n = lower_text(between, *n, out);
    return true;
}

int canonical_text(enum canonical_rule rule, const char *text, size_t length, char **out, size_t *out_length) {
    size_t room = GROWTH * length + 2 * MARK_BYTES;
    char *to = malloc(room), *between = malloc(room);
    bool good = to && between;
    *out_length = length;
    if (good && rule == CANONICAL_NONE) memcpy(to, text, length);
    if (good && rule == CANONICAL_LOWER) *out_length = lower_each(text, length, to);
    if (good && rule == CANONICAL_SIGLIP) *out_length = siglip(text, length, between, to);
    if (good && rule >= CANONICAL_OPEN_CLIP) good = open_clip(rule, text, length, between, to, out_length);
    free(between);
    if (good) to[*out_length] = 0;
    if (!good) free(to);
    *out = good ? to : NULL;
    return good ? OCELLI_OK : log_fail(OCELLI_ERR_MEMORY, "text of %zu bytes: out of memory", length);
}
