/* SPDX-License-Identifier: Apache-2.0 */
#include "convert/model/license.h"
#include "base/log.h"
#include "text/unicode.h"

#include <string.h>

/* GGUF's strings are UTF-8. */
static bool is_utf8(const char *text) {
    return unicode_check(text, strlen(text)) == strlen(text);
}

static int read_text(const char **text, struct arena *a, const char *path, struct sources *sources) {
    struct file_bytes file;
    int status = source_read(sources, &file, path);
    if (status) return status;
    const char *bytes = file.data ? (const char *)file.data : ""; /* an empty file has no bytes to point at */
    if (memchr(bytes, 0, file.size))
        status = log_fail(OCELLI_ERR_FILE, "%s: not a text: give the licence as plain text", path);
    else if (!(*text = arena_copy(a, bytes, file.size)))
        status = log_fail(OCELLI_ERR_MEMORY, "%s: out of memory", path);
    file_free(&file);
    return status;
}

/* "license: mit" between the first two lines "---" of a model card. */
static const char *card_license(struct arena *a, const char *card) {
    static const char key[] = "\nlicense:";
    if (strncmp(card, "---", 3) != 0) return NULL;
    const char *end = strstr(card + 3, "\n---"), *at = strstr(card, key);
    if (!at || !end || at > end) return NULL;
    at += sizeof key - 1;
    at += strspn(at, " \t\"'");
    size_t length = strcspn(at, " \t\r\n\"'");
    const char *name = length > 0 ? arena_copy(a, at, length) : NULL;
    return name && is_utf8(name) ? name : NULL;
}

static int read_card(struct license *l, struct arena *a, const char *folder, struct sources *sources,
                     struct report *r) {
    const char *card = NULL, *path = source_path(a, folder, "README.md");
    int status = path ? read_text(&card, a, path, sources) : log_fail(OCELLI_ERR_MEMORY, "%s: out of memory", folder);
    if (status) return status;
    const char *name = card_license(a, card);
    if (name) l->name = name;
    if (name) report_choice(r, "license", name, "front matter of README.md");
    return OCELLI_OK;
}

int license_read(struct license *license, struct arena *arena, const char *folder, const char *path,
                 struct sources *sources, struct report *report) {
    static const char *const names[] = {"LICENSE", "LICENSE.txt", "LICENSE.md"};
    *license = (struct license){.name = "unknown", .text = ""};
    for (size_t i = 0; i < sizeof names / sizeof names[0] && !path; i++)
        if (source_has(folder, names[i]) && !(path = source_path(arena, folder, names[i])))
            return log_fail(OCELLI_ERR_MEMORY, "%s: out of memory", folder);
    int status = path ? read_text(&license->text, arena, path, sources) : OCELLI_OK;
    if (!status && !is_utf8(license->text))
        status = log_fail(OCELLI_ERR_FILE, "%s: not UTF-8: save it so, or give the licence with --license-file", path);
    if (!status && source_has(folder, "README.md")) status = read_card(license, arena, folder, sources, report);
    return status;
}
