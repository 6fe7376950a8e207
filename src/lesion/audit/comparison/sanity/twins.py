"""Names of classes that a reader takes for the same: they differ in capitals, blanks or the width of letters."""

import re
from collections.abc import Sequence
from unicodedata import normalize

import numpy as np

from lesion.audit.comparison.comparison import Comparison
from lesion.audit.comparison.sanity.class_counts import class_counts
from lesion.errors import InputError

BLANKS = re.compile(r"[\s_]+")
NO_WIDTH = re.compile("[\u00ad\u200b-\u200d\u2060\ufeff]")


def check_twins(comparison: Comparison, sources: Sequence[str]) -> None:
    """No answer differs from a label, or from the answers of the other side, in nothing but its spelling.

    Where two labels do, as `A` and `a` in a set of letters, spelling tells classes apart, and nothing is checked.
    Without labels two answers that both sides give tell it.

    Parameters
    ----------
    sources : what the messages call dense and compressed

    Raises
    ------
    InputError
        Otherwise.
    """
    if np.issubdtype(comparison.classes.dtype, np.number):
        return
    names, labels = comparison.classes.tolist(), set(comparison.present.tolist())
    counts = [class_counts(side, len(names)) for side in (comparison.dense, comparison.compressed)]
    answered = [set(np.flatnonzero(of_side).tolist()) for of_side in counts]
    if answered[0] | answered[1] <= labels:
        return
    spelt: dict[str, list[int]] = {}
    for place, name in enumerate(names):
        spelt.setdefault(folded(name), []).append(place)
    twins = {place: group for group in spelt.values() if len(group) > 1 for place in group}
    sure = labels or answered[0] & answered[1]
    if any(len(sure.intersection(group)) > 1 for group in twins.values()):
        return
    for side, source in enumerate(sources):
        for place in sorted(answered[side] & twins.keys() - labels):
            known = labels.intersection(twins[place]) or _of_the_other(twins[place], answered[side], answered[1 - side])
            if known:
                where = "the labels have" if labels & known else f"{sources[1 - side]} has"
                _refuse(source, names[place], counts[side][place], where, names[min(known)])


def _of_the_other(group: Sequence[int], here: set[int], there: set[int]) -> set[int]:
    """The spelling that the other side alone has, where each side has one."""
    one, other = here.intersection(group), there.intersection(group)
    return other if len(one) == len(other) == 1 and one != other else set()


def folded(name: str) -> str:
    """A name as it is compared: without capitals, signs of no width, repeated blanks and forms of letters (NFKC)."""
    return BLANKS.sub(" ", NO_WIDTH.sub("", normalize("NFKC", name).casefold())).strip()


def _refuse(source: str, name: str, count: int, where: str, other: str) -> None:
    one, twin = (word if word.isprintable() else ascii(word) for word in (name, other))
    difference = "capitals" if name.casefold() == other.casefold() else "blanks or the form of letters"
    raise InputError(
        f"{source}: answers {one} ({count:,} times), {where} {twin}: they differ in {difference} alone;"
        " the same name expected"
    )
