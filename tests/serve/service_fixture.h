/* SPDX-License-Identifier: Apache-2.0
 * The daemon's side of serve/callbacks.h without a camera and a model: the tagger on a tags.ini, fed with vectors that
 * stand for texts and pictures.
 * Texts are as good as orthogonal; a picture is a sum of the texts that are true in it. */
#ifndef SERVE_SERVICE_FIXTURE_H
#define SERVE_SERVICE_FIXTURE_H

#include "base/clock.h"
#include "base/file.h"
#include "serve/change.h"

#include <math.h>
#include <ocelli.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIXTURE_SIZE = 64, FIXTURE_STATUSES = TAGS_FILE_TAGS };

struct service_fixture {
    struct tags_text text;
    struct tags_file file;
    struct tagger *tagger;
    const char *path; /* of the file; NULL: kept in memory only */
    uint64_t version, seq;
    double taken_ms;
    const uint8_t *jpeg;
    size_t jpeg_size;
    struct tagger_status statuses[FIXTURE_STATUSES];
    const char *const *faults; /* (fault_count) */
    size_t fault_count;
};

static const struct tags_file_options fixture_options = {.may_be_empty = true};

/* The vector of a text, as a text encoder would give it: the same for the same text. */
static inline void fixture_embed(const char *text, float vector[FIXTURE_SIZE]) {
    uint64_t state = 0xcbf29ce484222325;
    double sum = 0;
    for (; *text; text++) state = (state ^ (unsigned char)*text) * 0x100000001b3;
    for (int i = 0; i < FIXTURE_SIZE; i++) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        vector[i] = (float)((double)(state >> 40) / (1 << 23) - 1);
        sum += (double)(vector[i] * vector[i]);
    }
    for (int i = 0; i < FIXTURE_SIZE; i++) vector[i] /= (float)sqrt(sum);
}

static inline void fixture_embed_all(const struct prompts_list *list, float (*vectors)[FIXTURE_SIZE]) {
    for (size_t i = 0; i < list->count; i++) fixture_embed(list->texts[i], vectors[i]);
}

static inline int fixture_tag(const struct tags_file *file, size_t i, struct tagger_tag *tag, struct arena *arena) {
    const struct tags_file_tag *t = &file->tags[i];
    float(*prompts)[FIXTURE_SIZE] = arena_alloc(arena, t->prompts.count, sizeof *prompts);
    float(*against)[FIXTURE_SIZE] = arena_alloc(arena, t->against.count + 1, sizeof *against);
    char *key = arena_alloc(arena, SHA256_HEX_SIZE, 1);
    if (!prompts || !against || !key) return OCELLI_ERR_MEMORY;
    fixture_embed_all(&t->prompts, prompts);
    fixture_embed_all(&t->against, against);
    tags_file_key(file, t, key);
    *tag = (struct tagger_tag){t->name,          t->group,         key,     prompts[0], against[0],
                               t->against.texts, t->against.count, t->rules};
    return prompts_average(prompts[0], t->prompts.count, FIXTURE_SIZE, prompts[0]);
}

/* The tagger takes the tags of `file`. */
static inline int fixture_load(struct service_fixture *b, const struct tags_file *file, uint64_t version) {
    struct arena arena = {NULL};
    struct tagger_tag *tags = arena_alloc(&arena, file->count + 1, sizeof *tags);
    struct tagger_set set = {tags, file->count, FIXTURE_SIZE, 100, version, "a test"};
    int status = tags ? OCELLI_OK : OCELLI_ERR_MEMORY;
    for (size_t i = 0; !status && i < file->count; i++) status = fixture_tag(file, i, &tags[i], &arena);
    const struct tagger_event *left;
    size_t count;
    if (!status) status = b->tagger ? tagger_replace(b->tagger, &set, &left, &count) : tagger_create(&b->tagger, &set);
    arena_finish(&arena);
    return status;
}

static inline void fixture_view(void *user, struct serve_view *view) {
    struct service_fixture *b = user;
    size_t count = tagger_count(b->tagger);
    for (size_t i = 0; i < count; i++) tagger_get(b->tagger, i, &b->statuses[i]);
    *view = (struct serve_view){
        b->seq, b->seq ? clock_ms() - b->taken_ms : (double)NAN, b->version, "a test", b->statuses, count};
}

static inline const struct tags_file *fixture_prompts(void *user, uint64_t *version) {
    const struct service_fixture *b = user;
    *version = b->version;
    return &b->file;
}

static inline enum serve_code fixture_take(struct service_fixture *b, struct tags_text *text) {
    struct tags_file file;
    if (tags_file_parse(&file, text->bytes, text->size, text->name, &fixture_options))
        return SERVE_FAILED; /* it was good */
    if (fixture_load(b, &file, b->version + 1) || (b->path && tags_edit_write(text, b->path))) {
        tags_file_finish(&file);
        return SERVE_FAILED;
    }
    tags_file_finish(&b->file);
    free(b->text.bytes);
    b->file = file, b->text = *text, b->version++;
    return SERVE_OK;
}

static inline enum serve_code fixture_change(void *user, const struct serve_change *change,
                                             char message[SERVE_MESSAGE]) {
    struct service_fixture *b = user;
    struct tags_text text = b->text;
    text.bytes = malloc(text.size + 1);
    if (!text.bytes) return SERVE_FAILED;
    memcpy(text.bytes, b->text.bytes, text.size);
    enum serve_code code = serve_change_text(&text, &b->file, change, message);
    if (!code && !change->replayed) code = fixture_take(b, &text);
    if (code || change->replayed) free(text.bytes);
    if (change->replayed) *change->replayed = (struct serve_replayed){.until = 1795521600, .rule = "fixed"};
    return code;
}

static inline size_t fixture_status(void *user, struct serve_field *fields) {
    const struct service_fixture *b = user;
    fields[0] = (struct serve_field){"frames", NULL, (double)b->seq};
    fields[1] = (struct serve_field){"prompts_version", NULL, (double)b->version};
    fields[2] = (struct serve_field){"camera", "none", 0};
    return 3;
}

static inline size_t fixture_faults(void *user, const char *const **texts) {
    const struct service_fixture *b = user;
    *texts = b->faults;
    return b->fault_count;
}

static inline bool fixture_frame(void *user, const uint8_t **jpeg, size_t *size) {
    const struct service_fixture *b = user;
    *jpeg = b->jpeg, *size = b->jpeg_size;
    return b->jpeg;
}

static inline struct serve_callbacks fixture_table(struct service_fixture *b) {
    return (struct serve_callbacks){.user = b,
                                    .view = fixture_view,
                                    .prompts = fixture_prompts,
                                    .change = fixture_change,
                                    .status = fixture_status,
                                    .faults = fixture_faults,
                                    .frame = fixture_frame};
}

/* `ini`: bytes of the tags.ini. Large: static or on the heap. */
static inline int fixture_open(struct service_fixture *b, const char *ini, const char *path) {
    memset(b, 0, sizeof *b);
    b->text = (struct tags_text){malloc(strlen(ini) + 1), strlen(ini), "tags.ini", &fixture_options};
    b->path = path, b->version = 1;
    if (!b->text.bytes) return OCELLI_ERR_MEMORY;
    memcpy(b->text.bytes, ini, b->text.size);
    int status = tags_file_parse(&b->file, ini, b->text.size, "tags.ini", &fixture_options);
    return status ? status : fixture_load(b, &b->file, 1);
}

static inline void fixture_close(struct service_fixture *b) {
    tagger_destroy(&b->tagger);
    tags_file_finish(&b->file);
    free(b->text.bytes);
}

/* A frame in which these texts are true (NULL ends them). Gives the events. */
static inline size_t fixture_see(struct service_fixture *b, const char *const *texts,
                                 const struct tagger_event **events) {
    float picture[FIXTURE_SIZE] = {0.1f}, one[FIXTURE_SIZE];
    double sum = 0;
    for (; *texts; texts++) {
        fixture_embed(*texts, one);
        for (int i = 0; i < FIXTURE_SIZE; i++) picture[i] += one[i];
    }
    for (int i = 0; i < FIXTURE_SIZE; i++) sum += (double)(picture[i] * picture[i]);
    for (int i = 0; i < FIXTURE_SIZE; i++) picture[i] /= (float)sqrt(sum);
    b->taken_ms = clock_ms();
    return tagger_step(b->tagger, &(struct tagger_frame){picture, (int64_t)b->taken_ms, ++b->seq, (float)NAN}, events);
}

#endif
