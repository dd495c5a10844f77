/* SPDX-License-Identifier: Apache-2.0 */
#include "support/test.h"
#include "prep/jpeg.h"
#include "prep/decode.h"

#include <stdlib.h>
#include <string.h>

struct stream {
    unsigned char bytes[2048];
    size_t size;
};

static void add(struct stream *s, const void *bytes, size_t size) {
    assert_true(s->size + size <= sizeof s->bytes);
    memcpy(s->bytes + s->size, bytes, size);
    s->size += size;
}

/* A table of `symbols`, spread over as many lengths as that takes. */
static void add_table(struct stream *s, unsigned symbols) {
    unsigned char table[17 + 1024] = {0};
    for (unsigned i = 0, left = symbols; i < 16; i++) {
        unsigned n = left > 250 ? 250 : left;
        table[16 - i] = (unsigned char)n;
        left -= n;
    }
    add(s, table, 17 + symbols);
}

static void add_segment(struct stream *s, unsigned marker, const struct stream *content) {
    size_t length = content->size + 2;
    unsigned char head[4] = {0xff, (unsigned char)marker, (unsigned char)(length >> 8), (unsigned char)length};
    add(s, head, 4);
    add(s, content->bytes, content->size);
}

/* Copied to exactly its size, so that a sanitizer sees a read past the end. */
static bool fit(const struct stream *s, size_t size) {
    void *exact = malloc(size ? size : 1);
    assert_non_null(exact);
    memcpy(exact, s->bytes, size);
    bool result = jpeg_tables_fit(exact, size);
    free(exact);
    return result;
}

static struct stream with_table(const char *before, size_t size, unsigned symbols) {
    struct stream content = {0}, s = {0};
    add_table(&content, symbols);
    add(&s, before, size);
    add_segment(&s, 0xc4, &content);
    add(&s, "\xff\xd9", 2);
    return s;
}

static void sizes(void **state) {
    (void)state;
    static const unsigned good[] = {0, 1, 12, 162, 255, 256}, bad[] = {257, 258, 512, 1000};
    for (size_t i = 0; i < 6; i++) {
        struct stream s = with_table("\xff\xd8", 2, good[i]);
        assert_true(fit(&s, s.size));
    }
    for (size_t i = 0; i < 4; i++) {
        struct stream s = with_table("\xff\xd8", 2, bad[i]);
        assert_false(fit(&s, s.size));
    }
}

static void second_table_of_a_segment(void **state) {
    (void)state;
    for (unsigned symbols = 256; symbols < 258; symbols++) {
        struct stream content = {0}, s = {0};
        add_table(&content, 12);
        add_table(&content, symbols);
        add(&s, "\xff\xd8", 2);
        add_segment(&s, 0xc4, &content);
        assert_int_equal(fit(&s, s.size), symbols == 256);
    }
}

/* Wherever a decoder would come upon it. */
static void reached(void **state) {
    (void)state;
    static const struct {
        const char *bytes;
        size_t size;
    } before[] = {
        {"\xff\xff\xff\xd8", 4},                             /* fill bytes */
        {"\xff\xd8\xff\xff", 4},                             /* one before the table's marker */
        {"\xff\xd8\0\0padding", 11},                         /* between segments */
        {"\xff\xd8\xff\xe0\0\7hello", 11},                   /* after another segment */
        {"\xff\xd8\xff\xda\0\3x\1\2\xff\0\3\xff\xd0\4", 15}, /* in a scan, after a stuffed 0 and a restart */
        {"\xff\xd8\xff\xe0\0\0", 6},                         /* after a length that is too short */
    };
    for (size_t i = 0; i < sizeof before / sizeof *before; i++) {
        struct stream s = with_table(before[i].bytes, before[i].size, 257);
        assert_false(fit(&s, s.size));
    }
}

/* What looks like a table inside a segment or after the end is none. */
static void not_reached(void **state) {
    (void)state;
    struct stream inner = with_table("", 0, 300), s = {0};
    add(&s, "\xff\xd8", 2);
    add_segment(&s, 0xe1, &inner);
    add(&s, "\xff\xd9", 2);
    add(&s, inner.bytes, inner.size);
    assert_true(fit(&s, s.size));
}

/* A cut table counts as far as it goes: the rest reads as zeros. */
static void cut(void **state) {
    (void)state;
    struct stream s = with_table("\xff\xd8", 2, 257);
    for (size_t size = 0; size < s.size; size++) assert_int_equal(fit(&s, size), size < 2 + 4 + 17);
}

static size_t golden(uint8_t *bytes, size_t capacity) {
    const char *source = getenv("OCELLI_SOURCE");
    char path[4096];
    snprintf(path, sizeof path, "%s/tests/golden/preprocess/photo420.jpg", source ? source : ".");
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    size_t size = fread(bytes, 1, capacity, f);
    assert_in_range(size, 1, capacity - 1);
    fclose(f);
    return size;
}

/* The file without its four Huffman segments, which are the standard's. */
static size_t strip(const uint8_t *from, size_t size, uint8_t *to) {
    size_t at = 2, out = 2;
    memcpy(to, from, 2);
    while (from[at + 1] != 0xda) {
        size_t length = 2 + ((size_t)from[at + 2] << 8 | from[at + 3]);
        if (from[at + 1] != 0xc4) memcpy(to + out, from + at, length), out += length;
        at += length;
    }
    memcpy(to + out, from + at, size - at);
    return out + size - at;
}

/* As a camera's MJPEG may come: the same picture as with its tables, and nothing to add to one that has them. */
static void without_tables(void **state) {
    (void)state;
    static uint8_t file[65536], bare[65536], whole[65536 + JPEG_TABLES];
    struct ocelli_image wanted, got;
    size_t size = golden(file, sizeof file), bare_size = strip(file, size, bare);
    assert_int_equal(bare_size, size - JPEG_TABLES - 12); /* one segment for four */
    assert_false(jpeg_add_tables(file, size, whole));
    assert_true(jpeg_add_tables(bare, bare_size, whole));
    assert_int_equal(decode_memory(&wanted, file, size, "file", NULL), OCELLI_OK);
    assert_int_equal(decode_memory(&got, whole, bare_size + JPEG_TABLES, "whole", NULL), OCELLI_OK);
    assert_memory_equal(got.rgb, wanted.rgb, (size_t)wanted.width * wanted.height * 3);
    decode_free(&wanted);
    decode_free(&got);
}

static void without_tables_cut(void **state) {
    (void)state;
    static uint8_t file[65536], bare[65536];
    size_t bare_size = strip(file, golden(file, sizeof file), bare);
    for (size_t size = 0; size < 700 && size < bare_size; size++) {
        uint8_t *exact = malloc(size ? size : 1), *out = malloc(size + JPEG_TABLES);
        assert_non_null(exact);
        assert_non_null(out);
        memcpy(exact, bare, size);
        jpeg_add_tables(exact, size, out); /* a sanitizer sees what goes too far */
        free(exact);
        free(out);
    }
    assert_false(jpeg_add_tables("no picture", 10, bare));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sizes),
        cmocka_unit_test(second_table_of_a_segment),
        cmocka_unit_test(reached),
        cmocka_unit_test(not_reached),
        cmocka_unit_test(cut),
        cmocka_unit_test(without_tables),
        cmocka_unit_test(without_tables_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
