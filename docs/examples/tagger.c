/* Follows what frames show: cc tagger.c $(pkg-config --cflags --libs ocelli) -o tagger
 *
 * The pictures of a folder, in the order of their names, as if one came each second:
 *     ./tagger model.gguf tags.ini learnt FOLDER
 * A video, here with 2 frames a second of 640 x 360 pixels:
 *     ffmpeg -v error -i video.mp4 -vf fps=2,scale=640:360 -f rawvideo -pix_fmt rgb24 - |
 *         ./tagger model.gguf tags.ini learnt 640x360@2
 *
 * It prints each change of a tag, and at the end all states. What the tags learn it keeps in the file `learnt`. */
#include <dirent.h>
#include <ocelli.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct run {
    struct ocelli *model;
    struct ocelli_tagger *tagger;
    float *embedding; /* (D) */
};

static const char *const states[] = {"off", "on", "learning", "unknown"};
static const char *const thresholds[] = {"none", "fixed", "learnt", "starter"};

static void print(const struct ocelli_tag_status *s) {
    printf("%9.1f s  %-8s  %s", (double)s->since_ms / 1000, states[s->state], s->tag ? s->tag : s->group);
    if (!s->tag) puts(""); /* none of the group: there are no numbers of its own */
    if (!s->tag) return;
    printf("  score %.2f  margin %.3f", (double)s->score, (double)s->margin);
    printf("  on from %.3f (%s)\n", (double)s->on, thresholds[s->threshold]);
}

/* Mean brightness, 0 to 1: by this the tagger tells day from night. Every 16th pixel is enough. */
static float luma_of(const struct ocelli_image *picture) {
    size_t pixels = (size_t)picture->width * picture->height, seen = 0;
    double sum = 0;
    for (size_t i = 0; i < pixels; i += 16, seen++) {
        const uint8_t *rgb = picture->rgb + 3 * i;
        sum += 0.299 * rgb[0] + 0.587 * rgb[1] + 0.114 * rgb[2];
    }
    return (float)(sum / (double)seen / 255);
}

static int take(struct run *run, const struct ocelli_image *picture, int64_t time_ms) {
    const struct ocelli_tag_status *changes;
    size_t count = 0;
    int status = ocelli_embed_images(run->model, picture, 1, run->embedding);
    if (!status) status = ocelli_tagger_step(run->tagger, run->embedding, time_ms, luma_of(picture), &changes, &count);
    for (size_t i = 0; i < count; i++) print(&changes[i]);
    return status;
}

static int take_folder(struct run *run, const char *folder) {
    struct dirent **names = NULL;
    int count = scandir(folder, &names, NULL, alphasort), status = OCELLI_OK;
    int64_t time_ms = 0;
    if (count < 0) perror(folder);
    for (int i = 0; !status && i < count; i++) {
        char path[4096];
        struct ocelli_image picture;
        if (names[i]->d_name[0] == '.') continue;
        snprintf(path, sizeof path, "%s/%s", folder, names[i]->d_name);
        if (ocelli_image_load(&picture, path)) continue; /* the library has written why; the next may be good */
        status = take(run, &picture, time_ms += 1000);
        ocelli_image_free(&picture);
    }
    for (int i = 0; i < count; i++) free(names[i]);
    free(names);
    return count < 0 ? OCELLI_ERR_FILE : status;
}

static int take_video(struct run *run, uint32_t width, uint32_t height, double rate) {
    size_t size = (size_t)3 * width * height;
    uint8_t *rgb = malloc(size);
    const struct ocelli_image picture = {rgb, width, height};
    int status = rgb ? OCELLI_OK : OCELLI_ERR_MEMORY;
    for (double frame = 1; !status && fread(rgb, size, 1, stdin) == 1; frame++)
        status = take(run, &picture, (int64_t)(1000 * frame / rate));
    free(rgb);
    return status;
}

static int take_all(struct run *run, const char *source) {
    unsigned width, height;
    double rate;
    if (sscanf(source, "%ux%u@%lf", &width, &height, &rate) != 3) return take_folder(run, source);
    if (width && width <= 16384 && height && height <= 16384 && rate > 0) return take_video(run, width, height, rate);
    fprintf(stderr, "%s: WIDTHxHEIGHT@RATE, as 640x360@2\n", source);
    return OCELLI_ERR_USAGE;
}

int main(int argc, char **argv) {
    if (argc != 5) {
        fprintf(stderr, "usage: %s MODEL.gguf TAGS.ini LEARNT FOLDER|WIDTHxHEIGHT@RATE\n", argv[0]);
        return 2;
    }
    struct run run = {0};
    struct ocelli_info info;
    struct ocelli_tag_status tag;
    struct ocelli_tagger_params params = {.tags_path = argv[2], .state_path = argv[3]};
    int status = ocelli_open(&run.model, &(struct ocelli_params){.model = argv[1]});
    if (!status) status = ocelli_tagger_create(&run.tagger, run.model, &params);
    if (!status) {
        ocelli_unload_text(run.model); /* from here on only pictures come */
        ocelli_get_info(run.model, &info);
        run.embedding = calloc(info.embedding_size, sizeof *run.embedding);
        status = run.embedding ? take_all(&run, argv[4]) : OCELLI_ERR_MEMORY;
    }
    if (!status) puts("at the end:");
    for (size_t i = 0; !status && ocelli_tagger_get(run.tagger, i, &tag) == OCELLI_OK; i++) print(&tag);
    if (!status) status = ocelli_tagger_save(run.tagger, argv[3]);
    free(run.embedding);
    ocelli_tagger_destroy(&run.tagger);
    ocelli_close(&run.model);
    return status ? 1 : 0;
}
