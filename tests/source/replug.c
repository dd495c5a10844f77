/* SPDX-License-Identifier: Apache-2.0
 * A camera that goes while a frame of it is held, and is back when it is looked for. tools/camera_unplug.cpp gives the
 * signal that libcamera gives when a device was unplugged; all else is the camera's own. Skipped where there is no
 * camera. */
#include "source/source.h"
#include "base/clock.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* of what was said, which both threads see */
static int lines;
static char said[4][1024];

static void hear(void *user, enum ocelli_log_level level, const char *message) {
    (void)user, (void)level;
    pthread_mutex_lock(&lock);
    snprintf(said[lines++ % 4], sizeof said[0], "%s", message);
    pthread_mutex_unlock(&lock);
}

static int line_count(void) {
    pthread_mutex_lock(&lock);
    int count = lines;
    pthread_mutex_unlock(&lock);
    return count;
}

#define CHECK(x)                                                                                                       \
    do {                                                                                                               \
        if (x) break;                                                                                                  \
        printf("%s:%d: not %s; said: %s | %s\n", __FILE__, __LINE__, #x, said[0], said[1]);                            \
        exit(1);                                                                                                       \
    } while (0)

static void (*unplug)(struct source *s);

static void count(void *user, const struct source_camera *camera) {
    (void)camera;
    ++*(int *)user;
}

/* Waits, at most 10 s, for what comes after the last frame of before. */
static int wait_for_return(struct source *s, uint64_t after, struct frame *f) {
    double start = clock_ms();
    int waits = 0, away = 0;
    while (clock_ms() - start < 10e3) {
        int answer = source_next(s, 100, f);
        CHECK(answer >= 0 && answer != SOURCE_END);
        waits += answer == SOURCE_WAIT;
        if (answer == SOURCE_WAIT) {
            away += source_away(s);
            continue;
        }
        CHECK(f->sequence > after);
        if (line_count() >= 2) {
            CHECK(away > 0 && !source_away(s));
            return waits;
        }
        source_release(s, f);
    }
    return -1;
}

static void replug(struct source *s) {
    struct frame before, after;
    CHECK(source_next(s, 10000, &before) == SOURCE_FRAME);
    size_t size = (size_t)before.planes[0].stride * before.height;
    uint8_t *copy = malloc(size);
    CHECK(copy);
    memcpy(copy, before.planes[0].data, size);
    unplug(s);
    CHECK(wait_for_return(s, before.sequence, &after) > 0);
    CHECK(line_count() == 2 && strstr(said[0], "unplugged: waiting for it to return") && strstr(said[1], "is back"));
    CHECK(!memcmp(before.planes[0].data, copy, size)); /* still readable, still the same */
    free(copy);
    source_release(s, &before);
    source_release(s, &after);
    CHECK(source_next(s, 10000, &after) == SOURCE_FRAME);
    source_release(s, &after);
}

int main(void) {
    char module[4096], why[SOURCE_WHY];
    int cameras = 0;
    struct source *s;
    snprintf(module, sizeof module, "%s/tests/camera_unplug.so", getenv("OCELLI_BUILD"));
    setenv("OCELLI_CAMERA_MODULE", module, 1);
    if (!source_camera_library(why)) {
        printf("skipped: camera: %s\n", why);
        return 77;
    }
    if (source_cameras(count, &cameras) || !cameras) {
        printf("skipped: %s finds no camera\n", source_camera_library(NULL));
        return 77;
    }
    void *library = dlopen(module, RTLD_NOW | RTLD_NOLOAD);
    CHECK(library);
    unplug = (void (*)(struct source *))dlsym(library, "unplug");
    CHECK(unplug);
    ocelli_set_log(hear, NULL);
    CHECK(!source_open(&s, "camera:", NULL));
    replug(s);
    lines = 0;
    replug(s); /* and once more */
    unplug(s);
    source_close(&s); /* while it is away */
    printf("ok\n");
    return 0;
}
