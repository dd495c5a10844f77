/* SPDX-License-Identifier: Apache-2.0 */
#include "convert/protobuf.h"

#include <string.h>

static bool varint(struct protobuf *m, uint64_t *value) {
    *value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        if (m->at == m->size) return false;
        uint8_t byte = m->bytes[m->at++];
        *value |= (uint64_t)(byte & 0x7f) << shift;
        if (!(byte & 0x80)) return true;
    }
    return false;
}

static bool fixed(struct protobuf *m, size_t bytes, uint64_t *value) {
    if (m->size - m->at < bytes) return false;
    *value = 0;
    for (size_t i = 0; i < bytes; i++) *value |= (uint64_t)m->bytes[m->at++] << (8 * i);
    return true;
}

static bool bytes(struct protobuf *m, struct protobuf_field *f) {
    uint64_t size;
    if (!varint(m, &size) || size > m->size - m->at) return false;
    f->bytes = m->bytes + m->at, f->size = (size_t)size;
    m->at += (size_t)size;
    return true;
}

int protobuf_next(struct protobuf *message, struct protobuf_field *field) {
    uint64_t key;
    *field = (struct protobuf_field){0};
    if (message->at == message->size) return 0;
    if (!varint(message, &key) || key >> 3 == 0 || key >> 3 > 0x1fffffff) return -1;
    field->number = (uint32_t)(key >> 3), field->wire = (enum protobuf_wire)(key & 7);
    bool good = false;
    switch (field->wire) {
    case PROTOBUF_VARINT: good = varint(message, &field->value); break;
    case PROTOBUF_FIXED64: good = fixed(message, 8, &field->value); break;
    case PROTOBUF_FIXED32: good = fixed(message, 4, &field->value); break;
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
