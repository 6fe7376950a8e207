"""Sentences on what may be a mistake, each where it is true and nowhere else."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from lesion.audit.comparison.from_files import from_files
from lesion.audit.comparison.sanity.notes import suspicions
from lesion.audit.estimator import Audit
from tests.audit.comparison.files.files import written

FEW: dict[str, Any] = {"splits": 2, "resamples": 2}
LABEL = np.arange(60) % 2
SAID = np.where(np.arange(60) < 50, LABEL, 1 - LABEL)


def fitted(dense: Any, compressed: Any, label: Any = LABEL, **known: Any) -> Audit:
    return Audit(**FEW).fit(dense, compressed, label, **known)


def test_answers_that_are_all_the_same_come_first() -> None:
    audit = fitted(SAID, SAID)
    assert audit.notes_[0].startswith("Dense and compressed models give the same 60 answers. If that is a surprise: ")
    probability = np.full((1, 60), 0.75)
    for known in ("confidence", "true_probability"):
        assert "answers, with the same probabilities." in fitted(SAID, SAID, **{known: (probability,) * 2}).notes_[0]
        sides = probability, probability / 2
        assert "answers, with other probabilities." in fitted(SAID, SAID, **{known: sides}).notes_[0]
    assert not any("the same 60 answers" in note for note in fitted(SAID, LABEL).notes_)


def test_a_third_class_is_told_and_the_rates_of_two_classes_stay() -> None:
    dense, compressed = np.array([SAID, SAID]), np.array([SAID, LABEL])
    compressed[1, :3] = 2
    dense[0, 7] = 5
    audit = fitted(dense, compressed)
    [note] = [note for note in audit.notes_ if "two classes" in note]
    assert note == (
        "Examples have two classes, 0 and 1, but 4 of 240 answers are of another: 2 (compressed 3), 5 (dense 1). Such"
        " answers count as wrong."
    )
    rows = audit.subgroups_.set_index("measure")
    for measure, of in (("false-positive", 0), ("false-negative", 1)):
        assert rows.loc[measure, "compressed_rate"] == pytest.approx((compressed != LABEL)[:, of == LABEL].mean())
        assert rows.loc[measure, "examples"] == 30
    assert not any("two classes" in note for note in fitted(dense % 2, compressed % 2).notes_)


def test_of_many_classes_a_few_answers_of_others_are_not_told() -> None:
    label = np.arange(200) % 40
    said = label.copy()
    said[:3] = [60, 61, 60]
    assert not any("of another" in note for note in fitted(label, said, label).notes_)
    said[3:9] = [62, 63, 60, 60, 61, 60]
    notes = " ".join(fitted(label, said, label).notes_)
    assert "Examples have 40 classes, but 9 of 400 answers are of another: 60 (compressed 5), 61" in notes
    assert ", …. Such answers count as wrong." in notes
    few = np.where(np.arange(200) == 7, 9, label % 4)
    assert "4 classes, but 1 of 400 answers is of another: 9 (compressed 1)." in " ".join(
        fitted(label % 4, few, label % 4).notes_
    )


def test_two_classes_of_any_ids_one_stray_answer() -> None:
    names = np.array([3, 70])
    said = names[SAID].copy()
    said[0] = 5
    audit = fitted(said, names[SAID], names[LABEL])
    assert any("1 of 120 answers is of another: 5 (dense 1)." in note for note in audit.notes_)
    rows = audit.subgroups_.set_index("measure")
    assert rows.loc["false-negative", "dense_rate"] == pytest.approx((said != names[LABEL])[LABEL == 1].mean())


def test_ids_that_name_groups_are_told_until_clusters_are_given(tmp_path: Path) -> None:
    ids = [f"video{place // 5}_frame{place % 5}" for place in range(60)]
    table = pd.DataFrame({"example_id": ids, "label": LABEL, "prediction": SAID})
    paths = written(tmp_path / "a.csv", table), written(tmp_path / "b.csv", table.assign(prediction=LABEL))
    [note] = [note for note in suspicions(from_files(*paths)) if "groups" in note]
    assert "name 12 groups, such as that of video0_frame0 and video0_frame1." in note
    written(paths[1], table.assign(prediction=LABEL, cluster=[name.partition("_")[0] for name in ids]))
    assert not any("groups" in note for note in suspicions(from_files(*paths)))
