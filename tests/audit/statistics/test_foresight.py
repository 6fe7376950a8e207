from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from lesion.audit.comparison.populations import Population
from lesion.audit.contract import Audited, Statistic
from lesion.audit.estimator import Audit
from lesion.audit.inference.kinds import kinds
from lesion.audit.inference.votes import modal_label, votes
from lesion.audit.statistics import foresight
from tests.compared import compared
from tests.synthetic import labels

STATISTIC: Statistic = foresight  # mypy checks the module here

LABEL = labels(np.random.default_rng(0), 400, 4)
EASE = np.random.default_rng(1).normal(2.0, 1.5, 400)


def models(members: int, *, size: float, seed: int, parent: Population | None = None) -> Population:
    """Members with a logit margin an example, of which compression moves each by a normal error."""
    rng = np.random.default_rng(seed)
    margin = EASE + rng.normal(0, 0.8, (members, 400)) if parent is None else _margins(parent)
    margin = margin + rng.normal(0, size, (members, 400))
    other = (LABEL + 1 + np.random.default_rng(2).integers(0, 3, 400)) % 4
    confidence = 1 / (1 + np.exp(-np.abs(margin)))
    return Population(
        np.arange(400), np.arange(members), LABEL, np.where(margin > 0, LABEL, other),
        confidence=confidence.astype(np.float32),
    )  # fmt: skip


def _margins(one: Population) -> np.ndarray:
    confidence = np.asarray(one.confidence, dtype=float).clip(0, 1 - 1e-7)
    return np.asarray(np.where(one.correct, 1, -1) * np.log(confidence / (1 - confidence)))


ONE = models(1, size=0.0, seed=3)
INT8 = models(1, size=1.2, seed=4, parent=ONE)
TEN, PRUNED = models(10, size=0.0, seed=5), models(10, size=1.5, seed=6)


def test_one_pair_of_models_has_a_row_a_target() -> None:
    table = foresight.table(compared(ONE, INT8, classes=4), ties="member")
    assert table.columns.tolist() == foresight.SCHEMA.names
    assert table["score"].unique().tolist() == ["margin"]
    changed = ONE.prediction[0] != INT8.prediction[0]
    broken, right = changed & ONE.correct[0], ONE.correct[0]
    assert ONE.confidence is not None
    doubt = 1 - ONE.confidence[0]
    for row, (asked, true) in zip(
        table.to_dict("records"), [(right | True, changed), (right | True, broken), (right, broken)], strict=True
    ):
        assert (row["examples"], row["events"]) == (asked.sum(), true.sum())
        assert row["auroc"] == pytest.approx(roc_auc_score(true[asked], doubt[asked]))
        top = np.argsort(-doubt[asked])[: round(0.1 * asked.sum())]
        assert row["tenth"] == pytest.approx(true[asked][top].sum() / true.sum(), abs=0.05)
        assert row["auroc_low"] < row["auroc"] < row["auroc_high"]
    assert table["ceiling"].isna().all()
    assert 0.6 < table["size"][0] < 2.4


def test_several_members_foresee_more_and_have_a_ceiling() -> None:
    table = foresight.table(compared(TEN, PRUNED, classes=4), ties="member")
    assert table.groupby("score")["members"].unique().map(list).to_dict() == {
        "margin": [1, 2, 4, 10], "agreement": [10], "confidence": [10],
    }  # fmt: skip
    whole = table[(table["target"] == "changed") & (table["score"] == "margin")].set_index("members")
    assert whole.loc[10, "auroc"] > whole.loc[1, "auroc"]
    before, after = (modal_label(votes(one.prediction, 4), 4, "member")[0] for one in (TEN, PRUNED))
    assert (table.loc[table["target"] == "changed", "events"] == kinds(before, after, None).sum()).all()
    assert table["ceiling"].notna().all()
    assert table["ceiling"].nunique() == 3
    assert whole["matched"].between(0.5, 1).all()
    surest = table[(table["score"] == "confidence") & (table["target"] == "changed")].iloc[0]
    assert TEN.confidence is not None
    assert surest["auroc"] == pytest.approx(roc_auc_score(before != after, -TEN.confidence.mean(axis=0)))


def test_without_confidence_agreement_is_asked_and_of_one_member_nothing() -> None:
    table = foresight.table(compared(replace(TEN, confidence=None), PRUNED, classes=4), ties="member")
    assert table["score"].unique().tolist() == ["agreement"]
    assert table["members"].unique().tolist() == [2, 4, 10]
    assert table.loc[table["members"] == 10, "matched"].notna().all()
    assert foresight.table(compared(replace(ONE, confidence=None), INT8, classes=4), ties="member").empty


def test_without_labels_only_changes_are_foreseen() -> None:
    sides = (replace(one, label=None) for one in (ONE, INT8))
    assert foresight.table(compared(*sides, classes=4), ties="member")["target"].tolist() == ["changed"]


def test_nothing_that_changes_leaves_measures_empty() -> None:
    table = foresight.table(compared(ONE, ONE, classes=4), ties="member")
    assert (table["events"] == 0).all()
    assert table[["auroc", "tenth", "ceiling", "size"]].isna().all(axis=None)
    assert set(foresight.columns(table, alpha=0.05).values()) == {None}


def test_clusters_make_intervals_wider() -> None:
    cluster = np.where(ONE.prediction[0] != INT8.prediction[0], 0, np.arange(400))  # all that change belong together
    alone, together = (
        foresight.table(compared(ONE, INT8, classes=4, cluster=of), ties="member").iloc[0] for of in (None, cluster)
    )
    assert alone["auroc"] == together["auroc"]
    assert together["tenth_high"] - together["tenth_low"] > alone["tenth_high"] - alone["tenth_low"]
    assert together["auroc_high"] - together["auroc_low"] > alone["auroc_high"] - alone["auroc_low"]


def test_the_summary_and_the_card_say_what_was_foreseen() -> None:
    audit = Audit(splits=10, resamples=10).compare(compared(ONE, INT8, classes=4))
    row = audit.summary_.set_index("variant").loc["compressed"]
    table = audit.tables_["foresight"]
    assert row["foresight_auroc"] == table["auroc"][0]
    card = foresight.finding(audit.audited_)
    assert card is not None
    assert card.number == f"{100 * table['tenth'][1]:.1f}\N{NO-BREAK SPACE}%"
    assert "known before compression" in card.text
    few = table.assign(events=3)
    assert foresight.finding(replace_table(audit.audited_, few)) is None


def replace_table(audited: Audited, table: pd.DataFrame) -> Audited:
    return replace(audited, tables={**audited.tables, "foresight": table})
