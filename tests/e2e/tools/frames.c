/* SPDX-License-Identifier: Apache-2.0
 * frames RATE FILE COUNT [FILE COUNT]...: pictures of one size as YUV4MPEG2 on standard output, each so many times. */
#include <ocelli.h>
#include <stdio.h>
#include <stdlib.h>

static int byte_of(double v) {
    return (int)(v < 0 ? 0 : v > 255 ? 255 : v + 0.5);
}

/* BT.601, full range. */
static void write_frame(const struct ocelli_image *p) {
    static const double rows[3][4] = {
        {0.299, 0.587, 0.114, 0}, {-0.168736, -0.331264, 0.5, 128}, {0.5, -0.418688, -0.081312, 128}};
    puts("FRAME");
    for (int c = 0; c < 3; c++)
        for (size_t i = 0; i < (size_t)p->width * p->height; i++)
            putchar(byte_of(rows[c][0] * p->rgb[3 * i] + rows[c][1] * p->rgb[3 * i + 1] +
                            rows[c][2] * p->rgb[3 * i + 2] + rows[c][3]));
}

int main(int argc, char **argv) {
    for (int i = 2; i + 1 < argc; i += 2) {
        struct ocelli_image picture;
        if (ocelli_image_load(&picture, argv[i])) return 1;
        if (i == 2)
            printf("YUV4MPEG2 W%u H%u F%s:1 Ip A1:1 C444 XCOLORRANGE=FULL\n", picture.width, picture.height, argv[1]);
        for (int n = atoi(argv[i + 1]); n > 0; n--) write_frame(&picture);
        ocelli_image_free(&picture);
    }
    return fclose(stdout) != 0;
}
