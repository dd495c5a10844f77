/* SPDX-License-Identifier: Apache-2.0
 * The few instructions that declare bindings and push constants; see the SPIR-V specification. */
#include "spirv.h"
#include "die.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAGIC = 0x07230203, HEADER_WORDS = 5 };
enum {
    OP_TYPE_INT = 21,
    OP_TYPE_FLOAT = 22,
    OP_TYPE_VECTOR = 23,
    OP_TYPE_MATRIX = 24,
    OP_TYPE_IMAGE = 25,
    OP_TYPE_SAMPLED_IMAGE = 27,
    OP_TYPE_ARRAY = 28,
    OP_TYPE_RUNTIME_ARRAY = 29,
    OP_TYPE_STRUCT = 30,
    OP_TYPE_POINTER = 32,
    OP_CONSTANT = 43,
    OP_SPEC_CONSTANT = 50,
    OP_VARIABLE = 59,
    OP_DECORATE = 71,
    OP_MEMBER_DECORATE = 72,
};
enum { BUFFER_BLOCK = 3, ARRAY_STRIDE = 6, BINDING = 33, DESCRIPTOR_SET = 34, OFFSET = 35 };
enum { CLASS_UNIFORM = 2, CLASS_PUSH_CONSTANT = 9, CLASS_STORAGE_BUFFER = 12 };
enum { DIM_BUFFER = 5, STORAGE_IMAGE = 2 };

struct id {
    uint32_t op;
    const uint32_t *words;   /* of the instruction that makes it */
    int64_t binding;         /* -1: none */
    uint32_t stride, member; /* of an array; of a struct: bytes up to the last member's offset */
    uint32_t set;
    bool buffer_block;
};

struct parser {
    const struct spirv *spirv;
    struct id *ids;
    uint32_t bound;
};

static const struct id *id_at(const struct parser *p, uint32_t id) {
    static const struct id none;
    return id < p->bound ? &p->ids[id] : &none;
}

static uint32_t constant(const struct parser *p, uint32_t id) {
    const struct id *c = id_at(p, id);
    return c->op == OP_CONSTANT || c->op == OP_SPEC_CONSTANT ? c->words[3] : 1;
}

/* Bytes; a struct's last member is taken to be the one of the largest offset. */
static uint32_t type_size(const struct parser *p, uint32_t type) {
    const struct id *t = id_at(p, type);
    switch (t->op) {
    case OP_TYPE_INT:
    case OP_TYPE_FLOAT: return t->words[2] / 8;
    case OP_TYPE_VECTOR: return t->words[3] * type_size(p, t->words[2]);
    case OP_TYPE_MATRIX: return t->words[3] * 16;
    case OP_TYPE_ARRAY: return constant(p, t->words[3]) * (t->stride ? t->stride : type_size(p, t->words[2]));
    case OP_TYPE_STRUCT: return t->member + type_size(p, t->words[(t->words[0] >> 16) - 1]);
    default: return 4;
    }
}

static void decorate(struct id *id, uint32_t decoration, uint32_t value) {
    switch (decoration) {
    case BUFFER_BLOCK: id->buffer_block = true; break;
    case ARRAY_STRIDE: id->stride = value; break;
    case BINDING: id->binding = value; break;
    case DESCRIPTOR_SET: id->set = value; break;
    default: break;
    }
}

static void take(struct parser *p, const uint32_t *w, uint32_t length) {
    uint32_t op = w[0] & 0xffff;
    bool type = op >= OP_TYPE_INT && op <= OP_TYPE_POINTER;
    bool value = op == OP_CONSTANT || op == OP_SPEC_CONSTANT || op == OP_VARIABLE;
    uint32_t target = length < 2 ? 0 : value && length > 2 ? w[2] : w[1];
    if (target >= p->bound) return;
    struct id *id = &p->ids[target];
    if (type || value) id->op = op, id->words = w;
    if (op == OP_DECORATE && length > 2) decorate(id, w[2], length > 3 ? w[3] : 0);
    if (op == OP_MEMBER_DECORATE && length > 4 && w[3] == OFFSET && w[4] > id->member) id->member = w[4];
}

static VkDescriptorType image_type(const struct id *image) {
    bool buffer = image->words[3] == DIM_BUFFER, storage = image->words[7] == STORAGE_IMAGE;
    if (buffer) return storage ? VK_DESCRIPTOR_TYPE_STORAGE_TEXEL_BUFFER : VK_DESCRIPTOR_TYPE_UNIFORM_TEXEL_BUFFER;
    return storage ? VK_DESCRIPTOR_TYPE_STORAGE_IMAGE : VK_DESCRIPTOR_TYPE_SAMPLED_IMAGE;
}

static VkDescriptorType descriptor_type(const struct parser *p, const struct id *type, uint32_t class) {
    if (class == CLASS_STORAGE_BUFFER || type->buffer_block) return VK_DESCRIPTOR_TYPE_STORAGE_BUFFER;
    if (class == CLASS_UNIFORM) return VK_DESCRIPTOR_TYPE_UNIFORM_BUFFER;
    if (type->op == OP_TYPE_IMAGE) return image_type(type);
    if (type->op != OP_TYPE_SAMPLED_IMAGE) die("a binding that is neither buffer nor image");
    bool buffer = id_at(p, type->words[2])->words[3] == DIM_BUFFER;
    return buffer ? VK_DESCRIPTOR_TYPE_UNIFORM_TEXEL_BUFFER : VK_DESCRIPTOR_TYPE_COMBINED_IMAGE_SAMPLER;
}

/* Two variables may share a binding. */
static void add_binding(const struct parser *p, struct spirv *to, const struct id *variable, uint32_t type_id) {
    const struct id *type = id_at(p, type_id);
    VkDescriptorSetLayoutBinding b = {
        .binding = (uint32_t)variable->binding, .descriptorCount = 1, .stageFlags = VK_SHADER_STAGE_COMPUTE_BIT};
    if (variable->set) die("descriptor set %u: only set 0 is known", variable->set);
    if (type->op == OP_TYPE_ARRAY || type->op == OP_TYPE_RUNTIME_ARRAY) {
        if (type->op == OP_TYPE_ARRAY) b.descriptorCount = constant(p, type->words[3]);
        type = id_at(p, type->words[2]);
    }
    b.descriptorType = descriptor_type(p, type, variable->words[3]);
    for (uint32_t i = 0; i < to->binding_count; i++)
        if (to->bindings[i].binding == b.binding) return;
    if (to->binding_count == SPIRV_MAX_BINDINGS) die("more than %d bindings", SPIRV_MAX_BINDINGS);
    to->bindings[to->binding_count++] = b;
}

static void take_variables(const struct parser *p, struct spirv *to) {
    for (uint32_t i = 0; i < p->bound; i++) {
        const struct id *v = &p->ids[i];
        if (v->op != OP_VARIABLE) continue;
        const struct id *pointer = id_at(p, v->words[1]);
        if (pointer->op != OP_TYPE_POINTER) continue;
        if (v->words[3] == CLASS_PUSH_CONSTANT) to->push_size = (type_size(p, pointer->words[3]) + 3) & ~3u;
        if (v->binding >= 0) add_binding(p, to, v, pointer->words[3]);
    }
}

static void parse(struct spirv *spirv, const char *path) {
    struct parser p = {.spirv = spirv, .bound = spirv->words[3]};
    if (p.bound > spirv->count) die("%s: not SPIR-V", path);
    p.ids = calloc(p.bound, sizeof *p.ids);
    if (!p.ids) die("out of memory");
    for (uint32_t i = 0; i < p.bound; i++) p.ids[i].binding = -1;
    for (size_t i = HEADER_WORDS; i < spirv->count;) {
        uint32_t length = spirv->words[i] >> 16;
        if (!length || i + length > spirv->count) die("%s: cut short or damaged", path);
        take(&p, &spirv->words[i], length);
        i += length;
    }
    take_variables(&p, spirv);
    free(p.ids);
}

void spirv_load(struct spirv *spirv, const char *path) {
    *spirv = (struct spirv){0};
    FILE *f = fopen(path, "rb");
    if (!f) die("%s: cannot open", path);
    fseek(f, 0, SEEK_END);
    long size = ftell(f);
    rewind(f);
    if (size < HEADER_WORDS * 4 || size % 4) die("%s: not SPIR-V", path);
    spirv->count = (size_t)size / 4;
    spirv->words = calloc(spirv->count, 4);
    if (!spirv->words || fread(spirv->words, 4, spirv->count, f) != spirv->count) die("%s: cannot read", path);
    fclose(f);
    if (spirv->words[0] != MAGIC) die("%s: not SPIR-V", path);
    parse(spirv, path);
}

void spirv_free(struct spirv *spirv) {
    free(spirv->words);
    *spirv = (struct spirv){0};
}
