/* SPDX-License-Identifier: Apache-2.0
 * Byte-pair merging of one word: again and again all occurrences of the pair of lowest rank, left to
 * right, become one symbol. (Sennrich et al., Neural Machine Translation of Rare Words with Subword
 * Units, 2016.) */
#ifndef TEXT_MERGE_H
#define TEXT_MERGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MERGE_NONE UINT32_MAX

struct merge_rule {
    uint32_t left, right, result; /* token ids */
};

struct merge_table {
    struct merge_rule *rules; /* (count), position = rank */
    uint32_t count;
    uint32_t *slots; /* (mask + 1) ranks or MERGE_NONE, by pair */
    uint32_t mask;
};

/* Room for `capacity` rules. False: out of memory; finish() then too. */
bool merge_table_init(struct merge_table *table, uint32_t capacity);
void merge_table_finish(struct merge_table *table);

/* Adds the rule of the next rank; false when the pair has one. */
bool merge_table_add(struct merge_table *table, struct merge_rule rule);

struct merge_symbol {
    uint32_t id;             /* MERGE_NONE: taken into a symbol before it */
    uint32_t previous, next; /* symbols alive, or MERGE_NONE */
};

/* Working space for a word, kept from one to the next. Zeroed: empty. */
struct merge_space {
    struct merge_symbol *symbols; /* (capacity) */
    uint32_t *round;              /* (capacity) positions */
    uint64_t *heap;               /* (3 * capacity) rank << 32 | position, least first */
    size_t capacity, heap_count;
};

/* Room for a word of `count` symbols. False: out of memory. */
bool merge_space_reserve(struct merge_space *space, size_t count);
void merge_space_finish(struct merge_space *space);

/* Merges symbols[0..count), whose ids the caller has set. The first symbol then leads along `next`
 * to the others. Takes O(count log count). */
void merge_word(const struct merge_table *table, struct merge_space *space, uint32_t count);

/* The same, but a pair that a merge makes is merged at once if its rank is lower: as Hugging Face's tokenizers do it.
 * The orders differ where a vocabulary's ranks do not grow with its symbols. */
void merge_word_singly(const struct merge_table *table, struct merge_space *space, uint32_t count);

#endif
