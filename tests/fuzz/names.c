/* SPDX-License-Identifier: Apache-2.0
 * A small CLIP under the names of each layout, some of its tensors renamed, reshaped or left out: a model, or a
 * refusal. The first byte says which layout, each four after it an edit: the tensor, what to do, and with what. */
#include "fuzz.h"
#include "blob/tensor_names.h"
#include "convert/model/model.h"

#include <sys/mman.h>
#include <unistd.h>

enum { MOST = 64, WIDTH = 8, HIDDEN = 16, PATCH = 4, TOKENS = 5, CONTEXT = 4, VOCABULARY = 10, SPACE = 6 };

struct tensor {
    char name[96];
    uint32_t dimensions, shape[4];
    bool gone;
};

struct tensors {
    struct tensor list[MOST];
    size_t count;
};

int LLVMFuzzerInitialize(int *argc, char ***argv) {
    ocelli_set_log(fuzz_hear, NULL);
    for (uint8_t layout = 0; layout < 3; layout++) {
        char name[16];
        uint8_t bytes[] = {layout, 3, 9, 9, 9};
        snprintf(name, sizeof name, "layout%u", layout);
        fuzz_seed(*argc, *argv, name, bytes, 1);
        fuzz_seed(*argc, *argv, name + 1, bytes, sizeof bytes);
    }
    return 0;
}

static bool ends(const char *text, const char *end) {
    return strlen(text) >= strlen(end) && strcmp(text + strlen(text) - strlen(end), end) == 0;
}

/* The shape that a tensor of the blob has. */
static void shape(struct tensor *t, const struct names_row *row) {
    const char *name = row->blob;
    bool matrix = ends(name, ".weight") && !strstr(name, "ln");
    uint32_t rows = WIDTH, columns = WIDTH;
    if (strstr(name, TENSOR_UP)) rows = HIDDEN;
    if (strstr(name, TENSOR_DOWN)) columns = HIDDEN;
    if (strstr(name, "projection")) rows = SPACE;
    if (!strcmp(name, TENSOR_TOKENS)) rows = VOCABULARY;
    if (!strcmp(name, TENSOR_TEXT_POSITIONS)) rows = CONTEXT;
    if (!strcmp(name, TENSOR_IMAGE_POSITIONS)) rows = TOKENS;
    if (row->part) rows *= row->part > 3 ? 2 : 3;
    t->dimensions = strcmp(name, "logit_scale") ? matrix ? 2 : 1 : 0;
    t->shape[0] = row->transposed ? columns : rows;
    t->shape[1] = row->transposed ? rows : columns;
    if (strcmp(name, TENSOR_PATCHES TENSOR_WEIGHT) != 0) return;
    t->dimensions = 4;
    t->shape[1] = 3, t->shape[2] = t->shape[3] = PATCH;
}

static void add(struct tensors *all, const char *prefix, const struct names_row *rows) {
    for (; rows->blob && all->count < MOST; rows++) {
        struct tensor *t = &all->list[all->count];
        if (rows->part > 1) continue; /* in one with the first */
        snprintf(t->name, sizeof t->name, "%s%s", prefix, rows->source);
        shape(t, rows);
        all->count++;
    }
}

static void make(struct tensors *all, const struct names_layout *layout) {
    const char *const blocks[] = {layout->image_block, layout->text_block};
    add(all, "", layout->outside);
    for (int tower = 0; tower < 2; tower++) {
        char prefix[64];
        snprintf(prefix, sizeof prefix, blocks[tower], 0);
        add(all, prefix, layout->in_block);
    }
}

static void edit(struct tensors *all, const uint8_t *bytes) {
    static const char *const prefixes[] = {"module.", "_orig_mod.", "text.", "visual.trunk.", "_image_encoder.", "x"};
    struct tensor *t = &all->list[bytes[0] % all->count];
    char old[sizeof t->name];
    memcpy(old, t->name, sizeof old);
    switch (bytes[1] % 4) {
    case 0: t->shape[bytes[2] % 4] = bytes[3]; break;
    case 1: t->dimensions = bytes[2] % 5; break;
    case 2: snprintf(t->name, sizeof t->name, "%s%.70s", prefixes[bytes[2] % 6], old); break;
    case 3: t->gone = bytes[2] % 2; break;
    }
}

/* A safetensors file of zeros. */
static void put(int fd, const struct tensors *all) {
    FILE *f = fdopen(dup(fd), "wb");
    uint64_t at = 0;
    char header[MOST * 200];
    size_t length = 0;
    if (!f) abort();
    for (size_t i = 0; i < all->count; i++) {
        const struct tensor *t = &all->list[i];
        uint64_t count = 1;
        if (t->gone) continue;
        length +=
            (size_t)sprintf(header + length, "%c\"%s\":{\"dtype\":\"F16\",\"shape\":[", length ? ',' : '{', t->name);
        for (uint32_t d = 0; d < t->dimensions; d++) {
            length += (size_t)sprintf(header + length, "%s%u", d ? "," : "", t->shape[d]);
            count *= t->shape[d];
        }
        length += (size_t)sprintf(header + length, "],\"data_offsets\":[%llu,%llu]}", (unsigned long long)at,
                                  (unsigned long long)(at + 2 * count));
        at += 2 * count;
    }
    if (!length) header[length++] = '{';
    header[length++] = '}';
    uint64_t size = length;
    fwrite(&size, sizeof size, 1, f);
    fwrite(header, 1, length, f);
    fclose(f);
    if (at > 1 << 24 || ftruncate(fd, (off_t)(8 + length + at)) < 0) return; /* too large: cut short, a refusal */
}

/* Everything that options can tell is told. */
static void convert(const char *path, bool whole) {
    static const char *const values[] = {"gelu", "openai", "openai", "crop", "bicubic", "2,2"};
    struct config_given given = {0};
    struct sources sources = {0};
    struct report report;
    struct checkpoint c;
    struct model m;
    for (int i = 0; i < 6; i++)
        if (!config_given_set(&given, (enum config_fact)(1 << i), values[i])) abort();
    if (report_init(&report)) abort();
    int status = fuzz_judge(checkpoint_open(&c, path, &given, &sources, &report));
    bool opened = !status;
    if (opened) status = fuzz_judge(model_load(&m, &c, &report));
    if (!status) model_finish(&m);
    if (opened) checkpoint_close(&c);
    if (whole && status) abort();
    source_finish(&sources);
    report_finish(&report);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct tensors all = {.count = 0};
    char path[32];
    if (size < 1) return 0;
    size_t layout = data[0] % names_layout_count;
    make(&all, &names_layouts[layout]);
    for (size_t i = 1; i + 4 <= size && i < 64; i += 4) edit(&all, data + i);
    int fd = memfd_create("fuzz", MFD_CLOEXEC);
    if (fd < 0) abort();
    put(fd, &all);
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    convert(path, size == 1 && layout == 0); /* others need a configuration beside them */
    close(fd);
    return 0;
}
