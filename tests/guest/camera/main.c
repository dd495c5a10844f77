/* SPDX-License-Identifier: Apache-2.0
 * usb_camera FOLDER USB CONTROL: a USB camera that QEMU's usb-redir device plugs into a guest, and that is told what to
 * do. USB, CONTROL: sockets on which QEMU listens (chardevs server=on). From CONTROL come lines, each answered "ok" or
 * "no": show NAME    shows FOLDER/NAME.png plug, unplug stall, go    sends no frames though asked for; sends them again
 */
#include "picture.h"
#include "uvc.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>
#include <usbredirparser.h>

enum { WAITING = 64 };
static const int64_t PERIOD = 1000000000 / UVC_RATE;

struct request {
    uint64_t id;
    uint32_t length;
};

struct camera {
    const char *folder, *socket;
    struct usbredirparser *parser; /* NULL: unplugged */
    int fd;
    bool gone; /* QEMU hung up */
    struct uvc uvc;
    struct request waiting[WAITING]; /* for frames, the oldest first */
    size_t count;
    uint8_t *yuyv, *jpeg, payload[UVC_PAYLOAD + 1];
    size_t jpeg_size, size, sent; /* sent == size: between frames */
    int64_t due;                  /* the next frame */
    uint8_t odd;                  /* flips with each frame */
    bool stalled;
};

static int64_t now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static int dial(const char *path) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    if (fd >= 0 && !connect(fd, (struct sockaddr *)&address, sizeof address)) return fd;
    if (fd >= 0) close(fd);
    return -1;
}

/* ---- frames ---- */

static void reply(struct camera *c, uint64_t id, uint8_t status, const uint8_t *data, uint32_t size) {
    struct usb_redir_bulk_packet_header h = {
        .endpoint = 0x81, .status = status, .length = (uint16_t)size, .length_high = (uint16_t)(size >> 16)};
    usbredirparser_send_bulk_packet(c->parser, id, &h, (uint8_t *)data, (int)size);
}

static void forget(struct camera *c, size_t i) {
    memmove(c->waiting + i, c->waiting + i + 1, (--c->count - i) * sizeof *c->waiting);
}

static void next_frame(struct camera *c) {
    const uint8_t *data = c->uvc.format == UVC_MJPEG ? c->jpeg : c->yuyv;
    size_t size = c->uvc.format == UVC_MJPEG ? c->jpeg_size : UVC_PAYLOAD - UVC_HEADER;
    c->payload[0] = UVC_HEADER;
    c->payload[1] = 0x82 | c->odd; /* the end of a frame */
    memcpy(c->payload + UVC_HEADER, data, size);
    c->size = UVC_HEADER + size;
    if (c->size % UVC_PACKET == 0) c->payload[c->size++] = 0; /* its last packet is a short one */
    c->sent = 0;
    c->odd ^= 1;
    c->due = now() + PERIOD;
}

static void send_frames(struct camera *c) {
    while (c->count && c->uvc.streaming && !c->stalled) {
        if (c->sent == c->size && now() < c->due) return;
        if (c->sent == c->size) next_frame(c);
        size_t rest = c->size - c->sent, part = rest < c->waiting[0].length ? rest : c->waiting[0].length;
        reply(c, c->waiting[0].id, usb_redir_success, c->payload + c->sent, (uint32_t)part);
        c->sent += part;
        forget(c, 0);
    }
}

/* ---- what QEMU asks ---- */

static void on_log(void *user, int level, const char *text) {
    (void)user;
    if (level <= usbredirparser_warning) fprintf(stderr, "usb_camera: %s\n", text);
}

static int on_read(void *user, uint8_t *data, int size) {
    struct camera *c = user;
    ssize_t n = recv(c->fd, data, (size_t)size, MSG_DONTWAIT);
    if (n > 0) return (int)n;
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) return 0;
    c->gone = true;
    return -1;
}

static int on_write(void *user, uint8_t *data, int size) {
    struct camera *c = user;
    ssize_t n = send(c->fd, data, (size_t)size, MSG_NOSIGNAL);
    if (n < 0) c->gone = true;
    return (int)n;
}

static void on_hello(void *user, struct usb_redir_hello_header *hello) {
    struct camera *c = user;
    (void)hello;
    struct usb_redir_interface_info_header interfaces = {
        .interface_count = 2, .interface = {0, 1}, .interface_class = {14, 14}, .interface_subclass = {1, 2}};
    struct usb_redir_ep_info_header endpoints = {0};
    struct usb_redir_device_connect_header connect = {usb_redir_speed_high, 0xef,        2,     1,
                                                      UVC_VENDOR,           UVC_PRODUCT, 0x0100};
    memset(endpoints.type, usb_redir_type_invalid, sizeof endpoints.type);
    endpoints.type[0] = endpoints.type[16] = usb_redir_type_control;
    endpoints.max_packet_size[0] = endpoints.max_packet_size[16] = 64;
    endpoints.type[17] = usb_redir_type_bulk; /* 0x81 */
    endpoints.interface[17] = 1;
    endpoints.max_packet_size[17] = UVC_PACKET;
    usbredirparser_send_interface_info(c->parser, &interfaces);
    usbredirparser_send_ep_info(c->parser, &endpoints);
    usbredirparser_send_device_connect(c->parser, &connect);
}

static void on_reset(void *user) {
    struct camera *c = user;
    c->uvc = (struct uvc){0};
}

static void on_set_configuration(void *user, uint64_t id, struct usb_redir_set_configuration_header *h) {
    struct usb_redir_configuration_status_header status = {usb_redir_success, h->configuration};
    usbredirparser_send_configuration_status(((struct camera *)user)->parser, id, &status);
}

static void on_get_configuration(void *user, uint64_t id) {
    struct usb_redir_configuration_status_header status = {usb_redir_success, 1};
    usbredirparser_send_configuration_status(((struct camera *)user)->parser, id, &status);
}

static void on_set_alternative(void *user, uint64_t id, struct usb_redir_set_alt_setting_header *h) {
    struct usb_redir_alt_setting_status_header status = {h->alt ? usb_redir_stall : usb_redir_success, h->interface, 0};
    usbredirparser_send_alt_setting_status(((struct camera *)user)->parser, id, &status);
}

static void on_get_alternative(void *user, uint64_t id, struct usb_redir_get_alt_setting_header *h) {
    struct usb_redir_alt_setting_status_header status = {usb_redir_success, h->interface, 0};
    usbredirparser_send_alt_setting_status(((struct camera *)user)->parser, id, &status);
}

static void on_control(void *user, uint64_t id, struct usb_redir_control_packet_header *h, uint8_t *data, int size) {
    struct camera *c = user;
    struct usb_ctrlrequest setup = {h->requesttype, h->request, h->value, h->index, h->length};
    uint8_t room[UVC_CONTROL_MOST] = {0};
    if (setup.wLength > sizeof room) setup.wLength = sizeof room;
    if (data) memcpy(room, data, (size_t)size < sizeof room ? (size_t)size : sizeof room);
    usbredirparser_free_packet_data(c->parser, data);
    int n = uvc_control(&c->uvc, &setup, room);
    if (!c->uvc.streaming) c->sent = c->size = 0;
    h->status = n < 0 ? usb_redir_stall : usb_redir_success;
    bool in = h->requesttype & USB_DIR_IN;
    if (n < 0 || in) h->length = n < 0 ? 0 : (uint16_t)n;
    usbredirparser_send_control_packet(c->parser, id, h, in && n > 0 ? room : NULL, in && n > 0 ? n : 0);
}

static void on_bulk(void *user, uint64_t id, struct usb_redir_bulk_packet_header *h, uint8_t *data, int size) {
    struct camera *c = user;
    (void)size;
    usbredirparser_free_packet_data(c->parser, data);
    if (h->endpoint != 0x81 || c->count == WAITING)
        reply(c, id, usb_redir_stall, NULL, 0);
    else
        c->waiting[c->count++] = (struct request){id, h->length | (uint32_t)h->length_high << 16};
}

static void on_cancel(void *user, uint64_t id) {
    struct camera *c = user;
    for (size_t i = 0; i < c->count; i++) {
        if (c->waiting[i].id != id) continue;
        forget(c, i);
        reply(c, id, usb_redir_cancelled, NULL, 0);
        return;
    }
}

/* ---- plug and unplug ---- */

static bool plug(struct camera *c) {
    uint32_t caps[USB_REDIR_CAPS_SIZE] = {0};
    if (c->parser || (c->fd = dial(c->socket)) < 0) return false;
    struct usbredirparser *p = c->parser = usbredirparser_create();
    if (!p) abort();
    p->priv = c;
    p->log_func = on_log, p->read_func = on_read, p->write_func = on_write;
    p->hello_func = on_hello, p->reset_func = on_reset;
    p->set_configuration_func = on_set_configuration, p->get_configuration_func = on_get_configuration;
    p->set_alt_setting_func = on_set_alternative, p->get_alt_setting_func = on_get_alternative;
    p->control_packet_func = on_control, p->bulk_packet_func = on_bulk, p->cancel_data_packet_func = on_cancel;
    usbredirparser_caps_set_cap(caps, usb_redir_cap_connect_device_version);
    usbredirparser_caps_set_cap(caps, usb_redir_cap_ep_info_max_packet_size);
    usbredirparser_caps_set_cap(caps, usb_redir_cap_64bits_ids);
    usbredirparser_caps_set_cap(caps, usb_redir_cap_32bits_bulk_length);
    usbredirparser_init(p, "usb_camera", caps, USB_REDIR_CAPS_SIZE, usbredirparser_fl_usb_host);
    c->uvc = (struct uvc){0};
    c->count = c->size = c->sent = 0;
    c->gone = false;
    return true;
}

static bool unplug(struct camera *c) {
    if (!c->parser) return false;
    close(c->fd);
    usbredirparser_destroy(c->parser);
    c->parser = NULL;
    return true;
}

static bool show(struct camera *c, const char *name) {
    char path[4096];
    uint8_t *yuyv, *jpeg;
    snprintf(path, sizeof path, "%s/%s.png", c->folder, name);
    if (!picture_load(path, &yuyv, &jpeg, &c->jpeg_size)) return false;
    free(c->yuyv), free(c->jpeg);
    c->yuyv = yuyv, c->jpeg = jpeg;
    return true;
}

static bool obey(struct camera *c, const char *line) {
    if (!strncmp(line, "show ", 5)) return show(c, line + 5);
    if (!strcmp(line, "plug")) return plug(c);
    if (!strcmp(line, "unplug")) return unplug(c);
    c->stalled = !strcmp(line, "stall");
    return c->stalled || !strcmp(line, "go");
}

/* One turn: waits for either socket or the next frame. false: QEMU has ended. */
static bool turn(struct camera *c, FILE *control) {
    char line[256];
    bool want = c->parser && usbredirparser_has_data_to_write(c->parser);
    struct pollfd fds[2] = {{fileno(control), POLLIN, 0},
                            {c->parser ? c->fd : -1, (short)(want ? POLLIN | POLLOUT : POLLIN), 0}};
    if (poll(fds, 2, 1000 / UVC_RATE / 10) < 0) return errno == EINTR;
    if (fds[0].revents) {
        if (!fgets(line, sizeof line, control)) return false;
        line[strcspn(line, "\r\n")] = 0;
        bool done = obey(c, line);
        if (dprintf(fileno(control), "%s\n", done ? "ok" : "no") < 0) return false;
    }
    if (!c->parser) return true;
    if (fds[1].revents & (POLLIN | POLLHUP)) usbredirparser_do_read(c->parser);
    send_frames(c);
    if (usbredirparser_has_data_to_write(c->parser)) usbredirparser_do_write(c->parser);
    if (c->gone) unplug(c);
    return true;
}

int main(int argc, char **argv) {
    static struct camera c;
    if (argc != 4) return fprintf(stderr, "usage: usb_camera FOLDER USB CONTROL\n"), 2;
    int control = dial(argv[3]);
    FILE *file = control < 0 ? NULL : fdopen(control, "r");
    c.folder = argv[1];
    c.socket = argv[2];
    if (!file) return fprintf(stderr, "usb_camera: %s: %s\n", argv[3], strerror(errno)), 1;
    if (!show(&c, "cat")) return 1;
    while (turn(&c, file)) {
    }
    unplug(&c);
    return 0;
}
