/* SPDX-License-Identifier: Apache-2.0
 * ocelli embed: pictures and texts to unit vectors, as JSON lines or as a NumPy array. */
#include "base/file.h"
#include "base/log.h"
#include "text/json.h"
#include "ocelli/common/npy.h"
#include "ocelli/options.h"
#include "ocelli/common/picture_list.h"
#include "ocelli/common/pictures.h"
#include "ocelli/common/progress.h"
#include "tag/prompts.h"

#include <stdlib.h>
#include <string.h>

enum { TEXTS_MOST = 16 }; /* embedded at once */

/* `kinds` and `inputs` of the command line, in its order. */
struct request {
    struct arena arena;
    struct prompts_list inputs;
    bool *is_image;          /* (inputs), room for argc */
    struct decode_rule rule; /* how pictures are read */
    bool npy, recursive, quiet;
    const char *path; /* of the output; NULL: standard output */
};

struct embedder {
    struct ocelli *handle;
    uint32_t embedding; /* D */
    const struct request *request;
    struct file_writer file; /* when there is a path */
    float *vectors;          /* (most at once, D) */
    struct progress progress;
    size_t all, unread; /* pictures, and of them those that could not be read */
    size_t unread_folders, rows;
    bool any_folder;
};

static int put(struct embedder *e, const void *bytes, size_t size) {
    if (e->request->path) return file_writer_write(&e->file, bytes, size);
    fwrite(bytes, 1, size, stdout); /* main.c tells of faults */
    return OCELLI_OK;
}

static int put_json(struct embedder *embedder, const char *input, const char *kind, const float *vector) {
    char *line = NULL;
    size_t size;
    struct json j = {.to = open_memstream(&line, &size)};
    if (!j.to) return log_fail(OCELLI_ERR_MEMORY, "out of memory for a line of output");
    json_begin(&j, NULL, '{');
    json_text(&j, "input", input);
    json_text(&j, "kind", kind);
    json_begin(&j, "embedding", '[');
    for (uint32_t i = 0; i < embedder->embedding; i++) json_number(&j, NULL, (double)vector[i], JSON_FLOAT);
    json_end(&j, ']');
    json_end(&j, '}');
    putc('\n', j.to);
    bool bad = ferror(j.to) != 0;
    bad = fclose(j.to) != 0 || bad;
    int status = bad ? log_fail(OCELLI_ERR_MEMORY, "out of memory for a line of output") : put(embedder, line, size);
    free(line);
    return status;
}

static int put_all(struct embedder *e, const char *const *inputs, size_t count, const char *kind) {
    if (e->request->npy) return put(e, e->vectors, count * e->embedding * sizeof *e->vectors);
    int status = OCELLI_OK;
    for (size_t i = 0; !status && i < count; i++) status = put_json(e, inputs[i], kind, e->vectors + i * e->embedding);
    return status;
}

/* One picture that cannot be read: with JSON the others count, an array would have its rows shifted. */
static int add_picture(struct embedder *e, struct pictures *p, const char *name) {
    int status = pictures_add(p, name);
    if (!status) return OCELLI_OK;
    e->unread++;
    return e->request->npy ? status : OCELLI_OK;
}

/* As many pictures as are held at once. OCELLI_OK, PICTURE_LIST_END or an error. */
static int embed_batch(struct embedder *embedder, struct picture_list *list) {
    struct pictures p = {.rule = embedder->request->rule};
    const char *name;
    size_t taken = 0;
    int status = OCELLI_OK, end = OCELLI_OK;
    while (!status && !end && !pictures_full(&p)) {
        end = picture_list_next(list, &name);
        if (end) break;
        status = add_picture(embedder, &p, name);
        taken++;
    }
    if (end < 0) status = end;
    if (!status && p.count) status = ocelli_embed_images(embedder->handle, p.images, p.count, embedder->vectors);
    progress_hide(); /* results may go to the same terminal */
    if (!status) status = put_all(embedder, p.names, p.count, "image");
    embedder->all += taken, embedder->rows += p.count;
    pictures_clear(&p);
    progress_step(&embedder->progress, taken);
    return status ? status : end;
}

/* The pictures from input `at` on, up to the next text. */
static struct picture_list pictures_at(const struct request *r, size_t at) {
    size_t n = 0;
    while (at + n < r->inputs.count && r->is_image[at + n]) n++;
    return (struct picture_list){.operands = r->inputs.texts + at, .count = n, .below = r->recursive};
}

static int embed_pictures(struct embedder *e, size_t at, size_t *taken) {
    struct picture_list list = pictures_at(e->request, at);
    int status = OCELLI_OK;
    while (!status && !ferror(stdout)) {
        status = embed_batch(e, &list);
        if (!e->request->path) fflush(stdout);
    }
    picture_list_finish(&list);
    *taken = list.count;
    e->unread_folders += list.unread, e->any_folder = e->any_folder || list.any_folder;
    if (status < 0 || !e->request->npy || !list.unread) return status < 0 ? status : OCELLI_OK;
    return OCELLI_ERR_FILE; /* told; the array would lack rows */
}

static int embed_texts(struct embedder *e, size_t at, size_t *taken) {
    const struct request *r = e->request;
    size_t n = 0;
    while (n < TEXTS_MOST && at + n < r->inputs.count && !r->is_image[at + n]) n++;
    *taken = n;
    int status = ocelli_embed_texts(e->handle, r->inputs.texts + at, n, e->vectors);
    e->rows += n;
    return status ? status : put_all(e, r->inputs.texts + at, n, "text");
}

/* How many vectors there will be. */
static size_t count_rows(const struct request *r) {
    size_t rows = 0;
    for (size_t at = 0; at < r->inputs.count;) {
        struct picture_list list = pictures_at(r, at);
        rows += list.count ? picture_list_count(&list) : 1;
        at += list.count ? list.count : 1;
    }
    return rows;
}

static int put_header(struct embedder *e, size_t rows) {
    char header[NPY_HEADER];
    npy_header(header, rows, e->embedding);
    return put(e, header, sizeof header);
}

static int embed_inputs(struct embedder *embedder) {
    const struct request *r = embedder->request;
    bool shown = !r->quiet && progress_possible();
    size_t rows = r->npy || shown ? count_rows(r) : 0;
    int status = r->npy ? put_header(embedder, rows) : OCELLI_OK;
    if (shown) progress_begin(&embedder->progress, rows);
    for (size_t at = 0, taken = 0; !status && at < r->inputs.count && !ferror(stdout); at += taken) {
        status = (r->is_image[at] ? embed_pictures : embed_texts)(embedder, at, &taken);
        if (!r->path) fflush(stdout);
    }
    progress_end(&embedder->progress);
    if (!status && r->npy && embedder->rows != rows)
        status = log_fail(OCELLI_ERR_FILE, "%zu pictures and texts, but %zu when they were counted: the folder changes",
                          embedder->rows, rows);
    if (!status && embedder->any_folder && embedder->unread)
        log_error("%zu of %zu pictures could not be read", embedder->unread, embedder->all);
    return status;
}

static int embedder_init(struct embedder *e, const struct options *o) {
    struct ocelli_info info;
    e->file.fd = -1;
    int status = options_open(o, &e->handle);
    if (status) return status;
    ocelli_get_info(e->handle, &info);
    e->embedding = info.embedding_size;
    size_t most = (int)PICTURES_MOST > (int)TEXTS_MOST ? PICTURES_MOST : TEXTS_MOST;
    e->vectors = calloc(most, e->embedding * sizeof *e->vectors);
    if (!e->vectors) return log_fail(OCELLI_ERR_MEMORY, "out of memory");
    return e->request->path ? file_writer_open(&e->file, e->request->path) : OCELLI_OK;
}

/* The output is renamed over what stands there. */
static int check_output(const struct options *o, const struct request *r) {
    bool input = r->path && file_same(r->path, o->model);
    for (size_t i = 0; r->path && !input && i < r->inputs.count; i++)
        input = r->is_image[i] && file_same(r->path, r->inputs.texts[i]);
    return input ? log_fail(OCELLI_ERR_FILE, "%s: is an input: give another name to write to", r->path) : OCELLI_OK;
}

static int embed(const struct options *o, const struct request *r) {
    struct embedder e = {.request = r, .file = {.fd = -1}};
    int status = check_output(o, r);
    if (!status) status = embedder_init(&e, o);
    if (!status) status = embed_inputs(&e);
    if (!status && r->path) status = file_writer_commit(&e.file);
    file_writer_close(&e.file);
    free(e.vectors);
    ocelli_close(&e.handle);
    return status ? options_exit_code(status) : e.unread || e.unread_folders ? EXIT_FAILED : EXIT_OK;
}

enum { OPERAND = 1, OPTION_IMAGE = OPTIONS_OWN, OPTION_TEXT, OPTION_FORMAT, OPTION_ORIENTATION };
static const struct option table[] = {OPTIONS_LONG,
                                      {"image", required_argument, NULL, OPTION_IMAGE},
                                      {"text", required_argument, NULL, OPTION_TEXT},
                                      {"format", required_argument, NULL, OPTION_FORMAT},
                                      {"orientation", required_argument, NULL, OPTION_ORIENTATION},
                                      {"recursive", no_argument, NULL, 'r'},
                                      {"quiet", no_argument, NULL, 'q'},
                                      {"output", required_argument, NULL, 'o'},
                                      {0}};

static int take_format(struct options *o, struct request *r, const char *format) {
    r->npy = !strcmp(format, "npy");
    if (r->npy || !strcmp(format, "json")) return EXIT_OK;
    return options_usage(o, "--format \"%s\" is neither json nor npy", format);
}

static int take_input(const struct options *o, struct request *r, bool is_image, const char *input) {
    int fault = is_image ? options_file(o, "--image", input) : options_text(o, "--text", input);
    if (fault) return fault;
    r->is_image[r->inputs.count] = is_image;
    return options_exit_code(prompts_add(&r->inputs, &r->arena, input));
}

static int take_path(const struct options *o, struct request *r, const char *path) {
    r->path = strcmp(path, "-") ? path : NULL;
    return options_file(o, "-o", path);
}

/* Operands belong to the --image or --text before them, so a '-' before the options makes getopt leave them where they
 * are. */
static int take_options(struct options *options, struct request *request, int argc, char **argv) {
    int c, kind = 0;
    while ((c = options_next(options, argc, argv, "-" OPTIONS_LETTERS "o:rq", table)) >= 0) {
        int code = EXIT_OK;
        if (c == OPTION_IMAGE || c == OPTION_TEXT) kind = c;
        request->recursive = request->recursive || c == 'r', request->quiet = request->quiet || c == 'q';
        if (c == 'r' || c == 'q') continue;
        if (c == 'o')
            code = take_path(options, request, optarg);
        else if (c == OPTION_FORMAT)
            code = take_format(options, request, optarg);
        else if (c == OPTION_ORIENTATION)
            code = pictures_orientation(options, &request->rule, optarg);
        else if (!kind)
            code = options_usage(options, "\"%s\": say --image or --text before it", optarg);
        else
            code = take_input(options, request, kind == OPTION_IMAGE, optarg);
        if (code) {
            options->exit_code = code;
            return OPTIONS_STOP;
        }
    }
    return c;
}

static int embed_arguments(struct options *o, struct request *r, int argc, char **argv) {
    if (take_options(o, r, argc, argv) == OPTIONS_STOP) return o->exit_code;
    int code = EXIT_OK;
    bool is_image = r->inputs.count && r->is_image[r->inputs.count - 1];
    for (; !code && optind < argc; optind++) code = take_input(o, r, is_image, argv[optind]); /* behind "--" */
    if (code) return code;
    if (!o->model) return options_usage(o, "no model: give -m BLOB");
    if (o->json && r->npy) return options_usage(o, "--json and --format npy exclude each other");
    if (!r->inputs.count) return options_usage(o, "nothing to embed: give --image or --text");
    return embed(o, r);
}

static int run(int argc, char **argv) {
    struct options o = {.command = &command_embed};
    struct request r = {.is_image = calloc((size_t)argc, sizeof *r.is_image)};
    int code = r.is_image ? embed_arguments(&o, &r, argc, argv)
                          : options_exit_code(log_fail(OCELLI_ERR_MEMORY, "out of memory"));
    arena_finish(&r.arena);
    free(r.is_image);
    return code;
}

const struct command command_embed = {
    .name = "embed",
    .summary = "turn pictures and texts into vectors",
    .usage = "ocelli embed -m BLOB (--image FILE|FOLDER... | --text \"TEXT\"...) [--format json|npy] [--orientation "
             "exif|ignore] "
             "[-r] [-q] [-o FILE]",
    .help = "Prints the embedding of each picture and text, of unit length, in the order given. Pictures\n"
            "are read a few at a time, so their number does not matter.\n\n"
            "  json  a line an input: {\"input\":\"...\",\"kind\":\"image\",\"embedding\":[...]}\n"
            "        A picture that cannot be read gives a line on stderr and exit code 1; the others\n"
            "        are answered.\n"
            "  npy   one NumPy array, float32, shape (inputs, D). A picture that cannot be read ends the\n"
            "        command with exit code 1, as the rows would no longer match the inputs.\n\n"
            "Options:\n"
            "      --image FILE...   pictures, and folders of them, up to the next option; - is standard input\n"
            "      --text TEXT...    texts, up to the next option\n"
            "      --format FORMAT   json (default) or npy\n"
            "  -o, --output FILE     write there instead of standard output (-), whole or not at all\n" PICTURES_HELP
            "  -r, --recursive       of a folder also the folders in it\n"
            "  -q, --quiet           no progress on a terminal\n" OPTIONS_HELP "\n"
            "Examples:\n"
            "  ocelli embed -m clip.gguf --text \"a red truck\" \"a blue car\"\n"
            "  ocelli embed -m clip.gguf --format npy -o pictures.npy --image *.jpg\n",
    .run = run,
};
