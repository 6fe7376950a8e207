"""Changes what a convolution or linear operator computes with, where it runs: its input, its weight and its bias.

A forward pre-hook can change the input of a layer that is called. It cannot where another module reads the layer's
weight, or where the layer computes its weight. There a torch function mode sees the operator itself.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from torch import Tensor, nn
from torch.nn import functional
from torch.overrides import TorchFunctionMode

FUNCTIONS = frozenset({functional.conv1d, functional.conv2d, functional.conv3d, functional.linear})


@dataclass
class Replacement:
    """What one operator computes with instead.

    Attributes
    ----------
    owner, attribute : where its weight is
    grid : function of its input
    """

    owner: nn.Module
    attribute: str
    grid: Callable[[Tensor], Tensor]

    @property
    def weight(self) -> Tensor:
        """Its weight."""
        weight = getattr(self.owner, self.attribute)
        assert isinstance(weight, Tensor)
        return weight

    @property
    def bias(self) -> Tensor | None:
        """Its bias; None for the one that the network gives it."""
        return self.owner._buffers.get(self._bias)

    def set_bias(self, bias: Tensor) -> None:
        """Let the operator add `bias`, (output channels,)."""
        self.owner.register_buffer(self._bias, bias.to(self.weight.device), persistent=False)

    @property
    def _bias(self) -> str:
        return f"bias_with_{self.attribute}"


def intercept(module: nn.Module, replacements: Iterable[Replacement], *, computed: bool) -> None:
    """Replace what operators compute with while `module` runs, by hooks on it.

    computed: True if `module` runs one operator, whose weight it computes; False for operators that read the weights of
    the replacements.
    """
    hooks = _Hooks(list(replacements), computed=computed)
    module.register_forward_pre_hook(hooks.enter)
    module.register_forward_hook(hooks.leave, always_call=True)


class _Hooks:
    def __init__(self, replacements: list[Replacement], *, computed: bool) -> None:
        self._replacements, self._computed = replacements, computed
        self._entered: list[_Operators] = []

    def enter(self, _: nn.Module, __: object) -> None:
        mode = _Operators(self._replacements, computed=self._computed)
        mode.__enter__()  # type: ignore[no-untyped-call]
        self._entered.append(mode)

    def leave(self, _: nn.Module, __: object, ___: object) -> None:
        self._entered.pop().__exit__(None, None, None)  # type: ignore[no-untyped-call]


class _Operators(TorchFunctionMode):
    def __init__(self, replacements: list[Replacement], *, computed: bool) -> None:
        super().__init__()
        self._any = replacements[0] if computed else None
        self._by_weight = {} if computed else {id(found.weight): found for found in replacements}

    def __torch_function__(
        self,
        function: Any,
        types: Iterable[type],
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        """Run any torch function; an operator with what replaces its input, weight and bias."""
        given = dict(kwargs or {})
        if function not in FUNCTIONS:
            return function(*args, **given)
        given |= dict(zip(("input", "weight", "bias"), args, strict=False))
        found = self._any or self._by_weight.get(id(given["weight"]))
        if found is not None:
            bias = given.get("bias") if found.bias is None else found.bias
            given |= {"input": found.grid(given["input"]), "weight": found.weight, "bias": bias}
        first = [given.pop(name, None) for name in ("input", "weight", "bias")]
        return function(*first, *args[3:], **given)
