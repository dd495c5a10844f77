/* SPDX-License-Identifier: Apache-2.0 */
#include "convert/read/weights.h"
#include "base/log.h"
#include "convert/read/archive.h"
#include "convert/read/safetensors.h"
#include "convert/read/torch.h"
#include "convert/read/weights_gguf.h"

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

/* A file's name says little: .pt, .bin and .ckpt are several kinds. */
static int read_any(struct weights *w, struct storage *in) {
    if (archive_is(in)) return torch_read_archive(w, in);
    if (torch_is_old(in)) return torch_read_old(w, in);
    if (weights_gguf_is(in)) return weights_gguf_read(w, in);
    if (source_ends_with(w->path, ".safetensors") || storage_has(in, 8, "{", 1)) return read_safetensors(w, in);
    if (storage_has(in, 0, "\x80", 1))
        return log_fail(
            OCELLI_ERR_LIMIT,
            "%s: a pickle that torch.save() did not write: in Python, load it and save the state dict with it",
            w->path);
    return log_fail(OCELLI_ERR_FILE,
                    "%s: no kind of file that is known here: give a folder, or a .safetensors, .pt, .bin or .gguf of a "
                    "CLIP",
                    w->path);
}

int weights_open(struct weights *weights, struct sources *sources, const char *path) {
    *weights = (struct weights){.path = path, .fd = -1};
    int status = sources_open(sources, &weights->fd, &weights->stamp, path);
    if (status) return status;
    storage_of_file(&weights->file, weights->fd, (uint64_t)weights->stamp.size, path);
    return read_any(weights, &weights->file.base);
}

int weights_parse(struct weights *weights, struct storage_memory *bytes) {
    *weights = (struct weights){.path = bytes->base.name, .fd = -1};
    return read_any(weights, &bytes->base);
}

int weights_check(const struct weights *weights) {
    return weights->fd < 0 ? OCELLI_OK : sources_check(weights->fd, weights->stamp, weights->path);
}

void weights_close(struct weights *weights) {
    archive_close(&weights->archive);
    weights_gguf_close(weights);
    arena_finish(&weights->arena);
    if (weights->fd >= 0) close(weights->fd);
    *weights = (struct weights){.fd = -1};
}
