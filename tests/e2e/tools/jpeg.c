/* SPDX-License-Identifier: Apache-2.0
 * jpeg PICTURE: it as a JPEG on standard output, as /frame gives it. */
#include "base/frame.h"
#include "prep/encode_jpeg.h"

#include <ocelli.h>
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv) {
    struct ocelli_image picture;
    uint8_t *jpeg;
    size_t size;
    if (argc != 2 || ocelli_image_load(&picture, argv[1])) return 1;
    struct frame f = {.format = FRAME_RGB, .width = picture.width, .height = picture.height};
    frame_lay(&f, picture.rgb);
    if (!encode_jpeg_frame(&f, JPEG_SIDE, false, &jpeg, &size)) return 1;
    size_t written = fwrite(jpeg, 1, size, stdout);
    free(jpeg);
    ocelli_image_free(&picture);
    return fclose(stdout) || written != size;
}
