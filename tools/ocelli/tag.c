/* SPDX-License-Identifier: Apache-2.0
 * ocelli tag: which of these tags fits each picture? */
#include "base/file.h"
#include "base/log.h"
#include "ocelli/tag/margins.h"
#include "ocelli/options.h"
#include "ocelli/common/picture_list.h"
#include "ocelli/common/pictures.h"
#include "ocelli/common/progress.h"
#include "ocelli/tag/tag_show.h"
#include "ocelli/tag/tag_svg.h"
#include "ocelli/common/tagset.h"
#include "tag/prompt_lint.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

struct rank {
    size_t tag;
    float score, cosine;
};

struct tagger {
    struct ocelli *handle;
    struct ocelli_tags *tags;
    const struct tagset *set;
    uint32_t embedding;      /* D */
    struct decode_rule rule; /* how pictures are read */
    void (*show)(const struct tag_result *result);
    const char *svg; /* file to be written instead; NULL: none */
    size_t top;      /* tags to show of each picture */
    float *vectors;  /* (PICTURES_MOST, D) */
    float *scores, *cosines;
    struct margins margins;
    struct rank *ranks;   /* (tags) */
    struct tag_row *rows; /* (top) */
    struct progress progress;
    size_t all, unread; /* pictures, and of them those that could not be read */
};

/* Best first; NaN last; equal ones as given. */
static int better(const void *a, const void *b) {
    const struct rank *x = a, *y = b;
    float p = isnan(x->cosine) ? -INFINITY : x->cosine, q = isnan(y->cosine) ? -INFINITY : y->cosine;
    if (p != q) return p > q ? -1 : 1;
    return x->tag < y->tag ? -1 : 1;
}

static void rank(struct tagger *t, const float *vector) {
    ocelli_tags_score(t->tags, vector, t->scores, t->cosines);
    margins_see(&t->margins, vector, t->cosines);
    for (size_t i = 0; i < t->set->count; i++) t->ranks[i] = (struct rank){i, t->scores[i], t->cosines[i]};
    qsort(t->ranks, t->set->count, sizeof *t->ranks, better);
}

/* The best, as they are shown. */
static struct tag_result result_of(struct tagger *t, const char *image) {
    for (size_t i = 0; i < t->top; i++) {
        const struct rank *rank = &t->ranks[i];
        const struct margin *margin = &t->margins.margin[rank->tag];
        t->rows[i] =
            (struct tag_row){t->set->tags[rank->tag].name, rank->score, rank->cosine, margin->value, margin->rival};
    }
    return (struct tag_result){.image = image,
                               .rows = t->rows,
                               .count = t->top,
                               .from_files = t->set->from_files,
                               .has_rivals = t->margins.any};
}

static int tag_pictures(struct tagger *t, const struct pictures *p) {
    int status = p->count ? ocelli_embed_images(t->handle, p->images, p->count, t->vectors) : OCELLI_OK;
    progress_hide(); /* results may go to the same terminal */
    for (size_t i = 0; !status && i < p->count; i++) {
        rank(t, t->vectors + i * t->embedding);
        struct tag_result result = result_of(t, p->names[i]);
        if (t->svg)
            status = tag_svg_write(t->svg, &result, &p->images[i]);
        else
            t->show(&result);
    }
    fflush(stdout); /* whoever follows a long run sees it go on */
    return status;
}

/* Until so many are held as fit, or the list ends: PICTURE_LIST_END. One that cannot be read is told, and counted. */
static int read_pictures(struct tagger *t, struct picture_list *list, struct pictures *p, size_t *taken) {
    int status = OCELLI_OK;
    const char *name;
    for (*taken = 0; !status && !pictures_full(p); ++*taken) {
        status = picture_list_next(list, &name);
        if (status) break;
        if (pictures_add(p, name)) t->unread++;
    }
    return status;
}

static int tag_list(struct tagger *tagger, struct picture_list *list) {
    struct pictures pictures = {.rule = tagger->rule};
    int status = OCELLI_OK;
    bool end = false;
    while (!status && !end && !ferror(stdout)) {
        size_t taken;
        status = read_pictures(tagger, list, &pictures, &taken);
        end = status == PICTURE_LIST_END;
        if (end) status = OCELLI_OK;
        if (!status) status = tag_pictures(tagger, &pictures);
        pictures_clear(&pictures);
        tagger->all += taken;
        progress_step(&tagger->progress, taken);
    }
    return status;
}

/* In a long run the lines about single pictures are far up. */
static void tell_unread(const struct tagger *t, const struct picture_list *list) {
    if (list->any_folder && t->unread) log_error("%zu of %zu pictures could not be read", t->unread, t->all);
}

static int tag_files(struct tagger *t, struct picture_list *list, bool quiet) {
    if (!quiet && progress_possible()) progress_begin(&t->progress, picture_list_count(list));
    if (t->show == tag_show_csv) tag_show_csv_header(&(struct tag_result){.from_files = t->set->from_files});
    int status = tag_list(t, list);
    progress_end(&t->progress);
    if (!status) tell_unread(t, list);
    return status;
}

static int tagger_init(struct tagger *tagger, const struct options *options) {
    int status = tagger->handle ? OCELLI_OK : options_open(options, &tagger->handle);
    if (!status) status = ocelli_tags_create(&tagger->tags, tagger->handle, tagger->set->tags, tagger->set->count);
    if (!status) status = margins_init(&tagger->margins, tagger->handle, tagger->set);
    if (status) return status;
    struct ocelli_info info;
    ocelli_get_info(tagger->handle, &info);
    tagger->embedding = info.embedding_size;
    tagger->vectors = calloc(PICTURES_MOST, tagger->embedding * sizeof *tagger->vectors);
    tagger->scores = calloc(tagger->set->count, sizeof *tagger->scores);
    tagger->cosines = calloc(tagger->set->count, sizeof *tagger->cosines);
    tagger->ranks = calloc(tagger->set->count, sizeof *tagger->ranks);
    tagger->rows = calloc(tagger->top, sizeof *tagger->rows);
    if (!tagger->vectors || !tagger->scores || !tagger->cosines || !tagger->ranks || !tagger->rows)
        return log_fail(OCELLI_ERR_MEMORY, "out of memory for %zu tags", tagger->set->count);
    return OCELLI_OK;
}

static void tagger_finish(struct tagger *t) {
    free(t->vectors);
    free(t->scores);
    free(t->cosines);
    free(t->ranks);
    free(t->rows);
    margins_finish(&t->margins);
    ocelli_tags_destroy(&t->tags);
    ocelli_close(&t->handle);
}

/* What the command line gave. */
struct request {
    struct tagset_source source;
    struct decode_rule rule;
    size_t top;      /* 0: all */
    bool csv, quiet; /* quiet: no progress */
    bool recursive;
    const char *svg; /* NULL: none */
};

static void lint(const struct tagger *t) {
    struct prompt_lint lint = {.man = false};
    struct ocelli_info info;
    ocelli_get_info(t->handle, &info);
    for (size_t i = 0; i < t->set->count; i++) {
        const struct prompts_list *against = &t->set->rivals[i].against;
        for (size_t k = 0; k < t->set->tags[i].prompt_count; k++) prompt_lint_add(&lint, t->set->tags[i].prompts[k]);
        for (size_t k = 0; k < against->count; k++) prompt_lint_add(&lint, against->texts[k]);
    }
    prompt_lint_tell(&lint, NULL, info.english_only);
}

/* Without -t and -T: of a model that has some. */
static int take_own_tags(const struct options *options, struct tagset_source *source, struct ocelli **handle) {
    struct ocelli_info info;
    int status = options_open(options, handle);
    if (status) return status;
    ocelli_get_info(*handle, &info);
    source->own = info.own_tags;
    if (source->own) return OCELLI_OK;
    options_usage(options, "no tags: give -t \"TEXT\" or -T FILE");
    return OCELLI_ERR_USAGE;
}

static int tag(const struct options *options, const struct request *request, struct picture_list *list) {
    struct tagset set = {0};
    struct tagset_source source = request->source;
    struct ocelli *handle = NULL;
    int status = source.texts.count || source.files.count ? OCELLI_OK : take_own_tags(options, &source, &handle);
    if (!status) status = tagset_init(&set, &source);
    struct tagger t = {.set = &set,
                       .handle = handle,
                       .rule = request->rule,
                       .show = options->json  ? tag_show_json
                               : request->csv ? tag_show_csv
                                              : tag_show_plain,
                       .svg = request->svg,
                       .top = request->top && request->top < set.count ? request->top : set.count};
    if (!status) status = tagger_init(&t, options);
    if (!status) lint(&t);
    if (!status) status = tag_files(&t, list, request->quiet);
    tagger_finish(&t);
    tagset_finish(&set);
    return status ? options_exit_code(status) : t.unread || list->unread ? EXIT_FAILED : EXIT_OK;
}

enum { OPTION_TEMPLATE = OPTIONS_OWN, OPTION_TOP, OPTION_ORIENTATION, OPTION_CSV, OPTION_SVG, TOP_MOST = 1000000 };

/* Fills *request. Gives OPTIONS_END, or OPTIONS_STOP as options_next(). */
static int take_options(struct options *options, struct request *request, struct arena *arena, int argc, char **argv) {
    struct tagset_source *source = &request->source;
    static const struct option table[] = {OPTIONS_LONG,
                                          {"tag", required_argument, NULL, 't'},
                                          {"tags", required_argument, NULL, 'T'},
                                          {"template", required_argument, NULL, OPTION_TEMPLATE},
                                          {"top", required_argument, NULL, OPTION_TOP},
                                          {"orientation", required_argument, NULL, OPTION_ORIENTATION},
                                          {"recursive", no_argument, NULL, 'r'},
                                          {"quiet", no_argument, NULL, 'q'},
                                          {"csv", no_argument, NULL, OPTION_CSV},
                                          {"svg", required_argument, NULL, OPTION_SVG},
                                          {0}};
    int c;
    while ((c = options_next(options, argc, argv, OPTIONS_LETTERS "t:T:rq", table)) >= 0) {
        int status = OCELLI_OK;
        options->exit_code = 0;
        switch (c) {
        case 't':
            options->exit_code = options_text(options, "-t", optarg);
            status = prompts_add(&source->texts, arena, optarg);
            break;
        case 'T':
            options->exit_code = options_file(options, "-T", optarg);
            status = prompts_add(&source->files, arena, optarg);
            break;
        case OPTION_TEMPLATE:
            options->exit_code = options_text(options, "--template", optarg);
            status = prompts_add(&source->templates, arena, optarg);
            break;
        case OPTION_TOP: options->exit_code = options_number(options, "--top", optarg, TOP_MOST, &request->top); break;
        case 'r': request->recursive = true; break;
        case 'q': request->quiet = true; break;
        case OPTION_CSV: request->csv = true; break;
        case OPTION_SVG:
            options->exit_code = options_file(options, "--svg", optarg);
            request->svg = optarg;
            break;
        case OPTION_ORIENTATION: options->exit_code = pictures_orientation(options, &request->rule, optarg); break;
        }
        if (status) options->exit_code = options_exit_code(status);
        if (options->exit_code) return OPTIONS_STOP;
    }
    return c;
}

static int check_forms(const struct options *o, const struct request *r, const struct picture_list *list) {
    if (o->json + r->csv + (r->svg != NULL) > 1) return options_usage(o, "--json, --csv and --svg exclude each other");
    if (r->svg && (list->count > 1 || picture_list_has_folder(list)))
        return options_usage(o, "--svg is of one picture: give one IMAGE");
    return 0;
}

static int check_names(const struct options *o, const struct request *r, const struct picture_list *list) {
    int fault = check_forms(o, r, list);
    for (size_t i = 0; !fault && i < list->count; i++) fault = options_file(o, "IMAGE", list->operands[i]);
    return fault;
}

/* It would be renamed over what it is made of. */
static bool is_input(const struct options *o, const struct request *r, const struct picture_list *list) {
    bool input = r->svg && (file_same(r->svg, o->model) || file_same(r->svg, list->operands[0]));
    if (input) log_error("%s: is an input: give another name to write to", r->svg);
    return input;
}

static int run(int argc, char **argv) {
    struct options o = {.command = &command_tag};
    struct request r = {0};
    struct arena arena = {0};
    struct picture_list list = {0};
    int code;
    if (take_options(&o, &r, &arena, argc, argv) == OPTIONS_STOP)
        code = o.exit_code;
    else if (!o.model)
        code = options_usage(&o, "no model: give -m BLOB");
    else if (optind == argc)
        code = options_usage(&o, "no IMAGE");
    else {
        list = (struct picture_list){
            .operands = (const char *const *)argv + optind, .count = (size_t)(argc - optind), .below = r.recursive};
        code = check_names(&o, &r, &list);
        if (!code) code = is_input(&o, &r, &list) ? EXIT_FAILED : tag(&o, &r, &list);
    }
    picture_list_finish(&list);
    arena_finish(&arena);
    return code;
}

const struct command command_tag = {
    .name = "tag",
    .summary = "tell which tags fit each picture",
    .usage = "ocelli tag -m BLOB [-t \"TEXT\"]... [-T FILE]... [--template \"a photo of a {}.\"]... "
             "[--top N] [--orientation exif|ignore] [-r] [-q] [--json|--csv|--svg FILE] IMAGE|FOLDER...",
    .help =
        "Scores each IMAGE (PNG, JPEG, WebP, BMP, GIF, TGA, PNM; - is standard input) against the tags and\n"
        "prints them best first: score and cosine. The score is a share among these tags, so it says\n"
        "which fits best, not whether any fits; give tags for what else may be seen. For models with\n"
        "a sigmoid rule each score stands for itself. If a tag of FILE has prompts against or a group, the\n"
        "margin stands behind the cosine: the cosine less that of the best rival, which the daemon compares\n"
        "with its thresholds. A picture that cannot be read gives a line on stderr and exit code 1; the others\n"
        "are answered.\n\n"
        "Of a FOLDER its pictures are taken, in the order of their names: files whose names end in png, jpg, jpeg,\n"
        "webp, bmp, gif, tga, pnm, ppm, pgm or pbm, but no hidden ones. Where standard error is a terminal, a line "
        "there\n"
        "tells how far it is.\n\n"
        "Options:\n"
        "  -t, --tag \"TEXT\"      a tag; the text is used as it is, unless there are templates\n"
        "  -T, --tags FILE       tags with several prompts each, as the daemon's file has; docs/cli.md tells the "
        "format.\n"
        "                        Without -t and -T a model that has no text tower uses its own tags\n"
        "      --template TEXT   sentence around the tags, {} being the tag; several are averaged\n"
        "      --top N           only the best N tags of each picture\n" PICTURES_HELP
        "  -r, --recursive       of a FOLDER also the folders in it\n"
        "  -q, --quiet           no progress on a terminal\n"
        "      --csv             a table: a header, then a line for each picture and tag (RFC 4180, UTF-8)\n"
        "      --svg FILE        of one IMAGE: a drawing of it and its tags, instead of lines\n" OPTIONS_HELP "\n"
        "Examples:\n"
        "  ocelli tag -m clip.gguf -t \"an open garage door\" -t \"a closed garage door\" door.jpg\n"
        "  ocelli tag -m clip.gguf -t cat -t dog --template \"a photo of a {}.\" --json *.jpg\n"
        "  ocelli tag -m clip.gguf -T tags.ini --top 1 --csv -r ~/Pictures >tags.csv\n",
    .run = run,
};
