/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/history_sampler.h"
#include "prep/thumbnail.h"

#include <string.h>

/* Names that are on, in the order of the file, as far as they fit whole. */
static void names_on(const struct tagger *tagger, char text[HISTORY_TAGS]) {
    const char *name;
    size_t used = 0;
    *text = '\0';
    for (size_t i = 0; i < tagger_count(tagger); i++) {
        bool on = tagger_get_state(tagger, i, &name) == TAGGER_ON;
        size_t length = on ? strlen(name) : HISTORY_TAGS, between = used ? 2 : 0;
        if (used + between + length >= HISTORY_TAGS) continue;
        memcpy(text + used, ", ", between);
        memcpy(text + used + between, name, length + 1);
        used += between + length;
    }
}

static bool due(const struct history_sampler *sampler, int64_t captured_ns) {
    if (!sampler->memory) return false;
    return !sampler->last_ns || (double)(captured_ns - sampler->last_ns) >= sampler->every * 1e9;
}

void history_sampler_draw(const struct history_sampler *sampler, const struct frame *frame, bool blurred,
                          struct history_thumbnail *thumbnail) {
    *thumbnail = (struct history_thumbnail){0};
    if (sampler->thumbnails && due(sampler, frame->captured_ns))
        thumbnail_of_frame(frame, blurred, &thumbnail->jpeg, &thumbnail->size);
}

void history_sampler_add(struct history_sampler *sampler, const struct tagger *tagger, const float *embedding,
                         int64_t captured_ns, const struct history_thumbnail *thumbnail) {
    char tags[HISTORY_TAGS];
    if (!due(sampler, captured_ns)) return;
    sampler->last_ns = captured_ns;
    names_on(tagger, tags);
    memory_put(sampler->memory,
               &(struct memory_picture){embedding, captured_ns, tags, thumbnail->jpeg, thumbnail->size});
}
