/* SPDX-License-Identifier: Apache-2.0
 * runtime/serve/web_certificate.c, web_certificate_own.c and web_certificate_make.c. */
#include "serve/web_certificate.h"
#include "base/file.h"
#define listen heard_listen /* sys/socket.h has another */
#include "support/heard.h"
#undef listen
#include "support/test.h"

#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { DAY_S = 86400 };

static const struct web_names board = {.own = "board", .given = " cam.example 10.1.2.3  bad,DNS:evil.example "};
static char folder[64], path[96];

static int make_folder(void **state) {
    (void)state;
    strcpy(folder, "/tmp/ocelli-certificate-XXXXXX");
    if (!mkdtemp(folder)) return -1;
    snprintf(path, sizeof path, "%s/web.pem", folder);
    heard_listen();
    return 0;
}

static int remove_folder(void **state) {
    (void)state;
    unlink(path);
    return rmdir(folder);
}

static X509 *parse(const char *text) {
    BIO *from = BIO_new_mem_buf(text, -1);
    X509 *x = PEM_read_bio_X509(from, NULL, NULL, (void *)"");
    BIO_free(from);
    assert_non_null(x);
    return x;
}

static void put(const char *text) {
    unlink(path);
    assert_int_equal(file_save(path, text, strlen(text)), OCELLI_OK);
    assert_int_equal(chmod(path, 0600), 0);
}

static void put_of(const struct web_names *names, time_t now) {
    char *text = web_certificate_make(names, now);
    assert_non_null(text);
    put(text);
    free(text);
}

/* The fingerprint of what the board has now. */
static void open_own(const struct web_names *names, char fingerprint[WEB_FINGERPRINT]) {
    char *certificate, *key;
    heard.lines = 0;
    assert_int_equal(web_certificate_own(folder, names, &certificate, &key), OCELLI_OK);
    web_certificate_fingerprint(certificate, fingerprint);
    assert_int_equal(strlen(fingerprint), WEB_FINGERPRINT - 1);
    web_certificate_free(&certificate, &key);
    assert_null(key);
}

static void is_refused(const char *why) {
    char *certificate, *key;
    heard.lines = 0;
    assert_int_equal(web_certificate_own(folder, &board, &certificate, &key), OCELLI_ERR_FILE);
    assert_int_equal(heard.lines, 1);
    if (!strstr(heard.text, why)) fail_msg("\"%s\" is not \"%s\"", heard.text, why);
    assert_null(certificate);
    assert_null(key);
}

/* ---- what is made ---- */

static void made(void **state) {
    (void)state;
    struct stat st;
    int days, seconds;
    time_t soon = time(NULL) - DAY_S / 2;
    char first[WEB_FINGERPRINT], second[WEB_FINGERPRINT], *certificate, *key;
    open_own(&board, first);
    open_own(&board, second);
    assert_string_equal(first, second);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    assert_int_equal(web_certificate_read(path, path, &certificate, &key), OCELLI_OK);
    X509 *x = parse(certificate);
    static const char *const names[] = {"localhost", "board", "board.local", "cam.example"};
    for (size_t i = 0; i < 4; i++) assert_int_equal(X509_check_host(x, names[i], 0, 0, NULL), 1);
    assert_int_equal(X509_check_host(x, "evil.example", 0, 0, NULL), 0);
    static const char *const addresses[] = {"127.0.0.1", "::1", "10.1.2.3"};
    for (size_t i = 0; i < 3; i++) assert_int_equal(X509_check_ip_asc(x, addresses[i], 0), 1);
    assert_int_equal(EVP_PKEY_get_bits(X509_get0_pubkey(x)), 256);
    assert_int_equal(X509_check_ca(x), 0);
    assert_int_equal(X509_verify(x, X509_get0_pubkey(x)), 1);
    assert_true(X509_cmp_time(X509_get0_notBefore(x), &soon) < 0);
    assert_true(ASN1_TIME_diff(&days, &seconds, X509_get0_notBefore(x), X509_get0_notAfter(x)));
    assert_true(days >= 700 && days < 825);
    X509_free(x);
    web_certificate_free(&certificate, &key);
}

/* Each of them is another one afterwards. */
static void made_anew(void **state) {
    (void)state;
    const time_t now = time(NULL);
    const struct web_names renamed = {.own = "board", .given = "new.example"};
    const time_t begins[] = {0, now - 2000 * DAY_S, now - 800 * DAY_S, now + 10 * DAY_S};
    char text[WEB_FINGERPRINT], before[WEB_FINGERPRINT];
    for (size_t i = 0; i < sizeof begins / sizeof *begins; i++) {
        put_of(&board, begins[i]);
        open_own(&board, before);
        char *certificate, *key;
        assert_int_equal(web_certificate_read(path, path, &certificate, &key), OCELLI_OK);
        X509 *x = parse(certificate);
        assert_true(X509_cmp_time(X509_get0_notAfter(x), &(time_t){now + 800 * DAY_S}) > 0);
        assert_true(X509_cmp_time(X509_get0_notBefore(x), &(time_t){now}) < 0);
        X509_free(x);
        web_certificate_free(&certificate, &key);
    }
    open_own(&board, text);
    assert_string_equal(text, before);
    open_own(&renamed, text);
    assert_string_not_equal(text, before);
    assert_non_null(strstr(heard.text, "new name"));
}

/* ---- what is refused, a line each ---- */

static void refused(void **state) {
    (void)state;
    char text[WEB_FINGERPRINT];
    put("none");
    is_refused("no certificate in PEM: remove this file, and the next start makes another");
    unlink(path);
    open_own(&board, text);
    chmod(path, 0644);
    is_refused("chmod 600");
    chmod(path, 0600);
    char *one = web_certificate_make(&board, time(NULL)), *other = web_certificate_make(&board, time(NULL));
    assert_true(one && other);
    *strstr(one, "-----BEGIN CERTIFICATE") = 0;
    char *pair = malloc(strlen(one) + strlen(other) + 1);
    strcpy(pair, one);
    strcat(pair, strstr(other, "-----BEGIN CERTIFICATE"));
    put(pair);
    is_refused("web.pem: remove this file");
    put(strstr(other, "-----BEGIN CERTIFICATE"));
    is_refused("no private key in PEM without a password: remove this file");
    free(pair), free(one), free(other);
    unlink(path);
    assert_int_equal(mkdir(path, 0700), 0);
    is_refused(path);
    rmdir(path);
    strcat(folder, "/none/none");
    is_refused("cannot make this folder");
    folder[strlen(folder) - strlen("/none/none")] = 0;
}

static void given(void **state) {
    (void)state;
    char *certificate, *key;
    assert_int_equal(web_certificate_read(path, path, &certificate, &key), OCELLI_ERR_FILE);
    assert_int_equal(heard.lines, 1);
    const struct {
        time_t now;
        const char *told;
    } times[] = {{time(NULL) - 2000 * DAY_S, "has expired"}, {time(NULL) + 10 * DAY_S, "not valid yet"}};
    for (size_t i = 0; i < 2; i++) {
        put_of(&board, times[i].now);
        heard.lines = 0;
        assert_int_equal(web_certificate_read(path, path, &certificate, &key), OCELLI_OK); /* the rest goes on */
        assert_int_equal(heard.lines, 1);
        assert_non_null(strstr(heard.text, times[i].told));
        web_certificate_free(&certificate, &key);
    }
    web_certificate_fingerprint("none", (char[WEB_FINGERPRINT]){0});
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test_setup_teardown(made, make_folder, remove_folder),
                                       cmocka_unit_test_setup_teardown(made_anew, make_folder, remove_folder),
                                       cmocka_unit_test_setup_teardown(refused, make_folder, remove_folder),
                                       cmocka_unit_test_setup_teardown(given, make_folder, remove_folder)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
