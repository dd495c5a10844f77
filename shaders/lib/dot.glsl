// Needs: GL_EXT_spirv_intrinsics. Gives: dot_4x8(a, b): the sum of the products of four signed bytes.

// OpSDot (SPV_KHR_integer_dot_product); glslang 12 has no name for it. The literal is the packed format.
spirv_instruction(extensions = ["SPV_KHR_integer_dot_product"], capabilities = [6018, 6019], id = 4450)
int dot_packed(uint a, uint b, spirv_literal int packed_format);

int dot_4x8(uint a, uint b) {
    return dot_packed(a, b, 0);
}
