/* SPDX-License-Identifier: Apache-2.0
 * Fields of a protocol-buffer message (protobuf.dev/programming-guides/encoding), as they come. Trusts nothing. */
#ifndef CONVERT_PROTOBUF_H
#define CONVERT_PROTOBUF_H

#include "base/span.h"

enum protobuf_wire { PROTOBUF_VARINT = 0, PROTOBUF_FIXED64 = 1, PROTOBUF_BYTES = 2, PROTOBUF_FIXED32 = 5 };

struct protobuf_field {
    uint32_t number;
    enum protobuf_wire wire;
    uint64_t value;       /* of VARINT and FIXED */
    const uint8_t *bytes; /* of BYTES, in the message */
    size_t size;
};

/* 1: *field is the next one; 0: the message ended; -1: it is broken. */
int protobuf_next(struct span *message, struct protobuf_field *field);
/* The bits of a FIXED32 as a float. */
float protobuf_float(const struct protobuf_field *field);

#endif
