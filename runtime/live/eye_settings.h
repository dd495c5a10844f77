/* SPDX-License-Identifier: Apache-2.0
 * What the eye takes of an ini: a copy, as its thread may come to it late. */
#ifndef LIVE_EYE_SETTINGS_H
#define LIVE_EYE_SETTINGS_H

#include "live/config.h"

struct eye_settings {
    struct arena strings;
    const char *uri, *thermal;
    struct source_options options;
    double rate, hot, motion, look_every;
    bool own_thermal, told; /* `thermal` is of the ini; that there is none was said */
};

/* NULL: no memory, as was said. */
struct eye_settings *eye_settings_make(const struct live_config *config);
void eye_settings_free(struct eye_settings *s); /* accepts NULL */

bool eye_settings_same_source(const struct eye_settings *a, const struct eye_settings *b);

#endif
