from collections import Counter

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lesion.audit.inference.votes import margin, modal_label, side_by_side, votes

SEEDS = st.integers(0, 2**32 - 1)


def said(seed: int, *, members: int, examples: int, classes: int) -> npt.NDArray[np.int16]:
    """Predictions of which many agree."""
    rng = np.random.default_rng(seed)
    return np.where(
        rng.random((members, examples)) < 0.6,
        rng.integers(0, classes, examples),
        rng.integers(0, classes, (members, examples)),
    ).astype(np.int16)


def mode(labels: list[int]) -> int:
    counted = Counter(labels)
    return max(counted, key=lambda label: (counted[label], label))  # ties go to the largest class id


@settings(max_examples=80)
@given(seed=SEEDS, members=st.integers(1, 9), examples=st.integers(1, 30), classes=st.integers(1, 12))
def test_votes_are_those_of_a_counter(seed: int, members: int, examples: int, classes: int) -> None:
    prediction = said(seed, members=members, examples=examples, classes=classes)
    cast, columns = votes(prediction, classes), prediction.T.tolist()
    expected = [(i, label, n) for i, column in enumerate(columns) for label, n in sorted(Counter(column).items())]
    assert list(zip(cast.example.tolist(), cast.label.tolist(), cast.count.tolist(), strict=True)) == expected
    assert cast.members == members
    assert cast.example[cast.first].tolist() == list(range(examples))
    assert np.add.reduceat(cast.count, cast.first).tolist() == [members] * examples


@settings(max_examples=80)
@given(seed=SEEDS, members=st.integers(1, 9), examples=st.integers(1, 30), classes=st.integers(1, 12))
def test_modal_labels_and_margins_are_those_of_a_counter(seed: int, members: int, examples: int, classes: int) -> None:
    prediction = said(seed, members=members, examples=examples, classes=classes)
    cast, columns = votes(prediction, classes), prediction.T.tolist()
    label, count = modal_label(cast, classes, "label")
    assert label.tolist() == [mode(column) for column in columns]
    assert count.tolist() == [column.count(mode(column)) for column in columns]
    ranked = [[n for _, n in Counter(column).most_common()] + [0] for column in columns]
    assert margin(cast).tolist() == pytest.approx([(first - second) / members for first, second, *_ in ranked])


@settings(max_examples=80)
@given(seed=SEEDS, members=st.integers(1, 9), examples=st.integers(1, 30), classes=st.integers(1, 12))
def test_ties_go_to_the_first_member_whatever_classes_are_called(
    seed: int, members: int, examples: int, classes: int
) -> None:
    prediction = said(seed, members=members, examples=examples, classes=classes)
    label, count = modal_label(votes(prediction, classes), classes, "member")
    columns = prediction.T.tolist()
    assert label.tolist() == [Counter(column).most_common(1)[0][0] for column in columns]  # of equals the first seen
    assert count.tolist() == [Counter(column).most_common(1)[0][1] for column in columns]
    renamed = np.random.default_rng(seed).permutation(classes)
    again, _ = modal_label(votes(renamed[prediction], classes), classes, "member")
    assert again.tolist() == renamed[label].tolist()


def test_in_the_paper_ties_go_to_the_largest_class_and_have_no_margin() -> None:
    prediction = np.array([[0, 0, 0, 0], [1, 2, 1, 0], [0, 2, 2, 0], [1, 0, 2, 0]])
    cast = votes(prediction, 3)
    assert modal_label(cast, 3, "label")[0].tolist() == [1, 2, 2, 0]
    assert margin(cast).tolist() == [0, 0, 0.25, 1]


def test_a_million_classes_need_no_full_table() -> None:
    classes = 1_000_000
    prediction = said(3, members=4, examples=5000, classes=classes).astype(np.int32) + classes - 40_000
    cast = votes(prediction, classes)
    assert len(cast.count) <= prediction.size
    assert modal_label(cast, classes, "label")[0].tolist() == [mode(column) for column in prediction.T.tolist()]


@settings(max_examples=80)
@given(
    seed=SEEDS,
    members=st.tuples(st.integers(1, 6), st.integers(1, 6)),
    examples=st.integers(1, 20),
    classes=st.integers(1, 8),
)
def test_side_by_side_lays_out_every_label_that_either_gives(
    seed: int, members: tuple[int, int], examples: int, classes: int
) -> None:
    one, other = (said(seed + i, members=count, examples=examples, classes=classes) for i, count in enumerate(members))
    both = side_by_side(votes(one, classes), votes(other, classes), classes)
    expected = []
    for i, (before, after) in enumerate(zip(one.T.tolist(), other.T.tolist(), strict=True)):
        labels = sorted(set(before) | set(after))
        expected += [(i * classes + label, before.count(label), after.count(label)) for label in labels]
    assert list(zip(both.code.tolist(), both.one.tolist(), both.other.tolist(), strict=True)) == expected
