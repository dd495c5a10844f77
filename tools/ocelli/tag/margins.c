/* SPDX-License-Identifier: Apache-2.0 */
#include "ocelli/tag/margins.h"
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

static int embed_against(struct margins *margins, struct ocelli *handle) {
    const struct tagset *set = margins->set;
    for (size_t i = 0; i < set->count; i++) margins->against_count += set->rivals[i].against.count;
    if (!margins->against_count) return OCELLI_OK;
    margins->any = true;
    struct ocelli_tag *tags = calloc(margins->against_count, sizeof *tags);
    margins->texts = calloc(margins->against_count, sizeof *margins->texts);
    margins->cosines = calloc(margins->against_count, sizeof *margins->cosines);
    int status = tags && margins->texts && margins->cosines ? OCELLI_OK : out_of_memory(margins);
    for (size_t i = 0, n = 0; !status && i < set->count; i++)
        for (size_t k = 0; k < set->rivals[i].against.count; k++, n++) {
            margins->texts[n] = set->rivals[i].against.texts[k];
            tags[n] = (struct ocelli_tag){margins->texts[n], &margins->texts[n], 1};
        }
    if (!status) status = ocelli_tags_create(&margins->against, handle, tags, margins->against_count);
    free(tags);
    return status;
}

static int find_groups(struct margins *margins) {
    const struct tagset *set = margins->set;
    margins->groups = calloc(set->count, sizeof *margins->groups);
    margins->group_of = calloc(set->count, sizeof *margins->group_of);
    margins->margin = calloc(set->count, sizeof *margins->margin);
    if (!margins->groups || !margins->group_of || !margins->margin) return out_of_memory(margins);
    for (size_t i = 0; i < set->count; i++) {
        const char *name = set->rivals[i].group;
        size_t g = 0;
        while (name && g < margins->group_count && strcmp(margins->groups[g].name, name)) g++;
        margins->group_of[i] = name ? g : (size_t)NONE;
        if (!name) continue;
        if (g == margins->group_count) margins->groups[margins->group_count++].name = name;
        if (++margins->groups[g].members > 1) margins->any = true;
    }
    return OCELLI_OK;
}

int margins_init(struct margins *margins, struct ocelli *handle, const struct tagset *set) {
    *margins = (struct margins){.set = set};
    int status = find_groups(margins);
    return status ? status : embed_against(margins, handle);
}

void margins_finish(struct margins *margins) {
    ocelli_tags_destroy(&margins->against);
    free(margins->texts);
    free(margins->cosines);
    free(margins->groups);
    free(margins->group_of);
    free(margins->margin);
    *margins = (struct margins){0};
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

void margins_see(struct margins *margins, const float *vector, const float *cosines) {
    if (margins->against) ocelli_tags_score(margins->against, vector, NULL, margins->cosines);
    compare_members(margins, cosines);
    for (size_t i = 0, n = 0; i < margins->set->count; i++) {
        struct margin *margin = &margins->margin[i];
        float best = 0; /* no rival yet: the margin is the cosine */
        margin->rival = NULL;
        for (size_t k = 0; k < margins->set->rivals[i].against.count; k++, n++)
            meet(margin, &best, margins->texts[n], margins->cosines[n]);
        if (margins->group_of[i] != (size_t)NONE) {
            const struct margins_group *g = &margins->groups[margins->group_of[i]];
            size_t other = g->best == i ? g->second : g->best;
            if (other != (size_t)NONE) meet(margin, &best, margins->set->tags[other].name, cosines[other]);
        }
        margin->value = cosines[i] - best;
    }
}
