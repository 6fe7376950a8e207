from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from lesion.artifacts import paths
from lesion.audit.comparison.populations import Population
from lesion.audit.inference.effects import change
from lesion.audit.statistics.effects import effect_sizes, effects, pie_share
from lesion.audit.statistics.pie import grade
from lesion.params.resamples import Resamples
from tests.resampled import CLASSES, made
from tests.synthetic import write_examples, write_population


def measured(dense: Population, compressed: Population, draws: int = 20) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    table = effect_sizes(dense, compressed, classes=CLASSES, design="auto", resamples=draws, rng=rng)
    return table.set_index("measure")


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
    assert table.loc["pie_share", "change"] == np.mean(grade(dense, compressed, classes=CLASSES)["pie"].to_pylist())
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
    found = pie_share(alone[0], alone[1], classes=CLASSES, paired=False, resamples=20, rng=rng)
    share = float((one.prediction != other.prediction).mean())
    half = 1.96 * np.sqrt(share * (1 - share) / (one.prediction.shape[1] - 1))
    assert found == pytest.approx((share, max(0, share - half), min(1, share + half)))


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

    truth = np.mean([np.mean(grade(*pair(), classes=CLASSES)["pie"].to_pylist()) for _ in range(400)])
    for run in range(runs):
        _, low, high = pie_share(*pair(), classes=CLASSES, paired=False, resamples=60, rng=np.random.default_rng(run))
        held += low <= truth <= high
    assert held / runs > 0.85  # 0.95 is promised; 0.85 is three standard errors below


def test_the_step_writes_the_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    dense, compressed = made(), made(seed=1)
    write_examples("toy", dense, list("abcd"))
    for variant, one in (("dense", dense), ("half", compressed)):
        write_population("toy", variant, "0-5", one)
    known: dict[str, Any] = {"study": "toy", "variant": "half", "shards": ["0-5"], "design": "auto"}
    effects(**known, root_seed=1, resamples=Resamples(draws=9))
    first = paths.effects("toy", "half").read_bytes()
    effects(**known, root_seed=1, resamples=Resamples(draws=9))
    assert paths.effects("toy", "half").read_bytes() == first
    assert pd.read_csv(paths.effects("toy", "half"))["measure"].tolist() == ["top1", "top5", "pie_share"]
