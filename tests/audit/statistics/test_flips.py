from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.multitest import fdrcorrection
from statsmodels.stats.proportion import proportion_confint

import lesion
from lesion.audit.comparison.comparison import Comparison
from lesion.audit.comparison.populations import Population
from lesion.audit.contract import Audited, Statistic
from lesion.audit.inference.pays_more import Net, pays_more_p
from lesion.audit.statistics import flips
from lesion.audit.statistics.flips import ALL, CLASS, LABELS
from tests.compared import compared
from tests.synthetic import labels, population

STATISTIC: Statistic = flips  # mypy checks the module here
MINUS = "\N{MINUS SIGN}"

ANSWERS = Path(__file__).parents[3].parent / "shared" / "data" / "llm-flips"
BENCHMARKS = ("arc", "mmlu", "csqa")
COUNTED = {  # by another program: of int4, for each benchmark the flips, the broken and the fixed
    "qwen2.5-1.5b-instruct": [(111, 68, 18), (186, 86, 43), (100, 45, 37)],
    "qwen2.5-3b-instruct": [(100, 52, 26), (145, 66, 32), (97, 49, 35)],
    "llama-3.2-3b-instruct": [(111, 46, 33), (157, 63, 51), (86, 38, 33)],
}


def answered(said: npt.ArrayLike, label: npt.ArrayLike | None) -> Population:
    """One model, or several, that answer so."""
    prediction = np.atleast_2d(np.asarray(said))
    ids, member = np.arange(prediction.shape[1]), np.arange(len(prediction))
    return Population(ids, member, None if label is None else np.asarray(label), prediction)


def pair(rng: np.random.Generator, examples: int = 300, classes: int = 4, **known: Any) -> Comparison:
    """Two models, of which the second gives about a fifth of the examples another answer."""
    label = labels(rng, examples, classes)
    dense = population(rng, label, members=1, classes=classes)
    other = rng.integers(0, classes, (1, examples))
    said = np.where(rng.random((1, examples)) < 0.2, other, dense.prediction).astype(np.int16)
    return compared(dense, replace(dense, prediction=said), classes=classes, **known)


def found(comparison: Comparison, groups: list[list[str]] | None = None) -> pd.DataFrame:
    return flips.table(comparison, groups=groups or [], ties="member")


def part(table: pd.DataFrame, attribute: str) -> pd.DataFrame:
    return table[table["attribute"] == attribute].set_index("group")


def card(comparison: Comparison, table: pd.DataFrame) -> str:
    said = flips.finding(Audited(comparison, {"flips": table}, pd.DataFrame(), alpha=0.05))
    assert said is not None
    return f"{said.number} {said.unit}: {said.text}"


def test_counts_rates_and_tests_are_those_of_a_loop_and_of_statsmodels() -> None:
    rng = np.random.default_rng(0)
    hand = rng.choice(["left", "right"], 300).astype(object)
    comparison = pair(rng, groups={"hand": hand})
    before, after, label = (
        comparison.dense.prediction[0],
        comparison.compressed.prediction[0],
        comparison.dense.known_label,
    )
    table = found(comparison, [["hand"]])
    of_class = {str(name): label == name for name in range(4)}
    scopes = {ALL: {ALL: label >= 0}, CLASS: of_class, "hand": {side: hand == side for side in ("left", "right")}}
    lost, won = (before == label) & (after != label), (before != label) & (after == label)
    for attribute, groups in scopes.items():
        rows = part(table, attribute)
        assert rows.index.tolist() == list(groups)
        for name, inside in groups.items():
            broken, fixed = int(lost[inside].sum()), int(won[inside].sum())
            changed = int((before != after)[inside].sum())
            row = rows.loc[name]
            assert row[["broken", "fixed", "changed", "moved"]].tolist() == [
                broken, fixed, changed, changed - broken - fixed
            ]  # fmt: skip
            assert row["examples"] == inside.sum()
            assert row["change"] == pytest.approx((fixed - broken) / inside.sum())
            assert row["change_low"] < row["change"] < row["change_high"]
            expected = proportion_confint(broken, inside.sum(), method="wilson")
            np.testing.assert_allclose(row[["broken_low", "broken_high"]].astype(float), expected)
            assert row["p"] == pytest.approx(mcnemar([[0, broken], [fixed, 0]], exact=True).pvalue)
            if attribute != ALL:
                everyone = Net(int(lost.sum()), int(won.sum()), 300)
                assert row["p_beyond"] == pytest.approx(pays_more_p(Net(broken, fixed, inside.sum()), everyone))
        np.testing.assert_allclose(rows["q"], fdrcorrection(rows["p"])[1])
    assert part(table, ALL)["p_beyond"].isna().all()


def test_pairs_of_labels_stand_against_the_way_back() -> None:
    comparison = pair(np.random.default_rng(1), examples=900)
    before, after = comparison.dense.prediction[0], comparison.compressed.prediction[0]
    rows = part(found(comparison), LABELS)
    assert rows["changed"].is_monotonic_decreasing
    assert rows["changed"].sum() == (before != after).sum()
    for name, row in rows.iterrows():
        first, second = map(int, str(name).split(" → "))
        there, back = (int(((before == a) & (after == b)).sum()) for a, b in ((first, second), (second, first)))
        assert row["changed"] == there
        assert row["examples"] == (before == first).sum()
        assert row["broken"] == ((before == first) & (after == second) & (comparison.label == first)).sum()
        assert row["p"] == pytest.approx(mcnemar([[0, there], [back, 0]], exact=True).pvalue)


def test_a_class_that_pays_is_named_and_one_without_flips_has_no_p() -> None:
    label = np.repeat(np.arange(20), 500)
    rng = np.random.default_rng(2)
    before = np.where(rng.random(10_000) < 0.9, label, (label + 1) % 20)
    after = before.copy()
    flipped = (rng.random(10_000) < 0.05) & (label != 7)
    after[flipped] = (label + rng.integers(0, 2, 10_000))[flipped] % 20  # both ways, class 7 not at all
    after[(rng.random(10_000) < 0.14) & (label == 11)] = 12
    comparison = compared(answered(before, label), answered(after, label), classes=20)
    table = found(comparison)
    rows = part(table, CLASS)
    assert rows.index[rows["p"].isna()].tolist() == ["7"]
    assert rows["change_low"].lt(rows["change_high"]).all()
    assert rows.loc["11", "q_beyond"] < 1e-6
    said = card(comparison, table)
    assert f"class 11 ({MINUS}1" in said
    assert "loses more than the rest" in said
    assert "McNemar: p < 0.0001" in said
    lose, gain = flips.named(table, alpha=0.05)
    assert (lose["group"].tolist(), len(gain)) == (["11"], 0)
    assert (rows["q_beyond"] < 0.05).sum() > 1  # the rest of the others holds class 11


def test_chance_is_called_chance() -> None:
    label = np.repeat([0, 1], 100)
    before, after = np.zeros(200, int), np.zeros(200, int)
    after[90:109] = 1  # ten broken, nine fixed
    comparison = compared(answered(before, label), answered(after, label), classes=2)
    assert "cannot be told from chance" in card(comparison, found(comparison))
    nothing = compared(answered(before, label), answered(before, label), classes=2)
    assert flips.finding(Audited(nothing, {"flips": found(nothing)}, pd.DataFrame(), alpha=0.05)) is None
    assert found(nothing)["p"].isna().all()
    assert flips.columns(found(nothing), alpha=0.05)["broken"] == 0


def test_populations_count_modal_labels_and_have_no_p() -> None:
    label = [0, 0, 0, 1, 1]
    dense = [[0, 0, 1, 1, 0], [0, 1, 1, 1, 0], [0, 0, 1, 2, 0]]
    compressed = [[1, 0, 2, 1, 1], [1, 0, 2, 1, 1], [0, 0, 2, 1, 1]]
    comparison = compared(answered(dense, label), answered(compressed, label), classes=3)
    table = found(comparison)
    row = table.iloc[0]
    assert row[["changed", "broken", "fixed", "moved"]].tolist() == [3, 1, 1, 1]
    assert table[["p", "q", "p_beyond", "q_beyond"]].isna().all(axis=None)
    summary = flips.columns(table, alpha=0.05)
    assert summary == {
        "broken": None, "fixed": None, "forgotten": 1, "learnt": 1, "moved": 1, "mcnemar_p": None
    }  # fmt: skip
    assert "1 forgotten, 1 learnt" in card(comparison, table)


def test_ties_go_where_they_are_told_to() -> None:
    dense, compressed = answered([[0, 1], [1, 1]], [0, 1]), answered([[0, 1], [0, 1]], [0, 1])
    comparison = compared(dense, compressed, classes=2)
    changed = [flips.table(comparison, groups=[], ties=ties)["changed"].iloc[0] for ties in ("member", "label")]
    assert changed == [0, 1]


def test_without_labels_changes_are_counted_and_their_directions_tested() -> None:
    before, after = np.repeat([0, 1, 2], 20), np.repeat([1, 1, 2], 20)
    group = np.array(["a", "b"] * 30, dtype=object)
    comparison = compared(answered(before, None), answered(after, None), classes=3, groups={"class": group})
    table = found(comparison, [["class"]])
    assert table["attribute"].tolist() == [ALL, "class (attribute)", "class (attribute)", LABELS]
    assert table["changed"].tolist() == [20, 10, 10, 20]
    assert table["p"].notna().tolist() == [False, False, False, True]
    assert table["p"].iloc[-1] == pytest.approx(0.5**19)
    assert table[["broken", "fixed", "moved", "change"]].isna().all(axis=None)
    assert set(flips.columns(table, alpha=0.05).values()) == {None}


def test_examples_in_clusters_count_as_what_they_are_worth() -> None:
    """Every example ten times over is no more evidence than the examples."""
    rng = np.random.default_rng(3)
    once = pair(rng)
    many = [
        answered(np.repeat(one.prediction[0], 10), np.repeat(one.known_label, 10))
        for one in (once.dense, once.compressed)
    ]
    alone = compared(*many, classes=4)
    told = replace(alone, cluster=7 * np.repeat(np.arange(300), 10) + 5)
    single, blind, table = found(once), found(alone), found(told)
    np.testing.assert_allclose(table["p"], single["p"])
    assert [set(each["test"]) for each in (single, table)] == [{"mcnemar"}, {"sign-flips-of-clusters"}]
    for what in ("change", "broken", "moved"):
        longer, length = ((each[f"{what}_high"] - each[f"{what}_low"]).iloc[:5] for each in (table, single))
        assert (longer / length).between(0.99, 1.4).all()  # what copies are worth is estimated
    assert (blind["p"].iloc[0] <= table["p"].iloc[0]) & (blind["change_low"] > table["change_low"]).all()
    close = part(table, CLASS)["p_beyond"] - part(single, CLASS)["p_beyond"]
    assert close.abs().max() < 0.15  # another test, of the same evidence
    every = compared(once.dense, once.compressed, classes=4, cluster=np.arange(300)[::-1])
    pd.testing.assert_frame_equal(found(every), single)


def bank(rng: np.random.Generator, model: str, precision: str) -> lesion.Audit:
    """The audit of a language model's answers: those on file, else as many made-up ones of the same counts."""
    if ANSWERS.is_dir():
        dense, compressed = (lesion.read_predictions(ANSWERS / f"{model}-{name}.csv") for name in ("fp16", precision))
        return lesion.Audit(splits=2, resamples=2).fit(dense, compressed)
    parts = []
    for name, (changed, broken, fixed) in zip(BENCHMARKS, COUNTED[model], strict=True):
        true = rng.integers(0, 4, 1_000)
        one, other = true.copy(), true.copy()
        other[:broken] = (true[:broken] + 1) % 4
        one[broken : broken + fixed] = (true[broken : broken + fixed] + 1) % 4
        one[broken + fixed : changed] = (true[broken + fixed : changed] + 1) % 4
        other[broken + fixed : changed] = (true[broken + fixed : changed] + 2) % 4
        parts.append(pd.DataFrame({"dense": one, "compressed": other, "label": true, "benchmark": name}))
    made = pd.concat(parts)
    return lesion.Audit(splits=2, resamples=2).fit(
        made["dense"], made["compressed"], made["label"], groups=made[["benchmark"]]
    )


@pytest.mark.parametrize("model", COUNTED)
def test_flips_of_language_models_are_those_that_another_program_counted(model: str) -> None:
    rows = part(bank(np.random.default_rng(4), model, "int4").tables_["flips"], "benchmark").loc[list(BENCHMARKS)]
    assert [tuple(row) for row in rows[["changed", "broken", "fixed"]].to_numpy()] == COUNTED[model]


@pytest.mark.skipif(not ANSWERS.is_dir(), reason="the answers of the language models are not here")
def test_accuracy_hides_which_letters_pay() -> None:
    audit = bank(np.random.default_rng(5), "llama-3.2-3b-instruct", "int4")
    table = audit.tables_["flips"]
    assert table["p"].iloc[0] == pytest.approx(0.074, abs=0.001)
    assert audit.summary_["mcnemar_p"].iloc[1] == table["p"].iloc[0]
    letters = part(table, CLASS)
    np.testing.assert_allclose(letters.loc[["C", "B"], "change"], [-0.057, 0.040], atol=5e-4)
    assert (letters.loc[["C", "B"], "q_beyond"] < 1e-4).all()
    assert (part(table, "benchmark")["q_beyond"] > 0.05).all()
    said = card(audit.comparison_, table)
    assert f"class C ({MINUS}5.7 points)" in said
    assert "cannot be told from chance" in said
