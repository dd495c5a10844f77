/* SPDX-License-Identifier: Apache-2.0 */
#include "vk/import.h"

#include <fcntl.h>
#include <unistd.h>

static const VkExternalMemoryHandleTypeFlagBits dma_buf = VK_EXTERNAL_MEMORY_HANDLE_TYPE_DMA_BUF_BIT_EXT;
static const VkBufferUsageFlags usage = VK_BUFFER_USAGE_STORAGE_BUFFER_BIT;

static bool is_importable(VkPhysicalDevice physical) {
    VkPhysicalDeviceExternalBufferInfo info = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_EXTERNAL_BUFFER_INFO, .usage = usage, .handleType = dma_buf};
    VkExternalBufferProperties properties = {.sType = VK_STRUCTURE_TYPE_EXTERNAL_BUFFER_PROPERTIES};
    vkGetPhysicalDeviceExternalBufferProperties(physical, &info, &properties);
    return properties.externalMemoryProperties.externalMemoryFeatures & VK_EXTERNAL_MEMORY_FEATURE_IMPORTABLE_BIT;
}

uint32_t vk_import_find(struct vk_device *device, const char *extensions[VK_IMPORT_EXTENSIONS]) {
    static const char *const needed[] = {VK_KHR_EXTERNAL_MEMORY_FD_EXTENSION_NAME,
                                         VK_EXT_EXTERNAL_MEMORY_DMA_BUF_EXTENSION_NAME};
    uint32_t count = 0;
    for (; count < 2; count++) {
        if (!vk_has_extension(device->physical, needed[count])) return 0;
        extensions[count] = needed[count];
    }
    if (!is_importable(device->physical)) return 0;
    /* Other devices' memory, as opposed to that of another Vulkan device. */
    device->foreign_family = VK_QUEUE_FAMILY_EXTERNAL;
    if (vk_has_extension(device->physical, VK_EXT_QUEUE_FAMILY_FOREIGN_EXTENSION_NAME)) {
        device->foreign_family = VK_QUEUE_FAMILY_FOREIGN_EXT;
        extensions[count++] = VK_EXT_QUEUE_FAMILY_FOREIGN_EXTENSION_NAME;
    }
    return count;
}

/* The memory type to import as; false: the driver knows none for this file. */
static bool memory_type(struct vk_device *d, int fd, uint32_t allowed, uint32_t *type) {
    PFN_vkGetMemoryFdPropertiesKHR get =
        (PFN_vkGetMemoryFdPropertiesKHR)vkGetDeviceProcAddr(d->device, "vkGetMemoryFdPropertiesKHR");
    VkMemoryFdPropertiesKHR properties = {.sType = VK_STRUCTURE_TYPE_MEMORY_FD_PROPERTIES_KHR};
    if (!get || get(d->device, dma_buf, fd, &properties) != VK_SUCCESS) return false;
    for (*type = 0; *type < d->memory.memoryTypeCount; ++*type)
        if (allowed & properties.memoryTypeBits & 1u << *type) return true;
    return false;
}

/* Takes `fd` on success alone. */
static int import_memory(struct vk_buffer *b, struct vk_device *d, int fd) {
    VkMemoryRequirements needs;
    uint32_t type;
    vkGetBufferMemoryRequirements(d->device, b->buffer, &needs);
    if (needs.size > b->size || !memory_type(d, fd, needs.memoryTypeBits, &type)) return OCELLI_ERR_DEVICE;
    VkMemoryDedicatedAllocateInfo dedicated = {.sType = VK_STRUCTURE_TYPE_MEMORY_DEDICATED_ALLOCATE_INFO,
                                               .buffer = b->buffer};
    VkImportMemoryFdInfoKHR import = {
        .sType = VK_STRUCTURE_TYPE_IMPORT_MEMORY_FD_INFO_KHR, .pNext = &dedicated, .handleType = dma_buf, .fd = fd};
    VkMemoryAllocateInfo info = {.sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO,
                                 .pNext = &import,
                                 .allocationSize = b->size,
                                 .memoryTypeIndex = type};
    return vkAllocateMemory(d->device, &info, NULL, &b->memory) == VK_SUCCESS ? OCELLI_OK : OCELLI_ERR_DEVICE;
}

int vk_buffer_import(struct vk_buffer *buffer, struct vk_device *device, int fd, uint64_t size, const char *name) {
    *buffer = (struct vk_buffer){.size = size, .imported = true};
    if (!device->foreign_family) return OCELLI_ERR_DEVICE;
    VkExternalMemoryBufferCreateInfo external = {.sType = VK_STRUCTURE_TYPE_EXTERNAL_MEMORY_BUFFER_CREATE_INFO,
                                                 .handleTypes = dma_buf};
    VkBufferCreateInfo info = {.sType = VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO,
                               .pNext = &external,
                               .size = size,
                               .usage = usage,
                               .sharingMode = VK_SHARING_MODE_EXCLUSIVE};
    VK_TRY(vkCreateBuffer(device->device, &info, NULL, &buffer->buffer));
    int own = fcntl(fd, F_DUPFD_CLOEXEC, 0), status = own < 0 ? OCELLI_ERR_DEVICE : import_memory(buffer, device, own);
    if (status && own >= 0) close(own);
    if (!status && vkBindBufferMemory(device->device, buffer->buffer, buffer->memory, 0) != VK_SUCCESS)
        status = OCELLI_ERR_DEVICE;
    if (status) {
        vk_buffer_destroy(buffer, device);
        return status;
    }
    vk_label(device, VK_OBJECT_TYPE_BUFFER, (uint64_t)buffer->buffer, name);
    vk_label(device, VK_OBJECT_TYPE_DEVICE_MEMORY, (uint64_t)buffer->memory, name);
    return OCELLI_OK;
}
