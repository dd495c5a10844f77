/* SPDX-License-Identifier: Apache-2.0
 * A tag tried on what was kept, before it is saved. */
#include "serve/arguments.h"
#include "serve/change.h"
#include "serve/request.h"

#include <math.h>
#include <string.h>

/* Words in two lists: `set` takes the first, and `remove` those behind "without". */
struct words {
    struct serve_value values[SERVE_ARGUMENTS], without[SERVE_ARGUMENTS];
    size_t count, without_count;
};

static enum serve_code take_words(struct serve_request *r, struct words *w) {
    enum serve_code code = SERVE_OK;
    bool behind = false;
    for (size_t i = 1; i < r->count && !code; i++) {
        const char *word = r->arguments[i];
        if (!behind && !strcmp(word, "without"))
            behind = true;
        else if (behind)
            code = serve_change_value(SERVE_REMOVE, word, &w->without[w->without_count++], r->message);
        else
            code = serve_change_value(SERVE_SET, word, &w->values[w->count++], r->message);
    }
    if (!code && behind && !w->without_count)
        code = serve_refuse(r, SERVE_USAGE, "without needs a VALUE, as remove takes it");
    return code;
}

static void write_change(const void *user, size_t i, struct serve_out *out) {
    const struct serve_replay_change *c = (const struct serve_replay_change *)user + i;
    serve_out_begin(out, NULL, '{');
    serve_out_count(out, "time", c->time > 0 ? (uint64_t)c->time : 0);
    serve_out_text(out, "state", c->on ? "on" : "off");
    serve_out_number(out, "score", (double)c->score, 3);
    serve_out_number(out, "margin", (double)c->margin, 3);
    serve_out_end(out, '}');
}

static void write_cells(const char *key, const float *cells, struct serve_out *out) {
    serve_out_begin(out, key, '[');
    for (int i = 0; i < SERVE_REPLAY_CELLS; i++) serve_out_number(out, NULL, (double)cells[i], 2);
    serve_out_end(out, ']');
}

/* The last changes count most, where not all fit. */
static size_t first_change(const struct serve_request *r, const struct serve_replayed *replayed) {
    enum { FIT_LINE = 3 };
    return r->client && replayed->count > FIT_LINE ? replayed->count - FIT_LINE : 0;
}

static void write_all(struct serve_request *r, const struct serve_replayed *replayed, struct serve_out *out) {
    size_t first = first_change(r, replayed);
    serve_out_text(out, "tag", r->arguments[0]);
    serve_out_count(out, "pictures", replayed->pictures);
    serve_out_count(out, "since", replayed->since > 0 ? (uint64_t)replayed->since : 0);
    serve_out_count(out, "until", replayed->until > 0 ? (uint64_t)replayed->until : 0);
    serve_out_text(out, "state", replayed->on ? "on" : "off");
    if (replayed->rule) serve_out_text(out, "threshold", replayed->rule);
    serve_out_number(out, "on", (double)replayed->threshold, 4);
    serve_out_number(out, "on_s", round(replayed->on_s), 6);
    serve_out_count(out, "turned_on", replayed->turned_on);
    write_cells("scores", replayed->scores, out);
    write_cells("on_in", replayed->on_in, out);
    serve_out_begin(out, "changes", '[');
    for (size_t i = first; i < replayed->count; i++) write_change(replayed->changes, i, out);
    serve_out_end(out, ']');
}

enum serve_code serve_replay(struct serve_request *request, struct serve_out *out) {
    const struct serve_callbacks *b = request->callbacks;
    struct serve_replayed replayed = {0};
    struct words w = {.count = 0};
    enum serve_code code = serve_change_name(request->arguments[0], request->message);
    if (!code) code = take_words(request, &w);
    if (code) return code;
    struct serve_change change = {.kind = SERVE_SET,
                                  .tag = request->arguments[0],
                                  .values = w.values,
                                  .count = w.count,
                                  .origin = request->origin,
                                  .replayed = &replayed,
                                  .without = w.without,
                                  .without_count = w.without_count};
    code = b->change(b->user, &change, request->message);
    if (!code) write_all(request, &replayed, out);
    return code;
}
