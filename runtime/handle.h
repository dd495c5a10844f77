/* SPDX-License-Identifier: Apache-2.0
 * What struct ocelli is made of. The towers are loaded when first used. */
#ifndef HANDLE_H
#define HANDLE_H

#include "clip/image.h"
#include "clip/text.h"
#include "tag/known_texts.h"
#include "text/encoder.h"

/* What a model without a text tower has in its place. */
struct handle_own {
    struct arena arena;
    const char *tags;         /* a tags.ini; NULL: there is a text tower */
    const char *const *texts; /* (count) */
    size_t count;
    struct known_texts known; /* the same, to find one */
};

struct ocelli {
    struct blob *blob;
    struct clip_config config;
    const char *name;
    struct encoder *encoder; /* NULL without a text tower */
    struct handle_own own;
    char *device_choice;      /* as ocelli_open() was given it; NULL: the best one */
    enum ocelli_kind kind;    /* as well */
    struct op_device *device; /* NULL: lost, and not open again */
    uint32_t threads;         /* of the processor; 0: as many as it has cores */
    uint32_t max_batch;       /* 0 in what ocelli_open() is given: by the device */
    bool kind_forced;         /* the caller chose a kind of product */
    bool image_loaded, text_loaded;
    bool proving; /* the model's vectors run: the proof of a choice that is new */
    struct clip_image image;
    struct clip_text text;
    struct arena found; /* of the last ocelli_search() */
};

/* Errors: FILE, MEMORY, LIMIT, DEVICE. */
int handle_load_image(struct ocelli *handle);
int handle_load_text(struct ocelli *handle);
void handle_unload(struct ocelli *handle);
void handle_unload_text(struct ocelli *handle);

/* Opens the blob, and reads what needs neither a device nor a tokenizer: configuration, own texts. Free with
 * handle_own_finish() and blob_close(), also on error. Errors: FILE, MEMORY, LIMIT. */
int handle_read(struct ocelli *handle, const char *path, bool verify);

/* Texts of a model without a text tower (config.no_text). Errors of embedding: LIMIT, one is none of its own. */
void handle_own_finish(struct ocelli *handle);
int handle_own_embed(struct ocelli *handle, const char *const *texts, size_t count, float *out);
/* What is looked for, as a question to a file (memory/query.h): vector (D). Errors: USAGE, MEMORY, those of
 * ocelli_embed_texts(). */
struct history_question;
int handle_resolve(struct ocelli *handle, const struct ocelli_query *query, float *vector,
                   struct history_question *question);
/* For what needs the tower itself. Logs that there is none. Errors: LIMIT. */
int handle_need_text(const struct blob *blob, const struct clip_config *config);

/* The tokenizer inside a blob, without a device. Errors: FILE, MEMORY. */
int handle_tokenizer(const struct blob *blob, uint32_t context, uint32_t vocabulary, struct encoder **encoder);

/* Its parts. */
int handle_strings(const struct blob *blob, const char *key, struct bpe_text **out, size_t *count); /* free(*out) */
int handle_sentencepiece(const struct blob *blob, const char *kind, uint32_t context, uint32_t vocabulary,
                         struct sentencepiece **sp);

#endif
