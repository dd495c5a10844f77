/* SPDX-License-Identifier: Apache-2.0 */
#include "ocelli/init/init_model.h"
#include "base/file_place.h"
#include "base/log.h"
#include "blob/blob.h"
#include "clip/config.h"

#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int check_model(const char *path) {
    struct blob *blob = NULL;
    struct clip_config config;
    int status = blob_open(&blob, path, true);
    if (!status) status = clip_config_read(&config, blob);
    blob_close(&blob);
    return status;
}

static int is_blob(const struct dirent *e) {
    size_t length = strlen(e->d_name);
    return e->d_name[0] != '.' && length > 5 && !strcmp(e->d_name + length - 5, ".gguf");
}

/* Other programs have such files too: those that are no CLIP are passed over in silence. */
static char *find(const char *folder) {
    char *model = NULL;
    struct dirent **found = NULL;
    int count = scandir(folder, &found, is_blob, alphasort);
    for (int i = 0; i < count; i++) {
        char *path = NULL, why[LOG_LINE];
        if (!model && asprintf(&path, "%s/%s", folder, found[i]->d_name) >= 0) {
            log_hold(why, sizeof why);
            bool good = !check_model(path);
            log_release();
            if (good) model = path;
        }
        if (model != path) free(path);
        free(found[i]);
    }
    free(found);
    return model;
}

/* The demo model, if the package or `make install` put it there. */
static char *find_installed(void) {
    static const char installed[] = OCELLI_MODELS_PLACE;
    char path[PATH_MAX];
    if (*installed == '/') return find(installed);
    file_beside_program(path, installed);
    return find(path);
}

int init_model_choose(const char *given, const char *folder, char **model) {
    *model = given ? strdup(given) : find(folder);
    if (given) return *model ? check_model(given) : log_fail(OCELLI_ERR_MEMORY, "out of memory");
    if (!*model) *model = find(".");
    if (!*model) *model = find_installed();
    if (*model) return OCELLI_OK;
    return log_fail(OCELLI_ERR_FILE,
                    "no model: give -m BLOB. There is no .gguf of CLIP in %s, here or among what is installed; "
                    "ocelli-convert makes one of a checkpoint, and `make demo` a small one to try",
                    folder);
}

int init_model_name(const char *model, const char *folder, char **name) {
    char *whole = realpath(model, NULL), *top = realpath(folder, NULL);
    size_t length = top ? strlen(top) : 0;
    bool inside = whole && top && !strncmp(whole, top, length) && (whole[length] == '/' || length == 1);
    *name = whole && top ? strdup(inside ? whole + length + (length > 1) : whole) : NULL;
    free(whole);
    free(top);
    return *name ? OCELLI_OK : log_fail(OCELLI_ERR_FILE, "%s: cannot be followed: %s", model, strerror(errno));
}
