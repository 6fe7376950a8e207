from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from lesion.artifacts import paths
from lesion.audit.null import halves, null, null_counts
from lesion.audit.populations import Population
from lesion.errors import InputError
from lesion.params.halves import Halves
from lesion.params.impact import Impact
from lesion.seeds import derive_seed
from tests.synthetic import labels, population, table, write_examples, write_population

ALPHA, CLASSES, SPLITS = 0.2, 5, 12
SETTINGS = Impact(alpha=ALPHA, normalise="population")


def dense(members: int = 9) -> Population:
    rng = np.random.default_rng(42)
    return population(rng, labels(rng, 60, CLASSES), members=members, classes=CLASSES, skill=0.4)


def counts_by_pandas(rows: pd.DataFrame, one: list[int], other: list[int]) -> tuple[int, int]:
    """PIE and significant classes between two lists of members."""
    modes, recall = [], []
    for members in (one, other):
        part = rows[rows["member"].isin(members)]
        modes.append(part.groupby("example_id")["prediction"].agg(lambda said: said.mode().max()))
        right = part.assign(correct=part["prediction"] == part["label"])
        accuracy = right.groupby("member")["correct"].mean().mean()
        recall.append(right.groupby(["label", "member"])["correct"].mean().unstack() - accuracy)
    p = stats.ttest_ind(recall[0], recall[1], axis=1, equal_var=False).pvalue
    return int((modes[0] != modes[1]).sum()), int((p < ALPHA).sum())


@pytest.mark.parametrize("members", [4, 9, 10])
def test_halves_are_disjoint_and_of_one_size(members: int) -> None:
    whole = dense(members)
    for seed in range(10):
        one, other = halves(whole, np.random.default_rng(seed))
        assert len(one.member) == len(other.member) == members // 2
        assert not set(one.member.tolist()) & set(other.member.tolist())
        for half in (one, other):
            np.testing.assert_array_equal(half.prediction, whole.prediction[half.member])


def test_the_table_is_recomputed_from_the_predictions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    whole = dense()
    write_examples("toy", whole, [str(label) for label in range(CLASSES)])
    write_population("toy", "dense", "0-8", whole)
    null(study="toy", shards=["0-8"], root_seed=3, settings=SETTINGS, halves=Halves(splits=SPLITS))
    found = pd.read_csv(paths.null("toy"))
    rows, rng = table(whole).to_pandas(), np.random.default_rng(derive_seed(3, "toy", "null"))
    for split in range(SPLITS):
        order = rng.permutation(9).tolist()
        expected = counts_by_pandas(rows, order[:4], order[4:8])
        assert tuple(found.loc[split, ["pie", "significant_classes"]]) == expected
    assert found["split"].tolist() == list(range(SPLITS))
    assert set(found["members_per_half"]) == {4}
    assert found["pie"].max() > 0
    assert found["significant_classes"].max() > 0


def test_members_that_agree_leave_nothing() -> None:
    one = dense(1)
    same = Population(
        example_id=one.example_id,
        member=np.arange(6, dtype=np.int16),
        label=one.label,
        prediction=np.repeat(one.prediction, 6, axis=0),
        correct_top5=np.repeat(one.correct_top5, 6, axis=0),
    )
    rng = np.random.default_rng(0)
    found = null_counts(same, classes=CLASSES, settings=SETTINGS, splits=5, rng=rng)
    assert (found[["pie", "significant_classes"]] == 0).all(axis=None)


def test_three_members_are_too_few() -> None:
    with pytest.raises(InputError, match="four dense members at least, there are 3"):
        null_counts(dense(3), classes=CLASSES, settings=SETTINGS, splits=1, rng=np.random.default_rng(0))
