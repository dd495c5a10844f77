/* SPDX-License-Identifier: Apache-2.0
 * The camera module of tests/source/replug.c: the same as camera.so, and one function more, which gives by hand the
 * signal that libcamera gives when a device was unplugged. */
#include "source/libcamera.cpp"

extern "C" {
void unplug(source *s);

/* The source's camera, also while the source is away from it. */
__attribute__((visibility("default"))) void unplug(source *s) {
    static std::string id;
    State *state = static_cast<State *>(s->state);
    if (state->session) id = state->session->camera->id();
    manager->get(id)->disconnected.emit();
}
}
