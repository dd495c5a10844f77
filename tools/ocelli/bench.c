/* SPDX-License-Identifier: Apache-2.0
 * ocelli bench: how fast is this model here, and what is it made of? */
#include "bench.h"
#include "base/clock.h"
#include "base/log.h"
#include "text/json.h"
#include "ocelli/options.h"
#include "ocelli/common/plain.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

enum { BATCH = 16, WARM_UP = 2, RUNS = 20, MOST_RUNS = 1000000, OPS_MOST = 64 };
static const char text[] = "a photo of a cat.";

struct op_time {
    const char *op;
    double ms;
    uint64_t macs, bytes; /* of buffers, each counted once a dispatch */
};

struct report {
    struct ocelli_info info;
    size_t runs;
    double image_ms[2], text_ms[2]; /* median, 95th of a hundred */
    double image_cpu_ms;            /* of all threads of this process, the driver's too */
    double images_per_s;
    double peak_macs, peak_bytes; /* a second, what the device can at most; 0: unknown */
    size_t dispatches;            /* of one picture */
    struct op_time ops[OPS_MOST]; /* on the device, in one picture */
    size_t op_count;              /* 0: the device has no timestamps */
    uint64_t peak_rss_bytes;
};

static int compare(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Sorts. Nearest rank: the smallest value that at least half, or 95 %, do not exceed. */
static void summarise(double *ms, size_t count, double out[2]) {
    qsort(ms, count, sizeof *ms, compare);
    out[0] = ms[(count * 50 + 99) / 100 - 1];
    out[1] = ms[(count * 95 + 99) / 100 - 1];
}

/* --- what is measured --- */

struct bench {
    struct ocelli *handle;
    uint8_t *rgb; /* one picture of noise: no decoder, no file */
    struct ocelli_image batch[BATCH];
    float *vectors; /* (BATCH, D) */
    double *ms;     /* (runs) */
};

static int embed_picture(struct bench *b) {
    return ocelli_embed_images(b->handle, b->batch, 1, b->vectors);
}

static int embed_text(struct bench *b) {
    const char *texts[] = {text};
    return ocelli_embed_texts(b->handle, texts, 1, b->vectors);
}

static double cpu_ms(void) {
    struct rusage u;
    getrusage(RUSAGE_SELF, &u);
    return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1e3 +
           (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e3;
}

static int time_runs(struct bench *b, int (*once)(struct bench *), size_t runs, double out[2], double *cpu) {
    int status = OCELLI_OK;
    for (int i = 0; !status && i < WARM_UP; i++) status = once(b);
    double cpu_before = cpu_ms();
    for (size_t i = 0; !status && i < runs; i++) {
        double start = clock_ms();
        status = once(b);
        b->ms[i] = clock_ms() - start;
    }
    *cpu = (cpu_ms() - cpu_before) / (double)runs;
    if (!status) summarise(b->ms, runs, out);
    return status;
}

/* Pictures handed over BATCH at a time: two frames in flight and full batches show here. */
static int time_batches(struct bench *b, size_t runs, double *images_per_s) {
    int status = ocelli_embed_images(b->handle, b->batch, BATCH, b->vectors);
    size_t batches = (runs + BATCH - 1) / BATCH;
    double start = clock_ms();
    for (size_t i = 0; !status && i < batches; i++)
        status = ocelli_embed_images(b->handle, b->batch, BATCH, b->vectors);
    *images_per_s = (double)(batches * BATCH) * 1e3 / (clock_ms() - start);
    return status;
}

static void add_time(struct report *r, const struct bench_dispatch *d) {
    size_t i = 0;
    if (d->gpu_ms < 0) return;
    while (i < r->op_count && strcmp(r->ops[i].op, d->op)) i++;
    if (i == OPS_MOST) return;
    if (i == r->op_count) r->ops[r->op_count++] = (struct op_time){.op = d->op};
    r->ops[i].ms += d->gpu_ms;
    r->ops[i].macs += d->macs;
    r->ops[i].bytes += d->bytes;
}

static int time_ops(struct bench *b, struct report *r) {
    struct bench_dispatch *dispatches = NULL;
    int status = bench_image_times(b->handle, &dispatches, &r->dispatches);
    for (size_t i = 0; !status && i < r->dispatches; i++) add_time(r, &dispatches[i]);
    free(dispatches);
    return status;
}

static int bench_init(struct bench *bench, size_t runs) {
    struct ocelli_info info;
    ocelli_get_info(bench->handle, &info);
    size_t bytes = (size_t)BENCH_WIDTH * BENCH_HEIGHT * 3;
    bench->rgb = malloc(bytes);
    bench->vectors = calloc(BATCH, info.embedding_size * sizeof *bench->vectors);
    bench->ms = calloc(runs, sizeof *bench->ms);
    if (!bench->rgb || !bench->vectors || !bench->ms)
        return log_fail(OCELLI_ERR_MEMORY, "out of memory for %zu runs", runs);
    uint32_t noise = 1;
    for (size_t i = 0; i < bytes; i++) {
        noise = noise * 1664525u + 1013904223u; /* Numerical Recipes' generator */
        bench->rgb[i] = (uint8_t)(noise >> 24);
    }
    for (int i = 0; i < BATCH; i++)
        bench->batch[i] = (struct ocelli_image){.rgb = bench->rgb, .width = BENCH_WIDTH, .height = BENCH_HEIGHT};
    return OCELLI_OK;
}

static int measure(struct bench *b, struct report *r) {
    struct rusage usage;
    double text_cpu_ms;
    int status = bench_init(b, r->runs);
    if (!status) status = time_runs(b, embed_picture, r->runs, r->image_ms, &r->image_cpu_ms);
    if (!status) status = time_batches(b, r->runs, &r->images_per_s);
    ocelli_get_info(b->handle, &r->info);
    r->text_ms[0] = r->text_ms[1] = NAN;
    if (!status && !r->info.own_tags) status = time_runs(b, embed_text, r->runs, r->text_ms, &text_cpu_ms);
    if (!status) status = time_ops(b, r);
    ocelli_get_info(b->handle, &r->info); /* now, with all that is in use on the GPU */
    getrusage(RUSAGE_SELF, &usage);
    if (!status) status = bench_peak(b->handle, &r->peak_macs, &r->peak_bytes);
    r->peak_rss_bytes = (uint64_t)usage.ru_maxrss * 1024; /* Linux counts in KiB */
    return status;
}

/* --- what is shown --- */

static void json_times(struct json *j, const char *key, const double ms[2]) {
    json_begin(j, key, '{');
    json_number(j, "median", ms[0], JSON_SHORT);
    json_number(j, "p95", ms[1], JSON_SHORT);
    json_end(j, '}');
}

struct rates {
    double gflop_s, gbyte_s;
    double share; /* of the device's limit, by arithmetic or by bytes, whichever is nearer; 0: unknown */
};

static struct rates rates_of(const struct report *r, const struct op_time *op) {
    double s = op->ms / 1e3, macs = (double)op->macs / s, bytes = (double)op->bytes / s;
    double by_macs = r->peak_macs > 0 ? macs / r->peak_macs : 0,
           by_bytes = r->peak_bytes > 0 ? bytes / r->peak_bytes : 0;
    return (struct rates){macs * 2 / 1e9, bytes / 1e9, by_macs > by_bytes ? by_macs : by_bytes};
}

static void json_rates(struct json *j, const struct report *r, const struct op_time *op) {
    struct rates rates = rates_of(r, op);
    json_begin(j, op->op, '{');
    json_number(j, "gflop_s", rates.gflop_s, JSON_SHORT);
    json_number(j, "gbyte_s", rates.gbyte_s, JSON_SHORT);
    json_number(j, "share", rates.share, JSON_SHORT);
    json_end(j, '}');
}

static void show_json(const struct report *report) {
    struct json j = {.to = stdout};
    json_begin(&j, NULL, '{');
    json_text(&j, "model", report->info.model_name);
    json_text(&j, "device", report->info.device_name);
    json_text(&j, "driver", report->info.driver_name);
    json_text(&j, "kind", options_kind_name(report->info.kind));
    json_count(&j, "runs", report->runs);
    json_times(&j, "image_ms", report->image_ms);
    json_number(&j, "image_cpu_ms", report->image_cpu_ms, JSON_SHORT);
    json_times(&j, "text_ms", report->text_ms);
    json_number(&j, "images_per_s", report->images_per_s, JSON_SHORT);
    json_count(&j, "dispatches", report->dispatches);
    json_count(&j, "gpu_bytes", report->info.gpu_bytes);
    json_count(&j, "peak_rss_bytes", report->peak_rss_bytes);
    json_begin(&j, "op_ms", '{');
    for (size_t i = 0; i < report->op_count; i++) json_number(&j, report->ops[i].op, report->ops[i].ms, JSON_SHORT);
    json_end(&j, '}');
    json_begin(&j, "op_rates", '{');
    for (size_t i = 0; i < report->op_count; i++) json_rates(&j, report, &report->ops[i]);
    json_end(&j, '}');
    json_begin(&j, "device_limit", '{');
    json_number(&j, "gflop_s", report->peak_macs * 2 / 1e9, JSON_SHORT);
    json_number(&j, "gbyte_s", report->peak_bytes / 1e9, JSON_SHORT);
    json_end(&j, '}');
    json_end(&j, '}');
    putchar('\n');
}

static void line(const char *label, const char *value) {
    printf("%-14s ", label);
    plain_text(stdout, value);
    putchar('\n');
}

static void show_ops(const struct report *r) {
    if (r->op_count)
        printf("%-14s %9s %9s %8s  %s\n", "  operation", "ms", "GFLOP/s", "GB/s", "share of the device's limit");
    for (size_t i = 0; i < r->op_count; i++) {
        struct rates rates = rates_of(r, &r->ops[i]);
        printf("  %-12s %9.3f %9.1f %8.2f  %3.0f%%\n", r->ops[i].op, r->ops[i].ms, rates.gflop_s, rates.gbyte_s,
               100 * rates.share);
    }
    if (r->peak_macs > 0)
        printf("  %-12s %9s %9.1f %8.2f  measured\n", "limit", "", r->peak_macs * 2 / 1e9, r->peak_bytes / 1e9);
}

static void show(const struct report *report) {
    line("model", report->info.model_name);
    line("device", report->info.device_name);
    line("driver", report->info.driver_name);
    line("kind", options_kind_name(report->info.kind));
    printf("%-14s %.2f ms median, %.2f ms p95 of %zu\n", "picture", report->image_ms[0], report->image_ms[1],
           report->runs);
    printf("%-14s %.2f ms a picture, all threads of the process%s\n", "CPU time", report->image_cpu_ms,
           strstr(report->info.device_name, "llvmpipe") ? ": the driver computes on the CPU" : "");
    if (report->info.own_tags)
        line("text", "none: this model has no text tower");
    else
        printf("%-14s %.2f ms median, %.2f ms p95 of %zu\n", "text", report->text_ms[0], report->text_ms[1],
               report->runs);
    printf("%-14s %.2f, %d at once\n", "pictures/s", report->images_per_s, BATCH);
    printf("%-14s %zu a picture\n", "dispatches", report->dispatches);
    printf("%-14s %.1f MB\n", "device memory", (double)report->info.gpu_bytes / 1e6);
    printf("%-14s %.1f MB at most\n", "main memory", (double)report->peak_rss_bytes / 1e6);
    show_ops(report);
    if (!report->op_count) puts("this device has no timestamps: no times of its ops");
}

static void plan_json(const char *tower, const struct bench_dispatch *dispatch) {
    struct json j = {.to = stdout};
    json_begin(&j, NULL, '{');
    json_text(&j, "tower", tower);
    json_text(&j, "op", dispatch->op);
    json_text(&j, "shader", dispatch->shader);
    json_begin(&j, "constants", '[');
    for (uint32_t i = 0; i < dispatch->constant_count; i++) json_count(&j, NULL, dispatch->constants[i]);
    json_end(&j, ']');
    json_begin(&j, "groups", '[');
    for (int i = 0; i < 3; i++) json_count(&j, NULL, dispatch->groups[i]);
    json_end(&j, ']');
    json_count(&j, "macs", dispatch->macs);
    json_begin(&j, "push", '[');
    for (uint32_t i = 0; i < dispatch->push_count; i++) json_count(&j, NULL, dispatch->push[i]);
    json_end(&j, ']');
    json_end(&j, '}');
    putchar('\n');
}

static void plan_line(const char *tower, const struct bench_dispatch *d) {
    printf("%-5s %-10s %-24s groups %" PRIu32 "x%" PRIu32 "x%" PRIu32 " macs %" PRIu64 " constants", tower, d->op,
           d->shader, d->groups[0], d->groups[1], d->groups[2], d->macs);
    for (uint32_t i = 0; i < d->constant_count; i++) printf("%c%" PRIu32, i ? ',' : ' ', d->constants[i]);
    puts(d->constant_count ? "" : " -");
}

static void show_plan(bool json, const char *tower, const struct bench_dispatch *dispatches, size_t count) {
    for (size_t i = 0; i < count; i++) (json ? plan_json : plan_line)(tower, &dispatches[i]);
}

static int plan(struct ocelli *handle, bool json) {
    struct bench_dispatch *dispatches = NULL;
    struct ocelli_info info;
    ocelli_get_info(handle, &info);
    int32_t *ids = calloc(info.context_length + 1, sizeof *ids);
    size_t count, tokens = 0;
    int status = ids ? OCELLI_OK : log_fail(OCELLI_ERR_MEMORY, "out of memory");
    if (!status && !info.own_tags) status = ocelli_tokenize(handle, text, ids, info.context_length, &tokens);
    if (!status) status = bench_image_plan(handle, &dispatches, &count);
    if (!status) show_plan(json, "image", dispatches, count);
    free(dispatches);
    dispatches = NULL, count = 0;
    if (!status && !info.own_tags) status = bench_text_plan(handle, (uint32_t)tokens, &dispatches, &count);
    if (!status) show_plan(json, "text", dispatches, count);
    free(dispatches);
    free(ids);
    return status;
}

/* --- the command --- */

static int bench(const struct options *o, size_t runs, bool only_plan) {
    struct bench b = {0};
    struct report r = {.runs = runs};
    int status = options_open(o, &b.handle);
    if (!status && only_plan) status = plan(b.handle, o->json);
    if (!status && !only_plan) {
        status = measure(&b, &r);
        if (!status) (o->json ? show_json : show)(&r);
    }
    free(b.rgb);
    free(b.vectors);
    free(b.ms);
    ocelli_close(&b.handle);
    return options_exit_code(status);
}

enum { OPTION_PLAN = OPTIONS_OWN };

static int run(int argc, char **argv) {
    static const struct option table[] = {
        OPTIONS_LONG, {"runs", required_argument, NULL, 'n'}, {"plan", no_argument, NULL, OPTION_PLAN}, {0}};
    struct options o = {.command = &command_bench};
    size_t runs = RUNS;
    bool only_plan = false;
    int c;
    while ((c = options_next(&o, argc, argv, OPTIONS_LETTERS "n:", table)) >= 0) {
        if (c == OPTION_PLAN)
            only_plan = true;
        else if (options_number(&o, "-n", optarg, MOST_RUNS, &runs))
            return EXIT_USAGE;
    }
    if (c == OPTIONS_STOP) return o.exit_code;
    if (!o.model) return options_usage(&o, "no model: give -m BLOB");
    if (optind < argc) return options_usage(&o, "\"%s\" is one argument too many", argv[optind]);
    return bench(&o, runs, only_plan);
}

const struct command command_bench = {
    .name = "bench",
    .summary = "measure time and memory of a model on this device",
    .usage = "ocelli bench -m BLOB [-n N] [--json] [--plan]",
    .help = "Embeds a 640x480 picture of noise and a short text N times each, one at a time, then\n"
            "pictures in batches, and shows the times, the memory and the time of each kind of\n"
            "operation in a picture. Decoding of files is not part of it. The limit is that of code\n"
            "which only multiplies and adds in registers, or only reads 64 MiB: measured, not looked up.\n\n"
            "Options:\n"
            "  -n, --runs N          how often (default 20)\n"
            "      --plan            runs nothing; prints a line a dispatch: tower, operation, shader,\n"
            "                        groups, multiply-accumulates, specialisation constants\n" OPTIONS_HELP "\n"
            "Example:\n"
            "  ocelli bench -m clip.gguf -n 100 --json\n",
    .run = run,
};
