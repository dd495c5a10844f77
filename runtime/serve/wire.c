/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/wire.h"
#include "serve/crc.h"

#include <string.h>

/* SLIP: RFC 1055. Types: slipmux section 4; the FCS goes over the type too, low byte first (RFC 1662 appendix C.2). */
enum { END = 0xc0, ESCAPE = 0xdb, ESCAPED_END = 0xdc, ESCAPED_ESCAPE = 0xdd, COAP = 0xa9, DIAGNOSTIC = 0x0a };

static void begin(struct wire *w, int state) {
    w->state = state;
    w->size = 0;
    w->escaped = w->over = w->given = false;
}

static void keep(struct wire *w, uint8_t byte, size_t most) {
    if (w->size == most)
        w->over = true;
    else
        w->bytes[w->size++] = byte;
}

static enum wire_kind end_frame(struct wire *w) {
    size_t size = w->size;
    bool good = !w->over && !w->escaped && size >= 3 && w->bytes[0] == COAP &&
                serve_crc(w->bytes, size - 2) == (w->bytes[size - 2] | w->bytes[size - 1] << 8);
    begin(w, WIRE_AT_FRAME); /* an end may be the next one's beginning */
    if (!good) return WIRE_NOTHING;
    w->size = size - 3, w->given = true;
    memmove(w->bytes, w->bytes + 1, w->size);
    return WIRE_COAP;
}

static enum wire_kind take_frame(struct wire *w, uint8_t byte) {
    if (byte == END) return end_frame(w);
    if (w->escaped) {
        w->escaped = false;
        if (byte != ESCAPED_END && byte != ESCAPED_ESCAPE)
            w->over = true; /* no such escape: not to be trusted */
        else
            keep(w, byte == ESCAPED_END ? END : ESCAPE, sizeof w->bytes);
    } else if (byte == ESCAPE)
        w->escaped = true;
    else
        keep(w, byte, sizeof w->bytes);
    if (w->over) begin(w, WIRE_SKIPPING);
    return WIRE_NOTHING;
}

/* To the end of a frame that is none; a line end too, as lines must not vanish in it. */
static enum wire_kind skip(struct wire *w, uint8_t byte) {
    if (byte == END) begin(w, WIRE_AT_FRAME);
    if (byte == '\n') begin(w, WIRE_IN_TEXT);
    return WIRE_NOTHING;
}

/* What a line that turns round gives before the first byte: a pulse that is taken for a start bit. No line begins so. */
static bool glitch(uint8_t byte) {
    return (byte < ' ' && byte != '\n' && byte != '\r') || byte >= 0x7f;
}

static enum wire_kind take_text(struct wire *w, uint8_t byte) {
    if (byte == END) {
        w->state = WIRE_AT_FRAME;
        return WIRE_NOTHING;
    }
    if (!w->size && glitch(byte)) return WIRE_NOTHING;
    if (byte != '\n' && byte != '\r') {
        keep(w, byte, SERVE_LINE + 1);
        return WIRE_NOTHING;
    }
    w->given = w->size > 0;
    return w->given ? WIRE_LINE : WIRE_NOTHING;
}

enum wire_kind wire_take(struct wire *w, uint8_t byte) {
    if (w->given) begin(w, (int)w->state);
    if (w->state == WIRE_IN_FRAME) return take_frame(w, byte);
    if (w->state == WIRE_SKIPPING) return skip(w, byte);
    if (w->state == WIRE_AT_FRAME) {
        if (byte == COAP || (byte == DIAGNOSTIC && !w->size)) { /* behind half a line it is a line end, and 0xC0 noise */
            begin(w, WIRE_IN_FRAME);
            keep(w, byte, sizeof w->bytes);
            return WIRE_NOTHING;
        }
        if (byte == END) return WIRE_NOTHING;
        w->state = WIRE_IN_TEXT;
        if (w->size) keep(w, END, SERVE_LINE + 1); /* a damaged line is one: what follows is no request of its own */
    }
    return take_text(w, byte);
}

void wire_idle(struct wire *w) {
    if (w->state != WIRE_IN_TEXT) begin(w, WIRE_IN_TEXT);
}

static void put(uint8_t *frame, size_t *used, uint8_t byte) {
    if (byte == END || byte == ESCAPE) {
        frame[(*used)++] = ESCAPE;
        byte = byte == END ? ESCAPED_END : ESCAPED_ESCAPE;
    }
    frame[(*used)++] = byte;
}

size_t wire_frame(const void *message, size_t size, uint8_t frame[WIRE_FRAME]) {
    uint8_t body[1 + WIRE_MESSAGE] = {COAP};
    size_t used = 0;
    memcpy(body + 1, message, size);
    uint16_t fcs = serve_crc(body, 1 + size);
    frame[used++] = END;
    for (size_t i = 0; i < 1 + size; i++) put(frame, &used, body[i]);
    put(frame, &used, (uint8_t)fcs);
    put(frame, &used, (uint8_t)(fcs >> 8));
    frame[used++] = END;
    return used;
}
