/* SPDX-License-Identifier: Apache-2.0
 * Fields as RFC 4180 has them. */
#include "ocelli/common/csv.h"
#include "support/test.h"

#include <math.h>
#include <stdlib.h>

static const char *line_of(const char *text, double number) {
    static char line[200];
    char *bytes;
    size_t size;
    struct csv csv = {.to = open_memstream(&bytes, &size)};
    csv_text(&csv, text);
    csv_number(&csv, number, 6);
    csv_end_line(&csv);
    csv_text(&csv, "next");
    fclose(csv.to);
    snprintf(line, sizeof line, "%s", bytes);
    free(bytes);
    return line;
}

static void fields(void **state) {
    (void)state;
    assert_string_equal(line_of("a cat", 0.123456789), "a cat,0.123457\nnext");
    assert_string_equal(line_of("a, b", 1e-9), "\"a, b\",1e-09\nnext");
    assert_string_equal(line_of("say \"cat\"", 1), "\"say \"\"cat\"\"\",1\nnext");
    assert_string_equal(line_of("two\nlines\r", 1), "\"two\nlines\r\",1\nnext");
    assert_string_equal(line_of(" x", 1), "\" x\",1\nnext");
    assert_string_equal(line_of("", NAN), ",\nnext");
    assert_string_equal(line_of(NULL, INFINITY), ",\nnext");
    assert_string_equal(line_of("\xC3\xA4\xFF,\xC3", 0), "\"\xC3\xA4\xEF\xBF\xBD,\xEF\xBF\xBD\",0\nnext");
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(fields)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
