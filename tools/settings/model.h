/* SPDX-License-Identifier: Apache-2.0
 * Which model a board runs with: the user's own in the folder models of the card, else the demo. It is used where it
 * lies, as the card's first partition is mounted read-only. A copy would be no safer. It would take the time of a start
 * and space that the history needs, and could be cut in its middle. */
#ifndef MODEL_H
#define MODEL_H

#include "place.h"
#include "diagnostics.h"

/* wish: [run] model, or NULL; line: of it. good: a file that remembers which model was read to its end, so that the
 * next start need not. Gives the path of the first one that is whole and of a version that the daemon reads. It is
 * below the root, and in the arena. NULL: there is none, as reported. */
const char *model_choose(const struct place *place, const char *wish, size_t line, const char *good,
                         struct diagnostics *report);

#endif
