"""params.yaml as a whole: read, validated, and cut into the part that one step may see."""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml
from pydantic import Field

from lesion import plugins
from lesion.errors import InputError
from lesion.params.figure import Figure
from lesion.params.halves import Halves
from lesion.params.impact import Impact
from lesion.params.recipe import Evaluation, Recipe
from lesion.params.robustness import Robustness
from lesion.params.settings import Settings
from lesion.params.shard import members

NAME = Path("params.yaml")
DENSE = ("dense", "pretrained")  # the methods that give dense members
ID = re.compile(r"[A-Za-z0-9_-]+")


class Active(Settings):
    """What is run: ids from the catalogue below it, and the shards of every population."""

    studies: list[str] = Field(min_length=1)
    trained: list[str]
    derived: list[str]
    shards: list[str] = Field(min_length=1)

    @property
    def compressed(self) -> list[str]:
        """All active variants but dense, in the order of display."""
        return [*self.trained, *self.derived]


class Study(Settings):
    """One data set with one model and one training recipe. `data`, `model` and `adversarial` name modules.

    `adversarial` is null where there is no other source of images of the same classes.
    """

    data: dict[str, Any]
    model: dict[str, Any]
    recipe: Recipe
    evaluation: Evaluation
    adversarial: dict[str, Any] | None
    robustness: Robustness


class Audit(Settings):
    """Settings of the audit's steps."""

    impact: Impact
    halves: Halves


class Params(Settings):
    """The whole file."""

    active: Active
    root_seed: int = Field(ge=0)
    studies: dict[str, Study]
    variants: dict[str, dict[str, Any]]
    audit: Audit
    figures: dict[str, Figure]


def read_yaml(path: Path = NAME) -> dict[str, Any]:
    """The file as plain data; InputError where it is missing or not a YAML mapping."""
    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: not YAML: {' '.join(str(error).split())}") from None
    if not isinstance(data, dict):
        raise InputError(f"{path}: a mapping is expected")
    return data


def _check_ids(ids: Iterable[str], where: str) -> None:
    for name in ids:
        if not ID.fullmatch(str(name)):
            raise InputError(f"params.yaml: {where}: {name!r} is not an id (letters, digits, _ and -, no dot)")


def _check_known(ids: list[str], catalogue: Mapping[str, Any], where: str) -> None:
    for name in ids:
        if name not in catalogue:
            raise InputError(f"params.yaml: {where}: {name!r} is not in the catalogue ({', '.join(catalogue)})")
    if len(set(ids)) < len(ids):
        raise InputError(f"params.yaml: {where}: an id is listed twice")


def _check_shards(shards: list[str]) -> None:
    seen: set[int] = set()
    for shard in shards:
        try:
            held = set(members(shard))
        except InputError as error:
            raise InputError(f"params.yaml: active.shards: {error}") from None
        if seen & held:
            raise InputError(f"params.yaml: active.shards: {shard} holds a member of another shard")
        seen |= held


def _check_variant(name: str, variant: Mapping[str, Any], kind: str | None = None) -> None:
    options = plugins.options("method", variant, where=f"variants.{name}", key="method")
    found = plugins.load("method", variant["method"]).KIND
    if kind is not None and found != kind:
        raise InputError(f"params.yaml: active.{kind}: {name} is a {found} variant")
    for axis in ("score", "allocation"):
        if hasattr(options, axis):
            plugins.module_name(axis, getattr(options, axis), where=f"variants.{name}.{axis}")
    if hasattr(options, "schedule"):
        plugins.options("schedule", options.schedule, where=f"variants.{name}.schedule")


def validate(data: Mapping[str, Any]) -> Params:
    """Check the whole file, with every option of every module that it names.

    Raises
    ------
    InputError
        Names the first key at fault and what was expected there.
    """
    params = Params.read(data, where="")
    _check_ids(params.studies, "studies")
    _check_ids(params.variants, "variants")
    _check_ids(params.figures, "figures")
    active = params.active
    _check_known(active.studies, params.studies, "active.studies")
    for kind, ids in (("trained", active.trained), ("derived", active.derived)):
        _check_known(ids, params.variants, f"active.{kind}")
        for name in ids:
            _check_variant(name, params.variants[name], kind)
    if params.variants.get("dense", {}).get("method") not in DENSE or "dense" in active.compressed:
        raise InputError(
            f"params.yaml: variants.dense: a method of {', '.join(DENSE)} is expected; it is active and never listed"
        )
    for name, variant in params.variants.items():
        _check_variant(name, variant)
    for name, study in params.studies.items():
        plugins.options("data", study.data, where=f"studies.{name}.data")
        if study.adversarial is not None:
            plugins.options("data", study.adversarial, where=f"studies.{name}.adversarial")
        plugins.options("model", study.model, where=f"studies.{name}.model")
    _check_shards(active.shards)
    return params


def cut(data: Mapping[str, Any], key: str) -> Any:
    """The part of the file at a dotted key; InputError where there is none."""
    part: Any = data
    for name in key.split("."):
        if not isinstance(part, Mapping) or name not in part:
            raise InputError(f"params.yaml: there is no {key}")
        part = part[name]
    return part
