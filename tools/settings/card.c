/* SPDX-License-Identifier: Apache-2.0 */
#include "card.h"
#include "text.h"

#include <dirent.h>
#include <string.h>
#include <strings.h>

/* ---- the settings file ---- */

/* As the file system spells it: FAT's names have no case, but Linux shows the one that was written. NULL: none. */
static char *find(const struct place *place, const char *name) {
    const char *path = place_path(place, PLACE_BOOT);
    DIR *folder = path ? opendir(path) : NULL;
    char *found = NULL;
    if (!folder) return NULL;
    for (const struct dirent *entry; !found && (entry = readdir(folder));)
        if (!strcasecmp(entry->d_name, name)) found = place_path(place, PLACE_BOOT "/%s", entry->d_name);
    closedir(folder);
    return found;
}

static bool is_blank(const char *text) {
    return !text[strspn(text, " \n")];
}

char *card_settings(const struct place *place, struct diagnostics *report) {
    size_t size = 0;
    const char *path = find(place, "ocelli.txt");
    if (!path) {
        path = find(place, "ocelli.txt.txt"); /* Windows hides the second one */
        if (path) diagnostics_note(report, 0, "ocelli.txt.txt is taken for ocelli.txt: Windows hid the second .txt");
    }
    const char *bytes = path ? place_read_begin(place, path, TEXT_MOST + 1, &size) : NULL;
    char *text = bytes ? text_decode(place->arena, (const uint8_t *)bytes, size, report) : NULL;
    if (text && !is_blank(text)) return text;
    diagnostics_fault(
        report, 0, "ocelli.txt %s: the board runs with what it has: put ocelli.txt on the first partition of the card",
        !path   ? "is not on the card"
        : !text ? "cannot be read"
                : "is empty");
    return NULL;
}

/* ---- the board ---- */

/* Is a line of `lines` one of the strings of the device tree's property, which zero bytes part? */
static bool matches(char *lines, const char *tree, size_t size) {
    char *rest;
    for (char *line = strtok_r(lines, " \t\r\n", &rest); line; line = strtok_r(NULL, " \t\r\n", &rest))
        for (size_t at = 0; at < size; at += strlen(tree + at) + 1)
            if (!strcmp(tree + at, line)) return true;
    return false;
}

const char *card_board(const struct place *place) {
    size_t size, lines_size;
    const char *tree_path = place_path(place, "/proc/device-tree/compatible");
    const char *folder_path = place_path(place, PLACE_SHARE "/boards"), *found = NULL;
    const char *tree = tree_path ? place_read(place, tree_path, &size) : NULL;
    DIR *folder = tree && folder_path ? opendir(folder_path) : NULL;
    if (!folder) return "generic";
    for (const struct dirent *entry; !found && (entry = readdir(folder));) {
        const char *path = place_path(place, PLACE_SHARE "/boards/%s/compatible", entry->d_name);
        char *lines = path && entry->d_name[0] != '.' ? place_read(place, path, &lines_size) : NULL;
        if (lines && matches(lines, tree, size)) found = arena_copy(place->arena, entry->d_name, strlen(entry->d_name));
    }
    closedir(folder);
    return found ? found : "generic";
}
