/* SPDX-License-Identifier: Apache-2.0
 * What is known of devices before anything is timed: which product is best, which come next, and whether ops fuse. */
#include "op/vulkan/vulkan.h"

#include <string.h>

/* The first row that fits a device tells its order of products; those that it cannot run are passed over. Counted with
 * the drivers' own compilers: docs/kernels.md. */
struct known {
    const char *prefix; /* of the name; "": any */
    bool software;      /* only drivers that compute on the processor */
    bool fuses;         /* a dispatch costs more than its work inside another */
    bool slow;          /* the processor beside it is faster */
    enum product order[PRODUCT_COUNT];
    uint32_t count;
};

static const struct known table[] = {
    /* The Pi 4's compiler gives the loop of a shader that does more fewer registers: 435 against 425 ms. */
    {"V3D 4", false, false, true, {PRODUCT_UNIFORM_DOT, PRODUCT_DOT, PRODUCT_UNIFORM2, PRODUCT_TILE}, 4},
    {"V3D ", false, true, true, {PRODUCT_UNIFORM_DOT, PRODUCT_DOT, PRODUCT_UNIFORM4, PRODUCT_TILE}, 4},
    {"", true, true, true, {PRODUCT_SPLIT, PRODUCT_SPLIT_DOT, PRODUCT_TILE, PRODUCT_DOT, PRODUCT_MMA}, 5},
    {"", false, true, false, {PRODUCT_MMA, PRODUCT_DOT, PRODUCT_TILE}, 3},
};

static const struct known *known_of(const struct vulkan_device *d) {
    const struct known *k = table;
    while (strncmp(d->vk.name, k->prefix, strlen(k->prefix)) || (k->software && d->base.type != OP_DEVICE_SOFTWARE))
        k++;
    return k;
}

bool product_device_is_slow(const struct vulkan_device *device) {
    return known_of(device)->slow;
}

/* Is it a sequence of instructions there, where others have one? */
static bool is_emulated(const struct vulkan_device *d, enum product product) {
    const struct product_form *p = product_form(product);
    if (product == PRODUCT_MMA) return d->base.type == OP_DEVICE_SOFTWARE;
    return p->layout == LAYOUT_BYTES && !d->vk.integer_dot_accelerated;
}

static struct op_way way_of(const struct vulkan_device *d, enum product product, bool fuses) {
    const struct product_form *p = product_form(product);
    struct op_way way = {.id = (uint32_t)product * 2 + fuses, .emulated = is_emulated(d, product)};
    way.kind = product == PRODUCT_MMA ? OCELLI_KIND_MMA : p->int8_inputs ? OCELLI_KIND_DOT : OCELLI_KIND_F16W;
    strcpy(way.name, p->name);
    strcat(way.name, fuses ? ", fused" : ", apart");
    return way;
}

enum product product_of_way(const struct op_way *way) {
    return (enum product)(way->id / 2);
}

bool product_way_fuses(const struct op_way *way) {
    return way->id % 2;
}

/* All that fit, in the table's order, then the rest; what is emulated behind what is not. */
static uint32_t products(const struct vulkan_device *d, enum product out[PRODUCT_COUNT]) {
    const struct known *k = known_of(d);
    bool taken[PRODUCT_COUNT] = {false};
    uint32_t count = 0;
    for (int emulated = 0; emulated < 2; emulated++)
        for (uint32_t i = 0; i < k->count + PRODUCT_COUNT; i++) {
            enum product p = i < k->count ? k->order[i] : (enum product)(i - k->count);
            if (taken[p] || is_emulated(d, p) != (emulated == 1) || !product_fits(d, p)) continue;
            taken[p] = true;
            out[count++] = p;
        }
    return count;
}

/* The best one with and without what it fuses; of the others the form that the device likes is timed. */
uint32_t product_ways(const struct op_device *device, struct op_way out[OP_WAYS_MOST]) {
    const struct vulkan_device *d = vulkan_of_const(device);
    bool fuses = known_of(d)->fuses;
    enum product fit[PRODUCT_COUNT];
    uint32_t count = products(d, fit), ways = 0;
    for (uint32_t i = 0; i < count; i++) {
        out[ways++] = way_of(d, fit[i], fuses);
        if (i == 0) out[ways++] = way_of(d, fit[i], !fuses);
    }
    return ways;
}

bool product_way(const struct op_device *device, enum product product, bool fuses, struct op_way *way) {
    const struct vulkan_device *d = vulkan_of_const(device);
    *way = way_of(d, product, fuses);
    return product_fits(d, product);
}

bool product_plainer(const struct op_device *device, struct op_way *way) {
    const struct vulkan_device *d = vulkan_of_const(device);
    bool dot = d->product == PRODUCT_MMA && d->vk.integer_dot_accelerated;
    if (d->fuses) return product_way(device, d->product, false, way);
    if (d->product == PRODUCT_TILE) return false;
    if (dot && product_way(device, PRODUCT_DOT, false, way)) return true;
    bool split = d->base.type == OP_DEVICE_SOFTWARE && d->product != PRODUCT_SPLIT;
    return (split && product_way(device, PRODUCT_SPLIT, false, way)) || product_way(device, PRODUCT_TILE, false, way);
}
