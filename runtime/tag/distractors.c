/* SPDX-License-Identifier: Apache-2.0 */
#include "tag/distractors.h"
#include "base/log.h"
#include "tag/starter.h"

#include <string.h>
#include <strings.h>

/* What a camera in a home, a yard, a shop or a workshop shows, and what no thing is: so that most pictures have one
 * that fits. Broad words before narrow ones. One that means the same as a tag is no rival of it, see starter_alike().
 */
static const char *const texts[] = {
    "something else",
    "nothing",
    "an object",
    "an empty room",
    "a room",
    "a wall",
    "a floor",
    "furniture",
    "a table",
    "a chair",
    "a window",
    "a door",
    "a house",
    "a building",
    "a street",
    "a road",
    "a car",
    "a bicycle",
    "a tree",
    "a plant",
    "a flower",
    "grass",
    "the sky",
    "water",
    "an animal",
    "a dog",
    "a cat",
    "a bird",
    "a person",
    "people",
    "a face",
    "a hand",
    "clothes",
    "food",
    "fruit",
    "a cup",
    "a bottle",
    "a box",
    "a bag",
    "a book",
    "paper",
    "a screen",
    "a phone",
    "a computer",
    "a machine",
    "a tool",
    "a toy",
    "a lamp",
    "a sign",
    "text",
    "a pattern",
    "a garden",
    "a blurry picture",
    "a dark picture",
};
_Static_assert(sizeof texts / sizeof texts[0] <= STARTER_MOST, "a bit each in the mask");

const char *const *distractors_texts(size_t *count) {
    *count = sizeof texts / sizeof texts[0];
    return texts;
}

static const char *const articles[] = {"a ", "an ", "the "};

static const char *without_article(const char *text) {
    for (size_t i = 0; i < sizeof articles / sizeof articles[0]; i++)
        if (!strncmp(text, articles[i], strlen(articles[i]))) return text + strlen(articles[i]);
    return text;
}

/* Does it say "a {}", or another article, itself? */
static bool has_article(const char *template) {
    const char *slot = prompts_slot(template);
    for (size_t i = 0; slot && i < sizeof articles / sizeof articles[0]; i++) {
        size_t length = strlen(articles[i]), before = (size_t)(slot - template);
        if (before < length || strncasecmp(slot - length, articles[i], length)) continue;
        if (before == length || slot[-(ptrdiff_t)length - 1] == ' ') return true;
    }
    return false;
}

int distractors_expand(struct prompts_list *out, struct arena *arena, const struct prompts_list *templates,
                       size_t *each) {
    size_t used = templates->count < DISTRACTORS_TEMPLATES ? templates->count : DISTRACTORS_TEMPLATES, count;
    const char *const *all = distractors_texts(&count);
    int status = OCELLI_OK;
    *each = used ? used : 1;
    for (size_t i = 0; !status && i < count; i++) {
        if (!used) status = prompts_add(out, arena, all[i]);
        for (size_t k = 0; !status && k < used; k++) {
            const char *text = has_article(templates->texts[k]) ? without_article(all[i]) : all[i];
            const struct prompts_list template = {&templates->texts[k], 1, 1}, prompt = {&text, 1, 1};
            status = prompts_expand(out, arena, &template, &prompt);
        }
    }
    return status;
}
