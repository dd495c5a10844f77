/* SPDX-License-Identifier: Apache-2.0
 * The board's own certificate, kept in a folder from its first start on, and made anew when it no longer fits. */
#include "base/file.h"
#include "base/log.h"
#include "serve/web_certificate.h"

#include <arpa/inet.h>
#include <errno.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

/* CLOCK_LEAST: a clock before 2026 was not set. A board without a battery begins in 1970, or where it ended: its
 * certificate has to hold once the network has told the time. LEFT_S: it is made anew so long before its end. */
enum { CLOCK_LEAST = 1767225600, LEFT_S = 30 * 86400 };

#define NAME "web.pem"

/* ---- names ---- */

static bool is_name(const char *text) {
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
    return *text && strlen(text) < WEB_NAME && !text[strspn(text, letters)];
}

static bool each_own(const char *own, bool (*take)(void *user, const char *name), void *user) {
    char local[WEB_NAME + 8];
    if (!is_name(own) || !strcasecmp(own, "localhost")) return true;
    snprintf(local, sizeof local, "%s.local", own);
    return take(user, own) && take(user, local);
}

bool web_names_each(const struct web_names *names, bool (*take)(void *user, const char *name), void *user) {
    char name[WEB_NAME];
    bool good = take(user, "localhost") && each_own(names->own, take, user);
    for (const char *at = names->given; good && at && *(at += strspn(at, " \t"));) {
        size_t size = strcspn(at, " \t");
        snprintf(name, sizeof name, "%.*s", (int)size, at);
        if (size < sizeof name && is_name(name)) good = take(user, name);
        at += size;
    }
    return good;
}

static bool holds_for(void *user, const char *name) {
    struct in_addr v4;
    bool address = inet_pton(AF_INET, name, &v4) == 1;
    return (address ? X509_check_ip_asc(user, name, 0) : X509_check_host(user, name, 0, 0, NULL)) == 1;
}

/* ---- the kept one ---- */

/* Why there has to be another; NULL: it fits. */
static const char *why_not(X509 *x, const struct web_names *names, time_t now) {
    time_t soon = now + LEFT_S;
    if (X509_cmp_time(X509_get0_notBefore(x), &now) > 0) return "the kept one begins in the future";
    if (X509_cmp_time(X509_get0_notAfter(x), &soon) < 0) return "the kept one is at its end";
    if (!web_names_each(names, holds_for, x)) return "the board has a new name";
    return NULL;
}

static const char *look(const char *text, const struct web_names *names, time_t now) {
    X509 *x = web_certificate_parse(text);
    const char *why = x ? why_not(x, names, now) : NULL;
    X509_free(x);
    ERR_clear_error();
    return why;
}

/* Private before a byte of the key is in it. */
static int save(const char *path, const char *text) {
    struct file_writer writer;
    int status = file_writer_open(&writer, path);
    if (!status && fchmod(writer.fd, 0600)) status = log_fail(OCELLI_ERR_FILE, "%s: %s", path, strerror(errno));
    if (!status) status = file_writer_write(&writer, text, strlen(text));
    if (!status) status = file_writer_commit(&writer);
    file_writer_close(&writer);
    return status;
}

static int make(const char *path, const struct web_names *names, time_t now, const char *why) {
    char *text = web_certificate_make(names, now);
    if (!text) return OCELLI_ERR_MEMORY;
    int status = save(path, text);
    explicit_bzero(text, strlen(text));
    free(text);
    if (!status) log_info("web: a certificate was made, as %s: %s", why, path);
    return status;
}

/* A damaged file of ours has a remedy that a given one has not. */
static int read_own(const char *path, char **certificate, char **key) {
    char why[LOG_LINE];
    int status = web_certificate_load(path, path, certificate, key);
    if (status) return status;
    log_hold(why, sizeof why);
    status = web_certificate_check(*certificate, *key, path, path);
    log_release();
    if (!status) return OCELLI_OK;
    web_certificate_free(certificate, key);
    return log_fail(status, "%s: remove this file, and the next start makes another", why);
}

int web_certificate_own(const char *folder, const struct web_names *names, char **certificate, char **key) {
    char path[4096];
    struct stat st;
    time_t now = time(NULL);
    if (now < CLOCK_LEAST) now = CLOCK_LEAST;
    *certificate = *key = NULL;
    if (snprintf(path, sizeof path, "%s/" NAME, folder) >= (int)sizeof path)
        return log_fail(OCELLI_ERR_FILE, "%s: too long a name for a folder", folder);
    int status = file_make_folder(folder);
    if (!status && stat(path, &st) && errno == ENOENT) status = make(path, names, now, "there was none");
    if (!status) status = read_own(path, certificate, key);
    const char *why = status ? NULL : look(*certificate, names, now);
    if (!why) return status;
    web_certificate_free(certificate, key);
    status = make(path, names, now, why);
    return status ? status : web_certificate_read(path, path, certificate, key);
}
