/* SPDX-License-Identifier: Apache-2.0
 * Any bytes, once as they are and once with a header that ends at its last brace: tensors without holes
 * whose numbers can all be read, or a refusal. */
#include "fuzz.h"
#include "convert/read/safetensors.h"

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

static void check_numbers(const struct stored_tensor *t) {
    float *numbers = malloc((t->count + 1) * sizeof *numbers);
    if (fuzz_judge(stored_read(t, 0, t->count, numbers))) abort();
    free(numbers);
}

static void check(const uint8_t *bytes, size_t size) {
    struct safetensors s;
    struct storage_memory in;
    storage_of_memory(&in, bytes, size, "fuzz");
    int status = fuzz_judge(safetensors_parse(&s, &in.base));
    if (status && (s.count || s.arena.last)) abort();
    uint64_t end = s.count ? s.tensors[0].begin : size;
    for (size_t i = 0; i < s.count; end += s.tensors[i++].size) {
        const struct stored_tensor *t = &s.tensors[i];
        if (t->begin != end || t->begin + t->size > size || t->dimensions > STORED_MAX_DIMENSIONS) abort();
        if (stored_is_float(t)) check_numbers(t);
    }
    if (!status && end != size) abort();
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
