/* SPDX-License-Identifier: Apache-2.0
 * Drawing; what is drawn and on what is in show_table.c. */
#include "ocelli/show/show.h"
#include "ocelli/show/show_text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- how the room is shared ---- */

/* Cells of each column, and rows of each part; 0: there is no room for it. */
struct layout {
    size_t name, state, score, score_bar, margin, margin_bar, rule;
    size_t details, head, tags, events, notes, foot;
};

enum { STATE = 8, SCORE = 4, MARGIN = 6, RULE = 12, RULE_BRIEF = 7, NARROW = 64, TINY = 28 };

static size_t at_most(size_t value, size_t most) {
    return value < most ? value : most;
}

static size_t less(size_t value, size_t taken) {
    return value > taken ? value - taken : 0;
}

static size_t longest_name(const struct show_table *table) {
    size_t cells = 8;
    for (size_t i = 0; i < table->count && cells < SHOW_SIDE; i++) {
        size_t own = show_cells(table->tags[i].name) + 2;
        if (own > cells) cells = own;
    }
    return cells;
}

static void share_columns(struct layout *l, const struct show_table *table, size_t width) {
    size_t name = longest_name(table);
    l->state = STATE;
    if (width < TINY) {
        l->name = less(width, STATE + 3);
    } else if (width < NARROW) {
        size_t capacity = width - STATE - RULE_BRIEF - 4;
        l->rule = RULE_BRIEF, l->name = at_most(name, capacity * 6 / 10), l->margin_bar = capacity - l->name;
    } else {
        size_t capacity = width - STATE - SCORE - MARGIN - RULE - 8;
        l->rule = RULE, l->score = SCORE, l->margin = MARGIN;
        l->name = at_most(name, capacity / 2);
        l->score_bar = at_most((capacity - l->name) * 2 / 5, 30);
        l->margin_bar = at_most(capacity - l->name - l->score_bar, 60);
    }
}

/* Of the log: a line takes as many as it needs, the newest first. */
static size_t note_rows(const struct show_table *table, size_t width) {
    size_t rows = 0;
    for (size_t i = 0; i < table->note_count; i++) rows += (show_cells(table->notes[i]) + width - 1) / width;
    return rows;
}

static void share_rows(struct layout *l, const struct show_table *table, size_t wanted, size_t width, size_t height) {
    size_t left = less(height, 1); /* the title */
    if (left > 2) l->foot = 1, left--;
    if (left > 3) l->head = 1, left--;
    if (height >= 16) l->details = 1, left--;
    if (left > 3) l->notes = at_most(note_rows(table, width), height / 5), left -= l->notes;
    size_t events = at_most(left / 4, 5);
    if (wanted + events < left) events = left - wanted;
    l->events = at_most(table->event_count, events);
    l->tags = left - l->events;
}

/* ---- rows ---- */

/* What stands in a row of the table. */
struct line {
    const struct show_tag *tag;
    bool head;           /* the group's row above its tags */
    size_t first, index; /* of the group's first tag, of this tag */
};

static int by_group(const void *a, const void *b) {
    const struct line *x = a, *y = b;
    int order = strcmp(x->tag->group, y->tag->group);
    return order ? order : (x->index > y->index) - (x->index < y->index);
}

static int by_place(const void *a, const void *b) {
    const struct line *x = a, *y = b;
    if (x->first != y->first) return x->first < y->first ? -1 : 1;
    if (x->head != y->head) return x->head ? -1 : 1;
    return (x->index > y->index) - (x->index < y->index);
}

/* Each tag in its order, the members of a group together where the first of them stands, below a row of the group. */
static struct line *make_lines(const struct show_table *table, size_t *count) {
    struct line *lines = calloc(2 * table->count + 1, sizeof *lines);
    size_t used = table->count;
    *count = 0;
    if (!lines) return NULL;
    for (size_t i = 0; i < table->count; i++) lines[i] = (struct line){&table->tags[i], false, i, i};
    qsort(lines, table->count, sizeof *lines, by_group);
    for (size_t i = 0; i < table->count; i++) {
        if (!*lines[i].tag->group) continue;
        bool starts = i == 0 || strcmp(lines[i].tag->group, lines[i - 1].tag->group);
        if (!starts) lines[i].first = lines[i - 1].first;
        if (starts) lines[used++] = (struct line){lines[i].tag, true, lines[i].first, lines[i].index};
    }
    qsort(lines, used, sizeof *lines, by_place);
    *count = used;
    return lines;
}

/* "starter 45%": of the hour that it learns. */
static void rule_of(const struct show_tag *tag, bool brief, char text[32]) {
    static const char *const names[] = {[SHOW_UNKNOWN] = "-",
                                        [SHOW_FIXED] = "fixed",
                                        [SHOW_LEARNT] = "learnt",
                                        [SHOW_STARTER] = "starter",
                                        [SHOW_NONE] = "learns"};
    bool learns = tag->threshold == SHOW_STARTER || tag->threshold == SHOW_NONE;
    if (!learns || isnan(tag->learnt))
        snprintf(text, 32, "%s", names[tag->threshold]);
    else if (brief)
        snprintf(text, 32, "%.0f%%", floor(100 * fmin(tag->learnt, 1)));
    else
        snprintf(text, 32, "%s %.0f%%", names[tag->threshold], floor(100 * fmin(tag->learnt, 1)));
}

static void draw_number(struct show_row *row, const char *format, double value, size_t cells) {
    char text[32] = "-";
    if (isfinite(value)) snprintf(text, sizeof text, format, value);
    size_t length = strlen(text);
    if (length > cells) length = cells;
    show_space(row, cells - length);
    show_text(row, text, length);
}

/* From the lowest to the highest margin that was seen, so that it shows how far the threshold is; never over less than
 * 0.05, or the noise of a still scene would fill it. */
static void draw_margin_bar(struct show_row *row, const struct show_tag *tag, size_t cells) {
    const double least = 0.05;
    double low = tag->low, high = tag->high;
    if (!(high - low >= least)) low = (tag->low + tag->high - least) / 2, high = low + least;
    double edge = (high - low) / 20;
    low -= edge, high += edge;
    show_bar(row, (tag->margin - low) / (high - low), (tag->on_from - low) / (high - low), cells,
             tag->on ? "0;32" : "0;36");
}

static void draw_tag(struct show_row *row, const struct show_tag *tag, const struct layout *l) {
    char rule[32];
    rule_of(tag, l->rule == RULE_BRIEF, rule);
    show_paint(row, tag->on ? "1;32" : "0");
    show_text(row, tag->on ? "*" : "", 1);
    show_text(row, *tag->group ? "  " : "", *tag->group ? 2 : 0);
    show_text(row, tag->name, less(l->name + 1, row->column));
    show_space(row, 1);
    show_text(row, show_state(tag), l->state);
    show_paint(row, "0");
    if (l->score) show_space(row, 1), draw_number(row, "%.2f", tag->score, l->score);
    if (l->score_bar) show_space(row, 1), show_bar(row, tag->score, NAN, l->score_bar, tag->on ? "0;32" : "0;36");
    if (l->margin) show_space(row, 1), draw_number(row, "%+.3f", tag->margin, l->margin);
    if (l->margin_bar) show_space(row, 1), draw_margin_bar(row, tag, l->margin_bar);
    if (l->rule) show_space(row, 1), show_text(row, rule, l->rule);
}

/* "pets: dog". */
static void draw_group(struct show_row *row, const struct show_table *table, const struct line *line) {
    const char *answer = "unknown";
    for (size_t i = line->first; i < table->count; i++)
        if (table->tags[i].on && !strcmp(table->tags[i].group, line->tag->group)) answer = table->tags[i].name;
    show_space(row, 1);
    show_paint(row, "1");
    show_word(row, line->tag->group);
    show_word(row, ": ");
    show_word(row, answer);
    show_paint(row, "0");
}

static void draw_head(struct show_row *row, const struct layout *l) {
    show_paint(row, "4");
    show_text(row, " tag", l->name + 2);
    show_text(row, "state", l->state);
    if (l->score) show_text(row, " score", 1 + l->score + 1 + l->score_bar);
    if (l->margin_bar && l->margin)
        show_text(row, " margin, | threshold", 1 + l->margin + 1 + l->margin_bar);
    else if (l->margin_bar)
        show_text(row, " margin", 1 + l->margin_bar);
    if (l->rule) show_text(row, " rule", 1 + l->rule);
    show_paint(row, "0");
}

static void uptime(double seconds, char text[32]) {
    unsigned long long s = seconds > 0 && seconds < 1e12 ? (unsigned long long)seconds : 0;
    snprintf(text, 32, "%llu:%02llu:%02llu", s / 3600, s / 60 % 60, s % 60);
}

static void numbers(const struct show_table *table, char *text, size_t size) {
    char rate[32] = "", device[32] = "", up[32] = "";
    if (isfinite(table->pictures_per_s)) snprintf(rate, sizeof rate, "%.1f pictures/s", table->pictures_per_s);
    if (isfinite(table->device_ms)) snprintf(device, sizeof device, "  %.1f ms", table->device_ms);
    if (isfinite(table->uptime_s)) uptime(table->uptime_s, up);
    snprintf(text, size, "%s%s%s%s", rate, device, *up ? "  up " : "", up);
}

static void draw_title(struct show_row *row, const struct show_table *table, const struct show_view *view) {
    char right[128];
    const char *mark = view->frozen ? "FROZEN " : "";
    numbers(table, right, sizeof right);
    size_t cells = strlen(right), marked = strlen(mark);
    if (cells + 12 + marked > row->width) cells = 0;
    show_paint(row, "7");
    show_text(row, mark, marked);
    show_text(row, table->title, less(row->width, cells + marked + (cells ? 1 : 0)));
    if (cells) show_space(row, 1), show_text(row, right, cells);
    show_paint(row, "0");
}

static void draw_details(struct show_row *row, const struct show_table *table) {
    show_word(row, table->details);
    if (!table->any) show_word(row, "; no picture yet");
}

static void draw_event(struct show_row *row, const struct show_event *event) {
    bool on = !strcmp(event->state, "on");
    show_word(row, event->time);
    show_space(row, 1);
    show_paint(row, on ? "32" : "0");
    show_text(row, event->state, STATE);
    show_space(row, 1);
    show_word(row, event->name);
    show_paint(row, "0");
    if (isfinite(event->score)) show_format(row, " %.2f", event->score);
}

static void draw_foot(struct show_row *row, const struct show_view *view, size_t shown, size_t lines) {
    show_paint(row, "2");
    if (shown < lines) show_format(row, " %zu-%zu of %zu ", view->top + 1, view->top + shown, lines);
    if (view->keys) show_word(row, view->frozen ? " q quit  space go on" : " q quit  space freeze");
    if (view->keys && shown < lines) show_word(row, "  j k scroll");
    show_paint(row, "0");
}

/* ---- all of it ---- */

static struct show_row begin_row(struct show_canvas *canvas, size_t at, const struct show_view *view) {
    canvas->rows[at][0] = 0;
    return (struct show_row){.bytes = canvas->rows[at],
                             .capacity = SHOW_ROW,
                             .width = canvas->width,
                             .color = view->color,
                             .utf8 = view->utf8};
}

/* From the last row upwards; of a line that has no room its end is left out. */
static void draw_notes(const struct show_table *table, const struct show_view *view, struct show_canvas *canvas,
                       size_t at, size_t rows) {
    for (size_t i = 0; i < table->note_count && rows; i++) {
        const char *text = table->notes[i];
        size_t need = at_most((show_cells(text) + canvas->width - 1) / canvas->width, rows);
        rows -= need;
        for (size_t k = 0; k < need; k++) {
            struct show_row row = begin_row(canvas, at + rows + k, view);
            char piece[SHOW_NOTE] = "";
            size_t size = k + 1 < need ? show_fitting(text, canvas->width) : strlen(text);
            memcpy(piece, text, size);
            show_paint(&row, "33");
            show_word(&row, piece);
            show_paint(&row, "0");
            show_end(&row);
            text += size;
        }
    }
}

static size_t draw_lines(const struct show_table *table, struct show_view *view, struct show_canvas *canvas,
                         const struct layout *l, size_t at, const struct line *lines, size_t count) {
    if (view->top + l->tags > count) view->top = less(count, l->tags);
    for (size_t i = view->top; i < count && i < view->top + l->tags; i++) {
        struct show_row row = begin_row(canvas, at++, view);
        if (lines[i].head)
            draw_group(&row, table, &lines[i]);
        else
            draw_tag(&row, lines[i].tag, l);
        show_end(&row);
    }
    return at;
}

void show_draw(const struct show_table *table, struct show_view *view, struct show_canvas *canvas) {
    size_t count, at = 0;
    struct layout l = {0};
    struct show_row row;
    struct line *lines = make_lines(table, &count);
    for (size_t i = 0; i < canvas->height; i++) strcpy(canvas->rows[i], "\033[K");
    share_columns(&l, table, canvas->width);
    share_rows(&l, table, count, canvas->width, canvas->height);
    row = begin_row(canvas, at++, view), draw_title(&row, table, view), show_end(&row);
    if (l.details) row = begin_row(canvas, at++, view), draw_details(&row, table), show_end(&row);
    if (l.head) row = begin_row(canvas, at++, view), draw_head(&row, &l), show_end(&row);
    draw_lines(table, view, canvas, &l, at, lines, count);
    at = canvas->height - l.foot - l.notes - l.events;
    for (size_t i = 0; i < l.events; i++)
        row = begin_row(canvas, at++, view), draw_event(&row, &table->events[i]), show_end(&row);
    draw_notes(table, view, canvas, at, l.notes);
    if (l.foot)
        row = begin_row(canvas, at + l.notes, view), draw_foot(&row, view, at_most(count, l.tags), count),
        show_end(&row);
    free(lines);
}
