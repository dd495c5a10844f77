/* SPDX-License-Identifier: Apache-2.0 */
#include "source/curl_library.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct curl_library functions;
static bool loaded; /* and then for good */

/* OpenSSL's variant first, as libcrypto is needed anyway. */
static void *open_library(void) {
    static const char *const files[] = {"libcurl.so.4", "libcurl-gnutls.so.4"};
    void *library = NULL;
    for (size_t i = 0; !library && i < sizeof files / sizeof *files; i++)
        library = dlopen(files[i], RTLD_NOW | RTLD_LOCAL);
    return library;
}

/* The first function that it lacks; NULL: all are there. */
static const char *find_functions(void *library) {
    const char *missing = NULL;
#define FIND(name)                                                                                                     \
    if (!(functions.name = (__typeof__(functions.name))dlsym(library, "curl_" #name)) && !missing) missing = #name;
    CURL_FUNCTIONS(FIND)
#undef FIND
    return missing;
}

/* With the lock. */
static bool load(char *why) {
    void *library = open_library();
    const char *missing = library ? find_functions(library) : NULL;
    if (!library)
        snprintf(why, SOURCE_WHY, "needs the package libcurl4: sudo apt install libcurl4 (%s)", dlerror());
    else if (missing)
        snprintf(why, SOURCE_WHY, "needs libcurl 7.66 or newer: curl_%s is missing", missing);
    else if (!functions.global_init(CURL_GLOBAL_DEFAULT))
        return true;
    else
        snprintf(why, SOURCE_WHY, "cannot be opened: libcurl does not start");
    if (library) dlclose(library);
    return false;
}

const struct curl_library *curl_library(char why[SOURCE_WHY]) {
    char unread[SOURCE_WHY];
    pthread_mutex_lock(&lock);
    bool done = loaded = loaded || load(why ? why : unread);
    pthread_mutex_unlock(&lock);
    return done ? &functions : NULL;
}
