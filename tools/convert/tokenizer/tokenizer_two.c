/* SPDX-License-Identifier: Apache-2.0
 * Two tokenizers in one folder. Folders of transformers have one in two or three forms, which say the same. Where they
 * do not, nobody can tell which of them the model was trained with. */
#include "base/log.h"
#include "convert/tokenizer/tokenizer.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* Tokens that one form may have and another not: marks, and what was added. */
enum { MARKS_MOST = 1024 };

struct other {
    const struct tokenizer *t; /* the one that was chosen */
    const char *path;
    size_t seen, different;
    char text[64]; /* the first that differs */
};

static const struct bpe_text *token(const struct tokenizer *t, size_t id) {
    if (t->spm.tokens) return id < t->spm.token_count ? &t->spm.tokens[id] : NULL;
    return id < t->token_count ? &t->tokens[id] : NULL;
}

static size_t count(const struct tokenizer *t) {
    return t->spm.tokens ? t->spm.token_count : t->token_count;
}

/* Marks are spelt in several ways: only what texts are made of is compared. */
static bool is_mark(const struct tokenizer *t, size_t id) {
    if (t->spm.tokens) return t->spm.types[id] != SENTENCEPIECE_NORMAL && t->spm.types[id] != SENTENCEPIECE_BYTE;
    return id == t->start_id || id == t->end_id;
}

static void see(struct other *o, size_t id, const char *text, size_t length) {
    const struct bpe_text *ours = token(o->t, id);
    o->seen++;
    if (ours && is_mark(o->t, id)) return;
    if (ours && ours->length == length && !memcmp(ours->text, text, length)) return;
    if (!ours && id < count(o->t) + MARKS_MOST) return;
    if (!o->different++) snprintf(o->text, sizeof o->text, "%.*s", (int)(length < 60 ? length : 60), text);
}

static int judge(const struct other *o) {
    if (o->different)
        return log_fail(
            OCELLI_ERR_FILE,
            "%s: another tokenizer than %s (\"%s\" and %zu more tokens differ): remove the one that is not the "
            "model's, or name the right one with --tokenizer",
            o->path, o->t->vocabulary, o->text, o->different - 1);
    if (o->seen + MARKS_MOST < count(o->t))
        return log_fail(
            OCELLI_ERR_FILE,
            "%s: another tokenizer than %s (%zu tokens, not %zu): remove the one that is not the model's, or "
            "name the right one with --tokenizer",
            o->path, o->t->vocabulary, o->seen, count(o->t));
    return OCELLI_OK;
}

/* Of CLIP's: the merges decide too, and their order. */
static void see_merges(struct other *o, const cJSON *merges) {
    const cJSON *item;
    size_t i = 0;
    cJSON_ArrayForEach(item, merges) {
        char text[512] = "";
        const char *whole = cJSON_GetStringValue(item);
        const char *left = cJSON_GetStringValue(cJSON_GetArrayItem(item, 0)),
                   *right = cJSON_GetStringValue(cJSON_GetArrayItem(item, 1));
        if (i == o->t->merge_count) return;
        const struct bpe_text *ours = &o->t->merges[i++];
        snprintf(text, sizeof text, "%s%s%s",
                 whole  ? whole
                 : left ? left
                        : "",
                 whole ? "" : " ",
                 whole   ? ""
                 : right ? right
                         : "");
        if (ours->length == strlen(text) && !memcmp(ours->text, text, ours->length)) continue;
        if (!o->different++) snprintf(o->text, sizeof o->text, "%.60s", text);
    }
}

/* model.vocab is {token: id}, or of unigrams [[token, score], ...]. */
static int compare_json(struct other *o) {
    struct sources none = {0};
    cJSON *root;
    int status = json_load(&root, o->path, &none);
    const cJSON *model = cJSON_GetObjectItemCaseSensitive(root, "model"), *item;
    const cJSON *vocabulary = cJSON_GetObjectItemCaseSensitive(model, "vocab");
    size_t id = 0;
    if (!status) cJSON_ArrayForEach(item, vocabulary) {
            const char *text = item->string ? item->string : cJSON_GetStringValue(cJSON_GetArrayItem(item, 0));
            double number = item->string ? item->valuedouble : (double)id++;
            if (text && number >= 0 && number < (double)UINT32_MAX) see(o, (size_t)number, text, strlen(text));
        }
    if (!status && !o->t->spm.tokens) see_merges(o, cJSON_GetObjectItemCaseSensitive(model, "merges"));
    cJSON_Delete(root);
    source_finish(&none);
    return status ? status : judge(o);
}

static int compare_model(struct other *o) {
    struct spm spm = {.file = o->path};
    struct file_bytes file;
    int status = file_read(&file, o->path);
    if (status) return status;
    status = spm_read_model(&spm, file.data, file.size);
    for (size_t i = 0; !status && i < spm.token_count; i++)
        if (spm.types[i] == SENTENCEPIECE_NORMAL)
            see(o, i, spm.tokens[i].text, spm.tokens[i].length);
        else
            o->seen++;
    spm_finish(&spm);
    file_free(&file);
    return status ? status : judge(o);
}

int tokenizer_check_others(struct tokenizer *tokenizer, const char *folder) {
    static const struct {
        const char *name;
        int (*compare)(struct other *);
    } forms[] = {{"tokenizer.json", compare_json}, {"spiece.model", compare_model}, {"tokenizer.model", compare_model}};
    struct stat st;
    int status = OCELLI_OK;
    if (stat(folder, &st) != 0 || !S_ISDIR(st.st_mode)) return OCELLI_OK; /* a file: it was chosen by hand */
    for (size_t i = 0; i < sizeof forms / sizeof *forms && !status; i++) {
        char *path = source_has(folder, forms[i].name) ? source_path(&tokenizer->arena, folder, forms[i].name) : NULL;
        struct other other = {.t = tokenizer, .path = path};
        if (path && strcmp(path, tokenizer->vocabulary) != 0) status = forms[i].compare(&other);
    }
    return status;
}
