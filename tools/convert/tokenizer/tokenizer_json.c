/* SPDX-License-Identifier: Apache-2.0
 * vocab.json with merges.txt, and tokenizer.json, which holds both. */
#include "base/log.h"
#include "convert/tokenizer/tokenizer.h"

#include <string.h>

static int broken(const struct tokenizer *t, const char *what) {
    return log_fail(OCELLI_ERR_FILE, "%s: %s: fetch the file again", t->file, what);
}

static int no_memory(const struct tokenizer *t) {
    return log_fail(OCELLI_ERR_MEMORY, "%s: out of memory", t->file);
}

static int put_token(struct tokenizer *t, const char *text, const cJSON *id, bool again) {
    uint64_t at;
    if (!json_whole(id, t->token_count - 1, &at)) return broken(t, "an id that is no place in the vocabulary");
    struct bpe_text *token = &t->tokens[at];
    size_t length = strlen(text);
    bool same = token->text && token->length == length && memcmp(token->text, text, length) == 0;
    if (token->text) return again && same ? OCELLI_OK : broken(t, "two tokens for one id");
    *token = (struct bpe_text){arena_copy(&t->arena, text, length), length};
    return token->text ? OCELLI_OK : no_memory(t);
}

static int read_tokens(struct tokenizer *tokenizer, const cJSON *vocab, const cJSON *added) {
    const cJSON *item;
    cJSON_ArrayForEach(item, vocab) {
        int status = put_token(tokenizer, item->string, item, false);
        if (status) return status;
    }
    cJSON_ArrayForEach(item, added) {
        const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(item, "content"));
        if (!text) return broken(tokenizer, "an added token without content");
        int status = put_token(tokenizer, text, cJSON_GetObjectItemCaseSensitive(item, "id"), true);
        if (status) return status;
    }
    for (size_t i = 0; i < tokenizer->token_count; i++)
        if (!tokenizer->tokens[i].text)
            return log_fail(OCELLI_ERR_FILE, "%s: no token has the id %zu: fetch the file again", tokenizer->file, i);
    return OCELLI_OK;
}

/* One more than the largest id, which is where the ids must end; a few may be "added" only. */
static size_t count_ids(const cJSON *vocab, const cJSON *added) {
    const cJSON *item;
    uint64_t id, most = 0;
    cJSON_ArrayForEach(item, vocab) if (json_whole(item, CONFIG_MAX_VOCABULARY, &id) && id >= most) most = id + 1;
    cJSON_ArrayForEach(item, added) {
        const cJSON *number = cJSON_GetObjectItemCaseSensitive(item, "id");
        if (json_whole(number, CONFIG_MAX_VOCABULARY, &id) && id >= most) most = id + 1;
    }
    return (size_t)most;
}

int tokenizer_read_vocab(struct tokenizer *tokenizer, const cJSON *vocab, const cJSON *added) {
    if (!cJSON_IsObject(vocab) || (added && !cJSON_IsArray(added))) return broken(tokenizer, "no vocabulary in it");
    tokenizer->token_count = count_ids(vocab, added);
    if (tokenizer->token_count == 0 || tokenizer->token_count > CONFIG_MAX_VOCABULARY)
        return broken(tokenizer, "a vocabulary of unusable size");
    tokenizer->tokens = arena_alloc(&tokenizer->arena, tokenizer->token_count, sizeof *tokenizer->tokens);
    return tokenizer->tokens ? read_tokens(tokenizer, vocab, added) : no_memory(tokenizer);
}

/* Lines of "left right"; the first may tell a version. */
int tokenizer_read_merges(struct tokenizer *tokenizer, const char *text, size_t size) {
    size_t lines = 1;
    for (size_t i = 0; i < size; i++) lines += text[i] == '\n';
    tokenizer->merges = arena_alloc(&tokenizer->arena, lines, sizeof *tokenizer->merges);
    if (!tokenizer->merges) return no_memory(tokenizer);
    const char *end = text + size, *line = text;
    for (const char *next; line < end; line = next) {
        const char *stop = memchr(line, '\n', (size_t)(end - line));
        next = stop ? stop + 1 : end;
        if (!stop) stop = end;
        if (stop > line && stop[-1] == '\r') stop--;
        if (stop == line || (line == text && size > 8 && memcmp(text, "#version", 8) == 0)) continue;
        size_t length = (size_t)(stop - line);
        char *copy = arena_copy(&tokenizer->arena, line, length);
        if (!copy) return no_memory(tokenizer);
        tokenizer->merges[tokenizer->merge_count++] = (struct bpe_text){copy, length};
    }
    return OCELLI_OK;
}

/* "left right", or ["left", "right"] in newer files. */
static char *join_merge(struct tokenizer *t, const cJSON *item) {
    const char *whole = cJSON_GetStringValue(item);
    if (whole) return arena_copy(&t->arena, whole, strlen(whole));
    if (!cJSON_IsArray(item) || cJSON_GetArraySize(item) != 2) return NULL;
    const char *left = cJSON_GetStringValue(item->child), *right = cJSON_GetStringValue(item->child->next);
    if (!left || !right) return NULL;
    size_t length = strlen(left);
    char *text = arena_alloc(&t->arena, length + strlen(right) + 2, 1);
    if (!text) return NULL;
    memcpy(text, left, length);
    text[length] = ' ';
    memcpy(text + length + 1, right, strlen(right));
    return text;
}

static int read_merge_array(struct tokenizer *t, const cJSON *merges) {
    const cJSON *item;
    if (!cJSON_IsArray(merges)) return broken(t, "no merges in it");
    t->merges = arena_alloc(&t->arena, (size_t)cJSON_GetArraySize(merges) + 1, sizeof *t->merges);
    if (!t->merges) return no_memory(t);
    cJSON_ArrayForEach(item, merges) {
        char *text = join_merge(t, item);
        if (!text) return broken(t, "a merge that is not two symbols");
        t->merges[t->merge_count++] = (struct bpe_text){text, strlen(text)};
    }
    return OCELLI_OK;
}

static int add_added(struct tokenizer *t, const char *content) {
    struct tokenizer_added *added = arena_alloc(&t->arena, 1, sizeof *added);
    if (!content) return broken(t, "an added token without content");
    if (!added) return no_memory(t);
    *added = (struct tokenizer_added){t->added, t->file, arena_copy(&t->arena, content, strlen(content))};
    if (!added->content) return no_memory(t);
    t->added = added;
    return OCELLI_OK;
}

/* {"added_tokens": [{"content", "id"}]}, or {"added_tokens_decoder": {id: {"content"}}}. */
int tokenizer_read_added(struct tokenizer *tokenizer, const cJSON *root) {
    const cJSON *list = cJSON_GetObjectItemCaseSensitive(root, "added_tokens"), *item;
    if (!list) list = cJSON_GetObjectItemCaseSensitive(root, "added_tokens_decoder");
    int status = OCELLI_OK;
    cJSON_ArrayForEach(item, list) {
        status = add_added(tokenizer, cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(item, "content")));
        if (status) return status;
    }
    return OCELLI_OK;
}

/* {content: id}. */
int tokenizer_read_added_map(struct tokenizer *tokenizer, const cJSON *root) {
    const cJSON *item;
    int status = OCELLI_OK;
    cJSON_ArrayForEach(item, root) {
        status = add_added(tokenizer, item->string);
        if (status) return status;
    }
    return OCELLI_OK;
}

int tokenizer_read_json(struct tokenizer *tokenizer, const cJSON *root) {
    const cJSON *model = cJSON_GetObjectItemCaseSensitive(root, "model");
    const cJSON *added = cJSON_GetObjectItemCaseSensitive(root, "added_tokens");
    int status = tokenizer_check_kind(tokenizer, root);
    if (!status) status = tokenizer_read_vocab(tokenizer, cJSON_GetObjectItemCaseSensitive(model, "vocab"), added);
    if (!status) status = tokenizer_read_added(tokenizer, root);
    return status ? status : read_merge_array(tokenizer, cJSON_GetObjectItemCaseSensitive(model, "merges"));
}
