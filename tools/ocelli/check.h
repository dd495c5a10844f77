/* SPDX-License-Identifier: Apache-2.0
 * What check.c found out about a good ini, and how it is shown. */
#ifndef CHECK_H
#define CHECK_H

#include "base/sha256.h"
#include "daemon/config.h"
#include "policy/policy_file.h"
#include "text/json.h"

struct checked {
    struct daemon_config config;
    const char *model;               /* file; of the command line or of the ini */
    const char *device;              /* as above; NULL: auto */
    bool english_only;               /* the model has CLIP's own tokenizer */
    bool own_tags;                   /* the tags of `config` are the model's own */
    char model_key[SHA256_HEX_SIZE]; /* "": it could not be read */
    struct policy_file policy;       /* of [moderation]; empty without it, or where it has faults */
};

/* Explain what the daemon will do with this file, to people and to programs. */
void check_show(const struct checked *checked);
void check_json(const struct checked *checked, struct json *json);

#endif
