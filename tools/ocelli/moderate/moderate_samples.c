/* SPDX-License-Identifier: Apache-2.0 */
#include "ocelli/moderate/moderate_samples.h"
#include "base/log.h"
#include "ocelli/eval/eval_input.h"

#include <stdlib.h>
#include <string.h>

static int out_of_memory(void) {
    return log_fail(OCELLI_ERR_MEMORY, "out of memory for what the pictures gave");
}

static bool grow(struct samples *s, size_t capacity) {
    size_t policies = s->set->file.count;
    float *margins = realloc(s->margins, capacity * policies * sizeof *margins);
    if (margins) s->margins = margins;
    float *likeness = realloc(s->likeness, capacity * sizeof *likeness);
    if (likeness) s->likeness = likeness;
    size_t *shows = realloc(s->shows, capacity * sizeof *shows);
    if (shows) s->shows = shows;
    if (!margins || !likeness || !shows) return false;
    s->capacity = capacity;
    return true;
}

/* A moderate_see. */
static int keep(void *user, const char *name, const struct policy_verdict *verdict) {
    struct samples *s = user;
    size_t policies = s->set->file.count;
    (void)name;
    if (!verdict) return OCELLI_OK;
    if (s->count == s->capacity && !grow(s, s->capacity ? 2 * s->capacity : 256)) return out_of_memory();
    for (size_t i = 0; i < policies; i++) s->margins[s->count * policies + i] = s->set->findings[i].margin;
    s->likeness[s->count] = verdict->likeness;
    s->shows[s->count++] = s->label;
    if (s->label != SAMPLES_ORDINARY) s->labelled[s->label]++;
    return OCELLI_OK;
}

/* ---- labels ---- */

/* The policy of each class of the labels; SAMPLES_ORDINARY: it is none. */
static size_t policy_of(const struct policy_file *file, const char *name) {
    size_t index;
    return lookup_find(&file->names, name, &index) ? index : SAMPLES_ORDINARY;
}

/* Those of one label after another, as a batch has one. */
static int walk_label(struct samples *samples, const struct eval_input *in, size_t label, struct moderate_walk *walk) {
    int status = OCELLI_OK;
    samples->label = policy_of(&samples->set->file, in->classes[label]);
    for (size_t i = 0; !status && i < in->count; i++)
        if (in->labels[i] == label) status = moderate_walk_add(walk, in->paths[i]);
    int end = moderate_walk_end(walk);
    return status ? status : end;
}

static int walk_labels(struct samples *s, const struct eval_input *in, const struct moderate_request *r,
                       size_t *unread) {
    struct moderate_walk walk = {.set = s->set, .pictures.rule = r->rule, .see = keep, .user = s};
    int status = OCELLI_OK;
    for (size_t k = 0; !status && k < in->class_count; k++) status = walk_label(s, in, k, &walk);
    *unread += walk.unread;
    return status;
}

static void tell_unlabelled(const struct samples *s, const char *where) {
    const struct policy_file *f = &s->set->file;
    for (size_t i = 0; i < f->count; i++)
        if (!s->labelled[i])
            log_warn("%s: policy \"%s\" has no picture there: how many it finds is not known", where,
                     f->policies[i].name);
}

/* Folders in `dir` are named after policies. */
static int check_names(const struct samples *s, const struct eval_input *in, const char *dir) {
    for (size_t k = 0; k < in->class_count; k++)
        if (policy_of(&s->set->file, in->classes[k]) == SAMPLES_ORDINARY)
            return log_fail(OCELLI_ERR_FILE, "%s: its folder \"%s\" is named after none of the policies in %s", dir,
                            in->classes[k], s->set->file.path);
    return OCELLI_OK;
}

/* Their names, before any picture takes its time. dir NULL: none are labelled. */
static int read_labels(struct samples *s, const struct moderate_request *r, const char *dir, struct eval_input *in) {
    if (!dir) return OCELLI_OK;
    int status = r->labels ? eval_input_labels(in, dir, r->labels, NULL) : eval_input_folders(in, dir, NULL);
    return status || r->labels ? status : check_names(s, in, dir);
}

/* ---- all ---- */

static int walk_ordinary(struct samples *s, const struct moderate_request *r, struct picture_list *list,
                         size_t *unread) {
    struct moderate_walk walk = {.set = s->set, .pictures.rule = r->rule, .see = keep, .user = s};
    s->label = SAMPLES_ORDINARY;
    int status = moderate_walk_list(&walk, list, r->quiet);
    *unread += walk.unread + list->unread;
    return status;
}

int samples_take(struct samples *samples, const struct moderate_request *request, struct picture_list *list,
                 size_t *unread) {
    struct eval_input in = {.count = 0};
    const char *dir = request->labels ? list->operands[0] : request->positives;
    samples->labelled = calloc(samples->set->file.count, sizeof *samples->labelled);
    if (!samples->labelled) return out_of_memory();
    int status = read_labels(samples, request, dir, &in);
    if (!status && !request->labels) status = walk_ordinary(samples, request, list, unread);
    if (!status && dir) status = walk_labels(samples, &in, request, unread);
    *unread += in.lost_folders;
    if (!status && dir) tell_unlabelled(samples, request->labels ? request->labels : dir);
    eval_input_finish(&in);
    return status;
}

void samples_finish(struct samples *samples) {
    free(samples->margins);
    free(samples->likeness);
    free(samples->shows);
    free(samples->labelled);
}

int samples_values(const struct samples *samples, size_t policy, double **values, size_t *count) {
    size_t policies = samples->set->file.count;
    *values = calloc(samples->count + 1, sizeof **values);
    *count = 0;
    if (!*values) return out_of_memory();
    for (size_t i = 0; i < samples->count; i++) {
        if (policy == SAMPLES_ORDINARY)
            (*values)[(*count)++] = -(double)samples->likeness[i];
        else if (samples->shows[i] != policy)
            (*values)[(*count)++] = (double)samples->margins[i * policies + policy];
    }
    return OCELLI_OK;
}

size_t samples_found(const struct samples *samples, size_t policy, double threshold) {
    size_t policies = samples->set->file.count, found = 0;
    for (size_t i = 0; i < samples->count; i++)
        found += samples->shows[i] == policy && samples->margins[i * policies + policy] >= (float)threshold;
    return found;
}
