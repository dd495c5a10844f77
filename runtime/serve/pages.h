/* SPDX-License-Identifier: Apache-2.0
 * Answers that did not fit one line: all of their items as they were at the first page, kept for the pages to come.
 * Otherwise a frame or a change between two pages would repeat items and leave others out. Memory is bounded, and one
 * host has its share of it. */
#ifndef SERVE_PAGES_H
#define SERVE_PAGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct serve_request;
struct serve_list;
struct serve_out;

enum {
    SERVE_PAGED = 16,            /* answers kept; the same request at the same time shares one */
    SERVE_PAGED_EACH = 4,        /* of one host that is not this machine */
    SERVE_PAGED_BYTES = 8 << 20, /* of all of them */
    SERVE_PAGED_MS = 30000,      /* since the last page: a client asks again for 15 s */
    SERVE_PAGED_WHOLE = 512      /* bytes of an item from which on it may not fit a page */
};

struct serve_paged; /* an answer */

/* Zero is empty. */
struct serve_pages {
    struct serve_paged *kept[SERVE_PAGED];
    uint32_t last_id;
};

/* Keeps the list, of which a first page was written; `head`: the fields that stood before it. Without memory nothing is
 * kept. */
void serve_pages_keep(struct serve_request *request, const struct serve_list *list, const char *head, size_t size);

/* Writes the page that r->from begins, if its answer is kept, and makes r->view that of the first page. false: it is
 * not. */
bool serve_pages_answer(struct serve_request *request, struct serve_out *out);

/* Frees what nobody has asked for lately, or all. */
void serve_pages_expire(struct serve_pages *pages, double now_ms);
void serve_pages_finish(struct serve_pages *pages);

#endif
