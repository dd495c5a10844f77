# SPDX-License-Identifier: Apache-2.0
# What the processor computes for one picture, an op a line, as runtime/clip records it. Variable: model. Lines:
# linear LABEL ROWS COLUMNS K ACTIVATION (none, quick); attention LABEL TOKENS QUERIES HEADS HEAD; norm LABEL ROWS WIDTH (with
# quantization); quantize LABEL ROWS WIDTH.

function linear(label, rows, columns, k, activation) {
    print "linear", label, rows, columns, k, activation
}

# From attention to the norm of the next block, for `rows` rows of `tokens`.
function rest_of_block(rows) {
    print "attention", "attention", tokens, rows, heads, width / heads
    print "quantize", "attended", rows, width
    linear("attn_out", rows, width, width, "none")
    print "norm", "norm", rows, width
    linear("ffn_up", rows, 4 * width, width, "quick")
    print "quantize", "hidden", rows, 4 * width
    linear("ffn_down", rows, width, 4 * width, "none")
    print "norm", "norm", rows, width
}

BEGIN {
    shapes["vit-b-32"] = "768 12 12 32 512"
    shapes["vit-b-16"] = "768 12 12 16 512"
    shapes["vit-l-14"] = "1024 24 16 14 768"
    if (!(model in shapes)) {
        print "cpu-estimate: no model " model ": vit-b-32, vit-b-16, vit-l-14 are known" >"/dev/stderr"
        exit 1
    }
    split(shapes[model], s, " ")
    width = s[1]
    heads = s[3]
    patches = int(224 / s[4]) ^ 2
    tokens = patches + 1
    print "quantize", "pixels", patches, 3 * s[4] ^ 2
    linear("patches", patches, width, 3 * s[4] ^ 2, "none")
    print "norm", "norm", tokens, width
    print "norm", "norm", tokens, width
    for (i = 1; i < s[2]; i++) {
        linear("qkv", tokens, 3 * width, width, "none")
        rest_of_block(tokens)
    }
    linear("kv", tokens, 2 * width, width, "none")
    print "norm", "norm", 1, width
    linear("q", 1, width, width, "none")
    rest_of_block(1)
    linear("projection", 1, s[5], width, "none")
}
