/* SPDX-License-Identifier: Apache-2.0
 * As bytes: MAGIC, u32 version, u32 count, u64 minutes; for each tag 32 bytes that name it and its rivals, u64 when it
 * was seen last, u64 ms of the week, f64 index, u8 flags, both weeks' u16 counts; SHA-256 of all before.
 * Little-endian. */
#include "tag/drift.h"
#include "base/log.h"
#include "base/sha256.h"
#include "base/span.h"
#include "tag/tagger_set.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define MINUTE INT64_C(60000)
#define HOUR (60 * MINUTE)
#define WEEK (7 * 24 * HOUR)
enum { TENTHS = 10, PARTS = TENTHS + 2, NEAR = 2, VERSION = 1, HEAD = 24, HAS_FIRST = 1, HAS_INDEX = 2 };
enum { ENTRY = SHA256_SIZE + 8 + 8 + 8 + 1 + 2 * 2 * DRIFT_BINS };
static const char magic[8] = "ocelDRIF";

struct entry {
    uint8_t key[SHA256_SIZE]; /* of the tag and its rivals, as what was learnt is named by */
    uint64_t seen;            /* minute */
    int64_t week_ms;          /* of the week that is counted */
    double index;             /* of the last whole week; NAN: there is none behind the first */
    bool has_first;
    uint16_t first[DRIFT_BINS], now[DRIFT_BINS];
};

struct drift {
    struct entry **entries; /* (count) */
    size_t count, capacity;
    uint64_t minute; /* looked at so far */
    bool started;
    int64_t at_ms;
};

int drift_create(struct drift **out) {
    *out = calloc(1, sizeof **out);
    return *out ? OCELLI_OK : log_fail(OCELLI_ERR_MEMORY, "out of memory for the weeks of tags");
}

static void forget(struct drift *d) {
    for (size_t i = 0; i < d->count; i++) free(d->entries[i]);
    free(d->entries);
    *d = (struct drift){.count = 0};
}

void drift_destroy(struct drift **drift) {
    if (!drift || !*drift) return;
    forget(*drift);
    free(*drift);
    *drift = NULL;
}

/* ---- the index ---- */

static uint32_t sum(const uint16_t *counts) {
    uint32_t all = 0;
    for (int i = 0; i < DRIFT_BINS; i++) all += counts[i];
    return all;
}

/* Half a margin is added to each part, so that an empty one has a logarithm. */
static double part(uint32_t p, uint32_t all_p, uint32_t q, uint32_t all_q) {
    double x = (p + 0.5) / (all_p + 0.5 * PARTS), y = (q + 0.5) / (all_q + 0.5 * PARTS);
    return (y - x) * log(y / x);
}

/* The tenths of the first week, and what lies clearly outside of it: of a still scene all margins are in few bins, and
 * then only this tells that they have moved. */
double drift_index(const uint16_t first[DRIFT_BINS], const uint16_t second[DRIFT_BINS]) {
    uint32_t all_p = sum(first), all_q = sum(second), p = 0, q = 0, before = 0, below = 0, above = 0;
    int low = 0, high = DRIFT_BINS - 1;
    double index = 0;
    if (!all_p || !all_q) return 0;
    while (!first[low]) low++;
    while (!first[high]) high--;
    for (int i = 0; i < DRIFT_BINS; i++) {
        p += first[i];
        if (i < low - NEAR) below += second[i];
        if (i > high + NEAR) above += second[i];
        if (i >= low - NEAR && i <= high + NEAR) q += second[i];
        bool full = i >= low && (before + p) * TENTHS >= all_p * (before * TENTHS / all_p + 1);
        if (i == DRIFT_BINS - 1 || (full && i < high)) {
            index += part(p, all_p, q, all_q);
            before += p, p = q = 0;
        }
    }
    return index + part(0, all_p, below, all_q) + part(0, all_p, above, all_q);
}

/* ---- tags ---- */

static struct entry *oldest(const struct drift *d) {
    struct entry *old = d->entries[0];
    for (size_t i = 1; i < d->count; i++)
        if (d->entries[i]->seen < old->seen) old = d->entries[i];
    return old;
}

static struct entry *add(struct drift *d, const uint8_t key[SHA256_SIZE]) {
    struct entry *e;
    if (d->count == DRIFT_TAGS) {
        e = oldest(d);
    } else {
        if (d->count == d->capacity) {
            size_t capacity = d->capacity ? 2 * d->capacity : 16;
            struct entry **grown = realloc(d->entries, capacity * sizeof *grown);
            if (!grown) return NULL;
            d->entries = grown, d->capacity = capacity;
        }
        e = malloc(sizeof *e);
        if (!e) return NULL;
        d->entries[d->count++] = e;
    }
    *e = (struct entry){.seen = d->minute, .index = NAN};
    memcpy(e->key, key, SHA256_SIZE);
    return e;
}

/* Tags keep their order from one minute to the next, so the first look mostly finds it. */
static struct entry *find(const struct drift *d, const uint8_t key[SHA256_SIZE], size_t likely) {
    if (likely < d->count && !memcmp(d->entries[likely]->key, key, SHA256_SIZE)) return d->entries[likely];
    for (size_t i = 0; i < d->count; i++)
        if (!memcmp(d->entries[i]->key, key, SHA256_SIZE)) return d->entries[i];
    return NULL;
}

/* The same, made if it is not there, and put where it is looked for first the next time. */
static struct entry *place(struct drift *d, const uint8_t key[SHA256_SIZE], size_t likely) {
    struct entry *e = find(d, key, likely);
    if (!e) e = add(d, key);
    if (!e || likely >= d->count || d->entries[likely] == e) return e;
    size_t at = 0;
    while (d->entries[at] != e) at++;
    d->entries[at] = d->entries[likely], d->entries[likely] = e;
    return e;
}

static void count(struct entry *e, float margin) {
    double at = floor(((double)margin + 1) * (DRIFT_BINS / 2));
    int bin = at < 0 ? 0 : at >= DRIFT_BINS ? DRIFT_BINS - 1 : (int)at;
    e->now[bin] += e->now[bin] < UINT16_MAX;
}

/* A week with too few margins goes on. Gives whether the tag has drifted now, and had not before. */
static bool end_week(struct entry *e) {
    double before = e->index;
    if (e->week_ms < WEEK || sum(e->now) < DRIFT_LEAST) return false;
    if (e->has_first)
        e->index = drift_index(e->first, e->now);
    else
        memcpy(e->first, e->now, sizeof e->first);
    e->has_first = true;
    e->week_ms = 0;
    memset(e->now, 0, sizeof e->now);
    return e->index >= DRIFT_FROM && !(before >= DRIFT_FROM);
}

size_t drift_step(struct drift *d, const struct tagger *tagger, int64_t time_ms) {
    int64_t passed = d->started ? time_ms - d->at_ms : MINUTE;
    size_t drifted = 0;
    if (passed >= 0 && passed < MINUTE) return 0;
    d->started = true, d->at_ms = time_ms, d->minute++;
    if (passed < 0) passed = MINUTE; /* another source, with a clock of its own */
    for (size_t i = 0; i < tagger->count; i++) {
        const struct tagger_item *item = &tagger->items[i];
        struct entry *e = place(d, item->background, i);
        if (!e || !isfinite(item->margin)) continue;
        count(e, item->margin);
        e->week_ms += passed < HOUR ? passed : HOUR;
        e->seen = d->minute;
        drifted += end_week(e);
    }
    return drifted;
}

void drift_get(const struct drift *d, const struct tagger *tagger, struct drift_status *s) {
    *s = (struct drift_status){.largest = NAN};
    for (size_t i = 0; i < tagger->count; i++) {
        const struct tagger_item *item = &tagger->items[i];
        const struct entry *e = find(d, item->background, i);
        if (!e || isnan(e->index)) continue;
        s->compared++;
        s->drifted += e->index >= DRIFT_FROM;
        if (e->index <= s->largest) continue;
        s->largest = e->index;
        strncpy(s->tag, item->tag.name, DRIFT_NAME - 1);
    }
}

/* ---- bytes ---- */

static uint8_t *put_counts(uint8_t *to, const uint16_t *counts) {
    for (int i = 0; i < DRIFT_BINS; i++) to = span_put(to, counts[i], 2);
    return to;
}

static uint8_t *put_entry(uint8_t *to, const struct entry *e) {
    memcpy(to, e->key, SHA256_SIZE);
    to = span_put(to + SHA256_SIZE, e->seen, 8);
    to = span_put(to, (uint64_t)e->week_ms, 8);
    to = span_put_double(to, isnan(e->index) ? 0 : e->index);
    to = span_put(to, (uint64_t)((e->has_first ? HAS_FIRST : 0) | (isnan(e->index) ? 0 : HAS_INDEX)), 1);
    return put_counts(put_counts(to, e->first), e->now);
}

bool drift_is_empty(const struct drift *drift) {
    return !drift->count;
}

int drift_save(const struct drift *d, uint8_t **bytes, size_t *size) {
    *size = HEAD + d->count * ENTRY + SHA256_SIZE;
    *bytes = calloc(1, *size);
    if (!*bytes) return log_fail(OCELLI_ERR_MEMORY, "out of memory to save the weeks of %zu tags", d->count);
    memcpy(*bytes, magic, sizeof magic);
    uint8_t *to = span_put(span_put(span_put(*bytes + sizeof magic, VERSION, 4), d->count, 4), d->minute, 8);
    for (size_t i = 0; i < d->count; i++) to = put_entry(to, d->entries[i]);
    return OCELLI_OK;
}

void drift_seal(uint8_t *bytes, size_t size) {
    sha256(bytes, size - SHA256_SIZE, bytes + size - SHA256_SIZE);
}

static bool take_counts(struct span *s, uint16_t *counts) {
    const uint8_t *b = span_bytes(s, 2 * DRIFT_BINS);
    for (int i = 0; b && i < DRIFT_BINS; i++) counts[i] = (uint16_t)(b[2 * i] | b[2 * i + 1] << 8);
    return b != NULL;
}

static bool take_entry(struct drift *d, struct span *s) {
    const uint8_t *key = span_bytes(s, SHA256_SIZE);
    uint64_t seen, week, bits;
    uint8_t flags;
    struct entry *e = key ? add(d, key) : NULL;
    if (!e || !span_u64(s, &seen) || !span_u64(s, &week) || !span_u64(s, &bits) || !span_u8(s, &flags)) return false;
    if (week > 2 * (uint64_t)WEEK) week = 0;
    e->seen = seen, e->week_ms = (int64_t)week, e->has_first = flags & HAS_FIRST;
    if (flags & HAS_INDEX) memcpy(&e->index, &bits, sizeof bits);
    return take_counts(s, e->first) && take_counts(s, e->now);
}

int drift_restore(struct drift *d, const void *bytes, size_t size, const char *name) {
    uint8_t own[SHA256_SIZE];
    uint32_t version = 0, entries = 0;
    struct span s = span_of(bytes, size);
    const uint8_t *begin = span_bytes(&s, sizeof magic);
    bool good = begin && !memcmp(begin, magic, sizeof magic) && span_u32(&s, &version) && version == VERSION &&
                span_u32(&s, &entries) && entries <= DRIFT_TAGS && size == HEAD + (size_t)entries * ENTRY + SHA256_SIZE;
    if (good) sha256(bytes, size - SHA256_SIZE, own);
    if (!good || memcmp(own, (const uint8_t *)bytes + size - SHA256_SIZE, SHA256_SIZE))
        return log_fail(OCELLI_ERR_FILE, "%s: not what ocelli keeps of past weeks, or damaged: they begin anew", name);
    forget(d);
    span_u64(&s, &d->minute);
    for (uint32_t i = 0; good && i < entries; i++) good = take_entry(d, &s);
    if (!good) forget(d);
    return good ? OCELLI_OK : log_fail(OCELLI_ERR_MEMORY, "%s: out of memory", name);
}
