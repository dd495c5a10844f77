/* SPDX-License-Identifier: Apache-2.0
 * ocelli draw: a picture of translucent triangles that fits a text. */
#include "base/clock.h"
#include "base/log.h"
#include "ocelli/draw/judge.h"
#include "ocelli/options.h"
#include "ocelli/common/progress.h"
#include "ocelli/draw/strategy.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Tried on the demo model: docs/cli.md. */
enum {
    TRIANGLES = 50,
    PAIRS = 32,
    STEPS = 250,
    STEPS_MOST = 1000000,
    SEED = 1,
    PIXELS = 512,
    PREVIEW_PIXELS = 256,
    PREVIEW_S = 3
};
static const float deviation = 0.1F, jitter = 0.1F, spread = 0.2F, alpha = 0.3F;

struct request {
    const char *text, *output, *preview;
    struct prompts_list against;
    size_t steps, seconds, seed; /* seconds 0: no limit */
    bool quiet;
};

static volatile sig_atomic_t asked;

static void on_signal(int number) {
    (void)number;
    asked = 1;
}

/* The first signal ends the search; the next one ends the program. */
static void listen(void) {
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART | (int)SA_RESETHAND};
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

static void scatter(struct strategy *s, size_t triangles) {
    float *number = s->mean;
    for (int c = 0; c < 3; c++) *number++ = strategy_uniform(s);
    for (size_t i = 0; i < triangles; i++) {
        float x = strategy_uniform(s), y = strategy_uniform(s);
        for (int k = 0; k < 3; k++) {
            *number++ = x + spread * strategy_normal(s);
            *number++ = y + spread * strategy_normal(s);
        }
        for (int c = 0; c < 3; c++) *number++ = strategy_uniform(s);
        *number++ = alpha;
    }
}

/* Each step looks from another place, so that what fits does so from all of them. */
static struct triangles_view look(struct strategy *s) {
    float side = 1 + jitter * (2 * strategy_uniform(s) - 1), middle = (1 - side) / 2;
    float x = jitter * (2 * strategy_uniform(s) - 1), y = jitter * (2 * strategy_uniform(s) - 1);
    return (struct triangles_view){middle + x, middle + y, side};
}

static bool over(const struct request *r, int64_t began) {
    return asked || (r->seconds && clock_ns(CLOCK_MONOTONIC) - began >= (int64_t)r->seconds * 1000000000);
}

static int preview(const struct request *r, struct judge *j, const struct strategy *s, int64_t *last) {
    int64_t now = clock_ns(CLOCK_MONOTONIC);
    if (!r->preview || now - *last < PREVIEW_S * INT64_C(1000000000)) return OCELLI_OK;
    *last = now;
    drawing_set(&j->drawing, s->mean);
    return drawing_write(&j->drawing, r->preview, PREVIEW_PIXELS, r->text);
}

static int search(const struct request *r, struct judge *j, struct strategy *s, size_t *steps) {
    float *candidates = calloc(2 * s->pairs, s->count * sizeof *candidates), scores[2 * PAIRS];
    int64_t began = clock_ns(CLOCK_MONOTONIC), last = 0;
    struct progress progress = {0};
    int status = candidates ? OCELLI_OK : log_fail(OCELLI_ERR_MEMORY, "out of memory for candidates");
    if (!r->quiet && progress_possible()) progress_begin_of(&progress, r->steps, "steps");
    for (*steps = 0; !status && *steps < r->steps && !over(r, began); ++*steps) {
        struct triangles_view view = look(s);
        strategy_ask(s, candidates);
        status = judge_scores(j, candidates, 2 * s->pairs, view, scores, NULL);
        if (status) break;
        strategy_tell(s, scores);
        float best = scores[0];
        for (size_t i = 1; i < 2 * s->pairs; i++) best = scores[i] > best ? scores[i] : best;
        snprintf(progress.note, sizeof progress.note, "  score %.3f", (double)best);
        progress_step(&progress, 1);
        status = preview(r, j, s, &last);
    }
    progress_end(&progress);
    free(candidates);
    return status;
}

static void tell(const struct options *o, const struct request *r, size_t steps, float score, float cosine) {
    if (o->json)
        printf("{\"steps\":%zu,\"score\":%.6g,\"cosine\":%.6g}\n", steps, (double)score, (double)cosine);
    else
        printf("%s: cosine %.3f after %zu steps\n", r->output, (double)cosine, steps);
}

static int draw(const struct options *o, const struct request *r) {
    struct ocelli *handle = NULL;
    struct judge j = {0};
    struct strategy s = {0};
    size_t steps = 0;
    float score = 0, cosine = 0;
    if (!drawing_writable(r->output) || (r->preview && !drawing_writable(r->preview))) return EXIT_USAGE;
    listen();
    int status = options_open(o, &handle);
    if (!status) status = judge_init(&j, handle, r->text, &r->against, TRIANGLES);
    if (!status) status = strategy_init(&s, drawing_numbers(TRIANGLES), PAIRS, deviation, r->seed);
    if (!status) scatter(&s, TRIANGLES);
    if (!status) status = search(r, &j, &s, &steps);
    if (!status) status = judge_scores(&j, s.mean, 1, TRIANGLES_WHOLE, &score, &cosine);
    if (!status) drawing_set(&j.drawing, s.mean);
    if (!status) status = drawing_write(&j.drawing, r->output, PIXELS, r->text);
    if (!status) tell(o, r, steps, score, cosine);
    strategy_finish(&s);
    judge_finish(&j);
    ocelli_close(&handle);
    return options_exit_code(status);
}

enum { OPTION_AGAINST = OPTIONS_OWN, OPTION_PREVIEW, OPTION_SECONDS, OPTION_STEPS, OPTION_SEED };

static int take_options(struct options *o, struct request *r, struct arena *arena, int argc, char **argv) {
    static const struct option table[] = {OPTIONS_LONG,
                                          {"output", required_argument, NULL, 'o'},
                                          {"against", required_argument, NULL, OPTION_AGAINST},
                                          {"preview", required_argument, NULL, OPTION_PREVIEW},
                                          {"seconds", required_argument, NULL, OPTION_SECONDS},
                                          {"steps", required_argument, NULL, OPTION_STEPS},
                                          {"seed", required_argument, NULL, OPTION_SEED},
                                          {"quiet", no_argument, NULL, 'q'},
                                          {0}};
    int c;
    while ((c = options_next(o, argc, argv, OPTIONS_LETTERS "o:q", table)) >= 0) {
        int status = OCELLI_OK;
        o->exit_code = 0;
        switch (c) {
        case 'o':
            o->exit_code = options_file(o, "-o", optarg);
            r->output = optarg;
            break;
        case OPTION_AGAINST:
            o->exit_code = options_text(o, "--against", optarg);
            status = prompts_add(&r->against, arena, optarg);
            break;
        case OPTION_PREVIEW:
            o->exit_code = options_file(o, "--preview", optarg);
            r->preview = optarg;
            break;
        case OPTION_SECONDS: o->exit_code = options_number(o, "--seconds", optarg, STEPS_MOST, &r->seconds); break;
        case OPTION_STEPS: o->exit_code = options_number(o, "--steps", optarg, STEPS_MOST, &r->steps); break;
        case OPTION_SEED: o->exit_code = options_number(o, "--seed", optarg, STEPS_MOST, &r->seed); break;
        case 'q': r->quiet = true; break;
        }
        if (status) o->exit_code = options_exit_code(status);
        if (o->exit_code) return OPTIONS_STOP;
    }
    return c;
}

static int run(int argc, char **argv) {
    struct options o = {.command = &command_draw};
    struct request r = {.steps = STEPS, .seed = SEED};
    struct arena arena = {0};
    int code;
    if (take_options(&o, &r, &arena, argc, argv) == OPTIONS_STOP)
        code = o.exit_code;
    else if (!o.model)
        code = options_usage(&o, "no model: give -m BLOB");
    else if (optind + 1 != argc || !*argv[optind])
        code = options_usage(&o, "give one TEXT, in quotes");
    else if (!r.output)
        code = options_usage(&o, "no file to draw: give -o FILE");
    else if (!(code = options_text(&o, "TEXT", r.text = argv[optind])) &&
             !(code = options_outputs(&o, (const char *[]){r.output, r.preview}, 2, &o.model, 1)))
        code = draw(&o, &r);
    arena_finish(&arena);
    return code;
}

const struct command command_draw = {
    .name = "draw",
    .summary = "grow a picture of triangles that fits a text",
    .usage = "ocelli draw -m BLOB \"TEXT\" -o FILE [--against \"TEXT\"]... [--seed N] [--steps N] [--seconds N] "
             "[--preview FILE] [-q] [--json]",
    .help =
        "Draws 50 translucent triangles that CLIP finds to show TEXT, by an evolution strategy. FILE is an SVG or a\n"
        "PNG, as its name ends. The same seed and steps give the same picture on the same machine. On SIGINT it\n"
        "writes what there is.\n\n"
        "Options:\n"
        "  -o, --output FILE     the picture\n"
        "      --against TEXT    what it should not show: the cosine less the highest of these counts\n"
        "      --seed N          1 to 1000000 (default 1)\n"
        "      --steps N         of 64 candidates each (default 250)\n"
        "      --seconds N       end after so long, if the steps are not over by then\n"
        "      --preview FILE    the picture so far, written anew every 3 seconds\n"
        "  -q, --quiet           no progress on a terminal\n" OPTIONS_HELP "\n"
        "Example:\n"
        "  ocelli draw -m clip.gguf \"a red apple\" -o apple.svg --preview apple.png\n",
    .run = run,
};
