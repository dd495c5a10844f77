/* SPDX-License-Identifier: Apache-2.0
 * A certificate for HTTPS and its key, as texts and files in PEM. */
#ifndef SERVE_WEB_CERTIFICATE_H
#define SERVE_WEB_CERTIFICATE_H

#include "serve/web_head.h"

#include <time.h>

enum { WEB_FINGERPRINT = 32 * 3 };

/* Reads both, which may stand in one file, the key first. Warns of a certificate that is over or not begun.
 * web_certificate_free() both texts; NULL on error. Errors: FILE (no PEM, key and certificate are not of each other,
 * others may read the key), LIMIT, MEMORY. */
int web_certificate_read(const char *certificate_path, const char *key_path, char **certificate, char **key);

/* Its two steps. */
int web_certificate_load(const char *certificate_path, const char *key_path, char **certificate, char **key);
int web_certificate_check(const char *certificate, const char *key, const char *certificate_path, const char *key_path);

/* The board's own one, `folder`/web.pem, which has mode 600: the certificate and its key in one file, so that a cut
 * leaves no half of a pair. Makes it and the folder when they are not there, and makes it anew 30 days before its end
 * and when `names` has one that it does not hold for. Else as web_certificate_read(); also FILE (no place to write). */
int web_certificate_own(const char *folder, const struct web_names *names, char **certificate, char **key);

/* A new key and its certificate. It begins a day before `now` and lasts 824 days. It holds for the names, and for the
 * addresses that this machine has now. free() the text, after explicit_bzero(); NULL: MEMORY, as logged. */
char *web_certificate_make(const struct web_names *names, time_t now);

/* "AB:CD:...": the SHA-256 of the certificate in `text`, as browsers show it. "": there is none. */
void web_certificate_fingerprint(const char *text, char fingerprint[WEB_FINGERPRINT]);

/* The first certificate in a text of PEM; X509_free() it. NULL: there is none; clear libcrypto's errors then. */
struct x509_st *web_certificate_parse(const char *text);

/* Forgets and frees both, and sets them to NULL. */
void web_certificate_free(char **certificate, char **key);

/* Calls take() with localhost, the machine's name, that with .local, and each given name; passes over what is no name
 * of a host. Ends when it gives false, and gives that. */
bool web_names_each(const struct web_names *names, bool (*take)(void *user, const char *name), void *user);

#endif
