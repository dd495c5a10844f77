/* SPDX-License-Identifier: Apache-2.0
 * Saves what was learnt on a thread of its own: a disk that takes seconds (an SD card's fsync) holds nobody up.
 * Thread-safety: each call by one thread. */
#ifndef DAEMON_SAVER_H
#define DAEMON_SAVER_H

#include "base/file_lock.h"
#include "base/thread.h"

#include <stddef.h>

enum { SAVER_FAULT = 256 };

/* What is saved, each in a file of its own. */
enum saver_part { SAVER_LEARNT, SAVER_DRIFT, SAVER_PARTS };

struct saver {
    const char *folder; /* the caller's */
    struct thread thread;
    struct file_lock own; /* the folder is this daemon's alone */

    pthread_mutex_t lock; /* of all below */
    pthread_cond_t changed;
    struct saver_bytes {
        uint8_t *bytes; /* to be saved; NULL: nothing waits */
        size_t size;
    } parts[SAVER_PARTS];
    bool busy, stop;
    char faults[SAVER_PARTS][SAVER_FAULT]; /* of the last save of each; "": it went well */
};

/* Errors: FILE (another daemon saves there), MEMORY; *saver is then zeroed, which the others take as one that saves
 * nothing. */
int saver_open(struct saver *saver, const char *folder);

/* Takes `bytes` (malloc) to be saved as state_save_as() does; what still waits of this part is given up for them. A
 * fault is said: another daemon in a folder that was not there at the start is one. */
void saver_put(struct saver *saver, enum saver_part part, uint8_t *bytes, size_t size);

/* Tells why the last save failed; "": it did not. */
void saver_fault(struct saver *saver, char text[SAVER_FAULT]);

/* All is on disk, or was refused; false: not within timeout_ms. */
bool saver_wait(struct saver *saver, int timeout_ms);

/* Waits for what is under way. Accepts a zeroed one. */
void saver_finish(struct saver *saver);

#endif
