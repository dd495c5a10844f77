/* SPDX-License-Identifier: Apache-2.0 */
#include "convert/model/sizes.h"
#include "convert/model/checkpoint_inner.h"
#include "base/log.h"
#include "blob/tensor_names.h"

#include <stdio.h>
#include <string.h>

enum { MCI_HEAD = 64 };

static int side_of(const struct checkpoint *c, const char *name, uint32_t dimension, uint32_t *side) {
    const struct checkpoint_tensor *t = checkpoint_find(c, name);
    if (!t)
        return log_fail(OCELLI_ERR_FILE, "%s: tensor %s is missing from the weights: fetch the checkpoint again",
                        c->folder, name);
    if (t->stored->dimensions <= dimension || t->stored->shape[dimension] == 0 ||
        t->stored->shape[dimension] > CONFIG_MAX_VOCABULARY)
        return log_fail(OCELLI_ERR_FILE, "%s: tensor %s has another shape than expected: fetch the checkpoint again",
                        t->file, name);
    *side = (uint32_t)t->stored->shape[dimension];
    return OCELLI_OK;
}

static int check_width(const struct checkpoint *c, const char *tower, const struct config_tower *t) {
    if (t->width % 4 || t->width > CONFIG_MAX_WIDTH || t->heads * t->head > CONFIG_MAX_WIDTH ||
        t->hidden > CONFIG_MAX_HIDDEN)
        return log_fail(
            OCELLI_ERR_LIMIT,
            "%s: the %s tower is %u wide, with up to %u heads of %u and a hidden width of %u: supported are "
            "widths of multiples of 4 up to %d, hidden up to %d; take another size of this family",
            c->folder, tower, t->width, t->heads, t->head, t->hidden, CONFIG_MAX_WIDTH, CONFIG_MAX_HIDDEN);
    return OCELLI_OK;
}

/* ---- pruned towers ---- */

/* Rows of a tensor of a block; 0: there is none. */
static uint32_t rows_in_block(const struct checkpoint *c, const char *format, uint32_t block, const char *part) {
    const struct checkpoint_tensor *t = checkpoint_find_in_block(c, format, block, part);
    return t && t->stored->dimensions == 2 && t->stored->shape[0] <= 3 * CONFIG_MAX_HIDDEN
               ? (uint32_t)t->stored->shape[0]
               : 0;
}

static int prune_blocks(const struct checkpoint *c, struct config_tower *t, const char *format) {
    t->heads = t->hidden = 1;
    for (uint32_t i = 0; i < t->blocks; i++) {
        uint32_t qkv = rows_in_block(c, format, i, "attn.in_proj_weight");
        uint32_t hidden = rows_in_block(c, format, i, "mlp.c_fc.weight");
        if (qkv % (3 * t->head))
            return log_fail(OCELLI_ERR_FILE,
                            "%s: q, k and v of block %u have %u rows, which are no whole heads of %u: fetch the "
                            "checkpoint again",
                            c->folder, i, qkv, t->head);
        struct config_block *b = &t->block[i];
        *b = (struct config_block){.heads = qkv / 3 / t->head, .hidden = (hidden + 3) / 4 * 4};
        b->attention = b->heads > 0, b->mlp = b->hidden > 0;
        if (!b->attention) b->heads = 1;
        if (!b->mlp) b->hidden = 4;
        if (b->heads > t->heads) t->heads = b->heads;
        if (b->hidden > t->hidden) t->hidden = b->hidden;
    }
    return OCELLI_OK;
}

static void report_blocks(const struct config_tower *t, const char *what, struct report *r) {
    char heads[4 * CONFIG_MAX_BLOCKS + 16] = "", hidden[7 * CONFIG_MAX_BLOCKS] = "";
    size_t a = 0, b = 0;
    for (uint32_t i = 0; i < t->blocks; i++) {
        a += (size_t)snprintf(heads + a, sizeof heads - a, " %u", t->block[i].attention ? t->block[i].heads : 0);
        b += (size_t)snprintf(hidden + b, sizeof hidden - b, " %u", t->block[i].mlp ? t->block[i].hidden : 0);
    }
    char value[32];
    snprintf(value, sizeof value, "%u wide", t->width);
    report_choice(r, what, value, "shapes of the tensors: heads%s; hidden%s", heads, hidden);
}

static int prune(const struct checkpoint *c, struct config_tower *t, const char *tower, const char *width_of,
                 const char *format, const char *what, struct report *r) {
    if (!t->pruned) return OCELLI_OK;
    int status = side_of(c, width_of, 0, &t->width);
    if (!status) status = prune_blocks(c, t, format);
    if (!status) status = check_width(c, tower, t);
    if (!status) report_blocks(t, what, r);
    return status;
}

static int prune_towers(struct checkpoint *c, struct report *r) {
    struct config *f = &c->config;
    const struct names_layout *l = c->layout;
    int status = prune(c, &f->image, "image", "visual.ln_pre.weight", l->image_block, "image sizes", r);
    if (!status) status = prune(c, &f->text, "text", "ln_final.weight", l->text_block, "text sizes", r);
    return status ? status : side_of(c, "visual.proj", 1, &f->embedding);
}

/* ---- MobileCLIP-B ---- */

static int size_mobileclip(struct checkpoint *c, struct report *r) {
    struct config *f = &c->config;
    struct config_tower *t = &f->image;
    int status = side_of(c, "visual.trunk.cls_token", 2, &t->width);
    if (!status) status = side_of(c, "visual.trunk.blocks.0.mlp.fc1.weight", 0, &t->hidden);
    if (!status) status = side_of(c, "visual.trunk.patch_embed.backbone.0.conv.weight", 0, &f->stem);
    if (status) return status;
    t->blocks = 0;
    while (t->blocks < CONFIG_MAX_BLOCKS && rows_in_block(c, c->layout->image_block, t->blocks, "attn.qkv.weight"))
        t->blocks++;
    t->heads = t->width / MCI_HEAD;
    if (t->width % MCI_HEAD || f->stem % 64 || t->blocks == 0)
        return log_fail(OCELLI_ERR_LIMIT,
                        "%s: an image tower %u wide behind a stem of %u channels: both have to be multiples of 64",
                        c->folder, t->width, f->stem);
    config_fill_blocks(t);
    status = check_width(c, "image", t);
    char value[64];
    snprintf(value, sizeof value, "%u wide, %u layers", t->width, t->blocks);
    report_choice(r, "image sizes", value, "shapes of the tensors; heads of %d and patches of 16 by the name",
                  MCI_HEAD);
    return status;
}

int sizes_of_tensors(struct checkpoint *checkpoint, struct report *report) {
    struct config *c = &checkpoint->config;
    bool timm = strcmp(checkpoint->layout->name, "timm") == 0;
    if (timm && !c->stem && !c->attention_pool) /* SigLIP's tower is timm's too */
        return log_fail(
            OCELLI_ERR_FILE,
            "%s: the tensors are timm's (visual.trunk...), but the configuration names no such tower: put the "
            "open_clip_config.json of the model's publisher there",
            checkpoint->folder);
    if (c->stem && !timm)
        return log_fail(
            OCELLI_ERR_FILE,
            "%s: the configuration is MobileCLIP-B's, but the tensors are not named as open_clip names them "
            "(visual.trunk...): fetch MobileCLIP2-B-OpenCLIP or MobileCLIP-B-OpenCLIP",
            checkpoint->folder);
    if (c->stem) return size_mobileclip(checkpoint, report);
    if (c->image.pruned || c->text.pruned) return prune_towers(checkpoint, report);
    return OCELLI_OK;
}
