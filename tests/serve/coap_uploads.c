/* SPDX-License-Identifier: Apache-2.0
 * Bodies put together from their blocks: in order, again, with gaps, too long, too many, left alone. */
#include "serve/coap_uploads.h"
#include "support/test.h"

#include <string.h>

enum { BLOCK = 1024, MOST = 64 * BLOCK };

static struct uploads all;
static uint8_t bytes[MOST + BLOCK];
static struct upload *whole;

static int setup(void **state) {
    (void)state;
    memset(&all, 0, sizeof all);
    for (size_t i = 0; i < sizeof bytes; i++) bytes[i] = (uint8_t)(i * 7 + i / 256);
    return 0;
}

static int teardown(void **state) {
    (void)state;
    uploads_finish(&all);
    return 0;
}

static struct upload_block block_of(uint8_t host, uint64_t key, size_t number, bool more) {
    return (struct upload_block){.of = {.ip = {10, 0, 0, host}, .port = 1000},
                                 .key = key,
                                 .offset = number * BLOCK,
                                 .size = BLOCK,
                                 .bytes = bytes + number * BLOCK,
                                 .more = more,
                                 .most = MOST};
}

static enum upload_end put(uint8_t host, uint64_t key, size_t number, bool more, double now_ms) {
    struct upload_block b = block_of(host, key, number, more);
    return uploads_put(&all, &b, now_ms, &whole);
}

static void in_order_and_again(void **state) {
    (void)state;
    for (size_t i = 0; i < 40; i++) {
        assert_int_equal(put(1, 7, i, true, 1), UPLOAD_MORE);
        assert_int_equal(put(1, 7, i, true, 2), UPLOAD_MORE);
    }
    assert_int_equal(put(1, 7, 3, true, 3), UPLOAD_MORE); /* late */
    assert_int_equal(put(1, 7, 40, false, 4), UPLOAD_WHOLE);
    assert_int_equal(whole->size, 41 * BLOCK);
    assert_memory_equal(whole->bytes, bytes, 41 * BLOCK);
    whole->answered = true;
    assert_int_equal(put(1, 7, 40, false, 5), UPLOAD_WHOLE); /* its answer was lost */
    assert_memory_equal(whole->bytes, bytes, 41 * BLOCK);
}

static void gaps(void **state) {
    (void)state;
    assert_int_equal(put(1, 7, 1, true, 1), UPLOAD_GAP); /* of nothing */
    assert_int_equal(put(1, 7, 0, true, 1), UPLOAD_MORE);
    assert_int_equal(put(1, 7, 2, true, 1), UPLOAD_GAP);
    assert_int_equal(put(1, 8, 1, true, 1), UPLOAD_GAP); /* of another body */
    assert_int_equal(put(2, 7, 1, true, 1), UPLOAD_GAP); /* of another host */
    struct upload_block next = block_of(1, 7, 1, true), other = block_of(2, 7, 1, true),
                        ahead = block_of(1, 7, 2, true);
    assert_true(uploads_follows(&all, &next));
    assert_false(uploads_follows(&all, &other) || uploads_follows(&all, &ahead));
    assert_int_equal(put(1, 7, 1, false, 1), UPLOAD_WHOLE);
    assert_int_equal(whole->size, 2 * BLOCK);
}

/* One that begins anew with other bytes takes the place of the first. */
static void anew(void **state) {
    (void)state;
    for (size_t i = 0; i < 5; i++) assert_int_equal(put(1, 7, i, true, 1), UPLOAD_MORE);
    memset(bytes, 9, BLOCK);
    assert_int_equal(put(1, 7, 0, true, 1), UPLOAD_MORE);
    assert_int_equal(put(1, 7, 4, true, 1), UPLOAD_GAP);
    assert_int_equal(put(1, 7, 1, false, 1), UPLOAD_WHOLE);
    assert_true(whole->size == 2 * BLOCK && whole->bytes[0] == 9);
}

static void too_long(void **state) {
    (void)state;
    struct upload_block b = block_of(1, 7, 0, true);
    b.total = MOST + 1;
    assert_int_equal(uploads_put(&all, &b, 1, &whole), UPLOAD_LONG);
    for (size_t i = 0; i < 64; i++) assert_int_equal(put(1, 7, i, true, 1), UPLOAD_MORE);
    assert_int_equal(put(1, 7, 64, true, 1), UPLOAD_LONG);
    assert_int_equal(put(1, 7, 5, true, 1), UPLOAD_GAP); /* it was dropped */
    b = block_of(1, 7, 0, true), b.offset = SIZE_MAX - 100;
    assert_int_equal(uploads_put(&all, &b, 1, &whole), UPLOAD_LONG);
}

static void too_many(void **state) {
    (void)state;
    assert_int_equal(put(1, 1, 0, true, 1), UPLOAD_MORE);
    assert_int_equal(put(1, 2, 0, true, 1), UPLOAD_MORE);
    assert_int_equal(put(1, 3, 0, true, 1), UPLOAD_BUSY); /* of one host */
    for (uint8_t host = 2; host < 2 + UPLOADS - 2; host++) assert_int_equal(put(host, 1, 0, true, 1), UPLOAD_MORE);
    assert_int_equal(put(100, 1, 0, true, 1), UPLOAD_BUSY);
    assert_int_equal(put(1, 2, 1, false, 2), UPLOAD_WHOLE);
    whole->answered = true; /* it gives its place away */
    assert_int_equal(put(100, 1, 0, true, 3), UPLOAD_MORE);
    uploads_sweep(&all, 1 + UPLOADS_MS + 0.5);
    assert_int_equal(put(101, 1, 0, true, UPLOADS_MS), UPLOAD_MORE); /* those left alone are gone */
    assert_int_equal(put(100, 1, 1, true, UPLOADS_MS), UPLOAD_MORE);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(in_order_and_again, setup, teardown),
        cmocka_unit_test_setup_teardown(gaps, setup, teardown),
        cmocka_unit_test_setup_teardown(anew, setup, teardown),
        cmocka_unit_test_setup_teardown(too_long, setup, teardown),
        cmocka_unit_test_setup_teardown(too_many, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
