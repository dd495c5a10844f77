/* SPDX-License-Identifier: Apache-2.0
 * The daemon's look at each picture by the policies of [moderation] (runtime/policy; docs/moderation.md).
 * Thread-safety: the inference thread's. */
#ifndef DAEMON_MODERATION_H
#define DAEMON_MODERATION_H

#include "daemon/meter.h"
#include "policy/policy_judge.h"
#include "tag/tagger.h"

#include <ocelli.h>
#include <stdint.h>

struct moderation;

/* A policy that is found now and was not, or is no more. */
struct moderation_change {
    const struct policy *policy;
    struct policy_finding finding; /* of the picture that changed it */
    bool on;
};

/* A policy is over when it was not found for so long: a picture in between does not end it. */
enum { MODERATION_HOLD_MS = 2000 };

/* Reads the file. path NULL: there is no moderation, *out is NULL. Errors: those of policy_file_read() and
 * policy_file_ready(). */
int moderation_open(struct moderation **out, const char *path);
/* Frees and sets *moderation to NULL. Accepts NULL and a pointer to NULL. */
void moderation_close(struct moderation **moderation);
/* Embeds the texts; thresholds must be of this model. Errors: FILE, those of policy_judge_create(). */
int moderation_prepare(struct moderation *moderation, struct ocelli *model);

/* A picture: its embedding, and when it was taken (ms of a clock that does not jump). *changes (count) live until the
 * next call. */
enum policy_outcome moderation_step(struct moderation *moderation, const float *embedding, int64_t time_ms,
                                    const struct moderation_change **changes, size_t *count);

/* The event of a change: fills what is of the policy, and leaves the rest. Its strings live as long as the policies. */
void moderation_event(const struct moderation_change *change, struct tagger_event *event);

/* What `status` tells. */
void moderation_get_status(const struct moderation *moderation, struct daemon_moderation *status);

#endif
