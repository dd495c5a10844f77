/* SPDX-License-Identifier: Apache-2.0
 * In place of history.c and history_search.c where SQLite is not installed. */
#include "memory/history.h"
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
