/* SPDX-License-Identifier: Apache-2.0 */
#include "ocelli/run_options.h"
#include "base/log.h"
#include "daemon/service.h"
#include "ocelli/show/show_run.h"
#include "source/source.h"

#include <stdio.h>
#include <unistd.h>

enum { SECONDS_MOST = 1000000000 };

static int take_recording(const struct options *o, const char *uri) {
    if (source_can_play(uri)) return 0;
    return options_usage(o, "--recording \"%s\": give y4m:FILE, y4m:-, raw:WxH:FORMAT[@FPS]:FILE or files:DIR", uri);
}

int run_options_parse(struct options *options, struct daemon_options *daemon, int argc, char **argv) {
    static const struct option table[] = {RUN_LONG, {0}};
    int c;
    while ((c = options_next(options, argc, argv, RUN_LETTERS, table)) >= 0) {
        size_t seconds = 0;
        int fault = 0;
        if (c == RUN_SHOW) {
            if (daemon->silent) fault = options_usage(options, "--show is of ocelli run");
            daemon->no_lines = true;
        } else if (c == RUN_CONFIG) {
            fault = options_file(options, "-c", optarg);
            daemon->config = optarg;
        } else if (c == RUN_RECORDING) {
            fault = take_recording(options, optarg);
            daemon->recording = optarg;
        } else {
            fault = options_number(options, "--for", optarg, SECONDS_MOST, &seconds);
            daemon->seconds = (double)seconds;
        }
        if (fault) {
            options->exit_code = fault;
            return OPTIONS_STOP;
        }
    }
    if (c == OPTIONS_STOP) return c;
    if (!daemon->config)
        options->exit_code = options_usage(options, "no configuration: give -c FILE");
    else if (optind < argc)
        options->exit_code = options_usage(options, "\"%s\" is more than it takes", argv[optind]);
    else
        return c;
    return OPTIONS_STOP;
}

/* On a terminal, where lines of JSON run by, it points to the table of --show. */
static void tell_table(const struct daemon_options *daemon) {
    if (!daemon->silent && !daemon->no_lines && isatty(STDOUT_FILENO))
        log_info("Ctrl-C ends it; --show draws a table of all tags");
}

int run_daemon(const struct options *options, struct daemon_options *daemon,
               void (*last)(const struct options *o, struct daemon *l)) {
    struct daemon *l;
    struct service *service = NULL;
    struct show_run *show = NULL;
    daemon->model = options->model, daemon->device = options->device, daemon->kind = options->kind,
    daemon->threads = (uint32_t)options->threads;
    int status = daemon_open(&l, daemon);
    if (status) return EXIT_FAILED; /* a wrong word in the file is no wrong usage */
    if (!daemon->silent) status = service_open(&service, l, daemon->config);
    if (!status) tell_table(daemon);
    if (!status && daemon->no_lines) status = show_run_open(&show, l, daemon->config);
    if (!status) {
        status = daemon_run(l);
        if (last) last(options, l);
    }
    if (!status) status = show_run_tell_lost(show);
    int code = status ? EXIT_FAILED : EXIT_OK;
    if (!show_run_close(&show, daemon_left_ms(l))) daemon_leave(l, code);
    fflush(stdout);
    if (!daemon_stopped(l) || !service_close(&service, daemon_left_ms(l))) daemon_leave(l, code);
    daemon_close(&l);
    return code;
}
