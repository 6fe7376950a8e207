"""The sentence names who pays, nobody else, and says so where nothing can be told."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest

from lesion.audit.comparison.comparison import Comparison
from lesion.audit.comparison.files.read import read_predictions
from lesion.audit.comparison.from_arrays import from_arrays
from lesion.audit.contract import Audited
from lesion.audit.estimator import Audit
from lesion.audit.headline import LENGTH, headline
from lesion.audit.statistics import flips, impact
from lesion.params.impact import Impact
from tests.compared import compared
from tests.synthetic import labels, population

ANSWERS = Path(__file__).parents[2].parent / "shared" / "data" / "llm-flips"
Integers = npt.NDArray[Any]
RUNS = 60
ALLOWED = 0.05 * RUNS + 4 * (0.05 * 0.95 * RUNS) ** 0.5  # studies of RUNS in which somebody may be named by chance


def fitted(dense: Integers, compressed: Integers, label: Integers | None, **known: Any) -> str:
    return headline(Audit(splits=4, resamples=4).fit(dense, compressed, label, **known).audited_)


def pair(rng: np.random.Generator, label: Integers, broken: npt.NDArray[np.float64], fixed: float) -> list[Integers]:
    """Two models; of right answers to each class a share breaks, of wrong ones a share is fixed."""
    classes = label.max() + 1
    before = np.where(rng.random(len(label)) < 0.9, label, (label + 1) % classes)
    right, flip = before == label, rng.random(len(label))
    after = np.where(right & (flip < broken[label]), (label + 2) % classes, before)
    return [before, np.where(~right & (flip < fixed), label, after)]


def of_pair(comparison: Comparison, groups: list[list[str]]) -> str:
    """The sentence, of the one table that it reads."""
    table = flips.table(comparison, groups=groups, ties="member")
    return headline(Audited(comparison, {"flips": table}, pd.DataFrame(), 0.05))


def studies(broken: npt.NDArray[np.float64], fixed: float) -> Iterator[str]:
    rng, classes = np.random.default_rng(1), len(broken)
    label = np.repeat(np.arange(classes), 4_000 // classes)
    for _ in range(RUNS):
        groups = {name: rng.integers(0, 4, len(label)).astype(str).astype(object) for name in ("a", "b", "c", "d")}
        one, other = pair(rng, label, broken, fixed)
        yield of_pair(from_arrays(one, other, label, groups=groups), [[name] for name in groups])


def names_somebody(said: str) -> bool:
    return " loses " in said or " gains " in said


@pytest.mark.parametrize(("broken", "fixed"), [(0.01, 0.09), (0.05, 0.09)])
def test_where_all_change_alike_nobody_is_named_but_by_chance(broken: float, fixed: float) -> None:
    """As many fixed as broken; and more broken than fixed, in all classes alike. 20 classes and 16 groups."""
    said = list(studies(np.full(20, broken), fixed))
    assert sum(map(names_somebody, said)) <= ALLOWED
    assert sum("no change of accuracy is sure" in each.lower() for each in said) >= (RUNS - ALLOWED) * (broken < 0.05)


def test_the_one_class_of_a_pair_that_loses_is_named_and_no_other() -> None:
    broken = np.full(20, 0.01)
    broken[11] = 0.16
    said = list(studies(broken, 0.09))
    assert sum(each.startswith("Class 11 loses ") for each in said) >= RUNS - 4
    others = ["class" in each.lower().replace("class 11 loses", "").replace("no other class", "") for each in said]
    assert sum(others) <= ALLOWED


def population_audit(comparison: Comparison) -> str:
    return headline(Audit(splits=4, resamples=4).compare(comparison).audited_)


@pytest.mark.parametrize("members", [(10, 10), (4, 4), (3, 10)])
def test_the_one_class_of_populations_that_loses_is_named_and_no_other(members: tuple[int, int]) -> None:
    rng, found, others = np.random.default_rng(2), 0, 0
    for _ in range(6):
        label = labels(rng, 1_000, 20)
        skill = np.full(20, 0.8)
        dense = population(rng, label, members=members[0], classes=20, skill=skill)
        skill[7] -= 0.3
        compressed = population(rng, label, members=members[1], classes=20, skill=skill)
        said = population_audit(compared(dense, compressed, classes=20, names=tuple(f"c{k}" for k in range(20))))
        found += said.startswith("c7 loses ")
        others += said.count("[") > 2 or "gains" in said  # an interval of a class, one of accuracy
        assert "no other class" in said
    assert found >= 4
    assert others <= 1


def test_populations_that_do_not_change_name_nobody_but_by_chance() -> None:
    rng, named = np.random.default_rng(3), 0
    for _ in range(RUNS):
        label = labels(rng, 400, 8)
        both = [population(rng, label, members=5, classes=8) for _ in range(2)]
        comparison = compared(*both, classes=8)
        table = impact.table(comparison, settings=Impact(alpha=0.05, normalise="member"))
        empty = pd.DataFrame(columns=["attribute", "group", "measure", "change", "change_low", "change_high", "t", "q"])
        whole = flips.table(comparison, groups=[], ties="member")
        effects = pd.DataFrame({"measure": ["top1"], "change": [0.0], "low": [-0.1], "high": [0.1]})
        tables = {"impact": table, "subgroups": empty, "flips": whole, "effects": effects}
        summary = pd.DataFrame({"pie_p": [np.nan]}, index=["compressed"])
        said = headline(Audited(comparison, tables, summary, 0.05))
        named += names_somebody(said)
        assert "0.0 points [−10.0, +10.0]" in said
    assert named <= ALLOWED


def test_gains_and_losses_stand_apart() -> None:
    rng = np.random.default_rng(4)
    label = np.repeat(np.arange(4), 500)
    broken = np.array([0.15, 0.0, 0.0, 0.0])
    before, after = pair(rng, label, broken, 0.0)
    after = np.where((label == 1) & (before != label), label, after)
    said = fitted(before, after, label)
    assert "loses" in said
    assert "class 1 gains" in said
    lost, won = (
        int(each.sum()) for each in ((before == label) & (after != label), (before != label) & (after == label))
    )
    assert f"{lost} answers break and {won} are fixed" in said


def test_groups_are_named_with_their_attribute_and_names_are_short() -> None:
    rng = np.random.default_rng(5)
    label = np.repeat(np.arange(2), 1_000)
    age = np.where(rng.random(2_000) < 0.2, "old\n" + "x" * 100, "young")
    before, after = pair(rng, label, np.full(2, 0.02), 0.2)
    after = np.where((age != "young") & (rng.random(2_000) < 0.3), 1 - label, after)
    said = fitted(before, after, label, groups={"age": age})
    assert said.startswith("age old xxx")
    assert "\n" not in said
    assert len(said.split(" loses")[0]) == LENGTH


def test_what_cannot_be_told_is_said() -> None:
    rng = np.random.default_rng(6)
    label = np.repeat(np.arange(3), 100)
    before, after = pair(rng, label, np.full(3, 0.02), 0.2)
    assert "without labels it is not known which of them break" in fitted(before, after, None)
    assert "without labels" in fitted(np.stack([before] * 4), np.stack([after] * 4), None)
    assert fitted(before, before, label).startswith("No answer changes of 300: of others like these at most 1.3")
    moved = np.where(before == label, before, (label + 2) % 3)
    assert fitted(before, moved, label).startswith("No answer breaks and none is fixed of 300, but ")
    assert "too few to tell" in fitted(np.stack([before, after]), after, label)
    one_class = fitted(np.array([0, 0, 1, 0]), np.array([0, 1, 0, 0]), np.zeros(4, int))
    assert one_class.startswith("No change of accuracy is sure: 1 answer breaks and 1 is fixed of 4 (p = 1)")
    assert "no class" not in one_class


@pytest.mark.skipif(not ANSWERS.is_dir(), reason="the answers of the language models are not here")
def test_the_letters_that_pay_are_named() -> None:
    said = {}
    for precision in ("int8", "int4"):
        one, other = (read_predictions(ANSWERS / f"llama-3.2-3b-instruct-{name}.csv") for name in ("fp16", precision))
        said[precision] = headline(Audit(splits=2, resamples=2).fit(one, other).audited_)
    assert said["int4"].startswith("C loses 5.7 points")
    assert "B gains 4.0 points" in said["int4"]
    assert "147 answers break and 117 are fixed of 2,961 (p = 0.074)" in said["int4"]
    assert said["int8"].startswith("No change of accuracy is sure: 74 answers break")


@pytest.mark.parametrize(("clusters", "size"), [(8, 3), (9, 10), (9, 20)])
def test_nothing_is_sure_where_the_interval_of_few_clusters_holds_0(clusters: int, size: int) -> None:
    """Each cluster loses one answer, which is sure by its test; of so few clusters the interval is wide."""
    label, cluster = np.resize([0, 1], clusters * size), np.repeat(np.arange(clusters), size)
    after = np.where(np.arange(len(label)) % size == 0, 1 - label, label)
    said = fitted(label, after, label, cluster=cluster)
    assert said.startswith(f"No change of accuracy is sure: {clusters} answers break and 0 are fixed")
    assert not names_somebody(said)
    alone = fitted(np.tile(label, 20), np.tile(after, 20), np.tile(label, 20))
    assert "ccuracy falls by " in alone
