/* SPDX-License-Identifier: Apache-2.0
 * Which SentencePiece file is a SigLIP's tokenizer, and what surrounds it: the marks, and what texts go through first.
 */
#include "base/log.h"
#include "convert/tokenizer/tokenizer.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static int no_memory(const struct tokenizer *t) {
    return log_fail(OCELLI_ERR_MEMORY, "%s: out of memory", t->file);
}

static int read_file(struct tokenizer *t, const char *path, struct sources *sources) {
    struct file_bytes file;
    t->file = t->vocabulary = t->spm.file = path;
    if (source_ends_with(path, ".json")) {
        cJSON *root;
        int status = json_load(&root, path, sources);
        if (!status) status = spm_read_json(&t->spm, root);
        cJSON_Delete(root);
        return status;
    }
    int status = source_read(sources, &file, path);
    if (status) return status;
    status = spm_read_model(&t->spm, file.data, file.size);
    file_free(&file);
    return status;
}

static int read_any(struct tokenizer *t, const char *path, struct sources *sources) {
    static const char *const names[] = {"spiece.model", "tokenizer.json", "tokenizer.model"};
    struct stat st;
    char *copy = arena_copy(&t->arena, path, strlen(path));
    if (!copy) return no_memory(t);
    if (stat(path, &st) != 0 || !S_ISDIR(st.st_mode)) return read_file(t, copy, sources);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char *file = source_has(path, names[i]) ? source_path(&t->arena, path, names[i]) : NULL;
        if (file) return read_file(t, file, sources);
    }
    return log_fail(
        OCELLI_ERR_FILE,
        "%s: no tokenizer here (spiece.model, tokenizer.json or tokenizer.model): give one with --tokenizer", path);
}

/* A mark: "text" or {"content": "text"}. */
static const char *mark_of(const cJSON *config, const char *key, const char *otherwise) {
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(config, key);
    if (cJSON_IsObject(item)) item = cJSON_GetObjectItemCaseSensitive(item, "content");
    return cJSON_IsString(item) ? item->valuestring : otherwise;
}

static int find_mark(const struct tokenizer *t, const char *mark, uint32_t *id) {
    *id = spm_find(&t->spm, mark);
    if (*id != UINT32_MAX) return OCELLI_OK;
    return log_fail(OCELLI_ERR_FILE, "%s: no token %s: give the model's own tokenizer", t->vocabulary, mark);
}

/* What transformers' class does to a text. */
static int find_clean(struct tokenizer *t, const struct config *c, const cJSON *config, struct report *r) {
    const char *class = mark_of(config, "tokenizer_class", ""), *rule = NULL;
    const cJSON *keeps_case = cJSON_GetObjectItemCaseSensitive(config, "do_lower_case");
    if (!strncmp(class, "Gemma", 5) || !strncmp(class, "T5", 2) || !strncmp(class, "PreTrained", 10) ||
        !strcmp(class, "TokenizersBackend"))
        rule = "none";
    if (!strncmp(class, "Siglip2", 7)) rule = "lower";
    if (!strcmp(class, "SiglipTokenizer")) rule = "siglip";
    if (!*class) rule = t->spm.merges_pairs ? "none" : "siglip";
    if (t->spm.lower && rule) rule = "lower";
    if (c->clean) rule = c->clean;
    if (!rule || (!strcmp(rule, "siglip") && cJSON_IsFalse(keeps_case)))
        return log_fail(OCELLI_ERR_LIMIT, "%s: tokenizer_class '%s'%s: not supported", t->file, class,
                        rule ? " that keeps capital letters" : "");
    for (int i = 0; i < CANONICAL_RULES; i++)
        if (!strcmp(rule, canonical_names[i])) t->clean = (enum canonical_rule)i;
    report_choice(r, "text canonicalisation", rule, "%s",
                  c->clean ? "text_cfg.tokenizer_kwargs.clean, or open_clip's default"
                  : *class ? "tokenizer_class in tokenizer_config.json"
                           : "no tokenizer_class: transformers' default for the model");
    return OCELLI_OK;
}

/* transformers puts no mark before the texts of these models. */
static int check_config(const struct tokenizer *t, const cJSON *config) {
    if (!cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(config, "add_bos_token"))) return OCELLI_OK;
    return log_fail(OCELLI_ERR_LIMIT, "%s: add_bos_token is true in tokenizer_config.json: not supported",
                    t->vocabulary);
}

static int read_surroundings(struct tokenizer *t, const struct config *c, const cJSON *config, struct report *r) {
    bool pairs = t->spm.merges_pairs;
    int status = check_config(t, config);
    if (!status) status = find_mark(t, mark_of(config, "eos_token", pairs ? "<eos>" : "</s>"), &t->end_id);
    if (!status) status = find_mark(t, mark_of(config, "pad_token", pairs ? "<pad>" : "</s>"), &t->padding_id);
    if (!status) status = find_clean(t, c, config, r);
    char id[16];
    snprintf(id, sizeof id, "%u", t->padding_id);
    if (!status)
        report_choice(r, "padding", id, "pad_token %s in tokenizer_config.json, up to %u ids",
                      mark_of(config, "pad_token", "is absent"), c->text.tokens);
    return status;
}

/* tokenizer_config.json beside the vocabulary, or beside the weights. */
static int load_config(struct tokenizer *t, const char *folder, struct sources *sources, cJSON **config) {
    static const char name[] = "tokenizer_config.json";
    char *beside = arena_copy(&t->arena, t->vocabulary, strlen(t->vocabulary));
    if (!beside) return no_memory(t);
    char *slash = strrchr(beside, '/');
    if (slash) *slash = 0;
    const char *in = slash && source_has(beside, name) ? beside : folder;
    char *path = source_has(in, name) ? source_path(&t->arena, in, name) : NULL;
    return path ? json_load(config, path, sources) : OCELLI_OK;
}

static int create(struct tokenizer *t, const struct config *c) {
    struct sentencepiece_params p = tokenizer_spm_params(t);
    struct sentencepiece *sp;
    p.context = c->text.tokens;
    int status = sentencepiece_create(&sp, &p);
    if (status) return status;
    t->encoder = encoder_of(NULL, sp);
    return t->encoder ? OCELLI_OK : no_memory(t);
}

struct sentencepiece_params tokenizer_spm_params(const struct tokenizer *tokenizer) {
    const struct spm *s = &tokenizer->spm;
    bool marked = tokenizer->clean == CANONICAL_SIGLIP; /* that rule puts the blank there itself */
    return (struct sentencepiece_params){.merges_pairs = s->merges_pairs,
                                         .tokens = s->tokens,
                                         .token_count = s->token_count,
                                         .types = s->types,
                                         .scores = (const uint8_t *)s->scores,
                                         .merges = (const uint8_t *)s->merges,
                                         .merge_count = s->merge_count,
                                         .charsmap = s->charsmap,
                                         .charsmap_size = s->charsmap_size,
                                         .space_before = s->space_before && !marked,
                                         .single_spaces = s->single_spaces,
                                         .clean = tokenizer->clean,
                                         .end_id = tokenizer->end_id,
                                         .name = tokenizer->vocabulary};
}

int tokenizer_load_spm(struct tokenizer *tokenizer, const char *path, const char *folder, const struct config *config,
                       struct sources *sources, struct report *report) {
    cJSON *surroundings = NULL;
    int status = read_any(tokenizer, path ? path : folder, sources);
    if (!status) status = load_config(tokenizer, folder, sources, &surroundings);
    if (!status) status = read_surroundings(tokenizer, config, surroundings, report);
    cJSON_Delete(surroundings);
    if (!status && tokenizer->spm.token_count > config->vocabulary)
        status = log_fail(OCELLI_ERR_FILE, "%s: %zu tokens, %s says %u: give the model's own tokenizer",
                          tokenizer->vocabulary, tokenizer->spm.token_count, config->file, config->vocabulary);
    if (!status) status = create(tokenizer, config);
    if (!status) status = tokenizer_check_others(tokenizer, path ? path : folder);
    if (status) return status;
    report_choice(report, "tokenizer", tokenizer->vocabulary, "%s; %s, %zu tokens",
                  path ? "given by --tokenizer" : "beside the weights",
                  tokenizer->spm.merges_pairs ? "byte-pair with bytes" : "unigram", tokenizer->spm.token_count);
    return OCELLI_OK;
}
