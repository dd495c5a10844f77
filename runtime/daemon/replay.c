/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/replay.h"
#include "base/log.h"
#include "memory/pack.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* After a minute without a picture nobody knows what was there: the tagger begins anew too. */
enum { CELL_MS = 1000 * SERVE_REPLAY_S / SERVE_REPLAY_CELLS, STRETCH_MS = 1000 * SERVE_REPLAY_S, GAP_MS = 60000 };

struct replay {
    struct tagger *tagger;
    const char *tag;
    size_t index; /* of the tag in the tagger */
    float luma;   /* of all pictures */
    int64_t begin_ms;
    struct serve_replayed *out;
};

static bool find(struct replay *r) {
    const char *name;
    for (r->index = 0; r->index < tagger_count(r->tagger); r->index++) {
        tagger_get_state(r->tagger, r->index, &name);
        if (!strcmp(name, r->tag)) return true;
    }
    return false;
}

static size_t cell_of(const struct replay *r, int64_t time_ms) {
    int64_t cell = (time_ms - r->begin_ms) / CELL_MS;
    return cell < 0 ? 0 : cell < SERVE_REPLAY_CELLS ? (size_t)cell : SERVE_REPLAY_CELLS - 1;
}

/* The oldest goes when there are too many. */
static void keep_change(struct serve_replayed *out, const struct tagger_event *e, int64_t time_ms) {
    if (out->count == SERVE_REPLAY_CHANGES)
        memmove(out->changes, out->changes + 1, --out->count * sizeof *out->changes);
    bool on = e->state == TAGGER_ON;
    out->changes[out->count++] = (struct serve_replay_change){(double)time_ms / 1000, on, e->why.score, e->why.margin};
    out->turned_on += on;
}

/* It was on from then to then. */
static void count_on(struct replay *r, int64_t from_ms, int64_t to_ms) {
    if (to_ms - from_ms > GAP_MS) to_ms = from_ms + GAP_MS;
    while (from_ms < to_ms) {
        size_t cell = cell_of(r, from_ms);
        int64_t end_ms = r->begin_ms + (int64_t)(cell + 1) * CELL_MS;
        if (end_ms > to_ms || end_ms <= from_ms) end_ms = to_ms;
        r->out->on_in[cell] += (float)(end_ms - from_ms) / 1000;
        r->out->on_s += (double)(end_ms - from_ms) / 1000;
        from_ms = end_ms;
    }
}

static void step(struct replay *r, const float *vector, const struct history_fact *fact, uint64_t sequence) {
    const struct tagger_event *events;
    struct tagger_status status;
    struct tagger_frame frame = {vector, fact->time_ms, sequence, r->luma};
    size_t count = tagger_step(r->tagger, &frame, &events);
    for (size_t i = 0; i < count; i++)
        if (events[i].tag && !strcmp(events[i].tag, r->tag)) keep_change(r->out, &events[i], fact->time_ms);
    tagger_get(r->tagger, r->index, &status);
    float *cell = &r->out->scores[cell_of(r, fact->time_ms)];
    *cell = fmaxf(*cell, status.why.score); /* of a NAN and a number: the number */
    r->out->on = status.state == TAGGER_ON;
    r->out->threshold = status.why.on, r->out->rule = tagger_threshold_name(status.why.threshold);
    r->out->pictures++;
}

/* The newest stand first. */
static int run(struct replay *r, const struct history_vectors *v, size_t size, int64_t now_ms, float *vector,
               const atomic_bool *stop) {
    int64_t last_ms = 0;
    for (size_t i = v->count; i-- > 0;) {
        const struct history_fact *fact = &v->facts[i];
        if (stop && *stop) return OCELLI_ERR_LOST;
        if (fact->time_ms > now_ms) break; /* the clock was set back */
        if (r->out->on) count_on(r, last_ms, fact->time_ms);
        pack_restore(v->vectors + i * size, size, vector);
        step(r, vector, fact, v->count - i);
        last_ms = fact->time_ms;
    }
    if (r->out->on) count_on(r, last_ms, now_ms);
    return OCELLI_OK;
}

int replay_run(struct tagger *tagger, const char *tag, const struct history_vectors *vectors, size_t size,
               int64_t now_ms, bool night, const atomic_bool *stop, struct serve_replayed *replayed) {
    struct replay r = {
        .tagger = tagger, .tag = tag, .luma = night ? 0 : 1, .begin_ms = now_ms - STRETCH_MS, .out = replayed};
    float *vector = malloc((size + 1) * sizeof *vector);
    *replayed = (struct serve_replayed){.threshold = (float)NAN, .until = (double)now_ms / 1000};
    bool all = vectors->count < REPLAY_PICTURES;
    replayed->since = (double)(all ? r.begin_ms : vectors->facts[vectors->count - 1].time_ms) / 1000;
    for (int i = 0; i < SERVE_REPLAY_CELLS; i++) replayed->scores[i] = (float)NAN;
    int status = vector && find(&r) ? run(&r, vectors, size, now_ms, vector, stop)
                                    : log_fail(OCELLI_ERR_MEMORY, "out of memory for a replay of \"%s\"", tag);
    free(vector);
    return status;
}
