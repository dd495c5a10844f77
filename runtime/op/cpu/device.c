/* SPDX-License-Identifier: Apache-2.0
 * The processor's backend: what it can run, its memory, its weights. */
#include "base/cache_folder.h"
#include "base/log.h"
#include "base/sha256.h"
#include "op/cpu/cpu.h"
#include "op/cpu/panels.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* From here on memory comes from the system by pages, which are zero. */
enum { PAGES = 1 << 20, LINE_BYTES = 64 };

/* ---- its name ---- */

static bool read_first(const char *path, const char *key, char *text, size_t size) {
    char line[256];
    bool found = false;
    FILE *f = fopen(path, "re");
    while (f && !found && fgets(line, sizeof line, f)) {
        const char *from = key ? strchr(line, ':') : line;
        if (key && (strncmp(line, key, strlen(key)) || !from)) continue;
        from += key ? 1 + strspn(from + 1, " ") : 0;
        snprintf(text, size, "%.*s", (int)strcspn(from, "\n"), from);
        found = true;
    }
    if (f) fclose(f);
    return found;
}

/* Boards have a name of their own. */
static void read_model(char *text, size_t size) {
    if (read_first("/proc/device-tree/model", NULL, text, size)) return;
    if (read_first("/proc/cpuinfo", "model name", text, size)) return;
    snprintf(text, size, "%s", "processor");
}

static void describe(char *name, size_t size) {
    char model[100];
    read_model(model, sizeof model);
    snprintf(name, size, "cpu (%s)", model);
}

static int find(uint32_t index, char *name, size_t size, uint32_t *count) {
    const struct cpu_kernels *all[CPU_KERNELS_MOST];
    char model[140];
    *count = 1;
    if (index) return OCELLI_ERR_USAGE;
    cpu_kernels_list(all);
    describe(model, sizeof model);
    uint32_t cores = thread_pool_cores();
    snprintf(name, size, "%s: kernels %s, %u core%s", model, all[0]->name, cores, cores == 1 ? "" : "s");
    return OCELLI_OK;
}

/* ---- the device ---- */

static int device_open(struct op_device **out, const struct op_device_params *params) {
    struct cpu_device *d = calloc(1, sizeof *d);
    if (!d) return log_fail(OCELLI_ERR_MEMORY, "out of memory");
    d->count = cpu_kernels_list(d->all);
    d->kernels = d->all[0];
    d->threads = params->threads ? params->threads : thread_pool_cores();
    describe(d->name, sizeof d->name);
    snprintf(d->driver, sizeof d->driver, "ocelli's kernels, %u thread%s", d->threads, d->threads == 1 ? "" : "s");
    d->base = (struct op_device){
        .backend = &op_cpu, .type = OP_DEVICE_CPU, .name = d->name, .driver = d->driver, .has_timestamps = true};
    *out = &d->base;
    return OCELLI_OK;
}

static void device_close(struct op_device *device) {
    struct cpu_device *d = cpu_of(device);
    thread_pool_destroy(&d->pool);
    free(d);
}

static struct op_way way_of(const struct cpu_device *d, uint32_t kernels, bool floats) {
    struct op_way way = {.id = 2 * kernels + floats, .kind = floats ? OCELLI_KIND_F16W : OCELLI_KIND_DOT};
    snprintf(way.name, sizeof way.name, "%s %s", d->all[kernels]->name, floats ? "float" : "dot");
    return way;
}

/* All others are marked as emulated, so that they are not timed: the last int8 set, which is slower by far, and all
 * float sets but the first, which take about the same time. */
static uint32_t ways(const struct op_device *device, struct op_way out[OP_WAYS_MOST]) {
    const struct cpu_device *d = cpu_of(device);
    uint32_t count = 0;
    for (uint32_t i = 0; i < d->count; i++)
        for (int floats = 0; floats < 2; floats++) {
            out[count] = way_of(d, i, floats);
            out[count++].emulated = i > 0 && (floats || i + 1 == d->count);
        }
    return count;
}

static void use(struct op_device *device, const struct op_way *way) {
    struct cpu_device *d = cpu_of(device);
    d->kernels = d->all[way->id / 2];
}

/* First to floats, which are more exact, then on to kernels that need less of the processor. */
static bool plainer(const struct op_device *device, struct op_way *way) {
    const struct cpu_device *d = cpu_of(device);
    uint32_t kernels = device->way.id / 2, next = device->way.id % 2 ? kernels + 1 : kernels;
    if (next == d->count) return false;
    *way = way_of(d, next, true);
    return true;
}

static const char *lacks(const struct op_device *device, enum ocelli_kind kind) {
    (void)device, (void)kind;
    return "use kind dot or f16w";
}

/* The choice depends on the processor, the kernels that OCELLI_CPU leaves, and this build. */
static char *choice_path(const struct op_device *device) {
    const struct cpu_device *d = cpu_of(device);
    char folder[3072], text[512] = OCELLI_VERSION " " __VERSION__, hex[SHA256_HEX_SIZE], *path;
    uint8_t digest[SHA256_SIZE];
    if (!cache_folder(folder, sizeof folder)) return NULL;
    for (uint32_t i = 0; i < d->count; i++) {
        size_t used = strlen(text);
        snprintf(text + used, sizeof text - used, " %s", d->all[i]->name);
    }
    size_t used = strlen(text);
    snprintf(text + used, sizeof text - used, " %s", d->name);
    sha256(text, strlen(text), digest);
    sha256_hex(digest, hex);
    return asprintf(&path, "%s/product-cpu-%.32s.txt", folder, hex) < 0 ? NULL : path;
}

static uint64_t bytes(const struct op_device *device) {
    return cpu_of(device)->bytes;
}

int cpu_make_pool(struct cpu_device *device) {
    return device->pool ? OCELLI_OK : thread_pool_create(&device->pool, device->threads);
}

/* ---- memory ---- */

static uint64_t scratch_of(uint64_t size) {
    return (size + LINE_BYTES - 1) & ~(uint64_t)(LINE_BYTES - 1);
}

static int memory_create(struct op_memory **out, struct op_device *device, uint64_t size, enum op_use use_,
                         const char *name) {
    (void)use_;
    struct op_memory *m = calloc(1, sizeof *m);
    uint64_t scratch = scratch_of(size);
    void *mapped = NULL;
    if (m && scratch >= PAGES) {
        mapped = mmap(NULL, scratch, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (mapped == MAP_FAILED) mapped = NULL;
        if (mapped) madvise(mapped, scratch, MADV_HUGEPAGE);
    } else if (m && (mapped = aligned_alloc(LINE_BYTES, scratch)))
        memset(mapped, 0, scratch);
    if (!mapped) {
        free(m);
        return log_fail(OCELLI_ERR_MEMORY, "out of memory: %s, %.1f MB", name, (double)size / 1e6);
    }
    *m = (struct op_memory){.size = size, .mapped = mapped};
    cpu_of(device)->bytes += scratch;
    *out = m;
    return OCELLI_OK;
}

/* A dma-buf is read by its source already, through a cache: a copy of it is faster than to read it again. */
static int memory_import(struct op_memory **out, struct op_device *device, int fd, uint64_t size, const char *name) {
    (void)out, (void)device, (void)fd, (void)size, (void)name;
    return OCELLI_ERR_DEVICE;
}

static void memory_destroy(struct op_memory *m, struct op_device *device) {
    uint64_t scratch = scratch_of(m->size);
    if (scratch >= PAGES)
        munmap(m->mapped, scratch);
    else
        free(m->mapped);
    cpu_of(device)->bytes -= scratch;
    free(m);
}

static int memory_write(struct op_memory *m, struct op_device *device, uint64_t offset, const void *data,
                        uint64_t size) {
    (void)device;
    memcpy((char *)m->mapped + offset, data, size);
    return OCELLI_OK;
}

static int memory_read(struct op_memory *m, struct op_device *device, uint64_t offset, void *data, uint64_t size) {
    (void)device;
    memcpy(data, (const char *)m->mapped + offset, size);
    return OCELLI_OK;
}

/* ---- weights ---- */

static uint64_t matrix_bytes(const struct op_device *device, uint32_t rows, uint32_t columns, bool float_inputs) {
    const struct cpu_kernels *k = cpu_of(device)->kernels;
    return op_product_is_int8(device, float_inputs) ? panels_bytes(&k->dot, rows, op_stride(columns))
                                                    : panels_float_bytes(&k->floats, rows, op_stride(columns));
}

/* Rows of a matrix that a thread packs at once: a multiple of every kernel's panel. */
enum { PACK_ROWS = 128 };

struct pack {
    struct op_device *device;
    const struct op_matrix *matrix;
    const struct op_source *sources;
};

/* Rows first..end of a source whose first row is row0 of the matrix. */
static void pack_part(const struct pack *p, const struct op_source *s, uint32_t row0, uint32_t first, uint32_t end) {
    const struct cpu_kernels *k = cpu_of(p->device)->kernels;
    uint32_t columns = p->matrix->columns, stride = op_stride(columns);
    const int8_t *values = s->values + (size_t)(first - row0) * columns;
    void *to = cpu_at(p->matrix->weights);
    if (op_product_is_int8(p->device, p->matrix->float_inputs))
        panels_pack(&k->dot, values, first, end - first, columns, stride, to);
    else
        panels_float_pack(&k->floats, values, first, end - first, columns, stride, to);
}

static void pack_run(const void *args, uint32_t task, const struct thread_pool_worker *worker) {
    const struct pack *p = args;
    uint32_t first = task * PACK_ROWS, end = first + PACK_ROWS, row0 = 0;
    (void)worker;
    if (end > p->matrix->rows) end = p->matrix->rows;
    for (const struct op_source *s = p->sources; row0 < end; row0 += s++->rows) {
        uint32_t from = first > row0 ? first : row0, to = row0 + s->rows < end ? row0 + s->rows : end;
        if (from < to) pack_part(p, s, row0, from, to);
    }
}

static int matrix_write(struct op_device *device, const struct op_matrix *m, const struct op_source *sources,
                        uint32_t count) {
    struct cpu_device *d = cpu_of(device);
    struct pack p = {device, m, sources};
    struct thread_pool_step step = {.run = pack_run, .args = &p, .tasks = op_groups(m->rows, PACK_ROWS)};
    (void)count;
    int status = cpu_make_pool(d);
    if (!status) thread_pool_run(d->pool, &step, 1);
    return status;
}

static uint32_t input_panel(const struct op_device *device, uint32_t rows, bool float_inputs) {
    (void)device, (void)rows, (void)float_inputs;
    return 1;
}

const struct op_backend op_cpu = {
    .open = device_open,
    .find = find,
    .close = device_close,
    .ways = ways,
    .use = use,
    .plainer = plainer,
    .lacks = lacks,
    .choice_path = choice_path,
    .bytes = bytes,
    .peak = cpu_peak,
    .memory_create = memory_create,
    .memory_import = memory_import,
    .memory_destroy = memory_destroy,
    .memory_write = memory_write,
    .memory_read = memory_read,
    .matrix_bytes = matrix_bytes,
    .matrix_write = matrix_write,
    .input_panel = input_panel,
    .list_create = cpu_list_create,
    .list_destroy = cpu_list_destroy,
    .list_begin = cpu_list_begin,
    .list_end = cpu_list_end,
    .list_run = cpu_list_run,
    .list_count = cpu_list_count,
    .list_dispatch = cpu_list_dispatch,
    .list_times = cpu_list_times,
    .linear = cpu_op_linear,
    .quantize = cpu_op_quantize,
    .norm = cpu_op_norm,
    .attention = cpu_op_attention,
    .copy = cpu_op_copy,
    .resize = cpu_op_resize,
};
