"""Networks of ours as ONNX files: onnxruntime computes what torch does, in float and in integers."""

from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from onnx import numpy_helper

from lesion.compress.methods import int8_dynamic, int8_static
from lesion.compress.runtime.experts import switched
from lesion.deploy.contract import RunOptions
from lesion.deploy.graphs import INPUT, OUTPUT, to_onnx
from lesion.deploy.runtimes.onnx_runtime import open_model
from lesion.errors import InputError
from tests.compress.quantised import Unusual, images, inference, member, options, shown
from tests.training import random_split, small_network

SPLIT = random_split()
SHOWN = SPLIT.normalise(torch.from_numpy(SPLIT.images.read(np.arange(70))))


def trained() -> torch.nn.Module:
    """A network whose batch norms have statistics of images, so that folding them changes weights."""
    network = small_network()
    with torch.no_grad():
        for _ in range(20):
            network(SHOWN)
    return network.eval()


def logits(model: onnx.ModelProto, folder: Path, images: torch.Tensor) -> np.ndarray:
    onnx.save(model, folder / "m.onnx")
    return open_model(folder / "m.onnx", RunOptions()).run({INPUT: images.contiguous().numpy()}, OUTPUT)


def stored_int8(method: str) -> dict[str, torch.Tensor]:
    from lesion.compress.calibration import Calibration

    chosen = {"static": int8_static, "dynamic": int8_dynamic}[method]
    known = {"of": "dense"} | ({"calibration_images": 64} if method == "static" else {})
    options = chosen.Options(**known)
    compress = chosen.compressor(trained(), options, Calibration(SPLIT, 0))
    return dict(compress(trained().state_dict()))


def test_float_logits_are_torchs_in_any_batch(tmp_path: Path) -> None:
    network = trained()
    model = to_onnx(network, SHOWN[:1], network.state_dict())
    for count in (1, 5, 70):
        with torch.no_grad():
            expected = network(SHOWN[:count]).numpy()
        np.testing.assert_allclose(logits(model, tmp_path, SHOWN[:count]), expected, atol=1e-5)


def test_int8_is_integers_in_the_file(tmp_path: Path) -> None:
    stored = stored_int8("static")
    network = int8_static.restorer(small_network(), int8_static.Options(of="dense", calibration_images=1), SHOWN[:1])(
        stored
    )
    with torch.no_grad():
        expected = network(SHOWN).numpy()
    model = to_onnx(network, SHOWN[:1], stored)
    held = {one.name: numpy_helper.to_array(one) for one in model.graph.initializer}
    weights = [name for name in stored if f"{name}.integers" in held]
    assert len(weights) == 3
    for name in weights:
        np.testing.assert_array_equal(held[f"{name}.integers"], stored[name].numpy())
        assert name not in held
    kinds = [node.op_type for node in model.graph.node]
    assert kinds.count("QuantizeLinear") == 3
    assert kinds.count("DequantizeLinear") == 6
    found = logits(model, tmp_path, SHOWN)
    assert np.abs(found - expected).max() < 0.1 * np.abs(expected).max()
    assert (found.argmax(axis=1) == expected.argmax(axis=1)).mean() > 0.9


def test_dynamic_int8_keeps_a_grid_for_each_image(tmp_path: Path) -> None:
    """One image of a batch does not change the answer to another."""
    stored = stored_int8("dynamic")
    network = int8_dynamic.restorer(small_network(), int8_dynamic.Options(of="dense"), SHOWN[:1])(stored)
    with torch.no_grad():
        expected = network(SHOWN).numpy()
    model = to_onnx(network, SHOWN[:1], stored)
    both = logits(model, tmp_path, torch.cat([SHOWN[:1], 50 * SHOWN[1:2]]))
    alone = logits(model, tmp_path, SHOWN[:1])
    np.testing.assert_allclose(both[:1], alone, atol=1e-5)
    found = logits(model, tmp_path, SHOWN)
    assert (found.argmax(axis=1) == expected.argmax(axis=1)).mean() > 0.95


def test_the_file_says_nothing_of_this_machine(tmp_path: Path) -> None:
    network = trained()
    one, two = (to_onnx(network, SHOWN[:1], network.state_dict()).SerializeToString() for _ in range(2))
    assert one == two
    assert str(Path(torch.__file__).parent).encode() not in one
    assert b"site-packages" not in one


def test_operators_inside_of_modules_are_integers_in_the_file_too(tmp_path: Path) -> None:
    state = member(Unusual)
    stored = int8_static.compressor(Unusual().eval(), options(int8_static), shown(images()[:100]))(state)
    restored = int8_static.restorer(Unusual().eval(), options(int8_static), images()[:1])(stored)
    x = images()[100:133]
    expected = inference(restored, x)
    graph = to_onnx(restored, x[:1], stored)
    assert [node.op_type for node in graph.graph.node].count("QuantizeLinear") == 9  # one for each operator
    found = logits(graph, tmp_path, x)
    assert np.abs(found - expected.numpy()).max() < 0.05 * float(expected.abs().max())


def test_a_network_that_torch_cannot_export_is_refused_in_one_line(capfd: pytest.CaptureFixture[str]) -> None:
    network = small_network()
    name = next(name for name, layer in network.named_modules() if isinstance(layer, torch.nn.Linear))
    switched(network, name, experts=2, capacity=1.25)  # which images an expert takes depends on the images
    with pytest.raises(InputError, match=r"^torch cannot export this network: [^\n]+$"):
        to_onnx(network.eval(), SHOWN[:1], {})
    assert capfd.readouterr().err == ""
