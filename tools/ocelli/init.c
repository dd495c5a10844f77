/* SPDX-License-Identifier: Apache-2.0
 * ocelli init: a commented ini for this machine, and the script that it runs at each change. */
#include "base/control.h"
#include "base/file.h"
#include "base/file_place.h"
#include "base/log.h"
#include "ocelli/init/init_files.h"
#include "ocelli/init/init_model.h"
#include "ocelli/init/init_text.h"
#include "daemon/config.h"
#include "ocelli/options.h"
#include "ocelli/common/plain.h"
#include "serve/serve.h"
#include "text/json.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { TAGS_MOST = 256, CAMERAS_MOST = 16, OPTION_SOURCE = OPTIONS_OWN, OPTION_FORCE };

static const char no_camera[] = "test:";

struct init {
    const struct options *options;
    const char *directory, *file, *source; /* NULL: not given */
    const char *tags[TAGS_MOST];
    size_t tag_count;
    bool force;
    /* made of these; free() */
    char *folder, *ini, *script, *model, *model_line, *text;
    char *cameras[CAMERAS_MOST];
    size_t camera_count;
    const char *uri;
    char uri_line[512];
    bool made_folder;
};

static int no_memory(void) {
    return log_fail(OCELLI_ERR_MEMORY, "out of memory");
}

/* ---- where ---- */

static int name_files(struct init *n) {
    n->folder = n->file ? file_folder(n->file) : strdup(n->directory ? n->directory : ".");
    if (!n->folder) return no_memory();
    size_t length = strlen(n->folder);
    while (length > 1 && n->folder[length - 1] == '/') n->folder[--length] = '\0';
    bool here = !strcmp(n->folder, ".");
    const char *before = here ? "" : n->folder, *slash = here || !strcmp(n->folder, "/") ? "" : "/";
    int made = n->file ? asprintf(&n->ini, "%s", n->file) : asprintf(&n->ini, "%s%socelli.ini", before, slash);
    if (made >= 0) made = asprintf(&n->script, "%s%son_change", before, slash);
    if (made < 0) return no_memory();
    if (!n->file || strcmp(n->ini, n->script)) return OCELLI_OK;
    return log_fail(OCELLI_ERR_USAGE, "%s: that is the name of the script: give the ini another", n->ini);
}

static int make_folder(struct init *n) {
    struct stat st;
    n->made_folder = mkdir(n->folder, 0777) == 0;
    if (n->made_folder) return OCELLI_OK;
    int fault = errno;
    if (fault != EEXIST)
        return log_fail(OCELLI_ERR_FILE, "%s: cannot make this folder: %s", n->folder, file_write_error(fault));
    fault = stat(n->folder, &st) ? errno : S_ISDIR(st.st_mode) ? 0 : ENOTDIR; /* a link may lead nowhere */
    return fault ? log_fail(OCELLI_ERR_FILE, "%s: is there and no folder: %s", n->folder, strerror(fault)) : OCELLI_OK;
}

/* ---- values ---- */

/* An ini ends a value at the line's end, and takes the blanks off both of its ends. */
static bool is_value(const char *text) {
    size_t length = strlen(text);
    for (size_t i = 0; i < length; i++)
        if (control_bytes(text + i, length - i)) return false;
    return length && text[0] != ' ' && text[length - 1] != ' ';
}

/* ---- the source ---- */

static void take_camera(void *user, const struct source_camera *camera) {
    struct init *n = user;
    char *copy = n->camera_count < CAMERAS_MOST ? strdup(camera->id) : NULL;
    if (copy) n->cameras[n->camera_count++] = copy;
}

/* Without what is secret in it; to be freed. NULL: no memory. */
static char *shown_source(const char *uri) {
    char *shown = malloc(strlen(uri) + 8);
    if (shown) source_show(uri, shown);
    return shown;
}

static int refuse_source(const char *uri) {
    char why[SOURCE_WHY], *shown = shown_source(uri);
    source_unknown(uri, why);
    int status = log_fail(OCELLI_ERR_USAGE, "--source %s: %s", shown ? shown : "", why);
    free(shown);
    return status;
}

static int choose_source(struct init *n) {
    char forms[SOURCE_FORMS];
    n->uri = n->source ? n->source : no_camera;
    if (n->source && !source_known(n->source, forms)) return refuse_source(n->source);
    if (n->source || !source_camera_library(NULL) || source_cameras(take_camera, n)) return OCELLI_OK;
    if (n->camera_count) n->uri = "camera:";
    if (n->camera_count > 1) {
        snprintf(n->uri_line, sizeof n->uri_line, "camera:%s", n->cameras[0]);
        n->uri = n->uri_line;
    }
    return OCELLI_OK;
}

/* ---- the text ---- */

/* It is parsed before it is written: what the daemon would refuse never gets into the file. */
static int make_text(struct init *n) {
    struct daemon_config config;
    const struct init_text wanted = {.model = n->model_line,
                                     .uri = n->uri,
                                     .others = (const char *const *)n->cameras + 1,
                                     .other_count = n->camera_count > 1 ? n->camera_count - 1 : 0,
                                     .tags = n->tags,
                                     .tag_count = n->tag_count,
                                     .coap = serve_has_coap()};
    if (!is_value(n->model_line))
        return log_fail(OCELLI_ERR_FILE,
                        "%s: a name with a control character, or a blank at an end, cannot stand in an ini: rename it",
                        n->model_line);
    n->text = init_text(&wanted);
    if (!n->text) return OCELLI_ERR_MEMORY;
    int status = config_parse(&config, n->text, strlen(n->text), n->ini);
    if (!status) config_finish(&config);
    return status;
}

/* ---- what was done ---- */

/* As a shell takes it. */
static void shell_word(const char *word) {
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./-+:@%,=";
    if (*word && word[strspn(word, plain)] == '\0') {
        fputs(word, stdout);
        return;
    }
    putchar('\'');
    for (; *word; word++)
        if (*word == '\'')
            fputs("'\\''", stdout);
        else
            putchar((unsigned char)*word < ' ' || *word == 0x7f ? '?' : *word);
    putchar('\'');
}

static bool is_webcam_unused(const struct init *n) {
    return n->uri == no_camera && !source_camera_library(NULL) && access("/dev/video0", F_OK) == 0;
}

static void show(const struct init *n) {
    char *source = shown_source(n->uri);
    printf("wrote ");
    plain_text(stdout, n->ini);
    printf(": source %s%s, model ", source ? source : "",
           n->uri == no_camera ? " (no camera was found: a drawn scene)" : "");
    free(source);
    plain_text(stdout, n->model_line);
    printf("\nwrote ");
    plain_text(stdout, n->script);
    puts(": runs at each change of a tag");
    if (is_webcam_unused(n))
        puts("There is a /dev/video0, but a camera needs the package ocelli-camera: `ocelli info` tells more.\n"
             "Or see the line with ffmpeg in the ini.");
    printf("Next:\n  ");
    if (!strcmp(n->uri, "y4m:-")) printf("ffmpeg -i VIDEO -f yuv4mpegpipe -pix_fmt yuv420p - | ");
    shell_word(program_invocation_name);
    printf(" run -c ");
    shell_word(n->ini);
    printf("\nWhat each tag will do:\n  ");
    shell_word(program_invocation_name);
    printf(" check -c ");
    shell_word(n->ini);
    putchar('\n');
}

static void show_json(const struct init *n) {
    struct json j = {.to = stdout};
    char *source = shown_source(n->uri);
    json_begin(&j, NULL, '{');
    json_text(&j, "ini", n->ini);
    json_text(&j, "on_change", n->script);
    json_text(&j, "source", source);
    free(source);
    json_text(&j, "model", n->model_line);
    json_end(&j, '}');
    putchar('\n');
}

/* ---- all of it ---- */

static int init(struct init *n) {
    int status = name_files(n);
    if (!status) status = make_folder(n);
    if (!status) status = init_model_choose(n->options->model, n->folder, &n->model);
    if (!status) status = init_model_name(n->model, n->folder, &n->model_line);
    if (!status) status = choose_source(n);
    if (!status) status = make_text(n);
    struct init_files files = {n->ini, n->text, n->script, example_on_change};
    if (!status) status = init_files_write(&files, n->force);
    if (!status) (n->options->json ? show_json : show)(n);
    if (status && n->made_folder) rmdir(n->folder);
    free(n->folder);
    free(n->ini);
    free(n->script);
    free(n->model);
    free(n->model_line);
    free(n->text);
    for (size_t i = 0; i < n->camera_count; i++) free(n->cameras[i]);
    return status;
}

static int take_tag(const struct options *o, struct init *n, const char *tag) {
    if (!*tag) return options_usage(o, "-t is empty: give what to look for");
    for (const char *at = tag; *at; at++)
        if ((unsigned char)*at < ' ' || *at == 0x7f)
            return options_usage(o, "-t \"%s\" has a control character: write spaces", tag);
    if (n->tag_count == TAGS_MOST)
        return options_usage(o, "more than %d tags: write the others into the file", TAGS_MOST);
    n->tags[n->tag_count++] = tag;
    return options_text(o, "-t", tag);
}

static int take_source(const struct options *o, struct init *n, const char *uri) {
    if (!is_value(uri))
        return options_usage(
            o, "--source \"%s\" is empty, has a control character or a blank at an end: it cannot stand in an ini",
            uri);
    n->source = uri;
    return options_text(o, "--source", uri);
}

static int take(struct options *o, struct init *n, int c) {
    switch (c) {
    case 'o': n->file = optarg; return options_file(o, "-o", optarg);
    case 't': return take_tag(o, n, optarg);
    case OPTION_SOURCE: return take_source(o, n, optarg);
    default: n->force = true; return 0;
    }
}

static int run(int argc, char **argv) {
    static const struct option table[] = {OPTIONS_LONG,
                                          {"output", required_argument, NULL, 'o'},
                                          {"tag", required_argument, NULL, 't'},
                                          {"source", required_argument, NULL, OPTION_SOURCE},
                                          {"force", no_argument, NULL, OPTION_FORCE},
                                          {0}};
    struct options o = {.command = &command_init};
    struct init n = {.options = &o};
    int c;
    while ((c = options_next(&o, argc, argv, OPTIONS_LETTERS "o:t:", table)) >= 0) {
        int fault = take(&o, &n, c);
        if (fault) return fault;
    }
    if (c == OPTIONS_STOP) return o.exit_code;
    if (optind < argc) n.directory = argv[optind++];
    if (optind < argc) return options_usage(&o, "\"%s\" is one argument too many", argv[optind]);
    if (n.directory && n.file) return options_usage(&o, "give a folder, or a file with -o, not both");
    if (n.directory && !*n.directory) return options_usage(&o, "the folder is empty: give its name");
    return options_exit_code(init(&n));
}

const struct command command_init = {
    .name = "init",
    .summary = "write a commented ini to begin with, and a script for changes",
    .usage = "ocelli init [-m BLOB] [DIR | -o FILE] [-t TAG]... [--source URI] [--force]",
    .help =
        "Writes ocelli.ini into DIR (default: this folder), with a comment for each line, and beside it the script\n"
        "on_change, which `ocelli run` calls whenever a tag turns on or off. The source is the first camera that is\n"
        "found, else a drawn scene; lines for webcams, videos and folders stand beside it. The model is BLOB, else a\n"
        ".gguf in DIR or in this folder. Both files are written, or neither. What is there stays, unless --force is\n"
        "given.\n\n"
        "Options:\n"
        "  -o, --output FILE     the ini, in place of DIR/ocelli.ini\n"
        "  -t, --tag TAG         what to look for, in place of the examples; may be repeated\n"
        "      --source URI      what to watch, as it is to stand in the ini: camera:, y4m:-, files:FOLDER, ...\n"
        "      --force           write over files that are there\n" OPTIONS_HELP "\n"
        "Examples:\n"
        "  ocelli init -m clip.gguf garage -t \"an open garage door\" -t \"a closed garage door\"\n"
        "  ocelli run -c garage/ocelli.ini\n",
    .run = run,
};
