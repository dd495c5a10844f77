/* SPDX-License-Identifier: Apache-2.0 */
#include "tag/prompt_lint.h"
#include "base/log.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WORDS = 48, LETTERS = 24 };

/* A prompt in small letters; what lies beyond is not looked at. */
struct words {
    char text[WORDS][LETTERS];
    size_t count;
};

/* ---- the tables ---- */

static const char *const persons[] = {
    "person",    "people",   "man",       "men",     "woman",   "women",      "boy",     "boys",      "girl",
    "girls",     "face",     "faces",     "guy",     "guys",    "lady",       "ladies",  "gentleman", "adult",
    "adults",    "customer", "customers", "worker",  "workers", "employee",   "visitor", "visitors",  "driver",
    "passenger", "student",  "students",  "patient", "citizen", "pedestrian", "human",   NULL};

/* What such a word, right before a person or behind "is" and "looks", makes of it. */
static const struct {
    const char *word;
    enum prompt_lint_kind kind;
} attributes[] = {
    {"male", PROMPT_LINT_SEX},
    {"female", PROMPT_LINT_SEX},
    {"transgender", PROMPT_LINT_SEX},
    {"young", PROMPT_LINT_AGE},
    {"old", PROMPT_LINT_AGE},
    {"elderly", PROMPT_LINT_AGE},
    {"teenage", PROMPT_LINT_AGE},
    {"aged", PROMPT_LINT_AGE},
    {"underage", PROMPT_LINT_AGE},
    {"asian", PROMPT_LINT_ETHNICITY},
    {"african", PROMPT_LINT_ETHNICITY},
    {"caucasian", PROMPT_LINT_ETHNICITY},
    {"black", PROMPT_LINT_ETHNICITY},
    {"white", PROMPT_LINT_ETHNICITY},
    {"hispanic", PROMPT_LINT_ETHNICITY},
    {"latino", PROMPT_LINT_ETHNICITY},
    {"latina", PROMPT_LINT_ETHNICITY},
    {"arab", PROMPT_LINT_ETHNICITY},
    {"jewish", PROMPT_LINT_ETHNICITY},
    {"muslim", PROMPT_LINT_ETHNICITY},
    {"indian", PROMPT_LINT_ETHNICITY},
    {"chinese", PROMPT_LINT_ETHNICITY},
    {"japanese", PROMPT_LINT_ETHNICITY},
    {"european", PROMPT_LINT_ETHNICITY},
    {"mexican", PROMPT_LINT_ETHNICITY},
    {"foreign", PROMPT_LINT_ETHNICITY},
    {"eastern", PROMPT_LINT_ETHNICITY},
    {"happy", PROMPT_LINT_EMOTION},
    {"sad", PROMPT_LINT_EMOTION},
    {"angry", PROMPT_LINT_EMOTION},
    {"afraid", PROMPT_LINT_EMOTION},
    {"scared", PROMPT_LINT_EMOTION},
    {"depressed", PROMPT_LINT_EMOTION},
    {"anxious", PROMPT_LINT_EMOTION},
    {"nervous", PROMPT_LINT_EMOTION},
    {"worried", PROMPT_LINT_EMOTION},
    {"bored", PROMPT_LINT_EMOTION},
    {"lonely", PROMPT_LINT_EMOTION},
    {"jealous", PROMPT_LINT_EMOTION},
    {"frustrated", PROMPT_LINT_EMOTION},
    {"disgusted", PROMPT_LINT_EMOTION},
    {"surprised", PROMPT_LINT_EMOTION},
    {"stressed", PROMPT_LINT_EMOTION},
    {"suspicious", PROMPT_LINT_CRIME},
    {"illegal", PROMPT_LINT_CRIME},
    {"dangerous", PROMPT_LINT_CRIME},
    {"violent", PROMPT_LINT_CRIME},
    {"guilty", PROMPT_LINT_CRIME},
};

/* Words that need no other. */
static const struct {
    const char *word;
    enum prompt_lint_kind kind;
} alone[] = {
    {"gender", PROMPT_LINT_SEX},          {"teenager", PROMPT_LINT_AGE},        {"teenagers", PROMPT_LINT_AGE},
    {"ethnicity", PROMPT_LINT_ETHNICITY}, {"immigrant", PROMPT_LINT_ETHNICITY}, {"immigrants", PROMPT_LINT_ETHNICITY},
    {"criminal", PROMPT_LINT_CRIME},      {"criminals", PROMPT_LINT_CRIME},     {"thief", PROMPT_LINT_CRIME},
    {"thieves", PROMPT_LINT_CRIME},       {"burglar", PROMPT_LINT_CRIME},       {"burglars", PROMPT_LINT_CRIME},
    {"robber", PROMPT_LINT_CRIME},        {"terrorist", PROMPT_LINT_CRIME},     {"terrorists", PROMPT_LINT_CRIME},
    {"shoplifter", PROMPT_LINT_CRIME},    {"shoplifters", PROMPT_LINT_CRIME},   {"pickpocket", PROMPT_LINT_CRIME},
    {"gangster", PROMPT_LINT_CRIME},      {"celebrity", PROMPT_LINT_IDENTITY},  {"celebrities", PROMPT_LINT_IDENTITY},
};

/* Words of other languages, which English has not. */
static const char *const foreign[] = {"ein",  "eine", "einen", "einem", "einer", "und",  "auf",   "une",    "avec",
                                      "dans", "una",  "unos",  "unas",  "perro", "gato", "mujer", "hombre", "uomo",
                                      "een",  "het",  "hund",  "katze", "mann",  "frau", "chien", "femme",  NULL};

/* Words that add nothing to what is seen. */
static const char *const empty[] = {"a", "an", "the", "of", "photo", "picture", "image", "one", "some", NULL};

static const char *const what[PROMPT_LINT_KINDS] = {
    [PROMPT_LINT_IDENTITY] = "tells who somebody is",
    [PROMPT_LINT_SEX] = "tells people apart by sex",
    [PROMPT_LINT_AGE] = "tells people's age",
    [PROMPT_LINT_ETHNICITY] = "tells people apart by ethnicity",
    [PROMPT_LINT_EMOTION] = "takes a look for a feeling",
    [PROMPT_LINT_CRIME] = "takes a look for a crime",
    [PROMPT_LINT_LANGUAGE] = "is in a language that the model has not learnt",
};

/* ---- words ---- */

static bool is_in(const char *word, const char *const *list) {
    for (; *list; list++)
        if (!strcmp(word, *list)) return true;
    return false;
}

/* Letters beyond ASCII belong to a word. */
static bool is_letter(char c) {
    return isalnum((unsigned char)c) || (unsigned char)c >= 0x80;
}

static void split(struct words *w, const char *prompt) {
    w->count = 0;
    while (*prompt && w->count < WORDS) {
        size_t length = 0;
        while (*prompt && !is_letter(*prompt)) prompt++;
        for (; is_letter(*prompt); prompt++)
            if (length < LETTERS - 1) w->text[w->count][length++] = (char)tolower((unsigned char)*prompt);
        w->text[w->count][length] = '\0';
        w->count += length > 0;
    }
}

static bool is(const struct words *w, size_t at, const char *word) {
    return at < w->count && !strcmp(w->text[at], word);
}

static bool is_person(const struct words *w, size_t at) {
    return at < w->count && is_in(w->text[at], persons);
}

static enum prompt_lint_kind attribute(const char *word) {
    for (size_t i = 0; i < sizeof attributes / sizeof *attributes; i++)
        if (!strcmp(word, attributes[i].word)) return attributes[i].kind;
    return PROMPT_LINT_NONE;
}

/* ---- what a prompt asks ---- */

/* "an old man", "a sad young man": attributes up to a person. */
static bool before_person(const struct words *w, size_t at) {
    while (++at < w->count && attribute(w->text[at])) continue;
    return is_person(w, at);
}

/* "a man who is angry", "the person looks sad". */
static bool behind_person(const struct words *w, size_t at) {
    static const char *const links[] = {"is", "are", "looks", "look", "looking", "seems", "feels", "feeling", NULL};
    if (!at || !is_in(w->text[at - 1], links)) return false;
    return (at > 1 && is_person(w, at - 2)) || (at > 2 && is(w, at - 2, "who") && is_person(w, at - 3));
}

/* "the face of John" and no "face of a clock"; "Mr Smith"; "a man named John"; "face recognition". */
static bool is_identity(const struct words *w, size_t at) {
    static const char *const things[] = {"a", "an", "the", "it", "this", "that", "one", "someone", "somebody", NULL};
    static const char *const titles[] = {"mr", "mrs", "ms", NULL};
    bool face = is(w, at, "face") || is(w, at, "facial");
    if (face && is(w, at + 1, "recognition")) return true;
    if (is(w, at, "face") && is(w, at + 1, "of") && at + 2 < w->count)
        return !is_in(w->text[at + 2], things) && !is_person(w, at + 2);
    if (is_in(w->text[at], titles) && at + 1 < w->count) return true;
    return is_person(w, at) && (is(w, at + 1, "named") || is(w, at + 1, "called")) && at + 2 < w->count;
}

static enum prompt_lint_kind kind_at(const struct words *w, size_t at) {
    enum prompt_lint_kind kind = attribute(w->text[at]);
    if (kind && (before_person(w, at) || behind_person(w, at))) return kind;
    for (size_t i = 0; i < sizeof alone / sizeof *alone; i++)
        if (!strcmp(w->text[at], alone[i].word)) return alone[i].kind;
    if (is(w, at, "years") && is(w, at + 1, "old")) return PROMPT_LINT_AGE;
    return is_identity(w, at) ? PROMPT_LINT_IDENTITY : PROMPT_LINT_NONE;
}

/* A letter of another script than the Latin one: Greek and what comes behind, without signs, arrows and emoji. */
static bool has_other_script(const char *prompt) {
    for (const unsigned char *c = (const unsigned char *)prompt; *c; c++) {
        if (*c < 0xC0) continue; /* ASCII, or inside a letter */
        unsigned code = *c < 0xE0 ? *c & 0x1Fu : *c < 0xF0 ? *c & 0x0Fu : *c & 0x07u;
        for (const unsigned char *more = c + 1; (*more & 0xC0) == 0x80; more++) code = code << 6 | (*more & 0x3Fu);
        bool sign = (code >= 0x2000 && code < 0x2C00) || (code >= 0x3000 && code < 0x3040) ||
                    (code >= 0xE000 && code < 0xF900) || (code >= 0xFE00 && code < 0xFE70) || code >= 0x1F000 ||
                    (code >= 0xFF00 && code < 0xFF66);
        if (code >= 0x370 && !sign) return true;
    }
    return false;
}

static bool is_foreign(const struct words *w, const char *prompt) {
    bool any = has_other_script(prompt);
    for (size_t i = 0; !any && i < w->count; i++) any = is_in(w->text[i], foreign);
    return any;
}

enum prompt_lint_kind prompt_lint_kind(const char *prompt) {
    struct words w;
    split(&w, prompt);
    for (size_t i = 0; i < w.count; i++) {
        enum prompt_lint_kind kind = kind_at(&w, i);
        if (kind) return kind;
    }
    return is_foreign(&w, prompt) ? PROMPT_LINT_LANGUAGE : PROMPT_LINT_NONE;
}

/* ---- all prompts ---- */

/* All that the prompt says is this word, or its plural. */
static bool says_only(const char *prompt, const char *word, const char *plural) {
    struct words w;
    size_t said = 0;
    split(&w, prompt);
    for (size_t i = 0; i < w.count; i++) {
        if (is_in(w.text[i], empty)) continue;
        if (strcmp(w.text[i], word) && strcmp(w.text[i], plural)) return false;
        said++;
    }
    return said == 1;
}

static void count(struct prompt_lint *lint, enum prompt_lint_kind kind, const char *prompt) {
    if (!lint->counts[kind]++) snprintf(lint->first[kind], PROMPT_LINT_TEXT, "%s", prompt);
}

void prompt_lint_add(struct prompt_lint *lint, const char *prompt) {
    enum prompt_lint_kind kind = prompt_lint_kind(prompt);
    bool man = says_only(prompt, "man", "men"), woman = says_only(prompt, "woman", "women");
    bool both = lint->man && lint->woman;
    lint->man = lint->man || man, lint->woman = lint->woman || woman;
    if (kind)
        count(lint, kind, prompt);
    else if (!both && lint->man && lint->woman)
        count(lint, PROMPT_LINT_SEX, prompt);
}

void prompt_lint_add_file(struct prompt_lint *lint, const struct tags_file *file) {
    for (size_t i = 0; i < file->count; i++) {
        const struct prompts_list *lists[] = {tags_file_prompts(&file->tags[i]), &file->tags[i].against};
        for (size_t k = 0; k < 2; k++)
            for (size_t p = 0; p < lists[k]->count; p++) prompt_lint_add(lint, lists[k]->texts[p]);
    }
}

bool prompt_lint_tell(const struct prompt_lint *lint, const char *where, bool english) {
    const char *wish = getenv(PROMPT_LINT_VARIABLE);
    enum prompt_lint_kind first = PROMPT_LINT_NONE;
    size_t all = 0;
    char more[48] = "";
    for (int k = 1; k < PROMPT_LINT_KINDS; k++) {
        if (k == PROMPT_LINT_LANGUAGE && !english) continue;
        if (lint->counts[k] && !first) first = (enum prompt_lint_kind)k;
        all += lint->counts[k];
    }
    if (!first || (wish && !strcmp(wish, "off"))) return false;
    if (all > 1) snprintf(more, sizeof more, "; so it is with %zu more", all - 1);
    log_warn("%s%sprompt \"%s\" %s: CLIP's model card %s%s (docs/tags.md, \"Prompts that warn\"; " PROMPT_LINT_VARIABLE
             "=off silences this)",
             where ? where : "", where ? ": " : "", lint->first[first], what[first],
             first == PROMPT_LINT_LANGUAGE ? "limits it to English" : "rules that out", more);
    return true;
}
