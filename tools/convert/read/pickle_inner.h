/* SPDX-License-Identifier: Apache-2.0
 * What the reader of pickles and its table of known calls share. */
#ifndef CONVERT_PICKLE_INNER_H
#define CONVERT_PICKLE_INNER_H

#include "base/span.h"
#include "convert/read/pickle.h"

struct pickle_reader {
    struct arena *arena;
    const char *name; /* of the file */
    struct span in;
    struct pickle_value **stack, **memo; /* memo: NULL where nothing was put */
    size_t depth, stack_room, memo_room, memo_next;
    const struct pickle_storage *storages;
    size_t storage_count;
    uint64_t steps;
    bool stopped;
    int status; /* of the first failure, which was said */
};

/* NULL: failed, which r->status tells. */
struct pickle_value *pickle_make(struct pickle_reader *r, enum pickle_kind kind);
void *pickle_alloc(struct pickle_reader *r, size_t size); /* zeroed */
bool pickle_step(struct pickle_reader *r);                /* one more of those that are allowed */
void pickle_broken(struct pickle_reader *r, const char *what);
bool pickle_add(struct pickle_reader *r, struct pickle_value *to, const struct pickle_value *key,
                const struct pickle_value *value);

/* A name of a module: what calling it gives, or a refusal. NULL as above. */
struct pickle_value *pickle_global(struct pickle_reader *r, const char *module, const char *name);
struct pickle_value *pickle_call(struct pickle_reader *r, const struct pickle_value *callable,
                                 const struct pickle_value *arguments);
/* ("storage", type, key, place, count) */
struct pickle_value *pickle_storage(struct pickle_reader *r, const struct pickle_value *id);

#endif
