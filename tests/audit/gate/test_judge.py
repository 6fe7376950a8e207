"""Verdicts: what passes, what fails, what cannot be told, and how often a verdict is wrong."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import islice
from math import nan
from typing import Any
from unittest.mock import patch

import numpy as np
import pytest
from scipy.special import ndtri

from lesion.audit.comparison.comparison import Comparison
from lesion.audit.gate.budget import given_budget
from lesion.audit.gate.contract import Limit, Measured, Verdict
from lesion.audit.gate.judge import judge_all, overall
from lesion.audit.gate.measure import measure
from tests.audit.gate.judging import comparison, verdict


def judged(budget: dict[str, Any], measure: Any = measure, **candidates: Comparison) -> tuple[Verdict, ...]:
    """The verdicts on candidates whose limits are measured in this way."""
    with patch("lesion.audit.gate.judge.measure", measure):
        return judge_all(given_budget({"version": 1} | budget), candidates)


def test_passed_failed_and_inconclusive() -> None:
    same, worse = comparison(1, skill=0.92, before=0.9, examples=9000), comparison(1, skill=0.6, examples=9000)
    [passed] = judged({"all": {"loss": 5.0}}, int8=same)
    [failed] = judged({"all": {"loss": 5.0}}, int8=worse)
    few = comparison(1, skill=0.88, before=0.9, examples=90)
    [unsure] = judged({"all": {"loss": 3.0}}, int8=few)
    assert (passed.status, failed.status, unsure.status) == ("passed", "failed", "inconclusive")
    assert passed.judged[0].said.endswith("at most 5 is allowed: passed.")
    assert failed.judged[0].said.startswith("Accuracy falls by ")
    assert failed.judged[0].said.endswith("at most 5 is allowed: failed.")
    assert unsure.judged[0].said.endswith(
        "at most 3 is allowed, which lies between: inconclusive. About 850 examples would decide; there are 90."
    )


def test_one_broken_class_fails_the_candidate_that_has_it() -> None:
    made = {"good": comparison(2, examples=9000), "bad": comparison(2, skill=[0.9, 0.5, 0.9], examples=9000)}
    good, bad = judged({"every_class": {"loss": 8.0}}, **made)
    assert good.status == "passed"
    assert {one.limit.group: one.status for one in bad.judged} == {"cat": "passed", "dog": "failed", "emu": "passed"}
    assert bad.status == overall([good, bad]) == "failed"
    assert bad.judged[1].said.startswith("Recall of class dog falls by ")


def test_a_value_at_the_limit_is_within_the_budget() -> None:
    def measure(_: Comparison, limits: Sequence[Limit], **levels: float) -> list[Measured]:
        return [Measured(0.03, limit.at_most, limit.at_most, 10, None) for limit in limits]

    [found] = judged({"all": {"loss": 3.0}}, measure, one=comparison(examples=60))
    assert found.status == "passed"


def test_levels_are_shared_out_over_limits_and_candidates() -> None:
    asked = []

    def measure(_: Comparison, limits: Sequence[Limit], *, pass_level: float, fail_level: float) -> list[Measured]:
        asked.append((pass_level, fail_level))
        return [Measured(0.0, -0.01, 0.01, 600, None) for _ in limits]

    made = comparison(examples=600)
    judged({"all": {"loss": 3.0}}, measure, one=made)
    judged({"all": {"loss": 3.0}, "every_class": {"loss": 5}, "sure": 0.9}, measure, one=made, two=made)
    judged({"every_class": {"loss": 5}}, measure, one=made)
    whole, classes = (0.05, 0.05 / 2), (0.05, 0.05 / 2 / 3)
    np.testing.assert_allclose(asked, [(0.05, 0.05), *[whole, classes] * 2, (0.05, 0.05 / 3)])


def test_too_few_examples_are_inconclusive_whatever_was_measured() -> None:
    worse = comparison(1, skill=0.3, examples=600)
    [found] = judged({"all": {"loss": 1.0}, "every_class": {"loss": 5.0, "examples": 5000}}, one=worse)
    assert found.judged[0].status == found.status == "failed"
    assert {one.status for one in found.judged[1:]} == {"inconclusive"}
    said = "Recall of class cat cannot be judged: 200 examples, and the budget asks for 5,000."
    assert found.judged[1].said == said
    assert found.judged[1].measured.needed == 5000


def test_a_class_without_examples_is_inconclusive_and_is_not_measured() -> None:
    made = comparison(examples=60)
    made = replace(made, classes=np.arange(4), names=("cat", "dog", "emu", "fox"))
    [found] = judged({"classes": {"fox": {"loss": 1.0}, "cat": {"loss": 99.0}}}, one=made)
    by_class = {one.limit.group: one for one in found.judged}
    assert by_class["cat"].status == "passed"
    assert by_class["fox"].status == found.status == "inconclusive"
    assert by_class["fox"].said == "Recall of class fox cannot be judged: 0 examples, and the budget asks for 1."


def test_what_cannot_be_measured_is_inconclusive() -> None:
    def measure(_: Comparison, limits: Sequence[Limit], **levels: float) -> list[Measured]:
        return [Measured(0.01, nan, nan, 60, None) for _ in limits]

    [found] = judged({"all": {"ece": 3.0}}, measure, one=comparison(examples=60))
    assert found.judged[0].said == "Calibration error cannot be measured on 60 examples."
    assert found.status == "inconclusive"


def test_no_limit_is_better_than_the_best_of_all() -> None:
    some = [verdict("one"), verdict("two")]
    assert overall(some) == "passed"


STUDIES, NOISE = 1500, 0.01
AT, OVER, WITHIN = 0.05, 0.05 + 1e-9, -1.0  # of a limit of five points


@pytest.mark.parametrize(
    "truth",
    [
        pytest.param([[OVER, WITHIN, WITHIN]] * 4, id="all break one limit"),
        pytest.param([[AT, AT, AT]] * 4, id="all keep all limits"),
        pytest.param([[OVER, WITHIN, WITHIN], [AT, AT, AT]] * 2, id="half of each"),
    ],
)
def test_any_verdict_is_wrong_in_at_most_one_study_of_twenty(truth: list[list[float]]) -> None:
    """What is measured is the truth and an independent normal error, as near to the limits as can be: the worst case.

    Without a share of the level for each of four candidates, one in five studies would pass a candidate wrongly.
    """
    rng, wrong = np.random.default_rng(7), 0
    budget = {"all": {"loss": 5.0}, "every_class": {"loss": 5.0}}
    made = {str(place): comparison(examples=60, classes=2) for place in range(len(truth))}
    broken = [max(values) > AT for values in truth]
    for _ in range(STUDIES):
        found = iter(np.ravel(np.array(truth) + NOISE * rng.normal(size=(len(truth), 3))))

        def measure(_: Comparison, limits: Sequence[Limit], **level: float) -> list[Measured]:
            low, high = NOISE * ndtri(level["fail_level"]), -NOISE * ndtri(level["pass_level"])
            return [Measured(value, value + low, value + high, 60, None) for value in islice(found, len(limits))]  # noqa: B023

        verdicts = judged(budget, measure, **made)
        wrong += any(one.status == ("passed" if bad else "failed") for one, bad in zip(verdicts, broken, strict=True))
    error = np.sqrt(0.05 * 0.95 / STUDIES)
    assert 0.02 < wrong / STUDIES < 0.05 + 4 * error
