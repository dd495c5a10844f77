/* SPDX-License-Identifier: Apache-2.0
 * Families that are refused, by name and with what to use instead; pruned and stemmed checkpoints that lie. */
#include "convert/convert.h"
#include "convert/model/families.h"
#include "convert/model/sizes.h"
#include "support/checkpoint.h"
#include "support/heard.h"
#include "support/test.h"

#include <ocelli.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void test_refused(void **unused) {
    static const char *const rows[][2] = {
        {"fastvit_mci2", "MobileCLIP S0 to S4"},
        {"vit_pe_core_base_patch16_224", "PE-Core"},
        {"naflexvit_base_patch16_siglip", "NaFlex"},
        {"convnext_base", "ConvNeXt"},
        {"eva02_base_patch16_clip_224", "EVA-CLIP"},
        {"xlm-roberta-base", "XLM-RoBERTa"},
        {"roberta-base", "a RoBERTa"},
        {"coca", "CoCa"},
        {"blip-2", "BLIP"},
        {"resnet", "ResNet"},
        {"vit_large_patch14_clip_224", "kind 'vit_large_patch14_clip_224'"},
    };
    (void)unused;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        listen();
        assert_int_equal(families_refuse("config.json", rows[i][0]), OCELLI_ERR_LIMIT);
        assert_int_equal(heard.lines, 1);
        if (!strstr(heard.text, rows[i][1]) || !strstr(heard.text, " use ")) fail_msg("%s: %s", rows[i][0], heard.text);
    }
}

/* One change each to a good checkpoint. */
static const struct bad {
    const char *model;
    struct checkpoint_form form;
    const char *said;
} bad[] = {
    {"tinyclip", {.narrow = "_image_encoder.visual.transformer.resblocks.0.attn.in_proj_weight"}, "no whole heads"},
    {"tinyclip", {.without = "_image_encoder.visual.transformer.resblocks.0.attn.in_proj_weight"}, "left over"},
    {"tinyclip", {.narrow = "_text_encoder.ln_final.weight"}, "widths of multiples of 4"},
    {"tinyclip", {.broken = "_image_encoder.visual.transformer.resblocks.0.mlp.c_proj.weight"}, "not finite"},
    {"mobileclip", {.without = "visual.trunk.patch_embed.backbone.1.bn.running_var"}, "missing"},
    {"mobileclip", {.broken = "visual.trunk.patch_embed.backbone.0.conv.weight"}, "not finite"},
    {"mobileclip", {.narrow = "visual.trunk.pos_embed"}, "is not of"},
    {"mobileclip", {.extra = "visual.trunk.fc_norm.weight"}, "left over"},
};

static void test_bad(void **unused) {
    (void)unused;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        char *folder = checkpoint_folder();
        checkpoint_write(bad[i].model, folder, &bad[i].form);
        struct convert_params params = {.checkpoint = folder, .out = checkpoint_path(folder, "out.gguf")};
        struct convert_result result;
        listen();
        int status = convert(&params, &result);
        if (status >= 0 || heard.lines != 1 || !strstr(heard.text, bad[i].said))
            fail_msg("%zu: %d, %s", i, status, heard.text);
        assert_int_not_equal(access(params.out, F_OK), 0);
        checkpoint_remove(folder);
    }
}

/* timm's names are MobileCLIP's and SigLIP's; a configuration of neither is refused. (timm's SigLIPs have sizes by
 * their names alone, the smallest of 93 million numbers, so no small one can be converted here.) */
static void test_timm(void **unused) {
    (void)unused;
    struct report report;
    assert_int_equal(report_init(&report), OCELLI_OK);
    for (int siglip = 0; siglip < 2; siglip++) {
        struct checkpoint c = {.folder = "x", .config = {.attention_pool = siglip}};
        for (size_t i = 0; i < names_layout_count; i++)
            if (strcmp(names_layouts[i].name, "timm") == 0 && names_layouts[i].siglip == siglip)
                c.layout = &names_layouts[i];
        assert_non_null(c.layout);
        listen();
        assert_int_equal(sizes_of_tensors(&c, &report), siglip ? OCELLI_OK : OCELLI_ERR_FILE);
        assert_int_equal(heard.lines, !siglip);
    }
    report_finish(&report);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_refused), cmocka_unit_test(test_bad),
                                       cmocka_unit_test(test_timm)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
