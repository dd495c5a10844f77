/* SPDX-License-Identifier: Apache-2.0 */
#include "ocelli/client/pages.h"
#include "base/log.h"
#include "serve/request.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ITEMS = 1 << 16, BYTES = 64 << 20, BEGINNINGS = 8 };

/* The fields that all pages of an answer share, and where the next one begins. */
struct page {
    double seq, version; /* -1: none */
    size_t rows, next;   /* next: 0: the last */
};

static double number(const cJSON *answer, const char *key) {
    const cJSON *v = cJSON_GetObjectItemCaseSensitive(answer, key);
    return cJSON_IsNumber(v) ? v->valuedouble : -1;
}

/* The fields that the answer to a request always has, of NAME if there is one. */
static const struct {
    const char *verb, *field, *of_name;
    cJSON_bool (*is)(const cJSON *value);
} musts[] = {
    {"ping", "pong", NULL, cJSON_IsString},       {"tags", "tags", NULL, cJSON_IsArray},
    {"prompts", "tags", "values", cJSON_IsArray}, {"add", "version", NULL, cJSON_IsNumber},
    {"set", "version", NULL, cJSON_IsNumber},     {"remove", "version", NULL, cJSON_IsNumber},
    {"search", "hits", NULL, cJSON_IsArray},      {"status", "program", NULL, cJSON_IsString},
    {"help", "help", NULL, cJSON_IsString},       {"replay", "turned_on", NULL, cJSON_IsNumber},
};

static bool fits(const cJSON *answer, const char *const *arguments, size_t count) {
    for (size_t i = 0; i < sizeof musts / sizeof *musts; i++) {
        if (strcmp(musts[i].verb, arguments[0])) continue;
        const char *field = musts[i].of_name && count > 1 ? musts[i].of_name : musts[i].field;
        return musts[i].is(cJSON_GetObjectItemCaseSensitive(answer, field));
    }
    return true;
}

/* false: it is no JSON object, or the answer to something else. */
static bool read_page(const char *text, const char *const *arguments, size_t count, struct page *page) {
    cJSON *answer = cJSON_Parse(text);
    const cJSON *v;
    double next = number(answer, "next");
    *page = (struct page){.seq = number(answer, "seq"), .version = number(answer, "version")};
    page->next = next > 0 ? next < ITEMS ? (size_t)next : ITEMS : 0;
    cJSON_ArrayForEach(v, answer) if (cJSON_IsArray(v)) page->rows = (size_t)cJSON_GetArraySize(v);
    bool good = cJSON_IsObject(answer) && fits(answer, arguments, count);
    cJSON_Delete(answer);
    return good;
}

static int keep(struct pages *p, const char *text) {
    if (p->count == p->capacity) {
        size_t capacity = p->capacity ? 2 * p->capacity : 16;
        char **grown = realloc(p->texts, capacity * sizeof *grown);
        if (!grown) return log_fail(OCELLI_ERR_MEMORY, "out of memory");
        p->texts = grown, p->capacity = capacity;
    }
    if (!(p->texts[p->count] = strdup(text))) return log_fail(OCELLI_ERR_MEMORY, "out of memory");
    p->count++, p->bytes += strlen(text);
    return OCELLI_OK;
}

static void forget(struct pages *p) {
    while (p->count) free(p->texts[--p->count]);
    p->bytes = 0;
}

void pages_finish(struct pages *pages) {
    forget(pages);
    free(pages->texts);
    *pages = (struct pages){0};
}

/* Takes a last "from N" off the arguments, and gives N. The board says what is wrong with another one. */
static size_t take_from(const struct serve_row *row, const char *const *arguments, size_t *count) {
    if (!row || !row->pages || *count < 3 || strcmp(arguments[*count - 2], "from")) return 0;
    if (strspn(arguments[*count - 1], "0123456789") != strlen(arguments[*count - 1])) return 0;
    *count -= 2;
    return strtoul(arguments[*count + 1], NULL, 10);
}

/* A page whose items do not go on where the last one's ended is not of a board that speaks this protocol. */
static int check(const struct client *c, const struct pages *p, const struct page *page, size_t from) {
    if (page->next && (page->next != from + page->rows || !page->rows))
        return log_fail(OCELLI_ERR_FILE, "%s: its pages do not follow each other: is it ocelli that answers?", c->uri);
    if (page->next >= ITEMS || p->bytes > BYTES)
        return log_fail(OCELLI_ERR_FILE, "%s: an answer without an end: is it ocelli that answers?", c->uri);
    return OCELLI_OK;
}

/* One round through the pages. *changed: a later page belongs to another state than the first. */
static int fetch(struct pages *pages, struct client *client, const char **arguments, size_t count, size_t from,
                 bool *changed) {
    const struct serve_row *row = serve_row_of_verb(arguments[0]);
    struct page first = {0}, page;
    char number_text[24];
    const char *text;
    int status = OCELLI_OK;
    *changed = false;
    size_t at = from;
    do {
        snprintf(number_text, sizeof number_text, "%zu", at);
        arguments[count] = "from", arguments[count + 1] = number_text;
        status = client->kind->ask(client, arguments, at ? count + 2 : count, &text);
        if (status) break;
        if (!read_page(text, arguments, count, &page))
            return log_fail(OCELLI_ERR_FILE, "%s: that is no answer to %s: is it ocelli that answers?", client->uri,
                            arguments[0]);
        if (!pages->count) first = page;
        *changed = page.version != first.version || (row && row->sees && page.seq != first.seq);
        if (*changed) return OCELLI_OK;
        status = keep(pages, text);
        if (!row || !row->pages) break; /* `next` of a search says that there is more, and no page of it is given */
        if (!status) status = check(client, pages, &page, at);
        at = page.next;
    } while (!status && at);
    return status;
}

int pages_fetch(struct pages *pages, struct client *client, const char **arguments, size_t count) {
    size_t from = take_from(serve_row_of_verb(arguments[0]), arguments, &count);
    bool changed = true;
    int status = OCELLI_OK;
    *pages = (struct pages){0};
    for (int i = 0; !status && changed && i < BEGINNINGS; i++) {
        forget(pages);
        status = fetch(pages, client, arguments, count, from, &changed);
    }
    if (!status && changed)
        status = log_fail(OCELLI_ERR_FILE, "%s: %s changes faster than its pages come: ask again, or for less",
                          client->uri, arguments[0]);
    return status;
}
