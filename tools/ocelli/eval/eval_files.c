/* SPDX-License-Identifier: Apache-2.0 */
#include "ocelli/eval/eval_files.h"
#include "base/file.h"
#include "base/log.h"
#include "ocelli/common/stream_save.h"

#include <stdlib.h>
#include <string.h>

typedef void writer(FILE *to, const struct eval_result *result);

static const struct {
    const char *name;
    writer *write;
    bool classes; /* not for pairs */
} files[] = {{"result.json", eval_write_json, false},
             {"metrics.json", eval_write_metrics, false},
             {"pictures.csv", eval_write_pictures, false},
             {"classes.csv", eval_write_classes, true},
             {"confusion.csv", eval_write_confusion, true},
             {"confusion.svg", eval_svg_confusion, true},
             {"reliability.csv", eval_write_reliability, true},
             {"reliability.svg", eval_svg_reliability, true},
             {"plane.svg", eval_svg_plane, false},
             {"report.html", eval_write_page, false}};

int eval_outputs_begin(const struct eval_outputs *o) {
    return o->folder ? file_make_folder(o->folder) : OCELLI_OK;
}

struct job {
    writer *write;
    const struct eval_result *result;
};

static void put(FILE *to, const void *user) {
    const struct job *job = user;
    job->write(to, job->result);
}

static int save(const char *path, writer *write, const struct eval_result *r) {
    return path ? stream_save(path, put, &(struct job){write, r}) : OCELLI_OK;
}

static int save_in(const char *folder, const char *name, writer *write, const struct eval_result *r) {
    char *path = malloc(strlen(folder) + strlen(name) + 2);
    if (!path) return log_fail(OCELLI_ERR_MEMORY, "%s: out of memory", folder);
    sprintf(path, "%s/%s", folder, name);
    int status = save(path, write, r);
    free(path);
    return status;
}

int eval_outputs_write(const struct eval_outputs *o, const struct eval_result *r) {
    int status = save(o->json, eval_write_json, r);
    if (!status) status = save(o->csv, eval_write_pictures, r);
    if (!status) status = save(o->report, eval_write_page, r);
    for (size_t i = 0; !status && o->folder && i < sizeof files / sizeof *files; i++)
        if (!r->pairs || !files[i].classes) status = save_in(o->folder, files[i].name, files[i].write, r);
    return status;
}

bool eval_outputs_to_stdout(const struct eval_outputs *o) {
    const char *const all[] = {o->json, o->csv, o->report};
    for (size_t i = 0; i < 3; i++)
        if (all[i] && !strcmp(all[i], "-")) return true;
    return false;
}
