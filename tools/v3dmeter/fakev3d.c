/* SPDX-License-Identifier: Apache-2.0
 * LD_PRELOAD library in place of libdrm. It pretends that a Raspberry Pi's GPU is there, so that Mesa's V3DV loads on
 * any machine and compiles pipelines for it. Submits succeed and do nothing. The render node is a memfd: the driver's
 * open, fstat and mmap work on it as they are. FAKEV3D: 42 (Raspberry Pi 4, the default) or 71 (Raspberry Pi 5). */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#include <xf86drm.h>

/* The used part of the kernel's interface, drm/v3d_drm.h. */
enum { DRIVER_FIRST = 0x40, DRIVER_LAST = 0x9f, GEM_CLOSE = 0x09, SYNCOBJ_TO_FD = 0xc1, SYNCOBJ_FROM_FD = 0xc2 };
enum { SUBMIT_CL, WAIT_BO, CREATE_BO, MMAP_BO, GET_PARAM, GET_BO_OFFSET, SUBMIT_TFU, SUBMIT_CSD, SUBMIT_CPU = 11 };
enum { CL_EXTENSIONS = 64, TFU_EXTENSIONS = 72, CPU_EXTENSIONS = 16 }; /* where a submit keeps its list */
enum { SYNC_FILE_TYPE = '>', SYNC_FILE_MERGE = 3 };
struct extension {
    uint64_t next;
    uint32_t id, flags;
};
enum { EXTENSION_MULTI_SYNC = 1 };
struct multi_sync {
    struct extension base;
    uint64_t in_syncs, out_syncs;
    uint32_t in_count, out_count, wait_stage, pad;
};
struct semaphore {
    uint32_t handle, flags;
    uint64_t point, mbz[2];
};
struct create_bo {
    uint32_t size, flags, handle, offset;
};
struct mmap_bo {
    uint32_t handle, flags;
    uint64_t offset;
};
struct get_param {
    uint32_t param, pad;
    uint64_t value;
};
struct get_bo_offset {
    uint32_t handle, offset;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static bool is_71(void) {
    const char *version = getenv("FAKEV3D");
    return version && atoi(version) >= 70;
}

/* realloc() that does not fail. */
static void *resize(void *memory, size_t size) {
    memory = realloc(memory, size);
    if (!memory) abort();
    return memory;
}

/* --- the device --- */

enum { NODE_SIZE_LOG2 = 40 };
static int memory_file = -1;
static char node[64];

static void open_memory(void) {
    pthread_mutex_lock(&lock);
    if (memory_file < 0) {
        memory_file = memfd_create("fakev3d", 0);
        if (memory_file < 0 || ftruncate(memory_file, (off_t)1 << NODE_SIZE_LOG2)) {
            perror("fakev3d: memfd");
            abort();
        }
        snprintf(node, sizeof node, "/proc/self/fd/%d", memory_file);
    }
    pthread_mutex_unlock(&lock);
}

int drmGetDevices2(uint32_t flags, drmDevicePtr devices[], int max) {
    (void)flags;
    open_memory();
    if (!devices || max < 1) return 1;
    drmDevicePtr d = resize(NULL, sizeof *d);
    *d = (drmDevice){.available_nodes = 1 << DRM_NODE_RENDER | 1 << DRM_NODE_PRIMARY, .bustype = DRM_BUS_PLATFORM};
    d->nodes = resize(NULL, DRM_NODE_MAX * sizeof *d->nodes);
    for (int i = 0; i < DRM_NODE_MAX; i++) d->nodes[i] = NULL;
    d->nodes[DRM_NODE_RENDER] = d->nodes[DRM_NODE_PRIMARY] = node;
    devices[0] = d;
    return 1;
}

void drmFreeDevices(drmDevicePtr devices[], int count) {
    for (int i = 0; i < count; i++) {
        if (devices[i]) free(devices[i]->nodes);
        free(devices[i]);
    }
}

drmVersionPtr drmGetVersion(int fd) {
    (void)fd;
    drmVersionPtr v = resize(NULL, sizeof *v);
    *v = (drmVersion){.version_major = 1,
                      .name_len = 3,
                      .name = strdup("v3d"),
                      .date_len = 1,
                      .date = strdup("0"),
                      .desc_len = 7,
                      .desc = strdup("fakev3d")};
    return v;
}

void drmFreeVersion(drmVersionPtr v) {
    if (!v) return;
    free(v->name);
    free(v->date);
    free(v->desc);
    free(v);
}

int drmGetCap(int fd, uint64_t capability, uint64_t *value) {
    (void)fd, (void)capability;
    *value = 1;
    return 0;
}

/* --- sync objects: a flag each, set by the submit that lists it; a wait blocks until then --- */

static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static bool *signalled;
static uint32_t sync_count, sync_capacity;

static void signal_all(const uint32_t *handles, uint32_t count, bool value) {
    for (uint32_t i = 0; i < count; i++)
        if (handles[i] && handles[i] <= sync_count) signalled[handles[i] - 1] = value;
    pthread_cond_broadcast(&changed);
}

static void submitted(uint64_t extensions) {
    pthread_mutex_lock(&lock);
    for (const struct extension *e = (void *)(uintptr_t)extensions; e; e = (void *)(uintptr_t)e->next) {
        if (e->id != EXTENSION_MULTI_SYNC) continue;
        const struct multi_sync *m = (const void *)e;
        const struct semaphore *out = (void *)(uintptr_t)m->out_syncs;
        for (uint32_t i = 0; i < m->out_count; i++) signal_all(&out[i].handle, 1, true);
    }
    pthread_mutex_unlock(&lock);
}

int drmSyncobjCreate(int fd, uint32_t flags, uint32_t *handle) {
    (void)fd;
    pthread_mutex_lock(&lock);
    if (sync_count == sync_capacity)
        signalled = resize(signalled, sync_capacity = sync_capacity ? 2 * sync_capacity : 1024);
    signalled[sync_count++] = flags & DRM_SYNCOBJ_CREATE_SIGNALED;
    *handle = sync_count;
    pthread_mutex_unlock(&lock);
    return 0;
}

int drmSyncobjDestroy(int fd, uint32_t handle) {
    (void)fd, (void)handle;
    return 0;
}

static int set(const uint32_t *handles, uint32_t count, bool value) {
    pthread_mutex_lock(&lock);
    signal_all(handles, count, value);
    pthread_mutex_unlock(&lock);
    return 0;
}

int drmSyncobjReset(int fd, const uint32_t *handles, uint32_t count) {
    (void)fd;
    return set(handles, count, false);
}

int drmSyncobjSignal(int fd, const uint32_t *handles, uint32_t count) {
    (void)fd;
    return set(handles, count, true);
}

static bool ready(const uint32_t *handles, uint32_t count, bool all, uint32_t *first) {
    uint32_t done = 0, one = 0;
    for (uint32_t i = 0; i < count; i++)
        if (!handles[i] || handles[i] > sync_count || signalled[handles[i] - 1]) done++, one = i;
    if (first) *first = one;
    return done == count || (done && !all);
}

static int64_t nanoseconds(clockid_t clock, struct timespec *now) {
    clock_gettime(clock, now);
    return (int64_t)now->tv_sec * 1000000000 + now->tv_nsec;
}

/* timeout: absolute, CLOCK_MONOTONIC, nanoseconds. Looks again every 10 ms. */
int drmSyncobjWait(int fd, uint32_t *handles, unsigned count, int64_t timeout, unsigned flags, uint32_t *first) {
    enum { STEP = 10000000 };
    (void)fd;
    bool done, all = flags & DRM_SYNCOBJ_WAIT_FLAGS_WAIT_ALL;
    struct timespec time;
    pthread_mutex_lock(&lock);
    while (!(done = ready(handles, count, all, first)) && nanoseconds(CLOCK_MONOTONIC, &time) < timeout) {
        int64_t until = nanoseconds(CLOCK_REALTIME, &time) + STEP;
        time = (struct timespec){.tv_sec = until / 1000000000, .tv_nsec = until % 1000000000};
        pthread_cond_timedwait(&changed, &lock, &time);
    }
    pthread_mutex_unlock(&lock);
    if (done) return 0;
    errno = ETIME;
    return -1;
}

/* Any descriptor is a sync file: everything is done, so importing one signals. */
static int sync_file(void) {
    return open("/dev/null", O_RDWR | O_CLOEXEC);
}

int drmSyncobjExportSyncFile(int fd, uint32_t handle, int *out) {
    (void)fd, (void)handle;
    *out = sync_file();
    return 0;
}

int drmSyncobjImportSyncFile(int fd, uint32_t handle, int file) {
    (void)file;
    return drmSyncobjSignal(fd, &handle, 1);
}

/* The driver merges sync files by an ioctl of its own. */
int ioctl(int fd, unsigned long request, ...) {
    struct merge {
        char name[32];
        int32_t second, fence;
        uint32_t flags, pad;
    };
    va_list list;
    va_start(list, request);
    void *argument = va_arg(list, void *);
    va_end(list);
    if ((request >> 8 & 0xff) != SYNC_FILE_TYPE) return (int)syscall(SYS_ioctl, fd, request, argument);
    if ((request & 0xff) == SYNC_FILE_MERGE) ((struct merge *)argument)->fence = sync_file();
    return 0;
}

/* --- buffers: stretches of the memfd, one behind the other --- */

struct bo {
    uint64_t offset;
    uint32_t size; /* 0: closed */
};
enum { BO_ALIGNMENT = 0x10000 }; /* a multiple of any page size */
static struct bo *bos;
static uint32_t bo_count, bo_capacity;
static uint64_t bo_end = BO_ALIGNMENT;

static void create_bo(struct create_bo *c) {
    pthread_mutex_lock(&lock);
    if (bo_count == bo_capacity) bos = resize(bos, (bo_capacity = bo_capacity ? 2 * bo_capacity : 256) * sizeof *bos);
    bos[bo_count++] = (struct bo){.offset = bo_end, .size = c->size};
    c->handle = bo_count;
    c->offset = (uint32_t)bo_end;
    bo_end += (c->size + BO_ALIGNMENT - 1) & ~(uint64_t)(BO_ALIGNMENT - 1);
    pthread_mutex_unlock(&lock);
}

static uint64_t bo_offset(uint32_t handle) {
    pthread_mutex_lock(&lock);
    uint64_t offset = bos[handle - 1].offset;
    pthread_mutex_unlock(&lock);
    return offset;
}

static void close_bo(uint32_t handle) {
    pthread_mutex_lock(&lock);
    if (handle && handle <= bo_count && bos[handle - 1].size) {
        struct bo *bo = &bos[handle - 1];
        fallocate(memory_file, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)bo->offset, bo->size);
        bo->size = 0;
    }
    pthread_mutex_unlock(&lock);
}

/* --- requests --- */

/* Registers as the boards have them, then what the kernel can do. Slices of 4 QPUs: 2, or 3 on 7.1. */
static int get_param(struct get_param *g) {
    const uint64_t registers_42[] = {0x45, 0x000e1124, 0x100, 0x0e00, 0x04443356, 0x81001422, 0x40078121};
    const uint64_t registers_71[] = {0x45, 0x000e1124, 0x100, 0x0700, 0x07443356, 0x81001431, 0x40078121};
    enum { REGISTERS = 7, ABILITIES_END = 13 };
    if (g->param < REGISTERS) {
        g->value = (is_71() ? registers_71 : registers_42)[g->param];
        return 0;
    }
    if (g->param < ABILITIES_END) {
        g->value = 1;
        return 0;
    }
    errno = EINVAL; /* newer ones: as an older kernel answers */
    return -1;
}

static void syncobj_file(unsigned number, void *argument) {
    struct {
        uint32_t handle, flags;
        int32_t fd;
    } *s = argument;
    if (number == SYNCOBJ_TO_FD)
        s->fd = sync_file();
    else if (s->flags & 1) /* a sync file, into an object there is */
        set(&s->handle, 1, true);
}

static uint64_t extensions_at(const void *argument, size_t offset) {
    uint64_t list;
    memcpy(&list, (const char *)argument + offset, sizeof list);
    return list;
}

static int driver_ioctl(unsigned number, void *argument) {
    struct mmap_bo *map = argument;
    struct get_bo_offset *place = argument;
    switch (number) {
    case CREATE_BO: create_bo(argument); break;
    case MMAP_BO: map->offset = bo_offset(map->handle); break;
    case GET_BO_OFFSET: place->offset = (uint32_t)bo_offset(place->handle); break;
    case GET_PARAM: return get_param(argument);
    case SUBMIT_CL: submitted(extensions_at(argument, CL_EXTENSIONS)); break;
    case SUBMIT_TFU:
    case SUBMIT_CSD: submitted(extensions_at(argument, TFU_EXTENSIONS)); break;
    case SUBMIT_CPU: submitted(extensions_at(argument, CPU_EXTENSIONS)); break;
    default: break; /* waits, performance monitors: done at once */
    }
    return 0;
}

int drmIoctl(int fd, unsigned long request, void *argument) {
    (void)fd;
    unsigned number = request & 0xff;
    if (number >= DRIVER_FIRST && number <= DRIVER_LAST) return driver_ioctl(number - DRIVER_FIRST, argument);
    if (number == GEM_CLOSE) close_bo(*(uint32_t *)argument);
    if (number == SYNCOBJ_TO_FD || number == SYNCOBJ_FROM_FD) syncobj_file(number, argument);
    return 0;
}
