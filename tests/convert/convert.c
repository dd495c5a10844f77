/* SPDX-License-Identifier: Apache-2.0
 * The converter as a program, on the golden models in both layouts. */
#include "convert/convert.h"
#include "blob/blob.h"
#include "clip/config.h"
#include "convert/options.h"
#include "convert/compute/reference.h"
#include "support/checkpoint.h"
#include "support/test.h"

#include <dirent.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- running it ---- */

enum { MOST_ARGUMENTS = 16, MOST_SAID = 1 << 16 };

struct outcome {
    int status;
    char *said; /* stderr */
};

static void run_child(int said, rlim_t limit, int argc, char **argv) {
    if (dup2(said, STDERR_FILENO) < 0 || !freopen("/dev/null", "w", stdout)) _exit(99);
    signal(SIGXFSZ, SIG_IGN); /* as main() does */
    if (limit) setrlimit(RLIMIT_FSIZE, &(struct rlimit){limit, limit});
    exit(options_main(argc, argv));
}

/* A child, so that limits and a crash stay in it. `limit`: largest file in bytes, 0 none. */
static struct outcome run(rlim_t limit, const char *const *arguments) {
    char *argv[MOST_ARGUMENTS + 2] = {(char *)"ocelli-convert"};
    int argc = 1, said[2], status;
    while (arguments[argc - 1]) argv[argc] = (char *)arguments[argc - 1], argc++;
    fflush(NULL);
    assert_int_equal(pipe(said), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) run_child(said[1], limit, argc, argv);
    close(said[1]);
    char *text = calloc(1, MOST_SAID + 1);
    assert_non_null(text);
    for (size_t length = 0; length < MOST_SAID;) {
        ssize_t n = read(said[0], text + length, MOST_SAID - length);
        if (n <= 0) break;
        length += (size_t)n;
    }
    close(said[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    return (struct outcome){WEXITSTATUS(status), text};
}

static void convert_with(const char *from, const char *blob, const char *report, const char *option) {
    const char *arguments[7] = {from, "-o", blob};
    size_t count = 3;
    if (report) arguments[count++] = "--report", arguments[count++] = report;
    arguments[count] = option;
    struct outcome o = run(0, arguments);
    if (o.status != 0) fail_msg("status %d: %s", o.status, o.said);
    free(o.said);
}

static void convert_well(const char *from, const char *blob, const char *report) {
    convert_with(from, blob, report, NULL);
}

/* In half the time, where the weights' numbers do not matter. */
static void convert_plainly(const char *from, const char *blob, const char *report) {
    convert_with(from, blob, report, "--no-calibrate");
}

static size_t count_lines(const char *text) {
    size_t lines = 0;
    for (; *text; text++) lines += *text == '\n';
    return lines;
}

static size_t count_files(const char *folder) {
    DIR *d = opendir(folder);
    size_t count = 0;
    assert_non_null(d);
    for (struct dirent *e; (e = readdir(d));) count += e->d_name[0] != '.';
    closedir(d);
    return count;
}

static char *subfolder(const char *folder, const char *name) {
    char *path = strdup(checkpoint_path(folder, name));
    assert_non_null(path);
    char command[600];
    snprintf(command, sizeof command, "mkdir %s", path);
    assert_int_equal(system(command), 0);
    return path;
}

/* ---- numbers ---- */

struct loaded {
    struct report report;
    struct sources sources;
    struct checkpoint checkpoint;
    struct tokenizer tokenizer;
    struct model model;
};

static void load(struct loaded *l, const char *folder) {
    memset(l, 0, sizeof *l);
    assert_int_equal(report_init(&l->report), 0);
    assert_int_equal(checkpoint_open(&l->checkpoint, folder, &(struct config_given){0}, &l->sources, &l->report), 0);
    const struct config *c = &l->checkpoint.config;
    assert_int_equal(tokenizer_load(&l->tokenizer, NULL, folder, c, &l->sources, &l->report), 0);
    assert_int_equal(model_load(&l->model, &l->checkpoint, &l->report), 0);
}

static void unload(struct loaded *l) {
    model_finish(&l->model);
    tokenizer_finish(&l->tokenizer);
    checkpoint_close(&l->checkpoint);
    source_finish(&l->sources);
    report_finish(&l->report);
}

/* What is stored in a blob, so that the reference computes with that: norms and biases were balanced with the rounded
 * weights. */
static void use_blob(struct model *m, struct blob *blob) {
    for (size_t i = 0; i < m->count; i++) {
        struct model_tensor *t = &m->tensors[i];
        struct blob_matrix matrix;
        if (!t->matrix) {
            assert_int_equal(blob_vector(blob, t->name, (uint64_t)t->rows * t->columns, &t->values), 0);
            continue;
        }
        assert_int_equal(blob_matrix(blob, t->name, t->rows, t->columns, &matrix), 0);
        t->rounded = matrix.values;
        t->scales = matrix.scales;
    }
}

/* The lowest of every `step`-th picture and text. */
static double worst_cosine(const struct checkpoint_golden *golden, const struct loaded *loaded,
                           enum reference_weights weights, size_t step) {
    size_t bytes = (size_t)golden->image_size * golden->image_size * 3;
    float *out = malloc(golden->dim * sizeof *out);
    double worst = 1;
    assert_non_null(out);
    for (size_t i = 0; i < 2 * CHECKPOINT_INPUTS; i += step) {
        size_t text = i - CHECKPOINT_INPUTS;
        int status = i < CHECKPOINT_INPUTS ? reference_image(&loaded->model, weights, golden->images + i * bytes, out)
                                           : reference_text(&loaded->model, weights, golden->ids[text],
                                                            golden->id_count[text], loaded->tokenizer.end_id, out);
        assert_int_equal(status, 0);
        double cosine = reference_cosine(out, golden->embeddings + i * golden->dim, golden->dim);
        if (cosine < worst) worst = cosine;
    }
    free(out);
    return worst;
}

static void check_ids(const struct checkpoint_golden *g, const struct loaded *l) {
    int32_t ids[CONFIG_MAX_CONTEXT];
    for (size_t i = 0; i < CHECKPOINT_INPUTS; i++) {
        size_t count;
        assert_int_equal(encoder_encode(l->tokenizer.encoder, g->texts[i], strlen(g->texts[i]), ids, &count), 0);
        assert_int_equal(count, g->id_count[i]);
        assert_memory_equal(ids, g->ids[i], count * sizeof *ids);
    }
}

/* The numbers, and what the runtime reads of the configuration. */
static void check_golden(const char *name, struct loaded *l, struct blob *blob) {
    struct checkpoint_golden g;
    checkpoint_golden_open(&g, name);
    check_ids(&g, l);
    size_t step = test_is_long() || strcmp(name, checkpoint_names[0]) == 0 ? 1 : 3;
    double exact = worst_cosine(&g, l, REFERENCE_FLOAT, step);
    use_blob(&l->model, blob);
    double rounded = worst_cosine(&g, l, REFERENCE_INT8, step);
    print_message("%-8s float: 1 - cosine %.1e, int8 weights: cosine %.6f\n", name, 1 - exact, rounded);
    assert_true(exact >= 0.999999);
    assert_true(rounded >= g.f16w);
    checkpoint_golden_close(&g);
}

/* ---- layouts ---- */

static void same_tensors(const char *one, const char *other) {
    struct blob *a, *b;
    assert_int_equal(blob_open(&a, one, true), 0);
    assert_int_equal(blob_open(&b, other, true), 0);
    const struct gguf *x = blob_gguf(a), *y = blob_gguf(b);
    char *p = checkpoint_get(one, NULL), *q = checkpoint_get(other, NULL);
    assert_int_equal(x->tensor_count, y->tensor_count);
    for (uint64_t i = 0; i + 1 < x->tensor_count; i++) { /* the last is the digest, also of the names */
        assert_string_equal(x->tensors[i].name, y->tensors[i].name);
        assert_int_equal(x->tensors[i].size, y->tensors[i].size);
        assert_memory_equal(p + x->header_size + x->tensors[i].offset, q + y->header_size + y->tensors[i].offset,
                            x->tensors[i].size);
    }
    free(p), free(q);
    blob_close(&a);
    blob_close(&b);
}

/* open_clip's layout gives the tensors of the blob `one`, which is calibrated if there is no prefix; `alone`: its file
 * without the folder, too. */
static void check_flat(const char *folder, const char *one, const char *name, const char *prefix, bool alone) {
    char *flat = subfolder(folder, prefix ? prefix : "flat"), other[512];
    checkpoint_write(name, flat, &(struct checkpoint_form){.open_clip = true, .prefix = prefix});
    snprintf(other, sizeof other, "%s/other.gguf", folder);
    (prefix ? convert_plainly : convert_well)(flat, other, NULL);
    same_tensors(one, other);
    if (alone) convert_well(checkpoint_path(flat, "open_clip_model.safetensors"), other, NULL);
    same_tensors(one, other);
    free(flat);
}

static void check_prefixes(const char *name, const char *const *prefixes) {
    char *folder = checkpoint_folder(), *plain = subfolder(folder, "plain"), one[512];
    checkpoint_write(name, plain, &(struct checkpoint_form){0});
    snprintf(one, sizeof one, "%s/one.gguf", folder);
    convert_plainly(plain, one, NULL);
    for (; *prefixes; prefixes++) check_flat(folder, one, name, *prefixes, false);
    free(plain);
    checkpoint_remove(folder);
}

static void test_prefixes(void **state) {
    (void)state;
    check_prefixes(
        "quick", (const char *const[]){"module.", "_orig_mod.",
                                       "module._orig_mod.text.", /* all of it under one more name than open_clip does */
                                       NULL});
    check_prefixes("legacy", (const char *const[]){"_image_encoder.module.", NULL});
}

/* tokenizer.json of the folder's vocab.json and merges.txt, which go; `added`: a JSON array. */
static void make_tokenizer_json(const char *folder, const char *added) {
    char *vocab = checkpoint_get(checkpoint_path(folder, "vocab.json"), NULL), *text;
    char *merges = checkpoint_get(checkpoint_path(folder, "merges.txt"), NULL), *rest = merges;
    cJSON *root = cJSON_CreateObject(), *model = cJSON_AddObjectToObject(root, "model");
    cJSON_AddItemToObject(root, "added_tokens", cJSON_Parse(added));
    cJSON_AddStringToObject(model, "end_of_word_suffix", "</w>");
    cJSON_AddItemToObject(model, "vocab", cJSON_Parse(vocab));
    cJSON *list = cJSON_AddArrayToObject(model, "merges");
    for (char *line; (line = strsep(&rest, "\n"));)
        if (*line && strncmp(line, "#version", 8)) cJSON_AddItemToArray(list, cJSON_CreateString(line));
    text = cJSON_PrintUnformatted(root);
    checkpoint_put(folder, "tokenizer.json", text, strlen(text));
    assert_int_equal(remove(checkpoint_path(folder, "vocab.json")) | remove(checkpoint_path(folder, "merges.txt")), 0);
    cJSON_free(text);
    cJSON_Delete(root);
    free(vocab);
    free(merges);
}

/* As transformers 5 saves it: no preprocessor_config.json, no vocab.json. The marks and a byte's symbol are no added
 * tokens. */
static void test_transformers_5(void **state) {
    char *folder = checkpoint_folder(), *plain = subfolder(folder, "plain"), *new = subfolder(folder, "new"), *prep,
         *text;
    (void)state;
    checkpoint_write("quick", plain, &(struct checkpoint_form){0});
    checkpoint_write("quick", new, &(struct checkpoint_form){0});
    prep = checkpoint_get(checkpoint_path(new, "preprocessor_config.json"), NULL);
    assert_true(asprintf(&text, "{\"image_processor\": %s, \"processor_class\": \"CLIPProcessor\"}", prep) > 0);
    checkpoint_put(new, "processor_config.json", text, strlen(text));
    assert_int_equal(remove(checkpoint_path(new, "preprocessor_config.json")), 0);
    make_tokenizer_json(new, "[{\"id\": 537, \"content\": \"<|endoftext|>\"}, {\"id\": 0, \"content\": \"!\"}]");
    static const char old[] =
        "{\"model_max_length\": 77, \"errors\": \"replace\", \"do_lower_case\": true}"; /* as OpenAI's has: nothing is
                                                                                           added */
    checkpoint_put(plain, "tokenizer_config.json", old, sizeof old - 1);
    convert_plainly(plain, checkpoint_path(folder, "one.gguf"), NULL);
    convert_plainly(new, checkpoint_path(folder, "other.gguf"), checkpoint_path(folder, "report.json"));
    same_tensors(checkpoint_path(folder, "one.gguf"), checkpoint_path(folder, "other.gguf"));
    free(text);
    text = checkpoint_get(checkpoint_path(folder, "report.json"), NULL);
    assert_non_null(strstr(text, "size in processor_config.json"));
    free(text);
    free(prep);
    free(plain);
    free(new);
    checkpoint_remove(folder);
}

/* timm's folders have their own weights and configuration beside open_clip's. */
static void test_two_checkpoints(void **state) {
    char *folder = checkpoint_folder();
    (void)state;
    checkpoint_write("quick", folder, &(struct checkpoint_form){.open_clip = true});
    checkpoint_put(folder, "config.json", "{\"architecture\": \"vit_base_patch32_clip_224\"}", 45);
    checkpoint_put(folder, "model.safetensors", "x", 1);
    convert_plainly(folder, checkpoint_path(folder, "out.gguf"), NULL);
    checkpoint_remove(folder);
}

/* F16 and BF16 change the weights, by up to 2^-11 and 2^-9. */
static void test_types(void **state) {
    static const char *const types[] = {"F16", "BF16"};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        char *folder = checkpoint_folder();
        struct checkpoint_golden g;
        struct loaded l;
        checkpoint_golden_open(&g, "quick");
        checkpoint_write("quick", folder, &(struct checkpoint_form){.type = types[i]});
        load(&l, folder);
        assert_true(worst_cosine(&g, &l, REFERENCE_FLOAT, 1) >= 0.9999);
        unload(&l);
        checkpoint_golden_close(&g);
        checkpoint_remove(folder);
    }
}

/* ---- what is in the blob, the report ---- */

static void check_config(const struct loaded *loaded, struct blob *blob) {
    struct clip_config c;
    assert_int_equal(clip_config_read(&c, blob), 0);
    const struct config *from = &loaded->checkpoint.config;
    assert_int_equal(c.image.width, from->image.width);
    assert_int_equal(c.image.hidden, from->image.hidden);
    assert_int_equal(c.image.blocks, from->image.blocks);
    assert_int_equal(c.image.heads, from->image.heads);
    assert_int_equal(c.image.tokens, from->image.tokens);
    assert_int_equal(c.text.width, from->text.width);
    assert_int_equal(c.text.hidden, from->text.hidden);
    assert_int_equal(c.text.blocks, from->text.blocks);
    assert_int_equal(c.text.heads, from->text.heads);
    assert_int_equal(c.text.tokens, from->text.tokens);
    assert_int_equal(c.image_size, from->image_size);
    assert_int_equal(c.vocabulary, from->vocabulary);
    assert_int_equal(c.embedding, from->embedding);
    assert_int_equal(c.end_id, loaded->tokenizer.end_id);
    assert_int_equal(c.prep.resize == PREP_SQUASH, from->squash);
    assert_int_equal(c.prep.filter == PREP_BILINEAR, from->bilinear);
    assert_memory_equal(c.prep.mean, from->mean, sizeof from->mean);
    assert_true(c.logit_scale == loaded->model.logit_scale);
}

/* Each model converted once from each layout; of the first, or in a long run, all that is tested of a model. */
static void check_model(const char *name) {
    char *folder = checkpoint_folder(), *plain = subfolder(folder, "plain"), one[512];
    struct loaded l;
    struct blob *blob;
    checkpoint_write(name, plain, &(struct checkpoint_form){0});
    snprintf(one, sizeof one, "%s/one.gguf", folder);
    convert_well(plain, one, NULL);
    load(&l, plain);
    assert_int_equal(blob_open(&blob, one, true), 0);
    check_config(&l, blob);
    check_golden(name, &l, blob);
    blob_close(&blob);
    unload(&l);
    check_flat(folder, one, name, NULL, test_is_long() || strcmp(name, checkpoint_names[0]) == 0);
    free(plain);
    checkpoint_remove(folder);
}

static void test_models(void **state) {
    (void)state;
    for (const char *const *name = checkpoint_names; *name; name++) check_model(*name);
}

static bool has_choice(const cJSON *root, const char *what, const char *value) {
    const cJSON *choice;
    cJSON_ArrayForEach(choice, cJSON_GetObjectItem(root, "choices")) {
        const char *name = cJSON_GetStringValue(cJSON_GetObjectItem(choice, "what"));
        if (strcmp(name, what) == 0)
            return strcmp(cJSON_GetStringValue(cJSON_GetObjectItem(choice, "value")), value) == 0;
    }
    return false;
}

static void test_report(void **state) {
    char *folder = checkpoint_folder();
    char path[512];
    (void)state;
    snprintf(path, sizeof path, "%s/report.json", folder);
    checkpoint_write("legacy", folder, &(struct checkpoint_form){0});
    checkpoint_put(folder, "LICENSE", "Do as you like.\n", 16);
    checkpoint_put(folder, "README.md", "---\nlicense: mit\n---\n", 21);
    convert_well(folder, checkpoint_path(folder, "out.gguf"), path);
    char *text = checkpoint_get(path, NULL);
    cJSON *root = cJSON_Parse(text);
    assert_non_null(root);
    assert_true(has_choice(root, "image activation", "quick_gelu"));
    assert_true(has_choice(root, "text pooling", "largest id"));
    assert_true(has_choice(root, "resize", "crop"));
    assert_true(has_choice(root, "license", "mit"));
    assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(root, "ignored")), 2); /* position_ids */
    assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(root, "sources")), 7);
    assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(root, "tensors")), 6 * 6 + 4);
    assert_true(cJSON_GetObjectItem(root, "worst_image_cosine")->valuedouble > 0.999);
    cJSON_Delete(root);
    free(text);
    checkpoint_remove(folder);
}

/* Programs find the choices under the same names, and a reason for each, whatever the layout. */
static void test_choices(void **state) {
    static const char *const what[] = {
        "weights", "layout", "image activation", "text activation", "image pooling", "text pooling", "text mask",
        "resize",  "filter", "normalisation",    "tokenizer",       "padding",       "logit scale"};
    (void)state;
    for (int open_clip = 0; open_clip < 2; open_clip++) {
        char *folder = checkpoint_folder(), *path = strdup(checkpoint_path(folder, "report.json"));
        checkpoint_write("quick", folder, &(struct checkpoint_form){.open_clip = open_clip});
        convert_plainly(folder, checkpoint_path(folder, "out.gguf"), path);
        char *text = checkpoint_get(path, NULL);
        cJSON *root = cJSON_Parse(text), *choice;
        size_t count = sizeof what / sizeof what[0], found = 0;
        cJSON_ArrayForEach(choice, cJSON_GetObjectItem(root, "choices")) {
            const char *name = cJSON_GetStringValue(cJSON_GetObjectItem(choice, "what"));
            for (size_t i = 0; i < count; i++) found += strcmp(name, what[i]) == 0;
            assert_true(strlen(cJSON_GetStringValue(cJSON_GetObjectItem(choice, "why"))) > 0);
        }
        assert_int_equal(found, count);
        assert_true(has_choice(root, "resize", "crop"));
        assert_true(has_choice(root, "filter", "bicubic"));
        assert_true(has_choice(root, "image activation", "quick_gelu"));
        cJSON_Delete(root);
        free(text);
        free(path);
        checkpoint_remove(folder);
    }
}

/* ---- faults ---- */

struct fault {
    const char *what;
    struct checkpoint_form form;
    const char *file, *from, *to; /* `from` in the file becomes `to`; from NULL: the file goes away */
    const char *said;             /* must be in the one line */
};

static const struct fault faults[] = {
    {.what = "left over",
     .form = {.extra = "vision_model.adapter"},
     .said = "1 tensor left over, so this is not a plain CLIP: vision_model.adapter; give"},
    {.what = "missing",
     .form = {.without = "vision_model.encoder.layers.1.mlp.fc2.bias"},
     .said = "vision_model.encoder.layers.1.mlp.fc2.bias is missing"},
    {.what = "NaN in a matrix",
     .form = {.broken = "text_projection.weight"},
     .said = "text_projection.weight is not finite at 7"},
    {.what = "NaN in a bias",
     .form = {.broken = "text_model.final_layer_norm.bias"},
     .said = "text_model.final_layer_norm.bias is not finite at 7"},
    {.what = "wrong shape",
     .form = {.narrow = "visual_projection.weight"},
     .said = "visual_projection.weight is (47, 64), expected (48, 64)"},
    {.what = "wrong shape, flat",
     .form = {.open_clip = true, .narrow = "transformer.resblocks.1.attn.in_proj_bias"},
     .said = "transformer.resblocks.1.attn.in_proj_bias is (191), expected (192)"},
    {.what = "no config", .file = "config.json", .said = "config.json"},
    {.what = "no preprocessor", .file = "preprocessor_config.json", .said = "preprocessor_config.json"},
    {.what = "no vocabulary", .file = "vocab.json", .said = "--tokenizer"},
    {.what = "no weights", .file = "model.safetensors", .said = "no model.safetensors"},
    {.what = "not CLIP", .file = "config.json", .from = "\"clip\"", .to = "\"bert\"", .said = "model_type is 'bert'"},
    {.what = "CLIP that is called SigLIP",
     .file = "config.json",
     .from = "\"clip\"",
     .to = "\"siglip\"",
     .said = "no tokenizer here (spiece.model"},
    {.what = "activation", .file = "config.json", .from = "quick_gelu", .to = "relu", .said = "hidden_act is 'relu'"},
    {.what = "no JSON", .file = "config.json", .from = "{", .to = "", .said = "not JSON"},
    {.what = "key twice", .file = "config.json", .from = "\"torch_dtype\"", .to = "\"model_type\"", .said = "twice"},
    {.what = "width",
     .file = "config.json",
     .from = "\"hidden_size\": 64",
     .to = "\"hidden_size\": 8192",
     .said = "the limit is 4096"},
    {.what = "heads",
     .file = "config.json",
     .from = "\"num_attention_heads\": 2",
     .to = "\"num_attention_heads\": 3",
     .said = "not a multiple of 3 heads"},
    {.what = "patch",
     .file = "config.json",
     .from = "\"patch_size\": 8",
     .to = "\"patch_size\": 7",
     .said = "not a multiple of patch size 7"},
    {.what = "text",
     .file = "config.json",
     .from = "\"hidden_size\": 64",
     .to = "\"hidden_size\": \"64\"",
     .said = "hidden_size is not a whole number"},
    {.what = "end mark",
     .file = "config.json",
     .from = "\"eos_token_id\": 537",
     .to = "\"eos_token_id\": 536",
     .said = "the end mark has id 537"},
    {.what = "vocabulary",
     .file = "config.json",
     .from = "\"vocab_size\": 538",
     .to = "\"vocab_size\": 539",
     .said = "538 tokens"},
    {.what = "few merges",
     .file = "merges.txt",
     .from = "t h\n",
     .to = "",
     .said = "merges for 538 tokens, which need 24"},
    {.what = "merges", .file = "merges.txt", .from = "t h\n", .to = "t zzz\n", .said = "merge"},
    {.what = "filter",
     .file = "preprocessor_config.json",
     .from = "\"resample\": 3",
     .to = "\"resample\": 1",
     .said = "resample is 1"},
    {.what = "crop",
     .file = "preprocessor_config.json",
     .from = "\"shortest_edge\": 32",
     .to = "\"shortest_edge\": 40",
     .said = "size 40, crop_size 32"},
    {.what = "no rescale",
     .file = "preprocessor_config.json",
     .from = "\"do_rescale\": true",
     .to = "\"do_rescale\": false",
     .said = "do_rescale is false"},
    {.what = "no deviation",
     .file = "preprocessor_config.json",
     .from = "\"image_std\": [",
     .to = "\"image_std\": [0, 1, 1], \"old\": [",
     .said = "preprocessor_config.json: standard deviation 0"},
    {.what = "zero in a string",
     .file = "vocab.json",
     .from = "{",
     .to = "{\"a\\u0000\": 1, ",
     .said = "vocab.json: a zero in a string (at byte 3)"},
    {.what = "timm",
     .form = {.open_clip = true},
     .file = "open_clip_config.json",
     .from = "\"head_width\"",
     .to = "\"timm_model_name\": \"fastvit\", \"head_width\"",
     .said = "MobileCLIP S0 to S4"},
    {.what = "unknown key",
     .form = {.open_clip = true},
     .file = "open_clip_config.json",
     .from = "\"head_width\"",
     .to = "\"new_trick\": 1, \"head_width\"",
     .said = "vision_cfg.new_trick is not known"},
    {.what = "no mask",
     .form = {.open_clip = true},
     .file = "open_clip_config.json",
     .from = "\"context_length\"",
     .to = "\"no_causal_mask\": true, \"context_length\"",
     .said = "no_causal_mask true do not go"},
    {.what = "longest",
     .form = {.open_clip = true},
     .file = "open_clip_config.json",
     .from = "shortest",
     .to = "longest",
     .said = "resize_mode is 'longest'"},
    {.what = "head width",
     .form = {.open_clip = true},
     .file = "open_clip_config.json",
     .from = "\"head_width\":\t32",
     .to = "\"head_width\":\t0",
     .said = "head_width 0"},
};

static void replace(const char *folder, const struct fault *f) {
    const char *path = checkpoint_path(folder, f->file);
    if (!f->from) {
        assert_int_equal(remove(path), 0);
        return;
    }
    char *text = checkpoint_get(path, NULL), *at = strstr(text, f->from), *changed = NULL;
    if (!at) fail_msg("%s: no %s in %s", f->what, f->from, f->file);
    int length = asprintf(&changed, "%.*s%s%s", (int)(at - text), text, f->to, at + strlen(f->from));
    assert_true(length >= 0);
    checkpoint_put(folder, f->file, changed, (size_t)length);
    free(changed);
    free(text);
}

/* One line, status 1, nothing new on the disk. */
static void check_refused(const char *from, const char *out, const char *said, rlim_t limit) {
    const char *blob = checkpoint_path(out, "x.gguf"), *report = checkpoint_path(out, "x.json");
    const char *arguments[] = {from, "-o", blob, "--report", report, NULL};
    struct outcome o = run(limit, arguments);
    if (o.status != 1 || count_lines(o.said) != 1 || !strstr(o.said, said))
        fail_msg("status %d, expected '%s', said: %s", o.status, said, o.said);
    if (count_files(out) != 0) fail_msg("%s: something was left behind", said);
    free(o.said);
}

static void test_faults(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        char *folder = checkpoint_folder(), *from = subfolder(folder, "from"), *out = subfolder(folder, "out");
        checkpoint_write("quick", from, &faults[i].form);
        if (faults[i].file) replace(from, &faults[i]);
        check_refused(from, out, faults[i].said, 0);
        free(from);
        free(out);
        checkpoint_remove(folder);
    }
}

/* A token that transformers finds in a text first, wherever it is listed. */
static void test_added_tokens(void **state) {
    static const char cat[] = "{\"content\": \"<cat>\", \"id\": 538}";
    static const struct {
        const char *file, *text;
    } rows[] = {
        {"added_tokens.json", "{\"<cat>\": 538}"},
        {"tokenizer_config.json",
         "{\"added_tokens_decoder\": {\"537\": {\"content\": \"<|endoftext|>\"}, \"538\": {\"content\": \"<cat>\"}}}"},
        {"tokenizer.json", "{\"added_tokens\": [{\"content\": \"<cat>\", \"id\": 538}]}"},
        {NULL, NULL}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char *folder = checkpoint_folder(), *from = subfolder(folder, "from"), *out = subfolder(folder, "out"), *list;
        checkpoint_write("quick", from,
                         &(struct checkpoint_form){.padded = "text_model.embeddings.token_embedding.weight"});
        replace(from,
                &(struct fault){.file = "config.json", .from = "\"vocab_size\": 538", .to = "\"vocab_size\": 539"});
        if (rows[i].file)
            checkpoint_put(from, rows[i].file, rows[i].text, strlen(rows[i].text));
        else if (asprintf(&list, "[%s]", cat) > 0)
            make_tokenizer_json(from, list), free(list);
        check_refused(from, out, "token \"<cat>\" was added to CLIP's vocabulary", 0);
        free(from);
        free(out);
        checkpoint_remove(folder);
    }
}

/* The same symbols, but texts are cut or folded in another way. */
static void test_other_tokenizers(void **state) {
    static const struct {
        const char *from, *to, *said; /* said NULL: converts */
    } rows[] = {
        {"{",
         "{\"normalizer\":{\"type\":\"Sequence\",\"normalizers\":[{\"type\":\"NFC\"},{\"type\":\"Replace\"},{\"type\":"
         "\"Lowercase\"}]},"
         "\"pre_tokenizer\":{\"type\":\"Sequence\",\"pretokenizers\":[{\"type\":\"Split\"},{\"type\":\"ByteLevel\"}]},",
         NULL},
        {"{", "{\"normalizer\":null,", "Lowercase is missing"},
        {"{", "{\"normalizer\":{\"type\":\"NFC\"},", "Lowercase is missing"},
        {"{", "{\"normalizer\":{\"type\":\"BertNormalizer\"},", "normalizer BertNormalizer"},
        {"{", "{\"pre_tokenizer\":{\"type\":\"Whitespace\"},", "pre_tokenizer Whitespace"},
        {"\"model\":{", "\"model\":{\"type\":\"WordPiece\",", "model WordPiece"},
        {"\"model\":{", "\"model\":{\"continuing_subword_prefix\":\"##\",", "continuing_subword_prefix ##"},
        {"\"model\":{", "\"model\":{\"ignore_merges\":true,", "ignore_merges"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char *folder = checkpoint_folder(), *from = subfolder(folder, "from"), *out = subfolder(folder, "out");
        checkpoint_write("quick", from, &(struct checkpoint_form){0});
        make_tokenizer_json(from, "[]");
        replace(from, &(struct fault){"", {0}, "tokenizer.json", rows[i].from, rows[i].to, NULL});
        if (rows[i].said)
            check_refused(from, out, rows[i].said, 0);
        else
            convert_plainly(from, checkpoint_path(out, "x.gguf"), NULL);
        free(from);
        free(out);
        checkpoint_remove(folder);
    }
}

/* Its text becomes a string of the blob, which has to be UTF-8. */
static void test_license(void **state) {
    char *folder = checkpoint_folder(), *from = subfolder(folder, "from"), *out = subfolder(folder, "out");
    (void)state;
    checkpoint_write("quick", from, &(struct checkpoint_form){0});
    checkpoint_put(from, "LICENSE", "caf\xe9", 4);
    check_refused(from, out, "LICENSE: not UTF-8", 0);
    checkpoint_put(from, "LICENSE", "caf\xc3\xa9", 5);
    convert_plainly(from, checkpoint_path(out, "x.gguf"), NULL);
    free(from);
    free(out);
    checkpoint_remove(folder);
}

/* More rows than tokens are padding; which need not be converted otherwise. */
static void test_padded(void **state) {
    (void)state;
    for (int open_clip = 0; open_clip < 2; open_clip++) {
        const char *config = open_clip ? "open_clip_config.json" : "config.json";
        const char *table = open_clip ? "token_embedding.weight" : "text_model.embeddings.token_embedding.weight";
        char *folder = checkpoint_folder();
        checkpoint_write("quick", folder, &(struct checkpoint_form){.open_clip = open_clip, .padded = table});
        replace(folder, &(struct fault){.what = "padded", .file = config, .from = "538", .to = "539"});
        convert_plainly(folder, checkpoint_path(folder, "out.gguf"), checkpoint_path(folder, "report.json"));
        char *text = checkpoint_get(checkpoint_path(folder, "report.json"), NULL);
        assert_non_null(strstr(text, "rows from 538 on have no token: padding"));
        free(text);
        checkpoint_remove(folder);
    }
}

static void test_other_files(void **state) {
    static const struct {
        const char *name, *said;
    } files[] = {{"open_clip_pytorch_model.bin", "no kind of file that is known"},
                 {"model.onnx", "no kind of file that is known"},
                 {"ViT-B-32.pt", "no kind of file that is known"},
                 {"x.safetensors", "not a safetensors file"}};
    char *folder = checkpoint_folder(), *from = subfolder(folder, "from"), *out = subfolder(folder, "out");
    (void)state;
    check_refused(from, out, "no model.safetensors", 0);
    check_refused(checkpoint_path(from, "nothing"), out, "No such file", 0);
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        checkpoint_put(from, files[i].name, "x", 1);
        check_refused(checkpoint_path(from, files[i].name), out, files[i].said, 0);
    }
    check_refused(from, out, "open_clip_pytorch_model.bin has no open_clip_config.json beside it", 0);
    free(from);
    free(out);
    checkpoint_remove(folder);
}

/* Every size at which the disk may be full, up to the whole file. */
static void test_full_disk(void **state) {
    char *folder = checkpoint_folder(), *from = subfolder(folder, "from"), *out = subfolder(folder, "out");
    static const rlim_t limits[] = {1, 4096, 20000, 30000};
    (void)state;
    checkpoint_write("minimal", from, &(struct checkpoint_form){0});
    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++)
        check_refused(from, out, "cannot write: File too large", limits[i]);
    free(from);
    free(out);
    checkpoint_remove(folder);
}

/* The report's folder does not exist: the blob must not stay either. */
static void test_no_report(void **state) {
    char *folder = checkpoint_folder(), *from = subfolder(folder, "from"), *out = subfolder(folder, "out");
    (void)state;
    checkpoint_write("minimal", from, &(struct checkpoint_form){0});
    const char *blob = checkpoint_path(out, "x.gguf"), *report = checkpoint_path(out, "none/x.json");
    struct outcome o = run(0, (const char *[]){from, "-o", blob, "--report", report, NULL});
    assert_int_equal(o.status, 1);
    assert_int_equal(count_lines(o.said), 1);
    assert_int_equal(count_files(out), 0);
    free(o.said);
    free(from);
    free(out);
    checkpoint_remove(folder);
}

/* A disk without room for the report: the blob that stood there stays, the link to it too. */
static void test_no_room_for_report(void **state) {
    (void)state;
    char *folder = checkpoint_folder(), *from = subfolder(folder, "from"), *out = subfolder(folder, "out");
    char *full = strdup(checkpoint_path(out, "full")), *blob = strdup(checkpoint_path(out, "x.gguf"));
    char *report = strdup(checkpoint_path(full, "x.json")), *real = strdup(checkpoint_path(out, "real.gguf"));
    struct stat st;
    checkpoint_write("minimal", from, &(struct checkpoint_form){0});
    checkpoint_put(out, "real.gguf", "old", 3);
    assert_int_equal(symlink("real.gguf", blob), 0);
    assert_int_equal(mkdir(full, 0777), 0);
    bool mounted = !mount("ocelli", full, "tmpfs", 0, "size=4k");
    struct outcome o = {0, NULL};
    if (mounted) o = run(0, (const char *[]){from, "-o", blob, "--report", report, NULL});
    if (mounted) umount2(full, MNT_DETACH);
    rmdir(full);
    assert_int_equal(o.status, mounted ? 1 : 0);
    if (mounted) assert_non_null(strstr(o.said, "No space left on device: make room; nothing was left behind"));
    assert_int_equal(stat(real, &st), 0);
    assert_int_equal(st.st_size, 3);
    assert_int_equal(count_files(out), 2);
    convert_plainly(from, blob, NULL); /* and is what is written */
    assert_int_equal(lstat(blob, &st), 0);
    assert_true(S_ISLNK(st.st_mode));
    assert_int_equal(stat(real, &st), 0);
    assert_true(st.st_size > 1000);
    assert_int_equal(count_files(out), 2);
    free(o.said);
    free(full), free(blob), free(report), free(real);
    free(from), free(out);
    checkpoint_remove(folder);
}

/* Like cmp: 0 for a blob and itself, 1 for another one, 2 for what is no blob. Calibration balances a model with
 * outlier channels, whose report tells of it; of a model without it changes biases alone. */
static void test_compare(void **state) {
    (void)state;
    char *folder = checkpoint_folder(), *page = strdup(checkpoint_path(folder, "page.html"));
    char *one = strdup(checkpoint_path(folder, "one.gguf")), *other = strdup(checkpoint_path(folder, "other.gguf"));
    static const struct {
        const char *name;
        bool balanced;
    } cases[] = {{"outlier", true}, {"quick", false}};
    for (size_t i = 0; i < 2; i++) {
        checkpoint_write(cases[i].name, folder, &(struct checkpoint_form){0});
        convert_well(folder, one, page);
        struct outcome o = run(0, (const char *[]){folder, "-o", other, "--no-calibrate", NULL});
        assert_int_equal(o.status, 0);
        free(o.said);
        for (int same = 0; same < 2; same++) {
            o = run(0, (const char *[]){"--compare", one, same ? one : other, NULL});
            if (o.status != !same) fail_msg("%s: %d: %s", cases[i].name, o.status, o.said);
            free(o.said);
        }
        char *text = checkpoint_get(page, NULL);
        assert_non_null(strstr(text, "<svg"));
        assert_true((strstr(text, "v.blk.0.qkv</td>") != NULL) == cases[i].balanced);
        free(text);
    }
    struct outcome o = run(0, (const char *[]){"--compare", one, page, NULL});
    assert_int_equal(o.status, 2);
    assert_int_equal(count_lines(o.said), 1);
    free(o.said), free(one), free(other), free(page);
    checkpoint_remove(folder);
}

/* A folder without a picture is a fault, and leaves no blob. */
static void test_calibrate(void **state) {
    (void)state;
    char *folder = checkpoint_folder(), *blob = strdup(checkpoint_path(folder, "x.gguf"));
    checkpoint_write("quick", folder, &(struct checkpoint_form){0});
    struct outcome o = run(0, (const char *[]){folder, "-o", blob, "--calibrate", folder, NULL});
    assert_int_equal(o.status, 1);
    assert_non_null(strstr(o.said, "no picture"));
    assert_int_equal(count_lines(o.said), 1);
    free(o.said);
    const char *source = getenv("OCELLI_SOURCE"), *report = strdup(checkpoint_path(folder, "report.json"));
    char *pictures = strdup(checkpoint_path(source ? source : ".", "tools/demo/pictures"));
    o = run(0, (const char *[]){folder, "-o", blob, "--calibrate", pictures, "--report", report, NULL});
    if (o.status) fail_msg("%s", o.said);
    free(o.said);
    char *text = checkpoint_get(checkpoint_path(folder, "report.json"), NULL);
    assert_non_null(strstr(text, "\"given\""));
    free(text), free(blob), free(pictures), free((char *)report);
    checkpoint_remove(folder);
}

static void test_usage(void **state) {
    static const struct {
        const char *arguments[6];
        int status;
    } cases[] = {
        {{NULL}, 2},
        {{"folder", NULL}, 2},
        {{"-o", "x.gguf", NULL}, 2},
        {{"one", "two", "-o", "x.gguf", NULL}, 2},
        {{"one", "-o", NULL}, 2},
        {{"one", "-o", "x.gguf", "--calibrate", NULL}, 2},
        {{"one", "-o", "-", NULL}, 2},
        {{"one", "-o", "x.gguf", "--report", "-", NULL}, 2},
        {{"--help", NULL}, 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct outcome o = run(0, cases[i].arguments);
        assert_int_equal(o.status, cases[i].status);
        assert_int_equal(count_lines(o.said), o.status ? 1 : 0);
        free(o.said);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_models),
        cmocka_unit_test(test_prefixes),
        cmocka_unit_test(test_types),
        cmocka_unit_test(test_two_checkpoints),
        cmocka_unit_test(test_choices),
        cmocka_unit_test(test_report),
        cmocka_unit_test(test_faults),
        cmocka_unit_test(test_other_files),
        cmocka_unit_test(test_full_disk),
        cmocka_unit_test(test_no_report),
        cmocka_unit_test(test_usage),
        cmocka_unit_test(test_compare),
        cmocka_unit_test(test_calibrate),
        cmocka_unit_test(test_transformers_5),
        cmocka_unit_test(test_added_tokens),
        cmocka_unit_test(test_padded),
        cmocka_unit_test(test_other_tokenizers),
        cmocka_unit_test(test_license),
        cmocka_unit_test(test_no_room_for_report),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
