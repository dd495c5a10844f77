/* SPDX-License-Identifier: Apache-2.0
 * A tag tried on what the history kept, with the daemon's own model, rules and learning. */
#include "base/clock.h"
#include "base/log.h"
#include "daemon/inner.h"
#include "daemon/replay.h"
#include "daemon/text_request.h"

#include <stdlib.h>

enum { STEP_MS = 3000, VECTORS_MS = 12000 };

/* Vectors of the set in force are taken over, so that only new texts are embedded. *v is NULL when it is given up. */
static int make_vectors(struct daemon *l, struct vectors **v) {
    int64_t until = clock_in(VECTORS_MS);
    bool done = false;
    int status = text_request_step(&l->inference, v, true, &done, STEP_MS);
    if (!status) vectors_recall(*v, l->inference.key);
    while (!status && !done) {
        bool late = l->ending || clock_ns(CLOCK_MONOTONIC) > until;
        status = late ? OCELLI_ERR_LOST : text_request_step(&l->inference, v, false, &done, STEP_MS);
    }
    return status;
}

/* With what the daemon has learnt of these tags, as far as they stay what they are. */
static int make_tagger(struct daemon *l, struct vectors *v, struct tagger **tagger) {
    struct tagger_set set;
    uint8_t *learnt = NULL;
    size_t size;
    int status = vectors_set(v, &set);
    set.logit_scale = l->inference.logit_scale, set.model = l->inference.name, set.model_key = l->inference.key;
    if (!status) status = tagger_create(tagger, &set);
    if (!status) status = inference_save(&l->inference, &learnt, &size);
    if (!status) status = tagger_restore(*tagger, learnt, size, "what was learnt", NULL);
    free(learnt);
    return status;
}

static int replay(struct daemon *l, struct vectors *v, const char *tag, struct serve_replayed *replayed) {
    int64_t now_ms = clock_ns(CLOCK_REALTIME) / 1000000;
    struct history_vectors vectors;
    struct tagger *tagger = NULL;
    int status = make_tagger(l, v, &tagger);
    if (!status) {
        status = memory_recent(l->memory, now_ms - 1000 * (int64_t)SERVE_REPLAY_S, REPLAY_PICTURES, &vectors);
        if (!status)
            status = replay_run(tagger, tag, &vectors, l->inference.size, now_ms, inference_is_night(&l->inference),
                                &l->ending, replayed);
        history_vectors_finish(&vectors);
    }
    tagger_destroy(&tagger);
    return status;
}

int daemon_replay(struct daemon *daemon, struct tags_file *tags, const char *path, const char *tag,
                  struct serve_replayed *replayed) {
    struct vectors *v = NULL;
    tags_file_keep_group(tags, tag);
    int status = model_vectors_create(&v, tags, path, daemon->config.source.ignore_orientation);
    if (!status) status = make_vectors(daemon, &v);
    if (!status) status = replay(daemon, v, tag, replayed);
    vectors_destroy(&v);
    return status;
}
