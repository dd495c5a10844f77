/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/fault_list.h"
#include "base/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

void fault_list_init(struct fault_list *list) {
    *list = (struct fault_list){.count = 0};
    pthread_mutex_init(&list->lock, NULL);
}

static void forget_lines(struct fault_list *l) {
    for (size_t i = 0; i < l->count; i++) free(l->lines[i]);
    l->count = 0;
}

void fault_list_finish(struct fault_list *list) {
    forget_lines(list);
    pthread_mutex_destroy(&list->lock);
}

/* Not in the middle of a character of UTF-8. */
static void copy_cut(char to[FAULT_TEXT], const char *text) {
    size_t length = strlen(text);
    if (length >= FAULT_TEXT) {
        length = FAULT_TEXT - 1;
        while (length && ((unsigned char)text[length] & 0xC0) == 0x80) length--;
    }
    memcpy(to, text, length);
    to[length] = '\0';
}

void fault_list_set(struct fault_list *list, enum fault_kind kind, const char *text) {
    pthread_mutex_lock(&list->lock);
    copy_cut(list->own[kind], text ? text : "");
    pthread_mutex_unlock(&list->lock);
}

/* Anybody may have written the file: its lines are shown as those of a log. */
static void take_lines(struct fault_list *l, char *text) {
    char shown[LOG_LINE], *rest;
    forget_lines(l);
    for (char *line = strtok_r(text, "\r\n", &rest); line && l->count < FAULT_LINES;
         line = strtok_r(NULL, "\r\n", &rest)) {
        log_one_line(line, shown);
        char *copy = strdup(shown);
        if (copy) l->lines[l->count++] = copy;
    }
}

/* Terminated; NULL: it is not there, or cannot be read, which was logged. */
static char *load(const char *path) {
    char *bytes, *text = NULL;
    size_t size;
    if (file_load(path, &bytes, &size)) return NULL;
    text = realloc(bytes, size + 1);
    if (!text) free(bytes);
    if (text) text[size] = '\0';
    return text;
}

void fault_list_read(struct fault_list *list, const char *path) {
    struct stat st;
    struct file_stamp stamp = {0};
    bool there = path && !stat(path, &st);
    if (there) stamp = file_stamp(&st);
    if (file_same_stamp(stamp, list->stamp)) return;
    char *text = there ? load(path) : NULL;
    pthread_mutex_lock(&list->lock);
    list->stamp = stamp;
    if (text)
        take_lines(list, text);
    else
        forget_lines(list);
    pthread_mutex_unlock(&list->lock);
    free(text);
}

void fault_list_each(struct fault_list *list, void (*each)(void *user, const char *text), void *user) {
    pthread_mutex_lock(&list->lock);
    for (size_t i = 0; i < list->count; i++) each(user, list->lines[i]);
    for (size_t i = 0; i < FAULT_KINDS; i++)
        if (*list->own[i]) each(user, list->own[i]);
    pthread_mutex_unlock(&list->lock);
}
