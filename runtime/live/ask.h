/* SPDX-License-Identifier: Apache-2.0
 * A text to be embedded by the thread that has the model, for one that waits for it, but not for ever. */
#ifndef LIVE_ASK_H
#define LIVE_ASK_H

#include "live/model_vectors.h"

#include <pthread.h>

struct brain;

/* The vector of a text: its prompts, by these templates, averaged as those of a tag. vector (D) is the caller's. Any thread.
 * Errors: USAGE (not UTF-8, or averages to nothing), LOST (another asks, or no answer in time), MEMORY, of
 * ocelli_embed_texts(). */
int ask_text(struct brain *b, const struct prompts_list *templates, const char *text, float *vector, int timeout_ms);

/* For the brain's thread, with its lock held: answers who asks, giving the lock up meanwhile. Gives the status of the device. */
int ask_answer(struct brain *b);

#endif
