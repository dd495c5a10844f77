/* SPDX-License-Identifier: Apache-2.0
 * A checkpoint in, a blob out: read, check, quantize, judge, write. */
#ifndef CONVERT_CONVERT_H
#define CONVERT_CONVERT_H

#include "convert/selftest.h"

/* Only the first two are required. */
struct convert_params {
    const char *checkpoint; /* folder or file of weights */
    const char *out;
    const char *tokenizer; /* NULL: beside the weights */
    const char *report;
    const char *name;          /* NULL: last part of the checkpoint's path */
    const char *license_file;  /* NULL: the checkpoint's own */
    struct config_given given; /* what a file without a configuration does not tell */
};

struct convert_result {
    uint64_t size; /* bytes of the blob */
    struct selftest_cosines cosines;
};

/* Errors: FILE, LIMIT, MEMORY; no file is then left. */
int convert(const struct convert_params *params, struct convert_result *result);

#endif
