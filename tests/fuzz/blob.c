/* SPDX-License-Identifier: Apache-2.0
 * Any bytes as a blob: every value and tensor asked for in every way. Then the digests are made right,
 * so that the file opens with verification, and one changed bit must be noticed. Row 0 of the input's own
 * digest, which is of no use otherwise, says which bit. */
#include "fuzz.h"
#include "base/sha256.h"
#include "blob/blob.h"
#include "convert/gguf_write.h"

/* ---- the seed ---- */

static void put_values(struct gguf_write *w) {
    gguf_write_u32(w, "general.alignment", 64);
    gguf_write_text(w, "general.architecture", "clip");
    gguf_write_f32(w, "ocelli.logit_scale", 100);
    gguf_write_bool(w, "clip.use_gelu", false);
    gguf_write_f32s(w, "clip.vision.image_mean", (const float[]){0.5f, 0.4f, 0.3f}, 3);
    gguf_write_texts(w, "tokenizer.ggml.merges", 2);
    gguf_write_element(w, "t h", 3);
    gguf_write_element(w, "th e</w>", 8);
}

static void put_tensors(struct gguf_write *w) {
    static const uint64_t patch[] = {2, 2, 3, 5}, five[] = {5}, flat[] = {7, 9};
    gguf_write_tensor(w, "v.patch_embd.weight", GGUF_WRITE_I8, 4, patch);
    gguf_write_tensor(w, "v.patch_embd.weight.scale", GGUF_WRITE_F32, 1, five);
    gguf_write_tensor(w, "text_projection.weight", GGUF_WRITE_I8, 2, flat);
}

int LLVMFuzzerInitialize(int *argc, char ***argv) {
    struct gguf_write w = {0};
    struct file_writer out = {.fd = -1};
    const char *path = fuzz_seed_path(*argc, *argv, "seed");
    ocelli_set_log(fuzz_hear, NULL);
    put_values(&w);
    put_tensors(&w);
    if (path && (file_writer_open(&out, path) || gguf_write_file(&w, &out) || file_writer_commit(&out))) abort();
    file_writer_close(&out);
    gguf_write_finish(&w);
    return 0;
}

/* ---- asking ---- */

static void ask_value(const struct blob *b, const struct gguf_value *v) {
    uint32_t u;
    float f, *floats = calloc(v->count + 1, sizeof *floats);
    bool yes;
    const char *text;
    const struct gguf_string *texts;
    uint64_t count;
    int good = !fuzz_judge(blob_u32(b, v->key, &u)) + !fuzz_judge(blob_f32(b, v->key, &f)) +
               !fuzz_judge(blob_bool(b, v->key, &yes)) + !fuzz_judge(blob_strings(b, v->key, &texts, &count)) +
               !fuzz_judge(blob_f32s(b, v->key, v->count, floats));
    if (!fuzz_judge(blob_string(b, v->key, &text)) && strlen(text) != v->strings->length) abort();
    if (good > 1 || (good && v->type == GGUF_STRING)) abort();
    free(floats);
}

/* In its own shape: FILE for numbers that are not finite, for a matrix without scales, for damage. */
static int ask_tensor(struct blob *b, const struct gguf_tensor *t) {
    struct blob_matrix m;
    const float *floats;
    const uint8_t *bytes;
    uint64_t rows = t->ne[t->dimensions - 1];
    fuzz_judge(blob_matrix(b, t->name, rows, t->size / rows, &m));
    if (t->type == GGUF_TENSOR_F32) return fuzz_judge(blob_vector(b, t->name, t->size / sizeof(float), &floats));
    return fuzz_judge(blob_bytes(b, t->name, t->size, &bytes));
}

/* 0: all but the digest are there and not damaged. */
static int ask_tensors(struct blob *b, const struct gguf *g) {
    int status = OCELLI_OK;
    for (uint64_t i = 0; i + 1 < g->tensor_count; i++) {
        int one = ask_tensor(b, &g->tensors[i]);
        if (!status) status = one;
    }
    return status;
}

/* ---- verification ---- */

/* Makes the digests right; `b` is over the same bytes. */
static void seal(struct blob *b, uint8_t *bytes) {
    const struct gguf *g = blob_gguf(b);
    const struct gguf_tensor *t = g->tensors;
    uint64_t last = g->tensor_count - 1;
    uint8_t *data = bytes + g->header_size, *rows = data + t[last].offset;
    for (uint64_t i = 0; i < last; i++)
        sha256(data + t[i].offset, t[i + 1].offset - t[i].offset, rows + (1 + i) * SHA256_SIZE);
    sha256(bytes, g->header_size, rows);
}

static int open_and_ask(const uint8_t *bytes, size_t size, const struct gguf *good) {
    struct blob *b;
    int status = fuzz_judge(blob_parse(&b, bytes, size, "fuzz", true));
    if (!status) status = ask_tensors(b, good);
    blob_close(&b);
    return status;
}

static void check_sealed(struct blob *b, uint8_t *bytes, size_t size) {
    const struct gguf *g = blob_gguf(b);
    uint64_t choice;
    memcpy(&choice, g->data + g->tensors[g->tensor_count - 1].offset, sizeof choice);
    int expected = ask_tensors(b, g); /* not 0: broken otherwise, or F16, which nobody can ask for */
    seal(b, bytes);
    if (open_and_ask(bytes, size, g) != expected) abort();
    if (expected) return;
    uint8_t *changed = fuzz_copy(bytes, size);
    changed[choice / 8 % size] ^= (uint8_t)(1 << choice % 8);
    if (!open_and_ask(changed, size, g)) abort();
    free(changed);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    uint8_t *copy = fuzz_copy(data, size);
    struct blob *b, *verified;
    int status = fuzz_judge(blob_parse(&b, copy, size, "fuzz", false));
    if (!fuzz_judge(blob_parse(&verified, copy, size, "fuzz", true)) && status) abort();
    blob_close(&verified);
    if (!status) {
        const struct gguf *g = blob_gguf(b);
        for (uint64_t i = 0; i < g->value_count; i++) ask_value(b, &g->values[i]);
        check_sealed(b, copy, size);
    }
    blob_close(&b);
    free(copy);
    return 0;
}
