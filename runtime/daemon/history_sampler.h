/* SPDX-License-Identifier: Apache-2.0
 * Which pictures go into the history, and with what tags. Thread-safety: the inference thread's, under its lock. */
#ifndef DAEMON_HISTORY_SAMPLER_H
#define DAEMON_HISTORY_SAMPLER_H

#include "memory/memory.h"
#include "tag/tagger.h"

struct history_sampler {
    struct memory *memory; /* NULL: none; the daemon's */
    double every;          /* seconds between pictures; 0: each */
    int64_t last_ns;       /* when the last one was taken; 0: none yet */
};

/* A picture that was judged. */
void history_sampler_add(struct history_sampler *sampler, const struct tagger *tagger, const float *embedding,
                         int64_t captured_ns);

#endif
