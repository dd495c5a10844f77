/* SPDX-License-Identifier: Apache-2.0 */
#include "source/jpeg_stream.h"

#include <stdlib.h>
#include <string.h>

enum { SOI = 0xd8, EOI = 0xd9, SOS = 0xda, TEM = 0x01, RST_FIRST = 0xd0, RST_LAST = 0xd7 };

bool jpeg_stream_inside(const struct jpeg_stream *stream) {
    return stream->place > JPEG_OUTSIDE_FF && stream->place < JPEG_DONE;
}

void jpeg_stream_reset(struct jpeg_stream *stream) {
    *stream = (struct jpeg_stream){.bytes = stream->bytes, .capacity = stream->capacity};
}

void jpeg_stream_finish(struct jpeg_stream *stream) {
    free(stream->bytes);
    *stream = (struct jpeg_stream){0};
}

static int reserve(struct jpeg_stream *s, size_t size) {
    size_t capacity = s->capacity ? s->capacity : 1 << 16;
    if (size > JPEG_STREAM_MOST) return OCELLI_ERR_LIMIT;
    while (capacity < size) capacity *= 2;
    if (capacity == s->capacity) return OCELLI_OK;
    uint8_t *bytes = realloc(s->bytes, capacity);
    if (!bytes) return OCELLI_ERR_MEMORY;
    s->bytes = bytes, s->capacity = capacity;
    return OCELLI_OK;
}

static int append(struct jpeg_stream *s, const uint8_t *bytes, size_t count) {
    int status = reserve(s, s->size + count);
    if (status) return status;
    memcpy(s->bytes + s->size, bytes, count);
    s->size += count;
    return OCELLI_OK;
}

static int begin(struct jpeg_stream *s) {
    static const uint8_t start[] = {0xff, SOI};
    s->size = 0, s->place = JPEG_DUE;
    return append(s, start, sizeof start);
}

/* Up to and with the next 0xff, or to the end. */
static size_t until_ff(const struct span *in) {
    const uint8_t *at = in->data + in->position, *ff = memchr(at, 0xff, span_left(in));
    return ff ? (size_t)(ff - at) + 1 : span_left(in);
}

static int pass_over(struct jpeg_stream *s, struct span *in) {
    size_t count = until_ff(in);
    const uint8_t *bytes = span_bytes(in, count);
    s->between += count;
    if (bytes[count - 1] == 0xff) s->place = JPEG_OUTSIDE_FF;
    return s->between > JPEG_STREAM_BETWEEN ? OCELLI_ERR_FILE : OCELLI_OK;
}

/* A run of bytes: of a scan, or of a segment. */
static int take_run(struct jpeg_stream *s, struct span *in) {
    bool scan = s->place == JPEG_SCAN;
    size_t count = scan ? until_ff(in) : s->left < span_left(in) ? s->left : span_left(in);
    const uint8_t *bytes = span_bytes(in, count);
    int status = append(s, bytes, count);
    if (scan && bytes[count - 1] == 0xff) s->place = JPEG_SCAN_FF;
    if (!scan && !(s->left -= count)) s->place = s->scan_next ? JPEG_SCAN : JPEG_DUE;
    return status;
}

/* What follows 0xff: in a scan 0xff00 is a byte of it, and restarts belong to it. */
static enum jpeg_place behind_marker(struct jpeg_stream *s, uint8_t marker) {
    bool scan = s->place == JPEG_SCAN_FF, restart = marker >= RST_FIRST && marker <= RST_LAST;
    if (marker == 0xff) return s->place; /* fill bytes */
    if (scan && (!marker || restart)) return JPEG_SCAN;
    if (!marker) return JPEG_OUTSIDE; /* no marker, and no JPEG */
    if (marker == EOI) return JPEG_DONE;
    if (marker == TEM || restart) return JPEG_DUE;
    s->scan_next = marker == SOS;
    return JPEG_LENGTH_HIGH;
}

static int take_marker(struct jpeg_stream *s, uint8_t marker) {
    if (marker == SOI) {
        s->cut++;
        return begin(s);
    }
    s->place = behind_marker(s, marker);
    return append(s, &marker, 1);
}

static int take_length(struct jpeg_stream *s, uint8_t byte) {
    if (s->place == JPEG_LENGTH_HIGH) {
        s->left = (size_t)byte << 8;
        s->place = JPEG_LENGTH_LOW;
        return append(s, &byte, 1);
    }
    size_t length = s->left | byte; /* the two bytes of the length are part of it */
    s->left = length > 2 ? length - 2 : 0;
    s->place = length < 2 ? JPEG_OUTSIDE : s->left ? JPEG_SEGMENT : s->scan_next ? JPEG_SCAN : JPEG_DUE;
    return append(s, &byte, 1);
}

static int take_byte(struct jpeg_stream *s, uint8_t byte) {
    switch (s->place) {
    case JPEG_OUTSIDE_FF:
        s->between++;
        if (byte == SOI) return begin(s);
        if (byte != 0xff) s->place = JPEG_OUTSIDE;
        return s->between > JPEG_STREAM_BETWEEN ? OCELLI_ERR_FILE : OCELLI_OK;
    case JPEG_DUE: s->place = byte == 0xff ? JPEG_MARKER : JPEG_OUTSIDE; return append(s, &byte, 1);
    case JPEG_MARKER:
    case JPEG_SCAN_FF: return take_marker(s, byte);
    default: return take_length(s, byte);
    }
}

int jpeg_stream_step(struct jpeg_stream *stream, struct span *in) {
    if (stream->place == JPEG_DONE) stream->size = stream->between = 0, stream->place = JPEG_OUTSIDE;
    while (span_left(in)) {
        int status;
        uint8_t byte;
        if (stream->place == JPEG_OUTSIDE)
            status = pass_over(stream, in);
        else if (stream->place == JPEG_SCAN || stream->place == JPEG_SEGMENT)
            status = take_run(stream, in);
        else
            status = span_u8(in, &byte) ? take_byte(stream, byte) : OCELLI_OK;
        if (status) return status;
        if (stream->place == JPEG_DONE) return JPEG_STREAM_PICTURE;
    }
    return JPEG_STREAM_MORE;
}
