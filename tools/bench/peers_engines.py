# SPDX-License-Identifier: Apache-2.0
"""The engines that tools/bench/peers compares: how each gets the checkpoint's image tower, and how it is called.

`job` is the command line of tools/bench/peers, with the folder of conversions as job.work.
"""
import ctypes
import json
import os
import pathlib
import random
import re
import shutil
import subprocess
import tempfile
import typing

ROOT = pathlib.Path(__file__).resolve().parents[2]
CALIBRATION = 16  # pictures


class Skip(Exception):
    """This engine does not run here; the text says why."""


# ---- The picture and the tower.

def noise(job, seed=1):
    """(side, its RGB bytes): a picture of the model's size, so that nothing is resized."""
    side = json.loads((job.checkpoint / "config.json").read_text())["vision_config"]["image_size"]
    return side, random.Random(seed).randbytes(3 * side * side)


def read_picture(job, seed=1):
    """(1, 3, side, side) float32, normalised."""
    import numpy
    settings = json.loads((job.checkpoint / "preprocessor_config.json").read_text())
    side, rgb = noise(job, seed)
    x = numpy.frombuffer(rgb, numpy.uint8).reshape(side, side, 3) / 255
    x = (x - settings["image_mean"]) / settings["image_std"]
    return numpy.ascontiguousarray(x.transpose(2, 0, 1)[None], numpy.float32)


def read_batch(job):
    """(batch, 3, side, side) float32."""
    return read_picture(job).repeat(job.batch, 0)


def torch_tower(job):
    """transformers' own, as a module from a tensor to a tensor."""
    import torch
    import transformers
    model = transformers.CLIPVisionModelWithProjection.from_pretrained(job.checkpoint).float()

    class Tower(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.model = model

        def forward(self, x):  # (pictures, 3, side, side) -> (pictures, embedding)
            return self.model(x).image_embeds
    return Tower().eval().requires_grad_(False)


# ---- Conversions: each writes one file, into a folder that becomes job.work when it is whole.

def make_reference(job, folder):
    """What the cosines are taken with."""
    import torch
    torch.set_num_threads(job.threads)
    embedding = torch_tower(job)(torch.from_numpy(read_picture(job)))[0]
    (folder / "reference.json").write_text(json.dumps(embedding.tolist()))


def make_onnx(job, folder):
    import torch
    torch.onnx.export(torch_tower(job), (torch.from_numpy(read_picture(job)).repeat(2, 1, 1, 1),), str(folder / "tower.onnx"),
                      external_data=False, dynamic_shapes=({0: torch.export.Dim("pictures", min=1, max=64)},))


def make_onnx_int8(job, folder):
    from onnxruntime.quantization import quantize_dynamic
    quantize_dynamic(job.work / "tower.onnx", folder / "int8.onnx")


def make_onnx_7bit(job, folder):
    from onnxruntime.quantization import quantize_dynamic
    quantize_dynamic(job.work / "tower.onnx", folder / "7bit.onnx", per_channel=True, reduce_range=True)


def make_openvino(job, folder):
    import openvino
    picture = read_picture(job)
    model = openvino.convert_model(torch_tower(job), example_input=picture, input=[(-1, *picture.shape[1:])])
    openvino.save_model(model, folder / "tower.xml", compress_to_fp16=False)


def make_openvino_weights(job, folder):
    import nncf
    import openvino
    model = openvino.Core().read_model(job.work / "tower.xml")
    model = nncf.compress_weights(model, mode=nncf.CompressWeightsMode.INT8_SYM)
    openvino.save_model(model, folder / "weights.xml", compress_to_fp16=False)


def make_openvino_int8(job, folder):
    import nncf
    import openvino
    pictures = nncf.Dataset([read_picture(job, seed) for seed in range(2, 2 + CALIBRATION)])
    model = openvino.Core().read_model(job.work / "tower.xml")
    model = nncf.quantize(model, pictures, model_type=nncf.ModelType.TRANSFORMER, subset_size=CALIBRATION)
    openvino.save_model(model, folder / "int8.xml", compress_to_fp16=False)


def make_ncnn(job, folder):
    """pnnx finds Convolution, LayerNorm, MultiHeadAttention, Gemm, Sigmoid and BinaryOp layers in PyTorch's trace."""
    import pnnx
    import torch
    with tempfile.TemporaryDirectory(dir=folder) as scratch:  # pnnx writes much more than is asked for
        torch.jit.trace(torch_tower(job), torch.from_numpy(read_picture(job))).save(f"{scratch}/tower.pt")
        subprocess.run([pnnx.EXEC_PATH, "tower.pt"], cwd=scratch, check=True)
        for name in ("tower.ncnn.bin", "tower.ncnn.param"):
            shutil.move(f"{scratch}/{name}", folder)


# ---- Engines: from a device's name ("": the engine's own choice) to (what it says of itself, a function that embeds the
# batch: (batch, embedding) numbers in main memory).

def header_struct(name):
    """A struct of include/ocelli.h for ctypes."""
    types = {"const char *": ctypes.c_char_p, "uint32_t ": ctypes.c_uint32, "uint64_t ": ctypes.c_uint64,
             "int ": ctypes.c_int, "float ": ctypes.c_float}
    body = re.search(rf"struct {name} {{\n(.*?)}};", (ROOT / "include/ocelli.h").read_text(), re.DOTALL)[1]
    fields = re.findall(r"^ +(const char \*|\w+ |enum \w+ )(\w+);", body, re.MULTILINE)
    return type(name, (ctypes.Structure,), {"_fields_": [(field, types.get(kind, ctypes.c_int)) for kind, field in fields]})


class OcelliImage(ctypes.Structure):
    _fields_ = [("rgb", ctypes.c_char_p), ("width", ctypes.c_uint32), ("height", ctypes.c_uint32)]


def ocelli(job, device):
    library = ctypes.CDLL(job.build / "libocelli.so")
    library.ocelli_version.restype = ctypes.c_char_p
    handle, params, info = ctypes.c_void_p(), header_struct("ocelli_params")(), header_struct("ocelli_info")()
    params.model, params.device, params.threads = os.fsencode(job.model), device.encode() or None, job.threads
    side, rgb = noise(job)
    images = (OcelliImage * job.batch)(*[OcelliImage(rgb, side, side)] * job.batch)
    if library.ocelli_open(ctypes.byref(handle), ctypes.byref(params)):
        raise Skip("ocelli does not open; standard error says why")
    library.ocelli_get_info(handle, ctypes.byref(info))
    vectors = ((ctypes.c_float * info.embedding_size) * job.batch)()

    def embed():
        if library.ocelli_embed_images(handle, images, ctypes.c_size_t(job.batch), vectors):
            raise Skip("ocelli does not embed; standard error says why")
        return vectors
    embed()  # the first one may choose another kind of product
    library.ocelli_get_info(handle, ctypes.byref(info))
    kind = ["auto", "f16w", "dot", "mma"][info.kind]
    return f"{library.ocelli_version().decode()}, {kind}, {info.device_name.decode()}", embed


def onnxruntime(job, name):
    import onnxruntime
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = job.threads, 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "01"[job.spin])
    session = onnxruntime.InferenceSession(job.work / name, options, providers=["CPUExecutionProvider"])
    feed = {session.get_inputs()[0].name: read_batch(job)}
    return "", lambda: session.run(None, feed)[0]


def openvino(job, name, precision="f32"):
    """Its threads are oneTBB's, which sleep after a short while in any case."""
    import openvino
    core, pictures = openvino.Core(), read_batch(job)
    if precision == "bf16" and "BF16" not in core.get_property("CPU", "OPTIMIZATION_CAPABILITIES"):
        raise Skip("this processor has no bfloat16 arithmetic")
    model = core.read_model(job.work / name)
    model.reshape(pictures.shape)
    request = core.compile_model(model, "CPU", {
        "PERFORMANCE_HINT": "LATENCY", "NUM_STREAMS": "1", "INFERENCE_NUM_THREADS": job.threads,
        "INFERENCE_PRECISION_HINT": precision}).create_infer_request()
    return "", lambda: request.infer([pictures], share_inputs=True)[0]


def ncnn(job, device, gpu, fp16=True):
    """It has no batches: pictures go one after the other."""
    import ncnn
    import numpy
    net, about = ncnn.Net(), ""
    net.opt.num_threads, net.opt.use_vulkan_compute = job.threads, gpu
    if not fp16:
        net.opt.use_fp16_packed = net.opt.use_fp16_storage = net.opt.use_fp16_arithmetic = False
    if gpu:
        names = [ncnn.get_gpu_info(i).device_name() for i in range(ncnn.get_gpu_count())]
        fits = [i for i, name in enumerate(names) if device in name]
        if not fits:
            raise Skip(f"ncnn does not see {device or 'a Vulkan device'}, only {names}")
        net.set_vulkan_device(fits[0])
        about = names[fits[0]]
    if net.load_param(f"{job.work}/tower.ncnn.param") or net.load_model(f"{job.work}/tower.ncnn.bin"):
        raise Skip("ncnn cannot load what pnnx wrote")
    if gpu and (elsewhere := {layer.type for layer in net.layers() if not layer.support_vulkan}):
        about += f"; CPU: {', '.join(sorted(elsewhere))}"
    pixels = read_picture(job)[0]  # of which Mat() keeps no hold
    picture = ncnn.Mat(pixels).clone()

    def embed_one():
        with net.create_extractor() as extractor:
            extractor.input("in0", picture)
            return numpy.array(extractor.extract("out0")[1]).reshape(-1)
    return about, lambda: [embed_one() for _ in range(job.batch)]


def torch_cpu(job, int8=False):
    import torch
    torch.set_num_threads(job.threads)
    tower, pictures = torch_tower(job), torch.from_numpy(read_batch(job))
    if int8:
        tower = torch.ao.quantization.quantize_dynamic(tower, {torch.nn.Linear}, torch.qint8)

    def embed():
        with torch.inference_mode():
            return tower(pictures).numpy()
    return "", embed


def torch_cuda(job):
    """One picture through a recorded CUDA graph, or a batch through torch.compile; copies to and from the GPU included."""
    import torch
    if not torch.cuda.is_available():
        raise Skip("PyTorch sees no CUDA device")
    tower = torch_tower(job).half().cuda()
    host = torch.from_numpy(read_batch(job)).half().pin_memory()
    pictures = host.cuda()
    if job.batch > 1:
        compute = torch.compile(tower, mode="max-autotune")
    else:
        side, graph = torch.cuda.Stream(), torch.cuda.CUDAGraph()
        side.wait_stream(torch.cuda.current_stream())
        with torch.no_grad(), torch.cuda.stream(side):
            for _ in range(3):  # libraries take their work space before the recording
                tower(pictures)
        torch.cuda.current_stream().wait_stream(side)
        with torch.no_grad(), torch.cuda.graph(graph):
            recorded = tower(pictures)

        def compute(_):
            graph.replay()
            return recorded

    def embed():
        with torch.no_grad():
            pictures.copy_(host, non_blocking=True)
            return compute(pictures).cpu().float().numpy()  # waits for the GPU
    return torch.cuda.get_device_name(), embed


class Engine(typing.NamedTuple):
    label: str  # with the form of its numbers; {name} is the version of a package
    make: typing.Callable  # (job, device) -> as above
    conversions: dict = {}  # in order; file: what makes it
    packages: str = ""


TORCH = {}, "torch transformers"
NCNN = {"tower.ncnn.bin": make_ncnn}, "ncnn pnnx torch transformers"
ONNX, ONNX_NEEDS = {"tower.onnx": make_onnx}, "onnxruntime onnx onnxscript torch transformers"
VINO, VINO_NEEDS = {"tower.xml": make_openvino}, "openvino torch transformers"
ENGINES = {
    "ocelli": Engine("ocelli", ocelli),
    "onnxruntime": Engine("onnxruntime {onnxruntime}, float32", lambda job, _: onnxruntime(job, "tower.onnx"), ONNX, ONNX_NEEDS),
    "onnxruntime-int8": Engine(
        "onnxruntime {onnxruntime}, int8: quantize_dynamic as it comes (u8 x s8, a scale a tensor)",
        lambda job, _: onnxruntime(job, "int8.onnx"), ONNX | {"int8.onnx": make_onnx_int8}, ONNX_NEEDS),
    "onnxruntime-7bit": Engine(
        "onnxruntime {onnxruntime}, int8: quantize_dynamic(per_channel, reduce_range) (u8 x 7 bits, a scale a channel)",
        lambda job, _: onnxruntime(job, "7bit.onnx"), ONNX | {"7bit.onnx": make_onnx_7bit}, ONNX_NEEDS),
    "openvino": Engine("OpenVINO {openvino}, float32", lambda job, _: openvino(job, "tower.xml"), VINO, VINO_NEEDS),
    "openvino-bf16": Engine("OpenVINO {openvino}, bf16", lambda job, _: openvino(job, "tower.xml", "bf16"), VINO, VINO_NEEDS),
    "openvino-weights": Engine(
        "OpenVINO {openvino}, int8 weights: NNCF {nncf} compress_weights(INT8_SYM) (a scale a channel; float32 arithmetic)",
        lambda job, _: openvino(job, "weights.xml"), VINO | {"weights.xml": make_openvino_weights}, VINO_NEEDS + " nncf"),
    "openvino-int8": Engine(
        f"OpenVINO {{openvino}}, int8: NNCF {{nncf}} quantize(TRANSFORMER), {CALIBRATION} pictures (static, SmoothQuant)",
        lambda job, _: openvino(job, "int8.xml"), VINO | {"int8.xml": make_openvino_int8}, VINO_NEEDS + " nncf"),
    "ncnn": Engine("ncnn {ncnn}, float32", lambda job, _: ncnn(job, "", False), *NCNN),
    "pytorch": Engine("PyTorch {torch}, float32", lambda job, _: torch_cpu(job), *TORCH),
    "pytorch-int8": Engine("PyTorch {torch}, int8: quantize_dynamic (u8 x s8, a scale a tensor)",
                           lambda job, _: torch_cpu(job, int8=True), *TORCH),
    "ncnn-vulkan": Engine("ncnn {ncnn} Vulkan, default options (fp16)", lambda job, device: ncnn(job, device, True), *NCNN),
    "ncnn-vulkan-fp32": Engine("ncnn {ncnn} Vulkan, float32", lambda job, device: ncnn(job, device, True, False), *NCNN),
    "pytorch-cuda": Engine("PyTorch {torch} CUDA, float16", lambda job, _: torch_cuda(job), *TORCH),
}
