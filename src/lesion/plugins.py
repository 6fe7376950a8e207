"""Modules that params.yaml names: data sets, models, compression methods and the axes that methods combine.

They are loaded by name, so that the core imports none of them, and adding one re-runs nothing that exists.
"""

from collections.abc import Iterator, Mapping
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
    "shape": "lesion.compress.shapes",
    "allocation": "lesion.compress.allocations",
    "schedule": "lesion.compress.schedules",
    "regrowth": "lesion.compress.regrowths",
    "regulariser": "lesion.compress.regularisers",
}
AXES = {axis: axis for axis in ("score", "shape", "allocation", "schedule", "regrowth", "regulariser")} | {
    "drop": "score",
    "grow": "score",
}
"""Key of a variant, or of a part on another axis -> the kind of module that it names."""

Named = str | dict[str, Any]
"""A module by its name, or by a mapping of `name` and its options."""


def module_name(kind: str, name: str, *, where: str = "") -> str:
    """Full name of the module that `name` (dashes for underscores), found at the key `where`, means.

    InputError where there is none.
    """
    full = f"{PACKAGES[kind]}.{name.replace('-', '_')}"
    if not name.replace("-", "_").isidentifier() or find_spec(full) is None:
        raise InputError(f"params.yaml: {where}: there is no {kind} named {name!r} ({full} expected)")
    return full


def load(kind: str, name: str, *, where: str = "") -> ModuleType:
    """The module that `name`, found at the key `where`, means; InputError where there is none."""
    return import_module(module_name(kind, name, where=where))


def name_of(part: Named, *, where: str, kind: str, key: str = "name") -> str:
    """The name in a part of params.yaml; InputError where it has none."""
    found = part.get(key) if isinstance(part, Mapping) else part
    if not isinstance(found, str):
        raise InputError(f"params.yaml: {where}.{key}: the name of a {kind} is expected")
    return found


def options(kind: str, part: Named, *, where: str, key: str = "name") -> Any:
    """The `Options` of the module that `part` names, validated from the rest of `part`."""
    rest = {name: value for name, value in part.items() if name != key} if isinstance(part, Mapping) else {}
    name = name_of(part, where=where, kind=kind, key=key)
    module = import_module(module_name(kind, name, where=f"{where}.{key}"))
    if not hasattr(module, "Options"):
        raise InputError(f"params.yaml: {where}.{key}: {module.__name__} is not a {kind}")
    return module.Options.read(rest, where=where)


def component(kind: str, part: Named, *, where: str) -> tuple[ModuleType, Any]:
    """The module that `part` names, and its validated `Options`."""
    found = options(kind, part, where=where)  # first, for it names the key where there is no such module
    return load(kind, name_of(part, where=where, kind=kind)), found


def axes(part: Mapping[str, Any], *, where: str) -> Iterator[tuple[str, Named, str]]:
    """The axes that a variant names, and those that these name in turn: kind, part, and its dotted key."""
    for key, kind in AXES.items():
        if part.get(key) is not None:
            yield kind, part[key], f"{where}.{key}"
            if isinstance(part[key], Mapping):
                yield from axes(part[key], where=f"{where}.{key}")


def variant_modules(variant: Mapping[str, Any]) -> list[str]:
    """The modules that a variant names: its method and, for pruning, those on the axes."""
    found = [module_name("method", variant["method"])]
    for axis, part, where in axes(variant, where="variant"):
        found.append(module_name(axis, name_of(part, where=where, kind=axis)))
    return found


def checked_kind(variant: dict[str, Any], *, where: str) -> str:
    """Whether the variant at the key `where` is trained, derived or external.

    Raises
    ------
    InputError
        Where one of its options is at fault.
    """
    for axis, part, place in axes(variant, where=where):
        options(axis, part, where=place)
    options("method", variant, where=where, key="method")
    return str(load("method", variant["method"]).KIND)
