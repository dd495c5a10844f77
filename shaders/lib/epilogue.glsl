// Needs: VEC, what a lane finishes at once (float, vec2 or vec4 of columns); SCALES, BIAS, OUT, numbers of bindings;
// SHARED, push.out_stride (VEC a row). Gives: constants 1..3; finished(column, sum), column in VEC: the product's
// result scaled, biased, activated; finish(row, column, sum): the same added to what is there, stored.

layout(constant_id = 1) const uint ACTIVATION = 0; // 0 none, 1 QuickGELU, 2 GELU (erf), 3 GELU (tanh)
layout(constant_id = 2) const bool HAS_BIAS = true;
layout(constant_id = 3) const bool RESIDUAL = false; // out += instead of out =

layout(set = 0, binding = SCALES) readonly buffer Scales { VEC scales[]; };  // (columns)
layout(set = 0, binding = BIAS) readonly buffer Bias { VEC bias[]; };        // (columns)
layout(set = 0, binding = OUT) SHARED buffer Out { VEC outputs[]; };         // (rows, out_stride)

// Abramowitz and Stegun 7.1.26: |error| <= 1.5e-7.
VEC erf(VEC x) {
    VEC a = abs(x);
    VEC t = 1.0 / (1.0 + 0.3275911 * a);
    VEC poly = ((((1.061405429 * t - 1.453152027) * t + 1.421413741) * t - 0.284496736) * t + 0.254829592) * t;
    return sign(x) * (1.0 - poly * exp(-a * a));
}

VEC activate(VEC x) {
    if (ACTIVATION == 1) return x / (1.0 + exp(-1.702 * x));
    if (ACTIVATION == 2) return 0.5 * x * (1.0 + erf(x * 0.70710678118654752));
    if (ACTIVATION == 3) {
        VEC inner = 0.79788456080286536 * (x + 0.044715 * x * x * x);
        return x / (1.0 + exp(-2.0 * inner)); // 0.5 x (1 + tanh(inner)), without overflow
    }
    return x;
}

VEC finished(uint column, VEC sum) {
    VEC v = sum * scales[column];
    if (HAS_BIAS) v += bias[column];
    return activate(v);
}

void finish(uint row, uint column, VEC sum) {
    uint at = row * push.out_stride + column;
    VEC v = finished(column, sum);
    if (RESIDUAL) v += outputs[at];
    outputs[at] = v;
}
