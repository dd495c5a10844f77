/* SPDX-License-Identifier: Apache-2.0
 * Between library.c, library_pages.c and library_files.c. Functions that give bool have left SQLite's fault in the
 * handle. */
#ifndef MEMORY_LIBRARY_INNER_H
#define MEMORY_LIBRARY_INNER_H

#include "memory/library.h"

/* The name behind the last '/' of an absolute path; *folder: bytes of the folder's path. */
const char *library_split(const char *path, size_t *folder);
/* *id: 0: there is none, and none was to be made. */
bool library_folder(struct history *library, const char *path, size_t length, bool make, int64_t *id);

/* What lies in pages, as the file stands. Errors: FILE. */
int library_find_packed(struct history *library);
/* The page that new vectors go to: the last one, as long as it is not full. In a transaction; free(*page), also on
 * error. */
struct library_page;
bool library_page_open(struct history *library, struct library_page **page);
bool library_page_add(struct history *library, struct library_page *page, int64_t id, int64_t time_ms, float scale,
                      const int8_t *vector);
bool library_page_write(struct history *library, struct library_page *page);
/* In a transaction; sorts ids. */
bool library_remove_all(struct history *library, int64_t *ids, size_t count);

#endif
