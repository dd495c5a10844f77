/* SPDX-License-Identifier: Apache-2.0 */
#include "support/test.h"
#include "base/log.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct {
    int lines;
    enum ocelli_log_level level;
    char text[4096];
    void *user;
} heard;

static void hear(void *user, enum ocelli_log_level level, const char *message) {
    heard.lines++;
    heard.level = level;
    heard.user = user;
    snprintf(heard.text, sizeof heard.text, "%s", message);
}

static int setup(void **state) {
    (void)state;
    memset(&heard, 0, sizeof heard);
    ocelli_set_log(hear, &heard);
    return 0;
}

static void levels(void **state) {
    (void)state;
    assert_int_equal(log_fail(OCELLI_ERR_FILE, "%s: %d", "x.png", 5), OCELLI_ERR_FILE);
    assert_string_equal(heard.text, "x.png: 5");
    assert_int_equal(heard.level, OCELLI_LOG_ERROR);
    assert_ptr_equal(heard.user, &heard);
    log_warn("w");
    assert_int_equal(heard.level, OCELLI_LOG_WARNING);
    log_info("i");
    assert_int_equal(heard.level, OCELLI_LOG_INFO);
    assert_int_equal(heard.lines, 3);
}

/* Names and file contents come from outside: no byte of theirs ends the line or drives a terminal. */
static void stays_one_line(void **state) {
    (void)state;
    for (int c = 1; c < 0x20; c++) {
        char name[] = {'a', (char)c, 'b', 0};
        log_error("%s", name);
        assert_string_equal(heard.text, "a?b");
    }
    log_error("one\ntwo\r\n\x1b[2J\x7f");
    assert_string_equal(heard.text, "one?two???[2J?");
    log_error("%s", "a\xc2\x9b"
                    "31m\xc2\xa0"); /* U+009B is a terminal's escape too */
    assert_string_equal(heard.text, "a??31m\xc2\xa0");
    /* What is no UTF-8 can be read: a byte alone, a character cut short, an overlong one. */
    log_error("%s",
              "a\xe2\x80\xaegpj.exe\xd8\x9c\xe2\x81\xa9\xe2\x80\xa8z\xe2\x80\x8d\xe2\x80\xaf"); /* U+202E turns a name's
                                                                                                   end round */
    assert_string_equal(heard.text, "a???gpj.exe????????z\xe2\x80\x8d\xe2\x80\xaf");
    log_error("%s", "caf\xe9.png \xe7\x8c \xc0\x80 \xff");
    assert_string_equal(heard.text, "caf\\xe9.png \\xe7\\x8c \\xc0\\x80 \\xff");
    log_error("%s", "gr\xc3\xbc\xc3\x9f \xe7\x8c\xab"); /* words in UTF-8 stay */
    assert_string_equal(heard.text, "gr\xc3\xbc\xc3\x9f \xe7\x8c\xab");
}

static void long_lines_are_cut(void **state) {
    (void)state;
    char name[3000];
    memset(name, 'n', sizeof name);
    name[sizeof name - 1] = 0;
    log_error("%s: missing", name);
    assert_int_equal(strlen(heard.text), 1023);
}

static void percent_in_a_name(void **state) {
    (void)state;
    log_error("%s", "100%s%n.png");
    assert_string_equal(heard.text, "100%s%n.png");
}

/* What the default handler wrote, with stderr turned to a file. */
static void default_output(char *out, size_t size) {
    FILE *file = tmpfile();
    assert_non_null(file);
    int saved = dup(2);
    fflush(stderr);
    dup2(fileno(file), 2);
    ocelli_set_log(NULL, NULL);
    log_error("x.png: gone\n");
    log_warn("hot");
    fflush(stderr);
    dup2(saved, 2);
    close(saved);
    rewind(file);
    out[fread(out, 1, size - 1, file)] = 0;
    fclose(file);
}

static void null_restores_stderr(void **state) {
    (void)state;
    char out[256];
    default_output(out, sizeof out);
    assert_string_equal(out, "ocelli: x.png: gone?\nocelli: warning: hot\n");
    assert_int_equal(heard.lines, 0);
}

static void *speak(void *unused) {
    log_error("of another thread");
    return unused;
}

/* Errors of this thread alone, and nothing of before. */
static void held(void **state) {
    (void)state;
    char text[8] = "stale";
    pthread_t other;
    log_hold(text, sizeof text);
    assert_string_equal(text, "");
    log_warn("w");
    assert_string_equal(heard.text, "w");
    assert_int_equal(log_fail(OCELLI_ERR_FILE, "a\n"), OCELLI_ERR_FILE);
    assert_string_equal(text, "a?");
    log_error("longer than the room");
    assert_string_equal(text, "longer ");
    assert_int_equal(heard.lines, 1);
    assert_int_equal(pthread_create(&other, NULL, speak, NULL), 0);
    pthread_join(other, NULL);
    assert_string_equal(heard.text, "of another thread");
    log_release();
    log_error("as ever");
    assert_string_equal(heard.text, "as ever");
    assert_string_equal(text, "longer ");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(levels, setup),
        cmocka_unit_test_setup(stays_one_line, setup),
        cmocka_unit_test_setup(long_lines_are_cut, setup),
        cmocka_unit_test_setup(percent_in_a_name, setup),
        cmocka_unit_test_setup(null_restores_stderr, setup),
        cmocka_unit_test_setup(held, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
