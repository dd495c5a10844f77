/* SPDX-License-Identifier: Apache-2.0 */
#include "state_folder.h"
#include "base/log.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PARTITION "/state"
#define MEMORY PLACE_RUN "/state"

bool state_folder_is_memory(const char *folder) {
    return !strcmp(folder, MEMORY);
}

/* Removes halves of files, which a power cut left. Nobody else writes there now: the daemon starts later. */
static void remove_unfinished(const struct place *place, const char *path) {
    DIR *folder = opendir(path);
    if (!folder) return;
    for (const struct dirent *entry; (entry = readdir(folder));) {
        size_t length = strlen(entry->d_name);
        if (length < 4 || strcmp(entry->d_name + length - 4, ".tmp")) continue;
        const char *file = place_path(place, "%s/%s", place_shown(place, path), entry->d_name);
        if (file) unlink(file);
    }
    closedir(folder);
}

static int make(const struct place *place, const char *folder) {
    static const char *const names[] = {"etc", "lib", "cache"};
    int status = OCELLI_OK;
    for (size_t i = 0; !status && i < sizeof names / sizeof *names; i++) {
        const char *path = place_path(place, "%s/ocelli/%s", folder, names[i]);
        status = path ? place_folder(place, path, true) : OCELLI_ERR_MEMORY;
        if (!status && access(path, W_OK)) status = log_fail(OCELLI_ERR_FILE, "%s: %s", path, strerror(errno));
        if (!status && i == 0) remove_unfinished(place, path);
    }
    return status;
}

/* A board's own folder of that name, where nothing is mounted, would be on the system's partition. */
static bool is_mounted(const struct place *place) {
    struct stat root, state;
    if (*place->root) return true;
    return !stat("/", &root) && !stat(PARTITION, &state) && root.st_dev != state.st_dev;
}

const char *state_folder_memory(const struct place *place, const char *why, struct diagnostics *report) {
    diagnostics_fault(
        report, 0, "there is no good state partition: what is learnt and changed is lost when the power goes: %s", why);
    return make(place, MEMORY) ? NULL : MEMORY;
}

const char *state_folder(const struct place *place, const char *missing, struct diagnostics *report) {
    char why[LOG_LINE];
    const char *instead = place_first_line(place, PLACE_STATE_MISSING);
    if (instead) diagnostics_fault(report, 0, "there is no good state partition: %s", instead);
    if (!missing && !is_mounted(place)) missing = "nothing is mounted at " PARTITION;
    if (missing) return state_folder_memory(place, missing, report);
    log_hold(why, sizeof why);
    int status = make(place, PARTITION);
    log_release();
    return status ? state_folder_memory(place, place_shown(place, why), report) : PARTITION;
}
