/* SPDX-License-Identifier: Apache-2.0
 * Does the scene still look as it did? Of each tag the margins of the first week are kept, one a minute, and each
 * further week is compared with them: population stability index over the tenths of the first week.
 * Thread-safety: one call at a time. */
#ifndef TAG_DRIFT_H
#define TAG_DRIFT_H

#include "tag/tagger.h"

/* From here on a distribution counts as another one: the usual rule for the index. */
#define DRIFT_FROM 0.25
/* Bins of a margin, 1/512 wide, from -1 on; tags that are kept at most; margins that a week has at least. */
enum { DRIFT_BINS = 1024, DRIFT_TAGS = 4096, DRIFT_LEAST = 100, DRIFT_NAME = 64 };

struct drift;

struct drift_status {
    size_t compared, drifted; /* tags of the set with a second week; those of them from DRIFT_FROM on */
    double largest;           /* index; NAN: none is compared yet */
    char tag[DRIFT_NAME];     /* of which; cut */
};

/* Free with drift_destroy(). Errors: MEMORY. */
int drift_create(struct drift **out);
/* Frees and sets *drift to NULL. Accepts NULL and a pointer to NULL. */
void drift_destroy(struct drift **drift);

/* A picture was judged, at a time of a clock that does not jump; ms. Gaps count an hour at most. Gives how many tags
 * have drifted that had not before. A tag that finds no memory is left out. */
size_t drift_step(struct drift *drift, const struct tagger *tagger, int64_t time_ms);
/* Of the tags that the set has now. */
void drift_get(const struct drift *drift, const struct tagger *tagger, struct drift_status *status);

/* Nothing is there to be saved yet. */
bool drift_is_empty(const struct drift *drift);
/* All of it as bytes to be stored; free(*bytes). In two steps, for a caller that holds a lock: the bytes, which is
 * quick, and their sum. Errors: MEMORY. */
int drift_save(const struct drift *drift, uint8_t **bytes, size_t *size);
void drift_seal(uint8_t *bytes, size_t size);
/* Takes it back. `name` is for messages. Errors: FILE (not what drift_save() wrote, or damaged; nothing was taken),
 * MEMORY. */
int drift_restore(struct drift *drift, const void *bytes, size_t size, const char *name);

/* The index of two counts of margins; for tests. */
double drift_index(const uint16_t first[DRIFT_BINS], const uint16_t second[DRIFT_BINS]);

#endif
