/* SPDX-License-Identifier: Apache-2.0 */
#include "board_search.h"
#include "base/clock.h"

#include <stdio.h>
#include <string.h>

/* Nobody else is answered meanwhile. APART_MS: of a truck that stands there, one hit a minute. */
enum { APART_MS = 60000, EMBED_MS = 3000, ALL_MS = 5000 };

/* UDP asks again while the first search goes on: these are answered at once. */
#define SAME_NS INT64_C(10000000000)

static bool same(const struct board_search *s, const char *text) {
    return *s->text && !strcmp(s->text, text) && clock_ns(CLOCK_MONOTONIC) - s->answered_ns < SAME_NS;
}

static int look(struct board_search *s, struct live *live, const struct prompts_list *templates, const char *text) {
    struct history_found found = {.hits = s->found};
    struct live_question question = {.text = text,
                                     .templates = templates,
                                     .wanted = SERVE_HITS,
                                     .apart_ms = APART_MS,
                                     .embed_timeout_ms = EMBED_MS,
                                     .timeout_ms = ALL_MS};
    int status = live_search(live, &question, &found);
    for (size_t i = 0; !status && i < found.count; i++)
        s->hits[i] = (struct serve_hit){s->found[i].time, s->found[i].score, s->found[i].tags};
    s->answer = (struct serve_found){s->hits, found.count, found.since};
    return status;
}

enum serve_code board_search(struct board_search *s, struct live *live, const struct prompts_list *templates, const char *text,
                             struct serve_found *found, char message[SERVE_MESSAGE]) {
    if (!same(s, text)) {
        int status = look(s, live, templates, text);
        snprintf(s->text, sizeof s->text, "%s", status ? "" : text);
        s->answered_ns = clock_ns(CLOCK_MONOTONIC);
        if (status) {
            bool slow = status == OCELLI_ERR_LOST;
            snprintf(message, SERVE_MESSAGE, "%s", slow ? "the model does not answer in time: ask again" : "its log tells why");
            return SERVE_FAILED;
        }
    }
    *found = s->answer;
    return SERVE_OK;
}
