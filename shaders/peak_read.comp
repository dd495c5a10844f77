// SPDX-License-Identifier: Apache-2.0
// Reads a buffer from one end to the other, neighbours side by side: the bytes a second that the device can at most.
#version 450

layout(local_size_x_id = 0) in;
layout(constant_id = 0) const uint LANES = 64;

layout(push_constant) uniform Push { uint words; } push; // uvec4 of a workgroup, a multiple of 4 LANES

layout(set = 0, binding = 0) readonly buffer In { uvec4 inputs[]; };
layout(set = 0, binding = 1) writeonly buffer Out { uint outputs[]; };

void main() {
    uint at = gl_WorkGroupID.x * push.words + gl_LocalInvocationIndex, end = (gl_WorkGroupID.x + 1) * push.words;
    uvec4 sum = uvec4(0);
    for (; at < end; at += 4 * LANES)
        sum ^= inputs[at] ^ inputs[at + LANES] ^ inputs[at + 2 * LANES] ^ inputs[at + 3 * LANES];
    if ((sum.x ^ sum.y ^ sum.z ^ sum.w) == 1u) outputs[gl_WorkGroupID.x] = 2u;
}
