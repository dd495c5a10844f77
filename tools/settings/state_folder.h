/* SPDX-License-Identifier: Apache-2.0
 * Where what lasts is kept: the state partition, or a folder in memory when there is none. In both lie ocelli/etc,
 * ocelli/lib and ocelli/cache, for /etc/ocelli, /var/lib/ocelli and /var/cache/ocelli. */
#ifndef STATE_FOLDER_H
#define STATE_FOLDER_H

#include "place.h"
#include "diagnostics.h"

/* Makes the folders. missing: why there is no partition, or NULL. If the file PLACE_STATE_MISSING is there, something
 * else is mounted in the partition's place, and it tells why. Gives the folder as the board names it, without the
 * root; NULL: not even memory can be had, as logged. */
const char *state_folder(const struct place *place, const char *missing, struct diagnostics *report);
/* The one in memory, with `why` for the report. */
const char *state_folder_memory(const struct place *place, const char *why, struct diagnostics *report);
bool state_folder_is_memory(const char *folder);

#endif
