/* SPDX-License-Identifier: Apache-2.0 */
#include "base/span.h"

const uint8_t *span_bytes(struct span *span, uint64_t count) {
    if (count > span_left(span) || !span->data) return NULL; /* an empty file has no bytes to point at */
    const uint8_t *bytes = span->data + span->position;
    span->position += (size_t)count;
    return bytes;
}

static bool little_endian(struct span *s, int bytes, uint64_t *value) {
    const uint8_t *p = span_bytes(s, (uint64_t)bytes);
    if (!p) return false;
    *value = 0;
    for (int i = 0; i < bytes; i++) *value |= (uint64_t)p[i] << (8 * i);
    return true;
}

bool span_u8(struct span *span, uint8_t *value) {
    uint64_t wide;
    if (!little_endian(span, 1, &wide)) return false;
    *value = (uint8_t)wide;
    return true;
}

bool span_u32(struct span *span, uint32_t *value) {
    uint64_t wide;
    if (!little_endian(span, 4, &wide)) return false;
    *value = (uint32_t)wide;
    return true;
}

bool span_u64(struct span *span, uint64_t *value) {
    return little_endian(span, 8, value);
}
