/* SPDX-License-Identifier: Apache-2.0 */
#include "convert/read/archive.h"
#include "base/log.h"

bool archive_is(struct storage *storage) {
    return storage_has(storage, 0, "PK\3\4", 4);
}

#ifdef CONVERT_ZIP
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>
#include <zip.h>

/* One entry is open at a time: tensors are read one after the other. */
struct archive {
    const char *name; /* for messages */
    zip_t *zip;
    pthread_mutex_t lock;
    zip_file_t *open;
    uint64_t open_index, position;
};

struct entry {
    struct storage base;
    struct archive *archive;
    uint64_t index;
    bool stored; /* not packed: any place of it can be read at once */
};

static int broken(const struct archive *a, const char *entry, const char *why) {
    return log_fail(OCELLI_ERR_FILE, "%s: %s in the archive: %s: fetch the file again", a->name, entry, why);
}

static zip_t *open_bytes(const struct storage_memory *in) {
    zip_error_t error;
    zip_error_init(&error);
    zip_source_t *source = zip_source_buffer_create(in->bytes, in->base.size, 0, &error);
    zip_t *zip = source ? zip_open_from_source(source, ZIP_RDONLY, &error) : NULL;
    if (!zip) zip_source_free(source);
    zip_error_fini(&error);
    return zip;
}

static zip_t *open_file(int fd) {
    int copy = dup(fd);
    zip_t *zip = copy >= 0 ? zip_fdopen(copy, 0, NULL) : NULL;
    if (!zip && copy >= 0) close(copy);
    return zip;
}

int archive_open(struct archive **archive, struct storage *storage, int fd) {
    struct archive *a = *archive = calloc(1, sizeof *a);
    if (!a) return log_fail(OCELLI_ERR_MEMORY, "%s: out of memory", storage->name);
    a->name = storage->name;
    pthread_mutex_init(&a->lock, NULL);
    a->zip = fd >= 0 ? open_file(fd) : open_bytes((struct storage_memory *)storage);
    if (a->zip) return OCELLI_OK;
    archive_close(archive);
    return log_fail(OCELLI_ERR_FILE, "%s: its zip archive is cut short or broken: fetch the file again", storage->name);
}

void archive_close(struct archive **archive) {
    struct archive *a = *archive;
    if (!a) return;
    if (a->open) zip_fclose(a->open);
    if (a->zip) zip_discard(a->zip);
    pthread_mutex_destroy(&a->lock);
    free(a);
    *archive = NULL;
}

const char *archive_name(const struct archive *archive, uint64_t index) {
    return zip_get_name(archive->zip, index, ZIP_FL_ENC_RAW);
}

bool archive_has(const struct archive *archive, const char *name) {
    return zip_name_locate(archive->zip, name, ZIP_FL_ENC_RAW) >= 0;
}

static int find(const struct archive *a, const char *name, zip_stat_t *found) {
    zip_int64_t index = zip_name_locate(a->zip, name, ZIP_FL_ENC_RAW);
    if (index < 0) return broken(a, name, "is not there");
    const zip_uint64_t needed = ZIP_STAT_SIZE | ZIP_STAT_COMP_METHOD | ZIP_STAT_ENCRYPTION_METHOD;
    if (zip_stat_index(a->zip, (zip_uint64_t)index, ZIP_FL_ENC_RAW, found) < 0 || (found->valid & needed) != needed)
        return broken(a, name, "its entry cannot be read");
    found->index = (zip_uint64_t)index;
    if (found->encryption_method != ZIP_EM_NONE) return broken(a, name, "is encrypted, which is not read");
    if (found->comp_method != ZIP_CM_STORE && found->comp_method != ZIP_CM_DEFLATE)
        return broken(a, name, "is neither stored nor deflated, which is not read");
    return OCELLI_OK;
}

int archive_load(struct archive *archive, const char *name, uint64_t most, uint8_t **bytes, size_t *size) {
    zip_stat_t found;
    *bytes = NULL;
    int status = find(archive, name, &found);
    if (status) return status;
    if (found.size > most)
        return log_fail(OCELLI_ERR_FILE,
                        "%s: %s in the archive unpacks to %llu bytes, the limit is %llu: no checkpoint", archive->name,
                        name, (unsigned long long)found.size, (unsigned long long)most);
    zip_file_t *file = zip_fopen_index(archive->zip, found.index, 0);
    *bytes = malloc((size_t)found.size + 1);
    char more;
    if (file && *bytes && zip_fread(file, *bytes, found.size) == (zip_int64_t)found.size && !zip_fread(file, &more, 1))
        *size = (size_t)found.size;
    else
        status = *bytes ? broken(archive, name, "is cut short or broken")
                        : log_fail(OCELLI_ERR_MEMORY, "%s: out of memory", archive->name);
    if (file) zip_fclose(file);
    if (status) free(*bytes), *bytes = NULL;
    return status;
}

static void reopen(struct archive *a, uint64_t index) {
    if (a->open) zip_fclose(a->open);
    a->open = zip_fopen_index(a->zip, index, 0);
    a->open_index = index;
    a->position = 0;
}

/* To `offset`: at once in what is stored, else by unpacking all that is before it. */
static bool seek(struct archive *a, const struct entry *e, uint64_t offset) {
    uint8_t passed[4096];
    if (!a->open || a->open_index != e->index || (a->position > offset && !e->stored)) reopen(a, e->index);
    if (!a->open) return false;
    if (a->position != offset && e->stored) {
        if (zip_fseek(a->open, (zip_int64_t)offset, SEEK_SET) < 0) return false;
        a->position = offset;
    }
    while (a->position < offset) {
        uint64_t left = offset - a->position, piece = left < sizeof passed ? left : sizeof passed;
        if (zip_fread(a->open, passed, piece) != (zip_int64_t)piece) return false;
        a->position += piece;
    }
    return true;
}

static int read_entry(struct storage *storage, void *to, size_t size, uint64_t offset) {
    struct entry *e = (struct entry *)storage;
    struct archive *a = e->archive;
    pthread_mutex_lock(&a->lock);
    bool good = seek(a, e, offset) && zip_fread(a->open, to, size) == (zip_int64_t)size, end;
    a->position += size;
    end = good && a->position == e->base.size;
    if (end) good = zip_fread(a->open, &(char){0}, 1) == 0; /* libzip compares the CRC there, if all of it was read */
    if ((end || !good) && a->open) zip_fclose(a->open), a->open = NULL;
    pthread_mutex_unlock(&a->lock);
    return good ? OCELLI_OK : broken(a, zip_get_name(a->zip, e->index, ZIP_FL_ENC_RAW), "is cut short or broken");
}

int archive_entry(struct archive *archive, struct arena *arena, const char *name, struct storage **entry) {
    zip_stat_t found;
    int status = find(archive, name, &found);
    if (status) return status;
    struct entry *e = arena_alloc(arena, 1, sizeof *e);
    if (!e) return log_fail(OCELLI_ERR_MEMORY, "%s: out of memory", archive->name);
    *e = (struct entry){.base = {.name = archive->name, .size = found.size, .read = read_entry},
                        .archive = archive,
                        .index = found.index,
                        .stored = found.comp_method == ZIP_CM_STORE};
    *entry = &e->base;
    return OCELLI_OK;
}

#else
int archive_open(struct archive **archive, struct storage *storage, int fd) {
    (void)fd;
    *archive = NULL;
    return log_fail(
        OCELLI_ERR_LIMIT,
        "%s: a zip archive of torch, and this ocelli-convert was built without libzip: use one that has it, "
        "or save the model as safetensors",
        storage->name);
}

void archive_close(struct archive **archive) {
    *archive = NULL;
}

const char *archive_name(const struct archive *archive, uint64_t index) {
    (void)archive, (void)index;
    return NULL;
}

bool archive_has(const struct archive *archive, const char *name) {
    (void)archive, (void)name;
    return false;
}

int archive_load(struct archive *archive, const char *name, uint64_t most, uint8_t **bytes, size_t *size) {
    (void)archive, (void)most, (void)bytes, (void)size;
    return log_fail(OCELLI_ERR_LIMIT, "%s: built without libzip", name);
}

int archive_entry(struct archive *archive, struct arena *arena, const char *name, struct storage **entry) {
    (void)archive, (void)arena, (void)entry;
    return log_fail(OCELLI_ERR_LIMIT, "%s: built without libzip", name);
}
#endif
