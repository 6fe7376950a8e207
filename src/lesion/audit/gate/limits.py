"""Which limits a budget puts on the examples of a comparison."""

from collections.abc import Iterable, Iterator, Mapping

import numpy as np

from lesion.audit.comparison.attributes import intersections
from lesion.audit.comparison.comparison import Comparison
from lesion.audit.gate.contract import Limit
from lesion.errors import InputError
from lesion.params.budget import MEASURES, Budget, Limits
from lesion.params.document import nearest

ALL, CLASS = "all", "class"
TOGETHER = " & "  # between attributes that are taken together, as in `language & length`


def limits_of(budget: Budget, comparison: Comparison, *, name: str = "budget") -> list[Limit]:
    """The limits of all examples, of classes in their order, and of groups by attribute, `loss` before `broken`, `ece`.

    Parameters
    ----------
    name : what messages call the budget

    Raises
    ------
    InputError
        Where the comparison has no such class, attribute or group (the message has the nearest), or does not know what
        a limit is about.
    """
    found = [
        *_limits(budget.all, ALL, ALL),
        *_of_classes(budget, comparison, name),
        *_of_groups(budget, comparison, name),
    ]
    if not found:
        raise InputError(f"{name}: holds no limit on anything that the predictions have")
    if comparison.label is None:
        raise InputError(f"{name}: limits are about right answers, and the predictions have no true labels")
    sides = (comparison.dense.confidence, comparison.compressed.confidence)
    if any(limit.measure == "ece" for limit in found) and any(side is None for side in sides):
        raise InputError(f"{name}: ece: the confidence of each answer is needed on both sides")
    return found


def _limits(limits: Limits, attribute: str, group: str) -> Iterator[Limit]:
    for measure in MEASURES:
        points = getattr(limits, measure)
        if points is not None:
            yield Limit(measure, attribute, group, at_most=points / 100, least_examples=limits.examples or 1)


def _over(every: Limits, named: Limits) -> Limits:
    """The limits of a name: its own keys, and those of `every` that it does not have."""
    return every.model_copy(update={key: getattr(named, key) for key in named.model_fields_set})


def _of_classes(budget: Budget, comparison: Comparison, name: str) -> Iterator[Limit]:
    if not budget.classes and budget.every_class == Limits():
        return
    if comparison.graded:
        raise InputError(f"{name}: classes: answers are right or wrong here, and no classes; limit all or groups")
    known = list(map(str, comparison.named(np.arange(len(comparison.classes)))))
    present = list(map(str, comparison.named(comparison.present)))
    _check_known(budget.classes, known, f"{name}: classes", "class")
    for group in dict.fromkeys(present):
        yield from _limits(_over(budget.every_class, budget.classes.get(group, Limits())), CLASS, group)
    for group in (absent for absent in budget.classes if absent not in present):
        yield from _limits(_over(budget.every_class, budget.classes[group]), CLASS, group)


def _of_groups(budget: Budget, comparison: Comparison, name: str) -> Iterator[Limit]:
    for part in ("every_group", "groups"):
        single = [one for attribute in getattr(budget, part) for one in attribute.split(TOGETHER)]
        _check_known(single, comparison.groups, f"{name}: {part}", "attribute")
    for attribute in dict.fromkeys([*budget.every_group, *budget.groups]):
        every, named = budget.every_group.get(attribute, Limits()), budget.groups.get(attribute, {})
        present = _groups(comparison, attribute)
        _check_known(named, present, f"{name}: groups.{attribute}", "group")
        called = f"{attribute} (attribute)" if attribute in (ALL, CLASS) else attribute
        for group in present:
            yield from _limits(_over(every, named.get(group, Limits())), called, group)


def _groups(comparison: Comparison, attribute: str) -> list[str]:
    """The groups of an attribute, or of several that are taken together."""
    [values] = intersections(comparison.groups, [attribute.split(TOGETHER)]).values()
    return list(map(str, np.unique(values)))


def _check_known(wanted: Iterable[str], known: Iterable[str] | Mapping[str, object], where: str, kind: str) -> None:
    names = list(known)
    for one in wanted:
        if one not in names:
            raise InputError(f"{where}: there is no {kind} {one!r}{nearest(one, names) or f' among {len(names)}'}")
