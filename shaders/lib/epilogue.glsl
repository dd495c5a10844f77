// Needs: bindings SCALES, BIAS, OUT free (numbers of bindings), push.columns, push.out_stride.
// Gives: constants 1..3 and finish(row, column, sum): the product's result scaled, biased,
// activated, added to what is there, stored.

layout(constant_id = 1) const uint ACTIVATION = 0; // 0 none, 1 QuickGELU, 2 GELU (erf), 3 GELU (tanh)
layout(constant_id = 2) const bool HAS_BIAS = true;
layout(constant_id = 3) const bool RESIDUAL = false; // out += instead of out =

layout(set = 0, binding = SCALES) readonly buffer Scales { float scales[]; }; // (columns)
layout(set = 0, binding = BIAS) readonly buffer Bias { float bias[]; };       // (columns)
layout(set = 0, binding = OUT) buffer Out { float outputs[]; };               // (rows, out_stride)

// Abramowitz and Stegun 7.1.26: |error| <= 1.5e-7.
float erf(float x) {
    float a = abs(x);
    float t = 1.0 / (1.0 + 0.3275911 * a);
    float poly = ((((1.061405429 * t - 1.453152027) * t + 1.421413741) * t - 0.284496736) * t + 0.254829592) * t;
    return sign(x) * (1.0 - poly * exp(-a * a));
}

float activate(float x) {
    if (ACTIVATION == 1) return x / (1.0 + exp(-1.702 * x));
    if (ACTIVATION == 2) return 0.5 * x * (1.0 + erf(x * 0.70710678118654752));
    if (ACTIVATION == 3) {
        float inner = 0.79788456080286536 * (x + 0.044715 * x * x * x);
        return x / (1.0 + exp(-2.0 * inner)); // 0.5 x (1 + tanh(inner)), without overflow
    }
    return x;
}

void finish(uint row, uint column, float sum) {
    float v = sum * scales[column];
    if (HAS_BIAS) v += bias[column];
    v = activate(v);
    uint at = row * push.out_stride + column;
    outputs[at] = RESIDUAL ? outputs[at] + v : v;
}
