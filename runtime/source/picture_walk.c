/* SPDX-License-Identifier: Apache-2.0 */
#include "source/picture_walk.h"
#include "source/source.h"
#include "base/log.h"

#include <dirent.h>
#include <errno.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* A folder on the way from the first one to the next picture. */
struct level {
    char *path;
    struct dirent **entries; /* (count), of scandir() */
    int count, next;
};

struct picture_walk {
    bool below, silent;
    struct level *levels; /* (depth) */
    size_t depth, capacity;
    void *reached; /* a tree of tsearch(): folders */
    char *path;    /* of the last picture */
    size_t unread;
};

struct folder_key {
    dev_t device;
    ino_t inode;
};

static int compare_keys(const void *first, const void *second) {
    const struct folder_key *a = first, *b = second;
    if (a->device != b->device) return a->device < b->device ? -1 : 1;
    return a->inode < b->inode ? -1 : a->inode > b->inode;
}

static int no_memory(const char *path) {
    return log_fail(OCELLI_ERR_MEMORY, "%s: out of memory", path);
}

/* Can it be a picture or a folder? Some file systems do not tell a name's type: then it is looked at later. */
static int is_wanted(const struct dirent *entry) {
    if (*entry->d_name == '.') return false;
    return entry->d_type == DT_REG ? source_picture_name(entry->d_name)
                                   : entry->d_type == DT_DIR || entry->d_type == DT_LNK || entry->d_type == DT_UNKNOWN;
}

/* By bytes: the same order on every machine, whatever its language. */
static int compare_names(const struct dirent **a, const struct dirent **b) {
    return strcmp((*a)->d_name, (*b)->d_name);
}

/* *is_new: false where this folder was reached before. */
static int reach(struct picture_walk *w, const char *path, const struct stat *st, bool *is_new) {
    struct folder_key *key = malloc(sizeof *key), **found;
    if (!key) return no_memory(path);
    *key = (struct folder_key){st->st_dev, st->st_ino};
    found = tsearch(key, &w->reached, compare_keys);
    *is_new = found && *found == key;
    if (!*is_new) free(key);
    return found ? OCELLI_OK : no_memory(path);
}

static int refuse(struct picture_walk *w, const char *path) {
    w->unread++;
    return w->silent ? OCELLI_ERR_FILE
                     : log_fail(OCELLI_ERR_FILE, "%s: cannot read this folder: %s", path, strerror(errno));
}

static int reserve(struct picture_walk *w, const char *path) {
    if (w->depth < w->capacity) return OCELLI_OK;
    size_t capacity = w->capacity ? 2 * w->capacity : 8;
    struct level *grown = realloc(w->levels, capacity * sizeof *grown);
    if (!grown) return no_memory(path);
    w->levels = grown, w->capacity = capacity;
    return OCELLI_OK;
}

/* Errors: FILE (counted), MEMORY. */
static int enter(struct picture_walk *w, const char *path) {
    struct stat st;
    bool is_new;
    if (stat(path, &st) < 0) return refuse(w, path);
    int status = reach(w, path, &st, &is_new);
    if (status || !is_new) return status;
    status = reserve(w, path);
    if (status) return status;
    struct level level = {.path = strdup(path)};
    if (!level.path) return no_memory(path);
    level.count = scandir(path, &level.entries, is_wanted, compare_names);
    if (level.count < 0) {
        bool memory = errno == ENOMEM;
        free(level.path);
        return memory ? no_memory(path) : refuse(w, path);
    }
    w->levels[w->depth++] = level;
    return OCELLI_OK;
}

static void leave(struct picture_walk *w) {
    struct level *level = &w->levels[--w->depth];
    for (int i = 0; i < level->count; i++) free(level->entries[i]);
    free(level->entries);
    free(level->path);
}

static int open_walk(struct picture_walk **out, const char *folder, bool below, bool silent) {
    struct picture_walk *w = *out = calloc(1, sizeof *w);
    char *path = strdup(folder);
    int status = w && path ? OCELLI_OK : no_memory(folder);
    if (!status) {
        *w = (struct picture_walk){.below = below, .silent = silent};
        for (size_t length = strlen(path); length > 1 && path[length - 1] == '/';) path[--length] = '\0';
        status = enter(w, path);
    }
    free(path);
    if (status) picture_walk_close(out);
    return status;
}

int picture_walk_open(struct picture_walk **out, const char *folder, bool below) {
    return open_walk(out, folder, below, false);
}

/* Takes w->path, which is a picture or a folder, or neither. true: it is a picture. */
static bool look_at(struct picture_walk *w, const struct dirent *entry, int *status) {
    struct stat st = {.st_mode = entry->d_type == DT_DIR ? S_IFDIR : S_IFREG};
    bool known = entry->d_type == DT_REG || entry->d_type == DT_DIR, there = known || stat(w->path, &st) == 0;
    if (!there || S_ISREG(st.st_mode))
        return source_picture_name(entry->d_name); /* a link to nothing: its reader tells */
    if (!S_ISDIR(st.st_mode) || !w->below) return false;
    *status = enter(w, w->path);
    if (*status == OCELLI_ERR_FILE) *status = OCELLI_OK; /* told and counted */
    return false;
}

int picture_walk_next(struct picture_walk *w, const char **path) {
    int status = OCELLI_OK;
    *path = NULL;
    while (!status && w->depth) {
        struct level *level = &w->levels[w->depth - 1];
        if (level->next == level->count) {
            leave(w);
            continue;
        }
        const struct dirent *entry = level->entries[level->next++];
        free(w->path);
        bool slash = !strcmp(level->path, "/"); /* "/" itself ends with one */
        if (asprintf(&w->path, "%s/%s", slash ? "" : level->path, entry->d_name) < 0) {
            w->path = NULL;
            return no_memory(level->path);
        }
        if (!look_at(w, entry, &status)) continue;
        *path = w->path;
        return OCELLI_OK;
    }
    return status ? status : PICTURE_WALK_END;
}

size_t picture_walk_unread(const struct picture_walk *w) {
    return w->unread;
}

void picture_walk_close(struct picture_walk **walk) {
    if (!walk || !*walk) return;
    struct picture_walk *w = *walk;
    while (w->depth) leave(w);
    tdestroy(w->reached, free);
    free(w->levels);
    free(w->path);
    free(w);
    *walk = NULL;
}

size_t picture_walk_count(const char *folder, bool below) {
    struct picture_walk *walk;
    const char *path;
    size_t count = 0;
    if (open_walk(&walk, folder, below, true)) return 0;
    while (!picture_walk_next(walk, &path)) count++;
    picture_walk_close(&walk);
    return count;
}
