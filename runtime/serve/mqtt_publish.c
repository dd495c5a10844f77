/* SPDX-License-Identifier: Apache-2.0
 * What goes out: events as they come, states as they are, scores now and then. Each message is made when it can leave,
 * so a slow network gets fewer of them, and always the newest. */
#include "serve/mqtt.h"
#include "base/clock.h"
#include "base/log.h"
#include "serve/crc.h"
#include "text/json.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BOARD_MS = 30000, TEXT_MOST = 255 /* characters of Home Assistant's `text` */ };

/* A message on its way. */
struct message {
    char *bytes;
    size_t size;
    struct json json;
};

static bool begin(struct message *m) {
    *m = (struct message){.json = {.to = open_memstream(&m->bytes, &m->size)}};
    if (m->json.to) json_begin(&m->json, NULL, '{');
    return m->json.to;
}

/* Frees it. */
static void send_message(struct mqtt *q, struct message *m, const char *topic, bool retained) {
    json_end(&m->json, '}');
    if (!fclose(m->json.to)) mqtt_link_publish(&q->link, topic, m->bytes, m->size, retained);
    free(m->bytes);
}

/* ---- events ---- */

/* The tag's event with the words of the other answers, and `event_type`, which Home Assistant wants. */
static void publish_event(struct mqtt *q, const struct serve_event *e, double now_ms) {
    char bytes[4 * SERVE_NAME_CAPACITY + 512], topic[MQTT_TOPIC];
    struct serve_out out = {.bytes = bytes, .capacity = sizeof bytes};
    serve_out_begin(&out, NULL, '{');
    serve_out_text(&out, "event_type", serve_state_name(e->state));
    serve_event_write(e, 0, now_ms, &out);
    serve_out_end(&out, '}');
    if (!out.full) mqtt_link_publish(&q->link, mqtt_topic(q, topic, "event"), out.bytes, out.used, false);
}

static void publish_image(struct mqtt *q) {
    char topic[MQTT_TOPIC];
    const uint8_t *jpeg;
    size_t size;
    const struct serve_callbacks *b = &q->serve->callbacks;
    if (b->frame && b->frame(b->user, &jpeg, &size))
        mqtt_link_publish(&q->link, mqtt_topic(q, topic, "image"), jpeg, size, true);
}

static void publish_events(struct mqtt *q, double now_ms) {
    const struct serve_events *events = &q->serve->context.events;
    bool shows = false;
    if (q->events < events->count) q->board_ms = 0; /* it counts them */
    while (q->events < events->count && mqtt_link_free(&q->link)) {
        const struct serve_event *e = serve_events_get(events, ++q->events);
        if (!e) continue; /* gone: more came than are kept; the states tell what is */
        publish_event(q, e, now_ms);
        shows |= e->state == TAGGER_ON;
    }
    if (shows && q->images) publish_image(q);
}

/* ---- states ---- */

/* "None" is what Home Assistant takes for "not known". */
static const char *state_word(enum tagger_state state) {
    return state == TAGGER_ON ? "ON" : state == TAGGER_OFF ? "OFF" : "None";
}

static void publish_state(struct mqtt *q, struct mqtt_tag *tag, enum tagger_state state) {
    char topic[MQTT_TOPIC];
    const char *word = state_word(state);
    mqtt_link_publish(&q->link, mqtt_topic(q, topic, "tag/%s/state", tag->id), word, strlen(word), true);
    tag->told = true, tag->state = state;
}

static void publish_values(struct mqtt *q, struct mqtt_tag *tag, const struct tagger_status *s) {
    char topic[MQTT_TOPIC];
    struct message m;
    if (!begin(&m)) return;
    json_text(&m.json, "tag", s->tag);
    if (s->group) json_text(&m.json, "group", s->group);
    json_text(&m.json, "state", serve_state_name(s->state));
    json_number(&m.json, "score", (double)s->why.score, 4);
    json_number(&m.json, "margin", (double)s->why.margin, 4);
    json_number(&m.json, "cosine", (double)s->why.cosine, 4);
    json_number(&m.json, "on", (double)s->why.on, 4);
    json_number(&m.json, "percentile", (double)s->why.percentile, 5);
    json_text(&m.json, "threshold", tagger_threshold_name(s->why.threshold));
    send_message(q, &m, mqtt_topic(q, topic, "tag/%s/values", tag->id), true);
    tag->scored = true, tag->score = s->why.score, tag->on = s->why.on;
}

/* The first text of the tag, as it can be set. */
static void publish_prompt(struct mqtt *q, struct mqtt_tag *tag, const struct tags_file *file) {
    char topic[MQTT_TOPIC];
    const struct tags_file_tag *t = tags_file_find(file, tag->name);
    const struct prompts_list *prompts = t ? tags_file_prompts(t) : NULL;
    const char *text = prompts && prompts->count ? prompts->texts[0] : tag->name;
    uint64_t number = serve_number_of(SERVE_NUMBER, text, strlen(text));
    if (tag->prompt == number) return;
    tag->prompt = number;
    mqtt_link_publish(&q->link, mqtt_topic(q, topic, "tag/%s/prompt", tag->id), text, strnlen(text, TEXT_MOST), true);
}

static bool apart(float a, float b) {
    return isnan(a) != isnan(b) || fabsf(a - b) > 0.0005f;
}

/* View and list are of one version. Gives whether all of it has gone out. */
static bool publish_tags(struct mqtt *q, const struct serve_view *view, bool scores) {
    size_t sent = 0;
    for (size_t i = 0; i < view->count && i < q->tags.count; i++) {
        struct mqtt_tag *tag = &q->tags.tags[i];
        const struct tagger_status *s = &view->tags[i];
        bool state = !tag->told || tag->state != s->state;
        bool values =
            state || !tag->scored || (scores && (apart(tag->score, s->why.score) || apart(tag->on, s->why.on)));
        if (!state && !values) continue;
        if (sent++ == MQTT_BATCH || !mqtt_link_free(&q->link)) return false;
        if (state) publish_state(q, tag, s->state);
        if (values) publish_values(q, tag, s);
    }
    return true;
}

static void publish_prompts(struct mqtt *q) {
    uint64_t version;
    const struct serve_callbacks *b = &q->serve->callbacks;
    const struct tags_file *file = b->prompts(b->user, &version);
    for (size_t i = 0; i < q->tags.count; i++) publish_prompt(q, &q->tags.tags[i], file);
}

/* ---- the board ---- */

static void publish_board(struct mqtt *q) {
    char topic[MQTT_TOPIC];
    struct serve_field fields[SERVE_FIELDS];
    const char *const *faults = NULL;
    struct message m;
    const struct serve_callbacks *b = &q->serve->callbacks;
    size_t count = b->status(b->user, fields), wrong = b->faults ? b->faults(b->user, &faults) : 0;
    if (!begin(&m)) return;
    json_text(&m.json, "program", "ocelli " OCELLI_VERSION);
    for (size_t i = 0; i < count; i++)
        if (fields[i].text)
            json_text(&m.json, fields[i].name, fields[i].text);
        else
            json_number(&m.json, fields[i].name, fields[i].number, 9);
    json_begin(&m.json, "faults", '[');
    for (size_t i = 0; i < wrong; i++) json_text(&m.json, NULL, faults[i]);
    json_end(&m.json, ']');
    send_message(q, &m, mqtt_topic(q, topic, "board"), true);
}

/* ---- all of it ---- */

void mqtt_clear(struct mqtt *mqtt, const struct mqtt_gone *gone) {
    static const char *const kinds[] = {"state", "values", "prompt"};
    char topic[MQTT_TOPIC];
    for (size_t i = 0; i < gone->count; i++)
        for (int k = 0; k < 3; k++)
            mqtt_link_publish(&mqtt->link, mqtt_topic(mqtt, topic, "tag/%s/%s", gone->ids[i], kinds[k]), NULL, 0, true);
}

/* Other tags than before: what is no more goes. */
static int take_tags(struct mqtt *q, const struct serve_view *view) {
    struct mqtt_gone gone = {0};
    int status = mqtt_tags_take(&q->tags, view, &gone);
    if (!status && q->discovery) status = mqtt_discovery(q, &gone);
    mqtt_clear(q, &gone);
    free(gone.ids);
    return status;
}

void mqtt_publish(struct mqtt *mqtt, double now_ms) {
    struct serve_view view = {0};
    const struct serve_callbacks *b = &mqtt->serve->callbacks;
    b->view(b->user, &view);
    if (view.version == mqtt->tags.version && now_ms < mqtt_publish_at(mqtt)) return;
    (b->tags ? b->tags : b->view)(b->user, &view);
    if (view.version != mqtt->tags.version) {
        if (take_tags(mqtt, &view)) return;
        if (mqtt->discovery) mqtt->discover_ms = INFINITY;
        publish_prompts(mqtt);
    } else if (now_ms >= mqtt->discover_ms) {
        mqtt->discover_ms = INFINITY;
        mqtt_tags_forget(&mqtt->tags); /* Home Assistant has begun anew */
        if (mqtt_discovery(mqtt, NULL)) return;
        publish_prompts(mqtt);
    }
    publish_events(mqtt, now_ms);
    bool scores = now_ms >= mqtt->scores_ms;
    if (publish_tags(mqtt, &view, scores) && scores) mqtt->scores_ms = now_ms + mqtt->every_ms;
    if (now_ms < mqtt->board_ms) return;
    publish_board(mqtt);
    mqtt->board_ms = now_ms + BOARD_MS;
}

double mqtt_publish_at(const struct mqtt *mqtt) {
    bool events = mqtt->events != mqtt->serve->context.events.count;
    return events ? 0 : fmin(fmin(mqtt->scores_ms, mqtt->board_ms), mqtt->discover_ms);
}
