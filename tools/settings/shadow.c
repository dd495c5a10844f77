/* SPDX-License-Identifier: Apache-2.0
 * shadow(5) with root's password, which nobody but the settings file gives. */
#include "board.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#ifdef SETTINGS_CRYPT
#include <crypt.h>
#endif

/* The field of a password that never fits. */
static const char locked[] = "*";

#ifdef SETTINGS_CRYPT
/* yescrypt, as Debian has it; SHA-512 where libcrypt is too old. */
static const char *hash(const char *password, struct crypt_data *data) {
    static const char *const kinds[] = {"$y$", "$6$"};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        char salt[CRYPT_GENSALT_OUTPUT_SIZE];
        if (!crypt_gensalt_rn(kinds[i], 0, NULL, 0, salt, sizeof salt)) continue;
        const char *made = crypt_r(password, salt, data);
        if (made && made[0] == '$') return made;
    }
    return NULL;
}
#endif

static const char *hashed(const struct board *b, struct arena *arena, struct diagnostics *report) {
    const char *kept = NULL;
#ifdef SETTINGS_CRYPT
    struct crypt_data *data = calloc(1, sizeof *data);
    const char *made = data ? hash(b->password, data) : NULL;
    if (made) kept = arena_copy(arena, made, strlen(made));
    if (data) explicit_bzero(data, sizeof *data);
    free(data);
#else
    (void)arena;
#endif
    if (!kept)
        diagnostics_fault(
            report, b->password_line,
            "the password could not be hashed here: write what `openssl passwd -6` makes of it; root stays "
            "locked");
    return kept ? kept : locked;
}

/* The field: a hash that the file gives stays as it is. */
static const char *field(const struct board *b, struct arena *arena, struct diagnostics *report) {
    if (!b->password) return locked;
    if (b->password[0] != '$') return hashed(b, arena, report);
    if (!strpbrk(b->password, ": \t")) return b->password;
    diagnostics_fault(
        report, b->password_line,
        "the password begins with $, so it is taken for a hash, and no hash has a blank or a colon: write "
        "another one; root stays locked");
    return locked;
}

/* "root:FIELD:REST". The day of the last change stays, so that nobody has to change the password at once. */
static void put_root(const char *line, size_t length, const char *password, FILE *to) {
    const char *second = memchr(line, ':', length);
    const char *rest = second ? memchr(second + 1, ':', length - (size_t)(second + 1 - line)) : NULL;
    fprintf(to, "root:%s", password);
    if (rest)
        fwrite(rest, 1, length - (size_t)(rest - line), to);
    else
        fputs(":19000:0:99999:7:::", to);
    fputc('\n', to);
}

char *board_shadow(const struct board *board, const char *text, struct arena *arena, struct diagnostics *report) {
    char *made = NULL, *kept = NULL;
    size_t size;
    bool any = false;
    const char *password = field(board, arena, report);
    FILE *to = open_memstream(&made, &size);
    if (!to) return NULL;
    while (*text) {
        size_t length = strcspn(text, "\n");
        bool root = !strncmp(text, "root:", 5);
        if (root && !any)
            put_root(text, length, password, to);
        else if (!root && length)
            fwrite(text, 1, length, to), fputc('\n', to);
        any = any || root;
        text += length + (text[length] == '\n');
    }
    if (!any) put_root("", 0, password, to);
    if (fclose(to) == 0) kept = arena_copy(arena, made, size);
    free(made);
    return kept;
}
