from dataclasses import replace

import numpy as np
import pytest

from lesion.audit.contract import Statistic
from lesion.audit.inference.calibration import BINS
from lesion.audit.statistics import reliability
from tests.compared import compared
from tests.synthetic import labels, population

STATISTIC: Statistic = reliability  # mypy checks the module here

LABEL = labels(np.random.default_rng(0), 80, 3)
DENSE, COMPRESSED = (
    population(np.random.default_rng(seed), LABEL, members=3, classes=3, confidence=True) for seed in (1, 2)
)


def test_each_row_is_a_bin_of_one_side() -> None:
    table = reliability.table(compared(DENSE, COMPRESSED, classes=3))
    assert table.columns.tolist() == reliability.SCHEMA.names
    for side, one in (("dense", DENSE), ("compressed", COMPRESSED)):
        assert one.confidence is not None
        rows = table[table["side"] == side]
        assert rows["answers"].sum() == one.prediction.size
        for row in rows.to_dict("records"):
            assert row["low"] == pytest.approx(row["bin"] / BINS)
            held = (one.confidence > row["low"]) & (one.confidence <= row["high"])
            assert row["answers"] == held.sum()
            assert row["confidence"] == pytest.approx(one.confidence[held].mean(), rel=1e-6)
            assert row["accuracy"] == pytest.approx(one.correct[held].mean())
            assert row["accuracy_low"] <= row["accuracy"] <= row["accuracy_high"]


def test_a_cluster_is_one_draw() -> None:
    alone = reliability.table(compared(DENSE, COMPRESSED, classes=3))
    copied = [
        replace(
            one,
            example_id=np.arange(160),
            label=np.repeat(LABEL, 2),
            prediction=np.repeat(one.prediction, 2, axis=1),
            confidence=np.repeat(np.asarray(one.confidence), 2, axis=1),
            correct_top5=None,
        )
        for one in (DENSE, COMPRESSED)
    ]
    pairs = reliability.table(compared(copied[0], copied[1], classes=3, cluster=np.arange(160) // 2))
    assert pairs["accuracy"].tolist() == pytest.approx(alone["accuracy"].tolist())
    for end in ("accuracy_low", "accuracy_high"):  # a few bins have no design effect at all
        assert np.median(np.abs(pairs[end] - alone[end])) < 1e-6
        assert np.abs(pairs[end] - alone[end]).max() < 0.05


def test_nothing_where_labels_or_the_confidence_of_a_side_are_not_known() -> None:
    without = replace(COMPRESSED, confidence=None)
    assert reliability.table(compared(DENSE, without, classes=3)).empty
    unlabelled = (replace(one, label=None) for one in (DENSE, COMPRESSED))
    assert reliability.table(compared(*unlabelled, classes=3)).empty
