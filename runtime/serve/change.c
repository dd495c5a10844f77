/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/change.h"
#include "base/compose.h"
#include "base/log.h"
#include "serve/arguments.h"

#include <ocelli.h>
#include <stdio.h>
#include <string.h>

/* The keys of a tag: lists first. Examples are files beside the ini: answers show them, but a request cannot change
 * them. */
enum { PROMPT, AGAINST, LISTS, GROUP = LISTS, RULE, EXAMPLE = RULE + RULES, KEYS = EXAMPLE };

static const char *key_of(int key) {
    static const char *const texts[RULE] = {"prompt", "against", "group"};
    return key == EXAMPLE ? "example" : key < RULE ? texts[key] : rules_key((enum rule)(key - RULE));
}

#define refuse(message, code, ...) (snprintf(message, SERVE_MESSAGE, __VA_ARGS__), (code))

/* The key that "KEY=TEXT" begins with, or -1. */
static int find_key(const char *value) {
    for (int i = 0; i <= EXAMPLE; i++) {
        size_t length = strlen(key_of(i));
        if (!strncmp(value, key_of(i), length) && value[length] == '=') return i;
    }
    return -1;
}

/* Letters, digits and _ that stand before a "=", as a key does: a known one, or one that somebody meant. 0: it begins
 * with none. */
static size_t key_length(const char *value) {
    size_t length = strspn(value, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");
    return value[length] == '=' ? length : 0;
}

bool serve_change_has_key(const char *value) {
    return key_length(value) > 0;
}

static enum serve_code check(const char *what, const char *text, size_t most, char message[SERVE_MESSAGE]) {
    size_t size = strlen(text);
    if (size > most) return refuse(message, SERVE_LONG, "a %s is at most %zu bytes", what, most);
    if (!size || strchr(" \t", text[0]) || strchr(" \t", text[size - 1]))
        return refuse(message, SERVE_USAGE, "a %s is not empty, and neither begins nor ends with a blank", what);
    if (serve_arguments_check(text, size) || strchr(text, '\t'))
        return refuse(message, SERVE_UTF8, "a %s is UTF-8 without control characters", what);
    return SERVE_OK;
}

enum serve_code serve_change_name(const char *name, char message[SERVE_MESSAGE]) {
    return check("name", name, SERVE_NAME_MOST, message);
}

enum serve_code serve_change_value(enum serve_change_kind kind, const char *word, struct serve_value *value,
                                   char message[SERVE_MESSAGE]) {
    int key = find_key(word);
    if (key == EXAMPLE)
        return refuse(message, SERVE_USAGE,
                      "examples are set in the board's file only: write prompt=example=... for a prompt that reads so");
    int length =
        key < 0 && kind != SERVE_REMOVE ? (int)key_length(word) : 0; /* a prompt that the file has can always go */
    if (length)
        return refuse(message, SERVE_USAGE, "no key \"%.*s\": write prompt=%.*s... for a prompt that reads so",
                      length < 32 ? length : 32, word, length < 32 ? length + 1 : 32, word);
    *value =
        key < 0 ? (struct serve_value){key_of(PROMPT), word} : (struct serve_value){key_of(key), strchr(word, '=') + 1};
    bool list = key < LISTS; /* and none, which is a prompt */
    if (kind == SERVE_ADD && !list)
        return refuse(message, SERVE_USAGE, "add takes prompts and against=; set takes %s=", value->key);
    if (kind == SERVE_REMOVE && !list && value->text[0])
        return refuse(message, SERVE_USAGE, "write %s= alone to remove it", value->key);
    if (kind == SERVE_REMOVE && !list) return SERVE_OK;
    return key < RULE ? check("text", value->text, SERVE_TEXT_MOST, message)
                      : check("number", value->text, SERVE_NUMBER_MOST, message);
}

/* ---- the text ---- */

struct edit {
    const struct tags_file_tag *tag; /* NULL: new */
    const struct serve_change *change;
    struct ini_lines lines[KEYS]; /* (count); their values lie in the arena */
    size_t count;
    struct arena arena;
    char *message;
};

/* The list that `prompts` shows, so that a text is added to the list that a client sees. */
static const struct prompts_list *list_of(const struct tags_file_tag *tag, int key) {
    static const struct prompts_list none;
    if (!tag) return &none;
    return key == PROMPT ? tags_file_prompts(tag) : key == AGAINST ? &tag->against : &none;
}

static bool has(const char *const *texts, size_t count, const char *text) {
    for (size_t i = 0; i < count; i++)
        if (!strcmp(texts[i], text)) return true;
    return false;
}

/* The texts that the change names for this key, each once. */
static size_t named(const struct serve_change *c, int key, const char **texts) {
    size_t count = 0;
    for (size_t i = 0; i < c->count; i++)
        if (!strcmp(c->values[i].key, key_of(key)) && !has(texts, count, c->values[i].text))
            texts[count++] = c->values[i].text;
    return count;
}

/* Texts on their way from `old` to what the change makes of them. */
struct merge {
    const struct prompts_list *old;
    const char *const *given; /* (givens) */
    size_t givens;
    const char **texts; /* (count), with room for all of both */
    size_t count;
};

static enum serve_code merge_added(struct merge *m, int key, char message[SERVE_MESSAGE]) {
    for (size_t i = 0; i < m->old->count; i++) m->texts[m->count++] = m->old->texts[i];
    for (size_t i = 0; i < m->givens; i++)
        if (!has(m->texts, m->count, m->given[i])) m->texts[m->count++] = m->given[i];
    if (m->count > SERVE_TEXTS_MOST && m->count > m->old->count)
        return refuse(message, SERVE_LIMIT, "a tag has at most %d texts of %s", SERVE_TEXTS_MOST, key_of(key));
    return SERVE_OK;
}

static enum serve_code merge_removed(struct merge *m, int key, char message[SERVE_MESSAGE]) {
    for (size_t i = 0; i < m->givens; i++)
        if (!has(m->old->texts, m->old->count, m->given[i]))
            return refuse(message, SERVE_NONE, "no %s \"%.100s\"", key_of(key), m->given[i]);
    for (size_t i = 0; i < m->old->count; i++)
        if (!has(m->given, m->givens, m->old->texts[i])) m->texts[m->count++] = m->old->texts[i];
    return SERVE_OK;
}

static enum serve_code edit_key(struct edit *edit, int key) {
    const char *given[SERVE_ARGUMENTS];
    enum serve_change_kind kind = edit->change->kind;
    struct merge m = {.old = list_of(edit->tag, key), .given = given, .givens = named(edit->change, key, given)};
    if (key == PROMPT && !edit->tag && !m.givens) given[m.givens++] = edit->change->tag;
    if (!m.givens) return SERVE_OK;
    m.texts = arena_alloc(&edit->arena, m.old->count + m.givens, sizeof *m.texts);
    if (!m.texts) return serve_change_code(OCELLI_ERR_MEMORY, "out of memory", "", edit->message);
    enum serve_code code = SERVE_OK;
    if (kind == SERVE_SET)
        memcpy(m.texts, given, (m.count = m.givens) * sizeof *given);
    else if (kind == SERVE_ADD)
        code = merge_added(&m, key, edit->message);
    else if (key < LISTS) /* of the others the key alone is named: no line of it stays */
        code = merge_removed(&m, key, edit->message);
    if (!code) edit->lines[edit->count++] = (struct ini_lines){key_of(key), m.texts, m.count};
    return code;
}

/* Without the "FILE:LINE: " that it begins with: the client knows nothing of the file. */
static const char *reason(const char *why, const char *file) {
    size_t length = strlen(file);
    if (strncmp(why, file, length) || why[length] != ':') return why;
    why += length + 1;
    size_t digits = strspn(why, "0123456789");
    if (digits && why[digits] == ':') why += digits + 1;
    return why + strspn(why, " ");
}

enum serve_code serve_change_code(int status, const char *why, const char *file, char message[SERVE_MESSAGE]) {
    if (!status) return SERVE_OK;
    if (status == OCELLI_ERR_MEMORY) {
        log_error("%s", why);
        return refuse(message, SERVE_FAILED, "out of memory");
    }
    return refuse(message, status == OCELLI_ERR_LIMIT ? SERVE_LIMIT : SERVE_USAGE, "%s", reason(why, file));
}

/* The change with its texts composed, as the file's are: what is asked is found however the asker wrote it. */
static bool compose_change(struct serve_change *to, const struct serve_change *from, struct arena *arena) {
    struct serve_value *values = arena_alloc(arena, from->count + 1, sizeof *values);
    bool enough = values != NULL;
    *to = *from;
    for (size_t i = 0; enough && i < from->count; i++) {
        values[i] = (struct serve_value){from->values[i].key, compose_copy(arena, from->values[i].text)};
        enough = values[i].text;
    }
    to->values = values;
    to->tag = compose_copy(arena, from->tag);
    return enough && to->tag;
}

/* `edit` with all of it set; frees nothing. */
static enum serve_code change_text(struct tags_text *text, const struct tags_file *file, struct edit *edit) {
    const struct serve_change *change = edit->change;
    char why[LOG_LINE];
    int status = OCELLI_OK;
    enum serve_code code = SERVE_OK;
    edit->tag = tags_file_find(file, change->tag);
    if (!edit->tag && change->kind == SERVE_REMOVE)
        return refuse(edit->message, SERVE_NONE, "no tag \"%.100s\"", change->tag);
    for (int key = 0; !code && key < KEYS; key++) code = edit_key(edit, key);
    log_hold(why, sizeof why);
    if (!code && change->kind == SERVE_REMOVE && !change->count)
        status = tags_edit_remove(text, change->tag);
    else if (!code)
        status = tags_edit_set(text, change->tag, edit->lines, edit->count);
    log_release();
    return code ? code : serve_change_code(status, why, text->name, edit->message);
}

enum serve_code serve_change_text(struct tags_text *text, const struct tags_file *file,
                                  const struct serve_change *change, char message[SERVE_MESSAGE]) {
    struct serve_change composed;
    struct edit e = {.change = &composed, .message = message};
    enum serve_code code = compose_change(&composed, change, &e.arena)
                               ? change_text(text, file, &e)
                               : serve_change_code(OCELLI_ERR_MEMORY, "out of memory", "", message);
    arena_finish(&e.arena);
    return code;
}
