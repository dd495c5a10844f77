/* SPDX-License-Identifier: Apache-2.0
 * The last lines of the log, for those who ask. */
#ifndef DAEMON_SERVICE_LOG_H
#define DAEMON_SERVICE_LOG_H

#include <pthread.h>
#include <stddef.h>

enum { SERVICE_LOG_LINES = 60, SERVICE_LOG_LINE = 400 };

/* One at a time: the log has room for one tap. */
struct service_log {
    pthread_mutex_t lock;
    char lines[SERVICE_LOG_LINES][SERVICE_LOG_LINE]; /* number n at n % SERVICE_LOG_LINES */
    size_t count;                                    /* so far */
    char texts[SERVICE_LOG_LINES][SERVICE_LOG_LINE]; /* given last */
    const char *pointers[SERVICE_LOG_LINES];
};

/* From here on it listens, until service_log_finish(). */
void service_log_init(struct service_log *log);
/* Copies, the oldest first, which stay until the next call. By one thread. */
size_t service_log_get(struct service_log *log, const char *const **lines);
void service_log_finish(struct service_log *log);

#endif
