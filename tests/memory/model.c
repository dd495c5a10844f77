/* SPDX-License-Identifier: Apache-2.0 */
#include "memory/model.h"
#include "support/heard.h"
#include "support/test.h"

#include <stdlib.h>
#include <unistd.h>

enum { SIZE = 200000 };

static void key_of(const uint8_t *bytes, size_t size, char key[SHA256_HEX_SIZE]) {
    char path[] = "/tmp/ocelli-model-XXXXXX";
    struct memory_model model = {.name = "m"};
    int fd = mkstemp(path);
    assert_true(fd >= 0 && write(fd, bytes, size) == (ssize_t)size);
    close(fd);
    assert_int_equal(memory_model_key(&model, path), OCELLI_OK);
    memcpy(key, model.key, SHA256_HEX_SIZE);
    unlink(path);
}

/* Another digest, another key; the same file the same; a small file too. */
static void test_key(void **state) {
    (void)state;
    uint8_t *bytes = calloc(SIZE, 1);
    char a[SHA256_HEX_SIZE], b[SHA256_HEX_SIZE];
    key_of(bytes, SIZE, a);
    key_of(bytes, SIZE, b);
    assert_string_equal(a, b);
    bytes[SIZE - 1] = 1;
    key_of(bytes, SIZE, b);
    assert_string_not_equal(a, b);
    bytes[SIZE - 1] = 0, bytes[SIZE - 65536] = 1;
    key_of(bytes, SIZE, b);
    assert_string_not_equal(a, b);
    key_of(bytes, 100, a);
    key_of(bytes, 101, b);
    assert_string_not_equal(a, b);
    free(bytes);
}

static void test_missing(void **state) {
    (void)state;
    struct memory_model model = {.name = "m"};
    listen();
    assert_int_equal(memory_model_key(&model, "/nothing/here.gguf"), OCELLI_ERR_FILE);
    assert_int_equal(heard.lines, 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_key), cmocka_unit_test(test_missing)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
