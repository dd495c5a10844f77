/* SPDX-License-Identifier: Apache-2.0 */
#include "tag/vectors.h"
#include "base/file.h"
#include "base/log.h"
#include "base/path.h"
#include "tag/distractors.h"
#include "tag/distractors_cache.h"

#include <dirent.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Texts embedded between two frames. */
enum { AT_ONCE = 8 };
/* Pictures of a folder; how often and how long a picture that is still written is waited for, between frames. */
enum { EXAMPLES_MOST = 256, WAITS_MOST = 100, WAIT_US = 20000 };

/* A text or a picture, which `stamp` tells apart from an older one of that name. */
struct item {
    const char *text; /* or the picture's path */
    size_t line;      /* of its tag, or of the example */
    uint64_t stamp;   /* 0: a text */
    bool done;
};

/* Where a tag's items lie. */
struct places {
    size_t prompts, prompt_count, examples, example_count, against, against_count;
};

struct vectors {
    struct tags_file tags;
    struct arena arena;
    const char *path;
    struct vectors_options options;
    struct faults *faults; /* of vectors_check() */
    int waits;             /* for the next picture to be whole */
    struct item *items;    /* (count) */
    size_t count, capacity, next, size;
    struct places *spans;      /* (tags.count) */
    struct places distractors; /* its prompts: `distractors_each` of each, one after another; none when no tag learns */
    size_t distractors_each;
    struct prompts_list distractor_prompts;
    bool recalled;              /* they came from the cache folder */
    float *values;              /* (count, size) */
    const struct item **sorted; /* (count), by text and stamp; made when a newer set asks */
    struct tagger_tag *made;    /* (tags.count) */
    float *unit;                /* (tags.count, size) */
    float *distractor_units;    /* (distractors, size) */
};

static int out_of_memory(const struct vectors *v) {
    return log_fail(OCELLI_ERR_MEMORY, "%s: out of memory for the vectors of tags", v->path);
}

static int add(struct vectors *v, const char *text, size_t line, uint64_t stamp) {
    if (v->count == v->capacity) {
        size_t capacity = v->capacity ? 2 * v->capacity : 64;
        struct item *grown = realloc(v->items, capacity * sizeof *grown);
        if (!grown) return out_of_memory(v);
        v->items = grown, v->capacity = capacity;
    }
    v->items[v->count++] = (struct item){text, line, stamp, false};
    return OCELLI_OK;
}

static int add_all(struct vectors *v, const struct prompts_list *list, size_t line, size_t *first, size_t *count) {
    int status = OCELLI_OK;
    *first = v->count, *count = list->count;
    for (size_t i = 0; !status && i < list->count; i++) status = add(v, list->texts[i], line, 0);
    return status;
}

/* The stamp tells a picture from another one of that name, and from itself turned. */
static int add_example(struct vectors *v, const char *path, const struct stat *st, size_t line) {
    uint64_t stamp = (uint64_t)file_stamp(st).changed_ns;
    return add(v, path, line,
               (stamp ^ (uint64_t)st->st_size << 40 ^ (uint64_t)v->options.ignore_orientation << 39) | 1);
}

static int add_pictures(struct vectors *v, const char *folder, char *const names[], int count, size_t line) {
    int status = OCELLI_OK;
    for (int i = 0; !status && i < count; i++) {
        struct stat st;
        char *path = arena_alloc(&v->arena, strlen(folder) + strlen(names[i]) + 2, 1);
        if (!path) return out_of_memory(v);
        sprintf(path, "%s/%s", folder, names[i]);
        if (stat(path, &st) == 0 && S_ISREG(st.st_mode)) status = add_example(v, path, &st, line);
    }
    return status;
}

/* The pictures of a folder, not of those below it. */
static int add_folder(struct vectors *vectors, const char *folder, size_t line) {
    struct dirent **found = NULL;
    char *names[EXAMPLES_MOST] = {NULL};
    size_t before = vectors->count;
    int all = scandir(folder, &found, NULL, alphasort), count = 0, status = OCELLI_OK;
    if (all < 0)
        return log_fail(OCELLI_ERR_FILE, "%s:%zu: example %s: %s", vectors->path, line, folder, strerror(errno));
    for (int i = 0; i < all && count <= EXAMPLES_MOST; i++) {
        if (!vectors->options.is_picture(found[i]->d_name)) continue;
        if (count < EXAMPLES_MOST) names[count] = found[i]->d_name;
        count++;
    }
    if (count > EXAMPLES_MOST)
        status = log_fail(OCELLI_ERR_LIMIT, "%s:%zu: example %s: over %d pictures", vectors->path, line, folder,
                          EXAMPLES_MOST);
    if (!status) status = add_pictures(vectors, folder, names, count, line);
    if (!status && vectors->count == before)
        status = log_fail(OCELLI_ERR_FILE, "%s:%zu: example %s: no picture in it", vectors->path, line, folder);
    for (int i = 0; i < all; i++) free(found[i]);
    free(found);
    return status;
}

/* Of one line `example = NAME`. */
static int add_pictures_of(struct vectors *v, const char *name, size_t line) {
    struct stat st;
    const char *path = path_beside(&v->arena, v->path, name);
    if (!path) return OCELLI_ERR_MEMORY;
    if (stat(path, &st) < 0)
        return log_fail(OCELLI_ERR_FILE, "%s:%zu: example %s: %s", v->path, line, path, strerror(errno));
    return S_ISDIR(st.st_mode) ? add_folder(v, path, line) : add_example(v, path, &st, line);
}

static int add_examples(struct vectors *v, size_t index, struct places *s) {
    const struct tags_file_tag *tag = &v->tags.tags[index];
    s->examples = v->count;
    int status = OCELLI_OK;
    for (size_t i = 0; !status && i < tag->examples.count; i++)
        status = faults_pass(v->faults, add_pictures_of(v, tag->examples.texts[i], tag->example_lines[i]));
    s->example_count = v->count - s->examples;
    return status;
}

/* The nearest templates count. A tag that gives examples but no prompt means these alone. */
static int add_tag(struct vectors *v, size_t index) {
    const struct tags_file_tag *tag = &v->tags.tags[index];
    struct places *s = &v->spans[index];
    struct prompts_list expanded = {0};
    int status = prompts_expand(&expanded, &v->arena, tags_file_templates(&v->tags, tag), tags_file_prompts(tag));
    if (!status) status = add_all(v, &expanded, tag->line, &s->prompts, &s->prompt_count);
    if (!status) status = add_examples(v, index, s);
    return status ? status : add_all(v, &tag->against, tag->line, &s->against, &s->against_count);
}

/* They come last, and only where a tag needs them: the more texts, the later the first picture. */
static int add_distractors(struct vectors *v) {
    struct prompts_list *expanded = &v->distractor_prompts;
    bool learns = false;
    for (size_t i = 0; i < v->tags.count; i++)
        learns = learns || (isnan(v->tags.tags[i].rules.value[RULE_ON]) && !v->spans[i].example_count);
    if (!learns) return OCELLI_OK;
    int status = distractors_expand(expanded, &v->arena, &v->tags.templates, &v->distractors_each);
    return status ? status : add_all(v, expanded, 0, &v->distractors.prompts, &v->distractors.prompt_count);
}

static int create(struct vectors **out, struct tags_file *tags, const char *path, const struct vectors_options *options,
                  struct faults *faults) {
    struct vectors *v = *out = calloc(1, sizeof *v);
    if (!v) {
        tags_file_finish(tags);
        return log_fail(OCELLI_ERR_MEMORY, "%s: out of memory", path);
    }
    v->options = *options;
    v->faults = faults;
    v->tags = *tags;
    *tags = (struct tags_file){0};
    v->path = arena_copy(&v->arena, path, strlen(path));
    v->spans = arena_alloc(&v->arena, v->tags.count + 1, sizeof *v->spans);
    v->made = arena_alloc(&v->arena, v->tags.count + 1, sizeof *v->made);
    int status = v->path && v->spans && v->made ? OCELLI_OK : log_fail(OCELLI_ERR_MEMORY, "%s: out of memory", path);
    for (size_t i = 0; !status && i < v->tags.count; i++) status = add_tag(v, i);
    if (!status) status = add_distractors(v);
    return status;
}

int vectors_create(struct vectors **out, struct tags_file *tags, const char *path,
                   const struct vectors_options *options) {
    int status = create(out, tags, path, options, NULL);
    if (status) vectors_destroy(out);
    return status;
}

void vectors_destroy(struct vectors **out) {
    if (!out || !*out) return;
    struct vectors *v = *out;
    free(v->items);
    free(v->values);
    free(v->unit);
    free(v->distractor_units);
    free(v->sorted);
    tags_file_finish(&v->tags);
    arena_finish(&v->arena);
    free(v);
    *out = NULL;
}

static int by_text(const void *a, const void *b) {
    const struct item *x = *(const struct item *const *)a, *y = *(const struct item *const *)b;
    int order = strcmp(x->text, y->text);
    return order ? order : (x->stamp > y->stamp) - (x->stamp < y->stamp);
}

static int sort(struct vectors *v, const struct vectors *from) {
    v->sorted = calloc(from->count + 1, sizeof *v->sorted);
    if (!v->sorted) return out_of_memory(v);
    for (size_t i = 0; i < from->count; i++) v->sorted[i] = &from->items[i];
    qsort(v->sorted, from->count, sizeof *v->sorted, by_text);
    return OCELLI_OK;
}

int vectors_begin(struct vectors *vectors, const struct vectors *from, size_t size) {
    vectors->size = size;
    vectors->values = calloc(vectors->count + 1, size * sizeof *vectors->values);
    vectors->unit = calloc(vectors->tags.count + 1, size * sizeof *vectors->unit);
    vectors->distractor_units = calloc(vectors->distractors.prompt_count + 1, size * sizeof *vectors->distractor_units);
    if (!vectors->values || !vectors->unit || !vectors->distractor_units) return out_of_memory(vectors);
    if (!from || from->size != size) return OCELLI_OK;
    int status = sort(vectors, from);
    for (size_t i = 0; !status && i < vectors->count; i++) {
        const struct item *wanted = &vectors->items[i];
        const struct item **had = bsearch(&wanted, vectors->sorted, from->count, sizeof *vectors->sorted, by_text);
        if (!had || !(*had)->done) continue;
        memcpy(vectors->values + i * size, from->values + (size_t)(*had - from->items) * size, size * sizeof(float));
        vectors->items[i].done = true;
    }
    free(vectors->sorted); /* it points into `from`, which goes */
    vectors->sorted = NULL;
    return status;
}

void vectors_recall(struct vectors *vectors, const char *model_key) {
    const struct places *d = &vectors->distractors;
    float *values = vectors->values + d->prompts * vectors->size;
    if (!d->prompt_count ||
        !distractors_cache_read(DISTRACTORS_OF_TAGS, model_key, &vectors->distractor_prompts, vectors->size, values))
        return;
    for (size_t i = 0; i < d->prompt_count; i++) vectors->items[d->prompts + i].done = true;
    vectors->recalled = true;
}

void vectors_remember(const struct vectors *vectors, const char *model_key) {
    const struct places *d = &vectors->distractors;
    if (d->prompt_count && !vectors->recalled)
        distractors_cache_write(DISTRACTORS_OF_TAGS, model_key, &vectors->distractor_prompts, vectors->size,
                                vectors->values + d->prompts * vectors->size);
}

/* *cut: as options.read(). */
static int load_picture(const struct vectors *v, const struct item *item, struct ocelli_image *image, bool *cut) {
    char why[LOG_LINE];
    log_hold(why, sizeof why);
    int status = v->options.read(image, item->text, v->options.ignore_orientation, cut);
    log_release();
    if (!status || (cut && *cut)) return status;
    return log_fail(status, "%s:%zu: this tag's example cannot be used: %s", v->path, item->line, why);
}

int vectors_check(struct tags_file *tags, const char *path, const struct vectors_options *options,
                  struct faults *faults) {
    struct vectors *v;
    int status = create(&v, tags, path, options, faults);
    for (size_t i = 0; !status && i < v->count; i++) {
        struct ocelli_image image = {0};
        if (v->items[i].stamp) status = faults_pass(faults, load_picture(v, &v->items[i], &image, NULL));
        options->release(&image);
    }
    if (v) *tags = v->tags, v->tags = (struct tags_file){0};
    vectors_destroy(&v);
    return status;
}

static int embed_picture(struct vectors *vectors, const struct vectors_model *model, size_t index) {
    struct ocelli_image image;
    const struct item *item = &vectors->items[index];
    bool cut = false;
    int status = load_picture(vectors, item, &image, vectors->waits < WAITS_MOST ? &cut : NULL);
    if (cut) {
        vectors->waits++;
        usleep(WAIT_US);
        return OCELLI_OK;
    }
    vectors->waits = 0;
    if (status) return status;
    status = model->pictures(model->user, &image, 1, vectors->values + index * vectors->size);
    vectors->items[index].done = status == OCELLI_OK;
    vectors->options.release(&image);
    return status;
}

/* Up to AT_ONCE texts that are next to each other. */
static int embed_texts(struct vectors *v, const struct vectors_model *model, size_t first) {
    const char *texts[AT_ONCE] = {0};
    size_t n = 0;
    for (size_t i = first; i < v->count && n < AT_ONCE && !v->items[i].done && !v->items[i].stamp; i++)
        texts[n++] = v->items[i].text;
    int status = model->texts(model->user, texts, n, v->values + first * v->size);
    for (size_t i = 0; !status && i < n; i++) v->items[first + i].done = true;
    return status;
}

int vectors_step(struct vectors *vectors, const struct vectors_model *model, bool *done) {
    while (vectors->next < vectors->count && vectors->items[vectors->next].done) vectors->next++;
    *done = vectors->next == vectors->count;
    if (*done) return OCELLI_OK;
    if (!vectors->items[vectors->next].stamp) return embed_texts(vectors, model, vectors->next);
    return embed_picture(vectors, model, vectors->next);
}

/* The mean of prompts and the mean of examples weigh the same, however many there are of each: pictures lie closer to
 * pictures than texts do, and would else outvote them. */
static int unite(struct vectors *vectors, size_t index) {
    const struct places *s = &vectors->spans[index];
    size_t parts = 0, size = vectors->size;
    float *out = vectors->unit + index * size, *both = calloc(2, size * sizeof *both);
    if (!both) return out_of_memory(vectors);
    int status = OCELLI_OK;
    if (s->prompt_count)
        status = prompts_average(vectors->values + s->prompts * size, s->prompt_count, size, both + parts++ * size);
    if (!status && s->example_count)
        status = prompts_average(vectors->values + s->examples * size, s->example_count, size, both + parts++ * size);
    if (!status) status = prompts_average(both, parts, size, out);
    if (status == OCELLI_ERR_USAGE)
        status =
            log_fail(OCELLI_ERR_FILE, "%s:%zu: this tag cannot be used", vectors->path, vectors->tags.tags[index].line);
    free(both);
    return status;
}

static int make(struct vectors *vectors, size_t index) {
    const struct tags_file_tag *from = &vectors->tags.tags[index];
    const struct places *s = &vectors->spans[index];
    char key[SHA256_HEX_SIZE];
    tags_file_key(&vectors->tags, from, key);
    const char *kept = arena_copy(&vectors->arena, key, strlen(key));
    if (!kept) return out_of_memory(vectors);
    vectors->made[index] = (struct tagger_tag){.name = from->name,
                                               .group = from->group,
                                               .key = kept,
                                               .vector = vectors->unit + index * vectors->size,
                                               .against = vectors->values + s->against * vectors->size,
                                               .against_texts = from->against.texts,
                                               .against_count = s->against_count,
                                               .rules = from->rules,
                                               .has_examples = s->example_count > 0};
    return unite(vectors, index);
}

static int make_distractors(struct vectors *v, struct tagger_set *set) {
    size_t each = v->distractors_each, count = v->distractors.prompt_count ? v->distractors.prompt_count / each : 0,
           all;
    int status = OCELLI_OK;
    for (size_t i = 0; !status && i < count; i++)
        status = prompts_average(v->values + (v->distractors.prompts + i * each) * v->size, each, v->size,
                                 v->distractor_units + i * v->size);
    set->distractors = v->distractor_units, set->distractor_texts = distractors_texts(&all),
    set->distractor_count = count;
    return status;
}

int vectors_set(struct vectors *vectors, struct tagger_set *set) {
    for (size_t i = 0; i < vectors->tags.count; i++) {
        int status = make(vectors, i);
        if (status) return status;
    }
    *set = (struct tagger_set){.tags = vectors->made,
                               .count = vectors->tags.count,
                               .size = vectors->size,
                               .version = tags_file_version(&vectors->tags)};
    return make_distractors(vectors, set);
}
