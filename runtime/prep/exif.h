/* SPDX-License-Identifier: Apache-2.0
 * The one thing beside a picture's pixels that changes them: which way up it was taken. EXIF says it, or XMP where EXIF
 * does not. Each oddity is answered as Pillow 13 answers it, so that a picture lies here as it lies there. */
#ifndef PREP_EXIF_H
#define PREP_EXIF_H

#include <stddef.h>
#include <stdint.h>

/* EXIF's orientation (tag 0x0112 of its first directory). 1 upright, 2 mirrored, 3 upside down, 4 upside down and
 * mirrored, 5 to 8 the same lying on a side. 1 also for a value or a header that makes no sense. 0: there is no such
 * tag. `exif`: a TIFF header, behind "Exif\0\0" up to twice. */
unsigned exif_orientation(const uint8_t *exif, size_t size);
/* The same of the first tiff:Orientation in XMP. */
unsigned exif_of_xmp(const uint8_t *xmp, size_t size);
/* What counts of the two, 1 to 8. NULL: the picture has none. */
unsigned exif_upright(const uint8_t *exif, size_t exif_size, const uint8_t *xmp, size_t xmp_size);

/* Of whole files, 1 to 8. */
unsigned exif_of_jpeg(const uint8_t *bytes, size_t size);
unsigned exif_of_png(const uint8_t *bytes, size_t size);

/* The APP1 segments of a JPEG, one after the other; zeroed before the first. EXIF of over 64 KB lies in several. */
struct exif_segments {
    uint8_t *exif; /* joined; own memory */
    size_t exif_size;
    const uint8_t *xmp; /* in the last segment with XMP, which has to live on */
    size_t xmp_size;
};
void exif_add_segment(struct exif_segments *segments, const uint8_t *content, size_t size);
/* The orientation, 1 to 8; frees what was joined. */
unsigned exif_end_segments(struct exif_segments *segments);

#endif
