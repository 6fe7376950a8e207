"""What the two int8 methods store, and what their ranges depend on."""

import subprocess
import sys
from types import ModuleType

import pytest
import torch

from lesion.compress.methods import int8_dynamic, int8_static
from lesion.errors import InputError
from tests.compress.quantised import (
    INT8,
    LAYERS,
    compressor,
    converted,
    digits_net,
    images,
    inference,
    member,
    options,
    restorer,
    shown,
)
from tests.rounding import assert_same_logits_but_for_ties


@INT8
def test_stored_tensors_are_these_and_nothing_else(method: ModuleType) -> None:
    stored = compressor(method)(member(digits_net))
    each_layer = ["bias", "weight", "weight_scale"]
    if method is int8_static:
        each_layer += ["input_scale", "input_zero_point"]
    assert list(stored) == sorted(f"{layer}.{name}" for layer in LAYERS for name in each_layer)
    assert all(tensor.is_contiguous() and not tensor.requires_grad for tensor in stored.values())


@INT8
def test_compression_is_deterministic_and_keeps_members_apart(method: ModuleType) -> None:
    first, other = member(digits_net), member(digits_net, seed=1)
    compress, restore = compressor(method), restorer(method)
    stored, stored_other = compress(first), compress(other)
    again = compress(first)
    assert list(stored) == list(again) == list(stored_other)
    assert all(torch.equal(stored[name], again[name]) for name in stored)
    x = images()[100:200]
    logits = inference(restore(stored), x)
    assert not torch.equal(inference(restore(stored_other), x), logits)
    assert torch.equal(inference(restore(stored), x), logits)


def test_dynamic_predictions_depend_on_the_image_alone() -> None:
    stored = compressor(int8_dynamic)(member(digits_net))
    model = restorer(int8_dynamic)(stored)
    x = images()[100:164]
    together = inference(model, x)
    loud = x.clone()
    loud[1:] *= 1000
    assert torch.equal(inference(model, loud)[0], together[0])
    assert_same_logits_but_for_ties(inference(model, x.flip(0)).flip(0), together)
    alone = torch.cat([inference(model, image[None]) for image in x[:20]])
    assert_same_logits_but_for_ties(alone, together[:20])


def test_dynamic_ignores_calibration() -> None:
    state = member(digits_net)
    other = int8_dynamic.compressor(digits_net(), int8_dynamic.Options(of="dense"), shown(images()[500:600] * 3))(state)
    stored = compressor(int8_dynamic)(state)
    assert all(torch.equal(stored[name], other[name]) for name in stored)


def test_static_ranges_are_those_of_the_calibration_images() -> None:
    state = member(digits_net)
    stored = compressor(int8_static)(state)
    changed = images()[:200].clone()
    changed[100:] *= 3
    calibration = shown(changed)
    wide = int8_static.compressor(digits_net(), int8_static.Options(of="dense", calibration_images=200), calibration)(
        state
    )
    narrow = int8_static.compressor(digits_net(), int8_static.Options(of="dense", calibration_images=100), calibration)(
        state
    )
    assert all(torch.equal(narrow[name], stored[name]) for name in stored)  # the first 100 only
    assert all(wide[f"{layer}.input_scale"] > stored[f"{layer}.input_scale"] for layer in LAYERS)
    assert torch.equal(wide["0.weight"], stored["0.weight"])
    assert float(stored["0.input_scale"]) == pytest.approx(1 / 255)  # pixels from 0 to 1
    assert int(stored["0.input_zero_point"]) == -128


def test_an_image_of_zeros_has_finite_logits() -> None:
    model = restorer(int8_dynamic)(compressor(int8_dynamic)(member(digits_net)))
    assert inference(model, torch.zeros(2, 1, 8, 8)).isfinite().all()


def test_too_few_calibration_images_are_refused() -> None:
    with pytest.raises(InputError, match="100 images are asked for, there are 99"):
        int8_static.compressor(
            digits_net(), int8_static.Options(of="dense", calibration_images=100), shown(images()[:99])
        )
    with pytest.raises(InputError, match=r"compress\.calibration_images"):
        int8_static.Options.read({"of": "dense", "calibration_images": 0}, where="compress")


def test_tensors_of_another_model_are_refused() -> None:
    stored = compressor(int8_static)(member(digits_net))
    del stored["3.bias"], stored["3.weight"]
    with pytest.raises(KeyError):
        restorer(int8_static)(stored)


@INT8
def test_kept_layers_stay_as_in_the_parent(method: ModuleType) -> None:
    state = member(digits_net)
    settings = options(method).model_copy(update={"keep": ["3", "7"]})
    stored = method.compressor(digits_net(), settings, shown(images()[:100]))(state)
    kept = {name for name in state if name[:2] in {"3.", "4.", "7."} and "batches" not in name}  # 4 is the norm of 3
    assert {name for name in stored if not name.startswith("0.")} == kept
    assert all(torch.equal(stored[name], state[name]) for name in kept)
    restored = method.restorer(digits_net(), settings, images()[:1])(stored)
    x = images()[100:133]
    expected = inference(converted(method, digits_net, state, kept={"3", "7"}), x)
    assert_same_logits_but_for_ties(inference(restored, x), expected)
    hidden = inference(restored[:3], x)
    plain = digits_net()
    plain.load_state_dict(state)
    assert torch.equal(inference(restored, x), inference(plain[3:], hidden))


def test_keeping_no_layer_or_all_is_refused() -> None:
    for keep, message in {"8*": "keep: 8\\* is no layer", "*": "no layer is left to quantise"}.items():
        settings = int8_dynamic.Options(of="dense", keep=[keep])
        with pytest.raises(InputError, match=message):
            int8_dynamic.compressor(digits_net(), settings, shown(images()[:1]))


@pytest.mark.parametrize("method", ["int8_static", "int8_dynamic"])
def test_importing_a_method_imports_no_torch(method: str) -> None:
    code = f"import sys, lesion.compress.methods.{method} as m; assert m.KIND == 'derived'; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not {"torch", "torchao", "numpy"} & set(loaded)


def test_restoring_imports_no_torchao() -> None:
    code = "import sys, lesion.compress.integer_layers; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert "torch" in loaded
    assert not {"torchao", "torch._inductor", "torch._dynamo"} & set(loaded)
