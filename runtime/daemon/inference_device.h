/* SPDX-License-Identifier: Apache-2.0
 * The inference thread's model on its device: opened, found to compute rightly, opened again after a loss. For the
 * inference thread's own thread. */
#ifndef DAEMON_INFERENCE_DEVICE_H
#define DAEMON_INFERENCE_DEVICE_H

#include "daemon/inference.h"

/* Runs the model's own vectors, which also loads weights and makes pipelines. Errors: of ocelli_selftest(), WRONG among
 * them. */
int inference_check(struct inference *inference);

/* Is it the device's fault, so that opening it again may help? */
bool inference_may_reopen(int status);

/* Waits, closes and opens, until that works or the inference thread is to stop. The model stays the one that the
 * inference thread began with. */
void inference_reopen(struct inference *inference);

#endif
