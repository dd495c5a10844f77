/* SPDX-License-Identifier: Apache-2.0
 * Addresses: what is shown of them never has a log-in or a query, however badly they are written. */
#include "support/test.h"
#include "source/address.h"
#include "source/source.h"
#include "support/heard.h"

#include <string.h>

static void shown(void **state) {
    static const char *const cases[][2] = {
        {"http://cam/snap.jpg", "http://cam/snap.jpg"},
        {"http://admin:secret@cam:8080/snap.jpg", "http://...@cam:8080/snap.jpg"},
        {"https://admin:secret@[fe80::1]/snap.jpg?key=secret", "https://...@[fe80::1]/snap.jpg?..."},
        {"http://cam/snap?user=a&password=secret", "http://cam/snap?..."},
        {"http://cam/snap#secret", "http://cam/snap?..."},
        {"mjpeg:http://admin:secret@cam/video", "mjpeg:http://...@cam/video"},
        {"rtsp://admin:secret@cam/1", "rtsp://...@cam/1"},
        {"http:/admin:secret@cam/", "http:/...@cam/"},
        {"http:admin:secret@cam/", "http:...@cam/"},
        {"http://admin:se/cret@cam/", "http://...@cam/"},
        {"http://admin:se@cret@cam/", "http://...@cam/"},
        {"http://admin:se?cret@cam/", "http://..."},
        {"http://cam/?a=b@c&key=secret", "http://..."},
        {"htp://admin:secret@cam/", "htp://...@cam/"},
        {"", ""},
    };
    char text[ADDRESS_MOST + 1], exact[256];
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        address_show(cases[i][0], text);
        assert_string_equal(text, cases[i][1]);
        assert_true(strlen(text) < strlen(cases[i][0]) + 8);
        source_show(cases[i][0], exact);
        assert_string_equal(exact, cases[i][1]);
    }
    source_show("files:a@b?c", exact); /* a file's name is no address */
    assert_string_equal(exact, "files:a@b?c");
}

static void faults(void **state) {
    static const char *const good[] = {"http://cam", "https://cam/x?y", "mjpeg:http://u:p@cam:80/", "http://[::1]:80/"};
    static const char *const bad[] = {"http:",
                                      "http:cam",
                                      "https:///x",
                                      "mjpeg:",
                                      "mjpeg:rtsp://cam",
                                      "mjpeg:mjpeg:http://cam",
                                      "http://cam/a b",
                                      "http://ca\tm",
                                      "http://:80/",
                                      "file:///etc/passwd"};
    char line[ADDRESS_MOST + 20] = "http://";
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) assert_null(address_fault(good[i]));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) assert_non_null(address_fault(bad[i]));
    memset(line + 7, 'a', ADDRESS_MOST - 7);
    assert_null(address_fault(line));
    line[ADDRESS_MOST] = 'a';
    assert_non_null(address_fault(line));
}

/* Another scheme is none, and RTSP's line tells the way by ffmpeg. */
static void others(void **state) {
    char why[SOURCE_WHY];
    (void)state;
    for (int i = 0; i < 3; i++) {
        static const char *const uris[] = {"file:///etc/passwd", "ftp://u:secret@cam/", "rtsp://u:secret@cam/"};
        listen();
        assert_int_equal(source_check(uris[i], NULL), OCELLI_ERR_USAGE);
        assert_int_equal(heard.lines, 1);
        assert_null(strstr(heard.text, "secret"));
        assert_int_equal(strstr(heard.text, "ffmpeg -i") != NULL, i == 2);
        source_unknown(uris[i], why);
        assert_non_null(strstr(heard.text, why));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(shown), cmocka_unit_test(faults), cmocka_unit_test(others)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
