/* SPDX-License-Identifier: Apache-2.0
 * Commands: each topic is another way to write a line of docs/protocol.md. */
#include "serve/mqtt.h"
#include "base/log.h"
#include "serve/crc.h"

#include <stdio.h>
#include <string.h>

static void answer(struct mqtt *q, const char *bytes, size_t size) {
    char topic[MQTT_TOPIC];
    while (size && bytes[size - 1] == '\n') size--;
    if (size) mqtt_link_publish(&q->link, mqtt_topic(q, topic, "answer"), bytes, size, false);
}

/* ticket: of what the line has waited for; 0: it comes anew. */
static void handle(struct mqtt *q, const struct mqtt_command *c, double now_ms) {
    char bytes[SERVE_LINE];
    struct serve_context *context = &q->serve->context;
    bool room = q->waiting_count < MQTT_COMMANDS;
    context->origin = (struct serve_origin){
        .client = serve_number_of(SERVE_NUMBER, q->id, strlen(q->id)), .may_wait = room, .ticket = c->ticket};
    size_t size = serve_line(context, &q->client, now_ms, c->line, c->size, bytes);
    if (size == SERVE_LINE_DEFERRED && room) {
        struct mqtt_command *to = &q->waiting[q->waiting_count++];
        *to = *c;
        to->ticket = context->origin.ticket;
        context->waiting += !to->ticket;
        return;
    }
    if (size == SERVE_LINE_DEFERRED) size = serve_line_error(&q->client, SERVE_BUSY, c->line, c->size, bytes);
    answer(q, bytes, size);
    q->board_ms = 0; /* what it changed is seen at once */
}

void mqtt_command_again(struct mqtt *mqtt, double now_ms) {
    for (size_t i = mqtt->waiting_count; i--;) {
        struct mqtt_command c = mqtt->waiting[i];
        if (serve_pending(mqtt->serve, c.ticket)) continue;
        if (i != --mqtt->waiting_count) mqtt->waiting[i] = mqtt->waiting[mqtt->waiting_count];
        mqtt->serve->context.waiting -= !c.ticket;
        handle(mqtt, &c, now_ms);
    }
}

/* ---- topics to lines ---- */

static void add(struct mqtt_command *c, const void *bytes, size_t size) {
    size_t room = sizeof c->line - c->size, taken = size < room ? size : room;
    if (!taken) return; /* bytes is NULL in an empty message */
    memcpy(c->line + c->size, bytes, taken);
    c->size += taken; /* a line that fills it is refused as too long */
}

static void add_text(struct mqtt_command *c, const char *text) {
    add(c, text, strlen(text));
}

/* As one word of a line. */
static void add_quoted(struct mqtt_command *c, const char *text, size_t size) {
    for (size_t i = 0; i < size; i++) {
        if (text[i] == '"' || text[i] == '\\') add(c, "\\", 1);
        add(c, text + i, 1);
    }
}

static bool same(const char *word, const void *bytes, size_t size) {
    return strlen(word) == size && !memcmp(word, bytes, size);
}

/* "tag/ID/KEY": a value of one tag, as the entities of Home Assistant set it. false: there is no such. */
static bool set_value(struct mqtt *q, struct mqtt_command *c, const char *rest, const void *payload, size_t size) {
    size_t length = strcspn(rest, "/");
    const struct mqtt_tag *tag = mqtt_tags_find(&q->tags, rest, length);
    if (!tag || rest[length] != '/' || !rest[length + 1]) return false;
    add_text(c, "set \"");
    add_quoted(c, tag->name, strlen(tag->name));
    add_text(c, "\" \"");
    add_quoted(c, rest + length + 1, strlen(rest + length + 1));
    add_text(c, "=");
    add_quoted(c, payload, size);
    add_text(c, "\"");
    return true;
}

/* false: nothing that is known. */
static bool translate(struct mqtt *q, struct mqtt_command *c, const char *topic, const void *payload, size_t size) {
    static const char *const verbs[] = {"add", "set", "remove"};
    if (!strcmp(topic, "request")) {
        add(c, payload, size);
        return true;
    }
    if (strncmp(topic, "set/", 4)) return false;
    topic += 4;
    if (!strncmp(topic, "tag/", 4)) return set_value(q, c, topic + 4, payload, size);
    if (!strcmp(topic, "pause")) {
        add_text(c, "pause ");
        add_text(c, same("ON", payload, size) || same("on", payload, size)     ? "on"
                    : same("OFF", payload, size) || same("off", payload, size) ? "off"
                                                                               : "?");
        return true;
    }
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++) {
        if (strcmp(topic, verbs[i])) continue;
        add_text(c, verbs[i]);
        add_text(c, " ");
        add(c, payload, size);
        return true;
    }
    return false;
}

void mqtt_command(struct mqtt *mqtt, const char *topic, const void *payload, size_t size, double now_ms) {
    struct mqtt_command c = {.size = 0};
    if (!translate(mqtt, &c, topic, payload, size)) {
        static const char unknown[] = "{\"ok\":false,\"error\":\"none\",\"message\":\"no such topic, or no such tag\"}";
        answer(mqtt, unknown, sizeof unknown - 1);
        return;
    }
    handle(mqtt, &c, now_ms);
}
