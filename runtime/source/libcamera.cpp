/* SPDX-License-Identifier: Apache-2.0
 * The camera module, camera.so: through libcamera 0.0.3 to 0.7, whose interface is C++ alone. */
#include "source/camera_module.h"
#include "source/kind.h"
#include "source/source.h"
#include "base/clock.h"
#include "base/log.h"

#include <libcamera/libcamera.h>

#include <algorithm>
#include <atomic>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <sys/mman.h>
#include <unistd.h>

using namespace libcamera;

namespace {

constexpr int64_t SECOND = 1000000000;
constexpr int64_t STALLED = 15 * SECOND; /* without a frame: longer than exposures are */
constexpr int64_t LOOK = SECOND / 4;     /* from one look after the camera to the next */

/* ---- what the program gives ---- */

const camera_host *host;

__attribute__((format(printf, 2, 3))) void say(enum ocelli_log_level level, const char *format, ...) {
    char line[LOG_LINE];
    va_list args;
    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    host->log(level, line);
}

int64_t now_ns() {
    return clock_ns(CLOCK_MONOTONIC);
}

/* ---- the one manager a process may have ---- */

std::mutex manager_lock;
std::unique_ptr<CameraManager> manager;
unsigned manager_users;

/* What goes wrong is said here in one line; LIBCAMERA_LOG_LEVELS=*:INFO brings libcamera's own lines back. */
bool manager_get() {
    std::lock_guard<std::mutex> guard(manager_lock);
    if (!manager_users) {
        setenv("LIBCAMERA_LOG_LEVELS", "*:FATAL", 0);
        manager = std::make_unique<CameraManager>();
        if (manager->start()) {
            manager.reset();
            return false;
        }
    }
    manager_users++;
    return true;
}

void manager_put() {
    std::lock_guard<std::mutex> guard(manager_lock);
    if (--manager_users) return;
    manager->stop();
    manager.reset();
}

/* ---- an acquired camera ---- */

struct Form {
    const char *name;
    PixelFormat pixels;
    int format; /* frame_format, -1: JPEG */
};

/* In the order they are chosen. libcamera names the bytes of a pixel from the last, as DRM does. */
const Form forms[] = {
    {"nv12", formats::NV12, FRAME_NV12}, {"yuv420", formats::YUV420, FRAME_YUV420}, {"yuyv", formats::YUYV, FRAME_YUYV},
    {"rgb", formats::BGR888, FRAME_RGB}, {"bgr", formats::RGB888, FRAME_BGR},       {"mjpeg", formats::MJPEG, -1},
};

struct Session;
struct State;

/* A buffer of the camera: mapped, and a slot. */
struct Buffer {
    slot out;
    std::shared_ptr<Session> held; /* keeps the mapping while the frame is on its way or held */
    Session *session;
    std::unique_ptr<FrameBuffer> own; /* where libcamera could not allocate */
    FrameBuffer *frame;
    std::unique_ptr<Request> request;
    std::vector<SharedFD> fds; /* stay open while the frame is held */
    std::map<int, std::pair<uint8_t *, size_t>> maps;
    frame_plane planes[3];
    size_t length; /* of plane 0 */

    ~Buffer() {
        for (auto &m : maps) munmap(m.second.first, m.second.second);
    }
};

/* Lives until the camera is let go and the last of its frames is released. */
struct Session : std::enable_shared_from_this<Session> {
    State *state;
    std::shared_ptr<Camera> camera;
    std::unique_ptr<CameraConfiguration> config;
    std::unique_ptr<FrameBufferAllocator> allocator;
    std::vector<std::unique_ptr<Buffer>> buffers;
    const Form *form;
    ::frame look;    /* all that frames have in common */
    std::mutex lock; /* of live */
    bool live = false;
    bool seen = false; /* a sequence number */
    unsigned last = 0;

    int acquire(std::string &why);
    int choose(std::string &why);
    int allocate(std::string &why);
    int start(std::string &why);
    void completed(Request *request);
    void disconnected();
    void queue(Buffer *b);
    void stop();
    bool lay(Buffer &b, std::string &why);
    bool make_buffer(std::string &why);
    void stamp(::frame &f, const FrameMetadata &m);
    void controls(ControlList &list);
};

struct State {
    source *s;
    source_options want;
    std::string id, format; /* id: as in the URI; format: empty, any */
    std::shared_ptr<Session> session;
    std::atomic<bool> lost{false};
    std::atomic<int64_t> heard{0}; /* when the last frame came */
    uint64_t sequence = 0;
    std::string said; /* the last fault of opening again */
};

std::string list(const std::vector<std::string> &names) {
    std::string all;
    for (const std::string &name : names) all += (all.empty() ? "" : ", ") + name;
    return all.empty() ? "none" : all;
}

/* By its whole id, or by a part that only one has; "": the first. */
std::shared_ptr<Camera> find(const std::string &id, std::string &why) {
    std::vector<std::shared_ptr<Camera>> found;
    std::vector<std::string> ids;
    for (const std::shared_ptr<Camera> &camera : manager->cameras()) {
        ids.push_back(camera->id());
        if (camera->id() == id) return camera;
        if (camera->id().find(id) != std::string::npos) found.push_back(camera);
    }
    if (id.empty() && !found.empty()) return found.front();
    if (found.size() == 1) return found.front();
    if (ids.empty())
        why = "no camera found: is it plugged in, and may this user open /dev/video* and /dev/media*?";
    else
        why = (found.empty() ? "no such camera; there are: " : "more than one has this in its id: ") + list(ids);
    return nullptr;
}

int Session::acquire(std::string &why) {
    camera = find(state->id, why);
    if (!camera) return SOURCE_WAIT;
    int failed = camera->acquire();
    if (!failed) return OCELLI_OK;
    why = camera->id() +
          (failed == -EBUSY ? ": busy: another program or source uses it" : std::string(": ") + strerror(-failed));
    camera.reset();
    return OCELLI_ERR_DEVICE;
}

/* Names of what a stream offers, as far as we read it. */
std::vector<std::string> offered(const StreamConfiguration &stream) {
    std::vector<PixelFormat> have = stream.formats().pixelformats();
    std::vector<std::string> names;
    if (have.empty()) have.push_back(stream.pixelFormat);
    for (const Form &f : forms)
        if (std::find(have.begin(), have.end(), f.pixels) != have.end()) names.push_back(f.name);
    return names;
}

const Form *form_of(const PixelFormat &pixels) {
    for (const Form &f : forms)
        if (f.pixels == pixels) return &f;
    return nullptr;
}

/* The colours that it will send, where it says so. */
void colours(::frame &look, const StreamConfiguration &stream) {
    look.matrix = frame_guess_matrix(look.height);
    look.full_range = false;
    if (!stream.colorSpace) return;
    look.matrix = stream.colorSpace->ycbcrEncoding == ColorSpace::YcbcrEncoding::Rec709 ? FRAME_BT709 : FRAME_BT601;
    look.full_range = stream.colorSpace->range == ColorSpace::Range::Full;
}

int Session::choose(std::string &why) {
    config = camera->generateConfiguration({StreamRole::Viewfinder});
    if (!config || config->empty()) {
        why = "gives no video";
        return OCELLI_ERR_DEVICE;
    }
    StreamConfiguration &stream = config->at(0);
    std::vector<std::string> names = offered(stream);
    const std::string &wanted = state->format;
    if (names.empty() || (!wanted.empty() && std::find(names.begin(), names.end(), wanted) == names.end())) {
        why = (wanted.empty() ? "no format that can be read" : "format " + wanted + " is not offered") +
              "; offered: " + (names.empty() ? stream.pixelFormat.toString() : list(names));
        return OCELLI_ERR_DEVICE;
    }
    for (const Form &f : forms)
        if (f.name == (wanted.empty() ? names.front() : wanted)) stream.pixelFormat = f.pixels;
    stream.size = state->want.width ? Size(state->want.width, state->want.height) : Size(640, 480);
    stream.bufferCount = SOURCE_HELD + 4; /* one the latest, three with the camera */
    bool valid = config->validate() != CameraConfiguration::Invalid;
    form = form_of(stream.pixelFormat);
    if (!valid || !form || camera->configure(config.get()) < 0) {
        why = "refuses " + stream.toString();
        return OCELLI_ERR_DEVICE;
    }
    look = ::frame{};
    look.format = form->format < 0 ? FRAME_RGB : static_cast<frame_format>(form->format);
    look.width = stream.size.width;
    look.height = stream.size.height;
    colours(look, stream);
    return OCELLI_OK;
}

/* ---- buffers ---- */

/* Rows of a plane, and what of the first plane's stride it has. */
struct PlaneForm {
    unsigned count, divide_stride, divide_rows;
};

PlaneForm plane_form(int format) {
    if (format == FRAME_NV12) return {2, 1, 2};
    if (format == FRAME_YUV420) return {3, 2, 2};
    return {1, 1, 1};
}

/* Application-made memory, for cameras that take any where libcamera has neither /dev/dma_heap nor /dev/udmabuf to
 * make its own of: the virtual camera. Drivers of real ones want dma-bufs, and refuse it. */
bool Session::make_buffer(std::string &why) {
    const StreamConfiguration &stream = config->at(0);
    PlaneForm planes = plane_form(form->format);
    size_t luma = size_t(stream.stride) * stream.size.height;
    size_t chroma = luma / planes.divide_stride / planes.divide_rows;
    if (planes.count == 1) luma = std::max<size_t>(stream.frameSize, luma);
    size_t page = size_t(sysconf(_SC_PAGESIZE)); /* whole ones, as dma-bufs have: drivers import no other */
    size_t size = (luma + (planes.count - 1) * chroma + page - 1) / page * page;
    UniqueFD raw(memfd_create("ocelli frame", MFD_CLOEXEC | MFD_ALLOW_SEALING));
    if (!size || !raw.isValid() || ftruncate(raw.get(), off_t(size))) {
        why = "no memory for its frames";
        return false;
    }
    SharedFD fd(std::move(raw));
    std::vector<FrameBuffer::Plane> list(planes.count);
    for (unsigned i = 0; i < planes.count; i++) {
        list[i].fd = fd;
        list[i].offset = i ? unsigned(luma + (i - 1) * chroma) : 0;
        list[i].length = unsigned(i ? chroma : luma);
    }
    auto b = std::make_unique<Buffer>();
    b->own = std::make_unique<FrameBuffer>(list);
    b->frame = b->own.get();
    buffers.push_back(std::move(b));
    return true;
}

uint8_t *mapped(Buffer &b, const SharedFD &fd) {
    auto known = b.maps.find(fd.get());
    if (known != b.maps.end()) return known->second.first;
    off_t size = lseek(fd.get(), 0, SEEK_END);
    void *data = size > 0 ? mmap(nullptr, size_t(size), PROT_READ, MAP_SHARED, fd.get(), 0) : MAP_FAILED;
    if (data == MAP_FAILED) return nullptr;
    b.fds.push_back(fd);
    b.maps[fd.get()] = {static_cast<uint8_t *>(data), size_t(size)};
    return static_cast<uint8_t *>(data);
}

/* Where the planes are for the processor. Some cameras give one plane for all of a format: then the others follow it.
 */
bool Session::lay(Buffer &b, std::string &why) {
    const StreamConfiguration &stream = config->at(0);
    const auto &have = b.frame->planes(); /* a vector; since 0.7 a span */
    PlaneForm planes = plane_form(form->format);
    size_t follow = 0;
    std::memset(b.planes, 0, sizeof b.planes);
    for (unsigned i = 0; i < planes.count; i++) {
        const FrameBuffer::Plane &plane = have[std::min<size_t>(i, have.size() - 1)];
        uint8_t *data = mapped(b, plane.fd);
        uint32_t stride = i ? stream.stride / planes.divide_stride : stream.stride;
        size_t rows = i ? (stream.size.height + planes.divide_rows - 1) / planes.divide_rows : stream.size.height;
        size_t offset = plane.offset == FrameBuffer::Plane::kInvalidOffset ? 0 : plane.offset;
        if (i >= have.size()) offset += follow;
        bool fits = data && offset + (form->format < 0 ? plane.length : stride * rows) <= b.maps[plane.fd.get()].second;
        if (!fits) {
            why = "buffers that cannot be mapped";
            return false;
        }
        b.planes[i] = {data + offset, stride, plane.fd.get(), uint32_t(offset)};
        follow += stride * rows;
    }
    b.length = have[0].length;
    return true;
}

void recycle(slot *out) {
    Buffer *b = static_cast<Buffer *>(out->owner);
    std::shared_ptr<Session> session = std::move(b->held);
    session->queue(b); /* may be the last to hold it */
}

int Session::allocate(std::string &why) {
    Stream *stream = config->at(0).stream();
    allocator = std::make_unique<FrameBufferAllocator>(camera);
    if (allocator->allocate(stream) > 0) {
        for (const std::unique_ptr<FrameBuffer> &frame : allocator->buffers(stream)) {
            buffers.push_back(std::make_unique<Buffer>());
            buffers.back()->frame = frame.get();
        }
    } else {
        for (unsigned i = 0; i < config->at(0).bufferCount; i++)
            if (!make_buffer(why)) return OCELLI_ERR_MEMORY;
    }
    for (std::unique_ptr<Buffer> &b : buffers) {
        b->session = this;
        b->request = camera->createRequest(reinterpret_cast<uintptr_t>(b.get()));
        if (!b->request || b->request->addBuffer(stream, b->frame) || !lay(*b, why)) {
            if (why.empty()) why = "its requests cannot be made";
            return OCELLI_ERR_DEVICE;
        }
        b->out = slot{};
        b->out.recycle = recycle;
        b->out.owner = b.get();
    }
    return OCELLI_OK;
}

/* ---- frames ---- */

/* Controls are found by name: which exist, and as what constants, differs from version to version. */
const ControlId *control(const Camera &camera, const char *name) {
    for (const auto &c : camera.controls())
        if (c.first->name() == name) return c.first;
    return nullptr;
}

void set(const Camera &camera, ControlList &list, const char *name, const ControlValue &value, bool wanted) {
    const ControlId *id = wanted ? control(camera, name) : nullptr;
    if (id)
        list.set(id->id(), value);
    else if (wanted)
        say(OCELLI_LOG_WARNING, "camera:%s: has no control %s: left as it is", camera.id().c_str(), name);
}

void Session::controls(ControlList &list) {
    const source_options &o = state->want;
    bool modes = control(*camera, "ExposureTimeMode"); /* since 0.5 what is not told to be manual stays automatic */
    int64_t duration = o.rate ? SECOND / 1000 / o.rate : 0; /* us */
    const int64_t limits[2] = {duration, duration};
    set(*camera, list, "FrameDurationLimits", ControlValue(Span<const int64_t, 2>(limits)), o.rate);
    set(*camera, list, "ExposureTimeMode", ControlValue(int32_t(1)), o.exposure_us && modes);
    set(*camera, list, "AnalogueGainMode", ControlValue(int32_t(1)),
        o.gain > 0 && control(*camera, "AnalogueGainMode"));
    set(*camera, list, "AeEnable", ControlValue(false),
        !modes && o.exposure_us && o.gain > 0 && control(*camera, "AeEnable"));
    set(*camera, list, "ExposureTime", ControlValue(int32_t(o.exposure_us)), o.exposure_us);
    set(*camera, list, "AnalogueGain", ControlValue(o.gain), o.gain > 0);
    set(*camera, list, "ExposureValue", ControlValue(o.exposure_value), o.exposure_value != 0);
}

int Session::start(std::string &why) {
    ControlList list(camera->controls());
    controls(list);
    camera->requestCompleted.connect(this, &Session::completed);
    camera->disconnected.connect(this, &Session::disconnected);
    int failed = camera->start(&list);
    if (failed) {
        why = camera->id() + ": does not start: " + strerror(-failed);
        return OCELLI_ERR_DEVICE;
    }
    state->heard = now_ns();
    live = true;
    for (std::unique_ptr<Buffer> &b : buffers) camera->queueRequest(b->request.get());
    return OCELLI_OK;
}

/* Time and number are the camera's where they can be true. The virtual camera of 0.4 leaves both as they were. */
void Session::stamp(::frame &f, const FrameMetadata &m) {
    int64_t now = now_ns(), then = int64_t(m.timestamp);
    unsigned step = m.sequence - last;
    f.captured_ns = then <= now && then > now - 10 * SECOND && then > 0 ? then : now;
    state->sequence += seen && step >= 1 && step < 1000 ? step : 1;
    last = m.sequence;
    seen = true;
    f.sequence = state->sequence - 1;
    state->heard = now;
}

/* In libcamera's thread. */
void Session::completed(Request *request) {
    if (request->status() == Request::RequestCancelled) return;
    Buffer *b = reinterpret_cast<Buffer *>(request->cookie());
    const FrameMetadata &m = b->frame->metadata();
    int status; /* 0.4's virtual camera leaves this too as it was: any number, perhaps none of the enum */
    std::memcpy(&status, &m.status, sizeof status);
    if (status == FrameMetadata::FrameError) {
        queue(b);
        return;
    }
    b->out.frame = look;
    std::memcpy(b->out.frame.planes, b->planes, sizeof b->planes);
    stamp(b->out.frame, m);
    if (form->format < 0) {
        size_t used = m.planes().empty() ? 0 : m.planes()[0].bytesused;
        b->out.encoded = b->planes[0].data;
        b->out.encoded_size = used && used <= b->length ? used : b->length;
    }
    b->held = shared_from_this();
    host->mailbox_post(&state->s->mailbox, &b->out);
}

void Session::disconnected() {
    state->lost = true;
}

void Session::queue(Buffer *b) {
    std::lock_guard<std::mutex> guard(lock);
    if (!live) return;
    b->request->reuse(Request::ReuseBuffers);
    camera->queueRequest(b->request.get());
}

/* Leaves what held frames need: the mappings and their files. */
void Session::stop() {
    {
        std::lock_guard<std::mutex> guard(lock);
        live = false;
    }
    if (!camera) return;
    camera->stop();
    camera->requestCompleted.disconnect(this);
    camera->disconnected.disconnect(this);
    for (std::unique_ptr<Buffer> &b : buffers) b->request.reset();
    for (std::unique_ptr<Buffer> &b : buffers) b->own.reset();
    allocator.reset();
    camera->release();
    config.reset();
    camera.reset();
}

/* ---- opening, now and again ---- */

/* SOURCE_WAIT: it is not there. Faults are told in `why`, since not all of them are news. */
int open_session(State *state, std::string &why) {
    auto session = std::make_shared<Session>();
    session->state = state;
    int status = session->acquire(why);
    if (!status) status = session->choose(why);
    if (!status) status = session->allocate(why);
    if (!status) status = session->start(why);
    if (status)
        session->stop();
    else
        state->session = session;
    return status;
}

void close_session(State *state) {
    if (!state->session) return;
    state->session->stop();
    host->mailbox_clear(&state->s->mailbox); /* from before it went: not news any more */
    state->session.reset();
}

bool known_format(const char *name) {
    for (const Form &f : forms)
        if (!std::strcmp(f.name, name)) return true;
    return false;
}

/* Gone, or silent for long: let go of it, so that it can be found again. */
void watch(State *state) {
    bool silent = now_ns() - state->heard > STALLED;
    if (!state->lost && !silent) return;
    say(OCELLI_LOG_WARNING, "%s: %s: %s", state->s->uri, state->session->camera->id().c_str(),
        state->lost ? "unplugged: waiting for it to return" : "no frame for 15 s: starting it again");
    host->mailbox_set_away(&state->s->mailbox, true);
    close_session(state);
    state->lost = false;
    state->said.clear();
}

/* Each reason why it cannot be had though it is there again is said once. */
void try_again(State *state) {
    std::string why;
    int status = open_session(state, why);
    host->mailbox_set_away(&state->s->mailbox, status != OCELLI_OK);
    if (!status)
        say(OCELLI_LOG_INFO, "%s: %s: is back", state->s->uri, state->session->camera->id().c_str());
    else if (status != SOURCE_WAIT && why != state->said)
        say(OCELLI_LOG_WARNING, "%s: %s", state->s->uri, why.c_str());
    if (status != SOURCE_WAIT) state->said = why;
}

/* ---- the module's functions ---- */

int check_options(const char *uri, const char *, const source_options *o) {
    if (!o->format || known_format(o->format)) return OCELLI_OK;
    say(OCELLI_LOG_ERROR, "%s: format %s: give nv12, yuv420, yuyv, rgb, bgr or mjpeg", uri, o->format);
    return OCELLI_ERR_USAGE;
}

void close_camera(source *s) {
    State *state = static_cast<State *>(s->state);
    close_session(state);
    delete state;
    manager_put();
    s->state = nullptr;
}

int open_camera(source *s, const char *rest, const source_options *o) {
    if (!manager_get()) {
        say(OCELLI_LOG_ERROR, "%s: libcamera does not start", s->uri);
        return OCELLI_ERR_DEVICE;
    }
    State *state = new State;
    std::string why;
    state->s = s;
    state->want = *o;
    state->id = rest;
    state->format = o->format ? o->format : "";
    s->state = state;
    s->mailbox.every = false; /* a camera does not wait */
    int status = open_session(state, why);
    if (!status) return OCELLI_OK;
    say(OCELLI_LOG_ERROR, "%s: %s", s->uri, why.c_str());
    close_camera(s);
    return status == SOURCE_WAIT ? OCELLI_ERR_DEVICE : status;
}

/* The camera's frames come in libcamera's thread; this one only looks after the camera. */
int run_camera(source *s) {
    State *state = static_cast<State *>(s->state);
    while (!host->mailbox_sleep(&s->mailbox, now_ns() + LOOK)) {
        if (state->session)
            watch(state);
        else
            try_again(state);
    }
    return SOURCE_END;
}

/* Of the format that open_camera() would choose, or of all where none of them can be read. */
std::vector<source_size> sizes_of(Camera &camera) {
    std::vector<source_size> sizes;
    std::unique_ptr<CameraConfiguration> config = camera.generateConfiguration({StreamRole::Viewfinder});
    if (!config || config->empty()) return sizes;
    const StreamFormats &formats = config->at(0).formats();
    for (const Form &form : forms) {
        for (const Size &size : formats.sizes(form.pixels)) sizes.push_back({size.width, size.height});
        if (!sizes.empty()) break;
    }
    std::sort(sizes.begin(), sizes.end(), [](const source_size &a, const source_size &b) {
        return std::make_pair(a.width, a.height) < std::make_pair(b.width, b.height);
    });
    return sizes;
}

int list_cameras(void (*each)(void *user, const source_camera *camera), void *user) {
    if (!manager_get()) {
        say(OCELLI_LOG_ERROR, "cameras: libcamera does not start");
        return OCELLI_ERR_DEVICE;
    }
    for (const std::shared_ptr<Camera> &camera : manager->cameras()) {
        std::string model(camera->properties().get(properties::Model).value_or(""));
        std::vector<source_size> sizes = sizes_of(*camera);
        const source_camera told = {camera->id().c_str(), model.c_str(), sizes.data(), sizes.size()};
        each(user, &told);
    }
    manager_put();
    return OCELLI_OK;
}

const char *library() {
    static const std::string name = "libcamera " + CameraManager::version();
    return name.c_str();
}

void use(const camera_host *program) {
    host = program;
}

} /* namespace */

const camera_module ocelli_camera_module = {
    OCELLI_VERSION, CAMERA_MODULE_LAYOUT, use,        library,      list_cameras,
    check_options,  open_camera,          run_camera, close_camera,
};
