/* SPDX-License-Identifier: Apache-2.0 */
#include "ocelli/moderate/moderate_set.h"
#include "base/file.h"
#include "base/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int texts(void *user, const char *const *texts, size_t count, float *out) {
    return ocelli_embed_texts(user, texts, count, out);
}

static int out_of_memory(void) {
    return log_fail(OCELLI_ERR_MEMORY, "out of memory for policies");
}

static int make_judge(struct moderate_set *s, bool learn) {
    struct ocelli_info info;
    ocelli_get_info(s->handle, &info);
    s->dimensions = info.embedding_size;
    snprintf(s->model_key, sizeof s->model_key, "%s", info.model_key);
    struct policy_model model = {texts, s->handle, s->dimensions, info.logit_scale, s->model_key};
    int status = learn ? OCELLI_OK : policy_file_ready(&s->file, s->model_key, NULL);
    if (!status) status = policy_judge_create(&s->judge, &s->file, &model);
    ocelli_unload_text(s->handle);
    if (status) return status;
    s->findings = calloc(s->file.count, sizeof *s->findings);
    s->vectors = calloc(PICTURES_MOST, s->dimensions * sizeof *s->vectors);
    return s->findings && s->vectors ? OCELLI_OK : out_of_memory();
}

int moderate_set_init(struct moderate_set *set, const struct options *options, const char *path, bool learn) {
    int status = file_load(path, &set->text, &set->text_size);
    if (!status) status = policy_file_parse(&set->file, set->text, set->text_size, path, NULL);
    if (!status && !learn) status = policy_file_ready(&set->file, NULL, NULL); /* before the model takes its time */
    if (!status) status = options_open(options, &set->handle);
    return status ? status : make_judge(set, learn);
}

void moderate_set_finish(struct moderate_set *set) {
    policy_judge_destroy(&set->judge);
    policy_file_finish(&set->file);
    ocelli_close(&set->handle);
    free(set->text);
    free(set->findings);
    free(set->vectors);
    *set = (struct moderate_set){0};
}

/* ---- pictures ---- */

static int judge_held(struct moderate_walk *w) {
    struct moderate_set *s = w->set;
    const struct pictures *p = &w->pictures;
    int status = p->count ? ocelli_embed_images(s->handle, p->images, p->count, s->vectors) : OCELLI_OK;
    progress_hide(); /* results may go to the same terminal */
    for (size_t i = 0; !status && i < p->count; i++) {
        struct policy_verdict verdict;
        policy_judge_see(s->judge, s->vectors + i * s->dimensions, s->findings, &verdict);
        status = w->see(w->user, p->names[i], &verdict);
    }
    fflush(stdout); /* whoever follows a long run sees it go on */
    progress_step(&w->progress, p->count);
    pictures_clear(&w->pictures);
    return status;
}

/* In its place among the others. */
static int pass_unread(struct moderate_walk *w, const char *name) {
    int status = judge_held(w);
    w->unread++;
    progress_step(&w->progress, 1);
    return status ? status : w->see(w->user, name, NULL);
}

int moderate_walk_add(struct moderate_walk *walk, const char *name) {
    walk->all++;
    int status = pictures_add(&walk->pictures, name);
    if (status) return pass_unread(walk, name);
    return pictures_full(&walk->pictures) ? judge_held(walk) : OCELLI_OK;
}

int moderate_walk_end(struct moderate_walk *walk) {
    int status = judge_held(walk);
    progress_end(&walk->progress);
    return status;
}

int moderate_walk_list(struct moderate_walk *walk, struct picture_list *list, bool quiet) {
    int status = OCELLI_OK;
    const char *name;
    if (!quiet && progress_possible()) progress_begin(&walk->progress, picture_list_count(list));
    while (!status && !ferror(stdout)) {
        status = picture_list_next(list, &name);
        if (!status) status = moderate_walk_add(walk, name);
    }
    int end = moderate_walk_end(walk);
    return status == PICTURE_LIST_END || !status ? end : status;
}
