"""The suggestion which layers to leave alone: as an entry for params.yaml, and in a few sentences."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    import pandas as pd

    from lesion.predict.layers.graft import Layer

ENDING = "-kept"
"""Ending of the name of the variant that is suggested."""


def with_kept(compression: dict[str, Any], layers: Sequence[Layer]) -> dict[str, Any]:
    """What params.yaml says of the variant, with these layers added to `keep`."""
    names = [name for layer in layers for name in layer.names]
    return compression | {"keep": [*compression.get("keep", ()), *names]}


def entry(variant: str, suggested: dict[str, Any], said: Sequence[str]) -> str:
    """The entry for `variants` of params.yaml, below the sentences as comments."""
    text = yaml.safe_dump({f"{variant}{ENDING}": suggested}, sort_keys=False, default_flow_style=None, width=1000)
    return "".join(f"# {line}\n" for line in said) + str(text)


def sentences(variant: str, layers: Sequence[Layer], judged: int, check: pd.DataFrame) -> list[str]:
    """The suggestion and what it gives on the images by which it was not chosen.

    Parameters
    ----------
    judged : number of layers that were judged
    check : the table of `check.check_row`, with `set` and `member`
    """
    if not layers:
        return [f"{variant}: none of {judged} layers brings broken answers back by itself; nothing is suggested."]
    others = check[check["set"] == "others"]
    mean = others.mean(numeric_only=True)
    over = f", mean of {len(others)} members" if len(others) > 1 else ""
    names = ", ".join(layer.name for layer in layers)
    broken, back, new = (f"{mean[name]:g}" for name in ("broken", "back", "new"))
    return [
        f"{variant}: leave {len(layers)} of {judged} layers alone: {names}.",
        f"On {mean['images']:.0f} other images{over}: of {broken} broken answers {back} come back and {new} others"
        f" break; accuracy {mean['accuracy_kept']:.2%} instead of"
        f" {mean['accuracy_compressed']:.2%}, before compression {mean['accuracy']:.2%}.",
        f"A member takes {mean['bytes_kept']:,.0f} bytes instead of {mean['bytes']:,.0f}.",
    ]
