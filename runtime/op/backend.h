/* SPDX-License-Identifier: Apache-2.0
 * Inside of runtime/op: the functions of a kind of device. op/vulkan and op/cpu fill one such table each. The towers
 * call op.h and device.h, which call these. */
#ifndef OP_BACKEND_H
#define OP_BACKEND_H

#include "base/log.h"
#include "op/op.h"
#include "op/peak.h"

struct op_backend {
    /* Fills *out; its way and what stands behind are set by op_device_open(). Errors: as op_device_open(). */
    int (*open)(struct op_device **out, const struct op_device_params *params);
    /* Name of its device `index`; *count: how many there are. Errors: USAGE (no such index; no line), DEVICE (no
     * driver). */
    int (*find)(uint32_t index, char *name, size_t size, uint32_t *count);
    void (*close)(struct op_device *device);
    /* The ways that the device can run, best first by what is known of it; gives how many. */
    uint32_t (*ways)(const struct op_device *device, struct op_way out[OP_WAYS_MOST]);
    /* Takes `way` from now on. Nothing may be loaded. */
    void (*use)(struct op_device *device, const struct op_way *way);
    /* The plainer way to try when the one in use computes wrongly; false: there is none left. */
    bool (*plainer)(const struct op_device *device, struct op_way *way);
    /* Why it has no way of this kind, for a message. */
    const char *(*lacks)(const struct op_device *device, enum ocelli_kind kind);
    /* The file that keeps what was chosen, for this device, driver and build. NULL: there is no folder. free(). */
    char *(*choice_path)(const struct op_device *device);
    uint64_t (*bytes)(const struct op_device *device); /* allocated now */
    int (*peak)(struct op_device *device, struct op_peak *peak);

    /* As the functions of device.h with these names. */
    int (*memory_create)(struct op_memory **out, struct op_device *device, uint64_t size, enum op_use use,
                         const char *name);
    int (*memory_import)(struct op_memory **out, struct op_device *device, int fd, uint64_t size, const char *name);
    void (*memory_destroy)(struct op_memory *memory, struct op_device *device);
    int (*memory_write)(struct op_memory *memory, struct op_device *device, uint64_t offset, const void *data,
                        uint64_t size);
    int (*memory_read)(struct op_memory *memory, struct op_device *device, uint64_t offset, void *data, uint64_t size);

    /* Bytes of the weights of a matrix, in the layout of the way in use; and writes them from what was stacked. */
    uint64_t (*matrix_bytes)(const struct op_device *device, uint32_t rows, uint32_t columns, bool float_inputs);
    int (*matrix_write)(struct op_device *device, const struct op_matrix *matrix, const struct op_source *sources,
                        uint32_t count);
    /* Rows of a panel of the input of a product over `rows` rows; 1: one after another. float_inputs: where the way in
     * use takes int8, of a product that takes floats all the same. */
    uint32_t (*input_panel)(const struct op_device *device, uint32_t rows, bool float_inputs);

    int (*list_create)(struct op_list **out, struct op_device *device);
    void (*list_destroy)(struct op_list *list);
    int (*list_begin)(struct op_list *list, bool timed);
    int (*list_end)(struct op_list *list);
    int (*list_run)(struct op_list *list);
    uint32_t (*list_count)(const struct op_list *list);
    struct op_dispatch (*list_dispatch)(const struct op_list *list, uint32_t index);
    int (*list_times)(const struct op_list *list, double *ms);

    /* The ops. */
    void (*linear)(struct op_list *list, const struct op_linear *args);
    void (*quantize)(struct op_list *list, struct op_rows in, struct op_rows out, uint32_t rows, uint32_t width);
    void (*norm)(struct op_list *list, const struct op_norm *args);
    void (*attention)(struct op_list *list, const struct op_attention *args);
    void (*copy)(struct op_list *list, struct op_view from, struct op_view to);
    void (*resize)(struct op_list *list, const struct op_resize *args);
};

extern const struct op_backend op_vulkan, op_cpu;

/* Each backend's own struct begins with this. */
struct op_device {
    const struct op_backend *backend;
    enum op_device_type type;
    const char *name, *driver; /* of the backend's own */
    bool has_timestamps;
    bool is_slow;            /* by what is known of it, next to the processor it comes with */
    struct op_way way;       /* in use */
    bool chosen;             /* it is final: forced, timed or remembered */
    bool unproved;           /* it was timed just now, and is not remembered yet */
    char why[LOG_LINE];      /* it was this one */
    struct op_device *rival; /* the processor, until both were timed: the faster one stays. Else NULL */
    double ms;               /* of the half block that was timed; 0: it was not */
};

struct op_memory {
    uint64_t size;
    void *mapped; /* NULL: the host cannot see it */
};

struct op_list {
    struct op_device *device;
    int status; /* first fault since op_list_begin() */
};

static inline uint32_t op_groups(uint32_t items, uint32_t of) {
    return (items + of - 1) / of;
}

static inline uint32_t op_padded(uint32_t items, uint32_t of) {
    return op_groups(items, of) * of;
}

/* 1 to `most` rows (or anything else) of a tile, so that `rows` of them fill their last tile best. A tile costs about
 * as much for its loads as one more row would. */
static inline uint32_t op_tile(uint32_t rows, uint32_t most) {
    uint32_t best = 1;
    for (uint32_t r = 2; r <= most; r++)
        if (op_groups(rows, r) * (r + 1) <= op_groups(rows, best) * (best + 1)) best = r;
    return best;
}

/* The row of a piece of patch `patch`, at pixel x, y of it (op_resize.piece). */
static inline uint32_t op_piece_row(const struct op_resize *resize, uint32_t patch, uint32_t x, uint32_t y) {
    uint32_t half = 2 * resize->piece, outer = y / half * 2 + x / half;
    return patch * 16 + outer * 4 + y % half / resize->piece * 2 + x % half / resize->piece;
}

/* Bytes of `count` rows as op_rows describes them. */
static inline uint64_t op_bytes(struct op_rows rows, uint32_t count, uint32_t width) {
    return (uint64_t)count * (rows.scales.memory ? width + sizeof(float) : width * sizeof(float));
}

/* Rows one after another are panels of one. */
static inline uint32_t op_panel(struct op_rows rows) {
    return rows.panel > 1 ? rows.panel : 1;
}

/* Rows of the matrix that op_linear() computes. */
static inline uint32_t op_linear_count(const struct op_linear *a) {
    return a->count ? a->count : a->matrix->rows;
}

/* Bytes that it reads and writes, each counted once; and its multiplications. */
static inline uint64_t op_linear_bytes(const struct op_linear *a) {
    uint32_t count = op_linear_count(a);
    return a->matrix->weights.size * count / a->matrix->rows + 2 * sizeof(float) * count +
           op_bytes(a->in, a->rows, a->matrix->columns) + (a->add ? 2 : 1) * op_bytes(a->out, a->rows, count);
}

static inline uint64_t op_linear_macs(const struct op_linear *a) {
    return (uint64_t)a->rows * op_linear_count(a) * a->matrix->columns;
}

static inline uint32_t op_attention_queries(const struct op_attention *a) { /* of a sequence */
    return a->pooled.memory ? 1 : a->tokens;
}

static inline uint64_t op_attention_bytes(const struct op_attention *a) {
    return op_bytes(a->in, a->sequences * a->tokens, 3 * a->width) +
           op_bytes(a->out, a->sequences * op_attention_queries(a), a->width);
}

static inline uint64_t op_attention_macs(const struct op_attention *a) {
    return 2ull * a->sequences * op_attention_queries(a) * a->tokens * a->width;
}

/* Does anything remain to be done to an op's rows? And in dispatches of its own. */
bool op_epilogue_wanted(const struct op_epilogue *epilogue);
void op_epilogue_record(struct op_list *list, const struct op_epilogue *epilogue, struct op_rows out, uint32_t rows,
                        uint32_t width);

#endif
