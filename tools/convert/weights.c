/* SPDX-License-Identifier: Apache-2.0 */
#include "convert/weights.h"
#include "base/log.h"
#include "convert/safetensors.h"

#include <string.h>
#include <unistd.h>

static int read_safetensors(struct weights *w, struct storage *in) {
    struct safetensors s;
    int status = safetensors_parse(&s, in);
    if (status) return status;
    w->form = WEIGHTS_SAFETENSORS;
    w->tensors = s.tensors;
    w->count = s.count;
    w->arena = s.arena; /* the first that is put there */
    return OCELLI_OK;
}

static int read_any(struct weights *w, struct storage *in) {
    return read_safetensors(w, in);
}

int weights_open(struct weights *weights, struct sources *sources, const char *path) {
    *weights = (struct weights){.path = path, .fd = -1};
    int status = source_open(sources, &weights->fd, &weights->stamp, path);
    if (status) return status;
    storage_of_file(&weights->file, weights->fd, (uint64_t)weights->stamp.size, path);
    return read_any(weights, &weights->file.base);
}

int weights_parse(struct weights *weights, struct storage_memory *bytes) {
    *weights = (struct weights){.path = bytes->base.name, .fd = -1};
    return read_any(weights, &bytes->base);
}

int weights_check(const struct weights *weights) {
    return weights->fd < 0 ? OCELLI_OK : source_check(weights->fd, weights->stamp, weights->path);
}

void weights_close(struct weights *weights) {
    arena_finish(&weights->arena);
    if (weights->fd >= 0) close(weights->fd);
    *weights = (struct weights){.fd = -1};
}
