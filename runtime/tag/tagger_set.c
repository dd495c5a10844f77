/* SPDX-License-Identifier: Apache-2.0 */
#include "tag/tagger_set.h"
#include "base/log.h"
#include "base/span.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static int out_of_memory(size_t count) {
    return log_fail(OCELLI_ERR_MEMORY, "out of memory for the states of %zu tags", count);
}

const char *tagger_set_text(struct tagger *tagger, const char *text) {
    return text ? arena_copy(&tagger->arena, text, strlen(text)) : NULL;
}

static const float *copy_vectors(struct tagger *t, const float *vectors, size_t count) {
    float *copy = arena_alloc(&t->arena, count ? count : 1, t->size * sizeof *copy);
    if (copy && count) memcpy(copy, vectors, count * t->size * sizeof *copy);
    return copy;
}

static bool copy_against(struct tagger *t, struct tagger_tag *to, const struct tagger_tag *from) {
    const char **texts = arena_alloc(&t->arena, from->against_count ? from->against_count : 1, sizeof *texts);
    bool good = texts != NULL;
    for (size_t i = 0; good && i < from->against_count; i++)
        good = (texts[i] = tagger_set_text(t, from->against_texts[i])) != NULL;
    to->against_texts = texts;
    to->against = copy_vectors(t, from->against, from->against_count);
    return good && to->against;
}

/* Index of a group, which is made when it is new. */
static size_t group_of(struct tagger *t, const char *name) {
    size_t i;
    if (lookup_find(&t->group_names, name, &i)) return i;
    t->groups[t->group_count] = (struct tagger_group){.name = name, .first = -1, .last = -1};
    lookup_add(&t->group_names, name, t->group_count);
    return t->group_count++;
}

/* Lanes of 64 bits, each for itself: what is added can be taken away again. */
static void add_key(uint64_t sum[SHA256_SIZE / 8], const char *key, bool away) {
    uint8_t digest[SHA256_SIZE];
    sha256(key, strlen(key), digest);
    for (int i = 0; i < SHA256_SIZE; i++) {
        uint64_t part = (uint64_t)digest[i] << 8 * (i % 8);
        sum[i / 8] += away ? -part : part;
    }
}

/* The last item comes into its group. */
static void join(struct tagger *t) {
    struct tagger_item *item = &t->items[t->count - 1];
    if (!item->tag.group) return;
    item->group = (int)group_of(t, item->tag.group);
    struct tagger_group *group = &t->groups[item->group];
    int index = (int)t->count - 1;
    if (group->last < 0)
        group->first = index;
    else
        t->items[group->last].next = index;
    group->last = index;
    add_key(group->keys, item->tag.key, false);
}

static int take(struct tagger *tagger, const struct tagger_tag *from) {
    struct tagger_item *item = &tagger->items[tagger->count];
    if (lookup_find(&tagger->names, from->name, NULL))
        return log_fail(OCELLI_ERR_USAGE, "tag \"%s\" is given twice: join the two", from->name);
    item->tag = *from;
    item->tag.name = tagger_set_text(tagger, from->name);
    item->tag.group = tagger_set_text(tagger, from->group);
    item->tag.key = tagger_set_text(tagger, from->key);
    item->tag.vector = copy_vectors(tagger, from->vector, 1);
    item->calibrate = calloc(1, sizeof *item->calibrate);
    item->start.alike = starter_alike(&tagger->starter, from->vector);
    item->runner_up_cosine = NAN;
    item->group = item->next = -1;
    tagger->count++; /* also of a half one: tagger_set_finish() frees it */
    if (!copy_against(tagger, &item->tag, from) || !item->tag.name || !item->tag.key || !item->tag.vector ||
        !item->calibrate || (from->group && !item->tag.group))
        return out_of_memory(tagger->count);
    lookup_add(&tagger->names, item->tag.name, tagger->count - 1);
    join(tagger);
    return OCELLI_OK;
}

static void mix(uint8_t digest[SHA256_SIZE], const void *bytes, size_t size) {
    uint8_t both[2 * SHA256_SIZE];
    memcpy(both, digest, SHA256_SIZE);
    sha256(bytes, size, both + SHA256_SIZE);
    sha256(both, sizeof both, digest);
}

/* Margins are of another kind with another model, smoothing or rival. The rivals' keys are summed, in any order:
 * hashing each pair of a large group would take seconds. */
static void name_background(const struct tagger *tagger, struct tagger_item *item) {
    uint32_t smooth_ms = (uint32_t)(item->tag.rules.value[RULE_SMOOTH] * 1000);
    uint8_t bytes[4];
    span_put(bytes, smooth_ms, sizeof bytes);
    memset(item->background, 0, SHA256_SIZE);
    mix(item->background, tagger->model, strlen(tagger->model));
    if (tagger->model_key) mix(item->background, tagger->model_key, strlen(tagger->model_key));
    mix(item->background, bytes, sizeof bytes);
    mix(item->background, item->tag.name, strlen(item->tag.name));
    mix(item->background, item->tag.key, strlen(item->tag.key));
    const struct tagger_group *group = item->group < 0 ? NULL : &tagger->groups[item->group];
    if (!group || group->first == group->last) return;
    uint64_t rivals[SHA256_SIZE / 8];
    uint8_t sum[SHA256_SIZE];
    memcpy(rivals, group->keys, sizeof rivals);
    add_key(rivals, item->tag.key, true);
    for (int i = 0; i < SHA256_SIZE; i++) sum[i] = (uint8_t)(rivals[i / 8] >> 8 * (i % 8));
    mix(item->background, sum, sizeof sum);
}

int tagger_set_init(struct tagger *tagger, const struct tagger_set *set) {
    size_t capacity = set->count ? set->count : 1;
    tagger->size = set->size, tagger->logit_scale = set->logit_scale, tagger->version = set->version;
    tagger->items = arena_alloc(&tagger->arena, capacity, sizeof *tagger->items);
    tagger->groups = arena_alloc(&tagger->arena, capacity, sizeof *tagger->groups);
    tagger->events = arena_alloc(&tagger->arena, capacity, 2 * sizeof *tagger->events);
    tagger->model = tagger_set_text(tagger, set->model);
    tagger->model_key = tagger_set_text(tagger, set->model_key);
    bool good = tagger->items && tagger->groups && tagger->events && tagger->model &&
                !tagger->model_key == !set->model_key && lookup_init(&tagger->names, &tagger->arena, capacity) &&
                lookup_init(&tagger->group_names, &tagger->arena, capacity);
    int status = good ? OCELLI_OK : out_of_memory(set->count);
    if (!status)
        status = starter_init(&tagger->starter, &tagger->arena, set->distractors, set->distractor_texts,
                              set->distractor_count, set->size);
    for (size_t i = 0; !status && i < set->count; i++) status = take(tagger, &set->tags[i]);
    for (size_t i = 0; !status && i < tagger->count; i++) name_background(tagger, &tagger->items[i]);
    return status;
}

void tagger_set_finish(struct tagger *tagger) {
    for (size_t i = 0; i < tagger->count; i++) free(tagger->items[i].calibrate);
    arena_finish(&tagger->arena);
    *tagger = (struct tagger){0};
}

/* The tag of `t` that has this one's name and key, or NULL. */
static struct tagger_item *same_tag(const struct tagger *t, const struct tagger_item *as) {
    size_t i;
    return lookup_find(&t->names, as->tag.name, &i) && !strcmp(t->items[i].tag.key, as->tag.key) ? &t->items[i] : NULL;
}

/* In the group that it was in, or in none; else two that were on might meet in one group. */
static bool keeps_state(const struct tagger_item *to, const struct tagger_item *from) {
    const char *group = to->tag.group;
    return !group || (from->tag.group && !strcmp(group, from->tag.group));
}

const struct tagger_item *tagger_set_heir(const struct tagger *to, const struct tagger_item *from) {
    const struct tagger_item *same = same_tag(to, from);
    return same && keeps_state(same, from) ? same : NULL;
}

static void carry(struct tagger_item *to, struct tagger_item *from) {
    if (!memcmp(to->background, from->background, SHA256_SIZE)) { /* moved: the old set gets the empty one to free */
        struct calibrate *learnt = from->calibrate;
        from->calibrate = to->calibrate;
        to->calibrate = learnt;
        to->smooth = from->smooth;
        to->start.smooth = from->start.smooth, to->start.past = from->start.past, to->start.over = from->start.over;
    }
    if (keeps_state(to, from)) to->gate = from->gate;
    to->judged = from->judged;
    to->cosine = from->cosine;
    to->margin = from->margin;
    to->start.margin = from->start.margin;
}

void tagger_set_carry(struct tagger *to, struct tagger *from) {
    to->started = from->started, to->night = from->night, to->at_ms = from->at_ms;
    to->sequence = from->sequence;
    starter_carry(&to->starter, &from->starter);
    for (size_t i = 0; i < to->count; i++) {
        struct tagger_item *same = same_tag(from, &to->items[i]);
        if (same) carry(&to->items[i], same);
    }
}
