/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/events.h"

#include <stdio.h>

static void copy(char to[SERVE_NAME_CAPACITY], const char *text) {
    snprintf(to, SERVE_NAME_CAPACITY, "%s", text ? text : "");
}

void serve_events_add(struct serve_events *events, const struct tagger_event *event) {
    struct serve_event *e = &events->ring[++events->count % SERVE_EVENTS];
    *e = (struct serve_event){.n = events->count,
                              .state = event->state,
                              .edited = event->edited,
                              .seq = event->sequence,
                              .version = event->version,
                              .taken_ms = (double)event->time_ms,
                              .score = event->why.score,
                              .margin = event->why.margin,
                              .cosine = event->why.cosine,
                              .on = event->why.on,
                              .percentile = event->why.percentile,
                              .threshold = event->why.threshold,
                              .action = event->action,
                              .verdict = event->verdict};
    copy(e->tag, event->tag);
    copy(e->group, event->group);
    copy(e->runner_up, event->why.runner_up);
    copy(e->policy, event->policy);
}

const struct serve_event *serve_events_get(const struct serve_events *events, uint64_t count) {
    if (count == 0 || count > events->count || events->count - count >= SERVE_EVENTS) return NULL;
    return &events->ring[count % SERVE_EVENTS];
}

const char *serve_state_name(enum tagger_state state) {
    static const char *const names[] = {"off", "on", "learning", "unknown"};
    return names[state];
}

void serve_threshold_write(enum tagger_threshold threshold, struct serve_out *out) {
    const char *name = tagger_threshold_name(threshold);
    if (name) serve_out_text(out, "threshold", name);
}

static void write_reason(const struct serve_event *e, struct serve_out *out) {
    serve_out_number(out, "score", (double)e->score, 4);
    serve_out_number(out, "margin", (double)e->margin, 4);
    serve_out_number(out, "cosine", (double)e->cosine, 4);
    serve_out_number(out, "on", (double)e->on, 4);
    serve_out_number(out, "percentile", (double)e->percentile, 5);
    serve_threshold_write(e->threshold, out);
}

static void write_policy(const struct serve_event *e, struct serve_out *out) {
    serve_out_text(out, "policy", e->policy);
    serve_out_text(out, "action", e->action);
}

void serve_event_write(const struct serve_event *event, uint64_t first, double now_ms, struct serve_out *out) {
    double age = now_ms - event->taken_ms;
    serve_out_count(out, "n", event->n - first);
    serve_out_count(out, "seq", event->seq);
    serve_out_count(out, "age_ms", age > 0 ? (uint64_t)age : 0);
    bool why = event->tag[0] || event->policy[0];
    if (event->policy[0]) write_policy(event, out);
    if (event->tag[0]) serve_out_text(out, "tag", event->tag);
    if (event->group[0]) serve_out_text(out, "group", event->group);
    serve_out_text(out, "state", serve_state_name(event->state));
    if (why) write_reason(event, out);
    if (why && event->runner_up[0]) serve_out_text(out, "runner_up", event->runner_up);
    if (event->verdict) serve_out_text(out, "verdict", event->verdict);
    serve_out_count(out, "version", event->version);
    if (event->edited) serve_out_text(out, "reason", "edit");
}
