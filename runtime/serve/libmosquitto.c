/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/libmosquitto.h"
#include "base/loader.h"

#include <stdio.h>

#define DEFINE(name) __typeof__(loaded_##name) loaded_##name;
LIBMOSQUITTO_FUNCTIONS(DEFINE)

#define FIND(name) {#name, &loaded_##name},
static const struct loader_function functions[] = {LIBMOSQUITTO_FUNCTIONS(FIND){0}};
static struct loader loader = {"libmosquitto.so.1", functions, false};

bool libmosquitto_open(char *why, size_t capacity) {
    char fault[160];
    if (loader_open(&loader, fault, sizeof fault)) return true;
    snprintf(why, capacity, "MQTT needs libmosquitto (%s): sudo apt install libmosquitto1", fault);
    return false;
}
