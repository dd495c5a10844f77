/* SPDX-License-Identifier: Apache-2.0
 * Any bytes, once as they are and once with a header that ends at its last brace: tensors without holes
 * whose numbers can all be read, or a refusal. */
#include "fuzz.h"
#include "convert/safetensors.h"

static const char good[] = "{\"__metadata__\":{\"format\":\"pt\"},"
                           "\"a.weight\":{\"dtype\":\"F32\",\"shape\":[2,2],\"data_offsets\":[0,16]},"
                           "\"b\":{\"dtype\":\"F16\",\"shape\":[3],\"data_offsets\":[16,22]},"
                           "\"c\":{\"dtype\":\"BF16\",\"shape\":[],\"data_offsets\":[22,24]},"
                           "\"d\":{\"dtype\":\"I64\",\"shape\":[0,9],\"data_offsets\":[24,24]}}";

static void put_length(uint8_t *bytes, uint64_t length) {
    for (int i = 0; i < 8; i++) bytes[i] = (uint8_t)(length >> (8 * i));
}

int LLVMFuzzerInitialize(int *argc, char ***argv) {
    uint8_t bytes[8 + sizeof good - 1 + 24];
    ocelli_set_log(fuzz_hear, NULL);
    memset(bytes, 0x3c, sizeof bytes);
    put_length(bytes, sizeof good - 1);
    memcpy(bytes + 8, good, sizeof good - 1);
    fuzz_seed(*argc, *argv, "seed", bytes, sizeof bytes);
    return 0;
}

static void check_numbers(const struct safetensors_tensor *t) {
    float *numbers = malloc((t->count + 1) * sizeof *numbers);
    const float *view = safetensors_view(t);
    safetensors_read(t, 0, t->count, numbers);
    if (view && memcmp(view, numbers, t->size) != 0) abort();
    free(numbers);
}

static void check(const uint8_t *bytes, size_t size) {
    struct safetensors s;
    uint64_t end = 0;
    int status = fuzz_judge(safetensors_parse(&s, bytes, size, "fuzz"));
    if (status && (s.count || s.arena.last)) abort();
    for (size_t i = 0; i < s.count; end += s.tensors[i++].size) {
        const struct safetensors_tensor *t = &s.tensors[i];
        if (t->begin != end || t->data + t->size > bytes + size || t->dimensions > SAFETENSORS_MAX_DIMENSIONS) abort();
        if (safetensors_is_float(t)) check_numbers(t);
    }
    if (s.count > 0 && s.tensors[0].data + end != bytes + size) abort();
    safetensors_finish(&s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    uint8_t *copy = fuzz_copy(data, size);
    check(copy, size);
    const uint8_t *brace = size > 8 ? memrchr(copy + 8, '}', size - 8) : NULL;
    if (brace) {
        put_length(copy, (uint64_t)(brace + 1 - (copy + 8)));
        check(copy, size);
    }
    free(copy);
    return 0;
}
