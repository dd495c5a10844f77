/* SPDX-License-Identifier: Apache-2.0
 * ocelli eval: how good a model is on labelled pictures, or on pictures with captions. */
#include "base/log.h"
#include "ocelli/eval/eval_work.h"
#include "ocelli/common/pictures.h"

#include <string.h>

/* The folder's name, without slashes at its end. */
static const char *name_of(struct arena *arena, const char *dir) {
    size_t end = strlen(dir), begin;
    while (end > 1 && dir[end - 1] == '/') end--;
    for (begin = end; begin && dir[begin - 1] != '/'; begin--) continue;
    const char *name = arena_copy(arena, dir + begin, end - begin);
    return name && *name ? name : "pictures";
}

static int eval(const struct options *o, struct eval_request *r) {
    struct evaluation e = {.request = r};
    e.result = (struct eval_result){
        .input = &e.input, .pairs = r->pairs != NULL, .dataset = r->dataset ? r->dataset : name_of(&r->arena, r->dir)};
    int status = eval_work(&e, o);
    size_t lost = e.input.lost + e.input.lost_folders;
    eval_work_finish(&e);
    return status ? options_exit_code(status) : lost ? EXIT_FAILED : EXIT_OK;
}

/* ---- the command line ---- */

enum {
    OPTION_LABELS = OPTIONS_OWN,
    OPTION_PAIRS,
    OPTION_TEMPLATE,
    OPTION_TEMPLATES,
    OPTION_AGAINST,
    OPTION_DATASET,
    OPTION_JSON_FILE,
    OPTION_CSV,
    OPTION_REPORT,
    OPTION_ORIENTATION
};

static bool is_ini(const char *path) {
    size_t length = strlen(path);
    return length > 4 && !strcmp(path + length - 4, ".ini");
}

static int take_file(const struct options *o, const char *option, const char *name, const char **to) {
    *to = name;
    return options_file(o, option, name);
}

static int take_text(const struct options *o, struct eval_request *r, const char *option, struct prompts_list *list) {
    int fault = strcmp(option, "--template") ? options_file(o, option, optarg) : options_text(o, option, optarg);
    return fault ? fault : options_exit_code(prompts_add(list, &r->arena, optarg));
}

static int take_option(struct options *o, struct eval_request *r, int c) {
    switch (c) {
    case OPTION_LABELS:
        if (is_ini(optarg)) return take_text(o, r, "--labels", &r->tags);
        return take_file(o, "--labels", optarg, &r->labels);
    case 'T': return take_text(o, r, "-T", &r->tags);
    case OPTION_PAIRS: return take_file(o, "--pairs", optarg, &r->pairs);
    case OPTION_TEMPLATE: return take_text(o, r, "--template", &r->templates);
    case OPTION_TEMPLATES: return take_text(o, r, "--templates", &r->sets);
    case OPTION_AGAINST: return take_file(o, "--against", optarg, &r->against);
    case OPTION_DATASET: r->dataset = optarg; return options_text(o, "--dataset", optarg);
    case OPTION_JSON_FILE: return take_file(o, "--json", optarg, &r->outputs.json);
    case OPTION_CSV: return take_file(o, "--csv", optarg, &r->outputs.csv);
    case OPTION_REPORT: return take_file(o, "--report", optarg, &r->outputs.report);
    case 'o': return take_file(o, "-o", optarg, &r->outputs.folder);
    case OPTION_ORIENTATION: return pictures_orientation(o, &r->rule, optarg);
    default: r->quiet = true; return EXIT_OK;
    }
}

static int take_options(struct options *o, struct eval_request *r, int argc, char **argv) {
    static const struct option table[] = {OPTIONS_LONG_DEVICE,
                                          {"labels", required_argument, NULL, OPTION_LABELS},
                                          {"tags", required_argument, NULL, 'T'},
                                          {"pairs", required_argument, NULL, OPTION_PAIRS},
                                          {"template", required_argument, NULL, OPTION_TEMPLATE},
                                          {"templates", required_argument, NULL, OPTION_TEMPLATES},
                                          {"against", required_argument, NULL, OPTION_AGAINST},
                                          {"dataset", required_argument, NULL, OPTION_DATASET},
                                          {"json", required_argument, NULL, OPTION_JSON_FILE},
                                          {"csv", required_argument, NULL, OPTION_CSV},
                                          {"report", required_argument, NULL, OPTION_REPORT},
                                          {"output", required_argument, NULL, 'o'},
                                          {"orientation", required_argument, NULL, OPTION_ORIENTATION},
                                          {"quiet", no_argument, NULL, 'q'},
                                          {0}};
    int c;
    while ((c = options_next(o, argc, argv, OPTIONS_LETTERS "T:o:q", table)) >= 0) {
        o->exit_code = take_option(o, r, c);
        if (o->exit_code) return OPTIONS_STOP;
    }
    return c;
}

static int check(const struct options *o, const struct eval_request *r) {
    if (!o->model) return options_usage(o, "no model: give -m BLOB");
    if (r->pairs && (r->labels || r->tags.count)) return options_usage(o, "--pairs and --labels exclude each other");
    if (r->pairs && (r->templates.count || r->sets.count))
        return options_usage(o, "captions are taken as they are: --pairs takes no templates");
    if (r->sets.count + (r->templates.count > 0) > EVAL_SETS - 1)
        return options_usage(o, "more than %d sets of templates", EVAL_SETS - 1);
    return EXIT_OK;
}

static int check_outputs(const struct options *o, const struct eval_request *r) {
    const char *const outputs[] = {r->outputs.json, r->outputs.csv, r->outputs.report};
    const char *const inputs[] = {o->model, r->against, r->labels, r->pairs};
    return options_outputs(o, outputs, 3, inputs, 4);
}

static int run(int argc, char **argv) {
    struct options o = {.command = &command_eval};
    struct eval_request r = {.dir = NULL};
    int code;
    if (take_options(&o, &r, argc, argv) == OPTIONS_STOP)
        code = o.exit_code;
    else if (optind == argc)
        code = options_usage(&o, "no FOLDER of pictures");
    else if (optind + 1 < argc)
        code = options_usage(&o, "\"%s\" is one argument too many", argv[optind + 1]);
    else {
        r.dir = argv[optind];
        code = options_file(&o, "FOLDER", r.dir);
        if (!code) code = check(&o, &r);
        if (!code) code = check_outputs(&o, &r);
        if (!code) code = eval(&o, &r);
    }
    arena_finish(&r.arena);
    return code;
}

const struct command command_eval = {
    .name = "eval",
    .summary = "measure a model on labelled pictures or captions",
    .usage = "ocelli eval -m BLOB [--labels FILE] [-T FILE]... [--template \"a photo of a {}.\"]... "
             "[--templates FILE]... [--pairs FILE] [--against BLOB] [--dataset NAME] [--json FILE] [--csv FILE] "
             "[--report FILE] [-o FOLDER] [--orientation exif|ignore] [-q] FOLDER",
    .help =
        "Classifies the pictures of FOLDER without training, and tells how often that is right: top-1, top-5, mean\n"
        "recall of the classes, precision, recall and F1 of each, what is confused, and whether the scores mean what\n"
        "they say (ECE, and the temperature that mends it). Each folder in FOLDER is a class, named after it, unless\n"
        "--labels tells the classes. With --pairs it tells how often a caption finds its picture among all, and a\n"
        "picture its caption, and the contrastive loss. docs/evaluation.md explains each number.\n\n"
        "Exit code 0: all pictures were used; 1: some could not be read (told, counted, the others were used), or\n"
        "nothing could be measured; 2: wrong usage.\n\n"
        "Options:\n"
        "      --labels FILE     a table: a line PICTURE,CLASS for each picture; names are relative to FOLDER.\n"
        "                        If its name ends in .ini: as -T\n"
        "  -T, --tags FILE       classes with prompts of their own, as `ocelli tag` has them\n"
        "      --pairs FILE      a table: a line PICTURE,CAPTION for each caption\n"
        "      --template TEXT   sentence around the class, {} being its name; several are averaged\n"
        "      --templates FILE  a template a line; given again, each set is compared with the first\n"
        "      --against BLOB    another model to compare with, on the same pictures\n"
        "      --dataset NAME    what the JSON calls it (default: the name of FOLDER)\n"
        "      --csv FILE        a table of each picture: class, prediction, rank, score\n"
        "      --report FILE     one HTML page with all of it\n"
        "  -o, --output FOLDER   all of these and more as files in FOLDER, which is made\n" PICTURES_HELP
        "  -q, --quiet           no progress on a terminal\n" OPTIONS_HELP_DEVICE
        "      --json FILE       as CLIP_benchmark writes it; - is standard output, instead of the summary\n"
        "  -h, --help            this text\n\n"
        "Examples:\n"
        "  ocelli eval -m clip.gguf --template \"a photo of a {}.\" ~/imagenette/val\n"
        "  ocelli eval -m clip.gguf --labels labels.csv --templates plain.txt --templates photo.txt pictures\n"
        "  ocelli eval -m clip.gguf --pairs captions.csv --report page.html pictures\n",
    .run = run,
};
