/* SPDX-License-Identifier: Apache-2.0
 * ocelli score: how well does each picture fit a text? Best first. */
#include "ocelli/score.h"
#include "base/log.h"
#include "ocelli/common/csv.h"
#include "ocelli/options.h"
#include "ocelli/common/picture_list.h"
#include "ocelli/common/pictures.h"
#include "ocelli/common/plain.h"
#include "ocelli/common/progress.h"
#include "text/json.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A picture that was read. */
struct row {
    char *image;
    float *cosines; /* (texts) */
};

struct rank {
    float cosine;
    size_t row;
};

struct ranking {
    struct scorer scorer;
    struct row *rows; /* (count) */
    size_t count, capacity, all, unread;
    size_t top; /* 0: all */
    bool csv, quiet, server, recursive;
    float *vectors; /* (PICTURES_MOST, D) */
    struct progress progress;
};

static int out_of_memory(void) {
    return log_fail(OCELLI_ERR_MEMORY, "out of memory for scores");
}

static int add_row(struct ranking *r, const char *image, const float *vector) {
    if (r->count == r->capacity) {
        size_t capacity = r->capacity ? 2 * r->capacity : 64;
        struct row *grown = realloc(r->rows, capacity * sizeof *grown);
        if (!grown) return out_of_memory();
        r->rows = grown, r->capacity = capacity;
    }
    struct row row = {strdup(image), calloc(r->scorer.set.count, sizeof *row.cosines)};
    r->rows[r->count++] = row;
    if (!row.image || !row.cosines) return out_of_memory();
    ocelli_tags_score(r->scorer.tags, vector, NULL, row.cosines);
    return OCELLI_OK;
}

static int score_batch(struct ranking *r, const struct pictures *p) {
    int status = p->count ? ocelli_embed_images(r->scorer.handle, p->images, p->count, r->vectors) : OCELLI_OK;
    for (size_t i = 0; !status && i < p->count; i++)
        status = add_row(r, p->names[i], r->vectors + i * r->scorer.dimensions);
    return status;
}

static int score_list(struct ranking *r, struct picture_list *list) {
    struct pictures p = {.rule = r->scorer.rule};
    int status = OCELLI_OK, end = OCELLI_OK;
    const char *name;
    while (!status && !end) {
        size_t taken = 0;
        for (; !end && !pictures_full(&p); taken++) {
            end = picture_list_next(list, &name);
            if (end) break;
            if (pictures_add(&p, name)) r->unread++;
        }
        status = end < 0 ? end : score_batch(r, &p);
        pictures_clear(&p);
        r->all += taken;
        progress_step(&r->progress, taken);
    }
    return status;
}

/* ---- what is shown ---- */

/* NaN last, equal ones as given. */
static int better(const void *a, const void *b) {
    const struct rank *x = a, *y = b;
    float p = isnan(x->cosine) ? -INFINITY : x->cosine, q = isnan(y->cosine) ? -INFINITY : y->cosine;
    if (p != q) return p > q ? -1 : 1;
    return x->row < y->row ? -1 : 1;
}

static void show_json(const struct ranking *r, const char *text, const struct rank *ranks, size_t count) {
    struct json j = {.to = stdout};
    json_begin(&j, NULL, '{');
    json_text(&j, "text", text);
    json_begin(&j, "images", '[');
    for (size_t i = 0; i < count; i++) {
        double cosine = (double)ranks[i].cosine;
        json_begin(&j, NULL, '{');
        json_text(&j, "image", r->rows[ranks[i].row].image);
        json_number(&j, "cosine", cosine, JSON_SHORT);
        json_number(&j, "score", score_of(cosine), JSON_SHORT);
        json_number(&j, "clipscore", score_clipscore(cosine), JSON_SHORT);
        json_end(&j, '}');
    }
    json_end(&j, ']');
    json_end(&j, '}');
    putchar('\n');
}

static void show_csv(const struct ranking *r, const char *text, const struct rank *ranks, size_t count) {
    struct csv csv = {.to = stdout};
    for (size_t i = 0; i < count; i++) {
        double cosine = (double)ranks[i].cosine;
        csv_text(&csv, text);
        csv_number(&csv, (double)(i + 1), JSON_FLOAT);
        csv_text(&csv, r->rows[ranks[i].row].image);
        csv_number(&csv, cosine, JSON_SHORT);
        csv_number(&csv, score_of(cosine), JSON_SHORT);
        csv_number(&csv, score_clipscore(cosine), JSON_SHORT);
        csv_end_line(&csv);
    }
}

static void show_plain(const struct ranking *r, const char *text, const struct rank *ranks, size_t count) {
    plain_text(stdout, text);
    putchar('\n');
    for (size_t i = 0; i < count; i++) {
        printf("  %6.2f  %6.3f  ", score_of((double)ranks[i].cosine), (double)ranks[i].cosine);
        plain_text(stdout, r->rows[ranks[i].row].image);
        putchar('\n');
    }
}

static int show(const struct ranking *r) {
    struct rank *ranks = calloc(r->count ? r->count : 1, sizeof *ranks);
    if (!ranks) return out_of_memory();
    size_t count = r->top && r->top < r->count ? r->top : r->count;
    if (r->csv) puts("text,rank,image,cosine,score,clipscore");
    for (size_t t = 0; t < r->scorer.set.count; t++) {
        for (size_t i = 0; i < r->count; i++) ranks[i] = (struct rank){r->rows[i].cosines[t], i};
        qsort(ranks, r->count, sizeof *ranks, better);
        (r->scorer.json ? show_json : r->csv ? show_csv : show_plain)(r, r->scorer.set.tags[t].name, ranks, count);
    }
    free(ranks);
    return OCELLI_OK;
}

/* ---- the command ---- */

static int prepare(struct ranking *r, const struct options *o, const struct tagset_source *source) {
    struct scorer *s = &r->scorer;
    struct ocelli_info info;
    int status = tagset_init(&s->set, source);
    if (!status) status = options_open(o, &s->handle);
    if (!status && s->set.count) status = ocelli_tags_create(&s->tags, s->handle, s->set.tags, s->set.count);
    if (status) return status;
    ocelli_get_info(s->handle, &info);
    s->dimensions = info.embedding_size;
    r->vectors = calloc(PICTURES_MOST, s->dimensions * sizeof *r->vectors);
    return r->vectors ? OCELLI_OK : out_of_memory();
}

static int rank_list(struct ranking *r, struct picture_list *list) {
    if (!r->quiet && progress_possible()) progress_begin(&r->progress, picture_list_count(list));
    int status = score_list(r, list);
    progress_end(&r->progress);
    if (!status) status = show(r);
    if (!status && list->any_folder && r->unread) log_error("%zu of %zu pictures could not be read", r->unread, r->all);
    return status;
}

static void finish(struct ranking *r) {
    for (size_t i = 0; i < r->count; i++) {
        free(r->rows[i].image);
        free(r->rows[i].cosines);
    }
    free(r->rows);
    free(r->vectors);
    ocelli_tags_destroy(&r->scorer.tags);
    ocelli_close(&r->scorer.handle);
    tagset_finish(&r->scorer.set);
}

static int score(struct ranking *r, const struct options *o, const struct tagset_source *source,
                 struct picture_list *list) {
    r->scorer.json = o->json;
    int status = prepare(r, o, source);
    if (!status) status = r->server ? score_serve(&r->scorer) : rank_list(r, list);
    finish(r);
    return status ? options_exit_code(status) : r->unread || list->unread ? EXIT_FAILED : EXIT_OK;
}

enum {
    OPTION_TEXT = OPTIONS_OWN,
    OPTION_TEMPLATE,
    OPTION_TOP,
    OPTION_ORIENTATION,
    OPTION_CSV,
    OPTION_SERVER,
    TOP_MOST = 1000000
};

static int take_options(struct options *o, struct ranking *r, struct tagset_source *source, struct arena *arena,
                        int argc, char **argv) {
    static const struct option table[] = {OPTIONS_LONG,
                                          {"text", required_argument, NULL, OPTION_TEXT},
                                          {"template", required_argument, NULL, OPTION_TEMPLATE},
                                          {"top", required_argument, NULL, OPTION_TOP},
                                          {"orientation", required_argument, NULL, OPTION_ORIENTATION},
                                          {"recursive", no_argument, NULL, 'r'},
                                          {"quiet", no_argument, NULL, 'q'},
                                          {"csv", no_argument, NULL, OPTION_CSV},
                                          {"server", no_argument, NULL, OPTION_SERVER},
                                          {0}};
    int c;
    while ((c = options_next(o, argc, argv, OPTIONS_LETTERS "rq", table)) >= 0) {
        int status = OCELLI_OK;
        o->exit_code = 0;
        switch (c) {
        case OPTION_TEXT:
            o->exit_code = options_text(o, "--text", optarg);
            status = prompts_add(&source->texts, arena, optarg);
            break;
        case OPTION_TEMPLATE:
            o->exit_code = options_text(o, "--template", optarg);
            status = prompts_add(&source->templates, arena, optarg);
            break;
        case OPTION_TOP: o->exit_code = options_number(o, "--top", optarg, TOP_MOST, &r->top); break;
        case OPTION_ORIENTATION: o->exit_code = pictures_orientation(o, &r->scorer.rule, optarg); break;
        case OPTION_CSV: r->csv = true; break;
        case OPTION_SERVER: r->server = true; break;
        case 'r': r->recursive = true; break;
        case 'q': r->quiet = true; break;
        }
        if (status) o->exit_code = options_exit_code(status);
        if (o->exit_code) return OPTIONS_STOP;
    }
    return c;
}

static int check(const struct options *o, const struct ranking *r, size_t texts, const struct picture_list *list) {
    int fault = 0;
    if (!o->model) return options_usage(o, "no model: give -m BLOB");
    if (o->json && r->csv) return options_usage(o, "--json and --csv exclude each other");
    if (r->server && (list->count || r->csv || r->top))
        return options_usage(o, "--server takes no IMAGE, --csv or --top: pictures come by standard input");
    if (!r->server && !texts) return options_usage(o, "no text: give --text \"TEXT\"");
    if (!r->server && !list->count) return options_usage(o, "no IMAGE");
    for (size_t i = 0; !fault && i < list->count; i++) fault = options_file(o, "IMAGE", list->operands[i]);
    return fault;
}

static int run(int argc, char **argv) {
    struct options o = {.command = &command_score};
    struct ranking r = {0};
    struct tagset_source source = {.noun = "text"};
    struct arena arena = {0};
    struct picture_list list = {0};
    int code;
    if (take_options(&o, &r, &source, &arena, argc, argv) == OPTIONS_STOP)
        code = o.exit_code;
    else {
        list = (struct picture_list){
            .operands = (const char *const *)argv + optind, .count = (size_t)(argc - optind), .below = r.recursive};
        code = check(&o, &r, source.texts.count, &list);
        if (!code) code = score(&r, &o, &source, &list);
    }
    picture_list_finish(&list);
    arena_finish(&arena);
    return code;
}

const struct command command_score = {
    .name = "score",
    .summary = "rank pictures by how well they fit a text",
    .usage = "ocelli score -m BLOB --text \"TEXT\"... [--template \"a photo of a {}.\"]... [--top N] "
             "[--orientation exif|ignore] [-r] [-q] [--json|--csv] IMAGE|FOLDER... | ocelli score -m BLOB --server "
             "[--text \"TEXT\"]...",
    .help =
        "Prints for each text the pictures, best first: CLIP score (100 * the cosine, at least 0), cosine, name.\n"
        "--json and --csv also have CLIPScore as it was published (2.5 * the cosine, at least 0). A picture that\n"
        "cannot be read gives a line on stderr and exit code 1; the others are ranked.\n\n"
        "With --server each line of standard input is answered by one line at once, in order, until the input ends. A\n"
        "line is the path of a picture, answered by the cosine with each text, or JSON, {\"image\":\"PATH\",\"text\":\n"
        "\"TEXT\"}, answered by JSON. A line that cannot be answered gives \"error: ...\", or JSON with \"error\".\n\n"
        "Options:\n"
        "      --text \"TEXT\"     what the pictures should show; may be given several times\n"
        "      --template TEXT   sentence around the texts, {} being the text; several are averaged\n"
        "      --top N           only the best N pictures of each text\n"
        "      --server          answer lines of standard input\n" PICTURES_HELP
        "  -r, --recursive       of a FOLDER also the folders in it\n"
        "  -q, --quiet           no progress on a terminal\n"
        "      --csv             a table: a header, then a line for each text and picture (RFC 4180, "
        "UTF-8)\n" OPTIONS_HELP "\nExamples:\n"
        "  ocelli score -m clip.gguf --text \"a red truck\" --top 1 generated/*.png\n"
        "  ls generated/*.png | ocelli score -m clip.gguf --text \"a red truck\" --server\n",
    .run = run,
};
