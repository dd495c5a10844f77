/* SPDX-License-Identifier: Apache-2.0
 * Home Assistant's discovery by MQTT, in its device form: one retained message that lists all entities
 * (home-assistant.io/integrations/mqtt, "Device discovery payload"). Entities that are no more are named once more
 * with their platform alone. */
#include "serve/mqtt.h"
#include "base/log.h"
#include "text/json.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The entities of a tag: what stands before its id and behind its name, and their platform. */
static const struct {
    const char *prefix, *platform, *name;
} kinds[] = {{"tag_", "binary_sensor", ""},
             {"margin_", "sensor", " margin"},
             {"on_", "number", " threshold"},
             {"prompt_", "text", " prompt"}};
enum { STATE, MARGIN, THRESHOLD, PROMPT, KINDS };

const char *mqtt_discovery_topic(const struct mqtt *mqtt, char topic[MQTT_TOPIC]) {
    snprintf(topic, MQTT_TOPIC, "%s/device/%s/config", mqtt->discovery, mqtt->id);
    return topic;
}

/* Opens a component and gives what all have. */
static void begin(const struct mqtt *q, struct json *j, const char *id, const char *platform, const char *name) {
    char unique[2 * MQTT_ID];
    snprintf(unique, sizeof unique, "%s_%s", q->id, id);
    json_begin(j, id, '{');
    json_text(j, "p", platform);
    json_text(j, "uniq_id", unique);
    json_text(j, "name", name);
}

static void put_topic(const struct mqtt *q, struct json *j, const char *key, const char *rest) {
    char topic[MQTT_TOPIC];
    json_text(j, key, mqtt_topic(q, topic, "%s", rest));
}

static void put_tag_topic(const struct mqtt *q, struct json *j, const char *key, const char *format, const char *id) {
    char rest[MQTT_ID + 32];
    int before = (int)strcspn(format, "*");
    snprintf(rest, sizeof rest, "%.*s%s%s", before, format, id, format + before + 1);
    put_topic(q, j, key, rest);
}

static void write_tag(const struct mqtt *q, struct json *j, const struct mqtt_tag *tag) {
    char id[MQTT_ID + 16], name[INI_LINE + 32];
    for (int k = 0; k < KINDS; k++) {
        if (k >= THRESHOLD && !q->commands) continue;
        snprintf(id, sizeof id, "%s%s", kinds[k].prefix, tag->id);
        snprintf(name, sizeof name, "%s%s", tag->name, kinds[k].name);
        begin(q, j, id, kinds[k].platform, name);
        switch (k) {
        case STATE:
            put_tag_topic(q, j, "stat_t", "tag/*/state", tag->id);
            put_tag_topic(q, j, "json_attr_t", "tag/*/values", tag->id);
            break;
        case MARGIN:
            put_tag_topic(q, j, "stat_t", "tag/*/values", tag->id);
            json_text(j, "val_tpl", "{{ value_json.margin }}");
            json_text(j, "stat_cla", "measurement");
            break;
        case THRESHOLD:
            put_tag_topic(q, j, "stat_t", "tag/*/values", tag->id);
            json_text(j, "val_tpl", "{{ value_json.on }}");
            put_tag_topic(q, j, "cmd_t", "set/tag/*/on", tag->id);
            json_number(j, "min", -1, 2), json_number(j, "max", 1, 2), json_number(j, "step", 0.001, 3);
            json_text(j, "mode", "box");
            json_text(j, "ent_cat", "config");
            break;
        default:
            put_tag_topic(q, j, "stat_t", "tag/*/prompt", tag->id);
            put_tag_topic(q, j, "cmd_t", "set/tag/*/prompt", tag->id);
            json_text(j, "ent_cat", "config");
        }
        json_end(j, '}');
    }
}

static void write_sensor(const struct mqtt *q, struct json *j, const char *id, const char *name, const char *value,
                         const char *unit) {
    char text[64];
    begin(q, j, id, "sensor", name);
    put_topic(q, j, "stat_t", "board");
    snprintf(text, sizeof text, "{{ value_json.%s }}", value);
    json_text(j, "val_tpl", text);
    json_text(j, "unit_of_meas", unit);
    json_text(j, "stat_cla", "measurement");
    json_text(j, "ent_cat", "diagnostic");
    json_end(j, '}');
}

static void write_board(const struct mqtt *q, struct json *j) {
    begin(q, j, "event", "event", "change");
    put_topic(q, j, "stat_t", "event");
    json_begin(j, "evt_typ", '[');
    for (int s = TAGGER_OFF; s <= TAGGER_UNKNOWN; s++) json_text(j, NULL, serve_state_name((enum tagger_state)s));
    json_end(j, ']');
    json_end(j, '}');
    if (q->images) {
        begin(q, j, "image", "image", "last change");
        put_topic(q, j, "img_t", "image");
        json_text(j, "cont_type", "image/jpeg");
        json_end(j, '}');
    }
    write_sensor(q, j, "rate", "pictures a second", "pictures_per_s", "1/s");
    write_sensor(q, j, "temperature", "temperature", "celsius", "°C");
    if (!q->commands) return;
    begin(q, j, "pause", "switch", "pause");
    put_topic(q, j, "stat_t", "board");
    json_text(j, "val_tpl", "{{ 'ON' if value_json.paused == 'yes' else 'OFF' }}");
    put_topic(q, j, "cmd_t", "set/pause");
    json_end(j, '}');
}

static void write_gone(struct json *j, const struct mqtt_gone *gone) {
    char id[MQTT_ID + 16];
    for (size_t i = 0; gone && i < gone->count; i++)
        for (int k = 0; k < KINDS; k++) {
            snprintf(id, sizeof id, "%s%s", kinds[k].prefix, gone->ids[i]);
            json_begin(j, id, '{');
            json_text(j, "p", kinds[k].platform);
            json_end(j, '}');
        }
}

static int send_all(struct mqtt *q, const struct mqtt_gone *gone) {
    char *bytes = NULL, topic[MQTT_TOPIC];
    size_t size = 0;
    struct json j = {.to = open_memstream(&bytes, &size)};
    if (!j.to) return log_fail(OCELLI_ERR_MEMORY, "mqtt: out of memory");
    const char *slash = strrchr(q->prefix, '/');
    json_begin(&j, NULL, '{');
    json_begin(&j, "dev", '{');
    json_begin(&j, "ids", '['), json_text(&j, NULL, q->id), json_end(&j, ']');
    json_text(&j, "name", slash ? slash + 1 : q->prefix);
    json_text(&j, "mf", "ocelli");
    json_text(&j, "sw", OCELLI_VERSION);
    json_end(&j, '}');
    json_begin(&j, "o", '{');
    json_text(&j, "name", "ocelli");
    json_text(&j, "sw", OCELLI_VERSION);
    json_end(&j, '}');
    put_topic(q, &j, "avty_t", "availability");
    json_begin(&j, "cmps", '{');
    write_board(q, &j);
    for (size_t i = 0; i < q->tags.count; i++) write_tag(q, &j, &q->tags.tags[i]);
    write_gone(&j, gone);
    json_end(&j, '}');
    json_end(&j, '}');
    int fault = fclose(j.to);
    if (!fault) mqtt_link_publish(&q->link, mqtt_discovery_topic(q, topic), bytes, size, true);
    free(bytes);
    return fault ? log_fail(OCELLI_ERR_MEMORY, "mqtt: out of memory") : OCELLI_OK;
}

int mqtt_discovery(struct mqtt *mqtt, const struct mqtt_gone *gone) {
    int status = gone && gone->count ? send_all(mqtt, gone) : OCELLI_OK;
    return status ? status : send_all(mqtt, NULL);
}

/* The components' names are what write_tag() made of the ids. */
void mqtt_discovery_look_back(const struct mqtt *mqtt, const void *payload, size_t size, struct mqtt_gone *gone) {
    cJSON *whole = cJSON_ParseWithLength(payload, size);
    const cJSON *components = cJSON_GetObjectItemCaseSensitive(whole, "cmps"), *c;
    cJSON_ArrayForEach(c, components) {
        const cJSON *platform = cJSON_GetObjectItemCaseSensitive(c, "p");
        if (strncmp(c->string, kinds[STATE].prefix, 4) || !cJSON_IsString(platform)) continue;
        if (strcmp(platform->valuestring, kinds[STATE].platform)) continue;
        const char *id = c->string + 4;
        if (strlen(id) < MQTT_ID && !mqtt_tags_find(&mqtt->tags, id, strlen(id))) mqtt_gone_add(gone, id);
    }
    cJSON_Delete(whole);
}
