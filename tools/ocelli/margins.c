/* SPDX-License-Identifier: Apache-2.0 */
#include "margins.h"
#include "base/log.h"

#include <stdlib.h>
#include <string.h>

/* The two best members: the second is the rival of the first. */
struct margins_group {
    const char *name;
    size_t members, best, second; /* NONE: there is none */
};

enum { NONE = -1 };

static int out_of_memory(const struct margins *m) {
    return log_fail(OCELLI_ERR_MEMORY, "out of memory for %zu tags", m->set->count);
}

static int embed_against(struct margins *m, struct ocelli *handle) {
    const struct tagset *set = m->set;
    for (size_t i = 0; i < set->count; i++) m->against_count += set->rivals[i].against.count;
    if (!m->against_count) return OCELLI_OK;
    m->any = true;
    struct ocelli_tag *tags = calloc(m->against_count, sizeof *tags);
    m->texts = calloc(m->against_count, sizeof *m->texts);
    m->cosines = calloc(m->against_count, sizeof *m->cosines);
    int status = tags && m->texts && m->cosines ? OCELLI_OK : out_of_memory(m);
    for (size_t i = 0, n = 0; !status && i < set->count; i++)
        for (size_t k = 0; k < set->rivals[i].against.count; k++, n++) {
            m->texts[n] = set->rivals[i].against.texts[k];
            tags[n] = (struct ocelli_tag){m->texts[n], &m->texts[n], 1};
        }
    if (!status) status = ocelli_tags_create(&m->against, handle, tags, m->against_count);
    free(tags);
    return status;
}

static int find_groups(struct margins *m) {
    const struct tagset *set = m->set;
    m->groups = calloc(set->count, sizeof *m->groups);
    m->group_of = calloc(set->count, sizeof *m->group_of);
    m->margin = calloc(set->count, sizeof *m->margin);
    if (!m->groups || !m->group_of || !m->margin) return out_of_memory(m);
    for (size_t i = 0; i < set->count; i++) {
        const char *name = set->rivals[i].group;
        size_t g = 0;
        while (name && g < m->group_count && strcmp(m->groups[g].name, name)) g++;
        m->group_of[i] = name ? g : (size_t)NONE;
        if (!name) continue;
        if (g == m->group_count) m->groups[m->group_count++].name = name;
        if (++m->groups[g].members > 1) m->any = true;
    }
    return OCELLI_OK;
}

int margins_init(struct margins *m, struct ocelli *handle, const struct tagset *set) {
    *m = (struct margins){.set = set};
    int status = find_groups(m);
    return status ? status : embed_against(m, handle);
}

void margins_finish(struct margins *m) {
    ocelli_tags_destroy(&m->against);
    free(m->texts);
    free(m->cosines);
    free(m->groups);
    free(m->group_of);
    free(m->margin);
    *m = (struct margins){0};
}

static bool before(const float *cosines, size_t a, size_t b) {
    return b == (size_t)NONE || cosines[a] > cosines[b];
}

static void compare_members(struct margins *m, const float *cosines) {
    for (size_t g = 0; g < m->group_count; g++) m->groups[g].best = m->groups[g].second = (size_t)NONE;
    for (size_t i = 0; i < m->set->count; i++) {
        if (m->group_of[i] == (size_t)NONE) continue;
        struct margins_group *g = &m->groups[m->group_of[i]];
        if (before(cosines, i, g->best))
            g->second = g->best, g->best = i;
        else if (before(cosines, i, g->second))
            g->second = i;
    }
}

static void meet(struct margin *margin, float *best, const char *rival, float cosine) {
    if (margin->rival && !(cosine > *best)) return;
    margin->rival = rival;
    *best = cosine;
}

void margins_see(struct margins *m, const float *vector, const float *cosines) {
    if (m->against) ocelli_tags_score(m->against, vector, NULL, m->cosines);
    compare_members(m, cosines);
    for (size_t i = 0, n = 0; i < m->set->count; i++) {
        struct margin *margin = &m->margin[i];
        float best = 0; /* no rival yet: the margin is the cosine */
        margin->rival = NULL;
        for (size_t k = 0; k < m->set->rivals[i].against.count; k++, n++) meet(margin, &best, m->texts[n], m->cosines[n]);
        if (m->group_of[i] != (size_t)NONE) {
            const struct margins_group *g = &m->groups[m->group_of[i]];
            size_t other = g->best == i ? g->second : g->best;
            if (other != (size_t)NONE) meet(margin, &best, m->set->tags[other].name, cosines[other]);
        }
        margin->value = cosines[i] - best;
    }
}
