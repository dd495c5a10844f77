/* SPDX-License-Identifier: Apache-2.0
 * The ini on the state partition. The daemon writes changes that come over the network into it. So it is made anew
 * only when the settings file and the board give another text than the last time. */
#ifndef KEPT_INI_H
#define KEPT_INI_H

#include "diagnostics.h"
#include "place.h"

struct ocelli;

/* path: of the ini. text: what is to be made now; NULL: nothing to make it of, the one that is there stays if it is
 * good, else defaults: `plain`. model: as daemon_ini_check(). A power cut at any moment leaves an ini that is whole,
 * and nothing lost: the one before stays as PATH.before if it had changes of its own. PATH.made has the SHA-256 of what
 * was made last, written last. Errors: FILE, MEMORY; an ini that was there is there still. */
int kept_ini_update(const struct place *place, const char *path, const char *text, const char *plain,
                    const struct ocelli *model, struct diagnostics *report);

#endif
