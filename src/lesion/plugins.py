"""Modules that params.yaml names: data sets, models, compression methods and the axes that methods combine.

They are loaded by name, so that the core imports none of them, and adding one re-runs nothing that exists.
"""

from collections.abc import Mapping
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType
from typing import Any

from lesion.errors import InputError

PACKAGES = {
    "data": "lesion.data.sets",
    "model": "lesion.models",
    "method": "lesion.compress.methods",
    "score": "lesion.compress.scores",
    "allocation": "lesion.compress.allocations",
    "schedule": "lesion.compress.schedules",
}


def module_name(kind: str, name: str, *, where: str = "") -> str:
    """Full name of the module that `name` (dashes for underscores), found at the key `where`, means.

    InputError where there is none.
    """
    full = f"{PACKAGES[kind]}.{name.replace('-', '_')}"
    if not name.replace("-", "_").isidentifier() or find_spec(full) is None:
        raise InputError(f"params.yaml: {where}: there is no {kind} named {name!r} ({full} expected)")
    return full


def load(kind: str, name: str) -> ModuleType:
    """The module that `name` means."""
    return import_module(module_name(kind, name))


def options(kind: str, part: Mapping[str, Any], *, where: str, key: str = "name") -> Any:
    """The `Options` of the module that `part[key]` names, validated from the rest of `part`."""
    if not isinstance(part, Mapping) or not isinstance(part.get(key), str):
        raise InputError(f"params.yaml: {where}.{key}: the name of a {kind} is expected")
    rest = {name: value for name, value in part.items() if name != key}
    module = import_module(module_name(kind, part[key], where=f"{where}.{key}"))
    if not hasattr(module, "Options"):
        raise InputError(f"params.yaml: {where}.{key}: {module.__name__} is not a {kind}")
    return module.Options.read(rest, where=where)
