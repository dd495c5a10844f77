/* SPDX-License-Identifier: Apache-2.0
 * cmocka with what it wants included first. */
#ifndef SUPPORT_TEST_H
#define SUPPORT_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include <stdbool.h>
#include <stdlib.h>

/* What is exhaustive runs in `make test-long`; else the test takes a part that reaches the same code. */
static inline bool test_is_long(void) {
    const char *given = getenv("OCELLI_LONG");
    return given && *given == '1';
}

#endif
