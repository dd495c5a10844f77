/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/surprises.h"
#include "base/log.h"
#include "daemon/state.h"
#include "memory/history.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

/* Rough limits of the cosine of a picture and a text with CLIP models, those with a sigmoid too. A difference of two
 * cosines is seldom above the upper limit either. */
#define COSINE_USUAL_LEAST 0.06
#define COSINE_USUAL_MOST 0.6

enum kind {
    NO_TAGS,
    NO_STATE,
    EMPTIED,
    NOT_BUILT_IN,
    NO_FOLDER,
    SINGLE_PICTURES,
    ALWAYS_ON,
    NEVER_ON,
    ALONE,
    SAME_TEXT,
    TWO_ARTICLES,
    KINDS
};

struct surprises {
    const struct daemon_config *config;
    size_t counts[KINDS], all;
};

static void __attribute__((format(printf, 4, 5)))
tell(struct surprises *s, enum kind kind, size_t line, const char *format, ...) {
    char text[LOG_LINE];
    va_list args;
    s->all++;
    if (s->counts[kind]++ >= SURPRISES_OF_A_KIND) return;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (line)
        log_warn("%s:%zu: %s", s->config->path, line, text);
    else
        log_warn("%s: %s", s->config->path, text);
}

static void tell_others(const struct surprises *s) {
    for (int i = 0; i < KINDS; i++)
        if (s->counts[i] > SURPRISES_OF_A_KIND)
            log_warn("%s: and %zu more like \"%s\"", s->config->path, s->counts[i] - SURPRISES_OF_A_KIND,
                     i == ALWAYS_ON   ? "nearly always on"
                     : i == NEVER_ON  ? "never on"
                     : i == ALONE     ? "alone in its group"
                     : i == SAME_TEXT ? "the same text"
                                      : "the line above");
}

/* ---- folders ---- */

static bool is_emptied(const char *path) {
    static const char *const folders[] = {"/tmp/", "/run/", "/var/run/", "/dev/shm/"};
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
        if (!strncmp(path, folders[i], strlen(folders[i]))) return true;
    return false;
}

static void look_at_state(struct surprises *s) {
    const struct daemon_config *c = s->config;
    bool learns = false;
    for (size_t i = 0; i < c->tags.count; i++) learns = learns || isnan(c->tags.tags[i].rules.value[RULE_ON]);
    if (!c->state && learns)
        tell(s, NO_STATE, 0,
             "no state = FOLDER under [run]: what the tags learn is lost at the end, and learnt anew at each start");
    if (c->state && is_emptied(c->state))
        tell(s, EMPTIED, config_line(c, "run", "state"),
             "state = %s: the system empties that folder: give one that stays, as /var/lib/ocelli", c->state);
    int fault = c->state ? state_fault(c->state) : 0;
    if (fault)
        tell(
            s, NO_FOLDER, config_line(c, "run", "state"),
            "state = %s: what the daemon learns cannot be saved there (%s): make that folder writable, or give another",
            c->state, strerror(fault));
}

static void look_at_history(struct surprises *s) {
    const struct daemon_config *c = s->config;
    if (!c->memory_file) return;
    size_t line = config_line(c, "memory", "file");
    if (is_emptied(c->memory_file))
        tell(s, EMPTIED, line, "file = %s: the system empties that folder: give one that stays, as /var/lib/ocelli",
             c->memory_file);
    const char *slash = strrchr(c->memory_file, '/');
    char folder[4096];
    snprintf(folder, sizeof folder, "%.*s", slash ? (int)(slash - c->memory_file) + 1 : 1,
             slash ? c->memory_file : ".");
    if (!history_built_in())
        tell(s, NOT_BUILT_IN, line,
             "file = %s: no picture is kept, as the history is not built in: build with libsqlite3-dev installed",
             c->memory_file);
    else if (access(folder, W_OK | X_OK) < 0)
        tell(s, NO_FOLDER, line,
             "file = %s: no picture is kept while its folder cannot be written (%s): make it, or give another",
             c->memory_file, strerror(errno));
}

/* ---- tags ---- */

/* Tags that have the same group lie beside each other; those of none come first. */
struct member {
    const struct tags_file_tag *tag;
    const char *text; /* its only prompt; "": it has several, or none */
};

static int compare_groups(const char *a, const char *b) {
    return a && b ? strcmp(a, b) : (a != NULL) - (b != NULL);
}

static int by_group_and_text(const void *a, const void *b) {
    const struct member *x = a, *y = b;
    int order = compare_groups(x->tag->group, y->tag->group);
    if (!order) order = strcasecmp(x->text, y->text);
    return order ? order : (x->tag->line > y->tag->line) - (x->tag->line < y->tag->line);
}

static void look_at_threshold(struct surprises *s, const struct tags_file_tag *tag, bool rivals) {
    double on = tag->rules.value[RULE_ON];
    if (isnan(on)) return;
    if (!rivals && on < COSINE_USUAL_LEAST)
        tell(s, ALWAYS_ON, tag->line,
             "tag \"%s\" is nearly always on: without against = or a group, on = %g is compared with the cosine "
             "itself, which is mostly above that: write against = TEXT, what is seen instead",
             tag->name, on);
    if (rivals && on < 0)
        tell(s, ALWAYS_ON, tag->line, "tag \"%s\" is on with on = %g also when a rival fits better: give 0 or more",
             tag->name, on);
    if (on > COSINE_USUAL_MOST)
        tell(s, NEVER_ON, tag->line, "tag \"%s\" is hardly ever on: %s seldom reaches on = %g: give less", tag->name,
             rivals ? "a difference of cosines" : "a cosine", on);
}

static bool has_text(const struct prompts_list *list, const char *text) {
    for (size_t i = 0; i < list->count; i++)
        if (!strcasecmp(list->texts[i], text)) return true;
    return false;
}

static void look_at_own_rivals(struct surprises *s, const struct tags_file_tag *tag) {
    const struct prompts_list *prompts = tags_file_prompts(tag);
    for (size_t i = 0; i < prompts->count; i++)
        if (has_text(&tag->against, prompts->texts[i])) {
            tell(s, SAME_TEXT, tag->line,
                 "tag \"%s\" is told apart from the same text as its own, \"%s\": change against =", tag->name,
                 prompts->texts[i]);
            return;
        }
}

/* "a ", "an " or "the " at the begin of a text: its length, or 0. */
static size_t article(const char *text) {
    static const char *const articles[] = {"a ", "an ", "the "};
    for (size_t i = 0; i < sizeof articles / sizeof *articles; i++)
        if (!strncasecmp(text, articles[i], strlen(articles[i]))) return strlen(articles[i]);
    return 0;
}

/* Does an article stand right before the slot of this template? */
static bool ends_with_article(const char *template) {
    const char *slot = prompts_slot(template), *at = slot;
    if (!slot || slot == template || slot[-1] != ' ') return false;
    for (at = slot - 1; at > template && at[-1] != ' ';) at--;
    return article(at) == (size_t)(slot - at);
}

static void look_at_articles(struct surprises *s, const struct tags_file_tag *tag) {
    const struct prompts_list *templates = tags_file_templates(&s->config->tags, tag);
    const struct prompts_list *prompts = tags_file_prompts(tag);
    for (size_t i = 0; i < templates->count; i++)
        for (size_t k = 0; k < prompts->count && ends_with_article(templates->texts[i]); k++)
            if (article(prompts->texts[k])) {
                tell(s, TWO_ARTICLES, tag->line,
                     "tag \"%s\": \"%s\" in the template \"%s\" gives two articles: leave one out", tag->name,
                     prompts->texts[k], templates->texts[i]);
                return;
            }
}

static bool same_group(const struct member *member, const struct member *other) {
    return other && member->tag->group && !compare_groups(member->tag->group, other->tag->group);
}

/* before, after: its neighbours in the order by group and text; NULL at the ends. */
static void look_at_tag(struct surprises *s, const struct member *member, const struct member *before,
                        const struct member *after) {
    const struct tags_file_tag *tag = member->tag;
    bool in_group = same_group(member, before) || same_group(member, after);
    if (tag->group && !in_group && !tag->against.count)
        tell(s, ALONE, tag->line,
             "tag \"%s\" is the only one in the group \"%s\": it has no rival: give another tag this group", tag->name,
             tag->group);
    look_at_threshold(s, tag, tag->against.count || in_group);
    look_at_own_rivals(s, tag);
    look_at_articles(s, tag);
    if (same_group(member, before) && *member->text && !strcasecmp(before->text, member->text))
        tell(s, SAME_TEXT, tag->line,
             "tag \"%s\" has the same text as its rival \"%s\" in line %zu, and neither can win: give one another "
             "prompt",
             tag->name, before->tag->name, before->tag->line);
}

static int by_line(const void *a, const void *b) {
    const struct member *x = *(const struct member *const *)a, *y = *(const struct member *const *)b;
    return (x->tag->line > y->tag->line) - (x->tag->line < y->tag->line);
}

static void fill(struct member *members, const struct member **ordered, const struct tags_file *tags) {
    for (size_t i = 0; i < tags->count; i++) {
        const struct tags_file_tag *tag = &tags->tags[i];
        const struct prompts_list *prompts = tags_file_prompts(tag);
        bool plain = prompts->count == 1 && !tag->examples.count && !tag->templates.count;
        members[i] = (struct member){tag, plain ? prompts->texts[0] : ""};
        ordered[i] = &members[i];
    }
    qsort(members, tags->count, sizeof *members, by_group_and_text);
    qsort(ordered, tags->count, sizeof *ordered, by_line);
}

static void look_at_tags(struct surprises *s) {
    const struct tags_file *tags = &s->config->tags;
    struct member *members = calloc(tags->count + 1, sizeof *members);
    const struct member **ordered = calloc(tags->count + 1, sizeof *ordered);
    bool allocated = members && ordered;
    if (allocated) fill(members, ordered, tags);
    for (size_t i = 0; allocated && i < tags->count; i++) {
        const struct member *m = ordered[i];
        look_at_tag(s, m, m > members ? m - 1 : NULL, m + 1 < members + tags->count ? m + 1 : NULL);
    }
    free(members);
    free(ordered);
}

/* Pictures of a folder come singly: what smooths a camera's stream joins those that have nothing to do with each other.
 */
static void look_at_source(struct surprises *s) {
    const struct daemon_config *c = s->config;
    if (!c->uri || strncmp(c->uri, "files:", 6)) return;
    for (size_t i = 0; i < c->tags.count && !c->tags.rules.line[RULE_SMOOTH]; i++)
        if (!c->tags.tags[i].rules.line[RULE_SMOOTH]) {
            tell(s, SINGLE_PICTURES, config_line(c, "source", "uri"),
                 "smooth, min_on and min_off are made for a stream: where each picture shows something else, write "
                 "smooth = 0, min_on = 0 and min_off = 0 under [defaults]");
            return;
        }
}

static void look_at_start(struct surprises *s) {
    if (!s->config->tags.count)
        tell(s, NO_TAGS, 0, "no tags: nothing can turn on; write a section [tag NAME] for each");
    look_at_state(s);
    look_at_history(s);
}

size_t config_start_surprises(const struct daemon_config *config) {
    struct surprises s = {.config = config};
    look_at_start(&s);
    return s.all;
}

size_t config_surprises(const struct daemon_config *config) {
    struct surprises s = {.config = config};
    look_at_start(&s);
    look_at_source(&s);
    look_at_tags(&s);
    tell_others(&s);
    return s.all;
}
