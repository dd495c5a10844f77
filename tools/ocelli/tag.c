/* SPDX-License-Identifier: Apache-2.0
 * ocelli tag: which of these tags fits each picture? */
#include "base/log.h"
#include "text/json.h"
#include "margins.h"
#include "options.h"
#include "pictures.h"
#include "plain.h"
#include "tagset.h"

#include <math.h>
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
    bool json;
    size_t top;     /* tags to show of each picture */
    float *vectors; /* (PICTURES_MOST, D) */
    float *scores, *cosines;
    struct margins margins;
    struct rank *ranks; /* (tags) */
    bool failed;        /* a picture could not be read */
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

/* The daemon compares this with its thresholds. Tags of -t have no rivals, so it would only be the cosine again. */
static void show_margin_json(const struct tagger *t, struct json *j, size_t tag) {
    const struct margin *margin = &t->margins.margin[tag];
    if (!t->set->from_files) return;
    json_number(j, "margin", (double)margin->value, JSON_SHORT);
    json_text(j, "rival", margin->rival);
}

static void show_json(const struct tagger *t, const char *name) {
    struct json j = {.to = stdout};
    json_begin(&j, NULL, '{');
    json_text(&j, "image", name);
    json_begin(&j, "tags", '[');
    for (size_t i = 0; i < t->top; i++) {
        json_begin(&j, NULL, '{');
        json_text(&j, "tag", t->set->tags[t->ranks[i].tag].name);
        json_number(&j, "score", (double)t->ranks[i].score, JSON_SHORT);
        json_number(&j, "cosine", (double)t->ranks[i].cosine, JSON_SHORT);
        show_margin_json(t, &j, t->ranks[i].tag);
        json_end(&j, '}');
    }
    json_end(&j, ']');
    json_end(&j, '}');
    putchar('\n');
}

/* Numbers before the tag: then they stand in columns whatever its letters' widths. */
static void show(const struct tagger *t, const char *name) {
    plain_text(stdout, name);
    putchar('\n');
    for (size_t i = 0; i < t->top; i++) {
        printf("  %6.2f%%  %6.3f  ", 100 * (double)t->ranks[i].score, (double)t->ranks[i].cosine);
        if (t->margins.any) printf("%+6.3f  ", (double)t->margins.margin[t->ranks[i].tag].value);
        plain_text(stdout, t->set->tags[t->ranks[i].tag].name);
        putchar('\n');
    }
}

static int tag_pictures(struct tagger *t, const struct pictures *p) {
    int status = p->count ? ocelli_embed_images(t->handle, p->images, p->count, t->vectors) : OCELLI_OK;
    for (size_t i = 0; !status && i < p->count; i++) {
        rank(t, t->vectors + i * t->embedding);
        (t->json ? show_json : show)(t, p->names[i]);
    }
    return status;
}

static int tag_files(struct tagger *t, char **names) {
    struct pictures pictures = {.rule = t->rule};
    int status = OCELLI_OK;
    while (!status && *names && !ferror(stdout)) {
        for (; *names && !pictures_full(&pictures); names++)
            if (pictures_add(&pictures, *names)) t->failed = true;
        status = tag_pictures(t, &pictures);
        pictures_clear(&pictures);
        fflush(stdout); /* whoever follows a long run sees it go on */
    }
    return status;
}

static int tagger_init(struct tagger *t, const struct options *o) {
    int status = options_open(o, &t->handle);
    if (!status) status = ocelli_tags_create(&t->tags, t->handle, t->set->tags, t->set->count);
    if (!status) status = margins_init(&t->margins, t->handle, t->set);
    if (status) return status;
    struct ocelli_info info;
    ocelli_get_info(t->handle, &info);
    t->embedding = info.embedding_size;
    t->vectors = calloc(PICTURES_MOST, t->embedding * sizeof *t->vectors);
    t->scores = calloc(t->set->count, sizeof *t->scores);
    t->cosines = calloc(t->set->count, sizeof *t->cosines);
    t->ranks = calloc(t->set->count, sizeof *t->ranks);
    if (!t->vectors || !t->scores || !t->cosines || !t->ranks)
        return log_fail(OCELLI_ERR_MEMORY, "out of memory for %zu tags", t->set->count);
    return OCELLI_OK;
}

static void tagger_finish(struct tagger *t) {
    free(t->vectors);
    free(t->scores);
    free(t->cosines);
    free(t->ranks);
    margins_finish(&t->margins);
    ocelli_tags_destroy(&t->tags);
    ocelli_close(&t->handle);
}

/* What the command line gave. */
struct request {
    struct tagset_source source;
    struct decode_rule rule;
    size_t top; /* 0: all */
};

static int tag(const struct options *o, const struct request *r, char **names) {
    struct tagset set;
    int status = tagset_init(&set, &r->source);
    struct tagger t = {.set = &set, .rule = r->rule, .json = o->json, .top = r->top && r->top < set.count ? r->top : set.count};
    if (!status) status = tagger_init(&t, o);
    if (!status) status = tag_files(&t, names);
    tagger_finish(&t);
    tagset_finish(&set);
    return status ? options_exit_code(status) : t.failed ? EXIT_FAILED : EXIT_OK;
}

enum { OPTION_TEMPLATE = OPTIONS_OWN, OPTION_TOP, OPTION_ORIENTATION, TOP_MOST = 1000000 };

/* Fills *r. Gives OPTIONS_END, or OPTIONS_STOP as options_next(). */
static int take_options(struct options *o, struct request *r, struct arena *arena, int argc, char **argv) {
    struct tagset_source *source = &r->source;
    static const struct option table[] = {OPTIONS_LONG,
                                          {"tag", required_argument, NULL, 't'},
                                          {"tags", required_argument, NULL, 'T'},
                                          {"template", required_argument, NULL, OPTION_TEMPLATE},
                                          {"top", required_argument, NULL, OPTION_TOP},
                                          {"orientation", required_argument, NULL, OPTION_ORIENTATION},
                                          {0}};
    int c;
    while ((c = options_next(o, argc, argv, OPTIONS_LETTERS "t:T:", table)) >= 0) {
        int status = OCELLI_OK;
        o->exit_code = 0;
        switch (c) {
        case 't':
            o->exit_code = options_text(o, "-t", optarg);
            status = prompts_add(&source->texts, arena, optarg);
            break;
        case 'T':
            o->exit_code = options_file(o, "-T", optarg);
            status = prompts_add(&source->files, arena, optarg);
            break;
        case OPTION_TEMPLATE:
            o->exit_code = options_text(o, "--template", optarg);
            status = prompts_add(&source->templates, arena, optarg);
            break;
        case OPTION_TOP: o->exit_code = options_number(o, "--top", optarg, TOP_MOST, &r->top); break;
        case OPTION_ORIENTATION: o->exit_code = pictures_orientation(o, &r->rule, optarg); break;
        }
        if (status) o->exit_code = options_exit_code(status);
        if (o->exit_code) return OPTIONS_STOP;
    }
    return c;
}

static int check_names(const struct options *o, char **names) {
    int fault = 0;
    for (; !fault && *names; names++) fault = options_file(o, "IMAGE", *names);
    return fault;
}

static int run(int argc, char **argv) {
    struct options o = {.command = &command_tag};
    struct request r = {0};
    struct arena arena = {0};
    int code;
    if (take_options(&o, &r, &arena, argc, argv) == OPTIONS_STOP)
        code = o.exit_code;
    else if (!o.model)
        code = options_usage(&o, "no model: give -m BLOB");
    else if (!r.source.texts.count && !r.source.files.count)
        code = options_usage(&o, "no tags: give -t \"TEXT\" or -T FILE");
    else if (optind == argc)
        code = options_usage(&o, "no IMAGE");
    else if (!(code = check_names(&o, argv + optind)))
        code = tag(&o, &r, argv + optind);
    arena_finish(&arena);
    return code;
}

const struct command command_tag = {
    .name = "tag",
    .summary = "tell which tags fit each picture",
    .usage = "ocelli tag -m BLOB [-t \"TEXT\"]... [-T FILE]... [--template \"a photo of a {}.\"]... "
             "[--top N] [--orientation exif|ignore] [--json] IMAGE...",
    .help = "Scores each IMAGE (PNG, JPEG, WebP, BMP, GIF, TGA, PNM; - is standard input) against the tags and\n"
            "prints them best first: score and cosine. The score is a share among these tags, so it says\n"
            "which fits best, not whether any fits; give tags for what else may be seen. For models with\n"
            "a sigmoid rule each score stands for itself. If a tag of FILE has prompts against or a group, the\n"
            "margin stands behind the cosine: the cosine less that of the best rival, which the daemon compares\n"
            "with its thresholds. A picture that cannot be read gives a line on stderr and exit code 1; the others\n"
            "are answered.\n\n"
            "Options:\n"
            "  -t, --tag \"TEXT\"      a tag; the text is used as it is, unless there are templates\n"
            "  -T, --tags FILE       tags with several prompts each, as the daemon's file has; docs/cli.md tells the format\n"
            "      --template TEXT   sentence around the tags, {} being the tag; several are averaged\n"
            "      --top N           only the best N tags of each picture\n" PICTURES_HELP OPTIONS_HELP "\n"
            "Examples:\n"
            "  ocelli tag -m clip.gguf -t \"an open garage door\" -t \"a closed garage door\" door.jpg\n"
            "  ocelli tag -m clip.gguf -t cat -t dog --template \"a photo of a {}.\" --json *.jpg\n",
    .run = run,
};
