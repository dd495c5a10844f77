/* SPDX-License-Identifier: Apache-2.0 */
#include "source/y4m.h"
#include "source/spec.h"
#include "base/log.h"

#include <string.h>

static const char magic[] = "YUV4MPEG2", frame[] = "FRAME";

/* The three of 4:2:0 differ in where chroma lies, which is of no matter here (base/frame.h). */
static const struct {
    const char *tag;
    enum frame_format format;
} colours[] = {
    {"420jpeg", FRAME_YUV420}, {"420mpeg2", FRAME_YUV420}, {"420paldv", FRAME_YUV420}, {"420", FRAME_YUV420},
    {"422", FRAME_YUV422},     {"444", FRAME_YUV444},      {"mono", FRAME_GREY},
};

static int read_colour(struct y4m *y, const char *tag) {
    for (size_t i = 0; i < sizeof colours / sizeof *colours; i++)
        if (!strcmp(tag, colours[i].tag)) {
            y->form.format = colours[i].format;
            y->form.full_range = y->form.format == FRAME_GREY; /* as ffmpeg, unless the header says */
            return OCELLI_OK;
        }
    return log_fail(OCELLI_ERR_LIMIT,
                    "%s: y4m colour format %s is not read: make it 420jpeg (ffmpeg: -pix_fmt yuv420p)", y->name, tag);
}

static int read_rate(struct y4m *y, const char *text) {
    uint32_t num, den;
    if (!spec_number(&text, &num) || *text++ != ':' || !spec_number(&text, &den) || *text)
        return log_fail(OCELLI_ERR_FILE, "%s: y4m header: a rate that is no fraction", y->name);
    if (num && den) y->rate_num = num, y->rate_den = den; /* 0:0 is "unknown" */
    return OCELLI_OK;
}

static int read_side(const struct y4m *y, const char *text, uint32_t *side) {
    if (!spec_number(&text, side) || *text)
        return log_fail(OCELLI_ERR_FILE, "%s: y4m header: a side that is no number", y->name);
    return OCELLI_OK;
}

static void read_interlacing(struct y4m *y, const char *text) {
    if (!strchr("tbm", *text) || !*text || y->interlaced) return;
    y->interlaced = true;
    log_warn("%s: interlaced video is taken as it is: moving things are combed (ffmpeg: -vf yadif)", y->name);
}

static int read_tag(struct y4m *y, const char *tag) {
    switch (*tag) {
    case 'W': return read_side(y, tag + 1, &y->form.width);
    case 'H': return read_side(y, tag + 1, &y->form.height);
    case 'F': return read_rate(y, tag + 1);
    case 'C': return read_colour(y, tag + 1);
    case 'I': read_interlacing(y, tag + 1); return OCELLI_OK;
    case 'X':
        if (!strcmp(tag, "XCOLORRANGE=FULL")) y->form.full_range = true;
        if (!strcmp(tag, "XCOLORRANGE=LIMITED")) y->form.full_range = false;
        return OCELLI_OK;
    default: return OCELLI_OK; /* the shape of a pixel, comments, what is yet to come */
    }
}

static int read_header(struct y4m *y) {
    y->form = (struct frame){.format = FRAME_YUV420};
    y->rate_num = 25, y->rate_den = 1;
    char *rest = y->line + sizeof magic - 1, *tag;
    while ((tag = strsep(&rest, " "))) {
        int status = read_tag(y, tag);
        if (status) return status;
    }
    y->form.matrix = frame_guess_matrix(y->form.height);
    y->started = true;
    return spec_check_size(y->name, y->form.width, y->form.height);
}

/* Does the line begin with the word, as far as both go, and go on with a tag or end? */
static bool may_be(const struct y4m *y, const char *word) {
    size_t n = strlen(word);
    return !strncmp(y->line, word, y->length < n ? y->length : n) && (y->length <= n || y->line[n] == ' ');
}

static int refuse(struct y4m *y) {
    y->line[y->length] = 0; /* an empty line: what stood there before is not to be shown */
    if (y->length == Y4M_LINE)
        return log_fail(
            OCELLI_ERR_FILE,
            "%s: a y4m %s of %d bytes or more: only shorter ones are read (ffmpeg -f yuv4mpegpipe makes such)", y->name,
            y->started ? "line" : "header", Y4M_LINE);
    if (!y->started)
        return log_fail(OCELLI_ERR_FILE,
                        "%s: no y4m: it begins with \"%.12s\" and not YUV4MPEG2 (make it with ffmpeg -f yuv4mpegpipe)",
                        y->name, y->line);
    return log_fail(OCELLI_ERR_FILE, "%s: y4m out of step after %llu frames: \"%.12s\" where FRAME was due", y->name,
                    (unsigned long long)y->frames, y->line);
}

static bool is(const struct y4m *y, const char *word) {
    return y->length >= strlen(word) && may_be(y, word);
}

/* A whole line. */
static int read_line(struct y4m *y) {
    bool header = is(y, magic), due = y->started && is(y, frame);
    if (!header && !due) return refuse(y);
    int status = header ? read_header(y) : OCELLI_OK;
    y->frames += due;
    y->length = 0;
    return status ? status : header ? Y4M_MORE : Y4M_FRAME;
}

/* false: it can become no line that is due here, so that rubbish is not read to its next line's end. */
static bool add(struct y4m *y, uint8_t byte) {
    y->line[y->length++] = (char)byte;
    y->line[y->length] = 0;
    return y->length < Y4M_LINE && (may_be(y, magic) || (y->started && may_be(y, frame)));
}

int y4m_step(struct y4m *y4m, struct span *in) {
    uint8_t byte;
    while (span_u8(in, &byte)) {
        int status = byte == '\n' ? read_line(y4m) : add(y4m, byte) ? Y4M_MORE : refuse(y4m);
        if (status != Y4M_MORE) return status;
    }
    return Y4M_MORE;
}

int y4m_end(const struct y4m *y4m) {
    if (!y4m->started && !y4m->length)
        return log_fail(OCELLI_ERR_FILE, "%s: ended before a y4m header came", y4m->name);
    if (!y4m->started) return log_fail(OCELLI_ERR_FILE, "%s: ended inside the y4m header", y4m->name);
    if (y4m->length)
        return log_fail(OCELLI_ERR_FILE, "%s: ended inside a y4m line after %llu frames", y4m->name,
                        (unsigned long long)y4m->frames);
    return OCELLI_OK;
}
