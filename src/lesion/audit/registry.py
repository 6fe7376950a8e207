"""The statistics, discovered: every module of `lesion.audit.statistics` is one."""

from importlib import import_module
from pkgutil import iter_modules
from typing import cast

from lesion.audit import statistics
from lesion.audit.contract import Statistic


def names() -> list[str]:
    """Their names, in alphabetical order; imports none of them."""
    return sorted(module.name for module in iter_modules(statistics.__path__))


def load(name: str) -> Statistic:
    """The module of a statistic."""
    return cast(Statistic, import_module(f"{statistics.__name__}.{name}"))


def load_all() -> dict[str, Statistic]:
    """Name → module, in the order of their columns in the summary."""
    found = {name: load(name) for name in names()}
    return dict(sorted(found.items(), key=lambda entry: (entry[1].ORDER, entry[0])))
