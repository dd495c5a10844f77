/* SPDX-License-Identifier: Apache-2.0
 * Keys of DTLS: a line IDENTITY:KEY each, KEY in hexadecimal. */
#ifndef SERVE_PSK_H
#define SERVE_PSK_H

#include "base/arena.h"

#include <stdint.h>

enum { PSK_KEYS = 256, PSK_LEAST = 16, PSK_MOST = 64, PSK_IDENTITY = 64 };

struct psk_key {
    const char *identity;
    uint8_t key[PSK_MOST];
    size_t size;
};

struct psk {
    struct arena arena;
    struct psk_key *keys; /* (count), at least one */
    size_t count;
};

/* Errors: FILE (missing; others than its owner may read or write it; a line that is not the format), LIMIT, MEMORY;
 * *psk is then empty. Free with psk_finish(). */
int psk_read(struct psk *psk, const char *path);
/* NULL: none. */
const struct psk_key *psk_find(const struct psk *psk, const void *identity, size_t size);
void psk_finish(struct psk *psk);

#endif
