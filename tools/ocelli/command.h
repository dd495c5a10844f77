/* SPDX-License-Identifier: Apache-2.0
 * The subcommands: one file each, a row each in main.c. */
#ifndef COMMAND_H
#define COMMAND_H

enum { EXIT_OK = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

struct command {
    const char *name;
    const char *summary;               /* for `ocelli --help` */
    const char *usage;                 /* one line, also part of usage errors */
    const char *help;                  /* what `--help` shows below the usage line */
    int (*run)(int argc, char **argv); /* argv[0] is the subcommand; gives the exit code */
};

extern const struct command command_tag, command_embed, command_tokenize, command_run, command_learn, command_query,
    command_watch, command_search, command_bench, command_info, command_selftest, command_check, command_init,
    command_eval, command_score, command_draw, command_prompts, command_audit, command_moderate, command_index,
    command_duplicates, command_export, command_password;

#endif
