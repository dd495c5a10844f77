/* SPDX-License-Identifier: Apache-2.0
 * The configuration of a GGUF: sizes by shapes, the rest by its values. clip.cpp writes no resize and filter. */
#include "base/log.h"
#include "convert/model/checkpoint_inner.h"
#include "convert/read/weights_gguf.h"

#include <math.h>
#include <string.h>

struct values {
    const struct gguf *gguf;
    const char *file;
    int status; /* of the first failure, which was said */
};

/* NULL: none, or one of another type, which was said. */
static const struct gguf_value *get(struct values *v, const char *key, enum gguf_type type) {
    const struct gguf_value *found = v->status ? NULL : gguf_value(v->gguf, key);
    if (!found || found->type == type) return found;
    v->status =
        log_fail(OCELLI_ERR_FILE, "%s: %s is not of the type it has to be: convert the checkpoint again", v->file, key);
    return NULL;
}

static bool is_text(struct values *v, const char *key, const char *text) {
    const struct gguf_value *found = get(v, key, GGUF_STRING);
    return found && found->strings->length == strlen(text) && memcmp(found->strings->text, text, strlen(text)) == 0;
}

static void read_epsilon(struct values *v, const char *key, float *epsilon) {
    const struct gguf_value *found = get(v, key, GGUF_F32);
    if (found) *epsilon = (float)found->number.f;
}

static bool read_heads(struct values *v, const char *key, uint32_t *heads) {
    const struct gguf_value *found = get(v, key, GGUF_U32);
    if (found) *heads = (uint32_t)found->number.u;
    return found != NULL;
}

static bool read_pixels(struct values *v, const char *key, float *numbers) {
    const struct gguf_value *found = get(v, key, GGUF_ARRAY);
    if (!found) return false;
    bool good = found->element == GGUF_F32 && found->count == 3;
    if (good) memcpy(numbers, found->bytes, 3 * sizeof *numbers);
    for (int i = 0; i < 3 && good; i++) good = isfinite(numbers[i]);
    if (!good) v->status = log_fail(OCELLI_ERR_FILE, "%s: %s is not three numbers: convert it again", v->file, key);
    return good;
}

/* Ours by name; clip.cpp's by one bit, where GELU is all that is not quick. */
static bool read_activation(struct values *v, const char *key, enum config_activation *activation) {
    for (int i = CONFIG_QUICK_GELU; i <= CONFIG_GELU_TANH; i++)
        if (is_text(v, key, config_activation_name((enum config_activation)i))) {
            *activation = (enum config_activation)i;
            return true;
        }
    const struct gguf_value *gelu = get(v, "clip.use_gelu", GGUF_BOOL);
    if (gelu) *activation = gelu->number.u ? CONFIG_GELU : CONFIG_QUICK_GELU;
    return gelu != NULL;
}

static bool read_choice(struct values *v, const char *key, const char *no, const char *yes, bool *value) {
    *value = is_text(v, key, yes);
    return *value || is_text(v, key, no);
}

static void read_all(struct values *v, struct config *c, uint32_t *facts) {
    read_epsilon(v, "clip.vision.attention.layer_norm_epsilon", &c->image.epsilon);
    read_epsilon(v, "clip.text.attention.layer_norm_epsilon", &c->text.epsilon);
    if (read_heads(v, "clip.vision.attention.head_count", &c->image.heads) &&
        read_heads(v, "clip.text.attention.head_count", &c->text.heads))
        *facts |= CONFIG_HEADS;
    if (read_activation(v, "ocelli.vision.activation", &c->image.activation) &&
        read_activation(v, "ocelli.text.activation", &c->text.activation))
        *facts |= CONFIG_ACTIVATION;
    if (read_pixels(v, "clip.vision.image_mean", c->mean)) *facts |= CONFIG_MEAN;
    if (read_pixels(v, "clip.vision.image_std", c->std)) *facts |= CONFIG_STD;
    if (read_choice(v, "ocelli.vision.resize", "crop", "squash", &c->squash)) *facts |= CONFIG_RESIZE;
    if (read_choice(v, "ocelli.vision.filter", "bicubic", "bilinear", &c->bilinear)) *facts |= CONFIG_FILTER;
    const struct gguf_value *scale = get(v, "ocelli.logit_scale", GGUF_F32);
    if (scale && scale->number.f > 0 && isfinite(scale->number.f)) c->logit_scale = (float)scale->number.f;
}

int checkpoint_read_gguf(struct checkpoint *checkpoint, uint32_t *facts, struct report *report) {
    struct config *c = &checkpoint->config;
    struct values v = {.gguf = &checkpoint->files->gguf->gguf, .file = checkpoint->files->path};
    const struct gguf_value *text = gguf_value(v.gguf, "clip.has_text_encoder");
    if (text && text->type == GGUF_BOOL && !text->number.u)
        return log_fail(OCELLI_ERR_FILE,
                        "%s: no text tower in it: give the checkpoint that it was made of, or a GGUF "
                        "with both towers",
                        v.file);
    int status = checkpoint_read_shapes(checkpoint, facts, report);
    if (status) return status;
    read_all(&v, c, facts);
    if (v.status) return v.status;
    if (*facts & CONFIG_STD) status = config_check_std(c, c->file);
    static const char why[] = "a value of the GGUF";
    if (*facts & CONFIG_ACTIVATION) config_report_activations(c, why, report);
    if (*facts & CONFIG_RESIZE) report_choice(report, "resize", c->squash ? "squash" : "crop", why);
    if (*facts & CONFIG_FILTER) report_choice(report, "filter", c->bilinear ? "bilinear" : "bicubic", why);
    return status;
}
