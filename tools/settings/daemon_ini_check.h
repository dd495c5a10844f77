/* SPDX-License-Identifier: Apache-2.0
 * What `ocelli run` would refuse in an ini, by the daemon's own functions. */
#ifndef DAEMON_INI_CHECK_H
#define DAEMON_INI_CHECK_H

#include "handle.h"
#include "ocelli/common/findings.h"

/* The faults of `text`, which is to lie at `path`. model: a handle without a device, whose texts the tags must be, if
 * it has no text tower; NULL: not asked. Free with findings_finish(). */
void daemon_ini_check(struct findings *found, const char *text, const char *path, const struct ocelli *model);

#endif
