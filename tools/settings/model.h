/* SPDX-License-Identifier: Apache-2.0
 * Which model a board runs with: the user's own in the folder models of the card, else the demo. It is used where it
 * lies: the card's first partition is mounted read-only, so a copy would be no safer, would take the time of a start
 * and space that the history needs, and could be cut in its middle. */
#ifndef MODEL_H
#define MODEL_H

#include "place.h"
#include "report.h"

/* wish: [run] model, or NULL; line: of it. Gives the path below the root of the first that is whole and of a version
 * that the daemon reads, in the arena; NULL: there is none, reported. good: a file that remembers which model was read
 * to its end already, so that a start need not do it again. */
const char *model_choose(const struct place *place, const char *wish, size_t line, const char *good,
                         struct report *report);

#endif
