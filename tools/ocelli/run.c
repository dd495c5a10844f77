/* SPDX-License-Identifier: Apache-2.0
 * ocelli run: the daemon. */
#include "ocelli/run_options.h"

static int run(int argc, char **argv) {
    struct options o = {.command = &command_run};
    struct daemon_options daemon = {0};
    if (run_options_parse(&o, &daemon, argc, argv) == OPTIONS_STOP) return o.exit_code;
    return run_daemon(&o, &daemon, NULL);
}

const struct command command_run = {
    .name = "run",
    .summary = "watch a source and tell when tags change",
    .usage = "ocelli run -c FILE [--show] [--for SECONDS] [--recording URI] [-m BLOB]",
    .help =
        "Watches what a camera, video or folder shows and writes a line of JSON whenever a tag of FILE turns on or\n"
        "off. FILE is taken anew when it is edited. Ends with SIGTERM, SIGINT or the source; SIGHUP reads FILE\n"
        "again, SIGUSR1 writes a line with what was counted and measured.\n\n"
        "--show draws a table in the terminal instead: each tag with its state, score, margin and threshold. q quits, "
        "the\n"
        "space bar or f freezes it, j, k and the arrows scroll. Lines of the log stand below the table. No JSON goes "
        "to\n"
        "standard output then, while on_change and all who ask the daemon still get each change. Without a terminal, "
        "or\n"
        "with TERM=dumb, it writes a line for each change and the table every 10 s. NO_COLOR=1: no colours.\n\n"
        "Options:\n" RUN_HELP "      --show            the table\n" OPTIONS_HELP "\n"
        "-m and --device come before what FILE says; --json changes nothing.\n\n"
        "Examples:\n"
        "  ocelli run -c ocelli.ini\n"
        "  ocelli run -c ocelli.ini --show\n"
        "  ocelli run -c ocelli.ini --recording y4m:evening.y4m | jq '[.event, .tag, .position_ms]'\n"
        "  ffmpeg -i rtsp://... -f yuv4mpegpipe -pix_fmt yuv420p - | ocelli run -c video.ini | jq .tag\n",
    .run = run,
};
