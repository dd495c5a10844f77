/* SPDX-License-Identifier: Apache-2.0
 * Which model made a vector: those of different ones are not to be compared. */
#ifndef MEMORY_MODEL_H
#define MEMORY_MODEL_H

#include "base/sha256.h"

#include <stdint.h>

struct memory_model {
    const char *name;          /* for people; the caller's */
    uint32_t size;             /* D */
    char key[SHA256_HEX_SIZE]; /* model_key of ocelli_get_info() */
};

#endif
