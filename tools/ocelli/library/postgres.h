/* SPDX-License-Identifier: Apache-2.0
 * A table of a PostgreSQL database with pgvector, into which many boards export (docs/search.md has the schema). */
#ifndef LIBRARY_POSTGRES_H
#define LIBRARY_POSTGRES_H

#include "ocelli/library/search.h"

struct postgres_export {
    const char *url;   /* postgresql://USER@HOST/DATABASE, or what else libpq takes */
    const char *board; /* names whose pictures they are */
    struct history *from;
    const struct memory_model *model;
    bool progress;
    size_t count;             /* pictures of this model in it */
    size_t exported, removed; /* what comes out */
};

/* Rows of this board and model become those of the file. Each piece is a transaction: when the connection ends, the
 * next run goes on from there. Errors: FILE (no database, refused, gone; said), MEMORY, USAGE (not built in). */
int postgres_export(struct postgres_export *export);

/* By the index. Errors: as above. */
int postgres_search(const struct search_request *request, const struct memory_model *model,
                    const struct history_question *question, struct search_answer *answer);

#endif
