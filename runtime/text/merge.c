/* SPDX-License-Identifier: Apache-2.0 */
#include "text/merge.h"
#include "text/table.h"

/* The slot of the pair's rank, or the empty one where it would be. */
static uint32_t place(const struct merge_table *t, uint32_t left, uint32_t right) {
    uint32_t slot = (uint32_t)table_mix((uint64_t)left << 32 | right) & t->mask;
    for (;; slot = (slot + 1) & t->mask) {
        uint32_t rank = t->slots[slot];
        if (rank == MERGE_NONE || (t->rules[rank].left == left && t->rules[rank].right == right)) return slot;
    }
}

bool merge_table_init(struct merge_table *t, uint32_t capacity) {
    *t = (struct merge_table){.rules = malloc((capacity ? capacity : 1) * sizeof *t->rules)};
    t->slots = table_create(capacity, &t->mask);
    return t->rules && t->slots;
}

void merge_table_finish(struct merge_table *t) {
    free(t->rules);
    free(t->slots);
    *t = (struct merge_table){0};
}

bool merge_table_add(struct merge_table *t, struct merge_rule rule) {
    uint32_t slot = place(t, rule.left, rule.right);
    if (t->slots[slot] != MERGE_NONE) return false;
    t->slots[slot] = t->count;
    t->rules[t->count++] = rule;
    return true;
}

bool merge_space_reserve(struct merge_space *s, size_t count) {
    if (count <= s->capacity) return true;
    size_t capacity = count > 64 ? count : 64;
    merge_space_finish(s);
    s->symbols = malloc(capacity * sizeof *s->symbols);
    s->round = malloc(capacity * sizeof *s->round);
    s->heap = malloc(3 * capacity * sizeof *s->heap); /* a pair at first, two more each merge */
    if (!s->symbols || !s->round || !s->heap) return false;
    s->capacity = capacity;
    return true;
}

void merge_space_finish(struct merge_space *s) {
    free(s->symbols);
    free(s->round);
    free(s->heap);
    *s = (struct merge_space){0};
}

static void push(struct merge_space *s, uint64_t key) {
    size_t at = s->heap_count++;
    for (; at > 0 && s->heap[(at - 1) / 2] > key; at = (at - 1) / 2) s->heap[at] = s->heap[(at - 1) / 2];
    s->heap[at] = key;
}

static uint64_t pop(struct merge_space *s) {
    uint64_t top = s->heap[0], last = s->heap[--s->heap_count];
    size_t at = 0, child;
    while ((child = 2 * at + 1) < s->heap_count) {
        if (child + 1 < s->heap_count && s->heap[child + 1] < s->heap[child]) child++;
        if (last <= s->heap[child]) break;
        s->heap[at] = s->heap[child];
        at = child;
    }
    s->heap[at] = last;
    return top;
}

/* Puts the pair that begins at `at` on the heap, if it has a rank. */
static void offer(const struct merge_table *t, struct merge_space *s, uint32_t at) {
    if (at == MERGE_NONE || s->symbols[at].next == MERGE_NONE) return;
    uint32_t rank = t->slots[place(t, s->symbols[at].id, s->symbols[s->symbols[at].next].id)];
    if (rank != MERGE_NONE) push(s, (uint64_t)rank << 32 | at);
}

/* Merges the pair at `at`, unless one of its symbols has changed since it was put on the heap. */
static void merge(const struct merge_table *t, struct merge_space *s, uint32_t rank, uint32_t at) {
    const struct merge_rule *rule = &t->rules[rank];
    struct merge_symbol *left = &s->symbols[at];
    if (left->id != rule->left || left->next == MERGE_NONE) return;
    struct merge_symbol *right = &s->symbols[left->next];
    if (right->id != rule->right) return;
    left->id = rule->result;
    left->next = right->next;
    right->id = MERGE_NONE;
    if (left->next != MERGE_NONE) s->symbols[left->next].previous = at;
    offer(t, s, left->previous);
    offer(t, s, at);
}

void merge_word(const struct merge_table *t, struct merge_space *s, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        s->symbols[i].previous = i ? i - 1 : MERGE_NONE;
        s->symbols[i].next = i + 1 < count ? i + 1 : MERGE_NONE;
    }
    s->heap_count = 0;
    for (uint32_t i = 0; i < count; i++) offer(t, s, i);
    while (s->heap_count > 0) {
        /* A merge may offer a pair of lower rank; it has to wait until this rank is done everywhere. */
        uint32_t rank = (uint32_t)(s->heap[0] >> 32), found = 0;
        while (s->heap_count > 0 && s->heap[0] >> 32 == rank) s->round[found++] = (uint32_t)pop(s);
        for (uint32_t i = 0; i < found; i++) merge(t, s, rank, s->round[i]);
    }
}
