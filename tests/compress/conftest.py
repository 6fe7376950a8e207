"""A score that stands in for any other."""

import sys
from importlib.machinery import ModuleSpec
from importlib.util import module_from_spec
from typing import Any

import pytest
from torch import Tensor

from lesion.compress.probe import Probe
from lesion.compress.scores import magnitude
from tests.compress.regrowing import wave


@pytest.fixture
def stand_in(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A score by the name `stand-in` that ranks weights as a wave does; `leaves_out` names tensors without a score."""
    name = "lesion.compress.scores.stand_in"
    module: Any = module_from_spec(ModuleSpec(name, None))
    module.Options, module.leaves_out = magnitude.Options, set()

    def measure(probe: Probe, options: object) -> dict[str, dict[str, Tensor]]:
        weights = probe.network.weights()
        return {"wave": {name: wave(weight) for name, weight in weights.items() if name not in module.leaves_out}}

    def score(weight: Tensor, *, wave: Tensor) -> Tensor:
        return wave

    module.measure, module.score = measure, score
    monkeypatch.setitem(sys.modules, name, module)
    return module
