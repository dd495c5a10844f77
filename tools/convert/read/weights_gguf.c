/* SPDX-License-Identifier: Apache-2.0 */
#include "convert/read/weights_gguf.h"
#include "base/log.h"
#include "blob/tensor_names.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST = 1 << 20, MOST = 64 << 20 }; /* bytes of the header: a vocabulary of 256 000 has 5 MB */

bool weights_gguf_is(struct storage *storage) {
    return storage_has(storage, 0, "GGUF", 4);
}

static int no_memory(const struct weights *w) {
    return log_fail(OCELLI_ERR_MEMORY, "%s: out of memory", w->path);
}

/* More and more of the file's start, until it holds the header. */
static int read_header(struct weights *w, struct storage *in) {
    int status = 1;
    for (size_t size = FIRST; status == 1; size *= 2) {
        if (size > in->size) size = (size_t)in->size;
        uint8_t *grown = realloc(w->gguf->header, size + 1);
        if (!grown) return no_memory(w);
        w->gguf->header = grown;
        status = storage_read(in, grown, size, 0);
        if (!status) status = gguf_parse_start(&w->gguf->gguf, grown, size, in->size, w->path);
        if (status == 1 && size >= MOST)
            status = log_fail(OCELLI_ERR_LIMIT, "%s: its header is over %d MiB: no CLIP's", w->path, MOST >> 20);
    }
    return status;
}

static bool begins(const char *name, const char *start) {
    return strncmp(name, start, strlen(start)) == 0;
}

static void set_type(struct stored_tensor *t, enum gguf_tensor_type type) {
    static const struct {
        enum gguf_tensor_type type;
        enum stored_kind kind;
        const char *name;
    } rows[] = {{GGUF_TENSOR_F32, STORED_F32, "F32"},
                {GGUF_TENSOR_F16, STORED_F16, "F16"},
                {GGUF_TENSOR_BF16, STORED_BF16, "BF16"},
                {GGUF_TENSOR_Q8_0, STORED_Q8_0, "Q8_0"},
                {GGUF_TENSOR_I8, STORED_I8, "I8"}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (rows[i].type == type) t->kind = rows[i].kind, t->type = rows[i].name;
}

static void convert(struct stored_tensor *t, const struct gguf *g, const struct gguf_tensor *from, struct storage *in) {
    *t = (struct stored_tensor){.name = from->name,
                                .dimensions = from->dimensions,
                                .count = 1,
                                .storage = in,
                                .begin = g->header_size + from->offset,
                                .size = from->size};
    for (uint32_t d = 0; d < from->dimensions; d++) {
        t->shape[d] = from->ne[from->dimensions - 1 - d];
        t->count *= from->ne[d];
    }
    set_type(t, from->type);
}

static struct stored_tensor *find(const struct weights *w, const char *name) {
    for (size_t i = 0; i < w->count; i++)
        if (strcmp(w->tensors[i].name, name) == 0) return &w->tensors[i];
    return NULL;
}

/* Each int8 matrix gets its scales, which then are no tensors by themselves. */
static int join_scales(struct weights *w) {
    char name[300];
    for (size_t i = 0; i < w->count; i++) {
        struct stored_tensor *t = &w->tensors[i];
        if (t->kind != STORED_I8) continue;
        snprintf(name, sizeof name, "%s" TENSOR_SCALE, t->name);
        const struct stored_tensor *scales = find(w, name);
        if (!scales) continue; /* refused if it is asked for */
        if (scales->kind != STORED_F32 || scales->dimensions != 1 || scales->count != t->shape[0])
            return log_fail(OCELLI_ERR_FILE, "%s: tensor %s does not fit its matrix: convert the checkpoint again",
                            w->path, name);
        struct stored_tensor *copy = arena_alloc(&w->arena, 1, sizeof *copy);
        if (!copy) return no_memory(w);
        *copy = *scales;
        t->scales = copy;
    }
    size_t kept = 0;
    for (size_t i = 0; i < w->count; i++) {
        size_t length = strlen(w->tensors[i].name), tail = strlen(TENSOR_SCALE);
        bool scale = length > tail && strcmp(w->tensors[i].name + length - tail, TENSOR_SCALE) == 0;
        if (!scale) w->tensors[kept++] = w->tensors[i];
    }
    w->count = kept;
    return OCELLI_OK;
}

/* clip.cpp calls the first product of an MLP "down" and the second "up"; the first one has a row for each hidden
 * number, the second one for each of the width. */
static bool is_swapped(const struct weights *w) {
    const struct stored_tensor *up = find(w, "v.blk.0." TENSOR_UP TENSOR_WEIGHT), *class = find(w, TENSOR_CLASS);
    return up && class && up->dimensions == 2 && up->shape[0] == class->count && up->shape[1] != class->count;
}

static int swap_names(struct weights *w) {
    static const char up[] = "." TENSOR_UP ".", down[] = "." TENSOR_DOWN ".";
    for (size_t i = 0; i < w->count; i++) {
        const char *name = w->tensors[i].name, *at = strstr(name, up), *other = strstr(name, down);
        const char *from = at ? at : other, *wanted = at ? down : up, *is = at ? up : down;
        if (!from) continue;
        char changed[300];
        snprintf(changed, sizeof changed, "%.*s%s%s", (int)(from - name), name, wanted, from + strlen(is));
        if (!(w->tensors[i].name = arena_copy(&w->arena, changed, strlen(changed)))) return no_memory(w);
    }
    return OCELLI_OK;
}

int weights_gguf_read(struct weights *weights, struct storage *in) {
    weights->form = WEIGHTS_GGUF;
    weights->gguf = calloc(1, sizeof *weights->gguf);
    int status = weights->gguf ? read_header(weights, in) : no_memory(weights);
    if (status) return status;
    const struct gguf *g = &weights->gguf->gguf;
    weights->tensors = arena_alloc(&weights->arena, g->tensor_count + 1, sizeof *weights->tensors);
    if (!weights->tensors) return no_memory(weights);
    for (uint64_t i = 0; i < g->tensor_count; i++) /* a blob's self-test and digest are of another model file */
        if (!begins(g->tensors[i].name, TENSOR_SELFTEST) && strcmp(g->tensors[i].name, TENSOR_DIGEST) != 0)
            convert(&weights->tensors[weights->count++], g, &g->tensors[i], in);
    status = join_scales(weights);
    return !status && is_swapped(weights) ? swap_names(weights) : status;
}

void weights_gguf_close(struct weights *weights) {
    if (!weights->gguf) return;
    gguf_finish(&weights->gguf->gguf);
    free(weights->gguf->header);
    free(weights->gguf);
    weights->gguf = NULL;
}
