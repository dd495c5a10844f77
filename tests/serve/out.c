/* SPDX-License-Identifier: Apache-2.0 */
#include "support/test.h"
#include "serve/out.h"

#include <math.h>
#include <string.h>

static char bytes[256];

static struct serve_out start(enum serve_format format, size_t capacity) {
    return (struct serve_out){.bytes = bytes, .capacity = capacity, .format = format};
}

static void write_all(struct serve_out *o) {
    serve_out_begin(o, NULL, '{');
    serve_out_text(o, "t", "a\"\\\n\x7f\xff\xc2\x9b\xc3\xa9");
    serve_out_bool(o, "b", true);
    serve_out_begin(o, "a", '[');
    serve_out_count(o, NULL, 23);
    serve_out_count(o, NULL, 24);
    serve_out_count(o, NULL, 65536);
    serve_out_end(o, ']');
    serve_out_number(o, "n", 0.5, 4);
    serve_out_number(o, "x", (double)NAN, 4);
    serve_out_label(o, "v", -2), serve_out_bool(o, serve_labelled, false);
    serve_out_end(o, '}');
}

static void json(void **state) {
    (void)state;
    struct serve_out o = start(SERVE_JSON, sizeof bytes);
    write_all(&o);
    static const char want[] =
        "{\"t\":\"a\\\"\\\\\\u000a\\u007f\xEF\xBF\xBD\\u009b\xc3\xa9\",\"b\":true,\"a\":[23,24,65536],"
        "\"n\":0.5,\"x\":null,\"v\":false}";
    assert_int_equal(o.used, sizeof want - 1);
    assert_memory_equal(bytes, want, o.used);
}

static void decimals(void **state) {
    (void)state;
    static const struct {
        double value;
        int digits;
        const char *json;
    } rows[] = {{0, 4, "0"},
                {-0.0, 4, "0"},
                {0.71234, 4, "0.7123"},
                {-0.0102, 4, "-0.0102"},
                {0.00099999, 4, "0.001"},
                {6.539e-35, 4, "0"},
                {-6.539e-35, 4, "0"},
                {1.7e-9, 4, "0.000000002"},
                {0.99996, 4, "1"},
                {9.9996, 4, "10"},
                {99.95, 5, "99.95"},
                {123456.7, 4, "123457"},
                {16777217, 4, "16777217"},
                {-3, 4, "-3"},
                {1234567890123, 9, "1234567890123"},
                {(double)INFINITY, 4, "null"}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct serve_out o = start(SERVE_JSON, sizeof bytes);
        serve_out_number(&o, NULL, rows[i].value, rows[i].digits);
        assert_int_equal(o.used, strlen(rows[i].json));
        assert_memory_equal(bytes, rows[i].json, o.used);
    }
    struct serve_out o = start(SERVE_CBOR, sizeof bytes);
    serve_out_number(&o, NULL, 16777217, 4), serve_out_number(&o, NULL, -500, 4),
        serve_out_number(&o, NULL, (double)INFINITY, 4);
    assert_int_equal(o.used, 9);
    assert_memory_equal(bytes, "\x1a\x01\x00\x00\x01\x39\x01\xf3\xf6", 9); /* RFC 8949 appendix A has -500 so */
}

/* Heads as in the examples of RFC 8949 appendix A. */
static void cbor(void **state) {
    (void)state;
    struct serve_out o = start(SERVE_CBOR, sizeof bytes);
    write_all(&o);
    static const char want[] = "\xbf"
                               "at"
                               "\x6c"
                               "a\"\\\n\x7f\xEF\xBF\xBD\xc2\x9b\xc3\xa9"
                               "ab"
                               "\xf5"
                               "aa"
                               "\x9f\x17\x18\x18\x1a\x00\x01\x00\x00\xff"
                               "an"
                               "\xfa\x3f\x00\x00\x00"
                               "ax"
                               "\xf6"
                               "\x21\xf4\xff";
    assert_int_equal(o.used, sizeof want - 1);
    assert_memory_equal(bytes, want, o.used);
    o = start(SERVE_CBOR, sizeof bytes);
    serve_out_count(&o, NULL, UINT64_MAX);
    serve_out_count(&o, NULL, 256);
    assert_memory_equal(bytes, "\x1b\xff\xff\xff\xff\xff\xff\xff\xff\x19\x01\x00", 12);
}

/* With too little room nothing is written past it, and that is told. */
static void too_little(void **state) {
    (void)state;
    for (int format = 0; format < 2; format++) {
        struct serve_out o = start((enum serve_format)format, sizeof bytes);
        write_all(&o);
        size_t whole = o.used;
        for (size_t capacity = 0; capacity <= whole; capacity++) {
            memset(bytes, 0x55, sizeof bytes);
            o = start((enum serve_format)format, capacity);
            write_all(&o);
            assert_int_equal(o.full, capacity < whole);
            assert_true(o.used <= capacity);
            for (size_t i = capacity; i < sizeof bytes; i++) assert_int_equal(bytes[i], 0x55);
        }
    }
}

static void utf8(void **state) {
    (void)state;
    static const struct {
        const char *text;
        size_t length;
    } cases[] = {{"a", 1},
                 {"\xc3\xa9", 2},
                 {"\xe0\xa0\x80", 3},
                 {"\xed\x9f\xbf", 3},
                 {"\xf0\x90\x80\x80", 4},
                 {"\xf4\x8f\xbf\xbf", 4},
                 {"\x80", 0},
                 {"\xc0\x80", 0},
                 {"\xc1\xbf", 0},
                 {"\xe0\x9f\xbf", 0},
                 {"\xed\xa0\x80", 0},
                 {"\xf0\x8f\xbf\xbf", 0},
                 {"\xf4\x90\x80\x80", 0},
                 {"\xf5\x80\x80\x80", 0},
                 {"\xc3", 0},
                 {"\xe2\x82", 0},
                 {"\xf0\x9f\x98", 0},
                 {"\xc3"
                  "a",
                  0}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_int_equal(serve_utf8(cases[i].text, strlen(cases[i].text)), cases[i].length);
    assert_int_equal(serve_utf8("", 0), 0);
}

int main(void) {
    static const struct CMUnitTest all[] = {cmocka_unit_test(json), cmocka_unit_test(cbor),
                                            cmocka_unit_test(too_little), cmocka_unit_test(utf8),
                                            cmocka_unit_test(decimals)};
    return cmocka_run_group_tests(all, NULL, NULL);
}
