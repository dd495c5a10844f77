/* SPDX-License-Identifier: Apache-2.0
 * ocelli duplicates: pictures of a library that are nearly the same. */
#include "base/log.h"
#include "memory/library.h"
#include "ocelli/common/plain.h"
#include "ocelli/common/progress.h"
#include "ocelli/library/near.h"
#include "ocelli/library/places.h"
#include "text/json.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OPTION_ABOVE = PLACES_OWN };
#define ABOVE 0.95

struct request {
    struct places places;
    double above;
    bool quiet;
};

static void show(const char *path, double cosine, bool json, bool first) {
    if (!json) {
        printf("%s%6.3f  ", first ? "" : "  ", cosine);
        plain_text(stdout, path);
        putchar('\n');
        return;
    }
    struct json j = {.to = stdout};
    json_begin(&j, NULL, '{');
    json_text(&j, "path", path);
    json_number(&j, "cosine", cosine, JSON_SHORT);
    json_end(&j, '}');
}

/* A group: a line a picture, the others set in, with their cosine to the nearest of the group. As JSON: a line an
 * array. */
static int show_group(const struct options *o, struct history *h, const struct near_member *members, size_t count) {
    int status = OCELLI_OK;
    if (o->json) putchar('[');
    for (size_t i = 0; !status && i < count; i++) {
        char *path;
        status = history_file(h, members[i].id, &path);
        if (o->json && i) putchar(',');
        if (!status) show(path ? path : "", fmin((double)members[i].cosine, 1), o->json, i == 0);
        free(path);
    }
    puts(o->json ? "]" : "");
    return status;
}

static int show_all(const struct options *o, struct history *h, const struct near_groups *g) {
    int status = OCELLI_OK;
    for (size_t i = 0, n; !status && i < g->count; i += n) {
        for (n = 1; i + n < g->count && g->members[i + n].group == g->members[i].group;) n++;
        status = show_group(o, h, g->members + i, n);
    }
    return status;
}

/* Only whose vectors these are is asked of the model: nothing is computed. */
static int open_library(const struct options *o, const struct request *r, struct history **h, size_t *size) {
    struct ocelli *handle = NULL;
    struct ocelli_info info = {0};
    int status = options_open(o, &handle);
    if (!status) ocelli_get_info(handle, &info);
    struct memory_model model = {.name = info.model_name, .size = info.embedding_size};
    if (!status) snprintf(model.key, sizeof model.key, "%s", info.model_key);
    if (!status) status = library_read(h, r->places.library, &model);
    *size = model.size;
    ocelli_close(&handle);
    return status;
}

static int find(const struct options *o, const struct request *r) {
    struct history *h = NULL;
    struct history_vectors vectors = {0};
    struct near_groups groups = {0};
    size_t size;
    int status = open_library(o, r, &h, &size);
    if (!status) status = history_hold(h);
    if (!status) status = history_load(h, &vectors);
    if (!status) status = near_find(&vectors, size, r->above, !r->quiet && progress_possible(), &groups);
    if (!status) status = show_all(o, h, &groups);
    near_finish(&groups);
    history_vectors_finish(&vectors);
    history_close(&h);
    return options_exit_code(status);
}

static int take_options(struct options *options, struct request *r, int argc, char **argv) {
    static const struct option table[] = {OPTIONS_LONG,
                                          PLACES_LIBRARY,
                                          {"above", required_argument, NULL, OPTION_ABOVE},
                                          {"quiet", no_argument, NULL, 'q'},
                                          {0}};
    int c;
    char *end;
    while ((c = options_next(options, argc, argv, OPTIONS_LETTERS "q", table)) >= 0) {
        places_take(options, c, optarg, &r->places, &options->exit_code);
        if (c == 'q') r->quiet = true;
        if (c == OPTION_ABOVE) {
            r->above = strtod(optarg, &end);
            if (!*optarg || *end || !(r->above > 0 && r->above <= 1))
                options->exit_code = options_usage(options, "--above \"%s\" is no cosine over 0, up to 1", optarg);
        }
        if (options->exit_code) return OPTIONS_STOP;
    }
    return c;
}

static int run(int argc, char **argv) {
    struct options o = {.command = &command_duplicates};
    struct request r = {.above = ABOVE};
    if (take_options(&o, &r, argc, argv) == OPTIONS_STOP) return o.exit_code;
    if (!o.model) return options_usage(&o, "no model: give -m BLOB");
    if (!r.places.library) return options_usage(&o, "no library: give --library FILE");
    if (optind != argc) return options_usage(&o, "\"%s\": takes no more words", argv[optind]);
    return find(&o, &r);
}

const struct command command_duplicates = {
    .name = "duplicates",
    .summary = "find pictures that are nearly the same",
    .usage = "ocelli duplicates -m BLOB --library FILE [--above COSINE] [-q] [--json]",
    .help = "Compares all pictures of a library with each other, and prints those that look the same in groups: the\n"
            "oldest first, the others with their cosine to the nearest one of the group. Nothing is removed.\n\n"
            "Options:\n"
            "      --library FILE    the library of `ocelli index`\n"
            "      --above COSINE    so near or nearer (default 0.95); models differ: try some values\n"
            "  -q, --quiet           no progress on a terminal\n" OPTIONS_HELP "\n"
            "Example:\n"
            "  ocelli duplicates -m clip.gguf --library pictures.db --above 0.98\n",
    .run = run,
};
