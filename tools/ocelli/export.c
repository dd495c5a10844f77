/* SPDX-License-Identifier: Apache-2.0
 * ocelli export: a library or a history into a database that many boards share. */
#include "base/log.h"
#include "memory/library.h"
#include "ocelli/library/places.h"
#include "ocelli/library/postgres.h"
#include "text/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { NAME = 256 };

struct request {
    struct places places;
    bool quiet;
};

static void show(const struct options *o, const struct postgres_export *e) {
    if (!o->json) {
        printf("%zu exported, %zu removed: %zu pictures of %s in the database\n", e->exported, e->removed, e->count,
               e->board);
        return;
    }
    struct json j = {.to = stdout};
    json_begin(&j, NULL, '{');
    json_text(&j, "board", e->board);
    json_count(&j, "exported", e->exported);
    json_count(&j, "removed", e->removed);
    json_count(&j, "pictures", e->count);
    json_end(&j, '}');
    putchar('\n');
}

static int run_export(const struct options *o, const struct request *r) {
    const struct places *p = &r->places;
    char host[NAME] = "board";
    struct ocelli *handle = NULL;
    struct ocelli_info info = {0};
    struct postgres_export e = {.url = p->postgres, .board = p->board, .progress = !r->quiet};
    if (!e.board && !gethostname(host, sizeof host - 1)) e.board = host;
    int status = options_open(o, &handle);
    if (!status) ocelli_get_info(handle, &info);
    struct memory_model model = {.name = info.model_name, .size = info.embedding_size};
    if (!status) snprintf(model.key, sizeof model.key, "%s", info.model_key);
    e.model = &model;
    if (!status)
        status = p->library ? library_read(&e.from, p->library, &model) : history_open(&e.from, p->history, &model);
    if (!status) status = postgres_export(&e);
    if (!status) show(o, &e);
    history_close(&e.from);
    ocelli_close(&handle);
    return options_exit_code(status);
}

static int take_options(struct options *options, struct request *r, int argc, char **argv) {
    static const struct option table[] = {OPTIONS_LONG, PLACES_ALL, {"quiet", no_argument, NULL, 'q'}, {0}};
    int c;
    while ((c = options_next(options, argc, argv, OPTIONS_LETTERS "q", table)) >= 0) {
        if (!places_take(options, c, optarg, &r->places, &options->exit_code)) r->quiet = true;
        if (options->exit_code) return OPTIONS_STOP;
    }
    return c;
}

static int run(int argc, char **argv) {
    struct options o = {.command = &command_export};
    struct request r = {0};
    if (take_options(&o, &r, argc, argv) == OPTIONS_STOP) return o.exit_code;
    if (!o.model) return options_usage(&o, "no model: give -m BLOB");
    if (!r.places.postgres) return options_usage(&o, "no database: give --postgres URL");
    if (!r.places.library == !r.places.history)
        return options_usage(&o, "give --library FILE or --history FILE, one of them");
    if (optind != argc) return options_usage(&o, "\"%s\": takes no more words", argv[optind]);
    return run_export(&o, &r);
}

const struct command command_export = {
    .name = "export",
    .summary = "put a library into a database that many boards share",
    .usage = "ocelli export -m BLOB --postgres URL --library FILE|--history FILE [--board NAME] [-q] [--json]",
    .help = "Copies vectors, times, tags and paths into a PostgreSQL database with pgvector, which `ocelli search\n"
            "--postgres` and other tools search. Again: only what is new is sent, and what is gone is removed. A\n"
            "connection that ends in the middle loses nothing: run it again.\n\n"
            "Options:\n"
            "      --postgres URL    postgresql://USER@HOST/DATABASE, or libpq's key=value; a password comes better\n"
            "                        from PGPASSWORD or ~/.pgpass than from here\n"
            "      --library FILE    what `ocelli index` made, or\n"
            "      --history FILE    what a daemon kept\n"
            "      --board NAME      whose pictures these are (default: the name of this machine)\n"
            "  -q, --quiet           no progress on a terminal\n" OPTIONS_HELP "\n"
            "Example:\n"
            "  ocelli export -m clip.gguf --postgres postgresql://ocelli@db/pictures --library pictures.db\n",
    .run = run,
};
