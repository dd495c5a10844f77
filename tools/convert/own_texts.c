/* SPDX-License-Identifier: Apache-2.0
 * D the embedding. */
#include "convert/own_texts.h"
#include "base/file.h"
#include "base/log.h"
#include "blob/tensor_names.h"
#include "tag/known_texts.h"
#include "text/unicode.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { AT_ONCE = 128 }; /* texts: their rows are held, and the weights are read again for the next ones */

/* ---- the file ---- */

static int put_section(void *user, const struct ini_place *at, const char *argument) {
    (void)at;
    fprintf(user, "[tag %s]\n", argument);
    return OCELLI_OK;
}

static int put_templates(void *user, const struct ini_place *at, const char *argument) {
    (void)at, (void)argument;
    fputs("[templates]\n", user);
    return OCELLI_OK;
}

static int put_defaults(void *user, const struct ini_place *at, const char *argument) {
    (void)at, (void)argument;
    fputs("[defaults]\n", user);
    return OCELLI_OK;
}

/* Without blanks: no line gets longer than it was. */
static int put_value(void *user, const struct ini_place *at, const char *key, const char *value) {
    (void)at;
    fprintf(user, "%s=%s\n", key, value);
    return OCELLI_OK;
}

/* Comments and other sections stay behind: a daemon's ini may tell of things that are nobody else's. */
static int keep_tags(struct own_texts *own, const struct file_bytes *file, const char *path) {
    size_t size;
    FILE *to = open_memstream(&own->tags, &size);
    if (!to) return log_fail(OCELLI_ERR_MEMORY, "%s: out of memory", path);
    const struct ini_section sections[] = {
        {.name = "", .user = to, .value = put_value},
        {.name = "tag", .named = true, .user = to, .begin = put_section, .value = put_value},
        {.name = "templates", .user = to, .begin = put_templates, .value = put_value},
        {.name = "defaults", .user = to, .begin = put_defaults, .value = put_value},
    };
    const struct ini_table table = {sections, sizeof sections / sizeof *sections, &tags_file_daemon_sections};
    int status = ini_read(file->data, file->size, path, &table, NULL);
    bool failed = ferror(to) != 0;
    failed = fclose(to) != 0 || failed;
    return !status && failed ? log_fail(OCELLI_ERR_MEMORY, "%s: out of memory", path) : status;
}

static int check(const struct tags_file *tags, const char *path) {
    for (size_t i = 0; i < tags->count; i++)
        if (tags->tags[i].examples.count)
            return log_fail(
                OCELLI_ERR_FILE,
                "%s:%zu: an example picture is no text, and the blob cannot hold it: leave it out here, and "
                "write it into the board's own file",
                path, tags->tags[i].example_lines[0]);
    return tags_file_check_texts(tags, path, unicode_fault, NULL);
}

static int read_texts(struct own_texts *own, const struct file_bytes *file, const char *path) {
    const struct tags_file_options options = {.others = &tags_file_daemon_sections};
    struct tags_file tags;
    int status = tags_file_parse(&tags, file->data, file->size, path, &options);
    if (!status) status = check(&tags, path);
    if (!status) status = known_texts_collect(&own->texts, &own->arena, &tags);
    tags_file_finish(&tags);
    return status ? status : keep_tags(own, file, path);
}

int own_texts_read(struct own_texts *own, const char *path) {
    struct file_bytes file;
    *own = (struct own_texts){0};
    int status = file_read(&file, path);
    if (status) return status;
    status = read_texts(own, &file, path);
    file_free(&file);
    return status;
}

void own_texts_finish(struct own_texts *own) {
    free(own->tags);
    arena_finish(&own->arena);
    *own = (struct own_texts){0};
}

/* ---- the blob ---- */

void own_texts_keys(struct gguf_write *writer, const struct own_texts *own) {
    gguf_write_text(writer, BLOB_OWN_TAGS, own->tags);
    gguf_write_texts(writer, BLOB_OWN_TEXTS, own->texts.count);
    for (size_t i = 0; i < own->texts.count; i++)
        gguf_write_element(writer, own->texts.texts[i], strlen(own->texts.texts[i]));
}

void own_texts_declare(struct gguf_write *writer, const struct own_texts *own, const struct config *config) {
    gguf_write_declare(writer, TENSOR_OWN_TEXTS, GGUF_WRITE_F32, 2, (uint64_t[]){config->embedding, own->texts.count});
}

int own_texts_write(const struct walk *walk, const struct inputs *inputs, uint32_t end_id, struct walk_tower *tower) {
    size_t count = inputs->text_count, d = walk->model->config->embedding;
    *tower = (struct walk_tower){.count = count};
    float *vectors = arena_alloc(&tower->arena, count, d * sizeof *vectors);
    if (!vectors) return log_fail(OCELLI_ERR_MEMORY, "out of memory for %zu texts", count);
    for (int kind = 0; kind < REFERENCE_KINDS; kind++) tower->embeddings[kind] = vectors;
    int status = OCELLI_OK;
    for (size_t i = 0; i < count && !status; i += AT_ONCE) {
        size_t n = count - i < AT_ONCE ? count - i : AT_ONCE;
        progress_step(walk->progress, "texts", 0);
        status = reference_run_texts(walk->model, walk->pool, inputs->ids + i, n, end_id, vectors + i * d);
    }
    return status ? status : gguf_write_piece(walk->blob, TENSOR_OWN_TEXTS, vectors, count * d * sizeof *vectors);
}
