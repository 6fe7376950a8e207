"""Which limits a budget puts on a comparison."""

import re
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from lesion.audit.gate.contract import Limit
from lesion.audit.gate.example import example_budget
from lesion.audit.gate.limits import limits_of
from lesion.errors import InputError
from lesion.params.budget import Budget
from tests.audit.gate.judging import comparison


def of(budget: dict[str, Any], **known: Any) -> list[Limit]:
    return limits_of(Budget.read({"version": 1} | budget, where=""), comparison(examples=60, **known))


def test_points_become_fractions_in_the_order_of_the_budget() -> None:
    found = of({"all": {"ece": 2, "loss": 1.0, "broken": 3.0, "examples": 500}})
    assert found == [
        Limit("loss", "all", "all", 0.01, 500),
        Limit("broken", "all", "all", 0.03, 500),
        Limit("ece", "all", "all", 0.02, 500),
    ]


def test_a_named_class_replaces_key_by_key_what_every_class_has() -> None:
    found = of(
        {
            "every_class": {"loss": 5.0, "broken": 8.0, "examples": 30},
            "classes": {"dog": {"loss": 2.0}, "emu": {"loss": None, "examples": 10}},
        }
    )
    assert [(one.group, one.measure, one.at_most, one.least_examples) for one in found] == [
        ("cat", "loss", 0.05, 30),
        ("cat", "broken", 0.08, 30),
        ("dog", "loss", 0.02, 30),
        ("dog", "broken", 0.08, 30),
        ("emu", "broken", 0.08, 10),
    ]
    assert {one.attribute for one in found} == {"class"}


def test_groups_of_an_attribute_and_named_groups() -> None:
    found = of({"every_group": {"side": {"loss": 4.0}}, "groups": {"side": {"right": {"broken": 1.0}}}})
    assert found == [
        Limit("loss", "side", "left", 0.04),
        Limit("loss", "side", "right", 0.04),
        Limit("broken", "side", "right", 0.01),
    ]
    assert of({"groups": {"side": {"right": {"broken": 1.0}}}}) == found[2:]


def test_a_class_that_no_example_has_is_limited_where_it_is_named() -> None:
    made = comparison(examples=60)
    assert made.label is not None
    kept = made.label != 1
    sides = [
        replace(
            one,
            example_id=one.example_id[kept],
            label=made.label[kept],
            prediction=one.prediction[:, kept],
            correct_top5=None,
            confidence=None,
        )
        for one in (made.dense, made.compressed)
    ]
    made = replace(made, dense=sides[0], compressed=sides[1], example_id=sides[0].example_id, groups={})
    budget = {"version": 1, "every_class": {"loss": 5}}
    assert [one.group for one in limits_of(Budget.read(budget, where=""), made)] == ["cat", "emu"]
    budget["classes"] = {"dog": {"loss": 1}}
    assert [one.group for one in limits_of(Budget.read(budget, where=""), made)] == ["cat", "emu", "dog"]


@pytest.mark.parametrize(
    ("budget", "said"),
    [
        ({"classes": {"catt": {"loss": 1}}}, "budget: classes: there is no class 'catt' (the nearest is cat)"),
        ({"groups": {"side": {"lefty": {"loss": 1}}}}, "groups.side: there is no group 'lefty' (the nearest is left)"),
        ({"groups": {"sides": {"left": {"loss": 1}}}}, "groups: there is no attribute 'sides' (the nearest is side)"),
        ({"every_group": {"sid": {"loss": 1}}}, "every_group: there is no attribute 'sid' (the nearest is side)"),
        ({"every_class": {"loss": None, "examples": 5}}, "holds no limit on anything"),
    ],
)
def test_a_name_that_is_not_there_is_told_with_the_nearest(budget: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError, match=re.escape(said)):
        of(budget)


@pytest.mark.parametrize("name", ["all", "class"])
def test_an_attribute_that_is_called_as_a_part_of_the_budget_is_told_apart(name: str) -> None:
    groups = {name: comparison(examples=60).groups["side"]}
    found = of({"every_group": {name: {"loss": 1}}}, groups=groups)
    assert [(one.attribute, one.group) for one in found] == [
        (f"{name} (attribute)", "left"),
        (f"{name} (attribute)", "right"),
    ]


def test_attributes_taken_together() -> None:
    groups = {"side": np.repeat(["left", "right"], 30), "top": np.tile(["up", "down"], 30)}
    found = of({"every_group": {"side & top": {"loss": 1}}}, groups=groups)
    assert [one.group for one in found] == ["left, down", "left, up", "right, down", "right, up"]
    assert {one.attribute for one in found} == {"side & top"}
    with pytest.raises(InputError, match=r"every_group: there is no attribute 'tup' \(the nearest is top\)"):
        of({"every_group": {"side & tup": {"loss": 1}}}, groups=groups)


def test_what_the_predictions_do_not_know_is_told() -> None:
    made = comparison(examples=60)
    unlabelled = replace(made, dense=replace(made.dense, label=None), compressed=replace(made.compressed, label=None))
    with pytest.raises(InputError, match="the predictions have no true labels"):
        limits_of(Budget.read({"version": 1, "all": {"loss": 1}}, where=""), unlabelled)
    unsure = replace(made, compressed=replace(made.compressed, confidence=None))
    assert limits_of(Budget.read({"version": 1, "all": {"loss": 1}}, where=""), unsure)
    with pytest.raises(InputError, match="ece: the confidence of each answer is needed on both sides"):
        limits_of(Budget.read({"version": 1, "all": {"ece": 1}}, where=""), unsure)


def test_answers_that_are_no_classes_have_none_to_limit() -> None:
    made = replace(comparison(examples=60), graded=True)
    assert limits_of(Budget.read({"version": 1, "all": {"loss": 1}}, where=""), made)
    with pytest.raises(InputError, match="answers are right or wrong here, and no classes; limit all or groups"):
        limits_of(Budget.read({"version": 1, "every_class": {"loss": 1}}, where=""), made)
    assert "every_class" not in example_budget(made)
