/* SPDX-License-Identifier: Apache-2.0
 * The GPU as the towers see it: memory, views of it, and lists of ops that are recorded once and
 * run many times. No Vulkan name passes this header. */
#ifndef OP_DEVICE_H
#define OP_DEVICE_H

#include <ocelli.h>
#include <stdbool.h>

struct op_device;
struct op_memory;
struct op_list;

/* How op_linear() computes; see product.c and shaders/linear*.comp. */
enum op_product {
    OP_PRODUCT_TILE,        /* weights as halves, float arithmetic, no subgroup operation: every device */
    OP_PRODUCT_SPLIT,       /* int8 weights, float arithmetic, lanes split K: llvmpipe */
    OP_PRODUCT_SPLIT_DOT,   /* int8 inputs too, float arithmetic: llvmpipe */
    OP_PRODUCT_DOT,         /* int8 inputs too, packed integer dot product */
    OP_PRODUCT_UNIFORM4,    /* TILE, DOT for 16-wide subgroups that read inputs as uniforms: Raspberry Pi 5 */
    OP_PRODUCT_UNIFORM2,    /* the same, 2 columns a lane: Raspberry Pi 4 */
    OP_PRODUCT_UNIFORM_DOT, /* Raspberry Pi 5 with Mesa 26.2 */
    OP_PRODUCT_MMA,         /* int8 inputs, cooperative matrices: NVIDIA */
    OP_PRODUCT_COUNT,
};

enum op_use { OP_USE_DEVICE, OP_USE_INPUT, OP_USE_OUTPUT };

/* Bytes of a memory. */
struct op_view {
    struct op_memory *memory;
    uint64_t offset, size;
};

/* Opens a device and chooses the product for `kind`. Errors: as vk_device_open; DEVICE when a
 * forced kind is not possible there. */
int op_device_open(struct op_device **out, const char *choice, enum ocelli_kind kind);
void op_device_close(struct op_device **device);
/* Times the products that the device can run (op/choice.h), the first time on this device, driver and build; later starts
 * know. Without a folder to remember it in (vk/cache.h), with a kind that was asked for, and if not to be `timed`, what is
 * known of the device decides. Nothing may be loaded yet. Errors: LOST. */
int op_device_choose(struct op_device *device, bool timed);
/* Was the choice made by timing just now? Then the model's own vectors are run on it before it is remembered. */
bool op_device_is_unproved(const struct op_device *device);
/* What is in use now is what later starts begin with. */
void op_device_remember(struct op_device *device);
/* Forces a product (tests, selftest). Errors: DEVICE (not possible here; no line is logged). */
int op_device_set_product(struct op_device *device, enum op_product product);

/* Do ops make the next product's input themselves where they can? At first, where that is known to be faster. */
void op_device_set_fuses(struct op_device *device, bool fuses);

/* Dispatches apart, then the product to try when the one in use computes wrongly; false: there is none left. What was loaded for
 * the one before must be loaded again. */
bool op_device_next_product(struct op_device *device);

enum op_product op_device_product(const struct op_device *device);
const char *op_product_name(enum op_product product);
enum ocelli_kind op_device_kind(const struct op_device *device);
const char *op_device_name(const struct op_device *device);
const char *op_device_driver(const struct op_device *device);
uint64_t op_device_bytes(const struct op_device *device); /* allocated now */
bool op_device_is_cpu(const struct op_device *device);
bool op_device_has_timestamps(const struct op_device *device);

/* Zero-filled. Errors: MEMORY, LIMIT. */
int op_memory_create(struct op_memory **out, struct op_device *device, uint64_t size, enum op_use use, const char *name);
/* What a dma-buf holds, `size` bytes, for ops to read; the file stays the caller's. Errors: DEVICE (the driver cannot; no line is
 * logged), MEMORY. */
int op_memory_import(struct op_memory **out, struct op_device *device, int fd, uint64_t size, const char *name);
void op_memory_destroy(struct op_memory **memory, struct op_device *device);
int op_memory_write(struct op_memory *memory, struct op_device *device, uint64_t offset, const void *data, uint64_t size);
int op_memory_read(struct op_memory *memory, struct op_device *device, uint64_t offset, void *data, uint64_t size);
/* Host address of an INPUT or OUTPUT memory; NULL for one that the host cannot see. */
void *op_memory_mapped(struct op_memory *memory);
uint64_t op_memory_size(const struct op_memory *memory);
struct op_view op_view_of(struct op_memory *memory);

/* A list of ops. Between op_list_begin() and op_list_end() every op_...() call records; after a
 * fault they do nothing, and op_list_end() gives the fault. */
int op_list_create(struct op_list **out, struct op_device *device);
void op_list_destroy(struct op_list **list);
int op_list_begin(struct op_list *list, bool timed);
int op_list_end(struct op_list *list);
int op_list_run(struct op_list *list); /* submits and waits */

/* What was recorded. */
struct op_dispatch {
    const char *shader, *label;
    const uint32_t *constants;
    uint32_t constant_count;
    uint32_t groups[3];
    uint64_t macs, bytes; /* bytes: of buffers, each counted once */
    const uint32_t *push; /* push constants as the shader has them */
    uint32_t push_count;
};
uint32_t op_list_count(const struct op_list *list);
struct op_dispatch op_list_dispatch(const struct op_list *list, uint32_t index);
int op_list_times(const struct op_list *list, double *ms); /* (count), of a timed list's last run */

#endif
