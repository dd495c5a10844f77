/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/service_log.h"
#include "base/log.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

static void hear(void *user, enum ocelli_log_level level, const char *message) {
    struct service_log *log = user;
    char when[32] = "";
    struct tm local;
    time_t now = time(NULL);
    if (localtime_r(&now, &local)) strftime(when, sizeof when, "%Y-%m-%d %H:%M:%S", &local);
    pthread_mutex_lock(&log->lock);
    snprintf(log->lines[log->count++ % SERVICE_LOG_LINES], SERVICE_LOG_LINE, "%s %s%s", when,
             level == OCELLI_LOG_ERROR     ? "error: "
             : level == OCELLI_LOG_WARNING ? "warning: "
                                           : "",
             message);
    pthread_mutex_unlock(&log->lock);
}

void service_log_init(struct service_log *log) {
    pthread_mutex_init(&log->lock, NULL);
    log_tap(hear, log);
}

size_t service_log_get(struct service_log *log, const char *const **lines) {
    pthread_mutex_lock(&log->lock);
    size_t count = log->count < SERVICE_LOG_LINES ? log->count : SERVICE_LOG_LINES, first = log->count - count;
    for (size_t i = 0; i < count; i++) {
        memcpy(log->texts[i], log->lines[(first + i) % SERVICE_LOG_LINES], SERVICE_LOG_LINE);
        log->pointers[i] = log->texts[i];
    }
    pthread_mutex_unlock(&log->lock);
    *lines = log->pointers;
    return count;
}

void service_log_finish(struct service_log *log) {
    log_tap(NULL, NULL);
    pthread_mutex_destroy(&log->lock);
}
