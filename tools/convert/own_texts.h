/* SPDX-License-Identifier: Apache-2.0
 * What a blob without a text tower has in its place: tags, as a tags.ini, and the vectors of their texts. */
#ifndef CONVERT_OWN_TEXTS_H
#define CONVERT_OWN_TEXTS_H

#include "convert/gguf_write.h"
#include "convert/compute/inputs.h"
#include "convert/walk.h"
#include "tag/tags_file.h"

struct own_texts {
    struct arena arena;
    char *tags;                /* the file's tags, templates and defaults, without comments; free() */
    struct prompts_list texts; /* each once, see tag/known_texts.h */
};

/* Reads `path`, a tags.ini or a daemon's ini, of which no other section is kept. Errors: FILE (also example pictures,
 * which are no texts), LIMIT, MEMORY. */
int own_texts_read(struct own_texts *own, const char *path);
void own_texts_finish(struct own_texts *own);

void own_texts_keys(struct gguf_write *writer, const struct own_texts *own);
void own_texts_declare(struct gguf_write *writer, const struct own_texts *own, const struct config *config);
/* Embeds the texts of `inputs`, which are these, in float: all kinds of *tower are those vectors. Writes the tensor.
 * Errors: FILE, MEMORY. */
int own_texts_write(const struct walk *walk, const struct inputs *inputs, uint32_t end_id, struct walk_tower *tower);

#endif
