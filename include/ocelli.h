/* SPDX-License-Identifier: Apache-2.0
 *
 * libocelli: runs a CLIP model on a GPU through Vulkan, or on the processor. It turns pictures and texts into vectors
 * of numbers (embeddings) that can be compared. With them it scores a picture against texts, and follows over time
 * what a camera shows. An example begins docs/library.md.
 *
 * Shapes are written (rows, columns), row after row in memory. D is how many numbers an embedding has: `embedding_size`
 * of ocelli_get_info(). An embedding has unit length: the sum of its squares is 1. The similarity of two embeddings is
 * their cosine, the sum of the products of their numbers, from -1 to 1.
 *
 * Every function that returns int returns OCELLI_OK (0) or a negative ocelli_status. Before it returns an error the
 * library writes one line to the log that tells what is wrong, where, and what to do: see ocelli_set_log(). All these
 * functions return OCELLI_ERR_USAGE for a NULL where none is allowed. In the comments, USAGE stands for
 * OCELLI_ERR_USAGE, and so on.
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

/* Each status is named for what the caller can do next. */
enum ocelli_status {
    OCELLI_OK = 0,
    OCELLI_ERR_USAGE = -1,  /* an argument is wrong: correct the call */
    OCELLI_ERR_FILE = -2,   /* a file is missing, unreadable or broken: give another file */
    OCELLI_ERR_DEVICE = -3, /* no usable GPU or driver: choose another device or install a driver */
    OCELLI_ERR_MEMORY = -4, /* the computer or the device has no memory left: use a smaller model or batch */
    OCELLI_ERR_LIMIT = -5,  /* valid, but beyond a limit of this library that the line in the log names */
    OCELLI_ERR_LOST = -6,   /* the GPU's driver gave up: call ocelli_reopen() */
    OCELLI_ERR_WRONG = -7,  /* the device computes wrong numbers: do not trust it */
};

/* How the device multiplies matrices, which is nearly all the work. The kinds differ in speed and, little, in
 * precision. */
enum ocelli_kind {
    OCELLI_KIND_AUTO = 0, /* the fastest that is right on this device */
    OCELLI_KIND_F16W = 1, /* weights are 8-bit integers, everything else is float: works everywhere */
    OCELLI_KIND_DOT = 2,  /* all integers: the device's instruction for products of four bytes each */
    OCELLI_KIND_MMA = 3,  /* all integers: the GPU's matrix units ("tensor cores") */
};

enum ocelli_log_level { OCELLI_LOG_ERROR = 0, OCELLI_LOG_WARNING = 1, OCELLI_LOG_INFO = 2 };

/* A model that is opened on a device. The comments call it the handle.
 * Thread-safety: one call at a time for each handle; different handles are independent. */
struct ocelli;

/* Prompts of tags turned into one vector for each tag, ready to score embeddings.
 * Thread-safety: it never changes, so any number of threads may use it at once. */
struct ocelli_tags;

/* A picture in memory. */
struct ocelli_image {
    const uint8_t *rgb; /* (height, width, 3): a byte each of red, green and blue, no gap between rows */
    uint32_t width;     /* pixels, 1 to 16384 */
    uint32_t height;    /* pixels, 1 to 16384 */
};

/* How the pixels of a camera or a video lie in memory, 8 bits for each value. Y is brightness, U and V are colour.
 * NV12, YUV420 and YUV422 have one U and one V for two columns, so (width + 1) / 2 of each in a row; NV12 and YUV420
 * have only (height + 1) / 2 rows of them. */
enum ocelli_format {
    OCELLI_RGB = 0,    /* 1 plane: R G B */
    OCELLI_BGR = 1,    /* 1 plane: B G R */
    OCELLI_GREY = 2,   /* 1 plane: Y */
    OCELLI_NV12 = 3,   /* 2 planes: Y; U and V in turn */
    OCELLI_YUV420 = 4, /* 3 planes: Y; U; V */
    OCELLI_YUV422 = 5, /* 3 planes */
    OCELLI_YUV444 = 6, /* 3 planes */
    OCELLI_YUYV = 7,   /* 1 plane: Y U Y V for two pixels */
};

/* Place of a plane in a dma-buf (memory that Linux drivers share, such as a camera's and a GPU's). */
struct ocelli_dma_buf {
    int fd;          /* file descriptor; -1: this plane is in none */
    uint32_t offset; /* bytes from its beginning */
};

/* A frame in memory, as the camera delivers it. */
struct ocelli_frame {
    enum ocelli_format format;
    uint32_t width, height;   /* pixels as stored, 1 to 16384 */
    const uint8_t *planes[3]; /* as many as the format has */
    uint32_t strides[3];      /* bytes from the beginning of a row to that of the next */
    uint32_t rotation;        /* 0, 90, 180 or 270: the clockwise turn that makes it upright */
    int bt709;                /* 1: colours as ITU-R BT.709 (HD) defines them, 0: as BT.601 */
    int full_range;           /* 1: Y, U and V from 0 to 255; 0: Y from 16 to 235, U and V from 16 to 240 */
    const struct ocelli_dma_buf *dma_bufs; /* (3): where the planes are in dma-bufs too; NULL: in none */
};

enum { OCELLI_THREADS_MOST = 256 };

/* For ocelli_open(). Zero means default. */
struct ocelli_params {
    const char *model; /* path of the model: a .gguf file written by ocelli-convert; required */
    /* "gpu", "cpu" (the processor), "vulkan" (the best Vulkan device, even one in software), or a Vulkan device by its
     * index or a part of its name. NULL: what the environment variable OCELLI_DEVICE says. Without it, and for "auto":
     * a GPU if it is faster than the processor, else the processor. */
    const char *device;
    enum ocelli_kind kind; /* OCELLI_KIND_AUTO; another kind for tests */
    uint32_t max_batch;    /* pictures computed at once, 1 to 64; 0: chosen for the device */
    uint32_t threads;      /* threads of the processor, 1 to 256; 0: one for each core that this process may use */
    int no_verify;         /* 1: do not check the model file against the checksums (SHA-256) in it */
};

/* Facts about an opened model. Strings belong to the handle and live as long as it does. */
struct ocelli_info {
    const char *model_name;  /* as the model file calls itself */
    const char *device_name; /* as the driver calls it */
    const char *driver_name; /* driver and version */
    enum ocelli_kind kind;   /* kind in use; the first embedding on a device may find a faster one */
    uint32_t embedding_size; /* D */
    uint32_t image_size;     /* pixels of a side of the square that the model sees */
    uint32_t context_length; /* tokens that a text can have, with the marks of its start and end; 0: no text tower */
    float logit_scale;       /* score = softmax(logit_scale * cosine), or of SigLIP models as ocelli_tags_score() */
    uint64_t gpu_bytes;      /* device memory in use; it grows with the first picture, the first text, a larger batch */
    uint32_t dma_bufs;       /* how many dma-bufs of a camera the device reads without a copy */
    const char *model_key;   /* hex; names this very model file: embeddings of different keys do not compare */
    uint32_t english_only;   /* 1: CLIP's own tokenizer, so that texts in other languages mean little to it; else 0 */
    /* A model without a text tower has these: the tags it was made with, as a tags.ini, and the texts whose embeddings
     * it has. Those of everyday things are among them. Other texts are refused with LIMIT. NULL and 0: it has a text
     * tower. */
    const char *own_tags;
    const char *const *own_texts; /* (own_text_count) */
    size_t own_text_count;
    float logit_bias;       /* see ocelli_tags_score(); 0, except with score_sigmoid */
    uint32_t score_sigmoid; /* 1: a SigLIP model, each score is a sigmoid; 0: softmax */
};

/* A tag: what to look for, in one or more prompts, whose embeddings are averaged. */
struct ocelli_tag {
    const char *name;
    const char *const *prompts; /* prompt_count strings, UTF-8 */
    size_t prompt_count;        /* at least 1 */
};

/* ---- the library ---- */

/* Version of the library, "MAJOR.MINOR.PATCH". Never NULL; static. */
const char *ocelli_version(void);

/* A few words for a status. Never NULL; static. */
const char *ocelli_status_text(int status);

/* Sets where the lines of the log go. `message` has no line end and lives only during the call. The default handler,
 * which NULL brings back, writes "ocelli: message" to standard error, and leaves out OCELLI_LOG_INFO. It counts for
 * the whole process.
 * Thread-safety: call it before other threads use the library. The handler is called by any thread that calls the
 * library. */
void ocelli_set_log(void (*handler)(void *user, enum ocelli_log_level level, const char *message), void *user);

/* Writes the name of device `index` (from 0) to `name`: at most `size` bytes, always terminated. Vulkan's devices
 * come first, then the processor. Returns USAGE without a line in the log when there is no such index, so that a
 * loop can end on it. */
int ocelli_device_name(uint32_t index, char *name, size_t size);

/* ---- a model on a device ---- */

/* Opens a model on a device. It checks the beginning of the model file, prepares the tokenizer and opens the device.
 * The first picture and the first text take some seconds longer. Only then does the library check and load the half
 * of the model that they need, and on the first use of a device it times the kinds of product. So these calls can
 * return FILE (damaged data) and DEVICE too. Embed one picture and one text at the start of your program to have
 * this behind you. The model file stays open until ocelli_close(). Another file that takes its name changes nothing.
 * If the file itself is written over, calls that read more of it return FILE: numbers are never mixed. On success
 * *out is a handle: free it with ocelli_close(). On error *out is NULL.
 * Errors: USAGE, FILE (missing, cut short, damaged, not CLIP), DEVICE, MEMORY, LIMIT. */
int ocelli_open(struct ocelli **out, const struct ocelli_params *params);

/* Frees everything and sets *handle to NULL. Accepts NULL and a pointer to NULL. */
void ocelli_close(struct ocelli **handle);

/* Opens the device again after LOST, with the same model. On error there is no device, and calls that need one
 * return LOST: call ocelli_reopen() again later.
 * Errors: DEVICE, MEMORY. */
int ocelli_reopen(struct ocelli *handle);

/* Writes facts about the opened model to *info. Cannot fail. Neither pointer may be NULL. */
void ocelli_get_info(const struct ocelli *handle, struct ocelli_info *info);

/* Runs the pictures and texts that the model file brings along for this, and compares the results with those that
 * were computed in float when the file was made. If a kind of product is too far off, the next simpler one takes its
 * place, with a warning. A kind that ocelli_params chose stays. *worst (may be NULL) gets the lowest cosine. It is NaN
 * if an embedding was not finite.
 * Errors: WRONG (lower than the model file allows), FILE (it has no such data, or is damaged), DEVICE, MEMORY, LOST. */
int ocelli_selftest(struct ocelli *handle, float *worst);

/* ---- pictures and texts to embeddings ---- */

/* Reads a picture file: PNG, JPEG, WebP, BMP, GIF, TGA or PNM. The pixels are those of Pillow's convert("RGB"):
 * transparency is dropped, and of an animation the first picture is taken. The picture is turned upright as its EXIF
 * data, or else its XMP data, says. At most 1 GiB of memory is used. On success free the pixels with
 * ocelli_image_free(); on error image->rgb is NULL.
 * Errors: FILE (missing, not a picture, broken, cut short), LIMIT (a side over 16384 pixels, a file over 256 MiB,
 * more memory than that, a format that is not read), MEMORY.
 * Thread-safety: any number of threads at once. */
int ocelli_image_load(struct ocelli_image *image, const char *path);

/* The same for the bytes of a picture file in memory: (size) bytes, which are only read during the call. On success
 * free the pixels with ocelli_image_free(); on error image->rgb is NULL.
 * Errors: as ocelli_image_load(); FILE for a size of 0, for which `bytes` may be NULL. */
int ocelli_image_decode(struct ocelli_image *image, const void *bytes, size_t size);

/* Frees the pixels of an image from ocelli_image_load() or ocelli_image_decode() and zeroes *image. Accepts NULL. */
void ocelli_image_free(struct ocelli_image *image);

/* Embeds `count` pictures of any size, each resized and cropped as the model wants it. out: (count, D) floats, the
 * caller's. `images` is only read during the call.
 * Errors: USAGE (a width or height of 0), LIMIT (a side over 16384), MEMORY, LOST, WRONG (a result is not finite);
 * the first call also FILE and DEVICE, see ocelli_open(). */
int ocelli_embed_images(struct ocelli *handle, const struct ocelli_image *images, size_t count, float *out);

/* Embeds one frame of a camera. The device turns it upright, makes RGB of it and resizes it; the result equals the
 * embedding of the upright RGB picture. Planes that lie in one dma-buf are read there if the driver can do so:
 * nothing is copied, and `planes` is not used. Otherwise they are copied. out: (D) floats, the caller's. `frame` is
 * only read during the call. A dma-buf is kept open (by a descriptor of the library's own) until eight other
 * dma-bufs or 64 frames have followed, or the handle is closed.
 * Errors: USAGE (an impossible size, stride or rotation), and those of ocelli_embed_images(). */
int ocelli_embed_frame(struct ocelli *handle, const struct ocelli_frame *frame, float *out);

/* Embeds `count` texts in UTF-8. A text that has more tokens than the model takes is cut, as CLIP's own tokenizer
 * does when asked to truncate. A model without a text tower has the embeddings of its own texts alone (`own_texts` of
 * ocelli_get_info()). It knows each by its very bytes. out: (count, D) floats, the caller's.
 * Errors: USAGE (not UTF-8), LIMIT (over 16 MiB; no text of a model that has no text tower), MEMORY, LOST, WRONG; the
 * first call also FILE and DEVICE. */
int ocelli_embed_texts(struct ocelli *handle, const char *const *texts, size_t count, float *out);

/* Gives back the memory that embedding texts takes. The next text loads that half of the model again, and checks it
 * again. For programs that embed pictures all the time and texts seldom. Cannot fail; accepts NULL. */
void ocelli_unload_text(struct ocelli *handle);

/* Writes the tokens of a text, with the marks of its start and end, to `ids`, which has space for `capacity` of
 * them. The `context_length` of ocelli_get_info() always suffices. *count gets how many there are.
 * Errors: USAGE (not UTF-8, no space), LIMIT (over 16 MiB; the model has no text tower), MEMORY. */
int ocelli_tokenize(const struct ocelli *handle, const char *text, int32_t *ids, size_t capacity, size_t *count);

/* ---- one picture: scores ---- */

/* Embeds the prompts of `count` tags. The prompts of a tag are averaged as unit vectors, and the mean is made unit
 * length again (the ensemble of the CLIP paper, section 3.1.4). Strings are copied. On success free *out with
 * ocelli_tags_destroy(); it no longer needs the handle. On error *out is NULL.
 * Errors: USAGE (no tags, a tag without prompts), and those of ocelli_embed_texts(). */
int ocelli_tags_create(struct ocelli_tags **out, struct ocelli *handle, const struct ocelli_tag *tags, size_t count);

/* Frees and sets *tags to NULL. Accepts NULL and a pointer to NULL. */
void ocelli_tags_destroy(struct ocelli_tags **tags);

/* Scores one embedding (D floats) against all tags. cosines: (count), from -1 to 1. scores: (count).
 * Either may be NULL. A score is the softmax over the tags of logit_scale * cosine, so that their sum is 1. SigLIP
 * models have another rule: each score is sigmoid(logit_scale * cosine + logit_bias), whatever the others are. Cannot
 * fail. */
void ocelli_tags_score(const struct ocelli_tags *tags, const float *embedding, float *scores, float *cosines);

/* ---- frames over time: states ---- */

/* Makes states of tags, on or off, from the embeddings of frames that follow each other. A cosine alone does not
 * tell whether a thing is there. So the tagger compares each tag with its rivals, and smooths over time. Each tag
 * has two thresholds, which are given or learnt from what the camera usually sees. The method stands in
 * docs/tags.md; `ocelli run` uses the same code.
 * Thread-safety: one call at a time for each tagger; different taggers are independent. */
struct ocelli_tagger;

enum ocelli_state {
    OCELLI_STATE_OFF = 0,
    OCELLI_STATE_ON = 1,
    OCELLI_STATE_LEARNING = 2, /* off, as nothing can decide yet: a tag with example pictures learns first */
    OCELLI_STATE_UNKNOWN = 3,  /* of a tag: no frame was judged yet; of a group, in a change: none of its tags is on */
};

/* The origin of a tag's thresholds. */
enum ocelli_threshold {
    OCELLI_THRESHOLD_NONE = 0,    /* there is none yet: the state is LEARNING */
    OCELLI_THRESHOLD_FIXED = 1,   /* the tag's own `on = ...` */
    OCELLI_THRESHOLD_LEARNT = 2,  /* learnt from what was seen */
    OCELLI_THRESHOLD_STARTER = 3, /* a cautious one against everyday things, until enough was seen */
};

/* For ocelli_tagger_create(). Zero means default. Give one of tags_path, tags_text and tags; with none of them a model
 * without a text tower takes its own tags. */
struct ocelli_tagger_params {
    const char *tags_path;         /* a tags.ini (docs/cli.md); in the file of `ocelli run` only the tags count */
    const char *tags_text;         /* the text of such a file; example pictures are found from the current folder */
    const struct ocelli_tag *tags; /* (tag_count), without groups and rivals, with the default rules */
    size_t tag_count;
    const char *state_path; /* file of ocelli_tagger_save(): learning goes on from it; not there yet: no error */
};

/* State of a tag, and why. Strings live as long as the tagger. NAN: not known. In a change to UNKNOWN the numbers are
 * those of the tag that was on. With the starter's thresholds `on` and `off` move from frame to frame, and the best
 * rival may be an everyday thing that is in no tag. */
struct ocelli_tag_status {
    const char *tag;   /* its name; NULL in a change to UNKNOWN, which is the group's */
    const char *group; /* of tags that exclude each other: one is on at most; NULL: none */
    enum ocelli_state state;
    enum ocelli_threshold threshold; /* origin of `on` and `off` */
    int64_t since_ms;                /* time of the last change; 0: there was none */
    float score;           /* 0 to 1: sigmoid(logit_scale * (margin - on)), so 0.5 at the threshold; 0 while learning */
    float cosine;          /* of the last frame with the tag */
    float margin;          /* smoothed over time: the cosine less that of the best rival; without rivals the cosine */
    float on, off;         /* thresholds of the margin: the tag turns on from `on` up, and off below `off` */
    const char *runner_up; /* the best rival: another tag of the group, or a prompt `against`; NULL: none */
    float runner_up_cosine; /* of the last frame */
    float percentile;       /* 0 to 100: share of the time, as far as learnt, that the margin was lower */
    float alarms_a_day;     /* how often a day, as far as learnt, the margin comes as high without the thing */
    double learnt_days;     /* how much was seen to learn from; in a change 0 */
};

/* Reads and embeds tags, with their rivals and example pictures. Strings are copied, and the tagger no longer needs
 * the handle. On success free *out with ocelli_tagger_destroy(). On error *out is NULL.
 * Errors: USAGE (tags given in no way or in several; a fault in tags_text or tags), FILE (tags_path, state_path
 * or an example picture is broken). Also LIMIT (over 4096 tags; a text that a model without a text tower has not) and
 * MEMORY. Those of ocelli_embed_texts() and ocelli_embed_images() come too. The log names the line in the file or text,
 * or the place in the array. */
int ocelli_tagger_create(struct ocelli_tagger **out, struct ocelli *handle, const struct ocelli_tagger_params *params);

/* Takes one frame. Its embedding is (D) floats of unit length, from the model that the tagger was made with. The
 * time is in milliseconds, of a clock that does not jump, such as CLOCK_MONOTONIC, or of the recording. After a step
 * back, or a gap of over a minute, smoothing begins anew. The luma is the mean brightness, 0 (black) to 1 (white):
 * night and day can have thresholds of their own. A negative luma or NAN means that it is not known. The result in
 * *changes is an array of *count entries: the tags that turned on or off, and the groups that have no tag on any
 * more. It belongs to the tagger and lives until the next step. Both pointers may be NULL. On error nothing has
 * changed. Nothing is allocated.
 * Errors: USAGE (an embedding that is not of unit length, a luma over 1, a time beyond 2^53). */
int ocelli_tagger_step(struct ocelli_tagger *tagger, const float *embedding, int64_t time_ms, float luma,
                       const struct ocelli_tag_status **changes, size_t *count);

/* Writes the state of tag `index` (from 0, in the order they were given) as of the last frame to *status. Returns
 * USAGE without a line in the log, and zeroes *status, when there is no such index, so that a loop can end on it. */
int ocelli_tagger_get(const struct ocelli_tagger *tagger, size_t index, struct ocelli_tag_status *status);

/* Writes what was learnt to a file, for state_path; not which tags are on. The file is there whole or not at all: it
 * is written beside its name, as PATH.XXXXXX.tmp, flushed to the disk, then renamed. A tag can use what it has
 * learnt while its prompts, rivals and smoothing and the model stay the same.
 * Errors: FILE (cannot be written; an older file is as it was), MEMORY. */
int ocelli_tagger_save(const struct ocelli_tagger *tagger, const char *path);

/* Frees and sets *tagger to NULL. Accepts NULL and a pointer to NULL. Saves nothing. */
void ocelli_tagger_destroy(struct ocelli_tagger **tagger);

/* ---- many pictures: search ---- */

enum { OCELLI_HITS_MOST = 1000 };

/* What is looked for: the same as on the command line (`ocelli search`) and over the wire. Each text and each embedding
 * is a vector of unit length. Those that are wanted are added, those of `nots` are subtracted, and the sum is made unit
 * length again. Give at least one text or embedding. Zero means default. Nothing of it is kept after the call. */
struct ocelli_query {
    const char *const *texts; /* (text_count) wanted, UTF-8 */
    size_t text_count;
    const float *embeddings; /* (embedding_count, D) wanted: of ocelli_embed_images(), pictures like these */
    size_t embedding_count;
    const char *const *nots; /* (not_count) less of these, UTF-8: they count less, they are not excluded */
    size_t not_count;
    const char *const *templates; /* (template_count) sentences around each text, {} being it; several are averaged */
    size_t template_count;
    int64_t since_ms; /* older pictures do not count: ms since 1970 (UTC); 0: all do */
    int64_t apart_ms; /* of each such stretch of time the best picture counts, and none so near to a better one;
                       * 0: each picture by itself */
    const char *path; /* only files of a library whose absolute path begins so; NULL: all */
    size_t wanted;    /* hits at most, up to OCELLI_HITS_MOST; 0: 10 */
};

struct ocelli_hit {
    const char *path; /* the picture's file, absolute, as it was indexed; NULL: of a history, which has no files */
    const char *tags; /* of a history: tags that were on, parted by ", "; else "" */
    int64_t time_ms;  /* when it was taken, ms since 1970 (UTC) */
    float score;      /* the cosine of its embedding and the query's vector; of another query it is no measure */
};

/* Searches the pictures of a file: a library of `ocelli index`, or the history of `ocelli run`. It compares the query
 * with all of them, exactly. The file is opened for reading alone, and closed again; others may write it meanwhile. A
 * picture that is not written yet is not found. The pictures must be of the very model of the handle (`model_key` of
 * ocelli_get_info()); a history's pictures of other models are passed over. *hits gets an array of *count entries, the
 * best first. It belongs to the handle, as its strings do, and lives until the next ocelli_search() or ocelli_close().
 * On error *hits is NULL and *count 0.
 * Errors: USAGE (nothing to look for; a text that is not UTF-8; an embedding that is not of unit length; a template
 * without exactly one {}; a path that is not absolute; wanted and unwanted cancel out; the library was built without
 * SQLite), FILE (`file` is missing, damaged, locked, no file of ocelli, a library of another model), MEMORY, and with
 * texts those of ocelli_embed_texts(). */
int ocelli_search(struct ocelli *handle, const char *file, const struct ocelli_query *query,
                  const struct ocelli_hit **hits, size_t *count);

#ifdef __GNUC__
#pragma GCC visibility pop
#endif
#ifdef __cplusplus
}
#endif
#endif
