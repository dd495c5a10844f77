/* SPDX-License-Identifier: Apache-2.0
 * libcurl's functions. The library is loaded when an address is first asked for, as it brings some thirty others into
 * memory, and only boards with a network camera need them. Its name and interface are the same in all releases. */
#ifndef SOURCE_CURL_LIBRARY_H
#define SOURCE_CURL_LIBRARY_H

#include "source/source.h"

#define CURL_DISABLE_DEPRECATION /* CURLOPT_PROTOCOLS: Ubuntu 22.04 has no other */
#include <curl/curl.h>

/* Variadic ones too, so libcurl's macros of these names do not check their arguments: numbers are long. */
#define CURL_FUNCTIONS(X)                                                                                              \
    X(global_init)                                                                                                     \
    X(easy_init) X(easy_setopt) X(easy_getinfo) X(easy_strerror) X(easy_cleanup) X(multi_init) X(multi_setopt)         \
        X(multi_add_handle) X(multi_remove_handle) X(multi_perform) X(multi_poll) X(multi_info_read) X(multi_cleanup)  \
            X(url) X(url_set) X(url_get) X(url_cleanup) X(free)

struct curl_library {
#define CURL_MEMBER(name) __typeof__(&(curl_##name)) name;
    CURL_FUNCTIONS(CURL_MEMBER)
#undef CURL_MEMBER
};

/* NULL: it cannot be loaded; then `why`, unless NULL, is as of source_usable(). Any thread. */
const struct curl_library *curl_library(char why[SOURCE_WHY]);

#endif
