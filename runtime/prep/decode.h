/* SPDX-License-Identifier: Apache-2.0
 * Picture files to RGB bytes, the same ones that Pillow's Image.open(), ImageOps.exif_transpose() and convert("RGB")
 * give.
 *
 * JPEG by libjpeg-turbo, PNG by libpng, WebP by libwebp; without them JPEG and PNG by stb_image, whose JPEG differs by
 * up to 3 of 255. PNM, BMP, TGA and GIF by readers in this folder, as no library has Pillow's rules. Alpha is dropped,
 * not blended; grey and palettes become RGB; of an animation the first picture. A file cut short is refused, also one
 * that only lacks its end mark. A file that would not come out as Pillow gives it is refused, and the message names its
 * kind. Checksums of a PNG's pixels are not looked at, as Pillow does not. */
#ifndef PREP_DECODE_H
#define PREP_DECODE_H

#include <ocelli.h>
#include <stdbool.h>

/* The most memory for one picture: the file's bytes, the pixels, and what the decoder needs beside. */
#define DECODE_BUDGET (UINT64_C(1) << 30)          /* by default: a program that a person waits for */
#define DECODE_BUDGET_DAEMON (UINT64_C(256) << 20) /* of a program that has to go on */

/* Zero means default; NULL too. */
struct decode_rule {
    uint64_t budget;
    /* A JPEG may come out at a half, a quarter or an eighth, which is faster, while its shorter side has at least so many
     * pixels; 0: whole. The pixels are then the mean of those that they stand for, or nearly. */
    uint32_t least_side;
    bool ignore_orientation;      /* leave the picture as it is stored, whatever its EXIF says */
    bool (*stopping)(void *user); /* asked now and then: true ends it with FILE, and no line; NULL: never */
    void *user;
    bool *cut; /* gets true for a file that may only not be whole yet, which is not said then; else every fault is */
};

/* As ocelli_image_load(), from memory. `name` is for messages. image->rgb: free with decode_free(); NULL
 * on error. Errors: FILE (not a picture, broken, cut short), LIMIT (its size, over the budget, a kind that is not
 * read), MEMORY.
 */
int decode_memory(struct ocelli_image *image, const void *bytes, size_t size, const char *name,
                  const struct decode_rule *rule);
/* Reads the file, never maps it: others may write to it meanwhile, which counts as cut. */
int decode_file(struct ocelli_image *image, const char *path, const struct decode_rule *rule);
/* Has a file of this name, without its folder, an ending that is read (.png, .jpg, ...)? Names that begin with a dot
 * have none. */
bool decode_is_picture_name(const char *name);
/* Accepts NULL and a zeroed image. */
void decode_free(struct ocelli_image *image);

#endif
