/* SPDX-License-Identifier: Apache-2.0
 * torch.save before 1.6: a magic number, a version, facts of the machine, the object and the keys of its storages, a
 * pickle each. Behind them the storages in the order of the keys: a count of 8 bytes, then the numbers. */
#include "base/log.h"
#include "convert/read/torch_inner.h"

#include <stdlib.h>
#include <string.h>

enum { MOST_PICKLES = 16 << 20, PICKLES = 5, OBJECT = 3, KEYS = 4, COUNT_SIZE = 8 };

/* LONG1 of 0x1950a86a20f9469cfc6c behind the protocol: what torch.load() looks for. */
static const uint8_t magic[] = {0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19};

struct place {
    struct pickle_storage storage;
    uint64_t begin, size; /* bytes; size 0: not found yet */
};

struct old_file {
    struct weights *w;
    struct storage *in;
    struct pickle pickles[PICKLES];
    struct place *places; /* by key */
    size_t count;
};

bool torch_is_old(struct storage *storage) {
    return storage_has(storage, 0, "\x80", 1) && storage_has(storage, 2, magic, sizeof magic);
}

static int by_key(const void *a, const void *b) {
    return strcmp(((const struct place *)a)->storage.key, ((const struct place *)b)->storage.key);
}

static struct place *find(const struct old_file *f, const char *key) {
    struct place wanted = {.storage = {.key = key}};
    return f->count ? bsearch(&wanted, f->places, f->count, sizeof wanted, by_key) : NULL;
}

/* Sorted, each key once. */
static int list_places(struct old_file *f) {
    const struct pickle *object = &f->pickles[OBJECT];
    size_t count = 0;
    f->places = calloc(object->storage_count + 1, sizeof *f->places);
    if (!f->places) return log_fail(OCELLI_ERR_MEMORY, "%s: out of memory", f->w->path);
    for (const struct pickle_storage *s = object->storages; s; s = s->next) f->places[count++].storage = *s;
    qsort(f->places, count, sizeof *f->places, by_key);
    for (size_t i = 0; i < count; i++)
        if (i == 0 || strcmp(f->places[i].storage.key, f->places[f->count - 1].storage.key) != 0)
            f->places[f->count++] = f->places[i];
    return OCELLI_OK;
}

static int broken(const struct old_file *f) {
    return log_fail(OCELLI_ERR_FILE, "%s: the storages behind its pickles are not those that they name: fetch it again",
                    f->w->path);
}

/* One key of the list: its count and its numbers lie at *at. */
static int place(struct old_file *f, const struct pickle_value *key, uint64_t *at) {
    uint8_t bytes[COUNT_SIZE];
    struct place *p = key->kind == PICKLE_TEXT ? find(f, key->text) : NULL;
    uint64_t number = p ? torch_number_size(p->storage.type) : 0, count = 0;
    if (!number || p->begin) return broken(f);
    int status = storage_read(f->in, bytes, sizeof bytes, *at);
    if (status) return status;
    for (int i = 0; i < COUNT_SIZE; i++) count |= (uint64_t)bytes[i] << (8 * i);
    p->begin = *at + COUNT_SIZE;
    if (count != p->storage.count || __builtin_mul_overflow(count, number, &p->size) ||
        p->size > f->in->size - p->begin)
        return broken(f);
    *at = p->begin + p->size;
    return OCELLI_OK;
}

static int find_place(void *context, const struct pickle_storage *storage, struct storage **in, uint64_t *begin,
                      uint64_t *size) {
    struct old_file *f = context;
    const struct place *p = find(f, storage->key);
    if (!p || !p->begin) return broken(f);
    *in = f->in;
    *begin = p->begin;
    *size = p->size;
    return OCELLI_OK;
}

static int read_all(struct old_file *f, const uint8_t *bytes, size_t size) {
    uint64_t at = 0;
    int status = OCELLI_OK;
    for (int i = 0; i < PICKLES && !status; i++) {
        status = pickle_parse(&f->pickles[i], bytes + at, size - (size_t)at, f->w->path);
        at += f->pickles[i].size;
    }
    if (!status) status = list_places(f);
    const struct pickle_value *keys = status ? NULL : f->pickles[KEYS].root;
    if (keys && keys->kind != PICKLE_TUPLE) status = broken(f);
    for (const struct pickle_item *i = keys && !status ? keys->first : NULL; i && !status; i = i->next)
        status = place(f, i->value, &at);
    return status ? status : torch_collect(f->w, f->pickles[OBJECT].root, find_place, f);
}

int torch_read_old(struct weights *weights, struct storage *in) {
    struct old_file f = {.w = weights, .in = in};
    size_t size = in->size < MOST_PICKLES ? (size_t)in->size : MOST_PICKLES;
    uint8_t *bytes = malloc(size + 1);
    weights->form = WEIGHTS_PICKLE;
    int status =
        bytes ? storage_read(in, bytes, size, 0) : log_fail(OCELLI_ERR_MEMORY, "%s: out of memory", weights->path);
    if (!status) status = read_all(&f, bytes, size);
    for (int i = 0; i < PICKLES; i++) pickle_finish(&f.pickles[i]);
    free(f.places);
    free(bytes);
    return status;
}
