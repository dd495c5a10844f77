/* SPDX-License-Identifier: Apache-2.0
 * One model in every wrapping: the same blob, but for the names and hashes of its sources. Then files that lie. */
#include "blob/gguf.h"
#include "convert/model/checkpoint.h"
#include "convert/gguf_write.h"
#include "convert/options.h"
#include "convert/tokenizer/tokenizer.h"
#include "convert/model/model.h"
#include "support/checkpoint.h"
#include "support/heard.h"
#include "support/test.h"
#include "support/torch_file.h"

#include <dirent.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define WHAT_IS_NOT_TOLD                                                                                               \
    "--activation", "quick_gelu", "--mean", "openai", "--std", "openai", "--resize", "crop", "--filter", "bicubic",    \
        "--heads", "2,2"

static char *folder, *plain, *flat; /* of all; a transformers and an open_clip folder of F16 */
static struct weights flat_weights, plain_weights;
static struct sources sources;

static int by_name(const void *a, const void *b) {
    return strcmp(((const struct stored_tensor *)a)->name, ((const struct stored_tensor *)b)->name);
}

static char *subfolder(const char *name) {
    char *path = strdup(checkpoint_path(folder, name));
    assert_non_null(path);
    assert_int_equal(mkdir(path, 0777), 0);
    return path;
}

static int set_up(void **state) {
    (void)state;
    folder = checkpoint_folder();
    plain = subfolder("plain");
    flat = subfolder("flat");
    checkpoint_write("quick", plain, &(struct checkpoint_form){.type = "F16"});
    checkpoint_write("quick", flat, &(struct checkpoint_form){.type = "F16", .open_clip = true});
    listen();
    const char *files[] = {checkpoint_path(flat, "open_clip_model.safetensors"),
                           checkpoint_path(plain, "model.safetensors")};
    assert_int_equal(weights_open(&flat_weights, &sources, strdup(files[0])), 0);
    assert_int_equal(weights_open(&plain_weights, &sources, strdup(files[1])), 0);
    qsort(flat_weights.tensors, flat_weights.count, sizeof *flat_weights.tensors, by_name);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    const char *paths[] = {flat_weights.path, plain_weights.path};
    weights_close(&flat_weights);
    weights_close(&plain_weights);
    source_finish(&sources);
    for (int i = 0; i < 2; i++) free((char *)(uintptr_t)paths[i]);
    free(plain);
    free(flat);
    checkpoint_remove(folder);
    return 0;
}

/* ---- the same blob ---- */

/* Status of the command; what it said is in heard. */
static int run(const char *from, const char *const *options) {
    const char *argv[40] = {"ocelli-convert", from, "-o",          checkpoint_path(folder, "out.gguf"),
                            "--name",         "x",  "--tokenizer", plain};
    int argc = 8;
    for (; options && *options; options++) argv[argc++] = *options;
    listen();
    return options_main(argc, (char **)(uintptr_t)argv);
}

static bool is_source(const char *key) {
    return strncmp(key, "ocelli.source.", 14) == 0;
}

static void same_value(const struct gguf_value *a, const struct gguf_value *b) {
    assert_string_equal(a->key, b->key);
    assert_int_equal(a->type, b->type);
    assert_int_equal(a->count, b->count);
    assert_int_equal(a->element, b->element);
    assert_memory_equal(&a->number, &b->number, sizeof a->number);
    bool texts = a->type == GGUF_STRING || (a->type == GGUF_ARRAY && a->element == GGUF_STRING);
    for (uint64_t i = 0; texts && i < a->count; i++) {
        assert_int_equal(a->strings[i].length, b->strings[i].length);
        assert_memory_equal(a->strings[i].text, b->strings[i].text, a->strings[i].length);
    }
    if (a->bytes) assert_memory_equal(a->bytes, b->bytes, a->count * 4); /* numbers are F32 */
}

static void same_blobs(const char *one, const char *other) {
    size_t sizes[2];
    char *bytes[2] = {checkpoint_get(one, &sizes[0]), checkpoint_get(other, &sizes[1])};
    struct gguf a, b;
    assert_int_equal(gguf_parse(&a, bytes[0], sizes[0], one), 0);
    assert_int_equal(gguf_parse(&b, bytes[1], sizes[1], other), 0);
    assert_int_equal(a.value_count, b.value_count);
    assert_int_equal(a.tensor_count, b.tensor_count);
    for (uint64_t i = 0; i < a.value_count; i++)
        if (!is_source(a.values[i].key)) same_value(&a.values[i], &b.values[i]);
    for (uint64_t i = 0; i + 1 < a.tensor_count; i++) { /* the last is the digest */
        assert_string_equal(a.tensors[i].name, b.tensors[i].name);
        assert_int_equal(a.tensors[i].size, b.tensors[i].size);
        assert_memory_equal(a.data + a.tensors[i].offset, b.data + b.tensors[i].offset, a.tensors[i].size);
    }
    gguf_finish(&a);
    gguf_finish(&b);
    free(bytes[0]);
    free(bytes[1]);
}

static void check_same(const char *what, const char *from, const char *const *options) {
    const char *first = checkpoint_path(folder, "first.gguf"), *out = checkpoint_path(folder, "out.gguf");
    if (run(from, options) != 0) fail_msg("%s: %s", what, heard.text);
    if (access(first, F_OK) != 0)
        assert_int_equal(rename(out, first), 0);
    else
        same_blobs(first, out);
}

static const char *tiny_clip(const char *name) {
    if (strncmp(name, "visual.", 7) == 0) return "_image_encoder.module.";
    return strcmp(name, "logit_scale") == 0 ? "_logit_scale." : "_text_encoder.module.";
}

static const char *custom_text(const char *name) {
    return strncmp(name, "visual.", 7) == 0 || strcmp(name, "logit_scale") == 0 ? "" : "text.";
}

static void put_torch(const char *in, const char *name, const struct stored_tensor *tensors, size_t count,
                      const struct torch_form *form) {
    struct torch_bytes file;
    torch_file(&file, tensors, count, form);
    checkpoint_put(in, name, file.data, file.size);
    free(file.data);
}

static void files_alone(void) {
    static const struct {
        const char *what;
        struct torch_form form;
    } rows[] = {{"a state dict", {0}},
                {"packed", {.packed = true}},
                {"matrices turned", {.turned = true}},
                {"a training checkpoint of DataParallel", {.inside = true, .prefix = "module."}},
                {"compiled", {.prefix = "_orig_mod."}},
                {"compiled twice over", {.inside = true, .prefix = "module._orig_mod."}},
                {"a custom text tower", {.rename = custom_text}},
                {"TinyCLIP's prefixes", {.inside = true, .rename = tiny_clip}},
                {"before torch 1.6", {.kind = TORCH_OLD}},
                {"before torch 1.6, inside", {.kind = TORCH_OLD, .inside = true, .prefix = "module."}}};
    char *alone = subfolder("alone");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        put_torch(alone, "model.pt", flat_weights.tensors, flat_weights.count, &rows[i].form);
        check_same(rows[i].what, checkpoint_path(alone, "model.pt"), (const char *[]){WHAT_IS_NOT_TOLD, NULL});
    }
    free(alone);
}

/* OpenAI's: three numbers lie among the tensors; quick_gelu and the pixels are known, heads of 64 are not these. */
static void openai_archive(void) {
    static const char *const numbers[] = {"context_length", "input_resolution", "vocab_size"};
    struct stored_tensor tensors[200];
    size_t count = flat_weights.count;
    assert_true(count + 3 < 200);
    memcpy(tensors, flat_weights.tensors, count * sizeof *tensors);
    for (size_t i = 0; i < 3; i++)
        tensors[count++] = (struct stored_tensor){.name = numbers[i], .kind = STORED_OTHER, .count = 1};
    qsort(tensors, count, sizeof *tensors, by_name);
    put_torch(folder, "openai.pt", tensors, count, &(struct torch_form){.kind = TORCH_SCRIPT});
    check_same("OpenAI's archive", checkpoint_path(folder, "openai.pt"), (const char *[]){"--heads", "2,2", NULL});
}

static void copy_file(const char *from, const char *to, const char *name) {
    size_t size;
    char *bytes = checkpoint_get(checkpoint_path(from, name), &size);
    checkpoint_put(to, name, bytes, size);
    free(bytes);
}

/* pytorch_model.bin, whole and in two files. */
static void transformers_bin(void) {
    static const char *const files[] = {"pytorch_model-00001-of-00002.bin", "pytorch_model-00002-of-00002.bin"};
    char *whole = subfolder("bin"), *parts = subfolder("parts"), *to[] = {whole, parts};
    const struct weights *w = &plain_weights;
    size_t half = w->count / 2;
    cJSON *index = cJSON_CreateObject(), *map = cJSON_AddObjectToObject(index, "weight_map");
    for (size_t i = 0; i < w->count; i++) cJSON_AddStringToObject(map, w->tensors[i].name, files[i >= half]);
    char *text = cJSON_Print(index);
    for (int i = 0; i < 2; i++)
        copy_file(plain, to[i], "config.json"), copy_file(plain, to[i], "preprocessor_config.json");
    put_torch(whole, "pytorch_model.bin", w->tensors, w->count, &(struct torch_form){0});
    put_torch(parts, files[0], w->tensors, half, &(struct torch_form){0});
    put_torch(parts, files[1], w->tensors + half, w->count - half, &(struct torch_form){0});
    checkpoint_put(parts, "pytorch_model.bin.index.json", text, strlen(text));
    check_same("pytorch_model.bin", whole, NULL);
    check_same("pytorch_model.bin in parts", parts, NULL);
    cJSON_free(text);
    cJSON_Delete(index);
    free(whole);
    free(parts);
}

static void open_clip_bin(void) {
    char *bin = subfolder("open_clip_bin");
    copy_file(flat, bin, "open_clip_config.json");
    put_torch(bin, "open_clip_pytorch_model.bin", flat_weights.tensors, flat_weights.count, &(struct torch_form){0});
    check_same("open_clip_pytorch_model.bin", bin, NULL);
    free(bin);
}

static void put_values(struct gguf_write *w, const struct config *c, float logit_scale) {
    gguf_write_bool(w, "clip.use_gelu", false);
    gguf_write_u32(w, "clip.vision.attention.head_count", c->image.heads);
    gguf_write_u32(w, "clip.text.attention.head_count", c->text.heads);
    gguf_write_f32s(w, "clip.vision.image_mean", c->mean, 3);
    gguf_write_f32s(w, "clip.vision.image_std", c->std, 3);
    gguf_write_u32(w, "general.alignment", 64);
    gguf_write_f32(w, "ocelli.logit_scale", logit_scale);
}

/* clip.cpp's, which calls the products of an MLP the other way round. */
static void put_gguf(const struct model *m, const char *path, bool swapped) {
    struct gguf_write w = {0};
    struct file_writer out;
    put_values(&w, m->config, m->logit_scale);
    for (size_t i = 0; i < m->count; i++) {
        const struct model_tensor *t = &m->tensors[i];
        char name[128];
        const char *up = strstr(t->name, "ffn_up"), *down = strstr(t->name, "ffn_down"), *at = up ? up : down;
        snprintf(name, sizeof name, "%s", t->name);
        if (swapped && at)
            snprintf(name, sizeof name, "%.*s%s%s", (int)(at - t->name), t->name, up ? "ffn_down" : "ffn_up",
                     at + strlen(up ? "ffn_up" : "ffn_down"));
        float *values = gguf_write_tensor(&w, name, GGUF_WRITE_F32, t->dimensions, t->ne);
        assert_non_null(values);
        assert_int_equal(model_read(t, 0, t->rows, values), 0);
    }
    assert_int_equal(file_writer_open(&out, path), 0);
    assert_int_equal(gguf_write_file(&w, &out), 0);
    assert_int_equal(file_writer_commit(&out), 0);
    file_writer_close(&out);
    gguf_write_finish(&w);
}

static void gguf_files(void) {
    struct report report;
    struct sources own = {0};
    struct checkpoint c;
    struct model m;
    assert_int_equal(report_init(&report), 0);
    assert_int_equal(checkpoint_open(&c, plain, &(struct config_given){0}, &own, &report), 0);
    assert_int_equal(model_load(&m, &c, &report), 0);
    for (int swapped = 0; swapped < 2; swapped++) {
        put_gguf(&m, checkpoint_path(folder, "model.gguf"), swapped);
        check_same("GGUF", checkpoint_path(folder, "model.gguf"),
                   (const char *[]){"--resize", "crop", "--filter", "bicubic", NULL});
    }
    model_finish(&m);
    checkpoint_close(&c);
    source_finish(&own);
    report_finish(&report);
}

static void same_blob(void **state) {
    (void)state;
    check_same("transformers", plain, NULL);
    check_same("open_clip", flat, NULL);
    files_alone();
    openai_archive();
    transformers_bin();
    open_clip_bin();
    gguf_files();
}

/* ---- what is asked for, what options do ---- */

static void check_refused(const char *what, const char *from, const char *const *options, const char *words) {
    const char *out = checkpoint_path(folder, "out.gguf");
    remove(out);
    int status = run(from, options);
    if (status != 1 || heard.lines != 1 || !strstr(heard.text, words))
        fail_msg("%s: status %d, %d lines, expected '%s', said: %s", what, status, heard.lines, words, heard.text);
    assert_int_equal(access(out, F_OK), -1);
}

static void asked_for(void **state) {
    (void)state;
    char *alone = subfolder("asked");
    put_torch(alone, "model.pt", flat_weights.tensors, flat_weights.count, &(struct torch_form){0});
    const char *from = checkpoint_path(alone, "model.pt");
    check_refused("nothing told", from, NULL,
                  "add --activation quick_gelu|gelu|gelu_tanh, --mean R,G,B, --std R,G,B, --resize crop|squash, "
                  "--filter bicubic|bilinear as");
    check_refused(
        "all but one", from,
        (const char *[]){"--activation", "gelu", "--mean", "0,0,0", "--std", "1,1,1", "--resize", "squash", NULL},
        "add --filter bicubic|bilinear as");
    check_refused("heads", from, (const char *[]){WHAT_IS_NOT_TOLD, "--heads", "7,2", NULL},
                  "not a multiple of 7 heads");
    assert_int_equal(run(from, (const char *[]){"--activation", "relu", NULL}), 2);
    assert_int_equal(run(from, (const char *[]){"--mean", "0.5,0.5", NULL}), 2);
    assert_int_equal(run(from, (const char *[]){"--std", "0,1,1", NULL}), 2);
    assert_int_equal(run(from, (const char *[]){"--heads", "1.5,2", NULL}), 2);
    assert_int_equal(run(plain, (const char *[]){"--activation", "gelu", NULL}), 0); /* warned of, and taken */
    assert_true(heard.lines >= 2);                                                   /* in both towers */
    free(alone);
}

/* ---- files that lie ---- */

static void put_zip(const char *name, const void *pickle, size_t size, const struct torch_entry *more, bool packed) {
    struct torch_bytes zip;
    struct torch_entry entries[2] = {{"data.pkl", pickle, size}};
    if (more) entries[1] = *more;
    torch_zip(&zip, entries, more ? 2 : 1, packed);
    checkpoint_put(folder, name, zip.data, zip.size);
    free(zip.data);
}

static void check_pickle(const char *words, const void *pickle, size_t size) {
    put_zip("bad.pt", pickle, size, NULL, false);
    check_refused(words, checkpoint_path(folder, "bad.pt"), NULL, words);
}
#define PICKLE(words, text) check_pickle(words, text, sizeof(text) - 1)

static void pickles_that_call(void **state) {
    (void)state;
    PICKLE("needs os.system of Python", "\x80\x02"
                                        "cos\nsystem\nX\4\0\0\0true\x85R.");
    PICKLE("needs posix.system of Python", "\x80\x04\x95\0\0\0\0\0\0\0\0\x8c\5posix\x8c\6system\x93\x8c\4true\x85R.");
    PICKLE("needs builtins.eval of Python", "\x80\x02"
                                            "cbuiltins\neval\nX\4\0\0\0true\x85R.");
    PICKLE("needs open_clip.model.CLIP of Python", "\x80\x02"
                                                   "copen_clip.model\nCLIP\n)\x81}b.");
    PICKLE("needs os.system of Python", "\x80\x02(cos\nsystem\no.");
    PICKLE("an opcode that a state dict does not need", "\x80\x02(S'true'\nios\nsystem\n.");
    PICKLE("a call of what cannot be called", "\x80\x02K\1)R.");
    PICKLE("no state dict in its pickle", "\x80\x02}.");
    PICKLE("its end too early", "\x80\x02}");
    PICKLE("a reference to nothing", "\x80\x02h\0.");
    PICKLE("no mark where one is needed", "\x80\x02K\1u.");
    /* {"a": {"a": {"a": ...}}} without end, and two of each so that the tree doubles */
    PICKLE("lie too deep in each other", "\x80\x02}q\0(X\1\0\0\0ah\0X\1\0\0\0bh\0u.");
}

static void archives_that_lie(void **state) {
    (void)state;
    const char *from = checkpoint_path(folder, "bad.pt");
    size_t size = 20 << 20;
    uint8_t *zeros = calloc(1, size);
    assert_non_null(zeros);
    put_zip("bad.pt", zeros, size, NULL, true); /* 20 MB in 20 kB */
    check_refused("zip bomb", from, NULL, "unpacks to 20971520 bytes, the limit is 16777216");
    free(zeros);
    put_zip("bad.pt", "}.", 2, &(struct torch_entry){"byteorder", "big", 3}, false);
    check_refused("order", from, NULL, "saved on a big-endian machine");
    put_torch(folder, "bad.pt", flat_weights.tensors, flat_weights.count,
              &(struct torch_form){.broken = "ln_final.bias"});
    check_refused("storage", from, NULL, "tensor ln_final.bias lies outside its storage");
    put_torch(folder, "bad.pt", flat_weights.tensors, flat_weights.count,
              &(struct torch_form){.kind = TORCH_OLD, .broken = "ln_final.bias"});
    check_refused("old storage", from, NULL, "not those that they name");
}

/* Of an archive whose directory says that an entry lies elsewhere, or that was cut or changed. */
static void archives_that_are_damaged(void **state) {
    (void)state;
    struct torch_bytes zip;
    const char *from = checkpoint_path(folder, "bad.pt");
    torch_file(&zip, flat_weights.tensors, flat_weights.count, &(struct torch_form){0});
    uint32_t directory;
    memcpy(&directory, zip.data + zip.size - 6, 4);
    uint8_t *offset = zip.data + directory + 42; /* of the first entry, data.pkl */
    memset(offset, 0x7f, 4);
    checkpoint_put(folder, "bad.pt", zip.data, zip.size);
    check_refused("an offset outside", from, NULL, "broken: fetch the file again");
    memset(offset, 0, 4);
    checkpoint_put(folder, "bad.pt", zip.data, zip.size / 2);
    check_refused("cut", from, NULL, "its zip archive is cut short or broken");
    zip.data[directory - 3] ^= 1; /* in the last storage, visual.transformer...: the CRC tells */
    checkpoint_put(folder, "bad.pt", zip.data, zip.size);
    check_refused("a bit", from, (const char *[]){WHAT_IS_NOT_TOLD, NULL},
                  "is cut short or broken: fetch the file again");
    free(zip.data);
}

static void other_files(void **state) {
    (void)state;
    static const struct {
        const char *name, *bytes, *said;
    } rows[] = {{"model.onnx", "x", "no kind of file that is known here"},
                {"bare.pkl", "\x80\x02}.", "a pickle that torch.save() did not write"},
                {"q4.gguf", "GGUF", "cut short in the header"}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        checkpoint_put(folder, rows[i].name, rows[i].bytes, strlen(rows[i].bytes));
        check_refused(rows[i].name, checkpoint_path(folder, rows[i].name), NULL, rows[i].said);
    }
    struct torch_bytes zip;
    torch_zip(&zip, &(struct torch_entry){"readme", "x", 1}, 1, false);
    checkpoint_put(folder, "bad.pt", zip.data, zip.size);
    free(zip.data);
    check_refused("no data.pkl", checkpoint_path(folder, "bad.pt"), NULL, "without data.pkl");
}

int main(void) {
#ifndef CONVERT_ZIP
    printf("built without libzip\n");
    return 77;
#endif
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(same_blob),
        cmocka_unit_test(asked_for),
        cmocka_unit_test(pickles_that_call),
        cmocka_unit_test(archives_that_lie),
        cmocka_unit_test(archives_that_are_damaged),
        cmocka_unit_test(other_files),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
