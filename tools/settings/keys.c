/* SPDX-License-Identifier: Apache-2.0 */
#include "keys.h"
#include "base/log.h"
#include "serve/psk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NAME "keys" /* in the ini's folder */

static char *text_of(const struct daemon_ini *ini) {
    char *text = NULL, *kept = NULL;
    size_t size;
    FILE *to = open_memstream(&text, &size);
    if (!to) return NULL;
    for (size_t i = 0; i < ini->key_count; i++) fprintf(to, "%s\n", ini->keys[i]);
    if (fclose(to) == 0) kept = arena_copy(ini->place->arena, text, size);
    if (text) explicit_bzero(text, size);
    free(text);
    return kept;
}

/* The key's number in the file, from the message "FILE:NUMBER: why"; 0: of none. */
static size_t number_of(const char *message, const char *path, const char **why) {
    size_t length = strlen(path);
    char *end;
    *why = message;
    if (strncmp(message, path, length) || message[length] != ':') return 0;
    unsigned long number = strtoul(message + length + 1, &end, 10);
    if (strncmp(end, ": ", 2)) return 0;
    *why = end + 2;
    return number;
}

static void remove_key(struct daemon_ini *ini, size_t i) {
    for (ini->key_count--; i < ini->key_count; i++)
        ini->keys[i] = ini->keys[i + 1], ini->key_lines[i] = ini->key_lines[i + 1];
}

/* Saves what is left, and reads it as the daemon will: the first fault is told, and *again is true. */
static int try(struct daemon_ini *ini, const char *path, bool *again) {
    struct psk psk;
    char message[LOG_LINE];
    const char *why, *text = text_of(ini);
    *again = false;
    if (!text) return log_fail(OCELLI_ERR_MEMORY, "out of memory");
    int status = place_save(ini->place, path, text, 0600, true);
    if (status) return status;
    log_hold(message, sizeof message);
    status = psk_read(&psk, path);
    log_release();
    psk_finish(&psk);
    if (!status) return OCELLI_OK;
    size_t number = number_of(message, path, &why);
    if (!number || number > ini->key_count) return log_fail(status, "%s", message);
    diagnostics_fault(ini->report, ini->key_lines[number - 1], "key: %s; the key is left out", why);
    remove_key(ini, number - 1);
    *again = true;
    return OCELLI_OK;
}

int keys_put(struct daemon_ini *ini) {
    const char *shown = place_shown(ini->place, ini->path), *slash = strrchr(shown, '/');
    const char *path = place_path(ini->place, "%.*s/" NAME, (int)(slash - shown), shown);
    int status = path ? OCELLI_OK : OCELLI_ERR_MEMORY;
    for (bool again = true; !status && again && ini->key_count;) status = try(ini, path, &again);
    if (status) return status;
    if (!ini->key_count) {
        unlink(path);
        return OCELLI_OK;
    }
    daemon_ini_default(ini, "serve", "psk", NAME, true);
    daemon_ini_default(ini, "serve", "coaps", "5684", false);
    return OCELLI_OK;
}
