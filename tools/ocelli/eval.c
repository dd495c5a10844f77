/* SPDX-License-Identifier: Apache-2.0
 * ocelli eval: how good a model is on labelled pictures, or on pictures with captions. */
#include "eval.h"
#include "base/file.h"
#include "base/log.h"
#include "eval_files.h"
#include "options.h"
#include "pictures.h"
#include "plain.h"
#include "progress.h"
#include "tag/prompts.h"
#include "tagset.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { TEXTS_MOST = 16, SETS = EVAL_VARIANTS - 1 };

/* What the command line gave. */
struct request {
    struct arena arena;
    const char *dir, *labels, *pairs, *against, *dataset;
    struct prompts_list tags;      /* files of -T; --labels FILE.ini is one too */
    struct prompts_list templates; /* --template */
    struct prompts_list sets;      /* files of --templates */
    struct eval_outputs outputs;
    struct decode_rule rule;
    bool quiet;
};

/* The class prompts of each set of templates. */
struct evaluation {
    const struct request *request;
    struct tagset sets[SETS];
    const char *set_names[SETS];
    size_t set_count;
    struct eval_input input;
    struct eval_result result;
    struct progress progress;
};

/* ---- templates and classes ---- */

/* A template a line, "{}" or CLIP_benchmark's "{c}" in it; blank lines and those that begin with # are passed over. */
static int read_templates(struct prompts_list *list, struct arena *arena, const char *path) {
    char *bytes, *rest;
    size_t size, number = 0;
    int status = file_load(path, &bytes, &size);
    if (status) return status;
    char *text = arena_copy(arena, bytes, size);
    free(bytes);
    if (!text) return log_fail(OCELLI_ERR_MEMORY, "%s: out of memory", path);
    if (strlen(text) != size) return log_fail(OCELLI_ERR_FILE, "%s: has a zero byte: it is no text in UTF-8", path);
    if (!strncmp(text, "\xEF\xBB\xBF", 3)) text += 3;
    for (char *line = text; !status && line; line = rest) {
        rest = strchr(line, '\n');
        if (rest) *rest++ = '\0';
        number++;
        size_t length = strlen(line);
        if (length && line[length - 1] == '\r') line[--length] = '\0';
        if (!length || *line == '#') continue;
        char *slot = strstr(line, "{c}");
        if (slot) memmove(slot + 1, slot + 2, strlen(slot + 2) + 1);
        if (!plain_utf8(line))
            return log_fail(OCELLI_ERR_FILE, "%s:%zu: is not UTF-8: convert the file first", path, number);
        if (!prompts_slot(line))
            return log_fail(OCELLI_ERR_FILE, "%s:%zu: has not {} once, where the class goes", path, number);
        status = prompts_add(list, arena, line);
    }
    if (!status && !list->count) return log_fail(OCELLI_ERR_FILE, "%s: no template in it: write one a line", path);
    return status;
}

/* The classes as prompts, in the order of the input. The first time `input` is empty, and classes come from files. */
static int make_set(struct evaluation *e, const struct prompts_list *templates, const char *name) {
    const struct request *r = e->request;
    struct tagset_source source = {.files = r->tags, .templates = *templates};
    if (!r->tags.count) source.texts = (struct prompts_list){.texts = e->input.classes, .count = e->input.class_count};
    e->set_names[e->set_count] = name;
    return tagset_init(&e->sets[e->set_count++], &source);
}

static int make_sets(struct evaluation *e) {
    const struct request *r = e->request;
    int status = OCELLI_OK;
    bool plain = r->templates.count || !r->sets.count;
    if (plain) status = make_set(e, &r->templates, r->templates.count ? "--template" : "no template");
    for (size_t i = 0; !status && i < r->sets.count; i++) {
        struct prompts_list *templates = arena_alloc(&e->input.arena, 1, sizeof *templates);
        if (!templates) return log_fail(OCELLI_ERR_MEMORY, "out of memory for templates");
        status = read_templates(templates, &e->input.arena, r->sets.texts[i]);
        if (!status) status = make_set(e, templates, r->sets.texts[i]);
    }
    return status;
}

static int read_input(struct evaluation *e) {
    const struct request *r = e->request;
    struct tagset known = {.count = 0};
    struct tagset_source source = {.files = r->tags};
    if (r->pairs) return eval_input_pairs(&e->input, r->dir, r->pairs);
    int status = r->tags.count ? tagset_init(&known, &source) : OCELLI_OK;
    const struct tagset *classes = r->tags.count ? &known : NULL;
    if (!status)
        status = r->labels ? eval_input_labels(&e->input, r->dir, r->labels, classes)
                           : eval_input_folders(&e->input, r->dir, classes);
    for (size_t i = 0; !status && classes && i < known.count; i++) { /* they end with the set */
        e->input.classes[i] = arena_copy(&e->input.arena, known.tags[i].name, strlen(known.tags[i].name));
        if (!e->input.classes[i]) status = log_fail(OCELLI_ERR_MEMORY, "out of memory for classes");
    }
    tagset_finish(&known);
    return status ? status : r->pairs ? OCELLI_OK : make_sets(e);
}

/* ---- vectors ---- */

static int embed_batch(struct evaluation *e, struct ocelli *handle, size_t *next, size_t n, float *vectors,
                       float *batch) {
    struct pictures p = {.rule = e->request->rule};
    struct eval_input *in = &e->input;
    size_t at[PICTURES_MOST], begun = *next;
    int status = OCELLI_OK;
    for (; *next < in->count && !pictures_full(&p); ++*next) {
        at[p.count] = *next;
        if (!in->unread[*next] && pictures_add(&p, in->paths[*next])) in->unread[*next] = true;
    }
    if (p.count) status = ocelli_embed_images(handle, p.images, p.count, batch);
    for (size_t i = 0; !status && i < p.count; i++) memcpy(vectors + at[i] * n, batch + i * n, n * sizeof *vectors);
    pictures_clear(&p);
    progress_step(&e->progress, *next - begun);
    return status;
}

static int embed_pictures(struct evaluation *e, struct ocelli *handle, struct eval_model *m) {
    float *batch = calloc(PICTURES_MOST, m->n * sizeof *batch);
    m->vectors = calloc(e->input.count, m->n * sizeof *m->vectors);
    int status =
        batch && m->vectors ? OCELLI_OK : log_fail(OCELLI_ERR_MEMORY, "out of memory for %zu pictures", e->input.count);
    if (!e->request->quiet && progress_possible()) progress_begin(&e->progress, e->input.count);
    for (size_t next = 0; !status && next < e->input.count;)
        status = embed_batch(e, handle, &next, m->n, m->vectors, batch);
    progress_end(&e->progress);
    free(batch);
    return status;
}

static int embed_texts(struct ocelli *handle, const char *const *texts, size_t count, size_t n, float *vectors) {
    int status = OCELLI_OK;
    for (size_t i = 0; !status && i < count; i += TEXTS_MOST)
        status =
            ocelli_embed_texts(handle, texts + i, count - i < TEXTS_MOST ? count - i : TEXTS_MOST, vectors + i * n);
    return status;
}

/* One class: the mean of its prompts' unit vectors, made unit length, as CLIP_benchmark does. */
static int embed_class(struct ocelli *handle, const struct ocelli_tag *tag, size_t n, float *vector) {
    float *prompts = calloc(tag->prompt_count, n * sizeof *prompts);
    if (!prompts) return log_fail(OCELLI_ERR_MEMORY, "out of memory for prompts");
    int status = embed_texts(handle, tag->prompts, tag->prompt_count, n, prompts);
    if (!status) status = prompts_average(prompts, tag->prompt_count, n, vector);
    free(prompts);
    return status;
}

static int add_variant(struct evaluation *e, struct ocelli *handle, const struct eval_model *m, size_t set,
                       const char *name) {
    struct eval_variant *v = &e->result.variants[e->result.variant_count++];
    const struct tagset *tags = &e->sets[set];
    *v = (struct eval_variant){.name = name, .model = m, .templates = e->set_names[set]};
    v->classes = calloc(tags->count, m->n * sizeof *v->classes);
    if (!v->classes) return log_fail(OCELLI_ERR_MEMORY, "out of memory for %zu classes", tags->count);
    int status = OCELLI_OK;
    for (size_t i = 0; !status && i < tags->count; i++)
        status = embed_class(handle, &tags->tags[i], m->n, v->classes + i * m->n);
    return status;
}

static int embed_captions(struct evaluation *e, struct ocelli *handle, struct eval_model *m) {
    const struct eval_input *in = &e->input;
    m->texts = calloc(in->text_count, m->n * sizeof *m->texts);
    if (!m->texts) return log_fail(OCELLI_ERR_MEMORY, "out of memory for %zu captions", in->text_count);
    return embed_texts(handle, in->texts, in->text_count, m->n, m->texts);
}

static void describe(struct eval_model *m, struct ocelli *handle) {
    struct ocelli_info info;
    ocelli_get_info(handle, &info);
    snprintf(m->name, sizeof m->name, "%s", info.model_name);
    snprintf(m->device, sizeof m->device, "%s", info.device_name);
    m->n = info.embedding_size;
    m->scale = (double)info.logit_scale;
}

/* Texts first: a fault in them is told before the long part. */
static int use_model(struct evaluation *e, const struct options *o, const char *path) {
    struct eval_result *r = &e->result;
    struct options with = *o;
    struct ocelli *handle = NULL;
    struct eval_model *m = &r->models[r->model_count];
    bool first = r->model_count++ == 0;
    m->path = with.model = path;
    int status = options_open(&with, &handle);
    if (status) return status;
    describe(m, handle);
    for (size_t i = 0; !status && !r->pairs && i < (first ? e->set_count : 1); i++)
        status = add_variant(e, handle, m, i, first ? e->set_names[i] : path);
    if (!status) status = embed_pictures(e, handle, m);
    ocelli_close(&handle);
    return status;
}

/* Captions of pictures that cannot be read are not embedded, so they come behind. */
static int caption_model(struct evaluation *e, const struct options *o, struct eval_model *m) {
    struct options with = *o;
    struct ocelli *handle = NULL;
    with.model = m->path;
    int status = options_open(&with, &handle);
    if (!status) status = embed_captions(e, handle, m);
    ocelli_close(&handle);
    return status;
}

/* ---- numbers ---- */

static int measure(struct evaluation *e, struct eval_variant *v) {
    const struct eval_input *in = &e->input;
    size_t count = in->count, classes = in->class_count;
    v->cosines = calloc(count, classes * sizeof *v->cosines);
    if (!v->cosines) return log_fail(OCELLI_ERR_MEMORY, "out of memory for %zu pictures", count);
    eval_cosines(v->model->vectors, count, v->classes, classes, v->model->n, v->cosines);
    eval_calibrate(&v->plain, v->cosines, in->labels, count, classes, v->model->scale);
    v->temperature = eval_temperature(v->cosines, in->labels, count, classes, v->model->scale);
    eval_calibrate(&v->fitted, v->cosines, in->labels, count, classes, v->model->scale / v->temperature);
    return eval_metrics_init(&v->metrics, v->cosines, in->labels, count, classes);
}

static int compare_ranks(struct eval_difference *out, const size_t *first, const size_t *second, size_t count,
                         size_t top) {
    bool *rights = calloc(count, 2);
    if (!rights) return log_fail(OCELLI_ERR_MEMORY, "out of memory for %zu pictures", count);
    for (size_t i = 0; i < count; i++) rights[i] = first[i] < top, rights[count + i] = second[i] < top;
    int status = eval_bootstrap(out, rights, rights + count, count);
    free(rights);
    return status;
}

static int measure_classes(struct evaluation *e) {
    struct eval_result *r = &e->result;
    const struct eval_metrics *first = &r->variants[0].metrics;
    int status = OCELLI_OK;
    for (size_t i = 0; !status && i < r->variant_count; i++) {
        struct eval_variant *v = &r->variants[i];
        status = measure(e, v);
        if (status || !i) continue;
        status = compare_ranks(&v->top1, first->rank, v->metrics.rank, e->input.count, 1);
        if (!status) status = compare_ranks(&v->top5, first->rank, v->metrics.rank, e->input.count, EVAL_TOP);
    }
    return status;
}

static int measure_pairs(struct evaluation *e) {
    struct eval_result *r = &e->result;
    const struct eval_input *in = &e->input;
    int status = OCELLI_OK;
    for (size_t i = 0; !status && i < r->model_count; i++) {
        struct eval_model *m = &r->models[i];
        struct eval_pairs p = {m->vectors, m->texts, in->of, in->count, in->text_count, m->n};
        status = eval_retrieval_init(&m->retrieval, &p, m->scale);
    }
    const struct eval_retrieval *a = &r->models[0].retrieval, *b = &r->models[1].retrieval;
    for (size_t k = 0; !status && r->model_count == 2 && k < EVAL_RECALLS; k++) {
        status = compare_ranks(&r->image[k], a->picture_rank, b->picture_rank, in->text_count, eval_recall_at[k]);
        if (!status) status = compare_ranks(&r->text[k], a->text_rank, b->text_rank, in->count, eval_recall_at[k]);
    }
    return status;
}

/* At most EVAL_DRAWN pictures, evenly from all, and their captions' first ones or the classes. */
static int fill_plane(struct evaluation *e) {
    struct eval_result *r = &e->result;
    const struct eval_input *in = &e->input;
    const struct eval_model *m = &r->models[0];
    size_t n = m->n, all = in->count < EVAL_DRAWN ? in->count : EVAL_DRAWN, texts = r->pairs ? all : in->class_count;
    float *vectors = calloc(all + texts, n * sizeof *vectors);
    r->xy = calloc(all + texts, 2 * sizeof *r->xy);
    r->drawn = calloc(all, sizeof *r->drawn);
    r->drawn_count = all, r->drawn_texts = texts;
    int status = vectors && r->xy && r->drawn ? OCELLI_OK : log_fail(OCELLI_ERR_MEMORY, "out of memory for a plane");
    for (size_t i = 0; !status && i < all; i++) {
        size_t at = r->drawn[i] = i * in->count / all, text = 0;
        memcpy(vectors + i * n, m->vectors + at * n, n * sizeof *vectors);
        while (r->pairs && in->of[text] != at) text++;
        if (r->pairs) memcpy(vectors + (all + i) * n, m->texts + text * n, n * sizeof *vectors);
    }
    if (!status && !r->pairs) memcpy(vectors + all * n, r->variants[0].classes, texts * n * sizeof *vectors);
    if (!status) status = eval_plane(&r->plane, vectors, all, texts, n, r->xy);
    free(vectors);
    return status;
}

/* ---- all of it ---- */

static int keep_read(struct evaluation *e) {
    struct eval_result *r = &e->result;
    float *vectors[2] = {r->models[0].vectors, r->models[1].vectors};
    size_t n[2] = {r->models[0].n, r->models[1].n};
    return eval_input_keep(&e->input, vectors, n, r->model_count);
}

static int work(struct evaluation *e, const struct options *o) {
    const struct request *r = e->request;
    int status = eval_outputs_begin(&r->outputs);
    if (!status) status = read_input(e);
    if (!status) status = use_model(e, o, o->model);
    if (!status && r->against) status = use_model(e, o, r->against);
    if (!status) status = keep_read(e);
    for (size_t i = 0; !status && r->pairs && i < e->result.model_count; i++)
        status = caption_model(e, o, &e->result.models[i]);
    if (!status) eval_input_empty_classes(&e->input);
    if (!status) status = r->pairs ? measure_pairs(e) : measure_classes(e);
    if (!status) status = fill_plane(e);
    if (!status) status = eval_outputs_write(&r->outputs, &e->result);
    if (!status && !eval_outputs_to_stdout(&r->outputs)) eval_show(&e->result);
    return status;
}

static void finish(struct evaluation *e) {
    struct eval_result *r = &e->result;
    for (size_t i = 0; i < r->variant_count; i++) {
        free(r->variants[i].classes);
        free(r->variants[i].cosines);
        eval_metrics_finish(&r->variants[i].metrics);
    }
    for (size_t i = 0; i < r->model_count; i++) {
        free(r->models[i].vectors);
        free(r->models[i].texts);
        eval_retrieval_finish(&r->models[i].retrieval);
    }
    free(r->drawn);
    free(r->xy);
    for (size_t i = 0; i < e->set_count; i++) tagset_finish(&e->sets[i]);
    eval_input_finish(&e->input);
}

/* The folder's name, without slashes at its end. */
static const char *name_of(struct arena *arena, const char *dir) {
    size_t end = strlen(dir), begin;
    while (end > 1 && dir[end - 1] == '/') end--;
    for (begin = end; begin && dir[begin - 1] != '/'; begin--) continue;
    const char *name = arena_copy(arena, dir + begin, end - begin);
    return name && *name ? name : "pictures";
}

static int eval(const struct options *o, struct request *r) {
    struct evaluation e = {.request = r};
    e.result = (struct eval_result){
        .input = &e.input, .pairs = r->pairs != NULL, .dataset = r->dataset ? r->dataset : name_of(&r->arena, r->dir)};
    int status = work(&e, o);
    size_t lost = e.input.lost;
    finish(&e);
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

static int take_text(const struct options *o, struct request *r, const char *option, struct prompts_list *list) {
    int fault = strcmp(option, "--template") ? options_file(o, option, optarg) : options_text(o, option, optarg);
    return fault ? fault : options_exit_code(prompts_add(list, &r->arena, optarg));
}

static int take_option(struct options *o, struct request *r, int c) {
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

static int take_options(struct options *o, struct request *r, int argc, char **argv) {
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

static int check(const struct options *o, const struct request *r) {
    if (!o->model) return options_usage(o, "no model: give -m BLOB");
    if (r->pairs && (r->labels || r->tags.count)) return options_usage(o, "--pairs and --labels exclude each other");
    if (r->pairs && (r->templates.count || r->sets.count))
        return options_usage(o, "captions are taken as they are: --pairs takes no templates");
    if (r->sets.count + (r->templates.count > 0) > SETS - 1)
        return options_usage(o, "more than %d sets of templates", SETS - 1);
    return EXIT_OK;
}

/* What is written would be renamed over what it is made of. */
static int check_outputs(const struct options *o, const struct request *r) {
    const char *const outputs[] = {r->outputs.json, r->outputs.csv, r->outputs.report};
    const char *const inputs[] = {o->model, r->against, r->labels, r->pairs};
    for (size_t i = 0; i < 3; i++)
        for (size_t k = 0; k < 4; k++)
            if (outputs[i] && inputs[k] && file_same(outputs[i], inputs[k])) {
                log_error("%s: is an input: give another name to write to", outputs[i]);
                return EXIT_FAILED;
            }
    return EXIT_OK;
}

static int run(int argc, char **argv) {
    struct options o = {.command = &command_eval};
    struct request r = {.dir = NULL};
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
