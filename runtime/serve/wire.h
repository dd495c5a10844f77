/* SPDX-License-Identifier: Apache-2.0
 * Lines and slipmux frames told apart in a stream of bytes (draft-bormann-t2trg-slipmux-03). */
#ifndef SERVE_WIRE_H
#define SERVE_WIRE_H

#include "serve/words.h"

enum {
    WIRE_MESSAGE = 1280,                     /* of CoAP, unescaped */
    WIRE_FRAME = 2 * (WIRE_MESSAGE + 3) + 2, /* as sent, at most */
    WIRE_IDLE_MS = 1000,
};

enum wire_kind { WIRE_NOTHING, WIRE_LINE, WIRE_COAP };

/* A zeroed struct is an idle wire. */
struct wire {
    enum { WIRE_IN_TEXT, WIRE_AT_FRAME, WIRE_IN_FRAME, WIRE_SKIPPING } state;
    bool escaped, over, given; /* given: a line or message is out, the next byte begins another */
    size_t size;
    uint8_t bytes[WIRE_MESSAGE + 3]; /* what was collected: a line, or a frame with its type and FCS */
};

/* One byte. WIRE_LINE: wire->bytes (size) is a line without its end; over SERVE_LINE bytes: it was longer. WIRE_COAP: bytes
 * (size) are a message whose FCS is right. They stay until the next call. Empty lines and bad frames are WIRE_NOTHING, and so is
 * what no line begins with: control characters, and bytes from 0x7F on. */
enum wire_kind wire_take(struct wire *wire, uint8_t byte);

/* Nothing came for WIRE_IDLE_MS: what was begun as a frame is given up. */
void wire_idle(struct wire *wire);

/* Makes a frame of a message (up to WIRE_MESSAGE) and gives its size. */
size_t wire_frame(const void *message, size_t size, uint8_t frame[WIRE_FRAME]);

#endif
