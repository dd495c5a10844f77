/* SPDX-License-Identifier: Apache-2.0
 * ocelli prompts: the prompts of tags, and which templates serve labelled pictures best. */
#include "base/log.h"
#include "ocelli/common/pictures.h"
#include "ocelli/common/plain.h"
#include "ocelli/tune/tune.h"
#include "text/json.h"

#include <stdio.h>
#include <string.h>

/* What the command line gave. */
struct request {
    struct tune_request tune;
    struct prompts_list texts; /* -t */
    bool tunes;
};

/* ---- the list ---- */

static void list_json(const struct tagset *set) {
    for (size_t i = 0; i < set->count; i++) {
        struct json j = {.to = stdout};
        json_begin(&j, NULL, '{');
        json_text(&j, "tag", set->tags[i].name);
        if (set->rivals[i].group) json_text(&j, "group", set->rivals[i].group);
        json_begin(&j, "prompts", '[');
        for (size_t k = 0; k < set->tags[i].prompt_count; k++) json_text(&j, NULL, set->tags[i].prompts[k]);
        json_end(&j, ']');
        json_begin(&j, "against", '[');
        for (size_t k = 0; k < set->rivals[i].against.count; k++) json_text(&j, NULL, set->rivals[i].against.texts[k]);
        json_end(&j, ']');
        json_end(&j, '}');
        putchar('\n');
    }
}

static void list_line(const char *before, const char *text) {
    fputs(before, stdout);
    plain_text(stdout, text);
    putchar('\n');
}

static void list_plain(const struct tagset *set) {
    for (size_t i = 0; i < set->count; i++) {
        list_line("", set->tags[i].name);
        for (size_t k = 0; k < set->tags[i].prompt_count; k++) list_line("  ", set->tags[i].prompts[k]);
        for (size_t k = 0; k < set->rivals[i].against.count; k++)
            list_line("  against: ", set->rivals[i].against.texts[k]);
    }
}

static int list(const struct options *o, const struct request *r) {
    struct tagset set;
    struct tagset_source source = {.texts = r->texts, .files = r->tune.tags, .templates = r->tune.templates};
    int status = tagset_init(&set, &source);
    if (!status) (o->json ? list_json : list_plain)(&set);
    tagset_finish(&set);
    return options_exit_code(status);
}

/* ---- the tuning ---- */

static int tune(const struct options *o, const struct request *r) {
    struct tune t = {.request = &r->tune};
    int status = tune_work(&t, o);
    bool to_stdout = r->tune.output && !strcmp(r->tune.output, "-");
    if (!status && o->json)
        tune_write_json(stdout, &t);
    else if (!status && !to_stdout)
        tune_show(&t);
    size_t lost = t.input.lost + t.input.lost_folders;
    tune_finish(&t);
    return status ? options_exit_code(status) : lost ? EXIT_FAILED : EXIT_OK;
}

/* ---- the command line ---- */

enum {
    OPTION_TUNE = OPTIONS_OWN,
    OPTION_LABELS,
    OPTION_TEMPLATE,
    OPTION_TEMPLATES,
    OPTION_ADJECTIVE,
    OPTION_HELD_OUT,
    OPTION_ORIENTATION,
    HELD_OUT = 50,
    HELD_OUT_MOST = 99
};

static int take_text(struct options *o, struct request *r, const char *what, struct prompts_list *list) {
    int fault = options_text(o, what, optarg);
    return fault ? fault : options_exit_code(prompts_add(list, &r->tune.arena, optarg));
}

static int take_file(struct options *o, struct request *r, const char *what, struct prompts_list *list) {
    int fault = options_file(o, what, optarg);
    return fault ? fault : options_exit_code(prompts_add(list, &r->tune.arena, optarg));
}

static int take_option(struct options *o, struct request *r, int c) {
    struct tune_request *t = &r->tune;
    switch (c) {
    case OPTION_TUNE: r->tunes = true; return EXIT_OK;
    case OPTION_LABELS: t->labels = optarg; return options_file(o, "--labels", optarg);
    case 't': return take_text(o, r, "-t", &r->texts);
    case 'T': return take_file(o, r, "-T", &t->tags);
    case OPTION_TEMPLATE: return take_text(o, r, "--template", &t->templates);
    case OPTION_TEMPLATES: return take_file(o, r, "--templates", &t->files);
    case OPTION_ADJECTIVE: return take_text(o, r, "--adjective", &t->adjectives);
    case OPTION_HELD_OUT: return options_number(o, "--held-out", optarg, HELD_OUT_MOST, &t->held_out);
    case OPTION_ORIENTATION: return pictures_orientation(o, &t->rule, optarg);
    case 'o': t->output = optarg; return options_file(o, "-o", optarg);
    default: t->quiet = true; return EXIT_OK;
    }
}

static int take_options(struct options *o, struct request *r, int argc, char **argv) {
    static const struct option table[] = {OPTIONS_LONG,
                                          {"tune", no_argument, NULL, OPTION_TUNE},
                                          {"labels", required_argument, NULL, OPTION_LABELS},
                                          {"tag", required_argument, NULL, 't'},
                                          {"tags", required_argument, NULL, 'T'},
                                          {"template", required_argument, NULL, OPTION_TEMPLATE},
                                          {"templates", required_argument, NULL, OPTION_TEMPLATES},
                                          {"adjective", required_argument, NULL, OPTION_ADJECTIVE},
                                          {"held-out", required_argument, NULL, OPTION_HELD_OUT},
                                          {"output", required_argument, NULL, 'o'},
                                          {"orientation", required_argument, NULL, OPTION_ORIENTATION},
                                          {"quiet", no_argument, NULL, 'q'},
                                          {0}};
    int c;
    while ((c = options_next(o, argc, argv, OPTIONS_LETTERS "t:T:o:q", table)) >= 0) {
        o->exit_code = take_option(o, r, c);
        if (o->exit_code) return OPTIONS_STOP;
    }
    return c;
}

static int check_tune(const struct options *o, struct request *r, int operands, char **operand) {
    struct tune_request *t = &r->tune;
    if (!o->model) return options_usage(o, "no model: give -m BLOB");
    if (r->texts.count) return options_usage(o, "-t is to list prompts: with --tune give -T FILE or folders");
    if (!operands) return options_usage(o, "no FOLDER of pictures");
    if (operands > 1) return options_usage(o, "\"%s\" is one argument too many", operand[1]);
    t->dir = operand[0];
    const char *const outputs[] = {t->output, o->json ? "-" : NULL}, *const inputs[] = {o->model, t->labels};
    int code = options_outputs(o, outputs, 2, inputs, 2);
    return code ? code : options_file(o, "FOLDER", t->dir);
}

static int check_list(const struct options *o, const struct request *r, int operands) {
    const struct tune_request *t = &r->tune;
    if (t->labels || t->files.count || t->adjectives.count || t->output || operands)
        return options_usage(o, "to try templates on pictures give --tune");
    if (!r->texts.count && !t->tags.count) return options_usage(o, "no tags: give -t \"TEXT\" or -T FILE");
    return EXIT_OK;
}

static int run(int argc, char **argv) {
    struct options o = {.command = &command_prompts};
    struct request r = {.tune.held_out = HELD_OUT};
    int code;
    if (take_options(&o, &r, argc, argv) == OPTIONS_STOP)
        code = o.exit_code;
    else if (r.tunes) {
        code = check_tune(&o, &r, argc - optind, argv + optind);
        if (!code) code = tune(&o, &r);
    } else {
        code = check_list(&o, &r, argc - optind);
        if (!code) code = list(&o, &r);
    }
    arena_finish(&r.tune.arena);
    return code;
}

const struct command command_prompts = {
    .name = "prompts",
    .summary = "list prompts of tags, and find the templates that help",
    .usage = "ocelli prompts [-t \"TEXT\"]... [-T FILE]... [--template \"a photo of a {}.\"]... [--json] | ocelli "
             "prompts --tune -m BLOB [--labels FILE] [-T FILE]... [--template TEXT]... [--templates FILE]... "
             "[--adjective WORD]... [--held-out PERCENT] [-o FILE] [--orientation exif|ignore] [-q] [--json] FOLDER",
    .help =
        "Lists the prompts that tags expand to through their templates. No model is needed.\n\n"
        "With --tune it tries templates on the labelled pictures of FOLDER (folders named after classes, or --labels)\n"
        "and tells which help by how much. The best ones are chosen on a part of the pictures and measured on those\n"
        "held out, with paired bootstrap intervals, alone and averaged. The winner is printed as lines of an ini.\n\n"
        "Exit code 0: done, also when no template helps; 1: a picture could not be read, or nothing could be\n"
        "measured; 2: wrong usage.\n\n"
        "Options:\n"
        "  -t, --tag \"TEXT\"      a tag to be listed\n"
        "  -T, --tags FILE       tags with prompts of their own; with --tune they are the classes\n"
        "      --template TEXT   sentence around the tags, {} being the tag; with --tune what all are compared with\n"
        "                        (the first; default {})\n"
        "      --tune            try templates on pictures\n"
        "      --labels FILE     a table: a line PICTURE,CLASS for each picture; names are relative to FOLDER\n"
        "      --templates FILE  a template a line to try, in place of the built-in ones\n"
        "      --adjective WORD  try \"a WORD photo of a {}.\" and \"a photo of a WORD {}.\"\n"
        "      --held-out PERCENT  of the pictures, 1 to 99 (default 50)\n"
        "  -o, --output FILE     write the winning templates there, to copy into an ini; - is standard "
        "output\n" PICTURES_HELP "  -q, --quiet           no progress on a terminal\n" OPTIONS_HELP "\nExamples:\n"
        "  ocelli prompts -T tags.ini\n"
        "  ocelli prompts --tune -m clip.gguf -o templates.ini ~/imagenette/val\n"
        "  ocelli prompts --tune -m clip.gguf --labels labels.csv --adjective blurry --adjective dark pictures\n",
    .run = run,
};
