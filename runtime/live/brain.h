/* SPDX-License-Identifier: Apache-2.0
 * The thread that owns the model: pictures in, states and events out; between two pictures a few prompts of an edited set.
 * A lost device is opened again. */
#ifndef LIVE_BRAIN_H
#define LIVE_BRAIN_H

#include "base/frame.h"
#include "base/thread.h"
#include "base/sha256.h"
#include "live/event.h"
#include "live/keep.h"
#include "live/meter.h"
#include "live/vectors.h"
#include "source/source.h"

/* One that the device works on, one that waits for it, and the last one, kept for who asks what was seen. */
enum { BRAIN_PICTURES = SOURCE_HELD };

struct brain_picture {
    /* the brain's; LEAVING: on its way back to the source */
    enum { BRAIN_FREE, BRAIN_TAKEN, BRAIN_READY, BRAIN_BUSY, BRAIN_KEPT, BRAIN_LEAVING } state;
    struct source *source;
    struct frame frame; /* as captured, held: it is read where it lies */
    float luma;         /* 0..1 */
    int64_t cpu_ns;     /* processor time it took so far */
};

/* Thread-safety: brain_open() to brain_start() by one thread; what follows by any. */
struct brain {
    struct meter *meter;
    struct event_queue *events;
    /* of the model, set by brain_open() and never again: for any thread */
    char name[EVENT_NAME], device[EVENT_NAME], key[SHA256_HEX_SIZE];
    uint32_t size;
    float logit_scale;
    /* the thread's own once it runs */
    struct ocelli *model;
    struct vectors *job, *now;
    float *embedding;
    unsigned failures; /* of the device, one after another */
    bool prepared;     /* brain_prepare() came to its end */
    struct thread thread;

    pthread_mutex_t lock; /* of all below */
    pthread_cond_t changed;
    bool stop, open;
    struct keep keep; /* set before brain_start() */
    struct ask *ask;  /* who waits for a text's vector, see live/ask.h; NULL: nobody */
    struct brain_picture pictures[BRAIN_PICTURES];
    struct vectors *incoming;
    bool embedding_prompts;
    struct tagger *tagger;
    uint64_t version, gpu_bytes, changes; /* changes: of the tagger, by a picture or another set */
    uint32_t dma_bufs;
    bool any; /* a picture was judged: the last one's ... */
    uint64_t sequence;
    int64_t captured_ns;
    int64_t busy_since, usual_ns; /* of a picture; 0: none */

    pthread_mutex_t told_lock; /* of `told`: who only asks for that does not wait for a picture that is being judged */
    struct brain_told {
        bool any;
        uint64_t sequence, version;
        int64_t captured_ns;
    } told;
};

/* Opens the model. Errors: as ocelli_open(). brain_finish() then too. */
int brain_open(struct brain *b, const struct ocelli_params *params, struct meter *meter, struct event_queue *events);
/* Runs the model's own vectors on the device, which loads the image tower so that the first frame finds it ready, and makes the
 * first set's. Takes *v. A signal that asks to stop ends it early, which is no fault. Errors: WRONG (the device misses the
 * model's vectors), of ocelli_selftest(), vectors_step(), vectors_set(), tagger_create(). */
int brain_prepare(struct brain *b, struct vectors **v);
/* Errors: MEMORY. */
int brain_start(struct brain *b);
/* Asks the thread to end, and waits for so long; false: it does not (a driver that hangs), and nothing may be freed. */
bool brain_stop(struct brain *b, int timeout_ms);
void brain_finish(struct brain *b);

/* Room for a picture, waiting up to timeout_ms; NULL: there is none. Back with brain_put(), which takes the frame and releases it
 * when it is of no use any more, or with brain_leave(). */
struct brain_picture *brain_room(struct brain *b, int timeout_ms);
void brain_put(struct brain *b, struct brain_picture *p);
void brain_leave(struct brain *b, struct brain_picture *p);
/* Releases all frames: their source is to be closed. false: within timeout_ms the device was not done with one. The caller has no
 * room. */
bool brain_drop(struct brain *b, int timeout_ms);
/* When the next picture can be begun with, as far as is known; ns. What is captured sooner only gets old. */
int64_t brain_free_at(struct brain *b);
/* What a picture takes of late; ns, 0: none yet. */
int64_t brain_usual_ns(struct brain *b);
/* No picture and no prompts left to do. */
bool brain_idle(struct brain *b);
/* For so long it has worked on one picture or piece of prompts; ns. */
int64_t brain_busy_ns(struct brain *b);

/* Another set, taken over from *v when all its vectors are there; the last one handed over counts. */
void brain_tags(struct brain *b, struct vectors **v);

/* A copy of the newest picture: planes in *bytes, to be freed. false: there is none (or its source is gone), or no memory for it.
 */
bool brain_frame(struct brain *b, struct frame *frame, uint8_t **bytes);

/* tagger_save(), tagger_get() of each tag, and what the brain knows for the status. */
int brain_save(struct brain *b, uint8_t **bytes, size_t *size);
void brain_each(struct brain *b, void (*each)(void *user, const struct tagger_status *tag), void *user);
void brain_status(struct brain *b, struct live_status *status);
/* Of it the last picture, the version and the model's name: at once, whatever the brain does. */
void brain_judged(struct brain *b, struct live_status *status);
/* The same and each tag, as one picture left them; not the tags, when *changes is as the last call left it. false: it is. */
bool brain_view(struct brain *b, struct live_status *status, uint64_t *changes,
                void (*each)(void *user, const struct tagger_status *tag), void *user);

#endif
