/* SPDX-License-Identifier: Apache-2.0 */
#include "base/frame.h"

#include <string.h>

/* How the planes of a format lie: bytes for a group of columns, rows that a row stands for. */
struct layout {
    const char *name;
    struct {
        uint8_t bytes, columns, rows; /* bytes 0: no such plane */
    } planes[3];
};

static const struct layout layouts[FRAME_FORMATS] = {
    [FRAME_RGB] = {"rgb", {{3, 1, 1}}},
    [FRAME_BGR] = {"bgr", {{3, 1, 1}}},
    [FRAME_GREY] = {"grey", {{1, 1, 1}}},
    [FRAME_NV12] = {"nv12", {{1, 1, 1}, {2, 2, 2}}},
    [FRAME_YUV420] = {"yuv420", {{1, 1, 1}, {1, 2, 2}, {1, 2, 2}}},
    [FRAME_YUV422] = {"yuv422", {{1, 1, 1}, {1, 2, 1}, {1, 2, 1}}},
    [FRAME_YUV444] = {"yuv444", {{1, 1, 1}, {1, 1, 1}, {1, 1, 1}}},
    [FRAME_YUYV] = {"yuyv", {{4, 2, 1}}},
};

const char *frame_format_name(enum frame_format format) {
    return layouts[format].name;
}

bool frame_format_find(enum frame_format *format, const char *name, size_t length) {
    for (int i = 0; i < FRAME_FORMATS; i++) {
        if (strlen(layouts[i].name) != length || strncmp(layouts[i].name, name, length)) continue;
        *format = (enum frame_format)i;
        return true;
    }
    return false;
}

static uint32_t row_bytes(enum frame_format format, int plane, uint32_t width) {
    uint32_t columns = layouts[format].planes[plane].columns;
    return columns ? (width + columns - 1) / columns * layouts[format].planes[plane].bytes : 0;
}

static uint32_t plane_rows(enum frame_format format, int plane, uint32_t height) {
    uint32_t rows = layouts[format].planes[plane].rows;
    return rows ? (height + rows - 1) / rows : 0;
}

size_t frame_bytes(enum frame_format format, uint32_t width, uint32_t height) {
    size_t bytes = 0;
    for (int i = 0; i < 3; i++) bytes += (size_t)row_bytes(format, i, width) * plane_rows(format, i, height);
    return bytes;
}

size_t frame_plane_bytes(const struct frame *frame, int plane) {
    uint32_t rows = plane_rows(frame->format, plane, frame->height);
    return rows ? (size_t)frame->planes[plane].stride * (rows - 1) + row_bytes(frame->format, plane, frame->width) : 0;
}

void frame_lay(struct frame *frame, const uint8_t *bytes) {
    for (int i = 0; i < 3; i++) {
        uint32_t stride = row_bytes(frame->format, i, frame->width);
        frame->planes[i] = (struct frame_plane){.data = stride ? bytes : NULL, .stride = stride, .fd = -1};
        bytes += (size_t)stride * plane_rows(frame->format, i, frame->height);
    }
}

size_t frame_planes_bytes(const struct frame *frame) {
    return frame_plane_bytes(frame, 0) + frame_plane_bytes(frame, 1) + frame_plane_bytes(frame, 2);
}

void frame_copy(const struct frame *frame, uint8_t *bytes, struct frame *copy) {
    size_t offset = 0;
    *copy = *frame;
    copy->file = NULL; /* it goes with the frame */
    for (int i = 0; i < 3; i++) {
        size_t size = frame_plane_bytes(frame, i);
        copy->planes[i] = (struct frame_plane){.data = size ? bytes + offset : NULL,
                                               .stride = frame->planes[i].stride,
                                               .fd = -1,
                                               .offset = (uint32_t)offset};
        if (size) memcpy(bytes + offset, frame->planes[i].data, size);
        offset += size;
    }
}

enum frame_matrix frame_guess_matrix(uint32_t height) {
    return height >= 720 ? FRAME_BT709 : FRAME_BT601;
}

static bool lies_down(const struct frame *f) {
    return f->rotation == 90 || f->rotation == 270;
}

uint32_t frame_upright_width(const struct frame *frame) {
    return lies_down(frame) ? frame->height : frame->width;
}

uint32_t frame_upright_height(const struct frame *frame) {
    return lies_down(frame) ? frame->width : frame->height;
}

/* ITU-R BT.601 (Kr 0.299, Kb 0.114) and BT.709 (Kr 0.2126, Kb 0.0722): R = Y + 2 (1 - Kr) V and so on;
 * limited range is drawn out by 255/219 and 255/224. tests/base/frame.c computes them in double. */
const struct frame_rule *frame_rule_of(enum frame_matrix matrix, bool full_range) {
    static const struct frame_rule rules[2][2] = {
        [FRAME_BT601] = {{16, 76309, 104597, 25675, 53279, 132201}, {0, 65536, 91881, 22553, 46802, 116130}},
        [FRAME_BT709] = {{16, 76309, 117489, 13975, 34925, 138438}, {0, 65536, 103206, 12276, 30679, 121609}},
    };
    return &rules[matrix][full_range];
}

static uint8_t clip8(int32_t v) {
    return (uint8_t)(v < 0 ? 0 : v > 255 ? 255 : v);
}

static const uint8_t *at(const struct frame *f, int plane, uint32_t row) {
    return f->planes[plane].data + (size_t)f->planes[plane].stride * row;
}

struct sample {
    int32_t y, u, v;
};

static struct sample sample_at(const struct frame *f, uint32_t x, uint32_t y) {
    const uint8_t *p = at(f, 0, y);
    switch (f->format) {
    case FRAME_NV12: return (struct sample){p[x], at(f, 1, y / 2)[x / 2 * 2], at(f, 1, y / 2)[x / 2 * 2 + 1]};
    case FRAME_YUV420: return (struct sample){p[x], at(f, 1, y / 2)[x / 2], at(f, 2, y / 2)[x / 2]};
    case FRAME_YUV422: return (struct sample){p[x], at(f, 1, y)[x / 2], at(f, 2, y)[x / 2]};
    case FRAME_YUV444: return (struct sample){p[x], at(f, 1, y)[x], at(f, 2, y)[x]};
    case FRAME_YUYV: return (struct sample){p[2 * x], p[x / 2 * 4 + 1], p[x / 2 * 4 + 3]};
    default: return (struct sample){p[x], 128, 128}; /* grey */
    }
}

static void to_rgb(const struct frame_rule *r, struct sample s, uint8_t *rgb) {
    int32_t y = r->y_scale * (s.y - r->y_zero) + 32768, d = s.u - 128, e = s.v - 128;
    rgb[0] = clip8((y + r->v_r * e) >> 16);
    rgb[1] = clip8((y - r->u_g * d - r->v_g * e) >> 16);
    rgb[2] = clip8((y + r->u_b * d) >> 16);
}

static void pixel_to_rgb(const struct frame *f, const struct frame_rule *rule, uint32_t x, uint32_t y, uint8_t *rgb) {
    const uint8_t *p = at(f, 0, y);
    switch (f->format) {
    case FRAME_RGB: memcpy(rgb, p + 3 * x, 3); break;
    case FRAME_BGR: rgb[0] = p[3 * x + 2], rgb[1] = p[3 * x + 1], rgb[2] = p[3 * x]; break;
    default: to_rgb(rule, sample_at(f, x, y), rgb);
    }
}

void frame_row_to_rgb(const struct frame *frame, uint32_t row, uint8_t *rgb) {
    const struct frame_rule *rule = frame_rule_of(frame->matrix, frame->full_range);
    uint32_t count = frame_upright_width(frame), right = frame->width - 1, bottom = frame->height - 1;
    for (uint32_t i = 0; i < count; i++, rgb += 3) switch (frame->rotation) {
        case 90: pixel_to_rgb(frame, rule, row, bottom - i, rgb); break;
        case 180: pixel_to_rgb(frame, rule, right - i, bottom - row, rgb); break;
        case 270: pixel_to_rgb(frame, rule, right - row, i, rgb); break;
        default: pixel_to_rgb(frame, rule, i, row, rgb);
        }
}

void frame_to_rgb(const struct frame *frame, uint8_t *rgb) {
    for (uint32_t row = 0; row < frame_upright_height(frame); row++)
        frame_row_to_rgb(frame, row, rgb + 3 * (size_t)frame_upright_width(frame) * row);
}
