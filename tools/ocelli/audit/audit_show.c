/* SPDX-License-Identifier: Apache-2.0
 * An audit for people, on standard output. */
#include "ocelli/audit/audit.h"
#include "ocelli/common/plain.h"

#include <math.h>

enum { SHOWN = 15 }; /* lines of a list at most; the files have all */

void audit_decision(FILE *to, const struct audit *a) {
    if (isnan(a->request->threshold))
        fputs("the best tag of a picture is selected", to);
    else
        fprintf(to, "a tag is selected if its cosine is at least %g", a->request->threshold);
}

static void text(const char *what) {
    plain_text(stdout, what);
}

static void show_shift(const struct audit *a, const struct audit_shift *s) {
    char interval[64];
    snprintf(interval, sizeof interval, "%+.2f to %+.2f", 100 * s->score.low, 100 * s->score.high);
    printf("  %+8.4f  %+7.2f  %-16s  %6.2f %%  %6.2f %%  ", s->cosine.value, 100 * s->score.value, interval,
           100 * s->selection.first, 100 * s->selection.second);
    text(s->prompt);
    printf(" -> ");
    text(s->swapped);
    putchar('\n');
    (void)a;
}

static void show_swap(const struct audit *a, const struct audit_swap *s) {
    printf("\n");
    text(s->pair->first);
    printf(" / ");
    text(s->pair->second);
    printf(": another selection for %zu of %zu pictures (%.2f %%)\n", s->changed, a->input.count,
           100 * (double)s->changed / (double)a->input.count);
    puts("    cosine    score  95 % interval     selected   swapped  prompt");
    for (size_t i = 0; i < s->count && i < SHOWN; i++) show_shift(a, &s->shifts[i]);
    if (s->count > SHOWN) printf("  (%zu more: -o FOLDER writes all)\n", s->count - SHOWN);
}

/* ---- groups ---- */

static void percent(double share) {
    if (isnan(share))
        printf("        -");
    else
        printf("  %6.2f %%", 100 * share);
}

static void show_gap(const char *name, const struct audit_gap *g) {
    if (isnan(g->value)) {
        printf("    %-26s       -  not defined\n", name);
        return;
    }
    printf("    %-26s%8.4f  95 %% interval %.4f to %.4f; by chance up to %.4f%s\n", name, g->value, g->low, g->high,
           g->chance, g->value > g->chance ? "  <- more than chance" : "");
}

static void show_rates(const struct audit *a, const struct audit_rates *r, size_t group) {
    printf("    ");
    percent(audit_selection_rate(r));
    if (a->labelled) percent(audit_false_positive_rate(r)), percent(audit_false_negative_rate(r));
    printf("  %7zu  ", r->count);
    text(a->input.group_names[group]);
    putchar('\n');
}

static void show_tag(const struct audit *a, size_t tag) {
    const struct audit_fairness *f = &a->fairness[tag];
    printf("\n  ");
    text(a->set.tags[tag].name);
    printf("\n     selected%s  pictures  group\n", a->labelled ? "      FPR      FNR" : "");
    for (size_t g = 0; g < f->groups; g++) show_rates(a, &f->rates[g], g);
    show_gap("demographic parity diff.", &f->parity);
    if (a->labelled) show_gap("equalized odds difference", &f->odds);
}

static void show_groups(const struct audit *a) {
    puts("\ngroups");
    for (size_t g = 0; g < a->input.group_count; g++) {
        size_t count = a->fairness[0].rates[g].count;
        printf("  %6zu pictures", count);
        if (a->labelled && !isnan(a->accuracy[g])) printf(", best tag right %6.2f %%", 100 * a->accuracy[g]);
        printf("  ");
        text(a->input.group_names[g]);
        putchar('\n');
    }
    puts("\nthe largest differences of selection first:");
    for (size_t i = 0; i < a->set.count && i < SHOWN; i++) show_tag(a, a->by_gap[i]);
    if (a->set.count > SHOWN) printf("\n  (%zu more tags: -o FOLDER writes all)\n", a->set.count - SHOWN);
}

void audit_show(const struct audit *a) {
    text(a->model);
    printf(" on ");
    text(a->device);
    printf(": %zu pictures, %zu tags; ", a->input.count, a->set.count);
    audit_decision(stdout, a);
    putchar('\n');
    for (size_t i = 0; i < a->pairs.count; i++)
        if (a->swaps[i].count) show_swap(a, &a->swaps[i]);
    if (a->fairness) show_groups(a);
}
