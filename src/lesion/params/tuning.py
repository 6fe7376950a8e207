"""Settings of the tuning of methods: which options are searched, over which values, with which budget."""

import copy
import random
from collections.abc import Mapping, Sequence
from itertools import product
from typing import Annotated, Any

from pydantic import Field

from lesion.errors import InputError
from lesion.params.settings import Settings
from lesion.params.variant import method


class Choice(Settings):
    """An option of a variant, as a dotted key of its entry (`schedule.at`), and the values to try."""

    option: str = Field(min_length=1)
    values: list[Any] = Field(min_length=1)


class Tuning(Settings):
    """The budget, the same for all methods, and what is searched.

    `trials`: settings that are tried, the catalogue's own among them; `members`: networks that are trained of each;
    `held_out`: share of the training examples that a member is judged by and not trained on, drawn anew for each
    member; `methods`: the options of each method, which all its levels have.
    """

    trials: int = Field(ge=1)
    members: int = Field(ge=2)
    held_out: Annotated[float, Field(gt=0, lt=1)]
    methods: dict[str, list[Choice]]


def with_option(variant: Mapping[str, Any], option: str, value: Any) -> dict[str, Any]:
    """The entry of a variant with another value at the dotted key `option`; InputError if there is no such key."""
    changed = copy.deepcopy(dict(variant))
    *path, last = option.split(".")
    part: Any = changed
    for name in path:
        part = part.get(name) if isinstance(part, dict) else None
    if not isinstance(part, dict) or last not in part:
        raise InputError(f"params.yaml: tuning: {option}: the variant has no such option")
    part[last] = value
    return changed


def candidates(
    variant: Mapping[str, Any], choices: Sequence[Choice], *, trials: int, seed: int
) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """What is tried, in order: the values by option, and the entry. The first are those of the entry itself.

    The others are drawn from the grid of all values without replacement, so that the first trials of a larger budget
    are those of a smaller one. There are fewer than `trials` if the grid has fewer points.
    """
    tried = [{choice.option: _value(variant, choice.option) for choice in choices}]
    grid = list(product(*(choice.values for choice in choices)))
    random.Random(seed).shuffle(grid)
    for values in grid:
        settings = {choice.option: value for choice, value in zip(choices, values, strict=True)}
        if settings not in tried:
            tried.append(settings)
    return [(settings, _changed(variant, settings)) for settings in tried[:trials]]


def _value(variant: Mapping[str, Any], option: str) -> Any:
    part: Any = variant
    with_option(variant, option, None)  # raises if there is no such option
    for name in option.split("."):
        part = part[name]
    return part


def _changed(variant: Mapping[str, Any], settings: Mapping[str, Any]) -> dict[str, Any]:
    changed = dict(variant)
    for option, value in settings.items():
        changed = with_option(changed, option, value)
    return changed


def tuned_name(variant: str) -> str:
    """The id of a tuned variant: `dns-tuned-80` for `dns-80`, so that its method is `dns-tuned`."""
    name = method(variant)
    return f"{name}-tuned{variant.removeprefix(name)}"
