/* SPDX-License-Identifier: Apache-2.0
 * Linux's own termios2 and not the C library's, whose baud rates are a short list. */
#include "serve/tty.h"
#include "base/log.h"

#include <asm/termbits.h>
#include <asm/ioctls.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

int tty_spec(const char *spec, char device[TTY_NAME], unsigned *baud) {
    const char *at = strrchr(spec, '@');
    size_t length = at ? (size_t)(at - spec) : strlen(spec);
    char *end = NULL;
    unsigned long number = at ? strtoul(at + 1, &end, 10) : TTY_BAUD;
    if (length == 0 || length >= TTY_NAME)
        return log_fail(OCELLI_ERR_USAGE, "serial \"%s\": write DEVICE or DEVICE@BAUD", spec);
    if (at && (at[1] < '0' || at[1] > '9' || *end || number < 50 || number > TTY_MOST))
        return log_fail(OCELLI_ERR_USAGE, "serial \"%s\": a baud rate is a number from 50 to %d", spec, TTY_MOST);
    memcpy(device, spec, length);
    device[length] = 0;
    *baud = (unsigned)number;
    return OCELLI_OK;
}

static int set_up(int fd, unsigned baud) {
    struct termios2 t;
    if (ioctl(fd, TCGETS2, &t)) return -1;
    t.c_iflag = IGNBRK;
    t.c_oflag = 0;
    t.c_lflag = 0;
    t.c_cflag = CS8 | CREAD | CLOCAL | BOTHER | BOTHER << IBSHIFT;
    t.c_ispeed = t.c_ospeed = baud;
    t.c_cc[VMIN] = 1, t.c_cc[VTIME] = 0; /* 0 bytes: hung up; with VMIN 0 also that there are none yet */
    return ioctl(fd, TCSETS2, &t);
}

int tty_open(const char *device, unsigned baud) {
    int fd = open(device, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0) return -1;
    if (!set_up(fd, baud)) return fd;
    int fault = errno;
    close(fd);
    errno = fault;
    return -1;
}

static bool waits(int fd) {
    int bytes = 0;
    return fd >= 0 && !ioctl(fd, TIOCOUTQ, &bytes) && bytes > 0;
}

void tty_drop_output(int fd) {
    if (waits(fd))
        ioctl(fd, TCFLSH, TCOFLUSH); /* only then: of a pseudoterminal it takes back what the other end has not read */
}

void tty_close(int fd, int timeout_ms) {
    enum { LOOK_MS = 5 };
    for (int ms = 0; ms < timeout_ms && waits(fd); ms += LOOK_MS) usleep(LOOK_MS * 1000);
    tty_drop_output(fd);
    if (fd >= 0) close(fd);
}
