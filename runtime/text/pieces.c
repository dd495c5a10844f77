/* SPDX-License-Identifier: Apache-2.0 */
#include "text/pieces.h"

#include <stdlib.h>
#include <string.h>

struct named {
    struct bpe_text text;
    uint32_t id;
};

static int by_bytes(const void *a, const void *b) {
    const struct named *x = a, *y = b;
    size_t least = x->text.length < y->text.length ? x->text.length : y->text.length;
    int order = memcmp(x->text.text, y->text.text, least);
    if (order) return order;
    return x->text.length != y->text.length ? (x->text.length > y->text.length ? 1 : -1) : (x->id > y->id ? 1 : -1);
}

static bool fill(struct pieces *p, const struct named *list, uint32_t count, size_t bytes) {
    p->bytes = malloc(bytes + 1);
    p->start = malloc(((size_t)count + 1) * sizeof *p->start);
    p->ids = malloc(((size_t)count + 1) * sizeof *p->ids);
    if (!p->bytes || !p->start || !p->ids) return false;
    uint32_t at = 0;
    for (uint32_t i = 0; i < count; i++) {
        memcpy(p->bytes + at, list[i].text.text, list[i].text.length);
        p->start[i] = at, p->ids[i] = list[i].id;
        at += (uint32_t)list[i].text.length;
    }
    p->start[count] = at, p->count = count;
    return true;
}

bool pieces_init(struct pieces *pieces, const struct bpe_text *tokens, const uint8_t *taken, size_t count) {
    *pieces = (struct pieces){0};
    struct named *list = malloc((count + 1) * sizeof *list);
    uint32_t n = 0;
    size_t bytes = 0;
    if (!list) return false;
    for (size_t i = 0; i < count; i++)
        if (taken[i] && tokens[i].length) list[n++] = (struct named){tokens[i], (uint32_t)i}, bytes += tokens[i].length;
    qsort(list, n, sizeof *list, by_bytes);
    bool good = bytes < UINT32_MAX && fill(pieces, list, n, bytes);
    free(list);
    return good;
}

void pieces_finish(struct pieces *pieces) {
    free(pieces->bytes);
    free(pieces->start);
    free(pieces->ids);
    *pieces = (struct pieces){0};
}

struct pieces_range pieces_all(const struct pieces *pieces) {
    return (struct pieces_range){0, pieces->count, 0};
}

/* The first piece of the range whose byte at its depth is at least `byte`; shorter ones come before. */
static uint32_t lower_bound(const struct pieces *p, struct pieces_range r, int byte) {
    while (r.first < r.end) {
        uint32_t middle = r.first + (r.end - r.first) / 2;
        bool is_short = p->start[middle] + r.depth >= p->start[middle + 1];
        if (is_short || (unsigned char)p->bytes[p->start[middle] + r.depth] < byte)
            r.first = middle + 1;
        else
            r.end = middle;
    }
    return r.first;
}

bool pieces_step(const struct pieces *pieces, struct pieces_range *range, char byte, uint32_t *id) {
    uint32_t first = lower_bound(pieces, *range, (unsigned char)byte);
    range->end = lower_bound(pieces, *range, (unsigned char)byte + 1);
    range->first = first;
    range->depth++;
    if (range->first == range->end) return false;
    bool whole = pieces->start[first] + range->depth == pieces->start[first + 1];
    *id = whole ? pieces->ids[first] : UINT32_MAX;
    return true;
}

size_t pieces_longest(const struct pieces *pieces, const char *text, size_t length, size_t at, uint32_t *id) {
    struct pieces_range range = pieces_all(pieces);
    size_t longest = 0;
    uint32_t whole;
    for (size_t i = at; i < length && pieces_step(pieces, &range, text[i], &whole); i++)
        if (whole != UINT32_MAX) longest = i + 1 - at, *id = whole;
    return longest;
}
