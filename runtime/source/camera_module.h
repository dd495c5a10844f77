/* SPDX-License-Identifier: Apache-2.0
 * The interface between the program (camera.c) and its camera module (libcamera.cpp).
 *
 * The module is a library of its own, camera.so. libcamera's name and interface change with each release of a system.
 * So the program runs on all of them without libcamera, and only the module is made for one.
 *
 * camera.c looks in three places:
 * 1. the file that OCELLI_CAMERA_MODULE names in the environment, and then nowhere else;
 * 2. LIBDIR/ocelli/camera.so of the installation. The program knows only the way there from its own folder, as
 *    "../lib/ocelli/camera.so". No prefix is compiled in, so `cmake --install --prefix` works, and a moved folder too;
 * 3. beside the program, where a build leaves it.
 *
 * A module stays loaded, as libcamera leaves threads behind. Program and module share the structs of source/kind.h, so
 * they have to be of one version and one build. */
#ifndef SOURCE_CAMERA_MODULE_H
#define SOURCE_CAMERA_MODULE_H

#include "source/kind.h"
#include "source/source.h"

/* The one symbol of camera.so: a const struct camera_module. */
#define CAMERA_MODULE_SYMBOL "ocelli_camera_module"
/* Sizes of what both share: tells builds of one version apart. */
#define CAMERA_MODULE_LAYOUT ((uint32_t)(sizeof(struct source) << 16 | sizeof(struct slot)))

/* The program's functions that the module calls. The struct stays valid for good. */
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
