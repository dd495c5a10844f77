/* SPDX-License-Identifier: Apache-2.0
 * What is wrong right now and lasts, for `status`. These are the lines of a file that others write ([run] faults), and
 * the daemon's own faults as long as they are there. Thread-safety: all but fault_list_init() and fault_list_finish().
 */
#ifndef DAEMON_FAULT_LIST_H
#define DAEMON_FAULT_LIST_H

#include "base/file.h"

#include <pthread.h>

enum fault_kind {
    FAULT_SOURCE,    /* gives no pictures */
    FAULT_DEVICE,    /* that computes */
    FAULT_STATE,     /* what was learnt is not saved */
    FAULT_HISTORY,   /* pictures are not kept */
    FAULT_ON_CHANGE, /* the command cannot be run */
    FAULT_EDIT,      /* the ini's last edit does not count */
    FAULT_KINDS
};

enum { FAULT_TEXT = 256, FAULT_LINES = 128 };

struct fault_list {
    pthread_mutex_t lock;              /* of all below */
    char own[FAULT_KINDS][FAULT_TEXT]; /* "": none */
    struct file_stamp stamp;           /* of the file that was read last */
    char *lines[FAULT_LINES];          /* (count): of the file */
    size_t count;
};

void fault_list_init(struct fault_list *list);
void fault_list_finish(struct fault_list *list);

/* text: NULL or "": it is over. Cut at FAULT_TEXT, between two characters. */
void fault_list_set(struct fault_list *list, enum fault_kind kind, const char *text);
/* Reads the file's lines if it is another than before; without it, or path NULL, there are none. May wait for a disk,
 * without the lock. One thread at a time. */
void fault_list_read(struct fault_list *list, const char *path);
/* Calls `each` for every fault, those of the file first; under the lock: be short. */
void fault_list_each(struct fault_list *list, void (*each)(void *user, const char *text), void *user);

#endif
