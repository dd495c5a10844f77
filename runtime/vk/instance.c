/* SPDX-License-Identifier: Apache-2.0 */
#include "vk/instance.h"
#include "base/log.h"

#include <stdlib.h>
#include <string.h>

static const char *const validation_layer = "VK_LAYER_KHRONOS_validation";
static unsigned validation_count;

unsigned vk_validation_messages(void) {
    return validation_count;
}

static VKAPI_ATTR VkBool32 VKAPI_CALL on_message(VkDebugUtilsMessageSeverityFlagBitsEXT severity,
                                                 VkDebugUtilsMessageTypeFlagsEXT type,
                                                 const VkDebugUtilsMessengerCallbackDataEXT *data, void *user) {
    (void)severity, (void)type, (void)user;
    validation_count++;
    log_warn("validation: %s", data->pMessage);
    return VK_FALSE;
}

static const VkDebugUtilsMessengerCreateInfoEXT messenger_info = {
    .sType = VK_STRUCTURE_TYPE_DEBUG_UTILS_MESSENGER_CREATE_INFO_EXT,
    .messageSeverity = VK_DEBUG_UTILS_MESSAGE_SEVERITY_WARNING_BIT_EXT | VK_DEBUG_UTILS_MESSAGE_SEVERITY_ERROR_BIT_EXT,
    .messageType = VK_DEBUG_UTILS_MESSAGE_TYPE_VALIDATION_BIT_EXT,
    .pfnUserCallback = on_message,
};

/* Also what a dispatch reads that another still writes: a missing barrier. */
static const VkValidationFeaturesEXT validation_features = {
    .sType = VK_STRUCTURE_TYPE_VALIDATION_FEATURES_EXT,
    .pNext = &messenger_info,
    .enabledValidationFeatureCount = 1,
    .pEnabledValidationFeatures =
        (const VkValidationFeatureEnableEXT[]){VK_VALIDATION_FEATURE_ENABLE_SYNCHRONIZATION_VALIDATION_EXT},
};

static bool wants_validation(void) {
    const char *value = getenv("OCELLI_VALIDATE");
    return value && strcmp(value, "1") == 0;
}

int vk_instance_open(VkInstance *instance, VkDebugUtilsMessengerEXT *messenger) {
    int status = vk_loader_open();
    if (status) return status;
    bool validate = wants_validation();
    static const char *const extensions[] = {VK_EXT_DEBUG_UTILS_EXTENSION_NAME,
                                             VK_EXT_VALIDATION_FEATURES_EXTENSION_NAME};
    /* 1.1 is the floor; a newer apiVersion lets newer drivers offer their core features. */
    VkApplicationInfo application = {
        .sType = VK_STRUCTURE_TYPE_APPLICATION_INFO, .pApplicationName = "ocelli", .apiVersion = VK_API_VERSION_1_3};
    VkInstanceCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_INSTANCE_CREATE_INFO,
        .pNext = validate ? &validation_features : NULL,
        .pApplicationInfo = &application,
        .enabledLayerCount = validate,
        .ppEnabledLayerNames = &validation_layer,
        .enabledExtensionCount = validate ? 2 : 0,
        .ppEnabledExtensionNames = extensions,
    };
    VkResult result = vkCreateInstance(&info, NULL, instance);
    if (result == VK_ERROR_LAYER_NOT_PRESENT)
        return log_fail(OCELLI_ERR_DEVICE, "OCELLI_VALIDATE=1, but the validation layer is not installed: "
                                           "install vulkan-validationlayers");
    if (result == VK_ERROR_INCOMPATIBLE_DRIVER)
        return log_fail(OCELLI_ERR_DEVICE,
                        "no Vulkan driver found: install one (Debian: mesa-vulkan-drivers) or the GPU maker's");
    VK_TRY(result);
    if (!validate) return OCELLI_OK;
    PFN_vkCreateDebugUtilsMessengerEXT create =
        (PFN_vkCreateDebugUtilsMessengerEXT)vkGetInstanceProcAddr(*instance, "vkCreateDebugUtilsMessengerEXT");
    VK_TRY(create(*instance, &messenger_info, NULL, messenger));
    return OCELLI_OK;
}

void vk_instance_close(VkInstance instance, VkDebugUtilsMessengerEXT messenger) {
    if (messenger) {
        PFN_vkDestroyDebugUtilsMessengerEXT destroy =
            (PFN_vkDestroyDebugUtilsMessengerEXT)vkGetInstanceProcAddr(instance, "vkDestroyDebugUtilsMessengerEXT");
        destroy(instance, messenger, NULL);
    }
    if (instance) vkDestroyInstance(instance, NULL);
}

int vk_instance_devices(VkInstance instance, VkPhysicalDevice **devices, uint32_t *count) {
    *devices = NULL;
    VK_TRY(vkEnumeratePhysicalDevices(instance, count, NULL));
    if (*count == 0)
        return log_fail(OCELLI_ERR_DEVICE,
                        "the Vulkan driver offers no device: check permissions of /dev/dri, or install "
                        "mesa-vulkan-drivers to compute on the CPU");
    *devices = calloc(*count, sizeof **devices);
    if (!*devices) return log_fail(OCELLI_ERR_MEMORY, "out of memory listing devices");
    VkResult result = vkEnumeratePhysicalDevices(instance, count, *devices);
    if (result < 0) {
        free(*devices);
        *devices = NULL;
        return vk_failed(result, "vkEnumeratePhysicalDevices");
    }
    return OCELLI_OK;
}

int vk_device_name(uint32_t index, char *name, size_t size, uint32_t *count) {
    VkInstance instance = VK_NULL_HANDLE;
    VkDebugUtilsMessengerEXT messenger = VK_NULL_HANDLE;
    VkPhysicalDevice *devices = NULL;
    *count = 0;
    int status = vk_instance_open(&instance, &messenger);
    if (!status) status = vk_instance_devices(instance, &devices, count);
    if (!status && index >= *count) status = OCELLI_ERR_USAGE;
    if (!status) {
        VkPhysicalDeviceProperties properties;
        vkGetPhysicalDeviceProperties(devices[index], &properties);
        if (size) {
            strncpy(name, properties.deviceName, size - 1);
            name[size - 1] = '\0';
        }
    }
    free(devices);
    vk_instance_close(instance, messenger);
    return status;
}
