/* SPDX-License-Identifier: Apache-2.0
 * In place of history.c, library.c and their relatives where SQLite is not installed. */
#include "memory/library.h"
#include "base/log.h"

bool history_built_in(void) {
    return false;
}

int history_open(struct history **out, const char *path, const struct memory_model *model) {
    (void)model;
    *out = NULL;
    return log_fail(OCELLI_ERR_USAGE, "%s: the history is not built in: build with libsqlite3-dev installed", path);
}

int history_create(struct history **out, const char *path, const struct memory_model *model, uint64_t budget) {
    (void)budget;
    return history_open(out, path, model);
}

void history_close(struct history **h) {
    (void)h;
}

/* There is no handle to call these with. */
int history_append(struct history *h, const struct history_picture *pictures, size_t count, int64_t boot_at_ms) {
    (void)h, (void)pictures, (void)count, (void)boot_at_ms;
    return OCELLI_ERR_USAGE;
}

uint64_t history_bytes(const struct history *h) {
    (void)h;
    return 0;
}

int history_search(struct history *h, const struct history_question *question, struct history_found *found) {
    (void)h, (void)question, (void)found;
    return OCELLI_ERR_USAGE;
}

int history_hold(struct history *h) {
    (void)h;
    return OCELLI_ERR_USAGE;
}

void history_release(struct history *h) {
    (void)h;
}

int history_file(struct history *h, int64_t id, char **path) {
    (void)h, (void)id;
    *path = NULL;
    return OCELLI_ERR_USAGE;
}

int history_tags(struct history *h, int64_t id, char tags[HISTORY_TAGS]) {
    (void)h, (void)id;
    *tags = '\0';
    return OCELLI_ERR_USAGE;
}

int history_thumbnail(struct history *h, int64_t id, uint8_t **jpeg, size_t *size) {
    (void)h, (void)id;
    *jpeg = NULL, *size = 0;
    return OCELLI_ERR_USAGE;
}

int history_blocks(struct history *h, bool (*each)(void *user, const struct history_block *block), void *user) {
    (void)h, (void)each, (void)user;
    return OCELLI_ERR_USAGE;
}

int history_load_recent(struct history *h, int64_t since_ms, size_t most, struct history_vectors *vectors) {
    (void)h, (void)since_ms, (void)most;
    *vectors = (struct history_vectors){0};
    return OCELLI_ERR_USAGE;
}

int history_load(struct history *h, struct history_vectors *vectors) {
    (void)h;
    *vectors = (struct history_vectors){0};
    return OCELLI_ERR_USAGE;
}

void history_vectors_finish(struct history_vectors *vectors) {
    (void)vectors;
}

int library_open(struct history **out, const char *path, const struct memory_model *model) {
    return history_open(out, path, model);
}

int library_read(struct history **out, const char *path, const struct memory_model *model) {
    return history_open(out, path, model);
}

int library_read_any(struct history **out, const char *path, const struct memory_model *model) {
    return history_open(out, path, model);
}

int library_find(struct history *h, const char *path, struct library_file *file) {
    (void)h, (void)path;
    *file = (struct library_file){0};
    return OCELLI_ERR_USAGE;
}

int library_put(struct history *h, const struct library_picture *pictures, size_t count) {
    (void)h, (void)pictures, (void)count;
    return OCELLI_ERR_USAGE;
}

int library_remove(struct history *h, const int64_t *ids, size_t count) {
    (void)h, (void)ids, (void)count;
    return OCELLI_ERR_USAGE;
}

int library_count(struct history *h, size_t *count) {
    (void)h;
    *count = 0;
    return OCELLI_ERR_USAGE;
}

int library_each(struct history *h, const char *folder, bool (*each)(void *user, int64_t id, const char *path),
                 void *user) {
    (void)h, (void)folder, (void)each, (void)user;
    return OCELLI_ERR_USAGE;
}
