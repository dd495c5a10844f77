/* SPDX-License-Identifier: Apache-2.0 */
#include "vk/loader.h"
#include "base/log.h"

#include <dlfcn.h>
#include <ocelli.h>
#include <pthread.h>
#include <stdio.h>

#define DEFINE(name) PFN_##name name
VK_FUNCTIONS(DEFINE)

static const char *const file = "libvulkan.so.1";
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static bool loaded; /* and then for good: drivers leave threads behind, and what a test has put in place stays */

/* The first function that it lacks; NULL: all are there. */
static const char *find_functions(void *library) {
    const char *missing = NULL;
#define FIND(name)                                                                                                     \
    if (!(name = (PFN_##name)dlsym(library, #name)) && !missing) missing = #name
    VK_FUNCTIONS(FIND)
    return missing;
}

/* With the lock. Otherwise `why`, a text of at most `capacity` bytes, tells what is wrong. */
static bool load(char *why, size_t capacity) {
    void *library = dlopen(file, RTLD_NOW | RTLD_LOCAL);
    if (!library) {
        snprintf(why, capacity, "%s", dlerror());
        return false;
    }
    const char *missing = find_functions(library);
    if (!missing) return true;
    snprintf(why, capacity, "%s: too old or not Vulkan's: no %s", file, missing);
    dlclose(library);
    return false;
}

static bool open_once(char *why, size_t capacity) {
    pthread_mutex_lock(&lock);
    bool done = loaded = loaded || load(why, capacity);
    pthread_mutex_unlock(&lock);
    return done;
}

int vk_loader_open(void) {
    char why[256];
    if (open_once(why, sizeof why)) return OCELLI_OK;
    return log_fail(
        OCELLI_ERR_DEVICE,
        "Vulkan cannot be loaded: %s: install its loader and a driver (Debian: libvulkan1 mesa-vulkan-drivers)", why);
}

bool vk_loader_exists(void) {
    return open_once(NULL, 0);
}
