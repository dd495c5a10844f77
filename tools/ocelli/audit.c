/* SPDX-License-Identifier: Apache-2.0
 * ocelli audit: what do words and groups of pictures change in the answers? */
#include "base/file.h"
#include "base/log.h"
#include "ocelli/audit/audit.h"
#include "ocelli/common/pictures.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static int audit(const struct options *o, const struct audit_request *r) {
    struct audit a = {.request = r};
    /* before the long part, so that a wrong name is told at once */
    int status = r->folder ? file_make_folder(r->folder) : OCELLI_OK;
    if (!status) status = audit_work(&a, o);
    if (!status) status = audit_write(&a);
    if (!status && !audit_to_stdout(r)) audit_show(&a);
    size_t lost = a.input.lost + a.input.lost_folders;
    audit_finish(&a);
    return status ? options_exit_code(status) : lost ? EXIT_FAILED : EXIT_OK;
}

/* ---- the command line ---- */

enum {
    OPTION_PAIRS = OPTIONS_OWN,
    OPTION_LABELS,
    OPTION_TEMPLATE,
    OPTION_THRESHOLD,
    OPTION_JSON_FILE,
    OPTION_CSV,
    OPTION_REPORT,
    OPTION_ORIENTATION
};

static int take_file(const struct options *o, const char *option, const char **to) {
    *to = optarg;
    return options_file(o, option, optarg);
}

static int take_text(struct options *o, struct audit_request *r, const char *option, struct prompts_list *list) {
    int fault = options_text(o, option, optarg);
    return fault ? fault : options_exit_code(prompts_add(list, &r->arena, optarg));
}

static int take_threshold(const struct options *o, struct audit_request *r) {
    char *end;
    r->threshold = strtod(optarg, &end);
    if (end != optarg && !*end && r->threshold >= -1 && r->threshold <= 1) return EXIT_OK;
    return options_usage(o, "--threshold \"%s\" is no cosine from -1 to 1", optarg);
}

static int take_option(struct options *o, struct audit_request *r, int c) {
    switch (c) {
    case OPTION_PAIRS: return take_file(o, "--pairs", &r->pairs);
    case OPTION_LABELS: return take_file(o, "--labels", &r->labels);
    case 't': return take_text(o, r, "-t", &r->texts);
    case 'T': return take_text(o, r, "-T", &r->tags);
    case OPTION_TEMPLATE: return take_text(o, r, "--template", &r->templates);
    case OPTION_THRESHOLD: return take_threshold(o, r);
    case OPTION_JSON_FILE: return take_file(o, "--json", &r->json);
    case OPTION_CSV: return take_file(o, "--csv", &r->csv);
    case OPTION_REPORT: return take_file(o, "--report", &r->report);
    case 'o': return take_file(o, "-o", &r->folder);
    case OPTION_ORIENTATION: return pictures_orientation(o, &r->rule, optarg);
    default: r->quiet = true; return EXIT_OK;
    }
}

static int take_options(struct options *o, struct audit_request *r, int argc, char **argv) {
    static const struct option table[] = {OPTIONS_LONG_DEVICE,
                                          {"pairs", required_argument, NULL, OPTION_PAIRS},
                                          {"labels", required_argument, NULL, OPTION_LABELS},
                                          {"tag", required_argument, NULL, 't'},
                                          {"tags", required_argument, NULL, 'T'},
                                          {"template", required_argument, NULL, OPTION_TEMPLATE},
                                          {"threshold", required_argument, NULL, OPTION_THRESHOLD},
                                          {"json", required_argument, NULL, OPTION_JSON_FILE},
                                          {"csv", required_argument, NULL, OPTION_CSV},
                                          {"report", required_argument, NULL, OPTION_REPORT},
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

static int check_outputs(const struct options *o, const struct audit_request *r) {
    const char *const outputs[] = {r->json, r->csv, r->report};
    const char *const inputs[] = {o->model, r->labels, r->pairs};
    return options_outputs(o, outputs, 3, inputs, 3);
}

static int check(const struct options *o, const struct audit_request *r) {
    if (!o->model) return options_usage(o, "no model: give -m BLOB");
    if (!r->pairs && !r->labels)
        return options_usage(o, "nothing to compare: give --pairs FILE, or --labels FILE with groups");
    int code = options_file(o, "FOLDER", r->dir);
    return code ? code : check_outputs(o, r);
}

static int run(int argc, char **argv) {
    struct options o = {.command = &command_audit};
    struct audit_request r = {.threshold = (double)NAN};
    int code;
    if (take_options(&o, &r, argc, argv) == OPTIONS_STOP)
        code = o.exit_code;
    else if (optind == argc)
        code = options_usage(&o, "no FOLDER of pictures");
    else if (optind + 1 < argc)
        code = options_usage(&o, "\"%s\" is one argument too many", argv[optind + 1]);
    else {
        r.dir = argv[optind];
        code = check(&o, &r);
        if (!code) code = audit(&o, &r);
    }
    arena_finish(&r.arena);
    return code;
}

const struct command command_audit = {
    .name = "audit",
    .summary = "measure what words and groups change in the answers",
    .usage = "ocelli audit -m BLOB [--pairs FILE] [--labels FILE] [-t \"TEXT\"]... [-T FILE]... "
             "[--template \"a photo of a {}.\"]... [--threshold COSINE] [--json FILE] [--csv FILE] [--report FILE] "
             "[-o FOLDER] [--orientation exif|ignore] [-q] FOLDER",
    .help =
        "Swaps the words of each pair (he and she, young and old) in the prompts, and tells what that changes on the\n"
        "pictures of FOLDER: the shift of cosine and score of each prompt, how many pictures are selected, and for "
        "how\n"
        "many another tag is. If --labels has a column \"group\", it also tells for each tag how the groups differ:\n"
        "selection rate, false positive and false negative rate, demographic parity and equalized odds difference, as\n"
        "Fairlearn computes them, each with an interval and with what chance makes. docs/evaluation.md explains "
        "them.\n\n"
        "The tags are those of -t and -T, else the classes of --labels or of the folders in FOLDER. The best tag of a\n"
        "picture is selected, or with --threshold each whose cosine is at least that.\n\n"
        "Exit code 0: all pictures were used; 1: some could not be read (told, counted, the others were used), or\n"
        "nothing could be measured; 2: wrong usage.\n\n"
        "Options:\n"
        "      --pairs FILE      a pair a line, as he,she; # begins a comment\n"
        "      --labels FILE     a table with a first line of names: image, label and group, one of the last two at\n"
        "                        least; names of pictures are relative to FOLDER\n"
        "  -t, --tag \"TEXT\"      a tag\n"
        "  -T, --tags FILE       tags with several prompts each, as the daemon's file has\n"
        "      --template TEXT   sentence around the tags, {} being the tag; several are averaged\n"
        "      --threshold COSINE  select each tag with this cosine or more, from -1 to 1\n"
        "      --csv FILE        a table of each picture and tag: cosine, score, selected\n"
        "      --report FILE     one HTML page with all of it\n"
        "  -o, --output FOLDER   all of these and more as files in FOLDER, which is made\n" PICTURES_HELP
        "  -q, --quiet           no progress on a terminal\n" OPTIONS_HELP_DEVICE
        "      --json FILE       all numbers; - is standard output, instead of the summary\n"
        "  -h, --help            this text\n\n"
        "Examples:\n"
        "  ocelli audit -m clip.gguf --pairs pairs.csv -t \"a photo of a male nurse\" -t \"a photo of a man\" "
        "pictures\n"
        "  ocelli audit -m clip.gguf --labels labels.csv -o out pictures\n",
    .run = run,
};
