/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/libmicrohttpd.h"
#include "base/loader.h"

#define DEFINE(name) __typeof__(loaded_##name) loaded_##name;
LIBMICROHTTPD_FUNCTIONS(DEFINE)

#define FIND(name) {#name, &loaded_##name},
static const struct loader_function functions[] = {LIBMICROHTTPD_FUNCTIONS(FIND){0}};
static struct loader loader = {"libmicrohttpd.so.12", functions, false};

bool libmicrohttpd_open(char *why, size_t capacity) {
    return loader_need(&loader, "the web page needs libmicrohttpd", "libmicrohttpd12", why, capacity);
}
