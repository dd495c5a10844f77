/* SPDX-License-Identifier: Apache-2.0
 * Small files of every kind against what Pillow makes of them (tests/golden/pictures.py), upright and as stored. */
#include "support/test.h"
#include "prep/decode.h"
#include "support/heard.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct line {
    char name[64];
    unsigned width, height;
    uint64_t upright, stored;
    bool refused;
};

static FILE *golden(const char *name) {
    const char *source = getenv("OCELLI_SOURCE");
    char path[4096];
    snprintf(path, sizeof path, "%s/tests/golden/pictures/%s", source ? source : ".", name);
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    return f;
}

/* Copied to exactly its size, so that a sanitizer sees a read past the end. free(). */
static uint8_t *load(const char *name, size_t *size) {
    static uint8_t capacity[1 << 16];
    FILE *f = golden(name);
    *size = fread(capacity, 1, sizeof capacity, f);
    assert_in_range(*size, 1, sizeof capacity - 1);
    fclose(f);
    uint8_t *exact = malloc(*size);
    assert_non_null(exact);
    return memcpy(exact, capacity, *size);
}

static uint64_t fnv1a(const struct ocelli_image *image) {
    uint64_t value = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < (size_t)3 * image->width * image->height; i++)
        value = (value ^ image->rgb[i]) * UINT64_C(0x100000001b3);
    return value;
}

static bool next_line(FILE *index, struct line *l) {
    char text[256];
    if (!fgets(text, sizeof text, index)) return false;
    *l = (struct line){.refused = false};
    int fields =
        sscanf(text, "%63s %u %u %" SCNx64 " %" SCNx64, l->name, &l->width, &l->height, &l->upright, &l->stored);
    l->refused = fields == 1 && strstr(text, " refused");
    assert_true(fields == 5 || l->refused);
    return true;
}

/* Is the decoder that gives Pillow's pixels in this build? */
static bool is_exact(const char *name) {
    const char *dot = strrchr(name, '.');
#ifndef OCELLI_JPEG
    if (!strcmp(dot, ".jpg")) return false;
#endif
#ifndef OCELLI_PNG
    if (!strcmp(dot, ".png") && strstr(name, "short")) return false;
#endif
#ifndef OCELLI_WEBP
    if (!strcmp(dot, ".webp")) return false;
#endif
#ifndef __x86_64__
    /* Its coefficients overflow, which each processor's kernels in libjpeg-turbo do in a way of their own (plain C
     * too). */
    if (!strcmp(name, "spoilt.jpg")) return false;
#endif
    return dot != NULL;
}

/* Counts what is not as it has to be, and says it. */
static int check(const struct line *line, const uint8_t *bytes, size_t size, bool stored) {
    struct ocelli_image image;
    struct decode_rule rule = {.ignore_orientation = stored};
    listen();
    int status = decode_memory(&image, bytes, size, line->name, &rule);
    bool good;
    if (line->refused)
        good = status && heard.lines == 1 && strstr(heard.text, line->name) == heard.text;
    else if (!stored)
        good = !status && !heard.lines && image.width == line->width && image.height == line->height &&
               fnv1a(&image) == line->upright;
    else
        good = !status && fnv1a(&image) == line->stored;
    if (!good)
        print_error("%s%s: status %d, %ux%u, %s\n", line->name, stored ? " as stored" : "", status, image.width,
                    image.height, heard.text);
    decode_free(&image);
    return !good;
}

static void as_pillow(void **state) {
    (void)state;
    struct line l;
    int checked = 0, wrong = 0;
    FILE *index = golden("index.txt");
    while (next_line(index, &l)) {
        size_t size;
        if (!is_exact(l.name)) continue;
        uint8_t *bytes = load(l.name, &size);
        wrong += check(&l, bytes, size, false) + (l.refused ? 0 : check(&l, bytes, size, true));
        free(bytes);
        checked++;
    }
    fclose(index);
    print_message("%d files, %d wrong\n", checked, wrong);
    assert_int_equal(wrong, 0);
    assert_true(checked > 100);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(as_pillow)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
