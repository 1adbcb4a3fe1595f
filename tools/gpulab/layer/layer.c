/* A Vulkan layer that has the driver capture statistics and code of every compute pipeline
   (VK_KHR_pipeline_executable_properties) and appends them to the file that GPULAB_OUT names. One device, one thread. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <vulkan/vulkan.h>
#include <vulkan/vk_layer.h>

static PFN_vkGetInstanceProcAddr instanceNext;
static PFN_vkGetDeviceProcAddr deviceNext;
static VkInstance instance;
static PFN_vkCreateComputePipelines createPipelines;
static PFN_vkGetPipelineExecutablePropertiesKHR getExecutables;
static PFN_vkGetPipelineExecutableStatisticsKHR getStatistics;
static PFN_vkGetPipelineExecutableInternalRepresentationsKHR getCode;

/* The link to the next layer in a chain of create infos: VkLayerInstanceCreateInfo and VkLayerDeviceCreateInfo begin alike. */
static void *linkIn(const void *chain, VkStructureType type) {
  for (VkLayerInstanceCreateInfo *one = (void *)chain; one; one = (void *)one->pNext)
    if (one->sType == type && one->function == VK_LAYER_LINK_INFO) return one;
  abort();
}

static VkResult makeInstance(const VkInstanceCreateInfo *info, const VkAllocationCallbacks *a, VkInstance *made) {
  VkLayerInstanceCreateInfo *link = linkIn(info->pNext, VK_STRUCTURE_TYPE_LOADER_INSTANCE_CREATE_INFO);
  instanceNext = link->u.pLayerInfo->pfnNextGetInstanceProcAddr;
  link->u.pLayerInfo = link->u.pLayerInfo->pNext;
  VkResult result = ((PFN_vkCreateInstance)instanceNext(NULL, "vkCreateInstance"))(info, a, made);
  instance = *made;
  return result;
}

static VkResult makeDevice(VkPhysicalDevice physical, const VkDeviceCreateInfo *info, const VkAllocationCallbacks *a, VkDevice *made) {
  VkLayerDeviceCreateInfo *link = linkIn(info->pNext, VK_STRUCTURE_TYPE_LOADER_DEVICE_CREATE_INFO);
  PFN_vkGetInstanceProcAddr next = link->u.pLayerInfo->pfnNextGetInstanceProcAddr;
  deviceNext = link->u.pLayerInfo->pfnNextGetDeviceProcAddr;
  link->u.pLayerInfo = link->u.pLayerInfo->pNext;
  VkPhysicalDevicePipelineExecutablePropertiesFeaturesKHR wanted = {
    VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PIPELINE_EXECUTABLE_PROPERTIES_FEATURES_KHR, (void *)info->pNext, VK_TRUE };
  uint32_t count = info->enabledExtensionCount;
  const char **names = calloc(count + 1, sizeof *names);
  if (count > 0) memcpy(names, info->ppEnabledExtensionNames, count * sizeof *names);
  names[count] = VK_KHR_PIPELINE_EXECUTABLE_PROPERTIES_EXTENSION_NAME;
  VkDeviceCreateInfo mine = *info;
  mine.pNext = &wanted;
  mine.enabledExtensionCount = count + 1;
  mine.ppEnabledExtensionNames = names;
  VkResult result = ((PFN_vkCreateDevice)next(instance, "vkCreateDevice"))(physical, &mine, a, made);
  free(names);
  if (result != VK_SUCCESS) return result;
  createPipelines = (void *)deviceNext(*made, "vkCreateComputePipelines");
  getExecutables = (void *)deviceNext(*made, "vkGetPipelineExecutablePropertiesKHR");
  getStatistics = (void *)deviceNext(*made, "vkGetPipelineExecutableStatisticsKHR");
  getCode = (void *)deviceNext(*made, "vkGetPipelineExecutableInternalRepresentationsKHR");
  return result;
}

/* Every struct of an array that the driver fills says what it is. */
#define FILLED(type, array, count, call_, ...)                        \
  call_(__VA_ARGS__, &count, NULL);                                   \
  array = calloc(count ? count : 1, sizeof *array);                   \
  for (uint32_t i_ = 0; i_ < count; i_++) array[i_].sType = type;     \
  call_(__VA_ARGS__, &count, array);

static void printStatistics(FILE *out, VkDevice device, const VkPipelineExecutableInfoKHR *executable) {
  uint32_t count = 0;
  VkPipelineExecutableStatisticKHR *all;
  FILLED(VK_STRUCTURE_TYPE_PIPELINE_EXECUTABLE_STATISTIC_KHR, all, count, getStatistics, device, executable)
  for (uint32_t i = 0; i < count; i++) {
    int isReal = all[i].format == VK_PIPELINE_EXECUTABLE_STATISTIC_FORMAT_FLOAT64_KHR;
    double value = isReal ? all[i].value.f64 : (double)all[i].value.u64;
    fprintf(out, "#stat %s = %.10g\n", all[i].name, value);
  }
  free(all);
}

static void printCode(FILE *out, VkDevice device, const VkPipelineExecutableInfoKHR *executable) {
  uint32_t count = 0;
  VkPipelineExecutableInternalRepresentationKHR *all;
  FILLED(VK_STRUCTURE_TYPE_PIPELINE_EXECUTABLE_INTERNAL_REPRESENTATION_KHR, all, count, getCode, device, executable)
  /* Sizes are known now; a second call fills the texts. */
  for (uint32_t i = 0; i < count; i++) all[i].pData = calloc(all[i].dataSize + 1, 1);
  getCode(device, executable, &count, all);
  for (uint32_t i = 0; i < count; i++) {
    if (all[i].isText) fprintf(out, "#code %s\n%s\n#endcode\n", all[i].name, (char *)all[i].pData);
    free(all[i].pData);
  }
  free(all);
}

static void describe(FILE *out, VkDevice device, VkPipeline pipeline) {
  VkPipelineInfoKHR of = { VK_STRUCTURE_TYPE_PIPELINE_INFO_KHR, NULL, pipeline };
  uint32_t count = 0;
  VkPipelineExecutablePropertiesKHR *all;
  FILLED(VK_STRUCTURE_TYPE_PIPELINE_EXECUTABLE_PROPERTIES_KHR, all, count, getExecutables, device, &of)
  for (uint32_t i = 0; i < count; i++) {
    fprintf(out, "#executable subgroup=%u %s\n", all[i].subgroupSize, all[i].name);
    VkPipelineExecutableInfoKHR one = { VK_STRUCTURE_TYPE_PIPELINE_EXECUTABLE_INFO_KHR, NULL, pipeline, i };
    printStatistics(out, device, &one);
    printCode(out, device, &one);
  }
  free(all);
}

static VkResult makePipelines(VkDevice device, VkPipelineCache cache, uint32_t count, const VkComputePipelineCreateInfo *infos, const VkAllocationCallbacks *a, VkPipeline *made) {
  (void)cache; /* what comes from a cache has no code */
  FILE *out = fopen(getenv("GPULAB_OUT"), "a");
  if (!out) abort();
  VkResult all = VK_SUCCESS;
  for (uint32_t i = 0; i < count; i++) {
    VkComputePipelineCreateInfo mine = infos[i];
    mine.flags |= VK_PIPELINE_CREATE_CAPTURE_STATISTICS_BIT_KHR | VK_PIPELINE_CREATE_CAPTURE_INTERNAL_REPRESENTATIONS_BIT_KHR;
    VkResult result = createPipelines(device, VK_NULL_HANDLE, 1, &mine, a, &made[i]);
    if (result == VK_SUCCESS) describe(out, device, made[i]);
    else all = result;
  }
  fclose(out);
  return all;
}

static PFN_vkVoidFunction deviceProc(VkDevice device, const char *name);
static PFN_vkVoidFunction instanceProc(VkInstance of, const char *name);

static PFN_vkVoidFunction own(const char *name) {
  if (!strcmp(name, "vkGetInstanceProcAddr")) return (PFN_vkVoidFunction)instanceProc;
  if (!strcmp(name, "vkGetDeviceProcAddr")) return (PFN_vkVoidFunction)deviceProc;
  if (!strcmp(name, "vkCreateInstance")) return (PFN_vkVoidFunction)makeInstance;
  if (!strcmp(name, "vkCreateDevice")) return (PFN_vkVoidFunction)makeDevice;
  if (!strcmp(name, "vkCreateComputePipelines")) return (PFN_vkVoidFunction)makePipelines;
  return NULL;
}

static PFN_vkVoidFunction deviceProc(VkDevice device, const char *name) {
  PFN_vkVoidFunction mine = own(name);
  return mine ? mine : deviceNext(device, name);
}

static PFN_vkVoidFunction instanceProc(VkInstance of, const char *name) {
  PFN_vkVoidFunction mine = own(name);
  return mine ? mine : instanceNext ? instanceNext(of, name) : NULL;
}

VKAPI_ATTR VkResult VKAPI_CALL vkNegotiateLoaderLayerInterfaceVersion(VkNegotiateLayerInterface *version) {
  version->loaderLayerInterfaceVersion = 2;
  version->pfnGetInstanceProcAddr = instanceProc;
  version->pfnGetDeviceProcAddr = deviceProc;
  version->pfnGetPhysicalDeviceProcAddr = NULL;
  return VK_SUCCESS;
}
