/* SPDX-License-Identifier: Apache-2.0
 * What the capture thread takes of an ini: a copy, as its thread may come to it late. */
#ifndef DAEMON_CAPTURE_SETTINGS_H
#define DAEMON_CAPTURE_SETTINGS_H

#include "daemon/config.h"

struct capture_settings {
    struct arena strings;
    const char *uri, *thermal;
    struct source_options options;
    double rate, hot, motion, look_every;
    bool own_thermal, told; /* `thermal` is of the ini; that there is none was said */
};

/* NULL: no memory, as was said. */
struct capture_settings *capture_settings_make(const struct daemon_config *config);
void capture_settings_free(struct capture_settings *s); /* accepts NULL */

bool capture_settings_same_source(const struct capture_settings *a, const struct capture_settings *b);

#endif
