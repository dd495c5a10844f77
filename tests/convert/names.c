/* SPDX-License-Identifier: Apache-2.0 */
#include "support/test.h"
#include "convert/model/names.h"

#include <string.h>

static void wrappers(void **state) {
    static const char *const rows[][2] = {
        {"visual.conv1.weight", "visual.conv1.weight"},
        {"module.visual.conv1.weight", "visual.conv1.weight"},
        {"_orig_mod.visual.conv1.weight", "visual.conv1.weight"},
        {"module._orig_mod.text.ln_final.bias", "ln_final.bias"},
        {"visual._orig_mod.conv1.weight", "visual.conv1.weight"},
        {"_orig_mod.visual._orig_mod.transformer._orig_mod.resblocks.0.ln_1.bias",
         "visual.transformer.resblocks.0.ln_1.bias"},
        {"text.token_embedding.weight", "token_embedding.weight"},
        {"text_model.final_layer_norm.bias", "text_model.final_layer_norm.bias"},
        {"text_projection", "text_projection"},
    };
    struct arena arena = {0};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_string_equal(names_strip(names_inside(&arena, rows[i][0])), rows[i][1]);
    arena_finish(&arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(wrappers)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
