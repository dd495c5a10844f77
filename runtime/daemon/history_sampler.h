/* SPDX-License-Identifier: Apache-2.0
 * Which pictures go into the history, and with what tags. Thread-safety: the inference thread's, under its lock. */
#ifndef DAEMON_HISTORY_SAMPLER_H
#define DAEMON_HISTORY_SAMPLER_H

#include "base/frame.h"
#include "memory/memory.h"
#include "tag/tagger.h"

struct history_sampler {
    struct memory *memory; /* NULL: none; the daemon's */
    double every;          /* seconds between pictures; 0: each */
    bool thumbnails;       /* keep a small JPEG of each too */
    int64_t last_ns;       /* when the last one was taken; 0: none yet */
};

struct history_thumbnail {
    uint8_t *jpeg; /* (size); NULL: none */
    size_t size;
};
/* Of a frame that history_sampler_add() will take, where thumbnails are wanted; free(thumbnail->jpeg). Takes some
 * milliseconds, so without the lock. */
void history_sampler_draw(const struct history_sampler *sampler, const struct frame *frame, bool blurred,
                          struct history_thumbnail *thumbnail);

/* A picture that was judged. */
void history_sampler_add(struct history_sampler *sampler, const struct tagger *tagger, const float *embedding,
                         int64_t captured_ns, const struct history_thumbnail *thumbnail);

#endif
