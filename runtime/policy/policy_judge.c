/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/policy_judge.h"
#include "base/log.h"
#include "tag/distractors.h"
#include "tag/distractors_cache.h"
#include "tag/score.h"
#include "tag/starter.h"

#include <math.h>
#include <stdlib.h>

enum { AT_ONCE = 16 }; /* texts of a call of the model */

struct judged {
    const float *prompts; /* (policy->prompts.count, D) */
    const float *against; /* (policy->against.count, D) */
    uint64_t alike;       /* everyday things that mean the same, and are no rivals */
};

struct policy_judge {
    struct arena arena; /* all below */
    const struct policy_file *file;
    size_t size;
    float logit_scale;
    struct judged *policies; /* (file->count) */
    struct starter everyday;
};

const char *policy_outcome_name(enum policy_outcome outcome) {
    static const char *const names[] = {"clean", "abstain", "flag", "blur", "drop"};
    return names[outcome];
}

static int out_of_memory(const struct policy_judge *j) {
    return log_fail(OCELLI_ERR_MEMORY, "%s: out of memory for policies", j->file->path);
}

static int embed(const struct policy_model *model, const struct prompts_list *texts, float *out) {
    int status = OCELLI_OK;
    for (size_t at = 0; !status && at < texts->count; at += AT_ONCE) {
        size_t count = texts->count - at < AT_ONCE ? texts->count - at : AT_ONCE;
        status = model->texts(model->user, texts->texts + at, count, out + at * model->size);
    }
    return status;
}

/* The vectors of a list, in the arena. */
static int embed_list(struct policy_judge *j, const struct policy_model *model, const struct prompts_list *texts,
                      float **out) {
    *out = arena_alloc(&j->arena, texts->count + 1, j->size * sizeof **out);
    return *out ? embed(model, texts, *out) : out_of_memory(j);
}

/* ---- everyday things ---- */

static int embed_everyday(struct policy_judge *j, const struct policy_model *model) {
    struct prompts_list prompts = {0};
    size_t each, count;
    float *vectors = NULL;
    const char *const *texts = distractors_texts(&count);
    int status = distractors_expand(&prompts, &j->arena, &j->file->templates, &each);
    if (status) return status;
    vectors = arena_alloc(&j->arena, prompts.count, j->size * sizeof *vectors);
    if (!vectors) return out_of_memory(j);
    if (!distractors_cache_read(DISTRACTORS_OF_POLICY, model->key, &prompts, j->size, vectors)) {
        status = embed(model, &prompts, vectors);
        if (!status) distractors_cache_write(DISTRACTORS_OF_POLICY, model->key, &prompts, j->size, vectors);
    }
    for (size_t i = 0; !status && i < count; i++)
        status = prompts_average(vectors + i * each * j->size, each, j->size, vectors + i * j->size);
    return status ? status : starter_init(&j->everyday, &j->arena, vectors, texts, count, j->size);
}

/* ---- policies ---- */

/* The mean of each prompt in the templates, at the place of its first. */
static int average(struct policy_judge *j, const struct policy *p, float *vectors, size_t each, uint64_t *alike) {
    for (size_t i = 0; i < p->prompts.count; i++) {
        float *mean = vectors + i * j->size;
        if (prompts_average(vectors + i * each * j->size, each, j->size, mean))
            return log_fail(OCELLI_ERR_FILE, "%s:%zu: policy \"%s\" cannot be used", j->file->path, p->line, p->name);
        *alike |= starter_alike(&j->everyday, mean);
    }
    return OCELLI_OK;
}

static int embed_policy(struct policy_judge *j, const struct policy_model *model, size_t index) {
    const struct policy *p = &j->file->policies[index];
    const struct prompts_list *templates = policy_file_templates(j->file, p);
    struct judged *judged = &j->policies[index];
    struct prompts_list expanded = {0};
    float *vectors = NULL, *against = NULL;
    int status = OCELLI_OK;
    for (size_t i = 0; !status && i < p->prompts.count; i++) {
        const struct prompts_list one = {.texts = &p->prompts.texts[i], .count = 1};
        status = prompts_expand(&expanded, &j->arena, templates, &one);
    }
    if (!status) status = embed_list(j, model, &expanded, &vectors);
    if (!status) status = embed_list(j, model, &p->against, &against);
    judged->prompts = vectors, judged->against = against;
    return status ? status : average(j, p, vectors, templates->count ? templates->count : 1, &judged->alike);
}

int policy_judge_create(struct policy_judge **out, const struct policy_file *file, const struct policy_model *model) {
    struct policy_judge *j = *out = calloc(1, sizeof *j);
    if (!j) return log_fail(OCELLI_ERR_MEMORY, "%s: out of memory for policies", file->path);
    j->file = file, j->size = model->size, j->logit_scale = model->logit_scale;
    j->policies = arena_alloc(&j->arena, file->count + 1, sizeof *j->policies);
    int status = j->policies ? embed_everyday(j, model) : out_of_memory(j);
    for (size_t i = 0; !status && i < file->count; i++) status = embed_policy(j, model, i);
    if (status) policy_judge_destroy(out);
    return status;
}

void policy_judge_destroy(struct policy_judge **judge) {
    if (!judge || !*judge) return;
    arena_finish(&(*judge)->arena);
    free(*judge);
    *judge = NULL;
}

/* ---- pictures ---- */

/* The best everyday thing that means something else than the policy. */
static void meet_everyday(const struct starter *s, uint64_t alike, struct policy_finding *f) {
    for (size_t i = 0; i < s->count; i++) {
        size_t k = s->order[i]; /* the nearest first */
        if (alike >> k & 1) continue;
        if (f->rival && s->cosines[k] <= f->rival_cosine) return;
        f->rival = s->texts[k], f->rival_cosine = s->cosines[k];
        return;
    }
}

/* The best of texts (count) with these vectors (count, D); *cosine: its. */
static const char *best_of(const struct prompts_list *texts, const float *vectors, const float *embedding, size_t size,
                           float *cosine) {
    const char *best = NULL;
    for (size_t i = 0; i < texts->count; i++) {
        float other = score_cosine(vectors + i * size, embedding, size);
        if (!best || other > *cosine) best = texts->texts[i], *cosine = other;
    }
    return best;
}

static void see_policy(struct policy_judge *j, size_t index, const float *embedding, struct policy_finding *f) {
    const struct policy *p = &j->file->policies[index];
    const struct judged *judged = &j->policies[index];
    *f = (struct policy_finding){.threshold = (float)policy_threshold(&p->rule)};
    f->prompt = best_of(&p->prompts, judged->prompts, embedding, j->size, &f->cosine);
    f->rival = best_of(&p->against, judged->against, embedding, j->size, &f->rival_cosine);
    meet_everyday(&j->everyday, judged->alike, f);
    f->margin = f->rival ? f->cosine - f->rival_cosine : f->cosine;
    score_sigmoid(&(float){f->margin - f->threshold}, 1, j->logit_scale, 0, &f->score);
    f->found = f->margin >= f->threshold;
}

static void raise_to(enum policy_outcome *outcome, enum policy_outcome other) {
    if (other > *outcome) *outcome = other;
}

static float mean_of(const struct starter *s) {
    double sum = 0;
    for (size_t i = 0; i < s->count; i++) sum += (double)s->cosines[i];
    return s->count ? (float)(sum / (double)s->count) : 0;
}

void policy_judge_see(struct policy_judge *judge, const float *embedding, struct policy_finding *findings,
                      struct policy_verdict *verdict) {
    static const enum policy_outcome outcomes[POLICY_ACTIONS] = {POLICY_FLAGGED, POLICY_BLURRED, POLICY_DROPPED};
    const struct policy_file *file = judge->file;
    const struct starter *everyday = &judge->everyday;
    starter_step(&judge->everyday, embedding);
    float best = everyday->count ? everyday->cosines[everyday->order[0]] : -1;
    *verdict = (struct policy_verdict){.outcome = POLICY_CLEAN};
    for (size_t i = 0; i < file->count; i++) {
        struct policy_finding *f = &findings[i];
        see_policy(judge, i, embedding, f);
        best = fmaxf(best, f->rival ? fmaxf(f->cosine, f->rival_cosine) : f->cosine);
        if (f->found) raise_to(&verdict->outcome, outcomes[file->policies[i].action]);
    }
    verdict->likeness = best - mean_of(everyday);
    verdict->likeness_needed = file->abstains ? (float)policy_threshold(&file->abstain) : NAN;
    if (verdict->likeness <= verdict->likeness_needed) raise_to(&verdict->outcome, POLICY_UNLIKE);
}
