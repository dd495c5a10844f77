/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/coap_uploads.h"

#include <stdlib.h>
#include <string.h>

enum { LEAST = 16384 /* bytes of the first room */ };

static void drop(struct upload *u) {
    free(u->bytes);
    *u = (struct upload){.ms = 0};
}

static bool taken(const struct upload *u) {
    return u->ms > 0;
}

static struct upload *find(const struct uploads *uploads, const struct upload_block *block) {
    for (const struct upload *u = uploads->all; u < uploads->all + UPLOADS; u++)
        if (taken(u) && u->key == block->key && u->of.port == block->of.port &&
            !memcmp(u->of.ip, block->of.ip, sizeof u->of.ip))
            return (struct upload *)(uintptr_t)u;
    return NULL;
}

bool uploads_follows(const struct uploads *uploads, const struct upload_block *block) {
    const struct upload *u = find(uploads, block);
    return u && block->offset && block->offset <= u->size;
}

/* One that was answered goes first. NULL: none is free, or the address has its share. */
static struct upload *find_place(struct uploads *uploads, const struct serve_address *of) {
    struct upload *place = NULL;
    size_t its = 0;
    for (struct upload *u = uploads->all; u < uploads->all + UPLOADS; u++) {
        its += taken(u) && !u->answered && !memcmp(u->of.ip, of->ip, sizeof of->ip);
        if (!taken(u) || (u->answered && (!place || (taken(place) && u->ms < place->ms)))) place = u;
    }
    if (its >= UPLOADS_EACH && !serve_address_loopback(of)) return NULL;
    if (place) drop(place);
    return place;
}

/* Those that were answered make room. */
static bool may_have(struct uploads *uploads, const struct upload *of, size_t capacity) {
    size_t sum = capacity;
    for (const struct upload *u = uploads->all; u < uploads->all + UPLOADS; u++)
        if (u != of) sum += u->capacity;
    for (struct upload *u = uploads->all; u < uploads->all + UPLOADS && sum > UPLOADS_ALL; u++)
        if (u != of && u->answered) sum -= u->capacity, drop(u);
    return sum <= UPLOADS_ALL;
}

static bool reserve(struct uploads *uploads, struct upload *u, size_t size, size_t most) {
    if (size <= u->capacity) return true;
    size_t capacity = u->capacity ? 2 * u->capacity : LEAST;
    while (capacity < size) capacity *= 2;
    if (capacity > most) capacity = most;
    uint8_t *grown = may_have(uploads, u, capacity) ? realloc(u->bytes, capacity) : NULL;
    if (!grown) return false;
    u->bytes = grown, u->capacity = capacity;
    return true;
}

static bool has_already(const struct upload *u, const struct upload_block *b) {
    return b->offset + b->size <= u->size && !memcmp(u->bytes + b->offset, b->bytes, b->size);
}

enum upload_end uploads_put(struct uploads *uploads, const struct upload_block *block, double now_ms,
                            struct upload **upload) {
    struct upload *u = find(uploads, block);
    if (block->total > block->most || block->size > block->most || block->offset > block->most - block->size) {
        if (u) drop(u);
        return UPLOAD_LONG;
    }
    if (block->offset > (u ? u->size : 0)) return UPLOAD_GAP;
    if (!u && !(u = find_place(uploads, &block->of))) return UPLOAD_BUSY;
    u->of = block->of, u->key = block->key, u->ms = now_ms;
    size_t end = block->offset + block->size;
    if (block->size && !has_already(u, block)) {
        if (!reserve(uploads, u, end, block->most)) {
            drop(u);
            return UPLOAD_BUSY;
        }
        memcpy(u->bytes + block->offset, block->bytes, block->size);
        u->size = end, u->whole = u->answered = false;
    }
    if (block->more) return UPLOAD_MORE;
    u->size = end, u->whole = true;
    *upload = u;
    return UPLOAD_WHOLE;
}

void uploads_sweep(struct uploads *uploads, double now_ms) {
    for (struct upload *u = uploads->all; u < uploads->all + UPLOADS; u++)
        if (taken(u) && now_ms - u->ms > UPLOADS_MS) drop(u);
}

void uploads_finish(struct uploads *uploads) {
    for (struct upload *u = uploads->all; u < uploads->all + UPLOADS; u++) drop(u);
}
