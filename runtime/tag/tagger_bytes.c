/* SPDX-License-Identifier: Apache-2.0
 * What was learnt of all tags: MAGIC, u32 version, u32 count; for each 32 bytes that name the background and
 * CALIBRATE_BYTES of it; SHA-256 of all before. Little-endian. */
#include "base/log.h"
#include "base/span.h"
#include "tag/tagger_set.h"

#include <stdlib.h>
#include <string.h>

enum { VERSION = 1, HEAD = 16, ENTRY = SHA256_SIZE + CALIBRATE_BYTES };
static const char magic[8] = "ocelBACK";

int tagger_save(const struct tagger *t, uint8_t **bytes, size_t *size) {
    size_t body = HEAD + t->count * ENTRY;
    *size = 0;
    *bytes = calloc(1, body + SHA256_SIZE);
    if (!*bytes) return log_fail(OCELLI_ERR_MEMORY, "out of memory to save what %zu tags have learnt", t->count);
    memcpy(*bytes, magic, sizeof magic);
    (*bytes)[8] = VERSION;
    for (int i = 0; i < 4; i++) (*bytes)[12 + i] = (uint8_t)(t->count >> (8 * i));
    for (size_t i = 0; i < t->count; i++) {
        uint8_t *entry = *bytes + HEAD + i * ENTRY;
        memcpy(entry, t->items[i].background, SHA256_SIZE);
        calibrate_save(t->items[i].calibrate, entry + SHA256_SIZE);
    }
    sha256(*bytes, body, *bytes + body);
    *size = body + SHA256_SIZE;
    return OCELLI_OK;
}

static int broken(const char *name, const char *what) {
    return log_fail(OCELLI_ERR_FILE, "%s: %s: remove it, and the tags learn anew", name, what);
}

/* Leaves the span at the first entry. */
static int check(struct span *in, const char *name, uint32_t *count) {
    uint8_t digest[SHA256_SIZE];
    uint32_t version;
    const uint8_t *start = span_bytes(in, sizeof magic);
    if (!start || memcmp(start, magic, sizeof magic) || !span_u32(in, &version) || !span_u32(in, count))
        return broken(name, "not what tags have learnt");
    if (version != VERSION) return broken(name, "learnt by another version of ocelli");
    if (span_left(in) != (uint64_t)*count * ENTRY + SHA256_SIZE) return broken(name, "cut short");
    sha256(in->data, in->size - SHA256_SIZE, digest);
    if (memcmp(digest, in->data + in->size - SHA256_SIZE, SHA256_SIZE)) return broken(name, "damaged");
    return OCELLI_OK;
}

/* Every entry is read, also that of no tag, before the first is taken: a set has all of it or nothing. */
static bool read_entry(struct tagger *t, struct span *in, struct calibrate *c, struct tagger_item **item) {
    const uint8_t *background = span_bytes(in, SHA256_SIZE);
    *item = NULL;
    if (!background || !calibrate_restore(c, in)) return false;
    for (size_t i = 0; i < t->count; i++)
        if (!memcmp(t->items[i].background, background, SHA256_SIZE)) *item = &t->items[i];
    return true;
}

static bool read_all(struct tagger *t, struct span in, uint32_t count, struct calibrate *c, size_t *taken, bool take) {
    struct tagger_item *item;
    *taken = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (!read_entry(t, &in, c, &item)) return false;
        if (!item || !take) continue;
        *item->calibrate = *c;
        calibrate_refresh(item->calibrate, item->tag.rules.value[RULE_FALSE_ALARMS]);
        ++*taken;
    }
    return true;
}

int tagger_restore(struct tagger *t, const void *bytes, size_t size, const char *name, size_t *taken) {
    struct span in = span_of(bytes, size);
    uint32_t count;
    size_t some;
    int status = check(&in, name, &count);
    struct calibrate *c = status ? NULL : malloc(sizeof *c);
    if (!status && !c) status = log_fail(OCELLI_ERR_MEMORY, "%s: out of memory", name);
    if (!status && !read_all(t, in, count, c, &some, false)) status = broken(name, "numbers out of range");
    if (!status) read_all(t, in, count, c, &some, true);
    if (taken) *taken = status ? 0 : some;
    free(c);
    return status;
}
