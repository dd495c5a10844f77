/* SPDX-License-Identifier: Apache-2.0
 * A pickle as torch writes state dicts, protocols 2 to 5, as a tree of values. Runs nothing: the few calls that a state
 * dict is made of are known by name, and what they would give is put together here; any other is refused. Trusts
 * nothing. Format: Lib/pickletools.py of CPython. */
#ifndef CONVERT_PICKLE_H
#define CONVERT_PICKLE_H

#include "base/arena.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum pickle_kind {
    PICKLE_NONE,
    PICKLE_INT, /* also True and False */
    PICKLE_TEXT,
    PICKLE_TUPLE, /* also a list or a set: items without keys */
    PICKLE_DICT,
    PICKLE_GLOBAL, /* a known name, not called */
    PICKLE_STORAGE,
    PICKLE_TENSOR,
    PICKLE_OBJECT, /* of a class of TorchScript, or a Namespace: items are its attributes */
    PICKLE_OTHER,  /* plain data of no use here: floats, bytes, dates, numpy's numbers */
    PICKLE_MARK,   /* inside the reader only */
};

enum { PICKLE_MAX_DIMENSIONS = 8 };

struct pickle_item {
    const struct pickle_value *key; /* NULL in a tuple */
    const struct pickle_value *value;
    struct pickle_item *next;
};

struct pickle_storage {
    const char *type; /* "FloatStorage" */
    const char *key;  /* the entry of the archive */
    uint64_t count;   /* numbers */
    const struct pickle_storage *next;
};

struct pickle_tensor {
    struct pickle_storage storage;
    uint64_t offset; /* numbers, in the storage */
    uint32_t dimensions;
    uint64_t shape[PICKLE_MAX_DIMENSIONS], stride[PICKLE_MAX_DIMENSIONS];
};

struct pickle_reader;
struct pickle_value;
typedef struct pickle_value *pickle_call_function(struct pickle_reader *reader, const struct pickle_value *arguments);

struct pickle_value {
    enum pickle_kind kind;
    union {
        int64_t number;
        struct {
            const char *text; /* UTF-8 as it was, terminated; may have zeros inside, then `length` tells */
            size_t length;
        };
        struct {
            struct pickle_item *first, *last;
        };
        struct {
            const char *module, *name;
            pickle_call_function *call; /* NULL: is not called */
        };
        struct pickle_storage *storage;
        struct pickle_tensor *tensor;
    };
};

struct pickle {
    struct arena arena;
    const struct pickle_value *root;
    const struct pickle_storage *storages; /* all that are named, some of them often; the last one first */
    size_t storage_count;
    size_t size; /* bytes read: another may follow */
};

/* Parses the pickle at the start of `bytes`, which need not outlive it. `name` is for messages. Errors: FILE (broken),
 * LIMIT (calls what is not known, or too large), MEMORY; *pickle is then empty. */
int pickle_parse(struct pickle *pickle, const void *bytes, size_t size, const char *name);
void pickle_finish(struct pickle *pickle);

/* The value of a text key of a dict or an object; NULL when there is none. */
const struct pickle_value *pickle_get(const struct pickle_value *dict, const char *key);
bool pickle_is(const struct pickle_value *value, const char *text);

#endif
