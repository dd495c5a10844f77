/* SPDX-License-Identifier: Apache-2.0
 * The live table of `run --show` and `watch --show`: a struct in, rows of text for a terminal out. It knows no
 * terminal, no daemon and no board. Two feeders fill it (show_run.c, show_watch.c), screen.c brings it to the terminal.
 *
 * It writes ANSI sequences itself: colours, "erase to the end of the line", "go to this row" are all it needs, and
 * every terminal since the VT100 has them, the Linux console and serial ones too. So nothing depends on a terminal
 * database, and a test can read what is drawn. */
#ifndef SHOW_H
#define SHOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum {
    SHOW_NAME = 200,
    SHOW_TITLE = 300,
    SHOW_NOTE = 1100,
    SHOW_EVENTS = 16,
    SHOW_NOTES = 4,
    SHOW_ROW = 6000,
    SHOW_SIDE = 500
};

enum show_threshold {
    SHOW_UNKNOWN,
    SHOW_FIXED,
    SHOW_LEARNT,
    SHOW_STARTER,
    SHOW_NONE
}; /* NONE: it learns, and has none yet */

struct show_tag {
    char name[SHOW_NAME], group[SHOW_NAME]; /* any bytes; "" as group: none */
    bool on;
    enum show_threshold threshold;
    double score, margin, on_from; /* on_from: margin of the threshold. NAN: not known */
    double learnt;                 /* 0..1 of the time that it needs to learn; NAN: not known */
    double low, high;              /* of the margin's bar: show_range() */
};

struct show_event {
    char time[16], state[16], name[SHOW_NAME]; /* name: of the tag, or of a group that is unknown */
    double score;
};

struct show_table {
    char title[SHOW_TITLE], details[SHOW_TITLE];
    bool any;                                   /* a picture was judged */
    double pictures_per_s, device_ms, uptime_s; /* NAN: not known */
    struct show_tag *tags;
    size_t count, capacity;
    struct show_event events[SHOW_EVENTS]; /* the newest first */
    size_t event_count;
    char notes[SHOW_NOTES][SHOW_NOTE]; /* lines of the log, the newest first */
    size_t note_count;
};

/* How to draw. */
struct show_view {
    size_t top; /* rows of tags and groups that are scrolled away; show_draw() makes it smaller when there are fewer */
    bool frozen, color, utf8;
    bool keys; /* there is a keyboard: tell the keys */
};

/* Rows as they are to stand on the terminal, with colours, without line ends. A zeroed one is empty. */
struct show_canvas {
    size_t width, height;
    char (*rows)[SHOW_ROW]; /* (height) */
};

/* Tag `at` of the table, which grows: named so, with the bar of the tag that stood there if it had the same name. NULL:
 * no memory, not said. The caller fills the rest, calls show_range(), and at last sets table->count. */
struct show_tag *show_put(struct show_table *table, size_t at, const char *name);
/* Widens the bar so that margin and threshold are in it. */
void show_range(struct show_tag *tag);
void show_add_event(struct show_table *table, const struct show_event *event);
void show_add_note(struct show_table *table, const char *text);
/* Copies tags and numbers, not the events and notes. false: no memory, and *to is as it was. */
bool show_copy(struct show_table *to, const struct show_table *from);
void show_finish(struct show_table *table);
/* "on", "off", "learning". */
const char *show_state(const struct show_tag *tag);

/* By how much a count grew a second, over the last seconds. NAN: not known yet. `now` is in seconds. A zeroed one knows
 * nothing.
 */
struct show_rate {
    double count, since, rate;
    bool any, known;
};
double show_rate(struct show_rate *rate, double count, double now);

/* At least 1 and at most SHOW_SIDE cells a side. Rows of the same size stay. false: no memory; the canvas is empty
 * then. */
bool show_resize(struct show_canvas *canvas, size_t width, size_t height);
void show_canvas_finish(struct show_canvas *canvas);

/* Draws all rows of the canvas. Characters that a terminal obeys become '?', names are cut by the cells that they take.
 */
void show_draw(const struct show_table *table, struct show_view *view, struct show_canvas *canvas);

/* What brings a terminal from `before` to `now`: bytes to be freed, NULL: no memory. `before` of another size, or
 * empty: all rows. */
char *show_changes(const struct show_canvas *now, const struct show_canvas *before, size_t *size);

/* The same for a file or a pipe: a change as a line, and the table. */
void show_print_event(FILE *to, const struct show_event *event);
void show_print_table(FILE *to, const struct show_table *table, const char *time);

#endif
