/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/libmosquitto.h"
#include "base/loader.h"

#define DEFINE(name) __typeof__(loaded_##name) loaded_##name;
LIBMOSQUITTO_FUNCTIONS(DEFINE)

#define FIND(name) {#name, &loaded_##name},
static const struct loader_function functions[] = {LIBMOSQUITTO_FUNCTIONS(FIND){0}};
static struct loader loader = {"libmosquitto.so.1", functions, false};

bool libmosquitto_open(char *why, size_t capacity) {
    return loader_need(&loader, "MQTT needs libmosquitto", "libmosquitto1", why, capacity);
}
