/* SPDX-License-Identifier: Apache-2.0 */
#include "op/cpu/thread_pool.h"

#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINE = 512 };

static bool read_line(const char *path, char line[LINE]) {
    FILE *f = fopen(path, "re");
    bool got = f && fgets(line, LINE, f);
    if (f) fclose(f);
    return got;
}

/* The first of the threads that share a core stands for it: "0,4" or "0-1". */
static bool stands_for_its_core(int cpu, const cpu_set_t *mine) {
    char path[96], line[LINE];
    snprintf(path, sizeof path, "/sys/devices/system/cpu/cpu%d/topology/thread_siblings_list", cpu);
    if (!read_line(path, line)) return true;
    for (char *at = line; *at >= '0' && *at <= '9'; at += *at == ',') {
        long first = strtol(at, &at, 10), last = *at == '-' ? strtol(at + 1, &at, 10) : first;
        for (long c = first; c <= last && c < cpu; c++)
            if (CPU_ISSET((int)c, mine)) return false;
    }
    return true;
}

/* Whole cores of a quota, rounded up; 0: none is set. */
static uint32_t cores_of(double quota, double period) {
    return quota > 0 && period > 0 ? (uint32_t)(quota / period + 0.999) : 0;
}

/* The quota of a group's folder. cgroup v2 has "50000 100000" in cpu.max, v1 a file for each number. */
static uint32_t quota_of(const char *folder) {
    char path[2 * LINE], line[LINE];
    double quota = 0, period = 0;
    snprintf(path, sizeof path, "%s/cpu.max", folder);
    if (read_line(path, line)) return sscanf(line, "%lf %lf", &quota, &period) == 2 ? cores_of(quota, period) : 0;
    snprintf(path, sizeof path, "%s/cpu.cfs_quota_us", folder);
    if (read_line(path, line)) quota = atof(line);
    snprintf(path, sizeof path, "%s/cpu.cfs_period_us", folder);
    if (read_line(path, line)) period = atof(line);
    return cores_of(quota, period);
}

/* The least of a group and all above it; `group` is cut short. */
static uint32_t least_of(const char *root, char *group) {
    uint32_t least = 0;
    for (char *slash = group; slash; slash = strrchr(group, '/')) {
        char folder[LINE + 64];
        snprintf(folder, sizeof folder, "%s%s", root, group);
        uint32_t quota = quota_of(folder);
        if (quota && (!least || quota < least)) least = quota;
        slash = strrchr(group, '/');
        if (!slash) break;
        *slash = 0;
    }
    return least;
}

/* Among controllers, "cpu,cpuacct"? Which are cut apart. */
static bool has_cpu(char *names) {
    char *rest = NULL;
    for (char *name = strtok_r(names, ",", &rest); name; name = strtok_r(NULL, ",", &rest))
        if (!strcmp(name, "cpu")) return true;
    return false;
}

/* A line of /proc/self/cgroup: "0::/system.slice/ocelli.service" of v2, "4:cpu,cpuacct:/docker/1f" of v1. A container
 * sees its own group as the root, so that is looked at too. */
static uint32_t least_quota(void) {
    char line[LINE];
    uint32_t least = 0;
    FILE *f = fopen("/proc/self/cgroup", "re");
    while (f && fgets(line, sizeof line, f)) {
        char *names = strchr(line, ':'), *group = names ? strchr(names + 1, ':') : NULL;
        line[strcspn(line, "\n")] = 0;
        if (!group) continue;
        *group++ = 0;
        bool v2 = !names[1], cpu = v2 || has_cpu(names + 1);
        uint32_t quota = cpu ? least_of(v2 ? "/sys/fs/cgroup" : "/sys/fs/cgroup/cpu", group) : 0;
        if (quota && (!least || quota < least)) least = quota;
    }
    if (f) fclose(f);
    return least;
}

uint32_t thread_pool_cores(void) {
    cpu_set_t mine;
    uint32_t cores = 0, quota = least_quota();
    if (sched_getaffinity(0, sizeof mine, &mine)) return 1;
    for (int c = 0; c < CPU_SETSIZE; c++) cores += CPU_ISSET(c, &mine) && stands_for_its_core(c, &mine);
    if (quota && quota < cores) cores = quota;
    return cores ? cores : 1;
}
