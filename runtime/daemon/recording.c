/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/recording.h"

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

void recording_add(struct recording *recording, const struct tagger *tagger, const float *embedding,
                   int64_t captured_ns) {
    char tags[HISTORY_TAGS];
    if (!recording->memory ||
        (recording->last_ns && (double)(captured_ns - recording->last_ns) < recording->every * 1e9))
        return;
    recording->last_ns = captured_ns;
    names_on(tagger, tags);
    memory_put(recording->memory, embedding, captured_ns, tags);
}
