/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"
#include "memory/library.h"
#include "ocelli/library/search.h"

#include <stdlib.h>
#include <string.h>

void search_answer_free(struct search_answer *answer) {
    for (size_t i = 0; i < answer->count; i++) {
        free(answer->hits[i].tags);
        free(answer->hits[i].path);
        free(answer->hits[i].board);
        free(answer->hits[i].jpeg);
    }
    free(answer->hits);
    *answer = (struct search_answer){0};
}

static int take(struct history *h, const struct history_hit *hit, bool thumbnail, struct search_hit *to) {
    *to = (struct search_hit){.time = hit->time, .score = hit->score, .tags = strdup(hit->tags)};
    if (!to->tags) return log_fail(OCELLI_ERR_MEMORY, "out of memory for hits");
    int status = history_file(h, hit->id, &to->path);
    if (!status && thumbnail) status = history_thumbnail(h, hit->id, &to->jpeg, &to->jpeg_size);
    return status;
}

static int look(const struct search_request *r, struct history *h, const struct history_question *q,
                struct search_answer *answer) {
    struct history_found found = {.hits = calloc(q->wanted, sizeof *found.hits)};
    answer->hits = calloc(q->wanted, sizeof *answer->hits);
    int status =
        found.hits && answer->hits ? OCELLI_OK : log_fail(OCELLI_ERR_MEMORY, "out of memory for %zu hits", q->wanted);
    if (!status) status = history_hold(h);
    if (!status) status = history_search(h, q, &found);
    for (size_t i = 0; !status && i < found.count; i++)
        status = take(h, &found.hits[i], r->html != NULL, &answer->hits[answer->count++]);
    if (!status && !found.compared && !q->since_ms)
        log_warn("%s: has no picture of this model", r->places.library ? r->places.library : r->places.history);
    history_release(h);
    free(found.hits);
    return status;
}

int search_file(const struct search_request *request, const struct memory_model *model,
                const struct history_question *question, struct search_answer *answer) {
    struct history *h = NULL;
    int status = request->places.library ? library_read(&h, request->places.library, model)
                                         : history_open(&h, request->places.history, model);
    if (!status) status = look(request, h, question, answer);
    history_close(&h);
    return status;
}
