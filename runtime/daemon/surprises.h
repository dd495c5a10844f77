/* SPDX-License-Identifier: Apache-2.0
 * What is no fault of an ini and will surprise its writer. `ocelli check` shows these lines, and `ocelli run` can log
 * them when it starts: this is the one place of their texts. */
#ifndef DAEMON_SURPRISES_H
#define DAEMON_SURPRISES_H

#include "daemon/config.h"

/* Lines of one kind that are written out; a further line counts the others. */
enum { SURPRISES_OF_A_KIND = 5 };

/* Logs a warning for each: "FILE:LINE: what, what to do", or "FILE: ..." where no single line is to blame. Opens no
 * file and no device. To be called while the config still has its tags. Gives how many there are. */
size_t config_surprises(const struct daemon_config *config);

#endif
