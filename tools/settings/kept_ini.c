/* SPDX-License-Identifier: Apache-2.0 */
#include "kept_ini.h"
#include "base/log.h"
#include "base/sha256.h"
#include "daemon_ini_check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void digest(const char *text, size_t size, char hex[SHA256_HEX_SIZE]) {
    uint8_t bytes[SHA256_SIZE];
    sha256(text, size, bytes);
    sha256_hex(bytes, hex);
}

/* ---- what is there ---- */

/* For the check alone: names of pictures on the card with the root before them, which only tests have. */
static const char *with_root(const struct place *place, const char *text) {
    static const char example[] = "example = " PLACE_BOOT;
    size_t root = strlen(place->root), count = 0;
    for (const char *at = text; (at = strstr(at, example)); at++) count++;
    char *out = root && count ? arena_alloc(place->arena, strlen(text) + count * root + 1, 1) : NULL;
    if (!out) return text;
    char *to = out;
    for (const char *at; (at = strstr(text, example)); text = at + 10) {
        memcpy(to, text, (size_t)(at - text) + 10);
        to += at - text + 10;
        memcpy(to, place->root, root);
        to += root;
    }
    strcpy(to, text);
    return out;
}

/* NULL: the daemon takes it; else what it says. In the arena. */
static const char *fault_of(const struct place *place, const char *path, const char *text, size_t size,
                            const struct ocelli *model) {
    struct findings found;
    const char *fault = NULL;
    if (memchr(text, 0, size)) return "it is damaged";
    daemon_ini_check(&found, with_root(place, text), path, model);
    for (size_t i = 0; !fault && i < found.count; i++)
        if (found.list[i].fault) fault = arena_copy(place->arena, found.list[i].text, strlen(found.list[i].text));
    findings_finish(&found);
    return fault;
}

/* ---- making it anew ---- */

struct kept {
    const struct place *place;
    const char *path, *made, *before_path;
    char *former; /* NULL: none */
    size_t size;
    char made_hex[SHA256_HEX_SIZE]; /* of what was made last; "": not known */
    struct diagnostics *report;
};

static bool changed_since(const struct kept *k) {
    char hex[SHA256_HEX_SIZE];
    digest(k->former, k->size, hex);
    return strcmp(hex, k->made_hex) != 0;
}

/* Changes over the network are in no other place. The copy is on the disk before the ini is made anew. */
static int keep_former(const struct kept *k, const char *text) {
    if (!k->former || !changed_since(k) || !strcmp(k->former, text) || !k->size) return OCELLI_OK;
    int status = place_save(k->place, k->before_path, k->former, 0644, true);
    if (!status)
        diagnostics_note(
            k->report, 0,
            "ocelli.txt was changed, so ocelli.ini was made anew: what was changed over the network or by hand "
            "before is in /etc/ocelli/ocelli.ini.before");
    return status;
}

static int make(const struct kept *k, const char *text) {
    char hex[SHA256_HEX_SIZE];
    int status = keep_former(k, text);
    if (!status) status = place_save(k->place, k->path, text, 0644, true);
    digest(text, strlen(text), hex);
    return status ? status : place_save(k->place, k->made, hex, 0644, false);
}

static bool is_current(const struct kept *k, const char *text) {
    char hex[SHA256_HEX_SIZE];
    digest(text, strlen(text), hex);
    return !strcmp(hex, k->made_hex);
}

int kept_ini_update(const struct place *place, const char *path, const char *text, const char *plain,
                    const struct ocelli *model, struct diagnostics *report) {
    struct kept k = {place, path, .report = report};
    size_t size;
    size_t root = strlen(place->root);
    k.made = place_path(place, "%s.made", path + root), k.before_path = place_path(place, "%s.before", path + root);
    if (!k.made || !k.before_path) return OCELLI_ERR_MEMORY;
    k.former = place_read(place, path, &k.size);
    const char *hex = place_read(place, k.made, &size);
    if (hex) snprintf(k.made_hex, sizeof k.made_hex, "%s", hex);
    const char *fault = k.former ? fault_of(place, path, k.former, k.size, model) : NULL;
    if (k.former && !fault && (!text || is_current(&k, text))) return OCELLI_OK;
    if (fault && (!text || is_current(&k, text)))
        diagnostics_fault(report, 0, "the daemon refuses the ocelli.ini that was there, so it was made anew: %s",
                          fault);
    return make(&k, text ? text : plain);
}
