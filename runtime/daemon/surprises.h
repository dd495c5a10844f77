/* SPDX-License-Identifier: Apache-2.0
 * What is no fault of an ini and will surprise its writer. `ocelli check` shows all of these lines, `ocelli run` those
 * that do not depend on single tags. This is the one place of their texts. */
#ifndef DAEMON_SURPRISES_H
#define DAEMON_SURPRISES_H

#include "daemon/config.h"

/* Lines of one kind that are written out; a further line counts the others. */
enum { SURPRISES_OF_A_KIND = 5 };

/* Logs a warning for each: "FILE:LINE: what, what to do", or "FILE: ..." where no single line is to blame. Opens no
 * file and no device. To be called while the config still has its tags. Gives how many there are. */
size_t config_surprises(const struct daemon_config *config);
/* Of them those of the file as a whole: no tags, no state folder, a part that is not built in. For a start. */
size_t config_start_surprises(const struct daemon_config *config);

#endif
