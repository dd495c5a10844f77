/* SPDX-License-Identifier: Apache-2.0 */
#include "base/unfinished.h"

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <unistd.h>

enum { ASIDES = 32 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static const char *paths[ASIDES];
static bool leaving;

void unfinished_add(const char *path) {
    pthread_mutex_lock(&lock);
    if (leaving) unlink(path);
    for (size_t i = 0; i < ASIDES; i++) {
        if (paths[i]) continue;
        paths[i] = path;
        break; /* without room it may be left behind, which harms nothing */
    }
    pthread_mutex_unlock(&lock);
}

void unfinished_remove(const char *path) {
    pthread_mutex_lock(&lock);
    for (size_t i = 0; i < ASIDES; i++)
        if (paths[i] == path) paths[i] = NULL;
    pthread_mutex_unlock(&lock);
}

void unfinished_unlink(void) {
    pthread_mutex_lock(&lock);
    leaving = true;
    for (size_t i = 0; i < ASIDES; i++)
        if (paths[i]) unlink(paths[i]);
    pthread_mutex_unlock(&lock);
}
