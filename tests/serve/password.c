/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/password.h"
#include "base/file.h"
#define listen heard_listen /* sys/socket.h has another */
#include "support/heard.h"
#undef listen
#include "support/test.h"

#include <stdio.h>
#include <string.h>

#include <sys/stat.h>
#include <unistd.h>

static void whole(void **state) {
    (void)state;
    struct password made, read;
    char line[PASSWORD_LINE], path[] = "/tmp/ocelli-password-XXXXXX";
    assert_int_equal(password_make(&made, "correct horse", 13), OCELLI_OK);
    password_write(&made, line);
    int fd = mkstemp(path); /* 0600 */
    assert_true(fd >= 0 && write(fd, line, strlen(line)) == (ssize_t)strlen(line));
    close(fd);
    assert_int_equal(password_read(&read, path), OCELLI_OK);
    assert_true(password_is(&read, "correct horse", 13));
    assert_false(password_is(&read, "correct horsf", 13));
    assert_false(password_is(&read, "", 0));
    heard_listen();
    chmod(path, 0640);
    assert_int_equal(password_read(&read, path), OCELLI_ERR_FILE);
    assert_non_null(strstr(heard.text, "chmod 600"));
    chmod(path, 0600);
    if (!chown(path, 12345, 12345)) { /* as root, who checks what the daemon's user has */
        assert_int_equal(password_read(&read, path), OCELLI_OK);
        assert_int_equal(chown(path, geteuid(), getegid()), 0);
    }
    assert_int_equal(truncate(path, 20), 0);
    assert_int_equal(password_read(&read, path), OCELLI_ERR_FILE);
    unlink(path);
    assert_int_equal(password_read(&read, path), OCELLI_ERR_FILE);
    assert_int_equal(password_make(&made, "short", 5), OCELLI_ERR_LIMIT);
}

/* RFC 7914 section 12 has no vector of 32 bytes; hashlib.scrypt(b"password", salt=bytes(range(16)), n=16384, r=8, p=5,
 * dklen=32) of Python gives this one. */
static void known(void **state) {
    (void)state;
    struct password p;
    static const char line[] = "scrypt 14 8 5 000102030405060708090a0b0c0d0e0f "
                               "36afa0b630c8b697b9341304b38a410d3b43b196456e60e0bc94feff15bff486\n";
    assert_true(password_parse(&p, line, sizeof line - 1));
    assert_true(password_is(&p, "password", 8));
}

static void damaged(void **state) {
    (void)state;
    struct password p;
    static const char salt[] = "000102030405060708090a0b0c0d0e0f",
                      hash[] = "000102030405060708090a0b0c0d0e0f000102030405060708090a0b0c0d0e0f";
    static const char *const costs[] = {"14 8 5 ", "9 8 5", "17 8 5", "14 9 5", "14 8 0", "14 8 17", "-14 8 5", "14 8"};
    char line[256];
    for (size_t i = 0; i < sizeof costs / sizeof *costs; i++) {
        int size = snprintf(line, sizeof line, "scrypt %s %s %s\n", costs[i], salt, hash);
        assert_int_equal(password_parse(&p, line, (size_t)size), i == 0);
    }
    int size = snprintf(line, sizeof line, "scrypt 14 8 5 %.31s %s\n", salt, hash);
    assert_false(password_parse(&p, line, (size_t)size));
    size = snprintf(line, sizeof line, "scrypt 14 8 5 %s %.63sg\n", salt, hash);
    assert_false(password_parse(&p, line, (size_t)size));
    assert_false(password_parse(&p, "", 0));
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(whole), cmocka_unit_test(known), cmocka_unit_test(damaged)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
