/* SPDX-License-Identifier: Apache-2.0 */
#include "convert/compute/calibrate.h"
#include "base/arena.h"
#include "base/log.h"
#include "convert/compute/quantize.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

const double calibrate_most_noise = 0.001;

/* Weights are changed only where a channel's range is so many times the median one's, and where less than this share of
 * the noise is left. Without outliers the estimate's errors are larger than what can be gained. */
static const double uneven = 5, worth = 0.8;

enum { ROWS_MOST = 256, OUTPUTS_MOST = 512, SUMS = 8 }; /* of the weights, for an estimate; see row_noise() */

/* How factors are made of the channels' ranges. */
static const struct way {
    const char *name;
    float power, over; /* range^power / weights^(1 - power); or what exceeds `over` median ranges, if that is not 0 */
} ways[] = {
    {"none", 0, 0},
    {"outliers over 8", 0, 8},
    {"outliers over 4", 0, 4},
    {"outliers over 2", 0, 2},
    {"balanced 0.25", 0.25f, 0},
    {"balanced 0.40", 0.4f, 0},
    {"balanced 0.50", 0.5f, 0},
    {"balanced 0.60", 0.6f, 0},
    {"balanced 0.75", 0.75f, 0},
    {"balanced 0.90", 0.9f, 0},
};
enum { WAYS = sizeof ways / sizeof ways[0] };

struct estimate {
    double inputs, weights; /* powers of noise in a result */
};

struct job {
    const struct calibrate_sample *sample;
    const struct calibrate_weights *weights;
    float *ranges, *weight_ranges; /* (columns): largest magnitudes */
    float *energies;               /* (columns): of an input channel, as calibrate_inputs() has them */
    float *means;                  /* (columns) */
    float *weight_energies;        /* (columns): of the weights that it meets */
    float *factors;                /* (WAYS, columns) */
    float median;                  /* of the ranges */
    struct estimate *estimates;    /* (WAYS) */
};

static int compare(const void *a, const void *b) {
    float x = *(const float *)a, y = *(const float *)b;
    return x < y ? -1 : x > y;
}

static float median_of(const float *values, uint32_t count, float *scratch) {
    memcpy(scratch, values, count * sizeof *values);
    qsort(scratch, count, sizeof *scratch, compare);
    return scratch[count / 2];
}

enum { STRIP = 256 }; /* columns of a task */

/* Of columns from `first` on. */
static void measure_strip(const void *args, uint32_t task, const struct thread_pool_worker *worker) {
    const struct job *j = args;
    uint32_t columns = j->weights->columns, first = task * STRIP;
    uint32_t end = first + STRIP < columns ? first + STRIP : columns;
    (void)worker;
    for (size_t r = 0; r < j->sample->count; r++) {
        const float *x = j->sample->rows + r * columns;
        for (uint32_t i = first; i < end; i++) j->ranges[i] = fabsf(x[i]) > j->ranges[i] ? fabsf(x[i]) : j->ranges[i];
    }
    for (uint32_t r = 0; r < j->weights->rows; r++) {
        const float *w = j->weights->values + (size_t)r * columns;
        for (uint32_t i = first; i < end; i++) {
            j->weight_ranges[i] = fabsf(w[i]) > j->weight_ranges[i] ? fabsf(w[i]) : j->weight_ranges[i];
            j->weight_energies[i] += w[i] * w[i] / (float)j->weights->rows;
        }
    }
}

static void measure(struct pool *pool, struct job *j) {
    struct thread_pool_step step = {measure_strip, j, (j->weights->columns + STRIP - 1) / STRIP, 0};
    thread_pool_run(pool, &step, 1);
    calibrate_inputs(j->sample, NULL, j->weights->has_bias, j->means, j->energies);
}

/* Around 1 in the geometric mean, so that neither norms nor weights leave the usual sizes. */
static void balance(const struct job *j, const struct way *way, float *factors) {
    uint32_t columns = j->weights->columns;
    double sum = 0;
    for (uint32_t i = 0; i < columns; i++) {
        float range = j->ranges[i], weight = j->weight_ranges[i];
        factors[i] = range > 0 && weight > 0 ? powf(range, way->power) / powf(weight, 1 - way->power) : 0;
        sum += factors[i] > 0 ? log(factors[i]) : 0;
    }
    float middle = (float)exp(sum / columns);
    for (uint32_t i = 0; i < columns; i++)
        factors[i] = factors[i] > 0 ? fminf(fmaxf(factors[i] / middle, 1e-3f), 1e3f) : 1;
}

static void make_factors(const struct job *j, const struct way *way, float *factors) {
    if (way->power > 0) {
        balance(j, way, factors);
        return;
    }
    float most = way->over > 0 ? way->over * j->median : 0;
    for (uint32_t i = 0; i < j->weights->columns; i++)
        factors[i] = most > 0 && j->ranges[i] > most ? j->ranges[i] / most : 1;
}

/* Sum of energies * (what rounding to int8 changes)^2 of a row; in sums side by side, so that none waits for the one
 * before it. */
static double row_noise(const float *row, float scale, const float *energies, uint32_t count) {
    const float whole = 0x1.8p23f;
    float sums[SUMS] = {0}, inverse = 1 / scale, sum = 0;
    if (!(scale > 0)) return 0;
    uint32_t i = 0;
    for (; i + SUMS <= count; i += SUMS)
        for (uint32_t k = 0; k < SUMS; k++) {
            float off = row[i + k] - (row[i + k] * inverse + whole - whole) * scale;
            sums[k] += energies[i + k] * off * off;
        }
    for (; i < count; i++) {
        float off = row[i] - (row[i] * inverse + whole - whole) * scale;
        sum += energies[i] * off * off;
    }
    for (uint32_t k = 0; k < SUMS; k++) sum += sums[k];
    return sum;
}

static void multiply(const float *values, const float *factors, uint32_t count, float *out) {
    for (uint32_t i = 0; i < count; i++) out[i] = values[i] * factors[i];
}

/* A task is a way. Errors of channels are taken as independent of each other. */
static void estimate(const void *args, uint32_t task, const struct thread_pool_worker *worker) {
    const struct job *j = args;
    uint32_t columns = j->weights->columns;
    float *factors = j->factors + (size_t)task * columns, *inverse = worker->scratch, *energies = inverse + columns;
    float *row = energies + columns;
    struct estimate *e = &j->estimates[task];
    size_t rows = j->sample->count, step = rows / ROWS_MOST + 1, seen = 0;
    struct quantize_rule rule = {0}; /* the runtime's, of inputs */
    make_factors(j, &ways[task], factors);
    for (uint32_t i = 0; i < columns; i++)
        inverse[i] = 1 / factors[i], energies[i] = j->weight_energies[i] * factors[i] * factors[i];
    for (size_t r = 0; r < rows; r += step, seen++) {
        multiply(j->sample->rows + r * columns, inverse, columns, row);
        e->inputs += row_noise(row, quantize_scale(&rule, row, columns), energies, columns);
    }
    e->inputs /= (double)(seen ? seen : 1);
    for (uint32_t i = 0; i < columns; i++) energies[i] = j->energies[i] * inverse[i] * inverse[i];
    quantize_rule_init(&rule, energies, columns);
    uint32_t wide = j->weights->rows / OUTPUTS_MOST + 1, outputs = 0;
    for (uint32_t r = 0; r < j->weights->rows; r += wide, outputs++) {
        multiply(j->weights->values + (size_t)r * columns, factors, columns, row);
        e->weights += row_noise(row, quantize_scale(&rule, row, columns), energies, columns);
    }
    e->weights /= (double)outputs;
}

static double dot_of(const float *x, const float *w, uint32_t columns) {
    double sums[SUMS] = {0}, sum = 0;
    uint32_t i = 0;
    for (; i + SUMS <= columns; i += SUMS)
        for (uint32_t k = 0; k < SUMS; k++) sums[k] += (double)x[i + k] * w[i + k];
    for (; i < columns; i++) sum += (double)x[i] * w[i];
    for (uint32_t k = 0; k < SUMS; k++) sum += sums[k];
    return sum;
}

/* Mean square of a result: of some inputs with some rows of the weights. */
static double signal(const struct job *j) {
    enum { SOME = 64 };
    size_t rows = j->sample->count, step = rows / SOME + 1, count = 0;
    uint32_t columns = j->weights->columns, wide = j->weights->rows / SOME + 1;
    double sum = 0;
    for (size_t r = 0; r < rows; r += step)
        for (uint32_t o = 0; o < j->weights->rows; o += wide, count++) {
            const float *x = j->sample->rows + r * columns, *w = j->weights->values + (size_t)o * columns;
            double dot = dot_of(x, w, columns);
            sum += dot * dot;
        }
    return count ? sum / (double)count : 0;
}

static float largest_of(const float *values, uint32_t count) {
    float largest = 0;
    for (uint32_t i = 0; i < count; i++) largest = values[i] > largest ? values[i] : largest;
    return largest;
}

/* The way with the least noise of inputs and weights together. If even that is too much, the inputs stay floats, and
 * the weights as they are. */
static int choose(const struct job *j, double power, int tried) {
    int best = 0;
    for (int i = 1; i < tried; i++)
        if (j->estimates[i].inputs + j->estimates[i].weights < j->estimates[best].inputs + j->estimates[best].weights)
            best = i;
    const struct estimate *none = &j->estimates[0], *e = &j->estimates[best];
    if (e->inputs > calibrate_most_noise * power) return 0;
    return e->inputs + e->weights < worth * (none->inputs + none->weights) ? best : 0;
}

static void tell(struct job *j, int best, double power, bool floats, float *ranges, struct calibrate_choice *choice) {
    uint32_t columns = j->weights->columns;
    const float *factors = j->factors + (size_t)best * columns;
    float *scratch = j->weight_ranges;
    power = power > 0 ? power : 1;
    *choice = (struct calibrate_choice){.how = ways[best].name,
                                        .noise_before = j->estimates[0].inputs / power,
                                        .noise_after = j->estimates[best].inputs / power,
                                        .weights_before = j->estimates[0].weights / power,
                                        .weights_after = j->estimates[best].weights / power,
                                        .largest_factor = largest_of(factors, columns)};
    choice->balanced = best != 0;
    choice->float_inputs = floats || choice->noise_after > calibrate_most_noise;
    choice->spread_before = j->median > 0 ? largest_of(j->ranges, columns) / j->median : 1;
    if (ranges) memcpy(ranges, j->ranges, columns * sizeof *ranges);
    for (uint32_t i = 0; i < columns; i++) j->ranges[i] /= factors[i];
    float median = median_of(j->ranges, columns, scratch);
    choice->spread_after = median > 0 ? largest_of(j->ranges, columns) / median : 1;
    if (ranges) memcpy(ranges + columns, j->ranges, columns * sizeof *ranges);
}

int calibrate_choose(struct pool *pool, const struct calibrate_sample *sample, const struct calibrate_weights *weights,
                     enum calibrate_may may, float *factors, float *ranges, struct calibrate_choice *choice) {
    struct arena arena = {0};
    uint32_t columns = weights->columns;
    float *room = arena_alloc(&arena, (size_t)(5 + WAYS) * columns, sizeof *room);
    struct job j = {.sample = sample, .weights = weights, .estimates = arena_alloc(&arena, WAYS, sizeof *j.estimates)};
    int status = thread_pool_reserve(pool, 3 * (size_t)columns * sizeof(float));
    if (!status && (!room || !j.estimates)) status = log_fail(OCELLI_ERR_MEMORY, "calibration: out of memory");
    if (!status) {
        j.ranges = room, j.weight_ranges = room + columns, j.energies = room + 2 * (size_t)columns;
        j.weight_energies = room + 3 * (size_t)columns, j.means = room + 4 * (size_t)columns;
        j.factors = room + 5 * (size_t)columns;
        measure(pool, &j);
        j.median = median_of(j.ranges, columns, j.factors);
        bool outliers = largest_of(j.ranges, columns) > uneven * j.median;
        int tried = outliers && may == CALIBRATE_BALANCE ? WAYS : 1;
        struct thread_pool_step step = {estimate, &j, (uint32_t)tried, 0};
        thread_pool_run(pool, &step, 1);
        double power = signal(&j);
        int best = choose(&j, power, tried);
        memcpy(factors, j.factors + (size_t)best * columns, columns * sizeof *factors);
        tell(&j, best, power, outliers && may == CALIBRATE_SPARE, ranges, choice);
        choice->outliers = outliers;
    }
    arena_finish(&arena);
    return status;
}

void calibrate_keep_floats(struct calibrate_choice *choice) {
    choice->how = ways[0].name;
    choice->spread_after = choice->spread_before;
    choice->noise_after = choice->noise_before;
    choice->weights_after = choice->weights_before;
    choice->balanced = false;
    choice->float_inputs = true;
    choice->largest_factor = 1;
}

void calibrate_inputs(const struct calibrate_sample *sample, const float *factors, bool has_bias, float *means,
                      float *energies) {
    uint32_t columns = sample->columns;
    memset(means, 0, columns * sizeof *means);
    memset(energies, 0, columns * sizeof *energies);
    for (size_t r = 0; r < sample->count && has_bias; r++)
        for (uint32_t i = 0; i < columns; i++) means[i] += sample->rows[r * columns + i] / (float)sample->count;
    for (size_t r = 0; r < sample->count; r++)
        for (uint32_t i = 0; i < columns; i++) {
            float off = sample->rows[r * columns + i] - means[i];
            energies[i] += off * off / (float)sample->count;
        }
    for (uint32_t i = 0; factors && i < columns; i++) means[i] /= factors[i], energies[i] /= factors[i] * factors[i];
}

void calibrate_divide(const float *row, uint32_t columns, const float *factors, float *out) {
    for (uint32_t i = 0; i < columns; i++) out[i] = row[i] / factors[i];
}
