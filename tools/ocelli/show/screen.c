/* SPDX-License-Identifier: Apache-2.0 */
#include "ocelli/show/screen.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/thread.h"
#include "ocelli/common/local_time.h"
#include "ocelli/common/terminal.h"

#include <errno.h>
#include <math.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { FRAME_MS = 100, PLAIN_MS = 250, TABLE_MS = 10000, EVENTS_WAITING = 256, NOTES_KEPT = 64, STALLS_MS = 50 };

struct screen {
    struct screen_feed feed;
    bool terminal, echoed; /* echoed: standard error is a terminal too */
    int wake;              /* an eventfd: something new, or the end */
    struct thread thread;
    /* the thread's own */
    struct show_table table;
    struct show_view view;
    struct show_canvas now, before;
    char *bytes; /* on their way to the terminal; NULL: none */
    size_t size, sent;
    int64_t drawn_ns, printed_ns;
    atomic_bool gone;
    atomic_int fault; /* errno of the write that found it gone; 0: it was found otherwise */

    pthread_mutex_t lock; /* of all below */
    bool stop, left;
    struct show_event events[EVENTS_WAITING];
    size_t first_event, event_count, events_lost;
    char notes[NOTES_KEPT][SHOW_NOTE]; /* the last ones, since the start */
    size_t note_count, notes_shown;    /* counted since the start */
};

/* ---- for others ---- */

static void wake(struct screen *s) {
    uint64_t one = 1;
    (void)!write(s->wake, &one, sizeof one);
}

void screen_event(struct screen *s, const struct show_event *event) {
    pthread_mutex_lock(&s->lock);
    if (s->event_count == EVENTS_WAITING)
        s->first_event = (s->first_event + 1) % EVENTS_WAITING, s->event_count--, s->events_lost++;
    s->events[(s->first_event + s->event_count++) % EVENTS_WAITING] = *event;
    pthread_mutex_unlock(&s->lock);
    wake(s);
}

bool screen_note(struct screen *s, const char *line) {
    if (!s->terminal) return false;
    pthread_mutex_lock(&s->lock);
    bool left = s->left;
    char *note = s->notes[s->note_count % NOTES_KEPT];
    if (!left) snprintf(note, SHOW_NOTE, "%.*s", (int)strcspn(line, "\n"), line), s->note_count++;
    pthread_mutex_unlock(&s->lock);
    return !left && s->echoed;
}

/* ---- what is new ---- */

static bool next_event(struct screen *s, struct show_event *event) {
    pthread_mutex_lock(&s->lock);
    bool any = s->event_count > 0;
    if (any) {
        *event = s->events[s->first_event];
        s->first_event = (s->first_event + 1) % EVENTS_WAITING, s->event_count--;
    }
    pthread_mutex_unlock(&s->lock);
    return any;
}

static void take_notes(struct screen *s) {
    pthread_mutex_lock(&s->lock);
    if (s->note_count - s->notes_shown > NOTES_KEPT) s->notes_shown = s->note_count - NOTES_KEPT;
    while (s->notes_shown < s->note_count) show_add_note(&s->table, s->notes[s->notes_shown++ % NOTES_KEPT]);
    pthread_mutex_unlock(&s->lock);
}

static bool stopping(struct screen *s) {
    pthread_mutex_lock(&s->lock);
    bool stop = s->stop;
    pthread_mutex_unlock(&s->lock);
    return stop;
}

static void lose_terminal(struct screen *s) {
    if (!atomic_exchange(&s->gone, true)) s->feed.quit(s->feed.user);
}

/* ---- keys ---- */

static void scroll(struct screen *s, long rows) {
    size_t back = (size_t)-rows;
    if (rows >= 0)
        s->view.top += (size_t)rows; /* show_draw() knows how many there are */
    else
        s->view.top = s->view.top > back ? s->view.top - back : 0;
}

/* Takes the bytes of an arrow or page key, behind ESC, and gives their number. */
static size_t take_sequence(struct screen *s, const char *bytes, size_t size) {
    if (size < 2 || (bytes[0] != '[' && bytes[0] != 'O')) return 0;
    long page = (long)s->now.height / 2;
    switch (bytes[1]) {
    case 'A': scroll(s, -1); break;
    case 'B': scroll(s, 1); break;
    case '5': scroll(s, -page); break;
    case '6': scroll(s, page); break;
    default: break;
    }
    size_t used = 2;
    while (bytes[1] >= '0' && bytes[1] <= '9' && used < size && bytes[used++] != '~') continue;
    return used;
}

static void take_key(struct screen *s, char key) {
    switch (key) {
    case 'q':
    case 'Q': s->feed.quit(s->feed.user); break;
    case ' ':
    case 'f': s->view.frozen = !s->view.frozen; break;
    case 'j': scroll(s, 1); break;
    case 'k': scroll(s, -1); break;
    case 'l' & 0x1f: show_canvas_finish(&s->before); break; /* Ctrl-L: all anew */
    default: return;
    }
}

static void take_keys(struct screen *s) {
    char bytes[64];
    ssize_t size = terminal_read(bytes, sizeof bytes);
    if (size == 0) lose_terminal(s);
    for (ssize_t i = 0; i < size; i++)
        if (bytes[i] == '\033')
            i += (ssize_t)take_sequence(s, bytes + i + 1, (size_t)(size - i - 1));
        else
            take_key(s, bytes[i]);
    if (size > 0) s->drawn_ns = 0; /* a key is answered at once */
}

/* ---- drawing ---- */

static void fill(struct screen *s) {
    struct show_event event;
    take_notes(s);
    if (s->view.frozen) return;
    s->feed.fill(s->feed.user, &s->table);
    while (next_event(s, &event)) show_add_event(&s->table, &event);
}

static void draw(struct screen *s) {
    size_t width, height;
    terminal_size(&width, &height);
    if (terminal_resumed()) show_canvas_finish(&s->before);
    if (!show_resize(&s->now, width, height)) return;
    fill(s);
    show_draw(&s->table, &s->view, &s->now);
    s->bytes = show_changes(&s->now, &s->before, &s->size);
    s->sent = 0;
    struct show_canvas old = s->before;
    s->before = s->now, s->now = old;
}

/* What the terminal takes now. */
static void send_bytes(struct screen *s) {
    ssize_t sent = s->sent < s->size ? terminal_write(s->bytes + s->sent, s->size - s->sent) : 0;
    if (sent < 0) lose_terminal(s);
    if (sent > 0) s->sent += (size_t)sent;
    if (s->sent < s->size && !s->gone) return;
    free(s->bytes);
    s->bytes = NULL;
}

static void wait_for_terminal(struct screen *s, int ms) {
    uint64_t count;
    struct pollfd p[] = {{.fd = s->wake, .events = POLLIN},
                         {.fd = s->gone ? -1 : terminal_keys(), .events = POLLIN},
                         {.fd = s->bytes ? terminal_out() : -1, .events = POLLOUT}};
    poll(p, 3, ms);
    if (p[0].revents) (void)!read(s->wake, &count, sizeof count);
    if (p[1].revents) take_keys(s);
}

static void run_terminal(struct screen *s) {
    while (!stopping(s)) {
        int64_t now = clock_ns(CLOCK_MONOTONIC), left_ms = FRAME_MS - (now - s->drawn_ns) / 1000000;
        if (!s->bytes && !s->gone && left_ms <= 0) draw(s), s->drawn_ns = now, left_ms = FRAME_MS;
        if (s->bytes) send_bytes(s);
        wait_for_terminal(s, left_ms > 0 ? (int)left_ms : FRAME_MS);
    }
}

/* ---- plain lines ---- */

/* What is there to print: to be freed; NULL: no memory. */
static char *plain_text_of(struct screen *s, bool table, size_t *size) {
    char *bytes = NULL, time[LOCAL_CLOCK];
    struct show_event event;
    FILE *to = open_memstream(&bytes, size);
    if (!to) return NULL;
    local_clock(time);
    while (next_event(s, &event)) show_print_event(to, &event);
    if (table) show_print_table(to, &s->table, time);
    fclose(to);
    return bytes;
}

static void print(struct screen *s, bool table) {
    size_t size = 0;
    char *bytes = plain_text_of(s, table, &size);
    for (size_t sent = 0; bytes && sent < size && !s->gone;) {
        ssize_t wrote = write(STDOUT_FILENO, bytes + sent, size - sent);
        if (wrote > 0) sent += (size_t)wrote;
        if (wrote >= 0 || errno == EINTR) continue;
        if (errno == EAGAIN) { /* another program may have made a shared pipe so */
            struct pollfd p = {.fd = STDOUT_FILENO, .events = POLLOUT};
            poll(&p, 1, PLAIN_MS);
            if (!stopping(s)) continue;
            break;
        }
        s->fault = errno;
        lose_terminal(s);
    }
    free(bytes);
}

/* The first table when its numbers are known. */
static bool table_is_due(const struct screen *s, int64_t now) {
    return s->printed_ns ? now - s->printed_ns >= TABLE_MS * INT64_C(1000000)
                         : s->table.any && isfinite(s->table.pictures_per_s);
}

static void run_plain(struct screen *s) {
    uint64_t count;
    while (!stopping(s) && !s->gone) {
        struct pollfd p = {.fd = s->wake, .events = POLLIN};
        if (poll(&p, 1, PLAIN_MS) > 0) (void)!read(s->wake, &count, sizeof count);
        int64_t now = clock_ns(CLOCK_MONOTONIC);
        s->feed.fill(s->feed.user, &s->table);
        bool table = table_is_due(s, now);
        if (table) s->printed_ns = now;
        print(s, table);
    }
    if (!s->gone) print(s, false);
}

/* ---- opening ---- */

static void *run(void *user) {
    struct screen *s = user;
    if (s->terminal)
        run_terminal(s);
    else
        run_plain(s);
    return NULL;
}

static void destroy(struct screen *s) {
    if (s->wake >= 0) close(s->wake);
    show_finish(&s->table);
    show_canvas_finish(&s->now);
    show_canvas_finish(&s->before);
    pthread_mutex_destroy(&s->lock);
    free(s->bytes);
    free(s);
}

int screen_open(struct screen **out, const struct screen_feed *feed) {
    struct screen *s = *out = calloc(1, sizeof *s);
    if (!s) return log_fail(OCELLI_ERR_MEMORY, "out of memory for the table");
    pthread_mutex_init(&s->lock, NULL);
    s->feed = *feed;
    s->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    s->terminal = terminal_usable(STDOUT_FILENO);
    s->echoed = s->terminal && isatty(STDERR_FILENO);
    if (s->terminal) terminal_enter();
    s->view = (struct show_view){.color = terminal_color(), .utf8 = terminal_utf8(), .keys = terminal_keys() >= 0};
    if (s->wake >= 0 && !thread_start(&s->thread, run, s, true)) return OCELLI_OK;
    terminal_leave();
    destroy(s);
    *out = NULL;
    return log_fail(OCELLI_ERR_MEMORY, "no thread for the table");
}

void screen_leave(struct screen *s) {
    struct pollfd p = {.fd = STDERR_FILENO, .events = POLLOUT};
    if (!s) return;
    terminal_leave();
    pthread_mutex_lock(&s->lock);
    bool left = s->left;
    s->left = true;
    size_t first = s->note_count > NOTES_KEPT ? s->note_count - NOTES_KEPT : 0;
    for (size_t i = first; !left && s->echoed && i < s->note_count && poll(&p, 1, STALLS_MS) == 1; i++)
        dprintf(STDERR_FILENO, "%s\n", s->notes[i % NOTES_KEPT]);
    pthread_mutex_unlock(&s->lock);
}

int screen_lost(const struct screen *s) {
    return !s->gone ? 0 : s->fault ? s->fault : EPIPE;
}

int screen_tell_lost(int fault) {
    if (!fault) return OCELLI_OK;
    if (fault == EPIPE) return log_fail(OCELLI_ERR_FILE, "standard output: its reader is gone");
    return log_fail(OCELLI_ERR_FILE, "standard output: %s; the output is not complete", file_write_error(fault));
}

bool screen_close(struct screen **screen, int timeout_ms) {
    struct screen *s = *screen;
    if (!s) return true;
    pthread_mutex_lock(&s->lock);
    s->stop = true;
    pthread_mutex_unlock(&s->lock);
    wake(s);
    bool ended = thread_join(&s->thread, clock_in(timeout_ms));
    screen_leave(s);
    if (!ended) return false;
    destroy(s);
    *screen = NULL;
    return true;
}
