/* SPDX-License-Identifier: Apache-2.0
 * Options that every subcommand knows, and usage errors: one line on stderr, exit code 2. */
#ifndef OPTIONS_H
#define OPTIONS_H

#include "ocelli/command.h"

#include <getopt.h>
#include <ocelli.h>
#include <stdbool.h>
#include <stddef.h>

struct options {
    const struct command *command;
    const char *model, *device; /* of argv */
    enum ocelli_kind kind;
    size_t threads; /* of the processor; 0: not given */
    bool json;
    int exit_code; /* when options_next() gave OPTIONS_STOP */
};

/* A subcommand's letters begin with OPTIONS_LETTERS, its table of long options with OPTIONS_LONG; the
 * values of its own long options with OPTIONS_OWN. */
enum { OPTIONS_DEVICE = 256, OPTIONS_KIND, OPTIONS_THREADS, OPTIONS_JSON, OPTIONS_OWN };
#define OPTIONS_LETTERS ":hm:"
#define OPTIONS_LONG_DEVICE                                                                                            \
    {"help", no_argument, NULL, 'h'}, {"model", required_argument, NULL, 'm'},                                         \
        {"device", required_argument, NULL, OPTIONS_DEVICE}, {"kind", required_argument, NULL, OPTIONS_KIND}, {        \
        "threads", required_argument, NULL, OPTIONS_THREADS                                                            \
    }
#define OPTIONS_LONG                                                                                                   \
    OPTIONS_LONG_DEVICE, {                                                                                             \
        "json", no_argument, NULL, OPTIONS_JSON                                                                        \
    }

/* Part of the help texts. */
#define OPTIONS_HELP_DEVICE                                                                                            \
    "  -m, --model BLOB      the model, as ocelli-convert wrote it\n"                                                  \
    "      --device DEVICE   cpu, gpu, or index or part of a name that ocelli info lists; auto: the\n"                 \
    "                        faster one (default: the variable OCELLI_DEVICE, else auto)\n"                            \
    "      --threads N       when the processor computes (default: one for each core)\n"                               \
    "      --kind KIND       how products are computed: auto, f16w, dot or mma (for tests; default auto)\n"
#define OPTIONS_HELP                                                                                                   \
    OPTIONS_HELP_DEVICE                                                                                                \
    "      --json            output for programs\n"                                                                    \
    "  -h, --help            this text\n"

/* The next option that is the subcommand's own. OPTIONS_END: no more, argv[optind] is the first
 * operand. OPTIONS_STOP: leave with o->exit_code; what there was to say is said. */
enum { OPTIONS_END = -1, OPTIONS_STOP = -2 };
int options_next(struct options *options, int argc, char **argv, const char *letters, const struct option *table);

/* Says "ocelli SUBCOMMAND: message; usage: ..." and gives EXIT_USAGE. */
int options_usage(const struct options *options, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* A decimal number in 1..most; on a fault says so and gives EXIT_USAGE, else 0. */
int options_number(const struct options *options, const char *option, const char *text, size_t most, size_t *value);

/* A text to be embedded is UTF-8; the name of a file is not empty, as that of an unset variable is. On a
 * fault say so and give EXIT_USAGE, else 0. `what`: the option or operand. */
int options_text(const struct options *options, const char *what, const char *text);
int options_file(const struct options *options, const char *what, const char *name);

/* What is written: each `outputs` (NULL: not wanted) may be a file or "-", standard output. At most one goes to each,
 * and none over an input (NULL: none), as it would be renamed over what it is made of. 0, or the exit code of what was
 * said. */
int options_outputs(const struct options *options, const char *const *outputs, size_t count, const char *const *inputs,
                    size_t input_count);

/* Opens the model. Errors: those of ocelli_open(). */
int options_open(const struct options *options, struct ocelli **handle);

/* A library status as exit code: a wrong argument is a matter of usage. */
int options_exit_code(int status);

/* "f16w", "dot" or "mma". */
const char *options_kind_name(enum ocelli_kind kind);

#endif
