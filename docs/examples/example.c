/* Tags a picture: cc example.c -locelli ; ./a.out model.gguf picture.jpg "a cat" "a dog" */
#include <ocelli.h>
#include <stdio.h>
#include <stdlib.h>

static int tag_picture(struct ocelli *model, const char *path, const struct ocelli_tag *tags, size_t count) {
    struct ocelli_info info;
    struct ocelli_image picture = {0};
    struct ocelli_tags *prepared = NULL;
    ocelli_get_info(model, &info);
    float *embedding = calloc(info.embedding_size, sizeof *embedding), *scores = calloc(count, sizeof *scores);
    int status = embedding && scores ? OCELLI_OK : OCELLI_ERR_MEMORY;
    if (!status) status = ocelli_tags_create(&prepared, model, tags, count); /* once for many pictures */
    if (!status) status = ocelli_image_load(&picture, path);
    if (!status) status = ocelli_embed_images(model, &picture, 1, embedding);
    if (!status) {
        ocelli_tags_score(prepared, embedding, scores, NULL);
        for (size_t i = 0; i < count; i++) printf("%5.1f %%  %s\n", 100 * scores[i], tags[i].name);
    }
    ocelli_image_free(&picture);
    ocelli_tags_destroy(&prepared);
    free(embedding), free(scores);
    return status;
}

int main(int argc, char **argv) {
    if (argc < 4) return fprintf(stderr, "usage: %s MODEL.gguf PICTURE TAG...\n", argv[0]), 2;
    struct ocelli *model;
    if (ocelli_open(&model, &(struct ocelli_params){.model = argv[1]}) != OCELLI_OK) return 1; /* the line is said */
    size_t count = (size_t)argc - 3;
    struct ocelli_tag *tags = calloc(count, sizeof *tags);
    for (size_t i = 0; tags && i < count; i++)
        tags[i] = (struct ocelli_tag){.name = argv[3 + i], .prompts = (const char *const *)&argv[3 + i], .prompt_count = 1};
    int status = tags ? tag_picture(model, argv[2], tags, count) : OCELLI_ERR_MEMORY;
    free(tags);
    ocelli_close(&model);
    return status == OCELLI_OK ? 0 : 1;
}
