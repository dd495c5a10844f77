/* SPDX-License-Identifier: Apache-2.0
 * `ocelli moderate --learn`: thresholds from pictures, into the policy file. */
#ifndef MODERATE_LEARN_H
#define MODERATE_LEARN_H

#include "ocelli/moderate/moderate_set.h"

/* Judges all pictures and writes the learnt lines, all of them or none. For each policy it prints a line (or an object)
 * that tells what they rest on. list: ordinary pictures; with request->labels its one operand is the folder of the
 * labelled ones. *unread: pictures that could not be read. Errors: FILE (too few pictures for a budget, a file that
 * somebody else saved meanwhile), those of eval_input.h and of the model, MEMORY. */
int moderate_learn(struct moderate_set *set, const struct moderate_request *request, struct picture_list *list,
                   bool json, size_t *unread);

#endif
