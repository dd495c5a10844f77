/* SPDX-License-Identifier: Apache-2.0
 * The thresholds are compared with the margin, not with the cosine. A picture moves all its cosines together (light,
 * blur, how much there is to see), and the difference to the best rival cancels that. A tag without rivals has only its
 * cosine, and its threshold is learnt for that. */
#include "base/log.h"
#include "tag/score.h"
#include "tag/tagger_set.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Mean luma below which it becomes night, and from which it becomes day. */
#define NIGHT_BELOW 0.20f
#define DAY_FROM 0.25f

/* Thresholds computed anew in one frame: those of all tags are due together, and would hold it up. */
enum { RENEWED_AT_ONCE = 64 };

int tagger_create(struct tagger **out, const struct tagger_set *set) {
    *out = calloc(1, sizeof **out);
    int status =
        *out ? tagger_set_init(*out, set) : log_fail(OCELLI_ERR_MEMORY, "out of memory for the states of tags");
    if (status) tagger_destroy(out);
    return status;
}

void tagger_destroy(struct tagger **tagger) {
    if (!tagger || !*tagger) return;
    tagger_set_finish(*tagger);
    free(*tagger);
    *tagger = NULL;
}

static enum background_regime regime_of(const struct tagger *t) {
    return t->night ? BACKGROUND_NIGHT : BACKGROUND_DAY;
}

static bool learns(const struct tagger_item *item) {
    return isnan(item->tag.rules.value[RULE_ON]);
}

static bool is_learnt(const struct tagger *t, const struct tagger_item *item) {
    return item->calibrate->level[regime_of(t)].known;
}

static enum tagger_threshold threshold_of(const struct tagger *t, const struct tagger_item *item) {
    if (!learns(item)) return TAGGER_FIXED;
    bool can_start = t->starter.count && !item->tag.has_examples;
    if (is_learnt(t, item) && (item->start.over || !can_start)) return TAGGER_LEARNT;
    return can_start ? TAGGER_STARTER : TAGGER_NONE;
}

static struct gate_rules with_times(const struct tagger_item *item, double on, double off) {
    const double *value = item->tag.rules.value;
    return (struct gate_rules){(float)on, (float)off, (int64_t)(value[RULE_MIN_ON] * 1000),
                               (int64_t)(value[RULE_MIN_OFF] * 1000)};
}

/* Fixed or learnt. */
static struct gate_rules own_rules(const struct tagger *t, const struct tagger_item *item) {
    const struct calibrate_level *l = &item->calibrate->level[regime_of(t)];
    const double *value = item->tag.rules.value;
    double on = learns(item) ? (l->known ? l->on : NAN) : value[RULE_ON];
    return with_times(item, on, isnan(value[RULE_OFF]) ? on - l->gap : value[RULE_OFF]);
}

/* The thresholds of the starter's margin, told as those of the tag's own: less what the two margins differ by in this
 * frame. */
static struct gate_rules starter_rules(const struct tagger *t, const struct tagger_item *item) {
    double differ = t->starter.frames ? (double)item->margin - (double)item->start.margin : NAN;
    return with_times(item, differ + (double)starter_on(&t->starter, &item->start.past),
                      differ + (double)starter_off(&t->starter));
}

static struct gate_rules rules_of(const struct tagger *t, const struct tagger_item *item) {
    return threshold_of(t, item) == TAGGER_STARTER ? starter_rules(t, item) : own_rules(t, item);
}

/* The learnt threshold takes over when both rules agree with the state of the tag. So no state flips, and no score
 * crosses 0.5, because the rule changes. */
static void take_over(const struct tagger *t, struct tagger_item *item) {
    item->start.over = item->start.over && is_learnt(t, item); /* one that is forgotten takes over anew */
    if (item->start.over || !is_learnt(t, item) || threshold_of(t, item) != TAGGER_STARTER) return;
    bool on = item->gate.on, learnt = item->margin >= own_rules(t, item).on,
         starter = item->margin >= starter_rules(t, item).on;
    item->start.over = learnt == on && starter == on;
}

/* ---- margins ---- */

static void meet(struct tagger_item *item, const char *rival, float cosine) {
    if (item->runner_up && cosine <= item->runner_up_cosine) return;
    item->runner_up = rival;
    item->runner_up_cosine = cosine;
}

static void find_runner_up(struct tagger *t, struct tagger_item *item, const float *embedding) {
    item->runner_up = NULL;
    item->runner_up_cosine = NAN;
    for (size_t i = 0; i < item->tag.against_count; i++)
        meet(item, item->tag.against_texts[i], score_cosine(item->tag.against + i * t->size, embedding, t->size));
    if (item->group < 0) return;
    const struct tagger_item *const *best = t->groups[item->group].best, *rival = best[0] == item ? best[1] : best[0];
    if (rival) meet(item, rival->tag.name, rival->cosine);
}

/* Of equals the first. */
static void take_best(struct tagger *t, struct tagger_group *group) {
    group->best[0] = group->best[1] = NULL;
    for (int i = group->first; i >= 0; i = t->items[i].next) {
        const struct tagger_item *item = &t->items[i];
        if (!group->best[0] || item->cosine > group->best[0]->cosine)
            group->best[1] = group->best[0], group->best[0] = item;
        else if (!group->best[1] || item->cosine > group->best[1]->cosine)
            group->best[1] = item;
    }
}

/* All cosines are of the frame before any is used: a group compares its members. */
static bool take_cosines(struct tagger *t, const float *embedding) {
    for (size_t i = 0; i < t->size; i++)
        if (!isfinite(embedding[i])) return false;
    for (size_t i = 0; i < t->count; i++) t->items[i].cosine = score_cosine(t->items[i].tag.vector, embedding, t->size);
    for (size_t i = 0; i < t->group_count; i++) take_best(t, &t->groups[i]);
    starter_step(&t->starter, embedding);
    return true;
}

static void take_margin(struct tagger *t, struct tagger_item *item, const struct tagger_frame *frame) {
    find_runner_up(t, item, frame->embedding);
    float margin = item->runner_up ? item->cosine - item->runner_up_cosine : item->cosine;
    int64_t constant_ms = (int64_t)(item->tag.rules.value[RULE_SMOOTH] * 1000);
    item->margin = smooth_step(&item->smooth, margin, frame->time_ms, constant_ms);
    if (!t->starter.count) return;
    struct tagger_start *s = &item->start;
    s->runner_up = starter_rival(&t->starter, s->alike, &s->runner_up_cosine);
    if (item->runner_up && item->runner_up_cosine > s->runner_up_cosine)
        s->runner_up = item->runner_up, s->runner_up_cosine = item->runner_up_cosine;
    s->margin = smooth_step(&s->smooth, item->cosine - s->runner_up_cosine, frame->time_ms, constant_ms);
}

/* ---- why, events ---- */

const char *tagger_threshold_name(enum tagger_threshold threshold) {
    static const char *const names[] = {
        [TAGGER_FIXED] = "fixed", [TAGGER_LEARNT] = "learnt", [TAGGER_STARTER] = "starter", [TAGGER_NONE] = NULL};
    return names[threshold];
}

static struct tagger_why why_of(const struct tagger *tagger, const struct tagger_item *item) {
    struct gate_rules rules = rules_of(tagger, item);
    enum tagger_threshold threshold = threshold_of(tagger, item);
    bool starter = threshold == TAGGER_STARTER && item->start.runner_up;
    double logit = (double)tagger->logit_scale * ((double)item->margin - (double)rules.on);
    return (struct tagger_why){
        .score = isnan(rules.on) ? 0 : (float)(1 / (1 + exp(-logit))),
        .cosine = item->cosine,
        .margin = item->margin,
        .on = rules.on,
        .off = rules.off,
        .percentile = (float)calibrate_percentile(item->calibrate, regime_of(tagger), item->margin),
        .alarms_a_day = (float)calibrate_alarms_a_day(item->calibrate, regime_of(tagger), item->margin),
        .runner_up = starter ? item->start.runner_up : item->runner_up,
        .runner_up_cosine = starter ? item->start.runner_up_cosine : item->runner_up_cosine,
        .threshold = threshold,
    };
}

static void publish(struct tagger *t, const struct tagger_item *item, enum tagger_state state,
                    const struct tagger_frame *frame) {
    t->events[t->event_count++] = (struct tagger_event){
        .tag = state == TAGGER_UNKNOWN ? NULL : item->tag.name,
        .group = item->tag.group,
        .state = state,
        .why = why_of(t, item),
        .version = t->version,
        .model = t->model,
        .sequence = frame->sequence,
        .time_ms = frame->time_ms,
    };
}

static void turn(struct tagger *t, struct tagger_item *item, bool on, const struct tagger_frame *frame) {
    gate_turn(&item->gate, on, frame->time_ms);
    publish(t, item, on ? TAGGER_ON : TAGGER_OFF, frame);
}

/* ---- groups ---- */

static float excess(const struct tagger *t, const struct tagger_item *item) {
    return item->margin - rules_of(t, item).on;
}

static struct tagger_item *member_on(const struct tagger *t, const struct tagger_group *group) {
    for (int i = group->first; i >= 0; i = t->items[i].next)
        if (t->items[i].gate.on) return &t->items[i];
    return NULL;
}

/* The tag that is furthest over its threshold, among those that may turn on. */
static struct tagger_item *candidate(const struct tagger *t, const struct tagger_group *group) {
    struct tagger_item *best = NULL;
    for (int i = group->first; i >= 0; i = t->items[i].next) {
        struct tagger_item *item = &t->items[i];
        if (item->wish != GATE_TURN_ON) continue;
        if (!best || excess(t, item) > excess(t, best)) best = item;
    }
    return best;
}

/* Only who may leave is overtaken, and only by one that is further over its threshold. */
static bool overtakes(const struct tagger *t, const struct tagger_item *next, const struct tagger_item *now,
                      int64_t time_ms) {
    struct gate_rules rules = rules_of(t, now);
    return gate_ask(&now->gate, &rules, -INFINITY, time_ms) == GATE_TURN_OFF && excess(t, next) > excess(t, now);
}

static void step_group(struct tagger *t, const struct tagger_group *group, const struct tagger_frame *frame) {
    struct tagger_item *now = member_on(t, group), *next = candidate(t, group);
    bool leaves = now && now->wish == GATE_TURN_OFF;
    if (now && next && !leaves) leaves = overtakes(t, next, now, frame->time_ms);
    if (leaves) turn(t, now, false, frame);
    if (next && (!now || leaves))
        turn(t, next, true, frame);
    else if (leaves)
        publish(t, now, TAGGER_UNKNOWN, frame);
}

/* ---- another set ---- */

/* An event of the old set that outlives it: in the arena of the next. false: no memory. */
static bool keep_event(struct tagger *next, const struct tagger_event *e, struct tagger_event *left, size_t *count) {
    struct tagger_event *kept = &left[(*count)++];
    *kept = *e;
    kept->edited = true;
    kept->version = next->version, kept->model = next->model;
    kept->tag = tagger_set_text(next, e->tag);
    kept->group = tagger_set_text(next, e->group);
    kept->why.runner_up = tagger_set_text(next, e->why.runner_up);
    return !e->tag == !kept->tag && !e->group == !kept->group && !e->why.runner_up == !kept->why.runner_up;
}

static bool in_group(const struct tagger_item *heir, const char *group) {
    return heir && heir->tag.group && !strcmp(heir->tag.group, group);
}

/* Makes an event for each tag that is on and does not stay so, and for each group that it leaves without one. Nothing
 * of `old` was moved yet. */
static int find_left(struct tagger *old, struct tagger *next, const struct tagger_event **events, size_t *count) {
    const struct tagger_frame last = {.sequence = old->sequence, .time_ms = old->at_ms};
    struct tagger_event *left = arena_alloc(&next->arena, old->count + 1, 2 * sizeof *left);
    bool good = left != NULL;
    *events = left;
    for (size_t i = 0; good && i < old->count; i++) {
        const struct tagger_item *item = &old->items[i], *heir = tagger_set_heir(next, item);
        if (!item->gate.on) continue;
        old->event_count = 0;
        if (!heir) publish(old, item, TAGGER_OFF, &last);
        if (item->tag.group && !in_group(heir, item->tag.group)) publish(old, item, TAGGER_UNKNOWN, &last);
        for (size_t k = 0; good && k < old->event_count; k++) good = keep_event(next, &old->events[k], left, count);
    }
    return good ? OCELLI_OK : log_fail(OCELLI_ERR_MEMORY, "out of memory for the states of tags");
}

int tagger_swap(struct tagger *tagger, struct tagger *next, const struct tagger_event **events, size_t *count) {
    *events = NULL, *count = 0;
    int status = find_left(tagger, next, events, count);
    if (status) {
        *count = 0;
        return status;
    }
    tagger_set_carry(next, tagger);
    struct tagger old = *tagger;
    *tagger = *next, *next = old;
    return OCELLI_OK;
}

int tagger_replace(struct tagger *tagger, const struct tagger_set *set, const struct tagger_event **events,
                   size_t *count) {
    struct tagger *next;
    *events = NULL, *count = 0;
    int status = tagger_create(&next, set);
    if (!status) status = tagger_swap(tagger, next, events, count);
    tagger_destroy(&next);
    return status;
}

/* ---- frames ---- */

static void take_luma(struct tagger *t, float luma) {
    if (isnan(luma) || luma >= DAY_FROM)
        t->night = false;
    else if (luma < NIGHT_BELOW)
        t->night = true;
}

/* Seconds that the frame's margins stand for; 0 after a pause. */
static double seconds_since(struct tagger *t, int64_t time_ms) {
    bool follows = t->started && time_ms >= t->at_ms && time_ms - t->at_ms <= SMOOTH_PAUSE_MS;
    double seconds = follows ? (double)(time_ms - t->at_ms) / 1000 : 0;
    for (size_t i = 0; !follows && i < t->count; i++) calibrate_pause(t->items[i].calibrate);
    t->started = true;
    t->at_ms = time_ms;
    return seconds;
}

/* A tag that has to wait for its turn loses nothing: time goes on counting. A picture that the starter rule takes for
 * the thing is learnt from like any other: if it is always so, it is the scene. */
static void learn(struct tagger *t, double seconds) {
    size_t renewed = 0;
    for (size_t i = 0; i < t->count; i++) {
        struct tagger_item *item = &t->items[i];
        if (t->starter.count && !item->gate.on) starter_past_take(&item->start.past, item->start.margin);
        bool on = item->gate.on && threshold_of(t, item) != TAGGER_STARTER;
        calibrate_take(item->calibrate, item->margin, seconds, regime_of(t), on);
        if (renewed == RENEWED_AT_ONCE || !calibrate_due(item->calibrate)) continue;
        calibrate_renew(item->calibrate, item->tag.rules.value[RULE_FALSE_ALARMS]);
        renewed++;
    }
}

size_t tagger_step(struct tagger *tagger, const struct tagger_frame *frame, const struct tagger_event **events) {
    tagger->event_count = 0;
    *events = tagger->events;
    if (!take_cosines(tagger, frame->embedding)) return 0;
    double seconds = seconds_since(tagger, frame->time_ms);
    tagger->sequence = frame->sequence;
    take_luma(tagger, frame->luma);
    for (size_t i = 0; i < tagger->count; i++) {
        struct tagger_item *item = &tagger->items[i];
        take_margin(tagger, item, frame);
        item->judged = true;
        take_over(tagger, item);
        struct gate_rules rules = rules_of(tagger, item);
        item->wish = gate_ask(&item->gate, &rules, item->margin, frame->time_ms);
    }
    for (size_t i = 0; i < tagger->count; i++)
        if (tagger->items[i].group < 0 && tagger->items[i].wish != GATE_STAY)
            turn(tagger, &tagger->items[i], tagger->items[i].wish == GATE_TURN_ON, frame);
    for (size_t i = 0; i < tagger->group_count; i++) step_group(tagger, &tagger->groups[i], frame);
    learn(tagger, seconds);
    return tagger->event_count;
}

void tagger_refresh(struct tagger *tagger) {
    for (size_t i = 0; i < tagger->count; i++) {
        struct tagger_item *item = &tagger->items[i];
        calibrate_refresh(item->calibrate, item->tag.rules.value[RULE_FALSE_ALARMS]);
        take_over(tagger, item);
    }
}

size_t tagger_count(const struct tagger *tagger) {
    return tagger->count;
}

enum tagger_state tagger_get_state(const struct tagger *tagger, size_t index, const char **tag) {
    const struct tagger_item *item = &tagger->items[index];
    *tag = item->tag.name;
    if (item->gate.on) return TAGGER_ON;
    if (!item->judged) return TAGGER_UNKNOWN;
    return threshold_of(tagger, item) == TAGGER_NONE ? TAGGER_LEARNING : TAGGER_OFF;
}

bool tagger_is_learning(const struct tagger *tagger, size_t index) {
    const struct tagger_item *item = &tagger->items[index];
    return learns(item) && !is_learnt(tagger, item);
}

void tagger_get(const struct tagger *tagger, size_t index, struct tagger_status *status) {
    const struct tagger_item *item = &tagger->items[index];
    const struct calibrate_level *l = &item->calibrate->level[regime_of(tagger)];
    const char *tag;
    float on = threshold_of(tagger, item) == TAGGER_STARTER ? NAN : rules_of(tagger, item).on;
    *status = (struct tagger_status){
        .tag = item->tag.name,
        .group = item->tag.group,
        .state = tagger_get_state(tagger, index, &tag),
        .since_ms = item->gate.turned ? item->gate.since_ms : 0,
        .why = why_of(tagger, item),
        .on_percentile = isnan(on) ? NAN : (float)calibrate_percentile(item->calibrate, regime_of(tagger), on),
        .on_alarms_a_day = isnan(on) ? NAN : (float)calibrate_alarms_a_day(item->calibrate, regime_of(tagger), on),
        .learnt_days = l->days,
        .learning = tagger_is_learning(tagger, index),
        .day_night_apart = item->calibrate->apart,
    };
}

bool tagger_is_night(const struct tagger *tagger) {
    return tagger->night;
}

const char *tagger_group(const struct tagger *tagger, const char *group) {
    size_t i;
    const struct tagger_item *on =
        lookup_find(&tagger->group_names, group, &i) ? member_on(tagger, &tagger->groups[i]) : NULL;
    return on ? on->tag.name : NULL;
}
