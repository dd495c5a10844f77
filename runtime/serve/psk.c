/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/psk.h"
#include "base/file.h"
#include "base/log.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int digit(char c) {
    const char *digits = "0123456789abcdef", *at = c ? strchr(digits, c >= 'A' && c <= 'F' ? c + 32 : c) : NULL;
    return at ? (int)(at - digits) : -1;
}

/* The key in hexadecimal; 0: none, or not of a length that is taken. */
static size_t take_key(const char *hex, uint8_t key[PSK_MOST]) {
    size_t digits = strlen(hex);
    if (digits % 2 || digits < 2 * PSK_LEAST || digits > 2 * PSK_MOST) return 0;
    for (size_t i = 0; i < digits; i += 2) {
        int high = digit(hex[i]), low = digit(hex[i + 1]);
        if (high < 0 || low < 0) return 0;
        key[i / 2] = (uint8_t)(high << 4 | low);
    }
    return digits / 2;
}

/* The line's text never comes into a message: it may be a key. */
static int take_line(struct psk *psk, const char *path, size_t number, char *line) {
    line[strcspn(line, "\r\n")] = 0;
    if (!line[0] || line[0] == '#') return OCELLI_OK;
    char *colon = strrchr(line, ':');
    size_t length = colon ? (size_t)(colon - line) : 0;
    if (length == 0 || length > PSK_IDENTITY)
        return log_fail(OCELLI_ERR_FILE, "%s:%zu: write IDENTITY:KEY, the identity at most %d bytes", path, number,
                        PSK_IDENTITY);
    if (psk_find(psk, line, length))
        return log_fail(OCELLI_ERR_FILE, "%s:%zu: this identity again: remove one", path, number);
    if (psk->count == PSK_KEYS) return log_fail(OCELLI_ERR_LIMIT, "%s:%zu: more than %d keys", path, number, PSK_KEYS);
    struct psk_key *k = &psk->keys[psk->count];
    k->size = take_key(colon + 1, k->key);
    if (!k->size)
        return log_fail(OCELLI_ERR_FILE, "%s:%zu: a key is %d to %d hexadecimal digits", path, number, 2 * PSK_LEAST,
                        2 * PSK_MOST);
    k->identity = arena_copy(&psk->arena, line, length);
    if (!k->identity) return log_fail(OCELLI_ERR_MEMORY, "%s: out of memory", path);
    psk->count++;
    return OCELLI_OK;
}

static int read_lines(struct psk *p, const char *path, FILE *f) {
    char line[PSK_IDENTITY + 2 * PSK_MOST + 8];
    int status = OCELLI_OK;
    for (size_t number = 1; !status && fgets(line, sizeof line, f); number++) {
        if (!strchr(line, '\n') && !feof(f))
            status = log_fail(OCELLI_ERR_FILE, "%s:%zu: too long for IDENTITY:KEY", path, number);
        if (!status) status = take_line(p, path, number, line);
    }
    explicit_bzero(line, sizeof line);
    if (!status && ferror(f)) status = log_fail(OCELLI_ERR_FILE, "%s: %s", path, strerror(errno));
    if (!status && !p->count) status = log_fail(OCELLI_ERR_FILE, "%s: no key: write a line IDENTITY:KEY", path);
    return status;
}

int psk_read(struct psk *psk, const char *path) {
    int fd;
    *psk = (struct psk){.count = 0};
    int status = file_open_private(&fd, path, "the keys");
    if (status) return status;
    FILE *f = fdopen(fd, "r");
    psk->keys = f ? arena_alloc(&psk->arena, PSK_KEYS, sizeof *psk->keys) : NULL;
    status = psk->keys ? read_lines(psk, path, f) : log_fail(OCELLI_ERR_MEMORY, "%s: out of memory", path);
    if (f)
        fclose(f);
    else
        close(fd);
    if (status) psk_finish(psk);
    return status;
}

const struct psk_key *psk_find(const struct psk *psk, const void *identity, size_t size) {
    for (size_t i = 0; i < psk->count; i++)
        if (strlen(psk->keys[i].identity) == size && !memcmp(psk->keys[i].identity, identity, size))
            return &psk->keys[i];
    return NULL;
}

void psk_finish(struct psk *psk) {
    if (psk->keys) explicit_bzero(psk->keys, PSK_KEYS * sizeof *psk->keys);
    arena_finish(&psk->arena);
    *psk = (struct psk){.count = 0};
}
