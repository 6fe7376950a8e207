"""A member of a study as an ONNX file, checked by onnxruntime against torch on test images."""

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import torch

from lesion.artifacts.atomic import replacing
from lesion.artifacts.checkpoints import read_members
from lesion.compress.encoding import decode
from lesion.compress.restore import restored
from lesion.data.split import Normalise, Normaliser, Standardise
from lesion.deploy.contract import RunOptions
from lesion.deploy.graphs import INPUT, OUTPUT, quantised, to_onnx
from lesion.deploy.runtimes.onnx_runtime import open_model
from lesion.errors import InputError
from lesion.models.inputs import read_inputs

SHOWN = 256
"""Test images that the check looks at, at most."""
FLOAT, INTEGERS = 1e-3, 0.1
"""How far logits may differ, over their largest magnitude. Integers that lie between two steps may fall on either."""


def export_member(
    *,
    examples: Path,
    images: Path,
    checkpoint: Path,
    model: dict[str, Any],
    compression: dict[str, Any],
    member: int,
    out: Path,
) -> list[str]:
    """Write one member of the shard `checkpoint` to `out`.

    Returns
    -------
    Lines that say what was written, and how far onnxruntime's logits are from torch's.

    Raises
    ------
    InputError
        Where the shard has no such member, the network cannot be exported, or onnxruntime computes something else;
        nothing is written.
    """
    if out.suffix.lower() != ".onnx":
        raise InputError(f"{out}: a file that ends in .onnx is expected")
    split = read_inputs(model, examples, images, "test")
    shown = split.normalise(torch.from_numpy(split.images.read(np.arange(min(SHOWN, len(split.label))))))
    stored = {number: decode(tensors) for number, tensors in read_members(checkpoint)}
    if member not in stored:
        raise InputError(f"{checkpoint}: has no member {member}")
    networks = dict(restored(checkpoint, model=model, compression=compression, split=split))
    with torch.inference_mode():
        expected = networks[member](shown).float().numpy()
    graph = to_onnx(networks[member], shown[:1], stored[member])
    layers = quantised(stored[member])
    told = _checked(graph, np.ascontiguousarray(shown.numpy()), expected, tolerance=INTEGERS if layers else FLOAT)
    with replacing(out) as temporary:
        onnx.save(graph, temporary)
    what = f"{len(layers)} int8 weights" if layers else "weights in float32"
    return [f"{out}: {what}, {out.stat().st_size:,} bytes.", told, _how_to_show(split.normalise)]


def _how_to_show(normalise: Normaliser) -> str:
    if isinstance(normalise, Standardise):
        return "It takes features less `mean` over `std`, the arrays of the study's images.safetensors."
    if not isinstance(normalise, Normalise):
        return "It takes the numbers of words, as the array `tokens` of the study's images.safetensors has them."
    mean, std = (",".join(f"{value:.6g}" for value in values.tolist()) for values in (normalise.mean, normalise.std))
    return f"Images are shown to it with --mean {mean} --std {std}" + (" --bgr." if normalise.reverse else ".")


def _checked(
    graph: onnx.ModelProto, shown: npt.NDArray[np.float32], expected: npt.NDArray[np.float32], *, tolerance: float
) -> str:
    """Run the graph and say how far its logits are from `expected`; InputError where that is beyond `tolerance`."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "check.onnx")
        onnx.save(graph, path)
        found = open_model(path, RunOptions()).run({INPUT: shown}, OUTPUT)
    apart, same = float(np.abs(found - expected).max()), (found.argmax(axis=1) == expected.argmax(axis=1)).sum()
    share = apart / (float(np.abs(expected).max()) or 1.0)
    told = (
        f"onnxruntime on {len(shown)} test images: logits differ from torch's by at most {apart:.2g} "
        f"({share:.2g} of the largest), {same} of {len(shown)} answers are the same."
    )
    if not share <= tolerance:
        raise InputError(f"not exported: {told}")
    return told
