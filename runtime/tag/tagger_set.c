/* SPDX-License-Identifier: Apache-2.0 */
#include "tag/tagger_set.h"
#include "base/log.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static int out_of_memory(size_t count) {
    return log_fail(OCELLI_ERR_MEMORY, "out of memory for the states of %zu tags", count);
}

const char *tagger_set_text(struct tagger *t, const char *text) {
    return text ? arena_copy(&t->arena, text, strlen(text)) : NULL;
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
static int group_of(struct tagger *t, const char *name) {
    if (!name) return -1;
    for (size_t i = 0; i < t->group_count; i++)
        if (!strcmp(t->groups[i], name)) return (int)i;
    t->groups[t->group_count] = name;
    return (int)t->group_count++;
}

static int take(struct tagger *t, const struct tagger_tag *from) {
    struct tagger_item *item = &t->items[t->count];
    for (size_t i = 0; i < t->count; i++)
        if (!strcmp(t->items[i].tag.name, from->name))
            return log_fail(OCELLI_ERR_USAGE, "tag \"%s\" is given twice: join the two", from->name);
    item->tag = *from;
    item->tag.name = tagger_set_text(t, from->name);
    item->tag.group = tagger_set_text(t, from->group);
    item->tag.key = tagger_set_text(t, from->key);
    item->tag.vector = copy_vectors(t, from->vector, 1);
    item->calibrate = calloc(1, sizeof *item->calibrate);
    item->runner_up_cosine = NAN;
    t->count++; /* also of a half one: tagger_set_finish() frees it */
    if (!copy_against(t, &item->tag, from) || !item->tag.name || !item->tag.key || !item->tag.vector || !item->calibrate ||
        (from->group && !item->tag.group))
        return out_of_memory(t->count);
    item->group = group_of(t, item->tag.group);
    return OCELLI_OK;
}

static void mix(uint8_t digest[SHA256_SIZE], const void *bytes, size_t size) {
    uint8_t both[2 * SHA256_SIZE];
    memcpy(both, digest, SHA256_SIZE);
    sha256(bytes, size, both + SHA256_SIZE);
    sha256(both, sizeof both, digest);
}

/* Margins are of another kind with another model, smoothing or rival. */
static void name_background(const struct tagger *t, struct tagger_item *item) {
    uint32_t smooth_ms = (uint32_t)(item->tag.rules.value[RULE_SMOOTH] * 1000);
    uint8_t bytes[4];
    for (int i = 0; i < 4; i++) bytes[i] = (uint8_t)(smooth_ms >> (8 * i));
    memset(item->background, 0, SHA256_SIZE);
    mix(item->background, t->model, strlen(t->model));
    if (t->model_key) mix(item->background, t->model_key, strlen(t->model_key));
    mix(item->background, bytes, sizeof bytes);
    mix(item->background, item->tag.name, strlen(item->tag.name));
    mix(item->background, item->tag.key, strlen(item->tag.key));
    for (size_t i = 0; i < t->count; i++) {
        const struct tagger_item *other = &t->items[i];
        if (other != item && item->group >= 0 && other->group == item->group)
            mix(item->background, other->tag.key, strlen(other->tag.key));
    }
}

int tagger_set_init(struct tagger *t, const struct tagger_set *set) {
    size_t room = set->count ? set->count : 1;
    t->size = set->size, t->logit_scale = set->logit_scale, t->version = set->version;
    t->items = arena_alloc(&t->arena, room, sizeof *t->items);
    t->groups = arena_alloc(&t->arena, room, sizeof *t->groups);
    t->events = arena_alloc(&t->arena, room, 2 * sizeof *t->events);
    t->model = tagger_set_text(t, set->model);
    t->model_key = tagger_set_text(t, set->model_key);
    bool enough = t->model && !t->model_key == !set->model_key;
    int status = t->items && t->groups && t->events && enough ? OCELLI_OK : out_of_memory(set->count);
    for (size_t i = 0; !status && i < set->count; i++) status = take(t, &set->tags[i]);
    for (size_t i = 0; !status && i < t->count; i++) name_background(t, &t->items[i]);
    return status;
}

void tagger_set_finish(struct tagger *t) {
    for (size_t i = 0; i < t->count; i++) free(t->items[i].calibrate);
    arena_finish(&t->arena);
    *t = (struct tagger){0};
}

static bool same_tag(const struct tagger_item *a, const struct tagger_item *b) {
    return !strcmp(a->tag.name, b->tag.name) && !strcmp(a->tag.key, b->tag.key);
}

/* In the group that it was in, or in none; else two that were on might meet in one group. */
static bool keeps_state(const struct tagger_item *to, const struct tagger_item *from) {
    const char *group = to->tag.group;
    return !group || (from->tag.group && !strcmp(group, from->tag.group));
}

const struct tagger_item *tagger_set_heir(const struct tagger *to, const struct tagger_item *from) {
    for (size_t i = 0; i < to->count; i++)
        if (same_tag(&to->items[i], from)) return keeps_state(&to->items[i], from) ? &to->items[i] : NULL;
    return NULL;
}

static void carry(struct tagger_item *to, struct tagger_item *from) {
    if (!memcmp(to->background, from->background, SHA256_SIZE)) { /* moved: the old set gets the empty one to free */
        struct calibrate *learnt = from->calibrate;
        from->calibrate = to->calibrate;
        to->calibrate = learnt;
        to->smooth = from->smooth;
    }
    if (keeps_state(to, from)) to->gate = from->gate;
    to->cosine = from->cosine;
    to->margin = from->margin;
}

void tagger_set_carry(struct tagger *to, struct tagger *from) {
    to->started = from->started, to->night = from->night, to->at_ms = from->at_ms;
    to->sequence = from->sequence;
    for (size_t i = 0; i < to->count; i++)
        for (size_t k = 0; k < from->count; k++)
            if (same_tag(&to->items[i], &from->items[k])) carry(&to->items[i], &from->items[k]);
}
