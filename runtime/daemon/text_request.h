/* SPDX-License-Identifier: Apache-2.0
 * A text to be embedded by the thread that has the model, for one that waits for it, but not for ever. */
#ifndef DAEMON_TEXT_REQUEST_H
#define DAEMON_TEXT_REQUEST_H

#include "daemon/model_vectors.h"

#include <pthread.h>

struct inference;

/* The vector of a text: its prompts, by these templates, averaged as those of a tag. vector (D) is the caller's. Any
 * thread. Errors: USAGE (not UTF-8, or averages to nothing), LOST (another asks, or no answer in time), MEMORY, of
 * ocelli_embed_texts(). */
int text_request(struct inference *inference, const struct prompts_list *templates, const char *text, float *vector,
                 int timeout_ms);

/* For the inference thread, with its lock held: answers the request, and gives the lock up meanwhile. Gives the status
 * of the device. */
int text_request_answer(struct inference *inference);

#endif
