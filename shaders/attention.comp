// SPDX-License-Identifier: Apache-2.0
// softmax(q k^T / sqrt(head width)) v of one head for 4 queries: scores in shared memory, so that
// each key and each value is read once for the 4. Workgroup: (query block, head, sequence).
#version 450
#extension GL_GOOGLE_include_directive : require

layout(local_size_x_id = 0) in;
layout(constant_id = 0) const uint LANES = 64;
layout(constant_id = 1) const uint HEAD = 16;     // vec4 of a head
layout(constant_id = 2) const uint CAPACITY = 64; // tokens at most
layout(constant_id = 3) const bool CAUSAL = false;

const uint QUERIES = 4;

layout(push_constant) uniform Push {
    uint tokens;     // of a sequence, <= CAPACITY
    uint width;      // vec4: heads * HEAD
    uint in_stride;  // vec4 a row
    uint out_stride; // vec4 a row
    float scale;     // 1 / sqrt(head width)
} push;

layout(set = 0, binding = 0) readonly buffer In { vec4 qkv[]; };        // (sequences * tokens, q k v)
layout(set = 0, binding = 1) writeonly buffer Out { vec4 outputs[]; };  // (sequences * tokens, width)
#include "lib/reduce.glsl"

shared float scores[QUERIES * CAPACITY];

uint query0() { return gl_WorkGroupID.x * QUERIES; }
uint row_of(uint token) { return gl_WorkGroupID.z * push.tokens + token; }
uint keys_of(uint query) { return CAUSAL ? min(query + 1, push.tokens) : push.tokens; }

void score_keys(uint keys) {
    uint head = gl_WorkGroupID.y * HEAD;
    for (uint j = gl_LocalInvocationIndex; j < keys; j += LANES) {
        uint key_at = row_of(j) * push.in_stride + push.width + head;
        float sums[QUERIES] = float[](0.0, 0.0, 0.0, 0.0);
        for (uint d = 0; d < HEAD; d++) {
            vec4 k = qkv[key_at + d];
            for (uint i = 0; i < QUERIES; i++)
                sums[i] += dot(qkv[row_of(min(query0() + i, push.tokens - 1)) * push.in_stride + head + d], k);
        }
        for (uint i = 0; i < QUERIES; i++) scores[i * CAPACITY + j] = sums[i] * push.scale;
    }
}

// In place; every lane keeps to its own keys, so the reductions are the only meeting points.
void softmax(uint i) {
    uint keys = keys_of(query0() + i);
    float largest = -3.4e38;
    for (uint j = gl_LocalInvocationIndex; j < keys; j += LANES) largest = max(largest, scores[i * CAPACITY + j]);
    largest = reduce_max(largest);
    float sum = 0.0;
    for (uint j = gl_LocalInvocationIndex; j < keys; j += LANES) {
        float e = exp(scores[i * CAPACITY + j] - largest);
        scores[i * CAPACITY + j] = e;
        sum += e;
    }
    sum = reduce_add(sum);
    for (uint j = gl_LocalInvocationIndex; j < keys; j += LANES) scores[i * CAPACITY + j] /= sum;
}

void main() {
    uint last = min(query0() + QUERIES, push.tokens) - 1;
    score_keys(keys_of(last));
    for (uint i = 0; i < QUERIES; i++) softmax(i);
    barrier();
    for (uint e = gl_LocalInvocationIndex; e < QUERIES * HEAD; e += LANES) {
        uint i = e / HEAD, column = gl_WorkGroupID.y * HEAD + e % HEAD, query = query0() + i;
        if (query > last) break;
        vec4 sum = vec4(0);
        for (uint j = 0; j < keys_of(query); j++)
            sum += scores[i * CAPACITY + j] * qkv[row_of(j) * push.in_stride + 2 * push.width + column];
        outputs[row_of(query) * push.out_stride + column] = sum;
    }
}
