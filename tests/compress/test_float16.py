"""float16: every number rounded to half precision."""

import subprocess
import sys

import numpy as np
import pytest
import torch

from lesion.compress.methods import float16
from lesion.errors import InputError
from tests.compress.quantised import digits_net, images, inference, member, shown
from tests.rounding import assert_close


def test_float16_rounds_to_half_and_leaves_integers() -> None:
    state = member(digits_net)
    stored = float16.compressor(digits_net(), float16.Options(of="dense"), shown(images()[:1]))(state)
    assert stored.keys() == state.keys()
    for name, tensor in state.items():
        if name.endswith("num_batches_tracked"):
            assert stored[name].dtype == torch.int64
            assert torch.equal(stored[name], tensor)
        else:
            np.testing.assert_array_equal(stored[name].numpy(), tensor.numpy().astype(np.float16))
    restored = float16.restorer(digits_net(), float16.Options(of="dense"), images()[:1])(stored)
    reference = digits_net()
    reference.load_state_dict({name: tensor.to(state[name].dtype) for name, tensor in stored.items()})
    x = images()[:50]
    logits = inference(restored, x)
    assert logits.dtype == torch.float32
    assert_close(logits, inference(reference, x), operations=9 + 9 * 16 + 128)  # two windows and a row of the matrix


def test_kept_layers_stay_as_they_are() -> None:
    state = member(digits_net)
    stored = float16.compressor(digits_net(), float16.Options(of="dense", keep=["7"]), shown(images()[:1]))(state)
    own = [name for name in state if name.startswith("7.")]
    assert own == ["7.weight", "7.bias"]
    assert all(torch.equal(stored[name], state[name]) for name in own)
    assert stored["0.weight"].dtype == torch.float16
    with pytest.raises(InputError, match="keep: 70 is no layer"):
        float16.compressor(digits_net(), float16.Options(of="dense", keep=["70"]), shown(images()[:1]))


def test_float16_refuses_what_it_cannot_hold() -> None:
    state = member(digits_net)
    state["7.bias"][0] = 1e5
    with pytest.raises(InputError, match=r"7\.bias"):
        float16.compressor(digits_net(), float16.Options(of="dense"), shown(images()[:1]))(state)


def test_importing_it_imports_no_torch() -> None:
    code = "import sys, lesion.compress.methods.float16 as m; assert m.KIND == 'derived'; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not {"torch", "torchao", "numpy"} & set(loaded)
