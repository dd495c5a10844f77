/* SPDX-License-Identifier: Apache-2.0 */
#include "tag/prompts.h"
#include "base/compose.h"
#include "base/log.h"

#include <math.h>
#include <string.h>

static int out_of_memory(void) {
    return log_fail(OCELLI_ERR_MEMORY, "out of memory for prompts");
}

/* The old table stays in the arena until that is freed: at most as much again. */
static int grow(struct prompts_list *list, struct arena *arena) {
    size_t capacity = list->capacity ? 2 * list->capacity : 8;
    const char **texts = arena_alloc(arena, capacity, sizeof *texts);
    if (!texts) return out_of_memory();
    if (list->count) memcpy(texts, list->texts, list->count * sizeof *texts);
    list->texts = texts;
    list->capacity = capacity;
    return OCELLI_OK;
}

/* Takes a text that lies in the arena already. */
static int append(struct prompts_list *list, struct arena *arena, const char *text) {
    if (!text) return out_of_memory();
    int status = list->count == list->capacity ? grow(list, arena) : OCELLI_OK;
    if (!status) list->texts[list->count++] = text;
    return status;
}

int prompts_add(struct prompts_list *list, struct arena *arena, const char *text) {
    return append(list, arena, arena_copy(arena, text, strlen(text)));
}

int prompts_add_composed(struct prompts_list *list, struct arena *arena, const char *text) {
    return append(list, arena, compose_copy(arena, text));
}

const char *prompts_slot(const char *template) {
    const char *slot = strstr(template, "{}");
    return slot && !strstr(slot + 2, "{}") ? slot : NULL;
}

static char *fill(struct arena *arena, const char *template, const char *slot, const char *prompt) {
    size_t before = (size_t)(slot - template), length = strlen(prompt), after = strlen(slot + 2);
    char *text = arena_alloc(arena, before + length + after + 1, 1);
    if (!text) return NULL;
    memcpy(text, template, before);
    memcpy(text + before, prompt, length);
    memcpy(text + before + length, slot + 2, after);
    return text;
}

static int expand_one(struct prompts_list *out, struct arena *arena, const char *template,
                      const struct prompts_list *prompts) {
    const char *slot = prompts_slot(template);
    if (!slot)
        return log_fail(OCELLI_ERR_USAGE, "template \"%s\": write {} exactly once, where the prompt goes", template);
    int status = OCELLI_OK;
    for (size_t i = 0; !status && i < prompts->count; i++)
        status = append(out, arena, fill(arena, template, slot, prompts->texts[i]));
    return status;
}

int prompts_expand(struct prompts_list *out, struct arena *arena, const struct prompts_list *templates,
                   const struct prompts_list *prompts) {
    int status = OCELLI_OK;
    if (templates->count == 0)
        for (size_t i = 0; !status && i < prompts->count; i++) status = prompts_add(out, arena, prompts->texts[i]);
    for (size_t i = 0; !status && i < templates->count; i++)
        status = expand_one(out, arena, templates->texts[i], prompts);
    return status;
}

int prompts_average(const float *vectors, size_t count, size_t n, float *mean) {
    double squares = 0;
    for (size_t i = 0; i < n; i++) {
        double sum = 0;
        for (size_t v = 0; v < count; v++) sum += vectors[v * n + i];
        mean[i] = (float)(sum / (double)count);
        squares += (double)mean[i] * mean[i];
    }
    double length = sqrt(squares);
    if (!(length > 1e-6)) /* also NaN; what is left would be rounding, not a direction */
        return log_fail(OCELLI_ERR_USAGE, "the prompts of a tag average to nothing: use fewer, or closer ones");
    for (size_t i = 0; i < n; i++) mean[i] = (float)(mean[i] / length);
    return OCELLI_OK;
}
