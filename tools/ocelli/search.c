/* SPDX-License-Identifier: Apache-2.0
 * ocelli search: when was this seen? */
#include "base/file.h"
#include "base/log.h"
#include "ocelli/library/postgres.h"
#include "ocelli/library/search.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    OPTION_LIKE = PLACES_OWN,
    OPTION_NOT,
    OPTION_SINCE,
    OPTION_PATH,
    OPTION_HTML,
    OPTION_TEMPLATE,
    OPTION_APART,
    APART_MS = 60000, /* of a history */
    APART_NOT_GIVEN = -1,
    APART_MOST = 86400 /* seconds */
};

static int answer(const struct options *o, struct search_request *r, const struct search_answer *found) {
    struct search_answer copy = *found;
    const char *text = r->html ? search_text(r) : "";
    if (!r->html) search_show(found, o->json);
    return !text ? OCELLI_ERR_MEMORY : r->html ? search_page(r, text, &copy) : OCELLI_OK;
}

static int search(const struct options *options, struct search_request *request) {
    struct ocelli *handle = NULL;
    struct ocelli_info info = {0};
    struct search_answer found = {0};
    int status = options_open(options, &handle);
    if (!status) ocelli_get_info(handle, &info);
    struct memory_model model = {.name = info.model_name, .size = info.embedding_size};
    if (!status) snprintf(model.key, sizeof model.key, "%s", info.model_key);
    float *vector = calloc(model.size + 1, sizeof *vector);
    struct history_question question;
    if (!status && !vector) status = log_fail(OCELLI_ERR_MEMORY, "out of memory");
    if (!status) status = search_resolve(request, handle, vector, &question);
    if (!status)
        status = (request->places.postgres ? postgres_search : search_file)(request, &model, &question, &found);
    if (!status) status = answer(options, request, &found);
    search_answer_free(&found);
    free(vector);
    ocelli_close(&handle);
    return options_exit_code(status);
}

/* PREFIX as the library has paths: absolute, and without links where it is there. */
static int take_path(const struct options *o, struct search_request *r, const char *path) {
    char *found = *path == '/' ? NULL : realpath(path, NULL), *here = NULL;
    int fault = options_file(o, "--path", path);
    if (!found && *path != '/') {
        here = getcwd(NULL, 0);
        if (here && asprintf(&found, "%s/%s", here, path) < 0) found = NULL;
        free(here);
    }
    struct prompts_list one = {0};
    if (!fault) fault = options_exit_code(prompts_add(&one, &r->arena, found ? found : path));
    if (!fault) r->query.path = one.texts[0];
    free(found);
    return fault;
}

static int take_text(const struct options *o, struct search_request *r, struct prompts_list *to, const char *what,
                     const char *text) {
    int fault = *text ? options_text(o, what, text) : options_usage(o, "%s is empty: write what to look for", what);
    return fault ? fault : options_exit_code(prompts_add(to, &r->arena, text));
}

static int take_option(struct options *o, struct search_request *r, int c) {
    int fault;
    size_t seconds = 0;
    if (places_take(o, c, optarg, &r->places, &fault)) return fault;
    switch (c) {
    case 'n': return options_number(o, "-n", optarg, OCELLI_HITS_MOST, &r->query.wanted);
    case OPTION_APART:
        fault = options_number(o, "--apart", optarg, APART_MOST, &seconds);
        r->query.apart_ms = 1000 * (int64_t)seconds;
        return fault;
    case OPTION_HTML: r->html = optarg; return options_file(o, "--html", optarg);
    case OPTION_PATH: return take_path(o, r, optarg);
    case OPTION_NOT: return take_text(o, r, &r->nots, "--not", optarg);
    case OPTION_LIKE:
        fault = options_file(o, "--like", optarg);
        return fault ? fault : options_exit_code(prompts_add(&r->likes, &r->arena, optarg));
    case OPTION_SINCE:
        if (search_since(optarg, &r->query.since_ms)) return 0;
        return options_usage(o, "--since \"%s\" is no time: write 2024-05-31, \"2024-05-31 14:00\" or 7d", optarg);
    default:
        fault = options_text(o, "--template", optarg);
        return fault ? fault : options_exit_code(prompts_add(&r->templates, &r->arena, optarg));
    }
}

static int take_options(struct options *options, struct search_request *request, int argc, char **argv) {
    static const struct option table[] = {OPTIONS_LONG,
                                          PLACES_ALL,
                                          {"like", required_argument, NULL, OPTION_LIKE},
                                          {"not", required_argument, NULL, OPTION_NOT},
                                          {"since", required_argument, NULL, OPTION_SINCE},
                                          {"path", required_argument, NULL, OPTION_PATH},
                                          {"html", required_argument, NULL, OPTION_HTML},
                                          {"template", required_argument, NULL, OPTION_TEMPLATE},
                                          {"apart", required_argument, NULL, OPTION_APART},
                                          {"number", required_argument, NULL, 'n'},
                                          {0}};
    int c;
    while ((c = options_next(options, argc, argv, OPTIONS_LETTERS "n:", table)) >= 0) {
        options->exit_code = take_option(options, request, c);
        if (options->exit_code) return OPTIONS_STOP;
    }
    return c;
}

static int take_words(const struct options *o, struct search_request *r, char **words) {
    int fault = 0;
    for (; !fault && *words; words++) fault = take_text(o, r, &r->words, "TEXT", *words);
    return fault;
}

/* 0, or the exit code: what is missing, and what excludes what. */
static int check(const struct options *o, struct search_request *r) {
    int places = (r->places.history != NULL) + (r->places.library != NULL) + (r->places.postgres != NULL);
    if (!o->model) return options_usage(o, "no model: give -m BLOB");
    if (!places) return options_usage(o, "no place to search: give --library FILE, --history FILE or --postgres URL");
    if (places > 1) return options_usage(o, "--history, --library and --postgres exclude each other");
    if (o->json && r->html) return options_usage(o, "--json and --html exclude each other");
    if (r->places.history && r->query.path)
        return options_usage(o, "--path: a history has no files: it needs --library");
    if (r->places.board && !r->places.postgres) return options_usage(o, "--board needs --postgres");
    if (!r->words.count && !r->likes.count) return options_usage(o, "no TEXT, and no --like PICTURE");
    if (r->places.postgres && r->query.apart_ms >= 0) return options_usage(o, "--apart: not of a database");
    if (r->query.apart_ms < 0) r->query.apart_ms = r->places.history ? APART_MS : 0;
    return 0;
}

/* The page would be renamed over what it is made of. */
static int check_page(const struct options *o, const struct search_request *r) {
    const char *const inputs[] = {o->model, r->places.library, r->places.history};
    bool input = false;
    if (!r->html || !strcmp(r->html, "-")) return 0;
    for (size_t i = 0; i < sizeof inputs / sizeof *inputs; i++) input |= inputs[i] && file_same(r->html, inputs[i]);
    for (size_t i = 0; i < r->likes.count; i++) input |= file_same(r->html, r->likes.texts[i]);
    if (input) log_error("%s: is an input: give another name to write to", r->html);
    return input ? EXIT_FAILED : 0;
}

static int run(int argc, char **argv) {
    struct options o = {.command = &command_search};
    struct search_request r = {.query.apart_ms = APART_NOT_GIVEN};
    int code = take_options(&o, &r, argc, argv) == OPTIONS_STOP ? o.exit_code : take_words(&o, &r, argv + optind);
    bool stopped = code || o.exit_code;
    if (!code && !stopped && optind <= argc) code = check(&o, &r);
    if (!code && !stopped) code = check_page(&o, &r);
    if (!code && !stopped) code = search(&o, &r);
    arena_finish(&r.arena);
    return code;
}

const struct command command_search = {
    .name = "search",
    .summary = "find pictures, or when something was seen",
    .usage = "ocelli search -m BLOB --history FILE|--library FILE|--postgres URL [-n N] [--like PICTURE]... "
             "[--not TEXT]... [--since TIME] [--path PREFIX] [--board NAME] [--apart SECONDS] "
             "[--template \"a photo of a {}.\"]... [--html FILE] [--json] [TEXT...]",
    .help =
        "Compares TEXT with every picture that `ocelli run` kept in a history ([memory] of its file), or that\n"
        "`ocelli index` put into a library, and prints the best: time, cosine, tags that were on or the picture's\n"
        "path. The file may be in use. Pictures of other models in a history are passed over.\n\n"
        "Options:\n"
        "      --history FILE    the history of a daemon\n"
        "      --library FILE    the library of `ocelli index`\n"
        "      --postgres URL    the database that `ocelli export` filled\n"
        "      --like PICTURE    as this picture file; with TEXT: as both together; may be repeated\n"
        "      --not TEXT        less of this; may be repeated\n"
        "  -n, --number N        so many at most (default 10)\n"
        "      --since TIME      not older: 2024-05-31, \"2024-05-31 14:00\", 2024-05, or 7d ago (s, min, h, d, w)\n"
        "      --path PREFIX     of a library, only files whose path begins so\n"
        "      --board NAME      of a database, only this board's\n"
        "      --apart SECONDS   of each such stretch of time the best picture counts, and none so near to a\n"
        "                        better one (default: 60 of a history, else none)\n"
        "      --template TEXT   sentence around TEXT, {} being it; several are averaged\n"
        "      --html FILE       a contact sheet with thumbnails instead of lines (-: standard output)\n" OPTIONS_HELP
        "\nExamples:\n"
        "  ocelli search -m clip.gguf --history /var/lib/ocelli/history.db a red truck\n"
        "  ocelli search -m clip.gguf --library pictures.db --not snow --html found.html mountains from above\n"
        "  ocelli search -m clip.gguf --library pictures.db --like holiday.jpg --since 2024\n",
    .run = run,
};
