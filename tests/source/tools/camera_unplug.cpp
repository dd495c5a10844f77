/* SPDX-License-Identifier: Apache-2.0
 * The camera module of tests/source/replug.c: camera.so with one more function. That gives the signal which libcamera
 * gives when a device was unplugged. */
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
