/* SPDX-License-Identifier: Apache-2.0 */
#include "tagset.h"
#include "base/log.h"
#include "live/config.h"
#include "tag/tags_file.h"

#include <string.h>

/* Doubles when full; the old table stays in the arena. */
static int room_for_one(struct tagset *set) {
    if (set->count & (set->count - 1)) return OCELLI_OK; /* the table holds the next power of two */
    struct ocelli_tag *grown = arena_alloc(&set->arena, set->count ? 2 * set->count : 1, sizeof *grown);
    if (!grown) return log_fail(OCELLI_ERR_MEMORY, "out of memory for tags");
    if (set->count) memcpy(grown, set->tags, set->count * sizeof *grown);
    set->tags = grown;
    return OCELLI_OK;
}

static int add(struct tagset *set, const char *name, const struct prompts_list *prompts, const struct prompts_list *templates) {
    struct prompts_list expanded = {0};
    if (!*name) return log_fail(OCELLI_ERR_USAGE, "a tag is empty: write what to look for");
    for (size_t i = 0; i < set->count; i++)
        if (!strcmp(set->tags[i].name, name))
            return log_fail(OCELLI_ERR_USAGE, "tag \"%s\" is given twice: it would share its score with itself", name);
    int status = prompts_expand(&expanded, &set->arena, templates, prompts);
    if (!status) status = room_for_one(set);
    const char *copy = status ? NULL : arena_copy(&set->arena, name, strlen(name));
    if (!status && !copy) status = log_fail(OCELLI_ERR_MEMORY, "out of memory for tags");
    if (!status) set->tags[set->count++] = (struct ocelli_tag){copy, expanded.texts, expanded.count};
    return status;
}

/* The nearest templates count: the tag's own, the command line's, the file's. */
static int add_file(struct tagset *set, const char *path, const struct prompts_list *templates) {
    struct tags_file file;
    int status = tags_file_read(&file, path, NULL);
    if (!status) status = config_check_texts(&file, path);
    for (size_t i = 0; !status && i < file.count; i++) {
        const struct tags_file_tag *tag = &file.tags[i];
        const struct prompts_list *general = templates->count ? templates : &file.templates;
        status = add(set, tag->name, &tag->prompts, tag->templates.count ? &tag->templates : general);
    }
    tags_file_finish(&file);
    return status;
}

int tagset_init(struct tagset *set, const struct tagset_source *source) {
    int status = OCELLI_OK;
    *set = (struct tagset){0};
    for (size_t i = 0; !status && i < source->texts.count; i++) {
        struct prompts_list one = {.texts = &source->texts.texts[i], .count = 1};
        status = add(set, source->texts.texts[i], &one, &source->templates);
    }
    for (size_t i = 0; !status && i < source->files.count; i++)
        status = add_file(set, source->files.texts[i], &source->templates);
    return status;
}

void tagset_finish(struct tagset *set) {
    arena_finish(&set->arena);
    *set = (struct tagset){0};
}
