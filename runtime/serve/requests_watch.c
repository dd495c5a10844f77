/* SPDX-License-Identifier: Apache-2.0
 * Following: changes as they come to lines, the last ones to CoAP. */
#include "serve/request.h"

#include <math.h>
#include <stdio.h>

/* A client that watches already goes on where it stands, so that nothing is lost when it renews its lease. */
static enum serve_code begin(struct serve_request *r, bool terse) {
    struct serve_watch *w = &r->client->watch;
    if (!r->client->proved) return serve_refuse(r, SERVE_PROVE, "pushes go to proved addresses only");
    if (!w->on && !r->client->may_watch) return serve_refuse(r, SERVE_LIMIT, "too many watch already");
    if (!w->on) *w = (struct serve_watch){.first = r->events->count, .seen = r->events->count};
    w->on = true, w->terse = terse;
    w->pushed_ms = r->now_ms;
    w->until_ms = r->now_ms + SERVE_LEASE_S * 1000;
    return SERVE_OK;
}

enum serve_code serve_watch_begin(struct serve_request *request, struct serve_out *out) {
    enum serve_code code = begin(request, false);
    serve_out_bool(out, "watch", true);
    serve_out_count(out, "n", request->client->watch.seen - request->client->watch.first);
    serve_out_count(out, "heartbeat_s", SERVE_HEARTBEAT_S);
    serve_out_number(out, "lease_s", request->client->leased ? SERVE_LEASE_S : (double)NAN, 3);
    return code;
}

enum serve_code serve_watch_begin_terse(struct serve_request *request, struct serve_out *out) {
    char text[64];
    enum serve_code code = begin(request, true);
    int size =
        snprintf(text, sizeof text, "WATCH %llu %d",
                 (unsigned long long)(request->client->watch.seen - request->client->watch.first), SERVE_HEARTBEAT_S);
    serve_out_raw(out, text, (size_t)size);
    return code;
}

enum serve_code serve_watch_end(struct serve_request *request, struct serve_out *out) {
    request->client->watch.on = false;
    serve_out_bool(out, "watch", false);
    return SERVE_OK;
}

/* The first of the last events that fit one message together: an observer that gets blocks would have to fetch the
 * rest. */
static uint64_t first_fitting(const struct serve_request *r, enum serve_format format) {
    enum { MESSAGE = 1024, HEAD = 96 };
    char scratch[4 * SERVE_NAME_CAPACITY + 512];
    size_t used = HEAD;
    uint64_t n = r->events->count + 1;
    for (const struct serve_event *e; (e = serve_events_get(r->events, n - 1)); n--) {
        struct serve_out out = {.bytes = scratch, .capacity = sizeof scratch, .format = format};
        serve_event_write(e, 0, r->now_ms, &out);
        used += out.used + 3; /* two brackets and a comma */
        if (used > MESSAGE && n <= r->events->count) break;
    }
    return n;
}

enum serve_code serve_events_last(struct serve_request *request, struct serve_out *out) {
    const struct serve_events *events = request->events;
    serve_out_count(out, "n", events->count);
    serve_out_begin(out, "events", '[');
    for (uint64_t n = first_fitting(request, out->format); n <= events->count; n++) {
        serve_out_begin(out, NULL, '{');
        serve_event_write(serve_events_get(events, n), 0, request->now_ms, out);
        serve_out_end(out, '}');
    }
    serve_out_end(out, ']');
    return SERVE_OK;
}
