/* SPDX-License-Identifier: Apache-2.0
 * camera: in the program: finds and loads the camera module when a camera is first asked for. */
#include "source/camera_module.h"
#include "source/kind.h"
#include "source/source.h"
#include "base/file_place.h"
#include "base/log.h"

#include <dlfcn.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static const struct camera_module *loaded; /* under the lock; and then for good */

static void log_line(enum ocelli_log_level level, const char *message) {
    if (level == OCELLI_LOG_ERROR)
        log_error("%s", message);
    else if (level == OCELLI_LOG_WARNING)
        log_warn("%s", message);
    else
        log_info("%s", message);
}

static const struct camera_host host = {log_line, mailbox_post, mailbox_clear, mailbox_set_away, mailbox_sleep};

/* ---- where it is ---- */

static void find_module(char path[PATH_MAX]) {
    static const char installed[] = OCELLI_CAMERA_MODULE_PLACE;
    char built[PATH_MAX];
    const char *wanted = secure_getenv("OCELLI_CAMERA_MODULE");
    if (wanted || *installed == '/')
        snprintf(path, PATH_MAX, "%s", wanted ? wanted : installed);
    else
        file_beside_program(path, installed);
    file_beside_program(built, "camera.so");
    if (!wanted && access(path, F_OK) && !access(built, F_OK)) strcpy(path, built);
}

/* ---- loading ---- */

static bool fits(const struct camera_module *module, const char *path, char why[SOURCE_WHY]) {
    bool version = !strcmp(module->version, OCELLI_VERSION);
    if (version && module->layout == CAMERA_MODULE_LAYOUT) return true;
    snprintf(why, SOURCE_WHY,
             "cannot be opened: %s is of %socelli %s, and this is ocelli %s: install ocelli and ocelli-camera of one "
             "version",
             path, version ? "another build of " : "", module->version, OCELLI_VERSION);
    return false;
}

/* With the lock. */
static bool load(char why[SOURCE_WHY]) {
    char path[PATH_MAX];
    find_module(path);
    if (access(path, F_OK)) {
        snprintf(why, SOURCE_WHY,
                 "needs the package ocelli-camera: sudo apt install ocelli-camera (no %s; a build of the sources makes "
                 "it where libcamera-dev and g++ are installed)",
                 path);
        return false;
    }
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!library) {
        snprintf(why, SOURCE_WHY,
                 "cannot be opened: %s: %s: install the ocelli-camera that was made for this system's release", path,
                 dlerror());
        return false;
    }
    const struct camera_module *module = dlsym(library, CAMERA_MODULE_SYMBOL);
    if (!module) snprintf(why, SOURCE_WHY, "cannot be opened: %s is no camera module of ocelli", path);
    if (module && fits(module, path, why)) {
        module->use(&host);
        loaded = module;
        return true;
    }
    dlclose(library);
    return false;
}

/* NULL: `why`, unless NULL, tells it. Another call looks again: it may have been installed meanwhile. */
static const struct camera_module *camera_module(char why[SOURCE_WHY]) {
    char unread[SOURCE_WHY];
    pthread_mutex_lock(&lock);
    bool done = loaded || load(why ? why : unread);
    pthread_mutex_unlock(&lock);
    return done ? loaded : NULL;
}

/* ---- the kind ---- */

int camera_check(const char *uri, const char *rest, const struct source_options *options) {
    const struct camera_module *module = camera_module(NULL);
    return module ? module->check(uri, rest, options) : OCELLI_OK; /* camera_open() tells of it */
}

int camera_open(struct source *source, const char *rest, const struct source_options *options) {
    char why[SOURCE_WHY];
    const struct camera_module *module = camera_module(why);
    if (!module) return log_fail(OCELLI_ERR_DEVICE, "%s %s", source->uri, why);
    return module->open(source, rest, options);
}

/* These two are only called for a source that is open. */
int camera_run(struct source *source) {
    return loaded->run(source);
}

void camera_close(struct source *source) {
    loaded->close(source);
}

int source_cameras(void (*each)(void *user, const struct source_camera *camera), void *user) {
    char why[SOURCE_WHY];
    const struct camera_module *module = camera_module(why);
    return module ? module->cameras(each, user) : log_fail(OCELLI_ERR_DEVICE, "camera: %s", why);
}

const char *source_camera_library(char why[SOURCE_WHY]) {
    const struct camera_module *module = camera_module(why);
    return module ? module->library() : NULL;
}
