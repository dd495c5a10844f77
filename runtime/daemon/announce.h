/* SPDX-License-Identifier: Apache-2.0
 * What the daemon logs when it runs: one line with all that counts, warnings of what will surprise, and one line when
 * all tags have their threshold. */
#ifndef DAEMON_ANNOUNCE_H
#define DAEMON_ANNOUNCE_H

#include <stdbool.h>
#include <stdint.h>

struct daemon;

/* A zeroed one has said nothing. */
struct announce {
    bool told;           /* the line of the start */
    bool sized;          /* with the size of the source's pictures */
    bool learning, done; /* some tag has no learnt threshold yet; the line that all have one was said */
    int64_t looked_ns;   /* when the tags were counted last */
};

/* To be called now and then by the thread of daemon_run(): says what is due. The line of the start waits some seconds
 * for the first picture, whose size it tells. */
void announce_step(struct daemon *daemon, int64_t now_ns);

/* The run ends: says the line of the start if a picture came and it was not said yet. */
void announce_end(struct daemon *daemon);

#endif
