/* SPDX-License-Identifier: Apache-2.0 */
#include "ssh_key.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

static const char *const types[] = {"ssh-ed25519",
                                    "ssh-rsa",
                                    "ecdsa-sha2-nistp256",
                                    "ecdsa-sha2-nistp384",
                                    "ecdsa-sha2-nistp521",
                                    "sk-ssh-ed25519@openssh.com",
                                    "sk-ecdsa-sha2-nistp256@openssh.com"};

/* The type stands at the line's begin, or behind options and a blank that is not in quotes. NULL: there is none.
 */
static const char *find_type(const char *line, size_t *length) {
    bool quoted = false;
    for (const char *at = line; *at; at++) {
        if (*at == '"' && (at == line || at[-1] != '\\')) quoted = !quoted;
        if (quoted || (at != line && at[-1] != ' ')) continue;
        for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
            *length = strlen(types[i]);
            if (!strncmp(at, types[i], *length) && at[*length] == ' ') return at;
        }
    }
    return NULL;
}

static int digit(char c) {
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *at = c ? strchr(digits, c) : NULL;
    return at ? (int)(at - digits) : -1;
}

/* base64 of `length` letters; gives the bytes that it has, and the first `capacity` of them; 0: it is none. */
static size_t decode(const char *text, size_t length, uint8_t *out, size_t capacity) {
    size_t used = 0;
    uint32_t bits = 0;
    int have = 0;
    while (length && text[length - 1] == '=') length--;
    for (size_t i = 0; i < length; i++) {
        int d = digit(text[i]);
        if (d < 0) return 0;
        bits = bits << 6 | (uint32_t)d, have += 6;
        if (have < 8) continue;
        have -= 8;
        if (used < capacity) out[used] = (uint8_t)(bits >> have);
        used++;
    }
    return used;
}

/* RFC 4253, 6.6: the bytes begin with the type's name, its length before it as 32 bits. */
static bool same_type(const uint8_t *bytes, size_t size, const char *type, size_t length) {
    return size > 4 + length && !bytes[0] && !bytes[1] && !bytes[2] && bytes[3] == length &&
           !memcmp(bytes + 4, type, length);
}

/* RFC 4251, 5: a key is fields, each behind its length as 32 bits. One whose end was lost has half a field. */
static bool is_whole(const uint8_t *bytes, size_t size) {
    size_t at = 0;
    while (size - at >= 4) {
        const uint8_t *b = bytes + at;
        size_t field = (size_t)b[0] << 24 | (size_t)b[1] << 16 | (size_t)b[2] << 8 | b[3];
        at += 4;
        if (field > size - at) return false;
        at += field;
    }
    return at == size;
}

const char *ssh_key_fault(const char *line) {
    uint8_t bytes[4096] = {0}; /* RSA with 16384 bits takes 2100 */
    size_t length = 0;
    if (strstr(line, "PRIVATE KEY"))
        return "is a private key, which must never leave your computer: write the line of the file that ends with .pub";
    const char *type = find_type(line, &length);
    if (!type)
        return "is not a public key: write the one line of a file as id_ed25519.pub, \"ssh-ed25519 AAAA... name\"; no "
               "key is taken from this line";
    const char *data = type + length;
    data += strspn(data, " ");
    size_t size = decode(data, strcspn(data, " "), bytes, sizeof bytes);
    if (size < 4 + length + 4 + 32 || size > sizeof bytes || !same_type(bytes, size, type, length) ||
        !is_whole(bytes, size))
        return "is damaged: copy the whole line of the .pub file, on one line here; no key is taken from this line";
    return NULL;
}
