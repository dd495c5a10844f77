/* SPDX-License-Identifier: Apache-2.0
 * Bodies that come in blocks (RFC 7959 section 2.5): libcoap hands over each block, and here they are put together, as
 * it would keep bodies of any size from anybody. One that is left alone is dropped; one that is whole stays a while, as
 * its last block may come again. */
#ifndef SERVE_COAP_UPLOADS_H
#define SERVE_COAP_UPLOADS_H

#include "serve/access.h"

/* EACH: of one address (not of loopback). ALL: bytes. MS: since the last block. */
enum { UPLOADS = 8, UPLOADS_EACH = 2, UPLOADS_ALL = 16 << 20, UPLOADS_MS = 30000 };

struct upload {
    struct serve_address of;
    uint64_t key;
    uint8_t *bytes; /* (size), with room for `capacity` */
    size_t size, capacity;
    double ms; /* of the last block; 0: free */
    bool whole;
    bool answered; /* its place may be given away */
};

/* Zero is empty. */
struct uploads {
    struct upload all[UPLOADS];
};

struct upload_block {
    struct serve_address of;
    uint64_t key; /* of the body, which tells it from others of this address */
    size_t offset, size;
    const uint8_t *bytes;
    bool more;
    size_t total; /* as announced; 0: not */
    size_t most;  /* bytes that the body may have */
};

enum upload_end {
    UPLOAD_MORE,  /* the next block, please */
    UPLOAD_WHOLE, /* *upload is it, until the next call */
    UPLOAD_GAP,   /* a block before this one is missing: begin again */
    UPLOAD_LONG,  /* over `most`: it is dropped */
    UPLOAD_BUSY,  /* no room: others send */
};

/* Takes a block. One that comes again changes nothing. */
enum upload_end uploads_put(struct uploads *uploads, const struct upload_block *block, double now_ms,
                            struct upload **upload);

/* Does this block go on with a body that is there? */
bool uploads_follows(const struct uploads *uploads, const struct upload_block *block);

/* Drops those that were left alone. */
void uploads_sweep(struct uploads *uploads, double now_ms);

void uploads_finish(struct uploads *uploads);

#endif
