/* SPDX-License-Identifier: Apache-2.0
 * ocelli index: pictures of folders into a library that can be searched. */
#include "base/log.h"
#include "ocelli/library/indexing.h"
#include "ocelli/library/places.h"
#include "text/json.h"

#include <stdio.h>
#include <string.h>

enum { OPTION_THUMBNAILS = PLACES_OWN, OPTION_WHOLE, OPTION_EMPTIED };

struct index_request {
    struct places places;
    bool thumbnails, whole, emptied, quiet;
};

static void show_json(const struct indexing *x, size_t all) {
    struct json j = {.to = stdout};
    json_begin(&j, NULL, '{');
    json_count(&j, "indexed", x->indexed);
    json_count(&j, "unchanged", x->unchanged);
    json_count(&j, "removed", x->removed);
    json_count(&j, "vanished", x->vanished);
    json_count(&j, "unread", x->unread);
    json_count(&j, "unread_folders", x->unread_folders);
    json_count(&j, "pictures", all);
    json_end(&j, '}');
    putchar('\n');
}

static void show(const struct indexing *x, size_t all) {
    printf("%zu indexed, %zu unchanged, %zu removed", x->indexed, x->unchanged, x->removed);
    if (x->unread) printf(", %zu could not be read", x->unread);
    printf(": %zu picture%s in the library\n", all, all == 1 ? "" : "s");
}

static int fill(const struct options *o, struct indexing *x) {
    size_t all = 0;
    int status = indexing_run(x);
    if (!status) status = library_count(x->library, &all);
    if (!status) (o->json ? show_json : show)(x, all);
    return status;
}

static int run_index(const struct options *o, const struct index_request *r, char **folders, size_t count) {
    struct indexing x = {.file = r->places.library,
                         .folders = (const char *const *)folders,
                         .folder_count = count,
                         .thumbnails = r->thumbnails,
                         .whole = r->whole,
                         .emptied = r->emptied,
                         .progress = !r->quiet};
    struct ocelli_info info = {0};
    int status = options_open(o, &x.handle);
    if (!status) ocelli_get_info(x.handle, &info);
    struct memory_model model = {.name = info.model_name, .size = info.embedding_size};
    if (!status) snprintf(model.key, sizeof model.key, "%s", info.model_key);
    if (!status) status = library_open(&x.library, r->places.library, &model);
    if (!status) status = fill(o, &x);
    history_close(&x.library);
    ocelli_close(&x.handle);
    return status ? options_exit_code(status) : x.unread || x.unread_folders ? EXIT_FAILED : EXIT_OK;
}

static int take_options(struct options *options, struct index_request *r, int argc, char **argv) {
    static const struct option table[] = {OPTIONS_LONG,
                                          PLACES_LIBRARY,
                                          {"thumbnails", no_argument, NULL, OPTION_THUMBNAILS},
                                          {"whole", no_argument, NULL, OPTION_WHOLE},
                                          {"emptied", no_argument, NULL, OPTION_EMPTIED},
                                          {"quiet", no_argument, NULL, 'q'},
                                          {0}};
    int c;
    while ((c = options_next(options, argc, argv, OPTIONS_LETTERS "q", table)) >= 0) {
        switch (c) {
        case 'q': r->quiet = true; break;
        case OPTION_THUMBNAILS: r->thumbnails = true; break;
        case OPTION_WHOLE: r->whole = true; break;
        case OPTION_EMPTIED: r->emptied = true; break;
        default: places_take(options, c, optarg, &r->places, &options->exit_code);
        }
        if (options->exit_code) return OPTIONS_STOP;
    }
    return c;
}

static int run(int argc, char **argv) {
    struct options o = {.command = &command_index};
    struct index_request r = {0};
    if (take_options(&o, &r, argc, argv) == OPTIONS_STOP) return o.exit_code;
    if (!o.model) return options_usage(&o, "no model: give -m BLOB");
    if (!r.places.library) return options_usage(&o, "no library: give --library FILE");
    if (optind == argc) return options_usage(&o, "no DIR: name the folders of pictures");
    for (int i = optind; i < argc; i++) {
        int fault = options_file(&o, "DIR", argv[i]);
        if (fault) return fault;
    }
    return run_index(&o, &r, argv + optind, (size_t)(argc - optind));
}

const struct command command_index = {
    .name = "index",
    .summary = "make folders of pictures searchable",
    .usage = "ocelli index -m BLOB --library FILE [--thumbnails] [--whole] [--emptied] [-q] [--json] DIR...",
    .help = "Embeds the pictures of each DIR and of the folders in it, and keeps them in FILE for `ocelli search`\n"
            "and `ocelli duplicates`. Again: only what is new or was changed (size or time) is embedded, and what\n"
            "is gone is removed. It may be killed at any time, and goes on from there when it is run again.\n\n"
            "Options:\n"
            "      --library FILE    the library; is made when it is not there. It has one model\n"
            "      --thumbnails      keep a small JPEG of each picture too, for contact sheets without the pictures\n"
            "      --whole           decode all pixels of each JPEG, as `ocelli embed` does: slower\n"
            "      --emptied         also remove the pictures of a DIR that has none any more, as a disk that is\n"
            "                        not mounted has none\n"
            "  -q, --quiet           no progress on a terminal\n" OPTIONS_HELP "\n"
            "Example:\n"
            "  ocelli index -m clip.gguf --library pictures.db ~/Pictures\n",
    .run = run,
};
