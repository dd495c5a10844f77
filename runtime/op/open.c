/* SPDX-License-Identifier: Apache-2.0
 * Which device: what was asked for, or the faster one of a GPU and the processor. */
#include "base/log.h"
#include "op/backend.h"

#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const char *kind_name(enum ocelli_kind kind) {
    return kind == OCELLI_KIND_MMA ? "mma" : kind == OCELLI_KIND_DOT ? "dot" : "f16w";
}

/* The first of its ways that is of the kind. */
static int take_way(struct op_device *d, enum ocelli_kind kind) {
    struct op_way ways[OP_WAYS_MOST];
    uint32_t count = op_device_ways(d, ways);
    for (uint32_t i = 0; i < count; i++) {
        if (kind != OCELLI_KIND_AUTO && ways[i].kind != kind) continue;
        op_device_use(d, &ways[i]);
        d->chosen = kind != OCELLI_KIND_AUTO;
        return OCELLI_OK;
    }
    return log_fail(OCELLI_ERR_DEVICE, "%s cannot compute products of kind %s: %s", d->name, kind_name(kind),
                    d->backend->lacks(d, kind));
}

static int open_with(const struct op_backend *backend, struct op_device **out, const struct op_device_params *params) {
    int status = backend->open(out, params);
    if (!status) status = take_way(*out, params->kind);
    if (status) op_device_close(out);
    return status;
}

void op_device_close(struct op_device **device) {
    if (!*device) return;
    op_device_close(&(*device)->rival);
    (*device)->backend->close(*device);
    *device = NULL;
}

/* ---- by itself ---- */

/* A GPU has a device file. If there is none, Vulkan is not even loaded: its software drivers take longer to start than
 * a picture takes. */
static bool may_have_gpu(void) {
    static const char *const files[] = {"/dev/dri/renderD*", "/dev/nvidia[0-9]*", "/dev/nvgpu*", "/dev/nvhost-*",
                                        "/dev/mali*",        "/dev/kgsl*",        "/dev/pvr*",   "/dev/dxg"};
    if (getenv("VK_DRIVER_FILES") || getenv("VK_ICD_FILENAMES")) return true; /* somebody knows of a driver */
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        glob_t found;
        int status = glob(files[i], GLOB_NOSORT, NULL, &found);
        globfree(&found);
        if (!status) return true;
    }
    return false;
}

/* The best Vulkan device that is no software. Errors: DEVICE. */
static int open_gpu(struct op_device **out, const struct op_device_params *params) {
    struct op_device_params vulkan = *params;
    vulkan.device = NULL;
    int status = open_with(&op_vulkan, out, &vulkan);
    if (status || (*out)->type == OP_DEVICE_GPU) return status;
    op_device_close(out);
    return log_fail(OCELLI_ERR_DEVICE, "no GPU: Vulkan's drivers here only compute in software; use device cpu");
}

/* No GPU is no fault here, so it is not told; why: of LOG_LINE. */
static bool found_gpu(struct op_device **out, const struct op_device_params *params, char *why) {
    strcpy(why, "no GPU is here");
    if (!may_have_gpu()) return false;
    log_hold(why, LOG_LINE);
    int status = open_gpu(out, params);
    log_release();
    return status == OCELLI_OK;
}

/* With a GPU there, the processor is kept beside it until both were timed: op_device_choose(). */
static int open_best(struct op_device **out, const struct op_device_params *params) {
    char why[LOG_LINE];
    if (params->kind == OCELLI_KIND_MMA) return open_gpu(out, params);
    if (!found_gpu(out, params, why)) {
        int status = open_with(&op_cpu, out, params);
        if (!status) strcpy((*out)->why, why);
        return status;
    }
    strcpy((*out)->why, "a GPU is here");
    return params->kind == OCELLI_KIND_AUTO ? open_with(&op_cpu, &(*out)->rival, params) : OCELLI_OK;
}

/* ---- as asked for ---- */

static bool is(const char *choice, const char *word) {
    return strcasecmp(choice, word) == 0;
}

/* Is it the index behind that of the last Vulkan device? */
static bool is_last_index(const char *choice) {
    char name[2], *end;
    uint32_t count = 0;
    if (!*choice || choice[strspn(choice, "0123456789")]) return false;
    char why[LOG_LINE];
    log_hold(why, sizeof why);
    op_vulkan.find(0, name, sizeof name, &count);
    log_release();
    return strtoul(choice, &end, 10) == count;
}

int op_device_open(struct op_device **out, const struct op_device_params *params) {
    const char *choice = params->device && *params->device ? params->device : "auto";
    struct op_device_params vulkan = *params;
    *out = NULL;
    if (params->threads > OCELLI_THREADS_MOST)
        return log_fail(OCELLI_ERR_USAGE, "%u threads: at most %d", params->threads, OCELLI_THREADS_MOST);
    if (is(choice, "vulkan")) vulkan.device = NULL;
    int status = is(choice, "auto")                           ? open_best(out, params)
                 : is(choice, "gpu")                          ? open_gpu(out, params)
                 : is(choice, "cpu") || is_last_index(choice) ? open_with(&op_cpu, out, params)
                                                              : open_with(&op_vulkan, out, &vulkan);
    if (status) op_device_close(out);
    if (!status && !*(*out)->why) strcpy((*out)->why, "asked for");
    return status;
}

int op_device_find(uint32_t index, char *name, size_t size) {
    char why[LOG_LINE];
    uint32_t count = 0, one;
    log_hold(why, sizeof why);
    int status = op_vulkan.find(index, name, size, &count);
    log_release();
    return status == OCELLI_OK ? status : op_cpu.find(index - count, name, size, &one);
}
