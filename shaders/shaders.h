/* SPDX-License-Identifier: Apache-2.0
 * The compiled shaders, embedded by shaders/CMakeLists.txt. */
#ifndef SHADERS_H
#define SHADERS_H

#include <stddef.h>
#include <stdint.h>

struct shader_binary {
    const char *name;
    const uint32_t *words; /* SPIR-V */
    size_t size;           /* bytes */
};

extern const struct shader_binary shader_binaries[];
extern const size_t shader_binary_count;

#endif
