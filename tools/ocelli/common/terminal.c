/* SPDX-License-Identifier: Apache-2.0 */
#include "ocelli/common/terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <langinfo.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

/* The alternate screen, no cursor, no wrapping at the right edge. */
static const char enter_sequence[] = "\033[?1049h\033[?25l\033[?7l";
/* A terminal without an alternate screen keeps the table: the cursor goes below it. */
static const char leave_sequence[] = "\033[0m\033[?7h\033[?25h\033[999;1H\r\n\033[?1049l";
enum { STALLS_MS = 50 };

static struct termios before, during; /* of the keys */
static int keys = -1, out = STDOUT_FILENO;
static atomic_bool taken, resumed;

bool terminal_usable(int fd) {
    const char *kind = getenv("TERM");
    return isatty(fd) && kind && *kind && strcmp(kind, "dumb");
}

bool terminal_utf8(void) {
    locale_t locale = newlocale(LC_CTYPE_MASK, "", (locale_t)0);
    if (!locale) return false;
    bool utf8 = !strcmp(nl_langinfo_l(CODESET, locale), "UTF-8");
    freelocale(locale);
    return utf8;
}

bool terminal_color(void) {
    const char *none = getenv("NO_COLOR");
    return !none || !*none;
}

/* ---- modes ---- */

static void put(const char *bytes, size_t size) {
    struct pollfd p = {.fd = out, .events = POLLOUT};
    if (poll(&p, 1, STALLS_MS) == 1) (void)!write(out, bytes, size);
}

static void take(void) {
    if (keys >= 0) tcsetattr(keys, TCSANOW, &during);
    put(enter_sequence, sizeof enter_sequence - 1);
    taken = true;
}

void terminal_leave(void) {
    if (!atomic_exchange(&taken, false)) return;
    put(leave_sequence, sizeof leave_sequence - 1);
    if (keys >= 0) tcsetattr(keys, TCSANOW, &before);
}

/* ---- signals ---- */

static void stop(int number) {
    int fault = errno;
    (void)number;
    bool was = taken;
    terminal_leave();
    kill(getpid(), SIGSTOP);
    if (was) take(); /* it goes on */
    resumed = true;
    errno = fault;
}

/* The second time it is the system's (SA_RESETHAND). */
static void end(int number) {
    terminal_leave();
    raise(number);
}

/* What is handled or ignored already stays so. */
static void handle(int number, void (*handler)(int), int flags) {
    struct sigaction now, action = {.sa_handler = handler, .sa_flags = flags};
    sigemptyset(&action.sa_mask);
    if (!sigaction(number, NULL, &now) && now.sa_handler == SIG_DFL) sigaction(number, &action, NULL);
}

static void handle_all(void) {
    static const int ends[] = {SIGHUP, SIGINT, SIGTERM, SIGQUIT, SIGABRT, SIGSEGV, SIGBUS,
                               SIGFPE, SIGILL, SIGALRM, SIGUSR2, SIGXCPU, SIGXFSZ, SIGSYS};
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) handle(ends[i], end, (int)(SA_RESETHAND | SA_NODEFER));
    handle(SIGTSTP, stop, SA_RESTART);
}

/* ---- opening ---- */

/* Open once more, so that O_NONBLOCK is not that of all programs which share the terminal: a stalled one (Ctrl-S) holds
 * nobody up. It may be another user's (su): then it is used as it is. */
static int open_out(void) {
    int own = open("/proc/self/fd/1", O_WRONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    return own >= 0 ? own : STDOUT_FILENO;
}

static int open_keys(void) {
    return isatty(STDIN_FILENO) ? STDIN_FILENO : open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
}

void terminal_enter(void) {
    if (keys < 0) out = open_out(), keys = open_keys();
    if (keys >= 0 && tcgetattr(keys, &before)) keys = -1;
    during = before;
    during.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
    during.c_cc[VMIN] = 0, during.c_cc[VTIME] = 0;
    take();
    handle_all();
}

int terminal_keys(void) {
    return keys;
}

ssize_t terminal_read(char *bytes, size_t size) {
    ssize_t got = read(keys, bytes, size);
    return got < 0 && errno != EINTR && errno != EAGAIN ? 0 : got;
}

int terminal_out(void) {
    return out;
}

ssize_t terminal_write(const char *bytes, size_t size) {
    if (!taken) return 0; /* on its way to being stopped, or left */
    ssize_t wrote = write(out, bytes, size);
    return wrote < 0 && (errno == EAGAIN || errno == EINTR) ? 0 : wrote;
}

void terminal_size(size_t *width, size_t *height) {
    struct winsize size;
    *width = 80, *height = 24; /* a serial line knows no size */
    if (ioctl(out, TIOCGWINSZ, &size) || !size.ws_col || !size.ws_row) return;
    *width = size.ws_col, *height = size.ws_row;
}

bool terminal_resumed(void) {
    return atomic_exchange(&resumed, false);
}
