/* SPDX-License-Identifier: Apache-2.0
 * What computes, as the towers see it: memory, views of it, and lists of ops that are recorded once and run many times.
 * It is a GPU (op/vulkan) or the processor (op/cpu); nothing here tells which. */
#ifndef OP_DEVICE_H
#define OP_DEVICE_H

#include <ocelli.h>
#include <stdbool.h>

struct op_device;
struct op_memory;
struct op_list;

/* One way of those in which a device can compute op_linear(): which shader or kernel, on which numbers. */
struct op_way {
    char name[32];         /* "dot, fused", "avx2 dot" */
    enum ocelli_kind kind; /* F16W: inputs are floats; else int8 */
    uint32_t id;           /* the backend's own */
    bool emulated;         /* known to be slow there: only for tests */
};
enum { OP_WAYS_MOST = 24 };

enum op_device_type {
    OP_DEVICE_GPU,
    OP_DEVICE_SOFTWARE, /* a Vulkan driver that computes on the processor */
    OP_DEVICE_CPU,      /* the processor itself, by the kernels of op/cpu */
};

enum op_use { OP_USE_DEVICE, OP_USE_INPUT, OP_USE_OUTPUT };

/* Bytes of a memory. */
struct op_view {
    struct op_memory *memory;
    uint64_t offset, size;
};

struct op_device_params {
    /* NULL, "" or "auto": the GPU, if there is a real one that is fast; else the processor. "gpu": the best GPU that is
     * no software. "cpu": the processor. "vulkan": the best Vulkan device, even software. Else a Vulkan device by index
     * or part of its name. */
    const char *device;
    enum ocelli_kind kind;
    uint32_t threads; /* of the processor, at most OCELLI_THREADS_MOST; 0: as many as there are cores */
};

/* Opens a device and takes the way that is known to be best, of the kind that was asked for. Errors: DEVICE (no driver,
 * no such device, a feature missing, a kind that is not possible there), MEMORY. */
int op_device_open(struct op_device **out, const struct op_device_params *params);
void op_device_close(struct op_device **device);
/* Name of device `index`: the Vulkan ones, then the processor. Errors: USAGE (no such index; no line is logged). */
int op_device_find(uint32_t index, char *name, size_t size);

/* Times the ways that the device can run (op/choice.h), the first time on this device, driver and build; later starts
 * know. Nothing is timed if there is no folder to remember it in (base/cache_folder.h), if a kind was asked for, or if
 * `timed` is false. Then the device's properties decide. If nobody chose the device and the processor is clearly
 * faster, the processor takes its place, and the device is closed. Nothing may be loaded yet. Errors: LOST. */
int op_device_choose(struct op_device **device, bool timed);
/* Was the choice made by timing just now? Then the model's own vectors are run on it before it is remembered. */
bool op_device_is_unproved(const struct op_device *device);
/* What is in use now is what later starts begin with. */
void op_device_remember(struct op_device *device);

/* All ways that the device can run, the first being what is known to be best; gives how many. */
uint32_t op_device_ways(const struct op_device *device, struct op_way out[OP_WAYS_MOST]);
/* Takes one of them. Weights that were loaded for another must be loaded again. */
void op_device_use(struct op_device *device, const struct op_way *way);
const struct op_way *op_device_way(const struct op_device *device);
/* Takes the plainer way to try when the one in use computes wrongly; false: there is none left. */
bool op_device_use_plainer(struct op_device *device);

/* A few words: why it was this device, as "no GPU is here". */
const char *op_device_why(const struct op_device *device);
enum op_device_type op_device_type(const struct op_device *device);
const char *op_device_name(const struct op_device *device);
const char *op_device_driver(const struct op_device *device);
uint64_t op_device_bytes(const struct op_device *device); /* allocated now */
bool op_device_has_timestamps(const struct op_device *device);

/* Zero-filled. Errors: MEMORY, LIMIT. */
int op_memory_create(struct op_memory **out, struct op_device *device, uint64_t size, enum op_use use,
                     const char *name);
/* Lets ops read a dma-buf of `size` bytes. The file stays the caller's. Errors: DEVICE (the driver cannot; no line is
 * logged), MEMORY. */
int op_memory_import(struct op_memory **out, struct op_device *device, int fd, uint64_t size, const char *name);
void op_memory_destroy(struct op_memory **memory, struct op_device *device);
int op_memory_write(struct op_memory *memory, struct op_device *device, uint64_t offset, const void *data,
                    uint64_t size);
int op_memory_read(struct op_memory *memory, struct op_device *device, uint64_t offset, void *data, uint64_t size);
/* Host address of an INPUT or OUTPUT memory; NULL for a DEVICE one that the host cannot see. */
void *op_memory_mapped(struct op_memory *memory);
uint64_t op_memory_size(const struct op_memory *memory);
struct op_view op_view_of(struct op_memory *memory);

/* A list of ops. Between op_list_begin() and op_list_end() every op_...() call records; after a
 * fault they do nothing, and op_list_end() gives the fault. */
int op_list_create(struct op_list **out, struct op_device *device);
void op_list_destroy(struct op_list **list);
int op_list_begin(struct op_list *list, bool timed);
int op_list_end(struct op_list *list);
int op_list_run(struct op_list *list); /* and waits for its end */

/* What was recorded. */
struct op_dispatch {
    const char *shader; /* or kernel */
    const char *label;
    const uint32_t *constants;
    uint32_t constant_count;
    uint32_t groups[3];   /* or tasks, 1, 1 */
    uint64_t macs, bytes; /* bytes: of buffers, each counted once */
    const uint32_t *push; /* push constants as the shader has them */
    uint32_t push_count;
};
uint32_t op_list_count(const struct op_list *list);
struct op_dispatch op_list_dispatch(const struct op_list *list, uint32_t index);
/* (count), of a timed list's last run, on a device that has timestamps. */
int op_list_times(const struct op_list *list, double *ms);

#endif
