/* SPDX-License-Identifier: Apache-2.0
 *
 * libocelli: CLIP on a GPU through Vulkan, or on the processor. Pictures and sentences in, unit vectors and scores out.
 *
 * Shapes are written (rows, columns), row-major. D is the width of the shared embedding space,
 * `embedding_size` of ocelli_get_info(). Pixels are 8-bit RGB.
 *
 * Every function that returns int gives OCELLI_OK (0) or a negative ocelli_status; the place that
 * saw the fault has then said one line (what, where, what to do) to the log, see ocelli_set_log(). A NULL where none is allowed is
 * USAGE in all of them.
 */
#ifndef OCELLI_H
#define OCELLI_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif
#ifdef __GNUC__
#pragma GCC visibility push(default) /* the library hides everything else */
#endif

/* Status codes are named for what the caller can do next. */
enum ocelli_status {
    OCELLI_OK = 0,
    OCELLI_ERR_USAGE = -1,  /* an argument is wrong: correct the call */
    OCELLI_ERR_FILE = -2,   /* a file is missing, unreadable or broken: give another file */
    OCELLI_ERR_DEVICE = -3, /* no usable GPU or driver: choose another device or install a driver */
    OCELLI_ERR_MEMORY = -4, /* host or device memory ran out: use a smaller model or batch */
    OCELLI_ERR_LIMIT = -5,  /* valid, but over a stated limit of this runtime */
    OCELLI_ERR_LOST = -6,   /* the device was lost: ocelli_reopen() */
    OCELLI_ERR_WRONG = -7,  /* the device computes wrong numbers: do not trust it */
};

/* How matrix products are computed. */
enum ocelli_kind {
    OCELLI_KIND_AUTO = 0, /* what the device does best */
    OCELLI_KIND_F16W = 1, /* int8 weights, float activations and arithmetic: works everywhere */
    OCELLI_KIND_DOT = 2,  /* int8 activations, packed integer dot product */
    OCELLI_KIND_MMA = 3,  /* int8 activations, cooperative matrices */
};

enum ocelli_log_level { OCELLI_LOG_ERROR = 0, OCELLI_LOG_WARNING = 1, OCELLI_LOG_INFO = 2 };

/* One opened model on one device. Thread-safety: one call at a time for each handle; different
 * handles are independent. */
struct ocelli;

/* Prompts turned into one vector a tag, ready to score embeddings. Thread-safety: read-only after
 * creation, so any number of threads may score at once. */
struct ocelli_tags;

/* A picture in memory. */
struct ocelli_image {
    const uint8_t *rgb; /* (height, width, 3), no padding between rows */
    uint32_t width;     /* pixels, 1..16384 */
    uint32_t height;    /* pixels, 1..16384 */
};

/* How a camera's or a video's pixels lie, 8 bits each. Subsampled chroma has (width + 1) / 2 columns and, in NV12 and
 * YUV420, (height + 1) / 2 rows. */
enum ocelli_format {
    OCELLI_RGB = 0,    /* 1 plane: R G B */
    OCELLI_BGR = 1,    /* 1 plane: B G R */
    OCELLI_GREY = 2,   /* 1 plane: Y */
    OCELLI_NV12 = 3,   /* 2 planes: Y; U V side by side */
    OCELLI_YUV420 = 4, /* 3 planes: Y; U; V */
    OCELLI_YUV422 = 5, /* 3 planes */
    OCELLI_YUV444 = 6, /* 3 planes */
    OCELLI_YUYV = 7,   /* 1 plane: Y U Y V for two pixels */
};

/* Where a plane lies in a dma-buf. */
struct ocelli_dma_buf {
    int fd;          /* -1: not in one */
    uint32_t offset; /* bytes */
};

/* A frame in memory, as it was captured. */
struct ocelli_frame {
    enum ocelli_format format;
    uint32_t width, height;                /* pixels as stored, 1..16384 */
    const uint8_t *planes[3];              /* as many as the format has */
    uint32_t strides[3];                   /* bytes from row to row */
    uint32_t rotation;                     /* 0, 90, 180 or 270: clockwise turn that makes it upright */
    int bt709;                             /* 1: colours as ITU-R BT.709 (HD), 0: BT.601 */
    int full_range;                        /* 1: Y, U, V in 0..255; 0: in 16..235 and 16..240 */
    const struct ocelli_dma_buf *dma_bufs; /* (3), where the planes lie too; NULL: in no dma-buf */
};

enum { OCELLI_THREADS_MOST = 256 };

/* Zero means default. */
struct ocelli_params {
    const char *model;     /* path of the .gguf blob that ocelli-convert wrote; required */
    /* "gpu", "cpu" (the processor), "vulkan" (the best Vulkan device, even one in software), or a Vulkan device by index or part
     * of its name. NULL: OCELLI_DEVICE; without it, or with "auto": a GPU that is faster than the processor, else the processor. */
    const char *device;
    enum ocelli_kind kind; /* OCELLI_KIND_AUTO, or force a kind (for tests) */
    uint32_t max_batch;    /* pictures computed at once, 1..64; 0: chosen by the device */
    uint32_t threads;      /* that compute when the processor does, 1..256; 0: one a core that this process may use */
    int no_verify;         /* 1: skip the blob's SHA-256 checks */
};

/* Facts of an opened model. Strings belong to the handle and live as long as it does. */
struct ocelli_info {
    const char *model_name;  /* general.name of the blob */
    const char *device_name; /* as the driver calls it */
    const char *driver_name; /* driver and version */
    enum ocelli_kind kind;   /* kind in use; the first embedding on a device may find a faster one */
    uint32_t embedding_size; /* D */
    uint32_t image_size;     /* pixels a side the image tower sees */
    uint32_t context_length; /* token ids a text can have, start and end included */
    float logit_scale;       /* already exponentiated: score = softmax(logit_scale * cosine) */
    uint64_t gpu_bytes;      /* device memory held now: grows with the first picture, text, larger batch */
    uint32_t dma_bufs;       /* a camera's, that frames are read from without a copy */
    const char *model_key;   /* hex; names all bytes of the blob: vectors of another key are not to be compared */
};

/* A tag for ocelli_tags_create(): one or more prompts that are averaged. */
struct ocelli_tag {
    const char *name;
    const char *const *prompts; /* prompt_count strings, UTF-8 */
    size_t prompt_count;        /* at least 1 */
};

/* Version of the library, "MAJOR.MINOR.PATCH". Never NULL; static. */
const char *ocelli_version(void);

/* A few words for a status code. Never NULL; static. */
const char *ocelli_status_text(int status);

/* Where log lines go; `message` has no line end and lives only during the call. The default
 * handler writes "ocelli: message" to stderr, but no OCELLI_LOG_INFO. NULL restores it. Process-wide.
 * Thread-safety: call before other threads use the library; the handler may be called from any
 * thread that calls into it. */
void ocelli_set_log(void (*handler)(void *user, enum ocelli_log_level level, const char *message), void *user);

/* Name of device `index` (0-based) into `name` (at most `size` bytes, always terminated): Vulkan's devices, then the
 * processor. Returns OCELLI_ERR_USAGE without a log line when there is no such index. */
int ocelli_device_name(uint32_t index, char *name, size_t size);

/* Opens a blob on a device: reads and checks its header, makes the tokenizer, opens the device. The file stays open until
 * ocelli_close(), and what is read of it later is checked again: a file renamed into its place changes nothing here, one that is
 * written over is an error (FILE), not other numbers. A tower is loaded by the first call that needs it: its tensors checked against their SHA-256 and
 * uploaded, its pipelines built, which takes seconds where they are not in the cache, and on a device's
 * first use the kinds of product timed; that call can
 * fail with FILE (a damaged tensor) and DEVICE too. Embed something once to have it behind you.
 * On success *out is a handle to be freed with ocelli_close(); on error *out is NULL.
 * Errors: USAGE, FILE (missing, cut short, damaged header, not CLIP), DEVICE, MEMORY, LIMIT. */
int ocelli_open(struct ocelli **out, const struct ocelli_params *params);

/* Frees everything and sets *handle to NULL. Accepts NULL and a pointer to NULL. */
void ocelli_close(struct ocelli **handle);

/* Opens the device again after LOST, with the model that the handle has. On error there is no device, and all that needs one is
 * LOST: call it again later. Errors: DEVICE, MEMORY. */
int ocelli_reopen(struct ocelli *handle);

/* Facts of the opened model into *info. Cannot fail. */
void ocelli_get_info(const struct ocelli *handle, struct ocelli_info *info);

/* Embeds `count` pictures of any size: resize, crop and normalise as the blob says, image tower,
 * unit length. out: (count, D) floats, caller's. `images` are only read during the call.
 * Errors: USAGE (a size of 0), LIMIT (a side over 16384), MEMORY, LOST, WRONG (the device's numbers are
 * not finite); at first also FILE, DEVICE. */
int ocelli_embed_images(struct ocelli *handle, const struct ocelli_image *images, size_t count, float *out);

/* Embeds one frame: upright, RGB, resized, cropped and normalised on the device. Equal to the embedding of the upright RGB
 * picture. Planes that lie in one dma-buf are read there where the driver can import it: nothing is copied, and the processor's
 * view of it is not used. Else they are copied. out: (D) floats, caller's. `frame` is only read during the call; a dma-buf is
 * kept open (not its fd) until eight others or 64 frames have come after it, or the handle is closed. Errors: USAGE (a size,
 * stride or rotation that cannot be), and those of ocelli_embed_images(). */
int ocelli_embed_frame(struct ocelli *handle, const struct ocelli_frame *frame, float *out);

/* Embeds `count` UTF-8 texts. A text over the context is cut, its last id being the end mark, as
 * CLIP's own tokenizer does with truncation. out: (count, D) floats of unit length, caller's.
 * Errors: USAGE (not UTF-8), LIMIT (over 16 MiB), MEMORY, LOST, WRONG; at first also FILE, DEVICE. */
int ocelli_embed_texts(struct ocelli *handle, const char *const *texts, size_t count, float *out);

/* Gives back the memory of embedding texts, on the device and off it. The next text loads the tower again: it reads and checks the
 * tensors again, and makes no pipelines. For programs that embed texts now and then, beside pictures.
 * Cannot fail; with no text embedded it does nothing. */
void ocelli_unload_text(struct ocelli *handle);

/* Token ids of a text, start and end marks included, into ids (room for `capacity`; the context
 * length always suffices). *count gets how many. Errors: USAGE (not UTF-8, no room), LIMIT (over
 * 16 MiB), MEMORY. */
int ocelli_tokenize(const struct ocelli *handle, const char *text, int32_t *ids, size_t capacity, size_t *count);

/* Reads a picture file (PNG, JPEG, WebP, BMP, GIF, TGA, PNM) as RGB, the pixels that Pillow's convert("RGB") gives: alpha is
 * dropped, of an animation the first picture is taken. It is turned upright as its EXIF, or else its XMP, says. At most
 * 1 GiB of memory is used. On success image->rgb is to be freed with ocelli_image_free(). Errors: FILE (missing, not a picture, broken, cut
 * short), LIMIT (a side over 16384 pixels, over that memory, a kind that is not read), MEMORY. */
int ocelli_image_load(struct ocelli_image *image, const char *path);

/* Frees the pixels of an image from ocelli_image_load() and zeroes it. Accepts NULL. */
void ocelli_image_free(struct ocelli_image *image);

/* Embeds the prompts of `count` tags; the prompts of a tag are averaged as unit vectors and the
 * mean made unit length again (the ensemble of CLIP's paper, section 3.1.4). Strings are copied.
 * On success *out is to be freed with ocelli_tags_destroy(); it does not need the handle any more.
 * Errors: USAGE (no tags, no prompts), and those of ocelli_embed_texts(). */
int ocelli_tags_create(struct ocelli_tags **out, struct ocelli *handle, const struct ocelli_tag *tags, size_t count);

/* Frees and sets *tags to NULL. Accepts NULL and a pointer to NULL. */
void ocelli_tags_destroy(struct ocelli_tags **tags);

/* Scores one unit embedding (D floats) against all tags. cosines: (count) in -1..1, may be NULL.
 * scores: (count), may be NULL: softmax over the tags of logit_scale * cosine, sum 1; for models
 * with a sigmoid rule, sigmoid(logit_scale * cosine + logit_bias) of each. Cannot fail. */
void ocelli_tags_score(const struct ocelli_tags *tags, const float *embedding, float *scores, float *cosines);

/* Runs the blob's own vectors (picture and text -> embedding computed in float when the blob was
 * made) on the device. A kind of product that misses them gives way, with a warning, to the next plainer one, unless
 * params chose the kind. *worst (may be NULL) gets the lowest cosine; NaN: an embedding was not finite.
 * Errors: WRONG (lower than the blob allows), FILE (the blob has no vectors, or is damaged), DEVICE, MEMORY, LOST. */
int ocelli_selftest(struct ocelli *handle, float *worst);

#ifdef __GNUC__
#pragma GCC visibility pop
#endif
#ifdef __cplusplus
}
#endif
#endif
