/* SPDX-License-Identifier: Apache-2.0
 * The last changes with a small picture each. */
#include "base/clock.h"
#include "serve/web.h"

#include <stdlib.h>

static void keep(struct serve_web *web, const struct serve_event *event, double now_ms) {
    const struct serve_callbacks *b = &web->serve->callbacks;
    struct web_change *c = &web->changes[event->n % WEB_CHANGES];
    free(c->jpeg);
    *c = (struct web_change){.event = *event};
    c->time = (double)clock_ns(CLOCK_REALTIME) / 1e9 - (now_ms - event->taken_ms) / 1000;
    if (!b->thumbnail || !b->thumbnail(b->user, &c->jpeg, &c->size)) c->jpeg = NULL, c->size = 0;
}

void web_changes_take(struct serve_web *web, double now_ms) {
    const struct serve_events *events = &web->serve->context.events;
    while (web->kept < events->count) {
        const struct serve_event *e = serve_events_get(events, ++web->kept);
        if (e) keep(web, e, now_ms);
    }
}

const struct web_change *web_changes_get(const struct serve_web *web, uint64_t n) {
    const struct web_change *c = &web->changes[n % WEB_CHANGES];
    return n && c->event.n == n ? c : NULL;
}

void web_changes_finish(struct serve_web *web) {
    for (int i = 0; i < WEB_CHANGES; i++) free(web->changes[i].jpeg);
}

void web_change_write(const struct web_change *change, double now_ms, struct serve_out *out) {
    serve_out_number(out, "time", change->time, 15);
    serve_out_bool(out, "thumbnail", change->jpeg != NULL);
    serve_event_write(&change->event, 0, now_ms, out);
}
