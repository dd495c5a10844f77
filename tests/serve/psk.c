/* SPDX-License-Identifier: Apache-2.0 */
#include "support/test.h"
#include "support/heard.h"
#include "serve/psk.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char path[] = "/tmp/ocelli-psk-XXXXXX";
static struct psk p;

static int setup(void **state) {
    (void)state;
    listen();
    strcpy(path + sizeof path - 7, "XXXXXX");
    int fd = mkstemp(path);
    return fd < 0 ? -1 : close(fd);
}

static int teardown(void **state) {
    (void)state;
    psk_finish(&p);
    return unlink(path);
}

static int read_text(const char *text, mode_t mode) {
    FILE *f = fopen(path, "w");
    fputs(text, f);
    fclose(f);
    chmod(path, mode);
    return psk_read(&p, path);
}

#define KEY "00112233445566778899aAbBcCdDeEfF"

static void good(void **state) {
    (void)state;
    assert_int_equal(read_text("# phones\nme:" KEY "\r\n\nyou:there:" KEY "00", 0600), OCELLI_OK);
    assert_int_equal(p.count, 2);
    const struct psk_key *k = psk_find(&p, "you:there", 9);
    assert_non_null(k);
    assert_int_equal(k->size, 17);
    assert_memory_equal(k->key, "\x00\x11\x22\x33\x44\x55\x66\x77\x88\x99\xaa\xbb\xcc\xdd\xee\xff\x00", 17);
    assert_null(psk_find(&p, "you", 3));
    assert_null(psk_find(&p, "", 0));
    psk_finish(&p);
    assert_int_equal(read_text("me:" KEY "\n", 0400), OCELLI_OK);
}

static void bad(void **state) {
    (void)state;
    static const char *const texts[] = {"",
                                        "# none\n",
                                        "me\n",
                                        ":" KEY "\n",
                                        "me:00\n",
                                        "me:" KEY "0\n",
                                        "me:" KEY "0g\n",
                                        "me:" KEY KEY KEY KEY "00\n",
                                        "me:" KEY "\nme:" KEY "\n"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        listen();
        assert_int_equal(read_text(texts[i], 0600), OCELLI_ERR_FILE);
        assert_int_equal(heard.lines, 1);
        assert_null(strstr(heard.text, "0011")); /* no key in the log */
        assert_true(p.count == 0 && !p.arena.last);
    }
}

static void others_may_read(void **state) {
    (void)state;
    static const mode_t modes[] = {0640, 0604, 0660, 0620, 0644, 0601};
    for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++)
        assert_int_equal(read_text("me:" KEY "\n", modes[i]), OCELLI_ERR_FILE);
    assert_non_null(strstr(heard.text, "chmod 600"));
    assert_int_equal(psk_read(&p, "/tmp"), OCELLI_ERR_FILE);
    assert_int_equal(psk_read(&p, "/no such file"), OCELLI_ERR_FILE);
    unlink(path);
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_int_equal(psk_read(&p, path), OCELLI_ERR_FILE); /* and does not wait for a writer */
}

int main(void) {
    static const struct CMUnitTest all[] = {
        cmocka_unit_test_setup_teardown(good, setup, teardown),
        cmocka_unit_test_setup_teardown(bad, setup, teardown),
        cmocka_unit_test_setup_teardown(others_may_read, setup, teardown),
    };
    return cmocka_run_group_tests(all, NULL, NULL);
}
