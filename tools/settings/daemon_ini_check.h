/* SPDX-License-Identifier: Apache-2.0
 * What `ocelli run` would refuse in an ini, by the daemon's own functions. */
#ifndef DAEMON_INI_CHECK_H
#define DAEMON_INI_CHECK_H

#include "ocelli/common/findings.h"

/* The faults of `text`, which is to lie at `path`. Free with findings_finish(). */
void daemon_ini_check(struct findings *found, const char *text, const char *path);

#endif
