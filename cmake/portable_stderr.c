/* SPDX-License-Identifier: Apache-2.0
 * Debian's libjpeg.a is made for programs, not for libraries: the one thing of it that a library cannot link is how it
 * reads `stderr`. cmake/portable.cmake gives that another name, which is here. */
#include <stdio.h>

extern FILE *ocelli_stderr;
FILE *ocelli_stderr;

__attribute__((constructor)) static void set_stderr(void) {
    ocelli_stderr = stderr;
}
