/* SPDX-License-Identifier: Apache-2.0 */
#include "ocelli/audit/audit_pairs.h"
#include "base/file.h"
#include "base/log.h"
#include "ocelli/common/plain.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* ---- the file ---- */

static char *trim(char *text) {
    while (*text == ' ' || *text == '\t') text++;
    for (size_t n = strlen(text); n && strchr(" \t\r", text[n - 1]); n--) text[n - 1] = '\0';
    return text;
}

static bool same(const struct audit_pair *p, const char *a, const char *b) {
    return !strcasecmp(p->first, a) && !strcasecmp(p->second, b);
}

static int add(struct audit_pairs *p, const char *first, const char *second, const char *path, size_t line) {
    for (size_t i = 0; i < p->count; i++)
        if (same(&p->pairs[i], first, second) || same(&p->pairs[i], second, first)) {
            log_warn("%s:%zu: the pair \"%s\", \"%s\" is there twice: it counts once", path, line, first, second);
            return OCELLI_OK;
        }
    if (!(p->count & (p->count - 1))) { /* the table holds the next power of two */
        struct audit_pair *pairs = arena_alloc(&p->arena, p->count ? 2 * p->count : 1, sizeof *pairs);
        if (!pairs) return log_fail(OCELLI_ERR_MEMORY, "%s: out of memory", path);
        if (p->count) memcpy(pairs, p->pairs, p->count * sizeof *pairs);
        p->pairs = pairs;
    }
    struct audit_pair pair = {arena_copy(&p->arena, first, strlen(first)),
                              arena_copy(&p->arena, second, strlen(second))};
    if (!pair.first || !pair.second) return log_fail(OCELLI_ERR_MEMORY, "%s: out of memory", path);
    p->pairs[p->count++] = pair;
    return OCELLI_OK;
}

static int take_line(struct audit_pairs *p, char *line, const char *path, size_t number) {
    line = trim(line);
    if (!*line || *line == '#') return OCELLI_OK;
    if (!plain_utf8(line))
        return log_fail(OCELLI_ERR_FILE, "%s:%zu: is not UTF-8: convert the file first", path, number);
    char *middle = line + strcspn(line, ",\t");
    if (!*middle || middle[1 + strcspn(middle + 1, ",\t")])
        return log_fail(OCELLI_ERR_FILE, "%s:%zu: is no pair: write two words with a comma between, as he,she", path,
                        number);
    *middle = '\0';
    char *first = trim(line), *second = trim(middle + 1);
    if (!*first || !*second)
        return log_fail(OCELLI_ERR_FILE, "%s:%zu: a word of the pair is empty: write two, as he,she", path, number);
    if (!strcasecmp(first, second))
        return log_fail(OCELLI_ERR_FILE, "%s:%zu: both words are \"%s\": write two that differ", path, number, first);
    return add(p, first, second, path, number);
}

int audit_pairs_parse(struct audit_pairs *p, char *text, const char *path) {
    int status = OCELLI_OK;
    size_t number = 0;
    char *rest;
    *p = (struct audit_pairs){.count = 0};
    if (!strncmp(text, "\xEF\xBB\xBF", 3)) text += 3;
    for (char *line = text; !status && line; line = rest) {
        rest = strchr(line, '\n');
        if (rest) *rest++ = '\0';
        status = take_line(p, line, path, ++number);
    }
    if (!status && !p->count)
        status = log_fail(OCELLI_ERR_FILE, "%s: no pair in it: write one a line, as he,she", path);
    if (status) audit_pairs_finish(p);
    return status;
}

int audit_pairs_read(struct audit_pairs *p, const char *path) {
    char *bytes;
    size_t size;
    *p = (struct audit_pairs){.count = 0};
    int status = file_load(path, &bytes, &size);
    if (status) return status;
    char *text = calloc(1, size + 1);
    if (text) memcpy(text, bytes, size);
    free(bytes);
    if (!text)
        status = log_fail(OCELLI_ERR_MEMORY, "%s: out of memory", path);
    else if (strlen(text) != size)
        status = log_fail(OCELLI_ERR_FILE, "%s: has a zero byte: it is no text in UTF-8", path);
    else
        status = audit_pairs_parse(p, text, path);
    free(text);
    return status;
}

void audit_pairs_finish(struct audit_pairs *p) {
    arena_finish(&p->arena);
    *p = (struct audit_pairs){.count = 0};
}

/* ---- the words ---- */

/* A letter of any script counts as one of a word. */
static bool is_word(char c) {
    return isalnum((unsigned char)c) || (unsigned char)c >= 0x80 || c == '_';
}

static bool matches(const char *prompt, const char *at, const char *word) {
    size_t length = strlen(word);
    if (at > prompt && is_word(at[-1]) && is_word(*word)) return false;
    if (strncasecmp(at, word, length)) return false;
    return !is_word(at[length]) || !is_word(word[length - 1]);
}

static bool starts_with_any(const char *word, const char *const *starts) {
    for (; *starts; starts++)
        if (!strncasecmp(word, *starts, strlen(*starts))) return true;
    return false;
}

/* By the first letters, with the commonest words that sound otherwise. */
static bool takes_an(const char *word) {
    static const char *const a[] = {"uni", "use", "usu", "eu", "one", NULL};
    static const char *const an[] = {"hour", "honest", "honor", "honour", "heir", NULL};
    if (starts_with_any(word, a)) return false;
    return starts_with_any(word, an) || (*word && strchr("aeiouAEIOU", *word));
}

/* `length` bytes are written; the last word of them may be an article. Gives the new length. */
static size_t mend_article(char *text, size_t length, const char *word) {
    size_t end = length, start;
    while (end && text[end - 1] == ' ') end--;
    for (start = end; start && is_word(text[start - 1]); start--) continue;
    bool a = end - start == 1 && (text[start] | 32) == 'a',
         an = end - start == 2 && !strncasecmp(text + start, "an", 2);
    if (end == length || !(a || an) || an == takes_an(word)) return length;
    if (a) {
        memmove(text + end + 1, text + end, length - end);
        text[end] = 'n';
        return length + 1;
    }
    memmove(text + end - 1, text + end, length - end);
    return length - 1;
}

int audit_pairs_swap(const char **out, struct arena *arena, const struct audit_pair *pair, const char *prompt) {
    size_t longest = strlen(pair->first) > strlen(pair->second) ? strlen(pair->first) : strlen(pair->second);
    size_t length = 0;
    bool any = false;
    char *text = arena_alloc(arena, strlen(prompt) + 1, longest + 1); /* each byte may become a word and an "n" */
    *out = NULL;
    if (!text) return log_fail(OCELLI_ERR_MEMORY, "out of memory for prompts");
    for (const char *at = prompt; *at;) {
        bool first = matches(prompt, at, pair->first), second = matches(prompt, at, pair->second);
        if (first && second) first = strlen(pair->first) > strlen(pair->second); /* "man", "man of age" */
        if (!first && !second) {
            text[length++] = *at++;
            continue;
        }
        const char *old = first ? pair->first : pair->second, *word = first ? pair->second : pair->first;
        length = mend_article(text, length, word);
        memcpy(text + length, word, strlen(word));
        if (isupper((unsigned char)*at)) text[length] = (char)toupper((unsigned char)text[length]);
        length += strlen(word), at += strlen(old);
        any = true;
    }
    text[length] = '\0';
    if (any) *out = text;
    return OCELLI_OK;
}
