/* SPDX-License-Identifier: Apache-2.0 */
#include "convert/convert.h"
#include "base/clock.h"
#include "base/log.h"
#include "blob/tensor_names.h"
#include "convert/keys.h"
#include "convert/own_texts.h"
#include "convert/report/page.h"
#include "convert/compute/selftest.h"
#include "text/unicode.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const double good_cosine = 0.999; /* below it a warning is logged */

enum { OUTPUTS = 3 };

struct job {
    const struct convert_params *p;
    struct arena arena;
    struct report report;
    struct sources sources;
    struct checkpoint checkpoint;
    struct tokenizer tokenizer;
    struct license license;
    struct model model;
    struct own_texts own;
    struct inputs inputs;
    struct gguf_write blob;
    struct pool *pool;
    struct progress progress;
    struct walk_tower images, texts;
    struct file_writer files[OUTPUTS]; /* the blob first */
    double begin;                      /* ms */
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
    if (!status) status = model_load(&j->model, c, &j->report);
    if (status || !j->p->prompts) return status;
    c->config.no_text = true;
    model_leave_text(&j->model);
    status = own_texts_read(&j->own, j->p->prompts);
    if (!status)
        report_choice(&j->report, "text tower", "left out", "--no-text: vectors of %zu texts of %s take its place",
                      j->own.texts.count, j->p->prompts);
    return status;
}

static bool is_input(struct job *j, const char *path) {
    const char *const given[] = {j->p->tokenizer, j->p->license_file, j->p->prompts}, *const folders[] = {
                                                                                          j->checkpoint.folder,
                                                                                          j->p->tokenizer};
    for (int i = 0; i < 3; i++)
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

/* The blob, the report and its page; NULL: not asked for. */
static const char *output(const struct job *j, int i) {
    const char *const paths[OUTPUTS] = {j->p->out, j->p->report, j->p->page};
    return paths[i];
}

static int one_file(const char *path, const char *other) {
    return log_fail(OCELLI_ERR_FILE, "%s: is %s too: the report needs a file of its own", path, other);
}

/* No two of them lead to one file. */
static int check_apart(const struct job *j) {
    for (int i = 1; i < OUTPUTS; i++)
        for (int k = 0; k < i && output(j, i); k++)
            if (output(j, k) && file_same(output(j, k), output(j, i))) return one_file(output(j, i), output(j, k));
    return OCELLI_OK;
}

/* Before the minutes of work, not after them. */
static int check_outputs(struct job *j) {
    int status = check_output(j, j->p->out);
    if (!status) status = check_apart(j);
    for (int i = 1; i < OUTPUTS && !status; i++)
        if (output(j, i)) status = check_output(j, output(j, i));
    return status;
}

/* ---- names and keys ---- */

static void declare_tensors(struct job *j) {
    for (size_t i = 0; i < j->model.count; i++) {
        const struct model_tensor *t = &j->model.tensors[i];
        char name[128];
        if (t->left_out) continue;
        gguf_write_declare(&j->blob, t->name, t->matrix ? GGUF_WRITE_I8 : GGUF_WRITE_F32, t->dimensions, t->ne);
        snprintf(name, sizeof name, "%s" TENSOR_SCALE, t->name);
        if (t->matrix) gguf_write_declare(&j->blob, name, GGUF_WRITE_F32, 1, (uint64_t[]){t->rows});
    }
    selftest_declare(&j->blob, j->model.config);
    if (j->p->prompts) own_texts_declare(&j->blob, &j->own, j->model.config);
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

/* Twice: first for the size of the header, then with what the work gave. */
static void put_keys(struct job *j, const char *name, float min_cosine) {
    const struct config *c = j->model.config;
    keys_general(&j->blob, name, &j->license, &j->sources, c->no_text);
    keys_model(&j->blob, &j->model);
    keys_float_inputs(&j->blob, "vision", &j->images, &c->image, c->attention_pool);
    if (c->no_text) {
        own_texts_keys(&j->blob, &j->own);
    } else {
        keys_float_inputs(&j->blob, "text", &j->texts, &c->text, false);
        keys_tokenizer(&j->blob, &j->tokenizer);
    }
    selftest_keys(&j->blob, c, &j->inputs, min_cosine);
}

static int begin_blob(struct job *j, const char **name) {
    *name = model_name(j);
    if (!*name) return no_memory(j);
    if (unicode_check(*name, strlen(*name)) != strlen(*name))
        return log_fail(OCELLI_ERR_FILE, "%s: the name of the model would not be UTF-8: give one with --name",
                        j->p->checkpoint);
    report_text(&j->report, "model", *name);
    declare_tensors(j);
    put_keys(j, *name, 0);
    int status = file_writer_open(&j->files[0], j->p->out);
    return status ? status : gguf_write_begin(&j->blob, &j->files[0]);
}

/* ---- the work ---- */

static uint64_t bytes_of_weights(const struct model *m) {
    uint64_t bytes = 0;
    for (size_t i = 0; i < m->count; i++)
        bytes += m->tensors[i].matrix && !m->tensors[i].left_out
                     ? (uint64_t)m->tensors[i].rows * m->tensors[i].columns * sizeof(float)
                     : 0;
    return bytes;
}

static int run_towers(struct job *j) {
    struct walk walk = {.model = &j->model,
                        .pool = j->pool,
                        .blob = &j->blob,
                        .report = &j->report,
                        .progress = &j->progress,
                        .calibrate = !j->p->uncalibrated};
    progress_begin(&j->progress, bytes_of_weights(&j->model));
    int status = walk_images(&walk, &j->inputs, &j->images);
    if (!status)
        status = (j->p->prompts ? own_texts_write : walk_texts)(&walk, &j->inputs, j->tokenizer.end_id, &j->texts);
    if (!status) status = walk_rest(&walk);
    if (!status) status = selftest_write(&j->blob, j->model.config, &j->inputs, &j->images, &j->texts);
    progress_clear(&j->progress);
    return status;
}

static int end_blob(struct job *j, const char *name) {
    gguf_write_again(&j->blob);
    put_keys(j, name, selftest_min_cosine(j->model.config, &j->images, &j->texts));
    return gguf_write_end(&j->blob);
}

static int judge_all(struct job *j, struct convert_result *result) {
    struct judge *g = &result->judge;
    const struct judge_of of = {&j->inputs, &j->images, &j->texts, j->model.config->embedding, !j->p->uncalibrated};
    g->no_text = j->model.config->no_text;
    result->size = j->files[0].written;
    g->input_bytes = bytes_of_weights(&j->model);
    g->seconds = (clock_ms() - j->begin) / 1000;
    int status = judge(g, &of);
    if (status) return status;
    report_sources(&j->report, &j->sources);
    report_number(&j->report, "blob_bytes", (double)result->size);
    report_text(&j->report, "license", j->license.name);
    judge_report(g, &of, &j->report);
    if (g->image.worst[REFERENCE_INT8] < good_cosine || g->text.worst[REFERENCE_INT8] < good_cosine)
        log_warn("%s: int8 weights cost much: cosine to float %.5f for images, %.5f for texts", j->p->checkpoint,
                 g->image.worst[REFERENCE_INT8], g->text.worst[REFERENCE_INT8]);
    return OCELLI_OK;
}

static int write_reports(struct job *j) {
    int status = OCELLI_OK;
    if (j->p->report) status = file_writer_open(&j->files[1], j->p->report);
    if (!status && j->p->report) status = report_write(&j->report, &j->files[1]);
    if (!status && j->p->page) status = file_writer_open(&j->files[2], j->p->page);
    if (!status && j->p->page) status = page_write(&j->report, &j->files[2]);
    return status;
}

/* The old files stay until all new ones are on the disk. If one cannot be put into its place, the others are taken
 * back.
 */
static int commit(struct job *j) {
    int status = OCELLI_OK, placed = 0;
    for (int i = 0; i < OUTPUTS && !status; i++)
        if (output(j, i)) status = file_writer_seal(&j->files[i]);
    for (; placed < OUTPUTS && !status; placed += !status) {
        if (!output(j, placed)) continue;
        status = placed ? check_apart(j) : OCELLI_OK; /* names can lead to a file only once it is there */
        if (!status) status = file_writer_place(&j->files[placed]);
    }
    for (int i = 0; i < placed && status; i++)
        if (output(j, i)) file_writer_undo(&j->files[i]);
    return status;
}

static int do_job(struct job *j, struct convert_result *result) {
    const char *name;
    int status = report_init(&j->report);
    if (!status) status = read_all(j);
    if (!status) status = check_outputs(j);
    if (!status) status = thread_pool_create(&j->pool, 0);
    if (!status)
        status = inputs_collect(&j->inputs, j->model.config, &j->tokenizer, !j->p->uncalibrated, j->p->pictures,
                                j->p->prompts ? &j->own.texts : NULL);
    if (!status) status = begin_blob(j, &name);
    if (!status) status = run_towers(j);
    if (!status) status = end_blob(j, name);
    if (!status) status = checkpoint_check_unchanged(&j->checkpoint);
    if (!status) status = judge_all(j, result);
    if (!status) status = write_reports(j);
    if (!status) status = commit(j);
    if (!status && j->p->told) report_print_choices(&j->report);
    return status;
}

int convert(const struct convert_params *params, struct convert_result *result) {
    struct job j = {.p = params, .begin = clock_ms()};
    for (int i = 0; i < OUTPUTS; i++) j.files[i].fd = -1;
    *result = (struct convert_result){0};
    int status = do_job(&j, result);
    for (int i = OUTPUTS; i-- > 0;) file_writer_close(&j.files[i]);
    walk_tower_finish(&j.images);
    walk_tower_finish(&j.texts);
    gguf_write_finish(&j.blob);
    inputs_finish(&j.inputs);
    own_texts_finish(&j.own);
    thread_pool_destroy(&j.pool);
    model_finish(&j.model);
    tokenizer_finish(&j.tokenizer);
    checkpoint_close(&j.checkpoint);
    source_finish(&j.sources);
    report_finish(&j.report);
    arena_finish(&j.arena);
    return status;
}
