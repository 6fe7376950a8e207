from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from lesion.audit.comparison.populations import Population
from lesion.audit.contract import Statistic
from lesion.audit.inference.effects import change
from lesion.audit.inference.pie_share import pie_share
from lesion.audit.statistics import effects, pie
from lesion.params.resamples import Resamples
from tests.compared import compared, run
from tests.resampled import CLASSES, made
from tests.synthetic import write_examples, write_population

STATISTIC: Statistic = effects  # mypy checks the module here


def measured(dense: Population, compressed: Population, draws: int = 20) -> pd.DataFrame:
    comparison = compared(dense, compressed, classes=CLASSES)
    return effects.table(comparison, settings=Resamples(draws=draws), ties="label").set_index("measure")


def share_of_pie(dense: Population, compressed: Population) -> float:
    return float(pie.table(compared(dense, compressed, classes=CLASSES), ties="label")["pie"].mean())


def test_changes_are_those_of_the_predictions() -> None:
    dense, compressed = made(), made(seed=1, skill=0.3, members=4)
    table = measured(dense, compressed)
    assert table.index.tolist() == ["top1", "top5", "pie_share"]
    before, after = ((one.prediction == one.label).mean() for one in (dense, compressed))
    assert table.loc["top1", ["dense", "compressed", "change"]].tolist() == pytest.approx(
        [before, after, after - before]
    )
    five = [one.known_top5.mean() for one in (dense, compressed)]
    assert table.loc["top5", "change"] == pytest.approx(five[1] - five[0])
    assert table.loc["pie_share", "change"] == share_of_pie(dense, compressed)
    assert (table["low"] <= table["change"]).all()
    assert (table["change"] <= table["high"]).all()
    assert tuple(table.loc["top1", ["change", "low", "high"]]) == change(
        dense.correct, compressed.correct, paired=False
    )


def test_without_labels_the_share_of_pie_is_left() -> None:
    dense, compressed = (replace(one, label=None, correct_top5=None) for one in (made(), made(seed=1)))
    assert measured(dense, compressed).index.tolist() == ["pie_share"]


def test_members_that_agree_leave_the_examples_as_the_only_noise() -> None:
    one, other = made(members=1), made(members=1, seed=1)
    alone = [
        replace(side, member=np.arange(4), prediction=np.repeat(side.prediction, 4, axis=0)) for side in (one, other)
    ]
    rng = np.random.default_rng(0)
    found = pie_share(
        alone[0].prediction, alone[1].prediction, classes=CLASSES, ties="label", paired=False, resamples=20, rng=rng
    )
    count, examples = int((one.prediction != other.prediction).sum()), one.prediction.shape[1]
    expected = stats.binomtest(count, examples).proportion_ci(0.95, "exact")
    assert found[0] == count / examples
    assert found[1:] == pytest.approx(expected, abs=0.004)  # the variance is smoothed


def test_the_interval_of_the_share_of_pie_holds_its_mean_over_members_and_examples() -> None:
    rng, held, runs = np.random.default_rng(3), 0, 60
    label = np.arange(150) % CLASSES

    def drawn(rng: np.random.Generator, hard: np.ndarray[tuple[int], np.dtype[np.float64]], skill: float) -> Population:
        right = rng.random((8, 150)) < np.clip(skill - hard, 0.05, 0.99)
        said = np.where(right, label, (label + 1) % CLASSES)
        return Population(example_id=np.arange(150), member=np.arange(8), label=label, prediction=said)

    def pair() -> tuple[Population, Population]:
        hard = rng.beta(0.5, 2, 150)
        return drawn(rng, hard, 1.0), drawn(rng, hard, 0.85)

    truth = np.mean([share_of_pie(*pair()) for _ in range(400)])
    for seed in range(runs):
        said = (one.prediction for one in pair())
        _, low, high = pie_share(
            *said, classes=CLASSES, ties="label", paired=False, resamples=60, rng=np.random.default_rng(seed)
        )
        held += bool(low <= truth <= high)
    assert held / runs > 0.85  # 0.95 is promised; 0.85 is three standard errors below


def test_examples_of_one_cluster_are_one_draw() -> None:
    alone = compared(made(members=1), made(members=1, seed=1), classes=CLASSES)
    together = replace(alone, cluster=np.arange(60) // 10)
    narrow, wide = (effects.table(one, settings=Resamples(draws=9), ties="label") for one in (alone, together))
    assert narrow["change"].tolist() == wide["change"].tolist()
    assert not narrow[["low", "high"]].equals(wide[["low", "high"]])


@pytest.mark.parametrize("members", [1, 2, 10])
def test_populations_that_say_the_same_may_differ_elsewhere(members: int) -> None:
    said = np.repeat(made(members=1).prediction, members, axis=0)
    found = pie_share(said, said, classes=CLASSES, ties="label", paired=True, resamples=9, rng=np.random.default_rng(0))
    assert found[:2] == (0, 0)
    assert found[2] == pytest.approx(1 - 0.025 ** (1 / said.shape[1]))  # the rule of three, on either side


@pytest.mark.parametrize("rate", [0.002, 0.05])
def test_the_interval_of_the_share_of_pie_holds_where_all_members_flip_the_same(rate: float) -> None:
    rng, runs, held = np.random.default_rng(5), 150, 0
    for _ in range(runs):
        said = np.zeros((3, 100), dtype=np.int64)
        after = said + (rng.random(100) < rate)
        _, low, high = pie_share(said, after, classes=2, ties="label", paired=True, resamples=5, rng=rng)
        held += low <= rate <= high
    assert held / runs > 0.93 - 4 * 0.0208


def test_the_summary_is_empty_where_labels_are_not_known() -> None:
    known, unknown = (
        effects.columns(measured(one, other).reset_index(), alpha=0.05)
        for one, other in (
            (made(), made(seed=1)),
            (replace(made(), label=None), replace(made(seed=1), label=None)),
        )
    )
    assert list(known) == list(unknown)
    assert [unknown[name] for name in ("top1_change", "top1_change_low", "top1_change_high")] == [None] * 3
    assert unknown["pie_share"] == known["pie_share"]


def test_the_node_writes_the_same_table_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    dense, compressed = made(), made(seed=1)
    write_examples("toy", dense, list("abcd"))
    for variant, one in (("dense", dense), ("half", compressed), ("copy", compressed)):
        write_population("toy", variant, "0-5", one)
    settings = Resamples(draws=9)
    first = run("effects", "toy", "half", ["0-5"], settings=settings, ties="label").read_bytes()
    assert run("effects", "toy", "half", ["0-5"], settings=settings, ties="label").read_bytes() == first
    table, other = (
        pd.read_csv(run("effects", "toy", name, ["0-5"], settings=settings, ties="label")) for name in ("half", "copy")
    )
    assert table["measure"].tolist() == ["top1", "top5", "pie_share"]
    assert table["change"].equals(other["change"])
    assert not table["high"].equals(other["high"])  # each variant draws its own members
