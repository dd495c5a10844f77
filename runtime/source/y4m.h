/* SPDX-License-Identifier: Apache-2.0
 * YUV4MPEG2 (yuv4mpeg(5) of mjpegtools): a line of tags, then a line and the bytes of each frame. Bytes alone; reading
 * is stream.c's. */
#ifndef SOURCE_Y4M_H
#define SOURCE_Y4M_H

#include "base/frame.h"
#include "base/span.h"

enum { Y4M_LINE = 256, Y4M_FRAME = 0, Y4M_MORE = 1 };

struct y4m {
    const char *name;            /* for messages */
    struct frame form;           /* format, size, matrix, range of the frames that follow */
    uint32_t rate_num, rate_den; /* frames a second; 25:1 where the stream does not know */
    bool started;                /* a header was read */
    bool interlaced;             /* said once */
    uint64_t frames;             /* lines of frames so far */
    char line[Y4M_LINE + 1];     /* as far as it was read, terminated */
    size_t length;
};

/* Reads lines up to one that announces a frame. Y4M_FRAME: the frame_bytes() of it are next in the stream. Y4M_MORE:
 * `in` was used up. A header may come again in place of a frame, with other sizes (streams written one after another).
 * Errors, said: FILE (no y4m, or out of step), LIMIT (a side over 16384, a colour format that is not read). */
int y4m_step(struct y4m *y4m, struct span *in);

/* Whether a stream may end here; else FILE, said. */
int y4m_end(const struct y4m *y4m);

#endif
