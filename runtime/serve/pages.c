/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/pages.h"
#include "serve/request.h"
#include "serve/arguments.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct item {
    size_t at, whole, brief; /* bytes of both, one behind the other; whole 0: too long for any line */
};

struct serve_paged {
    uint32_t id;
    uint8_t host[16]; /* who asked first */
    const struct serve_row *row;
    bool terse;
    char key[24];               /* of the list */
    char arguments[SERVE_LINE]; /* of the request, each with its end */
    size_t arguments_size;
    uint64_t stamp; /* of what it tells; 0: not known */
    uint64_t seq;
    double taken_ms, used_ms; /* of the frame, NAN: none; of the last page */
    size_t head_size;         /* of bytes[] */
    struct item *items;       /* (count) */
    size_t count;
    char *bytes;
    size_t size, capacity;
};

/* ---- room ---- */

static void drop(struct serve_pages *pages, size_t i) {
    free(pages->kept[i]->items);
    free(pages->kept[i]->bytes);
    free(pages->kept[i]);
    pages->kept[i] = NULL;
}

void serve_pages_expire(struct serve_pages *pages, double now_ms) {
    for (size_t i = 0; i < SERVE_PAGED; i++)
        if (pages->kept[i] && now_ms - pages->kept[i]->used_ms > SERVE_PAGED_MS) drop(pages, i);
}

void serve_pages_finish(struct serve_pages *pages) {
    serve_pages_expire(pages, (double)INFINITY);
}

/* The answer of `host` (NULL: of any) whose last request is the oldest; SERVE_PAGED: none. */
static size_t oldest(const struct serve_pages *pages, const uint8_t *host, size_t *count) {
    size_t best = SERVE_PAGED;
    *count = 0;
    for (size_t i = 0; i < SERVE_PAGED; i++) {
        const struct serve_paged *p = pages->kept[i];
        if (!p || (host && memcmp(p->host, host, sizeof p->host))) continue;
        ++*count;
        if (best == SERVE_PAGED || p->used_ms < pages->kept[best]->used_ms) best = i;
    }
    return best;
}

static size_t bytes_of(const struct serve_pages *pages) {
    size_t sum = 0;
    for (size_t i = 0; i < SERVE_PAGED; i++)
        if (pages->kept[i]) sum += pages->kept[i]->size + pages->kept[i]->count * sizeof(struct item);
    return sum;
}

/* Its own old ones first; then, of others, who was silent longest. */
static void put(struct serve_pages *pages, struct serve_paged *p, bool bounded) {
    size_t count, at = oldest(pages, p->host, &count), size = p->size + p->count * sizeof(struct item), free_place = 0;
    if (bounded && count >= SERVE_PAGED_EACH) drop(pages, at);
    while ((at = oldest(pages, NULL, &count)) < SERVE_PAGED &&
           (count == SERVE_PAGED || bytes_of(pages) + size > SERVE_PAGED_BYTES))
        drop(pages, at);
    while (pages->kept[free_place]) free_place++;
    pages->kept[free_place] = p;
}

/* ---- keeping ---- */

static bool add(struct serve_paged *p, const char *bytes, size_t size) {
    if (size > p->capacity - p->size) {
        size_t capacity = 2 * (p->capacity + size);
        char *grown = realloc(p->bytes, capacity);
        if (!grown) return false;
        p->bytes = grown, p->capacity = capacity;
    }
    if (size) memcpy(p->bytes + p->size, bytes, size);
    p->size += size;
    return true;
}

static bool add_item(struct serve_paged *p, const struct serve_list *list, size_t i) {
    char text[SERVE_LINE];
    struct serve_out whole = {.bytes = text, .capacity = sizeof text};
    struct item *item = &p->items[i];
    *item = (struct item){.at = p->size};
    list->item(list->user, i, &whole);
    if (!whole.full) item->whole = whole.used;
    if (!add(p, text, item->whole)) return false;
    if (item->whole && item->whole <= SERVE_PAGED_WHOLE) return true;
    struct serve_out brief = {.bytes = text, .capacity = sizeof text};
    list->brief(list->user, i, &brief);
    if (!brief.full) item->brief = brief.used;
    return add(p, text, item->brief);
}

static bool fill(struct serve_paged *p, const struct serve_list *list, const char *head, size_t size) {
    p->items = calloc(list->count + 1, sizeof *p->items);
    bool good = p->items && add(p, head, size);
    p->head_size = size;
    for (p->count = 0; good && p->count < list->count; p->count++) good = add_item(p, list, p->count);
    return good && p->size + p->count * sizeof *p->items <= SERVE_PAGED_BYTES;
}

static size_t join(const struct serve_request *r, char arguments[SERVE_LINE]) {
    size_t used = 0;
    for (size_t i = 0; i < r->count; i++) {
        size_t size = strlen(r->arguments[i]) + 1;
        if (size > SERVE_LINE - used) return SIZE_MAX;
        memcpy(arguments + used, r->arguments[i], size);
        used += size;
    }
    return used;
}

static uint64_t stamp_of(const struct serve_request *r) {
    return r->row->sees ? r->view.stamp : r->view.version;
}

/* The answer to these arguments of now (0: of any time). */
static struct serve_paged *find(const struct serve_request *r, uint64_t stamp, uint32_t id) {
    char arguments[SERVE_LINE];
    size_t size = join(r, arguments);
    for (size_t i = 0; i < SERVE_PAGED; i++) {
        struct serve_paged *p = r->pages->kept[i];
        if (!p || p->row != r->row || p->terse != r->terse || (id && p->id != id) || (stamp && p->stamp != stamp))
            continue;
        if (p->arguments_size == size && !memcmp(p->arguments, arguments, size)) return p;
    }
    return NULL;
}

/* Has someone else been given this first page? */
static bool share(struct serve_request *r) {
    struct serve_paged *p = stamp_of(r) ? find(r, stamp_of(r), 0) : NULL;
    if (!p) return false;
    p->used_ms = r->now_ms;
    r->client->paged = p->id;
    return true;
}

void serve_pages_keep(struct serve_request *request, const struct serve_list *list, const char *head, size_t size) {
    struct serve_paged *p = share(request) ? NULL : calloc(1, sizeof *p);
    if (!p) return;
    p->stamp = stamp_of(request), p->row = request->row, p->terse = request->terse, p->seq = request->view.seq;
    p->taken_ms = request->now_ms - request->view.age_ms, p->used_ms = request->now_ms;
    p->arguments_size = join(request, p->arguments);
    strncpy(p->key, list->key ? list->key : "", sizeof p->key - 1);
    if (request->client->host) memcpy(p->host, request->client->host, sizeof p->host);
    if (p->arguments_size != SIZE_MAX && fill(p, list, head, size)) {
        request->client->paged = p->id = ++request->pages->last_id;
        put(request->pages, p, request->client->host && !request->client->may_change);
        return;
    }
    free(p->items);
    free(p->bytes);
    free(p);
}

/* ---- the pages to come ---- */

static void write_item(const struct serve_paged *p, size_t at, size_t size, struct serve_out *out) {
    if (out->comma) serve_out_raw(out, ",", 1);
    serve_out_raw(out, p->bytes + at, size);
    out->comma = !p->terse;
}

static void write_whole(const void *user, size_t i, struct serve_out *out) {
    const struct serve_paged *p = user;
    write_item(p, p->items[i].at, p->items[i].whole, out);
    if (!p->items[i].whole) out->full = true;
}

static void write_brief(const void *user, size_t i, struct serve_out *out) {
    const struct serve_paged *p = user;
    write_item(p, p->items[i].at + p->items[i].whole, p->items[i].brief, out);
}

bool serve_pages_answer(struct serve_request *request, struct serve_out *out) {
    struct serve_paged *p = request->from && request->client && request->pages && request->client->paged
                                ? find(request, 0, request->client->paged)
                                : NULL;
    if (!p) return false;
    p->used_ms = request->now_ms;
    request->view.seq = p->seq, request->view.age_ms = request->now_ms - p->taken_ms;
    struct serve_list list = {p->key[0] ? p->key : NULL, request->from, p->count, write_whole, write_brief, p};
    if (p->terse) {
        serve_list_write_terse(request, &list, out);
        return true;
    }
    serve_out_raw(out, p->bytes, p->head_size);
    out->comma = true;
    serve_list_write(request, &list, out);
    return true;
}
