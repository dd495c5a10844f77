/* SPDX-License-Identifier: Apache-2.0 */
#include "base/path.h"
#include "base/log.h"

#include <string.h>

const char *path_beside(struct arena *arena, const char *beside, const char *name) {
    const char *slash = strrchr(beside, '/');
    size_t folder = *name == '/' || !slash ? 0 : (size_t)(slash - beside) + 1, length = strlen(name);
    char *path = arena_alloc(arena, folder + length + 1, 1);
    if (!path) {
        log_error("%s: out of memory", beside);
        return NULL;
    }
    memcpy(path, beside, folder);
    memcpy(path + folder, name, length);
    return path;
}
