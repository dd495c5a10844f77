/* SPDX-License-Identifier: Apache-2.0
 * Runs something again and again, the n-th allocation failing, for every n. --wrap sends our objects' calls here, and
 * not the libraries': tests/CMakeLists.txt. */
#ifndef FAULTS_EACH_H
#define FAULTS_EACH_H

#include "support/test.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static long calls_left; /* calls until the one that fails; 0: none does */
static bool met;

static bool fails(void) {
    if (calls_left == 0 || --calls_left) return false;
    return met = true;
}

#define WRAP(type, name, parameters, arguments)                                                                        \
    type __real_##name parameters;                                                                                     \
    type __wrap_##name parameters;                                                                                     \
    type __wrap_##name parameters {                                                                                    \
        return fails() ? NULL : __real_##name arguments;                                                               \
    }
WRAP(void *, malloc, (size_t size), (size))
WRAP(void *, calloc, (size_t count, size_t size), (count, size))
WRAP(void *, realloc, (void *old, size_t size), (old, size))
WRAP(char *, strdup, (const char *text), (text))
WRAP(char *, strndup, (const char *text, size_t size), (text, size))

/* Runs it with the n-th call failing, until there is no n-th. */
static inline void each(const char *name, void (*run)(void)) {
    long n = 0;
    do {
        calls_left = ++n, met = false;
        run();
        calls_left = 0;
    } while (met);
    printf("%s: %ld allocations, each failed once\n", name, n - 1);
    assert_true(n > 4);
}

#endif
