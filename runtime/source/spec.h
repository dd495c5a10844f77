/* SPDX-License-Identifier: Apache-2.0
 * The parts of a URI: numbers, sizes, rates. */
#ifndef SOURCE_SPEC_H
#define SOURCE_SPEC_H

#include "base/frame.h"

#include <stdbool.h>
#include <stdint.h>

/* 1 to 9 digits, which *text is moved past. */
bool spec_number(const char **text, uint32_t *value);
/* "640x480" */
bool spec_size(const char **text, uint32_t *width, uint32_t *height);
/* "@30", 1 to 1000 */
bool spec_rate(const char **text, uint32_t *rate);

/* LIMIT, said: a side is 0 or over 16384. */
int spec_check_size(const char *name, uint32_t width, uint32_t height);

struct spec_raw {
    uint32_t width, height, rate; /* rate 0: not given */
    enum frame_format format;
    const char *path; /* in the text; "-": standard input */
};

/* Behind "raw:", "WxH:FORMAT[@FPS]:PATH". Errors, said with `uri`: USAGE, LIMIT. */
int spec_raw_parse(struct spec_raw *raw, const char *text, const char *uri);

#endif
