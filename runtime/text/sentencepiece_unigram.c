/* SPDX-License-Identifier: Apache-2.0
 * The most likely pieces (Kudo, Subword Regularization, 2018), by Viterbi as sentencepiece does it: in float, the first
 * of equally good ones. No piece has a blank but at its start, so words are cut one by one. */
#include "text/sentencepiece_inner.h"
#include "text/unicode.h"

#include <stdlib.h>
#include <string.h>

static const char mark[] = "\xe2\x96\x81";
enum { MARK = 3 };

struct node {
    float score; /* of the best way to here */
    uint32_t id, from;
};

static bool is_mark(const char *text, size_t length, size_t at) {
    return length - at >= MARK && memcmp(text + at, mark, MARK) == 0;
}

/* Up to the next blank. */
static size_t word_end(const char *text, size_t length, size_t at) {
    do unicode_next(text, length, &at);
    while (at < length && !is_mark(text, length, at));
    return at;
}

static void offer(struct node *to, float score, uint32_t id, size_t from) {
    if (to->id == UINT32_MAX || score > to->score) *to = (struct node){score, id, (uint32_t)from};
}

/* All pieces that begin at `at`, and an unknown character if none is as long as that. */
static void extend(const struct sentencepiece *sp, const char *word, size_t length, size_t at, struct node *nodes) {
    struct pieces_range range = pieces_all(&sp->pieces);
    size_t next = at;
    uint32_t id;
    unicode_next(word, length, &next);
    bool single = false;
    for (size_t i = at; i < length && pieces_step(&sp->pieces, &range, word[i], &id); i++) {
        if (id == UINT32_MAX) continue;
        offer(&nodes[i + 1], nodes[at].score + sp->scores[id], id, at);
        single = single || i + 1 == next;
    }
    if (!single) offer(&nodes[next], nodes[at].score + sp->unknown_score, sp->unknown_id, at);
}

static void put_word(const struct sentencepiece *sp, struct node *nodes, size_t length, struct sentencepiece_ids *to) {
    uint32_t after = UINT32_MAX; /* the way back, turned round */
    for (uint32_t at = (uint32_t)length; at;) {
        uint32_t from = nodes[at].from;
        nodes[at].from = after;
        after = at;
        at = from;
    }
    for (uint32_t at = after; at != UINT32_MAX; at = nodes[at].from) sentencepiece_put(sp, to, nodes[at].id);
}

bool sentencepiece_unigram(const struct sentencepiece *sp, const char *text, size_t length,
                           struct sentencepiece_ids *to) {
    struct node *nodes = NULL;
    size_t room = 0;
    for (size_t at = 0, end; at < length && to->count < to->most; at = end) {
        end = word_end(text, length, at);
        if (end - at + 1 > room) {
            free(nodes);
            room = 2 * (end - at) + 64;
            nodes = malloc(room * sizeof *nodes);
            if (!nodes) return false;
        }
        for (size_t i = 0; i <= end - at; i++) nodes[i] = (struct node){0, UINT32_MAX, 0};
        for (size_t i = 0; i < end - at; unicode_next(text + at, end - at, &i))
            extend(sp, text + at, end - at, i, nodes);
        put_word(sp, nodes, end - at, to);
    }
    free(nodes);
    return true;
}
