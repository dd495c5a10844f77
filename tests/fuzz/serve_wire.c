/* SPDX-License-Identifier: Apache-2.0
 * Any bytes on a serial wire: lines without line ends, messages that make the frame they came in; and what is framed comes out.
 */
#include "fuzz.h"
#include "serve/wire.h"

int LLVMFuzzerInitialize(int *argc, char ***argv) {
    uint8_t bytes[WIRE_FRAME + 16] = "ping\r\n";
    size_t size = 6 + wire_frame("\x40\x01\x12\x34\xb4tags", 9, bytes + 6);
    memcpy(bytes + size, "tags\n", 5);
    fuzz_seed(*argc, *argv, "seed", bytes, size + 5);
    return 0;
}

static void check_line(const struct wire *w) {
    if (w->size == 0 || w->size > SERVE_LINE + 1 || memchr(w->bytes, '\n', w->size) || memchr(w->bytes, '\r', w->size)) abort();
}

static void check_frame(const void *message, size_t size) {
    struct wire w = {.size = 0};
    uint8_t frame[WIRE_FRAME];
    size_t framed = wire_frame(message, size, frame);
    if (framed > WIRE_FRAME) abort();
    for (size_t i = 0; i + 1 < framed; i++)
        if (wire_take(&w, frame[i])) abort();
    if (wire_take(&w, frame[framed - 1]) != WIRE_COAP || w.size != size || memcmp(w.bytes, message, size)) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct wire w = {.size = 0};
    for (size_t i = 0; i < size; i++) {
        enum wire_kind kind = wire_take(&w, data[i]);
        if (kind == WIRE_LINE) check_line(&w);
        if (kind == WIRE_COAP) check_frame(w.bytes, w.size);
    }
    wire_idle(&w); /* then a line comes through, but for what was begun */
    if (wire_take(&w, '\n') == WIRE_COAP || wire_take(&w, 'x') || wire_take(&w, '\n') != WIRE_LINE || w.size != 1) abort();
    check_frame(data, size < WIRE_MESSAGE ? size : WIRE_MESSAGE);
    return 0;
}
