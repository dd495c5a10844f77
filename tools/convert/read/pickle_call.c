/* SPDX-License-Identifier: Apache-2.0
 * What a pickle may name: the calls that a state dict and the plain data beside it are made of. Nothing is called: what
 * Python would get is put together here. */
#include "base/log.h"
#include "convert/read/pickle_inner.h"

#include <stdio.h>
#include <string.h>

/* ---- arguments ---- */

static const struct pickle_value *argument(const struct pickle_value *arguments, size_t index) {
    const struct pickle_item *item = arguments->kind == PICKLE_TUPLE ? arguments->first : NULL;
    for (; item && index > 0; index--) item = item->next;
    return item ? item->value : NULL;
}

static bool is_kind(const struct pickle_value *v, enum pickle_kind kind) {
    return v && v->kind == kind;
}

/* A tuple of at most 8 numbers that are not negative. */
static bool read_numbers(const struct pickle_value *tuple, uint64_t *numbers, uint32_t *count) {
    *count = 0;
    if (!is_kind(tuple, PICKLE_TUPLE)) return false;
    for (const struct pickle_item *i = tuple->first; i; i = i->next) {
        if (*count == PICKLE_MAX_DIMENSIONS || i->value->kind != PICKLE_INT || i->value->number < 0) return false;
        numbers[(*count)++] = (uint64_t)i->value->number;
    }
    return true;
}

/* ---- what calls give ---- */

/* (storage, offset, shape, stride, ...) */
static struct pickle_value *make_tensor(struct pickle_reader *r, const struct pickle_value *arguments) {
    const struct pickle_value *storage = argument(arguments, 0), *offset = argument(arguments, 1);
    struct pickle_tensor *t = pickle_alloc(r, sizeof *t);
    struct pickle_value *v = pickle_make(r, PICKLE_TENSOR);
    uint32_t strides = 0;
    if (!v) return NULL;
    if (!is_kind(storage, PICKLE_STORAGE) || !is_kind(offset, PICKLE_INT) || offset->number < 0 ||
        !read_numbers(argument(arguments, 2), t->shape, &t->dimensions) ||
        !read_numbers(argument(arguments, 3), t->stride, &strides) || strides != t->dimensions)
        return pickle_broken(r, "a tensor without usable storage, shape and stride"), NULL;
    t->storage = *storage->storage;
    t->offset = (uint64_t)offset->number;
    v->tensor = t;
    return v;
}

/* A parameter is its tensor; a torch.Size its tuple. */
static struct pickle_value *make_first(struct pickle_reader *r, const struct pickle_value *arguments) {
    const struct pickle_value *first = argument(arguments, 0);
    struct pickle_value *v = pickle_make(r, PICKLE_OTHER);
    if (v && first) *v = *first;
    return v;
}

/* OrderedDict() and OrderedDict([[key, value], ...]). */
static struct pickle_value *make_dict(struct pickle_reader *r, const struct pickle_value *arguments) {
    struct pickle_value *v = pickle_make(r, PICKLE_DICT);
    const struct pickle_value *pairs = argument(arguments, 0);
    if (!v || !is_kind(pairs, PICKLE_TUPLE)) return v;
    for (const struct pickle_item *i = pairs->first; i && v; i = i->next) {
        const struct pickle_value *key = argument(i->value, 0), *value = argument(i->value, 1);
        if (!key || !value) return pickle_broken(r, "a key without a value"), NULL;
        if (!pickle_step(r) || !pickle_add(r, v, key, value)) return NULL;
    }
    return v;
}

/* (function, type, arguments, state): a tensor with attributes of its own. */
static struct pickle_value *make_by_type(struct pickle_reader *r, const struct pickle_value *arguments) {
    const struct pickle_value *function = argument(arguments, 0), *inner = argument(arguments, 2);
    if (is_kind(function, PICKLE_GLOBAL) && function->call == make_tensor && inner) return make_tensor(r, inner);
    pickle_broken(r, "a tensor of unknown form");
    return NULL;
}

static struct pickle_value *make_object(struct pickle_reader *r, const struct pickle_value *arguments) {
    (void)arguments;
    return pickle_make(r, PICKLE_OBJECT);
}

static struct pickle_value *make_other(struct pickle_reader *r, const struct pickle_value *arguments) {
    (void)arguments;
    return pickle_make(r, PICKLE_OTHER);
}

static const struct {
    const char *module, *name;
    pickle_call_function *call;
} calls[] = {
    {"collections", "OrderedDict", make_dict},
    {"collections", "defaultdict", make_dict},
    {"collections", "Counter", make_dict},
    {"torch._utils", "_rebuild_tensor_v2", make_tensor},
    {"torch._utils", "_rebuild_tensor", make_tensor},
    {"torch._utils", "_rebuild_parameter", make_first},
    {"torch._utils", "_rebuild_parameter_with_state", make_first},
    {"torch._tensor", "_rebuild_from_type_v2", make_by_type},
    {"torch", "Size", make_first},
    {"torch", "device", make_other},
    {"torch.jit._pickle", "build_intlist", make_first},
    {"torch.jit._pickle", "build_tensorlist", make_first},
    {"torch.jit._pickle", "build_doublelist", make_first},
    {"torch.jit._pickle", "build_boollist", make_first},
    {"torch.jit._pickle", "restore_type_tag", make_first},
    {"argparse", "Namespace", make_object},
    {"types", "SimpleNamespace", make_object},
    {"numpy.core.multiarray", "scalar", make_other},
    {"numpy._core.multiarray", "scalar", make_other},
    {"numpy", "dtype", make_other},
    {"_codecs", "encode", make_other},
    {"datetime", "datetime", make_other},
    {"pathlib", "PosixPath", make_other},
    {"pathlib", "WindowsPath", make_other},
    {"builtins", "set", make_first},
    {"__builtin__", "set", make_first},
    {"builtins", "complex", make_other},
};

/* Names that stand as values and are not called. */
static bool is_plain_type(const char *module, const char *name) {
    static const struct {
        const char *module, *names; /* each between spaces */
    } rows[] = {{"torch", " float32 float16 bfloat16 float64 int64 int32 int16 int8 uint8 bool strided Tensor "},
                {"torch.nn.parameter", " Parameter "},
                {"builtins", " int float str list dict bool tuple "},
                {"__builtin__", " int float str list dict bool tuple "}};
    char wanted[80];
    int length = snprintf(wanted, sizeof wanted, " %s ", name);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (strcmp(rows[i].module, module) == 0 && (size_t)length < sizeof wanted && strstr(rows[i].names, wanted))
            return true;
    return false;
}

/* "torch.FloatStorage", "torch.storage.UntypedStorage" and their like. */
static bool is_storage(const char *module, const char *name) {
    static const char tail[] = "Storage";
    size_t length = strlen(name);
    return (strcmp(module, "torch") == 0 || strcmp(module, "torch.storage") == 0) && length >= sizeof tail - 1 &&
           strcmp(name + length - (sizeof tail - 1), tail) == 0;
}

static bool is_script(const char *module) {
    static const char script[] = "__torch__";
    return strncmp(module, script, sizeof script - 1) == 0 &&
           (module[sizeof script - 1] == 0 || module[sizeof script - 1] == '.');
}

struct pickle_value *pickle_global(struct pickle_reader *r, const char *module, const char *name) {
    struct pickle_value *v = pickle_make(r, PICKLE_GLOBAL);
    if (!v) return NULL;
    v->module = module;
    v->name = name;
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++)
        if (strcmp(calls[i].module, module) == 0 && strcmp(calls[i].name, name) == 0) v->call = calls[i].call;
    if (is_script(module)) v->call = make_object;
    if (v->call || is_storage(module, name) || is_plain_type(module, name)) return v;
    r->status =
        log_fail(OCELLI_ERR_LIMIT,
                 "%s: its pickle needs %.80s.%.80s of Python, and nothing in it is run here: in Python, load it "
                 "and save the state dict alone",
                 r->name, module, name);
    return NULL;
}

struct pickle_value *pickle_call(struct pickle_reader *r, const struct pickle_value *callable,
                                 const struct pickle_value *arguments) {
    if (callable->kind == PICKLE_GLOBAL && callable->call) return callable->call(r, arguments);
    pickle_broken(r, "a call of what cannot be called");
    return NULL;
}

struct pickle_value *pickle_storage(struct pickle_reader *r, const struct pickle_value *id) {
    const struct pickle_value *type = argument(id, 1), *key = argument(id, 2), *count = argument(id, 4);
    struct pickle_storage *s = pickle_alloc(r, sizeof *s);
    struct pickle_value *v = pickle_make(r, PICKLE_STORAGE);
    if (!s || !v) return NULL;
    bool view = argument(id, 5) && argument(id, 5)->kind != PICKLE_NONE; /* before torch 0.4 */
    if (!pickle_is(argument(id, 0), "storage") || !is_kind(type, PICKLE_GLOBAL) ||
        !is_storage(type->module, type->name) || !is_kind(key, PICKLE_TEXT) || !is_kind(count, PICKLE_INT) ||
        count->number < 0 || view)
        return pickle_broken(r, "a storage of unknown form"), NULL;
    *s = (struct pickle_storage){type->name, key->text, (uint64_t)count->number, r->storages};
    r->storages = s;
    r->storage_count++;
    v->storage = s;
    return v;
}
