/* SPDX-License-Identifier: Apache-2.0
 * Any bytes as a file of weights, by their first bytes a zip archive, pickles, a GGUF or safetensors; and as the pickle
 * of an archive that has whatever entries it asks for. Tensors inside the file whose numbers can be read, or a refusal.
 */
#include "fuzz.h"
#include "convert/read/torch_inner.h"

/* {"a": tensor of 2 x 2 halves, "b": {"c": the same}}, inside of {"state_dict": ...} */
static const char pickle[] = "\x80\x02}X\12\0\0\0state_dict}(X\1\0\0\0actorch._utils\n_rebuild_tensor_v2\nq\1(("
                             "X\7\0\0\0storagectorch\nHalfStorage\n"
                             "X\1\0\0\0"
                             "0X\3\0\0\0cpuK\4tQK\0K\2K\2\x86K\1K\2\x86\x89"
                             "ccollections\nOrderedDict\n)RtRq\2X\1\0\0\0b}X\1\0\0\0ch\2su"
                             "sX\5\0\0\0epochK\3s.";
static const char script[] = "\x80\x02"
                             "c__torch__.m\nM\n)\x81}(X\1\0\0\0w"
                             "c__torch__.m\nN\n)\x81}X\1\0\0\0x\x88sbX\1\0\0\0yNub.";
static const char new_pickle[] =
    "\x80\x05\x95\x10\0\0\0\0\0\0\0\x8c\13collections\x94\x8c\13OrderedDict\x94\x93)R\x94.";
static const char old[] =
    "\x80\x02\x8a\nl\xfc\x9c"
    "F\xf9 j\xa8P\x19.\x80\x02M\xe9\x03.\x80\x02}."
    "\x80\x02}X\1\0\0\0actorch._utils\n_rebuild_tensor_v2\n((X\7\0\0\0storagectorch\nFloatStorage\n"
    "X\1\0\0\0"
    "7X\3\0\0\0cpuK\2NtQK\0K\2\x85K\1\x85\x89}tRs."
    "\x80\x02]X\1\0\0\0"
    "7a.\2\0\0\0\0\0\0\0abcdefgh";

static void put(uint8_t **at, const void *data, size_t size) {
    memcpy(*at, data, size);
    *at += size;
}

/* A stored entry m/data.pkl with the pickle; sizes of 16 bits are enough. */
static size_t make_zip(uint8_t *zip) {
    enum { SIZE = sizeof pickle - 1 };
    uint8_t *at = zip, size[8] = {SIZE & 255, SIZE >> 8, 0, 0, SIZE & 255, SIZE >> 8, 0, 0};
    put(&at, "PK\3\4\24\0\0\0\0\0\0\0\0\0\0\0\0\0", 18);
    put(&at, size, 8);
    put(&at, "\12\0\0\0m/data.pkl", 14);
    put(&at, pickle, SIZE);
    uint32_t directory = (uint32_t)(at - zip);
    put(&at, "PK\1\2\24\0\24\0\0\0\0\0\0\0\0\0\0\0\0\0", 20);
    put(&at, size, 8);
    put(&at, "\12\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0m/data.pkl", 28);
    uint32_t end = (uint32_t)(at - zip);
    put(&at, "PK\5\6\0\0\0\0\1\0\1\0", 12);
    put(&at,
        (uint8_t[]){(uint8_t)(end - directory), 0, 0, 0, (uint8_t)directory, (uint8_t)(directory >> 8), 0, 0, 0, 0},
        10);
    return (size_t)(at - zip);
}

int LLVMFuzzerInitialize(int *argc, char ***argv) {
    uint8_t zip[2048];
    ocelli_set_log(fuzz_hear, NULL);
    fuzz_seed(*argc, *argv, "pickle", pickle, sizeof pickle - 1);
    fuzz_seed(*argc, *argv, "script", script, sizeof script - 1);
    fuzz_seed(*argc, *argv, "new", new_pickle, sizeof new_pickle - 1);
    fuzz_seed(*argc, *argv, "old", old, sizeof old - 1);
    fuzz_seed(*argc, *argv, "zip", zip, make_zip(zip));
    return 0;
}

/* Up to 1 MB of numbers of each: a stride of 0 makes many of few. */
static void check_tensors(const struct weights *w) {
    enum { MOST = 1 << 18 };
    float *numbers = malloc(MOST * sizeof *numbers);
    for (size_t i = 0; i < w->count; i++) {
        const struct stored_tensor *t = &w->tensors[i];
        if (!t->name || !t->type || t->dimensions > STORED_MAX_DIMENSIONS) abort();
        if (!stored_is_float(t) || !t->count) continue;
        uint64_t count = t->count < MOST ? t->count : MOST;
        (void)fuzz_judge(stored_read(t, t->count - count, count, numbers)); /* an archive's entry may be broken */
    }
    free(numbers);
}

static void fuzz_file(const uint8_t *data, size_t size) {
    struct weights w;
    struct storage_memory in;
    storage_of_memory(&in, data, size, "fuzz");
    if (!fuzz_judge(weights_parse(&w, &in))) check_tensors(&w);
    weights_close(&w);
}

/* Entries of 64 bytes, whatever their names. */
static int find(void *context, const struct pickle_storage *storage, struct storage **in, uint64_t *begin,
                uint64_t *size) {
    (void)storage;
    *in = context;
    *begin = 0;
    *size = (*in)->size;
    return OCELLI_OK;
}

static void fuzz_pickle(const uint8_t *data, size_t size) {
    static const uint8_t bytes[64];
    struct storage_memory entry;
    struct weights w = {.path = "fuzz", .fd = -1};
    struct pickle p;
    storage_of_memory(&entry, bytes, sizeof bytes, "fuzz");
    int status = fuzz_judge(pickle_parse(&p, data, size, "fuzz"));
    if (status && (p.root || p.arena.last)) abort();
    if (!status && p.size > size) abort();
    if (!status && !fuzz_judge(torch_collect(&w, p.root, find, &entry))) check_tensors(&w);
    pickle_finish(&p);
    weights_close(&w);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    uint8_t *copy = fuzz_copy(data, size);
    fuzz_file(copy, size);
    fuzz_pickle(copy, size);
    free(copy);
    return 0;
}
