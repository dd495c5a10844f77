/* SPDX-License-Identifier: Apache-2.0
 * Bytes from outside, read in order and never past their end, and how they are written. Little-endian. */
#ifndef BASE_SPAN_H
#define BASE_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct span {
    const uint8_t *data;
    size_t size;
    size_t position; /* next byte to read, <= size */
};

static inline struct span span_of(const void *data, size_t size) {
    return (struct span){.data = data, .size = size};
}

static inline size_t span_left(const struct span *s) {
    return s->size - s->position;
}

/* The next `count` bytes, or NULL (and nothing read) when there are fewer. */
const uint8_t *span_bytes(struct span *span, uint64_t count);

/* false, and nothing read, at the end of the bytes. */
bool span_u8(struct span *span, uint8_t *value);
bool span_u32(struct span *span, uint32_t *value);
bool span_u64(struct span *span, uint64_t *value);

/* The other way: the lowest `bytes` bytes of `value`. Gives what is behind them. */
static inline uint8_t *span_put(uint8_t *to, uint64_t value, int bytes) {
    for (int i = 0; i < bytes; i++) to[i] = (uint8_t)(value >> (8 * i));
    return to + bytes;
}

static inline uint8_t *span_put_double(uint8_t *to, double value) {
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return span_put(to, bits, 8);
}

#endif
