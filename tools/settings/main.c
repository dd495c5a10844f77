/* SPDX-License-Identifier: Apache-2.0
 * ocelli-settings: what a flashed board makes of the text file on its card. */
#include "apply.h"
#include "base/log.h"
#include "status.h"

#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum { GOOD, FAILED, USAGE };

static const char help[] =
    "Usage: ocelli-settings apply [--root DIR] [--state-missing WHY]\n"
    "       ocelli-settings status [--root DIR] [--remount]\n\n"
    "For flashed boards; systemd units call it.\n\n"
    "  apply     reads ocelli.txt on the card's first partition (/boot/firmware), and makes of it: host name, time\n"
    "            zone, Wi-Fi, ssh keys and root's password in /run/ocelli-board, and the daemon's ocelli.ini in\n"
    "            /state/ocelli/etc. What is wrong is left out, and told in /run/ocelli-board/faults.\n\n"
    "  status    asks the daemon, and writes how the board does and what is wrong into ocelli-status.txt on the card, "
    "if\n"
    "            that is another text than before.\n\n"
    "Options:\n"
    "      --root DIR            all paths are below DIR (default /)\n"
    "      --state-missing WHY   there is no state partition: memory takes its place\n"
    "      --remount             makes the card writable while the status is written, if it is mounted read-only\n"
    "  -h, --help                this text\n"
    "      --version             tells the version\n\n"
    "Exit code: 0 done, also with faults; 1 failed (with a line on stderr); 2 wrong usage.\n";

enum { ROOT = 256, STATE_MISSING, REMOUNT, VERSION };
static const struct option table[] = {
    {"root", required_argument, NULL, ROOT}, {"state-missing", required_argument, NULL, STATE_MISSING},
    {"remount", no_argument, NULL, REMOUNT}, {"help", no_argument, NULL, 'h'},
    {"version", no_argument, NULL, VERSION}, {0}};

static int usage(const char *what, const char *word) {
    log_error("ocelli-settings: %s%s; usage: ocelli-settings apply|status [--root DIR] (see --help)", what, word);
    return USAGE;
}

int main(int argc, char **argv) {
    const char *root = "/", *missing = NULL;
    bool remount = false;
    int c;
    while ((c = getopt_long(argc, argv, ":h", table, NULL)) != -1) {
        if (c == 'h') return fputs(help, stdout) < 0 || fflush(stdout) ? FAILED : GOOD;
        if (c == VERSION) return printf("ocelli-settings %s\n", OCELLI_VERSION) < 0 || fflush(stdout) ? FAILED : GOOD;
        if (c == ':') return usage("a value is missing behind ", argv[optind - 1]);
        if (c == '?') return usage("unknown option ", argv[optind - 1]);
        if (c == ROOT) root = optarg;
        if (c == REMOUNT) remount = true;
        if (c == STATE_MISSING) missing = optarg;
    }
    if (!*root) return usage("--root is empty", "");
    if (optind + 1 != argc) return usage(optind == argc ? "no command" : "give one command", "");
    if (!strcmp(argv[optind], "apply")) return apply(root, missing) ? FAILED : GOOD;
    if (!strcmp(argv[optind], "status")) return status(root, remount) ? FAILED : GOOD;
    return usage("no such command: ", argv[optind]);
}
