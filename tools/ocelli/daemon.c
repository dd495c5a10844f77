/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon.h"
#include "base/log.h"
#include "board.h"
#include "show_run.h"

#include <stdio.h>
#include <unistd.h>

enum { SECONDS_MOST = 1000000000 };

int daemon_options(struct options *o, struct live_options *live, int argc, char **argv) {
    static const struct option table[] = {DAEMON_LONG, {0}};
    int c;
    while ((c = options_next(o, argc, argv, DAEMON_LETTERS, table)) >= 0) {
        size_t seconds = 0;
        int fault = 0;
        if (c == DAEMON_SHOW) {
            if (live->silent) fault = options_usage(o, "--show is of ocelli run");
            live->no_lines = true;
        } else if (c == DAEMON_CONFIG) {
            fault = options_file(o, "-c", optarg);
            live->config = optarg;
        } else {
            fault = options_number(o, "--for", optarg, SECONDS_MOST, &seconds);
            live->seconds = (double)seconds;
        }
        if (fault) return o->exit_code = fault, OPTIONS_STOP;
    }
    if (c == OPTIONS_STOP) return c;
    if (!live->config)
        o->exit_code = options_usage(o, "no configuration: give -c FILE");
    else if (optind < argc)
        o->exit_code = options_usage(o, "\"%s\" is more than it takes", argv[optind]);
    else
        return c;
    return OPTIONS_STOP;
}

/* Who sees JSON run by may rather want the table. */
static void tell_table(const struct live_options *live) {
    if (!live->silent && !live->no_lines && isatty(STDOUT_FILENO)) log_info("Ctrl-C ends it; --show draws a table of all tags");
}

int daemon_run(const struct options *o, struct live_options *live, void (*last)(const struct options *o, struct live *l)) {
    struct live *l;
    struct board *board = NULL;
    struct show_run *show = NULL;
    live->model = o->model, live->device = o->device, live->kind = o->kind, live->threads = (uint32_t)o->threads;
    int status = live_open(&l, live);
    if (status) return EXIT_FAILED; /* a wrong word in the file is no wrong usage */
    if (!live->silent) status = board_open(&board, l, live->config);
    if (!status) tell_table(live);
    if (!status && live->no_lines) status = show_run_open(&show, l, live->config);
    if (!status) {
        status = live_run(l);
        if (last) last(o, l);
    }
    if (!status && show_run_lost(show)) status = log_fail(OCELLI_ERR_FILE, "standard output: its reader is gone");
    int code = status ? EXIT_FAILED : EXIT_OK;
    if (!show_run_close(&show, live_left_ms(l))) live_leave(l, code);
    fflush(stdout);
    if (!live_stopped(l) || !board_close(&board, live_left_ms(l))) live_leave(l, code);
    live_close(&l);
    return code;
}
