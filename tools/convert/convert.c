/* SPDX-License-Identifier: Apache-2.0 */
#include "convert/convert.h"
#include "base/log.h"
#include "blob/tensor_names.h"
#include "convert/keys.h"
#include "convert/quantize.h"
#include "text/unicode.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const double good_cosine = 0.999; /* below it a warning is logged */

struct job {
    const struct convert_params *p;
    struct arena arena;
    struct report report;
    struct sources sources;
    struct checkpoint checkpoint;
    struct tokenizer tokenizer;
    struct license license;
    struct model model;
    struct gguf_write blob;
    struct selftest_cosines cosines;
};

static int no_memory(const struct job *j) {
    return log_fail(OCELLI_ERR_MEMORY, "%s: out of memory", j->p->checkpoint);
}

static int read_all(struct job *j) {
    struct checkpoint *c = &j->checkpoint;
    int status = checkpoint_open(c, j->p->checkpoint, &j->p->given, &j->sources, &j->report);
    if (!status)
        status = tokenizer_load(&j->tokenizer, j->p->tokenizer, c->folder, &c->config, &j->sources, &j->report);
    if (!status) status = license_read(&j->license, &j->arena, c->folder, j->p->license_file, &j->sources, &j->report);
    return status ? status : model_load(&j->model, c, &j->report);
}

static bool is_input(struct job *j, const char *path) {
    const char *const given[] = {j->p->tokenizer, j->p->license_file}, *const folders[] = {j->checkpoint.folder,
                                                                                           j->p->tokenizer};
    for (int i = 0; i < 2; i++)
        if (given[i] && file_same(given[i], path)) return true;
    for (const struct source *s = j->sources.first; s; s = s->next)
        for (int i = 0; i < 2; i++) {
            const char *source = folders[i] ? source_path(&j->arena, folders[i], s->name) : NULL;
            if (source && file_same(source, path)) return true;
        }
    return false;
}

/* The file is written aside and renamed: also over an input. */
static int check_output(struct job *j, const char *path) {
    struct file_writer writer;
    if (is_input(j, path)) return log_fail(OCELLI_ERR_FILE, "%s: is an input: give another name to write to", path);
    int status = file_writer_open(&writer, path);
    file_writer_close(&writer);
    return status;
}

static int one_file(const struct job *j) {
    return log_fail(OCELLI_ERR_FILE, "%s: is %s too: the report needs a file of its own", j->p->report, j->p->out);
}

/* Before the minutes of work, not after them. */
static int check_outputs(struct job *j) {
    const char *out = j->p->out, *report = j->p->report;
    int status = check_output(j, out);
    if (status || !report) return status;
    return file_same(out, report) ? one_file(j) : check_output(j, report);
}

static int add_matrix(struct job *j, struct model_tensor *t) {
    char name[128];
    struct report_error error;
    snprintf(name, sizeof name, "%s" TENSOR_SCALE, t->name);
    int8_t *rounded = gguf_write_tensor(&j->blob, t->name, GGUF_WRITE_I8, t->dimensions, t->ne);
    float *scales = gguf_write_tensor(&j->blob, name, GGUF_WRITE_F32, 1, (uint64_t[]){t->rows});
    if (!rounded || !scales) return no_memory(j);
    quantize_rows(t->values, t->rows, t->columns, rounded, scales);
    quantize_error(t->values, t->rows, t->columns, rounded, scales, &error);
    report_tensor(&j->report, t->name, t->rows, t->columns, &error);
    t->rounded = rounded;
    t->scales = scales;
    return OCELLI_OK;
}

static int add_vector(struct job *j, const struct model_tensor *t) {
    float *values = gguf_write_tensor(&j->blob, t->name, GGUF_WRITE_F32, t->dimensions, t->ne);
    if (!values) return no_memory(j);
    memcpy(values, t->values, (size_t)t->rows * t->columns * sizeof *values);
    return OCELLI_OK;
}

static int add_tensors(struct job *j) {
    int status = OCELLI_OK;
    for (size_t i = 0; i < j->model.count && !status; i++) {
        struct model_tensor *t = &j->model.tensors[i];
        status = t->matrix ? add_matrix(j, t) : add_vector(j, t);
    }
    return status;
}

/* "models/clip-vit-b32/", "clip-vit-b32.safetensors" and "clip-vit-b32.pt" are all "clip-vit-b32". */
static const char *model_name(struct job *j) {
    static const char *const suffixes[] = {".safetensors", ".pt", ".pth", ".bin", ".ckpt", ".gguf"};
    if (j->p->name) return j->p->name;
    char *path = realpath(j->p->checkpoint, NULL);
    if (!path) return NULL;
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    size_t length = strlen(name);
    for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
        size_t tail = strlen(suffixes[i]);
        if (length <= tail || strcmp(name + length - tail, suffixes[i]) != 0) continue;
        length -= tail;
        break;
    }
    const char *copy = arena_copy(&j->arena, name, length);
    free(path);
    return copy;
}

static int add_keys(struct job *j) {
    const char *name = model_name(j);
    if (!name) return no_memory(j);
    if (unicode_check(name, strlen(name)) != strlen(name))
        return log_fail(OCELLI_ERR_FILE, "%s: the name of the model would not be UTF-8: give one with --name",
                        j->p->checkpoint);
    keys_general(&j->blob, name, &j->license, &j->sources);
    keys_model(&j->blob, &j->model);
    keys_tokenizer(&j->blob, &j->tokenizer);
    report_text(&j->report, "model", name);
    return OCELLI_OK;
}

static int judge(struct job *j) {
    int status = selftest_write(&j->blob, &j->model, &j->tokenizer, &j->cosines);
    if (status) return status;
    report_cosine(&j->report, "image", j->cosines.image);
    report_cosine(&j->report, "text", j->cosines.text);
    report_sources(&j->report, &j->sources);
    if (j->cosines.image < good_cosine || j->cosines.text < good_cosine)
        log_warn("%s: int8 weights cost much: cosine to float %.5f for images, %.5f for texts", j->p->checkpoint,
                 j->cosines.image, j->cosines.text);
    return OCELLI_OK;
}

/* The old files stay until both new ones are on the disk. A blob without its report is taken back. */
static int commit(struct job *j, struct file_writer *blob, struct file_writer *report) {
    int status = file_writer_seal(blob);
    if (!status && j->p->report) status = file_writer_seal(report);
    if (!status) status = file_writer_place(blob);
    if (status || !j->p->report) return status;
    status = file_same(j->p->out, j->p->report) ? one_file(j) : file_writer_commit(report);
    if (status) file_writer_undo(blob);
    return status;
}

static int write_all(struct job *j, struct convert_result *result) {
    struct file_writer blob = {.fd = -1}, report = {.fd = -1};
    int status = file_writer_open(&blob, j->p->out);
    if (!status) status = gguf_write_file(&j->blob, &blob);
    result->size = blob.written;
    report_number(&j->report, "blob_bytes", (double)blob.written);
    if (!status && j->p->report) status = file_writer_open(&report, j->p->report);
    if (!status && j->p->report) status = report_write(&j->report, &report);
    if (!status) status = commit(j, &blob, &report);
    file_writer_close(&report);
    file_writer_close(&blob);
    return status;
}

int convert(const struct convert_params *params, struct convert_result *result) {
    struct job j = {.p = params};
    *result = (struct convert_result){0};
    int status = report_init(&j.report);
    if (!status) status = read_all(&j);
    if (!status) status = check_outputs(&j);
    if (!status) status = add_tensors(&j);
    if (!status) status = add_keys(&j);
    if (!status) status = judge(&j);
    if (!status) status = checkpoint_check_unchanged(&j.checkpoint);
    if (!status) status = write_all(&j, result);
    result->cosines = j.cosines;
    gguf_write_finish(&j.blob);
    model_finish(&j.model);
    tokenizer_finish(&j.tokenizer);
    checkpoint_close(&j.checkpoint);
    source_finish(&j.sources);
    report_finish(&j.report);
    arena_finish(&j.arena);
    return status;
}
