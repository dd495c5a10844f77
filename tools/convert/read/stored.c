/* SPDX-License-Identifier: Apache-2.0 */
#include "convert/read/stored.h"
#include "base/log.h"

#include <stdlib.h>
#include <string.h>

enum { BLOCK = 32, BLOCK_BYTES = 2 + BLOCK }; /* of Q8_0 */

/* Bytes of a number; Q8_0 has blocks. */
static uint64_t number_size(enum stored_kind kind) {
    switch (kind) {
    case STORED_F32: return 4;
    case STORED_F16:
    case STORED_BF16: return 2;
    case STORED_I8: return 1;
    default: return 0;
    }
}

uint64_t stored_size(enum stored_kind kind, uint64_t count) {
    uint64_t size;
    if (kind == STORED_Q8_0)
        return count % BLOCK || __builtin_mul_overflow(count / BLOCK, (uint64_t)BLOCK_BYTES, &size) ? 0 : size;
    return __builtin_mul_overflow(count, number_size(kind), &size) ? 0 : size;
}

bool stored_is_float(const struct stored_tensor *tensor) {
    return tensor->kind != STORED_OTHER && (tensor->kind != STORED_I8 || tensor->scales);
}

static float from_bits(uint32_t bits) {
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

float stored_from_half(uint16_t half) {
    uint32_t sign = (uint32_t)(half >> 15) << 31, exponent = half >> 10 & 31, fraction = half & 1023;
    if (exponent == 31) return from_bits(sign | 0x7f800000u | fraction << 13);
    if (exponent > 0) return from_bits(sign | (exponent + 112) << 23 | fraction << 13);
    float small = (float)fraction * 0x1p-24f;
    return sign ? -small : small;
}

static uint16_t two_bytes(const uint8_t *at) {
    return (uint16_t)(at[0] | at[1] << 8);
}

/* The bytes go to the end of `out`, where the floats that are made of them reach each of them last. */
static int read_narrow(const struct stored_tensor *t, uint64_t first, uint64_t count, float *out) {
    uint64_t size = number_size(t->kind);
    uint8_t *raw = (uint8_t *)out + count * (sizeof *out - size);
    int status = storage_read(t->storage, raw, (size_t)(count * size), t->begin + first * size);
    for (uint64_t i = 0; i < count && !status; i++) {
        const uint8_t *at = raw + i * size;
        float value = t->kind == STORED_I8    ? (float)(int8_t)*at
                      : t->kind == STORED_F16 ? stored_from_half(two_bytes(at))
                                              : from_bits((uint32_t)two_bytes(at) << 16);
        out[i] = value;
    }
    return status;
}

/* Rows of int8, each with its scale. */
static int read_rows(const struct stored_tensor *t, uint64_t first, uint64_t count, float *out) {
    uint64_t columns = t->count / t->scales->count; /* never 0: see weights_gguf.c */
    int status = read_narrow(t, first, count, out);
    float scale = 0;
    for (uint64_t i = 0; i < count && !status; i++) {
        if (i == 0 || (first + i) % columns == 0) status = stored_read(t->scales, (first + i) / columns, 1, &scale);
        out[i] *= scale;
    }
    return status;
}

static int read_blocks(const struct stored_tensor *t, uint64_t first, uint64_t count, float *out) {
    uint8_t block[BLOCK_BYTES];
    int status = OCELLI_OK;
    for (uint64_t i = 0; i < count && !status;) {
        uint64_t number = (first + i) / BLOCK;
        status = storage_read(t->storage, block, sizeof block, t->begin + number * BLOCK_BYTES);
        float scale = status ? 0 : stored_from_half(two_bytes(block));
        for (uint64_t at = (first + i) % BLOCK; at < BLOCK && i < count && !status; at++, i++)
            out[i] = scale * (float)(int8_t)block[2 + at];
    }
    return status;
}

static int read_plain(const struct stored_tensor *t, uint64_t first, uint64_t count, float *out) {
    if (t->kind == STORED_F32)
        return storage_read(t->storage, out, (size_t)count * sizeof *out, t->begin + first * sizeof *out);
    if (t->kind == STORED_Q8_0) return read_blocks(t, first, count, out);
    return t->kind == STORED_I8 ? read_rows(t, first, count, out) : read_narrow(t, first, count, out);
}

/* Place in the storage of number `i`, in numbers from `begin` on. */
static uint64_t place(const struct stored_tensor *t, uint64_t i) {
    uint64_t at = 0;
    for (uint32_t d = t->dimensions; d-- > 0; i /= t->shape[d]) at += i % t->shape[d] * t->stride[d];
    return at;
}

/* All of the storage that the tensor spans, then its numbers out of that: a turned matrix of a pickle. */
static int read_strided(const struct stored_tensor *t, uint64_t first, uint64_t count, float *out) {
    uint64_t span = place(t, t->count - 1) + 1;
    struct stored_tensor all = {.kind = t->kind, .count = span, .storage = t->storage, .begin = t->begin};
    float *values = span <= SIZE_MAX / sizeof *values ? malloc((size_t)span * sizeof *values) : NULL;
    if (!values) return log_fail(OCELLI_ERR_MEMORY, "%s: out of memory", t->storage->name);
    int status = read_plain(&all, 0, span, values);
    for (uint64_t i = 0; i < count && !status; i++) out[i] = values[place(t, first + i)];
    free(values);
    return status;
}

int stored_read(const struct stored_tensor *tensor, uint64_t first, uint64_t count, float *out) {
    if (count == 0) return OCELLI_OK;
    return tensor->strided ? read_strided(tensor, first, count, out) : read_plain(tensor, first, count, out);
}
