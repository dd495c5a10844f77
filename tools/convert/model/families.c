/* SPDX-License-Identifier: Apache-2.0 */
#include "convert/model/families.h"
#include "base/log.h"

#include <strings.h>
#include <string.h>

#define PLAIN "TinyCLIP, or an OpenAI or OpenCLIP ViT"

/* By what a name contains; the first row that fits. */
static const struct family {
    const char *part, *what, *why, *instead;
} families[] = {
    {"fastvit", "MobileCLIP S0 to S4", "their image tower is a hybrid of convolutions and attention", "MobileCLIP2-B"},
    {"mobileclip", "MobileCLIP S0 to S4", "their image tower is a hybrid of convolutions and attention",
     "MobileCLIP2-B"},
    {"vit_pe_", "PE-Core", "it has rotary positions and pools by attention", PLAIN},
    {"pe-core", "PE-Core", "it has rotary positions and pools by attention", PLAIN},
    {"pe_", "PE-Core", "it has rotary positions and pools by attention", PLAIN},
    {"naflex", "NaFlex", "its patches follow the picture's shape, and boards run a fixed one",
     "the fixed-size SigLIP 2 or " PLAIN},
    {"siglip2_vision", "NaFlex", "its patches follow the picture's shape, and boards run a fixed one",
     "the fixed-size SigLIP 2 or " PLAIN},
    {"resnet", "a ResNet CLIP (RN50...)", "its image tower is convolutions", PLAIN},
    {"convnext", "a ConvNeXt CLIP", "its image tower is convolutions", PLAIN},
    {"eva", "EVA-CLIP", "its image tower has rotary positions, and other norms and MLPs", PLAIN},
    {"coca", "CoCa", "it is a captioning model that pools by attention", PLAIN},
    {"blip", "BLIP", "it is a captioning model", PLAIN},
    {"xlm-roberta", "a CLIP with an XLM-RoBERTa text tower", "that tower and its tokenizer are other ones",
     "SigLIP 2, which knows many languages too"},
    {"roberta", "a CLIP with a RoBERTa text tower", "that tower and its tokenizer are other ones", PLAIN},
    {"nllb", "a CLIP with an NLLB text tower", "that tower and its tokenizer are other ones",
     "SigLIP 2, which knows many languages too"},
    {"mt5", "a CLIP with an mT5 text tower", "that tower and its tokenizer are other ones",
     "SigLIP 2, which knows many languages too"},
    {"t5", "a CLIP with a T5 text tower", "that tower and its tokenizer are other ones", PLAIN},
    {"chinese_clip", "Chinese-CLIP", "its text tower is BERT", "SigLIP 2, which knows many languages too"},
    {"altclip", "AltCLIP", "its text tower is XLM-RoBERTa", "SigLIP 2, which knows many languages too"},
    {"bert", "a CLIP with a BERT text tower", "that tower and its tokenizer are other ones", PLAIN},
    {"align", "ALIGN", "its image tower is EfficientNet, its text tower BERT", PLAIN},
    {"owlvit", "OWL-ViT", "it finds objects, and tags no pictures", PLAIN},
    {"owlv2", "OWLv2", "it finds objects, and tags no pictures", PLAIN},
    {"clipseg", "CLIPSeg", "it cuts objects out, and tags no pictures", PLAIN},
    {"groupvit", "GroupViT", "it cuts objects out, and tags no pictures", PLAIN},
    {"flava", "FLAVA", "its towers are of another kind", PLAIN},
    {"xclip", "X-CLIP", "it is for videos", PLAIN},
    {"vitamin", "ViTamin", "its image tower is a hybrid of convolutions and attention", PLAIN},
    {"swin", "a Swin CLIP", "its image tower has windows of attention", PLAIN},
};

static const struct family *find(const char *name) {
    for (size_t i = 0; i < sizeof families / sizeof families[0]; i++)
        if (strcasestr(name, families[i].part)) return &families[i];
    return NULL;
}

/* A text tower's name alone is no CLIP. */
_Bool families_known(const char *name) {
    const struct family *f = find(name);
    return f && !strstr(f->what, "text tower");
}

int families_refuse(const char *file, const char *name) {
    const struct family *f = find(name);
    if (!f) return log_fail(OCELLI_ERR_LIMIT, "%s: a tower of the kind '%s' is not supported: use " PLAIN, file, name);
    return log_fail(OCELLI_ERR_LIMIT, "%s: this is %s (%s): not supported, as %s; use %s", file, f->what, name, f->why,
                    f->instead);
}
