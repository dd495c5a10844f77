/* SPDX-License-Identifier: Apache-2.0
 * Any bytes: names, values and places that hold, or a refusal. */
#include "fuzz.h"
#include "../blob/bytes.h"

static volatile uint8_t seen; /* keeps the reads below */

int LLVMFuzzerInitialize(int *argc, char ***argv) {
    struct bytes b;
    ocelli_set_log(fuzz_hear, NULL);
    bytes_good(&b);
    fuzz_seed(*argc, *argv, "seed", b.data, b.size);
    return 0;
}

static void read_all(const void *bytes, size_t size) {
    for (size_t i = 0; i < size; i++) seen ^= ((const uint8_t *)bytes)[i];
}

static void check_value(const struct gguf *g, const struct gguf_value *v) {
    bool texts = v->type == GGUF_STRING || (v->type == GGUF_ARRAY && v->element == GGUF_STRING);
    if (gguf_value(g, v->key) != v) abort();
    for (uint64_t i = 0; texts && i < v->count; i++) read_all(v->strings[i].text, v->strings[i].length);
    if (v->type == GGUF_ARRAY && !texts) read_all(v->bytes, v->count);
}

static void check_tensor(const struct gguf *g, const struct gguf_tensor *t) {
    uint64_t count = 1;
    for (int i = 0; i < 4; i++) count *= t->ne[i];
    uint64_t size = count * (t->type == GGUF_TENSOR_F32 ? 4 : t->type == GGUF_TENSOR_F16 ? 2 : 1);
    if (gguf_tensor(g, t->name) != t || size != t->size || size == 0) abort();
    if (t->offset % g->alignment || t->offset > g->data_size || size > g->data_size - t->offset) abort();
    read_all(g->data + t->offset, t->size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct gguf g;
    void *copy = fuzz_copy(data, size);
    int status = fuzz_judge(gguf_parse(&g, copy, size, "fuzz"));
    if (status && (g.value_count || g.tensor_count || g.arena.last)) abort();
    if (!status && g.header_size + g.data_size != size) abort();
    for (uint64_t i = 0; i < g.value_count; i++) check_value(&g, &g.values[i]);
    for (uint64_t i = 0; i < g.tensor_count; i++) check_tensor(&g, &g.tensors[i]);
    gguf_finish(&g);
    free(copy);
    return 0;
}
