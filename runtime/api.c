/* SPDX-License-Identifier: Apache-2.0
 * include/ocelli.h onto the folders below; read there what each function promises. */
#include "base/log.h"
#include "blob/tensor_names.h"
#include "handle.h"
#include "prep/decode.h"
#include "tag/score.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { BATCH_SOFTWARE = 4, BATCH = 8 };

const char *ocelli_version(void) {
    return OCELLI_VERSION;
}

const char *ocelli_status_text(int status) {
    switch (status) {
    case OCELLI_OK: return "ok";
    case OCELLI_ERR_USAGE: return "wrong argument";
    case OCELLI_ERR_FILE: return "missing or broken file";
    case OCELLI_ERR_DEVICE: return "no usable device";
    case OCELLI_ERR_MEMORY: return "out of memory";
    case OCELLI_ERR_LIMIT: return "over a limit of this runtime";
    case OCELLI_ERR_LOST: return "device lost";
    case OCELLI_ERR_WRONG: return "wrong numbers";
    default: return "unknown status";
    }
}

static int null_argument(const char *function) {
    return log_fail(OCELLI_ERR_USAGE, "%s: a pointer is NULL that must not be", function);
}

int ocelli_device_name(uint32_t index, char *name, size_t size) {
    return size && !name ? null_argument("ocelli_device_name") : op_device_find(index, name, size);
}

static int open_model(struct ocelli *o, const struct ocelli_params *p) {
    int status = handle_read(o, p->model, !p->no_verify);
    if (!status) status = blob_string(o->blob, "general.name", &o->name);
    if (status || o->config.no_text) return status;
    return handle_tokenizer(o->blob, o->config.text.tokens, o->config.vocabulary, &o->encoder);
}

static int open_device(struct ocelli *o) {
    int status = op_device_open(
        &o->device, &(struct op_device_params){.device = o->device_choice, .kind = o->kind, .threads = o->threads});
    if (status) return status;
    o->kind_forced = o->kind != OCELLI_KIND_AUTO;
    if (!o->max_batch) o->max_batch = op_device_type(o->device) == OP_DEVICE_SOFTWARE ? BATCH_SOFTWARE : BATCH;
    return OCELLI_OK;
}

static int choose_device(struct ocelli *o, const struct ocelli_params *p) {
    const char *choice = p->device ? p->device : getenv("OCELLI_DEVICE");
    o->kind = p->kind, o->max_batch = p->max_batch, o->threads = p->threads;
    if (choice && *choice && !(o->device_choice = strdup(choice))) return log_fail(OCELLI_ERR_MEMORY, "out of memory");
    return open_device(o);
}

int ocelli_open(struct ocelli **out, const struct ocelli_params *params) {
    if (!out) return null_argument("ocelli_open");
    *out = NULL;
    if (!params || !params->model) return log_fail(OCELLI_ERR_USAGE, "ocelli_open: no model path");
    if (params->max_batch > CLIP_MAX_BATCH)
        return log_fail(OCELLI_ERR_USAGE, "ocelli_open: max_batch %u, at most %d", params->max_batch, CLIP_MAX_BATCH);
    if ((unsigned)params->kind > OCELLI_KIND_MMA)
        return log_fail(OCELLI_ERR_USAGE, "ocelli_open: kind %d is unknown", (int)params->kind);
    struct ocelli *o = calloc(1, sizeof *o);
    if (!o) return log_fail(OCELLI_ERR_MEMORY, "out of memory");
    int status = open_model(o, params);
    if (!status) status = choose_device(o, params);
    if (status) {
        ocelli_close(&o);
        return status;
    }
    *out = o;
    return OCELLI_OK;
}

void ocelli_close(struct ocelli **handle) {
    if (!handle || !*handle) return;
    struct ocelli *o = *handle;
    handle_unload(o);
    op_device_close(&o->device);
    encoder_destroy(&o->encoder);
    handle_own_finish(o);
    blob_close(&o->blob);
    arena_finish(&o->found);
    free(o->device_choice);
    free(o);
    *handle = NULL;
}

int ocelli_reopen(struct ocelli *handle) {
    if (!handle) return null_argument("ocelli_reopen");
    handle_unload(handle);
    op_device_close(&handle->device);
    int status = open_device(handle);
    if (!status && blob_replaced(handle->blob))
        log_warn("%s: another file has its name now: going on with the model that was opened; start again to use the "
                 "new one",
                 blob_name(handle->blob));
    return status;
}

void ocelli_get_info(const struct ocelli *handle, struct ocelli_info *info) {
    *info = (struct ocelli_info){
        .model_name = handle->name,
        .model_key = blob_key(handle->blob),
        .english_only = encoder_is_clip(handle->encoder),
        .device_name = handle->device ? op_device_name(handle->device) : "none",
        .driver_name = handle->device ? op_device_driver(handle->device) : "none",
        .kind = handle->device ? op_device_way(handle->device)->kind : handle->kind,
        .embedding_size = handle->config.embedding,
        .image_size = handle->config.image_size,
        .context_length = handle->config.text.tokens,
        .logit_scale = handle->config.logit_scale,
        .gpu_bytes = handle->device ? op_device_bytes(handle->device) : 0,
        .dma_bufs = clip_resize_imports(&handle->image.resize),
        .own_tags = handle->own.tags,
        .own_texts = handle->own.texts,
        .own_text_count = handle->own.count,
        .logit_bias = handle->config.logit_bias,
        .score_sigmoid = handle->config.sigmoid,
    };
}

int ocelli_embed_images(struct ocelli *handle, const struct ocelli_image *images, size_t count, float *out) {
    if (!handle || (count && (!images || !out))) return null_argument("ocelli_embed_images");
    for (size_t i = 0; i < count; i++) {
        const struct ocelli_image *p = &images[i];
        if (!p->rgb || !p->width || !p->height) return log_fail(OCELLI_ERR_USAGE, "picture %zu is empty", i);
        if (p->width > PREP_MAX_SIDE || p->height > PREP_MAX_SIDE)
            return log_fail(OCELLI_ERR_LIMIT, "picture %zu is %ux%u, at most %d a side", i, p->width, p->height,
                            PREP_MAX_SIDE);
    }
    int status = handle_load_image(handle);
    for (size_t done = 0; !status && done < count;) { /* the tower counts in 32 bits */
        uint32_t n = count - done < handle->max_batch ? (uint32_t)(count - done) : handle->max_batch;
        status = clip_image_embed(&handle->image, images + done, n, out + done * handle->config.embedding);
        done += n;
    }
    return status;
}

static int check_frame(const struct frame *frame) {
    if ((unsigned)frame->format >= FRAME_FORMATS)
        return log_fail(OCELLI_ERR_USAGE, "frame: format %d is unknown", (int)frame->format);
    if (!frame->width || !frame->height) return log_fail(OCELLI_ERR_USAGE, "frame is empty");
    if (frame->width > PREP_MAX_SIDE || frame->height > PREP_MAX_SIDE)
        return log_fail(OCELLI_ERR_LIMIT, "frame is %ux%u, at most %d a side", frame->width, frame->height,
                        PREP_MAX_SIDE);
    if (frame->rotation % 90 || frame->rotation > 270)
        return log_fail(OCELLI_ERR_USAGE, "frame: rotation %u: 0, 90, 180 or 270", frame->rotation);
    struct frame packed = *frame;
    frame_lay(&packed, NULL);
    for (int i = 0; i < 3; i++) {
        if (!frame_plane_bytes(&packed, i)) continue;
        if (!frame->planes[i].data)
            return log_fail(OCELLI_ERR_USAGE, "frame: %s has a plane %d", frame_format_name(frame->format), i);
        if (frame->planes[i].stride < packed.planes[i].stride || frame->planes[i].stride > 16 * PREP_MAX_SIDE)
            return log_fail(OCELLI_ERR_USAGE, "frame: %u bytes from row to row of plane %d, whose rows have %u",
                            frame->planes[i].stride, i, packed.planes[i].stride);
    }
    return OCELLI_OK;
}

int ocelli_embed_frame(struct ocelli *handle, const struct ocelli_frame *from, float *out) {
    if (!handle || !from || !out) return null_argument("ocelli_embed_frame");
    struct frame f = {.format = (enum frame_format)from->format,
                      .width = from->width,
                      .height = from->height,
                      .matrix = from->bt709 ? FRAME_BT709 : FRAME_BT601,
                      .full_range = from->full_range,
                      .rotation = from->rotation};
    for (int i = 0; i < 3; i++)
        f.planes[i] = (struct frame_plane){.data = from->planes[i], .stride = from->strides[i], .fd = -1};
    for (int i = 0; from->dma_bufs && i < 3; i++)
        f.planes[i].fd = from->dma_bufs[i].fd, f.planes[i].offset = from->dma_bufs[i].offset;
    int status = check_frame(&f);
    if (!status) status = handle_load_image(handle);
    return status ? status : clip_image_embed_frame(&handle->image, &f, out);
}

/* A text's row is that of its first end mark (argmax in CLIP's code): one spelt out in the text
 * comes before the one that ends it. */
static uint32_t pooled_length(const struct ocelli *o, const int32_t *ids, size_t count) {
    for (size_t i = 0; i < count && !o->config.last_pool; i++)
        if ((uint32_t)ids[i] == o->config.end_id) return (uint32_t)i + 1;
    return (uint32_t)count;
}

/* One batch of texts through tokenizer and tower. */
static int embed_texts(struct ocelli *o, const char *const *texts, uint32_t count, int32_t *ids, float *out) {
    uint32_t lengths[CLIP_TEXT_BATCH], context = o->config.text.tokens;
    for (uint32_t i = 0; i < count; i++) {
        size_t n;
        int status = encoder_encode(o->encoder, texts[i], strlen(texts[i]), ids + (size_t)i * context, &n);
        if (status) return status;
        lengths[i] = pooled_length(o, ids + (size_t)i * context, n);
    }
    return clip_text_embed(&o->text, ids, lengths, count, context, out);
}

int ocelli_embed_texts(struct ocelli *handle, const char *const *texts, size_t count, float *out) {
    if (!handle || (count && (!texts || !out))) return null_argument("ocelli_embed_texts");
    for (size_t i = 0; i < count; i++)
        if (!texts[i]) return null_argument("ocelli_embed_texts");
    if (handle->config.no_text) return handle_own_embed(handle, texts, count, out);
    int status = handle_load_text(handle);
    if (status) return status;
    int32_t *ids = calloc((size_t)CLIP_TEXT_BATCH * handle->config.text.tokens, sizeof *ids);
    if (!ids) return log_fail(OCELLI_ERR_MEMORY, "out of memory");
    for (size_t done = 0; !status && done < count;) {
        uint32_t n = count - done < CLIP_TEXT_BATCH ? (uint32_t)(count - done) : CLIP_TEXT_BATCH;
        status = embed_texts(handle, texts + done, n, ids, out + done * handle->config.embedding);
        done += n;
    }
    free(ids);
    return status;
}

void ocelli_unload_text(struct ocelli *handle) {
    if (handle) handle_unload_text(handle);
}

int ocelli_tokenize(const struct ocelli *handle, const char *text, int32_t *ids, size_t capacity, size_t *count) {
    if (!handle || !text || !count || (capacity && !ids)) return null_argument("ocelli_tokenize");
    int status = handle_need_text(handle->blob, &handle->config);
    if (status) return status;
    int32_t *all = calloc(handle->config.text.tokens, sizeof *all);
    if (!all) return log_fail(OCELLI_ERR_MEMORY, "out of memory");
    status = encoder_encode(handle->encoder, text, strlen(text), all, count);
    if (!status && *count > capacity)
        status = log_fail(OCELLI_ERR_USAGE, "the text has %zu ids, there is room for %zu", *count, capacity);
    if (!status) memcpy(ids, all, *count * sizeof *ids);
    free(all);
    return status;
}

int ocelli_image_load(struct ocelli_image *image, const char *path) {
    if (!image) return null_argument("ocelli_image_load");
    *image = (struct ocelli_image){0};
    return path ? decode_file(image, path, NULL) : null_argument("ocelli_image_load");
}

int ocelli_image_decode(struct ocelli_image *image, const void *bytes, size_t size) {
    if (!image) return null_argument("ocelli_image_decode");
    *image = (struct ocelli_image){0};
    if (size && !bytes) return null_argument("ocelli_image_decode");
    return decode_memory(image, bytes, size, "a picture in memory", NULL);
}

void ocelli_image_free(struct ocelli_image *image) {
    if (image) decode_free(image);
}

/* Compares `count` rows with what the blob expects; keeps the lowest cosine. */
static int compare(const struct ocelli *o, const char *key, const float *got, uint64_t count, float *worst) {
    const float *expected;
    uint32_t d = o->config.embedding;
    int status = blob_vector(o->blob, key, count * d, &expected);
    for (uint64_t i = 0; !status && i < count; i++) {
        float c = score_cosine(got + i * d, expected + i * d, d);
        if (!(c >= *worst)) *worst = c; /* also NaN */
    }
    return status;
}

static int selftest_images(struct ocelli *handle, float *worst) {
    const struct gguf_tensor *t = gguf_tensor(blob_gguf(handle->blob), TENSOR_SELFTEST_PICTURES);
    uint32_t size = handle->config.image_size;
    if (!t)
        return log_fail(OCELLI_ERR_FILE, "%s: no self-test pictures: convert the checkpoint again",
                        blob_name(handle->blob));
    uint64_t count = t->ne[3], bytes = 3ull * size * size;
    const uint8_t *rgb;
    int status = blob_bytes(handle->blob, TENSOR_SELFTEST_PICTURES, count * bytes, &rgb);
    float *got = calloc(count, handle->config.embedding * sizeof *got);
    if (!status && !got) status = log_fail(OCELLI_ERR_MEMORY, "out of memory");
    for (uint64_t i = 0; !status && i < count; i++) {
        struct ocelli_image picture = {.rgb = rgb + i * bytes, .width = size, .height = size};
        status = ocelli_embed_images(handle, &picture, 1, got + i * handle->config.embedding);
    }
    if (!status) status = compare(handle, TENSOR_SELFTEST_IMAGE, got, count, worst);
    free(got);
    return status;
}

static int selftest_texts(struct ocelli *handle, float *worst) {
    const struct gguf_string *texts;
    uint64_t count;
    int status = blob_strings(handle->blob, "ocelli.selftest.texts", &texts, &count);
    if (status) return status;
    float *got = calloc(count, handle->config.embedding * sizeof *got);
    if (count && !got) return log_fail(OCELLI_ERR_MEMORY, "out of memory");
    for (uint64_t i = 0; !status && i < count; i++) {
        char *text = strndup(texts[i].text, texts[i].length);
        if (!text) status = log_fail(OCELLI_ERR_MEMORY, "out of memory");
        if (!status)
            status = ocelli_embed_texts(handle, (const char *const *)&text, 1, got + i * handle->config.embedding);
        free(text);
    }
    if (!status) status = compare(handle, TENSOR_SELFTEST_TEXT, got, count, worst);
    free(got);
    return status;
}

static int selftest_once(struct ocelli *o, float required, float *worst) {
    *worst = 1.0f;
    int status = selftest_images(o, worst);
    if (!status && !o->config.no_text) status = selftest_texts(o, worst);
    blob_release(o->blob, TENSOR_SELFTEST);
    if (status == OCELLI_ERR_WRONG) *worst = NAN;
    return !status && !(*worst >= required) ? OCELLI_ERR_WRONG : status;
}

/* The next kind of product, unless one was asked for. The towers are loaded for it when they are next used. */
static bool fall_back(struct ocelli *o, float worst) {
    struct op_way before = *op_device_way(o->device);
    if (o->kind_forced || !op_device_use_plainer(o->device)) return false;
    log_warn("%s: self-test cosine %.5f with %s: going on with %s", op_device_name(o->device), worst, before.name,
             op_device_way(o->device)->name);
    handle_unload(o);
    return true;
}

int ocelli_selftest(struct ocelli *handle, float *worst) {
    float lowest, required;
    if (!handle) return null_argument("ocelli_selftest");
    int status = blob_f32(handle->blob, "ocelli.selftest.min_cosine", &required);
    if (status) return status;
    bool fell = false, outer = handle->proving;
    handle->proving =
        true; /* the towers that it loads must not run it once more, on a choice that this run is to prove */
    while ((status = selftest_once(handle, required, &lowest)) == OCELLI_ERR_WRONG && fall_back(handle, lowest))
        fell = true;
    handle->proving = outer;
    if (!status && (fell || op_device_is_unproved(handle->device))) op_device_remember(handle->device);
    if (worst) *worst = lowest;
    if (status == OCELLI_ERR_WRONG && lowest < required)
        return log_fail(OCELLI_ERR_WRONG,
                        "%s: self-test cosine %.5f, the blob asks for %.5f: try --kind f16w or another device",
                        op_device_name(handle->device), lowest, required);
    return status;
}
