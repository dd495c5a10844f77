/* SPDX-License-Identifier: Apache-2.0 */
#include "convert/tokenizer/tokenizer.h"
#include "base/log.h"
#include "convert/read/gunzip.h"
#include "text/unicode.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static int no_memory(const struct tokenizer *t) {
    return log_fail(OCELLI_ERR_MEMORY, "%s: out of memory", t->file);
}

static int read_text(struct tokenizer *tokenizer, const char *path, struct sources *sources,
                     int (*read)(struct tokenizer *, const char *, size_t)) {
    struct file_bytes file;
    char *unpacked = NULL;
    size_t size = 0;
    int status = source_read(sources, &file, path);
    if (status) return status;
    tokenizer->file = path;
    const char *text = file.data ? (const char *)file.data : ""; /* an empty file has no bytes to point at */
    if (gunzip_is(file.data, file.size)) {
        status = gunzip(file.data, file.size, path, &unpacked, &size);
        if (!status) status = read(tokenizer, unpacked, size);
        free(unpacked);
    } else {
        status = read(tokenizer, text, file.size);
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

/* Beside vocab.json, where it does not list them itself: in three places since transformers 2. */
static int read_added_beside(struct tokenizer *t, const char *folder, struct sources *sources) {
    static const struct {
        const char *name;
        int (*read)(struct tokenizer *, const cJSON *);
    } files[] = {{"added_tokens.json", tokenizer_read_added_map},
                 {"tokenizer_config.json", tokenizer_read_added},
                 {"tokenizer.json", tokenizer_read_added}};
    int status = OCELLI_OK;
    for (size_t i = 0; !status && i < sizeof files / sizeof *files; i++) {
        char *path = source_path(&t->arena, folder, files[i].name);
        if (!path) return no_memory(t);
        if (source_exists(path)) status = read_json(t, path, sources, files[i].read);
    }
    return status;
}

/* vocab.json of a folder and the merges.txt beside it. */
static int read_pair(struct tokenizer *t, const char *folder, struct sources *sources) {
    char *vocab = source_path(&t->arena, folder, "vocab.json"), *merges = source_path(&t->arena, folder, "merges.txt");
    if (!vocab || !merges) return no_memory(t);
    t->vocabulary = vocab;
    int status = read_json(t, vocab, sources, read_vocab_root);
    if (!status) status = read_added_beside(t, folder, sources);
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

static bool is(const struct bpe_text *token, const char *text) {
    return token->length == strlen(text) && memcmp(token->text, text, token->length) == 0;
}

/* CLIP's own spelling, or open_clip's. */
static const char *const start_marks[] = {"<|startoftext|>", "<start_of_text>"}, *const end_marks[] = {"<|endoftext|>",
                                                                                                       "<end_of_text>"};

static int find_mark(const struct tokenizer *t, const char *const spellings[2], uint32_t *id) {
    for (size_t i = 0; i < t->token_count; i++)
        if (is(&t->tokens[i], spellings[0]) || is(&t->tokens[i], spellings[1])) {
            *id = (uint32_t)i;
            return OCELLI_OK;
        }
    return log_fail(OCELLI_ERR_FILE, "%s: no token %s: give CLIP's tokenizer with --tokenizer", t->vocabulary,
                    spellings[0]);
}

/* A mark, or what a word's letters may become anyway: a byte's symbol, or two merged. */
static bool is_ordinary(const struct tokenizer *t, const char *content) {
    size_t length = strlen(content), at = 0;
    for (int i = 0; i < 2; i++)
        if (!strcmp(content, start_marks[i]) || !strcmp(content, end_marks[i])) return true;
    if (length && unicode_check(content, length) == length && (unicode_next(content, length, &at), at == length))
        return true;
    for (size_t i = 0; i < t->merge_count; i++) {
        const struct bpe_text *m = &t->merges[i];
        const char *space = memchr(m->text, ' ', m->length);
        size_t left = space ? (size_t)(space - m->text) : m->length;
        if (length + 1 == m->length && !memcmp(content, m->text, left) &&
            !memcmp(content + left, m->text + left + 1, length - left))
            return true;
    }
    return false;
}

/* transformers finds an added token in a text before it looks at words; here its letters would be read one by one. */
static int check_added(const struct tokenizer *t) {
    for (const struct tokenizer_added *a = t->added; a; a = a->next)
        if (!is_ordinary(t, a->content))
            return log_fail(
                OCELLI_ERR_LIMIT,
                "%s: token \"%s\" was added to CLIP's vocabulary: not supported; with --tokenizer, give the vocabulary "
                "without it if no text will have it",
                a->file, a->content);
    return OCELLI_OK;
}

/* A wrong id for the end mark would take the wrong row of every text. */
static int check_end(const struct tokenizer *t, const struct config *c) {
    if (c->pool == CONFIG_POOL_LARGEST && t->end_id + 1 != t->token_count)
        return log_fail(OCELLI_ERR_FILE,
                        "%s: the end mark has id %u of %zu: the model takes its text at the largest id", t->vocabulary,
                        t->end_id, t->token_count);
    if (c->pool == CONFIG_POOL_END && t->end_id != c->end_id)
        return log_fail(OCELLI_ERR_FILE, "%s: the end mark has id %u, %s says %u: give the model's own tokenizer",
                        t->vocabulary, t->end_id, c->file, c->end_id);
    return OCELLI_OK;
}

/* Rows that no token has are padding, for the sake of a round number. If nothing says the end mark's id, many such rows
 * may mean another model's tokenizer: that is refused. */
static int check_count(const struct tokenizer *t, const struct config *c) {
    enum { PADDING_MOST = 1024 };
    bool padded = t->token_count < c->vocabulary && c->token_rows == c->vocabulary &&
                  (c->pool == CONFIG_POOL_END || c->vocabulary - t->token_count < PADDING_MOST);
    if (t->token_count == c->vocabulary || padded) return OCELLI_OK;
    return log_fail(OCELLI_ERR_FILE, "%s: %zu tokens, %s says %u: give the model's own tokenizer", t->vocabulary,
                    t->token_count, c->file, c->vocabulary);
}

static int check(struct tokenizer *tokenizer, const struct config *config) {
    int status = check_added(tokenizer);
    if (!status) status = check_count(tokenizer, config);
    if (!status) status = find_mark(tokenizer, start_marks, &tokenizer->start_id);
    if (!status) status = find_mark(tokenizer, end_marks, &tokenizer->end_id);
    if (!status) status = check_end(tokenizer, config);
    if (status) return status;
    struct bpe_params params = {.tokens = tokenizer->tokens,
                                .token_count = tokenizer->token_count,
                                .merges = tokenizer->merges,
                                .merge_count = tokenizer->merge_count,
                                .start_id = tokenizer->start_id,
                                .end_id = tokenizer->end_id,
                                .context = config->text.tokens,
                                .name = tokenizer->file};
    struct bpe *bpe;
    status = bpe_create(&bpe, &params);
    if (status) return status;
    tokenizer->encoder = encoder_of(bpe, NULL);
    return tokenizer->encoder ? OCELLI_OK : no_memory(tokenizer);
}

/* That are not merged of others: a byte each, alone and at the end of a word, and two marks. */
enum { SYMBOLS = 2 * 256 + 2 };

int tokenizer_load(struct tokenizer *tokenizer, const char *path, const char *folder, const struct config *config,
                   struct sources *sources, struct report *report) {
    *tokenizer = (struct tokenizer){.file = folder};
    if (config->pool == CONFIG_POOL_LAST) {
        int status = tokenizer_load_spm(tokenizer, path, folder, config, sources, report);
        if (status) tokenizer_finish(tokenizer);
        return status;
    }
    int status = read_any(tokenizer, path ? path : folder, sources);
    if (!tokenizer->vocabulary) tokenizer->vocabulary = tokenizer->file;
    if (!status) status = check(tokenizer, config);
    if (!status && tokenizer->merge_count + SYMBOLS < tokenizer->token_count)
        status = log_fail(
            OCELLI_ERR_FILE, "%s: %zu merges for %zu tokens, which need %zu: the file is cut short: fetch it again",
            tokenizer->file, tokenizer->merge_count, tokenizer->token_count, tokenizer->token_count - SYMBOLS);
    if (!status) status = tokenizer_check_others(tokenizer, path ? path : folder);
    if (status) {
        tokenizer_finish(tokenizer);
        return status;
    }
    report_choice(report, "tokenizer", tokenizer->vocabulary, "%s; %zu tokens, %zu merges",
                  path ? "given by --tokenizer" : "beside the weights", tokenizer->token_count, tokenizer->merge_count);
    if (tokenizer->token_count < config->vocabulary) {
        char rows[16];
        snprintf(rows, sizeof rows, "%u", config->vocabulary);
        report_choice(report, "vocabulary", rows, "vocab_size; rows from %zu on have no token: padding",
                      tokenizer->token_count);
    }
    report_choice(report, "padding", "0", "whatever the layout; without effect under a causal mask");
    return OCELLI_OK;
}

void tokenizer_finish(struct tokenizer *tokenizer) {
    encoder_destroy(&tokenizer->encoder);
    spm_finish(&tokenizer->spm);
    arena_finish(&tokenizer->arena);
    *tokenizer = (struct tokenizer){0};
}
