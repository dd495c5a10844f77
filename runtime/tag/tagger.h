/* SPDX-License-Identifier: Apache-2.0
 * Embeddings in, changes of state out: margins, smoothing, thresholds, groups, learning.
 * Thread-safety: one call at a time. Nothing is allocated per frame. */
#ifndef TAG_TAGGER_H
#define TAG_TAGGER_H

#include "tag/rules.h"

#include <stdint.h>

struct tagger;

struct tagger_tag {
    const char *name, *group; /* group: NULL: none */
    const char *key;          /* what the vectors were made of, see tags_file_key(): another key is another tag */
    const float *vector;      /* (D), unit length */
    const float *against;     /* (against_count, D), unit length; may be NULL when there are none */
    const char *const *against_texts; /* (against_count): what a runner-up is called */
    size_t against_count;
    struct rules rules; /* complete, see rules_complete() */
    bool has_examples;  /* `vector` is of pictures too, which lie nearer to pictures than any text: no starter rule */
};

struct tagger_set {
    const struct tagger_tag *tags;
    size_t count;          /* 0 is a set too */
    size_t size;           /* D */
    float logit_scale;     /* of the model */
    uint64_t version;      /* of the prompts; goes into events */
    const char *model;     /* its name; goes into events, and into what a background belongs to */
    const char *model_key; /* as well, where its bytes have a name too; may be NULL */
    /* Everyday things, which are rivals of each tag until its threshold is learnt; at most STARTER_MOST. 0: no starter
     * rule. */
    const float *distractors;            /* (distractor_count, D), unit length */
    const char *const *distractor_texts; /* (distractor_count) */
    size_t distractor_count;
};

enum tagger_state {
    TAGGER_OFF,
    TAGGER_ON,
    TAGGER_LEARNING, /* off, as no rule can decide yet: nothing is learnt, and there is no starter rule for it */
    TAGGER_UNKNOWN,  /* a group with no member on; a tag that no frame was judged with yet */
};

/* Which rule decides. */
enum tagger_threshold {
    TAGGER_FIXED,   /* `on` of the file */
    TAGGER_LEARNT,  /* from the scene */
    TAGGER_STARTER, /* against everyday things, until the scene is learnt: starter.h */
    TAGGER_NONE,    /* none can: the state is TAGGER_LEARNING */
};

/* Its word: "fixed", "learnt", "starter"; NULL of TAGGER_NONE. */
const char *tagger_threshold_name(enum tagger_threshold threshold);

/* Why a tag is what it is. Strings live until the set is replaced. With TAGGER_STARTER the margin is what it always is,
 * but `on` and `off` move from picture to picture. They are the margins at which the tag would turn on and off in a
 * picture with these distractors. The runner-up may then be a distractor, or STARTER_ANYTHING_ELSE. */
struct tagger_why {
    float score;            /* 0..1: sigmoid(logit scale * (margin - on)), so 0.5 at the threshold; 0 while learning */
    float cosine;           /* of this frame */
    float margin;           /* smoothed: cosine less the best rival's; the cosine itself without rivals */
    float on, off;          /* thresholds; NAN: not learnt yet */
    float percentile;       /* share of the background's time below the margin, 0..100; NAN: not learnt yet */
    float alarms_a_day;     /* how often the background reaches this margin; NAN: not learnt yet */
    const char *runner_up;  /* best rival: a member of the group, or a prompt against; NULL: none */
    float runner_up_cosine; /* of this frame; NAN: none */
    enum tagger_threshold threshold; /* what `on` and `off` are */
};

struct tagger_event {
    const char *tag;   /* NULL: the group's answer is unknown now */
    const char *group; /* NULL: none */
    enum tagger_state state;
    struct tagger_why why; /* of the tag; of the one that left, when the group is unknown */
    bool edited;           /* another set made it so, not a picture */
    /* Given by whoever moderates; the tagger leaves them NULL. Static, or as long as the event. */
    const char *verdict; /* of the picture */
    const char *policy;  /* it is an event of this policy, ON or OFF, with no tag or group; `why.on` is its threshold */
    const char *action;  /* of the policy */
    uint64_t version;
    const char *model;
    uint64_t sequence; /* of the frame */
    int64_t time_ms;
};

struct tagger_frame {
    const float *embedding; /* (D), unit length */
    int64_t time_ms;        /* of a clock that does not jump; after a minute without frames it starts anew */
    uint64_t sequence;
    float luma; /* mean of the picture, 0..1: day or night; NAN: not known, day */
};

struct tagger_status {
    const char *tag, *group;
    enum tagger_state state;
    int64_t since_ms; /* of the last change; 0: none yet */
    struct tagger_why why;
    float on_percentile;   /* of the threshold in the background, as why.percentile is of the margin */
    float on_alarms_a_day; /* how often the background reaches the threshold */
    double learnt_days;    /* that the threshold rests on, less as they age */
    bool learning;         /* its threshold is to be learnt, and is not there yet */
    bool day_night_apart;  /* two thresholds, as the background differs */
};

/* Strings and vectors are copied. Free with tagger_destroy(). Errors: USAGE (a name twice), MEMORY. */
int tagger_create(struct tagger **out, const struct tagger_set *set);

/* Replaces the set. A tag with the same name and key stays on if it was (unless it comes into a group). It keeps what
 * it learnt if model, smoothing and the group's other members are the same too. *events gets the tags that were on and
 * are not any more, as of the last frame, then their groups, which are unknown now. They live until the next
 * replacement. On error the old set stays, and *count is 0. Errors: as tagger_create(). */
int tagger_replace(struct tagger *tagger, const struct tagger_set *set, const struct tagger_event **events,
                   size_t *count);

/* The same in two steps, for a caller that holds a lock: `next` comes from tagger_create(), which takes long for many
 * tags, and this is quick. `next` has the old set then; on error it is as it was. Errors: MEMORY. */
int tagger_swap(struct tagger *tagger, struct tagger *next, const struct tagger_event **events, size_t *count);

/* Frees and sets *tagger to NULL. Accepts NULL and a pointer to NULL. */
void tagger_destroy(struct tagger **tagger);

/* One frame. *events gets the changes, which live until the next call; gives how many. A frame whose cosines
 * are not finite is passed over. */
size_t tagger_step(struct tagger *tagger, const struct tagger_frame *frame, const struct tagger_event **events);

/* Computes the learnt thresholds now, which tagger_step() does every 10 minutes. */
void tagger_refresh(struct tagger *tagger);

/* State of tag `index` (0..count - 1, in the order of the set) as of the last frame. */
size_t tagger_count(const struct tagger *tagger);
void tagger_get(const struct tagger *tagger, size_t index, struct tagger_status *status);
/* Of it only the state and the name, which is quick. */
enum tagger_state tagger_get_state(const struct tagger *tagger, size_t index, const char **tag);
/* And only whether it is learning, see struct tagger_status. */
bool tagger_is_learning(const struct tagger *tagger, size_t index);

/* Was the last frame of the night, for which other thresholds may be learnt? */
bool tagger_is_night(const struct tagger *tagger);

/* The member of the group that is on; NULL: unknown. */
const char *tagger_group(const struct tagger *tagger, const char *group);

/* The learnt state as bytes to be stored; free(*bytes). Errors: MEMORY. */
int tagger_save(const struct tagger *tagger, uint8_t **bytes, size_t *size);

/* The same in two steps, for a caller that holds a lock: a copy, which is quick, and its bytes, which frees *learnt.
 * Errors: MEMORY; *learnt is NULL then. */
struct tagger_learnt;
int tagger_save_copy(const struct tagger *tagger, struct tagger_learnt **learnt);
int tagger_save_bytes(struct tagger_learnt **learnt, uint8_t **bytes, size_t *size);

/* Takes back what belongs to tags of this set, and leaves the rest; *taken (may be NULL) gets how many.
 * `name` is for messages. Errors: FILE (not what tagger_save() wrote; nothing was taken). */
int tagger_restore(struct tagger *tagger, const void *bytes, size_t size, const char *name, size_t *taken);

#endif
