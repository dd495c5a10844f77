/* SPDX-License-Identifier: Apache-2.0 */
#include "vk/cache.h"
#include "base/cache_folder.h"
#include "base/file.h"
#include "base/log.h"
#include "base/sha256.h"

#include <shaders.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MAX_FILE = 64 << 20 };

/* Pipelines depend on device and driver (pipelineCacheUUID changes with both), and on the shaders of this build. */
static void key(const struct vk_device *d, char hex[SHA256_HEX_SIZE]) {
    VkPhysicalDeviceProperties p;
    uint8_t parts[3 * SHA256_SIZE] = {0};
    vkGetPhysicalDeviceProperties(d->physical, &p);
    sha256(p.pipelineCacheUUID, sizeof p.pipelineCacheUUID, parts);
    sha256((uint32_t[]){p.vendorID, p.deviceID, p.driverVersion}, 12, parts + SHA256_SIZE);
    for (size_t i = 0; i < shader_binary_count; i++) {
        uint8_t one[SHA256_SIZE];
        sha256(shader_binaries[i].words, shader_binaries[i].size, one);
        for (int b = 0; b < SHA256_SIZE; b++)
            parts[2 * SHA256_SIZE + b] = (uint8_t)(parts[2 * SHA256_SIZE + b] * 31 + one[b]);
    }
    uint8_t digest[SHA256_SIZE];
    sha256(parts, sizeof parts, digest);
    sha256_hex(digest, hex);
}

/* NULL: nowhere to keep it. */
static char *find_file(const struct vk_device *d) {
    char folder[3072], hex[SHA256_HEX_SIZE], *path;
    if (!cache_folder(folder, sizeof folder)) return NULL;
    key(d, hex);
    return asprintf(&path, "%s/pipelines-%.32s.bin", folder, hex) < 0 ? NULL : path;
}

/* Drivers trust what they are given, so a hash stands before it. */
static bool is_good(const struct file_bytes *bytes) {
    uint8_t digest[SHA256_SIZE];
    if (bytes->size < SHA256_SIZE || bytes->size > MAX_FILE) return false;
    sha256(bytes->data + SHA256_SIZE, bytes->size - SHA256_SIZE, digest);
    return memcmp(digest, bytes->data, SHA256_SIZE) == 0;
}

static int create(struct vk_device *d, const void *data, size_t size) {
    VkPipelineCacheCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_PIPELINE_CACHE_CREATE_INFO, .initialDataSize = size, .pInitialData = data};
    VK_TRY(vkCreatePipelineCache(d->device, &info, NULL, &d->cache));
    return OCELLI_OK;
}

int vk_cache_open(struct vk_device *device) {
    struct file_bytes bytes = {0};
    char *path = device->cache_path = find_file(device);
    bool found = path && access(path, R_OK) == 0 && file_read(&bytes, path) == OCELLI_OK;
    bool good = found && is_good(&bytes);
    if (found && !good) log_warn("%s: broken: pipelines are compiled anew", path);
    if (path && !good && cache_writable(path))
        log_info("%s: compiling its shaders, which can take minutes; later starts find them in %s", device->name, path);
    int status = good ? create(device, bytes.data + SHA256_SIZE, bytes.size - SHA256_SIZE) : create(device, NULL, 0);
    device->cache_file_size = good ? bytes.size : 0;
    file_free(&bytes);
    return status;
}

char *vk_cache_file(const struct vk_device *device, const char *stem, const char *extension) {
    char *path;
    if (!device->cache_path) return NULL;
    const char *name = strrchr(device->cache_path, '/') + 1, *hex = strchr(name, '-') + 1;
    int written = asprintf(&path, "%.*s%s-%.*s.%s", (int)(name - device->cache_path), device->cache_path, stem,
                           (int)(strchr(hex, '.') - hex), hex, extension);
    return written < 0 ? NULL : path;
}

static void write_file(const char *path, const uint8_t *data, size_t size) {
    struct file_writer w;
    uint8_t digest[SHA256_SIZE];
    sha256(data, size, digest);
    int status = file_writer_open(&w, path);
    if (!status) status = file_writer_write(&w, digest, sizeof digest);
    if (!status) status = file_writer_write(&w, data, size);
    if (!status) file_writer_commit(&w); /* a fault was told; the work is done without the file */
    file_writer_close(&w);
}

static void save(struct vk_device *d) {
    size_t size = 0;
    if (!d->cache_path || !cache_writable(d->cache_path)) return; /* nothing to say */
    if (vkGetPipelineCacheData(d->device, d->cache, &size, NULL) != VK_SUCCESS || size > MAX_FILE - SHA256_SIZE) return;
    if (size + SHA256_SIZE <= d->cache_file_size) return; /* caches only grow */
    uint8_t *data = malloc(size ? size : 1);
    if (data && vkGetPipelineCacheData(d->device, d->cache, &size, data) == VK_SUCCESS)
        write_file(d->cache_path, data, size);
    free(data);
}

void vk_cache_close(struct vk_device *device) {
    if (device->cache && device->pipeline_count) save(device);
    if (device->cache) vkDestroyPipelineCache(device->device, device->cache, NULL);
    device->cache = VK_NULL_HANDLE;
    free(device->cache_path);
    device->cache_path = NULL;
}
