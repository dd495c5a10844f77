/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/password.h"
#include "base/file.h"
#include "base/log.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

/* OWASP's smallest memory of equal strength is 8 MiB; this is the next. A file may ask for up to 64 MiB. */
enum { LOG_N = 14, R = 8, P = 5, LOG_N_MOST = 16, P_MOST = 16 };

static bool derive(const struct password *w, const char *text, size_t size, uint8_t hash[PASSWORD_HASH]) {
    return EVP_PBE_scrypt(text, size, w->salt, sizeof w->salt, (uint64_t)1 << w->log_n, w->r, w->p, (uint64_t)96 << 20,
                          hash, PASSWORD_HASH) == 1;
}

int password_make(struct password *password, const char *text, size_t size) {
    *password = (struct password){.log_n = LOG_N, .r = R, .p = P};
    if (size < PASSWORD_LEAST || size > PASSWORD_MOST)
        return log_fail(OCELLI_ERR_LIMIT, "a password has %d to %d bytes", PASSWORD_LEAST, PASSWORD_MOST);
    if (getrandom(password->salt, sizeof password->salt, 0) != sizeof password->salt)
        return log_fail(OCELLI_ERR_DEVICE, "no random numbers");
    if (!derive(password, text, size, password->hash)) return log_fail(OCELLI_ERR_MEMORY, "no memory for scrypt");
    return OCELLI_OK;
}

bool password_is(const struct password *password, const char *text, size_t size) {
    uint8_t hash[PASSWORD_HASH];
    bool same = size <= PASSWORD_MOST && derive(password, text, size, hash) &&
                !CRYPTO_memcmp(hash, password->hash, sizeof hash);
    explicit_bzero(hash, sizeof hash);
    return same;
}

/* ---- the file ---- */

static void put_hex(char *to, const uint8_t *bytes, size_t size) {
    for (size_t i = 0; i < size; i++) snprintf(to + 2 * i, 3, "%02x", bytes[i]);
}

void password_write(const struct password *password, char line[PASSWORD_LINE]) {
    char salt[2 * PASSWORD_SALT + 1], hash[2 * PASSWORD_HASH + 1];
    put_hex(salt, password->salt, PASSWORD_SALT);
    put_hex(hash, password->hash, PASSWORD_HASH);
    snprintf(line, PASSWORD_LINE, "scrypt %u %u %u %s %s\n", password->log_n, password->r, password->p, salt, hash);
}

static int digit(char c) {
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool take_hex(uint8_t *to, size_t size, const char *hex) {
    for (size_t i = 0; i < size; i++) {
        int high = digit(hex[2 * i]), low = high < 0 ? -1 : digit(hex[2 * i + 1]);
        if (low < 0) return false;
        to[i] = (uint8_t)(high << 4 | low);
    }
    return !hex[2 * size];
}

bool password_parse(struct password *password, const char *line, size_t size) {
    char text[PASSWORD_LINE + 1], salt[2 * PASSWORD_SALT + 1], hash[2 * PASSWORD_HASH + 1], more;
    *password = (struct password){.log_n = 0};
    if (size > PASSWORD_LINE || memchr(line, 0, size)) return false;
    memcpy(text, line, size);
    text[size] = 0;
    if (sscanf(text, "scrypt %2u %2u %2u %32[0-9a-f] %64[0-9a-f] %c", &password->log_n, &password->r, &password->p,
               salt, hash, &more) != 5)
        return false;
    bool cost = password->log_n >= 10 && password->log_n <= LOG_N_MOST && password->r == R && password->p >= 1 &&
                password->p <= P_MOST;
    return cost && take_hex(password->salt, PASSWORD_SALT, salt) && take_hex(password->hash, PASSWORD_HASH, hash);
}

int password_read(struct password *password, const char *path) {
    char bytes[PASSWORD_LINE + 1];
    int fd, status = file_open_private(&fd, path, "the password");
    if (status) return status;
    ssize_t size = read(fd, bytes, sizeof bytes);
    close(fd);
    if (size > 0 && password_parse(password, bytes, (size_t)size)) return OCELLI_OK;
    return log_fail(OCELLI_ERR_FILE, "%s: no password of ocelli: make one with ocelli password %s", path, path);
}
