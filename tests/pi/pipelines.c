/* SPDX-License-Identifier: Apache-2.0
 * Makes the pipelines of ocelli on this device: the two towers of a CLIP, a SigLIP and another family's model with the
 * form of the product that the device likes best, and a camera's frames. With OCELLI_LONG=1: every form that ocelli
 * would time on it (none that it has to emulate), fused and apart, all golden models, all rotations. The device need
 * not compute, as no result is looked at. With V3D_DEBUG=shaderdb the driver reports each pipeline on standard error,
 * between our lines "asked" and "made"; run.sh reads them. */
#include "clip/image.h"
#include "clip/text.h"
#include "op/backend.h"
#include "op/peak.h"
#include "support/model.h"
#include "support/test.h"
#include "vk/pipeline.h"

#include <ocelli.h>
#include <string.h>

/* ---- what is seen of each pipeline ---- */

int __real_vk_pipeline_get(const struct vk_pipeline **pipeline, struct vk_device *device,
                           const struct vk_shader *shader);
int __wrap_vk_pipeline_get(const struct vk_pipeline **pipeline, struct vk_device *device,
                           const struct vk_shader *shader);

int __wrap_vk_pipeline_get(const struct vk_pipeline **pipeline, struct vk_device *device,
                           const struct vk_shader *shader) {
    uint32_t before = device->pipeline_count;
    fprintf(stderr, "asked\n");
    int status = __real_vk_pipeline_get(pipeline, device, shader);
    if (status || device->pipeline_count == before) return status;
    fprintf(stderr, "made %s ", shader->name);
    for (uint32_t i = 0; i < shader->constant_count; i++) fprintf(stderr, "%s%u", i ? "," : "", shader->constants[i]);
    fprintf(stderr, "\n");
    return status;
}

/* ---- what makes them ---- */

struct opened {
    char *folder;
    struct blob *blob;
    struct clip_config config;
};

static void open_model(struct opened *m, const char *name) {
    m->folder = checkpoint_folder();
    char *out = model_convert(m->folder, name);
    assert_int_equal(blob_open(&m->blob, out, true), OCELLI_OK);
    assert_int_equal(clip_config_read(&m->config, m->blob), OCELLI_OK);
    free(out);
}

static void close_model(struct opened *m) {
    blob_close(&m->blob);
    checkpoint_remove(m->folder);
}

static struct op_device *open_device(void) {
    struct op_device *device;
    assert_int_equal(op_device_open(&device, &(struct op_device_params){.device = getenv("OCELLI_DEVICE")}), OCELLI_OK);
    device->chosen = true; /* nothing executes here, so that no check and no timing could be right */
    return device;
}

static void record_towers(struct op_device *device, const struct opened *m) {
    struct clip_image image;
    struct clip_text text;
    uint32_t context = m->config.text.tokens;
    assert_int_equal(clip_image_init(&image, device, m->blob, &m->config, 3), OCELLI_OK);
    assert_int_equal(clip_image_prepare(&image, 640, 480, false), OCELLI_OK);
    clip_image_finish(&image);
    assert_int_equal(clip_text_init(&text, device, m->blob, &m->config), OCELLI_OK);
    const uint32_t batches[] = {1, CLIP_TEXT_BATCH}, lengths[] = {context, 2};
    for (int i = 0; i < (test_is_long() ? 4 : 1); i++)
        assert_int_equal(clip_text_record(&text, batches[i / 2], lengths[i % 2]), OCELLI_OK);
    clip_text_finish(&text);
}

static void record_frames(struct op_device *device, const struct opened *m) {
    enum { WIDTH = 64, HEIGHT = 48 };
    static uint8_t bytes[3 * WIDTH * HEIGHT];
    static float out[4096]; /* more than any model's embedding */
    struct clip_image image;
    assert_int_equal(clip_image_init(&image, device, m->blob, &m->config, 1), OCELLI_OK);
    for (int format = 0; format < FRAME_FORMATS; format++)
        for (uint32_t rotation = 0; rotation < (test_is_long() ? 360 : 90); rotation += 90) {
            struct frame frame = {.format = format, .width = WIDTH, .height = HEIGHT, .rotation = rotation};
            frame_lay(&frame, bytes);
            /* Recorded and submitted; what comes out is nothing that a device computed. */
            (void)clip_image_embed_frame(&image, &frame, out);
        }
    clip_image_finish(&image);
}

/* Models of a list: the first ones, or in the long run all. */
static void record_some(struct op_device *device, const char *const *names, int most, bool frames) {
    for (int i = 0; names[i] && (i < most || test_is_long()); i++) {
        struct opened m;
        open_model(&m, names[i]);
        record_towers(device, &m);
        if (i == 0 && frames) record_frames(device, &m);
        close_model(&m);
    }
}

/* One device for all: what was made for one model serves the next. The way that the device likes best comes first, and
 * alone if this is not the long run. */
static void test_all(void **unused) {
    (void)unused;
    struct op_way ways[OP_WAYS_MOST];
    struct op_device *device = open_device();
    uint32_t count = op_device_ways(device, ways);
    assert_true(count >= 2);
    for (uint32_t way = 0; way < (test_is_long() ? count : 1); way++) {
        if (ways[way].emulated) continue;
        op_device_use(device, &ways[way]);
        record_some(device, checkpoint_names, 1, way == 0);
        record_some(device, checkpoint_siglip_names, 1, false);
        record_some(device, checkpoint_family_names, 2, false); /* TinyCLIP, MobileCLIP */
        struct op_peak peak;
        assert_int_equal(op_peak_measure(device, &peak), OCELLI_OK);
    }
    op_device_close(&device);
    assert_int_equal(vk_validation_messages(), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_all)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
