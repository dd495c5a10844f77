/* SPDX-License-Identifier: Apache-2.0
 * Compiles compute shaders with the Vulkan driver at hand and prints what its compiler made of them, a JSON
 * line a shader. Nothing is dispatched. See README.md. */
#include "die.h"
#include "qpu.h"
#include "spirv.h"

#include <fcntl.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { MAX_CONSTANTS = 16, MAX_PATH = 4096 };

_Noreturn void die(const char *format, ...) {
    va_list args;
    va_start(args, format);
    fputs("v3dmeter: ", stderr);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
    exit(1);
}

#define VK(call)                                                                                                       \
    do {                                                                                                               \
        VkResult result_ = (call);                                                                                     \
        if (result_) die("%s: VkResult %d", #call, result_);                                                           \
    } while (0)

struct options {
    const char *assembly, *nir; /* files to write; "%" stands for the shader's name and constants */
    bool device;
};

/* One operand: FILE.spv or FILE.spv@VALUE,VALUE...: constants 0, 1, ... */
struct shader {
    char path[MAX_PATH], name[MAX_PATH]; /* name: without folder and suffix, constants joined by "-" */
    uint32_t constants[MAX_CONSTANTS];
    uint32_t constant_count;
    struct spirv spirv;
};

struct meter {
    VkInstance instance;
    VkPhysicalDevice physical;
    VkDevice device;
    VkPhysicalDeviceProperties properties;
    PFN_vkGetPipelineExecutableStatisticsKHR statistics;
    PFN_vkGetPipelineExecutableInternalRepresentationsKHR representations;
};

/* --- the driver's own line on stderr (V3D_DEBUG=shaderdb): the only place with true spill counts --- */

struct capture {
    int saved, file;
};

static struct capture capture_begin(void) {
    fflush(stderr);
    struct capture c = {.saved = dup(STDERR_FILENO), .file = memfd_create("stderr", 0)};
    if (c.saved < 0 || c.file < 0) die("cannot catch stderr");
    dup2(c.file, STDERR_FILENO);
    return c;
}

/* The text that was logged since capture_begin(); free(). */
static char *capture_end(struct capture c) {
    fflush(stderr);
    dup2(c.saved, STDERR_FILENO);
    off_t size = lseek(c.file, 0, SEEK_END);
    char *text = calloc(1, (size_t)size + 1);
    if (!text || pread(c.file, text, (size_t)size, 0) != size) die("cannot read what the driver said");
    close(c.saved);
    close(c.file);
    return text;
}

struct shaderdb {
    int instructions, threads, loops, uniforms, max_temps, spills, fills, sfu_stalls, both_stalls, nops;
};

/* The last such line; the rest goes on to stderr. */
static bool shaderdb_read(struct shaderdb *db, char *text) {
    bool found = false;
    char *rest = NULL;
    for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
        const char *counts = strstr(line, "SHADER-DB") ? strstr(line, " shader: ") : NULL;
        if (!counts)
            fprintf(stderr, "%s\n", line);
        else if (sscanf(counts,
                        " shader: %d inst, %d threads, %d loops, %d uniforms, %d max-temps, %d:%d spills:fills, "
                        "%d sfu-stalls, %d inst-and-stalls, %d nops",
                        &db->instructions, &db->threads, &db->loops, &db->uniforms, &db->max_temps, &db->spills,
                        &db->fills, &db->sfu_stalls, &db->both_stalls, &db->nops) == 10)
            found = true;
    }
    return found;
}

/* --- the device --- */

static void open_instance(struct meter *m) {
    VkApplicationInfo application = {.sType = VK_STRUCTURE_TYPE_APPLICATION_INFO, .apiVersion = VK_API_VERSION_1_2};
    VkInstanceCreateInfo info = {.sType = VK_STRUCTURE_TYPE_INSTANCE_CREATE_INFO, .pApplicationInfo = &application};
    VK(vkCreateInstance(&info, NULL, &m->instance));
    uint32_t count = 1;
    VkResult result = vkEnumeratePhysicalDevices(m->instance, &count, &m->physical);
    if (result < 0 || !count) die("no Vulkan device (VkResult %d)", result);
    vkGetPhysicalDeviceProperties(m->physical, &m->properties);
}

static bool has_extension(const VkExtensionProperties *list, uint32_t count, const char *name) {
    for (uint32_t i = 0; i < count; i++)
        if (strcmp(list[i].extensionName, name) == 0) return true;
    return false;
}

static uint32_t choose_extensions(const struct meter *m, const char *use[2]) {
    static const char *const wanted[] = {"VK_KHR_pipeline_executable_properties", "VK_KHR_shader_integer_dot_product"};
    uint32_t count = 0, used = 0;
    vkEnumerateDeviceExtensionProperties(m->physical, NULL, &count, NULL);
    VkExtensionProperties *list = calloc(count, sizeof *list);
    if (!list) die("out of memory");
    vkEnumerateDeviceExtensionProperties(m->physical, NULL, &count, list);
    if (!has_extension(list, count, wanted[0])) die("%s: no %s", m->properties.deviceName, wanted[0]);
    for (int i = 0; i < 2; i++)
        if (has_extension(list, count, wanted[i])) use[used++] = wanted[i];
    free(list);
    return used;
}

/* Every feature there is, less robust access, which adds code (and which the runtime does not turn on). */
static void open_device(struct meter *m) {
    VkPhysicalDeviceShaderIntegerDotProductFeatures dot = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SHADER_INTEGER_DOT_PRODUCT_FEATURES};
    VkPhysicalDevicePipelineExecutablePropertiesFeaturesKHR executable = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PIPELINE_EXECUTABLE_PROPERTIES_FEATURES_KHR, .pNext = &dot};
    VkPhysicalDeviceVulkan12Features v12 = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_2_FEATURES,
                                            .pNext = &executable};
    VkPhysicalDeviceVulkan11Features v11 = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_1_FEATURES,
                                            .pNext = &v12};
    VkPhysicalDeviceFeatures2 features = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FEATURES_2, .pNext = &v11};
    vkGetPhysicalDeviceFeatures2(m->physical, &features);
    features.features.robustBufferAccess = VK_FALSE;

    const char *extensions[2];
    float priority = 1;
    VkDeviceQueueCreateInfo queue = {
        .sType = VK_STRUCTURE_TYPE_DEVICE_QUEUE_CREATE_INFO, .queueCount = 1, .pQueuePriorities = &priority};
    VkDeviceCreateInfo info = {.sType = VK_STRUCTURE_TYPE_DEVICE_CREATE_INFO,
                               .pNext = &features,
                               .queueCreateInfoCount = 1,
                               .pQueueCreateInfos = &queue,
                               .enabledExtensionCount = choose_extensions(m, extensions),
                               .ppEnabledExtensionNames = extensions};
    struct capture capture = capture_begin(); /* the driver compiles a few shaders of its own here */
    VkResult result = vkCreateDevice(m->physical, &info, NULL, &m->device);
    free(capture_end(capture));
    VK(result);
}

static void meter_open(struct meter *m) {
    setenv("MESA_SHADER_CACHE_DISABLE", "1", 1);
    setenv("V3D_DEBUG", "shaderdb", 1);
    open_instance(m);
    open_device(m);
    m->statistics = (PFN_vkGetPipelineExecutableStatisticsKHR)vkGetDeviceProcAddr(
        m->device, "vkGetPipelineExecutableStatisticsKHR");
    m->representations = (PFN_vkGetPipelineExecutableInternalRepresentationsKHR)vkGetDeviceProcAddr(
        m->device, "vkGetPipelineExecutableInternalRepresentationsKHR");
}

static void show_device(const struct meter *m) {
    VkPhysicalDeviceDriverProperties driver = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_DRIVER_PROPERTIES};
    VkPhysicalDeviceProperties2 properties = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2,
                                              .pNext = &driver};
    vkGetPhysicalDeviceProperties2(m->physical, &properties);
    printf("{\"device\":\"%s\",\"driver\":\"%s\",\"shared_bytes\":%u,\"workgroup\":%u}\n", m->properties.deviceName,
           driver.driverInfo, m->properties.limits.maxComputeSharedMemorySize,
           m->properties.limits.maxComputeWorkGroupInvocations);
}

/* --- a shader --- */

static void shader_parse(struct shader *s, const char *operand) {
    *s = (struct shader){0};
    const char *constants = strrchr(operand, '@'), *slash = strrchr(operand, '/');
    size_t length = constants ? (size_t)(constants - operand) : strlen(operand);
    if (strlen(operand) >= MAX_PATH) die("%s: too long", operand);
    memcpy(s->path, operand, length);
    strcpy(s->name, slash ? slash + 1 : operand);
    char *suffix = strstr(s->name, ".spv");
    if (suffix) memmove(suffix, suffix + 4, strlen(suffix + 4) + 1);
    for (char *c = s->name; *c; c++)
        if (*c == '@' || *c == ',') *c = '-';
    for (const char *at = constants; at && *at; at = strchr(at, ',')) {
        if (s->constant_count == MAX_CONSTANTS) die("%s: more than %d constants", operand, MAX_CONSTANTS);
        s->constants[s->constant_count++] = (uint32_t)strtoul(++at, NULL, 0);
    }
    spirv_load(&s->spirv, s->path);
}

static VkPipelineLayout create_layout(const struct meter *m, const struct spirv *s, VkDescriptorSetLayout *set) {
    VkDescriptorSetLayoutCreateInfo set_info = {.sType = VK_STRUCTURE_TYPE_DESCRIPTOR_SET_LAYOUT_CREATE_INFO,
                                                .bindingCount = s->binding_count,
                                                .pBindings = s->bindings};
    VK(vkCreateDescriptorSetLayout(m->device, &set_info, NULL, set));
    VkPushConstantRange push = {.stageFlags = VK_SHADER_STAGE_COMPUTE_BIT, .size = s->push_size};
    VkPipelineLayoutCreateInfo info = {.sType = VK_STRUCTURE_TYPE_PIPELINE_LAYOUT_CREATE_INFO,
                                       .setLayoutCount = 1,
                                       .pSetLayouts = set,
                                       .pushConstantRangeCount = s->push_size > 0,
                                       .pPushConstantRanges = &push};
    VkPipelineLayout layout;
    VK(vkCreatePipelineLayout(m->device, &info, NULL, &layout));
    return layout;
}

static VkResult create_pipeline(const struct meter *m, const struct shader *s, VkPipelineLayout layout,
                                VkPipeline *pipeline) {
    VkSpecializationMapEntry entries[MAX_CONSTANTS];
    for (uint32_t i = 0; i < s->constant_count; i++) entries[i] = (VkSpecializationMapEntry){i, 4 * i, 4};
    VkSpecializationInfo constants = {s->constant_count, entries, 4 * s->constant_count, s->constants};
    VkShaderModuleCreateInfo module_info = {
        .sType = VK_STRUCTURE_TYPE_SHADER_MODULE_CREATE_INFO, .codeSize = 4 * s->spirv.count, .pCode = s->spirv.words};
    VkShaderModule module;
    VK(vkCreateShaderModule(m->device, &module_info, NULL, &module));
    VkComputePipelineCreateInfo info = {.sType = VK_STRUCTURE_TYPE_COMPUTE_PIPELINE_CREATE_INFO,
                                        .flags = VK_PIPELINE_CREATE_CAPTURE_STATISTICS_BIT_KHR |
                                                 VK_PIPELINE_CREATE_CAPTURE_INTERNAL_REPRESENTATIONS_BIT_KHR,
                                        .stage = {.sType = VK_STRUCTURE_TYPE_PIPELINE_SHADER_STAGE_CREATE_INFO,
                                                  .stage = VK_SHADER_STAGE_COMPUTE_BIT,
                                                  .module = module,
                                                  .pName = "main",
                                                  .pSpecializationInfo = &constants},
                                        .layout = layout};
    VkResult result = vkCreateComputePipelines(m->device, VK_NULL_HANDLE, 1, &info, NULL, pipeline);
    vkDestroyShaderModule(m->device, module, NULL);
    return result;
}

/* Bytes an invocation has in memory of its own: arrays that the compiler could not keep in registers, and spills. */
static uint64_t scratch_bytes(const struct meter *m, VkPipeline pipeline) {
    VkPipelineExecutableInfoKHR info = {.sType = VK_STRUCTURE_TYPE_PIPELINE_EXECUTABLE_INFO_KHR, .pipeline = pipeline};
    VkPipelineExecutableStatisticKHR list[32];
    uint32_t count = sizeof list / sizeof list[0];
    for (uint32_t i = 0; i < count; i++)
        list[i] = (VkPipelineExecutableStatisticKHR){.sType = VK_STRUCTURE_TYPE_PIPELINE_EXECUTABLE_STATISTIC_KHR};
    m->statistics(m->device, &info, &count, list);
    for (uint32_t i = 0; i < count; i++)
        if (strcmp(list[i].name, "Spill Size") == 0)
            return list[i].value.u64 / 16; /* given for a subgroup's 16 lanes */
    return 0;
}

/* The texts of the compiler whose name begins with `name`; free(). NULL: it gives none. */
static char *representation(const struct meter *m, VkPipeline pipeline, const char *name) {
    VkPipelineExecutableInfoKHR info = {.sType = VK_STRUCTURE_TYPE_PIPELINE_EXECUTABLE_INFO_KHR, .pipeline = pipeline};
    VkPipelineExecutableInternalRepresentationKHR list[8];
    uint32_t count = sizeof list / sizeof list[0];
    char *found = NULL;
    for (uint32_t i = 0; i < count; i++)
        list[i] = (VkPipelineExecutableInternalRepresentationKHR){
            .sType = VK_STRUCTURE_TYPE_PIPELINE_EXECUTABLE_INTERNAL_REPRESENTATION_KHR};
    m->representations(m->device, &info, &count, list);
    for (uint32_t i = 0; i < count; i++) list[i].pData = calloc(1, list[i].dataSize + 1);
    m->representations(m->device, &info, &count, list);
    for (uint32_t i = 0; i < count; i++)
        if (!found && strncmp(list[i].name, name, strlen(name)) == 0)
            found = list[i].pData;
        else
            free(list[i].pData);
    return found;
}

/* --- what is shown --- */

static void write_text(const char *pattern, const struct shader *s, const char *text) {
    char path[2 * MAX_PATH];
    const char *mark = strchr(pattern, '%');
    if (!mark) die("%s: no %% for the shader's name", pattern);
    snprintf(path, sizeof path, "%.*s%s%s", (int)(mark - pattern), pattern, s->name, mark + 1);
    FILE *f = fopen(path, "w");
    if (!f || fputs(text, f) < 0 || fclose(f)) die("%s: cannot write", path);
}

static void show_counts(const struct qpu_counts *c) {
    printf("\"inst\":%d,\"empty\":%d,\"dual\":%d,\"fmul\":%d,\"dot\":%d,\"fadd\":%d,\"int\":%d,\"mov\":%d,\"convert\":%"
           "d,\"sfu\":%d,"
           "\"tmu\":%d,\"ldtmu\":%d,\"uniform\":%d,\"waits\":%d",
           c->instructions, c->empty, c->dual, c->fmul, c->dot, c->fadd, c->integer, c->mov, c->convert, c->sfu, c->tmu,
           c->ldtmu, c->uniform, c->waits);
}

static void show_program(const char *assembly) {
    struct qpu_program program;
    qpu_parse(&program, assembly);
    printf(",\"outside\":{");
    show_counts(&program.outside);
    printf("},\"loops\":[");
    for (size_t i = 0; i < program.loop_count; i++) {
        const struct qpu_loop *l = &program.loops[i];
        printf("%s{\"start\":%d,\"depth\":%d,\"length\":%d,", i ? "," : "", l->start, l->depth, l->length);
        show_counts(&l->own);
        putchar('}');
    }
    putchar(']');
}

static void show_pipeline(const struct meter *m, const struct shader *s, VkPipeline pipeline, const struct options *o) {
    char *assembly = representation(m, pipeline, "QPU"), *nir = representation(m, pipeline, "NIR");
    printf(",\"scratch\":%llu", (unsigned long long)scratch_bytes(m, pipeline));
    if (assembly) show_program(assembly);
    if (assembly && o->assembly) write_text(o->assembly, s, assembly);
    if (nir && o->nir) write_text(o->nir, s, nir);
    free(assembly);
    free(nir);
}

static void show_head(const struct meter *m, const struct shader *s) {
    printf("{\"file\":\"%s\",\"constants\":[", s->path);
    for (uint32_t i = 0; i < s->constant_count; i++) printf("%s%u", i ? "," : "", s->constants[i]);
    printf("],\"device\":\"%s\"", m->properties.deviceName);
}

static bool measure(const struct meter *m, const char *operand, const struct options *o) {
    static struct shader s;
    VkDescriptorSetLayout set;
    VkPipeline pipeline = VK_NULL_HANDLE;
    struct shaderdb db;
    shader_parse(&s, operand);
    VkPipelineLayout layout = create_layout(m, &s.spirv, &set);
    struct capture capture = capture_begin();
    VkResult result = create_pipeline(m, &s, layout, &pipeline);
    char *said = capture_end(capture);
    bool counted = shaderdb_read(&db, said);
    show_head(m, &s);
    if (result || !pipeline) printf(",\"error\":\"VkResult %d\"", result);
    if (counted)
        printf(",\"inst\":%d,\"threads\":%d,\"spills\":%d,\"fills\":%d,\"temps\":%d", db.instructions, db.threads,
               db.spills, db.fills, db.max_temps);
    if (pipeline) show_pipeline(m, &s, pipeline, o);
    puts("}");
    free(said);
    vkDestroyPipeline(m->device, pipeline, NULL);
    vkDestroyPipelineLayout(m->device, layout, NULL);
    vkDestroyDescriptorSetLayout(m->device, set, NULL);
    spirv_free(&s.spirv);
    return pipeline != VK_NULL_HANDLE;
}

int main(int argc, char **argv) {
    struct options o = {0};
    struct meter m = {0};
    bool all = true;
    for (int c; (c = getopt(argc, argv, "q:n:i")) != -1;) switch (c) {
        case 'q': o.assembly = optarg; break;
        case 'n': o.nir = optarg; break;
        case 'i': o.device = true; break;
        default: die("usage: v3dmeter [-i] [-q PATTERN] [-n PATTERN] FILE.spv[@CONSTANT,...]...");
        }
    meter_open(&m);
    if (o.device) show_device(&m);
    for (int i = optind; i < argc; i++) {
        all &= measure(&m, argv[i], &o);
        fflush(stdout);
    }
    vkDestroyDevice(m.device, NULL);
    vkDestroyInstance(m.instance, NULL);
    return all ? 0 : 1;
}
