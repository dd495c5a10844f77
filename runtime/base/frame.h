/* SPDX-License-Identifier: Apache-2.0
 * A picture as cameras and video give it, and what it is in RGB. */
#ifndef BASE_FRAME_H
#define BASE_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* In the subsampled formats chroma has (width + 1) / 2 columns, and in 4:2:0 (height + 1) / 2 rows. */
enum frame_format {
    FRAME_RGB,    /* 1 plane: R G B */
    FRAME_BGR,    /* 1 plane: B G R */
    FRAME_GREY,   /* 1 plane: Y */
    FRAME_NV12,   /* 2 planes: Y; U V side by side, 4:2:0 */
    FRAME_YUV420, /* 3 planes: Y; U; V */
    FRAME_YUV422, /* 3 planes */
    FRAME_YUV444, /* 3 planes */
    FRAME_YUYV,   /* 1 plane: Y U Y V for two pixels, 4:2:2 */
    FRAME_FORMATS
};

enum frame_matrix { FRAME_BT601, FRAME_BT709 };

struct frame_plane {
    const uint8_t *data; /* mapped for reading */
    uint32_t stride;     /* bytes from row to row */
    int fd;              /* dma-buf (or memfd) the plane lies in, -1: plain memory. Belongs to the source */
    uint32_t offset;     /* of the plane in it, bytes */
};

/* The own time of a frame that was recorded earlier and is played as fast as it can be read. Zeroed: it is live. */
struct frame_recording {
    bool on;
    int64_t start_ns;    /* CLOCK_MONOTONIC when the first frame was given */
    int64_t position_ns; /* from the first frame to this one; never goes back */
    int64_t real_ns;     /* CLOCK_REALTIME when it was seen; 0: the recording does not tell */
};

struct frame {
    enum frame_format format;
    uint32_t width, height; /* as stored, 1..16384 */
    struct frame_plane planes[3];
    enum frame_matrix matrix;
    bool full_range;     /* Y, U, V in 0..255 and not in 16..235, 16..240 */
    uint32_t rotation;   /* 0, 90, 180, 270: clockwise turn that makes it upright */
    int64_t captured_ns; /* CLOCK_MONOTONIC */
    uint64_t sequence;   /* counts what was captured: a gap is what nobody saw */
    const char *file; /* a picture file's name; the source's, as long as the frame is held. NULL: it came from none */
    struct frame_recording recording;
    void *owner; /* the source's own */
};

/* When the frame was seen, on the scale of CLOCK_MONOTONIC, ns: what tags, motion and rates go by. */
static inline int64_t frame_time_ns(const struct frame *f) {
    return f->recording.on ? f->recording.start_ns + f->recording.position_ns : f->captured_ns;
}

/* "nv12"; static. */
const char *frame_format_name(enum frame_format format);
/* false: no format has this name. */
bool frame_format_find(enum frame_format *format, const char *name, size_t length);

/* Bytes of a picture without padding; sides up to 16384. */
size_t frame_bytes(enum frame_format format, uint32_t width, uint32_t height);
/* Bytes of plane 0..2 as it lies, its rows' padding included but not the last one's; 0: there is no such plane. */
size_t frame_plane_bytes(const struct frame *frame, int plane);
/* Sets planes to a picture of the frame's format and size that lies at `bytes` without padding, fds to -1. */
void frame_lay(struct frame *frame, const uint8_t *bytes);

/* Bytes of its planes as they lie, without what is between them. */
size_t frame_planes_bytes(const struct frame *frame);
/* Copies them one behind the other to `bytes`, of frame_planes_bytes(); *copy: the frame there, its planes' offsets
 * from `bytes`, without the name of its file. */
void frame_copy(const struct frame *frame, uint8_t *bytes, struct frame *copy);

/* The matrix of video that does not tell its own: BT.709 from 720 lines on, as players guess. */
enum frame_matrix frame_guess_matrix(uint32_t height);

/* Size of the upright picture: exchanged by a rotation of 90 or 270. */
uint32_t frame_upright_width(const struct frame *frame);
uint32_t frame_upright_height(const struct frame *frame);

/* The upright picture as RGB, in integers alone, for a shader to equal bit for bit. `rgb`: (upright height,
 * upright width, 3), caller's.
 *
 * Chroma of a pixel (x, y) is the sample that covers it, (x / 2, y / 2): no interpolation, whatever the siting. It is
 * off by at most half a pixel, and CLIP sees the picture scaled down. With frame_rule, d = U - 128, e = V - 128 (0 for
 * grey): R = clip8((y_scale * (Y - y_zero) + v_r * e + 32768) >> 16) G = clip8((y_scale * (Y - y_zero) - u_g * d - v_g
 * * e + 32768) >> 16) B = clip8((y_scale * (Y - y_zero) + u_b * d + 32768) >> 16), >> of negative numbers rounding
 * down. */
void frame_to_rgb(const struct frame *frame, uint8_t *rgb);
/* Row `row` of that alone: (upright width, 3). */
void frame_row_to_rgb(const struct frame *frame, uint32_t row, uint8_t *rgb);

/* Factors of 65536, rounded. */
struct frame_rule {
    int32_t y_zero, y_scale, v_r, u_g, v_g, u_b;
};
const struct frame_rule *frame_rule_of(enum frame_matrix matrix, bool full_range);

#ifdef __cplusplus
}
#endif

#endif
