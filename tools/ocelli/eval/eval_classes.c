/* SPDX-License-Identifier: Apache-2.0 */
#include "ocelli/eval/eval_classes.h"
#include "base/file.h"
#include "base/log.h"
#include "ocelli/common/plain.h"

#include <stdlib.h>
#include <string.h>

int eval_templates_read(struct prompts_list *list, struct arena *arena, const char *path) {
    char *bytes, *rest;
    size_t size, number = 0;
    int status = file_load(path, &bytes, &size);
    if (status) return status;
    char *text = arena_copy(arena, bytes, size);
    free(bytes);
    if (!text) return log_fail(OCELLI_ERR_MEMORY, "%s: out of memory", path);
    if (strlen(text) != size) return log_fail(OCELLI_ERR_FILE, "%s: has a zero byte: it is no text in UTF-8", path);
    if (!strncmp(text, "\xEF\xBB\xBF", 3)) text += 3;
    for (char *line = text; !status && line; line = rest) {
        rest = strchr(line, '\n');
        if (rest) *rest++ = '\0';
        number++;
        size_t length = strlen(line);
        if (length && line[length - 1] == '\r') line[--length] = '\0';
        if (!length || *line == '#') continue;
        char *slot = strstr(line, "{c}");
        if (slot) memmove(slot + 1, slot + 2, strlen(slot + 2) + 1);
        if (!plain_utf8(line))
            return log_fail(OCELLI_ERR_FILE, "%s:%zu: is not UTF-8: convert the file first", path, number);
        if (!prompts_slot(line))
            return log_fail(OCELLI_ERR_FILE, "%s:%zu: has not {} once, where the class goes", path, number);
        status = prompts_add(list, arena, line);
    }
    if (!status && !list->count) return log_fail(OCELLI_ERR_FILE, "%s: no template in it: write one a line", path);
    return status;
}

int eval_classes_set(struct tagset *set, const struct eval_input *in, const struct tagset_files *files,
                     const struct prompts_list *templates) {
    struct tagset_source source = {.templates = *templates, .read = files};
    if (!files->count) source.texts = (struct prompts_list){.texts = in->classes, .count = in->class_count};
    return tagset_init(set, &source);
}

int eval_classes_read(struct eval_input *in, const char *dir, const char *labels, const struct tagset_files *files) {
    struct tagset known = {.count = 0};
    const struct tagset *classes = files->count ? &known : NULL;
    int status = classes ? tagset_init(&known, &(struct tagset_source){.read = files}) : OCELLI_OK;
    if (!status) status = labels ? eval_input_labels(in, dir, labels, classes) : eval_input_folders(in, dir, classes);
    for (size_t i = 0; !status && i < known.count; i++) { /* they end with the set */
        in->classes[i] = arena_copy(&in->arena, known.tags[i].name, strlen(known.tags[i].name));
        if (!in->classes[i]) status = log_fail(OCELLI_ERR_MEMORY, "out of memory for classes");
    }
    tagset_finish(&known);
    return status;
}
