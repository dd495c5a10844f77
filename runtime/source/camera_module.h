/* SPDX-License-Identifier: Apache-2.0
 * What the program (camera.c) and its camera module (libcamera.cpp) know of each other. The module is a library of its
 * own, camera.so, as libcamera's name and interface change with each release of a system: the program runs on all of
 * them, and only what wants a camera wants that release's module.
 *
 * camera.c looks for it in the file that OCELLI_CAMERA_MODULE names in the environment; without that variable in the
 * library folder of the installation (LIBDIR/ocelli/camera.so), reached from the program's own place by the way from
 * BINDIR to LIBDIR, so that `cmake --install --prefix`, DESTDIR and a moved folder work and no prefix is compiled in;
 * then beside the program, where a build leaves it. It stays loaded to the end: libcamera leaves threads behind.
 *
 * Both share the structs of source/kind.h, so they have to be of one version and one build. */
#ifndef SOURCE_CAMERA_MODULE_H
#define SOURCE_CAMERA_MODULE_H

#include "source/kind.h"
#include "source/source.h"

/* The one symbol of camera.so: a const struct camera_module. */
#define CAMERA_MODULE_SYMBOL "ocelli_camera_module"
/* Sizes of what both share: tells builds of one version apart. */
#define CAMERA_MODULE_LAYOUT ((uint32_t)(sizeof(struct source) << 16 | sizeof(struct slot)))

/* What the module has of the program. It lives as long as the program. */
struct camera_host {
    void (*log)(enum ocelli_log_level level, const char *message);
    void (*mailbox_post)(struct mailbox *mailbox, struct slot *slot);
    void (*mailbox_clear)(struct mailbox *mailbox);
    void (*mailbox_set_away)(struct mailbox *mailbox, bool away);
    bool (*mailbox_sleep)(struct mailbox *mailbox, int64_t until_ns);
};

/* `version` comes first in every version of ocelli; the rest is read only where the first two fit. */
struct camera_module {
    const char *version;                         /* OCELLI_VERSION */
    uint32_t layout;                             /* CAMERA_MODULE_LAYOUT */
    void (*use)(const struct camera_host *host); /* before all others, once */
    const char *(*library)(void);                /* "libcamera v0.4.0" */
    int (*cameras)(void (*each)(void *user, const struct source_camera *camera), void *user);
    /* As those of struct source_kind. */
    int (*check)(const char *uri, const char *rest, const struct source_options *options);
    int (*open)(struct source *source, const char *rest, const struct source_options *options);
    int (*run)(struct source *source);
    void (*close)(struct source *source);
};

#ifdef __cplusplus
extern "C"
#else
extern
#endif
    __attribute__((visibility("default"))) const struct camera_module ocelli_camera_module; /* the module's */

#endif
