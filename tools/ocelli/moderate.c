/* SPDX-License-Identifier: Apache-2.0
 * ocelli moderate: does a picture show what a policy rules out? */
#include "base/file.h"
#include "base/log.h"
#include "ocelli/moderate/moderate_learn.h"
#include "ocelli/moderate/moderate_show.h"

#include <string.h>

/* Beside those of command.h. */
enum { EXIT_FOUND = 3, EXIT_ABSTAINED = 4 };

struct judging {
    struct moderate_set set;
    void (*show)(const struct policy_file *file, const char *image, const struct policy_finding *findings,
                 const struct policy_verdict *verdict);
    size_t found, abstained;
};

/* A moderate_see. */
static int see(void *user, const char *name, const struct policy_verdict *verdict) {
    struct judging *j = user;
    j->show(&j->set.file, name, j->set.findings, verdict);
    if (!verdict) return OCELLI_OK;
    j->found += verdict->outcome >= POLICY_FLAGGED;
    j->abstained += verdict->outcome == POLICY_UNLIKE;
    return OCELLI_OK;
}

static int judge(struct judging *j, const struct moderate_request *r, struct picture_list *list, size_t *unread) {
    struct moderate_walk walk = {.set = &j->set, .pictures.rule = r->rule, .see = see, .user = j};
    int status = moderate_walk_list(&walk, list, r->quiet);
    *unread = walk.unread + list->unread;
    if (!status && walk.unread && list->any_folder)
        log_error("%zu of %zu pictures could not be read: they are not judged", walk.unread, walk.all);
    return status;
}

/* A picture that was not judged may show anything: it counts more than one that was. */
static int exit_code(int status, const struct judging *j, size_t unread) {
    if (status) return options_exit_code(status);
    if (unread) return EXIT_FAILED;
    return j->found ? EXIT_FOUND : j->abstained ? EXIT_ABSTAINED : EXIT_OK;
}

static int moderate(const struct options *o, const struct moderate_request *r, struct picture_list *list) {
    struct judging j = {.show = o->json ? moderate_show_json : moderate_show_plain};
    size_t unread = 0;
    int status = moderate_set_init(&j.set, o, r->policy, r->learn);
    if (!status) status = r->learn ? moderate_learn(&j.set, r, list, o->json, &unread) : judge(&j, r, list, &unread);
    moderate_set_finish(&j.set);
    return exit_code(status, &j, unread);
}

enum { OPTION_POLICY = OPTIONS_OWN, OPTION_LEARN, OPTION_LABELS, OPTION_POSITIVES, OPTION_ORIENTATION };

static int take_options(struct options *o, struct moderate_request *r, int argc, char **argv) {
    static const struct option table[] = {OPTIONS_LONG,
                                          {"policy", required_argument, NULL, OPTION_POLICY},
                                          {"learn", no_argument, NULL, OPTION_LEARN},
                                          {"labels", required_argument, NULL, OPTION_LABELS},
                                          {"positives", required_argument, NULL, OPTION_POSITIVES},
                                          {"orientation", required_argument, NULL, OPTION_ORIENTATION},
                                          {"recursive", no_argument, NULL, 'r'},
                                          {"quiet", no_argument, NULL, 'q'},
                                          {0}};
    int c;
    while ((c = options_next(o, argc, argv, OPTIONS_LETTERS "rq", table)) >= 0) {
        o->exit_code = 0;
        switch (c) {
        case OPTION_POLICY: r->policy = optarg, o->exit_code = options_file(o, "--policy", optarg); break;
        case OPTION_LEARN: r->learn = true; break;
        case OPTION_LABELS: r->labels = optarg, o->exit_code = options_file(o, "--labels", optarg); break;
        case OPTION_POSITIVES: r->positives = optarg, o->exit_code = options_file(o, "--positives", optarg); break;
        case OPTION_ORIENTATION: o->exit_code = pictures_orientation(o, &r->rule, optarg); break;
        case 'r': r->recursive = true; break;
        case 'q': r->quiet = true; break;
        }
        if (o->exit_code) return OPTIONS_STOP;
    }
    return c;
}

static int check_learn(const struct options *o, const struct moderate_request *r, const struct picture_list *list) {
    if (!r->learn && (r->labels || r->positives))
        return options_usage(o, "%s goes with --learn", r->labels ? "--labels" : "--positives");
    if (r->labels && r->positives) return options_usage(o, "--labels and --positives exclude each other");
    if (r->labels && list->count != 1)
        return options_usage(o, "--labels needs one FOLDER, which the names in %s are relative to", r->labels);
    return 0;
}

static int check(const struct options *o, const struct moderate_request *r, const struct picture_list *list) {
    if (!o->model) return options_usage(o, "no model: give -m BLOB");
    if (!r->policy) return options_usage(o, "no policies: give --policy FILE");
    if (!list->count) return options_usage(o, "no IMAGE");
    int fault = check_learn(o, r, list);
    for (size_t i = 0; !fault && i < list->count; i++) fault = options_file(o, "IMAGE", list->operands[i]);
    return fault;
}

static int run(int argc, char **argv) {
    struct options o = {.command = &command_moderate};
    struct moderate_request r = {.policy = NULL};
    if (take_options(&o, &r, argc, argv) == OPTIONS_STOP) return o.exit_code;
    struct picture_list list = {
        .operands = (const char *const *)argv + optind, .count = (size_t)(argc - optind), .below = r.recursive};
    int code = check(&o, &r, &list);
    if (!code) code = moderate(&o, &r, &list);
    picture_list_finish(&list);
    return code;
}

const struct command command_moderate = {
    .name = "moderate",
    .summary = "tell which pictures show what a policy rules out",
    .usage = "ocelli moderate -m BLOB --policy FILE [--learn [--labels FILE | --positives FOLDER]] "
             "[--orientation exif|ignore] [-r] [-q] [--json] IMAGE|FOLDER...",
    .help =
        "Judges each IMAGE by the policies of FILE (docs/moderation.md tells its format) and prints a line: clean,\n"
        "abstain (unlike anything named), flag, blur, drop (the gravest action of the policies that it shows), or\n"
        "unreadable. A script can go by the exit code:\n\n"
        "  0  all pictures are clean\n"
        "  1  failed, or a picture could not be read and so was not judged (with a line on stderr)\n"
        "  2  wrong usage\n"
        "  3  at least one picture shows what a policy names\n"
        "  4  none does, but at least one is unlike anything named\n\n"
        "With --learn the pictures are ordinary ones, of which a policy may find the share that its false_alarms\n"
        "allows: thresholds are learnt from them and written into FILE, whose comments stay. Nothing is written if\n"
        "there are too few pictures for it.\n\n"
        "CLIP sees what is visible, not what is meant: docs/moderation.md tells what it cannot judge.\n\n"
        "Options:\n"
        "      --policy FILE     the policies\n"
        "      --learn           learn thresholds from these pictures, instead of judging them\n"
        "      --labels FILE     of the one FOLDER: a table of pictures and labels (docs/evaluation.md). A label that "
        "is\n"
        "                        the name of a policy says that the picture shows it\n"
        "      --positives FOLDER   its folders are named after policies, and hold pictures that show them: how many\n"
        "                        of these are found is told\n" PICTURES_HELP
        "  -r, --recursive       of a FOLDER also the folders in it\n"
        "  -q, --quiet           no progress on a terminal\n" OPTIONS_HELP "\nExamples:\n"
        "  ocelli moderate -m clip.gguf --policy moderation.ini --learn -r ~/Pictures\n"
        "  ocelli moderate -m clip.gguf --policy moderation.ini upload.jpg || echo \"not shown\"\n",
    .run = run,
};
