/* SPDX-License-Identifier: Apache-2.0
 * Searches of the history, by words and by a picture. */
#include "serve/request.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { TEXT_MOST = 160 };

static void write_hit(const void *user, size_t i, struct serve_out *out) {
    const struct serve_hit *hit = (const struct serve_hit *)user + i;
    serve_out_begin(out, NULL, '{');
    serve_out_count(out, "time", hit->time > 0 ? (uint64_t)hit->time : 0);
    serve_out_number(out, "score", hit->score, 4);
    serve_out_text(out, "tags", hit->tags);
    serve_out_end(out, '}');
}

static void write_brief_hit(const void *user, size_t i, struct serve_out *out) {
    struct serve_hit hit = ((const struct serve_hit *)user)[i];
    hit.tags = "...";
    write_hit(&hit, 0, out);
}

/* The words make one text. Errors: SERVE_USAGE, SERVE_LONG. */
static enum serve_code join(struct serve_request *r, char text[TEXT_MOST + 1]) {
    size_t used = 0;
    *text = 0;
    for (size_t i = 0; i < r->count; i++) {
        size_t size = strlen(r->arguments[i]), blank = i > 0;
        if (used + blank + size > TEXT_MOST)
            return serve_refuse(r, SERVE_LONG, "a text is at most %d bytes", TEXT_MOST);
        used += (size_t)sprintf(text + used, "%s%s", blank ? " " : "", r->arguments[i]);
    }
    if (r->count && (!used || text[0] == ' ' || text[used - 1] == ' '))
        return serve_refuse(r, SERVE_USAGE, "write what to look for");
    return SERVE_OK;
}

static enum serve_code search(struct serve_request *r, const struct serve_query *query, struct serve_out *out) {
    struct serve_found found = {NULL};
    const struct serve_callbacks *b = r->callbacks;
    if (!b->search) return serve_refuse(r, SERVE_ABSENT, "%s", SERVE_NO_HISTORY);
    enum serve_code code = b->search(b->user, query, r->others, &found, r->message);
    if (code) return code;
    struct serve_list list = {"hits", 0, found.count, write_hit, write_brief_hit, found.hits};
    if (isfinite(found.since))
        serve_out_count(out, "since", found.since > 0 ? (uint64_t)found.since : 0);
    else
        serve_out_number(out, "since", found.since, 1); /* null */
    serve_list_write(r, &list, out);
    return SERVE_OK;
}

enum serve_code serve_search(struct serve_request *request, struct serve_out *out) {
    char text[TEXT_MOST + 1];
    if (request->client && !strcmp(request->arguments[0], "--like"))
        return serve_refuse(request, SERVE_USAGE,
                            "a picture does not fit a line: PUT it to /search of CoAP or of the web page's API");
    enum serve_code code = join(request, text);
    return code ? code : search(request, &(struct serve_query){.text = text}, out);
}

enum serve_code serve_search_like(struct serve_request *request, struct serve_out *out) {
    char text[TEXT_MOST + 1];
    enum serve_code code = join(request, text);
    if (code) return code;
    if (!request->body_size) return serve_refuse(request, SERVE_USAGE, "send a picture: the bytes of its file");
    if (request->body_size > SERVE_PICTURE)
        return serve_refuse(request, SERVE_LONG, "a picture is at most %d MiB", SERVE_PICTURE >> 20);
    return search(request, &(struct serve_query){text, request->body, request->body_size}, out);
}
