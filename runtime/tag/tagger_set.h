/* SPDX-License-Identifier: Apache-2.0
 * Inside of the tagger: its tags and groups, and how they come from a set. */
#ifndef TAG_TAGGER_SET_H
#define TAG_TAGGER_SET_H

#include "base/arena.h"
#include "base/lookup.h"
#include "base/sha256.h"
#include "tag/calibrate.h"
#include "tag/gate.h"
#include "tag/smooth.h"
#include "tag/starter.h"
#include "tag/tagger.h"

struct tagger_item {
    struct tagger_tag tag;           /* strings and vectors in the arena */
    int group;                       /* index; -1: none */
    int next;                        /* of its group, by index; -1: the last */
    uint8_t background[SHA256_SIZE]; /* names what was learnt: of which tag against which rivals */
    struct smooth smooth;
    struct gate gate;
    struct calibrate *calibrate; /* its own, moved when the set is replaced */
    float cosine, margin, runner_up_cosine;
    const char *runner_up;
    enum gate_wish wish;
    bool judged;          /* a frame was, with what the tag is now */
    struct tagger_start { /* the starter rule */
        uint64_t alike;   /* distractors that are no rivals of it */
        bool over;        /* the learnt threshold has taken over */
        struct smooth smooth;
        struct starter_past past;
        float margin, runner_up_cosine; /* against rivals and distractors */
        const char *runner_up;
    } start;
};

/* Tags that exclude each other. */
struct tagger_group {
    const char *name;
    int first, last;                   /* members: the first, then its `next` and so on, in the order of the set */
    uint64_t keys[SHA256_SIZE / 8];    /* sum of what the members' keys hash to */
    const struct tagger_item *best[2]; /* the two that come first in this frame */
};

struct tagger {
    struct arena arena; /* everything but the calibrations */
    struct tagger_item *items;
    struct tagger_group *groups;
    struct lookup names, group_names; /* indices */
    size_t count, group_count, size;
    struct starter starter;
    float logit_scale;
    uint64_t version;
    const char *model, *model_key;
    struct tagger_event *events; /* (2 * count): each may leave, and leave its group unknown */
    size_t event_count;
    bool started, night;
    int64_t at_ms; /* of the last frame */
    uint64_t sequence;
};

/* Fills a zeroed one. Errors: as tagger_create(); tagger_set_finish() then too. */
int tagger_set_init(struct tagger *tagger, const struct tagger_set *set);
void tagger_set_finish(struct tagger *tagger);
/* A copy in the arena; NULL: of NULL, or no memory. */
const char *tagger_set_text(struct tagger *tagger, const char *text);
/* The tag of another set that goes on with the state of this one; NULL: none, it ends. */
const struct tagger_item *tagger_set_heir(const struct tagger *to, const struct tagger_item *from);
/* Moves the state of tags that did not change. */
void tagger_set_carry(struct tagger *to, struct tagger *from);

#endif
