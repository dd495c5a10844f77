/* SPDX-License-Identifier: Apache-2.0
 * One file of weights, of whatever kind: its tensors by name, and what else it tells of the model. */
#ifndef CONVERT_WEIGHTS_H
#define CONVERT_WEIGHTS_H

#include "base/arena.h"
#include "convert/read/source.h"
#include "convert/read/stored.h"

enum weights_form {
    WEIGHTS_SAFETENSORS,
    WEIGHTS_PICKLE,      /* .pt, .bin: a zip archive with a pickled state dict, or, before torch 1.6, pickles alone */
    WEIGHTS_TORCHSCRIPT, /* a zip archive with code, which is not looked at */
    WEIGHTS_GGUF,
};

struct weights_gguf;
struct archive;

struct weights {
    struct arena arena;
    const char *path;
    enum weights_form form;
    int fd; /* -1: none */
    struct file_stamp stamp;
    struct storage_file file;
    struct archive *archive;       /* of a zip archive */
    struct weights_gguf *gguf;     /* of a GGUF: its values */
    const char *inside;            /* the key of a pickle under which the state dict lay; NULL: at the top */
    struct stored_tensor *tensors; /* in any order */
    size_t count;
    struct weights *next; /* for the caller */
};

/* Opens and parses `path`, by its first bytes. Strings live until weights_close(). Errors: FILE, LIMIT (a kind that is
 * not read), MEMORY; *weights can then be closed all the same. */
int weights_open(struct weights *weights, struct sources *sources, const char *path);
/* Is the file still as it was when it was opened? Errors: FILE. */
int weights_check(const struct weights *weights);
void weights_close(struct weights *weights); /* of a zeroed or used one */

/* The same of bytes in memory, for tests; they outlive *weights. */
int weights_parse(struct weights *weights, struct storage_memory *bytes);

#endif
