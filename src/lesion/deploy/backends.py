"""The ways in which one network can be run on this machine's processor."""

import logging
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import onnx
import torch
from torch import Tensor, nn

from lesion.artifacts.provenance import installed
from lesion.deploy.contract import Model, RunOptions
from lesion.deploy.graphs import INPUT, OUTPUT, quantised, to_onnx
from lesion.deploy.runtimes import onnx_runtime, openvino_runtime
from lesion.deploy.sparse import FORMATS, in_format
from lesion.errors import InputError

LOG = logging.getLogger("lesion")


@dataclass(frozen=True)
class Backend:
    """A network that is ready to run.

    Attributes
    ----------
    name : `torch`, `onnxruntime`, `openvino`, or torch with pruned layers in a format: `torch-csr`
    runtime : the library and its version
    baseline : the backend of the dense network that its time is compared with
    bytes : what it stores
    run : images float32 (n, c, h, w) -> logits
    """

    name: str
    runtime: str
    baseline: str
    bytes: int
    run: Callable[[Tensor], object]


def backends(
    variant: str, network: nn.Module, stored: Mapping[str, Tensor], example: Tensor, threads: int
) -> Iterator[Backend]:
    """All backends of a restored network that are installed.

    Of int8 those alone that compute with integers: torch here computes with the floats that integers stand for.

    Parameters
    ----------
    variant : for messages
    stored : the tensors that the network was restored from
    example : one image, float32 (1, c, h, w)
    """
    version = f"torch {installed('torch')}"
    if not quantised(stored):
        total = sum(tensor.nbytes for tensor in network.state_dict().values())
        yield Backend("torch", version, "torch", total, _by_torch(network))
        for wanted in FORMATS:
            if made := in_format(network, wanted):
                run = _by_torch(made[0])
                try:
                    run(example)
                except AttributeError as error:  # the network's code looks into a layer that was replaced
                    LOG.warning("latency: %s without torch-%s: %s", variant, wanted, error)
                    continue
                yield Backend(f"torch-{wanted}", version, "torch", made[1], run)
    try:
        graph = to_onnx(network, example, stored)
    except InputError as error:
        LOG.warning("latency: %s without onnxruntime: %s", variant, error)
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "network.onnx")
        onnx.save(graph, path)
        size, options = path.stat().st_size, RunOptions(threads=threads)
        opened: dict[str, Model] = {"onnxruntime": onnx_runtime.open_model(path, options)}
        if find_spec("openvino"):
            opened["openvino"] = openvino_runtime.open_model(path, options)
    for name, model in opened.items():
        yield Backend(name, f"{name} {installed(name)}", name, size, _by_file(model))


def _by_torch(network: nn.Module) -> Callable[[Tensor], object]:
    def run(images: Tensor) -> object:
        with torch.inference_mode():
            return network(images)

    return run


def _by_file(model: Model) -> Callable[[Tensor], object]:
    return lambda images: model.run({INPUT: images.numpy()}, OUTPUT)
