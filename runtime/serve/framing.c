/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/framing.h"
#include "serve/crc.h"

#include <string.h>

/* SLIP: RFC 1055. Types: slipmux section 4; the FCS goes over the type too, low byte first (RFC 1662 appendix C.2). */
enum { END = 0xc0, ESCAPE = 0xdb, ESCAPED_END = 0xdc, ESCAPED_ESCAPE = 0xdd, COAP = 0xa9, DIAGNOSTIC = 0x0a };

static void begin(struct framing *w, int state) {
    w->state = state;
    w->size = 0;
    w->escaped = w->over = w->given = false;
}

static void keep(struct framing *w, uint8_t byte, size_t most) {
    if (w->size == most)
        w->over = true;
    else
        w->bytes[w->size++] = byte;
}

static enum framing_kind end_frame(struct framing *w) {
    size_t size = w->size;
    bool good = !w->over && !w->escaped && size >= 3 && w->bytes[0] == COAP &&
                serve_crc(w->bytes, size - 2) == (w->bytes[size - 2] | w->bytes[size - 1] << 8);
    begin(w, FRAMING_AT_FRAME); /* an end may be the next one's beginning */
    if (!good) return FRAMING_NOTHING;
    w->size = size - 3, w->given = true;
    memmove(w->bytes, w->bytes + 1, w->size);
    return FRAMING_COAP;
}

static enum framing_kind take_frame(struct framing *w, uint8_t byte) {
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
    if (w->over) begin(w, FRAMING_SKIPPING);
    return FRAMING_NOTHING;
}

/* To the end of a frame that is none; a line end too, as lines must not vanish in it. */
static enum framing_kind skip(struct framing *w, uint8_t byte) {
    if (byte == END) begin(w, FRAMING_AT_FRAME);
    if (byte == '\n') begin(w, FRAMING_IN_TEXT);
    return FRAMING_NOTHING;
}

/* A serial line that changes its direction gives a pulse before the first byte, which looks like a start bit. No line
 * begins with such a byte. */
static bool glitch(uint8_t byte) {
    return (byte < ' ' && byte != '\n' && byte != '\r') || byte >= 0x7f;
}

static enum framing_kind take_text(struct framing *w, uint8_t byte) {
    if (byte == END) {
        w->state = FRAMING_AT_FRAME;
        return FRAMING_NOTHING;
    }
    if (!w->size && glitch(byte)) return FRAMING_NOTHING;
    if (byte != '\n' && byte != '\r') {
        keep(w, byte, SERVE_LINE + 1);
        return FRAMING_NOTHING;
    }
    w->given = w->size > 0;
    return w->given ? FRAMING_LINE : FRAMING_NOTHING;
}

enum framing_kind framing_take(struct framing *framing, uint8_t byte) {
    if (framing->given) begin(framing, (int)framing->state);
    if (framing->state == FRAMING_IN_FRAME) return take_frame(framing, byte);
    if (framing->state == FRAMING_SKIPPING) return skip(framing, byte);
    if (framing->state == FRAMING_AT_FRAME) {
        if (byte == COAP ||
            (byte == DIAGNOSTIC && !framing->size)) { /* behind half a line it is a line end, and 0xC0 noise */
            begin(framing, FRAMING_IN_FRAME);
            keep(framing, byte, sizeof framing->bytes);
            return FRAMING_NOTHING;
        }
        if (byte == END) return FRAMING_NOTHING;
        framing->state = FRAMING_IN_TEXT;
        if (framing->size)
            keep(framing, END, SERVE_LINE + 1); /* a damaged line is one: what follows is no request of its own */
    }
    return take_text(framing, byte);
}

void framing_idle(struct framing *framing) {
    if (framing->state != FRAMING_IN_TEXT) begin(framing, FRAMING_IN_TEXT);
}

static void put(uint8_t *frame, size_t *used, uint8_t byte) {
    if (byte == END || byte == ESCAPE) {
        frame[(*used)++] = ESCAPE;
        byte = byte == END ? ESCAPED_END : ESCAPED_ESCAPE;
    }
    frame[(*used)++] = byte;
}

size_t framing_frame(const void *message, size_t size, uint8_t frame[FRAMING_FRAME]) {
    uint8_t body[1 + FRAMING_MESSAGE] = {COAP};
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
