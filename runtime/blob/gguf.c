/* SPDX-License-Identifier: Apache-2.0 */
#include "blob/gguf.h"
#include "base/log.h"
#include "base/span.h"

#include <stdlib.h>
#include <string.h>

enum { VERSION = 3, DEFAULT_ALIGNMENT = 32, MAX_ALIGNMENT = 1 << 20, MAX_KEY = 1 << 16, MAX_NAME = 256 };

struct parser {
    struct span in;
    struct gguf *g;
    const char *name;  /* of the file */
    const char *field; /* key or tensor being read, once it is known; else empty */
    uint64_t whole;    /* bytes of the file, of which `in` has the first */
};

/* The parser has only the start of the file, and may lack no more than the rest. */
enum { MORE = 1 };

static int broken(const struct parser *p, const char *what) {
    if (p->in.size < p->whole) return MORE;
    return log_fail(OCELLI_ERR_FILE, "%s: %.100s%s%s (at byte %zu): copy or convert the file again", p->name, p->field,
                    p->field[0] ? ": " : "", what, p->in.position);
}

static int no_memory(const struct parser *p) {
    return log_fail(OCELLI_ERR_MEMORY, "%s: out of memory reading the header", p->name);
}

static int read_string(struct parser *p, struct gguf_string *s) {
    uint64_t length;
    if (!span_u64(&p->in, &length)) return broken(p, "cut short in a string");
    const uint8_t *text = span_bytes(&p->in, length);
    if (!text) return broken(p, "a string longer than the file");
    *s = (struct gguf_string){(const char *)text, (size_t)length};
    return OCELLI_OK;
}

/* A terminated copy of a name; a NUL inside would make two names look the same. */
static int read_name(struct parser *p, size_t longest, const char **out) {
    struct gguf_string s;
    int status = read_string(p, &s);
    if (status) return status;
    if (s.length == 0 || s.length > longest || memchr(s.text, 0, s.length))
        return broken(p, "a name that is empty, too long or has a NUL");
    *out = arena_copy(&p->g->arena, s.text, s.length);
    return *out ? OCELLI_OK : no_memory(p);
}

size_t gguf_type_size(enum gguf_type type) {
    switch (type) {
    case GGUF_U8:
    case GGUF_I8:
    case GGUF_BOOL: return 1;
    case GGUF_U16:
    case GGUF_I16: return 2;
    case GGUF_U32:
    case GGUF_I32:
    case GGUF_F32: return 4;
    case GGUF_U64:
    case GGUF_I64:
    case GGUF_F64: return 8;
    default: return 0;
    }
}

static int read_number(struct parser *parser, struct gguf_value *value) {
    size_t size = gguf_type_size(value->type);
    if (!size) return broken(parser, "a value of unknown type");
    const uint8_t *bytes = span_bytes(&parser->in, size);
    if (!bytes) return broken(parser, "cut short in a value");
    uint64_t u = 0;
    for (size_t i = 0; i < size; i++) u |= (uint64_t)bytes[i] << (8 * i);
    if (value->type == GGUF_F32) {
        float f;
        memcpy(&f, bytes, sizeof f);
        value->number.f = f;
    } else if (value->type == GGUF_F64) {
        memcpy(&value->number.f, bytes, sizeof value->number.f);
    } else {
        value->number.u = u;
    }
    return value->type == GGUF_BOOL && u > 1 ? broken(parser, "a bool that is neither 0 nor 1") : OCELLI_OK;
}

static int read_strings(struct parser *p, struct gguf_value *v) {
    if (v->count > span_left(&p->in) / 8) return broken(p, "an array longer than the file"); /* 8: each has a length */
    struct gguf_string *strings = arena_alloc(&p->g->arena, v->count ? (size_t)v->count : 1, sizeof *strings);
    if (!strings) return no_memory(p);
    v->strings = strings;
    for (uint64_t i = 0; i < v->count; i++) {
        int status = read_string(p, &strings[i]);
        if (status) return status;
    }
    return OCELLI_OK;
}

static int read_array(struct parser *p, struct gguf_value *v) {
    uint32_t element;
    if (!span_u32(&p->in, &element) || !span_u64(&p->in, &v->count)) return broken(p, "cut short in an array");
    v->element = (enum gguf_type)element;
    if (v->element == GGUF_STRING) return read_strings(p, v);
    if (v->element == GGUF_ARRAY) return broken(p, "an array of arrays");
    size_t size = gguf_type_size(v->element);
    if (!size) return broken(p, "an array of unknown type");
    if (v->count > span_left(&p->in) / size) return broken(p, "an array longer than the file");
    v->bytes = span_bytes(&p->in, v->count * size);
    return OCELLI_OK;
}

static int read_value(struct parser *p, struct gguf_value *v) {
    uint32_t type;
    p->field = "";
    int status = read_name(p, MAX_KEY, &v->key);
    if (status) return status;
    p->field = v->key;
    if (!span_u32(&p->in, &type)) return broken(p, "cut short in a value");
    v->type = (enum gguf_type)type;
    v->count = 1;
    if (v->type == GGUF_STRING) return read_strings(p, v);
    if (v->type == GGUF_ARRAY) return read_array(p, v);
    return read_number(p, v);
}

static uint64_t element_size(enum gguf_tensor_type type) {
    switch (type) {
    case GGUF_TENSOR_F32: return 4;
    case GGUF_TENSOR_F16:
    case GGUF_TENSOR_BF16: return 2;
    case GGUF_TENSOR_I8: return 1;
    default: return 0;
    }
}

/* Bytes of `count` numbers in rows of `row`; 0: an unknown type, or too many. */
static uint64_t tensor_size(enum gguf_tensor_type type, uint64_t count, uint64_t row) {
    enum { BLOCK = 32, BLOCK_BYTES = 34 };
    bool blocks = type == GGUF_TENSOR_Q8_0;
    uint64_t size = blocks ? BLOCK_BYTES : element_size(type);
    if (blocks && row % BLOCK) return 0;
    return __builtin_mul_overflow(blocks ? count / BLOCK : count, size, &size) ? 0 : size;
}

static int read_tensor(struct parser *parser, struct gguf_tensor *tensor) {
    uint32_t type;
    parser->field = "";
    int status = read_name(parser, MAX_NAME, &tensor->name);
    if (status) return status;
    parser->field = tensor->name;
    if (!span_u32(&parser->in, &tensor->dimensions)) return broken(parser, "cut short in a tensor");
    if (tensor->dimensions < 1 || tensor->dimensions > 4)
        return broken(parser, "a tensor that has not 1 to 4 dimensions");
    uint64_t count = 1;
    for (uint32_t i = 0; i < 4; i++) {
        tensor->ne[i] = 1;
        if (i >= tensor->dimensions) continue;
        if (!span_u64(&parser->in, &tensor->ne[i])) return broken(parser, "cut short in a tensor");
        if (tensor->ne[i] == 0 || __builtin_mul_overflow(count, tensor->ne[i], &count))
            return broken(parser, "a tensor of impossible size");
    }
    if (!span_u32(&parser->in, &type) || !span_u64(&parser->in, &tensor->offset))
        return broken(parser, "cut short in a tensor");
    tensor->type = (enum gguf_tensor_type)type;
    if (!element_size(tensor->type) && tensor->type != GGUF_TENSOR_Q8_0)
        return broken(parser, "a tensor of a type this reader does not know (F32, F16, BF16, Q8_0 and I8 it does)");
    tensor->size = tensor_size(tensor->type, count, tensor->ne[0]);
    if (!tensor->size) return broken(parser, "a tensor of impossible size");
    return OCELLI_OK;
}

static int by_text(const void *a, const void *b) {
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Two of one name: which one holds would depend on the reader. */
static int check_unique(struct parser *p, const char **names, uint64_t count) {
    qsort(names, count, sizeof *names, by_text);
    for (uint64_t i = 1; i < count; i++)
        if (strcmp(names[i - 1], names[i]) == 0)
            return log_fail(OCELLI_ERR_FILE, "%s: '%s' stands there twice: convert the file again", p->name, names[i]);
    return OCELLI_OK;
}

static int by_offset(const void *a, const void *b) {
    const struct gguf_tensor *x = *(const struct gguf_tensor *const *)a, *y = *(const struct gguf_tensor *const *)b;
    return x->offset < y->offset ? -1 : x->offset > y->offset;
}

static int check_places(struct parser *parser) {
    struct gguf *g = parser->g;
    const struct gguf_tensor **sorted = arena_alloc(&g->arena, g->tensor_count + 1, sizeof *sorted);
    if (!sorted) return no_memory(parser);
    for (uint64_t i = 0; i < g->tensor_count; i++) {
        const struct gguf_tensor *t = sorted[i] = &g->tensors[i];
        if (t->offset % g->alignment)
            return log_fail(OCELLI_ERR_FILE, "%s: tensor %s is not aligned to %llu bytes: convert the file again",
                            parser->name, t->name, (unsigned long long)g->alignment);
        if (t->offset > g->data_size || t->size > g->data_size - t->offset)
            return log_fail(OCELLI_ERR_FILE,
                            "%s: tensor %s ends past the end of the file: the file is cut short, copy it again",
                            parser->name, t->name);
    }
    qsort(sorted, g->tensor_count, sizeof *sorted, by_offset);
    for (uint64_t i = 1; i < g->tensor_count; i++)
        if (sorted[i - 1]->offset + sorted[i - 1]->size > sorted[i]->offset)
            return log_fail(OCELLI_ERR_FILE, "%s: tensors %s and %s overlap: convert the file again", parser->name,
                            sorted[i - 1]->name, sorted[i]->name);
    return OCELLI_OK;
}

static int check_names(struct parser *p) {
    struct gguf *g = p->g;
    uint64_t most = g->value_count > g->tensor_count ? g->value_count : g->tensor_count;
    const char **names = arena_alloc(&g->arena, most + 1, sizeof *names);
    if (!names) return no_memory(p);
    for (uint64_t i = 0; i < g->value_count; i++) names[i] = g->values[i].key;
    int status = check_unique(p, names, g->value_count);
    for (uint64_t i = 0; i < g->tensor_count; i++) names[i] = g->tensors[i].name;
    return status ? status : check_unique(p, names, g->tensor_count);
}

static int read_counts(struct parser *parser) {
    struct gguf *g = parser->g;
    const uint8_t *magic = span_bytes(&parser->in, 4);
    uint32_t version;
    if (!magic || memcmp(magic, "GGUF", 4) != 0)
        return log_fail(OCELLI_ERR_FILE, "%s: not a GGUF file: make one with ocelli-convert", parser->name);
    if (!span_u32(&parser->in, &version)) return broken(parser, "cut short in the header");
    if (version != VERSION)
        return log_fail(OCELLI_ERR_FILE, "%s: GGUF version %u, this reader knows %d: convert the checkpoint again",
                        parser->name, version, VERSION);
    if (!span_u64(&parser->in, &g->tensor_count) || !span_u64(&parser->in, &g->value_count))
        return broken(parser, "cut short in the header");
    /* The smallest value takes 13 bytes, the smallest tensor 33: no count can ask for more memory than that. */
    if (g->value_count > span_left(&parser->in) / 13 || g->tensor_count > span_left(&parser->in) / 33)
        return broken(parser, "counts of values or tensors larger than the file");
    g->values = arena_alloc(&g->arena, g->value_count + 1, sizeof *g->values);
    g->tensors = arena_alloc(&g->arena, g->tensor_count + 1, sizeof *g->tensors);
    return g->values && g->tensors ? OCELLI_OK : no_memory(parser);
}

static int read_alignment(struct parser *p) {
    const struct gguf_value *v = gguf_value(p->g, "general.alignment");
    p->g->alignment = v ? v->number.u : DEFAULT_ALIGNMENT;
    bool power = p->g->alignment >= 8 && !(p->g->alignment & (p->g->alignment - 1));
    if ((v && v->type != GGUF_U32) || !power || p->g->alignment > MAX_ALIGNMENT)
        return broken(p, "general.alignment is not usable");
    return OCELLI_OK;
}

static int parse(struct parser *parser) {
    struct gguf *g = parser->g;
    int status = read_counts(parser);
    for (uint64_t i = 0; !status && i < g->value_count; i++) status = read_value(parser, &g->values[i]);
    for (uint64_t i = 0; !status && i < g->tensor_count; i++) status = read_tensor(parser, &g->tensors[i]);
    parser->field = "";
    if (!status) status = read_alignment(parser);
    if (status) return status;
    uint64_t header = (parser->in.position + g->alignment - 1) & ~(g->alignment - 1);
    if (header > parser->in.size) return broken(parser, "cut short before the data");
    g->header_size = header;
    g->data = parser->in.size < parser->whole ? NULL : parser->in.data + header;
    g->data_size = parser->whole - header;
    status = check_names(parser);
    return status ? status : check_places(parser);
}

int gguf_parse_start(struct gguf *gguf, const void *bytes, size_t size, uint64_t whole, const char *name) {
    *gguf = (struct gguf){0};
    struct parser p = {.in = span_of(bytes, size), .g = gguf, .name = name, .field = "", .whole = whole};
    int status = parse(&p);
    if (status) gguf_finish(gguf);
    return status;
}

int gguf_parse(struct gguf *gguf, const void *bytes, size_t size, const char *name) {
    return gguf_parse_start(gguf, bytes, size, size, name);
}

void gguf_finish(struct gguf *gguf) {
    arena_finish(&gguf->arena);
    *gguf = (struct gguf){0};
}

const struct gguf_value *gguf_value(const struct gguf *gguf, const char *key) {
    for (uint64_t i = 0; i < gguf->value_count; i++)
        if (gguf->values[i].key && strcmp(gguf->values[i].key, key) == 0) return &gguf->values[i];
    return NULL;
}

const struct gguf_tensor *gguf_tensor(const struct gguf *gguf, const char *name) {
    for (uint64_t i = 0; i < gguf->tensor_count; i++)
        if (strcmp(gguf->tensors[i].name, name) == 0) return &gguf->tensors[i];
    return NULL;
}
