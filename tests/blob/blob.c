/* SPDX-License-Identifier: Apache-2.0
 * Values and tensors by name, type and shape; containers with one thing out of place; and a real blob
 * in which no byte can change unseen. */
#include "support/test.h"
#include "blob/blob.h"
#include "blob/bytes.h"
#include "convert/convert.h"
#include "convert/gguf_write.h"
#include "support/checkpoint.h"
#include "support/heard.h"

#include <fcntl.h>
#include <math.h>
#include <ocelli.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* FILE, and one line that starts with the file's name and says `words`. */
static void check_refused(int status, const char *what, const char *file, const char *words) {
    bool named = strncmp(heard.text, file, strlen(file)) == 0;
    if (status != OCELLI_ERR_FILE || heard.lines != 1 || !named || !strstr(heard.text, words))
        fail_msg("%s: status %d, %d lines, expected '%s', said: %s", what, status, heard.lines, words, heard.text);
}

/* ---- files ---- */

static void check_file(const char *folder, const char *name, const char *words) {
    const char *path = checkpoint_path(folder, name);
    struct blob *blob;
    listen();
    check_refused(blob_open(&blob, path, true), name, path, words);
    assert_null(blob);
}

static void files(void **state) {
    (void)state;
    char *folder = checkpoint_folder();
    checkpoint_put(folder, "empty", "", 0);
    checkpoint_put(folder, "one", "G", 1);
    checkpoint_put(folder, "text", "Nothing of a model is in here.\n", 31);
    assert_int_equal(mkdir(checkpoint_path(folder, "folder"), 0777), 0);
    check_file(folder, "missing", "No such file");
    check_file(folder, "text/x", "Not a directory");
    check_file(folder, "folder", "a folder: name a file in it");
    check_file(folder, "empty", "not a GGUF file");
    check_file(folder, "one", "not a GGUF file");
    check_file(folder, "text", "not a GGUF file");
    checkpoint_remove(folder);
}

/* ---- values and tensors ---- */

static void put_numbers(struct gguf_write *w, const char *name, uint32_t dimensions, const uint64_t *ne, float bad) {
    float *values = gguf_write_tensor(w, name, GGUF_WRITE_F32, dimensions, ne);
    assert_non_null(values);
    uint64_t count = 1;
    for (uint32_t i = 0; i < dimensions; i++) count *= ne[i];
    for (uint64_t i = 0; i < count; i++) values[i] = 0.5f + (float)i;
    values[count - 1] += bad;
}

static void put_bytes(struct gguf_write *w, const char *name, uint32_t dimensions, const uint64_t *ne) {
    int8_t *values = gguf_write_tensor(w, name, GGUF_WRITE_I8, dimensions, ne);
    assert_non_null(values);
    values[0] = -127;
}

static void put_values(struct gguf_write *w) {
    gguf_write_u32(w, "general.alignment", 64);
    gguf_write_u32(w, "u32", 4000000000);
    gguf_write_f32(w, "f32", 1.5f);
    gguf_write_bool(w, "bool", true);
    gguf_write_text(w, "string", "caf\xc3\xa9");
    gguf_write_texts(w, "strings", 2);
    gguf_write_element(w, "a", 1);
    gguf_write_element(w, "b\0c", 3);
    gguf_write_f32s(w, "f32s", (const float[]){1, 2, 3}, 3);
}

static void put_tensors(struct gguf_write *writer) {
    static const uint64_t plain[] = {4, 3}, patch[] = {2, 2, 3, 5}, three[] = {3}, five[] = {5}, twelve[] = {12};
    put_bytes(writer, "plain", 2, plain);
    put_numbers(writer, "plain.scale", 1, three, 0);
    put_bytes(writer, "patch", 4, patch);
    put_numbers(writer, "patch.scale", 1, five, 0);
    put_bytes(writer, "flat", 1, twelve);
    put_numbers(writer, "flat.scale", 1, twelve, 0);
    put_bytes(writer, "alone", 2, plain);
    put_bytes(writer, "short", 2, plain);
    put_numbers(writer, "short.scale", 1, five, 0);
    put_bytes(writer, "bytes", 2, plain);
    put_bytes(writer, "bytes.scale", 1, three);
    put_bytes(writer, "infinite", 2, plain);
    put_numbers(writer, "infinite.scale", 1, three, INFINITY);
    put_numbers(writer, "wide", 2, plain, 0);
    put_numbers(writer, "nan", 1, five, NAN);
}

static struct blob *small(const char *folder) {
    const char *path = checkpoint_path(folder, "x.gguf");
    struct gguf_write w = {0};
    struct file_writer out;
    struct blob *blob;
    put_values(&w);
    put_tensors(&w);
    assert_int_equal(file_writer_open(&out, path), OCELLI_OK);
    assert_int_equal(gguf_write_file(&w, &out), OCELLI_OK);
    assert_int_equal(file_writer_commit(&out), OCELLI_OK);
    file_writer_close(&out);
    gguf_write_finish(&w);
    assert_int_equal(blob_open(&blob, path, true), OCELLI_OK);
    assert_string_equal(blob_name(blob), path);
    return blob;
}

enum kind { U32, F32, BOOL, TEXT, TEXTS, FLOATS, KINDS };

static int ask(const struct blob *blob, enum kind kind, const char *key) {
    union {
        uint32_t u;
        float f, fs[3];
        bool b;
        const char *text;
    } value;
    const struct gguf_string *texts;
    uint64_t count;
    switch (kind) {
    case U32: return blob_u32(blob, key, &value.u);
    case F32: return blob_f32(blob, key, &value.f);
    case BOOL: return blob_bool(blob, key, &value.b);
    case TEXT: return blob_string(blob, key, &value.text);
    case TEXTS: return blob_strings(blob, key, &texts, &count);
    default: return blob_f32s(blob, key, 3, value.fs);
    }
}

/* Every kind asked of every key. */
static void types(void **state) {
    static const char *const keys[KINDS] = {"u32", "f32", "bool", "string", "strings", "f32s"};
    (void)state;
    char *folder = checkpoint_folder();
    struct blob *b = small(folder);
    for (int kind = 0; kind < KINDS; kind++) {
        for (int key = 0; key < KINDS; key++) {
            listen();
            int status = ask(b, (enum kind)kind, keys[key]);
            if (kind != key) check_refused(status, keys[key], blob_name(b), keys[key]);
            if (kind == key) assert_int_equal(status, OCELLI_OK);
        }
        listen();
        check_refused(ask(b, (enum kind)kind, "none"), "none", blob_name(b), "none is missing");
    }
    blob_close(&b);
    checkpoint_remove(folder);
}

static void values(void **state) {
    (void)state;
    char *folder = checkpoint_folder();
    struct blob *b = small(folder);
    uint32_t u;
    float f, fs[3];
    bool yes;
    const char *text;
    const struct gguf_string *texts;
    uint64_t count;
    assert_int_equal(blob_u32(b, "u32", &u), OCELLI_OK);
    assert_int_equal(u, 4000000000);
    assert_int_equal(blob_f32(b, "f32", &f), OCELLI_OK);
    assert_true(f == 1.5f);
    assert_int_equal(blob_bool(b, "bool", &yes), OCELLI_OK);
    assert_true(yes);
    assert_int_equal(blob_string(b, "string", &text), OCELLI_OK);
    assert_string_equal(text, "caf\xc3\xa9");
    assert_int_equal(blob_strings(b, "strings", &texts, &count), OCELLI_OK);
    assert_int_equal(count, 2);
    assert_int_equal(texts[1].length, 3);
    assert_memory_equal(texts[1].text, "b\0c", 3);
    assert_int_equal(blob_f32s(b, "f32s", 3, fs), OCELLI_OK);
    assert_true(fs[0] == 1 && fs[1] == 2 && fs[2] == 3);
    listen();
    check_refused(blob_f32s(b, "f32s", 4, fs), "f32s", blob_name(b), "f32s is not 4 f32");
    blob_close(&b);
    blob_close(&b); /* nothing more to do */
    checkpoint_remove(folder);
}

static void check_matrix(struct blob *b, const char *name, uint64_t rows, uint64_t columns) {
    struct blob_matrix m;
    assert_int_equal(blob_matrix(b, name, rows, columns, &m), OCELLI_OK);
    assert_int_equal(m.rows, rows);
    assert_int_equal(m.columns, columns);
    assert_int_equal(m.values[0], -127);
    for (uint64_t i = 0; i < rows; i++) assert_true(m.scales[i] == 0.5f + (float)i);
}

static void tensors(void **state) {
    (void)state;
    char *folder = checkpoint_folder();
    struct blob *b = small(folder);
    const float *floats;
    const uint8_t *bytes;
    check_matrix(b, "plain", 3, 4);
    check_matrix(b, "plain", 3, 4); /* already checked */
    check_matrix(b, "patch", 5, 12);
    assert_int_equal(blob_vector(b, "wide", 12, &floats), OCELLI_OK);
    assert_true(floats[11] == 11.5f);
    assert_int_equal(blob_bytes(b, "plain", 12, &bytes), OCELLI_OK);
    assert_int_equal(bytes[0], 0x81);
    blob_close(&b);
    checkpoint_remove(folder);
}

static const struct {
    enum { MATRIX, VECTOR, BYTES } kind;
    const char *name;
    uint64_t rows, columns;
    const char *words;
} wrong[] = {
    {MATRIX, "none", 3, 4, "tensor none is missing"},
    {VECTOR, "none", 3, 1, "tensor none is missing"},
    {BYTES, "none", 3, 1, "tensor none is missing"},
    {MATRIX, "wide", 3, 4, "tensor wide has type 0, expected 24"},
    {VECTOR, "plain", 12, 1, "tensor plain has type 24, expected 0"},
    {BYTES, "wide", 12, 1, "tensor wide has type 0, expected 24"},
    {MATRIX, "plain", 4, 3, "tensor plain is (4, 3, 1, 1), expected 3 x 4"},
    {MATRIX, "plain", 3, 5, "tensor plain is (4, 3, 1, 1), expected 5 x 3"},
    {MATRIX, "plain", 2, 4, "tensor plain is (4, 3, 1, 1), expected 4 x 2"},
    {MATRIX, "patch", 3, 20, "tensor patch is (2, 2, 3, 5)"},
    {MATRIX, "flat", 12, 1, "tensor flat is (12, 1, 1, 1)"},
    {MATRIX, "flat", 1, 12, "tensor flat is (12, 1, 1, 1)"},
    {MATRIX, "alone", 3, 4, "tensor alone.scale is missing"},
    {MATRIX, "short", 3, 4, "tensor short.scale is (5, 1, 1, 1), expected 3 x 1"},
    {MATRIX, "bytes", 3, 4, "tensor bytes.scale has type 24"},
    {MATRIX, "infinite", 3, 4, "tensor infinite.scale is not finite at 2"},
    {VECTOR, "wide", 11, 1, "tensor wide is (4, 3, 1, 1), expected 11 x 1"},
    {VECTOR, "wide", 13, 1, "tensor wide is (4, 3, 1, 1)"},
    {VECTOR, "nan", 5, 1, "tensor nan is not finite at 4"},
    {BYTES, "plain", 11, 1, "tensor plain is (4, 3, 1, 1)"},
    {BYTES, "ocelli.digest", 512, 1, "the digest is not a tensor"},
    {VECTOR, "ocelli.digest", 128, 1, "tensor ocelli.digest has type 24"},
};

static void wrong_tensors(void **state) {
    (void)state;
    char *folder = checkpoint_folder();
    struct blob *b = small(folder);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct blob_matrix m;
        const float *floats;
        const uint8_t *bytes;
        const char *name = wrong[i].name;
        listen();
        int status = wrong[i].kind == MATRIX   ? blob_matrix(b, name, wrong[i].rows, wrong[i].columns, &m)
                     : wrong[i].kind == VECTOR ? blob_vector(b, name, wrong[i].rows, &floats)
                                               : blob_bytes(b, name, wrong[i].rows, &bytes);
        check_refused(status, name, blob_name(b), wrong[i].words);
    }
    blob_close(&b);
    checkpoint_remove(folder);
}

static void nul_in_a_string(void **state) {
    (void)state;
    struct bytes b;
    struct blob *blob;
    const char *text;
    bytes_begin(&b, 1, 2);
    bytes_value(&b, "general.alignment", GGUF_U32, 64, 4);
    bytes_key(&b, "string", GGUF_STRING), bytes_number(&b, 3, 8), bytes_put(&b, "a\0b", 3);
    bytes_tensor(&b, "ocelli.digest", GGUF_TENSOR_I8, 2, (const uint64_t[]){32, 1}, 0);
    bytes_align(&b, 64);
    b.size += 32;
    assert_int_equal(blob_parse(&blob, b.data, b.size, "x.gguf", false), OCELLI_OK);
    listen();
    check_refused(blob_string(blob, "string", &text), "string", "x.gguf: ", "string has a NUL inside");
    blob_close(&blob);
}

/* ---- a file that others write to ---- */

/* The same inode, as `cp` and `>` write it. */
static void over(const char *path, const char *bytes, size_t size) {
    FILE *f = fopen(path, "wb");
    assert_true(f && fwrite(bytes, 1, size, f) == size && !fclose(f));
    static time_t now = 1000; /* the clock of files is coarse */
    struct timespec times[2] = {{.tv_sec = now}, {.tv_sec = now++}};
    assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
}

static struct blob *reopen(const char *path, bool verify) {
    struct blob *b;
    listen();
    assert_int_equal(blob_open(&b, path, verify), OCELLI_OK);
    return b;
}

/* Shorter, or other bytes: an error whether digests are there or not. What was read before stays as it was. */
static void changed_meanwhile(void **state) {
    (void)state;
    char *folder = checkpoint_folder(), path[1024];
    struct blob *b = small(folder);
    snprintf(path, sizeof path, "%s", blob_name(b));
    blob_close(&b);
    size_t size;
    char *good = checkpoint_get(path, &size), *bad = calloc(1, size);
    for (int verify = 0; verify < 2; verify++)
        for (int shorter = 0; shorter < 2; shorter++) {
            const float *first, *again;
            over(path, good, size);
            b = reopen(path, verify);
            assert_int_equal(blob_vector(b, "wide", 12, &first), OCELLI_OK);
            over(path, bad, shorter ? 9 : size);
            assert_int_equal(blob_vector(b, "wide", 12, &again), OCELLI_OK);
            assert_true(again == first && first[11] == 11.5f);
            listen();
            check_refused(blob_vector(b, "plain.scale", 3, &again), "changed", path, "changed while in use");
            assert_int_equal(blob_vector(b, "plain.scale", 3, NULL), OCELLI_OK); /* only looked up */
            blob_release(b, "wi");
            listen();
            check_refused(blob_vector(b, "wide", 12, &again), "released", path, "changed while in use");
            over(path, good, size);
            if (verify)
                assert_int_equal(blob_vector(b, "wide", 12, &again),
                                 OCELLI_OK); /* the digest tells that it is the same */
            blob_close(&b);
        }
    free(good), free(bad);
    checkpoint_remove(folder);
}

/* Renamed into its place, as ocelli-convert does: who has the old one keeps it. */
static void replaced(void **state) {
    (void)state;
    char *folder = checkpoint_folder(), path[1024], key[65];
    const float *floats;
    struct blob *b = small(folder);
    snprintf(path, sizeof path, "%s", blob_name(b));
    snprintf(key, sizeof key, "%s", blob_key(b));
    assert_false(blob_replaced(b));
    checkpoint_put(folder, "aside", "other", 5);
    assert_int_equal(rename(checkpoint_path(folder, "aside"), path), 0);
    assert_true(blob_replaced(b));
    assert_int_equal(blob_vector(b, "wide", 12, &floats), OCELLI_OK);
    assert_int_equal(blob_check(b), OCELLI_OK);
    blob_close(&b);
    b = small(folder);
    assert_string_equal(blob_key(b), key); /* the same bytes */
    blob_close(&b);
    checkpoint_remove(folder);
}

/* A header longer than what is read of it at first. */
static void long_header(void **state) {
    (void)state;
    enum { LONG = 3 << 20 };
    char *folder = checkpoint_folder(), *text = malloc(LONG + 1), path[1024];
    struct gguf_write w = {0};
    struct file_writer out;
    const char *got;
    memset(text, 'x', LONG), text[LONG] = 0;
    snprintf(path, sizeof path, "%s", checkpoint_path(folder, "long.gguf"));
    put_values(&w);
    gguf_write_text(&w, "long", text);
    put_tensors(&w);
    assert_int_equal(file_writer_open(&out, path), OCELLI_OK);
    assert_int_equal(gguf_write_file(&w, &out), OCELLI_OK);
    assert_int_equal(file_writer_commit(&out), OCELLI_OK);
    file_writer_close(&out);
    gguf_write_finish(&w);
    struct blob *b = reopen(path, true);
    assert_int_equal(blob_string(b, "long", &got), OCELLI_OK);
    assert_string_equal(got, text);
    check_matrix(b, "plain", 3, 4);
    blob_close(&b);
    assert_int_equal(truncate(path, 2 << 20), 0); /* within the header */
    check_file(folder, "long.gguf", "a string longer than the file");
    free(text);
    checkpoint_remove(folder);
}

/* ---- containers ---- */

/* Tensors "a" and "b" of 3 bytes each and the digest, of zeros. */
struct container {
    const char *what, *words;
    uint32_t alignment;
    const char *last;
    enum gguf_tensor_type type;
    uint32_t dimensions;
    uint64_t ne[2], a, b, digest; /* ne of the digest, then where each lies */
    size_t data;                  /* bytes of the data section */
};

static const struct container containers[] = {
    {"good", NULL, 64, "ocelli.digest", GGUF_TENSOR_I8, 2, {32, 3}, 0, 64, 128, 224},
    {"alignment", "alignment is 32, expected 64", 32, "ocelli.digest", GGUF_TENSOR_I8, 2, {32, 3}, 0, 64, 128, 224},
    {"wide alignment",
     "alignment is 128, expected 64",
     128,
     "ocelli.digest",
     GGUF_TENSOR_I8,
     2,
     {32, 3},
     0,
     128,
     256,
     352},
    {"no digest", "no ocelli.digest at its end", 64, "ocelli.digest2", GGUF_TENSOR_I8, 2, {32, 3}, 0, 64, 128, 224},
    {"digest F32",
     "ocelli.digest is not (32, 3) I8",
     64,
     "ocelli.digest",
     GGUF_TENSOR_F32,
     2,
     {32, 3},
     0,
     64,
     128,
     512},
    {"short rows", "ocelli.digest is not (32, 3) I8", 64, "ocelli.digest", GGUF_TENSOR_I8, 2, {31, 3}, 0, 64, 128, 221},
    {"a row less", "ocelli.digest is not (32, 3) I8", 64, "ocelli.digest", GGUF_TENSOR_I8, 2, {32, 2}, 0, 64, 128, 192},
    {"a row more", "ocelli.digest is not (32, 3) I8", 64, "ocelli.digest", GGUF_TENSOR_I8, 2, {32, 4}, 0, 64, 128, 256},
    {"flat digest", "ocelli.digest is not (32, 3) I8", 64, "ocelli.digest", GGUF_TENSOR_I8, 1, {96}, 0, 64, 128, 224},
    {"gap at the start",
     "tensor a is out of place",
     64,
     "ocelli.digest",
     GGUF_TENSOR_I8,
     2,
     {32, 3},
     64,
     128,
     192,
     288},
    {"gap", "tensor b is out of place", 64, "ocelli.digest", GGUF_TENSOR_I8, 2, {32, 3}, 0, 128, 192, 288},
    {"gap at the end",
     "ocelli.digest is out of place",
     64,
     "ocelli.digest",
     GGUF_TENSOR_I8,
     2,
     {32, 3},
     0,
     64,
     192,
     288},
    {"other order", "tensor a is out of place", 64, "ocelli.digest", GGUF_TENSOR_I8, 2, {32, 3}, 64, 0, 128, 224},
    {"digest first", "tensor a is out of place", 64, "ocelli.digest", GGUF_TENSOR_I8, 2, {32, 3}, 128, 192, 0, 224},
    {"a byte more", "bytes after the last tensor", 64, "ocelli.digest", GGUF_TENSOR_I8, 2, {32, 3}, 0, 64, 128, 225},
    {"a byte less",
     "ocelli.digest ends past the end",
     64,
     "ocelli.digest",
     GGUF_TENSOR_I8,
     2,
     {32, 3},
     0,
     64,
     128,
     223},
};

static void build(struct bytes *b, const struct container *c) {
    static const uint64_t three[] = {3};
    memset(b, 0, sizeof *b);
    bytes_begin(b, 3, 1);
    bytes_value(b, "general.alignment", GGUF_U32, c->alignment, 4);
    bytes_tensor(b, "a", GGUF_TENSOR_I8, 1, three, c->a);
    bytes_tensor(b, "b", GGUF_TENSOR_I8, 1, three, c->b);
    bytes_tensor(b, c->last, c->type, c->dimensions, c->ne, c->digest);
    bytes_align(b, c->alignment);
    b->size += c->data;
}

static void out_of_place(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof containers / sizeof *containers; i++)
        for (int verify = 0; verify < 2; verify++) {
            const struct container *c = &containers[i];
            const char *words = c->words ? c->words : verify ? "damaged: the header" : NULL; /* zeros are no digest */
            struct bytes b;
            struct blob *blob;
            build(&b, c);
            listen();
            int status = blob_parse(&blob, b.data, b.size, "x.gguf", verify);
            if (words) check_refused(status, c->what, "x.gguf: ", words);
            assert_int_equal(status, words ? OCELLI_ERR_FILE : OCELLI_OK);
            assert_true(!blob == !!status);
            blob_close(&blob);
        }
}

static void no_tensors(void **state) {
    (void)state;
    struct bytes b;
    struct blob *blob;
    bytes_begin(&b, 0, 1);
    bytes_value(&b, "general.alignment", GGUF_U32, 64, 4);
    bytes_align(&b, 64);
    listen();
    check_refused(blob_parse(&blob, b.data, b.size, "x.gguf", true), "none", "x.gguf: ", "no ocelli.digest");
    assert_null(blob);
}

/* ---- damage ---- */

/* A golden model's blob, in memory. */
struct real {
    uint8_t *bytes;
    size_t size;
    struct blob *blob; /* over a copy */
    uint8_t *copy;
};

static void real_open(struct real *r) {
    char *folder = checkpoint_folder();
    const char *path = checkpoint_path(folder, "x.gguf");
    struct convert_result result;
    checkpoint_write("minimal", folder, &(struct checkpoint_form){0});
    assert_int_equal(convert(&(struct convert_params){.checkpoint = folder, .out = path, .name = "minimal"}, &result),
                     OCELLI_OK);
    r->bytes = (uint8_t *)checkpoint_get(path, &r->size);
    r->copy = (uint8_t *)checkpoint_get(path, NULL);
    assert_int_equal(blob_parse(&r->blob, r->copy, r->size, "x.gguf", true), OCELLI_OK);
    assert_int_equal(blob_size(r->blob), r->size);
    checkpoint_remove(folder);
}

static void real_close(struct real *r) {
    blob_close(&r->blob);
    free(r->bytes);
    free(r->copy);
}

static int ask_one(struct blob *b, const struct gguf_tensor *t) {
    struct blob_matrix m;
    const float *floats;
    const uint8_t *bytes;
    uint64_t rows = t->ne[t->dimensions - 1];
    if (t->type == GGUF_TENSOR_F32) return blob_vector(b, t->name, t->size / sizeof(float), &floats);
    if (strcmp(t->name, "selftest.images") == 0) return blob_bytes(b, t->name, t->size, &bytes);
    return blob_matrix(b, t->name, rows, t->size / rows, &m);
}

/* Every tensor of `good` but the digest, as the runtime asks for them: it knows their names and shapes. */
static int ask_all(struct blob *b, const struct gguf *good) {
    int status = OCELLI_OK;
    for (uint64_t i = 0; i + 1 < good->tensor_count && !status; i++) status = ask_one(b, &good->tensors[i]);
    return status;
}

/* Which line tells of the damage: a byte of the header may already break its reading; padding belongs
 * to what stands before it, a row of the digest to what it is the hash of. */
static const char *words_for(const struct gguf *g, uint64_t at) {
    static char words[300];
    if (at < g->header_size) return "";
    uint64_t place = at - g->header_size, i = g->tensor_count - 1;
    while (g->tensors[i].offset > place) i--;
    uint64_t row = (place - g->tensors[i].offset) / 32;
    bool digest = i + 1 == g->tensor_count;
    const char *name = !digest ? g->tensors[i].name : row ? g->tensors[row - 1].name : "the header";
    snprintf(words, sizeof words, "damaged: %s differs", name);
    return words;
}

/* Every byte takes minutes on a slow machine: `make test-long`. Else the first and last of each tensor and its padding,
 * each row of the digest, and every 11th: all bits, as a bit goes with each place. */
static bool is_chosen(const struct gguf *g, uint64_t at) {
    if (test_is_long() || at % 11 == 0) return true;
    if (at < g->header_size) return at < 64;
    uint64_t place = at - g->header_size, i = g->tensor_count - 1;
    while (g->tensors[i].offset > place) i--;
    uint64_t inside = place - g->tensors[i].offset, size = g->tensors[i].size;
    return i + 1 == g->tensor_count ? inside % 32 == 0 : inside == 0 || inside + 1 == size || inside == size;
}

static void every_byte(void **state) {
    (void)state;
    struct real r;
    real_open(&r);
    const struct gguf *good = blob_gguf(r.blob);
    assert_int_equal(ask_all(r.blob, good), OCELLI_OK);
    assert_int_equal(blob_check(r.blob), OCELLI_OK);
    size_t damaged = 0;
    for (size_t i = 0; i < r.size; i++) {
        struct blob *b;
        char what[64];
        if (!is_chosen(good, i)) continue;
        damaged++;
        snprintf(what, sizeof what, "byte %zu of %zu", i, r.size);
        r.bytes[i] ^= (uint8_t)(1 << i % 8);
        listen();
        int status = blob_parse(&b, r.bytes, r.size, "x.gguf", true);
        if (!status) status = ask_all(b, good);
        check_refused(status, what, "x.gguf: ", words_for(good, i));
        blob_close(&b);
        listen();
        status = blob_parse(&b, r.bytes, r.size, "x.gguf", true);
        if (!status) status = blob_check(b);
        check_refused(status, what, "x.gguf: ", words_for(good, i));
        blob_close(&b);
        r.bytes[i] ^= (uint8_t)(1 << i % 8);
    }
    print_message("%zu of %zu bytes, %llu of them header\n", damaged, r.size, (unsigned long long)good->header_size);
    real_close(&r);
}

/* Without verification the numbers are taken as they are, but places and sizes still have to fit. */
static void cut_or_longer(void **state) {
    (void)state;
    struct real r;
    real_open(&r);
    for (size_t size = 0; size < r.size; size += size + 200 < r.size ? 97 : 1) {
        struct blob *b;
        listen();
        check_refused(blob_parse(&b, r.bytes, size, "x.gguf", false), "cut", "x.gguf: ", "");
        assert_null(b);
    }
    uint8_t *longer = calloc(1, r.size + 1);
    struct blob *b;
    assert_non_null(longer);
    memcpy(longer, r.bytes, r.size);
    listen();
    check_refused(blob_parse(&b, longer, r.size + 1, "x.gguf", false), "longer",
                  "x.gguf: ", "bytes after the last tensor");
    free(longer);
    real_close(&r);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files),
        cmocka_unit_test(types),
        cmocka_unit_test(values),
        cmocka_unit_test(tensors),
        cmocka_unit_test(wrong_tensors),
        cmocka_unit_test(nul_in_a_string),
        cmocka_unit_test(out_of_place),
        cmocka_unit_test(no_tensors),
        cmocka_unit_test(every_byte),
        cmocka_unit_test(cut_or_longer),
        cmocka_unit_test(changed_meanwhile),
        cmocka_unit_test(replaced),
        cmocka_unit_test(long_header),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
