from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from scipy import stats

from lesion.audit.comparison.comparison import Comparison
from lesion.audit.gate.contract import Limit, Measured
from lesion.audit.gate.measure import measure
from lesion.errors import InputError
from tests.compared import compared
from tests.synthetic import labels, population

CLASSES = 4


def pair(
    *, broken: float = 0.1, fixed: float = 0.05, examples: int = 400, members: int = 1, seed: int = 0, **known: Any
) -> Comparison:
    """Members whose answers flip, in classes 0 to 3 and in the groups `red` and `blue` of a colour."""
    rng = np.random.default_rng(seed)
    label = labels(rng, examples, CLASSES)
    dense = population(rng, label, members=members, classes=CLASSES, skill=0.8, confidence=True)
    flip = rng.random((members, examples))
    wrong = (label + 1) % CLASSES
    said = np.where(dense.correct & (flip < broken), wrong, dense.prediction)
    said = np.where(~dense.correct & (flip < fixed), label, said)
    colour = np.array(["blue", "red"], dtype=object)[rng.integers(0, 2, examples)]
    return compared(dense, replace(dense, prediction=said), classes=CLASSES, groups={"colour": colour}, **known)


def one(comparison: Comparison, limit: Limit, *, level: float = 0.05) -> Measured:
    return measure(comparison, [limit], pass_level=level, fail_level=level)[0]


def counts(comparison: Comparison, inside: npt.NDArray[np.bool_]) -> tuple[int, int, int]:
    """Broken, fixed, all."""
    before, after = (side.correct[0][inside] for side in (comparison.dense, comparison.compressed))
    return int((before & ~after).sum()), int((~before & after).sum()), int(inside.sum())


def test_estimates_are_the_counts_of_each_part() -> None:
    comparison = pair()
    everyone = np.ones(400, dtype=bool)
    parts = {
        ("all", "all"): everyone,
        ("class", "2"): comparison.dense.known_label == 2,
        ("colour", "red"): comparison.groups["colour"] == "red",
    }
    for (attribute, group), inside in parts.items():
        broken, fixed, examples = counts(comparison, inside)
        loss = one(comparison, Limit("loss", attribute, group, 0.01))
        assert loss.estimate == pytest.approx((broken - fixed) / examples)
        assert loss.examples == examples
        assert one(comparison, Limit("broken", attribute, group, 0.01)).estimate == pytest.approx(broken / examples)


def test_of_a_pair_the_bounds_of_broken_answers_are_exact() -> None:
    comparison = pair()
    broken, _, examples = counts(comparison, np.ones(400, dtype=bool))
    found = measure(comparison, [Limit("broken", "all", "all", 0.01)], pass_level=0.05, fail_level=0.001)[0]
    assert found.high == pytest.approx(stats.beta.ppf(0.95, broken + 1, examples - broken))
    assert found.low == pytest.approx(stats.beta.ppf(0.001, broken, examples - broken + 1))


def test_limits_come_back_in_order_whatever_they_are_about() -> None:
    comparison = pair()
    limits = [
        Limit("loss", "class", "3", 0.1),
        Limit("broken", "all", "all", 0.1),
        Limit("loss", "class", "0", 0.1),
        Limit("ece", "colour", "red", 0.1),
        Limit("loss", "class", "3", 0.2),
    ]
    found = measure(comparison, limits, pass_level=0.05, fail_level=0.01)
    for limit, measured in zip(limits, found, strict=True):
        alone = measure(comparison, [limit], pass_level=0.05, fail_level=0.01)[0]
        assert measured == alone
        assert measured.low <= measured.estimate <= measured.high
    assert found[0].estimate == found[4].estimate


def test_without_any_flip_the_rule_of_three_says_how_many_examples_pass() -> None:
    found = one(pair(broken=0, fixed=0), Limit("loss", "all", "all", 0.01))
    assert found.high == pytest.approx(1 - 0.05 ** (1 / 400))
    assert found.needed == pytest.approx(np.log(0.05) / np.log(0.99), rel=0.01)


def test_so_many_examples_as_needed_decide_and_fewer_do_not() -> None:
    comparison = pair(broken=0.04, fixed=0.0)
    broken, _, examples = counts(comparison, np.ones(400, dtype=bool))
    rate, few = broken / examples, 0.5 * broken / examples
    passed, failed = (one(comparison, Limit("broken", "all", "all", at)).needed for at in (2 * rate, few))
    assert passed is not None
    assert failed is not None
    for needed, sign in ((passed, 1), (failed, -1)):
        high = [stats.beta.ppf(0.95, rate * n + 1, (1 - rate) * n) <= 2 * rate for n in (0.98 * needed, 1.02 * needed)]
        low = [stats.beta.ppf(0.05, rate * n, (1 - rate) * n + 1) > few for n in (0.98 * needed, 1.02 * needed)]
        assert (high if sign > 0 else low) == [False, True]


def test_no_number_decides_an_estimate_at_its_limit_nor_one_next_to_it() -> None:
    comparison = pair()
    at = one(comparison, Limit("broken", "all", "all", 0.0)).estimate
    assert one(comparison, Limit("broken", "all", "all", at)).needed is None
    assert one(comparison, Limit("broken", "all", "all", at + 1e-5)).needed is None


def test_no_loss_at_all_is_not_shown_by_examples_that_do_not_change() -> None:
    found = one(pair(broken=0, fixed=0), Limit("loss", "all", "all", 0.0))
    assert found.low < 0 < found.high
    assert found.needed is None


def test_a_single_broken_answer_shows_that_some_break() -> None:
    comparison = pair(broken=0, fixed=0)
    said = comparison.dense.prediction.copy()
    first = int(np.flatnonzero(comparison.dense.correct[0])[0])
    said[0, first] = (said[0, first] + 1) % CLASSES
    broken = replace(comparison, compressed=replace(comparison.compressed, prediction=said))
    assert one(broken, Limit("broken", "all", "all", 0.0), level=1e-6).low > 0


def test_a_limit_of_one_holds_whatever_happens() -> None:
    comparison = pair(broken=1.0, fixed=0.0, examples=4)
    for measured in ("loss", "broken", "ece"):
        for group in "0123":
            found = one(comparison, Limit(measured, "class", group, 1.0))
            assert found.examples == 1
            assert -1 <= found.low <= found.estimate <= found.high <= 1


def test_a_least_number_of_examples_is_needed_in_any_case() -> None:
    assert one(pair(), Limit("loss", "all", "all", 0.9, least_examples=5_000)).needed == 5_000


def test_examples_in_clusters_tell_less() -> None:
    comparison = pair(examples=800)
    copies = np.repeat(np.arange(400), 10)  # of the first 400 examples, ten of each
    many = [replace(side, prediction=side.prediction[:, copies], label=side.known_label[copies],
                    example_id=np.arange(4000), confidence=None, correct_top5=None)
            for side in (comparison.dense, comparison.compressed)]  # fmt: skip
    few = [replace(side, prediction=side.prediction[:, :400], label=side.known_label[:400],
                   example_id=np.arange(400), confidence=None, correct_top5=None)
           for side in (comparison.dense, comparison.compressed)]  # fmt: skip
    limit = Limit("loss", "all", "all", 0.05)
    clustered = one(compared(*many, classes=CLASSES, cluster=copies), limit)
    alone = one(compared(*few, classes=CLASSES), limit)
    assert clustered.estimate == pytest.approx(alone.estimate)
    assert clustered.high - clustered.estimate == pytest.approx(alone.high - alone.estimate, rel=0.1)
    assert one(compared(*many, classes=CLASSES), limit).high < alone.high


@pytest.mark.parametrize("members", [2, 5])
def test_other_members_widen_the_bounds(members: int) -> None:
    comparison = pair(members=members, design="independent")
    for name in ("loss", "broken", "ece"):
        limit = Limit(name, "all", "all", 0.9)
        found, strict = one(comparison, limit), one(comparison, limit, level=0.001)
        assert -1 <= strict.low <= found.low <= found.estimate <= found.high <= strict.high <= 1


def test_the_same_twice_is_the_same() -> None:
    """Members are drawn by a seed."""
    limit = Limit("broken", "all", "all", 0.01)
    assert one(pair(members=3), limit) == one(pair(members=3), limit)


@pytest.mark.parametrize(
    ("limit", "message"),
    [
        (Limit("loss", "class", "4", 0.1), "no example of class 4, there is 0, 1, 2, 3"),
        (Limit("loss", "colour", "bleu", 0.1), "no example of colour bleu, did you mean blue"),
        (Limit("loss", "color", "red", 0.1), "no attribute color, did you mean colour"),
        (Limit("loss", "all", "some", 0.1), "no group some of all"),
    ],
)
def test_what_is_not_there_is_named_with_what_is_near(limit: Limit, message: str) -> None:
    with pytest.raises(InputError, match=message):
        one(pair(), limit)


def test_what_is_not_known_is_named() -> None:
    comparison = pair()
    unsure = [replace(side, confidence=None) for side in (comparison.dense, comparison.compressed)]
    with pytest.raises(InputError, match="confidence"):
        one(compared(*unsure, classes=CLASSES), Limit("ece", "all", "all", 0.1))
    unknown = [replace(side, label=None) for side in (comparison.dense, comparison.compressed)]
    with pytest.raises(InputError, match="labels"):
        one(compared(*unknown, classes=CLASSES), Limit("broken", "all", "all", 0.1))


def test_an_attribute_called_class_and_intersections_are_parts_too() -> None:
    comparison = pair()
    shade = np.where(np.arange(400) % 2, "dark", "light")
    named = replace(comparison, groups={"class": shade, "colour": comparison.groups["colour"]})
    assert one(named, Limit("loss", "class (attribute)", "dark", 0.1)).examples == 200
    both = (shade == "dark") & (comparison.groups["colour"] == "red")
    assert one(named, Limit("loss", "class & colour", "dark, red", 0.1)).examples == both.sum()


def test_answers_that_are_no_classes_have_no_class_to_limit() -> None:
    graded = replace(pair(), graded=True)
    assert one(graded, Limit("loss", "all", "all", 0.1)).examples == 400
    with pytest.raises(InputError, match="no class 2"):
        one(graded, Limit("loss", "class", "2", 0.1))
