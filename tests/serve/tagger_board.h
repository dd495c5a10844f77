/* SPDX-License-Identifier: Apache-2.0
 * A board without a camera and a model: the tagger on a tags.ini, fed with vectors that stand for texts and pictures.
 * Texts are as good as orthogonal; a picture is a sum of the texts that are true in it. */
#ifndef SERVE_TAGGER_BOARD_H
#define SERVE_TAGGER_BOARD_H

#include "base/clock.h"
#include "base/file.h"
#include "serve/change.h"

#include <math.h>
#include <ocelli.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BOARD_SIZE = 64, BOARD_STATUSES = TAGS_FILE_TAGS };

struct board {
    struct tags_text text;
    struct tags_file file;
    struct tagger *tagger;
    const char *path; /* of the file; NULL: kept in memory only */
    uint64_t version, seq;
    double taken_ms;
    const uint8_t *jpeg;
    size_t jpeg_size;
    struct tagger_status statuses[BOARD_STATUSES];
};

static const struct tags_file_options board_options = {.may_be_empty = true};

/* What a text encoder would give: the same for the same text. */
static inline void board_embed(const char *text, float vector[BOARD_SIZE]) {
    uint64_t state = 0xcbf29ce484222325;
    double sum = 0;
    for (; *text; text++) state = (state ^ (unsigned char)*text) * 0x100000001b3;
    for (int i = 0; i < BOARD_SIZE; i++) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        vector[i] = (float)((double)(state >> 40) / (1 << 23) - 1);
        sum += (double)(vector[i] * vector[i]);
    }
    for (int i = 0; i < BOARD_SIZE; i++) vector[i] /= (float)sqrt(sum);
}

static inline void board_embed_all(const struct prompts_list *list, float (*vectors)[BOARD_SIZE]) {
    for (size_t i = 0; i < list->count; i++) board_embed(list->texts[i], vectors[i]);
}

static inline int board_tag(const struct tags_file *file, size_t i, struct tagger_tag *tag, struct arena *arena) {
    const struct tags_file_tag *t = &file->tags[i];
    float(*prompts)[BOARD_SIZE] = arena_alloc(arena, t->prompts.count, sizeof *prompts);
    float(*against)[BOARD_SIZE] = arena_alloc(arena, t->against.count + 1, sizeof *against);
    char *key = arena_alloc(arena, SHA256_HEX_SIZE, 1);
    if (!prompts || !against || !key) return OCELLI_ERR_MEMORY;
    board_embed_all(&t->prompts, prompts);
    board_embed_all(&t->against, against);
    tags_file_key(file, t, key);
    *tag = (struct tagger_tag){t->name,          t->group,         key,     prompts[0], against[0],
                               t->against.texts, t->against.count, t->rules};
    return prompts_average(prompts[0], t->prompts.count, BOARD_SIZE, prompts[0]);
}

/* The tagger takes the tags of `file`. */
static inline int board_load(struct board *b, const struct tags_file *file, uint64_t version) {
    struct arena arena = {NULL};
    struct tagger_tag *tags = arena_alloc(&arena, file->count + 1, sizeof *tags);
    struct tagger_set set = {tags, file->count, BOARD_SIZE, 100, version, "a test"};
    int status = tags ? OCELLI_OK : OCELLI_ERR_MEMORY;
    for (size_t i = 0; !status && i < file->count; i++) status = board_tag(file, i, &tags[i], &arena);
    const struct tagger_event *left;
    size_t count;
    if (!status) status = b->tagger ? tagger_replace(b->tagger, &set, &left, &count) : tagger_create(&b->tagger, &set);
    arena_finish(&arena);
    return status;
}

static inline void board_view(void *user, struct serve_view *view) {
    struct board *b = user;
    size_t count = tagger_count(b->tagger);
    for (size_t i = 0; i < count; i++) tagger_get(b->tagger, i, &b->statuses[i]);
    *view = (struct serve_view){
        b->seq, b->seq ? clock_ms() - b->taken_ms : (double)NAN, b->version, "a test", b->statuses, count};
}

static inline const struct tags_file *board_prompts(void *user, uint64_t *version) {
    const struct board *b = user;
    *version = b->version;
    return &b->file;
}

static inline enum serve_code board_take(struct board *b, struct tags_text *text) {
    struct tags_file file;
    if (tags_file_parse(&file, text->bytes, text->size, text->name, &board_options))
        return SERVE_FAILED; /* it was good */
    if (board_load(b, &file, b->version + 1) || (b->path && tags_edit_write(text, b->path))) {
        tags_file_finish(&file);
        return SERVE_FAILED;
    }
    tags_file_finish(&b->file);
    free(b->text.bytes);
    b->file = file, b->text = *text, b->version++;
    return SERVE_OK;
}

static inline enum serve_code board_change(void *user, const struct serve_change *change, char message[SERVE_MESSAGE]) {
    struct board *b = user;
    struct tags_text text = b->text;
    text.bytes = malloc(text.size + 1);
    if (!text.bytes) return SERVE_FAILED;
    memcpy(text.bytes, b->text.bytes, text.size);
    enum serve_code code = serve_change_text(&text, &b->file, change, message);
    if (!code) code = board_take(b, &text);
    if (code) free(text.bytes);
    return code;
}

static inline size_t board_status(void *user, struct serve_field *fields) {
    const struct board *b = user;
    fields[0] = (struct serve_field){"frames", NULL, (double)b->seq};
    fields[1] = (struct serve_field){"prompts_version", NULL, (double)b->version};
    fields[2] = (struct serve_field){"camera", "none", 0};
    return 3;
}

static inline bool board_frame(void *user, const uint8_t **jpeg, size_t *size) {
    const struct board *b = user;
    *jpeg = b->jpeg, *size = b->jpeg_size;
    return b->jpeg;
}

static inline struct serve_callbacks board_table(struct board *b) {
    return (struct serve_callbacks){b, board_view, board_prompts, board_change, board_status, board_frame, NULL};
}

/* `ini`: bytes of the tags.ini. Large: static or on the heap. */
static inline int board_open(struct board *b, const char *ini, const char *path) {
    memset(b, 0, sizeof *b);
    b->text = (struct tags_text){malloc(strlen(ini) + 1), strlen(ini), "tags.ini", &board_options};
    b->path = path, b->version = 1;
    if (!b->text.bytes) return OCELLI_ERR_MEMORY;
    memcpy(b->text.bytes, ini, b->text.size);
    int status = tags_file_parse(&b->file, ini, b->text.size, "tags.ini", &board_options);
    return status ? status : board_load(b, &b->file, 1);
}

static inline void board_close(struct board *b) {
    tagger_destroy(&b->tagger);
    tags_file_finish(&b->file);
    free(b->text.bytes);
}

/* A frame in which these texts are true (NULL ends them). Gives the events. */
static inline size_t board_see(struct board *b, const char *const *texts, const struct tagger_event **events) {
    float picture[BOARD_SIZE] = {0.1f}, one[BOARD_SIZE];
    double sum = 0;
    for (; *texts; texts++) {
        board_embed(*texts, one);
        for (int i = 0; i < BOARD_SIZE; i++) picture[i] += one[i];
    }
    for (int i = 0; i < BOARD_SIZE; i++) sum += (double)(picture[i] * picture[i]);
    for (int i = 0; i < BOARD_SIZE; i++) picture[i] /= (float)sqrt(sum);
    b->taken_ms = clock_ms();
    return tagger_step(b->tagger, &(struct tagger_frame){picture, (int64_t)b->taken_ms, ++b->seq, (float)NAN}, events);
}

#endif
