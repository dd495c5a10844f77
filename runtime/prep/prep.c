/* SPDX-License-Identifier: Apache-2.0
 * The resize is Pillow's Resample.c, number by number: weights in double, normalised, then rounded
 * to PREP_PRECISION bits; the horizontal pass first, 8 bits between the passes. Pillow leaves out a
 * pass that changes no size; here its weights come out as exactly 1 and 0, which is the same. */
#include "prep/prep.h"
#include "base/log.h"

#include <math.h>
#include <stdlib.h>

struct filter {
    double (*weight)(double x);
    double support; /* input pixels either side, when nothing shrinks */
};

static double bicubic(double x) {
    const double a = -0.5;
    x = fabs(x);
    if (x < 1.0) return ((a + 2.0) * x - (a + 3.0)) * x * x + 1;
    if (x < 2.0) return (((x - 5) * x + 8) * x - 4) * a;
    return 0.0;
}

static double bilinear(double x) {
    x = fabs(x);
    return x < 1.0 ? 1.0 - x : 0.0;
}

static const struct filter filters[] = {
    [PREP_BICUBIC] = {bicubic, 2.0},
    [PREP_BILINEAR] = {bilinear, 1.0},
};

/* One side: `in` pixels become `full`, of which `size` from `offset` are kept. */
struct side {
    uint32_t in, full, offset, size;
    const struct filter *filter;
    double scale, stretch, support; /* input pixels: an output, the same but at least 1, the reach */
};

static struct side side_of(const struct prep_rule *rule, uint32_t in, uint32_t shortest) {
    struct side s = {.in = in, .full = rule->size, .size = rule->size, .filter = &filters[rule->filter]};
    if (rule->resize == PREP_CROP) s.full = (uint32_t)((uint64_t)rule->size * in / shortest);
    s.offset = (s.full - s.size) / 2;
    s.scale = (double)in / s.full;
    s.stretch = s.scale < 1.0 ? 1.0 : s.scale;
    s.support = s.filter->support * s.stretch;
    return s;
}

/* The inputs that output `i` of the kept ones reads. The casts cut towards 0, as Pillow's. */
static double reach(const struct side *s, uint32_t i, int32_t *first, int32_t *count) {
    double center = (i + s->offset + 0.5) * s->scale;
    int32_t low = (int32_t)(center - s->support + 0.5);
    int32_t high = (int32_t)(center + s->support + 0.5);
    if (low < 0) low = 0;
    if (high > (int32_t)s->in) high = (int32_t)s->in;
    *first = low, *count = high - low;
    return center;
}

static int32_t to_fixed(double weight) {
    double scaled = weight * (1 << PREP_PRECISION);
    return (int32_t)(scaled < 0 ? scaled - 0.5 : scaled + 0.5);
}

static void weigh(const struct side *s, double center, int32_t first, int32_t count, double *exact, int32_t *weight) {
    double sum = 0, narrow = 1.0 / s->stretch;
    for (int32_t t = 0; t < count; t++) {
        exact[t] = s->filter->weight((t + first - center + 0.5) * narrow);
        sum += exact[t];
    }
    for (int32_t t = 0; t < count; t++) weight[t] = to_fixed(sum != 0.0 ? exact[t] / sum : exact[t]);
}

static int axis_init(struct prep_axis *axis, const struct side *side) {
    uint32_t n = side->size;
    axis->out_size = n;
    axis->first = malloc(n * sizeof *axis->first);
    axis->count = malloc(n * sizeof *axis->count);
    if (!axis->first || !axis->count) return OCELLI_ERR_MEMORY;
    for (uint32_t i = 0; i < n; i++) {
        reach(side, i, &axis->first[i], &axis->count[i]);
        if ((uint32_t)axis->count[i] > axis->taps) axis->taps = (uint32_t)axis->count[i];
    }
    axis->weight = calloc((size_t)n * axis->taps, sizeof *axis->weight);
    double *exact = malloc(axis->taps * sizeof *exact);
    if (!axis->weight || !exact) {
        free(exact);
        return OCELLI_ERR_MEMORY;
    }
    for (uint32_t i = 0; i < n; i++) {
        int32_t first, count;
        double center = reach(side, i, &first, &count);
        weigh(side, center, first, count, exact, axis->weight + (size_t)i * axis->taps);
    }
    free(exact);
    return OCELLI_OK;
}

static int check(const struct prep_rule *rule, uint32_t width, uint32_t height) {
    if (!width || !height || !rule->size)
        return log_fail(OCELLI_ERR_USAGE, "picture of %u x %u to %u: a side is 0", width, height, rule->size);
    if (width > PREP_MAX_SIDE || height > PREP_MAX_SIDE || rule->size > PREP_MAX_SIDE)
        return log_fail(OCELLI_ERR_LIMIT, "picture of %u x %u to %u: a side is over %d", width, height, rule->size,
                        PREP_MAX_SIDE);
    return OCELLI_OK;
}

int prep_plan_init(struct prep_plan *plan, const struct prep_rule *rule, uint32_t in_width, uint32_t in_height) {
    *plan = (struct prep_plan){.in_width = in_width, .in_height = in_height, .size = rule->size};
    int status = check(rule, in_width, in_height);
    if (status) return status;
    uint32_t shortest = in_width < in_height ? in_width : in_height;
    struct side x = side_of(rule, in_width, shortest), y = side_of(rule, in_height, shortest);
    status = axis_init(&plan->x, &x);
    if (!status) status = axis_init(&plan->y, &y);
    if (!status) return OCELLI_OK;
    prep_plan_finish(plan);
    return log_fail(status, "picture of %u x %u: no memory for its resize tables", in_width, in_height);
}

static void axis_finish(struct prep_axis *axis) {
    free(axis->first);
    free(axis->count);
    free(axis->weight);
}

void prep_plan_finish(struct prep_plan *plan) {
    axis_finish(&plan->x);
    axis_finish(&plan->y);
    *plan = (struct prep_plan){0};
}

static uint8_t clip8(int32_t sum) {
    sum >>= PREP_PRECISION;
    return (uint8_t)(sum < 0 ? 0 : sum > 255 ? 255 : sum);
}

/* row: (in_width, 3) -> out: (size, 3) */
static void resize_row(const struct prep_axis *x, const uint8_t *row, uint8_t *out) {
    for (uint32_t i = 0; i < x->out_size; i++, out += 3) {
        const uint8_t *from = row + 3 * (size_t)x->first[i];
        const int32_t *weight = x->weight + (size_t)i * x->taps;
        int32_t r = 1 << (PREP_PRECISION - 1), g = r, b = r;
        for (int32_t t = 0; t < x->count[i]; t++, from += 3) {
            r += from[0] * weight[t];
            g += from[1] * weight[t];
            b += from[2] * weight[t];
        }
        out[0] = clip8(r), out[1] = clip8(g), out[2] = clip8(b);
    }
}

/* rows: (in rows, width) -> out: (size, width), the first row being input row `base`. Whole rows at a time,
 * so that the inner loop runs over neighbours. */
static void resize_columns(const struct prep_axis *y, int32_t base, const uint8_t *rows, size_t width, int32_t *sums,
                           uint8_t *out) {
    for (uint32_t i = 0; i < y->out_size; i++, out += width) {
        const uint8_t *row = rows + (size_t)(y->first[i] - base) * width;
        for (size_t x = 0; x < width; x++) sums[x] = 1 << (PREP_PRECISION - 1);
        for (int32_t t = 0; t < y->count[i]; t++, row += width) {
            int32_t weight = y->weight[(size_t)i * y->taps + (uint32_t)t];
            for (size_t x = 0; x < width; x++) sums[x] += row[x] * weight;
        }
        for (size_t x = 0; x < width; x++) out[x] = clip8(sums[x]);
    }
}

struct prep_rows prep_rows_needed(const struct prep_plan *plan) {
    const struct prep_axis *y = &plan->y;
    uint32_t last = y->out_size - 1; /* both ends of what an output reads only grow */
    return (struct prep_rows){.first = (uint32_t)y->first[0],
                              .count = (uint32_t)(y->first[last] + y->count[last] - y->first[0])};
}

int prep_resize(const struct prep_plan *plan, const uint8_t *rgb, uint8_t *out) {
    struct prep_rows need = prep_rows_needed(plan);
    size_t width = 3 * (size_t)plan->size, in_width = 3 * (size_t)plan->in_width;
    uint8_t *rows = malloc(need.count * width); /* (need.count, size, 3) */
    int32_t *sums = malloc(width * sizeof *sums);
    int status = OCELLI_OK;
    if (rows && sums) {
        for (uint32_t i = 0; i < need.count; i++)
            resize_row(&plan->x, rgb + (need.first + i) * in_width, rows + i * width);
        resize_columns(&plan->y, (int32_t)need.first, rows, width, sums, out);
    } else {
        status =
            log_fail(OCELLI_ERR_MEMORY, "picture of %u x %u: no memory to resize it", plan->in_width, plan->in_height);
    }
    free(rows);
    free(sums);
    return status;
}

void prep_normalise(const struct prep_rule *rule, const uint8_t *rgb, float *out) {
    size_t pixels = (size_t)rule->size * rule->size;
    for (int c = 0; c < 3; c++, out += pixels) {
        float value[256]; /* there are no other values: divide only these */
        for (int v = 0; v < 256; v++) value[v] = (float)((v / 255.0 - (double)rule->mean[c]) / (double)rule->std[c]);
        for (size_t i = 0; i < pixels; i++) out[i] = value[rgb[3 * i + (size_t)c]];
    }
}
