// SPDX-License-Identifier: Apache-2.0
// Second pass of PIL's resize: along columns, rounded to 8 bits; then (v / 255 - mean) / std, laid
// out as rows of patches in the order of the patch convolution's weights: channel, y, x.
#version 450
#extension GL_GOOGLE_include_directive : require

layout(local_size_x_id = 0) in;

layout(push_constant) uniform Push {
    uint size;       // pixels a side
    uint row0, rows; // picture rows that the first pass kept
    uint taps;
    uint patch_size;
    uint out_stride; // floats a row of patches
    uint out_row;    // first row of this picture
    uint out_panel;  // rows of a panel of the output
    vec4 factor, offset; // of r, g, b: 1 / (255 std), -mean / std
    uint piece;          // pixels a side; 0: a row is a patch, else a 16th of one
} push;

layout(set = 0, binding = 0) readonly buffer In { uint inputs[]; };     // (rows, size), R G B 0
layout(set = 0, binding = 1) readonly buffer First { int first[]; };    // (size)
layout(set = 0, binding = 2) readonly buffer Weight { int weight[]; };  // (size, taps)
layout(set = 0, binding = 3) writeonly buffer Out { float outputs[]; }; // (patches, out_stride)
#include "lib/clip8.glsl"
#include "lib/panel.glsl"

void main() {
    uint x = gl_GlobalInvocationID.x, y = gl_GlobalInvocationID.y;
    if (x >= push.size) return;
    ivec3 sum = ivec3(1 << 21);
    for (uint t = 0; t < push.taps; t++) {
        uint from = min(uint(first[y]) + t - push.row0, push.rows - 1);
        uint rgb = inputs[from * push.size + x];
        sum += weight[y * push.taps + t] * ivec3(rgb & 255u, rgb >> 8 & 255u, rgb >> 16);
    }
    vec3 v = vec3(clip8(sum)) * push.factor.rgb + push.offset.rgb;
    uint side = push.patch_size, across = push.size / side;
    uint row = push.out_row + y / side * across + x / side;
    if (push.piece > 0) { // quarters of quarters, row by row
        uint half_side = 2 * push.piece, px = x % side, py = y % side;
        row = row * 16 + (py / half_side * 2 + px / half_side) * 4 + py % half_side / push.piece * 2 +
              px % half_side / push.piece;
        side = push.piece;
    }
    uint at = panel_at(row, push.out_stride, push.out_panel), column = y % side * side + x % side;
    for (uint c = 0; c < 3; c++) outputs[at + (column + c * side * side) * push.out_panel] = v[c];
}
