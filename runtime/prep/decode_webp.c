/* SPDX-License-Identifier: Apache-2.0
 * WebP through libwebp; of an animation the first picture, on a black canvas. */
#include "prep/decoding.h"
#include "prep/exif.h"

#include <stdlib.h>
#include <string.h>

#include <webp/decode.h>
#include <webp/demux.h>

/* A lossless picture is unpacked whole before it is RGB, with as much again for its transforms. A lossy one needs rows,
 * and its alpha. */
static uint64_t work_of(const WebPBitstreamFeatures *f) {
    uint64_t pixels = (uint64_t)f->width * (uint64_t)f->height;
    return f->format == 1 ? (f->has_alpha ? 2 * pixels : pixels / 8) : 5 * pixels;
}

static int refuse(const struct decoding *d, VP8StatusCode status) {
    switch (status) {
    case VP8_STATUS_SUSPENDED:
    case VP8_STATUS_NOT_ENOUGH_DATA: return decoding_cut(d);
    case VP8_STATUS_OUT_OF_MEMORY: return decoding_no_memory(d);
    case VP8_STATUS_UNSUPPORTED_FEATURE: return decoding_unread(d, "a WebP of this kind");
    default: return decoding_broken(d, "its WebP stream");
    }
}

/* Into `rgb`, rows `stride` bytes apart. */
static int unpack(const struct decoding *d, const WebPIterator *frame, uint8_t *rgb, size_t stride) {
    WebPDecoderConfig config;
    if (!WebPInitDecoderConfig(&config)) return decoding_broken(d, "another libwebp than it was built with");
    config.output.colorspace = MODE_RGB;
    config.output.is_external_memory = 1;
    config.output.u.RGBA.rgba = rgb;
    config.output.u.RGBA.stride = (int)stride;
    config.output.u.RGBA.size = stride * (size_t)(frame->height - 1) + 3 * (size_t)frame->width;
    VP8StatusCode status = WebPDecode(frame->fragment.bytes, frame->fragment.size, &config);
    return status == VP8_STATUS_OK ? OCELLI_OK : refuse(d, status);
}

/* Rows that have to be turned are unpacked elsewhere first. */
static int take_turned(const struct decoding *d, const WebPIterator *frame) {
    size_t stride = (size_t)d->width * 3;
    uint8_t *rgb = calloc(d->height, stride);
    if (!rgb) return decoding_no_memory(d);
    int status = unpack(d, frame, rgb + (size_t)frame->y_offset * stride + 3 * (size_t)frame->x_offset, stride);
    for (uint32_t y = 0; !status && y < d->height; y++) decoding_put(d, y, rgb + y * stride);
    free(rgb);
    return status;
}

static int take_frame(struct decoding *d, uint32_t width, uint32_t height, const WebPIterator *frame) {
    WebPBitstreamFeatures features;
    VP8StatusCode good = WebPGetFeatures(frame->fragment.bytes, frame->fragment.size, &features);
    if (good != VP8_STATUS_OK) return refuse(d, good);
    if (!frame->complete) return decoding_cut(d);
    if (features.width != frame->width || features.height != frame->height || frame->x_offset < 0 ||
        frame->y_offset < 0 || (uint32_t)(frame->x_offset + frame->width) > width ||
        (uint32_t)(frame->y_offset + frame->height) > height)
        return decoding_broken(d, "a WebP picture beside its canvas");
    bool turned = d->orientation != 1 && !d->rule.ignore_orientation;
    int status = decoding_begin(d, width, height, work_of(&features) + (turned ? UINT64_C(3) * width * height : 0));
    if (status) return status;
    uint8_t *corner = decoding_place(d, (uint32_t)frame->y_offset);
    return corner ? unpack(d, frame, corner + 3 * (size_t)frame->x_offset, (size_t)width * 3) : take_turned(d, frame);
}

static unsigned orientation_of(const WebPDemuxer *demuxer) {
    WebPChunkIterator exif, xmp;
    bool has_exif = WebPDemuxGetChunk(demuxer, "EXIF", 1, &exif), has_xmp = WebPDemuxGetChunk(demuxer, "XMP ", 1, &xmp);
    unsigned orientation = exif_upright(has_exif ? exif.chunk.bytes : NULL, has_exif ? exif.chunk.size : 0,
                                        has_xmp ? xmp.chunk.bytes : NULL, has_xmp ? xmp.chunk.size : 0);
    if (has_exif) WebPDemuxReleaseChunkIterator(&exif);
    if (has_xmp) WebPDemuxReleaseChunkIterator(&xmp);
    return orientation;
}

static int take(struct decoding *d, WebPDemuxer *demuxer) {
    WebPIterator frame;
    d->orientation = orientation_of(demuxer);
    if (!WebPDemuxGetFrame(demuxer, 1, &frame)) return decoding_cut(d);
    int status = take_frame(d, WebPDemuxGetI(demuxer, WEBP_FF_CANVAS_WIDTH),
                            WebPDemuxGetI(demuxer, WEBP_FF_CANVAS_HEIGHT), &frame);
    WebPDemuxReleaseIterator(&frame);
    return status;
}

int webp_decode(struct decoding *decoding) {
    WebPData data = {.bytes = decoding->bytes, .size = decoding->size};
    WebPDemuxState state;
    WebPDemuxer *demuxer = WebPDemuxPartial(&data, &state);
    int status;
    if (state == WEBP_DEMUX_DONE && demuxer)
        status = take(decoding, demuxer);
    else if (state == WEBP_DEMUX_PARSE_ERROR)
        status = decoding_broken(decoding, "its WebP container");
    else
        status = decoding_cut(decoding);
    WebPDemuxDelete(demuxer);
    return status;
}
