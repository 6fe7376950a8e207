from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from lesion.audit.comparison.comparison import Comparison
from lesion.audit.inference.flip_power import detectable_change, examples_needed
from lesion.audit.planning.pair import examples_table, examples_text, flip_rates, plan_pair, seen, seen_text
from lesion.audit.statistics import flips
from lesion.errors import InputError
from tests.compared import compared
from tests.synthetic import labels, population


def pair(*, classes: int = 3, **known: object) -> Comparison:
    rng, label = np.random.default_rng(5), labels(np.random.default_rng(6), 240, classes)
    dense = population(rng, label, members=1, classes=classes, skill=0.9)
    drawn = rng.integers(0, classes, dense.prediction.shape)
    answers = np.where(rng.random(dense.prediction.shape) < 0.15, drawn, dense.prediction)
    return compared(dense, replace(dense, prediction=answers), classes=classes, **known)  # type: ignore[arg-type]


def test_what_was_seen_is_what_the_audit_counts() -> None:
    table, counted = seen(pair()), flips.table(pair(), groups=[], ties="member")
    rows = counted[counted["attribute"].isin(["all", "class"])].reset_index(drop=True)
    assert table["class"].tolist() == rows["group"].tolist()
    assert table["examples"].tolist() == rows["examples"].tolist()
    np.testing.assert_allclose(table["change"], rows["change"])
    np.testing.assert_allclose(table["flips"], (rows["broken"] + rows["fixed"]).astype(float) / rows["examples"])


def test_what_was_detectable_is_that_of_the_examples_and_flips_of_each_class() -> None:
    table = seen(pair(), alpha=0.1, power=0.9)
    for place, row in enumerate(table.to_dict("records")):
        asked = {"flips": row["flips"], "power": 0.9}
        assert row["detectable"] == detectable_change(row["examples"], alpha=0.1, **asked)
        assert row["detectable_fdr"] == detectable_change(row["examples"], alpha=0.1 / (3 if place else 1), **asked)
    assert (table["detectable_fdr"][1:] > table["detectable"][1:]).all()


def test_examples_of_one_cluster_are_worth_fewer() -> None:
    alone, together = seen(pair()), seen(pair(cluster=np.arange(240) // 20))
    assert (together["examples"] <= alone["examples"]).all()
    assert together["examples"][0] < alone["examples"][0]
    assert together["detectable"][0] > alone["detectable"][0]
    assert together["flips"].equals(alone["flips"])


def test_the_table_of_examples_holds_what_is_needed() -> None:
    table = examples_table(flips=[0.02, 0.5], changes=[0.1, 1e-4], power=0.7)
    for row in table.to_dict("records"):
        needed = examples_needed(flips=row["flips"], change=row["change"], power=0.7)
        assert needed is None if pd.isna(row["examples"]) else row["examples"] == needed
    assert table["examples"].isna().tolist() == [False, True, False, True]
    text = examples_text(table, power=0.7, alpha=0.05)
    assert [row.split()[:2] for row in text.splitlines()[-2:]] == [["2", "%"], ["50", "%"]]
    assert "> 1,000,000" in text


def test_rates_to_plan_for_are_those_of_the_pair_each_once() -> None:
    table = pd.DataFrame({"flips": [0.0512, 0.0, 0.05, 0.1]})
    assert flip_rates(table) == [0.025, 0.05, 0.051, 0.075]
    assert flip_rates(table.iloc[:1]) == [0.051]
    assert flip_rates(pd.DataFrame({"flips": [0.0, 0.0]})) == []


def test_the_text_holds_both_tables() -> None:
    table = seen(pair())
    text = plan_pair(pair(), changes=[0.02, 0.05], alpha=0.05, power=0.8)
    assert text.endswith(seen_text(table, power=0.8))
    assert text.startswith("Examples on which a pair of models shows")
    for row in table.to_dict("records"):
        cells = [row["class"], str(row["examples"]), *(f"{100 * row[name]:.2f}" for name in ("flips", "change"))]
        assert cells in [line.split()[:4] for line in text.splitlines()]


def test_a_pair_without_flips_says_what_it_could_have_seen() -> None:
    same = pair()
    same = replace(same, compressed=same.dense)
    text = plan_pair(same, changes=[0.02], alpha=0.05, power=0.8)
    assert text == seen_text(seen(same), power=0.8)
    few = compared(
        *(population(np.random.default_rng(0), labels(np.random.default_rng(0), 4, 2), members=1, classes=2),) * 2,
        classes=2,
    )
    assert "none" in plan_pair(few, changes=[0.02], alpha=0.05, power=0.8)


def test_labels_are_needed() -> None:
    known = pair()
    bare = replace(known, dense=replace(known.dense, label=None), compressed=replace(known.compressed, label=None))
    with pytest.raises(InputError, match="true labels are needed"):
        seen(bare)
