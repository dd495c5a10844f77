/* SPDX-License-Identifier: Apache-2.0 */
#include "convert/model/config_given.h"
#include "base/log.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    enum config_fact fact;
    const char *option, *values;
} options[] = {{CONFIG_ACTIVATION, "--activation", "quick_gelu|gelu|gelu_tanh"},
               {CONFIG_MEAN, "--mean", "R,G,B"},
               {CONFIG_STD, "--std", "R,G,B"},
               {CONFIG_RESIZE, "--resize", "crop|squash"},
               {CONFIG_FILTER, "--filter", "bicubic|bilinear"},
               {CONFIG_HEADS, "--heads", "IMAGE,TEXT"},
               {CONFIG_LOGIT_SCALE, "--logit-scale", "N"}};

/* ---- options ---- */

/* `count` numbers between commas. */
static bool read_numbers(const char *text, float *numbers, int count) {
    for (int i = 0; i < count; i++) {
        char *end;
        numbers[i] = strtof(text, &end);
        if (end == text || !isfinite(numbers[i]) || *end != (i + 1 < count ? ',' : 0)) return false;
        text = end + 1;
    }
    return true;
}

static bool read_activation(const char *text, enum config_activation *activation) {
    for (int i = CONFIG_QUICK_GELU; i <= CONFIG_GELU_TANH; i++)
        if (strcmp(text, config_activation_name((enum config_activation)i)) == 0) {
            *activation = (enum config_activation)i;
            return true;
        }
    return false;
}

/* OpenAI's constants by name, as they are long. */
static bool read_pixels(const char *text, const float *openai, float *numbers) {
    if (strcmp(text, "openai") != 0) return read_numbers(text, numbers, 3);
    memcpy(numbers, openai, 3 * sizeof *numbers);
    return true;
}

static bool read_choice(const char *text, const char *no, const char *yes, bool *value) {
    *value = strcmp(text, yes) == 0;
    return *value || strcmp(text, no) == 0;
}

static bool read_heads(const char *text, struct config_given *g) {
    float numbers[2];
    if (!read_numbers(text, numbers, 2)) return false;
    for (int i = 0; i < 2; i++)
        if (!(numbers[i] >= 1 && numbers[i] <= CONFIG_MAX_WIDTH && numbers[i] == floorf(numbers[i]))) return false;
    g->image_heads = (uint32_t)numbers[0];
    g->text_heads = (uint32_t)numbers[1];
    return true;
}

static bool read_std(const char *text, float *numbers) {
    return read_pixels(text, config_openai_std, numbers) && numbers[0] > 0 && numbers[1] > 0 && numbers[2] > 0;
}

bool config_given_set(struct config_given *given, enum config_fact fact, const char *value) {
    given->facts |= (uint32_t)fact;
    switch (fact) {
    case CONFIG_ACTIVATION: return read_activation(value, &given->activation);
    case CONFIG_MEAN: return read_pixels(value, config_openai_mean, given->mean);
    case CONFIG_STD: return read_std(value, given->std);
    case CONFIG_RESIZE: return read_choice(value, "crop", "squash", &given->squash);
    case CONFIG_FILTER: return read_choice(value, "bicubic", "bilinear", &given->bilinear);
    case CONFIG_HEADS: return read_heads(value, given);
    case CONFIG_LOGIT_SCALE: return read_numbers(value, &given->logit_scale, 1) && given->logit_scale > 0;
    }
    return false;
}

/* ---- published files ---- */

/* From open_clip's pretrained.py and OpenAI's clip.py, which compare the same hashes after a download. */
static const struct config_known known[] = {
    {"40d365715913c9da98579312b702a82c18be219cc2a73407c4526f58eba950af", "OpenAI's ViT-B-32.pt", true},
    {"5806e77cd80f8b59890b7e101eabd078d9fb84e6937f9e85e4ecb61988df416f", "OpenAI's ViT-B-16.pt", true},
    {"b8cca3fd41ae0c99ba7e8951adf17d267cdb84cd88be6f7c2e0eca1737a03836", "OpenAI's ViT-L-14.pt", true},
    {"3035c92b350959924f9f00213499208652fc7ea050643e8b385c2dac08641f02", "OpenAI's ViT-L-14-336px.pt", true},
    {"d867053b", "OpenCLIP's ViT-B-32, laion400m_e31", true},
    {"46683a32", "OpenCLIP's ViT-B-32, laion400m_e32", true},
    {"af8dbd0c", "OpenCLIP's ViT-B-32, laion2b_e16", false},
    {"00efa78f", "OpenCLIP's ViT-B-16, laion400m_e31", false},
    {"55e67d44", "OpenCLIP's ViT-B-16, laion400m_e32", false},
    {"8fb26589", "OpenCLIP's ViT-B-16-plus-240, laion400m_e31", false},
    {"699c4b84", "OpenCLIP's ViT-B-16-plus-240, laion400m_e32", false},
    {"69988bb6", "OpenCLIP's ViT-L-14, laion400m_e31", false},
    {"3d133497", "OpenCLIP's ViT-L-14, laion400m_e32", false},
};

const struct config_known *config_known_file(const char *hash) {
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strncmp(hash, known[i].hash, strlen(known[i].hash)) == 0) return &known[i];
    return NULL;
}

void config_known_prep(struct config *config, uint32_t *facts) {
    memcpy(config->mean, config_openai_mean, sizeof config->mean);
    memcpy(config->std, config_openai_std, sizeof config->std);
    config->squash = config->bilinear = false;
    *facts |= CONFIG_MEAN | CONFIG_STD | CONFIG_RESIZE | CONFIG_FILTER;
}

/* ---- both together ---- */

struct change {
    struct config *config;
    uint32_t facts; /* known before */
    struct report *report;
};

/* The option wins; that it changes what a file says is worth a line. */
static void tell(const struct change *c, enum config_fact fact, const char *what, const char *value, bool differs) {
    const char *option = "";
    for (size_t i = 0; i < sizeof options / sizeof *options; i++)
        if (options[i].fact == fact) option = options[i].option;
    bool convention = fact == CONFIG_HEADS && c->facts != UINT32_MAX; /* of shapes: nothing was told */
    bool replaced = differs && (c->facts & (uint32_t)fact) && !convention;
    if (replaced) log_warn("%s: it tells another %s than %s: the option is taken", c->config->file, what, option);
    report_choice(c->report, what, value, "%s%s", option, replaced ? "; the checkpoint tells another" : "");
}

static void apply_towers(const struct change *change, const struct config_given *g) {
    struct config *c = change->config;
    char heads[32];
    snprintf(heads, sizeof heads, "%u, %u", g->image_heads, g->text_heads);
    if (g->facts & CONFIG_ACTIVATION) {
        const char *name = config_activation_name(g->activation);
        tell(change, CONFIG_ACTIVATION, "image activation", name, c->image.activation != g->activation);
        tell(change, CONFIG_ACTIVATION, "text activation", name, c->text.activation != g->activation);
        c->image.activation = c->text.activation = g->activation;
    }
    if (g->facts & CONFIG_HEADS) {
        tell(change, CONFIG_HEADS, "heads", heads, c->image.heads != g->image_heads || c->text.heads != g->text_heads);
        c->image.heads = g->image_heads;
        c->text.heads = g->text_heads;
    }
}

static void apply_pixels(const struct change *change, const struct config_given *g) {
    struct config *c = change->config;
    char text[CONFIG_NORMALISATION_SIZE];
    bool mean = g->facts & CONFIG_MEAN, std = g->facts & CONFIG_STD;
    bool differs =
        (mean && memcmp(c->mean, g->mean, sizeof g->mean) != 0) || (std && memcmp(c->std, g->std, sizeof g->std) != 0);
    if (mean) memcpy(c->mean, g->mean, sizeof c->mean);
    if (std) memcpy(c->std, g->std, sizeof c->std);
    config_print_normalisation(c, text);
    if (mean || std) tell(change, mean ? CONFIG_MEAN : CONFIG_STD, "normalisation", text, differs);
    if (g->facts & CONFIG_RESIZE) {
        tell(change, CONFIG_RESIZE, "resize", g->squash ? "squash" : "crop", c->squash != g->squash);
        c->squash = g->squash;
    }
    if (g->facts & CONFIG_FILTER) {
        tell(change, CONFIG_FILTER, "filter", g->bilinear ? "bilinear" : "bicubic", c->bilinear != g->bilinear);
        c->bilinear = g->bilinear;
    }
}

void config_given_apply(struct config *config, const struct config_given *given, uint32_t *facts,
                        struct report *report) {
    struct change change = {config, *facts, report};
    apply_towers(&change, given);
    apply_pixels(&change, given);
    if (given->facts & CONFIG_LOGIT_SCALE) config->logit_scale = given->logit_scale;
    *facts |= given->facts;
}

int config_given_require(const char *file, uint32_t facts) {
    char wanted[300] = "";
    size_t length = 0;
    for (size_t i = 0; i < sizeof options / sizeof *options; i++)
        if (options[i].fact != CONFIG_LOGIT_SCALE && !(facts & (uint32_t)options[i].fact) && length < sizeof wanted)
            length += (size_t)snprintf(wanted + length, sizeof wanted - length, "%s%s %s", length ? ", " : "",
                                       options[i].option, options[i].values);
    if (!length) return OCELLI_OK;
    return log_fail(OCELLI_ERR_FILE,
                    "%s: no configuration beside it, and its tensors do not tell all of it: add %s as it was trained",
                    file, wanted);
}
