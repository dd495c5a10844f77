/* SPDX-License-Identifier: Apache-2.0
 * Times in EXIF of a JPEG, a PNG and a WebP, made here byte by byte, and cut short at every place. */
#include "prep/exif_time.h"
#include "support/test.h"

#include <stdlib.h>
#include <string.h>

static size_t put(uint8_t *to, size_t at, uint32_t value, int bytes, bool little) {
    for (int i = 0; i < bytes; i++) to[at + (size_t)(little ? i : bytes - 1 - i)] = (uint8_t)(value >> 8 * i);
    return at + (size_t)bytes;
}

/* A header, a directory that points to the Exif directory, and in that the time, with the offset if it is there. */
static size_t tiff(uint8_t *to, bool little, const char *taken, const char *offset) {
    size_t at = put(to, put(to, 2, 42, 2, little), 8, 4, little), entries = offset ? 2 : 1, texts = 26 + 2 + 24 + 4;
    memcpy(to, little ? "II" : "MM", 2);
    at = put(to, at, 1, 2, little);
    at = put(to, put(to, put(to, put(to, at, 0x8769, 2, little), 4, 2, little), 1, 4, little), 26, 4, little);
    at = put(to, at, 0, 4, little);
    at = put(to, at, (uint32_t)entries, 2, little);
    at = put(to, put(to, put(to, put(to, at, 0x9003, 2, little), 2, 2, little), 20, 4, little), (uint32_t)texts, 4,
             little);
    if (offset)
        at = put(to, put(to, put(to, put(to, at, 0x9011, 2, little), 2, 2, little), 7, 4, little), (uint32_t)texts + 20,
                 4, little);
    memset(to + at, 0, texts + 27 - at);
    strcpy((char *)to + texts, taken);
    if (offset) strcpy((char *)to + texts + 20, offset);
    return texts + 27;
}

static size_t jpeg(uint8_t *to, const uint8_t *exif, size_t size) {
    memcpy(to, "\377\330\377\341", 4);
    put(to, 4, (uint32_t)size + 8, 2, false);
    memcpy(to + 6, "Exif\0\0", 6);
    memcpy(to + 12, exif, size);
    memcpy(to + 12 + size, "\377\332\0\2", 4);
    return 16 + size;
}

static size_t png(uint8_t *to, const uint8_t *exif, size_t size) {
    memcpy(to, "\211PNG\r\n\032\n", 8);
    put(to, 8, (uint32_t)size, 4, false);
    memcpy(to + 12, "eXIf", 4);
    memcpy(to + 16, exif, size);
    memset(to + 16 + size, 0, 4);
    return 20 + size;
}

static size_t webp(uint8_t *to, const uint8_t *exif, size_t size) {
    memcpy(to, "RIFF....WEBPVP8 \3\0\0\0abc\0EXIF", 28);
    put(to, 28, (uint32_t)size, 4, true);
    memcpy(to + 32, exif, size);
    return 32 + size;
}

static void test_formats(void **state) {
    (void)state;
    static size_t (*const formats[])(uint8_t * to, const uint8_t *exif, size_t size) = {jpeg, png, webp};
    for (int little = 0; little < 2; little++)
        for (size_t f = 0; f < 3; f++) {
            uint8_t exif[200], file[300];
            int64_t ms = 0;
            size_t size = formats[f](file, exif, tiff(exif, little, "2024:05:31 14:03:22", "+02:00"));
            assert_true(exif_time(file, size, &ms));
            assert_int_equal(ms, INT64_C(1717157002000)); /* 12:03:22 UTC */
            size = formats[f](file, exif, tiff(exif, little, "2024:05:31 14:03:22", NULL));
            assert_true(exif_time(file, size, &ms));
            assert_int_equal(ms, INT64_C(1717164202000)); /* this test's zone is UTC */
            for (size_t cut = 0; cut < size; cut++) {
                uint8_t *copy = malloc(cut + 1);
                memcpy(copy, file, cut);
                exif_time(copy, cut, &ms);
                free(copy);
            }
        }
}

static void test_nonsense(void **state) {
    (void)state;
    static const char *const none[] = {"0000:00:00 00:00:00", "2024:13:01 00:00:00", "2024:01:32 00:00:00", "",
                                       "2024-05-31 14:03:22", "    :  :     :  :  ", "2024:05:31 14:03"};
    int64_t ms;
    for (size_t i = 0; i < sizeof none / sizeof *none; i++) assert_false(exif_time_parse(none[i], NULL, &ms));
    assert_true(exif_time_parse("1970:01:01 01:30:00", "+01:30", &ms));
    assert_int_equal(ms, 0);
    assert_true(exif_time_parse("1970:01:01 00:00:01", "-00:30", &ms));
    assert_int_equal(ms, 1801000);
    assert_true(exif_time_parse("1970:01:01 00:00:01", "  :  ", &ms)); /* as cameras write that do not know it */
    assert_int_equal(ms, 1000);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_formats), cmocka_unit_test(test_nonsense)};
    setenv("TZ", "UTC", 1);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
