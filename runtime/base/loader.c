/* SPDX-License-Identifier: Apache-2.0 */
#include "base/loader.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

/* The first function that it lacks; NULL: all are there. */
static const char *find_functions(const struct loader *loader, void *handle) {
    for (const struct loader_function *f = loader->functions; f->name; f++) {
        void *function = dlsym(handle, f->name);
        if (!function) return f->name;
        memcpy(f->pointer, &function, sizeof function); /* POSIX: it is of one size with a pointer to a function */
    }
    return NULL;
}

/* With the lock. */
static bool load(const struct loader *loader, char *why, size_t capacity) {
    void *handle = dlopen(loader->file, RTLD_NOW | RTLD_LOCAL);
    if (!handle) {
        snprintf(why, capacity, "%s", dlerror());
        return false;
    }
    const char *missing = find_functions(loader, handle);
    if (!missing) return true;
    snprintf(why, capacity, "%s: another library, or too old: no %s", loader->file, missing);
    dlclose(handle);
    return false;
}

bool loader_open(struct loader *loader, char *why, size_t capacity) {
    pthread_mutex_lock(&lock);
    bool loaded = loader->loaded = loader->loaded || load(loader, why, capacity);
    pthread_mutex_unlock(&lock);
    return loaded;
}

bool loader_need(struct loader *loader, const char *need, const char *package, char *why, size_t capacity) {
    char fault[160];
    if (loader_open(loader, fault, sizeof fault)) return true;
    snprintf(why, capacity, "%s (%s): sudo apt install %s", need, fault, package);
    return false;
}
