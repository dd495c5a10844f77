/* SPDX-License-Identifier: Apache-2.0
 * The thread that owns the model: pictures in, states and events out; between two pictures a few prompts of an edited
 * set. A lost device is opened again. */
#ifndef DAEMON_INFERENCE_H
#define DAEMON_INFERENCE_H

#include "base/frame.h"
#include "base/thread.h"
#include "base/sha256.h"
#include "daemon/event.h"
#include "daemon/history_sampler.h"
#include "daemon/meter.h"
#include "daemon/model_vectors.h"
#include "daemon/moderation.h"
#include "source/source.h"
#include "tag/drift.h"

/* One that the device works on, one that waits for it, and the last one, kept for requests of the frame. */
enum { INFERENCE_PICTURES = SOURCE_HELD };

struct inference_picture {
    /* the inference thread's; LEAVING: on its way back to the source */
    enum {
        INFERENCE_FREE,
        INFERENCE_TAKEN,
        INFERENCE_WAITING,
        INFERENCE_BUSY,
        INFERENCE_KEPT,
        INFERENCE_LEAVING
    } state;
    struct source *source;
    struct frame frame;          /* as captured, held: it is read where it lies */
    float luma;                  /* 0..1 */
    int64_t cpu_ns;              /* processor time it took so far */
    bool judged;                 /* under the lock: what comes next is known */
    enum policy_outcome outcome; /* of moderation; POLICY_CLEAN without it */
};

/* Thread-safety: inference_open() to inference_start() by one thread; what follows by any. */
struct inference {
    struct meter *meter;
    struct event_queue *events;
    /* of the model, set by inference_open() and never again: for any thread */
    char name[EVENT_NAME], device[EVENT_NAME], key[SHA256_HEX_SIZE];
    uint32_t size, image_size;
    float logit_scale;
    bool english_only;
    /* the thread's own once it runs */
    struct ocelli *model;
    struct vectors *job, *now;
    float *embedding;
    unsigned failures;             /* of the device, one after another */
    bool prepared;                 /* inference_prepare() came to its end */
    struct moderation *moderation; /* set before inference_prepare(); NULL: none. The daemon's */
    struct thread thread;

    pthread_mutex_t lock; /* of all below */
    pthread_cond_t changed;
    bool stop, open;
    struct history_sampler sampler;    /* set before inference_start() */
    struct text_request *text_request; /* who waits for a text's vector, see daemon/text_request.h; NULL: nobody */
    struct inference_picture pictures[INFERENCE_PICTURES];
    struct vectors *incoming;
    bool embedding_prompts;
    struct tagger *tagger;
    struct drift *drift;                  /* set before inference_start(); NULL: no weeks are kept */
    uint64_t version, gpu_bytes, changes; /* changes: of the tagger, by a picture or another set */
    uint32_t dma_bufs;
    struct daemon_moderation moderated;
    bool any; /* a picture was judged: the last one's ... */
    uint64_t sequence;
    int64_t captured_ns;
    int64_t busy_since, usual_ns; /* of a picture; 0: none */

    pthread_mutex_t told_lock; /* of `told`: who only asks for that does not wait for a picture that is being judged */
    struct inference_told {
        bool any;
        uint64_t sequence, version;
        int64_t captured_ns;
    } told;
};

/* Opens the model. Errors: as ocelli_open(). inference_finish() then too. */
int inference_open(struct inference *inference, const struct ocelli_params *params, struct meter *meter,
                   struct event_queue *events);
/* Runs the model's own vectors on the device, which loads the image tower so that the first frame finds it ready, and
 * makes the first set's. Takes *vectors. A signal that asks to stop ends it early, which is no fault. Errors: WRONG
 * (the device misses the model's vectors), of ocelli_selftest(), model_vectors_step(), vectors_set(), tagger_create().
 */
int inference_prepare(struct inference *inference, struct vectors **vectors);
/* Errors: MEMORY. */
int inference_start(struct inference *inference);
/* Asks the thread to end, and waits for so long; false: it does not (a driver that hangs), and nothing may be freed. */
bool inference_stop(struct inference *inference, int timeout_ms);
void inference_finish(struct inference *inference);

/* Room for a picture, waiting up to timeout_ms; NULL: there is none. Back with inference_put(), which takes the frame
 * and releases it when it is of no use any more, or with inference_leave(). */
struct inference_picture *inference_slot(struct inference *inference, int timeout_ms);
void inference_put(struct inference *inference, struct inference_picture *picture);
void inference_leave(struct inference *inference, struct inference_picture *picture);
/* Releases all frames: their source is to be closed. false: within timeout_ms the device was not done with one. The
 * caller has no room. */
bool inference_drop(struct inference *inference, int timeout_ms);
/* When the next picture can be begun with, as far as is known; ns. What is captured sooner only gets old. */
int64_t inference_free_at(struct inference *inference);
/* The usual time of a picture, of late; ns, 0: none yet. */
int64_t inference_usual_ns(struct inference *inference);
/* No picture and no prompts left to do. */
bool inference_idle(struct inference *inference);
/* For so long it has worked on one picture or piece of prompts; ns. */
int64_t inference_busy_ns(struct inference *inference);

/* Another set, taken over from *vectors when all its vectors are there; the last one handed over counts. */
void inference_tags(struct inference *inference, struct vectors **vectors);

/* A copy of the newest picture: planes in *bytes, to be freed. *blurred: it may be shown only so. With moderation it is
 * the newest that was judged. false: there is none (or its source is gone), it is not to be shown at all, or no memory
 * for it.
 */
bool inference_frame(struct inference *inference, struct frame *frame, uint8_t **bytes, bool *blurred);

/* tagger_refresh(): the next status counts all that was seen. */
void inference_refresh(struct inference *inference);
/* tagger_save(), tagger_get() of each tag, and what the inference thread knows for the status. */
int inference_save(struct inference *inference, uint8_t **bytes, size_t *size);
bool inference_is_night(struct inference *inference); /* tagger_is_night() */
/* drift_save(), with its sum; *bytes is NULL where no week has begun. */
int inference_save_drift(struct inference *inference, uint8_t **bytes, size_t *size);
void inference_each(struct inference *inference, void (*each)(void *user, const struct tagger_status *tag), void *user);
void inference_status(struct inference *inference, struct daemon_status *status);
/* Of it the last picture, the version and the model's name: at once, whatever the inference thread does. */
void inference_judged(struct inference *inference, struct daemon_status *status);
/* The same and each tag, as one picture left them; not the tags, when *changes is as the last call left it. false: it
 * is. */
bool inference_view(struct inference *inference, struct daemon_status *status, uint64_t *changes,
                    void (*each)(void *user, const struct tagger_status *tag), void *user);

#endif
