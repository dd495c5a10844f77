/* SPDX-License-Identifier: Apache-2.0
 * How a model file names its tensors (docs/blob.md, "Tensors"): the converter writes them under these names, the
 * towers ask for them. A name is put together from these parts: TENSOR_TEXT "." TENSOR_POST_NORM TENSOR_BIAS is
 * "t.post_ln.bias", TENSOR_BLOCK "." TENSOR_QUERY TENSOR_WEIGHT as a format is "v.blk.3.attn_q.weight". */
#ifndef BLOB_TENSOR_NAMES_H
#define BLOB_TENSOR_NAMES_H

/* The towers. */
#define TENSOR_IMAGE "v"
#define TENSOR_TEXT "t"

/* Behind the name of a product, a norm or a matrix. */
#define TENSOR_WEIGHT ".weight"
#define TENSOR_BIAS ".bias"
#define TENSOR_SCALE ".scale" /* of int8 rows, behind TENSOR_WEIGHT */

/* Outside the blocks. */
#define TENSOR_PATCHES TENSOR_IMAGE ".patch_embd"
#define TENSOR_STEM TENSOR_IMAGE ".stem.%u" /* a format: 0 and 1, convolutions before TENSOR_PATCHES */
#define TENSOR_CLASS TENSOR_IMAGE ".class_embd"
#define TENSOR_IMAGE_POSITIONS TENSOR_IMAGE ".position_embd" TENSOR_WEIGHT
#define TENSOR_PRE_NORM TENSOR_IMAGE ".pre_ln"
#define TENSOR_IMAGE_PROJECTION "visual_projection"
#define TENSOR_TOKENS TENSOR_TEXT ".token_embd" TENSOR_WEIGHT
#define TENSOR_TEXT_POSITIONS TENSOR_TEXT ".position_embd" TENSOR_WEIGHT
#define TENSOR_TEXT_PROJECTION "text_projection"
#define TENSOR_POST_NORM "post_ln" /* behind the tower and a dot */

/* Attention pooling: as a block without a first norm, which has one query that is no token of the picture. */
#define TENSOR_HEAD TENSOR_IMAGE ".head"
#define TENSOR_FLOAT_HEAD "head"               /* in keys of products with float inputs: four bools, of the head's */
#define TENSOR_FLOAT_ENDS "ends"               /* two: of the product over pixels, and of the projection */
#define TENSOR_HEAD_QUERY TENSOR_HEAD ".query" /* the query, through its product already */

/* In a block: behind it and a dot. */
#define TENSOR_BLOCK "%s.blk.%u" /* a format: the tower, the block's number from 0 on */
#define TENSOR_NORM_1 "ln1"
#define TENSOR_QUERY "attn_q"
#define TENSOR_KEY "attn_k"
#define TENSOR_VALUE "attn_v"
#define TENSOR_ATTENTION_OUT "attn_out"
#define TENSOR_NORM_2 "ln2"
#define TENSOR_UP "ffn_up"
#define TENSOR_DOWN "ffn_down"

/* The self-test's pictures, and what the float weights give for them and for the texts. */
#define TENSOR_SELFTEST "selftest."
#define TENSOR_SELFTEST_PICTURES TENSOR_SELFTEST "images"
#define TENSOR_SELFTEST_IMAGE TENSOR_SELFTEST "image_embd"
#define TENSOR_SELFTEST_TEXT TENSOR_SELFTEST "text_embd"

/* Without a text tower: the vectors of the texts that the model was made with. And keys: of these texts, and of the
 * tags that they are of, as a tags.ini. */
#define TENSOR_OWN_TEXTS "prompts.text_embd"
#define BLOB_OWN_TEXTS "ocelli.prompts.texts"
#define BLOB_OWN_TAGS "ocelli.prompts.tags"

#define TENSOR_DIGEST "ocelli.digest" /* SHA-256 of all the others; the last one */

#endif
