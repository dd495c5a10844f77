/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"
#include "convert/read/archive.h"
#include "convert/read/torch_inner.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_PICKLE = 16 << 20 }; /* bytes: CLIP's largest, with its optimizer, has 0.5 MB */

struct entries {
    struct weights *w;
    const char *top; /* "NAME/" before each entry's name */
};

/* "NAME/data.pkl" with whatever NAME: the folder of the archive. */
static const char *find_top(struct weights *w) {
    static const char pickle[] = "/data.pkl";
    const char *name;
    for (uint64_t i = 0; (name = archive_name(w->archive, i)); i++) {
        const char *slash = strchr(name, '/');
        if (slash && strcmp(slash, pickle) == 0) return arena_copy(&w->arena, name, (size_t)(slash + 1 - name));
    }
    return NULL;
}

static char *entry_name(struct entries *e, const char *folder, const char *name) {
    size_t size = strlen(e->top) + strlen(folder) + strlen(name) + 1;
    char *path = arena_alloc(&e->w->arena, size, 1);
    if (path) snprintf(path, size, "%s%s%s", e->top, folder, name);
    return path;
}

static int no_memory(const struct weights *w) {
    return log_fail(OCELLI_ERR_MEMORY, "%s: out of memory", w->path);
}

static int find_entry(void *context, const struct pickle_storage *storage, struct storage **in, uint64_t *begin,
                      uint64_t *size) {
    struct entries *e = context;
    char *name = entry_name(e, "data/", storage->key);
    if (!name) return no_memory(e->w);
    int status = archive_entry(e->w->archive, &e->w->arena, name, in);
    if (status) return status;
    *begin = 0;
    *size = (*in)->size;
    return OCELLI_OK;
}

/* Numbers are read as they lie there, least byte first. */
static int check_order(struct entries *e) {
    uint8_t *text = NULL;
    size_t size = 0;
    char *name = entry_name(e, "", "byteorder");
    if (!name) return no_memory(e->w);
    if (!archive_has(e->w->archive, name)) return OCELLI_OK; /* torch before 2.1 */
    int status = archive_load(e->w->archive, name, 16, &text, &size);
    if (!status && (size != 6 || memcmp(text, "little", 6) != 0))
        status = log_fail(OCELLI_ERR_LIMIT, "%s: saved on a big-endian machine, which is not read: save it elsewhere",
                          e->w->path);
    free(text);
    return status;
}

static int read_pickle(struct entries *e) {
    uint8_t *bytes = NULL;
    size_t size = 0;
    struct pickle pickle = {0};
    char *name = entry_name(e, "", "data.pkl");
    if (!name) return no_memory(e->w);
    int status = archive_load(e->w->archive, name, MOST_PICKLE, &bytes, &size);
    if (!status) status = pickle_parse(&pickle, bytes, size, e->w->path);
    if (!status) status = torch_collect(e->w, pickle.root, find_entry, e);
    pickle_finish(&pickle);
    free(bytes);
    return status;
}

int torch_read_archive(struct weights *weights, struct storage *in) {
    struct entries e = {.w = weights};
    int status = archive_open(&weights->archive, in, weights->fd);
    if (status) return status;
    e.top = find_top(weights);
    if (!e.top)
        return log_fail(OCELLI_ERR_FILE,
                        "%s: a zip archive without data.pkl, so no checkpoint of torch: unpack it and "
                        "give what is in it",
                        weights->path);
    char *constants = entry_name(&e, "", "constants.pkl");
    if (!constants) return no_memory(weights);
    weights->form = archive_has(weights->archive, constants) ? WEIGHTS_TORCHSCRIPT : WEIGHTS_PICKLE;
    status = check_order(&e);
    return status ? status : read_pickle(&e);
}
