/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"
#include "convert/read/torch_inner.h"

#include <stdio.h>
#include <string.h>

/* A state dict is flat; a module of TorchScript is as deep as the network. */
enum { MOST_DEPTH = 24, MOST_TENSORS = 20000, MOST_VISITS = 1 << 20, NAME_SIZE = 512 };

static const struct {
    const char *type, *name; /* of the storage; for messages, as safetensors calls it */
    uint64_t size;
    enum stored_kind kind;
} types[] = {{"FloatStorage", "F32", 4, STORED_F32},      {"HalfStorage", "F16", 2, STORED_F16},
             {"BFloat16Storage", "BF16", 2, STORED_BF16}, {"DoubleStorage", "F64", 8, STORED_OTHER},
             {"LongStorage", "I64", 8, STORED_OTHER},     {"IntStorage", "I32", 4, STORED_OTHER},
             {"ShortStorage", "I16", 2, STORED_OTHER},    {"CharStorage", "I8", 1, STORED_OTHER},
             {"ByteStorage", "U8", 1, STORED_OTHER},      {"BoolStorage", "BOOL", 1, STORED_OTHER}};

struct collector {
    struct weights *w;
    torch_find *find;
    void *context;
    char name[NAME_SIZE]; /* of the value being looked at */
    size_t room, visits;
};

uint64_t torch_number_size(const char *storage_type) {
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (strcmp(types[i].type, storage_type) == 0) return types[i].size;
    return 0;
}

static int broken(const struct collector *c, const char *what) {
    return log_fail(OCELLI_ERR_FILE, "%s: tensor %s %s: fetch the file again", c->w->path, c->name, what);
}

static int set_type(const struct collector *c, const struct pickle_tensor *from, struct stored_tensor *t) {
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (strcmp(types[i].type, from->storage.type) == 0) {
            t->type = types[i].name;
            t->kind = types[i].kind;
            return OCELLI_OK;
        }
    return log_fail(OCELLI_ERR_LIMIT, "%s: tensor %s is of torch.%.60s, which is not read: save it as float32",
                    c->w->path, c->name, from->storage.type);
}

/* Numbers from the tensor's first to behind its last, and whether they lie one after the other. */
static int measure(const struct collector *c, const struct pickle_tensor *from, struct stored_tensor *t,
                   uint64_t *span) {
    uint64_t count = 1, last = 0, reach;
    for (uint32_t d = from->dimensions; d-- > 0;) {
        if (from->shape[d] > 1 && from->stride[d] != count) t->strided = true;
        if (__builtin_mul_overflow(count, from->shape[d], &count)) return broken(c, "has an impossible shape");
    }
    for (uint32_t d = 0; d < from->dimensions && count; d++)
        if (__builtin_mul_overflow(from->shape[d] - 1, from->stride[d], &reach) ||
            __builtin_add_overflow(last, reach, &last))
            return broken(c, "has an impossible stride");
    t->count = count;
    t->dimensions = from->dimensions;
    memcpy(t->shape, from->shape, sizeof t->shape);
    memcpy(t->stride, from->stride, sizeof t->stride);
    return __builtin_add_overflow(last, count > 0, span) ? broken(c, "has an impossible stride") : OCELLI_OK;
}

/* The tensor inside its storage, and that inside the file. */
static int set_place(const struct collector *c, const struct pickle_tensor *from, struct stored_tensor *t,
                     uint64_t span) {
    uint64_t number = torch_number_size(from->storage.type), begin, size, end, needed;
    int status = c->find(c->context, &from->storage, &t->storage, &begin, &size);
    if (status) return status;
    if (__builtin_add_overflow(from->offset, span, &end) || end > from->storage.count ||
        __builtin_mul_overflow(from->storage.count, number, &needed) || needed > size)
        return broken(c, "lies outside its storage");
    t->begin = begin + from->offset * number;
    t->size = span * number;
    return OCELLI_OK;
}

static int grow(struct collector *c) {
    struct weights *w = c->w;
    size_t room = c->room ? 2 * c->room : 512;
    if (w->count >= MOST_TENSORS)
        return log_fail(OCELLI_ERR_LIMIT, "%s: over %d tensors: no CLIP has so many", w->path, MOST_TENSORS);
    struct stored_tensor *grown = arena_alloc(&w->arena, room, sizeof *grown);
    if (!grown) return log_fail(OCELLI_ERR_MEMORY, "%s: out of memory", w->path);
    if (w->count) memcpy(grown, w->tensors, w->count * sizeof *grown);
    w->tensors = grown;
    c->room = room;
    return OCELLI_OK;
}

static int add(struct collector *c, const struct pickle_tensor *from) {
    uint64_t span = 0;
    int status = c->w->count < c->room ? OCELLI_OK : grow(c);
    if (status) return status;
    struct stored_tensor t = {.name = arena_copy(&c->w->arena, c->name, strlen(c->name))};
    if (!t.name) return log_fail(OCELLI_ERR_MEMORY, "%s: out of memory", c->w->path);
    status = set_type(c, from, &t);
    if (!status) status = measure(c, from, &t, &span);
    if (!status) status = set_place(c, from, &t, span);
    if (!status) c->w->tensors[c->w->count++] = t;
    return status;
}

static bool is_name(const struct pickle_value *key) {
    return key && key->kind == PICKLE_TEXT && key->length == strlen(key->text);
}

static int walk(struct collector *c, const struct pickle_value *value, uint32_t depth);

static int walk_items(struct collector *c, const struct pickle_value *value, uint32_t depth) {
    size_t length = strlen(c->name);
    int status = OCELLI_OK;
    for (const struct pickle_item *i = value->first; i && !status; i = i->next) {
        if (!is_name(i->key)) continue;
        int added = snprintf(c->name + length, NAME_SIZE - length, "%s%s", length ? "." : "", i->key->text);
        if ((size_t)added >= NAME_SIZE - length) status = broken(c, "has too long a name");
        if (!status) status = walk(c, i->value, depth + 1);
        c->name[length] = 0;
    }
    return status;
}

/* Depth first; values may be shared, so that a small pickle can stand for many. */
static int walk(struct collector *c, const struct pickle_value *value, uint32_t depth) {
    if (value->kind == PICKLE_TENSOR) return add(c, value->tensor);
    if (value->kind != PICKLE_DICT && value->kind != PICKLE_OBJECT) return OCELLI_OK;
    if (depth > MOST_DEPTH || ++c->visits > MOST_VISITS)
        return log_fail(OCELLI_ERR_LIMIT, "%s: its values lie too deep in each other: save the state dict alone",
                        c->w->path);
    return walk_items(c, value, depth);
}

static bool holds_tensors(const struct pickle_value *dict) {
    for (const struct pickle_item *i = dict->first; i; i = i->next)
        if (i->value->kind == PICKLE_TENSOR) return true;
    return false;
}

/* Where training scripts put the state dict, beside the epoch, the optimizer and their like. */
static const struct pickle_value *find_state(struct weights *w, const struct pickle_value *root) {
    static const char *const keys[] = {"state_dict", "model_state_dict", "model"};
    if (root->kind != PICKLE_DICT || holds_tensors(root)) return root;
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        const struct pickle_value *inside = pickle_get(root, keys[i]);
        if (!inside || inside->kind != PICKLE_DICT) continue;
        w->inside = keys[i];
        return inside;
    }
    return root;
}

int torch_collect(struct weights *weights, const struct pickle_value *root, torch_find *find, void *context) {
    struct collector c = {.w = weights, .find = find, .context = context};
    int status = walk(&c, find_state(weights, root), 0);
    if (status || weights->count) return status;
    return log_fail(OCELLI_ERR_FILE, "%s: no state dict in its pickle: save the model's state_dict()", weights->path);
}
