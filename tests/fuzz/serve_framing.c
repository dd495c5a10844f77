/* SPDX-License-Identifier: Apache-2.0
 * Any bytes on a serial wire: lines without line ends, messages that make the frame they came in; and what is framed
 * comes out.
 */
#include "fuzz.h"
#include "serve/framing.h"

int LLVMFuzzerInitialize(int *argc, char ***argv) {
    uint8_t bytes[FRAMING_FRAME + 16] = "ping\r\n";
    size_t size = 6 + framing_frame("\x40\x01\x12\x34\xb4tags", 9, bytes + 6);
    memcpy(bytes + size, "tags\n", 5);
    fuzz_seed(*argc, *argv, "seed", bytes, size + 5);
    return 0;
}

static void check_line(const struct framing *w) {
    if (w->size == 0 || w->size > SERVE_LINE + 1 || memchr(w->bytes, '\n', w->size) || memchr(w->bytes, '\r', w->size))
        abort();
}

static void check_frame(const void *message, size_t size) {
    struct framing w = {.size = 0};
    uint8_t frame[FRAMING_FRAME];
    size_t framed = framing_frame(message, size, frame);
    if (framed > FRAMING_FRAME) abort();
    for (size_t i = 0; i + 1 < framed; i++)
        if (framing_take(&w, frame[i])) abort();
    if (framing_take(&w, frame[framed - 1]) != FRAMING_COAP || w.size != size || memcmp(w.bytes, message, size))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct framing w = {.size = 0};
    for (size_t i = 0; i < size; i++) {
        enum framing_kind kind = framing_take(&w, data[i]);
        if (kind == FRAMING_LINE) check_line(&w);
        if (kind == FRAMING_COAP) check_frame(w.bytes, w.size);
    }
    framing_idle(&w); /* then a line comes through, but for what was begun */
    if (framing_take(&w, '\n') == FRAMING_COAP || framing_take(&w, 'x') || framing_take(&w, '\n') != FRAMING_LINE ||
        w.size != 1)
        abort();
    check_frame(data, size < FRAMING_MESSAGE ? size : FRAMING_MESSAGE);
    return 0;
}
