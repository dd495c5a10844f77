/* SPDX-License-Identifier: Apache-2.0
 * The tagger of include/ocelli.h: tags through model and runtime/tag/vectors.c, then runtime/tag/tagger.c. */
#include "base/file.h"
#include "base/log.h"
#include "handle.h"
#include "prep/decode.h"
#include "tag/learnt_file.h"
#include "tag/score.h"
#include "tag/vectors.h"
#include "text/unicode.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Times beyond would overflow where they are subtracted; and how far from 1 the length of an embedding may be. */
#define TIME_MOST (INT64_C(1) << 53)
#define LENGTH_SLACK 0.01f

struct ocelli_tagger {
    struct tagger *tagger;
    size_t size;                       /* D */
    struct ocelli_tag_status *changes; /* as many as there can be of one frame */
};

static int null_argument(const char *function) {
    return log_fail(OCELLI_ERR_USAGE, "%s: a pointer is NULL that must not be", function);
}

/* ---- the tags' vectors ---- */

static int embed_texts(void *user, const char *const *texts, size_t count, float *out) {
    return ocelli_embed_texts(user, texts, count, out);
}

static int embed_pictures(void *user, const struct ocelli_image *images, size_t count, float *out) {
    return ocelli_embed_images(user, images, count, out);
}

/* A file that is cut short is a fault at once: here nobody writes examples while they are read. */
static int read_picture(struct ocelli_image *image, const char *path, bool ignore_orientation, bool *cut) {
    (void)cut;
    return decode_file(image, path, &(struct decode_rule){.ignore_orientation = ignore_orientation});
}

/* What is wrong in the caller's own text or array is the caller's to mend. */
static int blame(const struct ocelli_tagger_params *params, int status) {
    return status == OCELLI_ERR_FILE && !params->tags_path ? OCELLI_ERR_USAGE : status;
}

static const char *name_of(const struct ocelli_tagger_params *params) {
    return params->tags_path ? params->tags_path : params->tags_text ? "tags_text" : "tags";
}

static int read_tags(struct tags_file *tags, const struct ocelli_tagger_params *params) {
    const struct tags_file_options options = {.others = &tags_file_daemon_sections};
    const char *name = name_of(params), *text = params->tags_text;
    int status = params->tags_path ? tags_file_read(tags, params->tags_path, &options)
                 : text            ? tags_file_parse(tags, text, strlen(text), name, &options)
                                   : tags_file_from_array(tags, params->tags, params->tag_count, name);
    if (!status) status = tags_file_check_texts(tags, name, unicode_fault, NULL);
    return blame(params, status);
}

static int make_vectors(struct vectors *vectors, struct ocelli *handle) {
    const struct vectors_model model = {.texts = embed_texts, .pictures = embed_pictures, .user = handle};
    bool done = false;
    int status = vectors_begin(vectors, NULL, handle->config.embedding);
    if (!status) vectors_recall(vectors, blob_key(handle->blob));
    while (!status && !done) status = vectors_step(vectors, &model, &done);
    if (!status) vectors_remember(vectors, blob_key(handle->blob));
    return status;
}

static int make_tagger(struct ocelli_tagger *tagger, struct ocelli *handle, struct vectors *vectors,
                       const struct ocelli_tagger_params *params) {
    struct tagger_set set;
    int status = make_vectors(vectors, handle);
    if (!status) status = blame(params, vectors_set(vectors, &set));
    if (status) return status;
    set.logit_scale = handle->config.logit_scale, set.model = handle->name, set.model_key = blob_key(handle->blob);
    tagger->size = set.size;
    tagger->changes = calloc(set.count, 2 * sizeof *tagger->changes);
    if (!tagger->changes) return log_fail(OCELLI_ERR_MEMORY, "out of memory for the states of %zu tags", set.count);
    return tagger_create(&tagger->tagger, &set);
}

/* ---- the public functions ---- */

/* With none given: the model's own, if it has some. */
static int choose_tags(const struct ocelli *handle, struct ocelli_tagger_params *params) {
    int given = !!params->tags_path + !!params->tags_text + !!params->tags;
    if (!given && handle->own.tags) {
        params->tags_text = handle->own.tags;
        return OCELLI_OK;
    }
    if (given != 1)
        return log_fail(OCELLI_ERR_USAGE, "ocelli_tagger_create: %s of tags_path, tags_text and tags: give one",
                        given ? "more than one" : "none");
    return OCELLI_OK;
}

int ocelli_tagger_create(struct ocelli_tagger **out, struct ocelli *handle, const struct ocelli_tagger_params *params) {
    const struct vectors_options options = {
        .is_picture = decode_is_picture_name, .read = read_picture, .release = decode_free};
    struct tags_file tags = {0};
    struct vectors *vectors = NULL;
    if (out) *out = NULL;
    if (!out || !handle || !params) return null_argument("ocelli_tagger_create");
    struct ocelli_tagger_params chosen = *params;
    int status = choose_tags(handle, &chosen);
    if (status) return status;
    struct ocelli_tagger *tagger = calloc(1, sizeof *tagger);
    if (!tagger) return log_fail(OCELLI_ERR_MEMORY, "out of memory for a tagger");
    status = read_tags(&tags, &chosen);
    if (!status && handle->own.tags) status = known_texts_check(&handle->own.known, &tags, name_of(&chosen), NULL);
    if (!status) status = vectors_create(&vectors, &tags, name_of(&chosen), &options);
    if (!status) status = make_tagger(tagger, handle, vectors, &chosen);
    if (!status && params->state_path) status = learnt_file_restore(tagger->tagger, params->state_path);
    vectors_destroy(&vectors);
    tags_file_finish(&tags); /* empty, unless its texts were refused */
    if (status) ocelli_tagger_destroy(&tagger);
    *out = tagger;
    return status;
}

void ocelli_tagger_destroy(struct ocelli_tagger **tagger) {
    if (!tagger || !*tagger) return;
    tagger_destroy(&(*tagger)->tagger);
    free((*tagger)->changes);
    free(*tagger);
    *tagger = NULL;
}

static enum ocelli_state state_of(enum tagger_state state) {
    static const enum ocelli_state states[] = {[TAGGER_OFF] = OCELLI_STATE_OFF,
                                               [TAGGER_ON] = OCELLI_STATE_ON,
                                               [TAGGER_LEARNING] = OCELLI_STATE_LEARNING,
                                               [TAGGER_UNKNOWN] = OCELLI_STATE_UNKNOWN};
    return states[state];
}

static enum ocelli_threshold threshold_of(enum tagger_threshold threshold) {
    static const enum ocelli_threshold thresholds[] = {[TAGGER_FIXED] = OCELLI_THRESHOLD_FIXED,
                                                       [TAGGER_LEARNT] = OCELLI_THRESHOLD_LEARNT,
                                                       [TAGGER_STARTER] = OCELLI_THRESHOLD_STARTER,
                                                       [TAGGER_NONE] = OCELLI_THRESHOLD_NONE};
    return thresholds[threshold];
}

static struct ocelli_tag_status status_of(const char *tag, const char *group, enum tagger_state state, int64_t since_ms,
                                          const struct tagger_why *why) {
    return (struct ocelli_tag_status){.tag = tag,
                                      .group = group,
                                      .state = state_of(state),
                                      .threshold = threshold_of(why->threshold),
                                      .since_ms = since_ms,
                                      .score = why->score,
                                      .cosine = why->cosine,
                                      .margin = why->margin,
                                      .on = why->on,
                                      .off = why->off,
                                      .runner_up = why->runner_up,
                                      .runner_up_cosine = why->runner_up_cosine,
                                      .percentile = why->percentile,
                                      .alarms_a_day = why->alarms_a_day};
}

static int check_frame(const struct ocelli_tagger *tagger, const float *embedding, int64_t time_ms, float luma) {
    double squares = 0;
    for (size_t i = 0; i < tagger->size; i++) squares += (double)embedding[i] * (double)embedding[i];
    float length = (float)sqrt(squares);
    if (!(fabsf(length - 1) <= LENGTH_SLACK)) /* also NaN */
        return log_fail(OCELLI_ERR_USAGE,
                        "ocelli_tagger_step: an embedding of length %g, not 1: pass it as it was computed",
                        (double)length);
    if (time_ms > TIME_MOST || time_ms < -TIME_MOST)
        return log_fail(OCELLI_ERR_USAGE, "ocelli_tagger_step: a time of %lld ms: is it in milliseconds?",
                        (long long)time_ms);
    if (luma > 1) return log_fail(OCELLI_ERR_USAGE, "ocelli_tagger_step: a luma of %g: from 0 to 1", (double)luma);
    return OCELLI_OK;
}

int ocelli_tagger_step(struct ocelli_tagger *tagger, const float *embedding, int64_t time_ms, float luma,
                       const struct ocelli_tag_status **changes, size_t *count) {
    const struct tagger_event *events;
    if (changes) *changes = NULL;
    if (count) *count = 0;
    if (!tagger || !embedding || (changes && !count)) return null_argument("ocelli_tagger_step");
    int status = check_frame(tagger, embedding, time_ms, luma);
    if (status) return status;
    const struct tagger_frame frame = {.embedding = embedding, .time_ms = time_ms, .luma = luma >= 0 ? luma : NAN};
    size_t changed = tagger_step(tagger->tagger, &frame, &events);
    for (size_t i = 0; i < changed; i++)
        tagger->changes[i] =
            status_of(events[i].tag, events[i].group, events[i].state, events[i].time_ms, &events[i].why);
    if (changes) *changes = tagger->changes;
    if (count) *count = changed;
    return OCELLI_OK;
}

int ocelli_tagger_get(const struct ocelli_tagger *tagger, size_t index, struct ocelli_tag_status *status) {
    struct tagger_status now;
    if (!tagger || !status) return null_argument("ocelli_tagger_get");
    *status = (struct ocelli_tag_status){0};
    if (index >= tagger_count(tagger->tagger)) return OCELLI_ERR_USAGE; /* the end of a loop: not said */
    tagger_get(tagger->tagger, index, &now);
    *status = status_of(now.tag, now.group, now.state, now.since_ms, &now.why);
    status->learnt_days = now.learnt_days;
    return OCELLI_OK;
}

int ocelli_tagger_save(const struct ocelli_tagger *tagger, const char *path) {
    uint8_t *bytes;
    size_t size;
    if (!tagger || !path) return null_argument("ocelli_tagger_save");
    int status = tagger_save(tagger->tagger, &bytes, &size);
    if (!status) status = file_save(path, bytes, size);
    free(bytes);
    return status;
}
