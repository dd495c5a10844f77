/* SPDX-License-Identifier: Apache-2.0
 * ocelli search: when was this seen? */
#include "base/log.h"
#include "memory/history.h"
#include "ocelli/options.h"
#include "ocelli/common/local_time.h"
#include "ocelli/common/plain.h"
#include "tag/prompts.h"
#include "text/json.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    OPTION_HISTORY = OPTIONS_OWN,
    OPTION_TEMPLATE,
    OPTION_APART,
    WANTED = 10,
    WANTED_MOST = 1000,
    APART = 60,
    APART_MOST = 86400
};

/* What the command line gave. */
struct search {
    const char *history;
    struct arena arena; /* the lists below */
    struct prompts_list templates, words;
    size_t wanted, apart; /* apart: seconds */
};

static void show_json(const struct history_hit *hit) {
    struct json j = {.to = stdout};
    json_begin(&j, NULL, '{');
    json_number(&j, "time", hit->time, 13);
    json_number(&j, "score", hit->score, JSON_SHORT);
    json_text(&j, "tags", hit->tags);
    json_end(&j, '}');
    putchar('\n');
}

static void show(const struct history_hit *hit) {
    char text[LOCAL_DATE];
    local_date((time_t)floor(hit->time), text);
    printf("%s  %6.3f  ", text, hit->score);
    plain_text(stdout, hit->tags);
    putchar('\n');
}

/* The words make one text, as in the protocol. */
static const char *join(struct search *s) {
    size_t capacity = 1;
    for (size_t i = 0; i < s->words.count; i++) capacity += strlen(s->words.texts[i]) + 1;
    char *text = arena_alloc(&s->arena, capacity, 1), *end = text;
    for (size_t i = 0; text && i < s->words.count; i++) end += sprintf(end, "%s%s", i ? " " : "", s->words.texts[i]);
    return text;
}

static int embed(struct search *s, struct ocelli *handle, uint32_t size, float **vector) {
    const char *text = join(s);
    struct prompts_list one = {.texts = &text, .count = 1}, expanded = {0};
    if (!text) return log_fail(OCELLI_ERR_MEMORY, "out of memory for the text");
    int status = prompts_expand(&expanded, &s->arena, &s->templates, &one);
    float *vectors = *vector = status ? NULL : calloc(expanded.count, size * sizeof *vectors);
    if (!status && !vectors) status = log_fail(OCELLI_ERR_MEMORY, "out of memory for the text");
    if (!status) status = ocelli_embed_texts(handle, expanded.texts, expanded.count, vectors);
    return status ? status : prompts_average(vectors, expanded.count, size, vectors);
}

static int look(const struct options *o, const struct search *s, struct history *h, const float *vector) {
    struct history_found found = {.hits = calloc(s->wanted, sizeof *found.hits)};
    struct history_question question = {.vector = vector, .wanted = s->wanted, .apart_ms = 1000 * (int64_t)s->apart};
    if (!found.hits) return log_fail(OCELLI_ERR_MEMORY, "out of memory for %zu hits", s->wanted);
    int status = history_search(h, &question, &found);
    if (!status && !found.compared) log_warn("%s: has no picture of this model", s->history);
    for (size_t i = 0; i < found.count; i++) (o->json ? show_json : show)(&found.hits[i]);
    free(found.hits);
    return status;
}

static int search(const struct options *options, struct search *searched) {
    struct ocelli *handle = NULL;
    struct history *h = NULL;
    struct ocelli_info info = {0};
    float *vector = NULL;
    int status = options_open(options, &handle);
    if (!status) ocelli_get_info(handle, &info);
    struct memory_model model = {.name = info.model_name, .size = info.embedding_size};
    if (!status) snprintf(model.key, sizeof model.key, "%s", info.model_key);
    if (!status) status = history_open(&h, searched->history, &model);
    if (!status) status = embed(searched, handle, model.size, &vector);
    if (!status) status = look(options, searched, h, vector);
    free(vector);
    history_close(&h);
    ocelli_close(&handle);
    return options_exit_code(status);
}

/* Gives OPTIONS_END, or OPTIONS_STOP as options_next(). */
static int take_options(struct options *options, struct search *search, int argc, char **argv) {
    static const struct option table[] = {OPTIONS_LONG,
                                          {"history", required_argument, NULL, OPTION_HISTORY},
                                          {"template", required_argument, NULL, OPTION_TEMPLATE},
                                          {"apart", required_argument, NULL, OPTION_APART},
                                          {"number", required_argument, NULL, 'n'},
                                          {0}};
    int c;
    while ((c = options_next(options, argc, argv, OPTIONS_LETTERS "n:", table)) >= 0) {
        int status = OCELLI_OK;
        options->exit_code = 0;
        switch (c) {
        case 'n': options->exit_code = options_number(options, "-n", optarg, WANTED_MOST, &search->wanted); break;
        case OPTION_APART:
            options->exit_code = options_number(options, "--apart", optarg, APART_MOST, &search->apart);
            break;
        case OPTION_HISTORY:
            options->exit_code = options_file(options, "--history", optarg);
            search->history = optarg;
            break;
        case OPTION_TEMPLATE:
            options->exit_code = options_text(options, "--template", optarg);
            status = prompts_add(&search->templates, &search->arena, optarg);
            break;
        }
        if (status) options->exit_code = options_exit_code(status);
        if (options->exit_code) return OPTIONS_STOP;
    }
    return c;
}

static int take_words(const struct options *o, struct search *s, char **words) {
    int fault = 0;
    for (; !fault && *words; words++) {
        fault = **words ? options_text(o, "TEXT", *words) : options_usage(o, "TEXT is empty: write what to look for");
        if (!fault && prompts_add(&s->words, &s->arena, *words)) fault = EXIT_FAILED;
    }
    return fault;
}

static int run(int argc, char **argv) {
    struct options o = {.command = &command_search};
    struct search s = {.wanted = WANTED, .apart = APART};
    int code;
    if (take_options(&o, &s, argc, argv) == OPTIONS_STOP)
        code = o.exit_code;
    else if (!o.model)
        code = options_usage(&o, "no model: give -m BLOB");
    else if (!s.history)
        code = options_usage(&o, "no history: give --history FILE");
    else if (optind == argc)
        code = options_usage(&o, "no TEXT");
    else if (!(code = take_words(&o, &s, argv + optind)))
        code = search(&o, &s);
    arena_finish(&s.arena);
    return code;
}

const struct command command_search = {
    .name = "search",
    .summary = "find when something was seen",
    .usage = "ocelli search -m BLOB --history FILE [-n N] [--apart SECONDS] [--template \"a photo of a {}.\"]... "
             "[--json] TEXT...",
    .help =
        "Compares TEXT with every picture that `ocelli run` kept in FILE ([memory] of its file), and prints the best:\n"
        "time, cosine, tags that were on. FILE may be in use by the daemon; pictures of other models in it are passed "
        "over.\n\n"
        "Options:\n"
        "      --history FILE    the history\n"
        "  -n, --number N        so many at most (default 10)\n"
        "      --apart SECONDS   of each such stretch of time the best picture counts, and none so near to a\n"
        "                        better one (default 60)\n"
        "      --template TEXT   sentence around TEXT, {} being it; several are averaged\n" OPTIONS_HELP "\n"
        "Example:\n"
        "  ocelli search -m clip.gguf --history /var/lib/ocelli/history.db a red truck\n",
    .run = run,
};
