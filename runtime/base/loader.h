/* SPDX-License-Identifier: Apache-2.0
 * Libraries that are loaded when they are first needed, not linked: a program starts sooner, and also on a machine that
 * has not got them.
 *
 * A list of the functions that are used, X(name) each, makes the table:
 *     #define ZIP_FUNCTIONS(X) X(zip_open) X(zip_close)
 *     #define FIND(name) {#name, &loaded_##name},
 *     static const struct loader_function functions[] = {ZIP_FUNCTIONS(FIND){0}};
 *     static struct loader zip = {"libzip.so.4", functions, false}; */
#ifndef BASE_LOADER_H
#define BASE_LOADER_H

#include <stdbool.h>
#include <stddef.h>

struct loader_function {
    const char *name; /* NULL: the table's end */
    void *pointer;    /* of a pointer to this function, which is set */
};

struct loader {
    const char *file; /* "libvulkan.so.1" */
    const struct loader_function *functions;
    bool loaded; /* for good: drivers leave threads behind, and what a test has put in place stays */
};

/* Loads the library and finds its functions; once for the process. After a fault the next call tries again: it may
 * have been installed by then. false: `why`, a text of at most `capacity` bytes, tells what is wrong. Thread-safety:
 * any thread. */
bool loader_open(struct loader *loader, char *why, size_t capacity);
/* The same, and `why` is a sentence: "NEED (what is wrong): sudo apt install PACKAGE". */
bool loader_need(struct loader *loader, const char *need, const char *package, char *why, size_t capacity);

#endif
