/* SPDX-License-Identifier: Apache-2.0 */
#include "op/cpu/pool.h"

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

/* Whole cores of a quota such as "50000 100000", rounded up; 0: none is set. */
static uint32_t quota_of(const char *path) {
    char line[LINE];
    double quota, period;
    if (!read_line(path, line) || sscanf(line, "%lf %lf", &quota, &period) != 2 || period <= 0) return 0;
    return (uint32_t)(quota / period + 0.999);
}

/* cgroup v2: "0::/system.slice/ocelli.service"; each group above counts as well. */
static uint32_t least_quota(void) {
    char line[LINE], path[LINE + 64];
    uint32_t least = 0;
    if (!read_line("/proc/self/cgroup", line) || strncmp(line, "0::", 3)) return 0;
    line[strcspn(line, "\n")] = 0;
    for (char *group = line + 3, *slash = group; slash; slash = strrchr(group, '/')) {
        snprintf(path, sizeof path, "/sys/fs/cgroup%s/cpu.max", group);
        uint32_t quota = quota_of(path);
        if (quota && (!least || quota < least)) least = quota;
        slash = strrchr(group, '/');
        if (!slash) break;
        *slash = 0;
    }
    return least;
}

uint32_t pool_cores(void) {
    cpu_set_t mine;
    uint32_t cores = 0, quota = least_quota();
    if (sched_getaffinity(0, sizeof mine, &mine)) return 1;
    for (int c = 0; c < CPU_SETSIZE; c++) cores += CPU_ISSET(c, &mine) && stands_for_its_core(c, &mine);
    if (quota && quota < cores) cores = quota;
    return cores ? cores : 1;
}
