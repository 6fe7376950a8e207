"""Settings of variants that are made of another."""

from collections.abc import Collection, Iterable
from fnmatch import fnmatchcase

from pydantic import Field

from lesion.errors import InputError
from lesion.params.recipe import Recipe
from lesion.params.settings import Settings


class Derived(Settings):
    """`of`: the id of the variant whose members are compressed, `dense` or any other with float weights."""

    of: str = Field(min_length=1)


class Keeping(Derived):
    """Derived by compressing layers, some of which may be left alone.

    `keep`: layers that stay as they are, by name or by pattern: `head`, `blocks.0.*`.
    """

    keep: list[str] = Field(default_factory=list)


class ByLayer(Keeping):
    """Derived by compressing layers, each on its own, so that each can be judged alone."""


class FineTuned(Keeping):
    """Derived by taking weights or channels away, and what follows that.

    `batch_norms`: number of calibration images on which running statistics are measured again, null to leave them;
    `fine_tune`: a recipe by which the network is trained then, null for no training.
    """

    batch_norms: int | None = Field(default=None, ge=2)
    fine_tune: Recipe | None = None


def kept_layers(keep: Iterable[str], layers: Collection[str], *, key: str = "keep") -> set[str]:
    """The names in `layers` that a pattern of `keep` matches, by the rules of `fnmatch`.

    Raises
    ------
    InputError
        Names the first pattern that matches no layer, and the `key` that holds it.
    """
    found: set[str] = set()
    for pattern in keep:
        matched = {layer for layer in layers if fnmatchcase(layer, pattern)}
        if not matched:
            raise InputError(f"{key}: {pattern} is no layer of this network: {', '.join([*layers][:4])}, …")
        found |= matched
    return found
