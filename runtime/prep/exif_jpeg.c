/* SPDX-License-Identifier: Apache-2.0
 * A JPEG has EXIF and XMP in APP1 segments. */
#include "prep/exif.h"

#include <stdlib.h>
#include <string.h>

static const char exif_name[] = "Exif\0",
                  xmp_name[] = "http://ns.adobe.com/xap/1.0/"; /* each with its zero at the end */

static void join(struct exif_segments *s, const uint8_t *content, size_t size) {
    size_t from = s->exif ? sizeof exif_name : 0;
    uint8_t *grown = realloc(s->exif, s->exif_size + size - from + 1);
    if (!grown) return; /* the picture lies as it is stored; reserving its pixels will tell */
    s->exif = grown;
    memcpy(s->exif + s->exif_size, content + from, size - from);
    s->exif_size += size - from;
}

void exif_add_segment(struct exif_segments *segments, const uint8_t *content, size_t size) {
    if (size >= sizeof exif_name && !memcmp(content, exif_name, sizeof exif_name)) join(segments, content, size);
    if (size >= sizeof xmp_name && !memcmp(content, xmp_name, sizeof xmp_name))
        segments->xmp = content + sizeof xmp_name, segments->xmp_size = size - sizeof xmp_name;
}

unsigned exif_end_segments(struct exif_segments *segments) {
    unsigned orientation = exif_upright(segments->exif, segments->exif_size, segments->xmp, segments->xmp_size);
    free(segments->exif);
    *segments = (struct exif_segments){0};
    return orientation;
}

/* Headers alone, up to the first scan. */
unsigned exif_of_jpeg(const uint8_t *bytes, size_t size) {
    struct exif_segments s = {0};
    for (size_t at = 2; at + 4 <= size && bytes[at] == 0xff;) {
        uint8_t marker = bytes[at + 1];
        size_t length = (size_t)bytes[at + 2] << 8 | bytes[at + 3];
        if (marker == 0xff) { /* may be repeated */
            at++;
            continue;
        }
        if (marker == 0xda || length < 2 || length > size - at - 2) break;
        if (marker == 0xe1) exif_add_segment(&s, bytes + at + 4, length - 2);
        at += 2 + length;
    }
    return exif_end_segments(&s);
}
