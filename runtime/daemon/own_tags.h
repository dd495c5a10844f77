/* SPDX-License-Identifier: Apache-2.0
 * What a model without a text tower leaves to the daemon's file: its own tags, or others of its texts. */
#ifndef DAEMON_OWN_TAGS_H
#define DAEMON_OWN_TAGS_H

#include "daemon/config.h"
#include "tag/known_texts.h"

#include <ocelli.h>

/* A zeroed struct is of a model with a text tower. It never changes while the daemon runs: for any thread. */
struct own_tags {
    const char *tags; /* of ocelli_get_info(); NULL: there is a text tower */
    struct known_texts known;
};

/* The model must outlive it. Errors: MEMORY. */
int own_tags_init(struct own_tags *own, const struct ocelli_info *info);
void own_tags_finish(struct own_tags *own);

/* Gives a config without a tag the model's own ones. *used (may be NULL): it did. Of other tags it checks that the
 * model has their texts. Errors: FILE (no tags.ini in the model), MEMORY, LIMIT unless `faults` takes it. */
int own_tags_take(const struct own_tags *own, struct daemon_config *config, bool *used, struct faults *faults);

#endif
