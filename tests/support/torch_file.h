/* SPDX-License-Identifier: Apache-2.0
 * Files as torch.save() and torch.jit.save() write them, put together byte by byte. Nothing of the reader is used.
 * Faults fail the test. */
#ifndef SUPPORT_TORCH_FILE_H
#define SUPPORT_TORCH_FILE_H

#include "convert/read/stored.h"

enum torch_kind { TORCH_ZIP, TORCH_OLD, TORCH_SCRIPT };

/* Zero: a state dict in a zip archive, stored. */
struct torch_form {
    enum torch_kind kind;
    bool packed;        /* entries deflated */
    bool inside;        /* {"epoch": 3, "state_dict": ...} */
    bool turned;        /* matrices lie column by column */
    const char *prefix; /* before every name */
    const char *broken; /* the tensor whose storage is said to have 1 number more */
    /* A name's prefix, instead of `prefix`. */
    const char *(*rename)(const char *name);
};

struct torch_bytes {
    uint8_t *data;
    size_t size, room;
};

void torch_put(struct torch_bytes *bytes, const void *data, size_t size);
/* Opcodes and their text, with zeros where they are: torch_code(&b, "\x80\x02}"). */
#define torch_code(bytes, text) torch_put(bytes, text, sizeof(text) - 1)
void torch_text(struct torch_bytes *bytes, const char *text); /* BINUNICODE */

/* A whole file of F16 numbers; free(bytes->data). Tensors of integers are I64. */
void torch_file(struct torch_bytes *file, const struct stored_tensor *tensors, size_t count,
                const struct torch_form *form);

/* A zip archive of one folder with these entries; free(zip->data). */
struct torch_entry {
    const char *name;
    const void *data;
    size_t size;
};
void torch_zip(struct torch_bytes *zip, const struct torch_entry *entries, size_t count, bool packed);

#endif
