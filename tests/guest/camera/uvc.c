/* SPDX-License-Identifier: Apache-2.0 */
#include "uvc.h"

#include <string.h>
#include <linux/usb/video.h>

#define LE16(v) (v) & 0xff, (v) >> 8 & 0xff
#define LE32(v) LE16(v), LE16((v) >> 16)
#define FRAME_BYTES (UVC_WIDTH * UVC_HEIGHT * 2)
#define INTERVAL (10000000 / UVC_RATE) /* 100 ns */

static const uint8_t device[] = {
    18, USB_DT_DEVICE,    LE16(0x0200),      0xef,         2, 1, /* what has an interface association */
    64, LE16(UVC_VENDOR), LE16(UVC_PRODUCT), LE16(0x0100), 0, 1, 0, 1,
};

/* Lengths and order: USB Video Class 1.0, 3.7 to 3.9; Uncompressed and MJPEG payload documents, 3.1. */
#define FRAME_DESCRIPTOR(subtype)                                                                                      \
    30, USB_DT_CS_INTERFACE, subtype, 1, 0, LE16(UVC_WIDTH), LE16(UVC_HEIGHT), LE32(FRAME_BYTES * 8 * UVC_RATE),       \
        LE32(FRAME_BYTES * 8 * UVC_RATE), LE32(FRAME_BYTES), LE32(INTERVAL), 1, LE32(INTERVAL)
#define COLOURS 6, USB_DT_CS_INTERFACE, UVC_VS_COLORFORMAT, 1, 1, 4 /* BT.709 primaries and gamma, BT.601 matrix */
enum { CONTROL_LENGTH = 13 + 17 + 9, STREAM_LENGTH = 15 + 27 + 30 + 6 + 11 + 30 + 6 };
enum { CONFIG_LENGTH = 9 + 8 + 9 + CONTROL_LENGTH + 9 + STREAM_LENGTH + 7 };

/* clang-format off */
static const uint8_t config[] = {
    9, USB_DT_CONFIG, LE16(CONFIG_LENGTH), 2, 1, 0, 0x80, 250,
    8, USB_DT_INTERFACE_ASSOCIATION, 0, 2, USB_CLASS_VIDEO, UVC_SC_VIDEO_INTERFACE_COLLECTION, 0, 0,
    9, USB_DT_INTERFACE, 0, 0, 0, USB_CLASS_VIDEO, UVC_SC_VIDEOCONTROL, 0, 0,
    13, USB_DT_CS_INTERFACE, UVC_VC_HEADER, LE16(0x0100), LE16(CONTROL_LENGTH), LE32(48000000), 1, 1,
    17, USB_DT_CS_INTERFACE, UVC_VC_INPUT_TERMINAL, 1, LE16(UVC_ITT_CAMERA), 0, 0, LE16(0), LE16(0), LE16(0), 2, LE16(0),
    9, USB_DT_CS_INTERFACE, UVC_VC_OUTPUT_TERMINAL, 2, LE16(UVC_TT_STREAMING), 0, 1, 0,
    9, USB_DT_INTERFACE, 1, 0, 1, USB_CLASS_VIDEO, UVC_SC_VIDEOSTREAMING, 0, 0,
    15, USB_DT_CS_INTERFACE, UVC_VS_INPUT_HEADER, 2, LE16(STREAM_LENGTH), 0x81, 0, 2, 0, 0, 0, 1, 0, 0,
    27, USB_DT_CS_INTERFACE, UVC_VS_FORMAT_UNCOMPRESSED, UVC_YUYV, 1,
        'Y', 'U', 'Y', '2', 0, 0, 0x10, 0, 0x80, 0, 0, 0xaa, 0, 0x38, 0x9b, 0x71, 16, 1, 0, 0, 0, 0,
    FRAME_DESCRIPTOR(UVC_VS_FRAME_UNCOMPRESSED),
    COLOURS,
    11, USB_DT_CS_INTERFACE, UVC_VS_FORMAT_MJPEG, UVC_MJPEG, 1, 1, 1, 0, 0, 0, 0,
    FRAME_DESCRIPTOR(UVC_VS_FRAME_MJPEG),
    COLOURS,
    7, USB_DT_ENDPOINT, 0x81, USB_ENDPOINT_XFER_BULK, LE16(UVC_PACKET), 0,
};
/* clang-format on */
_Static_assert(sizeof config == CONFIG_LENGTH, "descriptors add up");

static int give(uint8_t *data, const void *from, size_t size, size_t most) {
    if (size > most) size = most;
    memcpy(data, from, size);
    return (int)size;
}

/* 0: the languages there are; else the name. */
static int give_string(unsigned index, uint8_t *data, size_t most) {
    static const char name[] = "ocelli test camera";
    uint8_t s[2 + 2 * (sizeof name - 1)] = {4, USB_DT_STRING, LE16(0x0409)};
    if (index > 1) return -1;
    if (index) {
        s[0] = sizeof s;
        for (size_t i = 0; i + 1 < sizeof name; i++) s[2 + 2 * i] = (uint8_t)name[i], s[3 + 2 * i] = 0;
    }
    return give(data, s, s[0], most);
}

static int standard(struct uvc *u, const struct usb_ctrlrequest *setup, uint8_t *data) {
    if (setup->bRequest == USB_REQ_GET_STATUS) return give(data, (uint8_t[]){0, 0}, 2, setup->wLength);
    if (setup->bRequest == USB_REQ_CLEAR_FEATURE) { /* of the endpoint: how a bulk stream is ended */
        u->streaming = false;
        return 0;
    }
    if (setup->bRequest != USB_REQ_GET_DESCRIPTOR) return -1;
    switch (setup->wValue >> 8) {
    case USB_DT_DEVICE: return give(data, device, sizeof device, setup->wLength);
    case USB_DT_CONFIG: return give(data, config, sizeof config, setup->wLength);
    case USB_DT_STRING: return give_string(setup->wValue & 0xff, data, setup->wLength);
    default: return -1;
    }
}

/* What a stream is to be: probed and, when both agree, committed. All but the format is always the same. */
static int stream(struct uvc *u, const struct usb_ctrlrequest *setup, uint8_t *data) {
    struct uvc_streaming_control s = {.bFormatIndex = u->probed ? u->probed : UVC_YUYV,
                                      .bFrameIndex = 1,
                                      .dwFrameInterval = INTERVAL,
                                      .dwMaxVideoFrameSize = FRAME_BYTES,
                                      .dwMaxPayloadTransferSize = UVC_PAYLOAD};
    bool commit = setup->wValue >> 8 == UVC_VS_COMMIT_CONTROL;
    if (!commit && setup->wValue >> 8 != UVC_VS_PROBE_CONTROL) return -1;
    switch (setup->bRequest) {
    case UVC_SET_CUR:
        if (setup->wLength < 4) return -1;
        u->probed = data[2] == UVC_MJPEG ? UVC_MJPEG : UVC_YUYV;
        if (commit) u->format = u->probed, u->streaming = true;
        return 0;
    case UVC_GET_LEN: return give(data, (uint8_t[]){LE16(26)}, 2, setup->wLength);
    case UVC_GET_INFO: return give(data, (uint8_t[]){3}, 1, setup->wLength);
    case UVC_GET_CUR:
    case UVC_GET_MIN:
    case UVC_GET_MAX:
    case UVC_GET_DEF: return give(data, &s, 26, setup->wLength); /* of 1.0: without what 1.1 added */
    default: return -1;
    }
}

int uvc_control(struct uvc *u, const struct usb_ctrlrequest *setup, uint8_t *data) {
    if ((setup->bRequestType & USB_TYPE_MASK) == USB_TYPE_STANDARD) return standard(u, setup, data);
    bool class = (setup->bRequestType & USB_TYPE_MASK) == USB_TYPE_CLASS;
    return class && setup->wIndex == 1 ? stream(u, setup, data) : -1;
}
