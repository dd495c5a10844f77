/* SPDX-License-Identifier: Apache-2.0
 * tokenizer.json tells each step from a text to its ids. CLIP's are: compose (NFC), blanks to one, lower case; cut into
 * words and these into bytes; merge, with </w> at the end of a word. The pattern that cuts words is not compared, as it
 * is written in several ways. */
#include "base/log.h"
#include "convert/tokenizer/tokenizer.h"

#include <string.h>

static int refuse(const struct tokenizer *t, const char *what, const char *value) {
    return log_fail(OCELLI_ERR_FILE, "%s: not CLIP's kind of tokenizer (%s%s): give CLIP's with --tokenizer", t->file,
                    what, value);
}

static const cJSON *get(const cJSON *object, const char *key) {
    return cJSON_GetObjectItemCaseSensitive(object, key);
}

/* The steps under one key of the file. */
struct steps {
    const char *key, *inner;     /* inner: under which key a sequence has its own */
    const char *needed, *others; /* types, each between blanks */
};

static const struct steps steps[] = {
    {"normalizer", "normalizers", " Lowercase ", " NFC Replace "},
    {"pre_tokenizer", "pretokenizers", " ByteLevel ", " Split "},
};

static bool is_in(const char *type, const char *types) {
    size_t length = strlen(type);
    for (const char *at = types; length && (at = strstr(at, type)); at++)
        if (at[-1] == ' ' && at[length] == ' ') return true;
    return false;
}

/* One step, or a sequence of them, which may have sequences in it. As deep as cJSON itself goes. */
static int check_step(const struct tokenizer *t, const struct steps *s, const cJSON *step, bool *found) {
    const char *type = cJSON_GetStringValue(get(step, "type"));
    if (!type) return refuse(t, s->key, " without a type");
    if (!strcmp(type, "Sequence")) {
        int status = OCELLI_OK;
        const cJSON *item;
        cJSON_ArrayForEach(item, get(step, s->inner)) if (!status) status = check_step(t, s, item, found);
        return status;
    }
    *found = *found || is_in(type, s->needed);
    if (is_in(type, s->needed) || is_in(type, s->others)) return OCELLI_OK;
    return log_fail(OCELLI_ERR_FILE, "%s: not CLIP's kind of tokenizer (%s %s): give CLIP's with --tokenizer", t->file,
                    s->key, type);
}

/* A file without the key says nothing; null says that there is no such step. */
static int check_steps(const struct tokenizer *t, const struct steps *s, const cJSON *root) {
    const cJSON *step = get(root, s->key);
    bool found = false;
    if (!step) return OCELLI_OK;
    int status = cJSON_IsNull(step) ? OCELLI_OK : check_step(t, s, step, &found);
    return status || found ? status : refuse(t, s->needed + 1, "is missing");
}

static int check_model(const struct tokenizer *t, const cJSON *model) {
    const char *type = cJSON_GetStringValue(get(model, "type")),
               *suffix = cJSON_GetStringValue(get(model, "end_of_word_suffix"));
    const char *prefix = cJSON_GetStringValue(get(model, "continuing_subword_prefix"));
    const cJSON *dropout = get(model, "dropout");
    if (type && strcmp(type, "BPE") != 0) return refuse(t, "model ", type);
    if (!suffix || strcmp(suffix, "</w>") != 0) return refuse(t, "no end_of_word_suffix \"</w>\"", "");
    if (prefix && *prefix) return refuse(t, "continuing_subword_prefix ", prefix);
    if (cJSON_IsNumber(dropout) && dropout->valuedouble != 0) return refuse(t, "dropout", "");
    if (cJSON_IsTrue(get(model, "byte_fallback"))) return refuse(t, "byte_fallback", "");
    if (cJSON_IsTrue(get(model, "ignore_merges"))) return refuse(t, "ignore_merges", "");
    return OCELLI_OK;
}

int tokenizer_check_kind(const struct tokenizer *tokenizer, const cJSON *root) {
    int status = check_model(tokenizer, get(root, "model"));
    for (size_t i = 0; !status && i < sizeof steps / sizeof *steps; i++)
        status = check_steps(tokenizer, &steps[i], root);
    return status;
}
