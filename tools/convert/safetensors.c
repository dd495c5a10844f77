/* SPDX-License-Identifier: Apache-2.0 */
#include "convert/safetensors.h"
#include "base/log.h"
#include "base/span.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_HEADER = 100 << 20 }; /* the format's own limit */

static const struct type_row {
    const char *name;
    enum tensor_type type;
    uint64_t size;
} type_rows[] = {{"F32", TENSOR_F32, 4},     {"F16", TENSOR_F16, 2},     {"BF16", TENSOR_BF16, 2},   {"F64", TENSOR_F64, 8},
                 {"I64", TENSOR_INTEGER, 8}, {"I32", TENSOR_INTEGER, 4}, {"I16", TENSOR_INTEGER, 2}, {"I8", TENSOR_INTEGER, 1},
                 {"U8", TENSOR_INTEGER, 1},  {"BOOL", TENSOR_INTEGER, 1}};

static const struct type_row *find_type(const char *name) {
    for (size_t i = 0; i < sizeof type_rows / sizeof type_rows[0]; i++)
        if (strcmp(type_rows[i].name, name) == 0) return &type_rows[i];
    return NULL;
}

/* A JSON number that is a whole number exactly held by a double. */
static bool whole(const cJSON *item, uint64_t *value) {
    if (!cJSON_IsNumber(item) || !(item->valuedouble >= 0) || item->valuedouble > 9007199254740992.0) return false;
    *value = (uint64_t)item->valuedouble;
    return (double)*value == item->valuedouble;
}

static int broken(const char *file, const char *tensor, const char *what) {
    return log_fail(OCELLI_ERR_FILE, "%s: tensor %s: %s: download or save the checkpoint again", file, tensor, what);
}

static int read_shape(struct tensor *t, const cJSON *shape, const char *file) {
    t->count = 1;
    const cJSON *item;
    if (!cJSON_IsArray(shape)) return broken(file, t->name, "no shape");
    cJSON_ArrayForEach(item, shape) {
        uint64_t n;
        if (t->dimensions == 8 || !whole(item, &n)) return broken(file, t->name, "a shape that is not up to 8 whole numbers");
        if (__builtin_mul_overflow(t->count, n, &t->count)) return broken(file, t->name, "an impossible shape");
        t->shape[t->dimensions++] = n;
    }
    return OCELLI_OK;
}

static int read_tensor(struct tensor *t, const cJSON *entry, struct span data, const char *file) {
    const cJSON *type = cJSON_GetObjectItemCaseSensitive(entry, "dtype");
    const cJSON *offsets = cJSON_GetObjectItemCaseSensitive(entry, "data_offsets");
    const struct type_row *row = cJSON_IsString(type) ? find_type(type->valuestring) : NULL;
    if (!row) return broken(file, t->name, "a dtype that is not F64, F32, F16, BF16 or an integer");
    t->type = row->type;
    int status = read_shape(t, cJSON_GetObjectItemCaseSensitive(entry, "shape"), file);
    if (status) return status;
    uint64_t begin, end, size;
    if (cJSON_GetArraySize(offsets) != 2 || !whole(cJSON_GetArrayItem(offsets, 0), &begin) ||
        !whole(cJSON_GetArrayItem(offsets, 1), &end))
        return broken(file, t->name, "no data_offsets");
    if (begin > end || end > data.size) return broken(file, t->name, "data past the end of the file");
    if (__builtin_mul_overflow(t->count, row->size, &size) || size != end - begin)
        return broken(file, t->name, "data_offsets that do not fit its shape");
    t->data = data.data + begin;
    t->size = size;
    return OCELLI_OK;
}

static int by_place(const void *a, const void *b) {
    const struct tensor *x = a, *y = b;
    if (x->data != y->data) return x->data < y->data ? -1 : 1;
    return x->size < y->size ? -1 : x->size > y->size; /* empty ones first */
}

static int by_name(const void *a, const void *b) {
    return strcmp(((const struct tensor *)a)->name, ((const struct tensor *)b)->name);
}

/* The format demands data without holes or overlaps, and names only once. */
static int check(struct tensor *tensors, size_t count, struct span data, const char *file) {
    qsort(tensors, count, sizeof *tensors, by_place);
    const uint8_t *place = data.data;
    for (size_t i = 0; i < count; i++) {
        if (tensors[i].data < place) return broken(file, tensors[i].name, "overlaps another");
        if (tensors[i].data > place) return broken(file, tensors[i].name, "bytes before it that belong to no tensor");
        place += tensors[i].size;
    }
    if (place != data.data + data.size)
        return log_fail(OCELLI_ERR_FILE, "%s: bytes after the last tensor: download or save the checkpoint again", file);
    qsort(tensors, count, sizeof *tensors, by_name);
    for (size_t i = 1; i < count; i++)
        if (strcmp(tensors[i - 1].name, tensors[i].name) == 0) return broken(file, tensors[i].name, "stands there twice");
    return OCELLI_OK;
}

static int read_all(struct tensor_list *list, const cJSON *header, struct span data, const char *file) {
    size_t most = list->count + (size_t)cJSON_GetArraySize(header);
    struct tensor *tensors = arena_alloc(&list->arena, most + 1, sizeof *tensors);
    if (!tensors) return log_fail(OCELLI_ERR_MEMORY, "%s: out of memory", file);
    size_t count = 0;
    const cJSON *entry;
    cJSON_ArrayForEach(entry, header) {
        if (strcmp(entry->string, "__metadata__") == 0) continue;
        struct tensor *t = &tensors[count++];
        t->name = arena_copy(&list->arena, entry->string, strlen(entry->string));
        if (!t->name) return log_fail(OCELLI_ERR_MEMORY, "%s: out of memory", file);
        int status = read_tensor(t, entry, data, file);
        if (status) return status;
    }
    int status = check(tensors, count, data, file);
    if (status) return status;
    if (list->count) memcpy(tensors + count, list->tensors, list->count * sizeof *tensors); /* those of the files before */
    list->tensors = tensors;
    list->count += count;
    qsort(tensors, list->count, sizeof *tensors, by_name);
    return OCELLI_OK;
}

int safetensors_parse(struct tensor_list *list, const void *bytes, size_t size, const char *name) {
    struct span in = span_of(bytes, size);
    uint64_t length;
    const uint8_t *text;
    if (!span_u64(&in, &length) || length > MAX_HEADER || !(text = span_bytes(&in, length)))
        return log_fail(OCELLI_ERR_FILE, "%s: not a safetensors file, or cut short in its header: download it again", name);
    cJSON *header = cJSON_ParseWithLength((const char *)text, (size_t)length);
    if (!cJSON_IsObject(header)) {
        cJSON_Delete(header);
        return log_fail(OCELLI_ERR_FILE, "%s: its header is not JSON: not a safetensors file, or damaged", name);
    }
    int status = read_all(list, header, span_of(in.data + in.position, span_left(&in)), name);
    cJSON_Delete(header);
    return status;
}

void tensor_list_finish(struct tensor_list *list) {
    arena_finish(&list->arena);
    *list = (struct tensor_list){0};
}

struct tensor *tensor_find(struct tensor_list *list, const char *name) {
    struct tensor key = {.name = name};
    return list->count ? bsearch(&key, list->tensors, list->count, sizeof key, by_name) : NULL;
}

static float from_half(uint16_t h) {
    int exponent = h >> 10 & 31, fraction = h & 1023;
    float magnitude = exponent == 0    ? ldexpf((float)fraction, -24)
                      : exponent == 31 ? (fraction ? NAN : INFINITY)
                                       : ldexpf((float)(fraction + 1024), exponent - 25);
    return h >> 15 ? -magnitude : magnitude;
}

float tensor_value(const struct tensor *t, uint64_t i) {
    float f = 0;
    double d;
    uint16_t h;
    switch (t->type) {
    case TENSOR_F32: memcpy(&f, t->data + 4 * i, sizeof f); break;
    case TENSOR_F64:
        memcpy(&d, t->data + 8 * i, sizeof d);
        f = (float)d;
        break;
    case TENSOR_F16:
        memcpy(&h, t->data + 2 * i, sizeof h);
        f = from_half(h);
        break;
    case TENSOR_BF16: {
        memcpy(&h, t->data + 2 * i, sizeof h);
        uint32_t bits = (uint32_t)h << 16;
        memcpy(&f, &bits, sizeof f);
        break;
    }
    case TENSOR_INTEGER: break; /* never asked for: the model's tensors are checked to be floats */
    }
    return f;
}
