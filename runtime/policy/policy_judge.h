/* SPDX-License-Identifier: Apache-2.0
 * A picture's vector against the policies of a file. Each policy is judged by its margin: the cosine of its best
 * prompt less that of the best rival, a prompt against it or an everyday thing (tag/distractors.h) that means something
 * else. Floats only, once the texts are embedded. Thread-safety: one call at a time. Nothing is allocated per picture.
 */
#ifndef POLICY_JUDGE_H
#define POLICY_JUDGE_H

#include "policy/policy_file.h"

struct policy_judge;

/* What embeds the texts. */
struct policy_model {
    /* Texts to unit vectors, out: (count, size). Logs its faults. */
    int (*texts)(void *user, const char *const *texts, size_t count, float *out);
    void *user;
    size_t size;       /* D */
    float logit_scale; /* of the model */
    const char *key;   /* ocelli_info.model_key */
};

/* Why a policy is found in a picture, or not. */
struct policy_finding {
    bool found;
    const char *prompt; /* the best of its prompts; the file's */
    float cosine, margin;
    float threshold;   /* margin from which on it is found; NAN: none is known, and it is not found */
    float score;       /* sigmoid(logit scale * (margin - threshold)): 0.5 at the threshold. NAN with it */
    const char *rival; /* the best one; its text is the file's, or static */
    float rival_cosine;
};

enum policy_outcome {
    POLICY_CLEAN,
    POLICY_UNLIKE, /* nothing was found, but the picture is unlike anything named: whoever must be sure looks */
    POLICY_FLAGGED,
    POLICY_BLURRED,
    POLICY_DROPPED
};

struct policy_verdict {
    enum policy_outcome outcome; /* the gravest */
    float likeness;              /* by how much the best of all texts stands out: its cosine less the everyday's mean */
    float likeness_needed;       /* unlike up to this one, of [abstain]; NAN: there is none */
};

/* "clean", "abstain", "flag", "blur", "drop". */
const char *policy_outcome_name(enum policy_outcome outcome);

/* Embeds all texts, those of the everyday things once a model (tag/distractors_cache.h). `file` outlives it; its
 * thresholds count as they are at each picture. Errors: those of texts(), FILE (vectors that cancel out), MEMORY. */
int policy_judge_create(struct policy_judge **out, const struct policy_file *file, const struct policy_model *model);
/* Frees and sets *judge to NULL. Accepts NULL and a pointer to NULL. */
void policy_judge_destroy(struct policy_judge **judge);

/* A picture: embedding (D), unit length. findings (file->count), in the order of the file. */
void policy_judge_see(struct policy_judge *judge, const float *embedding, struct policy_finding *findings,
                      struct policy_verdict *verdict);

#endif
