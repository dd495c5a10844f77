/* SPDX-License-Identifier: Apache-2.0 */
#include "ocelli/tune/tune_templates.h"
#include "base/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* From the 80 that OpenAI's notebook for ImageNet has ("Prompt Engineering for ImageNet", github.com/openai/CLIP): one
 * of each kind. */
static const char *const templates[] = {"{}",
                                        "a {}.",
                                        "a photo of a {}.",
                                        "a photo of the {}.",
                                        "a photo of one {}.",
                                        "a photo of many {}.",
                                        "a photo of my {}.",
                                        "itap of a {}.",
                                        "a close-up photo of a {}.",
                                        "a picture of a {}.",
                                        "art of a {}.",
                                        "a drawing of a {}.",
                                        "a sketch of a {}.",
                                        "a painting of a {}.",
                                        "a rendering of a {}.",
                                        "a cartoon {}.",
                                        "a sculpture of a {}.",
                                        "a toy {}.",
                                        "the {} in a video game.",
                                        "a photo of the hard to see {}."};

/* The adjectives of the same 80. */
static const char *const adjectives[] = {"good",  "bad",   "bright", "dark",  "blurry",          "cropped",
                                         "clean", "dirty", "small",  "large", "black and white", "low resolution"};

static int add(struct prompts_list *list, struct arena *arena, const char *text) {
    for (size_t i = 0; i < list->count; i++)
        if (!strcmp(list->texts[i], text)) return 0; /* it is there already */
    return prompts_add(list, arena, text);
}

int tune_templates_add(struct prompts_list *list, struct arena *arena) {
    int status = 0;
    for (size_t i = 0; !status && i < sizeof templates / sizeof *templates; i++)
        status = add(list, arena, templates[i]);
    return status;
}

int tune_templates_adjective(struct prompts_list *list, struct arena *arena, const char *adjective) {
    size_t size = strlen(adjective) + sizeof "a photo of a  {}.";
    char *text = malloc(size);
    if (!text) return log_fail(OCELLI_ERR_MEMORY, "out of memory for templates");
    snprintf(text, size, "a %s photo of a {}.", adjective);
    int status = add(list, arena, text);
    snprintf(text, size, "a photo of a %s {}.", adjective);
    if (!status) status = add(list, arena, text);
    free(text);
    return status;
}

int tune_templates_adjectives(struct prompts_list *list, struct arena *arena) {
    int status = 0;
    for (size_t i = 0; !status && i < sizeof adjectives / sizeof *adjectives; i++)
        status = prompts_add(list, arena, adjectives[i]);
    return status;
}
