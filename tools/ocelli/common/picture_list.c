/* SPDX-License-Identifier: Apache-2.0 */
#include "ocelli/common/picture_list.h"
#include "base/log.h"

#include <ocelli.h>
#include <string.h>
#include <sys/stat.h>

static bool is_folder(const char *name) {
    struct stat st;
    return strcmp(name, "-") && stat(name, &st) == 0 && S_ISDIR(st.st_mode);
}

/* The folder's walk is over. */
static void end_folder(struct picture_list *list) {
    size_t unread = picture_walk_unread(list->walk);
    picture_walk_close(&list->walk);
    list->unread += unread;
    if (list->of_folder || unread) return;
    list->unread++;
    log_error("%s: no picture in this folder%s", list->operands[list->next - 1],
              list->below ? " or below it" : "; -r looks into the folders in it too");
}

static int walk_on(struct picture_list *list, const char **name) {
    int status = picture_walk_next(list->walk, name);
    if (!status) list->of_folder++;
    if (status == PICTURE_WALK_END) end_folder(list);
    return status;
}

/* Errors: MEMORY. */
static int begin_folder(struct picture_list *list, const char *folder) {
    list->any_folder = true;
    list->of_folder = 0;
    int status = picture_walk_open(&list->walk, folder, list->below);
    if (status != OCELLI_ERR_FILE) return status;
    list->unread++; /* told; the other operands count */
    return OCELLI_OK;
}

int picture_list_next(struct picture_list *list, const char **name) {
    for (;;) {
        if (list->walk) {
            int status = walk_on(list, name);
            if (status != PICTURE_WALK_END) return status;
        }
        if (list->next == list->count) return PICTURE_LIST_END;
        *name = list->operands[list->next++];
        if (!is_folder(*name)) return OCELLI_OK;
        int status = begin_folder(list, *name);
        if (status) return status;
    }
}

void picture_list_finish(struct picture_list *list) {
    picture_walk_close(&list->walk);
}

size_t picture_list_count(const struct picture_list *list) {
    size_t count = 0;
    for (size_t i = 0; i < list->count; i++)
        count += is_folder(list->operands[i]) ? picture_walk_count(list->operands[i], list->below) : 1;
    return count;
}

bool picture_list_has_folder(const struct picture_list *list) {
    for (size_t i = 0; i < list->count; i++)
        if (is_folder(list->operands[i])) return true;
    return false;
}
