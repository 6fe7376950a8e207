"""SelfAttention against torch's own."""

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from lesion.compress.attention import SelfAttention, separate_all


class Attends(nn.Module):
    """`self.call` has the arguments beside query, key and value."""

    def __init__(self, *, cross: bool = False, call: dict[str, Any] | None = None, **given: Any) -> None:
        super().__init__()
        self.attention = nn.MultiheadAttention(12, 3, **given)
        self.cross, self.call = cross, call or {}

    def forward(self, x: Tensor) -> Any:
        return self.attention(x, x.flip(1) if self.cross else x, x, **self.call)


@pytest.mark.parametrize("batch_first", [True, False])
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("call", [{}, {"need_weights": False}, {"average_attn_weights": False}], ids=str)
def test_results_are_those_of_torch(*, batch_first: bool, bias: bool, call: dict[str, Any]) -> None:
    torch.manual_seed(0)
    model = Attends(call=call, batch_first=batch_first, bias=bias).eval()
    x = torch.randn(4, 5, 12)
    expected = model(x)
    state = {name: value.clone() for name, value in model.state_dict().items()}
    separate_all(model, x)
    assert type(model.attention) is SelfAttention
    found = model(x)
    torch.testing.assert_close(found[0], expected[0])
    assert (found[1] is None) == (expected[1] is None)
    if expected[1] is not None:
        torch.testing.assert_close(found[1], expected[1])
    assert state.keys() == model.state_dict().keys()


@pytest.mark.parametrize(
    "model",
    [
        Attends(cross=True),
        Attends(call={"key_padding_mask": torch.zeros(5, 4, dtype=torch.bool)}),
        Attends(call={"attn_mask": torch.zeros(4, 4)}),
        Attends(add_zero_attn=True),
        Attends(add_bias_kv=True),
        Attends(kdim=12, vdim=12, call={"attn_mask": torch.zeros(4, 4)}),
    ],
)
def test_other_attention_is_left_alone(model: Attends) -> None:
    separate_all(model.eval(), torch.zeros(4, 5, 12))
    assert type(model.attention) is nn.MultiheadAttention
