// Needs: lib/reduce.glsl for float; a function vec4 x(uint i). Gives: measure_row(words, epsilon): mean and
// deviation, 1 / sqrt(variance + epsilon), of the row of x. A team does a row.

float mean, deviation;

void measure_row(uint words, float epsilon) {
    uint lane = LANE - TEAM_FIRST;
    float width = float(words * 4), sum = 0.0;
    for (uint i = lane; i < words; i += TEAM) sum += dot(x(i), vec4(1));
    mean = reduce_add(sum) / width;
    float squares = 0.0; // about the mean, not E[x^2] - mean^2: outlier channels would cancel
    for (uint i = lane; i < words; i += TEAM) {
        vec4 centred = x(i) - mean;
        squares += dot(centred, centred);
    }
    deviation = inversesqrt(reduce_add(squares) / width + epsilon);
}
