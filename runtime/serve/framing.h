/* SPDX-License-Identifier: Apache-2.0
 * Lines and slipmux frames told apart in a stream of bytes (draft-bormann-t2trg-slipmux-03). */
#ifndef SERVE_FRAMING_H
#define SERVE_FRAMING_H

#include "serve/arguments.h"

enum {
    FRAMING_MESSAGE = 1280,                        /* of CoAP, unescaped */
    FRAMING_FRAME = 2 * (FRAMING_MESSAGE + 3) + 2, /* as sent, at most */
    FRAMING_IDLE_MS = 1000,
};

enum framing_kind { FRAMING_NOTHING, FRAMING_LINE, FRAMING_COAP };

/* A zeroed struct is an idle wire. */
struct framing {
    enum { FRAMING_IN_TEXT, FRAMING_AT_FRAME, FRAMING_IN_FRAME, FRAMING_SKIPPING } state;
    bool escaped, over, given; /* given: a line or message is out, the next byte begins another */
    size_t size;
    uint8_t bytes[FRAMING_MESSAGE + 3]; /* what was collected: a line, or a frame with its type and FCS */
};

/* One byte. FRAMING_LINE: wire->bytes (size) is a line without its end; over SERVE_LINE bytes: it was longer.
 * FRAMING_COAP: bytes (size) are a message whose FCS is right. They stay until the next call. Empty lines and bad
 * frames are FRAMING_NOTHING, and so is what no line begins with: control characters, and bytes from 0x7F on. */
enum framing_kind framing_take(struct framing *framing, uint8_t byte);

/* Nothing came for FRAMING_IDLE_MS: what was begun as a frame is given up. */
void framing_idle(struct framing *framing);

/* Makes a frame of a message (up to FRAMING_MESSAGE) and gives its size. */
size_t framing_frame(const void *message, size_t size, uint8_t frame[FRAMING_FRAME]);

#endif
