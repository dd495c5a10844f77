/* SPDX-License-Identifier: Apache-2.0
 * Picture files read a few at a time, so that a folder of any size fits into a small board. */
#ifndef PICTURES_H
#define PICTURES_H

#include "ocelli/options.h"
#include "prep/decode.h"

#include <ocelli.h>
#include <stdbool.h>

/* What is held at once: so many pictures, or the first that exceeds so many bytes of pixels. */
enum { PICTURES_MOST = 16, PICTURES_BYTES = 64 << 20 };

/* A zeroed struct is empty. */
struct pictures {
    struct ocelli_image images[PICTURES_MOST];
    const char *names[PICTURES_MOST]; /* its own copies */
    size_t count, bytes;
    struct decode_rule rule; /* how they are read */
};

/* Part of the help texts, and the value of --orientation into *rule. On a fault says so and gives EXIT_USAGE, else 0.
 */
#define PICTURES_HELP "      --orientation WAY exif (default): as the picture's EXIF says; ignore: as it is stored\n"
int pictures_orientation(const struct options *options, struct decode_rule *rule, const char *way);

/* Reads one more; "-" is standard input. Call while not full.
 * Errors: as ocelli_image_load(); the pictures held stay. */
int pictures_add(struct pictures *pictures, const char *name);
bool pictures_full(const struct pictures *pictures);
/* Frees all, for the next ones. */
void pictures_clear(struct pictures *pictures);

#endif
