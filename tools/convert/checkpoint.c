/* SPDX-License-Identifier: Apache-2.0 */
#include "convert/checkpoint.h"
#include "base/log.h"
#include "blob/tensor_names.h"
#include "convert/locate.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int no_memory(const char *path) {
    return log_fail(OCELLI_ERR_MEMORY, "%s: out of memory", path);
}

static int open_file(struct checkpoint *c, const char *path) {
    struct checkpoint_file *file = arena_alloc(&c->arena, 1, sizeof *file);
    if (!file || !(file->path = arena_copy(&c->arena, path, strlen(path)))) return no_memory(path);
    file->next = c->files;
    c->files = file; /* from here on closed by checkpoint_close() */
    int status = source_read(c->sources, &file->bytes, path);
    if (!status) status = safetensors_parse(&file->tensors, file->bytes.data, file->bytes.size, file->path);
    c->count += file->tensors.count;
    return status;
}

/* A name with a folder in it could lead anywhere. */
static bool is_plain_name(const char *name) {
    return name && *name && !strchr(name, '/') && name[0] != '.';
}

static bool is_open(const struct checkpoint *c, const char *path) {
    for (const struct checkpoint_file *f = c->files; f; f = f->next)
        if (strcmp(f->path, path) == 0) return true;
    return false;
}

/* {"weight_map": {tensor: file}}: each file once. */
static int open_shards(struct checkpoint *checkpoint, const char *index) {
    cJSON *root;
    int status = json_load(&root, index, checkpoint->sources);
    const cJSON *map = cJSON_GetObjectItemCaseSensitive(root, "weight_map"), *item;
    if (!status && !cJSON_IsObject(map))
        status = log_fail(OCELLI_ERR_FILE, "%s: no weight_map: fetch the file again", index);
    cJSON_ArrayForEach(item, map) {
        const char *name = cJSON_GetStringValue(item);
        if (!status && !is_plain_name(name))
            status = log_fail(OCELLI_ERR_FILE, "%s: weight_map names no file for %s: fetch the file again", index,
                              item->string);
        if (status) break;
        char *path = source_path(&checkpoint->arena, checkpoint->folder, name);
        if (!path)
            status = no_memory(index);
        else if (!is_open(checkpoint, path))
            status = open_file(checkpoint, path);
    }
    cJSON_Delete(root);
    return status;
}

static int by_name(const void *a, const void *b) {
    const struct checkpoint_tensor *x = a, *y = b;
    return strcmp(x->name, y->name);
}

static int collect(struct checkpoint *checkpoint, const char *path) {
    size_t count = 0;
    checkpoint->tensors = arena_alloc(&checkpoint->arena, checkpoint->count + 1, sizeof *checkpoint->tensors);
    if (!checkpoint->tensors) return no_memory(path);
    for (const struct checkpoint_file *f = checkpoint->files; f; f = f->next)
        for (size_t i = 0; i < f->tensors.count; i++) {
            const struct safetensors_tensor *t = &f->tensors.tensors[i];
            const char *name = names_inside(&checkpoint->arena, t->name);
            if (!name) return no_memory(path);
            checkpoint->tensors[count++] =
                (struct checkpoint_tensor){.name = names_strip(name), .file = f->path, .stored = t};
        }
    qsort(checkpoint->tensors, count, sizeof *checkpoint->tensors, by_name);
    for (size_t i = 1; i < count; i++)
        if (strcmp(checkpoint->tensors[i - 1].name, checkpoint->tensors[i].name) == 0)
            return log_fail(OCELLI_ERR_FILE, "%s: tensor %s is there twice: fetch the checkpoint again", path,
                            checkpoint->tensors[i].name);
    return OCELLI_OK;
}

static bool starts_one(const struct checkpoint *c, const char *prefix) {
    for (size_t i = 0; i < c->count; i++)
        if (strncmp(c->tensors[i].name, prefix, strlen(prefix)) == 0) return true;
    return false;
}

static int find_layout(struct checkpoint *c, const char *path, struct report *r) {
    for (size_t i = 0; i < names_layout_count && !c->layout; i++)
        if (names_layouts[i].siglip == c->config.attention_pool && starts_one(c, names_layouts[i].marker))
            c->layout = &names_layouts[i];
    if (!c->layout && starts_one(c, "visual.trunk."))
        return config_unsupported(path, "a timm image tower that is no SigLIP (MobileCLIP, ...): convert a plain CLIP");
    if (!c->layout)
        return log_fail(OCELLI_ERR_FILE, "%s: no tensor starts with %s or %s: give a CLIP with both towers", path,
                        names_layouts[0].marker, names_layouts[2].marker);
    report_choice(r, "layout", c->layout->name, "a tensor starts with %s", c->layout->marker);
    return OCELLI_OK;
}

/* transformers 4 writes preprocessor_config.json; 5 has the same as "image_processor" in processor_config.json, which
 * in 4 held other things. If both are there, transformers 5 takes the latter. */
static int read_prep(struct checkpoint *checkpoint, struct report *report) {
    static const char old[] = "preprocessor_config.json", new[] = "processor_config.json";
    char *path = source_path(&checkpoint->arena, checkpoint->folder, new);
    if (!path) return no_memory(checkpoint->folder);
    cJSON *root = NULL;
    int status = source_exists(path) ? json_load(&root, path, checkpoint->sources) : OCELLI_OK;
    const cJSON *prep = cJSON_GetObjectItemCaseSensitive(root, "image_processor");
    if (!status && !prep) {
        cJSON_Delete(root);
        root = NULL;
        path = source_path(&checkpoint->arena, checkpoint->folder, old);
        if (!path) return no_memory(checkpoint->folder);
        status = source_exists(path) ? json_load(&root, path, checkpoint->sources) : OCELLI_OK;
        prep = root;
    }
    if (!status && !prep)
        status = log_fail(
            OCELLI_ERR_FILE,
            "%s: no %s, nor a %s with an image_processor: put the one of the model's publisher there, since the "
            "sizes, mean and filter it was trained with stand nowhere else",
            checkpoint->folder, old, new);
    if (!status) status = config_preprocessor(&checkpoint->config, prep, path, report);
    cJSON_Delete(root);
    return status;
}

static int read_config(struct checkpoint *c, const struct locate *where, struct report *r) {
    cJSON *root;
    int status = json_load(&root, where->config, c->sources);
    if (!status)
        status = where->open_clip ? config_open_clip(&c->config, root, where->config, r)
                                  : config_transformers(&c->config, root, where->config, r);
    cJSON_Delete(root);
    if (!status && !where->open_clip) status = read_prep(c, r);
    return status ? status : config_check(&c->config);
}

/* Tells a tokenizer with fewer tokens than vocab_size from a wrong vocab_size. */
static void count_token_rows(struct checkpoint *c) {
    struct checkpoint_tensor key = {.name = names_find(c->layout->outside, TENSOR_TOKENS)->source};
    const struct checkpoint_tensor *table = bsearch(&key, c->tensors, c->count, sizeof key, by_name);
    c->config.token_rows = table && table->stored->dimensions ? table->stored->shape[0] : 0;
}

static int open_all(struct checkpoint *c, const char *path, struct report *r) {
    struct locate where;
    int status = locate_checkpoint(&where, &c->arena, path, r);
    if (status) return status;
    c->folder = where.folder;
    status = read_config(c, &where, r); /* first: it is small, and most faults show there */
    if (!status) status = where.sharded ? open_shards(c, where.weights) : open_file(c, where.weights);
    if (!status) status = collect(c, where.weights);
    if (!status) status = find_layout(c, where.weights, r);
    if (!status) count_token_rows(c);
    return status;
}

int checkpoint_open(struct checkpoint *checkpoint, const char *path, struct sources *sources, struct report *report) {
    *checkpoint = (struct checkpoint){.sources = sources};
    int status = open_all(checkpoint, path, report);
    if (status) checkpoint_close(checkpoint);
    return status;
}

void checkpoint_close(struct checkpoint *checkpoint) {
    for (struct checkpoint_file *f = checkpoint->files; f; f = f->next) {
        safetensors_finish(&f->tensors);
        file_free(&f->bytes);
    }
    arena_finish(&checkpoint->arena);
    *checkpoint = (struct checkpoint){0};
}

const struct checkpoint_tensor *checkpoint_take(struct checkpoint *checkpoint, const char *name) {
    struct checkpoint_tensor key = {.name = name};
    struct checkpoint_tensor *found = bsearch(&key, checkpoint->tensors, checkpoint->count, sizeof key, by_name);
    if (found) found->used = true;
    return found;
}

int checkpoint_check_used(const struct checkpoint *checkpoint, struct report *report) {
    enum { NAMED = 5 };
    char names[512] = "";
    size_t left = 0, length = 0;
    const char *file = "";
    for (size_t i = 0; i < checkpoint->count; i++) {
        const struct checkpoint_tensor *t = &checkpoint->tensors[i];
        if (t->used) continue;
        if (names_ignored(checkpoint->layout, t->name)) {
            report_ignored(report, t->name);
            continue;
        }
        if (left++ < NAMED && length < sizeof names)
            length += (size_t)snprintf(names + length, sizeof names - length, "%s%s", left > 1 ? ", " : "", t->name);
        file = t->file;
    }
    if (left == 0) return OCELLI_OK;
    return log_fail(OCELLI_ERR_FILE,
                    "%s: %zu tensor%s left over, so this is not a plain CLIP: %s%s; give a model without", file, left,
                    left > 1 ? "s" : "", names, left > NAMED ? ", ..." : "");
}
