/* SPDX-License-Identifier: Apache-2.0 */
#include "ocelli/options.h"
#include "base/file.h"
#include "base/log.h"
#include "ocelli/common/plain.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const kinds[] = {
    [OCELLI_KIND_AUTO] = "auto", [OCELLI_KIND_F16W] = "f16w", [OCELLI_KIND_DOT] = "dot", [OCELLI_KIND_MMA] = "mma"};
enum { KINDS = sizeof kinds / sizeof kinds[0] };

const char *options_kind_name(enum ocelli_kind kind) {
    return (unsigned)kind < KINDS ? kinds[kind] : "unknown";
}

int options_usage(const struct options *options, const char *format, ...) {
    char message[512];
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    log_error("%s: %s; usage: %s", options->command->name, message, options->command->usage);
    return EXIT_USAGE;
}

int options_number(const struct options *options, const char *option, const char *text, size_t most, size_t *value) {
    char *end;
    errno = 0;
    unsigned long long number = strtoull(text, &end, 10);
    bool digits = *text >= '0' && *text <= '9'; /* strtoull takes " -1" */
    if (!digits || *end || errno || number < 1 || number > most)
        return options_usage(options, "%s \"%s\" is not a number from 1 to %zu", option, text, most);
    *value = (size_t)number;
    return 0;
}

int options_text(const struct options *options, const char *what, const char *text) {
    return plain_utf8(text) ? 0 : options_usage(options, "%s \"%s\" is not UTF-8: convert it first", what, text);
}

int options_file(const struct options *options, const char *what, const char *name) {
    return *name ? 0 : options_usage(options, "%s is empty: give the name of a file", what);
}

static int take_kind(struct options *o, const char *text) {
    for (int i = 0; i < KINDS; i++)
        if (!strcmp(text, kinds[i])) {
            o->kind = (enum ocelli_kind)i;
            return 0;
        }
    return options_usage(o, "--kind \"%s\" is none of auto, f16w, dot, mma", text);
}

static int show_help(const struct command *c) {
    printf("Usage: %s\n\n%s\n", c->usage, c->help);
    return EXIT_OK;
}

/* The word that getopt is in, which it leaves when all its letters are read; else the letter. */
static const char *unknown_word(const char *at, const char *letter) {
    return at && at[0] == '-' && strchr(at + 1, letter[1]) ? at : letter;
}

static int unknown(const struct options *o, const char *word) {
    const char *remedy = word[1] == '-' ? "" : " (write -- before what begins with - and is no option)";
    return options_usage(o, "unknown option %s%s", word, remedy);
}

/* optopt is 0 for an unknown word, else the letter or value; one that is known was not refused for itself. */
static int refuse(const struct options *o, int c, char **argv, const char *letters) {
    bool known = optopt >= OPTIONS_DEVICE || (optopt && strchr(letters, optopt));
    char letter[] = {'-', (char)optopt, '\0'};
    if (c == ':') return options_usage(o, "%s needs a value", known || !optopt ? argv[optind - 1] : letter);
    if (known) return options_usage(o, "%s: this option takes no value", argv[optind - 1]);
    return unknown(o, optopt ? unknown_word(argv[optind], letter) : argv[optind - 1]);
}

/* "-house.png" is no call for help. */
static bool is_bundle(const char *word) {
    return word && word[0] == '-' && word[1] == 'h' && word[2];
}

static int stop(struct options *o, int exit_code) {
    o->exit_code = exit_code;
    return OPTIONS_STOP;
}

int options_next(struct options *options, int argc, char **argv, const char *letters, const struct option *table) {
    opterr = 0;
    for (;;) {
        int c = getopt_long(argc, argv, letters, table, NULL);
        int fault = 0;
        switch (c) {
        case 'h':
            if (is_bundle(argv[optind])) return stop(options, unknown(options, argv[optind]));
            return stop(options, show_help(options->command));
        case 'm':
            options->model = optarg;
            fault = options_file(options, "-m", optarg);
            break;
        case OPTIONS_DEVICE: options->device = optarg; break;
        case OPTIONS_KIND: fault = take_kind(options, optarg); break;
        case OPTIONS_THREADS:
            fault = options_number(options, "--threads", optarg, OCELLI_THREADS_MOST, &options->threads);
            break;
        case OPTIONS_JSON: options->json = true; break;
        case '?':
        case ':': return stop(options, refuse(options, c, argv, letters));
        default: return c; /* OPTIONS_END is getopt's own -1 */
        }
        if (fault) return stop(options, fault);
    }
}

static bool same_output(const char *a, const char *b) {
    return !strcmp(a, b) || (strcmp(a, "-") && strcmp(b, "-") && file_same(a, b));
}

int options_outputs(const struct options *options, const char *const *outputs, size_t count, const char *const *inputs,
                    size_t input_count) {
    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; outputs[i] && k < i; k++)
            if (outputs[k] && same_output(outputs[i], outputs[k]))
                return options_usage(options, "two outputs to %s: give each its own file",
                                     strcmp(outputs[i], "-") ? outputs[i] : "standard output");
        for (size_t k = 0; outputs[i] && strcmp(outputs[i], "-") && k < input_count; k++)
            if (inputs[k] && file_same(outputs[i], inputs[k])) {
                log_error("%s: is an input: give another name to write to", outputs[i]);
                return EXIT_FAILED;
            }
    }
    return EXIT_OK;
}

int options_open(const struct options *options, struct ocelli **handle) {
    struct ocelli_params params = {.model = options->model,
                                   .device = options->device,
                                   .kind = options->kind,
                                   .threads = (uint32_t)options->threads};
    return ocelli_open(handle, &params);
}

int options_exit_code(int status) {
    if (!status) return EXIT_OK;
    return status == OCELLI_ERR_USAGE ? EXIT_USAGE : EXIT_FAILED;
}
