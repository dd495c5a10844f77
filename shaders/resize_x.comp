// SPDX-License-Identifier: Apache-2.0
// First pass of PIL's resize: along rows, rounded to 8 bits. Tables by runtime/prep/prep.c.
// FRAME: the picture is a camera's, in any of its formats, turned upright and made RGB as it is read.
#version 450
#extension GL_GOOGLE_include_directive : require

layout(local_size_x_id = 0) in;

#ifdef FRAME
layout(constant_id = 1) const uint FORMAT = 0;
layout(constant_id = 2) const uint ROTATION = 0; // degrees
#include "lib/frame_args.glsl"
#endif

layout(push_constant) uniform Push {
    uint in_width; // pixels
    uint row0;     // first picture row that the second pass needs
    uint size;     // pixels out a row
    uint taps;
#ifdef FRAME
    frame_args frame;
#endif
} push;

layout(set = 0, binding = 0) readonly buffer Picture { uint picture[]; }; // RGB bytes, rows without padding
layout(set = 0, binding = 1) readonly buffer First { int first[]; };      // (size)
layout(set = 0, binding = 2) readonly buffer Weight { int weight[]; };    // (size, taps)
layout(set = 0, binding = 3) writeonly buffer Out { uint outputs[]; };    // (rows, size), R G B 0
#include "lib/clip8.glsl"

int byte_at(uint i) {
    return int(picture[i >> 2] >> ((i & 3u) * 8u) & 255u);
}

#ifdef FRAME
#include "lib/frame.glsl"
#else
ivec3 pixel(uint x, uint y) {
    uint at = (y * push.in_width + x) * 3;
    return ivec3(byte_at(at), byte_at(at + 1), byte_at(at + 2));
}
#endif

void main() {
    uint x = gl_GlobalInvocationID.x, y = gl_GlobalInvocationID.y;
    if (x >= push.size) return;
    ivec3 sum = ivec3(1 << 21);
    for (uint t = 0; t < push.taps; t++) { // weights past the last tap are 0; stay inside the row
        uint from = min(uint(first[x]) + t, push.in_width - 1);
        sum += weight[x * push.taps + t] * pixel(from, push.row0 + y);
    }
    uvec3 rgb = uvec3(clip8(sum));
    outputs[y * push.size + x] = rgb.r | rgb.g << 8 | rgb.b << 16;
}
