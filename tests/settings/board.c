/* SPDX-License-Identifier: Apache-2.0
 * Values at their limits; tests/e2e/settings.sh has the whole. */
#include "settings/board.h"
#include "support/test.h"

#include <string.h>

static struct arena arena;
static struct diagnostics report;
static struct lines lines;
static struct board board;

static void read_text(const char *text) {
    diagnostics_finish(&report);
    char *copy = arena_copy(&arena, text, strlen(text));
    assert_non_null(copy);
    assert_true(lines_split(&lines, &arena, copy, &report));
    board_read(&board, &lines, &report);
}

static const char *wpa(const char *text) {
    read_text(text);
    return board_wpa(&board, &arena, &report);
}

static int teardown(void **state) {
    (void)state;
    diagnostics_finish(&report);
    arena_finish(&arena);
    return 0;
}

static void repeat(char *out, char c, size_t count) {
    memset(out, c, count);
    out[count] = '\0';
}

/* `format` has one %s: a value of so many letters is good, or not. */
static void try_length(const char *format, size_t length, bool good) {
    char value[256], text[512];
    repeat(value, 'a', length);
    snprintf(text, sizeof text, format, value);
    bool was = wpa(text) != NULL;
    if (was != good || (diagnostics_faults(&report) == 0) != good) fail_msg("%zu letters: %s", length, text);
}

static void test_names(void **state) {
    (void)state;
    static const char *const good[] = {"a", "Attic-2", "0"}, *const bad[] = {"-a", "a-", "a b", "a_b", "a.b", "\u00e9"};
    char text[128], name[65];
    for (size_t i = 0; i < 3; i++) {
        snprintf(text, sizeof text, "[board]\nname = %s\n", good[i]);
        read_text(text);
        assert_string_equal(board.name, good[i]);
    }
    for (size_t i = 0; i < 6; i++) {
        snprintf(text, sizeof text, "[board]\nname = %s\n", bad[i]);
        read_text(text);
        assert_null(board.name);
        assert_int_equal(diagnostics_faults(&report), 1);
    }
    for (size_t length = 63; length <= 64; length++) {
        repeat(name, 'x', length);
        snprintf(text, sizeof text, "[board]\nname = %s\n", name);
        read_text(text);
        assert_int_equal(board.name != NULL, length == 63);
    }
}

static void test_wifi_lengths(void **state) {
    (void)state;
    static const size_t names[] = {1, 31, 32}, passwords[] = {8, 9, 62, 63};
    for (size_t i = 0; i < 3; i++) try_length("[wifi]\nname = %s\ncountry = DE", names[i], true);
    try_length("[wifi]\nname = %s\ncountry = DE", 0, false);
    try_length("[wifi]\nname = %s\ncountry = DE", 33, false);
    for (size_t i = 0; i < 4; i++) try_length("[wifi]\nname = x\npassword = %s", passwords[i], true);
    try_length("[wifi]\nname = x\npassword = %s", 7, false);
    try_length("[wifi]\nname = x\npassword = %s", 64, true); /* a key in hexadecimal: all are the digit a */
    try_length("[wifi]\nname = x\npassword = %s", 65, false);
    try_length("[wifi]\nname = x\npassword = z%s", 63, false);
}

/* A section whose lines are all comments is no network, and no fault. */
static void test_wifi_empty(void **state) {
    (void)state;
    assert_null(wpa("[wifi]\n#name = x\n"));
    assert_int_equal(report.count, 0);
    assert_null(wpa("[wifi]\npassword = 12345678\n"));
    assert_int_equal(diagnostics_faults(&report), 1);
    assert_non_null(strstr(wpa("[wifi]\nname = x\npassword =\ncountry = DE"), "key_mgmt=NONE"));
    assert_int_equal(report.count, 0);
}

/* No name and no password gets out of its place. */
static void test_wifi_quoting(void **state) {
    (void)state;
    const char *text = wpa("[wifi]\nname = \"}\\n#=\npassword = a\"}#\\b\" c\ncountry = de\n");
    assert_non_null(strstr(text, "\n\tssid=227d5c6e233d\n"));
    /* Python's hashlib.pbkdf2_hmac gives this key. */
    assert_non_null(strstr(text, "\n\tpsk=7f3506ab11c4e42e3b81245cb917f9e29d2ab28dfaafb8ac145d986fb9a9049a\n"));
    assert_non_null(strstr(wpa("[wifi]\nname = x\npassword = a#}\\n #1\n"), "\tpsk=\"a#}\\n #1\"\n"));
    assert_non_null(strstr(wpa("[wifi]\nname = \"  x \"\n"), "\tssid=20207820\n"));
    assert_non_null(strstr(wpa("[wifi]\nname = \"\n"), "\tssid=22\n"));
    assert_non_null(strstr(wpa("[wifi]\nname = \u201cx\u201d\n"), "\tssid=78\n"));
    assert_non_null(strstr(wpa("[WIFI]\nName: x = y\n"), "\tssid=78203d2079\n"));
}

static void test_too_many(void **state) {
    (void)state;
    char text[4096] = "";
    for (int i = 0; i < BOARD_NETWORKS + 1; i++) strcat(text, "[wifi]\nname = x\ncountry = DE\n");
    wpa(text);
    assert_int_equal(board.network_count, BOARD_NETWORKS);
    assert_int_equal(diagnostics_faults(&report), 1);
}

static const char ed25519[] = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f";

static size_t keys(const char *line) {
    char text[1024];
    snprintf(text, sizeof text, "[login]\nssh_key = %s\n", line);
    read_text(text);
    assert_int_equal(diagnostics_faults(&report), board.key_count ? 0 : 1);
    return board.key_count;
}

static void test_ssh_keys(void **state) {
    (void)state;
    char line[512];
    assert_int_equal(keys(ed25519), 1);
    snprintf(line, sizeof line, "no-pty,command=\"echo ssh-rsa \\\" x\" %s a b c", ed25519);
    assert_int_equal(keys(line), 1);
    assert_string_equal(board.keys[0], line);
    snprintf(line, sizeof line, "ssh-rsa%s", ed25519 + 11); /* another type than the bytes' */
    assert_int_equal(keys(line), 0);
    snprintf(line, sizeof line, "%.*s", (int)sizeof ed25519 - 4, ed25519); /* cut */
    assert_int_equal(keys(line), 0);
    assert_int_equal(keys("ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f"), 1);
    assert_int_equal(keys("ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f"),
                     0); /* of 257 */
    assert_int_equal(keys("ssh-ed25519"), 0);
    assert_int_equal(keys("ssh-ed25519 ????"), 0);
    assert_int_equal(keys("-----BEGIN OPENSSH PRIVATE KEY-----"), 0);
    assert_non_null(strstr(report.items[0].text, "private key"));
}

static const char *shadow(const char *password, const char *text) {
    char settings[256];
    snprintf(settings, sizeof settings, "[login]\n%s%s\n", password ? "password = " : "", password ? password : "");
    read_text(settings);
    return board_shadow(&board, text, &arena, &report);
}

static void test_shadow(void **state) {
    (void)state;
    static const char before[] = "daemon:*:1::::::\nroot:!:5:0:99999:7:::\nrooter:x:1::::::";
    assert_string_equal(shadow(NULL, before), "daemon:*:1::::::\nroot:*:5:0:99999:7:::\nrooter:x:1::::::\n");
    assert_string_equal(shadow("$6$salt$hash", before),
                        "daemon:*:1::::::\nroot:$6$salt$hash:5:0:99999:7:::\nrooter:x:1::::::\n");
    assert_string_equal(shadow("$6$a:b", before), shadow(NULL, before)); /* another field would begin */
    assert_string_equal(shadow("$6$x", ""), "root:$6$x:19000:0:99999:7:::\n");
    assert_string_equal(shadow("$6$x", "root:\nroot:again:"), "root:$6$x:19000:0:99999:7:::\n"); /* one root */
}

#define TEST(name) cmocka_unit_test_teardown(name, teardown)

int main(void) {
    const struct CMUnitTest tests[] = {TEST(test_names),        TEST(test_wifi_lengths), TEST(test_wifi_empty),
                                       TEST(test_wifi_quoting), TEST(test_too_many),     TEST(test_ssh_keys),
                                       TEST(test_shadow)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
