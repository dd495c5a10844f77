/* SPDX-License-Identifier: Apache-2.0 */
#include "tag/known_texts.h"
#include "base/log.h"
#include "tag/distractors.h"

#include <math.h>
#include <string.h>

static int out_of_memory(void) {
    return log_fail(OCELLI_ERR_MEMORY, "out of memory for texts");
}

int known_texts_init(struct known_texts *known, const char *const *texts, size_t count) {
    *known = (struct known_texts){0};
    if (!lookup_init(&known->at, &known->arena, count)) return out_of_memory();
    for (size_t i = 0; i < count; i++)
        if (!lookup_find(&known->at, texts[i], NULL)) lookup_add(&known->at, texts[i], i);
    return OCELLI_OK;
}

void known_texts_finish(struct known_texts *known) {
    arena_finish(&known->arena);
    *known = (struct known_texts){0};
}

bool known_texts_find(const struct known_texts *known, const char *text, size_t *index) {
    return lookup_find(&known->at, text, index);
}

/* ---- check ---- */

/* The first that is not there; NULL: all are. */
static const char *missing(const struct known_texts *k, const struct prompts_list *list) {
    for (size_t i = 0; i < list->count; i++)
        if (!known_texts_find(k, list->texts[i], NULL)) return list->texts[i];
    return NULL;
}

static int check_tag(const struct known_texts *k, const struct tags_file *tags, const struct tags_file_tag *tag,
                     const char *path) {
    struct arena arena = {0};
    struct prompts_list all = {0};
    int status = prompts_expand(&all, &arena, tags_file_templates(tags, tag), tags_file_prompts(tag));
    const char *text = status ? NULL : missing(k, &all);
    if (!status && !text) text = missing(k, &tag->against);
    if (text)
        status = log_fail(
            OCELLI_ERR_LIMIT,
            "%s:%zu: tag \"%s\": no text tower and no vector of \"%s\" in this model: use its own tags (ocelli "
            "info -m lists them), or convert it again with this text",
            path, tag->line, tag->name, text);
    arena_finish(&arena);
    return status;
}

static bool learns(const struct tags_file *tags) {
    for (size_t i = 0; i < tags->count; i++)
        if (isnan(tags->tags[i].rules.value[RULE_ON]) && !tags->tags[i].examples.count) return true;
    return false;
}

/* Their texts differ by the file's templates alone. */
static int check_distractors(const struct known_texts *k, const struct tags_file *tags, const char *path) {
    struct arena arena = {0};
    struct prompts_list all = {0};
    size_t each;
    int status = distractors_expand(&all, &arena, &tags->templates, &each);
    const char *text = status ? NULL : missing(k, &all);
    if (text)
        status = log_fail(OCELLI_ERR_LIMIT,
                          "%s: no text tower and no vector of \"%s\" in this model: use its own templates, or none, or "
                          "convert it again with these",
                          path, text);
    arena_finish(&arena);
    return status;
}

int known_texts_check(const struct known_texts *known, const struct tags_file *tags, const char *path,
                      struct faults *faults) {
    int status = OCELLI_OK;
    for (size_t i = 0; !status && i < tags->count; i++)
        status = faults_pass(faults, check_tag(known, tags, &tags->tags[i], path));
    if (!status && learns(tags)) status = faults_pass(faults, check_distractors(known, tags, path));
    return status;
}

/* ---- collect ---- */

static int collect_tag(struct prompts_list *all, struct arena *arena, const struct tags_file *tags,
                       const struct tags_file_tag *tag) {
    static const struct prompts_list none;
    const struct prompts_list *templates = tags_file_templates(tags, tag), *prompts = tags_file_prompts(tag);
    int status = prompts_expand(all, arena, templates, prompts);
    if (!status && templates->count) status = prompts_expand(all, arena, &none, prompts);
    return status ? status : prompts_expand(all, arena, &none, &tag->against);
}

static int collect_distractors(struct prompts_list *all, struct arena *arena, const struct tags_file *tags) {
    static const struct prompts_list none;
    size_t each;
    int status = distractors_expand(all, arena, &tags->templates, &each);
    return status || !tags->templates.count ? status : distractors_expand(all, arena, &none, &each);
}

int known_texts_collect(struct prompts_list *out, struct arena *arena, const struct tags_file *tags) {
    struct prompts_list all = {0};
    struct lookup seen;
    int status = OCELLI_OK;
    for (size_t i = 0; !status && i < tags->count; i++) status = collect_tag(&all, arena, tags, &tags->tags[i]);
    if (!status) status = collect_distractors(&all, arena, tags);
    if (!status && !lookup_init(&seen, arena, all.count)) status = out_of_memory();
    for (size_t i = 0; !status && i < all.count; i++) {
        if (lookup_find(&seen, all.texts[i], NULL)) continue;
        lookup_add(&seen, all.texts[i], i);
        status = prompts_add(out, arena, all.texts[i]);
    }
    return status;
}
