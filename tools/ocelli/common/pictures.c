/* SPDX-License-Identifier: Apache-2.0 */
#include "ocelli/common/pictures.h"
#include "base/log.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_CAPACITY = 1 << 20, STDIN_MOST = 1 << 28 };

/* All of standard input into *bytes, to be freed with free(), also on error. */
static int read_stdin(unsigned char **bytes, size_t *size) {
    size_t capacity = 0;
    *bytes = NULL;
    *size = 0;
    do {
        if (*size == capacity) {
            if (capacity == STDIN_MOST) return log_fail(OCELLI_ERR_LIMIT, "standard input: over %d bytes", STDIN_MOST);
            capacity = capacity ? 2 * capacity : FIRST_CAPACITY;
            unsigned char *grown = realloc(*bytes, capacity);
            if (!grown) return log_fail(OCELLI_ERR_MEMORY, "standard input: out of memory");
            *bytes = grown;
        }
        *size += fread(*bytes + *size, 1, capacity - *size, stdin);
    } while (!feof(stdin) && !ferror(stdin));
    if (ferror(stdin)) return log_fail(OCELLI_ERR_FILE, "standard input: %s", strerror(errno));
    if (!*size) return log_fail(OCELLI_ERR_FILE, "standard input: no picture there");
    return OCELLI_OK;
}

static int load_stdin(struct ocelli_image *image, const struct decode_rule *rule) {
    unsigned char *bytes;
    size_t size;
    int status = read_stdin(&bytes, &size);
    if (!status) status = decode_memory(image, bytes, size, "standard input", rule);
    free(bytes);
    return status;
}

int pictures_orientation(const struct options *options, struct decode_rule *rule, const char *way) {
    rule->ignore_orientation = !strcmp(way, "ignore");
    if (rule->ignore_orientation || !strcmp(way, "exif")) return EXIT_OK;
    return options_usage(options, "--orientation \"%s\" is neither exif nor ignore", way);
}

static int load(struct ocelli_image *image, const char *name, const struct decode_rule *rule) {
    if (!strcmp(name, "-")) return load_stdin(image, rule);
    return decode_file(image, name, rule);
}

int pictures_add(struct pictures *pictures, const char *name) {
    struct ocelli_image *image = &pictures->images[pictures->count];
    char *copy = strdup(name);
    int status = copy ? load(image, name, &pictures->rule) : log_fail(OCELLI_ERR_MEMORY, "%s: out of memory", name);
    if (status) {
        free(copy);
        return status;
    }
    pictures->names[pictures->count++] = copy;
    pictures->bytes += (size_t)3 * image->width * image->height;
    return OCELLI_OK;
}

bool pictures_full(const struct pictures *pictures) {
    return pictures->count == PICTURES_MOST || pictures->bytes >= PICTURES_BYTES;
}

void pictures_clear(struct pictures *pictures) {
    for (size_t i = 0; i < pictures->count; i++) {
        ocelli_image_free(&pictures->images[i]);
        free((char *)pictures->names[i]);
    }
    pictures->count = pictures->bytes = 0;
}
