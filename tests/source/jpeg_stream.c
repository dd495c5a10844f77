/* SPDX-License-Identifier: Apache-2.0
 * JPEGs in streams, read in pieces of every size: between them anything, in them what looks like their end. */
#include "support/test.h"
#include "source/jpeg_stream.h"

#include <stdlib.h>
#include <string.h>

/* A picture within a picture's segment, a stuffed 0xff00, a restart, fill bytes, a second scan. */
#define SEGMENT "\xff\xe1\x00\x08\xff\xd8\xff\xd9zz"
#define SCAN "\xff\xda\x00\x03sabc\xff\x00"
static const char whole[] = "\xff\xd8" SEGMENT SCAN "d\xff\xd0xy\xff\xff\xda\x00\x02"
                            "e\xff\xd9";
enum { WHOLE = sizeof whole - 1 };

static struct jpeg_stream stream;
static int pictures, last_status;
static uint8_t last[256];
static size_t last_size;

static void feed(const char *bytes, size_t size, size_t piece) {
    jpeg_stream_reset(&stream);
    pictures = 0, last_status = JPEG_STREAM_MORE;
    for (size_t at = 0; at < size && last_status >= 0; at += piece) {
        uint8_t *copy = malloc(piece); /* so that a read past its end is seen */
        size_t count = size - at < piece ? size - at : piece;
        memcpy(copy, bytes + at, count);
        struct span in = span_of(copy, count);
        while ((last_status = jpeg_stream_step(&stream, &in)) == JPEG_STREAM_PICTURE) {
            pictures++;
            last_size = stream.size;
            if (last_size <= sizeof last) memcpy(last, stream.bytes, last_size);
        }
        free(copy);
    }
}

static void one(void **state) {
    (void)state;
    for (size_t piece = 1; piece <= WHOLE; piece++) {
        feed(whole, WHOLE, piece);
        assert_int_equal(pictures, 1);
        assert_int_equal(last_size, WHOLE);
        assert_memory_equal(last, whole, WHOLE);
        assert_false(jpeg_stream_inside(&stream));
        assert_int_equal(stream.cut, 0);
    }
}

static void in_parts(void **state) {
    static const char between[] = "\r\n--frame\r\nContent-Length: 3\r\n\xff\xff\x00\r\n\r\n";
    char bytes[512];
    size_t size = 0;
    (void)state;
    for (int i = 0; i < 3; i++) {
        memcpy(bytes + size, between, sizeof between - 1), size += sizeof between - 1;
        memcpy(bytes + size, whole, WHOLE), size += WHOLE;
    }
    for (size_t piece = 1; piece <= size; piece += 3) {
        feed(bytes, size, piece);
        assert_int_equal(pictures, 3);
        assert_memory_equal(last, whole, WHOLE);
    }
}

/* Cut at any byte, with whole ones behind. What is left of a segment takes 64 KiB of them at most. */
static void cut(void **state) {
    enum { ROOM = 70000 };
    char *bytes = malloc(ROOM + 2 * WHOLE);
    (void)state;
    for (size_t at = 3; at < WHOLE; at++) {
        feed(whole, at, at);
        assert_int_equal(pictures, 0);
        assert_true(jpeg_stream_inside(&stream));
        memcpy(bytes, whole, at);
        memset(bytes + at, '-', 20);
        size_t size = at + 20;
        for (; size < ROOM; size += WHOLE) memcpy(bytes + size, whole, WHOLE);
        feed(bytes, size, 701);
        assert_true(pictures >= 1);
        assert_int_equal(last_size, WHOLE);
        assert_memory_equal(last, whole, WHOLE);
    }
    free(bytes);
    feed("\xff\xd8" SCAN "\xff\xd8" SCAN "\xff\xd9", 2 * (2 + sizeof SCAN - 1) + 2, 5);
    assert_int_equal(pictures, 1);
    assert_int_equal(stream.cut, 1);
}

static void broken(void **state) {
    static const char *const cases[] = {"\xff\xd8zz", "\xff\xd8\xff\xe0\x00\x01", "\xff\xd8\xff\xe0\x01\x00", "zzzz"};
    (void)state;
    for (int i = 0; i < 4; i++) {
        feed(cases[i], i == 1 || i == 2 ? 6 : 4, 1);
        assert_int_equal(last_status, JPEG_STREAM_MORE);
        assert_int_equal(jpeg_stream_inside(&stream), i == 2);
    }
}

/* Of each limit: at it, and one byte more. */
static void limits(void **state) {
    char *bytes = calloc(1, JPEG_STREAM_MOST + 1);
    (void)state;
    feed(bytes, JPEG_STREAM_BETWEEN, 1000);
    assert_int_equal(last_status, JPEG_STREAM_MORE);
    feed(bytes, JPEG_STREAM_BETWEEN + 1, 1000);
    assert_int_equal(last_status, OCELLI_ERR_FILE);
    memset(bytes, 'x', JPEG_STREAM_MOST + 1);
    memcpy(bytes, "\xff\xd8\xff\xda\x00\x02", 6);
    memcpy(bytes + JPEG_STREAM_MOST - 2, "\xff\xd9", 2);
    feed(bytes, JPEG_STREAM_MOST, 65536);
    assert_int_equal(pictures, 1);
    assert_int_equal(last_size, JPEG_STREAM_MOST);
    memcpy(bytes + JPEG_STREAM_MOST - 2, "xx\xff", 3);
    feed(bytes, JPEG_STREAM_MOST + 1, 65536);
    assert_int_equal(last_status, OCELLI_ERR_LIMIT);
    assert_int_equal(pictures, 0);
    free(bytes);
}

static int finish(void **state) {
    (void)state;
    jpeg_stream_finish(&stream);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one),    cmocka_unit_test(in_parts), cmocka_unit_test(cut),
        cmocka_unit_test(broken), cmocka_unit_test(limits),
    };
    return cmocka_run_group_tests(tests, NULL, finish);
}
