/* SPDX-License-Identifier: Apache-2.0
 * A text or a picture to be embedded by the thread that has the model, for one that waits for it, but not for ever. */
#ifndef DAEMON_TEXT_REQUEST_H
#define DAEMON_TEXT_REQUEST_H

#include "daemon/model_vectors.h"

#include <pthread.h>

struct inference;

/* The vector of a text: its prompts, by these templates, averaged as those of a tag. vector (D) is the caller's. Any
 * thread. Errors: USAGE (not UTF-8, or averages to nothing), LOST (no answer in time, of what others ask before it
 * neither), MEMORY, of ocelli_embed_texts(). */
int text_request(struct inference *inference, const struct prompts_list *templates, const char *text, float *vector,
                 int timeout_ms);

/* The vector of a picture, whose pixels (of decode_memory()) it takes: image->rgb is NULL then. Any thread. Errors:
 * LOST and MEMORY as above, of ocelli_embed_images(). */
int text_request_picture(struct inference *inference, struct ocelli_image *image, float *vector, int timeout_ms);

/* The next of a set's vectors: of vectors_begin() when `begin`, which takes over those of the set that is in force,
 * else of model_vectors_step(). *vectors is NULL when it is given up. *done: all are there. Any thread. Errors: LOST
 * and MEMORY as above, theirs. */
int text_request_step(struct inference *inference, struct vectors **vectors, bool begin, bool *done, int timeout_ms);

/* For the inference thread, with its lock held: answers the request, and gives the lock up meanwhile. Gives the status
 * of the device. */
int text_request_answer(struct inference *inference);

#endif
