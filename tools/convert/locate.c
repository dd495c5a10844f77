/* SPDX-License-Identifier: Apache-2.0 */
#include "convert/locate.h"
#include "base/log.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

/* Files that a folder may hold, best first. open_clip's name is its own. Beside it timm's folders have a
 * model.safetensors and config.json that are no CLIP. */
static const struct row {
    const char *weights, *config;
    bool sharded, open_clip;
} rows[] = {
    {"open_clip_model.safetensors", "open_clip_config.json", false, true},
    {"model.safetensors", "config.json", false, false},
    {"model.safetensors.index.json", "config.json", true, false},
    {"model.safetensors", "open_clip_config.json", false, true},
};

static const char *const pickles[] = {".pt", ".pth", ".bin", ".ckpt", ".pkl"};

static bool ends_with(const char *text, const char *end) {
    size_t length = strlen(text), tail = strlen(end);
    return length >= tail && strcmp(text + length - tail, end) == 0;
}

static int pickle(const char *path) {
    return log_fail(OCELLI_ERR_LIMIT,
                    "%s: a pickle file, which is not read, as it can hold any program; in Python, load the model with "
                    "transformers or "
                    "open_clip and save it as safetensors (README.md)",
                    path);
}

static int found(struct locate *l, struct arena *a, const struct row *row, struct report *r) {
    l->weights = source_path(a, l->folder, row->weights);
    l->config = source_path(a, l->folder, row->config);
    l->sharded = row->sharded;
    l->open_clip = row->open_clip;
    if (!l->weights || !l->config) return log_fail(OCELLI_ERR_MEMORY, "%s: out of memory", l->folder);
    report_choice(r, "weights", row->weights, "it lies beside %s", row->config);
    return OCELLI_OK;
}

static int in_folder(struct locate *locate, struct arena *arena, struct report *report) {
    static const char *const unreadable[] = {"pytorch_model.bin", "open_clip_pytorch_model.bin"};
    size_t count = sizeof rows / sizeof rows[0];
    for (size_t i = 0; i < count; i++)
        if (source_has(locate->folder, rows[i].weights) && source_has(locate->folder, rows[i].config))
            return found(locate, arena, &rows[i], report);
    for (size_t i = 0; i < count; i++)
        if (source_has(locate->folder, rows[i].weights))
            return log_fail(OCELLI_ERR_FILE, "%s: %s has no %s beside it: put the one of the model's publisher there",
                            locate->folder, rows[i].weights, rows[i].config);
    for (size_t i = 0; i < sizeof unreadable / sizeof unreadable[0]; i++)
        if (source_has(locate->folder, unreadable[i])) {
            char *path = source_path(arena, locate->folder, unreadable[i]);
            return pickle(path ? path : locate->folder);
        }
    return log_fail(OCELLI_ERR_FILE,
                    "%s: no model.safetensors or open_clip_model.safetensors here: give the folder of a "
                    "CLIP checkpoint",
                    locate->folder);
}

/* A file alone: what it computes stands in a configuration beside it. */
static int alone(struct locate *locate, struct arena *arena, const char *path, struct report *report) {
    for (size_t i = 0; i < sizeof pickles / sizeof pickles[0]; i++)
        if (ends_with(path, pickles[i])) return pickle(path);
    if (!ends_with(path, ".safetensors"))
        return log_fail(OCELLI_ERR_FILE, "%s: neither a folder nor a .safetensors file: give a CLIP checkpoint", path);
    const char *slash = strrchr(path, '/');
    locate->folder = slash ? arena_copy(arena, path, slash == path ? 1 : (size_t)(slash - path)) : ".";
    locate->weights = arena_copy(arena, path, strlen(path));
    if (!locate->folder || !locate->weights) return log_fail(OCELLI_ERR_MEMORY, "%s: out of memory", path);
    locate->open_clip = source_has(locate->folder, "open_clip_config.json");
    const char *name = locate->open_clip ? "open_clip_config.json" : "config.json";
    if (!source_has(locate->folder, name))
        return log_fail(OCELLI_ERR_FILE,
                        "%s: no open_clip_config.json or config.json beside it: put the model's there, "
                        "since the activation and sizes stand nowhere else",
                        path);
    locate->config = source_path(arena, locate->folder, name);
    report_choice(report, "weights", slash ? slash + 1 : path, "named on the command line; it lies beside %s", name);
    return locate->config ? OCELLI_OK : log_fail(OCELLI_ERR_MEMORY, "%s: out of memory", path);
}

int locate_checkpoint(struct locate *locate, struct arena *arena, const char *path, struct report *report) {
    *locate = (struct locate){0};
    struct stat st;
    if (stat(path, &st) < 0)
        return log_fail(OCELLI_ERR_FILE, "%s: %s: give a folder or a .safetensors file", path, strerror(errno));
    if (!S_ISDIR(st.st_mode)) return alone(locate, arena, path, report);
    locate->folder = arena_copy(arena, path, strlen(path));
    return locate->folder ? in_folder(locate, arena, report) : log_fail(OCELLI_ERR_MEMORY, "%s: out of memory", path);
}
