/* SPDX-License-Identifier: Apache-2.0 */
#include "ocelli/show/show.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- the table ---- */

static bool grow(struct show_table *table, size_t count) {
    size_t capacity = table->capacity ? table->capacity : 16;
    while (capacity < count) capacity *= 2;
    if (capacity == table->capacity) return true;
    struct show_tag *grown = realloc(table->tags, capacity * sizeof *grown);
    if (!grown) return false;
    memset(grown + table->capacity, 0, (capacity - table->capacity) * sizeof *grown);
    table->tags = grown, table->capacity = capacity;
    return true;
}

struct show_tag *show_put(struct show_table *table, size_t at, const char *name) {
    if (!grow(table, at + 1)) return NULL;
    struct show_tag *tag = &table->tags[at];
    bool same = !strncmp(tag->name, name, SHOW_NAME - 1);
    double low = same ? tag->low : NAN, high = same ? tag->high : NAN;
    *tag = (struct show_tag){.score = NAN, .margin = NAN, .on_from = NAN, .learnt = NAN, .low = low, .high = high};
    snprintf(tag->name, sizeof tag->name, "%s", name);
    return tag;
}

void show_range(struct show_tag *tag) {
    const double values[] = {tag->margin, tag->on_from};
    for (int i = 0; i < 2; i++)
        if (isfinite(values[i])) tag->low = fmin(tag->low, values[i]), tag->high = fmax(tag->high, values[i]);
}

void show_add_event(struct show_table *table, const struct show_event *event) {
    memmove(table->events + 1, table->events, (SHOW_EVENTS - 1) * sizeof *event);
    table->events[0] = *event;
    if (table->event_count < SHOW_EVENTS) table->event_count++;
}

void show_add_note(struct show_table *table, const char *text) {
    memmove(table->notes + 1, table->notes, (SHOW_NOTES - 1) * sizeof table->notes[0]);
    snprintf(table->notes[0], SHOW_NOTE, "%s", text);
    if (table->note_count < SHOW_NOTES) table->note_count++;
}

bool show_copy(struct show_table *to, const struct show_table *from) {
    if (!grow(to, from->count)) return false;
    if (from->count) memcpy(to->tags, from->tags, from->count * sizeof *to->tags);
    memcpy(to->title, from->title, sizeof to->title);
    memcpy(to->details, from->details, sizeof to->details);
    to->any = from->any, to->count = from->count;
    to->pictures_per_s = from->pictures_per_s, to->device_ms = from->device_ms, to->uptime_s = from->uptime_s;
    return true;
}

void show_finish(struct show_table *table) {
    free(table->tags);
    *table = (struct show_table){.tags = NULL};
}

const char *show_state(const struct show_tag *tag) {
    return tag->on ? "on" : tag->threshold == SHOW_NONE ? "learning" : "off";
}

/* A count that falls is of a daemon that was started anew. */
double show_rate(struct show_rate *r, double count, double now) {
    enum { LEAST_S = 1, MOST_S = 4 };
    double seconds = now - r->since;
    if (r->any && count >= r->count && seconds >= LEAST_S) r->rate = (count - r->count) / seconds, r->known = true;
    if (!r->any || count < r->count || seconds >= MOST_S) r->any = true, r->count = count, r->since = now;
    return r->known ? r->rate : (double)NAN;
}

/* ---- the canvas ---- */

static size_t side(size_t cells) {
    return cells < 1 ? 1 : cells > SHOW_SIDE ? SHOW_SIDE : cells;
}

bool show_resize(struct show_canvas *canvas, size_t width, size_t height) {
    if (canvas->rows && canvas->width == side(width) && canvas->height == side(height)) return true;
    show_canvas_finish(canvas);
    canvas->rows = calloc(side(height), sizeof *canvas->rows);
    if (canvas->rows) canvas->width = side(width), canvas->height = side(height);
    return canvas->rows;
}

void show_canvas_finish(struct show_canvas *canvas) {
    free(canvas->rows);
    *canvas = (struct show_canvas){.rows = NULL};
}

char *show_changes(const struct show_canvas *now, const struct show_canvas *before, size_t *size) {
    char *bytes = NULL;
    bool all = before->width != now->width || before->height != now->height;
    FILE *to = open_memstream(&bytes, size);
    if (!to) return NULL;
    if (all) fputs("\033[0m\033[2J", to);
    for (size_t i = 0; i < now->height; i++)
        if (all || strcmp(now->rows[i], before->rows[i])) fprintf(to, "\033[%zu;1H%s", i + 1, now->rows[i]);
    bool good = !ferror(to);
    if (fclose(to) == 0 && good) return bytes;
    free(bytes);
    return NULL;
}
