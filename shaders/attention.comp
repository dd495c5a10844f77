// SPDX-License-Identifier: Apache-2.0
// softmax(q k^T / sqrt(head width)) v of one head for 4 queries, so that each key and each value is read once for
// the 4: a vec4 holds what belongs to the 4. Workgroup: (query block, head, sequence).
// POOLED: one query a sequence, from rows of its own; under a causal mask its place is that of rows[sequence].
#version 450
#extension GL_GOOGLE_include_directive : require

layout(local_size_x_id = 0) in;
layout(constant_id = 0) const uint LANES = 64;
layout(constant_id = 1) const uint HEAD = 16;     // vec4 of a head
layout(constant_id = 2) const uint CAPACITY = 64; // tokens at most
layout(constant_id = 3) const bool CAUSAL = false;

const uint QUERIES = 4;

#include "lib/row_epilogue_args.glsl"
layout(push_constant) uniform Push {
    uint tokens;     // of a sequence, <= CAPACITY
    uint queries;    // of a sequence
    uint width;      // vec4: heads * HEAD
    uint in_stride;  // vec4 a row
    uint query_stride;
    uint out_stride; // vec4 a row
    uint out_panel;  // rows of a panel of the output
    float scale;     // 1 / sqrt(head width)
    ROW_EPILOGUE_ARGS
} push;

layout(set = 0, binding = 0) readonly buffer In { vec4 qkv[]; };          // (sequences * tokens, q k v)
layout(set = 0, binding = 1) readonly buffer Query { vec4 query[]; };     // (sequences * queries, q ...)
#define OUT 2
layout(set = 0, binding = OUT) SHARED writeonly buffer Out { float outputs[]; }; // (sequences * queries, width)
#ifdef POOLED
layout(set = 0, binding = 3) readonly buffer Rows { uint rows[]; };       // (sequences) of qkv
#endif
#define TEAM LANES
#define TEAM_FIRST 0
#define REDUCED vec4
#define REDUCED_PART part
#include "lib/reduce.glsl"
#include "lib/panel.glsl"

#define NORM_CONSTANT 4
#include "lib/row_epilogue.glsl"

shared vec4 scores[CAPACITY];

uint key_row0() { return gl_WorkGroupID.z * push.tokens; }
uint query0() { return gl_WorkGroupID.x * QUERIES; }
uint query_row(uint i) { return gl_WorkGroupID.z * push.queries + min(query0() + i, push.queries - 1); }

// Place in its sequence of query i: under a causal mask, the last key it sees.
uint place(uint i) {
#ifdef POOLED
    return rows[gl_WorkGroupID.z] - key_row0();
#else
    return query0() + i;
#endif
}

void score_keys(uint keys, uvec4 places) {
    uint head = gl_WorkGroupID.y * HEAD;
    uint q0 = query_row(0) * push.query_stride + head, q1 = query_row(1) * push.query_stride + head;
    uint q2 = query_row(2) * push.query_stride + head, q3 = query_row(3) * push.query_stride + head;
    for (uint j = gl_LocalInvocationIndex; j < keys; j += LANES) {
        uint key_at = (key_row0() + j) * push.in_stride + push.width + head;
        vec4 sum = vec4(0);
        for (uint d = 0; d < HEAD; d++) {
            vec4 k = qkv[key_at + d];
            sum += vec4(dot(query[q0 + d], k), dot(query[q1 + d], k), dot(query[q2 + d], k), dot(query[q3 + d], k));
        }
        sum *= push.scale;
        scores[j] = CAUSAL ? mix(sum, vec4(-3.4e38), greaterThan(uvec4(j), places)) : sum;
    }
}

// Every lane keeps to its own keys, so the reductions are the only meeting points. Gives 1 / sum.
vec4 exponents(uint keys) {
    vec4 largest = vec4(-3.4e38), sum = vec4(0);
    for (uint j = gl_LocalInvocationIndex; j < keys; j += LANES) largest = max(largest, scores[j]);
    largest = reduce_max(largest);
    for (uint j = gl_LocalInvocationIndex; j < keys; j += LANES) {
        vec4 e = exp(scores[j] - largest);
        scores[j] = e;
        sum += e;
    }
    return 1.0 / reduce_add(sum);
}

void store(uint i, uint column, vec4 v) {
    if (query0() + i >= push.queries) return;
    uint at = panel_at(query_row(i), 4 * push.out_stride, push.out_panel) + 4 * column * push.out_panel;
    for (uint c = 0; c < 4; c++) outputs[at + c * push.out_panel] = v[c];
}

void main() {
    uvec4 places = uvec4(place(0), place(1), place(2), place(3));
    uint keys = CAUSAL ? min(places.w + 1, push.tokens) : push.tokens;
    score_keys(keys, places);
    vec4 factor = exponents(keys);
    barrier();
    for (uint d = gl_LocalInvocationIndex; d < HEAD; d += LANES) {
        uint column = gl_WorkGroupID.y * HEAD + d, value_at = key_row0() * push.in_stride + 2 * push.width + column;
        vec4 sum0 = vec4(0), sum1 = vec4(0), sum2 = vec4(0), sum3 = vec4(0);
        for (uint j = 0; j < keys; j++, value_at += push.in_stride) {
            vec4 s = scores[j], v = qkv[value_at];
            sum0 += s.x * v, sum1 += s.y * v, sum2 += s.z * v, sum3 += s.w * v;
        }
        store(0, column, sum0 * factor.x);
        store(1, column, sum1 * factor.y);
        store(2, column, sum2 * factor.z);
        store(3, column, sum3 * factor.w);
    }
    finish_rows(query_row(0), min(push.queries - query0(), QUERIES),
                gl_WorkGroupID.z * gl_NumWorkGroups.x + gl_WorkGroupID.x,
              gl_NumWorkGroups.y);
}
