/* SPDX-License-Identifier: Apache-2.0
 * Which pictures go into the history, and with what tags. Thread-safety: the brain's, under its lock. */
#ifndef LIVE_KEEP_H
#define LIVE_KEEP_H

#include "memory/memory.h"
#include "tag/tagger.h"

struct keep {
    struct memory *memory; /* NULL: none; the daemon's */
    double every;          /* seconds between pictures; 0: each */
    int64_t last_ns;       /* when the last one was taken; 0: none yet */
};

/* A picture that was judged. */
void keep_picture(struct keep *k, const struct tagger *tagger, const float *embedding, int64_t captured_ns);

#endif
