/* SPDX-License-Identifier: Apache-2.0
 * Debian's libjpeg.a is made for programs. A library cannot link one thing of it, how it reads `stderr`.
 * cmake/portable.cmake gives that variable another name there, and here it is. */
#include <stdio.h>

extern FILE *ocelli_stderr;
FILE *ocelli_stderr;

__attribute__((constructor)) static void set_stderr(void) {
    ocelli_stderr = stderr;
}
