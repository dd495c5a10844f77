/* SPDX-License-Identifier: Apache-2.0 */
#include "model.h"
#include "base/log.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

enum { MODELS = 64, SEEN = 256 };

#define MODELS_FOLDER PLACE_BOOT "/models"
#define DEMO PLACE_SHARE "/models/demo.gguf"

/* ---- is it good ---- */

/* Which bytes: of another time, size or digests it is read anew. */
static void identify(const struct blob *blob, const char *path, char seen[SEEN]) {
    struct stat st;
    struct file_stamp stamp = {0};
    if (!stat(path, &st)) stamp = file_stamp(&st);
    snprintf(seen, SEEN, "%s %lld %lld\n", blob_key(blob), (long long)stamp.size, (long long)stamp.changed_ns);
}

static int read_whole(const struct place *place, struct blob *blob, const char *path, const char *good) {
    char seen[SEEN];
    size_t size;
    identify(blob, path, seen);
    const char *before = good ? place_read(place, good, &size) : NULL;
    if (before && !strcmp(before, seen)) return OCELLI_OK;
    int status = blob_check(blob);
    if (!status && good) place_save(place, good, seen, 0644, false); /* if it cannot be kept, it is read again */
    return status;
}

static int read_model(struct ocelli *o, const struct place *place, const char *path, const char *good) {
    int status = handle_read(o, path, true);
    return status ? status : read_whole(place, o->blob, path, good);
}

void model_finish(struct model *model) {
    handle_own_finish(&model->handle);
    blob_close(&model->handle.blob);
    *model = (struct model){0};
}

/* The message without the root, and with what happens now. */
static bool take(struct model *out, const struct place *place, const char *path, size_t line, const char *good,
                 struct diagnostics *report) {
    char why[LOG_LINE];
    log_hold(why, sizeof why);
    int status = read_model(&out->handle, place, path, good);
    log_release();
    out->path = path;
    if (!status) return true;
    diagnostics_fault(report, line, "this model is not used: %s", place_shown(place, why));
    model_finish(out);
    return false;
}

/* ---- which there are ---- */

struct list {
    char *names[MODELS]; /* in the arena */
    size_t count;
};

/* Not those that start with a dot: macOS puts one beside each file that it copies. */
static bool is_model(const char *name) {
    size_t length = strlen(name);
    return name[0] != '.' && length > 5 && !strcasecmp(name + length - 5, ".gguf");
}

static int last_first(const void *a, const void *b) {
    return strverscmp(*(char *const *)b, *(char *const *)a);
}

static void find_models(const struct place *place, struct list *list, struct diagnostics *report) {
    const char *path = place_path(place, MODELS_FOLDER);
    DIR *folder = path ? opendir(path) : NULL;
    list->count = 0;
    if (!folder) return;
    for (const struct dirent *entry; (entry = readdir(folder));) {
        if (!is_model(entry->d_name)) continue;
        if (list->count == MODELS) {
            diagnostics_fault(report, 0, "models: more than %d files: only some are looked at", MODELS);
            break;
        }
        char *name = arena_copy(place->arena, entry->d_name, strlen(entry->d_name));
        if (name) list->names[list->count++] = name;
    }
    closedir(folder);
    qsort(list->names, list->count, sizeof *list->names, last_first);
}

/* ---- the choice ---- */

static void take_demo(struct model *out, const struct place *place, const char *good, struct diagnostics *report) {
    const char *path = place_path(place, DEMO);
    if (path && take(out, place, path, 0, good, report)) return;
    diagnostics_fault(report, 0,
                      "there is no model, so nothing can be seen: copy one into the folder models of the card");
}

/* FAT's names have no case. */
static const char *named(const struct place *place, const struct list *list, const char *wish) {
    const char *name = !strncasecmp(wish, "models/", 7) ? wish + 7 : wish;
    if (wish[0] == '/') return place_path(place, "%s", wish);
    for (size_t i = 0; i < list->count; i++)
        if (!strcasecmp(list->names[i], name)) return place_path(place, MODELS_FOLDER "/%s", list->names[i]);
    return !strcmp(name, "demo.gguf") ? place_path(place, DEMO) : NULL;
}

void model_choose(struct model *out, const struct place *place, const char *wish, size_t line, const char *good,
                  struct diagnostics *report) {
    struct list list;
    *out = (struct model){0};
    find_models(place, &list, report);
    const char *path = wish ? named(place, &list, wish) : NULL;
    if (wish && !path)
        diagnostics_fault(report, line,
                          "model = %s: there is no such file in the folder models: the demo model is used", wish);
    if (path && take(out, place, path, line, good, report)) return;
    for (size_t i = 0; !wish && i < list.count; i++) {
        path = place_path(place, MODELS_FOLDER "/%s", list.names[i]);
        if (path && take(out, place, path, 0, good, report)) return;
    }
    take_demo(out, place, good, report);
}
