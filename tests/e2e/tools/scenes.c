/* SPDX-License-Identifier: Apache-2.0
 * scenes FOLDER COUNT SEED PICTURE...: FOLDER/N.ppm, each a random part of a random one of the pictures, in other light
 * and with noise. Pictures of one call are drawn independently. */
#include <inttypes.h>
#include <ocelli.h>
#include <stdio.h>
#include <stdlib.h>

enum { SIDE = 80, PICTURES = 64 };

static uint64_t state;

/* splitmix64 (Steele, Lea, Flood 2014). */
static double uniform(double low, double high) {
    uint64_t z = state += 0x9e3779b97f4a7c15;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return low + (high - low) * ((double)((z ^ z >> 31) >> 11) / 9007199254740992.0);
}

static int byte_of(double v) {
    return (int)(v < 0 ? 0 : v > 255 ? 255 : v + 0.5);
}

static void draw(const struct ocelli_image *p, FILE *to) {
    double part = uniform(0.5, 1), gain = uniform(0.6, 1.3), more = uniform(-30, 30), noise = uniform(0, 25);
    double left = uniform(0, (1 - part) * p->width), top = uniform(0, (1 - part) * p->height);
    double cast[3] = {uniform(0.8, 1.2), uniform(0.8, 1.2), uniform(0.8, 1.2)};
    int mirrored = uniform(0, 1) < 0.5;
    fprintf(to, "P6 %d %d 255\n", SIDE, SIDE);
    for (int y = 0; y < SIDE; y++)
        for (int x = 0; x < SIDE; x++) {
            double u = (mirrored ? SIDE - 1 - x : x) * part / SIDE, v = y * part / SIDE;
            size_t column = (size_t)(left + u * p->width), row = (size_t)(top + v * p->height);
            for (size_t c = 0; c < 3; c++)
                putc(
                    byte_of(p->rgb[3 * (row * p->width + column) + c] * gain * cast[c] + more + uniform(-noise, noise)),
                    to);
        }
}

int main(int argc, char **argv) {
    struct ocelli_image pictures[PICTURES];
    int count = argc - 4;
    if (count < 1 || count > PICTURES) return 2;
    state = strtoull(argv[3], NULL, 10);
    for (int i = 0; i < count; i++)
        if (ocelli_image_load(&pictures[i], argv[4 + i])) return 1;
    for (int n = 0; n < atoi(argv[2]); n++) {
        char name[4096];
        snprintf(name, sizeof name, "%s/%d.ppm", argv[1], n);
        FILE *to = fopen(name, "wb");
        if (!to) return 1;
        draw(&pictures[(int)uniform(0, count)], to);
        if (fclose(to)) return 1;
    }
    for (int i = 0; i < count; i++) ocelli_image_free(&pictures[i]);
    return 0;
}
