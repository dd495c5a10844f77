// Needs: M, N, K; buffers `weights` and `inputs` of words, push.in_stride; shared `strip`, WIDTH.
// Gives: weight_tile (M, K), input_tile (K, N), sum_tile (M, N), held by a subgroup together;
// clear, load_weights(tile, word), load_inputs(tile, word), multiply_add(a, b, sum), store_sums(sum, at).
// PLAIN: the same for any M, N, K without the extension: for tests.

#ifndef PLAIN
#define weight_tile coopmat<int8_t, gl_ScopeSubgroup, M, K, gl_MatrixUseA>
#define input_tile coopmat<int8_t, gl_ScopeSubgroup, K, N, gl_MatrixUseB>
#define sum_tile coopmat<int, gl_ScopeSubgroup, M, N, gl_MatrixUseAccumulator>
#define clear(sum) sum = sum_tile(0)
#define load_weights(tile, word) coopMatLoad(tile, weights, word, K / 4, gl_CooperativeMatrixLayoutRowMajor)
#define load_inputs(tile, word) coopMatLoad(tile, inputs, word, push.in_stride, gl_CooperativeMatrixLayoutColumnMajor)
#define multiply_add(a, b, sum) sum = coopMatMulAdd(a, b, sum)
#define store_sums(sum, at) coopMatStore(sum, strip, at, WIDTH, gl_CooperativeMatrixLayoutColumnMajor)
#else
// Tiles of weights and inputs are where they begin; a lane holds every gl_SubgroupSize-th sum.
#define weight_tile uint
#define input_tile uint
#define sum_tile int[M * N]
#define load_weights(tile, word) tile = word
#define load_inputs(tile, word) tile = word
#define each_sum(j, i) uint j = 0, i = gl_SubgroupInvocationID; i < M * N; j++, i += gl_SubgroupSize
#define clear(sum) for (each_sum(j, i)) sum[j] = 0
#define multiply_add(a, b, sum) \
    for (each_sum(j, i)) sum[j] += plain_dot(a + i / N * (K / 4), b + i % N * push.in_stride)
#define store_sums(sum, at) for (each_sum(j, i)) strip[at + i % N * WIDTH + i / N] = sum[j]
int plain_dot(uint a, uint b) {
    int sum = 0;
    for (uint k = 0; k < K; k++) {
        int left = int(24 - k % 4 * 8);
        sum += (int(weights[a + k / 4]) << left >> 24) * (int(inputs[b + k / 4]) << left >> 24);
    }
    return sum;
}
#endif
