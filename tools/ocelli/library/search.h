/* SPDX-License-Identifier: Apache-2.0
 * What `ocelli search` is asked, and its answer, wherever it comes from. */
#ifndef LIBRARY_SEARCH_H
#define LIBRARY_SEARCH_H

#include "base/arena.h"
#include "memory/history.h"
#include "ocelli/library/places.h"
#include "tag/prompts.h"

#include <ocelli.h>

struct search_request {
    struct places places; /* one of them; board: of a database; NULL: all */
    const char *html;     /* NULL: lines */
    struct arena arena;   /* of the lists below */
    struct prompts_list templates, words, likes, nots;
    struct ocelli_query query; /* without what these lists say */
};

struct search_hit {
    double time, score;        /* seconds since 1970, cosine */
    char *tags, *path, *board; /* own memory; NULL: there is none */
    uint8_t *jpeg;             /* a thumbnail; NULL: none */
    size_t jpeg_size;
};

/* A zeroed one is empty. */
struct search_answer {
    struct search_hit *hits; /* (count), the best first */
    size_t count;
};
void search_answer_free(struct search_answer *answer);

/* The request's words as one text; NULL: no memory. */
const char *search_text(struct search_request *request);
/* Texts and pictures as the query, and that as a question: vector (D). Errors: those of the embeddings; USAGE, said. */
int search_resolve(struct search_request *request, struct ocelli *handle, float *vector,
                   struct history_question *question);

/* Of a history's or library's file. Errors: FILE, MEMORY. */
int search_file(const struct search_request *request, const struct memory_model *model,
                const struct history_question *question, struct search_answer *answer);

/* Lines for people, or JSON. */
void search_show(const struct search_answer *answer, bool json);
/* A page with a thumbnail of each; those of pictures that are gone are left out. Errors: FILE, MEMORY. */
int search_page(const struct search_request *request, const char *text, struct search_answer *answer);

/* "2024-05-31 14:00", "2024-05", "7d" before now (s, min, h, d, w): ms since 1970. false: none of these. */
bool search_since(const char *text, int64_t *time_ms);

#endif
