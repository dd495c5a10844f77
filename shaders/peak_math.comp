// SPDX-License-Identifier: Apache-2.0
// Multiply-accumulates in registers and nothing else: what the device can at most. 16 independent sums a lane.
// DOT: packed dot products of four int8.
#version 450
#extension GL_GOOGLE_include_directive : require
#ifdef DOT
#extension GL_EXT_spirv_intrinsics : require
#endif

layout(local_size_x_id = 0) in;
layout(constant_id = 0) const uint LANES = 64;

layout(push_constant) uniform Push { uint rounds; } push;

layout(set = 0, binding = 0) buffer Out { uint outputs[]; }; // a word a workgroup: read, so that none is known before

#ifdef DOT
#include "lib/dot.glsl"
#define SUM ivec4
#define STEP(s) \
    s += ivec4(dot_4x8(word, uint(s.x)), dot_4x8(word, uint(s.y)), dot_4x8(word, uint(s.z)), dot_4x8(word, uint(s.w)))
#define RESULT(s) uint(s.x ^ s.y ^ s.z ^ s.w)
#else
#define SUM vec4
#define STEP(s) s = s * factor + s
#define RESULT(s) floatBitsToUint(s.x + s.y + s.z + s.w)
#endif

void main() {
    uint word = outputs[gl_WorkGroupID.x] + gl_LocalInvocationIndex;
    float factor = float(word) * 1e-9;
    SUM a = SUM(word), b = a + SUM(1), c = a + SUM(2), d = a + SUM(3);
    for (uint i = 0; i < push.rounds; i++) {
        STEP(a);
        STEP(b);
        STEP(c);
        STEP(d);
    }
    if (RESULT((a + b + c + d)) == 1u) outputs[gl_WorkGroupID.x] = 2u;
}
