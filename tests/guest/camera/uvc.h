/* SPDX-License-Identifier: Apache-2.0
 * What a USB camera says of itself: descriptors and control requests of USB Video Class 1.0, for one with a bulk
 * endpoint that offers YUYV and MJPEG in one size. */
#ifndef UVC_H
#define UVC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <linux/usb/ch9.h>

enum {
    UVC_WIDTH = 640,
    UVC_HEIGHT = 480,
    UVC_RATE = 10, /* frames a second */
    UVC_VENDOR = 0x1209,
    UVC_PRODUCT = 0x0001,
    UVC_HEADER = 2,                                        /* bytes before a frame */
    UVC_PAYLOAD = UVC_WIDTH * UVC_HEIGHT * 2 + UVC_HEADER, /* a frame is one payload of at most so many bytes */
    UVC_PACKET = 512,
    UVC_YUYV = 1,
    UVC_MJPEG = 2,
    UVC_CONTROL_MOST = 512, /* bytes that an answer may have */
};

/* Zeroed: plugged in, no stream asked for. */
struct uvc {
    bool streaming;
    uint8_t probed, format; /* UVC_YUYV or UVC_MJPEG, 0: not told yet */
};

/* A request on endpoint 0; `data`: what came with it, or room for UVC_CONTROL_MOST bytes of the answer.
 * Gives the bytes of the answer, -1: stall. */
int uvc_control(struct uvc *u, const struct usb_ctrlrequest *setup, uint8_t *data);

#endif
