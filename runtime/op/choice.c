/* SPDX-License-Identifier: Apache-2.0 */
#include "op/choice.h"
#include "base/cache_folder.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A small tower's block without its attention. Turns alternate, so that load on the machine meets all alike; the least
 * of the turns is what a candidate can do. Only CLEARLY less moves the choice; products with float inputs are more
 * exact, and are taken where they are not slower than MUCH. */
enum { ROWS = 50, WIDTH = 512, HIDDEN = 2048, TURNS = 5 };
static const double CLEARLY = 0.92, MUCH = 1.15, FREED = 0.8;
/* A turn of a slow machine is long, and load disturbs it less: no other turn begins after this time. */
static const double ENOUGH_MS = 500;

struct trial {
    struct op_way way;
    struct op_weights weights;
    struct op_memory *activations;
    struct op_list *list;
    double ms; /* least; negative: it does not run */
};

/* Among the ways of one precision: the first one unless another is clearly faster. -1: none runs. */
static int fastest_of(const double *ms, const struct op_way *ways, uint32_t count, bool int8) {
    int first = -1, best = -1;
    for (uint32_t i = 0; i < count; i++) {
        if (ms[i] < 0 || (ways[i].kind != OCELLI_KIND_F16W) != int8) continue;
        if (first < 0) first = (int)i;
        if (best < 0 || ms[i] < ms[best]) best = (int)i;
    }
    return best >= 0 && ms[best] > CLEARLY * ms[first] ? first : best;
}

uint32_t choice_fastest(const double *ms, const struct op_way *ways, uint32_t count) {
    int exact = fastest_of(ms, ways, count, false), int8 = fastest_of(ms, ways, count, true);
    if (exact < 0 && int8 < 0) return 0;
    bool slow = exact < 0 || (int8 >= 0 && ms[exact] > MUCH * ms[int8]);
    return (uint32_t)(slow ? int8 : exact);
}

/* --- the file --- */

enum { LINE = 96 };

static void line_of(const struct op_way *way, double ms, char line[LINE]) {
    int length = snprintf(line, LINE, "%s: %.3f ms\n", way->name, ms);
    if (length < 0 || length >= LINE) *line = 0; /* no time that anything takes */
}

int choice_read(const struct op_device *device, const char *path, struct op_way *way, double *ms) {
    char got[LINE] = "", line[LINE];
    struct op_way ways[OP_WAYS_MOST];
    int fd;
    if (access(path, R_OK) < 0 || file_open(&fd, path)) return OCELLI_ERR_FILE;
    (void)!read(fd, got, sizeof got - 1);
    close(fd);
    uint32_t count = op_device_ways(device, ways);
    const char *colon = strchr(got, ':');
    double read_ms = colon ? strtod(colon + 1, NULL) : -1;
    for (uint32_t i = 0; read_ms >= 0 && i < count; i++) {
        line_of(&ways[i], read_ms, line);
        if (!*line || strcmp(got, line)) continue;
        *way = ways[i], *ms = read_ms;
        return OCELLI_OK;
    }
    return OCELLI_ERR_FILE;
}

void choice_write(const char *path, const struct op_way *way, double ms) {
    char line[LINE];
    line_of(way, ms, line);
    (void)file_save(path, line, strlen(line)); /* a fault was told; the work is done without the file */
}

/* --- the timing --- */

static int load_matrix(struct op_weights *w, uint32_t rows, uint32_t columns, const void *zeros, struct op_matrix *m) {
    return op_weights_matrix(w, &(struct op_source){.values = zeros, .scales = zeros, .bias = zeros, .rows = rows}, 1,
                             columns, m);
}

struct layer {
    struct op_matrix up, down;
    struct op_view norm[2];
};

static int load(struct trial *t, struct op_device *d, struct layer *l) {
    void *zeros = calloc(HIDDEN, WIDTH);
    if (!zeros) return log_fail(OCELLI_ERR_MEMORY, "out of memory");
    t->weights.device = d;
    int status = OCELLI_OK;
    for (int pass = 0; pass < 2 && !status; pass++) {
        status = load_matrix(&t->weights, HIDDEN, WIDTH, zeros, &l->up);
        if (!status) status = load_matrix(&t->weights, WIDTH, HIDDEN, zeros, &l->down);
        for (int i = 0; i < 2 && !status; i++) status = op_weights_floats(&t->weights, zeros, WIDTH, &l->norm[i]);
        if (!status && !pass) status = op_weights_allocate(&t->weights, "weights of a trial");
    }
    free(zeros);
    return status;
}

static struct op_rows rows(struct trial *t, uint32_t width, bool int8, uint64_t *used) {
    struct op_rows r = {.stride = op_stride(width)};
    uint64_t size = (uint64_t)(ROWS + OP_MAX_PANEL) * r.stride * (int8 ? 1 : sizeof(float));
    r.values = (struct op_view){t->activations, *used, size};
    *used += size;
    if (int8) {
        r.scales = (struct op_view){t->activations, *used, ROWS * sizeof(float)};
        *used += OP_VIEW_ALIGNMENT;
    }
    return r;
}

static int record(struct trial *trial, struct op_device *device) {
    struct layer l;
    uint64_t used = 0;
    bool int8 = op_input_is_int8(device);
    int status = load(trial, device, &l);
    uint64_t size = 6ull * (ROWS + OP_MAX_PANEL) * HIDDEN * sizeof(float);
    if (!status) status = op_memory_create(&trial->activations, device, size, OP_USE_DEVICE, "activations of a trial");
    if (!status) status = op_list_create(&trial->list, device);
    if (!status) status = op_list_begin(trial->list, false);
    if (status) return status;
    struct op_rows x = rows(trial, WIDTH, false, &used),
                   in = op_input_rows(device, rows(trial, WIDTH, int8, &used), ROWS);
    struct op_rows hidden = op_unquantized_rows(device, rows(trial, HIDDEN, false, &used), ROWS);
    struct op_rows input = op_quantized_rows(device, hidden, rows(trial, HIDDEN, int8, &used), ROWS);
    op_linear(trial->list, &(struct op_linear){.in = in,
                                               .matrix = &l.up,
                                               .out = hidden,
                                               .rows = ROWS,
                                               .activation = OP_QUICK_GELU,
                                               .epilogue = {.out = input}});
    op_linear(trial->list,
              &(struct op_linear){.in = input,
                                  .matrix = &l.down,
                                  .out = x,
                                  .rows = ROWS,
                                  .add = true,
                                  .epilogue = {.out = in, .weight = l.norm[0], .bias = l.norm[1], .epsilon = 1e-5f}});
    return op_list_end(trial->list);
}

static void finish(struct trial *t, struct op_device *d) {
    op_list_destroy(&t->list);
    op_memory_destroy(&t->activations, d);
    if (t->weights.device) op_weights_destroy(&t->weights);
}

/* The first turn, which waits for compilers and caches, is not counted. */
static int run_turns(struct trial *trials, uint32_t count) {
    double begin = clock_ms();
    for (int turn = 0; turn <= 1 || (turn <= TURNS && clock_ms() - begin < ENOUGH_MS); turn++)
        for (uint32_t i = 0; i < count; i++) {
            struct trial *t = &trials[i];
            if (t->ms < 0) continue;
            double start = clock_ms();
            int status = op_list_run(t->list);
            double ms = clock_ms() - start;
            if (status) return status; /* lost: nothing runs any more */
            if (turn == 1 || (turn > 1 && ms < t->ms)) t->ms = ms;
        }
    return OCELLI_OK;
}

/* Told once: what is wrong is not chosen, and what is chosen is remembered. */
static int check(struct op_device *d) {
    int status = choice_check(d);
    if (status == OCELLI_ERR_WRONG)
        log_warn("%s computes wrongly with %s: it is not used%s", d->name, d->way.name,
                 d->type == OP_DEVICE_CPU ? "" : "; update the driver");
    return status;
}

/* On to the first plainer way that computes rightly. */
static int go_on(struct op_device *d) {
    while (op_device_use_plainer(d)) {
        int status = check(d);
        if (status != OCELLI_ERR_WRONG) return status;
    }
    return OCELLI_ERR_WRONG;
}

static int check_known(struct op_device *d) {
    int status = check(d);
    return status == OCELLI_ERR_WRONG ? go_on(d) : status;
}

/* Those that are not known to be slow. */
static uint32_t candidates(const struct op_device *d, struct op_way ways[OP_WAYS_MOST]) {
    uint32_t count = op_device_ways(d, ways), kept = 0;
    for (uint32_t i = 0; i < count; i++)
        if (!ways[i].emulated) ways[kept++] = ways[i];
    return kept;
}

static int time_all(struct op_device *device, struct op_way *best) {
    struct op_way ways[OP_WAYS_MOST];
    struct trial trials[OP_WAYS_MOST] = {0};
    double ms[OP_WAYS_MOST];
    uint32_t count = candidates(device, ways);
    int status = OCELLI_OK;
    for (uint32_t i = 0; i < count && status != OCELLI_ERR_LOST; i++) {
        op_device_use(device, &ways[i]);
        status = check(device);
        if (!status) status = record(&trials[i], device);
        trials[i].ms = status ? -1 : 0; /* what it lacked was told; the others may do */
    }
    if (status != OCELLI_ERR_LOST) status = run_turns(trials, count);
    for (uint32_t i = 0; i < count; i++) {
        ms[i] = trials[i].ms;
        log_info("%s, %s: %.2f ms", device->name, ways[i].name, ms[i]);
        finish(&trials[i], device);
    }
    uint32_t fastest = status ? 0 : choice_fastest(ms, ways, count);
    *best = ways[fastest];
    device->ms = ms[fastest];
    return status;
}

/* Timed, to be kept; a choice that could not be kept would be timed at every start, so it is only checked. */
static int choose_anew(struct op_device *d, const char *path) {
    if (!path || !cache_writable(path)) return check_known(d);
    struct op_way way = d->way;
    int status = time_all(d, &way);
    op_device_use(d, &way);
    if (!status && d->ms < 0) status = go_on(d); /* none of those that were timed is right */
    d->unproved = status == OCELLI_OK;
    return status;
}

static int choose(struct op_device *d, bool timed) {
    if (d->chosen) return OCELLI_OK;
    struct op_way way;
    char *path = d->backend->choice_path(d);
    int status = OCELLI_OK;
    if (path && !choice_read(d, path, &way, &d->ms))
        op_device_use(d, &way);
    else if (timed)
        status = choose_anew(d, path);
    d->chosen = status == OCELLI_OK; /* after a fault: again */
    free(path);
    return status;
}

/* A GPU leaves the processor free, so that has to be clearly faster. */
static bool rival_wins(const struct op_device *d) {
    const struct op_device *rival = d->rival;
    if (d->ms > 0 && rival->ms > 0) return rival->ms < FREED * d->ms;
    return d->is_slow;
}

int op_device_choose(struct op_device **device, bool timed) {
    struct op_device *d = *device, *rival = d->rival;
    int status = choose(d, timed);
    if (status || !rival) return status;
    status = choose(rival, timed);
    if (status) return status;
    struct op_device *loser = rival_wins(d) ? d : rival;
    *device = loser == d ? rival : d;
    d->rival = NULL;
    if (d->ms > 0 && rival->ms > 0)
        snprintf((*device)->why, sizeof d->why, "half a block takes %.2f ms, on %s %.2f", (*device)->ms, loser->name,
                 loser->ms);
    else if (*device == rival)
        snprintf(rival->why, sizeof rival->why, "%s is known to be slower", d->name);
    log_info("%s: %s", (*device)->name, (*device)->why);
    if (loser->unproved)
        op_device_remember(loser); /* what it lost with; a later start times the winner again at most */
    op_device_close(&loser);
    return OCELLI_OK;
}

bool op_device_is_unproved(const struct op_device *device) {
    return device->unproved;
}

void op_device_remember(struct op_device *device) {
    device->unproved = false;
    char *path = device->backend->choice_path(device);
    if (path && cache_writable(path)) choice_write(path, &device->way, device->ms);
    free(path);
}
