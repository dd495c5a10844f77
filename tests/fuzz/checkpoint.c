/* SPDX-License-Identifier: Apache-2.0
 * Any bytes as one of the small files of a checkpoint; the first byte says which. What is taken must be
 * within the limits and must make a tokenizer or a clean refusal of one. */
#include "tokenizer.h"

#include <math.h>

enum kind { TRANSFORMERS, OPEN_CLIP, TOKENIZER, VOCAB, KINDS };

/* ---- seeds ---- */

/* Two files are parted by a NUL. */
static const char transformers[] =
    "{\"model_type\":\"clip\",\"projection_dim\":8,\"vision_config\":{\"hidden_size\":16,\"intermediate_size\":32,"
    "\"num_hidden_layers\":1,\"num_attention_heads\":2,\"layer_norm_eps\":1e-05,\"hidden_act\":\"quick_gelu\","
    "\"image_size\":16,\"patch_size\":8,\"num_channels\":3},\"text_config\":{\"hidden_size\":16,\"intermediate_size\":"
    "32,"
    "\"num_hidden_layers\":1,\"num_attention_heads\":2,\"max_position_embeddings\":8,\"vocab_size\":9,\"eos_token_id\":"
    "8}}"
    "\0{\"image_processor_type\":\"CLIPImageProcessor\",\"do_resize\":true,\"do_center_crop\":true,\"do_rescale\":true,"
    "\"do_normalize\":true,\"size\":{\"shortest_edge\":16},\"crop_size\":{\"height\":16,\"width\":16},\"resample\":3,"
    "\"rescale_factor\":0.00392156862745098,\"image_mean\":[0.5,0.5,0.5],\"image_std\":[0.5,0.5,0.5]}";
static const char open_clip[] = "{\"model_cfg\":{\"embed_dim\":8,\"quick_gelu\":true,\"vision_cfg\":{\"image_size\":["
                                "16,16],\"layers\":1,\"width\":16,"
                                "\"head_width\":8,\"patch_size\":8,\"mlp_ratio\":2.0,\"act_kwargs\":{\"approximate\":"
                                "\"tanh\"},\"pool_type\":\"tok\"},"
                                "\"text_cfg\":{\"context_length\":8,\"vocab_size\":9,\"width\":16,\"heads\":2,"
                                "\"layers\":1,\"norm_kwargs\":{\"eps\":1e-6}}},"
                                "\"preprocess_cfg\":{\"mean\":[0.5,0.5,0.5],\"std\":[0.5,0.5,0.5],\"interpolation\":"
                                "\"bicubic\",\"resize_mode\":\"squash\","
                                "\"size\":16,\"mode\":\"RGB\"}}";
static const char tokenizer[] =
    "{\"model\":{\"end_of_word_suffix\":\"</w>\",\"vocab\":{\"a\":0,\"b\":1,\"b</w>\":2,\"ab</"
    "w>\":3,\"<|startoftext|>\":4},"
    "\"merges\":[\"a b</w>\",[\"a\",\"b</w>\"]]},\"added_tokens\":[{\"id\":5,\"content\":\"<|endoftext|>\"},"
    "{\"id\":4,\"content\":\"<|startoftext|>\"}]}";
static const char vocab[] = "{\"a\":0,\"b\":1,\"b</w>\":2,\"ab</w>\":3,\"<|startoftext|>\":4,\"<|endoftext|>\":5}"
                            "\0#version: 0.2\na b</w>\r\na b\n";
int LLVMFuzzerInitialize(int *argc, char ***argv) {
    static const struct {
        const char *name, *text;
        size_t size;
    } seeds[KINDS] = {{"transformers", transformers, sizeof transformers - 1},
                      {"open_clip", open_clip, sizeof open_clip - 1},
                      {"tokenizer", tokenizer, sizeof tokenizer - 1},
                      {"vocab", vocab, sizeof vocab - 1}};
    uint8_t bytes[2048];
    ocelli_set_log(fuzz_hear, NULL);
    for (uint8_t kind = 0; kind < KINDS; kind++) {
        bytes[0] = kind;
        memcpy(bytes + 1, seeds[kind].text, seeds[kind].size);
        fuzz_seed(*argc, *argv, seeds[kind].name, bytes, 1 + seeds[kind].size);
    }
    return 0;
}

/* ---- files ---- */

struct file {
    char *bytes; /* on exactly its bytes of heap; never NULL, as the readers of files see to */
    size_t size;
};

static struct file file_of(const uint8_t *data, size_t size) {
    struct file f = {malloc(size ? size : 1), size};
    memcpy(f.bytes, data, size);
    return f;
}

/* Up to the first NUL, and what stands behind it. */
static void split(const uint8_t *data, size_t size, struct file out[2]) {
    const uint8_t *nul = memchr(data, 0, size), *end = data + size;
    const uint8_t *second = nul ? nul + 1 : end;
    out[0] = file_of(data, (size_t)((nul ? nul : end) - data));
    out[1] = file_of(second, (size_t)(end - second));
}

/* ---- configurations ---- */

static void check_tower(const struct config_tower *t) {
    if (t->width - 1 >= CONFIG_MAX_WIDTH || t->hidden - 1 >= CONFIG_MAX_HIDDEN || t->blocks - 1 >= CONFIG_MAX_BLOCKS)
        abort();
    if (t->heads == 0 || t->width % t->heads || t->width / t->heads > CONFIG_MAX_HEAD || !(t->epsilon > 0)) abort();
}

static void check_config(struct config *c) {
    if (fuzz_judge(config_check(c))) return;
    check_tower(&c->image);
    check_tower(&c->text);
    if (c->image_size - 1 >= CONFIG_MAX_IMAGE || c->patch_size == 0 || c->image_size % c->patch_size) abort();
    if (c->image.tokens - 2 >= CONFIG_MAX_TOKENS - 1 || c->text.tokens - 2 >= CONFIG_MAX_CONTEXT - 1) abort();
    if (c->vocabulary - 1 >= CONFIG_MAX_VOCABULARY || c->embedding - 1 >= CONFIG_MAX_WIDTH) abort();
    for (int i = 0; i < 3; i++)
        if (!isfinite(c->mean[i]) || !isfinite(c->std[i]) || c->std[i] <= 0) abort();
}

static int read_config(const struct file *f, struct config *c, struct report *r,
                       int (*read)(struct config *, const cJSON *, const char *, struct report *)) {
    cJSON *root;
    int status = fuzz_judge(json_parse(&root, f->bytes, f->size, "fuzz"));
    if (!status) status = fuzz_judge(read(c, root, "fuzz", r));
    cJSON_Delete(root);
    return status;
}

static void fuzz_config(enum kind kind, const struct file files[2]) {
    struct report r;
    struct config c;
    if (report_init(&r)) abort();
    int status = read_config(&files[0], &c, &r, kind == OPEN_CLIP ? config_open_clip : config_transformers);
    if (!status && kind == TRANSFORMERS) status = read_config(&files[1], &c, &r, config_preprocessor);
    if (!status) check_config(&c);
    if (r.failed) abort();
    report_finish(&r);
}

/* ---- tokenizers ---- */

static int read_json(struct tokenizer *t, const struct file *f, enum kind kind) {
    cJSON *root;
    int status = fuzz_judge(json_parse(&root, f->bytes, f->size, "fuzz"));
    if (!status)
        status = fuzz_judge(kind == TOKENIZER ? tokenizer_read_json(t, root) : tokenizer_read_vocab(t, root, NULL));
    cJSON_Delete(root);
    return status;
}

static void fuzz_tokenizer(enum kind kind, const struct file files[2]) {
    struct tokenizer t = {.file = "fuzz"};
    int status = read_json(&t, &files[0], kind);
    if (!status && kind == VOCAB) status = fuzz_judge(tokenizer_read_merges(&t, files[1].bytes, files[1].size));
    if (!status) check_tokenizer(&t);
    tokenizer_finish(&t);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct file files[2];
    if (size < 1) return 0;
    enum kind kind = (enum kind)(data[0] % KINDS);
    split(data + 1, size - 1, files);
    if (kind == TOKENIZER || kind == VOCAB)
        fuzz_tokenizer(kind, files);
    else
        fuzz_config(kind, files);
    free(files[0].bytes);
    free(files[1].bytes);
    return 0;
}
