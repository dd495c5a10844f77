/* SPDX-License-Identifier: Apache-2.0
 * A camera that goes while a frame of it is held, and is back when it is looked for: the signal that libcamera gives
 * when a device was unplugged is given by hand, all else is the camera's own. Takes in camera.cpp to reach the camera
 * it opened. Skipped where there is no camera. */
#include "source/camera.cpp"
#include "base/clock.h"

#include <cstdio>

static int lines;
static char said[4][1024];

static void hear(void *, enum ocelli_log_level, const char *message) {
    std::lock_guard<std::mutex> guard(manager_lock); /* any that both threads see */
    std::snprintf(said[lines++ % 4], sizeof said[0], "%s", message);
}

#define CHECK(x)                                                                                                       \
    do {                                                                                                               \
        if (x) break;                                                                                                  \
        std::printf("%s:%d: not %s; said: %s | %s\n", __FILE__, __LINE__, #x, said[0], said[1]);                       \
        std::exit(1);                                                                                                  \
    } while (0)

static void unplug(const std::string &id) {
    manager->get(id)->disconnected.emit();
}

static void count(void *user, const source_camera *) {
    ++*static_cast<int *>(user);
}

/* Waits, at most 10 s, for what comes after the last frame of before. */
static int wait_for_return(source *s, uint64_t after, ::frame *f) {
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
        if (lines >= 2) {
            CHECK(away > 0 && !source_away(s));
            return waits;
        }
        source_release(s, f);
    }
    return -1;
}

static void replug(source *s) {
    ::frame before, after;
    CHECK(source_next(s, 10000, &before) == SOURCE_FRAME);
    size_t size = size_t(before.planes[0].stride) * before.height;
    std::vector<uint8_t> copy(before.planes[0].data, before.planes[0].data + size);
    unplug(static_cast<State *>(s->state)->session->camera->id());
    CHECK(wait_for_return(s, before.sequence, &after) > 0);
    CHECK(lines == 2 && std::strstr(said[0], "unplugged: waiting for it to return") && std::strstr(said[1], "is back"));
    CHECK(!std::memcmp(before.planes[0].data, copy.data(), size)); /* still readable, still the same */
    source_release(s, &before);
    source_release(s, &after);
    CHECK(source_next(s, 10000, &after) == SOURCE_FRAME);
    source_release(s, &after);
}

int main() {
    int cameras = 0;
    source *s;
    if (source_cameras(count, &cameras) || !cameras) {
        std::printf("skipped: %s finds no camera\n", source_camera_library());
        return 77;
    }
    ocelli_set_log(hear, nullptr);
    CHECK(!source_open(&s, "camera:", nullptr));
    replug(s);
    lines = 0;
    replug(s); /* and once more */
    unplug(static_cast<State *>(s->state)->session->camera->id());
    source_close(&s); /* while it is away */
    std::printf("ok\n");
    return 0;
}
