/* SPDX-License-Identifier: Apache-2.0 */
#include "ocelli/common/tagset.h"
#include "base/compose.h"
#include "base/log.h"
#include "daemon/config.h"

#include <string.h>

static int out_of_memory(void) {
    return log_fail(OCELLI_ERR_MEMORY, "out of memory for tags");
}

/* Doubles when full; the old tables stay in the arena. */
static int room_for_one(struct tagset *set) {
    if (set->count & (set->count - 1)) return OCELLI_OK; /* the tables hold the next power of two */
    size_t capacity = set->count ? 2 * set->count : 1;
    struct ocelli_tag *tags = arena_alloc(&set->arena, capacity, sizeof *tags);
    struct tagset_rivals *rivals = arena_alloc(&set->arena, capacity, sizeof *rivals);
    if (!tags || !rivals) return out_of_memory();
    if (set->count) memcpy(tags, set->tags, set->count * sizeof *tags);
    if (set->count) memcpy(rivals, set->rivals, set->count * sizeof *rivals);
    set->tags = tags;
    set->rivals = rivals;
    return OCELLI_OK;
}

static int check_name(const struct tagset *set, const char *composed, const char *name) {
    if (!*name) return log_fail(OCELLI_ERR_USAGE, "a %s is empty: write what to look for", set->noun);
    for (size_t i = 0; i < set->count; i++)
        if (!strcmp(set->rivals[i].name, composed))
            return log_fail(OCELLI_ERR_USAGE, "%s \"%s\" is given twice: %s", set->noun, name,
                            strcmp(set->noun, "tag") ? "once is enough" : "it would share its score with itself");
    return OCELLI_OK;
}

static int add(struct tagset *set, const char *name, const struct prompts_list *prompts,
               const struct prompts_list *templates) {
    struct prompts_list expanded = {0};
    const char *composed = compose_copy(&set->arena, name), *copy = arena_copy(&set->arena, name, strlen(name));
    int status = composed && copy ? check_name(set, composed, name) : out_of_memory();
    if (!status) status = prompts_expand(&expanded, &set->arena, templates, prompts);
    if (!status) status = room_for_one(set);
    if (status) return status;
    set->rivals[set->count] = (struct tagset_rivals){.name = composed};
    set->tags[set->count++] = (struct ocelli_tag){copy, expanded.texts, expanded.count};
    return OCELLI_OK;
}

/* Of the last tag. Prompts against are taken as they are, without templates, as the daemon does. */
static int add_rivals(struct tagset *set, const struct tags_file_tag *tag) {
    struct tagset_rivals *rivals = &set->rivals[set->count - 1];
    int status = OCELLI_OK;
    if (tag->group && !(rivals->group = arena_copy(&set->arena, tag->group, strlen(tag->group))))
        return out_of_memory();
    for (size_t i = 0; !status && i < tag->against.count; i++)
        status = prompts_add(&rivals->against, &set->arena, tag->against.texts[i]);
    return status;
}

/* The nearest templates count: the tag's own, the command line's, the file's. */
static int add_file(struct tagset *set, const struct tags_file *file, const struct prompts_list *templates) {
    int status = OCELLI_OK;
    set->from_files = true;
    for (size_t i = 0; !status && i < file->count; i++) {
        const struct tags_file_tag *tag = &file->tags[i];
        const struct prompts_list *general = templates->count ? templates : &file->templates;
        status = add(set, tag->name, &tag->prompts, tag->templates.count ? &tag->templates : general);
        if (!status) status = add_rivals(set, tag);
    }
    return status;
}

static int add_own(struct tagset *set, const char *text, const struct prompts_list *templates) {
    static const char name[] = "the model's own tags";
    struct tags_file file;
    int status = tags_file_parse(&file, text, strlen(text), name, NULL);
    if (!status) status = config_check_texts(&file, name, NULL);
    if (!status) status = add_file(set, &file, templates);
    tags_file_finish(&file);
    return status;
}

int tagset_files_read(struct tagset_files *files, const struct prompts_list *paths) {
    const struct tags_file_options options = {.others = config_passed_over.others};
    int status = OCELLI_OK;
    *files = (struct tagset_files){.count = 0};
    files->files = arena_alloc(&files->arena, paths->count ? paths->count : 1, sizeof *files->files);
    if (!files->files) return out_of_memory();
    for (size_t i = 0; !status && i < paths->count; i++) {
        struct tags_file *file = &files->files[files->count++];
        status = tags_file_read(file, paths->texts[i], &options);
        if (!status) status = config_check_texts(file, paths->texts[i], NULL);
    }
    return status;
}

void tagset_files_finish(struct tagset_files *files) {
    for (size_t i = 0; i < files->count; i++) tags_file_finish(&files->files[i]);
    arena_finish(&files->arena);
    *files = (struct tagset_files){.count = 0};
}

int tagset_init(struct tagset *set, const struct tagset_source *source) {
    struct tagset_files own = {.count = 0};
    const struct tagset_files *read = source->read ? source->read : &own;
    *set = (struct tagset){.noun = source->noun ? source->noun : "tag"};
    int status = source->read ? OCELLI_OK : tagset_files_read(&own, &source->files);
    for (size_t i = 0; !status && i < source->texts.count; i++) {
        struct prompts_list one = {.texts = &source->texts.texts[i], .count = 1};
        status = add(set, source->texts.texts[i], &one, &source->templates);
    }
    for (size_t i = 0; !status && i < read->count; i++) status = add_file(set, &read->files[i], &source->templates);
    if (!status && !set->count && source->own) status = add_own(set, source->own, &source->templates);
    tagset_files_finish(&own);
    return status;
}

void tagset_finish(struct tagset *set) {
    arena_finish(&set->arena);
    *set = (struct tagset){0};
}
