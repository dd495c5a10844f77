/* SPDX-License-Identifier: Apache-2.0
 * The table as plain lines, for a file, a pipe or a terminal that knows no sequences. */
#include "ocelli/common/plain.h"
#include "ocelli/show/show.h"
#include "ocelli/show/show_text.h"

#include <math.h>
#include <string.h>

enum { NAME = 24, TAGS_MOST = 50 };

static void print_padded(FILE *to, const char *text, size_t cells) {
    size_t own = show_cells(text);
    plain_text(to, text);
    if (own < cells) fprintf(to, "%*s", (int)(cells - own), "");
}

void show_print_event(FILE *to, const struct show_event *event) {
    fprintf(to, "%s %-9s ", event->time, event->state);
    plain_text(to, event->name);
    if (isfinite(event->score)) fprintf(to, " %.2f", event->score);
    putc('\n', to);
}

static void print_number(FILE *to, const char *name, int decimals, double value) {
    if (isfinite(value)) fprintf(to, " %s %.*f", name, decimals, value);
}

static void print_tag(FILE *to, const struct show_tag *tag) {
    static const char *const rules[] = {[SHOW_UNKNOWN] = "",
                                        [SHOW_FIXED] = " fixed",
                                        [SHOW_LEARNT] = " learnt",
                                        [SHOW_STARTER] = " starter",
                                        [SHOW_NONE] = " none"};
    fprintf(to, "    %-8s ", show_state(tag));
    print_padded(to, tag->name, NAME);
    print_number(to, "score", 2, tag->score);
    print_number(to, "margin", 3, tag->margin);
    print_number(to, "threshold", 3, tag->on_from);
    fputs(rules[tag->threshold], to);
    if (tag->threshold >= SHOW_STARTER && isfinite(tag->learnt))
        fprintf(to, ", learnt %.0f%%", floor(100 * fmin(tag->learnt, 1)));
    if (*tag->group) fputs(" group ", to), plain_text(to, tag->group);
    putc('\n', to);
}

void show_print_table(FILE *to, const struct show_table *table, const char *time) {
    size_t on = 0;
    for (size_t i = 0; i < table->count; i++) on += table->tags[i].on;
    fprintf(to, "%s %zu tags, %zu on", time, table->count, on);
    if (isfinite(table->pictures_per_s)) fprintf(to, ", %.1f pictures/s", table->pictures_per_s);
    if (isfinite(table->device_ms)) fprintf(to, ", %.1f ms a picture", table->device_ms);
    if (isfinite(table->uptime_s)) fprintf(to, ", up %.0f s", table->uptime_s);
    fputs(table->any ? "\n" : ", no picture yet\n", to);
    for (size_t i = 0; i < table->count && i < TAGS_MOST; i++) print_tag(to, &table->tags[i]);
    if (table->count > TAGS_MOST) fprintf(to, "    and %zu more\n", table->count - TAGS_MOST);
}
