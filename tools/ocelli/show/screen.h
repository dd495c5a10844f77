/* SPDX-License-Identifier: Apache-2.0
 * The terminal of `--show`: a thread that draws the table at most ten times a second, reads keys and follows the
 * window's size. Standard output that is no terminal (or TERM=dumb) gets plain lines instead: a change each, and the
 * table every 10 s.
 *
 * The terminal is as it was after screen_close(), screen_leave(), Ctrl-Z and a signal that ends the program. One at a
 * time. */
#ifndef SCREEN_H
#define SCREEN_H

#include "ocelli/show/show.h"

struct screen;

struct screen_feed {
    void *user;
    /* Brings the table up to date, without events and notes. Called before each drawing, not while it is frozen. */
    void (*fill)(void *user, struct show_table *table);
    void (*quit)(void *user); /* q was pressed, or the reader of standard output is gone */
};

/* Takes standard output. The feed is copied; its functions are called by the screen's thread. Errors: MEMORY. */
int screen_open(struct screen **out, const struct screen_feed *feed);

/* Gives the terminal back, and says what was logged meanwhile if standard error is the same terminal. false: it stalls,
 * and nothing is freed: only _exit() is left. Accepts a pointer to NULL. */
bool screen_close(struct screen **screen, int timeout_ms);
/* 0, or why the terminal or standard output takes no more: an errno, EPIPE when its reader is gone. */
int screen_lost(const struct screen *screen);
/* Logs that. Errors: FILE; none for 0. */
int screen_tell_lost(int fault);
/* Right before _exit(): the terminal as it was. Any thread, or none of it if it stalls. */
void screen_leave(struct screen *screen);

/* A change of a tag. Any thread. */
void screen_event(struct screen *screen, const struct show_event *event);
/* A line of the log with its end. true: it is to be said nowhere else, as standard error is a terminal too;
 * screen_close() says it again. Any thread. */
bool screen_note(struct screen *screen, const char *line);

#endif
