/* SPDX-License-Identifier: Apache-2.0
 * UAX 15 by utf8proc's tables. Not utf8proc_map(): it sorts marks by pairs, so a text of nothing but marks would take
 * it hours.
 */
#include "base/compose.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

enum { CLASSES = 256, SHORT_RUN = 32, DECOMPOSED_MOST = 4 /* characters that one becomes */ };

#define OPTIONS (UTF8PROC_STABLE | UTF8PROC_COMPOSE)

/* The characters of a piece, decomposed; grows and is used again for the next. */
struct points {
    utf8proc_int32_t *c, *sorted; /* (capacity) each */
    size_t count, capacity;
};

static int class_of(utf8proc_int32_t c) {
    return utf8proc_get_property(c)->combining_class;
}

static bool reserve(struct points *p, size_t count) {
    if (count <= p->capacity) return true;
    size_t capacity = count < 4096 ? 4096 : count;
    free(p->c);
    free(p->sorted);
    p->c = malloc(capacity * sizeof *p->c);
    p->sorted = malloc(capacity * sizeof *p->sorted);
    p->capacity = p->c && p->sorted ? capacity : 0;
    return p->capacity > 0;
}

/* The character at text[at], and where the next begins; -1 for a byte that is not UTF-8. */
static utf8proc_int32_t next(const char *text, size_t length, size_t *at) {
    utf8proc_int32_t c = -1;
    utf8proc_ssize_t n = utf8proc_iterate((const utf8proc_uint8_t *)text + *at, (utf8proc_ssize_t)(length - *at), &c);
    *at += n > 0 ? (size_t)n : 1;
    return n > 0 ? c : -1;
}

/* Is composed already, and joins nothing that stands before it: Latin, the ideographs, Korean syllables, and what is no
 * character. A text is cut before these. */
static bool closed(utf8proc_int32_t c) {
    return c < 0x300 || (c >= 0x3400 && c < 0xa000) || (c >= 0xac00 && c < 0xd7a4);
}

/* The end of the piece that begins at `from`. */
static size_t piece_end(const char *text, size_t length, size_t from) {
    size_t at = from;
    if (next(text, length, &at) < 0) return at;
    while (at < length) {
        size_t after = at;
        if (closed(next(text, length, &after))) break;
        at = after;
    }
    return at;
}

/* Gives how many characters one becomes, and writes them to `to`. */
static size_t decompose_one(utf8proc_int32_t c, utf8proc_int32_t to[DECOMPOSED_MOST]) {
    int boundary = 0;
    utf8proc_ssize_t n = utf8proc_decompose_char(c, to, DECOMPOSED_MOST, OPTIONS, &boundary);
    if (n > 0 && n <= DECOMPOSED_MOST) return (size_t)n;
    to[0] = c;
    return 1;
}

static bool decompose(struct points *p, const char *text, size_t length) {
    utf8proc_int32_t one[DECOMPOSED_MOST];
    size_t count = 0;
    for (size_t at = 0; at < length;) count += decompose_one(next(text, length, &at), one);
    if (!reserve(p, count)) return false;
    p->count = 0;
    for (size_t at = 0; at < length;) {
        size_t n = decompose_one(next(text, length, &at), one);
        memcpy(p->c + p->count, one, n * sizeof *one);
        p->count += n;
    }
    return true;
}

static void sort_short(utf8proc_int32_t *run, size_t count) {
    for (size_t i = 1; i < count; i++) {
        utf8proc_int32_t c = run[i];
        size_t k = i;
        for (; k > 0 && class_of(run[k - 1]) > class_of(c); k--) run[k] = run[k - 1];
        run[k] = c;
    }
}

static void sort_long(utf8proc_int32_t *run, size_t count, utf8proc_int32_t *sorted) {
    size_t start[CLASSES + 1] = {0};
    for (size_t i = 0; i < count; i++) start[class_of(run[i]) + 1]++;
    for (int k = 0; k < CLASSES; k++) start[k + 1] += start[k];
    for (size_t i = 0; i < count; i++) sorted[start[class_of(run[i])]++] = run[i];
    memcpy(run, sorted, count * sizeof *run);
}

/* The marks between two letters by class; those of one class keep their order. */
static void sort_marks(struct points *p) {
    for (size_t at = 0; at < p->count;) {
        size_t end = at;
        while (end < p->count && class_of(p->c[end]) > 0) end++;
        if (end - at <= SHORT_RUN)
            sort_short(p->c + at, end - at);
        else
            sort_long(p->c + at, end - at, p->sorted);
        at = end + 1;
    }
}

static bool compose_piece(struct points *p, const char *text, size_t length, char *out, size_t *written) {
    if (!decompose(p, text, length)) return false;
    sort_marks(p);
    utf8proc_ssize_t count = utf8proc_normalize_utf32(p->c, (utf8proc_ssize_t)p->count, OPTIONS);
    for (utf8proc_ssize_t i = 0; i < count; i++)
        *written += (size_t)utf8proc_encode_char(p->c[i], (utf8proc_uint8_t *)out + *written);
    return true;
}

static bool compose_into(const char *text, size_t length, char *out, size_t *written) {
    struct points points = {0};
    bool enough = true;
    for (size_t at = 0, end; enough && at < length; at = end) {
        size_t after = at;
        end = piece_end(text, length, at);
        utf8proc_int32_t first = next(text, length, &after);
        if (after < end || !closed(first)) {
            enough = compose_piece(&points, text + at, end - at, out, written);
        } else {
            memcpy(out + *written, text + at, end - at);
            *written += end - at;
        }
    }
    free(points.c);
    free(points.sorted);
    return enough;
}

static bool ascii(const char *text, size_t length) {
    for (size_t i = 0; i < length; i++)
        if ((unsigned char)text[i] >= 0x80) return false;
    return true;
}

bool compose(const char *text, size_t length, char **out, size_t *out_length) {
    bool plain = ascii(text, length);
    *out_length = 0;
    *out = malloc((plain ? 1 : COMPOSE_GROWTH) * length + 1);
    if (!*out) return false;
    bool enough = plain || compose_into(text, length, *out, out_length);
    if (plain && length) memcpy(*out, text, *out_length = length);
    if (!enough) free(*out), *out = NULL;
    if (enough) (*out)[*out_length] = 0;
    return enough;
}

const char *compose_copy(struct arena *arena, const char *text) {
    size_t length = strlen(text), composed_length;
    if (ascii(text, length)) return arena_copy(arena, text, length);
    char *composed;
    if (!compose(text, length, &composed, &composed_length)) return NULL;
    const char *copy = arena_copy(arena, composed, composed_length);
    free(composed);
    return copy;
}

bool compose_same(const char *a, const char *b) {
    size_t a_length = strlen(a), b_length = strlen(b);
    if (!strcmp(a, b)) return true;
    if (ascii(a, a_length) && ascii(b, b_length)) return false;
    char *x = NULL, *y = NULL;
    bool enough = compose(a, a_length, &x, &a_length) && compose(b, b_length, &y, &b_length);
    bool same = enough && a_length == b_length && !memcmp(x, y, a_length);
    free(x);
    free(y);
    return same;
}
