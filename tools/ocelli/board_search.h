/* SPDX-License-Identifier: Apache-2.0
 * A board's search: the daemon's history, as runtime/serve asks for it. */
#ifndef BOARD_SEARCH_H
#define BOARD_SEARCH_H

#include "live/live.h"
#include "serve/board.h"

enum { BOARD_TEXT = 160 };

/* Zero is empty. */
struct board_search {
    struct history_hit found[SERVE_HITS];
    struct serve_hit hits[SERVE_HITS]; /* of these */
    struct serve_found answer;
    char text[BOARD_TEXT + 1]; /* it is the answer to; "": none */
    int64_t answered_ns;
};

/* *found lives until the next call. SERVE_FAILED, with a message, when model or history do not answer. */
enum serve_code board_search(struct board_search *s, struct live *live, const struct prompts_list *templates, const char *text,
                             struct serve_found *found, char message[SERVE_MESSAGE]);

#endif
