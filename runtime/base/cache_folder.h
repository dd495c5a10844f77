/* SPDX-License-Identifier: Apache-2.0
 * Where what one start finds out is kept for the next: compiled pipelines, the fastest way to compute, vectors of texts
 * that do not change. */
#ifndef BASE_CACHE_FOLDER_H
#define BASE_CACHE_FOLDER_H

#include <stdbool.h>
#include <stddef.h>

/* The folder, made if it is not there: OCELLI_CACHE (empty: none), else XDG_CACHE_HOME/ocelli, else HOME/.cache/ocelli.
 * false: there is none. Where the environment named one, a warning was logged. */
bool cache_folder(char *folder, size_t capacity);
/* Could `path`, a file in it, be written? Not on a system that is read-only. */
bool cache_writable(const char *path);

#endif
