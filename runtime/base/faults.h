/* SPDX-License-Identifier: Apache-2.0
 * What a reader of a file does after a fault. Wherever a `struct faults *` is taken, NULL means: the first fault ends
 * it. With one, each fault is logged and counted, and reading goes on behind it, so that all of them are seen at once.
 */
#ifndef BASE_FAULTS_H
#define BASE_FAULTS_H

#include <stddef.h>

/* Zeroed: none yet. */
struct faults {
    size_t count;
    int first; /* its status */
};

/* For a status that was logged: counts it and gives OCELLI_OK where reading goes on, else gives it back. MEMORY always
 * ends it.
 */
int faults_pass(struct faults *faults, int status);

#endif
