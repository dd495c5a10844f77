/* SPDX-License-Identifier: Apache-2.0
 * Which model a board runs with: the user's own in the folder models of the card, else the demo. It is used where it
 * lies, as the card's first partition is mounted read-only. A copy would be no safer. It would take the time of a start
 * and space that the history needs, and could be cut in its middle. */
#ifndef MODEL_H
#define MODEL_H

#include "diagnostics.h"
#include "handle.h"
#include "place.h"

/* A zeroed struct is none. */
struct model {
    const char *path;     /* below the root, in the arena; NULL: there is none */
    struct ocelli handle; /* its blob, configuration and own texts, without a device */
};

/* wish: [run] model, or NULL; line: of it. good: a file that remembers which model was read to its end, so that the
 * next start need not. Takes the first one that is whole and of a version that the daemon reads, and reports each that
 * is not, and if there is none. Free with model_finish(). */
void model_choose(struct model *out, const struct place *place, const char *wish, size_t line, const char *good,
                  struct diagnostics *report);
void model_finish(struct model *model);

#endif
