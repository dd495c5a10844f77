/* Finds pictures of a library of `ocelli index`: cc search.c $(pkg-config --cflags --libs ocelli) -o search
 *     ./search model.gguf pictures.db "a dog" [NOT]
 * NOT: less of this. A name of a picture file in place of the text finds pictures like it. */
#include <ocelli.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* (D) floats to be freed; NULL: the library has written why. */
static float *embed_picture(struct ocelli *model, const char *path) {
    struct ocelli_info info;
    struct ocelli_image picture = {0};
    ocelli_get_info(model, &info);
    float *embedding = calloc(info.embedding_size, sizeof *embedding);
    int status = embedding ? ocelli_image_load(&picture, path) : OCELLI_ERR_MEMORY;
    if (!status) status = ocelli_embed_images(model, &picture, 1, embedding);
    ocelli_image_free(&picture);
    if (!status) return embedding;
    free(embedding);
    return NULL;
}

static int search(struct ocelli *model, const char *library, const char *wanted, const char *not_wanted) {
    const struct ocelli_hit *hits;
    size_t count;
    float *embedding = NULL;
    struct ocelli_query query = {.nots = &not_wanted, .not_count = not_wanted != NULL, .wanted = 5};
    if (access(wanted, R_OK)) {
        query.texts = &wanted, query.text_count = 1;
    } else {
        embedding = embed_picture(model, wanted);
        if (!embedding) return OCELLI_ERR_FILE;
        query.embeddings = embedding, query.embedding_count = 1;
    }
    int status = ocelli_search(model, library, &query, &hits, &count);
    for (size_t i = 0; i < count; i++) /* they live until the next search */
        printf("%6.3f  %s\n", (double)hits[i].score, hits[i].path ? hits[i].path : hits[i].tags);
    free(embedding);
    return status;
}

int main(int argc, char **argv) {
    if (argc < 4 || argc > 5) {
        fprintf(stderr, "usage: %s MODEL.gguf LIBRARY.db TEXT|PICTURE [NOT]\n", argv[0]);
        return 2;
    }
    struct ocelli *model;
    if (ocelli_open(&model, &(struct ocelli_params){.model = argv[1]})) return 1; /* the library has written why */
    int status = search(model, argv[2], argv[3], argv[4]);
    ocelli_close(&model);
    return status ? 1 : 0;
}
