/* SPDX-License-Identifier: Apache-2.0
 * What check.c found out about a good ini, and how it is shown. */
#ifndef CHECK_H
#define CHECK_H

#include "daemon/config.h"
#include "text/json.h"

struct checked {
    struct daemon_config config;
    const char *model;  /* file; of the command line or of the ini */
    const char *device; /* as above; NULL: auto */
    bool own_tags;      /* the tags of `config` are the model's own */
};

/* Explain what the daemon will do with this file, to people and to programs. */
void check_show(const struct checked *checked);
void check_json(const struct checked *checked, struct json *json);

#endif
