/* SPDX-License-Identifier: Apache-2.0
 * Where things lie on a board, below a root that tests choose. */
#ifndef PLACE_H
#define PLACE_H

#include "base/arena.h"
#include "base/file.h"

#include <stdbool.h>
#include <sys/types.h>

#define PLACE_BOOT "/boot/firmware"
#define PLACE_RUN "/run/ocelli-board"
#define PLACE_SHARE "/usr/share/ocelli"
/* Made at each start; the ini and the units name them. */
#define PLACE_MODEL PLACE_RUN "/model.gguf"
#define PLACE_FAULTS PLACE_RUN "/faults"
/* The image's other programs write these, a line each. */
#define PLACE_STATE_MISSING PLACE_RUN "/state-missing"
#define PLACE_UPDATE_FAILED "/state/system/update-failed"

struct place {
    const char *root; /* "": the board itself; without a slash at the end */
    struct arena *arena;
    uid_t uid; /* of the user ocelli, whom the daemon runs as; (uid_t)-1: there is none, or we may not give to it */
    gid_t gid;
    char *why; /* (LOG_LINE): what the last place_save() that failed said; "": none did */
};

/* root: of the command line. */
void place_init(struct place *place, const char *root, struct arena *arena);

/* `path` of a board, printf-like, below the root. NULL: no memory, said. */
char *place_path(const struct place *place, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The other way round: without the root, if it begins so. */
const char *place_shown(const struct place *place, const char *path);

/* A folder and those above it. Errors: FILE, MEMORY. */
int place_folder(const struct place *place, const char *path, bool for_daemon);

/* Saves a file whole or not at all, unless it has these very bytes already. mode: of it. Errors: FILE, MEMORY,
 * as logged and kept in place->why. */
int place_save(const struct place *place, const char *path, const char *text, mode_t mode, bool for_daemon);

/* Small texts; NULL: there is none, it is a link, or it cannot be read, which is not logged. Terminated, in the arena.
 */
char *place_read(const struct place *place, const char *path, size_t *size);
/* The first bytes of any file, `most` at most. */
char *place_read_begin(const struct place *place, const char *path, size_t most, size_t *size);
/* The first line of the board's file `name`, as it can be shown, in the arena; NULL: there is none, or it is empty. */
const char *place_first_line(const struct place *place, const char *name);

#endif
