/* SPDX-License-Identifier: Apache-2.0
 * A zip archive as torch writes it, through libzip. Trusts nothing. Without libzip every one is refused. */
#ifndef CONVERT_ARCHIVE_H
#define CONVERT_ARCHIVE_H

#include "base/arena.h"
#include "convert/read/storage.h"
#include <stdbool.h>

struct archive;

/* Does it begin as a zip archive? */
bool archive_is(struct storage *storage);

/* Opens the archive in `storage`, which outlives it: one of memory, or one of a file whose descriptor is `fd`. Errors:
 * FILE, LIMIT (built without libzip), MEMORY. */
int archive_open(struct archive **archive, struct storage *storage, int fd);
void archive_close(struct archive **archive); /* NULL is nothing to close */

/* Entry `index` from 0 on; NULL behind the last. */
const char *archive_name(const struct archive *archive, uint64_t index);
bool archive_has(const struct archive *archive, const char *name);

/* All of an entry that unpacks to at most `most` bytes; free(*bytes). Errors: FILE (none, too large, broken), MEMORY.
 */
int archive_load(struct archive *archive, const char *name, uint64_t most, uint8_t **bytes, size_t *size);

/* An entry to be read piece by piece, in `arena`; it lives as long as the archive. Several threads may read: one waits
 * for the other. Errors: FILE (none), MEMORY. */
int archive_entry(struct archive *archive, struct arena *arena, const char *name, struct storage **entry);

#endif
