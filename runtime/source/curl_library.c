/* SPDX-License-Identifier: Apache-2.0 */
#include "source/curl_library.h"
#include "base/loader.h"

#include <pthread.h>
#include <stdio.h>

static struct curl_library curl;
static bool started; /* and then for good */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

#define FIND(name) {"curl_" #name, &curl.name},
static const struct loader_function functions[] = {CURL_FUNCTIONS(FIND){0}};
/* OpenSSL's variant first, as libcrypto is needed anyway. */
static struct loader openssl = {"libcurl.so.4", functions, false}, gnutls = {"libcurl-gnutls.so.4", functions, false};

/* With the lock. */
static bool start(char *why) {
    char other[SOURCE_WHY];
    if (!loader_need(&openssl, "needs libcurl 7.66 or newer", "libcurl4", why, SOURCE_WHY) &&
        !loader_open(&gnutls, other, sizeof other))
        return false;
    if (!curl.global_init(CURL_GLOBAL_DEFAULT)) return true;
    snprintf(why, SOURCE_WHY, "cannot be opened: libcurl does not start");
    return false;
}

const struct curl_library *curl_library(char why[SOURCE_WHY]) {
    char unread[SOURCE_WHY];
    pthread_mutex_lock(&lock);
    bool done = started = started || start(why ? why : unread);
    pthread_mutex_unlock(&lock);
    return done ? &curl : NULL;
}
