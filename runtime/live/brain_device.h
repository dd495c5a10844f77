/* SPDX-License-Identifier: Apache-2.0
 * The brain's model on its device: opened, found to compute rightly, opened again after a loss. For the brain's own thread. */
#ifndef LIVE_BRAIN_DEVICE_H
#define LIVE_BRAIN_DEVICE_H

#include "live/brain.h"

/* Runs the model's own vectors, which also loads weights and makes pipelines. Errors: of ocelli_selftest(), WRONG among them. */
int brain_check(struct brain *b);

/* Is it the device's fault, so that opening it again may help? */
bool brain_may_reopen(int status);

/* Waits, closes and opens, until that works or the brain is to stop. The model stays the one that the brain began with. */
void brain_reopen(struct brain *b);

#endif
