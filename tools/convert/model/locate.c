/* SPDX-License-Identifier: Apache-2.0 */
#include "convert/model/locate.h"
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
    {"open_clip_pytorch_model.bin", "open_clip_config.json", false, true},
    {"pytorch_model.bin", "config.json", false, false},
    {"pytorch_model.bin.index.json", "config.json", true, false},
    {"pytorch_model.bin", "open_clip_config.json", false, true},
};

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
    size_t count = sizeof rows / sizeof rows[0];
    for (size_t i = 0; i < count; i++)
        if (source_has(locate->folder, rows[i].weights) && source_has(locate->folder, rows[i].config))
            return found(locate, arena, &rows[i], report);
    for (size_t i = 0; i < count; i++)
        if (source_has(locate->folder, rows[i].weights))
            return log_fail(OCELLI_ERR_FILE, "%s: %s has no %s beside it: put the one of the model's publisher there",
                            locate->folder, rows[i].weights, rows[i].config);
    return log_fail(
        OCELLI_ERR_FILE,
        "%s: no model.safetensors, open_clip_model.safetensors or pytorch_model.bin here: give the folder of "
        "a CLIP checkpoint, or its file",
        locate->folder);
}

/* A file alone: a configuration beside it tells what its tensors do not. */
static int alone(struct locate *locate, struct arena *arena, const char *path, struct report *report) {
    const char *slash = strrchr(path, '/');
    locate->folder = slash ? arena_copy(arena, path, slash == path ? 1 : (size_t)(slash - path)) : ".";
    locate->weights = arena_copy(arena, path, strlen(path));
    if (!locate->folder || !locate->weights) return log_fail(OCELLI_ERR_MEMORY, "%s: out of memory", path);
    locate->alone = true;
    locate->sharded = source_ends_with(path, ".index.json");
    locate->open_clip = source_has(locate->folder, "open_clip_config.json");
    const char *name = locate->open_clip ? "open_clip_config.json" : "config.json";
    report_choice(report, "weights", slash ? slash + 1 : path, "named on the command line");
    if (!source_has(locate->folder, name)) return OCELLI_OK;
    locate->config = source_path(arena, locate->folder, name);
    return locate->config ? OCELLI_OK : log_fail(OCELLI_ERR_MEMORY, "%s: out of memory", path);
}

int locate_checkpoint(struct locate *locate, struct arena *arena, const char *path, struct report *report) {
    *locate = (struct locate){0};
    struct stat st;
    if (stat(path, &st) < 0)
        return log_fail(OCELLI_ERR_FILE, "%s: %s: give a folder or a file of weights", path, strerror(errno));
    if (!S_ISDIR(st.st_mode)) return alone(locate, arena, path, report);
    locate->folder = arena_copy(arena, path, strlen(path));
    return locate->folder ? in_folder(locate, arena, report) : log_fail(OCELLI_ERR_MEMORY, "%s: out of memory", path);
}
