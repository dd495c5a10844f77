/* SPDX-License-Identifier: Apache-2.0
 * The configuration of a file that comes without one: sizes from the shapes of its tensors, as OpenAI's build_model()
 * and open_clip's build_model_from_openai_state_dict() take them. */
#include "base/log.h"
#include "blob/gguf.h"
#include "blob/tensor_names.h"
#include "convert/model/checkpoint_inner.h"
#include "convert/model/families.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { HEAD = 64, PLAIN_WIDTH = 1024 };

struct shapes {
    struct checkpoint *c;
    int status; /* of the first failure, which was said */
};

/* Side `d` of the tensor that the layout has for a name of the blob. */
static uint32_t side(struct shapes *s, const struct names_row *row, const char *prefix, uint32_t dimensions,
                     uint32_t d) {
    char name[160];
    snprintf(name, sizeof name, "%s%s", prefix, row->source);
    const struct checkpoint_tensor *t = s->status ? NULL : checkpoint_find(s->c, name);
    if (t && t->stored->dimensions == dimensions && t->stored->shape[d] > 0 && t->stored->shape[d] <= UINT32_MAX)
        return (uint32_t)t->stored->shape[d];
    if (!s->status)
        s->status = log_fail(OCELLI_ERR_FILE, "%s: tensor %s %s, so the sizes of the model are not known: give a CLIP",
                             s->c->files->path, name, t ? "has another shape than CLIP's" : "is missing");
    return 1;
}

static uint32_t outside(struct shapes *s, const char *blob, uint32_t dimensions, uint32_t d) {
    return side(s, names_find(s->c->layout->outside, blob), "", dimensions, d);
}

/* Rows of the hidden layer, of the first block. */
static uint32_t hidden_of(struct shapes *s, const struct names_row *names, const char *format) {
    char prefix[96];
    snprintf(prefix, sizeof prefix, format, 0);
    return side(s, names_find(names, TENSOR_UP TENSOR_WEIGHT), prefix, 2, 0);
}

static uint32_t count_blocks(const struct shapes *s, const struct names_row *names, const char *format) {
    const char *norm = names_find(names, TENSOR_NORM_1 TENSOR_WEIGHT)->source;
    uint32_t blocks = 0;
    while (blocks <= CONFIG_MAX_BLOCKS && checkpoint_find_in_block(s->c, format, blocks, norm)) blocks++;
    return blocks;
}

static void read_image(struct shapes *s, struct config *c) {
    struct config_tower *t = &c->image;
    const char *block = s->c->layout->image_block;
    t->width = outside(s, TENSOR_PATCHES TENSOR_WEIGHT, 4, 0);
    c->patch_size = outside(s, TENSOR_PATCHES TENSOR_WEIGHT, 4, 3);
    uint32_t tokens = outside(s, TENSOR_IMAGE_POSITIONS, 2, 0);
    uint32_t patches = (uint32_t)lround(sqrt(tokens - 1.0));
    c->image_size = patches * c->patch_size;
    t->hidden = hidden_of(s, s->c->layout->in_block, block);
    t->blocks = count_blocks(s, s->c->layout->in_block, block);
    if (!s->status && patches * patches + 1 != tokens)
        s->status = log_fail(OCELLI_ERR_LIMIT, "%s: %u positions of the image are no square of patches: not supported",
                             c->file, tokens);
}

static void read_text(struct shapes *s, struct config *c) {
    struct config_tower *t = &c->text;
    const char *block = s->c->layout->text_block;
    const struct names_row *projection = names_find(s->c->layout->outside, TENSOR_TEXT_PROJECTION TENSOR_WEIGHT);
    c->vocabulary = outside(s, TENSOR_TOKENS, 2, 0);
    t->width = outside(s, TENSOR_TOKENS, 2, 1);
    t->tokens = outside(s, TENSOR_TEXT_POSITIONS, 2, 0);
    t->hidden = hidden_of(s, s->c->layout->in_text_block, block);
    t->blocks = count_blocks(s, s->c->layout->in_text_block, block);
    c->embedding = side(s, projection, "", 2, projection->transposed ? 1 : 0);
}

static bool is_convolutional(const struct checkpoint *c) {
    return checkpoint_find(c, "visual.layer1.0.conv1.weight") != NULL;
}

/* Heads of 64 numbers, as OpenAI's build_model() has it. Of the others' published ViTs, those of up to 1024 have them
 * too; larger ones of 80, 88, 104 or 112. */
static void read_heads(struct config *c, bool openai, uint32_t *facts, struct report *r) {
    bool plain = c->image.width <= PLAIN_WIDTH && c->text.width <= PLAIN_WIDTH;
    if ((!openai && !plain) || c->image.width % HEAD || c->text.width % HEAD) return;
    c->image.heads = c->image.width / HEAD;
    c->text.heads = c->text.width / HEAD;
    *facts |= CONFIG_HEADS;
    char value[32];
    snprintf(value, sizeof value, "%u, %u", c->image.heads, c->text.heads);
    report_choice(r, "heads", value, "of 64 numbers each, as %s",
                  openai ? "OpenAI's all are" : "in every ViT of CLIP this wide");
}

static void tell(const struct config *c, const char *why, struct report *r) {
    config_report_activations(c, why, r);
    report_choice(r, "resize", c->squash ? "squash" : "crop", "%s", why);
    report_choice(r, "filter", c->bilinear ? "bilinear" : "bicubic", "%s", why);
    config_report_normalisation(c, why, r);
}

/* OpenAI's archives are TorchScript and carry these three numbers as tensors; nobody else's do. */
static bool is_openai(const struct checkpoint *c) {
    return c->files->form == WEIGHTS_TORCHSCRIPT && checkpoint_find(c, "input_resolution") &&
           checkpoint_find(c, "context_length") && checkpoint_find(c, "vocab_size");
}

static void read_known(struct checkpoint *checkpoint, uint32_t *facts, struct report *r) {
    struct config *c = &checkpoint->config;
    const struct config_known *known = config_known_file(source_last_hash(checkpoint->sources));
    char why[160];
    if (!known && !is_openai(checkpoint)) return;
    if (known)
        snprintf(why, sizeof why, "known by its SHA-256: %s", known->name);
    else
        snprintf(why, sizeof why, "a TorchScript archive as OpenAI publishes CLIP");
    c->image.activation = c->text.activation = !known || known->quick_gelu ? CONFIG_QUICK_GELU : CONFIG_GELU;
    *facts |= CONFIG_ACTIVATION;
    config_known_prep(c, facts);
    tell(c, why, r);
}

int checkpoint_read_shapes(struct checkpoint *checkpoint, uint32_t *facts, struct report *report) {
    struct shapes s = {.c = checkpoint};
    struct config *c = &checkpoint->config;
    *c = (struct config){.file = checkpoint->files->path, .pool = CONFIG_POOL_LARGEST};
    c->image.epsilon = c->text.epsilon = 1e-5f;
    if (is_convolutional(checkpoint)) return families_refuse(c->file, "resnet");
    if (strcmp(checkpoint->layout->name, "timm") == 0)
        return log_fail(OCELLI_ERR_FILE,
                        "%s: a timm image tower without its open_clip_config.json: put it beside the file", c->file);
    read_image(&s, c);
    read_text(&s, c);
    if (s.status) return s.status;
    read_heads(c, is_openai(checkpoint), facts, report);
    read_known(checkpoint, facts, report);
    report_choice(report, "sizes", "by the shapes of the tensors", "no configuration lies beside the file");
    report_choice(report, "image pooling", "class token", "there is one among the tensors");
    report_choice(report, "text pooling", "largest id", "CLIP's, where no configuration tells");
    report_choice(report, "text mask", "causal", "CLIP's");
    return OCELLI_OK;
}
