/* SPDX-License-Identifier: Apache-2.0
 * The JPEGs in a stream of bytes, found by their own markers (ITU-T T.81, annex B). So it does not matter what stands
 * between them, and whether that is true: boundaries and lengths of multipart/x-mixed-replace, or nothing.
 * Bytes in, bytes out. */
#ifndef SOURCE_JPEG_STREAM_H
#define SOURCE_JPEG_STREAM_H

#include "base/span.h"

#include <ocelli.h>

enum {
    JPEG_STREAM_PICTURE = 0,
    JPEG_STREAM_MORE = 1,
    JPEG_STREAM_MOST = 8 << 20,   /* bytes of a picture */
    JPEG_STREAM_BETWEEN = 1 << 16 /* bytes before a picture, and between two */
};

enum jpeg_place {
    JPEG_OUTSIDE,
    JPEG_OUTSIDE_FF, /* 0xff came, which may begin a picture */
    JPEG_DUE,        /* a marker is due */
    JPEG_MARKER,     /* its 0xff came */
    JPEG_LENGTH_HIGH,
    JPEG_LENGTH_LOW,
    JPEG_SEGMENT, /* `left` bytes of one */
    JPEG_SCAN,
    JPEG_SCAN_FF,
    JPEG_DONE
};

/* A zeroed struct is one that nothing was read of. */
struct jpeg_stream {
    uint8_t *bytes; /* (size): the picture, or what came of it */
    size_t size, capacity;
    enum jpeg_place place;
    bool scan_next; /* the segment is a scan's header */
    size_t left;
    size_t between;
    uint64_t cut; /* pictures without their end, behind which another one began */
};

/* Reads on, up to the end of a picture at most: `bytes` and `size` are it until the next call.
 * JPEG_STREAM_PICTURE; JPEG_STREAM_MORE: all was read. Errors, none of which is logged: LIMIT (a picture over
 * JPEG_STREAM_MOST), FILE (no picture in JPEG_STREAM_BETWEEN bytes), MEMORY. No further call then. */
int jpeg_stream_step(struct jpeg_stream *stream, struct span *in);
/* Did the bytes end inside a picture? */
bool jpeg_stream_inside(const struct jpeg_stream *stream);
/* As nothing was read; its memory is kept. */
void jpeg_stream_reset(struct jpeg_stream *stream);
void jpeg_stream_finish(struct jpeg_stream *stream);

#endif
