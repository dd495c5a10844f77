/* SPDX-License-Identifier: Apache-2.0
 * ocelli: the command line. Each subcommand is a file of its own. */
#include "ocelli/command.h"
#include "base/log.h"
#include "ocelli/common/progress.h"
#include "ocelli/common/standard_files.h"

#include <ocelli.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const struct command *const commands[] = {
    &command_init,     &command_check,  &command_run,      &command_learn,      &command_query,  &command_watch,
    &command_search,   &command_index,  &command_export,   &command_duplicates, &command_tag,    &command_embed,
    &command_eval,     &command_score,  &command_moderate, &command_audit,      &command_prompts, &command_draw,
    &command_tokenize, &command_info,   &command_selftest, &command_bench,      &command_password};
enum { COMMANDS = sizeof commands / sizeof commands[0] };

static int show_help(void) {
    puts("Usage: ocelli COMMAND [OPTION]...\n\nTags and embeds pictures and texts with CLIP, on a GPU or "
         "the processor.\n");
    for (int i = 0; i < COMMANDS; i++) printf("  %-10s  %s\n", commands[i]->name, commands[i]->summary);
    puts("\n  ocelli COMMAND --help tells the options of a command.\n"
         "  ocelli --version       tells the version.\n\n"
         "Exit code: 0 done, 1 failed (with a line on stderr), 2 wrong usage.");
    return EXIT_OK;
}

static int refuse(const char *word) {
    if (word)
        log_error("\"%s\" is not a command; usage: ocelli COMMAND [OPTION]... (see ocelli --help)", word);
    else
        log_error("no command; usage: ocelli COMMAND [OPTION]... (see ocelli --help)");
    return EXIT_USAGE;
}

static int run(int argc, char **argv) {
    if (argc < 2) return refuse(NULL);
    if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h")) return show_help();
    if (!strcmp(argv[1], "--version") || !strcmp(argv[1], "-V")) {
        printf("ocelli %s\n", ocelli_version());
        return EXIT_OK;
    }
    for (int i = 0; i < COMMANDS; i++)
        if (!strcmp(argv[1], commands[i]->name)) return commands[i]->run(argc - 1, argv + 1);
    return refuse(argv[1]);
}

/* A person at a terminal sees all messages, also what the program waits for. In a file or a journal faults stand alone.
 */
static void say(void *user, enum ocelli_log_level level, const char *message) {
    (void)user;
    progress_hide();
    fprintf(stderr, "ocelli: %s%s\n", level == OCELLI_LOG_WARNING ? "warning: " : "", message);
}

int main(int argc, char **argv) {
    standard_files_open();
    if (isatty(STDERR_FILENO)) ocelli_set_log(say, NULL);
    return standard_files_close(run(argc, argv));
}
