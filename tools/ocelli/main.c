/* SPDX-License-Identifier: Apache-2.0
 * ocelli: the command line. Each subcommand is a file of its own. */
#include "command.h"
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <ocelli.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const struct command *const commands[] = {&command_tag,  &command_embed,    &command_tokenize,
                                                 &command_info, &command_selftest, &command_bench};
enum { COMMANDS = sizeof commands / sizeof commands[0] };

static int show_help(void) {
    puts("Usage: ocelli COMMAND [OPTION]...\n\nTags and embeds pictures and texts with CLIP on a Vulkan "
         "GPU.\n");
    for (int i = 0; i < COMMANDS; i++) printf("  %-10s %s\n", commands[i]->name, commands[i]->summary);
    puts("\n  ocelli COMMAND --help tells the options of a command.\n"
         "  ocelli --version       tells the version.\n\n"
         "Exit code: 0 done, 1 failed (with a line on stderr), 2 wrong usage.");
    return EXIT_OK;
}

static int refuse(const char *word) {
    if (word)
        log_fail(OCELLI_ERR_USAGE, "\"%s\" is not a command; usage: ocelli COMMAND [OPTION]... (see ocelli --help)", word);
    else
        log_fail(OCELLI_ERR_USAGE, "no command; usage: ocelli COMMAND [OPTION]... (see ocelli --help)");
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

/* A full disk may show only here. */
static int close_output(int exit_code) {
    int earlier = ferror(stdout); /* the reason is gone by now */
    errno = 0;
    if (fclose(stdout) == 0 && !earlier) return exit_code;
    log_fail(OCELLI_ERR_FILE, "standard output: %s: the output is not complete", errno ? strerror(errno) : "cannot write");
    return exit_code ? exit_code : EXIT_FAILED;
}

/* A closed standard file would give its number to the next file that is opened. What is opened here
 * cannot be used, so that using it is the same error as before. */
static void keep_standard_files(void) {
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0) (void)!open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
}

int main(int argc, char **argv) {
    keep_standard_files();
    signal(SIGPIPE, SIG_IGN); /* a reader that went away is a write error like others */
    return close_output(run(argc, argv));
}
