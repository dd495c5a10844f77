/* SPDX-License-Identifier: Apache-2.0 */
#include "status.h"
#include "asked.h"
#include "base/file.h"
#include "base/log.h"
#include "place.h"
#include "system_facts.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>

#define NAME PLACE_BOOT "/ocelli-status.txt"

extern char **environ;

/* ---- the daemon ---- */

static const char *text_of(const cJSON *object, const char *key) {
    const cJSON *v = cJSON_GetObjectItem(object, key);
    return cJSON_IsString(v) ? v->valuestring : "not known";
}

/* From a board, so any bytes: one line each. */
static void put_shown(const char *text, FILE *to) {
    char shown[LOG_LINE];
    log_one_line(text, shown);
    fputs(shown, to);
}

static void put_tags(const cJSON *tags, FILE *to) {
    const cJSON *tag;
    int count = cJSON_GetArraySize(cJSON_GetObjectItem(tags, "tags"));
    fprintf(to, "tags        %d%s\n", count, count ? "" : ": write some into ocelli.txt");
    cJSON_ArrayForEach(tag, cJSON_GetObjectItem(tags, "tags")) {
        const cJSON *rule = cJSON_GetObjectItem(tag, "threshold");
        fputs("  ", to);
        put_shown(text_of(tag, "tag"), to);
        fprintf(to, " (%s)\n", cJSON_IsString(rule) ? rule->valuestring : "learning");
    }
}

static int by_name(const void *a, const void *b) {
    return strcmp(text_of(*(cJSON *const *)a, "tag"), text_of(*(cJSON *const *)b, "tag"));
}

/* The answer has those first that are on: by name the file does not change with every picture. */
static void sort_tags(cJSON *tags) {
    cJSON *list = cJSON_GetObjectItem(tags, "tags"), *item;
    size_t count = (size_t)cJSON_GetArraySize(list), taken = 0;
    cJSON **all = calloc(count + 1, sizeof(cJSON *));
    if (!all) return;
    while (taken < count && (item = cJSON_DetachItemFromArray(list, 0))) all[taken++] = item;
    qsort(all, taken, sizeof(cJSON *), by_name);
    for (size_t i = 0; i < taken; i++) cJSON_AddItemToArray(list, all[i]);
    free(all);
}

static void put_answers(const struct daemon_config *ini, FILE *to) {
    fputs("answers     ", to);
    if (ini->udp > 0) fprintf(to, "udp %g ", ini->udp);
    if (ini->coap > 0) fprintf(to, "coap %g ", ini->coap);
    if (ini->coaps > 0) fprintf(to, "coaps %g ", ini->coaps);
    if (ini->web_port > 0) fprintf(to, "%s %g ", ini->web_https > 0 ? "https" : "http", ini->web_port);
    if (ini->mqtt_host) fputs("mqtt ", to), put_shown(ini->mqtt_host, to), fputc(' ', to);
    if (ini->serial) fprintf(to, "serial %s", ini->serial);
    fputc('\n', to);
}

static void put_model_file(const struct place *place, FILE *to) {
    char target[PATH_MAX + 1];
    const char *link = place_path(place, PLACE_MODEL);
    ssize_t length = link ? readlink(link, target, PATH_MAX) : -1;
    if (length > 0) {
        target[length] = '\0';
        fputs(" (", to);
        put_shown(target + strspn(target, "./") - 1, to);
        fputc(')', to);
    }
    fputc('\n', to);
}

static void put_daemon(const struct place *place, const struct daemon_config *ini, struct asked *asked, const char *why,
                       FILE *to) {
    put_answers(ini, to);
    if (!asked->status) {
        fputs("daemon      does not answer: ", to);
        put_shown(why, to);
        fputc('\n', to);
        system_facts_log(place, to);
        return;
    }
    fputs("daemon      answers\nmodel       ", to);
    put_shown(text_of(asked->status, "model"), to);
    put_model_file(place, to);
    fprintf(to, "source      %s (%s)\n", text_of(asked->status, "source"), ini->uri ? ini->uri : "none");
    fprintf(to, "device      %s\n", text_of(asked->status, "device"));
    sort_tags(asked->tags);
    put_tags(asked->tags, to);
}

/* ---- faults ---- */

/* Is this fault, which the daemon may have cut, a line of the file? */
static bool in_file(const char *file, const char *fault) {
    size_t length = strlen(fault);
    if (length > 3 && !strcmp(fault + length - 3, "...")) length -= 3;
    for (const char *at = file; at && *at; at += strcspn(at, "\n"), at += *at == '\n')
        if (!strncmp(at, fault, length)) return true;
    return false;
}

static void put_faults(const struct place *place, const struct asked *asked, FILE *to) {
    const char *path = place_path(place, PLACE_FAULTS);
    size_t size, count = 0;
    const char *file = path ? place_read(place, path, &size) : NULL;
    const cJSON *fault;
    fputs("\nWhat is wrong:\n", to);
    for (const char *at = file; at && *at; at += strcspn(at, "\n"), at += *at == '\n', count++)
        fprintf(to, "- %.*s\n", (int)strcspn(at, "\n"), at);
    cJSON_ArrayForEach(fault, cJSON_GetObjectItem(asked->status, "faults")) {
        if (!cJSON_IsString(fault) || in_file(file, fault->valuestring)) continue;
        fputs("- ", to);
        put_shown(fault->valuestring, to);
        fputc('\n', to);
        count++;
    }
    const char *failed = place_first_line(place, PLACE_UPDATE_FAILED); /* it may be told after the start */
    if (failed && !in_file(file, failed)) count++, fprintf(to, "- %s\n", failed);
    if (!file) fputs("- ocelli.txt was not read: ocelli-settings apply did not run\n", to);
    if (file && !count) fputs("nothing that this board knows of\n", to);
}

/* ---- the text ---- */

/* Reads what is good in the ini; without one nothing is given. */
static void read_ini(const struct place *place, struct daemon_config *ini) {
    char why[LOG_LINE];
    struct faults faults = {0};
    size_t size;
    const char *path = place_path(place, PLACE_RUN "/state-path");
    char *folder = path ? place_read(place, path, &size) : NULL;
    if (folder) folder[strcspn(folder, "\n")] = '\0';
    path = place_path(place, "%s/ocelli/etc/ocelli.ini", folder ? folder : "/state");
    const char *text = path ? place_read(place, path, &size) : NULL;
    log_hold(why, sizeof why);
    if (config_parse_all(ini, text ? text : "", text ? size : 0, path ? path : "ocelli.ini", &faults))
        *ini = (struct daemon_config){.path = path};
    log_release();
}

static void write_text(const struct place *place, FILE *to) {
    struct daemon_config ini;
    struct asked asked;
    char why[LOG_LINE] = "";
    read_ini(place, &ini);
    asked_now(&asked, &ini, why, sizeof why);
    fputs("How this board does. It writes this file when something of it changes; set it up in ocelli.txt.\n\n", to);
    system_facts_board(place, to);
    system_facts_network(place, to);
    put_daemon(place, &ini, &asked, why, to);
    put_faults(place, &asked, to);
    asked_finish(&asked);
    config_finish(&ini);
}

/* With CR LF, which all editors of Windows show as line ends. In the arena; NULL: no memory. */
static char *with_crlf(struct arena *arena, const char *text) {
    char *out = arena_alloc(arena, 2 * strlen(text) + 1, 1), *to = out;
    for (; out && *text; text++) {
        if (*text == '\n') *to++ = '\r';
        *to++ = *text;
    }
    return out;
}

static char *make_text(const struct place *place) {
    char *text = NULL;
    size_t size;
    FILE *to = open_memstream(&text, &size);
    if (!to) return NULL;
    write_text(place, to);
    char *made = fclose(to) == 0 ? with_crlf(place->arena, text) : NULL;
    free(text);
    return made;
}

/* ---- writing it ---- */

static bool is_read_only(const char *folder) {
    struct statvfs fs;
    return !statvfs(folder, &fs) && (fs.f_flag & ST_RDONLY);
}

/* By mount(8), which keeps the options that the mount has. */
static int remount_as(const char *folder, const char *options) {
    char *const words[] = {"mount", "-o", (char *)options, (char *)folder, NULL};
    pid_t pid;
    int code = 0, failed = posix_spawnp(&pid, "mount", NULL, NULL, words, environ);
    while (!failed && waitpid(pid, &code, 0) < 0 && errno == EINTR) {
    }
    if (!failed && WIFEXITED(code) && WEXITSTATUS(code) == 0) return OCELLI_OK;
    return log_fail(OCELLI_ERR_FILE, "%s: mount -o %s failed", folder, options);
}

/* One program at a time makes the card writable, as each makes it read-only again: ocelli-slot and ocelli-update wait
 * for this file too. -1: there is none to wait for. */
static int lock_card(const struct place *place) {
    const char *path = place_path(place, PLACE_RUN "/card.lock");
    int fd = path ? open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600) : -1;
    while (fd >= 0 && flock(fd, LOCK_EX) && errno == EINTR) {
    }
    return fd;
}

/* FAT has no permissions, so file_save() and not place_save(). */
static int write_locked(const char *folder, const char *path, const char *text, bool remount) {
    bool made_writable = remount && is_read_only(folder);
    int status = made_writable ? remount_as(folder, "remount,rw") : OCELLI_OK;
    if (!status) status = file_save(path, text, strlen(text));
    if (made_writable) {
        sync();
        int closed = remount_as(folder, "remount,ro");
        status = status ? status : closed;
    }
    return status;
}

static int write_file(const struct place *place, const char *path, const char *text, bool remount) {
    size_t size;
    const char *before = place_read(place, path, &size), *folder = place_path(place, PLACE_BOOT);
    if (before && size == strlen(text) && !memcmp(before, text, size)) return OCELLI_OK;
    if (!folder) return OCELLI_ERR_MEMORY;
    int lock = lock_card(place), status = write_locked(folder, path, text, remount);
    if (lock >= 0) close(lock);
    return status;
}

int status(const char *root, bool remount) {
    struct arena arena = {0};
    struct place place;
    place_init(&place, root, &arena);
    const char *path = place_path(&place, NAME), *text = make_text(&place);
    int failed = path && text ? write_file(&place, path, text, remount)
                              : log_fail(OCELLI_ERR_MEMORY, "out of memory for the status");
    arena_finish(&arena);
    return failed;
}
