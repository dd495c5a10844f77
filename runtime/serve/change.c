/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/change.h"
#include "serve/words.h"

#include <ocelli.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Lists first. Examples are files of the board: not for who asks. */
enum { PROMPT, AGAINST, LISTS, GROUP = LISTS, RULE, KEYS = RULE + RULES };

static const char *key_of(int key) {
    static const char *const texts[RULE] = {"prompt", "against", "group"};
    return key < RULE ? texts[key] : rules_key((enum rule)(key - RULE));
}

#define refuse(message, code, ...) (snprintf(message, SERVE_MESSAGE, __VA_ARGS__), (code))

const char *serve_change_key(const char *value) {
    for (int i = 0; i < KEYS; i++) {
        size_t length = strlen(key_of(i));
        if (!strncmp(value, key_of(i), length) && value[length] == '=') return key_of(i);
    }
    return NULL;
}

static enum serve_code check(const char *what, const char *text, size_t most, char message[SERVE_MESSAGE]) {
    size_t size = strlen(text);
    if (size > most) return refuse(message, SERVE_LONG, "a %s is at most %zu bytes", what, most);
    if (!size || strchr(" \t", text[0]) || strchr(" \t", text[size - 1]))
        return refuse(message, SERVE_USAGE, "a %s is not empty, and neither begins nor ends with a blank", what);
    if (serve_words_check(text, size) || strchr(text, '\t'))
        return refuse(message, SERVE_UTF8, "a %s is UTF-8 without control characters", what);
    return SERVE_OK;
}

enum serve_code serve_change_name(const char *name, char message[SERVE_MESSAGE]) {
    return check("name", name, SERVE_NAME_MOST, message);
}

enum serve_code serve_change_value(enum serve_change_kind kind, const char *word, struct serve_value *value,
                                   char message[SERVE_MESSAGE]) {
    const char *key = serve_change_key(word);
    *value = (struct serve_value){key ? key : key_of(PROMPT), key ? word + strlen(key) + 1 : word};
    bool list = value->key == key_of(PROMPT) || value->key == key_of(AGAINST);
    if (kind == SERVE_ADD && !list) return refuse(message, SERVE_USAGE, "add takes prompts and against=; set takes %s=", key);
    if (kind == SERVE_REMOVE && !list && value->text[0]) return refuse(message, SERVE_USAGE, "write %s= alone to remove it", key);
    if (kind == SERVE_REMOVE && !list) return SERVE_OK;
    return check("text", value->text, SERVE_TEXT_MOST, message);
}

/* ---- the text ---- */

enum { VALUES = 1024 }; /* of one key */

struct edit {
    struct tags_text *text;
    const struct tags_file_tag *tag; /* NULL: new */
    const struct serve_change *change;
    char *message;
};

static const struct prompts_list *list_of(const struct tags_file_tag *tag, const char *key) {
    static const struct prompts_list none;
    if (!tag || (key == key_of(PROMPT) && tag->named_only)) return &none;
    return key == key_of(PROMPT) ? &tag->prompts : key == key_of(AGAINST) ? &tag->against : &none;
}

static bool has(const char *const *texts, size_t count, const char *text) {
    for (size_t i = 0; i < count; i++)
        if (!strcmp(texts[i], text)) return true;
    return false;
}

static enum serve_code code_of(int status, char *message) {
    if (!status) return SERVE_OK;
    if (status == OCELLI_ERR_LIMIT) return refuse(message, SERVE_LIMIT, "too many tags");
    if (status == OCELLI_ERR_MEMORY) return refuse(message, SERVE_FAILED, "out of memory");
    return refuse(message, SERVE_USAGE, "that would be no good tags.ini: see docs/cli.md for what names, texts and rules may be");
}

/* What the change names of this key. */
static size_t named(const struct serve_change *c, const char *key, const char **texts) {
    size_t count = 0;
    for (size_t i = 0; i < c->count; i++)
        if (!strcmp(c->values[i].key, key) && !has(texts, count, c->values[i].text)) texts[count++] = c->values[i].text;
    return count;
}

/* The key's texts after the change; false: one to be removed is not there, or too many. */
static bool merged(const struct edit *e, const char *key, const char **texts, size_t *count) {
    const char *given[SERVE_WORDS];
    size_t givens = named(e->change, key, given), had = 0;
    const struct prompts_list *old = list_of(e->tag, key);
    *count = 0;
    if (old->count + givens > VALUES) return false;
    for (size_t i = 0; e->change->kind != SERVE_SET && i < old->count; i++) {
        bool drop = e->change->kind == SERVE_REMOVE && has(given, givens, old->texts[i]);
        if (drop)
            had++;
        else
            texts[(*count)++] = old->texts[i];
    }
    if (e->change->kind == SERVE_REMOVE) return had >= givens;
    for (size_t i = 0; i < givens; i++)
        if (!has(texts, *count, given[i])) texts[(*count)++] = given[i];
    return true;
}

static enum serve_code edit_key(const struct edit *e, int key) {
    const char *texts[VALUES];
    size_t count = named(e->change, key_of(key), texts);
    if (!count) return SERVE_OK;
    if (key < LISTS && !merged(e, key_of(key), texts, &count))
        return refuse(e->message, SERVE_NONE, "no such text of %s", key_of(key));
    if (key >= LISTS && e->change->kind == SERVE_REMOVE) count = 0;
    return code_of(tags_edit_set(e->text, e->change->tag, key_of(key), texts, count), e->message);
}

static enum serve_code edit_keys(const struct edit *e) {
    enum serve_code code = SERVE_OK;
    if (!e->tag && e->change->kind != SERVE_REMOVE) {
        const char *name = e->change->tag;
        const char *unused[SERVE_WORDS];
        if (!named(e->change, key_of(PROMPT), unused))
            code = code_of(tags_edit_set(e->text, name, key_of(PROMPT), &name, 1), e->message);
    }
    /* Thresholds come in pairs, so from the last key to the first when they go: off goes before on. */
    for (int i = 0; !code && i < KEYS; i++) code = edit_key(e, e->change->kind == SERVE_REMOVE ? KEYS - 1 - i : i);
    return code;
}

enum serve_code serve_change_text(struct tags_text *text, const struct tags_file *file, const struct serve_change *change,
                                  char message[SERVE_MESSAGE]) {
    struct tags_text copy = *text;
    struct edit e = {&copy, tags_file_find(file, change->tag), change, message};
    if (!e.tag && change->kind == SERVE_REMOVE) return refuse(message, SERVE_NONE, "no tag \"%.100s\"", change->tag);
    if (e.tag && change->kind == SERVE_ADD && !change->count) return SERVE_OK;
    copy.bytes = malloc(text->size ? text->size : 1);
    if (!copy.bytes) return refuse(message, SERVE_FAILED, "out of memory");
    if (text->size) memcpy(copy.bytes, text->bytes, text->size);
    enum serve_code code =
        change->count || change->kind != SERVE_REMOVE ? edit_keys(&e) : code_of(tags_edit_remove(&copy, change->tag), message);
    if (code) {
        free(copy.bytes);
        return code;
    }
    free(text->bytes);
    *text = copy;
    return SERVE_OK;
}
