/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/pace.h"
#include "base/file.h"

#include <glob.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define DOUBLES_EVERY 2.5
#define SLOWEST 16.0

void pace_heat(struct pace *pace, double celsius) {
    pace->slowdown = celsius > pace->hot ? fmin(exp2((celsius - pace->hot) / DOUBLES_EVERY), SLOWEST) : 1;
}

void pace_step(struct pace *pace, int64_t now_ns, int64_t busy_ns) {
    double slowdown = fmax(pace->slowdown, 1), interval = pace->rate > 0 ? slowdown * 1e9 / pace->rate : 0;
    double rest = slowdown > 1 ? slowdown * (double)busy_ns : 0;
    int64_t step = (int64_t)fmax(interval, rest);
    pace->due_ns += step;
    if (pace->due_ns < now_ns) pace->due_ns = now_ns; /* late: no burst to catch up */
    if (pace->due_ns > now_ns + step) pace->due_ns = now_ns + step;
}

static double read_zone(const char *path) {
    char text[32] = "", *end;
    int fd;
    if (access(path, R_OK) < 0 || file_open(&fd, path)) return NAN; /* a zone may go, or be the system's alone */
    ssize_t size = read(fd, text, sizeof text - 1);
    close(fd);
    long value = strtol(text, &end, 10);
    return size > 0 && end > text ? (double)value / 1000 : NAN;
}

double pace_temperature(const char *path) {
    struct stat st;
    if (stat(path, &st) < 0) return NAN;
    if (!S_ISDIR(st.st_mode)) return read_zone(path);
    char pattern[4096];
    glob_t zones;
    double hottest = NAN;
    snprintf(pattern, sizeof pattern, "%s/thermal_zone*/temp", path);
    if (!glob(pattern, GLOB_NOSORT, NULL, &zones))
        for (size_t i = 0; i < zones.gl_pathc; i++)
            hottest = fmax(hottest, read_zone(zones.gl_pathv[i])); /* of a NAN the other */
    globfree(&zones);
    return hottest;
}
