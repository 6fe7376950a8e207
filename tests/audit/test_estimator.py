import doctest
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from lesion.audit import estimator
from lesion.audit.comparison.files.read import read_predictions
from lesion.audit.estimator import Audit
from lesion.errors import InputError

FEW: dict[str, Any] = {"splits": 10, "resamples": 10}
TABLES = ("summary_", "impact_", "pie_", "null_", "effects_", "subgroups_")
Integers = npt.NDArray[np.int64]


def models(
    seed: int, *, members: tuple[int, int] = (6, 5), examples: int = 60, classes: int = 4
) -> tuple[Integers, Integers, Integers]:
    rng = np.random.default_rng(seed)
    label = rng.permutation(np.arange(examples) % classes)

    def said(count: int, skill: float) -> Integers:
        right = rng.random((count, examples)) < skill
        return np.where(right, label, rng.integers(0, classes, right.shape))

    return said(members[0], 0.85), said(members[1], 0.7), label


def same(one: Audit, other: Audit, *, but: tuple[str, ...] = ()) -> None:
    for name in TABLES:
        a, b = getattr(one, name), getattr(other, name)
        left = [column for column in a if column not in but]
        pd.testing.assert_frame_equal(a[left], b[left])


def test_the_example_of_the_docstring() -> None:
    assert doctest.testmod(estimator).attempted > 5
    assert doctest.testmod(estimator).failed == 0


@settings(max_examples=20)
@given(seed=st.integers(0, 10**6))
def test_classes_by_scipy_and_pie_by_a_loop_with_ids_that_have_gaps(seed: int) -> None:
    ids = np.array([3, 10, 11, 2**40])
    dense, compressed, label = models(seed)
    audit = Audit(**FEW, normalise="population", ties="label").fit(ids[dense], ids[compressed], ids[label])
    assert audit.impact_["class"].tolist() == ids.tolist()
    for row in audit.impact_.to_dict("records"):
        of_class = ids[label] == row["class"]
        relative = [
            (ids[said] == ids[label])[:, of_class].mean(axis=1) - (said == label).mean() for said in (compressed, dense)
        ]
        if max(np.ptp(side) for side in relative) > 0:  # SciPy does not test constants
            assert row["p"] == pytest.approx(stats.ttest_ind(*relative, equal_var=False).pvalue)
        assert row["significant"] == (row["p"] < 0.05)
    for place, row in audit.pie_.iterrows():
        modes = []
        for said in (dense, compressed):
            counts = np.bincount(said[:, place], minlength=4)
            modes.append(ids[np.flatnonzero(counts == counts.max())[-1]])
        assert [row["dense_label"], row["compressed_label"], row["pie"]] == [*modes, modes[0] != modes[1]]
        assert row["label"] == ids[label[place]]


@settings(max_examples=15)
@given(seed=st.integers(0, 10**6), data=st.data())
def test_which_numbers_the_classes_have_does_not_matter(seed: int, data: st.DataObject) -> None:
    ids = np.array(sorted(data.draw(st.lists(st.integers(0, 2**60), min_size=4, max_size=4, unique=True))))
    dense, compressed, label = models(seed)
    one = Audit(**FEW).fit(dense, compressed, label)
    other = Audit(**FEW).fit(ids[dense], ids[compressed], ids[label])
    same(one, other, but=("class", "name", "label", "dense_label", "compressed_label"))


def test_classes_without_test_examples_count_as_wrong_answers_and_as_answers() -> None:
    dense, compressed, label = models(0, members=(8, 8), examples=200, classes=6)
    keep = label < 4  # nobody knows how classes 4 and 5 are recognised, but models still name them
    compressed[:, np.argmax(keep)] = 5
    audit = Audit(**FEW).fit(dense[:, keep], compressed[:, keep], label[keep], classes=7)
    assert audit.impact_["class"].tolist() == [0, 1, 2, 3]
    recall = [(compressed[:, keep] == label[keep])[:, label[keep] == k].mean() for k in range(4)]
    np.testing.assert_allclose(audit.impact_["compressed_recall"], recall)
    assert audit.pie_["compressed_label"].iloc[0] == 5
    assert any(note.startswith("3 classes have no test example") for note in audit.notes_)
    unlabelled = Audit(**FEW).fit(dense[:, keep], compressed[:, keep])
    assert audit.null_["count"].tolist() == ["pie", "forgotten", "learnt", "moved"]
    pd.testing.assert_frame_equal(audit.null_.head(1), unlabelled.null_)


def test_the_order_of_the_examples_does_not_matter() -> None:
    dense, compressed, label = models(1)
    order = np.random.default_rng(0).permutation(60)
    one = Audit(**FEW).fit(dense, compressed, label, example_id=np.arange(60))
    other = Audit(**FEW).fit(dense[:, order], compressed[:, order], label[order], example_id=order)
    by_id = other.pie_.sort_values("example_id", ignore_index=True)
    pd.testing.assert_frame_equal(one.pie_, by_id)
    pd.testing.assert_frame_equal(one.impact_, other.impact_)


def test_only_what_is_drawn_depends_on_the_seed() -> None:
    arrays = models(2, members=(12, 12))
    one, again, other = (Audit(seed=seed, **FEW).fit(*arrays) for seed in (0, 0, 1))
    same(one, again)
    assert not one.null_.equals(other.null_)
    drawn = one.pie_["pie_score"], other.pie_["pie_score"]
    assert not drawn[0].equals(drawn[1])
    np.testing.assert_allclose(*drawn, atol=0.3)
    pd.testing.assert_frame_equal(*(audit.pie_.drop(columns="pie_score") for audit in (one, other)))


def test_the_summary_counts_what_the_tables_hold() -> None:
    dense, compressed, label = models(3, members=(12, 12), examples=300)
    audit = Audit(**FEW).fit(dense, compressed, label)
    before, after = audit.summary_.set_index("variant").loc[["dense", "compressed"]].to_dict("records")
    assert after["pie"] == audit.pie_["pie"].sum()
    assert after["pie_fdr"] == (audit.pie_["pie"] & (audit.pie_["q"] < 0.05)).sum()
    assert (before["top1"], after["top1"]) == pytest.approx(((dense == label).mean(), (compressed == label).mean()))
    assert after["top1_change"] == pytest.approx(after["top1"] - before["top1"])
    assert after["significant_classes_fdr"] == audit.impact_["significant_fdr"].sum()
    noise = audit.null_.set_index("count")
    assert after["pie"] == noise.loc["pie", "all"]
    assert after["forgotten"] == noise.loc["forgotten", "all"]
    assert after["excess_pie"] == pytest.approx(noise.loc["pie", "matched"] - noise.loc["pie", "null"])
    assert after["pie_p"] == noise.loc["pie", "p"]
    assert before["members"] == after["members"] == 12
    assert pd.isna(before["pie"])


def test_what_is_known_only_in_part_is_given_on() -> None:
    dense, compressed, label = models(4)
    rng = np.random.default_rng(0)
    probability = rng.random(dense.shape), rng.random(compressed.shape)
    top5 = tuple((said == label) | (rng.random(said.shape) < 0.5) for said in (dense, compressed))
    groups = {"side": np.where(np.arange(60) < 20, "left", "right")}
    sure, cluster = (None, probability[1] / 2), np.arange(60) // 7
    audit = Audit(**FEW).fit(
        dense, compressed, label, groups=groups, true_probability=probability, correct_top5=top5, confidence=sure,
        cluster=[f"text {number:02d}" for number in cluster],
    )  # fmt: skip
    assert audit.comparison_.dense.confidence is None
    assert audit.comparison_.compressed.confidence is not None
    np.testing.assert_allclose(audit.comparison_.compressed.confidence, probability[1] / 2, rtol=1e-6)
    assert audit.comparison_.cluster is not None
    assert audit.comparison_.cluster.tolist() == cluster.tolist()
    change = probability[1].mean(axis=0) - probability[0].mean(axis=0)
    np.testing.assert_allclose(audit.pie_["probability_change"], change, atol=1e-6)
    assert audit.effects_.set_index("measure").loc["top5", "change"] == pytest.approx(top5[1].mean() - top5[0].mean())
    left = audit.subgroups_[audit.subgroups_["group"] == "left"].iloc[0]
    assert left["dense_rate"] == pytest.approx((dense != label)[:, :20].mean())
    assert bool(left["small"])


def test_a_single_pair() -> None:
    dense, compressed, label = models(5, members=(1, 1))
    audit = Audit(**FEW).fit(dense[0], compressed[0], label)
    assert audit.impact_["p"].isna().all()
    assert audit.null_.empty
    expected = [np.mean((compressed == label)[0, label == k]) for k in range(4)]
    np.testing.assert_allclose(audit.impact_["compressed_recall"], expected)
    assert (audit.pie_["pie"] == (dense[0] != compressed[0])).all()
    assert audit.pie_[["p", "q", "pie_score"]].isna().all(axis=None)
    told = " ".join(audit.notes_)
    for words in (
        "no t-test of classes and no null",
        "plain disagreements",
        "Intervals cover other test examples only",
    ):
        assert words in told


@pytest.mark.parametrize(
    ("members", "design", "null"),
    [
        ((3, 3), "auto", False),
        ((3, 3), "paired", False),
        ((4, 4), "paired", True),
        ((4, 2), "auto", True),
        ((4, 1), "auto", False),
    ],
)
def test_a_null_where_there_are_models_enough(members: tuple[int, int], design: Any, null: bool) -> None:
    audit = Audit(design=design, **FEW).fit(*models(6, members=members))
    assert audit.null_.empty != null
    assert ("is not known" in " ".join(audit.notes_)) == (members == (3, 3))
    assert audit.summary_["null_pie"].notna().any() == null


def test_no_labels() -> None:
    dense, compressed, _ = models(7)
    audit = Audit(**FEW).fit(dense, compressed, groups={"side": np.arange(60) % 2})
    assert audit.impact_.empty
    assert audit.subgroups_.empty
    assert audit.summary_[["top1", "top1_change", "significant_classes"]].isna().all(axis=None)
    assert audit.pie_["label"].isna().all()
    assert audit.effects_["measure"].tolist() == ["pie_share"]
    assert "No labels were given" in audit.notes_[0]


def test_one_class_only() -> None:
    said = np.zeros((5, 30), dtype=int)
    audit = Audit(**FEW).fit(said, said, np.zeros(30, dtype=int))
    assert audit.impact_.empty
    assert not audit.pie_["pie"].any()
    assert any("of one class" in note for note in audit.notes_)


def test_models_that_always_say_the_same_are_pointed_out() -> None:
    dense, compressed, label = models(8)
    audit = Audit(**FEW).fit(dense, np.full_like(compressed, 2), label)
    assert audit.impact_["compressed_recall"].tolist() == [0, 0, 1, 0]
    assert "All compressed models give class 2 to every example: are they broken?" in audit.notes_


def test_a_million_classes() -> None:
    rng = np.random.default_rng(0)
    label = rng.integers(0, 1_000_000, 3000)
    said = np.where(rng.random((8, 3000)) < 0.8, label, rng.integers(0, 1_000_000, (8, 3000)))
    audit = Audit(**FEW).fit(said[:4], said[4:], label, classes=1_000_000)
    assert audit.impact_["class"].tolist() == sorted(set(label))
    assert any("have no test example" in note for note in audit.notes_)


def fit(**changed: Any) -> Audit:
    dense, compressed, label = models(9)
    arguments = {"dense": dense, "compressed": compressed, "label": label} | changed
    return Audit(**FEW).fit(**arguments)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"dense": np.zeros((0, 60), dtype=int)}, "dense: holds nothing"),
        ({"dense": np.full((2, 60), np.nan)}, "dense: is of type float64, integers expected"),
        ({"dense": np.full((2, 60), -1)}, "dense: holds -1"),
        ({"dense": np.zeros((2, 60, 1), dtype=int)}, "dense: has 3 dimensions"),
        ({"compressed": np.zeros((2, 59), dtype=int)}, "compressed: has 59 examples, dense has 60"),
        ({"label": np.zeros(59, dtype=int)}, r"label: has the shape \(59,\)"),
        ({"label": np.full(60, -7)}, "label: holds -7"),
        ({"classes": 2}, "0 to 1 expected"),
        ({"example_id": np.zeros(60)}, r"example_id: 0.0 is there twice"),
        ({"example_id": np.arange(5)}, "example_id: has the shape"),
        ({"groups": {"side": np.arange(5)}}, "groups: side has the shape"),
        ({"true_probability": (np.full((6, 60), 2.0), None)}, "true_probability of dense: numbers of 0 to 1"),
        ({"true_probability": (None, np.zeros((6, 60)))}, "true_probability of compressed: has the shape"),
        ({"confidence": (None, np.full((5, 60), -2.0))}, "confidence of compressed: numbers of 0 to 1"),
        ({"cluster": np.zeros(5)}, r"cluster: has the shape \(5,\)"),
        ({"cluster": [None, *range(59)]}, "cluster: is missing for 1 examples, the first at place 0"),
        ({"correct_top5": (np.zeros((6, 60)), None)}, "correct_top5 of dense: is of type float64"),
    ],
)
def test_hostile_arrays_are_told_by_name(changed: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError, match=said) as caught:
        fit(**changed)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "option", [{"alpha": 0.0}, {"alpha": 1.5}, {"normalise": "median"}, {"design": "crossed"}, {"splits": 0}]
)
def test_options_that_do_not_exist(option: dict[str, Any]) -> None:
    with pytest.raises(InputError, match=f"Audit: {next(iter(option))}: "):
        Audit(**option).fit(*models(0))


@pytest.mark.parametrize("classes", [None, 2])
def test_of_two_classes_the_second_is_positive_whichever_examples_have(classes: int | None) -> None:
    dense, compressed = (said % 2 for said in models(0)[:2])
    audit = Audit(**FEW).fit(dense, compressed, np.ones(60, dtype=int), classes=classes)
    rows = audit.subgroups_.set_index("measure")
    assert rows.index.tolist() == ["error", "false-negative"]
    assert rows.loc["false-negative", "dense_rate"] == pytest.approx((dense == 0).mean())


def test_arrays_and_files_are_not_mixed(tmp_path: Path) -> None:
    dense, compressed, label = models(0)
    np.save(tmp_path / "dense.npy", dense)
    read = read_predictions(tmp_path / "dense.npy")
    with pytest.raises(InputError, match="both arrays, or both files"):
        Audit(**FEW).fit(read, compressed)
    with pytest.raises(InputError, match="so label is not expected"):
        Audit(**FEW).fit(read, read, label)
    assert not Audit(**FEW).fit(read, read).pie_["pie"].any()


def test_pairs_need_as_many_on_both_sides() -> None:
    with pytest.raises(InputError, match="pairs need as many"):
        Audit(design="paired", **FEW).fit(*models(0))
