/* SPDX-License-Identifier: Apache-2.0
 * A tool for developers: a fault ends it. */
#ifndef DIE_H
#define DIE_H

/* Says "v3dmeter: message" and exits with 1. */
_Noreturn void die(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
