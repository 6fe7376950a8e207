"""Modules that params.yaml names: data sets, models, compression methods and the parts that pruning combines.

They are loaded by name, so the core imports none of them, and adding one re-runs nothing that exists. Each kind has a
`Protocol`: `compress/contracts.py`, `models/contract.py`, `data/contract.py`. Callers annotate what they load.
"""

from collections.abc import Iterator, Mapping
from importlib import import_module
from importlib.util import find_spec
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
    "merging": "lesion.compress.mergings",
    "selection": "lesion.compress.selections",
}
AXES = {axis: axis for axis in ("score", "shape", "allocation", "schedule", "regrowth", "regulariser", "selection")} | {
    "drop": "score",
    "grow": "score",
    "rule": "merging",
}
"""Key of a variant or of one of its parts -> the kind of module that it names."""

Named = str | dict[str, Any]
"""A part of params.yaml that names a module: its name, or a mapping with `name` and options."""


def module_name(kind: str, name: str, *, where: str = "") -> str:
    """Full name of the module for `name`, dashes for underscores; InputError with the key `where` if there is none."""
    full = f"{PACKAGES[kind]}.{name.replace('-', '_')}"
    if not name.replace("-", "_").isidentifier() or find_spec(full) is None:
        raise InputError(f"params.yaml: {where}: there is no {kind} named {name!r} ({full} expected)")
    return full


def load(kind: str, name: str, *, where: str = "") -> Any:
    """Import the module for `name`, found at the key `where`; InputError if there is none."""
    return import_module(module_name(kind, name, where=where))


def name_of(part: Named, *, where: str, kind: str, key: str = "name") -> str:
    """The name in a part of params.yaml; InputError if there is none."""
    found = part.get(key) if isinstance(part, Mapping) else part
    if not isinstance(found, str):
        raise InputError(f"params.yaml: {where}.{key}: the name of a {kind} is expected")
    return found


def options(kind: str, part: Named, *, where: str, key: str = "name") -> Any:
    """The validated `Options` of the module that `part` names, from the other keys of `part`."""
    rest = {name: value for name, value in part.items() if name != key} if isinstance(part, Mapping) else {}
    name = name_of(part, where=where, kind=kind, key=key)
    module = import_module(module_name(kind, name, where=f"{where}.{key}"))
    if not hasattr(module, "Options"):
        raise InputError(f"params.yaml: {where}.{key}: {module.__name__} is not a {kind}")
    return module.Options.read(rest, where=where)


def component(kind: str, part: Named, *, where: str) -> tuple[Any, Any]:
    """The module that `part` names, and its validated `Options`."""
    found = options(kind, part, where=where)  # first, since its error names the key
    return load(kind, name_of(part, where=where, kind=kind)), found


def axes(part: Mapping[str, Any], *, where: str) -> Iterator[tuple[str, Named, str]]:
    """Each part that a variant names, and each part that a part names: kind of module, part, and its dotted key."""
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
    """Either "trained", "derived" or "external", for the variant at the key `where`.

    Raises
    ------
    InputError
        If one of its options is invalid.
    """
    for axis, part, place in axes(variant, where=where):
        options(axis, part, where=place)
    options("method", variant, where=where, key="method")
    return str(load("method", variant["method"]).KIND)
