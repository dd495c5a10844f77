/* SPDX-License-Identifier: Apache-2.0
 * tokenizer.json of a SentencePiece vocabulary: each step from a text to its ids stands in it, and one that is not
 * known here could give other ids. */
#include "base/log.h"
#include "convert/model/config.h"
#include "convert/tokenizer/tokenizer_spm.h"
#include "text/vocab.h"

#include <openssl/evp.h>
#include <string.h>

static const cJSON *get(const cJSON *object, const char *key) {
    return cJSON_GetObjectItemCaseSensitive(object, key);
}

static const char *text_of(const cJSON *object, const char *key) {
    const char *text = cJSON_GetStringValue(get(object, key));
    return text ? text : "";
}

static int broken(const struct spm *s, const char *what) {
    return log_fail(OCELLI_ERR_FILE, "%s: %s: fetch the file again", s->file, what);
}

static int refuse(const struct spm *s, const char *what, const char *value) {
    return log_fail(OCELLI_ERR_LIMIT, "%s: not a tokenizer of SigLIP's (%s %s): give the model's own", s->file, what,
                    value);
}

static int no_memory(const struct spm *s) {
    return log_fail(OCELLI_ERR_MEMORY, "%s: out of memory", s->file);
}

/* ---- tokens ---- */

static int make_tokens(struct spm *s, size_t count) {
    if (count == 0 || count > CONFIG_MAX_VOCABULARY) return broken(s, "a vocabulary of unusable size");
    s->token_count = count;
    s->tokens = arena_alloc(&s->arena, count, sizeof *s->tokens);
    s->types = arena_alloc(&s->arena, count, 1);
    s->scores = arena_alloc(&s->arena, count, sizeof *s->scores);
    return s->tokens && s->types && s->scores ? OCELLI_OK : no_memory(s);
}

static bool is_byte(const char *text) {
    return strlen(text) == 6 && strncmp(text, "<0x", 3) == 0 && text[5] == '>';
}

static int put(struct spm *s, uint64_t id, const char *text, double score) {
    if (id >= s->token_count || !text || !*text) return broken(s, "an id that is no place in the vocabulary");
    if (s->tokens[id].text) return broken(s, "two tokens for one id");
    s->tokens[id] = (struct bpe_text){arena_copy(&s->arena, text, strlen(text)), strlen(text)};
    s->types[id] = s->merges_pairs && is_byte(text) ? SENTENCEPIECE_BYTE : SENTENCEPIECE_NORMAL;
    s->scores[id] = (float)score;
    return s->tokens[id].text ? OCELLI_OK : no_memory(s);
}

/* {"piece": id, ...} */
static int read_map(struct spm *s, const cJSON *vocab) {
    const cJSON *item;
    uint64_t id, most = 0;
    cJSON_ArrayForEach(item, vocab) if (json_whole(item, CONFIG_MAX_VOCABULARY, &id) && id >= most) most = id + 1;
    int status = make_tokens(s, (size_t)most);
    cJSON_ArrayForEach(item, vocab) {
        if (!status && !json_whole(item, CONFIG_MAX_VOCABULARY, &id)) status = broken(s, "an id that is no number");
        if (!status) status = put(s, id, item->string, 0);
        if (status) return status;
    }
    for (size_t i = 0; i < s->token_count && !status; i++)
        if (!s->tokens[i].text) status = broken(s, "an id without a token");
    return status;
}

/* [["piece", score], ...] */
static int read_list(struct spm *s, const cJSON *vocab) {
    const cJSON *item;
    uint64_t id = 0;
    int status = make_tokens(s, (size_t)cJSON_GetArraySize(vocab));
    cJSON_ArrayForEach(item, vocab) {
        const cJSON *score = cJSON_GetArrayItem(item, 1);
        if (!status && !cJSON_IsNumber(score)) status = broken(s, "a piece without a score");
        if (!status) status = put(s, id++, cJSON_GetStringValue(cJSON_GetArrayItem(item, 0)), score->valuedouble);
        if (status) return status;
    }
    return status;
}

/* Special ones are control tokens; the others stand for a text of their own. */
static int read_added(struct spm *s, const cJSON *list) {
    const cJSON *item;
    cJSON_ArrayForEach(item, list) {
        uint64_t id;
        const char *content = text_of(item, "content");
        if (!json_whole(get(item, "id"), CONFIG_MAX_VOCABULARY, &id) || id >= s->token_count ||
            s->tokens[id].length != strlen(content) || memcmp(s->tokens[id].text, content, strlen(content)) != 0)
            return refuse(s, "a token added to the vocabulary,", content);
        if (cJSON_IsTrue(get(item, "single_word"))) return refuse(s, "single_word of", content);
        if (s->types[id] != SENTENCEPIECE_UNKNOWN)
            s->types[id] = cJSON_IsTrue(get(item, "special")) ? SENTENCEPIECE_CONTROL : SENTENCEPIECE_USER;
    }
    return OCELLI_OK;
}

/* ---- merges ---- */

static uint32_t find(const struct vocab *vocab, const char *text, size_t length) {
    return vocab_find(vocab, (struct bpe_text){text, length}, (struct bpe_text){"", 0});
}

/* "left right", or ["left", "right"] */
static bool read_pair(const struct vocab *vocab, const cJSON *item, uint32_t ids[2]) {
    const char *whole = cJSON_GetStringValue(item), *space = whole ? strchr(whole, ' ') : NULL;
    const char *left = cJSON_GetStringValue(cJSON_GetArrayItem(item, 0));
    const char *right = cJSON_GetStringValue(cJSON_GetArrayItem(item, 1));
    if (whole && !space) return false;
    if (!whole && (!left || !right)) return false;
    ids[0] = whole ? find(vocab, whole, (size_t)(space - whole)) : find(vocab, left, strlen(left));
    ids[1] = whole ? find(vocab, space + 1, strlen(space + 1)) : find(vocab, right, strlen(right));
    return ids[0] != VOCAB_NONE && ids[1] != VOCAB_NONE;
}

static int read_merges(struct spm *s, const cJSON *list) {
    struct vocab vocab;
    const cJSON *item;
    int status = vocab_init(&vocab, s->tokens, (uint32_t)s->token_count, s->file);
    s->merges = arena_alloc(&s->arena, (size_t)cJSON_GetArraySize(list) + 1, 2 * sizeof *s->merges);
    if (!status && !s->merges) status = no_memory(s);
    cJSON_ArrayForEach(item, list) {
        if (!status && !read_pair(&vocab, item, s->merges + 2 * s->merge_count))
            status = broken(s, "a merge that is not two tokens");
        if (status) break;
        s->merge_count++;
    }
    vocab_finish(&vocab);
    return status;
}

/* ---- steps ---- */

static int read_charsmap(struct spm *s, const cJSON *step) {
    const char *base64 = text_of(step, "precompiled_charsmap");
    size_t length = strlen(base64), padding = 0;
    if (length == 0) return OCELLI_OK;
    if (length % 4 || length > INT32_MAX / 2) return broken(s, "a character map that is no base64");
    while (padding < 2 && base64[length - 1 - padding] == '=') padding++;
    s->charsmap = arena_alloc(&s->arena, length, 1);
    if (!s->charsmap) return no_memory(s);
    int size = EVP_DecodeBlock(s->charsmap, (const unsigned char *)base64, (int)length);
    if (size < 0) return broken(s, "a character map that is no base64");
    s->charsmap_size = (size_t)size - padding;
    return OCELLI_OK;
}

static const char mark[] = "\xe2\x96\x81";

static int read_normalizer(struct spm *s, const cJSON *step) {
    const char *type = text_of(step, "type");
    const cJSON *item, *pattern = get(step, "pattern");
    int status = OCELLI_OK;
    if (!step || cJSON_IsNull(step)) return OCELLI_OK;
    if (!strcmp(type, "Sequence")) {
        cJSON_ArrayForEach(item, get(step, "normalizers")) if (!status) status = read_normalizer(s, item);
        return status;
    }
    if (!strcmp(type, "Precompiled") && !s->merges_pairs) return read_charsmap(s, step);
    if (!strcmp(type, "Lowercase") && s->merges_pairs) {
        s->lower = true;
        return OCELLI_OK;
    }
    if (!strcmp(type, "Replace") && s->merges_pairs && !strcmp(text_of(pattern, "String"), " ") &&
        !strcmp(text_of(step, "content"), mark))
        return OCELLI_OK;
    if (!strcmp(type, "Replace") && !s->merges_pairs && !strcmp(text_of(pattern, "Regex"), " {2,}")) return OCELLI_OK;
    if (!strcmp(type, "Strip") && !s->merges_pairs) return OCELLI_OK;
    return refuse(s, "normalizer", type);
}

/* Pairs: a cut at blanks that are marks by then. Unigram: words, each with a mark before it. */
static int read_pre_tokenizer(struct spm *s, const cJSON *step) {
    const char *type = text_of(step, "type");
    const cJSON *item;
    int status = OCELLI_OK;
    if (!step || cJSON_IsNull(step)) return OCELLI_OK;
    if (!strcmp(type, "Sequence")) {
        cJSON_ArrayForEach(item, get(step, "pretokenizers")) if (!status) status = read_pre_tokenizer(s, item);
        return status;
    }
    if (s->merges_pairs && !strcmp(type, "Split") && !strcmp(text_of(get(step, "pattern"), "String"), " "))
        return OCELLI_OK;
    if (!s->merges_pairs && !strcmp(type, "WhitespaceSplit")) return OCELLI_OK;
    if (s->merges_pairs || strcmp(type, "Metaspace") != 0) return refuse(s, "pre_tokenizer", type);
    if (!strcmp(text_of(step, "prepend_scheme"), "never")) s->space_before = false;
    return OCELLI_OK;
}

static int check_pairs(const struct spm *s, const cJSON *model) {
    const cJSON *dropout = get(model, "dropout");
    if (*text_of(model, "end_of_word_suffix") || *text_of(model, "continuing_subword_prefix"))
        return refuse(s, "marks of words", "");
    if (!cJSON_IsTrue(get(model, "byte_fallback"))) return refuse(s, "no byte_fallback", "");
    if (cJSON_IsTrue(get(model, "ignore_merges"))) return refuse(s, "ignore_merges", "");
    if (cJSON_IsNumber(dropout) && dropout->valuedouble != 0) return refuse(s, "dropout", "");
    return OCELLI_OK;
}

static int read_unknown(struct spm *s, const cJSON *model) {
    uint64_t id = UINT32_MAX;
    if (s->merges_pairs)
        id = spm_find(s, text_of(model, "unk_token"));
    else if (!json_whole(get(model, "unk_id"), CONFIG_MAX_VOCABULARY, &id))
        return broken(s, "no unk_id");
    if (id >= s->token_count) return broken(s, "no token for what is unknown");
    s->types[id] = SENTENCEPIECE_UNKNOWN;
    return OCELLI_OK;
}

int spm_read_json(struct spm *spm, const cJSON *root) {
    const cJSON *model = get(root, "model"), *vocab = get(model, "vocab");
    const char *type = text_of(model, "type");
    spm->merges_pairs = strcmp(type, "BPE") == 0;
    spm->space_before = spm->single_spaces = !spm->merges_pairs;
    if (!spm->merges_pairs && strcmp(type, "Unigram") != 0) return refuse(spm, "model", type);
    int status = spm->merges_pairs ? check_pairs(spm, model) : OCELLI_OK;
    if (!status) status = spm->merges_pairs ? read_map(spm, vocab) : read_list(spm, vocab);
    if (!status) status = read_unknown(spm, model);
    if (!status) status = read_added(spm, get(root, "added_tokens"));
    if (!status && spm->merges_pairs) status = read_merges(spm, get(model, "merges"));
    if (!status) status = read_normalizer(spm, get(root, "normalizer"));
    return status ? status : read_pre_tokenizer(spm, get(root, "pre_tokenizer"));
}
