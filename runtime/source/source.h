/* SPDX-License-Identifier: Apache-2.0
 * Where frames come from, chosen by a URI (docs/sources.md):
 *
 *   camera:  camera:ID            a camera through libcamera: the first, or the one whose id is or has ID
 *   y4m:-  y4m:FILE               YUV4MPEG2, as ffmpeg, GStreamer and others write it
 *   raw:WxH:FORMAT[@FPS]:-|FILE   frames without headers, FORMAT as frame_format_name()
 *   files:DIR                     pictures as they land in a folder; as a recording, those that lie there, in their
 *                               order
 *   http://  https://             a network camera: its picture, asked for again and again, or its MJPEG stream
 *   mjpeg:http://                 the same, a stream whatever its type says
 *   test:[WxH][@FPS]              a rendered scene (source/scene.h says what it shows)
 *
 * The latest frame wins: a thread of the source's own takes what comes, and a newer frame replaces one that nobody
 * took. So a slow consumer drops frames, which shows as gaps in their sequence, and a pipe is never blocked. */
#ifndef SOURCE_SOURCE_H
#define SOURCE_SOURCE_H

#include "base/arena.h"
#include "base/frame.h"

#include <ocelli.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Zero means default. Only a camera uses what stands below `recording`, but a recording takes `rate` for the rate that
 * its frames were taken at. `url` and what follows it is for addresses (http:, https:, mjpeg:). */
struct source_options {
    uint32_t rotation;       /* 0, 90, 180, 270: clockwise turn that makes frames upright */
    bool ignore_orientation; /* leave picture files as they are stored, whatever their EXIF says */
    bool every;              /* drop nothing, make the producer wait (recordings, tests); a camera cannot wait */
    bool recording; /* play what was recorded: its own time, nothing dropped, no pauses. Only y4m:, raw: and files: can
                     */
    uint32_t width, height; /* pixels; the camera may give another size near it. Default 640x480 */
    uint32_t rate;          /* frames a second; default: the camera's */
    /* Asked now and then while a picture is decoded, by the thread that takes it: true gives that up, in silence. NULL:
     * never. */
    bool (*stopping)(void *user);
    void *user;
    const char *format;   /* nv12, yuv420, yuyv, rgb, bgr, mjpeg; default: the first of these that is offered */
    uint32_t exposure_us; /* default: automatic */
    float gain;           /* analogue, 1 and more; default: automatic */
    float exposure_value; /* stops that automatic exposure is to be off, such as -0.5 */
    const char *url;      /* the URI with all that is secret in it, which only the source uses; NULL: that is none */
    const char *login, *password_file; /* NULL: none, or in the URL */
    const char *ca;                    /* file of the certificates that are trusted; NULL: the system's */
    int64_t period_ns;                 /* from frame to frame; 0: of a stream each, else half a second */
};

/* Puts copies in the place of all its strings. false: no memory, and some are not copied. */
bool source_options_own(struct source_options *options, struct arena *arena);

/* Results of source_next() besides negative status codes. */
enum source_answer {
    SOURCE_FRAME = 0,
    SOURCE_WAIT = 1, /* no new frame yet: nothing came in the time, or the camera is unplugged */
    SOURCE_END = 2,  /* there will be no more */
};

enum {
    SOURCE_HELD = 3, /* frames that may be held at once */
    SOURCE_FORMS = 256,
    SOURCE_WHY = 768,
    SOURCE_FAULT = 160
};

/* An open source. Thread-safety: one call at a time for each handle, but source_release() by any thread; different
 * handles are independent. Its thread says log lines too, so the log handler must bear being called from it. */
struct source;

/* Is there a kind of source for it? forms: those that there are, "camera:[ID], y4m:-|FILE, ...". */
bool source_known(const char *uri, char forms[SOURCE_FORMS]);

/* Is it an address (http:, https:, mjpeg:)? */
bool source_is_address(const char *uri);

/* The URI as it may be shown: of an address or what looks like one, without what may be secret. shown: as long as the
 * URI and 8 bytes. */
void source_show(const char *uri, char *shown);

/* Why there is no kind of source for it, as the end of a message. */
void source_unknown(const char *uri, char why[SOURCE_WHY]);

/* The place in the URI where the name of a file or folder begins ("y4m:FILE": 4). 0: it names none, or - for standard
 * input. */
size_t source_file(const char *uri);

/* Can the kind of source play a recording (the option `recording`)? */
bool source_can_play(const char *uri);

/* false: it is a camera, and no camera module can be loaded, or an address, and there is no libcurl: `why` is as of
 * source_camera_library(). */
bool source_usable(const char *uri, char why[SOURCE_WHY]);

/* Refuses what source_open() would refuse, as far as can be seen without opening it: a folder or file that is not
 * there, a format that is none. A camera, or a camera module, that is not there now is no fault here. Errors: USAGE,
 * FILE, LIMIT. */
int source_check(const char *uri, const struct source_options *options);

/* Opens; does not wait for a first frame. On success *out is to be freed with source_close(); on error it is NULL. The
 * strings are copied. Errors: USAGE (no such URI, options that make no sense), FILE (no such file or folder), DEVICE
 * (no such camera, busy, no camera module, format not offered), LIMIT (a side over 16384), MEMORY. */
int source_open(struct source **out, const char *uri, const struct source_options *options);

/* The newest frame that was not given yet, waiting up to timeout_ms for one (0: only looking, -1: as long as it takes).
 * A source_answer; on SOURCE_FRAME *frame is to be given to source_release(). Pictures and MJPEG are decoded here, in
 * the caller's thread: what is dropped costs nothing. A broken one is said and skipped. Errors: FILE (the stream is
 * broken or cut short), LIMIT, MEMORY: said once, the same from then on. USAGE: three are held. */
int source_next(struct source *source, int timeout_ms, struct frame *frame);

/* A picture file as files: takes it, within the same budget of memory. *cut gets true, and nothing is logged, where the
 * file may only not be whole yet. cut is NULL: that is a fault too. ocelli_image_free(image). Errors: as
 * ocelli_image_load(). */
int source_picture(struct ocelli_image *image, const char *path, bool ignore_orientation, bool *cut);
/* Does files: take what has such a name? */
bool source_picture_name(const char *name);

/* Is the camera unplugged, or silent, and waited for? Or can its pictures not be decoded, several in a row? */
bool source_away(struct source *source);
/* Why it is away, in a few words; "": it is not, or that is not known. */
void source_fault(struct source *source, char fault[SOURCE_FAULT]);

/* Gives a frame back: its bytes may be written again. Accepts a zeroed frame, and zeroes it. */
void source_release(struct source *source, struct frame *frame);

/* Stops the thread, frees everything, sets *source to NULL. Frames must have been released. Accepts NULL and a pointer
 * to NULL. */
void source_close(struct source **source);

struct source_size {
    uint32_t width, height; /* pixels */
};

/* A camera that is here. All of it lives during the call alone. */
struct source_camera {
    const char *id;    /* as camera:ID takes it */
    const char *model; /* "": it does not tell */
    const struct source_size
        *sizes; /* (size_count) that it offers, the smallest first; none while another program uses it */
    size_t size_count;
};

/* Tells each camera; `each` may not open one. Errors: DEVICE (no camera module). */
int source_cameras(void (*each)(void *user, const struct source_camera *camera), void *user);

/* "libcamera v0.4.0". NULL: no camera module can be loaded (source/camera_module.h). Then `why`, unless it is NULL,
 * gets a text that follows a source's name and tells what to do: "needs the package ocelli-camera: ...". Logs nothing.
 */
const char *source_camera_library(char why[SOURCE_WHY]);

#ifdef __cplusplus
}
#endif

#endif
