/* SPDX-License-Identifier: Apache-2.0 */
#include "ocelli/init/init_text.h"
#include "base/log.h"
#include "source/scene.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool begins(const char *line, const char *with) {
    return !strncmp(line, with, strlen(with));
}

static void put_source(FILE *to, const struct init_text *w) {
    fprintf(to, "uri = %s\n", w->uri);
    for (size_t i = 0; i < w->other_count; i++) fprintf(to, "#uri = camera:%s\n", w->others[i]);
}

/* A line of the example, its end included, or what stands in its place. */
static void put_line(FILE *to, const char *line, size_t length, const struct init_text *w) {
    if (begins(line, "model = "))
        fprintf(to, "model = %s\n", w->model);
    else if (begins(line, "uri = "))
        put_source(to, w);
    else if (begins(line, "coap = ") && !w->coap)
        fprintf(to, "# CoAP is not built in: install libcoap3-dev, and build ocelli again.\n#%.*s", (int)length, line);
    else
        fwrite(line, 1, length, to);
}

/* Tags of what the scene shows, with fixed thresholds: it has no day to learn from. */
static void put_scene(FILE *to) {
    fputs("# The drawn scene changes every two seconds: less smoothing than a camera's pictures need.\n"
          "[defaults]\nsmooth = 0.3\nmin_on = 0.5\nmin_off = 0.5\n\n"
          "# What it shows. `on` is a threshold of your own: these tags need not learn one.\n",
          to);
    for (unsigned scene = 0; scene + 1 < SCENES; scene++)
        fprintf(to, "[tag %s]\ngroup = shapes\non = 0.02\n%s", scene_name(scene), scene + 2 < SCENES ? "\n" : "");
}

static void put_tags(FILE *to, const struct init_text *w) {
    for (size_t i = 0; i < w->tag_count; i++) fprintf(to, "%s[tag %s]\n", i ? "\n" : "", w->tags[i]);
    if (!w->tag_count) put_scene(to);
}

char *init_text(const struct init_text *w) {
    char *text = NULL;
    size_t size = 0;
    FILE *to = open_memstream(&text, &size);
    bool own_tags = w->tag_count || begins(w->uri, "test:");
    for (const char *line = example_ini, *end; to && *line; line = end) {
        end = strchr(line, '\n') + 1;
        if (own_tags && begins(line, "[tag ")) break; /* the example's tags are all that follows */
        put_line(to, line, (size_t)(end - line), w);
    }
    if (to && own_tags) put_tags(to, w);
    bool good = to && !ferror(to);
    if (to && fclose(to)) good = false;
    if (good) return text;
    free(text);
    log_error("out of memory for the text of an ini");
    return NULL;
}
