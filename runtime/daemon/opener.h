/* SPDX-License-Identifier: Apache-2.0
 * Opens and closes a source on a thread of its own: so nobody waits for a network drive that does not answer or a
 * driver that hangs. The thread can be left behind. Thread-safety: the calls for one opener by one thread. */
#ifndef DAEMON_OPENER_H
#define DAEMON_OPENER_H

#include "source/source.h"

struct opener;

/* Closes `old` (may be NULL; its frames are released), which it takes, then opens `uri` (copied, with its options;
 * NULL: nothing). Errors: MEMORY, DEVICE (8 are left behind already); `old` is then the caller's still. */
int opener_start(struct opener **out, struct source *old, const char *uri, const struct source_options *options);

/* Is it done? Waits up to timeout_ms for that. */
bool opener_wait(struct opener *opener, int timeout_ms);

/* Gives the status of one that is done, and the source (NULL: none), which is the caller's. Frees and sets *opener to
 * NULL. */
int opener_take(struct opener **opener, struct source **source);

/* Leaves it: what it opens it closes again by itself. Sets *opener to NULL. Accepts NULL and a pointer to NULL. */
void opener_leave(struct opener **opener);

/* How many were left and are not done. While there are any, a program may only end by _exit(). Any thread. */
int opener_left(void);

#endif
