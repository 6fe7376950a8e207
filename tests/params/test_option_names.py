"""No option has a name that YAML 1.1 reads as something else: `on` would be true."""

import pkgutil
from importlib import import_module

import pytest
import yaml

from lesion import data, models, params
from lesion.compress import (
    allocations,
    mergings,
    methods,
    regrowths,
    regularisers,
    schedules,
    scores,
    selections,
    shapes,
)
from lesion.data import sets
from lesion.params.settings import Settings

PACKAGES = (
    allocations, data, mergings, methods, models, params, regrowths, regularisers, schedules, scores, selections, sets,
    shapes,
)  # fmt: skip


def settings() -> list[type[Settings]]:
    """Every class of settings of every module that params.yaml can name."""
    for package in PACKAGES:
        for module in pkgutil.iter_modules(package.__path__, package.__name__ + "."):
            import_module(module.name)
    found, left = [], [Settings]
    while left:
        kinds = left.pop().__subclasses__()
        found += kinds
        left += kinds
    return found


@pytest.mark.parametrize("kind", settings(), ids=lambda kind: f"{kind.__module__}.{kind.__name__}")
def test_names_of_options_are_read_as_they_are_written(kind: type[Settings]) -> None:
    for name in kind.model_fields:
        assert yaml.safe_load(name) == name
