/* SPDX-License-Identifier: Apache-2.0
 * How a program's first and last moments treat standard input, output and error. */
#ifndef STANDARD_FILES_H
#define STANDARD_FILES_H

#include "base/file.h"
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* First thing in main(). A closed standard file would give its number to the next file that is opened.
 * What is opened here cannot be used, so that using it is the same error as before. */
static inline void standard_files_open(void) {
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0) (void)!open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
    signal(SIGPIPE, SIG_IGN); /* a reader that went away is a write error like others, */
    signal(SIGXFSZ, SIG_IGN); /* and so is a file over the limit of its size */
}

/* Last thing: a full disk may show only here. Gives the exit code. */
static inline int standard_files_close(int exit_code) {
    int earlier = ferror(stdout); /* the reason is gone by now */
    errno = 0;
    if (fclose(stdout) == 0 && !earlier) return exit_code;
    log_error("standard output: %s; the output is not complete", errno ? file_write_error(errno) : "cannot write");
    return exit_code ? exit_code : 1;
}

#endif
