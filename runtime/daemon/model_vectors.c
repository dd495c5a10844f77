/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/model_vectors.h"
#include "source/source.h"

static int embed_texts(void *user, const char *const *texts, size_t count, float *out) {
    return ocelli_embed_texts(user, texts, count, out);
}

static int embed_pictures(void *user, const struct ocelli_image *images, size_t count, float *out) {
    return ocelli_embed_images(user, images, count, out);
}

static struct vectors_options options_of(bool ignore_orientation) {
    return (struct vectors_options){.is_picture = source_picture_name,
                                    .read = source_picture,
                                    .release = ocelli_image_free,
                                    .ignore_orientation = ignore_orientation};
}

int model_vectors_create(struct vectors **out, struct tags_file *tags, const char *path, bool ignore_orientation) {
    const struct vectors_options options = options_of(ignore_orientation);
    return vectors_create(out, tags, path, &options);
}

int model_vectors_check(struct tags_file *tags, const char *path, bool ignore_orientation, struct faults *faults) {
    const struct vectors_options options = options_of(ignore_orientation);
    return vectors_check(tags, path, &options, faults);
}

int model_vectors_step(struct vectors *vectors, struct ocelli *model, bool *done) {
    const struct vectors_model by = {.texts = embed_texts, .pictures = embed_pictures, .user = model};
    return vectors_step(vectors, &by, done);
}
