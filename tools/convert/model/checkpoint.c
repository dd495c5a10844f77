/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"
#include "blob/tensor_names.h"
#include "convert/model/checkpoint_inner.h"
#include "convert/model/locate.h"
#include "convert/model/sizes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int no_memory(const char *path) {
    return log_fail(OCELLI_ERR_MEMORY, "%s: out of memory", path);
}

static int open_file(struct checkpoint *c, const char *path) {
    struct weights *file = arena_alloc(&c->arena, 1, sizeof *file);
    char *copy = arena_copy(&c->arena, path, strlen(path));
    if (!file || !copy) return no_memory(path);
    int status = weights_open(file, c->sources, copy);
    file->next = c->files;
    c->files = file; /* from here on closed by checkpoint_close() */
    c->count += file->count;
    return status;
}

/* A name with a folder in it could lead anywhere. */
static bool is_plain_name(const char *name) {
    return name && *name && !strchr(name, '/') && name[0] != '.';
}

static bool is_open(const struct checkpoint *c, const char *path) {
    for (const struct weights *f = c->files; f; f = f->next)
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
    for (const struct weights *f = checkpoint->files; f; f = f->next)
        for (size_t i = 0; i < f->count; i++) {
            const struct stored_tensor *t = &f->tensors[i];
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

struct checkpoint_tensor *checkpoint_find(const struct checkpoint *checkpoint, const char *name) {
    struct checkpoint_tensor key = {.name = name};
    return checkpoint->count ? bsearch(&key, checkpoint->tensors, checkpoint->count, sizeof key, by_name) : NULL;
}

struct checkpoint_tensor *checkpoint_find_in_block(const struct checkpoint *checkpoint, const char *format,
                                                   uint32_t block, const char *part) {
    char name[160];
    int length = snprintf(name, sizeof name, format, block);
    snprintf(name + length, sizeof name - (size_t)length, "%s", part);
    return checkpoint_find(checkpoint, name);
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
    if (!c->layout)
        return log_fail(OCELLI_ERR_FILE, "%s: no tensor starts with %s, %s or %s: give a CLIP with both towers", path,
                        names_layouts[0].marker, names_layouts[2].marker, names_layouts[3].marker);
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
    return status ? status : config_check(&c->config); /* again once options are in */
}

/* Tells a tokenizer with fewer tokens than vocab_size from a wrong vocab_size. */
static void count_token_rows(struct checkpoint *c) {
    const struct checkpoint_tensor *table = checkpoint_find(c, names_find(c->layout->outside, TENSOR_TOKENS)->source);
    c->config.token_rows = table && table->stored->dimensions ? table->stored->shape[0] : 0;
}

static void report_family(const struct checkpoint *c, const struct locate *where, struct report *r) {
    const char *why = c->config.stem     ? "timm_model_name is vit_base_mci_224"
                      : c->config.family ? "mask_image or mask_text is set"
                      : where->open_clip ? "a configuration of open_clip without timm's or other towers"
                                         : "model_type is clip";
    report_choice(r, "family", c->config.family ? c->config.family : "CLIP with a ViT", "%s", why);
    report_choice(r, "score", "softmax", "the family's");
    report_choice(r, "text form", "HTML undone, spaces joined, lower case", "CLIP's tokenizer");
}

static int open_weights(struct checkpoint *c, const struct locate *where, struct report *r) {
    int status = where->sharded ? open_shards(c, where->weights) : open_file(c, where->weights);
    if (!status && c->files && c->files->inside)
        report_choice(r, "state dict", c->files->inside, "the key of the pickle that it lies under");
    if (!status) status = collect(c, where->weights);
    return status ? status : find_layout(c, where->weights, r);
}

/* Those two tell of themselves. What lies beside them may be another model's. */
static bool is_complete(const struct weights *w) {
    return w->form == WEIGHTS_TORCHSCRIPT || w->form == WEIGHTS_GGUF;
}

/* A folder's configuration is read first: it is small, and most faults show there. */
static int open_all(struct checkpoint *c, const char *path, const struct config_given *given, struct report *r) {
    struct locate where;
    uint32_t facts = 0;
    int status = locate_checkpoint(&where, &c->arena, path, r);
    if (status) return status;
    c->folder = where.folder;
    if (!where.alone) status = read_config(c, &where, r);
    if (!status) status = open_weights(c, &where, r);
    if (status) return status;
    bool configured = where.config && !(where.alone && is_complete(c->files));
    if (where.alone)
        report_choice(r, "configuration", configured ? where.config : "none", "%s",
                      configured ? "beside the file" : "the file's own shapes and values, and options");
    if (configured && where.alone) status = read_config(c, &where, r);
    if (configured)
        facts = UINT32_MAX;
    else
        status =
            c->files->form == WEIGHTS_GGUF ? checkpoint_read_gguf(c, &facts, r) : checkpoint_read_shapes(c, &facts, r);
    if (status) return status;
    config_given_apply(&c->config, given, &facts, r);
    status = config_given_require(where.weights, facts);
    if (!status) status = config_check(&c->config);
    if (!status) report_family(c, &where, r);
    if (!status) status = sizes_of_tensors(c, r);
    if (!status) count_token_rows(c);
    return status;
}

int checkpoint_open(struct checkpoint *checkpoint, const char *path, const struct config_given *given,
                    struct sources *sources, struct report *report) {
    *checkpoint = (struct checkpoint){.sources = sources};
    int status = open_all(checkpoint, path, given, report);
    if (status) checkpoint_close(checkpoint);
    return status;
}

void checkpoint_close(struct checkpoint *checkpoint) {
    for (struct weights *f = checkpoint->files, *next; f; f = next) {
        next = f->next;
        weights_close(f);
    }
    arena_finish(&checkpoint->arena);
    *checkpoint = (struct checkpoint){0};
}

int checkpoint_check_unchanged(const struct checkpoint *checkpoint) {
    int status = OCELLI_OK;
    for (const struct weights *f = checkpoint->files; f && !status; f = f->next) status = weights_check(f);
    return status;
}

const struct checkpoint_tensor *checkpoint_take(struct checkpoint *checkpoint, const char *name) {
    struct checkpoint_tensor *found = checkpoint_find(checkpoint, name);
    if (found) found->used = true;
    return found;
}

int checkpoint_need(struct checkpoint *checkpoint, const char *name, const struct checkpoint_tensor **tensor) {
    *tensor = checkpoint_take(checkpoint, name);
    if (*tensor) return OCELLI_OK;
    return log_fail(OCELLI_ERR_FILE, "%s: tensor %s is missing from the weights: fetch the checkpoint again",
                    checkpoint->folder, name);
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
