/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/moderation.h"
#include "base/log.h"

#include <math.h>
#include <stdlib.h>

struct state {
    bool on;
    int64_t found_ms; /* the last time */
};

struct moderation {
    struct policy_file file;
    struct policy_judge *judge;
    struct policy_finding *findings;   /* (file.count) */
    struct state *states;              /* (file.count) */
    struct moderation_change *changes; /* (file.count) */
    struct daemon_moderation status;
};

static int make_tables(struct moderation *m) {
    m->findings = calloc(m->file.count, sizeof *m->findings);
    m->states = calloc(m->file.count, sizeof *m->states);
    m->changes = calloc(m->file.count, sizeof *m->changes);
    m->status.policies = m->file.count;
    return m->findings && m->states && m->changes ? OCELLI_OK
                                                  : log_fail(OCELLI_ERR_MEMORY, "%s: out of memory", m->file.path);
}

int moderation_open(struct moderation **out, const char *path) {
    *out = NULL;
    if (!path) return OCELLI_OK;
    struct moderation *m = *out = calloc(1, sizeof *m);
    if (!m) return log_fail(OCELLI_ERR_MEMORY, "%s: out of memory", path);
    int status = policy_file_read(&m->file, path, NULL);
    if (!status) status = policy_file_ready(&m->file, NULL, NULL); /* before the model takes its time */
    if (!status) status = make_tables(m);
    if (status) moderation_close(out);
    return status;
}

void moderation_close(struct moderation **moderation) {
    if (!moderation || !*moderation) return;
    struct moderation *m = *moderation;
    policy_judge_destroy(&m->judge);
    policy_file_finish(&m->file);
    free(m->findings);
    free(m->states);
    free(m->changes);
    free(m);
    *moderation = NULL;
}

static int embed_texts(void *user, const char *const *texts, size_t count, float *out) {
    return ocelli_embed_texts(user, texts, count, out);
}

int moderation_prepare(struct moderation *moderation, struct ocelli *model) {
    struct ocelli_info info;
    ocelli_get_info(model, &info);
    const struct policy_model by = {embed_texts, model, info.embedding_size, info.logit_scale, info.model_key};
    int status = policy_file_ready(&moderation->file, info.model_key, NULL);
    if (!status) status = policy_judge_create(&moderation->judge, &moderation->file, &by);
    if (!status)
        log_info("%s: %zu polic%s judge%s each picture", moderation->file.path, moderation->file.count,
                 moderation->file.count == 1 ? "y" : "ies", moderation->file.count == 1 ? "s" : "");
    return status;
}

/* Has it changed? */
static bool turn(struct state *s, bool found, int64_t time_ms) {
    bool was = s->on;
    if (found) s->found_ms = time_ms;
    s->on = found || (s->on && time_ms - s->found_ms < MODERATION_HOLD_MS);
    return s->on != was;
}

static void count_outcome(struct daemon_moderation *s, enum policy_outcome outcome) {
    s->verdict = policy_outcome_name(outcome);
    s->found += outcome >= POLICY_FLAGGED;
    s->abstained += outcome == POLICY_UNLIKE;
    s->dropped += outcome == POLICY_DROPPED;
}

enum policy_outcome moderation_step(struct moderation *moderation, const float *embedding, int64_t time_ms,
                                    const struct moderation_change **changes, size_t *count) {
    struct moderation *m = moderation;
    struct policy_verdict verdict;
    policy_judge_see(m->judge, embedding, m->findings, &verdict);
    *changes = m->changes, *count = 0;
    m->status.policies_on = 0;
    for (size_t i = 0; i < m->file.count; i++) {
        struct state *s = &m->states[i];
        if (turn(s, m->findings[i].found, time_ms))
            m->changes[(*count)++] = (struct moderation_change){&m->file.policies[i], m->findings[i], s->on};
        m->status.policies_on += s->on;
    }
    count_outcome(&m->status, verdict.outcome);
    return verdict.outcome;
}

void moderation_event(const struct moderation_change *change, struct tagger_event *event) {
    const struct policy_finding *f = &change->finding;
    event->policy = change->policy->name;
    event->action = policy_action_name(change->policy->action);
    event->state = change->on ? TAGGER_ON : TAGGER_OFF;
    event->why = (struct tagger_why){.score = f->score,
                                     .cosine = f->cosine,
                                     .margin = f->margin,
                                     .on = f->threshold,
                                     .off = f->threshold,
                                     .percentile = NAN,
                                     .alarms_a_day = NAN,
                                     .runner_up = f->rival,
                                     .runner_up_cosine = f->rival ? f->rival_cosine : NAN,
                                     .threshold = TAGGER_FIXED};
}

void moderation_get_status(const struct moderation *moderation, struct daemon_moderation *status) {
    *status = moderation->status;
}
