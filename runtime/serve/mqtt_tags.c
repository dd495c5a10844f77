/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/mqtt_tags.h"
#include "base/log.h"
#include "serve/crc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void mqtt_tags_id(const char *name, char id[MQTT_ID]) {
    enum { ROOM = MQTT_ID - 10 };
    size_t used = 0;
    bool plain = strlen(name) < ROOM;
    for (const char *c = name; *c && used < ROOM; c++) {
        bool kept = (*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') || (*c >= '0' && *c <= '9') || *c == '-';
        if (!kept && *c != ' ') plain = false;
        if (kept || !used || id[used - 1] != '_') id[used++] = kept ? *c : '_';
        if (*c == ' ' && (c == name || c[-1] == ' ')) plain = false; /* "a  b" is not "a b" */
    }
    id[used] = '\0';
    if (!plain) snprintf(id + used, 10, "_%08x", (unsigned)serve_crc32(name, strlen(name)));
}

void mqtt_gone_add(struct mqtt_gone *gone, const char *id) {
    char(*grown)[MQTT_ID] = realloc(gone->ids, (gone->count + 1) * sizeof *grown);
    if (!grown) return;
    gone->ids = grown;
    snprintf(grown[gone->count++], MQTT_ID, "%s", id);
}

/* The tag of this name, which most often stands at the same place. */
static struct mqtt_tag *find_name(const struct mqtt_tags *tags, const char *name, size_t usual) {
    if (usual < tags->count && !strcmp(tags->tags[usual].name, name)) return &tags->tags[usual];
    for (size_t i = 0; i < tags->count; i++)
        if (!strcmp(tags->tags[i].name, name)) return &tags->tags[i];
    return NULL;
}

static bool has_id(const struct mqtt_tags *tags, const char *id) {
    return mqtt_tags_find(tags, id, strlen(id)) != NULL;
}

int mqtt_tags_take(struct mqtt_tags *tags, const struct serve_view *view, struct mqtt_gone *gone) {
    struct mqtt_tags next = {calloc(view->count ? view->count : 1, sizeof *next.tags), 0, view->version};
    bool enough = next.tags != NULL;
    for (; enough && next.count < view->count; next.count += enough) {
        struct mqtt_tag *to = &next.tags[next.count];
        const char *name = view->tags[next.count].tag;
        const struct mqtt_tag *old = find_name(tags, name, next.count);
        if (old) *to = *old;
        to->name = strdup(name);
        enough = to->name != NULL;
        if (!old && enough) mqtt_tags_id(name, to->id);
    }
    if (!enough) {
        mqtt_tags_finish(&next);
        return log_fail(OCELLI_ERR_MEMORY, "mqtt: out of memory for %zu tags", view->count);
    }
    for (size_t i = 0; i < tags->count; i++)
        if (!has_id(&next, tags->tags[i].id)) mqtt_gone_add(gone, tags->tags[i].id);
    mqtt_tags_finish(tags);
    *tags = next;
    return OCELLI_OK;
}

struct mqtt_tag *mqtt_tags_find(const struct mqtt_tags *tags, const char *id, size_t length) {
    for (size_t i = 0; i < tags->count; i++)
        if (strlen(tags->tags[i].id) == length && !memcmp(tags->tags[i].id, id, length)) return &tags->tags[i];
    return NULL;
}

void mqtt_tags_forget(struct mqtt_tags *tags) {
    for (size_t i = 0; i < tags->count; i++)
        tags->tags[i].told = tags->tags[i].scored = false, tags->tags[i].prompt = 0;
}

void mqtt_tags_finish(struct mqtt_tags *tags) {
    for (size_t i = 0; i < tags->count; i++) free(tags->tags[i].name);
    free(tags->tags);
    *tags = (struct mqtt_tags){0};
}
