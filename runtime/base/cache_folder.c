/* SPDX-License-Identifier: Apache-2.0 */
#include "base/cache_folder.h"
#include "base/log.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The folder's parents are the system's; only the last two parts are made. */
static bool make_folder(const char *base, const char *below, char *folder, size_t capacity) {
    if ((size_t)snprintf(folder, capacity, "%s%s", base, below) >= capacity) return false;
    for (char *slash = folder + strlen(base); slash; slash = strchr(slash + 1, '/')) {
        char was = *slash;
        *slash = '\0';
        bool made = mkdir(folder, 0777) == 0 || errno == EEXIST;
        *slash = was;
        if (!made) return false;
        if (!was) break;
    }
    struct stat st;
    mkdir(folder, 0777);
    return stat(folder, &st) == 0 && S_ISDIR(st.st_mode); /* not a file of that name */
}

/* True for the first call only: the warning is logged once. */
static bool first_time(void) {
    static atomic_bool told;
    return !atomic_exchange(&told, true);
}

static bool find_folder(char *folder, size_t capacity) {
    const char *own = getenv("OCELLI_CACHE"), *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
    if (own) return *own && make_folder(own, "", folder, capacity);
    if (cache && *cache == '/') return make_folder(cache, "/ocelli", folder, capacity);
    if (cache && *cache && first_time()) /* the XDG Base Directory Specification: a relative one is to be ignored */
        log_warn(
            "XDG_CACHE_HOME=%s does not begin with /, so it is ignored: what is found out is kept in %s/.cache/ocelli",
            cache, home ? home : "HOME");
    return home && *home == '/' && make_folder(home, "/.cache/ocelli", folder, capacity);
}

bool cache_folder(char *folder, size_t capacity) {
    const char *own = getenv("OCELLI_CACHE");
    if (find_folder(folder, capacity)) return true;
    if (own && *own && first_time())
        log_warn(
            "OCELLI_CACHE=%s: no folder, and none can be made: each start compiles shaders and times the device anew",
            own);
    return false;
}

bool cache_writable(const char *path) {
    char folder[4096];
    int length = snprintf(folder, sizeof folder, "%.*s", (int)(strrchr(path, '/') - path), path);
    return length > 0 && access(folder, W_OK) == 0;
}
