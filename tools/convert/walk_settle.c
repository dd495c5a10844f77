/* SPDX-License-Identifier: Apache-2.0 */
#include "convert/walk_settle.h"
#include "base/log.h"
#include "blob/tensor_names.h"
#include "convert/compute/compensate.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { NAME_SIZE = 96, SAMPLE_ROWS = 256, MANY_ROWS = 640 };

const char *const walk_product_names[REFERENCE_PRODUCTS] = {"qkv", TENSOR_ATTENTION_OUT, TENSOR_UP, TENSOR_DOWN};

static int no_memory(const struct walk *w) {
    return log_fail(OCELLI_ERR_MEMORY, "%s: out of memory", w->model->config->file);
}

/* ---- what the products see ---- */

static void take_rows(const struct walk_state *s, struct calibrate_sample *sample, size_t step, const float *rows,
                      size_t row0, size_t count, uint32_t columns) {
    sample->columns = columns;
    for (size_t r = 0; r < count; r++) {
        bool taken = (row0 + r) % step == 0 || s->is_pooled[row0 + r];
        if (!taken || sample->count == sample->capacity) continue;
        memcpy(sample->rows + sample->count++ * columns, rows + r * columns, columns * sizeof *rows);
    }
}

void walk_observe(void *user, enum reference_product product, const float *rows, size_t row0, size_t count,
                  uint32_t columns) {
    struct walk_state *s = user;
    take_rows(s, &s->samples[product], s->step, rows, row0, count, columns);
    if (s->compensates) take_rows(s, &s->many[product], s->next, rows, row0, count, columns);
}

/* Rows that weights make up for their rounding by. */
static size_t many_rows(const struct walk_state *s) {
    return s->run.rows / (s->run.rows / MANY_ROWS + 1) + 1 + s->run.count;
}

/* That takes two multiplications for each row and weight. So many are seconds; a large tower goes without. */
static bool may_compensate(const struct walk_state *s) {
    static const double most = 120e9;
    const struct config_tower *c = s->run.tower;
    double weights = c->blocks * ((double)c->width * 4 * c->heads * c->head + (double)c->width * 2 * c->hidden);
    return s->walk->calibrate && 2 * weights * (double)many_rows(s) < most;
}

static bool make_sample(struct walk_state *s, struct calibrate_sample *sample, size_t capacity, uint32_t widest) {
    sample->capacity = capacity;
    sample->rows = arena_alloc(&s->arena, capacity * widest, sizeof *sample->rows);
    return sample->rows != NULL;
}

int walk_make_samples(struct walk_state *s) {
    const struct config_tower *c = s->run.tower;
    s->step = s->run.rows / SAMPLE_ROWS + 1, s->next = s->run.rows / MANY_ROWS + 1;
    s->compensates = may_compensate(s);
    uint32_t widest = c->hidden > c->width ? c->hidden : c->width;
    if (c->heads * c->head > widest) widest = c->heads * c->head;
    s->is_pooled = arena_alloc(&s->arena, s->run.rows, sizeof *s->is_pooled);
    s->ranges = arena_alloc(&s->arena, 2 * (size_t)widest, sizeof *s->ranges);
    s->before = arena_alloc(&s->arena, s->run.rows * c->width, sizeof *s->before);
    s->run.middle = arena_alloc(&s->arena, s->run.rows * c->width, sizeof *s->run.middle);
    bool good = s->is_pooled && s->ranges && s->before && s->run.middle;
    for (int i = 0; i < 4 && good; i++)
        good = (s->norms[i / 2][i % 2] = arena_alloc(&s->arena, c->width, sizeof(float))) != NULL;
    for (int p = 0; p < REFERENCE_PRODUCTS && good; p++) {
        s->factors[p] = arena_alloc(&s->arena, widest, sizeof *s->factors[p]);
        good = s->factors[p] && make_sample(s, &s->samples[p], s->run.rows / s->step + 1 + s->run.count, widest);
        if (good && s->compensates) good = make_sample(s, &s->many[p], many_rows(s), widest);
    }
    for (size_t i = 0; i < s->run.count && good; i++) s->is_pooled[s->run.pooled[i]] = true;
    return good ? OCELLI_OK : no_memory(s->walk);
}

/* ---- balancing ---- */

/* Shares of int8 inputs at the end of their range and at 0, of a sample that was divided by the factors. */
static void count_ends(const struct calibrate_sample *sample, const float *factors, struct calibrate_choice *choice) {
    size_t ends = 0, zeros = 0;
    for (size_t r = 0; r < sample->count; r++) {
        const float *x = sample->rows + r * sample->columns;
        float largest = 0;
        for (uint32_t i = 0; i < sample->columns; i++)
            largest = fabsf(x[i] / factors[i]) > largest ? fabsf(x[i] / factors[i]) : largest;
        for (uint32_t i = 0; i < sample->columns; i++) {
            float share = largest > 0 ? fabsf(x[i] / factors[i]) / largest * 127 : 0;
            ends += share >= 126.5f, zeros += share < 0.5f;
        }
    }
    double all = (double)sample->count * sample->columns;
    choice->ends = all > 0 ? (double)ends / all : 0;
    choice->zeros = all > 0 ? (double)zeros / all : 0;
}

static int keep_ranges(struct walk_state *s, const char *name, uint32_t columns, double spread) {
    struct walk_ranges *kept = &s->tower->ranges;
    if (spread <= kept->spread) return OCELLI_OK;
    kept->values = arena_alloc(&s->tower->arena, 2 * (size_t)columns, sizeof *kept->values);
    if (!kept->values) return no_memory(s->walk);
    memcpy(kept->values, s->ranges, 2 * (size_t)columns * sizeof *kept->values);
    kept->columns = columns, kept->spread = spread;
    snprintf(kept->product, sizeof kept->product, "%s", name);
    return OCELLI_OK;
}

/* What a sample tells of the inputs of a product, of which a choice was made. */
static void take_inputs(const struct calibrate_sample *sample, const float *factors, struct calibrate_choice *choice,
                        struct reference_matrix *m) {
    calibrate_inputs(sample, factors, m->bias != NULL, m->means, m->energies);
    m->float_inputs = choice->float_inputs;
    m->times = choice->balanced ? factors : NULL;
    count_ends(sample, factors, choice);
}

int walk_choose_inputs(struct walk_state *s, const char *name, const struct calibrate_sample *sample,
                       enum calibrate_may may, float *factors, struct arena *arena, struct reference_matrix *m,
                       struct calibrate_choice *choice) {
    struct calibrate_weights weights = {m->values, m->rows, m->columns, m->bias != NULL};
    m->means = arena_alloc(arena, m->columns, sizeof *m->means);
    m->energies = arena_alloc(arena, m->columns, sizeof *m->energies);
    int status = m->means && m->energies ? OCELLI_OK : no_memory(s->walk);
    if (!status) status = calibrate_choose(s->walk->pool, sample, &weights, may, factors, s->ranges, choice);
    if (status) return status;
    take_inputs(sample, factors, choice, m);
    return keep_ranges(s, name, m->columns, choice->spread_before);
}

/* What stands before a product takes the division: a norm, or the values' rows and biases. */
static void divide_before(const struct walk_state *s, enum reference_product product,
                          struct reference_weights_of_block *b) {
    const float *factors = s->factors[product];
    uint32_t width = s->run.tower->width;
    for (int i = 0; i < 2 && product == REFERENCE_QKV; i++)
        calibrate_divide(s->norms[0][i], width, factors, b->norm1[i]);
    for (int i = 0; i < 2 && product == REFERENCE_UP; i++)
        calibrate_divide(s->norms[1][i], width, factors, b->norm2[i]);
    if (product == REFERENCE_OUT) b->qkv.over = b->out.times;
}

static void keep_norms(struct walk_state *s, const struct reference_weights_of_block *b) {
    size_t size = s->run.tower->width * sizeof(float);
    for (int i = 0; i < 2; i++) memcpy(s->norms[0][i], b->norm1[i], size), memcpy(s->norms[1][i], b->norm2[i], size);
}

static struct reference_matrix *matrix_of(struct reference_weights_of_block *b, int product) {
    struct reference_matrix *const all[REFERENCE_PRODUCTS] = {&b->qkv, &b->out, &b->up, &b->down};
    return all[product];
}

int walk_balance_block(struct walk_state *s, const char *name, const enum calibrate_may may[REFERENCE_PRODUCTS],
                       struct reference_weights_of_block *b, struct calibrate_choice *choices) {
    int status = OCELLI_OK;
    keep_norms(s, b);
    for (int p = 0; p < REFERENCE_PRODUCTS && !status; p++) {
        char full[NAME_SIZE];
        snprintf(full, sizeof full, "%s.%s", name, walk_product_names[p]);
        status =
            walk_choose_inputs(s, full, &s->samples[p], may[p], s->factors[p], &b->arena, matrix_of(b, p), &choices[p]);
        if (!status && choices[p].balanced) divide_before(s, (enum reference_product)p, b);
    }
    return status;
}

/* Such that int8 inputs would cost much if nothing were done. */
static bool has_outliers(const struct calibrate_choice *choices) {
    bool any = false;
    for (int p = 0; p < REFERENCE_PRODUCTS; p++) any = any || choices[p].noise_before > calibrate_most_noise / 2;
    return any;
}

/* From now on columns of a product's weights make up for each other's rounding. */
static int compensate(struct walk_state *s, struct reference_weights_of_block *b, enum reference_product first,
                      enum reference_product last) {
    struct compensate_inputs inputs[REFERENCE_PRODUCTS];
    struct compensate *made = arena_alloc(&b->arena, REFERENCE_PRODUCTS, sizeof *made);
    if (!made) return no_memory(s->walk);
    for (int p = first; p <= (int)last; p++) {
        struct reference_matrix *m = matrix_of(b, p);
        calibrate_inputs(&s->many[p], s->factors[p], m->bias != NULL, m->means, m->energies);
        inputs[p] = (struct compensate_inputs){&s->many[p], s->factors[p], m->means, m->energies};
        m->compensate = &made[p];
    }
    return compensate_init(s->walk->pool, &b->arena, inputs + first, (size_t)(last - first) + 1, made + first);
}

int walk_round_block(const struct walk_state *s, struct reference_weights_of_block *b, uint32_t parts,
                     struct walk_block_lost *lost) {
    int status = OCELLI_OK;
    for (int p = 0; p < REFERENCE_PRODUCTS && !status; p++) {
        struct reference_matrix *m = matrix_of(b, p);
        status = walk_make_room(s->walk, &b->arena, m);
        if (!status) status = walk_round_matrix(s->walk, m, p == REFERENCE_QKV ? parts : 1, &lost->of[p]);
    }
    return status;
}

/* ---- which products keep floats ---- */

/* Of every row to the float one. */
void walk_compare_rows(const struct walk_state *s, struct walk_layer *layer, enum reference_weights kind) {
    uint32_t width = s->run.tower->width;
    double sum = 0, worst = 1;
    for (size_t r = 0; r < s->run.rows; r++) {
        double cosine = reference_cosine(s->run.x[REFERENCE_FLOAT] + r * width, s->run.x[kind] + r * width, width);
        sum += cosine;
        worst = cosine < worst ? cosine : worst;
    }
    layer->cosine[kind] = sum / (double)s->run.rows;
    layer->worst[kind] = worst;
}

/* The product whose int8 form adds most noise, of those that were not tried; -1: none is left. */
static int next_float(const struct walk_layer *layer, const bool tried[REFERENCE_PRODUCTS]) {
    int best = -1;
    double most = 0;
    for (int p = 0; p < REFERENCE_PRODUCTS; p++) {
        const struct calibrate_choice *c = &layer->products[p];
        double more = c->noise_after + c->weights_after - c->weights_before;
        if (!c->float_inputs && !tried[p] && more > most) best = p, most = more;
    }
    return best;
}

/* How far a block's rows may be from the float ones in the mean, 1 - cosine. What is lost early grows on its way. */
static double allowed(const struct walk_state *s, uint32_t number) {
    static const double behind_last = 5e-4, growth = 1.5; /* of a block */
    return behind_last * pow(growth, (double)number + 1 - s->run.tower->blocks);
}

/* Runs a block with int8 inputs, from a product on where only what follows is another than the last time. */
static int run_from(struct walk_state *s, enum reference_product first, const struct reference_weights_of_block *b,
                    struct walk_layer *layer) {
    const float *from;
    first = reference_again(&s->run, first);
    from = first < REFERENCE_UP ? s->before : s->run.middle;
    memcpy(s->run.x[REFERENCE_DOT], from, s->run.rows * s->run.tower->width * sizeof *from);
    int status = reference_block_from(&s->run, b, REFERENCE_DOT, first);
    if (!status) walk_compare_rows(s, layer, REFERENCE_DOT);
    return status;
}

/* One more product keeps floats: its weights are rounded anew if they were balanced, and so are those that took its
 * factors. */
static int give_floats(struct walk_state *s, enum reference_product product, struct reference_weights_of_block *b,
                       struct walk_layer *layer, struct walk_block_lost *lost) {
    struct calibrate_choice *choice = &layer->products[product];
    struct reference_matrix *m = matrix_of(b, product);
    bool was_balanced = choice->balanced, values = was_balanced && product == REFERENCE_OUT;
    int status = OCELLI_OK;
    calibrate_keep_floats(choice);
    m->float_inputs = true;
    if (!was_balanced) return run_from(s, product, b, layer);
    for (uint32_t i = 0; i < m->columns; i++) s->factors[product][i] = 1;
    take_inputs(&s->samples[product], s->factors[product], choice, m);
    divide_before(s, product, b);
    if (m->compensate) status = compensate(s, b, product, product);
    if (!status) status = walk_round_matrix(s->walk, m, lost->of[product].parts, &lost->of[product]);
    if (!status && values) status = walk_round_part(s->walk, &b->qkv, 2, &lost->of[REFERENCE_QKV]);
    return status ? status : run_from(s, values ? REFERENCE_QKV : product, b, layer);
}

/* May the pixels stay floats? So far int8 inputs were theirs alone: x is the one of int8 weights then. */
static bool has_pixels(const struct walk_state *s, uint32_t number) {
    const struct config *c = s->walk->model->config;
    return number == 0 && s->run.tower == &c->image && !c->stem;
}

static double lost_by(const struct walk_layer *layer, enum reference_weights kind) {
    return 1 - layer->cosine[kind];
}

/* Do int8 inputs lose far more than int8 weights did up to the block before? */
static bool is_far(const struct walk_state *s, uint32_t number, double now) {
    static const double far = 4;
    return number > 0 && now > far * lost_by(&s->tower->layers[number - 1], REFERENCE_INT8);
}

/* One more product after the other keeps floats: until the block's rows are near the float ones, or one more brings
 * little, which counts behind the first block. Where int8 inputs lose by far the most, a product that brings little
 * goes back to int8, and the next one is tried. */
static int choose_floats(struct walk_state *s, uint32_t number, struct reference_weights_of_block *b,
                         struct walk_layer *layer, struct walk_block_lost *lost) {
    static const double little = 0.85; /* of what was lost is still lost */
    bool tried[REFERENCE_PRODUCTS] = {false};
    double now = lost_by(layer, REFERENCE_DOT), before;
    int status = OCELLI_OK;
    while (!status && now > allowed(s, number)) {
        int next = next_float(layer, tried);
        if (next < 0) break;
        before = now, tried[next] = true;
        if (is_far(s, number, now)) {
            matrix_of(b, next)->float_inputs = true;
            status = run_from(s, (enum reference_product)next, b, layer);
            if (!status && lost_by(layer, REFERENCE_DOT) > little * before) {
                matrix_of(b, next)->float_inputs = false;
                status = run_from(s, (enum reference_product)next, b, layer);
                continue;
            }
        }
        if (!status) status = give_floats(s, (enum reference_product)next, b, layer, lost);
        now = lost_by(layer, REFERENCE_DOT);
        if (now > little * before && number > 0 && !is_far(s, number, now)) break;
    }
    return status;
}

/* Models without outliers are left as they are. */
int walk_settle_block(struct walk_state *s, uint32_t number, const char *name, struct reference_weights_of_block *b,
                      struct walk_block_lost *lost) {
    struct walk_layer *layer = &s->tower->layers[number];
    static const enum calibrate_may may[REFERENCE_PRODUCTS] = {CALIBRATE_BALANCE, CALIBRATE_BALANCE, CALIBRATE_BALANCE,
                                                               CALIBRATE_LEAVE};
    size_t size = s->run.rows * s->run.tower->width * sizeof *s->before;
    memcpy(s->before, s->run.x[REFERENCE_DOT], size);
    int status = s->walk->calibrate ? walk_balance_block(s, name, may, b, layer->products) : OCELLI_OK;
    bool outliers = has_outliers(layer->products);
    if (!status && s->compensates && outliers) status = compensate(s, b, REFERENCE_QKV, REFERENCE_DOWN);
    if (!status) status = walk_round_block(s, b, 3, lost);
    if (!status) status = run_from(s, REFERENCE_QKV, b, layer);
    if (!status && outliers && lost_by(layer, REFERENCE_DOT) > allowed(s, number) && has_pixels(s, number)) {
        memcpy(s->before, s->run.x[REFERENCE_INT8], size);
        s->tower->float_pixels = true;
        status = run_from(s, REFERENCE_QKV, b, layer);
    }
    if (!status && outliers) status = choose_floats(s, number, b, layer, lost);
    for (int p = 0; p < REFERENCE_PRODUCTS; p++) {
        layer->ends += layer->products[p].ends / REFERENCE_PRODUCTS;
        layer->zeros += layer->products[p].zeros / REFERENCE_PRODUCTS;
    }
    return status;
}
