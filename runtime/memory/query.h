/* SPDX-License-Identifier: Apache-2.0
 * What is looked for (struct ocelli_query: on the command line, over the wire and in C) made a question to a file. */
#ifndef MEMORY_QUERY_H
#define MEMORY_QUERY_H

#include "memory/history.h"

#include <ocelli.h>

enum { QUERY_WANTED = 10 }; /* hits, when the query does not say */

/* Who makes the vectors of texts. */
struct query_embedder {
    int (*text)(void *user, const char *text, float *vector); /* vector: (D), unit length */
    void *user;
};

/* Texts and embeddings as one vector of unit length, the rest as it is. vector: (size), the caller's; the question
 * points to it and to the query's path. Errors, said: USAGE (nothing is looked for, or what is wanted is what is not
 * wanted; an embedding that is not of unit length, ...), MEMORY, those of the embedder. */
int query_resolve(const struct ocelli_query *query, size_t size, const struct query_embedder *by, float *vector,
                  struct history_question *question);

#endif
