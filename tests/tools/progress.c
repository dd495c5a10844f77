/* SPDX-License-Identifier: Apache-2.0
 * What a progress line says. That it is drawn and does not tear results: tests/e2e/folders.sh, on a terminal. */
#include "ocelli/common/progress.h"
#include "support/test.h"

static const char *text_of(size_t done, size_t total, double seconds) {
    static char text[96];
    progress_text(text, sizeof text, done, total, seconds, "pictures");
    return text;
}

static void texts(void **state) {
    (void)state;
    assert_string_equal(text_of(0, 100, 2), "0/100 pictures");
    assert_string_equal(text_of(16, 100, 2), "16/100 pictures  8.0/s  10 s left");
    assert_string_equal(text_of(5000, 50000, 100), "5000/50000 pictures  50/s  15 min left");
    assert_string_equal(text_of(1000, 1001000, 100), "1000/1001000 pictures  10/s  27.8 h left");
    assert_string_equal(text_of(7, 5, 7), "7/7 pictures  1.0/s  0 s left"); /* more came since they were counted */
    assert_string_equal(text_of(5, 5, 0), "5/5 pictures");
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(texts)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
