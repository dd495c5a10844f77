/* SPDX-License-Identifier: Apache-2.0
 * ocelli learn: what the scene looks like when there is nothing to tell. */
#include "ocelli/run_options.h"
#include "ocelli/common/plain.h"
#include "text/json.h"

#include <math.h>
#include <stdio.h>

/* A starter's threshold moves from picture to picture, and tells nothing of the scene. */
static double of_scene(const struct tagger_status *tag, float threshold) {
    return tag->why.threshold == TAGGER_STARTER ? (double)NAN : (double)threshold;
}

static void show_json(void *user, const struct tagger_status *tag) {
    struct json j = {.to = stdout};
    (void)user;
    json_begin(&j, NULL, '{');
    json_text(&j, "tag", tag->tag);
    json_text(&j, "group", tag->group);
    json_bool(&j, "learning", tag->learning);
    json_number(&j, "learnt_days", tag->learnt_days, JSON_SHORT);
    json_number(&j, "on", of_scene(tag, tag->why.on), JSON_SHORT);
    json_number(&j, "off", of_scene(tag, tag->why.off), JSON_SHORT);
    json_text(&j, "threshold", event_threshold(tag->why.threshold));
    json_number(&j, "on_percentile", (double)tag->on_percentile, JSON_SHORT);
    json_number(&j, "on_alarms_a_day", (double)tag->on_alarms_a_day, JSON_SHORT);
    json_number(&j, "margin", (double)tag->why.margin, JSON_SHORT);
    json_bool(&j, "day_night_apart", tag->day_night_apart);
    json_end(&j, '}');
    putchar('\n');
}

static void number(const char *form, double value, int width) {
    if (isfinite(value))
        printf(form, width, value);
    else
        printf("%*s", width, "-");
}

/* Numbers before the tag: then they stand in columns whatever its letters' widths. */
static void show(void *user, const struct tagger_status *tag) {
    (void)user;
    number("%*.4f", of_scene(tag, tag->why.on), 9);
    number("%*.2f%%", (double)tag->on_percentile, 10);
    number("%*.2f", (double)tag->on_alarms_a_day, 12);
    number("%*.2f", tag->learnt_days * 24, 9);
    printf("  ");
    plain_text(stdout, tag->tag);
    puts(tag->learning ? "  (still learning)" : tag->day_night_apart ? "  (day and night apart)" : "");
}

static void last(const struct options *o, struct daemon *l) {
    if (!o->json) puts("threshold  percentile  alarms/day  hours  tag");
    daemon_tags(l, o->json ? show_json : show, NULL);
}

static int run(int argc, char **argv) {
    struct options o = {.command = &command_learn};
    struct daemon_options daemon = {.silent = true};
    if (run_options_parse(&o, &daemon, argc, argv) == OPTIONS_STOP) return o.exit_code;
    return run_daemon(&o, &daemon, last);
}

const struct command command_learn = {
    .name = "learn",
    .summary = "learn the thresholds of tags from a scene",
    .usage = "ocelli learn -c FILE [--for SECONDS] [--recording URI] [-m BLOB] [--json]",
    .help =
        "Watches as `ocelli run` does, tells no changes, and at the end prints of each tag the threshold that was\n"
        "learnt, the share of the time that lay below it, and how many alarms a day it would give. What was learnt\n"
        "is kept in the state folder that FILE names, where `ocelli run` goes on with it.\n\n"
        "Options:\n" RUN_HELP OPTIONS_HELP "\n"
        "Examples:\n"
        "  ocelli learn -c ocelli.ini --for 86400\n"
        "  ffmpeg -i evening.mp4 -f yuv4mpegpipe -pix_fmt yuv420p - | ocelli learn -c ocelli.ini --recording y4m:-\n",
    .run = run,
};
