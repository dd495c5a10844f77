/* SPDX-License-Identifier: Apache-2.0 */
#include "ocelli/library/libpq.h"
#include "base/loader.h"

#include <stdio.h>

#define DEFINE(name) __typeof__(loaded_##name) loaded_##name;
LIBPQ_FUNCTIONS(DEFINE)

#define FIND(name) {#name, &loaded_##name},
static const struct loader_function functions[] = {LIBPQ_FUNCTIONS(FIND){0}};
static struct loader loader = {"libpq.so.5", functions, false};

bool libpq_open(char *why, size_t capacity) {
    char fault[160];
    if (loader_open(&loader, fault, sizeof fault)) return true;
    snprintf(why, capacity, "PostgreSQL needs libpq (%s): sudo apt install libpq5", fault);
    return false;
}
