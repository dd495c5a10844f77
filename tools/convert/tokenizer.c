/* SPDX-License-Identifier: Apache-2.0 */
#include "convert/tokenizer.h"
#include "base/log.h"
#include "convert/gunzip.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static int no_memory(const struct tokenizer *t) {
    return log_fail(OCELLI_ERR_MEMORY, "%s: out of memory", t->file);
}

static int read_text(struct tokenizer *t, const char *path, struct sources *sources,
                     int (*read)(struct tokenizer *, const char *, size_t)) {
    struct file_bytes file;
    char *unpacked = NULL;
    size_t size = 0;
    int status = source_read(sources, &file, path);
    if (status) return status;
    t->file = path;
    const char *text = file.data ? (const char *)file.data : ""; /* an empty file has no bytes to point at */
    if (gunzip_is(file.data, file.size)) {
        status = gunzip(file.data, file.size, path, &unpacked, &size);
        if (!status) status = read(t, unpacked, size);
        free(unpacked);
    } else {
        status = read(t, text, file.size);
    }
    file_free(&file);
    return status;
}

static int read_vocab_root(struct tokenizer *t, const cJSON *root) {
    return tokenizer_read_vocab(t, root, NULL);
}

static int read_json(struct tokenizer *t, const char *path, struct sources *sources,
                     int (*read)(struct tokenizer *, const cJSON *)) {
    cJSON *root;
    int status = json_load(&root, path, sources);
    t->file = path;
    if (!status) status = read(t, root);
    cJSON_Delete(root);
    return status;
}

/* vocab.json of a folder and the merges.txt beside it. */
static int read_pair(struct tokenizer *t, const char *folder, struct sources *sources) {
    char *vocab = source_path(&t->arena, folder, "vocab.json"), *merges = source_path(&t->arena, folder, "merges.txt");
    if (!vocab || !merges) return no_memory(t);
    t->vocabulary = vocab;
    int status = read_json(t, vocab, sources, read_vocab_root);
    return status ? status : read_text(t, merges, sources, tokenizer_read_merges);
}

static const char simple_name[] = "bpe_simple_vocab_16e6.txt", simple_packed[] = "bpe_simple_vocab_16e6.txt.gz";

static int read_folder(struct tokenizer *t, const char *folder, struct sources *sources) {
    if (source_has(folder, "vocab.json") && source_has(folder, "merges.txt")) return read_pair(t, folder, sources);
    bool json = source_has(folder, "tokenizer.json"), packed = source_has(folder, simple_packed);
    if (!json && !packed && !source_has(folder, simple_name))
        return log_fail(OCELLI_ERR_FILE,
                        "%s: no tokenizer here (vocab.json with merges.txt, tokenizer.json or %s): "
                        "give one with --tokenizer",
                        folder, simple_packed);
    char *path = source_path(&t->arena, folder, json ? "tokenizer.json" : packed ? simple_packed : simple_name);
    if (!path) return no_memory(t);
    return json ? read_json(t, path, sources, tokenizer_read_json) : read_text(t, path, sources, tokenizer_read_simple);
}

static bool named(const char *path, const char *name) {
    size_t length = strlen(path), tail = strlen(name);
    return length >= tail && strcmp(path + length - tail, name) == 0;
}

static int read_any(struct tokenizer *t, const char *path, struct sources *sources) {
    struct stat st;
    char *copy = arena_copy(&t->arena, path, strlen(path));
    if (!copy) return no_memory(t);
    t->file = copy;
    if (stat(path, &st) == 0 && S_ISDIR(st.st_mode)) return read_folder(t, copy, sources);
    if (named(path, "vocab.json") || named(path, "merges.txt")) {
        char *slash = strrchr(copy, '/');
        if (slash) *slash = 0;
        return read_pair(t, slash ? copy : ".", sources);
    }
    return named(path, ".json") ? read_json(t, copy, sources, tokenizer_read_json)
                                : read_text(t, copy, sources, tokenizer_read_simple);
}

/* CLIP's own spelling, or open_clip's. */
static int find_mark(const struct tokenizer *t, const char *spelling, const char *other, uint32_t *id) {
    for (size_t i = 0; i < t->token_count; i++) {
        const struct bpe_text *token = &t->tokens[i];
        if ((token->length == strlen(spelling) && memcmp(token->text, spelling, token->length) == 0) ||
            (token->length == strlen(other) && memcmp(token->text, other, token->length) == 0)) {
            *id = (uint32_t)i;
            return OCELLI_OK;
        }
    }
    return log_fail(OCELLI_ERR_FILE, "%s: no token %s: give CLIP's tokenizer with --tokenizer", t->vocabulary, spelling);
}

/* A wrong id for the end mark would take the wrong row of every text. */
static int check_end(const struct tokenizer *t, const struct config *c) {
    if (c->pool == CONFIG_POOL_LARGEST && t->end_id + 1 != t->token_count)
        return log_fail(OCELLI_ERR_FILE, "%s: the end mark has id %u of %zu: the model takes its text at the largest id",
                        t->vocabulary, t->end_id, t->token_count);
    if (c->pool == CONFIG_POOL_END && t->end_id != c->end_id)
        return log_fail(OCELLI_ERR_FILE, "%s: the end mark has id %u, %s says %u: give the model's own tokenizer", t->vocabulary,
                        t->end_id, c->file, c->end_id);
    return OCELLI_OK;
}

static int check(struct tokenizer *t, const struct config *c) {
    if (t->token_count != c->vocabulary)
        return log_fail(OCELLI_ERR_FILE, "%s: %zu tokens, %s says %u: give the model's own tokenizer", t->vocabulary,
                        t->token_count, c->file, c->vocabulary);
    int status = find_mark(t, "<|startoftext|>", "<start_of_text>", &t->start_id);
    if (!status) status = find_mark(t, "<|endoftext|>", "<end_of_text>", &t->end_id);
    if (!status) status = check_end(t, c);
    if (status) return status;
    t->padding_id = c->pad_with_end ? t->end_id : 0;
    struct bpe_params params = {.tokens = t->tokens,
                                .token_count = t->token_count,
                                .merges = t->merges,
                                .merge_count = t->merge_count,
                                .start_id = t->start_id,
                                .end_id = t->end_id,
                                .context = c->text.tokens,
                                .name = t->file};
    return bpe_create(&t->bpe, &params);
}

int tokenizer_load(struct tokenizer *t, const char *path, const char *folder, const struct config *config,
                   struct sources *sources, struct report *r) {
    *t = (struct tokenizer){.file = folder};
    int status = read_any(t, path ? path : folder, sources);
    if (!t->vocabulary) t->vocabulary = t->file;
    if (!status) status = check(t, config);
    if (status) {
        tokenizer_finish(t);
        return status;
    }
    report_choice(r, "tokenizer", t->vocabulary, "%s; %zu tokens, %zu merges",
                  path ? "given by --tokenizer" : "beside the weights", t->token_count, t->merge_count);
    report_choice(r, "padding", t->padding_id ? "end mark" : "0", "%s; without effect under a causal mask",
                  config->pad_with_end ? "as transformers" : "as open_clip");
    return OCELLI_OK;
}

void tokenizer_finish(struct tokenizer *t) {
    bpe_destroy(&t->bpe);
    arena_finish(&t->arena);
    *t = (struct tokenizer){0};
}
