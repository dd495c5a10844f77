/* SPDX-License-Identifier: Apache-2.0
 * The password of the web page, kept as its scrypt hash (RFC 7914), by libcrypto. */
#ifndef SERVE_PASSWORD_H
#define SERVE_PASSWORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes of a password. LINE: of the file's one line, with its end. */
enum { PASSWORD_LEAST = 8, PASSWORD_MOST = 256, PASSWORD_SALT = 16, PASSWORD_HASH = 32, PASSWORD_LINE = 160 };

struct password {
    unsigned log_n, r, p; /* the cost: N = 2^log_n */
    uint8_t salt[PASSWORD_SALT], hash[PASSWORD_HASH];
};

/* With a new salt and today's cost (16 MiB; a few tenths of a second on a small board).
 * Errors: LIMIT (too short or too long), DEVICE (no random numbers), MEMORY. */
int password_make(struct password *password, const char *text, size_t size);
/* Is this the one? Takes the same time for any text. */
bool password_is(const struct password *password, const char *text, size_t size);

void password_write(const struct password *password, char line[PASSWORD_LINE]);
/* false: not such a line. */
bool password_parse(struct password *password, const char *line, size_t size);

/* Errors: FILE (cannot be read, others may read or change it, is no such file). */
int password_read(struct password *password, const char *path);

#endif
