/* SPDX-License-Identifier: Apache-2.0 */
#include "prep/decode.h"
#include "prep/decoding.h"
#include "base/file.h"
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILE_MOST = 1 << 28 }; /* bytes */

#ifdef OCELLI_JPEG
#define JPEG_DECODE jpeg_decode
#else
#define JPEG_DECODE stb_decode
#endif
#ifdef OCELLI_PNG
#define PNG_DECODE png_decode
#else
#define PNG_DECODE stb_decode
#endif
#ifdef OCELLI_WEBP
#define WEBP_DECODE webp_decode
#else
static int no_webp(struct decoding *d) {
    return decoding_unread(d, "a WebP picture (this program was built without libwebp)");
}
#define WEBP_DECODE no_webp
#endif

/* What is read, and what else begins like a picture: refused by its name. */
static const struct format {
    const char *name, *signature;
    size_t at, size; /* of the signature */
    int (*decode)(struct decoding *d);
    bool dense;
} formats[] = {
    {"PNG", "\211PNG\r\n\032\n", 0, 8, PNG_DECODE, true},
    {"JPEG", "\377\330\377", 0, 3, JPEG_DECODE, false}, /* arithmetic coding has no least bits for a pixel */
    {"WebP", "WEBP", 8, 4, WEBP_DECODE, false},         /* nor has WebP */
    {"GIF", "GIF87a", 0, 6, gif_decode, true},
    {"GIF", "GIF89a", 0, 6, gif_decode, true},
    {"BMP", "BM", 0, 2, bmp_decode, false}, /* run lengths may leave out pixels */
    {"PNM", "P1", 0, 2, pnm_decode, true},
    {"PNM", "P2", 0, 2, pnm_decode, true},
    {"PNM", "P3", 0, 2, pnm_decode, true},
    {"PNM", "P4", 0, 2, pnm_decode, true},
    {"PNM", "P5", 0, 2, pnm_decode, true},
    {"PNM", "P6", 0, 2, pnm_decode, true},
    {"a PAM picture", "P7\n", 0, 3, NULL, false},
    {"a PFM picture", "Pf", 0, 2, NULL, false},
    {"a PFM picture", "PF", 0, 2, NULL, false},
    {"a TIFF picture", "II*\0", 0, 4, NULL, false},
    {"a TIFF picture", "MM\0*", 0, 4, NULL, false},
    {"a PSD picture", "8BPS", 0, 4, NULL, false},
    {"a Radiance HDR picture", "#?RADIANCE", 0, 10, NULL, false},
    {"a Radiance HDR picture", "#?RGBE", 0, 6, NULL, false},
    {"a Softimage PIC picture", "\x53\x80\xf6\x34", 0, 4, NULL, false},
    {"a HEIF or AVIF picture", "ftyp", 4, 4, NULL, false},
    {"a JPEG 2000 picture", "\0\0\0\014jP  ", 0, 8, NULL, false},
    {"a JPEG 2000 picture", "\xff\x4f\xff\x51", 0, 4, NULL, false},
    {"a JPEG XL picture", "\0\0\0\014JXL ", 0, 8, NULL, false},
    {"a JPEG XL picture", "\377\012", 0, 2, NULL, false},
    {"an icon", "\0\0\1\0", 0, 4, NULL, false},
    {"a QOI picture", "qoif", 0, 4, NULL, false},
};

static const struct format *format_of(const uint8_t *bytes, size_t size) {
    static const struct format tga = {"TGA", "", 0, 0, tga_decode, true};
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
        const struct format *f = &formats[i];
        if (size >= f->at + f->size && !memcmp(bytes + f->at, f->signature, f->size)) return f;
    }
    return tga_likely(bytes, size) ? &tga : NULL;
}

/* The beginning of a signature: more of it may come. */
static bool begins(const uint8_t *bytes, size_t size) {
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
        if (formats[i].decode && !formats[i].at && size < formats[i].size && !memcmp(bytes, formats[i].signature, size))
            return true;
    return size < 12 && !memcmp(bytes, "RIFF", size < 4 ? size : 4);
}

static int decode(struct decoding *d) {
    if (d->size == 0) {
        if (!d->rule.cut) return log_fail(OCELLI_ERR_FILE, "%s: empty", d->name);
        return decoding_cut(d);
    }
    if (d->size > FILE_MOST) return log_fail(OCELLI_ERR_LIMIT, "%s: a file of over %d MiB", d->name, FILE_MOST >> 20);
    const struct format *f = format_of(d->bytes, d->size);
    if (!f && begins(d->bytes, d->size)) return decoding_cut(d);
    if (!f) return log_fail(OCELLI_ERR_FILE, "%s: not a picture (PNG, JPEG, WebP, BMP, GIF, TGA or PNM)", d->name);
    d->format = f->name, d->dense = f->dense;
    return f->decode ? f->decode(d) : decoding_unread(d, f->name);
}

int decode_memory(struct ocelli_image *image, const void *bytes, size_t size, const char *name,
                  const struct decode_rule *rule) {
    struct decoding d = {.bytes = bytes, .size = size, .name = name, .orientation = 1};
    *image = (struct ocelli_image){0};
    if (rule) d.rule = *rule;
    if (!d.rule.budget) d.rule.budget = DECODE_BUDGET;
    int status = decode(&d);
    if (status) {
        free(d.rgb);
        return status;
    }
    bool turned = d.orientation > 4;
    *image = (struct ocelli_image){d.rgb, turned ? d.height : d.width, turned ? d.width : d.height};
    return OCELLI_OK;
}

/* ---- files ---- */

bool decode_is_picture_name(const char *name) {
    static const char *const endings[] = {"png", "jpg", "jpeg", "bmp", "gif", "tga",
                                          "pnm", "ppm", "pgm",  "pbm", "webp"};
    const char *dot = strrchr(name, '.');
    if (!dot || *name == '.') return false;
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++)
        if (!strcasecmp(dot + 1, endings[i])) return true;
    return false;
}

static int read_fully(int fd, uint8_t *bytes, size_t size, size_t *got) {
    for (*got = 0; *got < size;) {
        ssize_t n = read(fd, bytes + *got, size - *got);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return -1;
        if (n == 0) break;
        *got += (size_t)n;
    }
    return 0;
}

/* Is what was read the file as it stands there now? */
static bool untouched(int fd, const struct stat *before, size_t got) {
    struct stat now;
    return fstat(fd, &now) == 0 && got == (size_t)before->st_size &&
           file_same_stamp(file_stamp(&now), file_stamp(before));
}

static int decode_fd(struct ocelli_image *image, int fd, const char *path, const struct decode_rule *rule) {
    struct stat st;
    size_t got;
    if (fstat(fd, &st) < 0) return log_fail(OCELLI_ERR_FILE, "%s: %s", path, strerror(errno));
    if (S_ISDIR(st.st_mode))
        return log_fail(OCELLI_ERR_FILE, "%s: a folder: name the pictures in it, as %s%s*.jpg", path, path,
                        path[strlen(path) - 1] == '/' ? "" : "/");
    if (!S_ISREG(st.st_mode)) return log_fail(OCELLI_ERR_FILE, "%s: not a regular file", path);
    if (st.st_size > FILE_MOST) return log_fail(OCELLI_ERR_LIMIT, "%s: a file of over %d MiB", path, FILE_MOST >> 20);
    uint8_t *bytes = malloc((size_t)st.st_size + 1);
    if (!bytes) return log_fail(OCELLI_ERR_MEMORY, "%s: out of memory to read it", path);
    int status;
    if (read_fully(fd, bytes, (size_t)st.st_size, &got) < 0)
        status = log_fail(OCELLI_ERR_FILE, "%s: %s", path, strerror(errno));
    else if (rule && rule->cut && !untouched(fd, &st, got))
        *rule->cut = true, status = OCELLI_ERR_FILE; /* half of one picture and half of another would pass for one */
    else
        status = decode_memory(image, bytes, got, path, rule);
    free(bytes);
    return status;
}

int decode_file(struct ocelli_image *image, const char *path, const struct decode_rule *rule) {
    *image = (struct ocelli_image){0};
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a FIFO without writer would hold us here */
    if (fd < 0 && errno == ENOENT && rule && rule->cut) {   /* between two names, or not linked yet */
        *rule->cut = true;
        return OCELLI_ERR_FILE;
    }
    if (fd < 0) return log_fail(OCELLI_ERR_FILE, "%s: %s", path, strerror(errno));
    int status = decode_fd(image, fd, path, rule);
    close(fd);
    return status;
}

void decode_free(struct ocelli_image *image) {
    if (!image) return;
    free((void *)image->rgb);
    *image = (struct ocelli_image){0};
}
