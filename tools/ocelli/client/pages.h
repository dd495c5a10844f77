/* SPDX-License-Identifier: Apache-2.0
 * An answer in pages, fetched whole before any of it is shown: a board may answer anything. */
#ifndef PAGES_H
#define PAGES_H

#include "ocelli/client/client.h"

struct pages {
    char **texts; /* (count): the answers, JSON */
    size_t count, capacity, bytes;
};

/* Asks for all pages; those of `tags` and `prompts` of one frame or version, or it begins again. `arguments` has room
 * for two. Errors: as client_kind's ask(); FILE (no JSON, pages that do not follow each other, that have no end, or
 * that change all the time). */
int pages_fetch(struct pages *pages, struct client *client, const char **arguments, size_t count);
void pages_finish(struct pages *pages);

#endif
