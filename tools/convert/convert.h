/* SPDX-License-Identifier: Apache-2.0
 * A checkpoint in, a blob out: read, check, quantize, judge, write. */
#ifndef CONVERT_CONVERT_H
#define CONVERT_CONVERT_H

#include "convert/report/judge.h"

/* Only the first two are required. */
struct convert_params {
    const char *checkpoint; /* folder or file of weights */
    const char *out;
    const char *tokenizer;     /* NULL: beside the weights */
    const char *report, *page; /* JSON, HTML */
    const char *name;          /* NULL: last part of the checkpoint's path */
    const char *license_file;  /* NULL: the checkpoint's own */
    const char *pictures;      /* a folder to take activation ranges of; NULL: built-in pictures */
    const char *prompts;       /* a tags.ini: its texts' vectors take the text tower's place; NULL: the tower is kept */
    bool told;                 /* what was decided, and why, is printed on stdout */
    bool no_text;              /* of the command line: `prompts` is then given */
    bool compared;             /* not a conversion: two blobs are given */
    bool uncalibrated;         /* neither balance outliers nor keep float inputs */
    struct config_given given; /* what a file without a configuration does not tell */
};

struct convert_result {
    uint64_t size; /* bytes of the blob */
    struct judge judge;
};

/* Errors: FILE, LIMIT, MEMORY; no file is then left. */
int convert(const struct convert_params *params, struct convert_result *result);

#endif
