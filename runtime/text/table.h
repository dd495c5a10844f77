/* SPDX-License-Identifier: Apache-2.0
 * What the two hash tables of the tokenizer share: open addressing, at most half full. */
#ifndef TEXT_TABLE_H
#define TEXT_TABLE_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { TABLE_LARGEST = 1 << 26 }; /* entries */

/* Slots for `count` entries (at most TABLE_LARGEST), all UINT32_MAX; free(). NULL: out of memory. */
static inline uint32_t *table_create(uint32_t count, uint32_t *mask) {
    uint32_t size = 2;
    while (size / 2 <= count) size *= 2;
    *mask = size - 1;
    uint32_t *slots = malloc((size_t)size * sizeof *slots);
    if (slots) memset(slots, 0xff, (size_t)size * sizeof *slots);
    return slots;
}

/* splitmix64's last step: every bit of a key reaches the low ones. */
static inline uint64_t table_mix(uint64_t x) {
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

/* Bytes of a string from a file that a message shows. */
static inline int table_shown(size_t length) {
    return length < 64 ? (int)length : 64;
}

#endif
