/* SPDX-License-Identifier: Apache-2.0 */
#include "convert/safetensors.h"
#include "base/log.h"
#include "base/span.h"
#include "convert/json.h"

#include <stdlib.h>
#include <string.h>

enum { MAX_HEADER = 100000000 }; /* bytes: the limit of the format's own library */

static const struct {
    const char *name;
    uint64_t size;
} types[] = {
    {"F32", 4}, {"F16", 2}, {"BF16", 2}, {"F64", 8}, {"I64", 8},  {"U64", 8},     {"I32", 4},     {"U32", 4},
    {"I16", 2}, {"U16", 2}, {"I8", 1},   {"U8", 1},  {"BOOL", 1}, {"F8_E4M3", 1}, {"F8_E5M2", 1},
};

struct parser {
    struct safetensors *s;
    const char *file;
    const uint8_t *data; /* behind the header */
    uint64_t data_size;
};

static int broken(const struct parser *p, const char *tensor, const char *what) {
    return log_fail(OCELLI_ERR_FILE, "%s: tensor %s %s: fetch the file again", p->file, tensor, what);
}

static uint64_t find_type(const cJSON *entry, const char **name) {
    const char *wanted = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(entry, "dtype"));
    for (size_t i = 0; wanted && i < sizeof types / sizeof types[0]; i++)
        if (strcmp(wanted, types[i].name) == 0) {
            *name = types[i].name;
            return types[i].size;
        }
    return 0;
}

static int read_shape(const struct parser *p, const cJSON *entry, struct safetensors_tensor *t) {
    const cJSON *shape = cJSON_GetObjectItemCaseSensitive(entry, "shape"), *item;
    if (!cJSON_IsArray(shape) || cJSON_GetArraySize(shape) > SAFETENSORS_MAX_DIMENSIONS)
        return broken(p, t->name, "has no shape, or one of more than 8 dimensions");
    t->count = 1;
    cJSON_ArrayForEach(item, shape) {
        uint64_t *side = &t->shape[t->dimensions++];
        if (!json_whole(item, UINT64_MAX, side) || __builtin_mul_overflow(t->count, *side, &t->count))
            return broken(p, t->name, "has an impossible shape");
    }
    return OCELLI_OK;
}

static int read_place(const struct parser *p, const cJSON *entry, struct safetensors_tensor *t) {
    const cJSON *offsets = cJSON_GetObjectItemCaseSensitive(entry, "data_offsets");
    uint64_t end, size = find_type(entry, &t->type);
    if (!size) return broken(p, t->name, "has a dtype unknown here");
    if (!cJSON_IsArray(offsets) || cJSON_GetArraySize(offsets) != 2 ||
        !json_whole(cJSON_GetArrayItem(offsets, 0), UINT64_MAX, &t->begin) ||
        !json_whole(cJSON_GetArrayItem(offsets, 1), UINT64_MAX, &end) || end < t->begin)
        return broken(p, t->name, "has no usable data_offsets");
    if (end > p->data_size) return broken(p, t->name, "ends past the end of the file");
    t->size = end - t->begin;
    t->data = p->data + t->begin;
    if (__builtin_mul_overflow(t->count, size, &size) || size != t->size)
        return broken(p, t->name, "has a size that does not fit its shape");
    return OCELLI_OK;
}

static int read_tensor(const struct parser *p, const cJSON *entry, struct safetensors_tensor *t) {
    t->name = arena_copy(&p->s->arena, entry->string, strlen(entry->string));
    if (!t->name) return log_fail(OCELLI_ERR_MEMORY, "%s: out of memory", p->file);
    int status = read_shape(p, entry, t);
    return status ? status : read_place(p, entry, t);
}

static int by_place(const void *a, const void *b) {
    const struct safetensors_tensor *x = a, *y = b;
    if (x->begin != y->begin) return x->begin < y->begin ? -1 : 1;
    return x->size < y->size ? -1 : x->size > y->size;
}

/* The format allows no holes: they would be bytes nobody looks at. */
static int check_places(const struct parser *p) {
    struct safetensors *s = p->s;
    uint64_t end = 0;
    qsort(s->tensors, s->count, sizeof *s->tensors, by_place);
    for (size_t i = 0; i < s->count; end += s->tensors[i++].size)
        if (s->tensors[i].begin != end)
            return broken(p, s->tensors[i].name,
                          s->tensors[i].begin < end ? "overlaps the one before" : "lies behind a hole");
    if (end != p->data_size)
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

int safetensors_parse(struct safetensors *file, const void *bytes, size_t size, const char *name) {
    *file = (struct safetensors){0};
    struct span in = span_of(bytes, size);
    uint64_t length;
    if (!span_u64(&in, &length) || length > MAX_HEADER)
        return log_fail(OCELLI_ERR_FILE,
                        "%s: not a safetensors file: its header length makes no sense: fetch the file again", name);
    const uint8_t *header = span_bytes(&in, length);
    if (!header) return log_fail(OCELLI_ERR_FILE, "%s: cut short in its header: fetch the file again", name);
    struct parser p = {.s = file, .file = name, .data = in.data + in.position, .data_size = span_left(&in)};
    cJSON *root;
    int status = json_parse(&root, header, (size_t)length, name);
    if (!status) status = read_header(&p, root);
    cJSON_Delete(root);
    if (status) safetensors_finish(file);
    return status;
}

void safetensors_finish(struct safetensors *file) {
    arena_finish(&file->arena);
    *file = (struct safetensors){0};
}

bool safetensors_is_float(const struct safetensors_tensor *tensor) {
    return strcmp(tensor->type, "F32") == 0 || strcmp(tensor->type, "F16") == 0 || strcmp(tensor->type, "BF16") == 0;
}

const float *safetensors_view(const struct safetensors_tensor *tensor) {
    bool aligned = (uintptr_t)tensor->data % sizeof(float) == 0;
    return aligned && strcmp(tensor->type, "F32") == 0 ? (const float *)(const void *)tensor->data : NULL;
}

static float from_bits(uint32_t bits) {
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* IEEE 754 binary16; exact. */
static float from_half(uint16_t h) {
    uint32_t sign = (uint32_t)(h >> 15) << 31, exponent = h >> 10 & 31, fraction = h & 1023;
    if (exponent == 31) return from_bits(sign | 0x7f800000u | fraction << 13);
    if (exponent > 0) return from_bits(sign | (exponent + 112) << 23 | fraction << 13);
    float small = (float)fraction * 0x1p-24f;
    return sign ? -small : small;
}

void safetensors_read(const struct safetensors_tensor *tensor, uint64_t first, uint64_t count, float *out) {
    if (strcmp(tensor->type, "F32") == 0) {
        memcpy(out, tensor->data + first * sizeof *out, count * sizeof *out);
        return;
    }
    bool half = tensor->type[0] == 'F';
    for (uint64_t i = 0; i < count; i++) {
        const uint8_t *at = tensor->data + (first + i) * 2;
        uint16_t bits = (uint16_t)(at[0] | at[1] << 8);
        out[i] = half ? from_half(bits) : from_bits((uint32_t)bits << 16);
    }
}
