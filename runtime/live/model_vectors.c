/* SPDX-License-Identifier: Apache-2.0 */
#include "live/model_vectors.h"
#include "source/source.h"

static int embed_texts(void *user, const char *const *texts, size_t count, float *out) {
    return ocelli_embed_texts(user, texts, count, out);
}

static int embed_picture(void *user, const char *path, bool ignore_orientation, bool *cut, float *out) {
    struct ocelli_image image;
    int status = source_picture(&image, path, ignore_orientation, cut);
    if (!status) status = ocelli_embed_images(user, &image, 1, out);
    ocelli_image_free(&image);
    return status;
}

int model_vectors_create(struct vectors **out, struct tags_file *tags, const char *path, bool ignore_orientation) {
    const struct vectors_options options = {.is_picture = source_picture_name,
                                            .ignore_orientation = ignore_orientation};
    return vectors_create(out, tags, path, &options);
}

int model_vectors_step(struct vectors *v, struct ocelli *model, bool *done) {
    const struct vectors_model by = {.texts = embed_texts, .picture = embed_picture, .user = model};
    return vectors_step(v, &by, done);
}
