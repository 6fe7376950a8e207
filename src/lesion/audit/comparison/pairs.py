"""Which member of one population belongs to which of the other, by what the members are called."""

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from lesion.audit.comparison.populations import Population
from lesion.errors import InputError

Names = Sequence[str]
Tokens = tuple[str, ...]

TOKEN = re.compile(r"[0-9]+|[^\W\d_]+")
SHOWN = 3  # names of each side in a sentence


def partners_first(dense: Population, compressed: Population, *, sources: Sequence[object]) -> Population:
    """The compressed population in the order of the dense members that its members belong to.

    It stays as it is where both were trained from the same origins in this order, or members have no names.

    Parameters
    ----------
    sources : what the message calls dense and compressed

    Raises
    ------
    InputError
        Where there are as many of both, and their names do not tell which belong together (`matched`).
    """
    known = dense.origins is not None and dense.origins == compressed.origins
    if known or dense.names is None or compressed.names is None or len(dense.names) != len(compressed.names):
        return compressed
    if (order := matched(dense.names, compressed.names)) is None:
        raise InputError(
            f"{sources[1]}: members {some(compressed.names)} do not tell by their names which of {some(dense.names)} in"
            f" {sources[0]} they belong to; pairs need the same names, or names with one ending, in both"
        )
    return reordered(compressed, order)


def reordered(population: Population, order: Sequence[int]) -> Population:
    """The members in another order, numbered anew where it is not the same."""
    if list(order) == sorted(order):
        return population
    names = None if population.names is None else tuple(population.names[place] for place in order)
    origins = None if population.origins is None else tuple(population.origins[place] for place in order)
    measured: dict[str, Any] = {
        name: None if (values := getattr(population, name)) is None else values[list(order)]
        for name in ("prediction", "correct_top5", "true_probability", "confidence")
    }
    return replace(population, member=np.arange(len(order)), names=names, origins=origins, **measured)


def matched(dense: Names, compressed: Names) -> list[int] | None:
    """The place of each dense member's partner among the compressed ones; None where names do not tell all of them.

    The first of these that gives every member one partner:

    1. the names are equal;
    2. they are equal without the words that all names of a side begin or end with: `seed1` and `seed1_int8`. A word
       is a run of letters or of digits, in any capitals and with any zeros before a number;
    3. a compressed name begins or ends with the words of a dense one, the longest such: `a` and `a_int8`, `b` and
       `int4-b`.

    A single member on each side needs no name. Numbers are names too: 0 to 4 and 10 to 14 are other members.
    """
    if len(dense) != len(compressed):
        return None
    if len(dense) == 1:
        return [0]
    one, other = [_tokens(name) for name in dense], [_tokens(name) for name in compressed]
    return _equal(dense, compressed) or _equal(_bare(one), _bare(other)) or _contained(one, other)


def some(names: Names) -> str:
    """The first few names, for a sentence."""
    return ", ".join(names[:SHOWN]) + (", …" if len(names) > SHOWN else "")


def _equal(dense: Sequence[object], compressed: Sequence[object]) -> list[int] | None:
    places = {name: place for place, name in enumerate(compressed)}
    if len(places) < len(compressed) or len(set(dense)) < len(dense) or places.keys() != set(dense):
        return None
    return [places[name] for name in dense]


def _tokens(name: str) -> Tokens:
    return tuple(token.lstrip("0") or "0" for token in TOKEN.findall(name.casefold()))


def _shared(names: Sequence[Tokens]) -> int:
    """How many tokens all names begin with; at least one is left of each."""
    count, most = 0, min(len(name) for name in names) - 1
    while count < most and len({name[count] for name in names}) == 1:
        count += 1
    return count


def _bare(names: Sequence[Tokens]) -> list[Tokens]:
    """The names without what all begin with, and then without what all end with."""
    start = _shared(names)
    names = [name[start:] for name in names]
    end = _shared([name[::-1] for name in names])
    return [name[: len(name) - end] for name in names]


def _contained(dense: Sequence[Tokens], compressed: Sequence[Tokens]) -> list[int] | None:
    """By the longest dense name that a compressed one begins or ends with."""
    partner = []
    for name in compressed:
        fits = [one for one in dense if one and one in (name[: len(one)], name[-len(one) :])]
        longest = max(map(len, fits), default=0)
        chosen = {one for one in fits if len(one) == longest}
        if len(chosen) != 1:
            return None
        partner.append(chosen.pop())
    return _equal(dense, partner)
