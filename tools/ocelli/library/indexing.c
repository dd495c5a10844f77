/* SPDX-License-Identifier: Apache-2.0 */
#include "ocelli/library/indexing.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "ocelli/common/progress.h"
#include "ocelli/library/decoders.h"
#include "source/picture_walk.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A kill takes what was embedded in the last second; each commit waits for the disk. */
enum { BATCH = 16, PENDING = 256, COMMIT_MS = 1000 };

struct work {
    struct indexing *of;
    char **roots; /* (root_count): absolute */
    size_t root_count, next_root;
    struct picture_walk *walk; /* of roots[next_root - 1]; NULL: none */
    struct picture_job *held;  /* found, and the threads have no room yet */
    struct decoders *decoders;
    uint32_t size;  /* D */
    float *vectors; /* (PENDING, D) */
    struct picture_job *pending[PENDING];
    size_t pending_count;
    double committed_ms;
    struct progress progress;
};

static int no_memory(void) {
    return log_fail(OCELLI_ERR_MEMORY, "out of memory");
}

/* ---- finding pictures ---- */

static bool is_below(const char *path, const char *folder) {
    size_t length = strlen(folder);
    return !strcmp(folder, "/") || (!strncmp(path, folder, length) && (!path[length] || path[length] == '/'));
}

/* A folder inside another that was named is walked with that one. */
static void drop_nested(struct work *w) {
    size_t kept = 0;
    for (size_t i = 0; i < w->root_count; i++) {
        bool nested = false;
        for (size_t k = 0; k < w->root_count && !nested; k++)
            nested = k != i && w->roots[k] && is_below(w->roots[i], w->roots[k]) &&
                     (strcmp(w->roots[i], w->roots[k]) || k < i);
        if (nested) free(w->roots[i]), w->roots[i] = NULL;
    }
    for (size_t i = 0; i < w->root_count; i++)
        if (w->roots[i]) w->roots[kept++] = w->roots[i];
    w->root_count = kept;
}

/* One that is not there, or is no folder, is told and counted; the others count. */
static int find_roots(struct work *w) {
    const struct indexing *x = w->of;
    w->roots = calloc(x->folder_count, sizeof *w->roots);
    if (!w->roots) return no_memory();
    for (size_t i = 0; i < x->folder_count; i++) {
        struct stat st;
        char *root = realpath(x->folders[i], NULL);
        if (root && !stat(root, &st) && S_ISDIR(st.st_mode)) {
            w->roots[w->root_count++] = root;
            continue;
        }
        log_error("%s: %s", x->folders[i], root ? "not a folder" : strerror(errno));
        w->of->unread_folders++;
        free(root);
    }
    drop_nested(w);
    return OCELLI_OK;
}

static void end_walk(struct work *w) {
    w->of->unread_folders += picture_walk_unread(w->walk);
    picture_walk_close(&w->walk);
}

/* OCELLI_OK, PICTURE_WALK_END or an error. */
static int next_path(struct work *w, const char **path) {
    for (;;) {
        if (w->walk) {
            int status = picture_walk_next(w->walk, path);
            if (status != PICTURE_WALK_END) return status;
            end_walk(w);
        }
        if (w->next_root == w->root_count) return PICTURE_WALK_END;
        int status = picture_walk_open(&w->walk, w->roots[w->next_root++], true);
        if (status == OCELLI_ERR_FILE) w->of->unread_folders++;
        if (status && status != OCELLI_ERR_FILE) return status;
    }
}

/* Into w->held, if it is new or was changed. */
static int look_at(struct work *w, const char *path) {
    struct library_file known;
    struct stat st;
    if (stat(path, &st)) {
        if (errno == ENOENT)
            w->of->vanished++, log_warn("%s: vanished before it was read, or a link to nothing", path);
        else
            w->of->unread++, log_error("%s: %s", path, strerror(errno));
        progress_step(&w->progress, 1);
        return OCELLI_OK;
    }
    int status = library_find(w->of->library, path, &known);
    if (status) return status;
    const struct file_stamp now = file_stamp(&st), then = {known.size, known.changed_ns};
    if (known.id && file_same_stamp(now, then)) {
        w->of->unchanged++;
        if (w->progress.total) w->progress.total--; /* the rate is that of the others */
        return OCELLI_OK;
    }
    w->held = picture_job_new(path);
    if (!w->held) return no_memory();
    w->held->size = now.size, w->held->changed_ns = now.changed_ns;
    return OCELLI_OK;
}

/* As many as the threads take. *ended: there are no more. */
static int feed(struct work *w, bool *ended) {
    int status = OCELLI_OK;
    for (;;) {
        const char *path;
        if (w->held && !decoders_give(w->decoders, w->held)) return OCELLI_OK;
        w->held = NULL;
        if (*ended) return OCELLI_OK;
        status = next_path(w, &path);
        *ended = status == PICTURE_WALK_END;
        if (*ended) return OCELLI_OK;
        if (!status) status = look_at(w, path);
        if (status) return status;
    }
}

/* ---- embedding ---- */

static int commit(struct work *w) {
    struct library_picture pictures[PENDING];
    for (size_t i = 0; i < w->pending_count; i++) {
        const struct picture_job *job = w->pending[i];
        pictures[i] = (struct library_picture){.path = job->path,
                                               .size = job->size,
                                               .changed_ns = job->changed_ns,
                                               .time_ms = job->time_ms,
                                               .vector = w->vectors + i * w->size,
                                               .jpeg = job->jpeg,
                                               .jpeg_size = job->jpeg_size};
    }
    int status = library_put(w->of->library, pictures, w->pending_count);
    if (!status) w->of->indexed += w->pending_count;
    for (size_t i = 0; i < w->pending_count; i++) picture_job_free(w->pending[i]);
    w->pending_count = 0, w->committed_ms = clock_ms();
    return status;
}

static void refuse(struct work *w, struct picture_job *job) {
    if (job->vanished)
        w->of->vanished++, log_warn("%s: vanished before it was read", job->path);
    else
        w->of->unread++, log_error("%s", job->fault);
    progress_step(&w->progress, 1);
    picture_job_free(job);
}

/* Up to BATCH pictures behind those that wait to be written. The threads decode the next ones while the device works.
 */
static size_t take(struct work *w) {
    size_t count = 0, most = PENDING - w->pending_count < BATCH ? PENDING - w->pending_count : BATCH;
    struct picture_job *job;
    while (count < most && (job = decoders_take(w->decoders))) {
        if (job->status)
            refuse(w, job);
        else
            w->pending[w->pending_count + count++] = job;
    }
    return count;
}

static int embed(struct work *w, size_t count) {
    struct ocelli_image images[BATCH];
    struct picture_job **jobs = w->pending + w->pending_count;
    for (size_t i = 0; i < count; i++) images[i] = jobs[i]->image;
    int status = count ? ocelli_embed_images(w->of->handle, images, count, w->vectors + w->pending_count * w->size) : 0;
    for (size_t i = 0; i < count; i++) status ? picture_job_free(jobs[i]) : picture_job_drop_pixels(jobs[i]);
    if (status) return status;
    w->pending_count += count;
    progress_step(&w->progress, count);
    bool due = w->pending_count + BATCH > PENDING || clock_ms() - w->committed_ms > COMMIT_MS;
    return due ? commit(w) : OCELLI_OK;
}

static int embed_all(struct work *w) {
    bool ended = false;
    int status = OCELLI_OK;
    w->committed_ms = clock_ms();
    for (;;) {
        status = feed(w, &ended);
        size_t count = status ? 0 : take(w);
        if (status || (!count && ended && !w->held)) break;
        status = embed(w, count);
        if (status) break;
    }
    int written = w->pending_count || !status ? commit(w) : OCELLI_OK; /* also after a fault of the device */
    return status ? status : written;
}

/* ---- what is gone ---- */

struct gone {
    const char *root;
    int64_t *ids; /* (count) */
    size_t count, there;
    bool full; /* no memory */
};

static bool take_gone(void *user, int64_t id, const char *path) {
    struct gone *g = user;
    struct stat st;
    if (!stat(path, &st) || (errno != ENOENT && errno != ENOTDIR)) {
        g->there++;
        return true;
    }
    if (!(g->count & (g->count - 1))) { /* there is room for the next power of two */
        int64_t *grown = realloc(g->ids, (g->count ? 2 * g->count : 1) * sizeof *grown);
        g->full = !grown;
        if (g->full) return false;
        g->ids = grown;
    }
    g->ids[g->count++] = id;
    return true;
}

/* A disk that is not mounted, or no more since it was walked, leaves a folder without any of them. */
static bool looks_unmounted(const struct work *w, const struct gone *g, size_t root) {
    if (!g->count || g->there || w->of->emptied) return false;
    log_warn("%s: has none any more of the %zu pictures that the library has of it; they stay: is a disk not mounted? "
             "--emptied removes them",
             w->roots[root], g->count);
    return true;
}

static int remove_gone(struct work *w, size_t root) {
    struct gone g = {.root = w->roots[root]};
    int status = library_each(w->of->library, g.root, take_gone, &g);
    if (!status && g.full) status = no_memory();
    for (size_t i = 0, n; !status && !looks_unmounted(w, &g, root) && i < g.count; i += n) {
        n = g.count - i < 4096 ? g.count - i : 4096;
        status = library_remove(w->of->library, g.ids + i, n);
        if (!status) w->of->removed += n;
    }
    free(g.ids);
    return status;
}

/* ---- all of it ---- */

static int start(struct work *w) {
    struct ocelli_info info;
    ocelli_get_info(w->of->handle, &info);
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    struct decoders_params params = {.threads = cores > 1 ? (unsigned)cores : 1, .thumbnails = w->of->thumbnails};
    if (!w->of->whole) params.rule.least_side = INDEXING_SCALE * info.image_size;
    w->size = info.embedding_size;
    w->vectors = calloc(PENDING, w->size * sizeof *w->vectors);
    if (!w->vectors) return no_memory();
    int status = find_roots(w);
    return status ? status : decoders_start(&w->decoders, &params);
}

static void show_progress(struct work *w) {
    if (!w->of->progress || !progress_possible()) return;
    size_t total = 0;
    for (size_t i = 0; i < w->root_count; i++) total += picture_walk_count(w->roots[i], true);
    progress_begin(&w->progress, total);
}

static void finish(struct work *w) {
    progress_end(&w->progress);
    picture_walk_close(&w->walk);
    decoders_stop(&w->decoders);
    picture_job_free(w->held);
    for (size_t i = 0; i < w->pending_count; i++) picture_job_free(w->pending[i]);
    for (size_t i = 0; w->roots && i < w->root_count; i++) free(w->roots[i]);
    free(w->roots);
    free(w->vectors);
}

int indexing_run(struct indexing *indexing) {
    struct work w = {.of = indexing};
    int status = start(&w);
    if (!status) show_progress(&w);
    if (!status) status = embed_all(&w);
    for (size_t i = 0; !status && i < w.root_count; i++) status = remove_gone(&w, i);
    finish(&w);
    return status;
}
