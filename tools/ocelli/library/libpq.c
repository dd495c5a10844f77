/* SPDX-License-Identifier: Apache-2.0 */
#include "ocelli/library/libpq.h"
#include "base/loader.h"

#define DEFINE(name) __typeof__(loaded_##name) loaded_##name;
LIBPQ_FUNCTIONS(DEFINE)

#define FIND(name) {#name, &loaded_##name},
static const struct loader_function functions[] = {LIBPQ_FUNCTIONS(FIND){0}};
static struct loader loader = {"libpq.so.5", functions, false};

bool libpq_open(char *why, size_t capacity) {
    return loader_need(&loader, "PostgreSQL needs libpq", "libpq5", why, capacity);
}
