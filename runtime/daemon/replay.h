/* SPDX-License-Identifier: Apache-2.0
 * A tag tried on the last hour: the vectors that the history kept go through the tagger once more, by the rules and
 * with what was learnt as in the daemon itself. */
#ifndef DAEMON_REPLAY_H
#define DAEMON_REPLAY_H

#include "memory/history.h"
#include "serve/callbacks.h"

#include <stdatomic.h>

/* Pictures: at two a second, an hour. */
enum { REPLAY_PICTURES = 8192 };

/* `tagger` is new, with what it learnt restored; its tag `tag` is followed. now_ms: since 1970, when the hour ends.
 * size: D. night: the whole hour is judged by the thresholds of the night, as no picture's brightness is kept. stop:
 * true ends it early. Errors: LOST (stopped), MEMORY. */
int replay_run(struct tagger *tagger, const char *tag, const struct history_vectors *vectors, size_t size,
               int64_t now_ms, bool night, const atomic_bool *stop, struct serve_replayed *replayed);

#endif
