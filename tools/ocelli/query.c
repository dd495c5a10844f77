/* SPDX-License-Identifier: Apache-2.0
 * ocelli query and ocelli watch: ask a board. They need neither model nor device. */
#include "base/file.h"
#include "base/log.h"
#include "ocelli/client/answer.h"
#include "ocelli/client/client.h"
#include "ocelli/options.h"
#include "ocelli/client/pages.h"
#include "ocelli/common/plain.h"
#include "serve/request.h"
#include "serve/arguments.h"
#include "ocelli/show/show_watch.h"

#include <stdio.h>
#include <string.h>

enum { OPTION_PSK = OPTIONS_OWN, OPTION_SHOW, ARGUMENTS = 31 };

/* "+" stops at the URI: what follows is the request's, options too. */
#define LETTERS "+:h"
static const struct option table[] = {{"help", no_argument, NULL, 'h'},
                                      {"json", no_argument, NULL, OPTIONS_JSON},
                                      {"psk", required_argument, NULL, OPTION_PSK},
                                      {"show", no_argument, NULL, OPTION_SHOW},
                                      {0}};

#define HELP                                                                                                           \
    "URI is udp://HOST[:PORT], coap://HOST[:PORT], coaps://HOST[:PORT] or serial:DEVICE[@BAUD].\n\n"                   \
    "Options, before the URI:\n"                                                                                       \
    "      --psk FILE        key for coaps: its first line IDENTITY:KEY, KEY in hexadecimal\n"                         \
    "      --json            output for programs\n"                                                                    \
    "  -h, --help            this text\n"

/* show: NULL: this command has no such option. */
static int take_options(struct options *options, const char **keys, bool *show, int argc, char **argv) {
    int c;
    while ((c = options_next(options, argc, argv, LETTERS, table)) != OPTIONS_END) {
        if (c == OPTIONS_STOP) return OPTIONS_STOP;
        int fault = 0;
        if (c == OPTION_PSK)
            fault = options_file(options, "--psk", *keys = optarg);
        else if (show)
            *show = true;
        else
            fault = options_usage(options, "--show is of ocelli watch");
        if (fault) {
            options->exit_code = fault;
            return OPTIONS_STOP;
        }
    }
    return 0;
}

static int check_arguments(const struct options *o, const char *const *arguments, size_t count) {
    const struct serve_row *row = serve_row_of_verb(arguments[0]);
    if (!strcmp(arguments[0], "watch")) return options_usage(o, "watch is a command of its own: ocelli watch URI");
    if (row && row->terse && count > 1 && !strcmp(arguments[1], "terse"))
        return options_usage(o, "terse is for other clients: --json tells as much, without it there is a table");
    for (size_t i = 0; i < count; i++)
        if (serve_arguments_check(arguments[i], strlen(arguments[i])))
            return options_usage(o, "REQUEST \"%s\" is not UTF-8, or has a control character", arguments[i]);
    return 0;
}

static void show(const char *json) {
    plain_json(stdout, json);
    putchar('\n');
}

/* All pages, and only then any of them: who reads it gets each tag once, or nothing. */
static int query(struct client *c, const char **arguments, size_t count, bool json) {
    struct pages p;
    int status = pages_fetch(&p, c, arguments, count);
    for (size_t i = 0; !status && json && i < p.count && !ferror(stdout); i++) show(p.texts[i]);
    if (!status && !json) status = answer_print(p.texts, p.count);
    pages_finish(&p);
    return status;
}

/* "search --like PICTURE [TEXT...]": takes the picture's words off. *path: NULL: it is another request. */
static int take_picture(const struct options *o, const char **arguments, size_t *count, const char **path) {
    *path = NULL;
    if (strcmp(arguments[0], "search") || *count < 2 || strcmp(arguments[1], "--like")) return 0;
    if (*count < 3) return options_usage(o, "--like needs a PICTURE");
    *path = arguments[2];
    *count -= 2;
    memmove(arguments + 1, arguments + 3, (*count - 1) * sizeof *arguments);
    return 0;
}

/* Freed with file_free(), on error too. */
static int read_picture(struct client *c, const char *path, struct file_bytes *picture) {
    if (!path) return OCELLI_OK;
    if (!c->kind->pictures)
        return log_fail(OCELLI_ERR_USAGE, "%s: a picture does not fit a line: search by coap:// or coaps://", c->uri);
    int status = file_read(picture, path);
    if (!status && !picture->size) status = log_fail(OCELLI_ERR_FILE, "%s: empty", path);
    if (!status && picture->size > SERVE_PICTURE)
        status = log_fail(OCELLI_ERR_LIMIT, "%s: over %d MiB, which is the most that a board takes: make it smaller",
                          path, SERVE_PICTURE >> 20);
    c->picture = picture->data, c->picture_size = picture->size;
    return status;
}

static int run_query(int argc, char **argv) {
    struct options o = {.command = &command_query};
    const char *keys = NULL, *arguments[ARGUMENTS + 2], *path;
    struct file_bytes picture = {NULL};
    size_t count = 0;
    struct client c;
    if (take_options(&o, &keys, NULL, argc, argv)) return o.exit_code;
    if (argc - optind < 2) return options_usage(&o, argc == optind ? "no URI" : "no REQUEST: try tags");
    if (argc - optind - 1 > ARGUMENTS - 1) return options_usage(&o, "a request is at most %d words", ARGUMENTS - 1);
    for (int i = optind + 1; i < argc; i++) arguments[count++] = argv[i];
    if (check_arguments(&o, arguments, count) || take_picture(&o, arguments, &count, &path)) return EXIT_USAGE;
    int status = client_open(&c, argv[optind], keys);
    if (!status) status = read_picture(&c, path, &picture);
    if (!status) status = query(&c, arguments, count, o.json);
    client_close(&c);
    file_free(&picture);
    return options_exit_code(status);
}

static int run_watch(int argc, char **argv) {
    struct options o = {.command = &command_watch};
    const char *keys = NULL, *text;
    bool as_table = false;
    struct client c;
    if (take_options(&o, &keys, &as_table, argc, argv)) return o.exit_code;
    if (as_table && o.json) return options_usage(&o, "--show is for people, --json for programs: give one of them");
    if (argc - optind != 1) return options_usage(&o, argc == optind ? "no URI" : "more than one URI");
    int status = client_open(&c, argv[optind], keys);
    if (!status) status = as_table ? show_watch(&c) : c.kind->watch(&c);
    while (!as_table && !status && !ferror(stdout)) {
        status = c.kind->next(&c, -1, &text);
        if (!status && o.json) show(text);
        if (!status && !o.json) status = answer_print_push(text);
        fflush(stdout);
    }
    client_close(&c);
    return options_exit_code(status);
}

const struct command command_query = {
    .name = "query",
    .summary = "ask a board what it sees, and change what it looks for",
    .usage = "ocelli query [OPTION]... URI REQUEST...",
    .help = "Asks a board that runs `ocelli run`. REQUEST is one of ping, tags, prompts, add, set, remove,\n"
            "search, replay, status, help with its words; docs/protocol.md tells them. Columns of tags: name, state,\n"
            "score, margin, cosine, percentile, group, rule of the threshold; - is: none, or not known yet.\n"
            "search --like PICTURE [TEXT...] looks for what resembles a picture, by coap or coaps.\n\n" HELP "\n"
            "Example:\n"
            "  ocelli query udp://192.168.1.20 tags\n"
            "  ocelli query coap://192.168.1.20 search --like van.jpg\n"
            "  ocelli query serial:/dev/ttyUSB0 set garage \"an open garage door\"\n",
    .run = run_query,
};

const struct command command_watch = {
    .name = "watch",
    .summary = "follow the changes that a board sees",
    .usage = "ocelli watch [OPTION]... URI",
    .help = "Prints a line a change until it is stopped; exit code 1 when the board is gone.\n\n"
            "--show draws a table in the terminal instead, as `ocelli run --show` does: each tag with its state, "
            "score, margin\n"
            "and threshold. q quits, the space bar or f freezes it, j, k and the arrows scroll. Without a terminal, or "
            "with\n"
            "TERM=dumb, it writes a line for each change and the table every 10 s. NO_COLOR=1: no colours.\n\n" HELP
            "      --show            the table\n\n"
            "Example:\n"
            "  ocelli watch udp://192.168.1.20\n"
            "  ocelli watch --show udp://192.168.1.20\n",
    .run = run_watch,
};
