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

bool merge_table_init(struct merge_table *table, uint32_t capacity) {
    *table = (struct merge_table){.rules = malloc((capacity ? capacity : 1) * sizeof *table->rules)};
    table->slots = table_create(capacity, &table->mask);
    return table->rules && table->slots;
}

void merge_table_finish(struct merge_table *table) {
    free(table->rules);
    free(table->slots);
    *table = (struct merge_table){0};
}

bool merge_table_add(struct merge_table *table, struct merge_rule rule) {
    uint32_t slot = place(table, rule.left, rule.right);
    if (table->slots[slot] != MERGE_NONE) return false;
    table->slots[slot] = table->count;
    table->rules[table->count++] = rule;
    return true;
}

bool merge_space_reserve(struct merge_space *space, size_t count) {
    if (count <= space->capacity) return true;
    size_t capacity = count > 64 ? count : 64;
    merge_space_finish(space);
    space->symbols = malloc(capacity * sizeof *space->symbols);
    space->round = malloc(capacity * sizeof *space->round);
    space->heap = malloc(3 * capacity * sizeof *space->heap); /* a pair at first, two more each merge */
    if (!space->symbols || !space->round || !space->heap) return false;
    space->capacity = capacity;
    return true;
}

void merge_space_finish(struct merge_space *space) {
    free(space->symbols);
    free(space->round);
    free(space->heap);
    *space = (struct merge_space){0};
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

static void begin(const struct merge_table *table, struct merge_space *space, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        space->symbols[i].previous = i ? i - 1 : MERGE_NONE;
        space->symbols[i].next = i + 1 < count ? i + 1 : MERGE_NONE;
    }
    space->heap_count = 0;
    for (uint32_t i = 0; i < count; i++) offer(table, space, i);
}

void merge_word_singly(const struct merge_table *table, struct merge_space *space, uint32_t count) {
    begin(table, space, count);
    while (space->heap_count > 0) {
        uint64_t key = pop(space);
        merge(table, space, (uint32_t)(key >> 32), (uint32_t)key);
    }
}

void merge_word(const struct merge_table *table, struct merge_space *space, uint32_t count) {
    begin(table, space, count);
    while (space->heap_count > 0) {
        /* A merge may offer a pair of lower rank; it has to wait until this rank is done everywhere. */
        uint32_t rank = (uint32_t)(space->heap[0] >> 32), found = 0;
        while (space->heap_count > 0 && space->heap[0] >> 32 == rank) space->round[found++] = (uint32_t)pop(space);
        for (uint32_t i = 0; i < found; i++) merge(table, space, rank, space->round[i]);
    }
}
