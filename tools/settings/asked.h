/* SPDX-License-Identifier: Apache-2.0
 * What the daemon of this board answers. */
#ifndef ASKED_H
#define ASKED_H

#include "daemon/config.h"

#include <cjson/cJSON.h>

struct asked {
    cJSON *status, *tags; /* whole; NULL: no answer */
};

/* At the port that the ini gives, over this machine's own network. Without one, or without an answer within 15 s, both
 * are NULL, and `why` tells it. Free with asked_finish(). */
void asked_now(struct asked *asked, const struct daemon_config *ini, char *why, size_t capacity);
void asked_finish(struct asked *asked);

#endif
