/* SPDX-License-Identifier: Apache-2.0 */
#include "convert/read/protobuf.h"

#include <string.h>

static bool varint(struct span *m, uint64_t *value) {
    *value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        uint8_t byte;
        if (!span_u8(m, &byte)) return false;
        *value |= (uint64_t)(byte & 0x7f) << shift;
        if (!(byte & 0x80)) return true;
    }
    return false;
}

static bool fixed32(struct span *m, uint64_t *value) {
    uint32_t number;
    if (!span_u32(m, &number)) return false;
    *value = number;
    return true;
}

static bool bytes(struct span *m, struct protobuf_field *f) {
    uint64_t size;
    if (!varint(m, &size) || !(f->bytes = span_bytes(m, size))) return false;
    f->size = (size_t)size;
    return true;
}

int protobuf_next(struct span *message, struct protobuf_field *field) {
    uint64_t key;
    *field = (struct protobuf_field){0};
    if (span_left(message) == 0) return 0;
    if (!varint(message, &key) || key >> 3 == 0 || key >> 3 > 0x1fffffff) return -1;
    field->number = (uint32_t)(key >> 3), field->wire = (enum protobuf_wire)(key & 7);
    bool good = false;
    switch (field->wire) {
    case PROTOBUF_VARINT: good = varint(message, &field->value); break;
    case PROTOBUF_FIXED64: good = span_u64(message, &field->value); break;
    case PROTOBUF_FIXED32: good = fixed32(message, &field->value); break;
    case PROTOBUF_BYTES: good = bytes(message, field); break;
    }
    return good ? 1 : -1;
}

float protobuf_float(const struct protobuf_field *field) {
    uint32_t bits = (uint32_t)field->value;
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}
