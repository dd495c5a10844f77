/* SPDX-License-Identifier: Apache-2.0 */
#include "ocelli/eval/eval_input.h"
#include "base/compose.h"
#include "base/log.h"
#include "ocelli/common/plain.h"
#include "source/picture_walk.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int out_of_memory(void) {
    return log_fail(OCELLI_ERR_MEMORY, "out of memory for the names of pictures");
}

static int add_picture(struct eval_input *in, const char *path, size_t label, size_t group) {
    if (in->count == in->capacity) {
        size_t capacity = in->capacity ? 2 * in->capacity : 64;
        const char **paths = realloc(in->paths, capacity * sizeof *paths);
        if (paths) in->paths = paths;
        size_t *labels = realloc(in->labels, capacity * sizeof *labels);
        if (labels) in->labels = labels;
        size_t *groups = realloc(in->groups, capacity * sizeof *groups);
        if (groups) in->groups = groups;
        if (!paths || !labels || !groups) return out_of_memory();
        in->capacity = capacity;
    }
    const char *copy = arena_copy(&in->arena, path, strlen(path));
    if (!copy) return out_of_memory();
    in->labels[in->count] = label;
    in->groups[in->count] = group;
    in->paths[in->count++] = copy;
    return OCELLI_OK;
}

/* The list of pictures is whole. */
static int end_pictures(struct eval_input *in) {
    in->asked = in->count;
    in->unread = calloc(in->count, sizeof *in->unread);
    return in->unread ? OCELLI_OK : out_of_memory();
}

static char *join(struct arena *arena, const char *dir, const char *name) {
    if (*name == '/') return arena_copy(arena, name, strlen(name));
    char *path = arena_alloc(arena, strlen(dir) + strlen(name) + 2, 1);
    if (path) sprintf(path, "%s/%s", dir, name);
    return path;
}

/* A folder that cannot be read would be told as a missing picture for each line. */
static int check_dir(struct eval_input *in, const char *dir) {
    struct stat st;
    in->skipped = strlen(dir) + 1;
    if (stat(dir, &st)) return log_fail(OCELLI_ERR_FILE, "%s: %s", dir, strerror(errno));
    if (!S_ISDIR(st.st_mode)) return log_fail(OCELLI_ERR_FILE, "%s: is no folder: give the one of the pictures", dir);
    return OCELLI_OK;
}

/* ---- tables ---- */

struct classes {
    struct lookup lookup;
    const struct tagset *known;
};

/* Room for all that may come. */
static int classes_init(struct classes *c, struct eval_input *in, const struct tagset *known, size_t most) {
    *c = (struct classes){.known = known};
    if (known) most = known->count;
    in->classes = arena_alloc(&in->arena, most ? most : 1, sizeof *in->classes);
    if (!in->classes || !lookup_init(&c->lookup, &in->arena, most ? most : 1)) return out_of_memory();
    for (size_t i = 0; known && i < known->count; i++) {
        in->classes[i] = known->rivals[i].name;
        lookup_add(&c->lookup, in->classes[i], i);
    }
    in->class_count = known ? known->count : 0;
    return OCELLI_OK;
}

/* 1: it is not one of the known. Errors: MEMORY. */
static int class_of(struct classes *c, struct eval_input *in, const char *name, size_t *label) {
    const char *composed = compose_copy(&in->arena, name);
    if (!composed) return out_of_memory();
    if (lookup_find(&c->lookup, composed, label)) return OCELLI_OK;
    if (c->known) return 1;
    *label = in->class_count;
    in->classes[in->class_count] = composed;
    lookup_add(&c->lookup, composed, in->class_count++);
    return OCELLI_OK;
}

/* All missing: that is one fault, of the table or of the folder. Else each is told when it is to be read. */
static int check_any(const struct eval_input *in, const char *dir, const char *path) {
    for (size_t i = 0; i < in->count; i++)
        if (access(in->paths[i], F_OK) == 0) return OCELLI_OK;
    return log_fail(OCELLI_ERR_FILE, "%s: names no picture in %s: of its %zu the first is \"%s\"", path, dir, in->count,
                    eval_input_name(in, 0));
}

/* What a table's rows are looked up in. */
struct labelled {
    struct classes classes;
    struct lookup seen, groups;
    const char *path, *dir;
};

/* The group's number, a new one for a new name. */
static int group_of(struct labelled *l, struct eval_input *in, const struct eval_row *row, size_t *group) {
    const char *name = row->group;
    *group = 0;
    if (!name) return OCELLI_OK;
    if (!plain_utf8(name) && in->lenient)
        return log_fail(OCELLI_ERR_FILE, "%s:%zu: is not UTF-8: convert the file first", l->path, row->line);
    const char *composed = compose_copy(&in->arena, *name && plain_utf8(name) ? name : "(none)");
    if (!composed) return out_of_memory();
    if (lookup_find(&l->groups, composed, group)) return OCELLI_OK;
    *group = in->group_count;
    in->group_names[in->group_count] = composed;
    lookup_add(&l->groups, composed, in->group_count++);
    return OCELLI_OK;
}

static int take_class(struct eval_input *in, struct labelled *l, const struct eval_row *row, size_t *label) {
    *label = EVAL_NO_CLASS;
    if (!row->text) return OCELLI_OK;
    int status = class_of(&l->classes, in, row->text, label);
    if (status <= 0) return status;
    *label = EVAL_NO_CLASS;
    if (in->lenient) return OCELLI_OK;
    return log_fail(OCELLI_ERR_FILE, "%s:%zu: class \"%s\" is not among those that -T gives", l->path, row->line,
                    row->text);
}

static int take_label(struct eval_input *in, struct labelled *l, const struct eval_row *row) {
    size_t label, group, earlier;
    int status = take_class(in, l, row, &label);
    if (!status) status = group_of(l, in, row, &group);
    const char *picture = status ? NULL : join(&in->arena, l->dir, row->image);
    if (!picture) return status ? status : out_of_memory();
    if (!lookup_find(&l->seen, picture, &earlier)) {
        lookup_add(&l->seen, picture, in->count);
        return add_picture(in, picture, label, group);
    }
    if (in->labels[earlier] != label || (in->lenient && in->groups[earlier] != group))
        return log_fail(OCELLI_ERR_FILE, "%s:%zu: picture \"%s\" has another %s above: leave one", l->path, row->line,
                        row->image, in->labels[earlier] != label ? "class" : "group");
    log_warn("%s:%zu: picture \"%s\" is there twice: it counts once", l->path, row->line, row->image);
    return OCELLI_OK;
}

static void tell_unlabelled(const struct eval_input *in, const char *dir, const char *path) {
    size_t there = 0, all = picture_walk_count(dir, true);
    for (size_t i = 0; i < in->count; i++) there += access(in->paths[i], F_OK) == 0;
    if (all > there)
        log_warn("%s: %zu picture%s not in %s: passed over", dir, all - there, all - there == 1 ? " is" : "s are",
                 path);
}

static int check_columns(const struct eval_table *table, const char *path) {
    if (table->texts) return OCELLI_OK;
    return log_fail(OCELLI_ERR_FILE,
                    "%s: has groups but no texts: name that column \"label\" or \"caption\" in the first line", path);
}

static int labelled_init(struct labelled *l, struct eval_input *in, const struct eval_table *table,
                         const struct tagset *known) {
    int status = classes_init(&l->classes, in, known, table->count);
    if (status) return status;
    in->group_names = arena_alloc(&in->arena, table->count, sizeof *in->group_names);
    bool good = in->group_names && lookup_init(&l->seen, &in->arena, table->count) &&
                lookup_init(&l->groups, &in->arena, table->count);
    return good ? OCELLI_OK : out_of_memory();
}

int eval_input_labels(struct eval_input *in, const char *dir, const char *path, const struct tagset *known) {
    struct eval_table table = {.count = 0};
    struct labelled l = {.path = path, .dir = dir};
    int status = check_dir(in, dir);
    if (!status) status = eval_table_read(&table, path);
    if (!status && !in->lenient) status = check_columns(&table, path);
    if (!status) status = labelled_init(&l, in, &table, known);
    for (size_t i = 0; !status && i < table.count; i++) status = take_label(in, &l, &table.rows[i]);
    eval_table_finish(&table);
    if (!status) status = check_any(in, dir, path);
    if (status) return status;
    tell_unlabelled(in, dir, path);
    return end_pictures(in);
}

static void end_walk(struct eval_input *in, struct picture_walk **walk) {
    if (*walk) in->lost_folders += picture_walk_unread(*walk);
    picture_walk_close(walk);
}

int eval_input_all(struct eval_input *in, const char *dir) {
    struct picture_walk *walk = NULL;
    const char *picture;
    int status = check_dir(in, dir);
    if (!status) status = picture_walk_open(&walk, dir, true);
    while (!status && !(status = picture_walk_next(walk, &picture)))
        status = add_picture(in, picture, EVAL_NO_CLASS, 0);
    end_walk(in, &walk);
    if (status != PICTURE_WALK_END) return status;
    return in->count ? end_pictures(in) : log_fail(OCELLI_ERR_FILE, "%s: no picture in it", dir);
}

/* ---- folders ---- */

static int visible(const struct dirent *entry) {
    return entry->d_name[0] != '.';
}

static int by_bytes(const struct dirent **a, const struct dirent **b) {
    return strcmp((*a)->d_name, (*b)->d_name);
}

static int take_folder(struct eval_input *in, struct classes *classes, const char *path, const char *name) {
    struct picture_walk *walk = NULL;
    const char *picture;
    size_t label;
    char *words = arena_copy(&in->arena, name, strlen(name));
    if (!words) return out_of_memory();
    if (!classes->known && !plain_utf8(name))
        return log_fail(OCELLI_ERR_FILE, "%s: the name of this folder is a class, and is not UTF-8: rename it", path);
    for (char *c = words; *c; c++) *c = *c == '_' ? ' ' : *c;
    int status = class_of(classes, in, name, &label);
    if (status > 0) status = class_of(classes, in, words, &label);
    if (status > 0) {
        log_warn("%s: this folder is none of the classes: passed over", path);
        return OCELLI_OK;
    }
    if (!status && !classes->known) in->classes[label] = words;
    if (!status) status = picture_walk_open(&walk, path, true);
    while (!status && !(status = picture_walk_next(walk, &picture))) status = add_picture(in, picture, label, 0);
    end_walk(in, &walk);
    return status == PICTURE_WALK_END ? OCELLI_OK : status;
}

static int take_folders(struct eval_input *in, const char *dir, const struct tagset *known, struct dirent **entries,
                        size_t count) {
    struct classes classes;
    int status = classes_init(&classes, in, known, count);
    for (size_t i = 0; !status && i < count; i++) {
        struct stat st;
        const char *path = join(&in->arena, dir, entries[i]->d_name);
        if (!path) return out_of_memory();
        if (stat(path, &st) == 0 && S_ISDIR(st.st_mode)) status = take_folder(in, &classes, path, entries[i]->d_name);
    }
    return status;
}

int eval_input_folders(struct eval_input *in, const char *dir, const struct tagset *known) {
    struct dirent **entries = NULL;
    int status = check_dir(in, dir);
    if (status) return status;
    int count = scandir(dir, &entries, visible, by_bytes);
    if (count < 0) return log_fail(OCELLI_ERR_FILE, "%s: %s", dir, strerror(errno));
    status = take_folders(in, dir, known, entries, (size_t)count);
    for (int i = 0; i < count; i++) free(entries[i]);
    free(entries);
    if (status) return status;
    if (!in->count)
        return log_fail(OCELLI_ERR_FILE,
                        "%s: no picture in the folders in it: name each folder after a class, or give --labels FILE",
                        dir);
    return end_pictures(in);
}

/* ---- pairs ---- */

static int take_pair(struct eval_input *in, struct lookup *pictures, struct lookup *pairs, const char *path,
                     const char *dir, const struct eval_row *row) {
    size_t at = in->count;
    const char *picture = join(&in->arena, dir, row->image);
    char *both = arena_alloc(&in->arena, strlen(row->image) + strlen(row->text) + 2, 1);
    if (!picture || !both) return out_of_memory();
    sprintf(both, "%s\n%s", row->image, row->text);
    if (lookup_find(pairs, both, NULL)) {
        log_warn("%s:%zu: picture \"%s\" has this caption already: it counts once", path, row->line, row->image);
        return OCELLI_OK;
    }
    lookup_add(pairs, both, row->line);
    if (!lookup_find(pictures, picture, &at)) {
        int status = add_picture(in, picture, 0, 0);
        if (status) return status;
        lookup_add(pictures, picture, at);
    }
    in->texts[in->text_count] = arena_copy(&in->arena, row->text, strlen(row->text));
    if (!in->texts[in->text_count]) return out_of_memory();
    in->of[in->text_count++] = at;
    return OCELLI_OK;
}

/* Only one of equal captions can come first. */
static int tell_shared(const struct eval_input *in, const char *path) {
    struct arena arena = {0};
    struct lookup seen;
    size_t again = 0;
    bool good = lookup_init(&seen, &arena, in->text_count);
    for (size_t i = 0; good && i < in->text_count; i++) {
        if (lookup_find(&seen, in->texts[i], NULL))
            again++;
        else
            lookup_add(&seen, in->texts[i], i);
    }
    arena_finish(&arena);
    if (!good) return out_of_memory();
    if (again)
        log_warn("%s: %zu caption%s of several pictures: of equal captions only one can find its picture first", path,
                 again, again == 1 ? " is" : "s are");
    return OCELLI_OK;
}

int eval_input_pairs(struct eval_input *in, const char *dir, const char *path) {
    struct eval_table table = {.count = 0};
    struct lookup pictures = {.capacity = 0}, pairs = {.capacity = 0};
    int status = check_dir(in, dir);
    if (!status) status = eval_table_read(&table, path);
    if (!status) status = check_columns(&table, path);
    if (!status) {
        in->texts = calloc(table.count, sizeof *in->texts);
        in->of = calloc(table.count, sizeof *in->of);
        bool good = in->texts && in->of && lookup_init(&pictures, &in->arena, table.count) &&
                    lookup_init(&pairs, &in->arena, table.count);
        status = good ? OCELLI_OK : out_of_memory();
    }
    for (size_t i = 0; !status && i < table.count; i++)
        status = take_pair(in, &pictures, &pairs, path, dir, &table.rows[i]);
    eval_table_finish(&table);
    if (!status) status = check_any(in, dir, path);
    if (!status) status = tell_shared(in, path);
    return status ? status : end_pictures(in);
}

/* ---- all ---- */

const char *eval_input_name(const struct eval_input *in, size_t at) {
    const char *path = in->paths[at];
    return *path == '/' && path[in->skipped - 1] != '/' ? path : path + in->skipped;
}

static void keep_texts(struct eval_input *in, const size_t *place) {
    size_t kept = 0;
    for (size_t i = 0; i < in->text_count; i++) {
        if (in->unread[in->of[i]]) continue;
        in->texts[kept] = in->texts[i];
        in->of[kept++] = place[in->of[i]];
    }
    in->text_count = kept;
}

int eval_input_keep(struct eval_input *in, float *const *vectors, const size_t *n, size_t count) {
    size_t kept = 0, *place = calloc(in->count, sizeof *place);
    if (!place) return out_of_memory();
    for (size_t i = 0; i < in->count; i++) {
        place[i] = kept;
        if (in->unread[i]) continue;
        in->paths[kept] = in->paths[i];
        in->labels[kept] = in->labels[i];
        in->groups[kept] = in->groups[i];
        for (size_t v = 0; v < count; v++)
            memmove(vectors[v] + kept * n[v], vectors[v] + i * n[v], n[v] * sizeof **vectors);
        kept++;
    }
    keep_texts(in, place);
    free(place);
    in->lost = in->count - kept;
    in->count = kept;
    if (in->lost) log_error("%zu of %zu pictures could not be read", in->lost, in->asked);
    return kept ? OCELLI_OK : OCELLI_ERR_FILE;
}

void eval_input_empty_classes(const struct eval_input *in) {
    size_t empty = 0, first = 0;
    for (size_t k = 0; k < in->class_count; k++) {
        bool any = false;
        for (size_t i = 0; !any && i < in->count; i++) any = in->labels[i] == k;
        if (!any && !empty++) first = k;
    }
    if (empty == 1) log_warn("class \"%s\" has no picture: it counts only as a wrong answer", in->classes[first]);
    if (empty > 1)
        log_warn("%zu classes have no picture, the first is \"%s\": they count only as wrong answers", empty,
                 in->classes[first]);
}

void eval_input_finish(struct eval_input *in) {
    free(in->paths);
    free(in->labels);
    free(in->groups);
    free(in->unread);
    free(in->texts);
    free(in->of);
    arena_finish(&in->arena);
    *in = (struct eval_input){.count = 0};
}
