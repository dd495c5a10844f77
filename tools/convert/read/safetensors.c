/* SPDX-License-Identifier: Apache-2.0 */
#include "convert/read/safetensors.h"
#include "base/log.h"
#include "convert/read/json.h"

#include <stdlib.h>
#include <string.h>

enum { MAX_HEADER = 100000000 }; /* bytes: the limit of the format's own library */

static const struct {
    const char *name;
    uint64_t size;
    enum stored_kind kind;
} types[] = {
    {"F32", 4, STORED_F32},
    {"F16", 2, STORED_F16},
    {"BF16", 2, STORED_BF16},
    {"F64", 8},
    {"I64", 8},
    {"U64", 8},
    {"I32", 4},
    {"U32", 4},
    {"I16", 2},
    {"U16", 2},
    {"I8", 1},
    {"U8", 1},
    {"BOOL", 1},
    {"F8_E4M3", 1},
    {"F8_E5M2", 1},
};

struct parser {
    struct safetensors *s;
    const char *file;
    struct storage *storage;
    uint64_t data, data_size; /* behind the header */
};

static int broken(const struct parser *p, const char *tensor, const char *what) {
    return log_fail(OCELLI_ERR_FILE, "%s: tensor %s %s: fetch the file again", p->file, tensor, what);
}

static uint64_t find_type(const cJSON *entry, struct stored_tensor *t) {
    const char *wanted = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(entry, "dtype"));
    for (size_t i = 0; wanted && i < sizeof types / sizeof types[0]; i++)
        if (strcmp(wanted, types[i].name) == 0) {
            t->type = types[i].name;
            t->kind = types[i].kind;
            return types[i].size;
        }
    return 0;
}

static int read_shape(const struct parser *p, const cJSON *entry, struct stored_tensor *t) {
    const cJSON *shape = cJSON_GetObjectItemCaseSensitive(entry, "shape"), *item;
    if (!cJSON_IsArray(shape) || cJSON_GetArraySize(shape) > STORED_MAX_DIMENSIONS)
        return broken(p, t->name, "has no shape, or one of more than 8 dimensions");
    t->count = 1;
    cJSON_ArrayForEach(item, shape) {
        uint64_t *side = &t->shape[t->dimensions++];
        if (!json_whole(item, UINT64_MAX, side) || __builtin_mul_overflow(t->count, *side, &t->count))
            return broken(p, t->name, "has an impossible shape");
    }
    return OCELLI_OK;
}

static int read_place(const struct parser *p, const cJSON *entry, struct stored_tensor *t) {
    const cJSON *offsets = cJSON_GetObjectItemCaseSensitive(entry, "data_offsets");
    uint64_t end, size = find_type(entry, t);
    if (!size) return broken(p, t->name, "has a dtype unknown here");
    if (!cJSON_IsArray(offsets) || cJSON_GetArraySize(offsets) != 2 ||
        !json_whole(cJSON_GetArrayItem(offsets, 0), UINT64_MAX, &t->begin) ||
        !json_whole(cJSON_GetArrayItem(offsets, 1), UINT64_MAX, &end) || end < t->begin)
        return broken(p, t->name, "has no usable data_offsets");
    if (end > p->data_size) return broken(p, t->name, "ends past the end of the file");
    t->size = end - t->begin;
    t->begin += p->data;
    t->storage = p->storage;
    if (__builtin_mul_overflow(t->count, size, &size) || size != t->size)
        return broken(p, t->name, "has a size that does not fit its shape");
    return OCELLI_OK;
}

static int read_tensor(const struct parser *p, const cJSON *entry, struct stored_tensor *t) {
    t->name = arena_copy(&p->s->arena, entry->string, strlen(entry->string));
    if (!t->name) return log_fail(OCELLI_ERR_MEMORY, "%s: out of memory", p->file);
    int status = read_shape(p, entry, t);
    return status ? status : read_place(p, entry, t);
}

static int by_place(const void *a, const void *b) {
    const struct stored_tensor *x = a, *y = b;
    if (x->begin != y->begin) return x->begin < y->begin ? -1 : 1;
    return x->size < y->size ? -1 : x->size > y->size;
}

/* The format allows no holes: they would be bytes nobody looks at. */
static int check_places(const struct parser *p) {
    struct safetensors *s = p->s;
    uint64_t end = p->data;
    qsort(s->tensors, s->count, sizeof *s->tensors, by_place);
    for (size_t i = 0; i < s->count; end += s->tensors[i++].size)
        if (s->tensors[i].begin != end)
            return broken(p, s->tensors[i].name,
                          s->tensors[i].begin < end ? "overlaps the one before" : "lies behind a hole");
    if (end != p->data + p->data_size)
        return log_fail(OCELLI_ERR_FILE, "%s: bytes behind the last tensor: fetch the file again", p->file);
    return OCELLI_OK;
}

/* "Arbitrary JSON is not allowed, all values must be strings." */
static int check_metadata(const struct parser *p, const cJSON *entry) {
    const cJSON *item;
    bool texts = cJSON_IsObject(entry);
    cJSON_ArrayForEach(item, entry) texts = texts && cJSON_IsString(item);
    return texts ? OCELLI_OK
                 : log_fail(OCELLI_ERR_FILE, "%s: __metadata__ is not an object of strings: fetch the file again",
                            p->file);
}

static int read_entry(const struct parser *p, const cJSON *entry) {
    if (strcmp(entry->string, "__metadata__") == 0) return check_metadata(p, entry);
    return read_tensor(p, entry, &p->s->tensors[p->s->count++]);
}

static int read_header(const struct parser *p, const cJSON *root) {
    struct safetensors *s = p->s;
    const cJSON *entry;
    if (!cJSON_IsObject(root))
        return log_fail(OCELLI_ERR_FILE, "%s: the header is not an object: fetch the file again", p->file);
    s->tensors = arena_alloc(&s->arena, (size_t)cJSON_GetArraySize(root) + 1, sizeof *s->tensors);
    if (!s->tensors) return log_fail(OCELLI_ERR_MEMORY, "%s: out of memory", p->file);
    cJSON_ArrayForEach(entry, root) {
        int status = read_entry(p, entry);
        if (status) return status;
    }
    return check_places(p);
}

static int read_length(struct storage *in, uint64_t *length) {
    uint8_t bytes[8] = {0};
    int status = in->size < sizeof bytes ? OCELLI_OK : storage_read(in, bytes, sizeof bytes, 0);
    if (status) return status;
    *length = 0;
    for (int i = 0; i < 8; i++) *length |= (uint64_t)bytes[i] << (8 * i);
    if (in->size < sizeof bytes || *length > MAX_HEADER)
        return log_fail(OCELLI_ERR_FILE,
                        "%s: not a safetensors file: its header length makes no sense: fetch the file again", in->name);
    if (*length > in->size - sizeof bytes)
        return log_fail(OCELLI_ERR_FILE, "%s: cut short in its header: fetch the file again", in->name);
    return OCELLI_OK;
}

static int parse(struct safetensors *file, struct storage *in, uint8_t *header, uint64_t length) {
    struct parser p = {.s = file, .file = in->name, .storage = in, .data = 8 + length};
    cJSON *root = NULL;
    p.data_size = in->size - p.data;
    int status = storage_read(in, header, (size_t)length, 8);
    if (!status) status = json_parse(&root, header, (size_t)length, in->name);
    if (!status) status = read_header(&p, root);
    cJSON_Delete(root);
    return status;
}

int safetensors_parse(struct safetensors *file, struct storage *storage) {
    *file = (struct safetensors){0};
    uint64_t length;
    int status = read_length(storage, &length);
    if (status) return status;
    uint8_t *header = malloc((size_t)length + 1);
    status =
        header ? parse(file, storage, header, length) : log_fail(OCELLI_ERR_MEMORY, "%s: out of memory", storage->name);
    free(header);
    if (status) safetensors_finish(file);
    return status;
}

void safetensors_finish(struct safetensors *file) {
    arena_finish(&file->arena);
    *file = (struct safetensors){0};
}
