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

struct tagger_learnt {
    size_t count;
    struct learnt_entry {
        uint8_t background[SHA256_SIZE];
        struct calibrate calibrate;
    } entries[];
};

static int no_memory(size_t count) {
    return log_fail(OCELLI_ERR_MEMORY, "out of memory to save what %zu tags have learnt", count);
}

int tagger_save_copy(const struct tagger *tagger, struct tagger_learnt **learnt) {
    struct tagger_learnt *l = *learnt = malloc(sizeof *l + tagger->count * sizeof l->entries[0]);
    if (!l) return no_memory(tagger->count);
    l->count = tagger->count;
    for (size_t i = 0; i < tagger->count; i++) {
        memcpy(l->entries[i].background, tagger->items[i].background, SHA256_SIZE);
        l->entries[i].calibrate = *tagger->items[i].calibrate;
    }
    return OCELLI_OK;
}

static void write_entries(const struct tagger_learnt *l, uint8_t *bytes) {
    memcpy(bytes, magic, sizeof magic);
    bytes[8] = VERSION;
    span_put(bytes + 12, l->count, 4);
    for (size_t i = 0; i < l->count; i++) {
        uint8_t *entry = bytes + HEAD + i * ENTRY;
        memcpy(entry, l->entries[i].background, SHA256_SIZE);
        calibrate_save(&l->entries[i].calibrate, entry + SHA256_SIZE);
    }
}

int tagger_save_bytes(struct tagger_learnt **learnt, uint8_t **bytes, size_t *size) {
    struct tagger_learnt *l = *learnt;
    size_t body = HEAD + l->count * ENTRY;
    *size = 0;
    *bytes = calloc(1, body + SHA256_SIZE);
    int status = *bytes ? OCELLI_OK : no_memory(l->count);
    if (!status) {
        write_entries(l, *bytes);
        sha256(*bytes, body, *bytes + body);
        *size = body + SHA256_SIZE;
    }
    free(l);
    *learnt = NULL;
    return status;
}

int tagger_save(const struct tagger *tagger, uint8_t **bytes, size_t *size) {
    struct tagger_learnt *learnt;
    *bytes = NULL, *size = 0;
    int status = tagger_save_copy(tagger, &learnt);
    return status ? status : tagger_save_bytes(&learnt, bytes, size);
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

/* The tags of a set by what names their background. */
struct by_background {
    struct tagger_item **items; /* (count), sorted */
    size_t count;
};

static int order(const void *a, const void *b) {
    return memcmp((*(struct tagger_item *const *)a)->background, (*(struct tagger_item *const *)b)->background,
                  SHA256_SIZE);
}

static int order_key(const void *key, const void *item) {
    return memcmp(key, (*(struct tagger_item *const *)item)->background, SHA256_SIZE);
}

static int sort(struct tagger *t, struct by_background *all, const char *name) {
    *all = (struct by_background){calloc(t->count + 1, sizeof *all->items), t->count};
    if (!all->items) return log_fail(OCELLI_ERR_MEMORY, "%s: out of memory", name);
    for (size_t i = 0; i < t->count; i++) all->items[i] = &t->items[i];
    qsort(all->items, all->count, sizeof *all->items, order);
    return OCELLI_OK;
}

/* Every entry is read, also that of no tag, before the first is taken: a set has all of it or nothing. */
static bool read_entry(const struct by_background *all, struct span *in, struct calibrate *c,
                       struct tagger_item **item) {
    const uint8_t *background = span_bytes(in, SHA256_SIZE);
    *item = NULL;
    if (!background || !calibrate_restore(c, in)) return false;
    struct tagger_item **found = bsearch(background, all->items, all->count, sizeof *found, order_key);
    if (found) *item = *found;
    return true;
}

static bool read_all(const struct by_background *all, struct span in, uint32_t count, struct calibrate *c,
                     size_t *taken, bool take) {
    struct tagger_item *item;
    *taken = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (!read_entry(all, &in, c, &item)) return false;
        if (!item || !take) continue;
        *item->calibrate = *c;
        calibrate_refresh(item->calibrate, item->tag.rules.value[RULE_FALSE_ALARMS]);
        /* Of a threshold that is known nothing was on by the starter rule that could flip. */
        item->start.over = item->calibrate->level[BACKGROUND_DAY].known;
        ++*taken;
    }
    return true;
}

int tagger_restore(struct tagger *tagger, const void *bytes, size_t size, const char *name, size_t *taken) {
    struct span in = span_of(bytes, size);
    uint32_t count;
    size_t some = 0;
    struct by_background all = {NULL};
    int status = check(&in, name, &count);
    struct calibrate *c = status ? NULL : malloc(sizeof *c);
    if (!status && !c) status = log_fail(OCELLI_ERR_MEMORY, "%s: out of memory", name);
    if (!status) status = sort(tagger, &all, name);
    if (!status && !read_all(&all, in, count, c, &some, false)) status = broken(name, "numbers out of range");
    if (!status) read_all(&all, in, count, c, &some, true);
    if (taken) *taken = status ? 0 : some;
    free(all.items);
    free(c);
    return status;
}
