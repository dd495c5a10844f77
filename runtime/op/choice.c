/* SPDX-License-Identifier: Apache-2.0 */
#include "op/choice.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "op/product.h"
#include "vk/cache.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A small tower's block without its attention. Turns alternate, so that load on the machine meets all alike; the least
 * of the turns is what a candidate can do. Only CLEARLY less moves the choice; products with float inputs are more exact, and
 * are taken where they are not slower than MUCH. */
enum { ROWS = 50, WIDTH = 512, HIDDEN = 2048, TURNS = 5 };
static const double CLEARLY = 0.92, MUCH = 1.15;

struct trial {
    struct choice choice;
    struct op_weights weights;
    struct op_memory *activations;
    struct op_list *list;
    double ms; /* least; negative: it does not run */
};

uint32_t choice_candidates(const struct op_device *d, struct choice out[CHOICE_MOST]) {
    uint32_t count = 0;
    enum op_product known = product_best(d, OCELLI_KIND_AUTO);
    out[count++] = (struct choice){known, product_fuses(d)};
    out[count++] = (struct choice){known, !product_fuses(d)};
    for (int p = 0; p < OP_PRODUCT_COUNT; p++) {
        bool emulated = p == OP_PRODUCT_MMA ? op_device_is_cpu(d)
                                            : product_of((enum op_product)p)->weights == PRODUCT_BYTES &&
                                                  product_of((enum op_product)p)->int8_inputs && !d->vk.integer_dot_accelerated;
        if (p == (int)known || emulated || !product_fits(d, (enum op_product)p)) continue;
        out[count++] = (struct choice){(enum op_product)p, product_fuses(d)};
    }
    return count;
}

/* Of those of one precision: the first of them unless another is clearly faster. -1: none runs. */
static int fastest_of(const double *ms, const struct choice *choices, uint32_t count, bool int8) {
    int first = -1, best = -1;
    for (uint32_t i = 0; i < count; i++) {
        if (ms[i] < 0 || product_of(choices[i].product)->int8_inputs != int8) continue;
        if (first < 0) first = (int)i;
        if (best < 0 || ms[i] < ms[best]) best = (int)i;
    }
    return best >= 0 && ms[best] > CLEARLY * ms[first] ? first : best;
}

uint32_t choice_fastest(const double *ms, const struct choice *choices, uint32_t count) {
    int exact = fastest_of(ms, choices, count, false), int8 = fastest_of(ms, choices, count, true);
    if (exact < 0 && int8 < 0) return 0;
    bool slow = exact < 0 || (int8 >= 0 && ms[exact] > MUCH * ms[int8]);
    return (uint32_t)(slow ? int8 : exact);
}

/* --- the file --- */

enum { LINE = 64 };

static void line_of(struct choice c, char line[LINE]) {
    snprintf(line, LINE, "product %s, dispatches %s\n", op_product_name(c.product), c.fuses ? "fused" : "apart");
}

int choice_read(const struct op_device *d, const char *path, struct choice *choice) {
    char got[LINE] = "", line[LINE];
    int fd;
    if (access(path, R_OK) < 0 || file_open(&fd, path)) return OCELLI_ERR_FILE;
    (void)!read(fd, got, sizeof got - 1);
    close(fd);
    for (int i = 0; i < 2 * OP_PRODUCT_COUNT; i++) {
        struct choice c = {(enum op_product)(i / 2), i % 2};
        line_of(c, line);
        if (strcmp(got, line) || !product_fits(d, c.product)) continue;
        *choice = c;
        return OCELLI_OK;
    }
    return OCELLI_ERR_FILE;
}

void choice_write(const char *path, struct choice choice) {
    struct file_writer w;
    char line[LINE];
    line_of(choice, line);
    int status = file_writer_open(&w, path);
    if (!status) status = file_writer_write(&w, line, strlen(line));
    if (!status) file_writer_commit(&w);
    file_writer_close(&w);
}

/* --- the timing --- */

static int load_matrix(struct op_weights *w, uint32_t rows, uint32_t columns, const void *zeros, struct op_matrix *m) {
    return op_weights_matrix(w, &(struct op_source){.values = zeros, .scales = zeros, .bias = zeros, .rows = rows}, 1, columns,
                             m);
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

static int record(struct trial *t, struct op_device *d) {
    struct layer l;
    uint64_t used = 0;
    bool int8 = op_input_is_int8(d);
    int status = load(t, d, &l);
    uint64_t size = 6ull * (ROWS + OP_MAX_PANEL) * HIDDEN * sizeof(float);
    if (!status) status = op_memory_create(&t->activations, d, size, OP_USE_DEVICE, "activations of a trial");
    if (!status) status = op_list_create(&t->list, d);
    if (!status) status = op_list_begin(t->list, false);
    if (status) return status;
    struct op_rows x = rows(t, WIDTH, false, &used), in = op_input_rows(d, rows(t, WIDTH, int8, &used), ROWS);
    struct op_rows hidden = op_unready_rows(d, rows(t, HIDDEN, false, &used), ROWS);
    struct op_rows ready = op_ready_rows(d, hidden, rows(t, HIDDEN, int8, &used), ROWS);
    op_linear(t->list,
              &(struct op_linear){
                  .in = in, .matrix = &l.up, .out = hidden, .rows = ROWS, .activation = OP_QUICK_GELU, .then = {.out = ready}});
    op_linear(t->list, &(struct op_linear){.in = ready,
                                           .matrix = &l.down,
                                           .out = x,
                                           .rows = ROWS,
                                           .add = true,
                                           .then = {.out = in, .weight = l.norm[0], .bias = l.norm[1], .epsilon = 1e-5f}});
    return op_list_end(t->list);
}

static void finish(struct trial *t, struct op_device *d) {
    op_list_destroy(&t->list);
    op_memory_destroy(&t->activations, d);
    if (t->weights.device) op_weights_destroy(&t->weights);
}

static void use(struct op_device *d, struct choice c) {
    d->product = c.product;
    d->fuses = c.fuses;
}

/* The first turn, which waits for compilers and caches, is not counted. */
static int run_turns(struct trial *trials, uint32_t count) {
    for (int turn = 0; turn <= TURNS; turn++)
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
        log_warn("%s computes wrongly with product %s, dispatches %s: it is not used; update the driver", d->vk.name,
                 op_product_name(d->product), d->fuses ? "fused" : "apart");
    return status;
}

/* From what is known of the device on to the first that computes rightly. */
static int check_known(struct op_device *d) {
    int status = check(d);
    while (status == OCELLI_ERR_WRONG && op_device_next_product(d)) status = check(d);
    return status;
}

static int time_all(struct op_device *d, struct choice *best) {
    struct choice candidates[CHOICE_MOST];
    struct trial trials[CHOICE_MOST] = {0};
    double ms[CHOICE_MOST];
    uint32_t count = choice_candidates(d, candidates);
    int status = OCELLI_OK;
    for (uint32_t i = 0; i < count && status != OCELLI_ERR_LOST; i++) {
        trials[i].choice = candidates[i];
        use(d, candidates[i]);
        status = check(d);
        if (!status) status = record(&trials[i], d);
        trials[i].ms = status ? -1 : 0; /* what it lacked was told; the others may do */
    }
    if (status != OCELLI_ERR_LOST) status = run_turns(trials, count);
    for (uint32_t i = 0; i < count; i++) {
        ms[i] = trials[i].ms;
        log_info("product %s, dispatches %s: %.2f ms", op_product_name(candidates[i].product),
                 candidates[i].fuses ? "fused" : "apart", ms[i]);
        finish(&trials[i], d);
    }
    *best = candidates[status ? 0 : choice_fastest(ms, candidates, count)];
    return status;
}

/* Timed, to be kept; a choice that could not be kept would be timed at every start, so it is only checked. */
static int choose_anew(struct op_device *d, const char *path) {
    if (!path || !vk_cache_writable(&d->vk)) return check_known(d);
    struct choice choice = {d->product, d->fuses};
    int status = time_all(d, &choice);
    use(d, choice);
    d->unproved = status == OCELLI_OK;
    return status;
}

int op_device_choose(struct op_device *d, bool timed) {
    if (d->chosen) return OCELLI_OK;
    struct choice choice;
    char *path = vk_cache_file(&d->vk, "product", "txt");
    int status = OCELLI_OK;
    if (path && !choice_read(d, path, &choice))
        use(d, choice);
    else if (timed)
        status = choose_anew(d, path);
    d->chosen = status == OCELLI_OK; /* after a fault: again */
    free(path);
    return status;
}

bool op_device_is_unproved(const struct op_device *d) {
    return d->unproved;
}

void op_device_remember(struct op_device *d) {
    d->unproved = false;
    char *path = vk_cache_writable(&d->vk) ? vk_cache_file(&d->vk, "product", "txt") : NULL;
    if (path) choice_write(path, (struct choice){d->product, d->fuses});
    free(path);
}
